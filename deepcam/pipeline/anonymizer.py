"""Frame -> SafeFrame: tracking, guard, eraser, generator and covers as one object."""

from __future__ import annotations

import logging
import threading
import time as clock
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

import numpy as np

from deepcam.casting.roles import Casting, Looker, Sampler, Wished
from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Persons, Points, Reason, SafeFrame
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish
from deepcam.pipeline.backdrop import KEEP, Backdrop
from deepcam.pipeline.cards import standby_card
from deepcam.pipeline.company import UnknownIdentityError, cast
from deepcam.pipeline.fitting import Fitting, Scene
from deepcam.pipeline.heads import warm_up_hair, whole
from deepcam.pipeline.painting import Painting
from deepcam.pipeline.parts import AnonymizerSettings, FaceTracker, Painter
from deepcam.protection.covers import Surroundings, draw_cover
from deepcam.protection.erase import checked_image, erase
from deepcam.protection.guard import Guard
from deepcam.protection.judgement import judge
from deepcam.protection.plans import Kind, Plan
from deepcam.runtime.complaints import Complaints
from deepcam.runtime.cores import Pair
from deepcam.runtime.watch import Watch

log = logging.getLogger(__name__)

FILE_FACES = 64
"""Faces that are painted in files, however long it takes."""
DEFAULT_SIZE = (1280, 720)
"""Of the card before any picture was seen."""
BEST = 1.0
"""Seconds of a film by which it is chosen who fits."""
_DEFAULT = AnonymizerSettings()
_NOT_FITTING = DeepcamError(
    "New faces are not chosen to fit any more: the network that does it stopped.",
    "Start the program again.",
)


