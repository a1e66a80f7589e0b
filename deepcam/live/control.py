"""The local control socket: other programs and the command line talk to the running camera.

One JSON object a line, UTF-8: ``{"command": "toggle"}`` -> ``{"ok": true, ...}`` or
``{"ok": false, "what": ..., "remedy": ...}``. Commands: toggle, on, off, panic, regenerate (seed,
choice), identity (identity), suggest, status, stop.

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
import socket
import stat
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import platformdirs

from deepcam.errors import DeepcamError

log = logging.getLogger(__name__)

COMMANDS = (
    "toggle", "on", "off", "panic", "regenerate", "identity", "suggest", "status", "stop",
)  # fmt: skip
MOST_BYTES = 64 * 1024
"""Of one message."""
MOST_CLIENTS = 16
PATIENCE = 10.0
"""Seconds that a connection may be idle."""
ANSWER_WITHIN = 40.0
"""Seconds that a caller waits (a new face may have to be sampled)."""
NAME = "control.sock"
TOKEN = "control.json"
ENV = "DEEPCAM_RUNTIME_DIR"

Handler = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""(command, arguments) -> answer; raises ``DeepcamError``."""

_UNIX = hasattr(socket, "AF_UNIX") and sys.platform != "win32"


def runtime_dir() -> Path:
    """The private directory (0700) of this user's running program; made when missing.

    Raises ``DeepcamError`` when it belongs to somebody else or cannot be made.
    """
    override = os.environ.get(ENV)
    if override:
        return _private(Path(override))
    try:
        return _private(Path(platformdirs.user_runtime_dir("deepcam")))
    except (OSError, DeepcamError):
        # Without a login session there is no /run/user.
        user = os.getuid() if hasattr(os, "getuid") else "user"
        return _private(Path(tempfile.gettempdir()) / f"deepcam-{user}")


def _private(path: Path) -> Path:
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
    if _UNIX and stat.S_IMODE(facts.st_mode) != 0o700:
        try:
            path.chmod(0o700)
        except OSError:
            raise DeepcamError(
                f"The directory {path} is open to others.", f"Set {ENV} to another one."
            ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise DeepcamError(
            f"The directory {path} for the control socket cannot be written.",
            f"Set {ENV} to a directory of your own.",
        )
    return path


def send_command(command: str, **args: Any) -> dict[str, Any]:
    """Ask the running program; returns its answer without ``ok``.

    Raises ``DeepcamError`` when nothing runs, no answer comes, or the answer is an error.
    """
    reply = _ask({"command": command, **args})
    if reply.pop("ok", False) is True:
        return reply
    raise DeepcamError(str(reply.get("what", "It did not work.")), str(reply.get("remedy", "")))


def is_running(timeout: float = 2.0) -> bool:
    """Another instance of this user answers."""
    try:
        _ask({"command": "status"}, timeout)
    except DeepcamError:
        return False
    return True


def _ask(message: dict[str, Any], timeout: float = ANSWER_WITHIN) -> dict[str, Any]:
    directory = runtime_dir()
    not_running = DeepcamError("DeepPrivacy Cam is not running.", "Start it with: deepcam run")
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
        raise not_running from None
    with client:
        client.settimeout(timeout)
        try:
            client.connect(address)
        except OSError:
            raise not_running from None
        try:
            client.sendall(json.dumps(message).encode() + b"\n")
            line = _line(client)
            reply = json.loads(line) if line else None
        except (OSError, ValueError):
            reply = None
    if not isinstance(reply, dict):
        raise DeepcamError("The running program did not answer.", "Stop it and start it again.")
    return reply


def _line(connection: socket.socket) -> bytes | None:
    """One line without its end; None at the end or when it is too long."""
    data = bytearray()
    while b"\n" not in data:
        part = connection.recv(4096)
        if not part or len(data) + len(part) > MOST_BYTES:
            return None
        data += part
    return bytes(data[: data.index(b"\n")])


class ControlServer:
    """Answers commands in threads of its own, from construction until ``close``.

    Raises ``DeepcamError`` when another instance of this user answers already.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._token = ""
        self._closed = threading.Event()
        self._clients = threading.BoundedSemaphore(MOST_CLIENTS)
        self._directory = runtime_dir()
        with _lock(self._directory):
            if is_running():
                raise DeepcamError(
                    "DeepPrivacy Cam is running already.",
                    "Use it, or end it with: deepcam stop",
                )
            self._socket = self._listen_unix() if _UNIX else self._listen_tcp()
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

    def _listen_unix(self) -> socket.socket:
        path = self._directory / NAME
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # nobody answered there
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
            if not _same_user(client) or not self._clients.acquire(blocking=False):
                client.close()
                continue
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(PATIENCE)
                while not self._closed.is_set():
                    line = _line(client)
                    if line is None:
                        return
                    reply = self._answer(line)
                    client.sendall(json.dumps(reply, default=str).encode() + b"\n")
        except OSError:
            pass
        finally:
            self._clients.release()

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


@contextlib.contextmanager
def _lock(directory: Path) -> Any:
    """Two starts at the same moment look for each other one after the other."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(directory / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
