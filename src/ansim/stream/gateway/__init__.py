"""The process that platforms talk to: intake of messages, the demo room, and the courier."""
