"""Ansim Eye: finds online grooming while it happens and brings a trained human into the chat."""

__version__ = "0.1.0"
