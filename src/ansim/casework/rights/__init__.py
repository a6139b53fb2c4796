"""What is held about somebody, in plain words, for the answer to their request (R07)."""
