"""What a language model that the operator runs said of an alert, and how that model is."""

from __future__ import annotations

from django.db import models

from ansim.casework.models.alert import Alert
from ansim.casework.sealing import SealedListField, SealedTextField


class SecondOpinion(models.Model):
    """The latest second opinion about one alert: an estimate to read beside it. Its words are
    sealed and go with those of the conversation."""

    alert = models.OneToOneField(Alert, on_delete=models.PROTECT, related_name="second_opinion")
    at = models.DateTimeField()
    sequence = models.BigIntegerField()
    """Position of the stream at which it came; an older one is a replay."""
    model = models.CharField(max_length=200)
    prompt = models.CharField(max_length=40)
    window = models.CharField(max_length=64)
    """SHA-256 of what the model was told."""
    risk = models.FloatField()
    """The model's own estimate, 0..1."""
    detector = models.FloatField()
    """The detector's risk of the conversation when the model was asked."""
    added = models.FloatField(default=0.0)
    """What it added to the risk; 0 where opinions only explain."""
    seconds = models.FloatField()
    pictures = models.PositiveSmallIntegerField(default=0)
    """How many pictures it was shown. They are kept nowhere."""
    tactics = models.JSONField(default=list)
    letters = models.JSONField(default=dict)
    """Account behind each letter (A, B …) in the words below."""
    quotes = SealedListField(null=True, default=list)
    """``[[message_id, words, tactic], …]``."""
    innocent_reading = SealedTextField(null=True)
    watch_for = SealedTextField(null=True)
    summary_ko = SealedTextField(null=True)
    summary_en = SealedTextField(null=True)

    def __str__(self) -> str:
        return f"second opinion on alert {self.alert_id}"


class ReviewerState(models.Model):
    """What one worker last said about the model it asks: numbers, no words."""

    worker = models.CharField(primary_key=True, max_length=60)
    told_at = models.DateTimeField()
    condition = models.CharField(max_length=20)
    model = models.CharField(max_length=200)
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.worker}: {self.condition}"
