"""A shift by script: counsellors at work in a real console while alerts arrive.

Each one does what a browser and its person do: keeps the queue open and live, picks an alert near
the top, takes it, reads it, keeps a draft, checks a message, leaves a note, closes with a verdict,
and thinks in between. `python -m bench.shift` prints what they had to wait for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
FREE = re.compile(r'action="/alerts/(\d+)/claim/"')
PRIORITIES = {"P1": 2, "P2": 8, "P3": 40, "P4": 50}
"""How many of a hundred alerts have which priority."""


@dataclass
class Shift:
    """What happened: seconds waited by kind of request, what went wrong, who got which alert."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    got: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    too_late: int = 0
    """Times that a colleague was quicker."""
    closed: int = 0

    @property
    def requests(self) -> int:
        return sum(map(len, self.waits.values()))

    def p95(self, kind: str = "") -> float:
        """Milliseconds; over all kinds unless one is named."""
        every = [each for name, waits in self.waits.items() if kind in ("", name) for each in waits]
        return 1000 * statistics.quantiles(every, n=20)[18] if len(every) > 1 else 0.0


class Over(Exception):
    """The shift is over; whatever somebody was at stays as it is."""


class Counsellor:
    """One person and one browser; ``until`` is on the monotonic clock."""

    def __init__(self, name: str, cookie: str, address: str, shift: Shift, pace: float) -> None:
        self.name, self.shift, self.pace = name, shift, pace
        self.until = 0.0
        self.dice = random.Random(name)
        self.news = asyncio.Event()
        self.token = ""
        key, _, value = cookie.partition("=")
        # It gives an idle connection up after five seconds, long before the console does: nothing
        # is sent that would be lost, and whatever fails is a failure of ours.
        self.http = httpx.AsyncClient(
            base_url=address,
            cookies={key: value},
            timeout=300,
            follow_redirects=True,
            verify=False,  # noqa: S501 - plain http; to read certificates fifty times takes seconds
        )

    async def ask(self, kind: str, path: str, form: dict[str, str] | None = None) -> str:
        """A page as a browser gets it, redirects followed; notes how long it took."""
        began = time.perf_counter()
        headers = {"HX-Request": "true"} if kind in ("list", "check") else {}
        headers["X-Ansim-Active"] = "1"
        if form is None:
            answer = await self.http.get(path, headers=headers)
        else:
            form = {**form, "csrfmiddlewaretoken": self.token}
            answer = await self.http.post(path, data=form, headers=headers)
        self.shift.waits[kind].append(time.perf_counter() - began)
        if answer.status_code >= 400 or "/log-in/" in str(answer.url):
            self.shift.wrong.append(f"{kind} {path}: {answer.status_code} {answer.url}")
        if found := TOKEN.search(answer.text):
            self.token = found[1]
        return answer.text

    async def think(self) -> None:
        """Raises Over at the end of the shift."""
        after = time.monotonic() + self.pace * self.dice.uniform(0.5, 1.5)
        await asyncio.sleep(min(after, self.until) - time.monotonic())
        if after > self.until:
            raise Over

    async def listen(self) -> None:
        """The page's stream of events, as long as it is open."""
        async with self.http.stream("GET", "/events/", timeout=None) as answer:
            if answer.status_code != 200:
                self.shift.wrong.append(f"events: {answer.status_code}")
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    self.news.set()

    async def keep_live(self) -> None:
        """Fetches the list when there are news, no more often than console.js does."""
        while True:
            await self.news.wait()
            self.news.clear()
            began = time.perf_counter()
            self.queue = await self.ask("list", "/queue/list/?&page=1")
            took = time.perf_counter() - began
            await asyncio.sleep(min(15.0, max(1.0, 20 * took)))

    async def choose(self) -> int | None:
        """A while at the open queue; then one of the first alerts that nobody holds."""
        self.queue = await self.ask("queue", "/queue/")
        live = [asyncio.create_task(self.listen()), asyncio.create_task(self.keep_live())]
        try:
            await self.think()
        finally:
            for task in live:
                task.cancel()
            for task in live:
                with suppress(asyncio.CancelledError):
                    await task
        free = [int(number) for number in FREE.findall(self.queue)]
        return self.dice.choice(free[:10]) if free else None

    async def work(self) -> None:
        await asyncio.sleep(self.dice.uniform(0, self.pace))
        with suppress(Over):
            while True:
                await self.take_one()
        await self.http.aclose()

    async def take_one(self) -> None:
        """One alert from the queue to its verdict."""
        number = await self.choose()
        if number is None:
            return
        here = f"/alerts/{number}/"
        page = await self.ask("claim", f"{here}claim/", {})
        if f'action="{here}close/"' not in page:
            self.shift.too_late += 1
            return
        self.shift.got[number].append(self.name)
        await self.think()
        page = await self.ask("reveal", f"{here}reveal/", {"reason": "경보 확인"})
        if "우리 둘만의 비밀" not in page:
            self.shift.wrong.append(f"{here}: its words are not shown")
        await self.think()
        words = {"text": "안녕하세요. 괜찮아요? 여기 있을게요.", "language": "ko"}
        await self.ask("draft", f"{here}drafts/message/", words)
        await self.ask("check", f"{here}send/", {**words, "step": "preview"})
        await self.think()
        await self.ask("note", f"{here}note/", {"text": "지켜보기로 함"})
        await self.think()
        verdict = {"outcome": "confirmed", "grounds-confirmed": "tactics", "done": "no_contact"}
        page = await self.ask("close", f"{here}close/", verdict)
        if "종결했습니다" in page:
            self.shift.closed += 1
        else:
            self.shift.wrong.append(f"{here}: not closed")


