"""The trained weights and their card (README.md). Written by `ansim train`."""
