"""Our own drawings of chats on telephones, with the truth beside them, and how well they are read.

Nothing here is any app's artwork: only the manner in which each sets out a talk. Never imported at
run time.
"""
