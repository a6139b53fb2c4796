"""Making the context model: vocabulary, pre-training on plain Korean, fine-tuning, export.

Needs the ``train`` extra (torch). Nothing here is imported where messages are read.
"""
