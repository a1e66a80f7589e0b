"""The local control socket: other programs and the command line talk to the running camera.

One JSON object a line, UTF-8: ``{"command": "toggle"}`` -> ``{"ok": true, ...}`` or
``{"ok": false, "what": ..., "remedy": ...}``. Commands: toggle, on, off, panic, regenerate (seed,
choice), identity (identity), suggest, full-size, status, stop.

The socket lies in a directory that only this user can enter, and the other end's user is asked of
the kernel as well. Windows has no such sockets in Python: there it is TCP on the loopback with a
secret from a file in the user's own directory (written, not tried on a Windows machine).
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import os
import secrets
import signal
import socket
import stat
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs

from deepcam.errors import DeepcamError
from deepcam.live.lock import InstanceLock, holder

log = logging.getLogger(__name__)

COMMANDS = (
    "toggle", "on", "off", "panic", "regenerate", "identity", "suggest", "full-size", "status",
    "stop",
)  # fmt: skip
MOST_BYTES = 64 * 1024
"""Of one message."""
MOST_CLIENTS = 16
PATIENCE = 10.0
"""Seconds that a connection may be idle."""
ANSWER_WITHIN = 40.0
"""Seconds that a caller waits (a new face may have to be sampled)."""
URGENT = {"panic": 3.0, "stop": 10.0}
"""Commands that must have an effect, and seconds until they get it by force."""
NAME = "control.sock"
LOCK = "running.lock"
TOKEN = "control.json"
ENV = "DEEPCAM_RUNTIME_DIR"

Handler = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""(command, arguments) -> answer; raises ``DeepcamError``."""

_UNIX = hasattr(socket, "AF_UNIX") and sys.platform != "win32"


def runtime_dir() -> Path:
    """The private directory (0700) of this user's running program; made when missing.

    Raises ``DeepcamError`` when it belongs to somebody else or cannot be made, and for one that
    ``DEEPCAM_RUNTIME_DIR`` names and others may enter: whatever it is, it was not made for this.
    """
    override = os.environ.get(ENV)
    if override:
        return _private(Path(override), ours=False)
    try:
        return _private(Path(platformdirs.user_runtime_dir("deepcam")))
    except (OSError, DeepcamError):
        # Without a login session there is no /run/user.
        user = os.getuid() if hasattr(os, "getuid") else "user"
        return _private(Path(tempfile.gettempdir()) / f"deepcam-{user}")


