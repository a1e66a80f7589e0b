"""A message bus of our own and a stand-in for the desktop's GlobalShortcuts portal on it.

As strict as the real one: the program must say who it is with its first call, under the name of an
installed desktop entry; keys are bound once a session; answers come as signals.
"""

import os
import subprocess
import threading
from pathlib import Path

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.threading import open_dbus_connection

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
CONFIG = """<busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
<allow own="*"/></policy></busconfig>"""


def start_bus(place: Path) -> tuple[subprocess.Popen[str], str]:
    """A private bus: its process and address."""
    config = place / "bus.conf"
    config.write_text(CONFIG.format(place))
    process = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--print-address", f"--config-file={config}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


class FakePortal:
    """``answer``: grant, decline, fail, silent. ``without``: interfaces that are missing.
    ``triggers``: keys given in place of those asked for. ``calls``: members in their order."""

    def __init__(self, address: str, answer="grant", without=(), triggers=None, shy=0):
        self.answer, self.without, self.triggers = answer, without, triggers or {}
        self.shy = shy
        self.calls: list[str] = []
        self.asked: list[dict[str, dict[str, str]]] = []
        self.sessions: dict[str, bool] = {}
        self.closed_requests: list[str] = []
        self._ids: dict[str, str] = {}
        self._spoken: set[str] = set()
        self.problems: list[str] = []
        self._connection = open_dbus_connection(address)
        # The router of the opening has ended: this thread reads from here on.
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._named = threading.Event()
        self._thread.start()
        self._connection.send(message_bus.RequestName(NAME), serial=9001)
        assert self._named.wait(5)

    def close(self) -> None:
        self._connection.interrupt()
        self._thread.join(5)
        self._connection.close()

    def press(self, action: str, session: str | None = None) -> None:
        where = self.session if session is None else session
        self._signal(PATH, SHORTCUTS, "Activated", "osta{sv}", (where, action, 1, {}))

    def change(self, keys: dict[str, str]) -> None:
        self._signal(
            PATH, SHORTCUTS, "ShortcutsChanged", "oa(sa{sv})", (self.session, self._list(keys))
        )

    def end_session(self) -> None:
        path = self.session
        self.sessions[path] = False
        self._signal(path, "org.freedesktop.portal.Session", "Closed", "a{sv}", ({},))

    @property
    def session(self) -> str:
        """The open session; there must be exactly one."""
        (path,) = (path for path, is_open in self.sessions.items() if is_open)
        return path

    @staticmethod
    def _list(keys: dict[str, str]):
        return [
            (a, {"description": ("s", a), "trigger_description": ("s", k)}) for a, k in keys.items()
        ]

    def _signal(self, path, interface, member, signature, body) -> None:
        emitter = DBusAddress(path, interface=interface)
        self._connection.send(new_signal(emitter, member, signature, body))

    def _serve(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except Exception:
                return
            fields = message.header.fields
            if fields.get(HeaderFields.reply_serial) == 9001:
                self._named.set()
            if message.header.message_type is not MessageType.method_call:
                continue
            try:
                self._call(message, fields)
            except Exception as error:
                self.problems.append(repr(error))

    def _call(self, message, fields) -> None:
        interface = fields[HeaderFields.interface]
        member, sender = fields[HeaderFields.member], fields[HeaderFields.sender]
        self.calls.append(member)

        def fail(name: str) -> None:
            self._connection.send(new_error(message, f"org.freedesktop.DBus.Error.{name}"))

        if interface in self.without or (member == "Get" and message.body[0] in self.without):
            return fail("UnknownMethod")
        if member == "Register":
            entry = Path(os.environ["XDG_DATA_HOME"], "applications", f"{message.body[0]}.desktop")
            if self.shy or not entry.is_file() or sender in self._spoken:
                self.shy = max(0, self.shy - 1)
                return fail("Failed")
            self._ids[sender] = message.body[0]
            self._connection.send(new_method_return(message))
        elif member == "Get":
            self._connection.send(new_method_return(message, "v", (("u", 2),)))
        elif member == "Close":
            path = fields[HeaderFields.path]
            if path in self.sessions:
                self.sessions[path] = False
            else:
                self.closed_requests.append(path)
            self._connection.send(new_method_return(message))
        elif member in ("CreateSession", "BindShortcuts"):
            self._spoken.add(sender)
            if "org.freedesktop.host.portal.Registry" not in self.without and (
                not self._ids.get(sender)
            ):
                return fail("AccessDenied")
            who = sender.removeprefix(":").replace(".", "_")
            request = f"{PATH}/request/{who}/{message.body[-1]['handle_token'][1]}"
            # The answer first: programs must be ready for it before their call returns.
            code, results = self._answer(member, message.body, who)
            if code >= 0:
                address = DBusAddress(request, interface="org.freedesktop.portal.Request")
                signal = new_signal(address, "Response", "ua{sv}", (code, results))
                signal.header.fields[HeaderFields.destination] = sender
                self._connection.send(signal)
            self._connection.send(new_method_return(message, "o", (request,)))
        else:
            fail("UnknownMethod")

    def _answer(self, member, body, who):
        if member == "CreateSession":
            path = f"{PATH}/session/{who}/{body[0]['session_handle_token'][1]}"
            if path in self.sessions:
                return 2, {}
            self.sessions[path] = True
            return 0, {"session_handle": ("s", path)}
        session, shortcuts = body[0], body[1]
        if not self.sessions.get(session) or session in self._bound():
            return 2, {}
        self.asked.append(
            {a: {"session": session, **{k: v[1] for k, v in f.items()}} for a, f in shortcuts}
        )
        if self.answer != "grant":
            return {"decline": 1, "fail": 2, "silent": -1}[self.answer], {}
        keys = {a: self.triggers.get(a, f["preferred_trigger"][1]) for a, f in shortcuts}
        return 0, {"shortcuts": ("a(sa{sv})", self._list(keys))}

    def _bound(self) -> set[str]:
        return {facts["session"] for asked in self.asked for facts in asked.values()}
