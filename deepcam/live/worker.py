"""The worker process: the only place where raw pictures live.

Camera thread -> ``Anonymizer`` -> (safe picture) fitted to the output size -> ring. While there
is no picture the ring gets the standby card with the reason on it. The process takes commands
over a pipe and ends by itself when its parent is gone.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import time as clock
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Reason, SafeFrame
from deepcam.frames.resize import fit, shrunk, shrunk_size
from deepcam.identity.wish import read_spec, spec_of
from deepcam.live.camera import SILENCE, Camera
from deepcam.live.ring import Ring
from deepcam.live.slow import Slowness
from deepcam.live.wardrobe import Wardrobe
from deepcam.live.worker_settings import WorkerSettings, resolve
from deepcam.pipeline.anonymizer import UnknownIdentityError
from deepcam.pipeline.cards import standby_card
from deepcam.runtime.quiet import seal

log = logging.getLogger(__name__)

STARTING, RUNNING, ENDED = 1, 2, 3
"""Phases beside the beat in the ring."""
CARD_EVERY = 0.2
"""Seconds between cards while there is no picture."""
DRIVER_HANGS = 20.0
"""Seconds in one call into the camera after which the process gives up and is started again."""
EXIT_CAMERA_HANGS = 70


def pinned(source: Any, name: str) -> Any:
    """``source``, or the camera of this name where it stood for the first one found."""
    first = getattr(source, "kind", "") == "camera" and source.value == ""
    return replace(source, value=name) if first else source


def main(settings: WorkerSettings, ring_name: str, pipe: Connection, parent: int) -> None:
    """Entry point of the process (``spawn``). ``parent`` is the process id of the sender."""
    seal()
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sender decides when to end
    # A thread that comes back from a network must not wait 5 ms for the interpreter.
    sys.setswitchinterval(0.0005)
    ring = Ring.attach(ring_name)
    try:
        _Worker(settings, ring, pipe).run()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except Exception as error:
        # Without the text and the traceback: they might quote a picture.
        log.error("the worker ends: %s", type(error).__name__)
        ring.close()
        os._exit(1)
    ring.close()
    # Native threads of drivers and networks may hang in their destructors.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _told(identity: Any) -> dict[str, str]:
    """Name of an identity, and the text that stands for it when it is not a saved one."""
    meta = getattr(identity, "meta", {})
    return {"identity": str(getattr(identity, "name", "")), "spec": str(meta.get("spec", ""))}


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process with its parent (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


class _Worker:
    def __init__(self, settings: WorkerSettings, ring: Ring, pipe: Connection) -> None:
        self._settings = settings
        self._ring = ring
        self._pipe = pipe
        self._pipe_lock = threading.Lock()
        self._anonymizer: Any = None
        self._wardrobe: Wardrobe | None = None
        self._wishes = 0
        self._source = settings.source
        self._camera: Camera | None = None
        self._number = 0
        self._card_due = 0.0
        self._stop = False
        self._replaced = ""
        self._camera_told = ("", "")
        self._side = settings.side
        self._slow = Slowness(settings.fps) if settings.adapt else None

    def run(self) -> None:
        self._ring.beat(STARTING)
        if self._settings.on:
            self._camera = self._new_camera()
        self._card("Starting")
        try:
            self._anonymizer = self._make_anonymizer()
            self._anonymizer.warm_up()
            self._wardrobe = Wardrobe(self._anonymizer, self._find, self._tell)
        except DeepcamError as error:
            if self._camera is not None:
                self._camera.stop()
            self._tell("fatal", what=error.what, remedy=error.remedy)
            self._wait_for_end(error.what)
            return
        if hasattr(self._anonymizer, "on_worn"):
            self._anonymizer.on_worn(lambda identity: self._tell("worn", **_told(identity)))
        if self._camera is not None:
            self._camera.go.set()
        self._tell("ready", **self._facts())
        try:
            while not self._stop:
                self._step()
        finally:
            if self._camera is not None:
                self._camera.stop()
            self._anonymizer.close()

    def _make_anonymizer(self) -> Any:
        make, wanted = resolve(self._settings.anonymizer_factory), self._settings.anonymizer
        try:
            return make(wanted)
        except UnknownIdentityError as error:
            if self._settings.spare is None:
                raise
            self._replaced = error.what
            return make(replace(wanted, identity=self._settings.spare))

    def _new_camera(self) -> Camera:
        settings = self._settings

        def factory() -> Any:
            return resolve(settings.source_factory)(self._source)

        camera = Camera(factory, loop=settings.loop, patient=settings.film)
        camera.start()
        return camera

    def _step(self) -> None:
        """One frame, or a tenth of a second."""
        self._ring.beat(RUNNING)
        while self._pipe.poll(0):
            self._obey(self._pipe.recv())
        camera = self._camera
        if camera is None:
            self._tell_camera("")
            if not self._stop:
                self._pipe.poll(0.1)
            return
        frame = camera.take(0.1)
        self._tell_camera("" if frame is not None else camera.problem)
        if frame is not None:
            begin = clock.monotonic()
            size = self._show(frame)
            self._keep_up(frame, size, clock.monotonic() - begin)
            del frame
            if self._wardrobe is not None:
                self._ring.beat(RUNNING)  # on a machine that is very busy each takes its seconds
                if self._wardrobe.work() and self._slow is not None:
                    self._slow.begin_again()
            # No faster than the sender sends: a file or a fast camera would only heat the room.
            spare = 0.9 / self._settings.fps - (clock.monotonic() - begin)
            if spare > 0.001:
                clock.sleep(min(spare, 0.1))
            return
        now = clock.monotonic()
        if camera.ended:
            self._ring.beat(ENDED)
            self._tell("ended")
            self._wait_for_end("The film has ended")
        elif camera.problem:
            self._card(camera.problem)
        elif now - camera.last_frame > SILENCE:
            self._card("The camera sends no picture")
        if now - camera.alive > DRIVER_HANGS:
            self._give_up_camera()

    def _give_up_camera(self) -> None:
        """A thread that hangs in a driver holds the camera as long as this process lives."""
        log.error("the camera driver hangs")
        os._exit(EXIT_CAMERA_HANGS)

    def _show(self, frame: Frame) -> tuple[int, int]:
        """Anonymize and publish; (width, height) at which that was done.

        A size other than the last one is a new scene to the anonymizer: it forgets all faces, and
        the card is shown until they have been found again.
        """
        begin = clock.perf_counter()
        if self._side:
            frame = replace(frame, image=shrunk(frame.image, self._side))
        size = (frame.image.shape[1], frame.image.shape[0])
        ready = clock.perf_counter()
        safe = self._anonymizer.process(frame)
        if not isinstance(safe, SafeFrame) or np.may_share_memory(safe.image, frame.image):
            self._card("Internal error")
            return size
        processed = clock.perf_counter()
        image = fit(safe.image, self._ring.size)
        timings = dict(safe.timings)
        if self._side:
            timings["shrink"] = (ready - begin) * 1e3
        timings["process"] = (processed - ready) * 1e3
        timings["fit"] = (clock.perf_counter() - processed) * 1e3
        self._number += 1
        made = replace(safe, image=image, time=frame.time, number=self._number, timings=timings)
        self._ring.write(made)
        return size

    def _keep_up(self, frame: Frame, size: tuple[int, int], work: float) -> None:
        """From the next frame on pictures are smaller if this one's size is too much."""
        if self._slow is None:
            return
        side = self._slow.made(clock.monotonic(), frame.number, work, min(size))
        if side is None:
            return
        self._side = side
        wanted = (frame.image.shape[1], frame.image.shape[0])
        made = shrunk_size(wanted, side)
        log.warning("too slow for %dx%d: pictures are %dx%d now", *wanted, *made)
        self._tell("slow", side=side, wanted=wanted, size=made)

    def _tell_camera(self, problem: str) -> None:
        name = self._camera.name if self._camera is not None else ""
        if self._camera is not None and not problem and name:
            # Another camera may show another side of the room: never by itself.
            self._source = pinned(self._source, name)
        if (problem, name) != self._camera_told:
            self._camera_told = (problem, name)
            self._tell("camera", problem=problem, name=name)

    def _card(self, text: str) -> None:
        now = clock.monotonic()
        if now < self._card_due:
            return
        self._card_due = now + CARD_EVERY
        self._number += 1
        card = standby_card(*self._ring.size)
        self._ring.write(SafeFrame(card, Reason.CARD, text, now, self._number))

    def _wait_for_end(self, text: str) -> None:
        """Show a card until told to stop."""
        fatal = self._anonymizer is None
        while not self._stop:
            self._ring.beat(RUNNING if fatal else ENDED)
            if fatal:
                self._card(text)
            if self._pipe.poll(0.1):
                self._obey(self._pipe.recv())

    # Commands

    def _obey(self, message: dict[str, Any]) -> None:
        command, number = message.get("command"), message.get("id")
        if command == "stop":
            self._stop = True
        elif command == "off":
            if self._wardrobe is not None:
                self._wardrobe.ask(())
            if self._camera is not None:
                # The camera's light goes out, also when its driver does not obey.
                if not self._camera.stop():
                    self._give_up_camera()
                self._camera = None
        elif command == "on":
            if self._camera is None:
                self._camera = self._new_camera()
                self._camera.go.set()
                if self._anonymizer is not None and hasattr(self._anonymizer, "reset"):
                    self._anonymizer.reset()
        elif command == "full_size":
            # Whoever asks for it does not want it to shrink again.
            self._side, self._slow = 0, None
        elif command == "try_on":
            if self._wardrobe is not None:
                self._wardrobe.ask(message["faces"])
        elif command == "suggest":
            suggest = getattr(self._anonymizer, "suggest", None)
            seeds = [int(seed) for seed in message.get("seeds", ())]
            wishes = [] if suggest is None else suggest(seeds)
            specs = [spec_of(seed, wish) for seed, wish in zip(seeds, wishes, strict=False)]
            self._tell("done", id=number, specs=specs)
        elif command in ("regenerate", "identity"):
            if self._anonymizer is None or self._wardrobe is None:
                self._tell("done", id=number, error="Nothing can be generated.", remedy="")
                return
            self._wishes += 1
            face = message.get("identity", message.get("seed"))
            tried = self._wardrobe.known(face) if face is not None else None
            if tried is not None:
                self._anonymizer.set_identity(tried)
                self._tell("done", id=number, **_told(tried))
                return
            # Beside the frames: sampling and loading take longer than a frame may.
            threading.Thread(
                target=self._dress, args=(message, number, self._wishes), name="identity",
                daemon=True,
            ).start()  # fmt: skip

    def _find(self, face: str | int) -> Any:
        """The person of a saved name, a text of wishes or a seed; one who fits goes with the wearer
        as far as they were seen. Raises ``DeepcamError``."""
        read = read_spec(face) if isinstance(face, str) else None
        if read is not None:
            seed, wish = read
            suggest = getattr(self._anonymizer, "suggest", None)
            traits = suggest([seed]) if wish.fits and suggest is not None else []
            return replace(wish.over(traits[0]) if traits else wish, fits=False).sample(seed)
        if isinstance(face, str):
            return resolve(self._settings.gallery_factory)().load(face)
        from deepcam.identity.model import IdentityModel

        return IdentityModel.load().sample(face)

    def _dress(self, message: dict[str, Any], number: Any, wish: int) -> None:
        try:
            late = False
            wanted = message.get("identity")
            text = wanted if message["command"] == "identity" and isinstance(wanted, str) else None
            read = None if text is None else read_spec(text)
            if read is not None:
                identity = self._anonymizer.regenerate(*read).result(timeout=30)
            elif text is not None:
                gallery = resolve(self._settings.gallery_factory)()
                identity = gallery.load(text)
                # Of several wishes the last one counts.
                late = wish != self._wishes
                if not late:
                    self._anonymizer.set_identity(identity)
            else:
                identity = self._anonymizer.regenerate(message.get("seed")).result(timeout=30)
            self._tell("done", id=number, **_told(identity), late=late)
        except DeepcamError as error:
            self._tell("done", id=number, error=error.what, remedy=error.remedy)
        except Exception as error:
            what = f"The identity could not be used ({type(error).__name__})."
            self._tell("done", id=number, error=what, remedy="Try another one.")

    def _facts(self) -> dict[str, str]:
        """What people want to know about the anonymizer."""
        a = self._anonymizer
        generator, problem = getattr(a, "generator", None), getattr(a, "problem", None)
        identity, notice = getattr(a, "identity", None), getattr(a, "notice", None)
        return {
            "network": str(getattr(generator, "network", "")),
            "provider": str(getattr(generator, "provider", "")),
            "provider_reason": str(getattr(generator, "provider_reason", "")),
            "problem": problem.what if isinstance(problem, DeepcamError) else "",
            "identity": str(getattr(identity, "name", "")),
            "notice": notice.what if isinstance(notice, DeepcamError) else "",
            "replaced": self._replaced,
        }

    def _tell(self, event: str, **facts: Any) -> None:
        with self._pipe_lock:
            self._pipe.send({"event": event, **facts})
