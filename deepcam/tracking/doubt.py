"""Second looks: what is taken for a face is looked at again, framed about it, before it counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from deepcam.frames import Image
from deepcam.tracking.backend import F64, Detection, MeshBackend, Window
from deepcam.tracking.evidence import CLEAR, FAIR, STRONG
from deepcam.tracking.policy import DEFAULT, TrackingPolicy
from deepcam.tracking.verifier import SECOND, SURE_FACE, UNLIKELY, Verifier, refuses
from deepcam.tracking.windows import beside, framed, rather_another, same_face

UNCLEAR = CLEAR - 0.01
"""Best score of what the verifier doubts."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a second look found at a place."""

    score: float
    """The best of a face at the place, 0 when there is none."""
    detection: Detection | None
    """That face, seen from near; None when there is none."""
    again: float = 0.0
    """The second-best of these scores."""
    refused: bool = False
    """The verifier is sure that this is no face, or the looks are unclear and it doubts it."""
    odds: float = math.inf
    """What the verifier says; endless without one."""

    @property
    def unclear(self) -> bool:
        """Too little beside a larger face or before its body: not two looks, nor the verifier. Of
        159 made faces there none was that when it was looked at first; of 17 ears, collars and
        folds in films of 240 people 15 were."""
        return self.odds < SURE_FACE and not (self.score >= CLEAR and self.again >= STRONG)


@dataclass(slots=True)
class _Refusal:
    box: F64
    """See ``_place``."""
    score: float
    until: float
    """Not looked at again before this time."""
    times: int = 1
    """In a row."""


