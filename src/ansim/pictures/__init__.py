"""Pictures as a reader sees them: text, codes, a hash that survives copies, chats in screenshots.

Every picture is opened in a process of its own with limits; nothing here keeps one.
"""
