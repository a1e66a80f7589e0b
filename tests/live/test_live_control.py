"""The control socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deepcam.errors import DeepcamError
from deepcam.live import control
from deepcam.live.control import ControlServer, runtime_dir, send_command


def answer(command: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    if command == "panic":
        raise DeepcamError("It is not possible.", "Wait.")
    if command == "on":
        raise ValueError("secret")
    return {"did": command, **args}


@pytest.fixture
def server() -> Iterator[ControlServer]:
    made = ControlServer(answer)
    yield made
    made.close()


def raw(server: ControlServer, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(str(server.path))
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return client.recv(65536)
        except (BrokenPipeError, ConnectionResetError):
            return b""


def test_a_command_and_its_answer(server: ControlServer) -> None:
    assert send_command("regenerate", seed=3) == {"did": "regenerate", "seed": 3}


def test_only_this_user_can_reach_it(server: ControlServer) -> None:
    assert stat.S_IMODE(server.path.lstat().st_mode) == 0o600
    assert stat.S_IMODE(server.path.parent.lstat().st_mode) == 0o700


def test_other_users_are_turned_away(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = os.getuid()
    real = control._same_user
    left, right = socket.socketpair()
    assert real(left)
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    assert not real(right)
    left.close()
    right.close()
    assert raw(server, b'{"command": "status"}\n') == b""


def test_errors_come_back_as_errors(server: ControlServer) -> None:
    with pytest.raises(DeepcamError, match="not possible") as caught:
        send_command("panic")
    assert caught.value.remedy == "Wait."
    with pytest.raises(DeepcamError, match="Internal error") as caught:
        send_command("on")
    assert "secret" not in str(caught.value)
    with pytest.raises(DeepcamError, match="Unknown command"):
        send_command("format-disk")


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"hello\n",
        b"[]\n",
        b"null\n",
        b'{"command": 3}\n',
        b"\xff\xfe\n",
        b"[" * 5000 + b"\n",
    ],
)
def test_garbage_is_answered_with_an_error(server: ControlServer, data: bytes) -> None:
    assert json.loads(raw(server, data))["ok"] is False
    assert send_command("status") == {"did": "status"}


def test_endless_and_unfinished_messages_are_dropped(server: ControlServer) -> None:
    assert raw(server, b"x" * (control.MOST_BYTES + 5000)) == b""
    assert raw(server, b'{"command": "status"}') == b""
    assert send_command("status") == {"did": "status"}


def test_silent_callers_do_not_block_others(server: ControlServer) -> None:
    idle = []
    for _ in range(control.MOST_CLIENTS - 2):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(str(server.path))
        idle.append(client)
    assert send_command("status") == {"did": "status"}
    for client in idle:
        client.close()


def test_nothing_runs() -> None:
    with pytest.raises(DeepcamError, match="not running"):
        send_command("status")


def test_second_instance_is_refused_and_harms_nothing(server: ControlServer) -> None:
    with pytest.raises(DeepcamError, match="running already"):
        ControlServer(answer)
    assert send_command("status") == {"did": "status"}


def test_of_many_starts_at_once_one_wins() -> None:
    made: list[ControlServer] = []
    refused: list[DeepcamError] = []

    def attempt() -> None:
        try:
            made.append(ControlServer(answer))
        except DeepcamError as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 5)
    made[0].close()


def test_stale_socket_is_replaced_and_the_own_one_removed() -> None:
    path = runtime_dir() / control.NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    assert path.exists()
    server = ControlServer(answer)
    assert send_command("status") == {"did": "status"}
    server.close()
    server.close()
    assert not path.exists()


def test_a_named_directory_open_to_others_is_refused_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a home or a shared folder: other programs need it as it is."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    monkeypatch.setenv(control.ENV, str(folder))
    with pytest.raises(DeepcamError, match="open to others"):
        runtime_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    monkeypatch.setenv(control.ENV, str(folder / "new"))
    assert stat.S_IMODE(runtime_dir().stat().st_mode) == 0o700


def test_our_own_directory_open_to_others_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "deepcam"
    folder.mkdir(mode=0o755)
    monkeypatch.delenv(control.ENV)
    monkeypatch.setattr(control.platformdirs, "user_runtime_dir", lambda name: str(tmp_path / name))
    assert runtime_dir() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_directory_of_somebody_else_or_a_link_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv(control.ENV, str(tmp_path / "link"))
    with pytest.raises(DeepcamError, match="not yours"):
        runtime_dir()
    monkeypatch.setenv(control.ENV, str(tmp_path / "real"))
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(DeepcamError, match="not yours"):
        runtime_dir()


def test_fallback_without_a_login_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(control.ENV)
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(control.platformdirs, "user_runtime_dir", lambda name: str(blocked / name))
    monkeypatch.setattr(control.tempfile, "gettempdir", lambda: str(tmp_path))
    found = runtime_dir()
    assert found.parent == tmp_path
    assert stat.S_IMODE(found.stat().st_mode) == 0o700


def test_loopback_with_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of systems without local sockets, tried here on this one."""
    monkeypatch.setattr(control, "_UNIX", False)
    monkeypatch.setattr(control, "_same_user", lambda client: True)
    server = ControlServer(answer)
    try:
        assert send_command("status") == {"did": "status"}
        facts = json.loads(server.path.read_text())
        assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
        with socket.create_connection(("127.0.0.1", facts["port"]), 5) as client:
            client.sendall(b'{"command": "stop", "token": "wrong"}\n')
            assert json.loads(client.recv(4096))["what"] == "That is not allowed."
    finally:
        server.close()
    assert not server.path.exists()


