"""Who plays whom: which identity each tracked person wears."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from deepcam.guard import Kind, Plan
from deepcam.identity.types import Identity
from deepcam.outlines import centre, size

Sampler = Callable[[int], Identity]
"""The person with this seed, 0 .. 2**63 - 1; slow (tens of milliseconds)."""

_REMEMBERED = 16


class Casting:
    """Gives each face its identity, and the same one for as long as it is followed.

    Roles are numbered. Role 0 wears the chosen identity, role n one derived from ``seed`` and n. A
    new face takes over the role of a face that was lost near by (somebody came back), else the
    lowest role that is free. With ``per_face`` nothing is taken over: each new face is a new role.

    ``background``: identities are sampled in a thread of their own, and a face has none until
    its own is ready; else they are sampled at once. Thread-safe.
    """

    def __init__(
        self, sample: Sampler, chosen: Identity, seed: int, per_face: bool, background: bool
    ) -> None:
        self._sample, self._seed = sample, seed
        self._per_face = per_face
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "identity") if background else None
        self._ready: dict[int, Identity] = {0: chosen}
        self._asked: dict[int, Future[Identity]] = {}
        self._roles: dict[int, int] = {}
        self._next = 0
        self._wishes = 0
        if not per_face:
            self._ask(1)  # a second face should not have to wait

    @property
    def chosen(self) -> Identity:
        """What role 0 wears."""
        with self._lock:
            return self._ready[0]

    def choose(self, identity: Identity) -> None:
        """Role 0 wears ``identity`` from the next frame on."""
        with self._lock:
            self._wishes += 1
            self._ready[0] = identity

    def regenerate(self, seed: int | None = None) -> Future[Identity]:
        """Role 0 gets the person of ``seed`` (random when None) as soon as it is sampled; until
        then it keeps the present one. Of several wishes the last one counts."""
        wanted = secrets.randbits(62) if seed is None else seed
        with self._lock:
            self._wishes += 1
            wish = self._wishes

        def work() -> Identity:
            identity = self._sample(wanted)
            with self._lock:
                if wish == self._wishes:
                    self._ready[0] = identity
            return identity

        return self._run(work)

    def dress(self, plans: Sequence[Plan]) -> dict[int, Identity]:
        """The identities that are ready, by the track numbers of ``plans`` to be generated."""
        alive = {p.track for p in plans}
        alive |= {p.face.track for p in plans if p.face is not None}
        for number in [n for n in self._roles if n not in alive]:
            del self._roles[number]
        result: dict[int, Identity] = {}
        for plan in sorted(plans, key=lambda p: -size(p.outline)):
            if plan.kind is not Kind.GENERATE or plan.face is None:
                continue
            # A place that a track jumped away from is painted as that track.
            number = plan.face.track
            if number not in self._roles:
                self._roles[number] = self._role(plan, plans)
            identity = self._identity(self._roles[number])
            if identity is not None:
                result[plan.track] = identity
        return result

    def forget(self) -> None:
        """Drop all faces, keep the identities."""
        self._roles.clear()

    def close(self) -> None:
        """Stop the background thread. Idempotent."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

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
            found = self._ready.get(role)
        if found is not None:
            return found
        asked = self._ask(role)
        if not asked.done():
            return None
        del self._asked[role]
        with self._lock:
            # Least recently made first; role 0 stays.
            for old in list(self._ready)[1 : len(self._ready) - _REMEMBERED + 1]:
                del self._ready[old]
            self._ready[role] = asked.result()
            return self._ready[role]

    def _ask(self, role: int) -> Future[Identity]:
        if role not in self._asked:
            text = f"{self._seed}:{role}".encode()
            seed = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 2
            self._asked[role] = self._run(lambda: self._sample(seed))
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
