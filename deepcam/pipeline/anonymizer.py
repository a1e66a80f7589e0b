"""Frame -> SafeFrame: tracking, guard, eraser, generator and covers as one object."""

from __future__ import annotations

import logging
import secrets
import threading
import time as clock
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol

import numpy as np

from deepcam.casting.roles import Casting, Choice, Looker, Sampler, Wished
from deepcam.errors import DeepcamError
from deepcam.frames import Face, Frame, Image, MaskedFrame, Persons, Points, Reason, SafeFrame
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, read_spec
from deepcam.pipeline.backdrop import KEEP, Backdrop
from deepcam.pipeline.cards import standby_card
from deepcam.pipeline.fitting import Fitting, Scene
from deepcam.pipeline.heads import warm_up_hair, whole
from deepcam.protection.covers import Surroundings, draw_cover
from deepcam.protection.erase import checked_image, erase
from deepcam.protection.guard import Guard, as_cover
from deepcam.protection.judgement import judge
from deepcam.protection.plans import Kind, Plan
from deepcam.runtime.cores import Pair

log = logging.getLogger(__name__)

PAINT_ATTEMPTS = 3
"""Times the generator may fail in a row before it is given up for covers."""
FILE_FACES = 64
"""Faces that are painted in files, however long it takes."""
DEFAULT_SIZE = (1280, 720)
"""Of the card before any picture was seen."""
BEST = 1.0
"""Seconds of a film by which it is chosen who fits."""
_NOT_FITTING = DeepcamError(
    "New faces are not chosen to fit any more: the network that does it stopped.",
    "Start the program again.",
)


