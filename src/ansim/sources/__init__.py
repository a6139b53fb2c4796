"""Where messages come from and where a counsellor's words go back to: one module a platform."""
