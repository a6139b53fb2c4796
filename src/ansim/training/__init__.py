"""Learning from written conversations: never imported by the running service."""