class FaceTracker(Protocol):
    """What is used of ``deepcam.tracking.Tracker``."""

    def process(self, frame: Frame) -> tuple[Face, ...]:
        """All faces seen in ``frame``."""
        ...

    def persons(self, frame: Frame) -> Persons | None:
        """The person segmentation of ``frame``."""
        ...

    def likely(self, frame: Frame, place: Points) -> float:
        """How likely anything inside the outline ``place`` is a face, seen from near: 0 .. 1, 0.5
        when it may be."""
        ...

    def reset(self) -> None:
        """Forget all tracks."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


class Painter(Protocol):
    """What is used of ``deepcam.generator.Generator``."""

    def paint(
        self, masked: MaskedFrame, plans: Sequence[Plan], identities: Mapping[int, Identity]
    ) -> dict[str, float]:
        """Paint the generated plans in place, under the mask; returns milliseconds by stage."""
        ...

    def warm_up(self) -> None:
        """Compile and load everything."""
        ...


@dataclass(frozen=True, slots=True)
class AnonymizerSettings:
    """How to anonymize; can be pickled and sent to another process."""

    on_doubt: Literal["cover", "card"] = "cover"
    """Where a face cannot be generated: cover the head, or show the card instead of it all."""
    cover: Literal["face", "head"] = "face"
    """What is replaced: the face, or the head's outline with synthetic hair around the face."""
    background: str = KEEP
    """What is behind people: as it is, or a choice of ``deepcam.pipeline.backdrop``."""
    provider: str = "auto"
    """Execution provider of the network; see ``deepcam.generator.session.LADDER``."""
    threads: int = 2
    network: str = "auto"
    """auto, small or large; see ``deepcam.generator.session.open_network``."""
    identity: str | int | None = None
    """Name in the gallery, seed, a text of ``deepcam.identity.wish``, or None for somebody new."""
    choice: Choice = "fits"
    """Somebody new, and whoever further faces wear: who fits the wearer, or anybody."""
    per_face: bool = False
    """Each new face gets an identity of its own, which nobody inherits."""
    max_faces: int = 6
    """Faces that get a mesh in live pictures, the largest first; further ones are covered."""
    still: bool = False
    """Pictures that have nothing to do with each other."""
    live: bool = True
    """A camera: a jump of the clock means a stale picture, and identities are sampled beside the
    frames. False for files: time runs as it likes, and nothing is left to chance."""
    warm_up: int = 3
    """Frames that are judged before the first picture is shown."""
    session_seed: int | None = None
    """What the identities of further faces are derived from; None: chance."""


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
        settings: AnonymizerSettings = AnonymizerSettings(),
        *,
        tracker: FaceTracker | None = None,
        generator: Painter | None = None,
        sample: Sampler | None = None,
        looker: Looker | None = None,
        wished: Wished | None = None,
    ) -> None:
        self.settings = settings
        self.problem: DeepcamError | None = None
        """Why nothing can be generated, or None."""
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
        self._own_generator = generator is None
        self._pair = Pair("hair") if settings.cover == "head" else None
        self._casting: Casting | None = None
        self._generator: Painter | None = generator
        try:
            self._casting = self._cast(sample, looker, wished)
            if generator is None:
                self._generator = self._load_generator(settings.provider)
        except UnknownIdentityError:
            tracker.close()
            raise
        except DeepcamError as error:
            self._give_up(error)
        self._paint_failures = 0
        self.fitting = Fitting()
        """Pictures to try other people on."""
        self._still_of: tuple[Painter, Painter] | None = None
        self._size = DEFAULT_SIZE
        self._tracking = threading.Lock()
        """The tracker is not thread-safe, and ``reset`` may come from any thread."""
        self._last = (0.0, 0)
        self._reported: set[str] = set()

    @property
    def identity(self) -> Identity | None:
        """What the first face wears; None when nothing can be generated."""
        return None if self._casting is None else self._casting.chosen

    @property
    def generator(self) -> Painter | None:
        """The generator in use; None when nothing can be generated."""
        return self._generator

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
            if self._generator is not None:
                self._generator.warm_up()
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
        watch = _Watch(timings)
        sight = judge(frame.image)
        seen = frame if sight.bright is None else replace(frame, image=sight.bright)
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
        paint = self._paint if self._generator is not None else None
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
        generator = self._generator
        if generator is None or not self.fitting.ready:
            return None
        if self._still_of is None or self._still_of[0] is not generator:
            make = getattr(generator, "for_stills", None)
            self._still_of = (generator, generator if make is None else make())
        try:
            return self.fitting.draw(identity, self._still_of[1].paint, self._pair)
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
        if self._casting is None or self._generator is None:
            why = self.problem.what if self.problem is not None else "No face generator"
            return [as_cover(p, why) if p.kind is Kind.GENERATE else p for p in plans], {}
        if self.settings.still:
            self._casting.forget()  # numbers mean nothing from one picture to the next
        self._look(frame, plans)
        identities = self._casting.dress(plans)
        dressed = [
            as_cover(p, "Preparing a face")
            if p.kind is Kind.GENERATE and p.track not in identities
            else p
            for p in plans
        ]
        return dressed, identities

    def _paint(
        self, masked: MaskedFrame, plans: Sequence[Plan], identities: Mapping[int, Identity]
    ) -> dict[str, float]:
        assert self._generator is not None
        try:
            timings = self._generator.paint(masked, plans, identities)
        except Exception as error:
            self._paint_failures += 1
            if self._paint_failures >= PAINT_ATTEMPTS:
                self._give_up(_as_problem(error))
            elif self._own_generator and isinstance(error, DeepcamError):
                # A GPU that stopped: the same provider once more, then the CPU.
                provider = self.settings.provider if self._paint_failures == 1 else "cpu"
                try:
                    self._generator = self._load_generator(provider)
                except DeepcamError as problem:
                    self._give_up(problem)
            raise
        self._paint_failures = 0
        return timings

    # Parts

    def _cast(
        self, sample: Sampler | None, looker: Looker | None, wished: Wished | None
    ) -> Casting:
        settings = self.settings
        if sample is None:
            from deepcam.identity.model import IdentityModel

            sample = IdentityModel.load().sample
            wished = wished or (lambda seed, wish: wish.sample(seed))
            if looker is None and settings.choice == "fits":
                looker = self._caster()
        seed = settings.session_seed
        session = secrets.randbits(62) if seed is None else seed
        wanted = settings.identity
        fitting: tuple[int, Wish] | None = None
        read = read_spec(wanted) if isinstance(wanted, str) else None
        if wanted is None:
            chosen = sample(session)
            if settings.choice == "fits":
                fitting = session, Wish(fits=True)
        elif isinstance(wanted, int):
            chosen = sample(wanted)
        elif read is not None and read[1].fits:
            fitting = read
            chosen = sample(read[0])
            looker = looker or (self._caster() if wished is not None else None)
        else:
            chosen = _from_gallery(wanted, sample)
        return Casting(
            sample,
            chosen,
            session,
            settings.per_face,
            settings.live,
            looker=looker,
            wished=wished,
            fitting=fitting,
            pace="live" if settings.live else "stills" if settings.still else "film",
        )

    def _caster(self) -> Looker | None:
        """The caster; None, and a notice why, when it cannot be used."""
        from deepcam.casting.caster import Caster

        try:
            return Caster.load()
        except DeepcamError as error:
            self.notice = DeepcamError(
                f"New faces are not chosen to fit: {error.what}", error.remedy
            )
            log.warning("%s", self.notice.what)
            return None

    def _load_generator(self, provider: str) -> Painter:
        from deepcam.generator import Generator

        settings = self.settings
        return Generator(
            provider,
            settings.threads,
            settings.network,
            settings.still,
            whole_head=settings.cover == "head",
        )

    def _give_up(self, problem: DeepcamError) -> None:
        self._generator = None
        self.problem = problem

    def _report(self, error: Exception) -> None:
        """Log an error once: its class and place, never its text, which might quote a picture."""
        where = traceback.extract_tb(error.__traceback__)
        place = f"{where[-1].filename}:{where[-1].lineno}" if where else "?"
        line = f"{type(error).__name__} at {place}"
        if line not in self._reported and len(self._reported) < 100:
            self._reported.add(line)
            log.warning("the card is shown: %s", line)


class UnknownIdentityError(DeepcamError):
    """The saved identity that the settings name is gone or damaged."""


def _from_gallery(name: str, sample: Sampler) -> Identity:
    """The identity saved under ``name``; digits alone are a seed when nothing is."""
    from deepcam.identity.gallery import Gallery

    try:
        found: Identity = Gallery().load(name)
        return found
    except DeepcamError as error:
        if name.isdecimal():
            return sample(int(name))
        raise UnknownIdentityError(error.what, error.remedy) from None


def _as_problem(error: Exception) -> DeepcamError:
    if isinstance(error, DeepcamError):
        return error
    return DeepcamError(
        f"The face generator stopped ({type(error).__name__}).", "Start the program again."
    )


class _Watch:
    """Writes milliseconds by stage into a dict."""

    def __init__(self, timings: dict[str, float]) -> None:
        self._timings = timings
        self._time = clock.perf_counter()

    def lap(self, name: str) -> None:
        now = clock.perf_counter()
        self._timings[name] = (now - self._time) * 1e3
        self._time = now


__all__ = [
    "Anonymizer",
    "AnonymizerSettings",
    "FaceTracker",
    "Image",
    "Painter",
    "UnknownIdentityError",
]
