"""The verbs of the ``ansim`` command, one module each.

A module has ``register(subparsers)``, which adds its parser and sets ``run``: a function that
takes the parsed arguments and returns the exit status. Heavy imports stay inside ``run``.
"""
