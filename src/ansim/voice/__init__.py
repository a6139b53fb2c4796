"""Voice messages as text, by a transcriber that the operator chooses; without one they are not heard."""
