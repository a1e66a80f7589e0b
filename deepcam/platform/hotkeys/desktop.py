"""Talking to the desktop's portal service: introduction, requests that a person answers."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from deepcam.platform import desktop_entry
from deepcam.platform.hotkeys.bus import Bus, BusError, Signal

log = logging.getLogger(__name__)

SERVICE = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
REQUEST = "org.freedesktop.portal.Request"
REGISTRY = "org.freedesktop.host.portal.Registry"
_BUS = "org.freedesktop.DBus"

Answer = tuple[int, dict[str, Any]]
"""0: done, 1: declined by the person, else: failed; and the results, each (type, value)."""


class Portal:
    """One interface of the portal service. Raises ``OSError`` without a bus and ``BusError``
    where the desktop lacks the interface.

    On the bus's thread, which must not be held up: ``heard`` gets the interface's signals,
    ``renewed`` is called when the service has ended (False) or was started anew (True).
    ``patience``: seconds for a person to answer.
    """

    def __init__(
        self,
        interface: str,
        heard: Callable[[Signal], None],
        renewed: Callable[[bool], None],
        patience: float,
    ) -> None:
        self._interface, self._heard, self._renewed = interface, heard, renewed
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: dict[str, Future[Answer]] = {}
        self._numbers = itertools.count()
        self._owner = ""
        self._ready = False
        self._bus = Bus(self._sort, self._lost)
        try:
            self.introduce()
            self._bus.listen(interface=interface)
            self._bus.listen(interface=REQUEST, member="Response")
            self._bus.listen(interface="org.freedesktop.portal.Session", member="Closed")
            self._bus.listen(sender=_BUS, member="NameOwnerChanged", arg0=SERVICE)
            self._ask(f"{_BUS}.Properties", "Get", "ss", (interface, "version"))
            self._owner = self._bus.owner(SERVICE)
            self._ready = True
        except BusError:
            self._bus.close()
            raise

    def introduce(self) -> None:
        """Say who we are; must be the first call of a connection to the service."""
        for pause in (0.0, 0.5, 1.5):
            time.sleep(pause)
            try:
                self._ask(REGISTRY, "Register", "sa{sv}", (desktop_entry.APP_ID, {}))
                return
            except BusError as error:
                if error.unknown:
                    return  # older services know a program by how it was started
                # A desktop entry that was written just now is not seen at once.
                log.info("the portal does not know the program: %s", error)

    def request(
        self, member: str, signature: str, body: tuple[Any, ...], **options: tuple[str, Any]
    ) -> Answer:
        """Call a method whose answer comes later. Raises ``BusError``, and ``TimeoutError`` when
        nobody answered."""
        token = f"deepcam_{next(self._numbers)}_{time.monotonic_ns()}"
        sender = self._bus.name.removeprefix(":").replace(".", "_")
        answer: Future[Answer] = Future()
        with self._lock:
            # Before the call: the answer may come faster than the call returns.
            self._waiting[f"{PATH}/request/{sender}/{token}"] = answer
        try:
            given = {"handle_token": ("s", token), **options}
            reply = self._ask(self._interface, member, signature + "a{sv}", (*body, given))
            with self._lock:
                self._waiting[reply[0]] = answer  # old services choose the path themselves
            try:
                return answer.result(self._patience)
            except TimeoutError:
                self.tell(reply[0], REQUEST, "Close")
                raise
        finally:
            with self._lock:
                for path in [p for p, f in self._waiting.items() if f is answer]:
                    del self._waiting[path]

    def tell(self, path: str, interface: str, member: str) -> None:
        """Call a method whose failure does not matter."""
        try:
            self._bus.call(SERVICE, path, interface, member)
        except BusError as error:
            log.info("%s: %s", member, error)

    def give_up(self) -> None:
        """Whoever waits for an answer gets a ``BusError``."""
        with self._lock:
            waiting = list(self._waiting.values())
        for answer in waiting:
            if not answer.done():
                answer.set_exception(BusError("", "the portal is gone"))

    def close(self) -> None:
        """End the connection and its thread."""
        self.give_up()
        self._bus.close()

    def _ask(
        self, interface: str, member: str, signature: str, body: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        return self._bus.call(SERVICE, PATH, interface, member, signature, body)

    def _sort(self, signal: Signal) -> None:
        if signal.member == "NameOwnerChanged" and signal.sender == _BUS:
            self._owner = str(signal.body[2])
            if self._ready:  # else our own first call has started the service
                self.give_up()
                self._renewed(bool(self._owner))
        elif not self._owner or signal.sender != self._owner:
            return  # any program of the session can send us signals: only the service's count
        elif signal.interface == REQUEST:
            with self._lock:
                answer = self._waiting.get(signal.path)
            if answer is not None and not answer.done():
                answer.set_result((int(signal.body[0]), dict(signal.body[1])))
        else:
            self._heard(signal)

    def _lost(self) -> None:
        if self._ready:
            self.give_up()
            self._renewed(False)
