"""The console as an ASGI application, for uvicorn: ``ansim.asgi:application``."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ansim.settings")

import django

from ansim.console.doorway import with_limits
from ansim.console.keeping import keeper
from ansim.console.live import at_start, before_stop, with_shutdown
from ansim.console.processes import end_with_the_first, settle
from ansim.console.turns import InTurn

# WhiteNoise hands files over in pieces, synchronously; they are few and small.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

django.setup(set_prefix=False)
application = with_shutdown(with_limits(InTurn()))
at_start(settle)
at_start(end_with_the_first)
at_start(keeper.start)
before_stop(keeper.stop)
