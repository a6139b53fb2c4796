"""Drafts for those outside: what each kind of report must say, filled from what a case knows."""