class Anonymizer:
    """The whole way of a frame. One thread calls ``process``; the other methods may be called from
    any thread.

    ``tracker``, ``generator``, ``sample``, ``looker`` and ``wished`` replace the real ones (tests);
    with a ``sample`` of its own and no ``looker`` nobody is chosen to fit.
    Raises ``DeepcamError`` when the tracker cannot start or the identity is unknown. Without a
    usable generator there are covers only, and ``problem`` says why.
    """

    def __init__(
        self,
        settings: AnonymizerSettings = _DEFAULT,
        *,
        tracker: FaceTracker | None = None,
        generator: Painter | None = None,
        sample: Sampler | None = None,
        looker: Looker | None = None,
        wished: Wished | None = None,
    ) -> None:
        self.settings = settings
        self.notice: DeepcamError | None = None
        """Why nobody is chosen to fit, or None."""
        self._backdrop = None if settings.background == KEEP else Backdrop(settings.background)
        if tracker is None:
            from deepcam.tracking import Tracker

            faces = settings.max_faces if settings.live else max(settings.max_faces, FILE_FACES)
            thorough = not settings.live
            tracker = Tracker(faces, settings.still, thorough=thorough)
        self._tracker = tracker
        self._guard = Guard(
            settings.on_doubt,
            settings.warm_up,
            1.0 if settings.live else None,
            settings.still,
        )
        self._pair = Pair("hair") if settings.cover == "head" else None
        self._casting: Casting | None = None
        self._painting = Painting(settings, generator)
        try:
            self._casting = cast(settings, sample, looker, wished, self._take_notice)
            self._painting.load()
        except UnknownIdentityError:
            tracker.close()
            raise
        except DeepcamError as error:
            self._painting.give_up(error)
        self.fitting = Fitting()
        """Pictures to try other people on."""
        self._size = DEFAULT_SIZE
        self._tracking = threading.Lock()
        """The tracker is not thread-safe, and ``reset`` may come from any thread."""
        self._last = (0.0, 0)
        self._report = Complaints(log, "the card is shown").say

    @property
    def identity(self) -> Identity | None:
        """What the first face wears; None when nothing can be generated."""
        return None if self._casting is None else self._casting.chosen

    @property
    def generator(self) -> Painter | None:
        """The generator in use; None when nothing can be generated."""
        return self._painting.generator

    @property
    def problem(self) -> DeepcamError | None:
        """Why nothing can be generated, or None."""
        return self._painting.problem

    @property
    def tracker(self) -> FaceTracker:
        """The tracker in use."""
        return self._tracker

    def set_identity(self, identity: Identity) -> None:
        """The first face wears ``identity`` from the next frame on."""
        if self._casting is not None:
            self._casting.choose(identity)

    def regenerate(self, seed: int | None = None, wish: Wish | None = None) -> Future[Identity]:
        """Somebody new for the first face: sampled in the background, then swapped between two
        frames; until then the present one stays. The future holds the ``DeepcamError`` when there
        is no identity model.

        Without a ``wish``, a seed alone means that person, and no seed somebody as the settings
        choose. With ``wish.fits`` before anybody was seen, whoever comes into view first wears
        somebody who fits; the future holds the person of the seed alone."""
        if self._casting is None:
            failed: Future[Identity] = Future()
            failed.set_exception(self.problem or DeepcamError("There is no identity model."))
            return failed
        if wish is None:
            wish = Wish(fits=seed is None and self.settings.choice == "fits")
        return self._casting.regenerate(seed, wish)

    def suggest(self, seeds: Sequence[int]) -> list[Wish]:
        """Traits of somebody for each of ``seeds`` who would fit the first face's wearer; none
        while nobody has been seen, or when there is no caster."""
        return [] if self._casting is None else self._casting.suggest(seeds)

    def on_worn(self, call: Callable[[Identity], None]) -> None:
        """``call`` gets the first face's identity once it has been chosen to fit; any thread."""
        if self._casting is not None:
            self._casting.on_worn = call

    def warm_up(self, first: Frame | None = None) -> None:
        """Load and compile everything, so that the first frame does not wait. Never raises: what
        does not work shows its card later.

        ``first``: a file's first frame; the guard judges it as often as it needs, so that the
        file begins with a picture and not with the card.
        """
        size = DEFAULT_SIZE if first is None else (first.image.shape[1], first.image.shape[0])
        blank = Frame(np.zeros((size[1], size[0], 3), np.uint8), 0.0, 0)
        try:
            if self._painting.generator is not None:
                self._painting.generator.warm_up()
            square = np.array([[20, 20], [60, 20], [60, 60], [20, 60]], np.float32)
            masked = erase(blank, [square])
            around = Surroundings(masked.image, masked.mask)
            for spare in (None, masked.mask):
                draw_cover(masked.image, square, 1.0, spare, around)
            standby_card(*size)
            if self.settings.cover == "head":
                warm_up_hair()
            self._tracker.process(blank)
            self._tracker.persons(blank)
        except Exception as error:
            self._report(error)
        self.reset()
        if first is not None:
            for _ in range(self._guard.warm_up + 4):
                self.process(first)

    def audition(self, frames: Iterable[Frame]) -> None:
        """Look at a film's frames before it is painted from its beginning, so that everybody gets
        somebody who fits by the best second of theirs and not by the first frame. Paints nothing,
        keeps no picture. Never raises: what fails here is met again, and shown, in ``process``."""
        if self._casting is None or not self._casting.looking:
            return
        self.reset()
        try:
            for number, frame in enumerate(frames):
                size = (frame.image.shape[1], frame.image.shape[0])
                for _ in range(self._guard.warm_up + 4 if number == 0 else 1):
                    with self._tracking:
                        faces = self._tracker.process(frame)
                    persons = partial(self._persons, frame)
                    likely = partial(self._likely, frame)
                    decision = self._guard.decide(size, faces, persons, frame.time, likely)
                if decision.card is None:
                    self._look(frame, decision.plans, collect=True)
            self._casting.settle(BEST)
        except Exception as error:
            self._report(error)
        self.reset()

    def reset(self) -> None:
        """Forget all faces; the guard warms up again."""
        self.fitting.forget()
        self._guard.reset()
        if self._casting is not None:
            self._casting.forget()
        self._reset_tracker()

    def _restart(self, why: str) -> None:
        """After a failure: track afresh, but keep the places of faces covered."""
        self._guard.restart(why)
        self._reset_tracker()

    def _reset_tracker(self) -> None:
        with self._tracking:
            try:
                self._tracker.reset()
            except Exception as error:
                self._report(error)

    def close(self) -> None:
        """Free everything. Idempotent."""
        if self._casting is not None:
            self._casting.close()
        self._tracker.close()

    def card(self, text: str, frame: Frame | None = None) -> SafeFrame:
        """The standby card in the size of the last picture."""
        when, number = self._last if frame is None else (frame.time, frame.number)
        return SafeFrame(standby_card(*self._size), Reason.CARD, text, when, number)

    def process(self, frame: Frame) -> SafeFrame:
        """What may be shown instead of ``frame``: a new array of the same size that shares no
        memory with it.

        Never raises. Whatever goes wrong, garbage for a frame included, shows the card, and the
        next frames are judged from the beginning; places that were hidden stay covered until
        their faces are seen again or nobody is there.
        """
        begin = clock.perf_counter()
        try:
            image = checked_image(frame.image)
            if not np.isfinite(float(frame.time)):
                raise ValueError("a frame's time must be finite")
            int(frame.number)
        except Exception as error:
            self._report(error)
            self._restart("Camera picture not usable")
            return self.card("Camera picture not usable")
        self._last = (float(frame.time), int(frame.number))
        size = (image.shape[1], image.shape[0])
        if size != self._size:
            self._size = size
            self.reset()
        timings: dict[str, float] = {}
        try:
            safe = self._anonymize(frame, timings)
        except DeepcamError as error:
            self._report(error)
            self._restart("Starting again")
            safe = self.card(error.what, frame)
        except Exception as error:
            self._report(error)
            self._restart("Starting again")
            safe = self.card("Internal error", frame)
        timings["total"] = (clock.perf_counter() - begin) * 1e3
        safe.timings.update(timings)
        return safe

    def _persons(self, frame: Frame) -> Persons | None:
        with self._tracking:
            return self._tracker.persons(frame)

    def _likely(self, frame: Frame, place: Points) -> float:
        with self._tracking:
            return self._tracker.likely(frame, place)

    def _anonymize(self, frame: Frame, timings: dict[str, float]) -> SafeFrame:
        watch = Watch(timings)
        sight = judge(frame.image)
        seen = frame if sight.copy is None else replace(frame, image=sight.copy)
        with self._tracking:
            faces = self._tracker.process(seen)
        watch.lap("track")
        decision = self._guard.decide(
            self._size, faces, partial(self._persons, seen), frame.time, partial(self._likely, seen)
        )
        watch.lap("guard")
        if decision.card is not None:
            return self.card(decision.card, frame)
        # What the tracker takes back in this frame (evidence 0) is nobody.
        if not any(face.evidence > 0 for face in faces) and sight.blind:
            return self.card(sight.blind, frame)
        plans, identities = self._dress(frame, decision.plans)
        if self.settings.on_doubt == "card":
            for plan in plans:
                if plan.kind is Kind.COVER:
                    return self.card(plan.detail, frame)
        faces_only = [p for p in plans if p.kind is Kind.GENERATE]
        if self.settings.cover == "head":
            plans = [whole(plan) for plan in plans]
        masked = erase(frame, [plan.outline for plan in plans])
        watch.lap("erase")
        scene = Scene(masked, plans, faces_only)
        self.fitting.keep(scene, identities)
        paint = self._painting.paint if self._painting.generator is not None else None
        timings.update(scene.fill(identities, paint, self._pair, watch.lap))
        if self._backdrop is not None:
            # Of the painted picture: the silhouette must not know what was under the mask either.
            painted = Frame(masked.image, frame.time, frame.number)
            self._backdrop.lay(masked.image, masked.mask, lambda: self._persons(painted))
            watch.lap("background")
        covered = [p for p in plans if p.kind is Kind.COVER]
        detail = covered[0].detail if covered else ""
        if covered and self.problem is not None:
            detail = self.problem.what
        return SafeFrame(
            masked.image,
            Reason.COVERED if covered else Reason.GENERATED,
            detail,
            frame.time,
            frame.number,
            len(plans) - len(covered),
            len(covered),
            mask=masked.mask,
        )

    def try_on(self, identity: Identity) -> SafeFrame | None:
        """A close view of the largest face in the newest picture, with ``identity``; None when
        there is no such picture, or when it could not be painted. ``fitting.want`` begins and ends
        the keeping of pictures. For the thread that calls ``process``."""
        painter = self._painting.for_stills()
        if painter is None or not self.fitting.ready:
            return None
        try:
            return self.fitting.draw(identity, painter.paint, self._pair)
        except Exception as error:
            self._report(error)
            return None

    def _look(self, frame: Frame, plans: Sequence[Plan], collect: bool = False) -> None:
        """Let the caster look at whoever is new, at a picture from which everybody is erased."""
        assert self._casting is not None
        due = self._casting.unseen(plans, frame.time)
        if not due:
            return
        try:
            self._casting.look(
                erase(frame, [plan.outline for plan in plans]), due, frame.time, collect
            )
        except DeepcamError:
            raise
        except Exception as error:  # the network's run time raises its own, undocumented classes
            self._report(error)
            self.notice = _NOT_FITTING
            self._casting.stop_looking()

    def _dress(self, frame: Frame, plans: Sequence[Plan]) -> tuple[list[Plan], dict[int, Identity]]:
        """Plans and identities; a face with nothing to wear yet is covered."""
        identities: dict[int, Identity] = {}
        if self._casting is None or self._painting.generator is None:
            why = self.problem.what if self.problem is not None else "No face generator"
        else:
            why = "Preparing a face"
            if self.settings.still:
                self._casting.forget()  # numbers mean nothing from one picture to the next
            self._look(frame, plans)
            identities = self._casting.dress(plans)
        dressed = [
            self._guard.as_cover(p, why)
            if p.kind is Kind.GENERATE and p.track not in identities
            else p
            for p in plans
        ]
        return dressed, identities

    def _take_notice(self, notice: DeepcamError) -> None:
        self.notice = notice
        log.warning("%s", notice.what)


__all__ = [
    "Anonymizer",
    "AnonymizerSettings",
    "FaceTracker",
    "Painter",
    "UnknownIdentityError",
]
