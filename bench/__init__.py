"""Measures speed and memory of the real system: ``make bench``. Not part of the package."""