OWNER = """
import sys, time
from deepcam.live.control import ControlServer
server = ControlServer(lambda command, args: {"on": False})
print("ready", flush=True)
time.sleep(120)
"""


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[str]]:
    """Another program that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()


def test_an_owner_that_does_not_answer_keeps_its_place(owner: subprocess.Popen[str]) -> None:
    os.kill(owner.pid, signal.SIGSTOP)
    with pytest.raises(DeepcamError, match=f"running already .process {owner.pid}"):
        ControlServer(answer)
    assert (runtime_dir() / control.NAME).is_socket()
    assert control.is_running()
    os.kill(owner.pid, signal.SIGCONT)
    assert send_command("panic") == {"on": False}


@pytest.mark.parametrize("command", ["panic", "stop"])
def test_panic_and_stop_reach_an_owner_that_does_not_answer(
    owner: subprocess.Popen[str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(control.URGENT, command, 0.3)
    os.kill(owner.pid, signal.SIGSTOP)
    held = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(40)]
    for client in held:  # its queue is full as well
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.connect(str(runtime_dir() / control.NAME))
    assert send_command(command) == {"on": False, "ended": owner.pid}
    assert owner.wait(5) == -signal.SIGKILL
    assert not control.is_running()
    ControlServer(answer).close()
    for client in held:
        client.close()


def test_other_commands_end_nobody(
    owner: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_WITHIN", 0.3)
    os.kill(owner.pid, signal.SIGSTOP)
    with pytest.raises(DeepcamError, match=f"process {owner.pid}.*did not answer"):
        send_command("toggle")
    os.kill(owner.pid, signal.SIGCONT)
    assert owner.poll() is None


def test_a_killed_owner_makes_room(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.wait()
    assert not control.is_running()
    server = ControlServer(answer)
    assert send_command("status") == {"did": "status"}
    server.close()


def test_newcomers_get_through_whatever_is_connected(server: ControlServer) -> None:
    idle = []
    for _ in range(3 * control.MOST_CLIENTS):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(str(server.path))
        idle.append(client)
    for _ in range(3):
        assert send_command("status") == {"did": "status"}
    deadline = time.monotonic() + 5
    while len(server._clients) > control.MOST_CLIENTS and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(server._clients) <= control.MOST_CLIENTS
    for client in idle:
        client.close()


def test_commands_sent_at_once_are_all_answered(server: ControlServer) -> None:
    numbers = range(50)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(str(server.path))
        text = "".join(json.dumps({"command": "identity", "n": n}) + "\n" for n in numbers)
        client.sendall(text.encode())
        client.shutdown(socket.SHUT_WR)
        with client.makefile() as answers:
            assert [json.loads(line)["n"] for line in answers] == list(numbers)