class SecondLooks:
    """Looks again, and remembers for a while where nothing was found. ``verifier``: a second
    network that refuses; none when None."""

    def __init__(
        self,
        backend: MeshBackend,
        verifier: Verifier | None = None,
        policy: TrackingPolicy = DEFAULT,
    ) -> None:
        self._backend, self._verifier, self._policy = backend, verifier, policy
        self._refusals: list[_Refusal] = []

    def reset(self) -> None:
        """Forget what was refused."""
        self._refusals.clear()

    def refused(self, detection: Detection, time: float, known: Sequence[F64] = ()) -> bool:
        """Whether nothing was found at the place a moment ago; beside a face of ``known`` boxes: at
        the same place of that head."""
        place = _place(detection.box, known)
        self._refusals = [r for r in self._refusals if time < r.until + self._policy.refused_most]
        return any(
            time < r.until
            and detection.score < r.score + self._policy.better
            and same_face(place, r.box)
            for r in self._refusals
        )

    def pause(self, detection: Detection, time: float, known: Sequence[F64] = ()) -> None:
        """Nothing else agrees with ``detection``: look again in a moment."""
        self._remember(
            _Refusal(_place(detection.box, known), detection.score, time + self._policy.refused_for)
        )

    def withdraw(self, box: F64, time: float, known: Sequence[F64] = ()) -> None:
        """What was followed at ``box`` is no face."""
        self._refuse(_place(box, known), STRONG, time, self._policy.withdrawn_for)

    def _refuse(self, place: F64, score: float, time: float, least: float) -> None:
        times = 1 + self._times(place)
        pause = min(
            max(least, self._policy.refused_for * 2 ** (times - 1)), self._policy.refused_most
        )
        self._remember(_Refusal(place, score, time + pause, times))

    def _remember(self, refusal: _Refusal) -> None:
        """In the stead of earlier ones at the place."""
        others = [r for r in self._refusals if not same_face(refusal.box, r.box)]
        self._refusals = [*others, refusal]

    def look(
        self, image: Image, suspects: Sequence[Detection], known: Sequence[F64], time: float
    ) -> list[Verdict]:
        """One verdict for each of ``suspects``: the best face that two framings about it show at
        the same place, else three turned ones. ``known``: boxes of other faces, which it must
        not be."""
        if not suspects:
            return []
        height, width = image.shape[:2]
        places = [_place(d.box, known) for d in suspects]
        windows = [framed(d.box, r, height, width) for d in suspects for r in self._policy.reaches]
        found = self._detect(image, windows, [0] * len(windows))
        # What a look at one of several shows may be its stronger neighbour once more.
        others = [
            [*known, *(e.box for e in suspects if e is not d and e.score > d.score)]
            for d in suspects
        ]
        verdicts = [
            _best(d, [*found[2 * k], *found[2 * k + 1]], others[k]) for k, d in enumerate(suspects)
        ]
        # What is weak and was refused is looked at upright alone every second time: at ears and
        # hair beside a face this goes on for as long as the call.
        unclear = [
            k
            for k, (d, v) in enumerate(zip(suspects, verdicts, strict=True))
            if v.score < STRONG and not (d.score < FAIR and self._times(places[k]) % 2 == 1)
        ]
        windows = [
            framed(suspects[k].box, self._policy.reaches[0], height, width)
            for k in unclear
            for _ in "123"
        ]
        found = self._detect(image, windows, [1, 2, 3] * len(unclear)) if unclear else []
        for n, k in enumerate(unclear):
            turned = [d for part in found[3 * n : 3 * n + 3] for d in part]
            again = _best(suspects[k], turned, others[k])
            if again.score > verdicts[k].score:
                verdicts[k] = replace(again, again=max(again.again, verdicts[k].score))
        alone = [place is d.box for d, place in zip(suspects, places, strict=True)]
        verdicts = self._verified(image, suspects, verdicts, alone, bool(known))
        for d, place, verdict in zip(suspects, places, verdicts, strict=True):
            # Beside a known face what is unclear does not start either (``Evidence.first``).
            if verdict.score < (FAIR if place is d.box else STRONG):
                self._refuse(place, d.score, time, self._policy.refused_for)
        return verdicts

    def _verified(
        self,
        image: Image,
        suspects: Sequence[Detection],
        verdicts: list[Verdict],
        alone: Sequence[bool],
        somebody: bool,
    ) -> list[Verdict]:
        """Nothing is found where the verifier is sure that there is no face, nothing clear where it
        doubts it (more so beside ``somebody``), and a clear face where it is sure and nobody else
        is beside (``alone``)."""
        if self._verifier is None:
            return verdicts
        near = [(k, v.detection.box) for k, v in enumerate(verdicts) if v.detection is not None]
        odds = self._verifier.odds(image, [*(d.box for d in suspects), *(box for _, box in near)])
        best = odds[: len(suspects)]
        for (k, _), seen in zip(near, odds[len(suspects) :], strict=True):
            best[k] = max(best[k], seen)
        out = []
        # Of several who are seen for the first time the largest is the somebody.
        largest = None if somebody else max(suspects, key=lambda d: d.box[2] - d.box[0])
        for d, v, lone, face in zip(suspects, verdicts, alone, best, strict=True):
            if refuses(face, max(d.score, v.score)):
                v = Verdict(0.0, None, refused=True)
            elif face < (UNLIKELY if d is largest else SECOND):
                v = replace(v, score=min(v.score, UNCLEAR))  # hidden, but not painted
            elif face >= SURE_FACE and lone and v.score >= FAIR:
                v = replace(v, score=max(v.score, CLEAR))
            out.append(replace(v, odds=float(face)))
        return out

    def _times(self, place: F64) -> int:
        """How often in a row nothing was found there."""
        return max((r.times for r in self._refusals if same_face(place, r.box)), default=0)

    def _detect(
        self, image: Image, windows: list[Window], turns: list[int]
    ) -> list[list[Detection]]:
        self._backend.submit(image, windows, [], turns)
        return self._backend.collect()[0]


def _place(box: F64, known: Sequence[F64]) -> F64:
    """``box`` in pixels; beside a known face, in hundredths of that face from its middle (far from
    all pixels), so that hair and ears are the same place when the head moves."""
    for face in known:
        if beside(box, face):
            middle = np.tile((face[:2] + face[2:]) / 2, 2)
            out: F64 = (box - middle) / (face[2] - face[0]) * 100.0 - 1e6
            return out
    return box


def _there(near: F64, far: F64) -> bool:
    """Whether the face in ``near`` may be what was seen from afar in ``far``: a box of a few pixels
    is easily twice as large as the face and half a face beside it."""
    if same_face(near, far):
        return True
    apart = np.abs(near[:2] + near[2:] - far[:2] - far[2:]) / 2
    inside = bool((apart < 0.45 * (far[2:] - far[:2])).all())
    return inside and near[2] - near[0] > 0.3 * (far[2] - far[0])


def _best(suspect: Detection, seen: Sequence[Detection], known: Sequence[F64]) -> Verdict:
    best: Detection | None = None
    scores = [0.0]
    for d in seen:
        if not _there(d.box, suspect.box):
            continue
        if rather_another(d.box, suspect.box, known):
            continue
        scores.append(d.score)
        if best is None or d.score > best.score:
            best = d
    again = sorted(scores)[-2] if len(scores) > 1 else 0.0
    return Verdict(0.0 if best is None else best.score, best, again)
