"""Pictures as a reader would see them: text, codes, a hash that survives copies, and chats in screenshots.

Every picture is opened in a process of its own with limits; nothing here keeps one.
"""
