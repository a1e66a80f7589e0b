"""One run of the camera: worker, sender, output and control socket together."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time as clock
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deepcam.casting.roles import Choice
from deepcam.errors import DeepcamError
from deepcam.frames import SafeFrame
from deepcam.identity.wish import Wish, by_chance, read_spec, spec_of
from deepcam.live.control import ControlServer
from deepcam.live.sender import Sender, Sink
from deepcam.live.settings import LiveSettings
from deepcam.live.slow import REMEDY
from deepcam.live.worker_settings import WorkerSettings
from deepcam.pipeline import cards
from deepcam.pipeline.anonymizer import AnonymizerSettings
from deepcam.runtime.memory import resident

log = logging.getLogger(__name__)

EventHandler = Callable[[str, str], None]
"""(kind, sentence): kinds are "output", "state", "identity", "card", "slow", "problem"."""


class Session:
    """``start`` runs it in a thread of its own, ``run_forever`` in the calling one.

    ``on_event(kind, sentence)`` is called from the session's threads. ``sink`` replaces the output
    that the settings name (tests, the app's own window). ``stop_on_fatal``: end when no picture
    can ever come (unknown identity); otherwise the card says why. ``on_frame`` gets every fresh
    safe picture, in the sender's thread.
    """

    def __init__(
        self,
        settings: LiveSettings,
        on_event: EventHandler | None = None,
        *,
        sink: Sink | None = None,
        stop_on_fatal: bool = False,
        on_frame: Callable[[SafeFrame], None] | None = None,
    ) -> None:
        settings.check()
        self.settings = settings
        self.error: DeepcamError | None = None
        """Why the session ended by itself."""
        self._on_event = on_event
        self._given_sink = sink
        self._stop_on_fatal = stop_on_fatal
        self._on_frame = on_frame
        self._sender: Sender | None = None
        self._thread: threading.Thread | None = None
        self._control: ControlServer | None = None
        self._stopped = threading.Event()
        self._sentence = self._card_problem = ""
        # Made here, so that a worker that is started again wears the same face.
        self._identity: str | int = (
            by_chance(settings.choice == "fits") if settings.identity is None else settings.identity
        )

    @property
    def newest(self) -> SafeFrame | None:
        """The latest safe picture that was sent, card included; for a preview."""
        return None if self._sender is None else self._sender.newest

    @property
    def running(self) -> bool:
        """Between start and end."""
        return self._sender is not None and not self._stopped.is_set()

    def start(self) -> None:
        """Run in a thread. Raises ``DeepcamError`` for what can be told at once: settings, output,
        another instance; what fails later is in ``error``."""
        self._prepare()
        self._thread = threading.Thread(target=self._run_quietly, name="sender", daemon=True)
        self._thread.start()

    def run_forever(self) -> None:
        """Run here until ``stop``, the film's end or ``seconds``. Raises ``DeepcamError``."""
        self._prepare()
        self._run()

    def stop(self, timeout: float = 10.0) -> None:
        """End the run, from any thread; waits for a thread of ``start``. Idempotent."""
        if self._sender is not None:
            self._sender.stop()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; False when it did not come in time."""
        return self._stopped.wait(timeout)

    # Commands, from any thread

    def switch(self, on: bool) -> None:
        """Anonymized picture, or the standby card with the camera released."""
        self._need().switch(on)
        self._say("state", "Switched on." if on else "Switched off: the standby card is shown.")

    def toggle(self) -> bool:
        """Switch over; True when it is on now."""
        on = not self._need().on
        self.switch(on)
        return on

    def panic(self) -> None:
        """The card at once, whatever the worker does."""
        self._need().panic()
        self._say("state", "Panic: the standby card is shown.")

    def show_card(self, choice: str, language: str = "en") -> None:
        """Cards look like this from the next picture on, also while one is sent. Raises
        ``DeepcamError`` for what is no card; the present one stays then."""
        cards.choose(cards.Card.parse(choice, language))
        self._card_problem = ""

    def keep_awake(self, seconds: float) -> None:
        """Somebody watches in another way (a preview): no sleep for so long."""
        if self._sender is not None:
            self._sender.awake_until = clock.monotonic() + seconds

    def regenerate(self, seed: int | None = None, choice: Choice | None = None) -> dict[str, Any]:
        """Somebody new; the present face stays until the new one is ready. Raises
        ``DeepcamError``.

        ``choice``: "fits" for somebody who goes with the wearer, "anybody" for whoever the seed
        gives; by default as the settings say, and with a ``seed`` the person of that seed.
        """
        if choice is None:
            choice = self.settings.choice if seed is None else "anybody"
        fits = choice == "fits"
        return self.wear(by_chance(fits) if seed is None else spec_of(seed, Wish(fits=fits)))

    def full_size(self) -> None:
        """Pictures as large as the camera's, where they were made smaller because this computer is
        slow; they stay so for the rest of the run. Raises ``DeepcamError``."""
        self._need().supervisor.full_size()
        self._say("state", "The picture keeps its full size.")

    def suggest(self, count: int = 6) -> list[str]:
        """Texts of ``count`` people who would fit the wearer, for ``wear``; none while nobody has
        been seen, or where people cannot be chosen to fit. Raises ``DeepcamError``."""
        seeds = [secrets.randbits(31) for _ in range(count)]
        answer = self._need().supervisor.request("suggest", seeds=seeds)
        return [str(spec) for spec in answer.get("specs", ())]

    def wear(self, identity: str | int) -> dict[str, Any]:
        """A saved identity by name, one by seed, or by a text of ``deepcam.identity.wish``. Raises
        ``DeepcamError``; the present one stays then. The answer's ``spec`` is what stands for the
        person from now on; saved ones have none."""
        supervisor = self._need().supervisor
        if isinstance(identity, int):
            answer = supervisor.request("regenerate", timeout=30.0, seed=identity)
        else:
            answer = supervisor.request("identity", timeout=30.0, identity=identity)
        spec = str(answer.get("spec", ""))
        read = read_spec(str(identity))
        # Of somebody chosen to fit, seed and traits; until a wearer was seen that is still open.
        settled = read is not None and read[1].fits and "=" in spec
        supervisor.wear(spec if settled else identity)
        name = str(answer.get("identity", ""))
        if answer.get("late"):
            return {"identity": name, "spec": ""}  # another one was wished for meanwhile
        self._say("identity", f"Now wearing {name}." if name else "Now wearing somebody new.")
        return {"identity": name, "spec": spec} if spec else {"identity": name}

    def try_on(
        self, faces: Sequence[str | int], tried: Callable[[Mapping[str, Any]], None]
    ) -> bool:
        """Pictures of the present scene with each of ``faces``, one after another to ``tried`` (see
        ``Supervisor.on_tried``), in the sender's thread; what was asked before is given up. False
        when there is no worker."""
        sender = self._sender
        if sender is None or self._stopped.is_set():
            return False
        sender.supervisor.on_tried = tried
        return sender.supervisor.try_on(faces)

    def status(self) -> dict[str, Any]:
        """What can be told about the run; JSON-ready."""
        sender = self._sender
        if sender is None:
            return {"running": False}
        newest, supervisor = sender.newest, sender.supervisor
        return {
            "running": self.running,
            "on": sender.on,
            "resting": sender.resting,
            "watched": sender.watched,
            "pid": os.getpid(),
            "worker": {
                "pid": supervisor.pid,
                "state": supervisor.state,
                "restarts": max(0, supervisor.starts - 1),
            },
            "output": self._sentence,
            "size": list(sender.size),
            "fps": sender.fps,
            "showing": None if newest is None else newest.reason.value,
            "detail": "" if newest is None else newest.detail,
            "generated": 0 if newest is None else newest.generated,
            "covered": 0 if newest is None else newest.covered,
            "identity": supervisor.facts.get("identity", ""),
            "face": supervisor.identity,
            "replaced": supervisor.facts.get("replaced", ""),
            "camera": supervisor.facts.get("camera", ""),
            "notice": supervisor.facts.get("notice", ""),
            "camera_problem": supervisor.facts.get("camera_problem", ""),
            "network": supervisor.facts.get("network", ""),
            "provider": supervisor.facts.get("provider", ""),
            "provider_reason": supervisor.facts.get("provider_reason", ""),
            "slow": supervisor.slow,
            "problem": self._problem(),
            "memory_mb": round(resident([os.getpid(), supervisor.pid]), 1),
            "measured": sender.meter.summary(),
        }

    # Inside

    def _prepare(self) -> None:
        if self._sender is not None:
            raise RuntimeError("a session runs once")
        settings = self.settings
        try:
            self.show_card(settings.card, settings.language)
        except DeepcamError as error:
            if self._stop_on_fatal:
                raise
            # A picture that has gone is no reason to be without a camera.
            cards.choose(cards.Card())
            self._card_problem = str(error)
        source = self._spec()
        sink, self._sentence = self._choose_sink()
        anonymizer = AnonymizerSettings(
            on_doubt=settings.on_doubt,
            cover=settings.cover,
            background=settings.background,
            provider=settings.provider,
            threads=settings.threads,
            network=settings.network,
            identity=self._identity,
            per_face=settings.per_face,
            choice=settings.choice,
            max_faces=settings.max_faces,
        )
        worker = WorkerSettings(
            source=source,
            anonymizer=anonymizer,
            film=settings.source is not None,
            loop=settings.loop,
            source_factory=settings.source_factory,
            anonymizer_factory=settings.anonymizer_factory,
            fps=settings.fps,
            on=settings.on,
            adapt=not settings.keep_size,
            spare=None if self._stop_on_fatal else by_chance(settings.choice == "fits"),
        )
        if settings.control:
            self._control = ControlServer(self._command)
        try:
            self._sender = Sender(
                sink,
                worker,
                settings.size,
                settings.fps,
                seconds=settings.seconds,
                stop_on_fatal=self._stop_on_fatal,
                on_frame=self._on_frame,
                on_card=self._say_card,
                rest=settings.source is None and not settings.stay_on,
                asleep=settings.asleep,
            )
        except BaseException:
            self._close_control()
            raise
        self._sender.supervisor.on_replaced = lambda why: self._say(
            "identity", f"{why} Somebody new is worn."
        )
        self._sender.supervisor.on_slow = lambda what: self._say("slow", f"{what} {REMEDY}.")
        if not settings.on:
            self._sender.switch(False)

    def _spec(self) -> Any:
        settings = self.settings
        from deepcam.sources import SourceSpec

        return SourceSpec.parse(
            settings.camera, settings.source, settings.size, settings.fps, settings.loop
        )

    def _choose_sink(self) -> tuple[Sink, str]:
        if self._given_sink is not None:
            return self._given_sink, self._given_sink.describe()
        from deepcam.sinks import choose_output

        output = choose_output(self.settings.output, overwrite=self.settings.overwrite)
        return output.sink, output.sentence

    def _run(self) -> None:
        assert self._sender is not None
        self._say("output", self._sentence)
        try:
            self._sender.run()
            fatal = self._sender.supervisor.fatal
            if fatal is not None:
                self.error = fatal
        except DeepcamError as error:
            self.error = error
            raise
        finally:
            self._close_control()
            self._stopped.set()

    def _run_quietly(self) -> None:
        try:
            self._run()
        except DeepcamError as error:
            self._say("problem", str(error))
        except Exception as error:
            log.exception("the session failed")
            self.error = DeepcamError(
                f"The output stopped ({type(error).__name__}).", "Start the program again."
            )
            self._say("problem", str(self.error))

    def _close_control(self) -> None:
        if self._control is not None:
            self._control.close()

    def _command(self, command: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        if command == "status":
            return self.status()
        if command == "stop":
            self._need().stop()
            return {}
        if command == "toggle":
            return {"on": self.toggle()}
        if command in ("on", "off"):
            self.switch(command == "on")
            return {"on": command == "on"}
        if command == "panic":
            self.panic()
            return {"on": False}
        if command == "regenerate":
            seed, choice = args.get("seed"), args.get("choice")
            if seed is not None and not _is_seed(seed):
                raise DeepcamError("That is no seed.", "A seed is a whole number from 0.")
            if choice not in (None, "fits", "anybody"):
                raise DeepcamError("That choice does not exist.", "Choose fits or anybody.")
            return self.regenerate(seed, choice)
        if command == "full-size":
            self.full_size()
            return {}
        if command == "suggest":
            return {"specs": self.suggest()}
        identity = args.get("identity")
        if not (_is_seed(identity) or (isinstance(identity, str) and 0 < len(identity) <= 200)):
            raise DeepcamError("There is no identity in the command.", "Give a name or a seed.")
        assert isinstance(identity, str | int)
        return self.wear(identity)

    def _need(self) -> Sender:
        if self._sender is None or self._stopped.is_set():
            raise DeepcamError("The camera is not running.", "Start it first.")
        return self._sender

    def _problem(self) -> str:
        sender = self._sender
        if sender is None:
            return ""
        fatal = self.error or sender.supervisor.fatal
        if fatal is not None:
            return str(fatal)
        return sender.supervisor.facts.get("problem", "") or self._card_problem

    def _say_card(self, reason: str) -> None:
        self._say("card", f"The standby card is shown: {reason.rstrip('.')}.")

    def _say(self, kind: str, sentence: str) -> None:
        if self._on_event is not None:
            with contextlib.suppress(Exception):
                self._on_event(kind, sentence)


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62
