"""How long a package of 50,000 messages takes and how much memory: `python -m bench.evidence`.

The conversation is filled in first and not counted. Then `ansim evidence export` runs in a process
of its own, as it does for the console, and `ansim verify` checks what came out. Processor time
stands beside the clock: on a machine that does other things at once only that can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TARGET_SECONDS, TARGET_MB = 60.0, 500.0
MESSAGES = 50_000
PASSWORD = "bench bench bench"  # noqa: S105 - of a database that lives for this run
WORDS = (
    *("안녕", "오늘", "뭐 해", "학원", "끝나고", "집에", "가는 중이야", "ㅋㅋ", "숙제", "많아"),
    *("주말에", "시간 돼?", "게임", "했어", "진짜", "재미있더라", "😀", "밥 먹었어?", "응", "아직"),
    *("내일", "시험", "공부", "해야지", "ㅠㅠ", "힘들다", "음악", "들을래", "좋아", "다음에 보자"),
)


def fill(messages: int) -> int:
    """A conversation of so many messages with an alert, and an account that may take it out."""
    from django.core.management import call_command

    from ansim import casework

    casework.ready()
    call_command("migrate", verbosity=0)
    from ansim.casework.actions import alerts, audit, sources
    from ansim.casework.models import Account
    from ansim.casework.roles import Role
    from ansim.chat import SourceKind
    from ansim.detection import Priority, Turn, Versions

    sources.declare("demo", "데모", SourceKind.PLATFORM_PARTNER, "시연", actor=audit.SETUP)
    Account.objects.create_user("liaison", password=PASSWORD, role=Role.LIAISON)
    counsellor = Account.objects.create_user("counsellor", role=Role.COUNSELLOR)
    rng = random.Random(12)
    pk = 0
    for start in range(0, messages, 1000):
        turns = tuple(
            Turn(
                id=f"m{number}",
                author=("stranger", "youth")[number % 2],
                at=1.76e9 + 40.0 * number,
                text=" ".join(rng.choices(WORDS, k=rng.randint(1, 14))),
                risk=0.4,
                tactics={"T05": 0.9} if number % 40 == 0 else {},
            )
            for number in range(start, min(start + 1000, messages))
        )
        [pk] = alerts.raise_or_update(
            [
                alerts.AlertReport(
                    source="demo",
                    conversation="room",
                    about="stranger",
                    episode=1,
                    priority=Priority.P2,
                    risk=0.8,
                    why=(),
                    versions=Versions(
                        software="0", gate="g", risk="r", reading="1", threshold=0.6, watch=0.1
                    ),
                    trajectory=(),
                    turns=turns,
                    sequence=start + 1,
                    raised=start == 0,
                )
            ]
        )
    alerts.reveal(pk, counsellor, "bench")
    return pk


def ansim(*words: str, said: str = "") -> tuple[float, float, str]:
    """Runs a command; seconds by the clock, of the processor, and what it said."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "ansim.cli", *words],
        input=said,
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begin, used, done.stdout


def measure(messages: int) -> dict[str, Any]:
    """The figures. Memory is the most that any child of this process had, which is the export."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"ANSIM_HOME": f"{folder}/home", "ANSIM_DATABASE_URL": ""}
        pk = fill(messages)
        out = Path(folder) / "package.zip"
        export = ("evidence", "export", str(pk), "--as", "liaison", "--reason", "bench")
        made, made_cpu, _ = ansim(*export, "-o", str(out), said=PASSWORD + "\n")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        checked, checked_cpu, _ = ansim("verify", str(out))
        return {
            "messages": messages,
            "export_seconds": round(made, 1),
            "export_processor_seconds": round(made_cpu, 1),
            "export_memory_mb": round(memory),
            "package_mb": round(out.stat().st_size / 1e6, 1),
            "verify_seconds": round(checked, 1),
            "verify_processor_seconds": round(checked_cpu, 1),
            "load_average": round(os.getloadavg()[0], 1),
            "within_target": made < TARGET_SECONDS and memory < TARGET_MB,
        }


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.evidence", description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    print(json.dumps(measure(parser.parse_args().messages), indent=1))


if __name__ == "__main__":
    main()
