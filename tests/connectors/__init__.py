"""Every live connector against a real service or a stand-in of its documented interface."""
