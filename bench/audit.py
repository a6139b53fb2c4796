"""How fast the audit log is chained and checked here: ``python -m bench.audit [ROWS]``.

On SQLite in a home of its own; with ANSIM_DATABASE_URL on that (empty) PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time

SINGLE = 300
"""Acts of one row each, as people make them."""


def main(rows: int) -> None:
    """Prints rows a second; processor time as well, because a busy machine stretches the other."""
    from ansim.casework import ready

    ready()
    from django.core.management import call_command

    from ansim.casework import audit_check
    from ansim.casework.actions import audit, audit_chain
    from ansim.casework.models import AuditEvent

    call_command("migrate", verbosity=0, interactive=False)
    began = _now()
    for first in range(0, rows, 1000):
        AuditEvent.objects.bulk_create(
            audit.row("alert.updated", "alert", n, actor=audit.WORKER, details={"risk": 0.5})
            for n in range(first, min(first + 1000, rows))
        )
    _tell("written and chained, 1,000 at a time", rows, began)
    began = _now()
    for n in range(SINGLE):
        audit.row("alert.claimed", "alert", n, actor=audit.WORKER).save()
    _tell("written and chained, one by one", SINGLE, began)
    began = _now()
    found = audit_check.check(audit_chain.anchor_key())
    _tell("checked", found.rows, began)
    if found.broken is not None or found.rows < rows + SINGLE:
        raise SystemExit(f"the chain does not hold: {found}")


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _tell(what: str, rows: int, began: tuple[float, float]) -> None:
    wall, processor = (end - begin for begin, end in zip(began, _now(), strict=True))
    print(
        f"{what}: {rows:,} rows, {rows / wall:,.0f}/s ({wall / rows * 1e3:.2f} ms each),"
        f" {rows / processor:,.0f}/s of processor time"
    )


if __name__ == "__main__":
    home = tempfile.mkdtemp(prefix="ansim-bench-")
    os.environ["ANSIM_HOME"] = home
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
    finally:
        shutil.rmtree(home, ignore_errors=True)
