"""The console as an ASGI application, for uvicorn: ``ansim.asgi:application``."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ansim.settings")

from django.core.asgi import get_asgi_application

from ansim.console.live import with_shutdown

application = with_shutdown(get_asgi_application())
