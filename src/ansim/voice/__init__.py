"""Voice messages as text, by a transcriber the operator chooses; without one, "not heard"."""
