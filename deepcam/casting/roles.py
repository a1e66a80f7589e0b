"""Who plays whom: which identity each tracked person wears.

By default somebody who fits: the caster looks at the erased picture around a new face a few times
within its first second, and the identity is drawn from what it says would go with that. Until then
the face has none and is covered; afterwards it stays, whatever the picture shows later.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from deepcam.frames import MaskedFrame, Pose
from deepcam.frames.outlines import centre, size
from deepcam.identity.fit import Fit, together
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, spec_of
from deepcam.protection.plans import Kind, Plan

Sampler = Callable[[int], Identity]
"""The person with this seed, 0 .. 2**63 - 1; slow (tens of milliseconds)."""
Wished = Callable[[int, Wish], Identity]
"""The person with this seed and these traits; as slow."""
Choice = Literal["fits", "anybody"]
"""Who a new face gets: somebody who goes with the surroundings, or whoever the seed gives."""

Pace = Literal["live", "film", "stills"]

_REMEMBERED = 16
_NOTHING = Wish()
LOOKS, PAUSE, PATIENCE = 4, 0.12, 0.9
"""Looks at a new face, seconds between two, and after which fewer must do."""


class Looker(Protocol):
    """What is used of ``deepcam.casting.caster.Caster``."""

    def look(self, masked: MaskedFrame, pose: Pose) -> Fit:
        """What would go with the surroundings of the face at ``pose``."""
        ...


@dataclass(slots=True, eq=False)
class _Seen:
    """Looks at one role's wearer."""

    times: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)

    def best(self, window: float | None) -> Fit:
        """The mean of all looks, or of those within the ``window`` (seconds) that shows most."""
        if window is None:
            return together(self.fits, self.weights)
        times, weights = np.array(self.times), np.array(self.weights)
        inside = (times[None] >= times[:, None]) & (times[None] <= times[:, None] + window)
        chosen = inside[int((inside * weights).sum(1).argmax())]
        return together(
            [f for f, c in zip(self.fits, chosen, strict=True) if c], list(weights[chosen])
        )


