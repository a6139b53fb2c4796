"""A message as a reader would understand it: disguises undone, every span led back.

Pure and fast: most chat needs nothing done and takes one look by a compiled pattern.
"""

from ansim.reading.reading import VERSION, Reading, read

__all__ = ["VERSION", "Reading", "read"]
