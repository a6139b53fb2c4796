"""A real Prosody on a free port of this machine: XMPP as its users know it.

It talks with no other server. Rooms of ``rooms.xmpp.test`` show who is who and have an archive;
those of ``veiled.xmpp.test`` show real accounts to moderators alone; those of ``brief.xmpp.test``
have no archive. Files are uploaded to ``upload.xmpp.test`` and have addresses of another host, as
behind a web server of the school's. Given a certificate, it offers encryption.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from ansim.stream.server import die_with_parent
from tests.stream.conftest import free_port

START_SECONDS = 120.0
DOMAIN = "xmpp.test"
ROOMS, VEILED, BRIEF = f"rooms.{DOMAIN}", f"veiled.{DOMAIN}", f"brief.{DOMAIN}"

SETTINGS = """
run_as_root = true
pidfile = {pid}
data_path = {data}
certificates = {certificates}
log = {{ error = {log} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_require_encryption = false
console_ports = {{ {console} }}
http_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {files} }}
https_ports = {{ }}
http_default_host = "upload.xmpp.test"
http_external_url = "https://files.xmpp.test:5443/"
admin_socket = {socket}
authentication = "internal_plain"
storage = "internal"
plugin_paths = {{ {plugins} }}
modules_enabled = {{ "saslauth", "disco", "ping", "roster", "admin_telnet"{tls} }}
modules_disabled = {{ "s2s", "offline" }}
{secured}
-- Rooms are ready at once, with nothing to be filled in first.
muc_room_locking = false
muc_room_default_persistent = true
VirtualHost "xmpp.test"
Component "rooms.xmpp.test" "muc"
  modules_enabled = {{ "muc_mam", "ansim_limit" }}
  muc_room_default_public_jids = true
Component "veiled.xmpp.test" "muc"
  modules_enabled = {{ "muc_mam" }}
Component "brief.xmpp.test" "muc"
  muc_room_default_public_jids = true
Component "upload.xmpp.test" "http_file_share"
"""

SECURED = """
ssl = {{ key = {pem}, certificate = {pem} }}
c2s_direct_tls_ports = {{ {port} }}
"""

LIMIT = """
-- Until the time in a file (seconds since 1970), words of the account named with it are refused,
-- as servers refuse who says too much.
local st = require "util.stanza";
local path = {path};
module:hook("muc-occupant-groupchat", function (event)
  local file = io.open(path);
  if not file then return end
  local who, until_time = file:read("l", "n");
  file:close();
  if event.occupant.bare_jid == who and require "util.time".now() < until_time then
    event.origin.send(st.error_reply(event.stanza, "wait", "resource-constraint"));
    return true;
  end
end, 100);
"""


def lacking() -> str:
    """Why it cannot be started here; empty: it can."""
    return "" if shutil.which("prosody") else "prosody is not installed (scripts/setup test)"


class Prosody:
    """One server. Its data lie in ``folder``, also ``server.pem`` (key and certificate) where it is
    to be ``secured``; ``direct`` is its port that is encrypted from the first byte."""

    def __init__(self, folder: Path, *, secured: bool = False) -> None:
        self.folder = folder
        self.direct = free_port()
        self.port, self._console, self.files = free_port(), free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.limits = folder / "limits"
        plugins = folder / "plugins"
        for each in (plugins, folder / "data", folder / "certificates"):
            each.mkdir(parents=True, exist_ok=True)
        code = LIMIT.format(path=json.dumps(str(self.limits)))
        (plugins / "mod_ansim_limit.lua").write_text(code, "utf-8")
        self._config = folder / "prosody.cfg.lua"
        paths = {
            "pid": "prosody.pid",
            "data": "data",
            "certificates": "certificates",
            "log": "prosody.log",
            "socket": "prosody.sock",
            "plugins": "plugins",
        }
        quoted = {name: json.dumps(str(folder / path)) for name, path in paths.items()}
        pem = json.dumps(str(folder / "server.pem"))
        secrecy = SECURED.format(port=self.direct, pem=pem) if secured else ""
        tls = ', "tls"' if secured else ""
        settings = SETTINGS.format(
            port=self.port,
            console=self._console,
            files=self.files,
            secured=secrecy,
            tls=tls,
            **quoted,
        )
        self._config.write_text(settings, "utf-8")

    def start(self) -> None:
        """Returns when it answers; raises RuntimeError with its last lines when it does not."""
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                ["prosody", "-F", "--config", str(self._config)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                for port in (self.port, self._console):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        last = (self.folder / "output.log").read_text("utf-8", "replace").splitlines()[-5:]
        self.stop()
        raise RuntimeError("Prosody did not start: " + " | ".join(last))

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def register(self, name: str, password: str) -> str:
        """A new account; returns its address."""
        self.command(f'user:create("{name}@{DOMAIN}", "{password}")')
        return f"{name}@{DOMAIN}"

    def delete(self, account: str) -> None:
        """The account is gone, and whoever is logged in with it thrown out."""
        self.command(f'user:delete("{account}")')

    def command(self, line: str) -> str:
        """Says one line to its console. Raises RuntimeError with the answer where it fails."""
        with socket.create_connection(("127.0.0.1", self._console), 10) as console:
            console.settimeout(10)
            console.sendall(line.encode() + b"\nquit\n")
            heard = b""
            while chunk := console.recv(65536):
                heard += chunk
        answer = heard.decode("utf-8", "replace")
        if "| OK: " not in answer and "| Result: nil" not in answer:
            raise RuntimeError(f"Prosody's console: {answer[-300:]}")
        return answer


_shared: list[Prosody] = []


def shared() -> Prosody:
    """One Prosody for all tests of this process: each makes accounts and rooms of its own."""
    if not _shared:
        folder = Path(tempfile.mkdtemp(prefix="ansim-prosody-"))
        started = Prosody(folder)
        started.start()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(started.stop)
        _shared.append(started)
    return _shared[0]
