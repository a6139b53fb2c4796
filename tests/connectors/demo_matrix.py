"""``make demo-matrix``: a real Synapse with two people and the bot, beside ``ansim run --demo``.

Without a verb it starts everything in a folder of its own and ends it with Ctrl-C. From a second
terminal the people can be made to talk, where no Matrix client is at hand.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

import msgspec

from ansim.sources.demo.rooms import Voice
from ansim.sources.demo.samples import samples
from ansim.stream.server import die_with_parent
from tests.connectors.platforms.matrix import Account
from tests.connectors.synapse import Synapse

PEOPLE = {"stranger": "모름이", "youth": "별하"}
AGENCY = "안심아이 상담센터"
ROOM = "게임 이야기"
READY = "Ctrl-C stops everything"
SHORTEST, LONGEST = 0.3, 10.0
"""Seconds between two replayed messages, whatever the speed."""
BASIS = (
    "개인정보 보호법 제15조: 방에 있는 모두에게 알린 뒤에 읽고, 누구나 멈출 수 있습니다 (시연) / "
    "all present were told and may object (demonstration)"
)


class Person(msgspec.Struct, frozen=True):
    """Somebody of the demo, who lives no longer than it."""

    id: str
    password: str
    token: str


class Running(msgspec.Struct, frozen=True):
    """What a second terminal needs to know. Written into the demo's own folder."""

    homeserver: str
    room: str
    bot: str
    people: dict[str, Person]

    def account(self, who: str) -> Account:
        person = self.people[who]
        return Account(self.homeserver, person.id, person.token)


def folder() -> Path:
    """Where the demo lives while it runs; it is removed afterwards."""
    return Path(os.environ.get("ANSIM_HOME") or "var").resolve() / "demo-matrix"