def _private(path: Path, ours: bool = True) -> Path:
    """``ours``: no other program uses a directory of this name, so it may be closed to others."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = path.lstat()
    except OSError as error:
        raise DeepcamError(
            f"The directory {path} for the control socket cannot be used ({error.strerror}).",
            f"Set {ENV} to a directory of your own.",
        ) from None
    if not stat.S_ISDIR(facts.st_mode) or (hasattr(os, "getuid") and (facts.st_uid != os.getuid())):
        raise DeepcamError(
            f"The directory {path} for the control socket is not yours.",
            f"Set {ENV} to a directory of your own.",
        )
    if _UNIX and stat.S_IMODE(facts.st_mode) & 0o077:
        try:
            if not ours:
                raise PermissionError
            path.chmod(0o700)
        except OSError:
            raise DeepcamError(
                f"The directory {path} is open to others, so the control socket cannot lie there.",
                f"Set {ENV} to a directory that does not exist yet, or to one with mode 700.",
            ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise DeepcamError(
            f"The directory {path} for the control socket cannot be written.",
            f"Set {ENV} to a directory of your own.",
        )
    return path


def send_command(command: str, **args: Any) -> dict[str, Any]:
    """Ask the running program; returns its answer without ``ok``.

    ``panic`` and ``stop`` get through whatever it does: when no answer comes, its process is
    ended by force, and the answer has ``ended`` (its process number).
    Raises ``DeepcamError`` when nothing runs, no answer comes, or the answer is an error.
    """
    within = URGENT.get(command)
    try:
        reply = _ask({"command": command, **args}, within or ANSWER_WITHIN)
    except _SilentError:
        number = None if within is None else _end_by_force()
        if number is None:
            raise
        return {"on": False, "ended": number}
    if reply.pop("ok", False) is True:
        return reply
    raise DeepcamError(str(reply.get("what", "It did not work.")), str(reply.get("remedy", "")))


def is_running() -> bool:
    """Another instance of this user is there, whether it answers or not."""
    return holder(runtime_dir() / LOCK) is not None


class _SilentError(DeepcamError):
    """Somebody is there, but does not answer."""


def _ask(message: dict[str, Any], timeout: float = ANSWER_WITHIN) -> dict[str, Any]:
    directory = runtime_dir()
    reply: Any = None
    try:
        if _UNIX:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            address: Any = str(directory / NAME)
        else:
            facts = json.loads((directory / TOKEN).read_text("utf-8"))
            client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            address = ("127.0.0.1", int(facts["port"]))
            message = {**message, "token": facts["token"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise _nobody(directory) from None
    with client:
        client.settimeout(timeout)
        try:
            _connect(client, address, timeout)
        except OSError:
            raise _nobody(directory) from None
        try:
            client.sendall(json.dumps(message).encode() + b"\n")
            line = next(_lines(client), None)
            reply = json.loads(line) if line else None
        except (OSError, ValueError):
            reply = None
    if not isinstance(reply, dict):
        raise _nobody(directory)
    return reply


def _nobody(directory: Path) -> DeepcamError:
    """Why there was no answer."""
    number = holder(directory / LOCK)
    if number is None:
        return DeepcamError("DeepPrivacy Cam is not running.", "Start it with: deepcam run")
    return _SilentError(
        f"DeepPrivacy Cam is running (process {number}), but it did not answer.",
        "Wait a moment, or end it with: deepcam stop",
    )


def _connect(client: socket.socket, address: Any, timeout: float) -> None:
    """As long as the queue of an owner that is busy is full, the kernel refuses at once."""
    end = time.monotonic() + timeout
    while True:
        try:
            client.connect(address)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _end_by_force() -> int | None:
    """Kill the process that holds the lock, and wait for its end; its number, or None when there
    is none that can be killed."""
    path = runtime_dir() / LOCK
    number = holder(path)
    if not number or number == os.getpid():
        return None
    with contextlib.suppress(ProcessLookupError):
        try:
            os.kill(number, getattr(signal, "SIGKILL", signal.SIGTERM))
        except PermissionError:
            return None
    end = time.monotonic() + 5.0
    while holder(path) is not None and time.monotonic() < end:
        time.sleep(0.02)
    return number


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """Line after line without its end, however many come at once, until the connection ends or a
    line is too long."""
    data = bytearray()
    while True:
        end = data.find(b"\n")
        if end >= 0:
            line = bytes(data[:end])
            del data[: end + 1]
            yield line
            continue
        part = connection.recv(4096)
        if not part or len(data) + len(part) > MOST_BYTES:
            return
        data += part


class ControlServer:
    """Answers commands in threads of its own, from construction until ``close``.

    Raises ``DeepcamError`` when another instance of this user answers already.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._token = ""
        self._closed = threading.Event()
        self._clients: dict[socket.socket, float] = {}
        """Connections and when each was last heard of; the longest silent one makes room."""
        self._guard = threading.Lock()
        self._directory = runtime_dir()
        lock = InstanceLock.take(self._directory / LOCK)
        if lock is None:
            raise DeepcamError(
                f"DeepPrivacy Cam is running already (process {holder(self._directory / LOCK)}).",
                "Use it, or end it with: deepcam stop",
            )
        self._lock = lock
        try:
            self._socket = self._listen_unix() if _UNIX else self._listen_tcp()
        except BaseException:
            lock.release()
            raise
        self._socket.settimeout(0.25)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        """The socket, or the file with port and secret."""
        return self._directory / (NAME if _UNIX else TOKEN)

    def close(self) -> None:
        """Stop answering and remove the socket. Idempotent."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._thread.join(2.0)
        self._socket.close()
        with contextlib.suppress(OSError):
            # Only our own: a successor may have taken the place.
            facts = self.path.lstat()
            if (facts.st_dev, facts.st_ino) == self._inode:
                self.path.unlink()
        self._lock.release()

    def _listen_unix(self) -> socket.socket:
        path = self._directory / NAME
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # nobody holds the lock, so nobody listens there
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            server.bind(str(path))
        except OSError as error:
            server.close()
            raise DeepcamError(
                f"The control socket {path} cannot be made ({error.strerror or error}).",
                f"Set {ENV} to a directory with a short name.",
            ) from None
        finally:
            os.umask(before)
        path.chmod(0o600)
        self._note(path)
        server.listen(MOST_CLIENTS)
        return server

    def _listen_tcp(self) -> socket.socket:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.bind(("127.0.0.1", 0))
        server.listen(MOST_CLIENTS)
        self._token = secrets.token_hex(32)
        path = self._directory / TOKEN
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"port": server.getsockname()[1], "token": self._token}, file)
        self._note(path)
        return server

    def _note(self, path: Path) -> None:
        facts = path.lstat()
        self._inode = (facts.st_dev, facts.st_ino)

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                if self._closed.wait(0.1):
                    return
                continue
            if not _same_user(client):
                client.close()
                continue
            self._make_room()
            with self._guard:
                self._clients[client] = time.monotonic()
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _make_room(self) -> None:
        """A newcomer is never turned away: it may be a panic. Who was silent longest goes."""
        with self._guard:
            while len(self._clients) >= MOST_CLIENTS:
                oldest = min(self._clients, key=self._clients.__getitem__)
                del self._clients[oldest]
                with contextlib.suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)

    def _talk(self, client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(PATIENCE)
                for line in _lines(client):
                    if self._closed.is_set():
                        return
                    with self._guard:
                        if client in self._clients:
                            self._clients[client] = time.monotonic()
                    reply = self._answer(line)
                    client.sendall(json.dumps(reply, default=str).encode() + b"\n")
        except OSError:
            pass
        finally:
            with self._guard:
                self._clients.pop(client, None)

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("command"), str):
            return {"ok": False, "what": "That is no command.", "remedy": ""}
        token = message.pop("token", "")
        if self._token and not hmac.compare_digest(str(token), self._token):
            return {"ok": False, "what": "That is not allowed.", "remedy": ""}
        command = message.pop("command")
        if command not in COMMANDS:
            known = ", ".join(COMMANDS)
            return {"ok": False, "what": "Unknown command.", "remedy": f"Known are: {known}."}
        try:
            return {"ok": True, **self._handler(command, message)}
        except DeepcamError as error:
            return {"ok": False, "what": error.what, "remedy": error.remedy}
        except Exception as error:
            log.exception("command %s failed", command)
            return {"ok": False, "what": f"Internal error ({type(error).__name__}).", "remedy": ""}


def _same_user(client: socket.socket) -> bool:
    """The other end belongs to this user (the kernel says so)."""
    if sys.platform != "linux":
        return True  # the directory's permissions, or the secret, guard the door
    try:
        size = struct.calcsize("3i")
        facts = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    except OSError:
        return False
    _, user, _ = struct.unpack("3i", facts)
    return bool(user == os.getuid())
