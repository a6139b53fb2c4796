"""Registers casework with Django."""

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "ansim.casework"
    label = "casework"
    verbose_name = "상담 업무"
    default_auto_field = "django.db.models.BigAutoField"
