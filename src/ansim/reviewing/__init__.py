"""A second mind: a language model that the operator runs reads conversations over a low threshold.

It explains and may raise the risk within bounds; it can never silence the detector.
"""
