"""A connection to the session's message bus (D-Bus), with one thread that reads."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, new_method_call
from jeepney.io.threading import open_dbus_connection

log = logging.getLogger(__name__)

_BUS = "org.freedesktop.DBus"
ANSWER_WITHIN = 10.0
"""Seconds that a call waits; portals answer questions to people by signals, not by replies."""


class BusError(Exception):
    """The call's error; ``name`` as on the bus, empty when the bus itself is gone."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(f"{name}: {text}")
        self.name = name

    @property
    def unknown(self) -> bool:
        """Nobody there knows such a thing."""
        return self.name.removeprefix(f"{_BUS}.Error.") in (
            "UnknownMethod UnknownInterface UnknownObject UnknownProperty ServiceUnknown "
            "NameHasNoOwner InvalidArgs NotSupported".split()
        )


class Signal(NamedTuple):
    """``sender`` is the unique name of whoever sent it."""

    sender: str
    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


class Bus:
    """Calls from any thread but the reading one, on which ``heard`` and ``lost`` run.

    Raises ``OSError`` from the constructor without a bus. ``lost`` is called once when the
    connection ends by itself.
    """

    def __init__(self, heard: Callable[[Signal], None], lost: Callable[[], None]) -> None:
        self._heard, self._lost = heard, lost
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Message]] = {}
        self._closed = self._released = False
        try:
            self._connection = open_dbus_connection(_address())
        except OSError:
            raise
        except Exception as error:
            # Among them: an address of a kind that is not known here, refused credentials.
            raise OSError(f"no session bus ({type(error).__name__})") from error
        self.name: str = self._connection.unique_name
        self._thread = threading.Thread(target=self._read, name="hotkeys-bus", daemon=True)
        self._thread.start()

    def call(
        self,
        to: str,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
    ) -> tuple[Any, ...]:
        """Call a method and return what it answers. Raises ``BusError``."""
        address = DBusAddress(path, bus_name=to, interface=interface)
        message = new_method_call(address, member, signature or None, body)
        answer: Future[Message] = Future()
        with self._lock:
            if self._closed:
                raise BusError("", "the bus is gone")
            serial = next(self._connection.outgoing_serial)
            self._waiting[serial] = answer
        try:
            self._connection.send(message, serial=serial)
            reply = answer.result(ANSWER_WITHIN)
        except (OSError, TimeoutError) as error:
            raise BusError("", f"no answer ({error})") from None
        finally:
            with self._lock:
                self._waiting.pop(serial, None)
        if reply.header.message_type is MessageType.error:
            name = reply.header.fields.get(HeaderFields.error_name, "")
            raise BusError(str(name), str(reply.body[0]) if reply.body else "")
        return tuple(reply.body)

    def listen(self, **rule: Any) -> None:
        """Have signals sent to ``heard``; ``rule`` as in ``jeepney.MatchRule``. Raises
        ``BusError``."""
        condition = rule.pop("arg0", None)
        match = MatchRule(type="signal", **rule)
        if condition is not None:
            match.add_arg_condition(0, condition)
        self.call(_BUS, "/org/freedesktop/DBus", _BUS, "AddMatch", "s", (match.serialise(),))

    def owner(self, name: str) -> str:
        """The unique name behind a well-known one; empty without one. Raises ``BusError``."""
        try:
            answer = self.call(_BUS, "/org/freedesktop/DBus", _BUS, "GetNameOwner", "s", (name,))
        except BusError as error:
            if error.unknown:
                return ""
            raise
        return str(answer[0])

    def close(self) -> None:
        """End the connection and the thread; whoever waits gets a ``BusError``. Idempotent."""
        self._end()
        with self._lock:
            first, self._released = not self._released, True
        if first:
            self._connection.interrupt()
            if threading.current_thread() is not self._thread:
                self._thread.join(5)
            self._connection.close()

    def _end(self) -> bool:
        with self._lock:
            first, self._closed = not self._closed, True
            waiting = list(self._waiting.values())
        for answer in waiting:
            if not answer.done():
                answer.set_exception(BusError("", "the bus is gone"))
        return first

    def _read(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except Exception:
                # Closed by us, by the bus, or something came that is no message.
                break
            fields = message.header.fields
            kind = message.header.message_type
            if kind in (MessageType.method_return, MessageType.error):
                with self._lock:
                    answer = self._waiting.pop(fields.get(HeaderFields.reply_serial, -1), None)
                if answer is not None:
                    answer.set_result(message)
            elif kind is MessageType.signal:
                sender, path, interface, member = (
                    str(fields.get(part, ""))
                    for part in (
                        HeaderFields.sender,
                        HeaderFields.path,
                        HeaderFields.interface,
                        HeaderFields.member,
                    )
                )
                try:
                    self._heard(Signal(sender, path, interface, member, tuple(message.body)))
                except Exception:
                    log.exception("a signal could not be used")
        if self._end():
            self._lost()


def _address() -> str:
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if address:
        return address
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.exists(f"{runtime}/bus"):
        return f"unix:path={runtime}/bus"
    raise OSError("no session bus")
