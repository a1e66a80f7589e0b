"""Starts the worker process, watches over it, and starts it again when it dies or hangs."""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
import threading
import time as clock
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from deepcam.errors import DeepcamError
from deepcam.identity.wish import by_chance
from deepcam.live import slow, worker
from deepcam.live.ring import Ring
from deepcam.live.worker_settings import WorkerSettings

log = logging.getLogger(__name__)

BACKOFF_FIRST, BACKOFF_MOST = 0.5, 10.0
HEALTHY = 30.0
"""Seconds of life after which the back-off begins anew."""
GIVE_UP = 5
"""Workers in a row that ended before they were ready: then it is said that none will be."""
START_LIMIT, HANG_LIMIT = 120.0, 5.0
"""Seconds that a worker may be silent while it loads and compiles, and afterwards."""


class Supervisor:
    """Owns the worker. ``tend`` belongs to one thread (the kernel ends the worker with the thread
    that started it); the other methods may be called from any."""

    def __init__(self, settings: WorkerSettings, ring: Ring) -> None:
        self._settings = settings
        self._ring = ring
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._lock = threading.RLock()
        self._context = multiprocessing.get_context("spawn")
        self._started = 0.0
        self._restart_at = 0.0
        self._wait = BACKOFF_FIRST
        self._on = self._told = True
        self._ids = itertools.count(1)
        self._pending: dict[int, tuple[threading.Event, dict[str, Any]]] = {}
        self.hang_limit = HANG_LIMIT
        self.start_limit = START_LIMIT
        self.starts = 0
        """Times a worker was started."""
        self.ended = False
        """The film is over."""
        self.fatal: DeepcamError | None = None
        """Why the worker can never show a picture with these settings."""
        self.facts: dict[str, str] = {}
        """What the worker told about itself: network, provider, provider_reason, problem,
        identity, camera_problem (why the camera gives no picture), replaced (why the identity that
        was wanted is not worn)."""
        self._ready_once = False
        self._failed = 0
        self._hopeless: DeepcamError | None = None
        self.on_replaced: Callable[[str], None] | None = None
        """Gets ``replaced``, in the thread of ``tend``."""
        self.slow = ""
        """A sentence when the picture was made smaller for want of speed."""
        self.on_slow: Callable[[str], None] | None = None
        """Gets ``slow`` when that happens, in the thread of ``tend``."""
        self.on_tried: Callable[[Mapping[str, Any]], None] | None = None
        """Gets the facts of faces that were tried on, in the thread of ``tend``: face, picture
        (JPEG), name and meta, or face and what (why it cannot be worn)."""

    @property
    def alive(self) -> bool:
        """A worker process is there."""
        process = self._process
        try:
            return process is not None and process.is_alive()
        except ValueError:  # just buried by the other thread
            return False

    @property
    def pid(self) -> int | None:
        """Of the worker."""
        process = self._process
        try:
            return process.pid if process is not None else None
        except ValueError:
            return None

    @property
    def identity(self) -> str | int | None:
        """What the worker wears, and the next one will."""
        return self._settings.anonymizer.identity

    @property
    def state(self) -> str:
        """One of "starting", "running", "ended", "failed" or "down"."""
        if self.fatal is not None:
            return "failed"
        if self.ended:
            return "ended"
        if not self.alive:
            return "down"
        return "running" if self._ring.last_beat()[0] == worker.RUNNING else "starting"

    def tend(self) -> None:
        """Look after the worker; takes no time unless something has to be done."""
        self._listen()
        now = clock.monotonic()
        process = self._process
        if process is None:
            if now >= self._restart_at and not self.ended:
                self._start()
            return
        if not process.is_alive():
            log.warning("the worker died (exit code %s)", process.exitcode)
            self._count_failure(process.exitcode)
            self._bury(now)
            return
        phase, beat = self._ring.last_beat()
        limit = self.hang_limit if phase >= worker.RUNNING else self.start_limit
        if now - max(beat, self._started) > limit:
            log.warning("the worker hangs")
            self._bury(now)
            return
        on = self._on
        if on != self._told and self._send({"command": "on" if on else "off"}):
            self._told = on

    def request(self, command: str, timeout: float = 5.0, **args: Any) -> dict[str, Any]:
        """Send a command and wait for its answer. Raises ``DeepcamError`` when there is no worker,
        no answer in time, or the answer is an error."""
        number = next(self._ids)
        event = threading.Event()
        answer: dict[str, Any] = {}
        self._pending[number] = (event, answer)
        try:
            if not self._send({"command": command, "id": number, **args}):
                raise DeepcamError("The camera is just starting.", "Try again in a moment.")
            if not event.wait(timeout):
                raise DeepcamError("There was no answer in time.", "Try again in a moment.")
        finally:
            self._pending.pop(number, None)
        if "error" in answer:
            raise DeepcamError(str(answer["error"]), str(answer.get("remedy", "")))
        if "identity" in answer:
            self.facts["identity"] = str(answer["identity"])
        return answer

    def switch(self, on: bool) -> None:
        """Let the camera go (off), or take it again: the next ``tend`` tells the worker, for a
        window must not wait for a worker that does not listen."""
        self._on = on

    def wear(self, identity: str | int) -> None:
        """The next worker starts with this identity."""
        anonymizer = replace(self._settings.anonymizer, identity=identity)
        self._settings = replace(self._settings, anonymizer=anonymizer)
        self.facts.pop("replaced", None)

    def try_on(self, faces: Sequence[str | int]) -> bool:
        """Ask for pictures of these faces, and no others any more; False without a worker."""
        return self._send({"command": "try_on", "faces": list(faces)})

    def full_size(self) -> None:
        """Pictures are as large as the camera's again, and stay so, however slow that is."""
        self._settings = replace(self._settings, adapt=False, side=0)
        self.slow = ""
        self._send({"command": "full_size"})

    def kill(self) -> None:
        """End the worker at once, whatever it does (panic); ``tend`` starts a new one."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError, OSError):
                process.kill()

    def stop(self, timeout: float = 3.0) -> None:
        """End the worker for good, by force when it does not obey. Idempotent."""
        self.ended = True
        process = self._process
        if process is None:
            return
        if self._send({"command": "stop"}):
            process.join(timeout)
        self._reap()

    # Inside

    def _start(self) -> None:
        self._ring.clear_beat()
        self._ready_once = False
        self._told = self._on
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=worker.main,
            args=(replace(self._settings, on=self._told), self._ring.name, theirs, os.getpid()),
            name="deepcam-worker",
            daemon=True,
        )
        self._started = clock.monotonic()
        process.start()
        theirs.close()
        with self._lock:
            self._process, self._pipe = process, ours
        self.starts += 1

    def _count_failure(self, code: int | None) -> None:
        """Say so when workers end again and again before they are ready. Others are still tried:
        memory may become free."""
        self._failed = 0 if self._ready_once else self._failed + 1
        if self._failed < GIVE_UP or self.fatal is not None:
            return
        short = code in (-9, -7)  # killed for memory, or memory that the system did not have
        why = "there is not enough memory" if short else f"exit code {code}"
        self.fatal = self._hopeless = DeepcamError(
            f"The part of the program that sees the camera ends whenever it starts ({why}).",
            "Close other programs." if short else "Run: deepcam doctor",
        )

    def _bury(self, now: float) -> None:
        lived = now - self._started
        self._reap()
        if lived > HEALTHY:
            self._wait = BACKOFF_FIRST
        self._restart_at = clock.monotonic() + self._wait
        self._wait = min(self._wait * 2, BACKOFF_MOST)

    def _reap(self) -> None:
        with self._lock:
            process, pipe = self._process, self._pipe
            self._process = self._pipe = None
        if process is not None:
            if process.is_alive():
                process.kill()
            # One that hangs in the kernel does nothing more either; the output must go on.
            process.join(0.5)
            with contextlib.suppress(ValueError):
                process.close()
        if pipe is not None:
            pipe.close()
        for event, answer in list(self._pending.values()):
            answer["error"] = "The camera is just starting again."
            event.set()

    def _send(self, message: dict[str, Any]) -> bool:
        with self._lock:
            if self._pipe is None:
                return False
            try:
                self._pipe.send(message)
            except OSError:
                return False
            return True

    def _listen(self) -> None:
        pipe = self._pipe
        if pipe is None:
            return
        with contextlib.suppress(EOFError, OSError):
            while pipe.poll(0):
                self._hear(pipe.recv())

    def _hear(self, message: dict[str, Any]) -> None:
        event = message.pop("event", "")
        if event == "ready":
            self._ready({str(k): str(v) for k, v in message.items()})
        elif event == "camera":
            self.facts["camera_problem"] = str(message["problem"])
            if message.get("name"):
                self.facts["camera"] = name = str(message["name"])
                if not message["problem"]:
                    source = worker.pinned(self._settings.source, name)
                    self._settings = replace(self._settings, source=source)
        elif event in ("tried", "untried"):
            if self.on_tried is not None:
                self.on_tried(message)
        elif event == "worn":
            # Who was chosen to fit stays who it is, also in the next worker.
            self.facts["identity"] = str(message.get("identity", ""))
            if message.get("spec"):
                self.wear(str(message["spec"]))
        elif event == "slow":
            self._slowed(message)
        elif event == "ended":
            self.ended = True
        elif event == "fatal":
            self.fatal = DeepcamError(str(message["what"]), str(message["remedy"]))
        elif event == "done":
            waiting = self._pending.get(int(message.get("id") or 0))
            if waiting is not None:
                waiting[1].update(message)
                waiting[0].set()

    def _slowed(self, message: Mapping[str, Any]) -> None:
        if not self._settings.adapt:
            return  # said before the worker heard that it shall not
        # The next worker of this run begins with that size: this one may have been too slow to
        # live.
        self._settings = replace(self._settings, side=int(message["side"]))
        self.slow = slow.sentence(message["wanted"], message["size"])
        if self.on_slow is not None:
            self.on_slow(self.slow)

    def _ready(self, facts: dict[str, str]) -> None:
        self._ready_once = True
        if self.fatal is self._hopeless:
            self.fatal = self._hopeless = None
        replaced, spare = facts.get("replaced", ""), self._settings.spare
        if replaced and spare is not None:
            self.wear(spare)
        if replaced or spare is None:
            # Who runs shall go on running, also when the identity is deleted meanwhile; and each
            # time it is somebody else.
            fits = self._settings.anonymizer.choice == "fits"
            self._settings = replace(self._settings, spare=by_chance(fits))
        self.facts = facts
        if replaced and self.on_replaced is not None:
            self.on_replaced(replaced)
