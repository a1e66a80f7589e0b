"""The sender: owns the output from start to end and feeds it without a break.

Constant size and rate. It repeats the newest safe picture, shows the standby card when the worker
is silent for a second, dead, loading or switched off, and never sees a raw picture.
"""

from __future__ import annotations

import logging
import time as clock
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.live.measure import Meter
from deepcam.live.pacer import Pacer
from deepcam.live.ring import Ring
from deepcam.live.supervisor import Supervisor
from deepcam.live.worker_settings import WorkerSettings
from deepcam.pipeline.cards import standby_card
from deepcam.sinks.base import Watchable

log = logging.getLogger(__name__)

SILENCE = 1.0
"""Seconds without a new picture until the card is shown."""
CATCH_UP = 1.0
"""Seconds of missed pictures that are sent in a hurry; more are left out (after suspend)."""
SINK_RETRY = 1.0
"""Seconds between attempts to open an output again that failed on the way."""
SINK_ATTEMPTS = 30
UNWATCHED = 8.0
"""Seconds without a viewer until the camera is let go and the worker sleeps."""
LOOK_FOR_VIEWERS = 0.25
"""Seconds between two looks for viewers."""
NAP = 0.5
"""Seconds between two cards while nobody watches."""


class Sink(Protocol):
    """What is used of ``deepcam.sinks.Sink``."""

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Get ready."""
        ...

    def send(self, frame: SafeFrame) -> None:
        """Show one picture."""
        ...

    def close(self) -> None:
        """Finish."""
        ...

    def describe(self) -> str:
        """One sentence."""
        ...


EXPECTED = frozenset({"Starting", "Starting again", "Switched off", "Starting the camera"})
"""Cards that need no explanation."""


class Sender:
    """``run`` opens the output, sends until ``stop`` or the film's end, and closes everything.

    ``size``: (width, height) of the output; ``fps``: pictures sent a second. ``seconds``: end by
    itself after this time. ``stop_on_fatal``: end when the worker can never show a picture
    (unknown identity) instead of showing the card with the reason. ``on_frame``: gets every fresh
    picture (preview); must be quick. ``on_card``: gets the reason for a card other than starting
    or being switched off. ``rest``: let the camera go while nobody watches the output, as far as
    the output can tell. ``asleep``: begin as if nobody had watched for a while; where the output
    cannot tell, switched off.
    """

    def __init__(
        self,
        sink: Sink,
        worker: WorkerSettings,
        size: tuple[int, int],
        fps: float,
        *,
        seconds: float | None = None,
        stop_on_fatal: bool = False,
        on_frame: Callable[[SafeFrame], None] | None = None,
        on_card: Callable[[str], None] | None = None,
        rest: bool = False,
        asleep: bool = False,
    ) -> None:
        self.size, self.fps = size, fps
        self.meter = Meter()
        self.newest: SafeFrame | None = None
        """What was sent last."""
        self.error: DeepcamError | None = None
        """Why ``run`` ended before it was told to."""
        self._sink = sink
        self._seconds = seconds
        self._stop_on_fatal = stop_on_fatal
        self._on_frame = on_frame
        self._on_card = on_card
        self._card_reason = ""
        self._ring = Ring.create(size)
        self.supervisor = Supervisor(worker, self._ring)
        self._stop = False  # not an Event: its lock may be held when a signal handler calls stop
        self._on = True
        self._since = 0.0
        """Pictures captured before this moment are not shown any more."""
        self._seen = 0
        self._arrived = 0.0
        self._picture: SafeFrame | None = None
        self._fresh = False
        self._numbers = 0
        self._rest = rest
        self.awake_until = 0.0
        """The worker does not sleep before this moment (a preview is open); any thread sets it."""
        self.resting = False
        """The worker sleeps because nobody watches."""
        self.watched: bool | None = None
        """Somebody looks at the output, as far as it can tell; None: it cannot."""
        self._viewed = clock.monotonic()
        self._looked = 0.0
        if asleep:
            self._begin_asleep()

    def _begin_asleep(self) -> None:
        if self._rest and isinstance(self._sink, Watchable):
            self.resting, self._viewed = True, -UNWATCHED
        else:
            self._on = False
        self.supervisor.switch(False)

    # From any thread

    @property
    def on(self) -> bool:
        """The anonymized picture is wanted, not the card."""
        return self._on

    def switch(self, on: bool) -> None:
        """Off shows the card from the next picture on and lets the camera go."""
        if on == self._on:
            return
        if on:
            self._since = self._viewed = clock.monotonic()
        self._on = on
        self.resting = False
        self.supervisor.switch(on)

    def panic(self) -> None:
        """The card at once; the camera's process is killed, whatever it does."""
        self._on = False
        self.supervisor.switch(False)
        self.supervisor.kill()

    def stop(self) -> None:
        """``run`` ends with the next picture."""
        self._stop = True

    # In the thread of ``run``

    def run(self) -> None:
        """Send until stopped. Raises ``DeepcamError`` when the output cannot be opened or fails
        for good; the worker, the ring and the output are closed in any case."""
        try:
            self._sink.open(self.size, self.fps)
            try:
                self._loop()
            finally:
                self._sink.close()
        except DeepcamError as error:
            self.error = error
            raise
        finally:
            self.supervisor.stop()
            self._ring.close()

    def _loop(self) -> None:
        pacer = Pacer(self.fps, clock.monotonic())
        self.meter = Meter()
        slot, step = 0, pacer.period
        while not self._stop:
            self.supervisor.tend()
            self._mind_viewers()
            if self.resting:
                self._nap()
                slot += pacer.skip(max(0.0, clock.monotonic() - pacer.due))
            late = clock.monotonic() - pacer.due
            if late < 0:
                clock.sleep(-late)
                continue
            if late > CATCH_UP:
                slot += pacer.skip(late)
            self._await_late_picture(pacer)
            self._receive()
            fresh = self._fresh
            frame = self._choose()
            shown = fresh and frame.reason is not Reason.CARD
            published = self._ring.published
            if not self._send(frame):
                return
            self._tell_card(frame)
            slot += 1
            pacer.sent(published if shown else None)
            if self._seconds is not None and slot * step >= self._seconds:
                return
            if self._stop_on_fatal and self.supervisor.fatal is not None:
                return
            if self.supervisor.ended and self._seen >= self._ring.count:
                return

    def _mind_viewers(self) -> None:
        """Let the camera go when nobody watches, take it again when somebody does."""
        now = clock.monotonic()
        if not self._rest or now - self._looked < LOOK_FOR_VIEWERS:
            return
        self._looked = now
        seen = self._sink.watched() if isinstance(self._sink, Watchable) else None
        self.watched = seen
        if (
            seen is None and self._viewed < 0
        ):  # asleep since the start, and it cannot tell after all
            self.switch(False)
            return
        if seen is None or seen or now < self.awake_until:
            self._viewed = now
        sleep = self._on and now - self._viewed > UNWATCHED
        if sleep == self.resting:
            return
        if not sleep and self._on:
            self._since = now
        if sleep and self.supervisor.state != "running":
            return  # let it get ready first: that is what takes long
        self.resting = sleep
        self.supervisor.switch(self._on and not sleep)

    def _nap(self) -> None:
        """Wait for the next card, or for somebody to come."""
        end = clock.monotonic() + NAP
        while self.resting and not self._stop and clock.monotonic() < end:
            clock.sleep(0.05)
            self._mind_viewers()

    def _tell_card(self, frame: SafeFrame) -> None:
        """Say why there is a card, once for each reason until a picture comes again."""
        reason = frame.detail if frame.reason is Reason.CARD else ""
        if reason in EXPECTED:
            reason = ""
        if reason and reason != self._card_reason and self._on_card is not None:
            self._on_card(reason)
        self._card_reason = reason

    def _await_late_picture(self, pacer: Pacer) -> None:
        """A picture that is a little late is worth more than the last one once again."""
        if not self._on or self._picture is None:
            return
        while self._ring.count <= self._seen:
            now = clock.monotonic()
            if now >= pacer.latest or now - self._arrived > 2.5 * pacer.period or self._stop:
                return
            clock.sleep(0.001)

    def _receive(self) -> None:
        delivery = self._ring.read(self._seen)
        if delivery is None:
            return
        self._seen = delivery.count
        if not self._on or delivery.frame.time < self._since:
            return
        self._picture, self._arrived, self._fresh = delivery.frame, clock.monotonic(), True
        if self._on_frame is not None and delivery.frame.reason is not Reason.CARD:
            self._on_frame(delivery.frame)

    def _choose(self) -> SafeFrame:
        supervisor = self.supervisor
        if not self._on:
            return self._card("Switched off")
        if supervisor.fatal is not None:
            return self._card(supervisor.fatal.what)
        if self.resting:
            return self._card("Starting the camera")
        if supervisor.ended and self._picture is not None:
            return self._as_chosen(self._picture)
        if not supervisor.alive:
            return self._card("Starting" if supervisor.starts < 2 else "Starting again")
        if self._picture is None and self.supervisor.state != "running":
            return self._card("Starting" if supervisor.starts < 2 else "Starting again")
        if self._picture is None:
            return self._card("No picture from the camera")
        if clock.monotonic() - self._arrived > SILENCE:
            return self._card("No picture from the camera")
        return self._as_chosen(self._picture)

    def _as_chosen(self, frame: SafeFrame) -> SafeFrame:
        """The worker knows why there is a card; how the user wants cards to look is known here."""
        if frame.reason is not Reason.CARD:
            return frame
        return replace(frame, image=standby_card(*self.size))

    def _card(self, text: str) -> SafeFrame:
        self._picture, self._fresh = None, False
        self._numbers += 1
        card = standby_card(*self.size)
        return SafeFrame(card, Reason.CARD, text, clock.monotonic(), self._numbers)

    def _send(self, frame: SafeFrame) -> bool:
        """False when the person closed the output."""
        from deepcam.sinks.base import SinkClosedError, SinkFailedError

        fresh, self._fresh = self._fresh, False
        begin = clock.monotonic()
        try:
            self._sink.send(frame)
        except SinkClosedError:
            return False
        except SinkFailedError as error:
            self._open_again(error)
            return not self._stop
        now = clock.monotonic()
        self.newest = frame
        captured = frame.time if fresh and frame.reason is not Reason.CARD else None
        self.meter.add(now, frame.reason.value, fresh, captured)
        if fresh and frame.reason is not Reason.CARD:
            self.meter.add_stages({**frame.timings, "send": (now - begin) * 1e3})
        return True

    def _open_again(self, error: DeepcamError) -> None:
        for _ in range(SINK_ATTEMPTS):
            log.warning("the output failed: %s", error.what)
            self._sink.close()
            again_at = clock.monotonic() + SINK_RETRY
            while not self._stop and clock.monotonic() < again_at:
                clock.sleep(0.05)
                self.supervisor.tend()
            if self._stop:
                return
            try:
                self._sink.open(self.size, self.fps)
            except DeepcamError as again:
                error = again
                continue
            return
        raise error