class Casting:
    """Gives each face its identity, and the same one for as long as it is followed.

    Roles are numbered. Role 0 wears the chosen identity, role n one derived from ``seed`` and n. A
    new face takes over the role of a face that was lost near by (somebody came back), else the
    lowest role that is free. With ``per_face`` nothing is taken over: each new face is a new role.

    ``background``: identities are sampled in a thread of their own, and a face has none until
    its own is ready; else they are sampled at once. Thread-safe.

    ``looker`` and ``wished``: new faces get somebody who fits, except role 0 when ``fitting`` is
    None: then ``chosen`` is a certain person. Else ``fitting`` is the seed and the wishes of role
    0, which wears nothing until the caster has seen its wearer. ``pace``: several looks at whoever
    is live; in films one must do where no ``audition`` went before, and in stills always.
    """

    def __init__(
        self,
        sample: Sampler,
        chosen: Identity,
        seed: int,
        per_face: bool,
        background: bool,
        *,
        looker: Looker | None = None,
        wished: Wished | None = None,
        fitting: tuple[int, Wish] | None = None,
        pace: Pace = "live",
    ) -> None:
        self._sample, self._seed = sample, seed
        self._per_face, self._pace = per_face, pace
        self._looker = looker if wished is not None else None
        self._wished = wished
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "identity") if background else None
        self._ready: dict[int, Identity] = {0: chosen}
        self._asked: dict[int, Future[Identity]] = {}
        self._roles: dict[int, int] = {}
        self._next = 0
        self._wishes = 0
        self._fits: dict[int, Fit] = {}
        self._looks: dict[int, _Seen] = {}
        self._looked_at: dict[int, int] = {}
        """Which track a role's fit was seen on: another one is looked at again."""
        self._waiting = fitting if self._looker is not None else None
        """Seed and wishes of role 0 until its wearer is seen."""
        self._again: tuple[int, Wish] | None = None
        """Seed and wishes of role 0 when it was last chosen to fit."""
        self.on_worn: Callable[[Identity], None] | None = None
        """Gets what role 0 wears once that has been chosen to fit; any thread."""
        if not per_face and self._looker is None:
            self._ask(1)  # a second face should not have to wait

    @property
    def chosen(self) -> Identity:
        """What role 0 wears, or would wear if nothing were known of its wearer."""
        with self._lock:
            return self._ready[0]

    @property
    def fit(self) -> Fit | None:
        """What goes with the wearer of role 0; None while nobody has been seen."""
        with self._lock:
            return self._fits.get(0)

    @property
    def looking(self) -> bool:
        """Whether anybody is chosen to fit."""
        return self._looker is not None

    def choose(self, identity: Identity) -> None:
        """Role 0 wears ``identity`` from the next frame on."""
        with self._lock:
            self._wishes += 1
            self._waiting = self._again = None
            self._ready[0] = identity

    def regenerate(self, seed: int | None = None, wish: Wish = _NOTHING) -> Future[Identity]:
        """Role 0 gets the person of ``seed`` (random when None) as soon as it is sampled; until
        then it keeps the present one. Of several wishes the last one counts.

        With ``wish.fits`` somebody who goes with the wearer. While nobody has been seen that is
        left open, and the future holds the person of the seed alone.
        """
        wanted = secrets.randbits(62) if seed is None else seed
        with self._lock:
            self._wishes += 1
            number = self._wishes
            # A picture on its own says nothing of the next one's wearer.
            fit = None if self._pace == "stills" else self._fits.get(0)
            unseen = wish.fits and self._looker is not None and fit is None
            self._waiting = (wanted, wish) if unseen else None
            self._again = None

        def work() -> Identity:
            identity = self._make(wanted, wish, fit if wish.fits else None)
            with self._lock:
                if number == self._wishes:
                    self._ready[0] = identity
            return identity

        return self._run(work)

    def suggest(self, seeds: Sequence[int]) -> list[Wish]:
        """Traits of somebody for each seed who would fit the wearer of role 0; none while nobody
        has been seen."""
        fit = self.fit
        return [] if fit is None else [fit.draw(seed) for seed in seeds]

    # Looking

    def stop_looking(self) -> None:
        """The caster cannot be used: whoever the seed gives is worn from now on."""
        with self._lock:
            self._looker, self._waiting = None, None
        self._looks.clear()

    def unseen(self, plans: Sequence[Plan], time: float) -> list[tuple[int, Plan]]:
        """Roles whose wearer the caster should look at in this frame, with their plans."""
        if self._looker is None:
            return []
        self._assign(plans)
        due = []
        for plan in plans:
            if plan.kind is not Kind.GENERATE or plan.face is None or plan.face.pose is None:
                continue
            role = self._roles[plan.face.track]
            if plan.track != plan.face.track or self._looked_at.get(role) == plan.track:
                continue
            if self._pace == "film" and role in self._fits:
                continue  # one face from the film's beginning to its end
            seen = self._looks.get(role)
            rested = seen is None or abs(time - seen.times[-1]) >= PAUSE
            if rested or self._pace == "stills":
                due.append((role, plan))
        return due

    def look(
        self,
        masked: MaskedFrame,
        due: Sequence[tuple[int, Plan]],
        time: float,
        collect: bool = False,
    ) -> None:
        """Let the caster look at the faces that are ``due``. ``masked``: with everything of the
        decision erased. ``collect``: only gather looks; ``settle`` makes up its mind."""
        looker = self._looker
        if looker is None:
            return
        for role, plan in due:
            pose = None if plan.face is None else plan.face.pose
            if pose is None:
                continue
            fit = looker.look(masked, pose)
            seen = self._looks.setdefault(role, _Seen())
            seen.fits.append(fit)
            seen.times.append(time)
            seen.weights.append(_worth(pose, masked))
            if collect:
                continue
            late = abs(time - seen.times[0]) >= PATIENCE
            if self._pace != "live" or len(seen.fits) >= LOOKS or late:
                self._looked_at[role] = plan.track
                self._decide(role, seen.best(None))

    def settle(self, window: float) -> None:
        """Choose for everybody who was looked at, by the ``window`` (seconds) that shows most."""
        for role, seen in list(self._looks.items()):
            self._decide(role, seen.best(window))

    def _decide(self, role: int, fit: Fit) -> None:
        del self._looks[role]
        if self._pace == "stills":
            fit = fit.rounded()
        with self._lock:
            self._fits[role] = fit
            for old in list(self._fits)[: max(0, len(self._fits) - _REMEMBERED)]:
                if old:
                    del self._fits[old]
            waiting = self._waiting if role == 0 else None
        if waiting is not None:
            self._wear_fitting(*waiting, fit)

    def _wear_fitting(self, seed: int, wish: Wish, fit: Fit) -> None:
        with self._lock:
            number = self._wishes
            self._again = (seed, wish)

        def work() -> Identity:
            identity = self._make(seed, wish, fit)
            with self._lock:
                current = number == self._wishes
                if current:
                    self._ready[0], self._waiting = identity, None
            if current and self.on_worn is not None:
                self.on_worn(identity)
            return identity

        future = self._run(work)
        if self._pool is None:
            future.result()  # raises what the sampler raised

    def _make(self, seed: int, wish: Wish, fit: Fit | None) -> Identity:
        if fit is not None and self._wished is not None:
            return self._wished(seed, fit.draw(seed, wish))
        if self._wished is not None and spec_of(seed, Wish()) != spec_of(seed, wish):
            return self._wished(seed, wish)
        return self._sample(seed)

    # Dressing

    def dress(self, plans: Sequence[Plan]) -> dict[int, Identity]:
        """The identities that are ready, by the track numbers of ``plans`` to be generated."""
        self._assign(plans)
        result: dict[int, Identity] = {}
        for plan in plans:
            if plan.kind is not Kind.GENERATE or plan.face is None:
                continue
            # A place that a track jumped away from is painted as that track.
            identity = self._identity(self._roles[plan.face.track])
            if identity is not None:
                result[plan.track] = identity
        return result

    def forget(self) -> None:
        """Drop all faces, keep the identities; those that fit a picture on its own go as well: what
        is worn in the next one must not hang on which pictures came before."""
        self._roles.clear()
        self._looks.clear()
        self._looked_at.clear()
        if self._pace != "stills" or self._looker is None:
            return
        with self._lock:
            self._fits.clear()
            self._ready = {0: self._ready[0]}
            if self._again is not None:
                self._waiting, self._again = self._again, None
        self._asked.clear()

    def close(self) -> None:
        """Stop the background thread. Idempotent."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _assign(self, plans: Sequence[Plan]) -> None:
        """A role for every face that is to be generated; the largest first."""
        alive = {p.track for p in plans}
        alive |= {p.face.track for p in plans if p.face is not None}
        for number in [n for n in self._roles if n not in alive]:
            del self._roles[number]
        for plan in sorted(plans, key=lambda p: -size(p.outline)):
            if plan.kind is Kind.GENERATE and plan.face is not None:
                number = plan.face.track
                if number not in self._roles:
                    self._roles[number] = self._role(plan, plans)

    def _role(self, plan: Plan, plans: Sequence[Plan]) -> int:
        if self._per_face:
            self._next += 1
            return self._next - 1
        here = centre(plan.outline)
        lost = [
            (float(np.linalg.norm(centre(p.outline) - here)), p.track)
            for p in plans
            if p.behind and p.track in self._roles
        ]
        if lost and min(lost)[0] < 2.5 * size(plan.outline):
            return self._roles.pop(min(lost)[1])
        taken = set(self._roles.values())
        return next(n for n in range(len(taken) + 1) if n not in taken)

    def _identity(self, role: int) -> Identity | None:
        with self._lock:
            if role == 0 and self._waiting is not None:
                return None
            found = self._ready.get(role)
            fit = self._fits.get(role)
        if found is not None:
            return found
        if self._looker is not None and fit is None:
            return None
        asked = self._ask(role, fit)
        if not asked.done():
            return None
        del self._asked[role]
        with self._lock:
            # Least recently made first; role 0 stays.
            for old in list(self._ready)[1 : len(self._ready) - _REMEMBERED + 1]:
                del self._ready[old]
            self._ready[role] = asked.result()
            return self._ready[role]

    def _ask(self, role: int, fit: Fit | None = None) -> Future[Identity]:
        if role not in self._asked:
            text = f"{self._seed}:{role}".encode()
            seed = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 2
            self._asked[role] = self._run(lambda: self._make(seed, Wish(), fit))
        return self._asked[role]

    def _run(self, work: Callable[[], Identity]) -> Future[Identity]:
        if self._pool is not None:
            return self._pool.submit(work)
        done: Future[Identity] = Future()
        try:
            done.set_result(work())
        except Exception as error:
            done.set_exception(error)
        return done


def _worth(pose: Pose, masked: MaskedFrame) -> float:
    """How much a look counts: most when the head is seen from the front, and large."""
    turned = float(np.exp(-0.5 * ((pose.yaw / 30) ** 2 + (pose.pitch / 30) ** 2)))
    large = min(1.0, pose.scale / (0.06 * max(masked.image.shape[:2])))
    return turned * (0.2 + 0.8 * large) + 1e-3
