"""The pages of the counselling staff: thin views over casework, live by server-sent events."""