class House:
    """``ansim run --demo``, whose words are shown as they come."""

    def __init__(self, home: Path) -> None:
        self.environment = {**os.environ, "ANSIM_HOME": str(home), "ANSIM_DEMO": "1"}
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ansim.cli", "run", "--demo"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=[self.process.stdout], daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self.lines.append(line.rstrip())
            if READY not in line and "all data is kept" not in line:
                print(line, end="", flush=True)

    def wait(self, seconds: float = 120.0) -> None:
        """Returns when it is ready. Raises SystemExit when it does not become so."""
        deadline = time.monotonic() + seconds
        while not any(READY in line for line in self.lines):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("demo-matrix: the system did not start")
            time.sleep(0.1)

    def log_in_of(self, role: str) -> str:
        """The user name of a demo account."""
        pattern = re.compile(rf"^\s+{role}\s+(\w+)\s+[0-9a-f-]{{19}}$", re.MULTILINE)
        found = pattern.search("\n".join(self.lines))
        if found is None:
            raise SystemExit(f"demo-matrix: there is no demo account with the role {role}")
        return found.group(1)

    def ansim(self, *words: str) -> None:
        """One more command of ours in the same home. Raises SystemExit with its words."""
        done = subprocess.run(
            [sys.executable, "-m", "ansim.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"demo-matrix: ansim {words[0]} {words[1]}: {done.stderr.strip()}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        self._reader.join(60)


async def make_room(running: Running) -> Running:
    """Names, and a room with both people; the bot is invited by one of them."""
    names = {**PEOPLE, "bot": AGENCY}
    for who, name in names.items():
        account = running.account(who)
        path = f"/profile/{quote(account.id)}/displayname"
        await account.ask("PUT", path, {"displayname": name})
        await account.close()
    stranger, youth = running.account("stranger"), running.account("youth")
    room = await stranger.create(youth.id, name=ROOM)
    await youth.join(room)
    await youth.invite(room, running.bot)
    for account in (stranger, youth):
        await account.close()
    return msgspec.structs.replace(running, room=room)


async def wait_until_told(running: Running, seconds: float = 60.0) -> None:
    """Returns when the bot has told the room: what is said from now on is read."""
    youth = running.account("youth")
    deadline = time.monotonic() + seconds
    while not any(
        event["sender"] == running.bot and event["type"] == "m.room.message"
        for event in await youth.timeline(running.room)
    ):
        if time.monotonic() > deadline:
            raise SystemExit("demo-matrix: the bot did not come into the room")
        await asyncio.sleep(0.2)
    await youth.close()


def declare(house: House, home: Path, running: Running) -> None:
    """The source as an administrator would add it; a supervisor approves what the room is told."""
    token = home / "token"
    token.touch(mode=0o600)
    token.write_text(running.people["bot"].token, "utf-8")
    house.ansim(
        *("source", "add", "matrix", "--as", house.log_in_of("administrator")),
        *("--name", "게임 동아리 (Matrix)", "--connector", "matrix", "--kind", "visible_bot"),
        *("--basis", BASIS, "--given-by", "all present", "--how", "notice in the room"),
        *("--private", "--set", f"homeserver={running.homeserver}"),
        *("--set", f"user_id={running.bot}", "--set", "accept_invitations=yes"),
        *("--secret-file", f"access_token={token}"),
    )
    token.unlink()
    house.ansim("source", "approve", "matrix", "--as", house.log_in_of("supervisor"), "--all")


def greet(running: Running) -> None:
    lines = [f"  Matrix   {running.homeserver}   (Synapse)", ""]
    for who, name in PEOPLE.items():
        person = running.people[who]
        lines.append(f"    {who:<10} {person.id:<24} {person.password}   {name}")
    lines += [
        "",
        f"  Both are in the room “{ROOM}”, and the agency's bot tells it that it reads along.",
        "  Log in with a Matrix client at the address above, or in a second terminal:",
        '    scripts/demo_matrix say youth "안녕"',
        "    scripts/demo_matrix replay                  a risky sample conversation",
        "    scripts/demo_matrix read youth              what this person sees, private words too",
        '    scripts/demo_matrix answer youth "…"        an answer to the private words',
        "",
        "  Ctrl-C stops everything and removes what was said.",
        "",
    ]
    print("\n".join(lines), flush=True)


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Nobody else runs the demo here."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit("demo-matrix: it runs already, in this folder") from None
        shutil.rmtree(place, ignore_errors=True)  # of one that was killed
        place.mkdir(mode=0o700)
        try:
            yield
        finally:
            shutil.rmtree(place, ignore_errors=True)


def start() -> None:
    """Starts everything and waits for Ctrl-C or SIGTERM."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    place = folder()
    with alone(place):
        synapse = Synapse(place / "synapse", name="localhost")
        house: House | None = None
        try:
            house = House(place / "home")
            synapse.start()
            people = {}
            for who in (*PEOPLE, "bot"):
                password = secrets.token_hex(4)
                token = synapse.register(who, password)
                people[who] = Person(synapse.user(who), password, token)
            running = Running(synapse.address, "", people["bot"].id, people)
            house.wait()
            running = asyncio.run(make_room(running))
            declare(house, place, running)
            asyncio.run(wait_until_told(running))
            (place / "running.json").touch(mode=0o600)
            (place / "running.json").write_bytes(msgspec.json.encode(running))
            greet(running)
            while house.process.poll() is None and synapse.running:
                time.sleep(0.3)
            raise SystemExit("demo-matrix: a part ended by itself")
        except KeyboardInterrupt:
            print("\nstopping …", flush=True)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        finally:
            if house is not None:
                house.stop()
            synapse.stop()
    print("demo-matrix: stopped; what was said is gone", flush=True)


def found() -> Running:
    try:
        return msgspec.json.decode((folder() / "running.json").read_bytes(), type=Running)
    except OSError:
        raise SystemExit("the demo does not run: start it with `make demo-matrix`") from None


async def say(running: Running, who: str, text: str) -> None:
    account = running.account(who)
    await account.say(running.room, text)
    await account.close()


async def answer(running: Running, who: str, text: str) -> None:
    """In the room that the agency made for this person last."""
    account = running.account(who)
    rooms = await account.direct_rooms(running.bot)
    if not rooms:
        raise SystemExit("nobody of the agency has written to this person alone yet")
    await account.say(rooms[-1], text)
    await account.close()


async def read(running: Running, who: str) -> None:
    """What this person sees: the room, then what the agency wrote to them alone."""
    account = running.account(who)
    names = {person.id: PEOPLE.get(name, AGENCY) for name, person in running.people.items()}
    for room in (running.room, *await account.direct_rooms(running.bot)):
        print(f"— {ROOM if room == running.room else '상담센터와 둘이서 / with the agency alone'}")
        for event in await account.timeline(room):
            if event["type"] == "m.room.message":
                name = names.get(event["sender"], event["sender"])
                print(f"{name}: {event['content'].get('body', '')}")
    await account.close()


async def replay(running: Running, sample: str, speed: float) -> None:
    """A sample of the demo room, said by the two people; all but the young person by the other."""
    accounts = {who: running.account(who) for who in PEOPLE}
    before = 0.0
    for turn in samples()[sample].turns:
        gap, before = (turn.at - before) / speed, turn.at
        await asyncio.sleep(min(max(gap, SHORTEST), LONGEST))
        voice = samples()[sample].speakers[turn.by].voice
        who = "youth" if voice is Voice.YOUTH else "stranger"
        await accounts[who].say(running.room, turn.text)
        print(f"{PEOPLE[who]}: {turn.text}", flush=True)
    for account in accounts.values():
        await account.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/demo_matrix", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    for name, what in (("say", "say something in the room"), ("answer", "answer private words")):
        one = verbs.add_parser(name, help=what)
        one.add_argument("who", choices=PEOPLE)
        one.add_argument("text")
    one = verbs.add_parser("read", help="what somebody sees")
    one.add_argument("who", choices=PEOPLE)
    one = verbs.add_parser("replay", help="a sample conversation")
    one.add_argument("sample", nargs="?", choices=samples(), default="game_to_meeting")
    one.add_argument("--speed", type=float, default=60.0, help="times as fast as it was (60)")
    given = parser.parse_args()
    if given.verb is None:
        start()
    elif given.verb == "say":
        asyncio.run(say(found(), given.who, given.text))
    elif given.verb == "answer":
        asyncio.run(answer(found(), given.who, given.text))
    elif given.verb == "read":
        asyncio.run(read(found(), given.who))
    else:
        asyncio.run(replay(found(), given.sample, max(given.speed, 0.1)))


if __name__ == "__main__":
    main()