async def at_work(address: str, cookies: dict[str, str], seconds: float, pace: float) -> Shift:
    """Everybody works for so many seconds. Raises what any of them stumbles over."""
    shift = Shift()
    people = [Counsellor(name, cookie, address, shift, pace) for name, cookie in cookies.items()]
    until = time.monotonic() + seconds
    for person in people:
        person.until = until
    async with asyncio.TaskGroup() as everybody:
        for person in people:
            everybody.create_task(person.work())
    return shift


# --- in processes of their own, with the console's settings ---------------------------------------


def seed(counsellors: int) -> dict[str, str]:
    """Makes an empty database and people who are logged in. Returns cookies by name."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from ansim.casework.actions import audit, sources
    from ansim.casework.models import Account
    from ansim.chat import SourceKind
    from tests.console.serving import show_second_factor

    call_command("migrate", verbosity=0)
    sources.declare(
        "demo", "데모", SourceKind.PLATFORM_PARTNER, "bench", actor=audit.SETUP, connector="demo"
    )
    cookies = {}
    for number in range(counsellors):
        person = Account.objects.create_user(f"counsellor{number}", role="counsellor")
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        show_second_factor(session, person)
        session.create()
        cookies[person.username] = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    return cookies


def raise_alerts(rate: float, seconds: float) -> int:
    """New alerts, ``rate`` a second, each as the worker reports it. Returns how many."""
    from ansim.casework.actions import alerts
    from ansim.casework.actions.alerts import AlertReport
    from ansim.detection import Priority, Reason, Span, Turn, Versions

    dice = random.Random(20)
    versions = Versions(software="0.1.0", gate="g", risk="r", reading="1", threshold=0.6, watch=0.1)
    began = time.monotonic()
    total = max(2, int(rate * seconds))
    for number in range(total):
        if number == 1:
            print("ready", flush=True)
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        now = time.time()
        turns = tuple(
            Turn(
                id=f"m{step}",
                author=f"{('stranger', 'youth')[step % 2]}{number}",
                at=now - 60 + step,
                text="용돈 줄게. 우리 둘만의 비밀이야" if step == 6 else f"안녕 {step}",
                tactics={"T05": 0.9, "T06": 0.9} if step == 6 else {},
                spans=(Span(0, 5, "T05"), Span(7, 18, "T06")) if step == 6 else (),
                risk=step / 11,
            )
            for step in range(10)
        )
        [priority] = dice.choices(list(PRIORITIES), list(PRIORITIES.values()))
        alerts.raise_or_update(
            [
                AlertReport(
                    source="demo",
                    conversation=f"room{number}",
                    about=f"stranger{number}",
                    episode=1,
                    priority=Priority(priority),
                    risk=0.9,
                    why=(Reason("tactic", {"tactic": "T06", "count": 1}),),
                    versions=versions,
                    trajectory=tuple((turn.at, turn.risk, turn.id) for turn in turns),
                    turns=turns,
                    sequence=1,
                    raised=True,
                )
            ]
        )
    return total


def recorded() -> dict[str, Any]:
    """What the database says in the end: alerts, and those that the audit log has claimed twice or
    closed by somebody who never claimed them."""
    from ansim.casework.models import Alert, AuditEvent

    claims: dict[str, list[int | None]] = defaultdict(list)
    rows = AuditEvent.objects.filter(action="alert.claimed").values_list("subject_id", "actor_id")
    for subject, actor in rows:
        claims[subject].append(actor)
    closed = Alert.objects.filter(state="closed").values_list("pk", "closed_by")
    return {
        "alerts": Alert.objects.count(),
        "claimed": len(claims),
        "twice": sorted(subject for subject, actors in claims.items() if len(actors) > 1),
        "strangers": [pk for pk, who in closed if who not in claims[str(pk)]],
        "closed": len(closed),
    }


# --- all of it together ---------------------------------------------------------------------------


def worked(
    kind: str, seconds: float, *, counsellors: int = 50, rate: float = 20, pace: float = 4
) -> tuple[Shift, dict[str, Any]]:
    """A shift on this kind of database, from an empty one to what is ``recorded`` in the end.

    ``rate`` is alerts a second, ``pace`` the seconds that somebody thinks between two acts. Raises
    where a process or a connection fails.
    """
    from bench.desk import database
    from tests.console.serving import free_port

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ansim-shift-")))
        port = free_port()
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ANSIM_")},
            "ANSIM_HOME": str(home),
            "ANSIM_DATABASE_URL": database(kind, stack, home)[0],
            "ANSIM_CONSOLE_PORT": str(port),
        }

        def script(*words: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", *words]
            return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

        def said(process: subprocess.Popen[str]) -> Any:
            words, _ = process.communicate()
            assert process.returncode == 0, process.args
            return json.loads(words)

        cookies = said(script("bench.shift", "--seed", str(counsellors)))
        console = script("ansim.cli", "console")
        stack.callback(console.wait, 30)
        stack.callback(console.terminate)
        address = f"http://127.0.0.1:{port}"
        patience = time.monotonic() + 300
        while True:
            assert console.poll() is None, "the console does not start"
            assert time.monotonic() < patience, "the console does not answer"
            with suppress(OSError):
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()  # noqa: S310
                break
            time.sleep(0.2)
        arriving = script("bench.shift", "--raise", str(rate), str(seconds))
        stack.callback(arriving.kill)
        assert arriving.stdout is not None
        arriving.stdout.readline()  # it is ready, and its first alert is in the queue
        shift = asyncio.run(at_work(address, cookies, seconds, pace))
        raised = said(arriving)
        return shift, {"raised": raised, **said(script("bench.shift", "--recorded"))}


def told(kind: str, shift: Shift, in_the_end: dict[str, Any]) -> Iterator[str]:
    """What somebody reads about it, line by line."""
    yield f"{kind}: {shift.requests} requests, p95 {shift.p95():.0f} ms, {in_the_end}"
    for name, waits in sorted(shift.waits.items()):
        middle = 1000 * statistics.median(waits)
        yield f"  {name:7} {len(waits):6}  p50 {middle:5.0f}  p95 {shift.p95(name):5.0f} ms"
    for what, times in Counter(shift.wrong).most_common(10):
        yield f"  wrong {times} times: {what}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.shift", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--counsellors", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20, help="alerts a second")
    parser.add_argument("--pace", type=float, default=4, help="seconds between two acts")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--raise", dest="rising", nargs=2, type=float, help=argparse.SUPPRESS)
    parser.add_argument("--recorded", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.seed or given.rising or given.recorded:
        from ansim.casework import ready

        ready()
        if given.seed:
            print(json.dumps(seed(given.seed)))
        elif given.rising:
            print(json.dumps(raise_alerts(*given.rising)))
        else:
            print(json.dumps(recorded()))
        return
    for kind in [given.only] if given.only else ["SQLite", "PostgreSQL"]:
        shift, in_the_end = worked(
            kind,
            given.seconds,
            counsellors=given.counsellors,
            rate=given.rate,
            pace=given.pace,
        )
        print("\n".join(told(kind, shift, in_the_end)))


if __name__ == "__main__":
    main()
