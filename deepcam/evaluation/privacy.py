"""Attacks: who is it (P1-P3), from the conditioning (P7), learnt (P8), leaks (P6, P9).

Distances are of the attacker's embeddings; small means "the same person".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.attackers import distances
from deepcam.evaluation.baselines import Method, Seen
from deepcam.evaluation.record import Shot, Take
from deepcam.evaluation.statistics import Measure, auc, binomial_p, measure, rate
from deepcam.frames import N_EXPRESSION, Face, Frame, Image

F64 = NDArray[np.float64]


def verification(anonymized: F64, originals: F64, tau: float, far: float = 1e-3) -> Measure:
    """P1: share of persons whose anonymized picture passes as their original one.

    Rows (n, d) of both belong to the same person. ``tau``: see ``attackers.threshold``. ``extra``:
    how often *other* people's originals pass. A recognizer may put blank pictures near everybody;
    then both shares are high and equal, and the picture tells nothing.
    """
    table = distances(anonymized, originals)
    mated = np.diag(table)
    others = table[~np.eye(len(table), dtype=bool)]
    return rate(
        int((mated < tau).sum()), len(mated), tau=round(tau, 4), far=far,
        non_mated=round(float((others < tau).mean()), 6) if len(others) else None,
    )  # fmt: skip


def identification(anonymized: F64, gallery: F64, rank: int = 1) -> Measure:
    """P2: share of persons found among the first ``rank`` of a gallery of everybody's originals.

    ``extra``: chance, and the probability of so many hits by chance.
    """
    n = len(gallery)
    table = distances(anonymized, gallery)
    own = np.diag(table)[:, None]
    # Ties count against the attacker half of the time: a blank output has no order.
    place = (table < own).sum(1) + ((table == own).sum(1) - 1) / 2
    hits = int((place < rank).sum())
    chance = rank / n if n else 0.0
    return rate(hits, len(anonymized), chance=round(chance, 5), p=round(
        binomial_p(hits, len(anonymized), chance), 5))  # fmt: skip


def separation(*draws: tuple[F64, F64]) -> Measure:
    """P3: area under the ROC curve of mated against non-mated distances; 0.5 tells nothing.

    ``draws``: codes of the anonymized pictures and of the originals, person by person, each pair
    with other synthetic people: one row of both for the bootstrap, which draws persons.
    """
    tables = [-distances(anonymized, originals) for anonymized, originals in draws]
    rows = [
        (np.array([t[i, i] for t in tables]), np.concatenate([np.delete(t[i], i) for t in tables]))
        for i in range(len(tables[0]))
    ]

    def statistic(groups: Sequence[tuple[F64, F64]]) -> float:
        if not groups:
            return float("nan")
        return auc(np.concatenate([g[0] for g in groups]), np.concatenate([g[1] for g in groups]))

    return measure(rows, statistic, len(rows), draws=len(tables))


def replacements(image: Image, hidden: NDArray[np.uint8], rng: np.random.Generator) -> list[Image]:
    """``image`` with everything under ``hidden`` black, noise, and another (mirrored, upside
    down, recoloured) face in place of the pixels."""
    inside = hidden > 0
    black, noise, other = image.copy(), image.copy(), image.copy()
    black[inside] = 0
    noise[inside] = rng.integers(0, 256, (int(inside.sum()), 3), np.uint8)
    ys, xs = np.nonzero(inside)
    if len(ys):
        y0, y1, x0, x1 = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
        turned = np.ascontiguousarray(image[y0:y1, x0:x1][::-1, ::-1, ::-1])
        part = other[y0:y1, x0:x1]
        part[inside[y0:y1, x0:x1]] = turned[inside[y0:y1, x0:x1]]
    return [black, noise, other]


def information_flow(method: Method, takes: Sequence[Take], seed: int = 0) -> Measure:
    """P6: the largest difference of any output pixel when only what lies under the mask changes
    and the conditioning (pose, expression, lids, gaze) is the same. 0 means to the last bit."""
    largest, frames = 0, 0
    for take in takes:
        if not take.shots:
            continue
        rng = np.random.default_rng(seed)
        changed = [replacements(s.frame.image, s.hidden(), rng) for s in take.shots]
        versions: list[list[Image]] = []
        for kind in range(-1, 3):
            session = method.open(take.still, seed)
            try:
                pictures = [
                    Frame(s.frame.image if kind < 0 else c[kind], s.frame.time, s.frame.number)
                    for s, c in zip(take.shots, changed, strict=True)
                ]
                if not take.still:
                    session.begin(pictures[0], take.shots[0].seen)
                versions.append(
                    [
                        session.process(p, s.seen)[0]
                        for p, s in zip(pictures, take.shots, strict=True)
                    ]
                )
            finally:
                session.close()
        for shot, outputs in zip(take.shots, zip(*versions, strict=True), strict=True):
            if not shot.seen.faces:
                continue
            frames += 1
            for other in outputs[1:]:
                largest = max(largest, int(cv2.absdiff(outputs[0], other).max()))
    if not frames:
        return Measure(None, note="no face was tracked")
    return Measure(float(largest), n=frames * 3, note="" if largest else "bitwise equal")


def faults(take: Take, draw: int = 0) -> list[Seen]:
    """The record with the tracker failing: it starts late and then loses everybody in bursts.

    ``draw`` 0: six frames late, bursts of 2, 4 and 14 frames; others draw 0 to 8 frames late and
    bursts of 1 to 20 frames with 4 to 20 between them.
    """
    blind = set(range(6))
    bursts = [(16, 2), (24, 4), (34, 14), (56, 1), (66, 20), (92, 8)]
    if draw:
        rng = np.random.default_rng([draw, len(take.shots)])
        blind, bursts, at = set(range(int(rng.integers(9)))), [], 8
        while at < len(take.shots):
            at += int(rng.integers(4, 21))
            bursts.append((at, int(rng.choice([1, 2, 3, 5, 8, 12, 16, 20]))))
            at += bursts[-1][1]
    for start, length in bursts:
        blind |= set(range(start, start + length))
    return [Seen((), s.seen.persons) if s.frame.number in blind else s.seen for s in take.shots]


def coverage(method: Method, takes: Sequence[Take], seed: int = 0, draws: int = 1) -> Measure:
    """P9: share of frames in which pixels of a face come out as they went in, with tracker faults.

    Judged inside the hull that the judge, not the camera's tracker, finds on the original. Single
    pixels agree by chance; a patch of 3 x 3 equal ones counts as a leak. Photographs are judged
    without faults and once, clips with ``draws`` different faults. ``extra`` names up to ten frames
    that leaked.
    """
    leaks: list[str] = []
    frames = 0
    # Photographs have nothing to do with each other: one session does for all of them.
    groups = [([t], draw) for draw in range(draws) for t in takes if not t.still]
    groups += [([t for t in takes if t.still], 0)]
    for group, draw in groups:
        if not group:
            continue
        session = method.open(group[0].still, seed)
        try:
            # No begin(): a live camera has to be safe from its very first frame.
            for take in group:
                told = [s.seen for s in take.shots] if take.still else faults(take, draw)
                for number, (shot, seen) in enumerate(zip(take.shots, told, strict=True)):
                    image, _ = session.process(shot.frame, seen)
                    hull = _steady_hull(take, number)
                    if hull is None:
                        continue
                    frames += 1
                    if leaked(shot.frame.image, image, hull):
                        leaks.append(f"{take.name} frame {shot.frame.number}")
        finally:
            session.close()
    return rate(len(leaks), frames, leaks=leaks[:10], count=len(leaks))


def _steady_hull(take: Take, number: int) -> NDArray[np.uint8] | None:
    """The judge's hull in frame ``number``, None without a reading there. In clips the median of
    up to five readings: in its first frames on a face, and when hands come before it, the mesh
    slides down the neck."""
    here = take.shots[number].reading
    if here is None:
        return None
    around = take.shots[max(0, number - 2) : number + 3]
    known = [s.reading.landmarks for s in around if s.reading is not None]
    steady = here if take.still else replace(here, landmarks=np.median(known, axis=0))
    return steady.hull(take.shots[number].frame.image.shape)


def leaked(original: Image, output: Image, hull: NDArray[np.uint8]) -> int:
    """Number of 3 x 3 patches inside ``hull`` (h, w) that came out unchanged."""
    same = ((output == original).all(2) & (hull > 0)).astype(np.uint8)
    return int(cv2.erode(same, np.ones((3, 3), np.uint8), borderValue=0).sum())


def shown(shot: Shot, image: Image) -> Image:
    """``image`` for a report; grey where it still has pixels of the face: a report must not leak
    what the camera leaked."""
    if shot.reading is None or leaked(shot.frame.image, image, shot.reading.hull(image.shape)):
        return np.full_like(image, 128)
    return image


def features(face: Face) -> F64:
    """Everything about the wearer that reaches the generator, except the place in the picture."""
    pose = face.pose
    angles = np.zeros(3) if pose is None else np.radians([pose.yaw, pose.pitch, pose.roll])
    expression = face.expression[:N_EXPRESSION].astype(np.float64)
    vector: F64 = np.concatenate([expression, angles, face.lids, face.gaze]).astype(np.float64)
    return vector


_MOVES = np.r_[:N_EXPRESSION, N_EXPRESSION + 3 : N_EXPRESSION + 9]
"""Columns of ``features`` that are no pose."""


def nearest(train: F64, labels: NDArray[np.int64], test: F64) -> NDArray[np.int64]:
    """1-nearest-neighbour labels of ``test`` (m, d), after scaling each column by ``train``'s."""
    scale = train.std(0) + 1e-6
    found: NDArray[np.int64] = labels[distances(test / scale, train / scale).argmin(1)]
    return found


def discriminant(train: F64, labels: NDArray[np.int64], test: F64) -> NDArray[np.int64]:
    """Linear discriminant analysis with a shrunk covariance (a tenth of the mean variance)."""
    names = np.unique(labels)
    means = np.stack([train[labels == n].mean(0) for n in names])
    scale = train.std(0) + 1e-6
    inner = (train - means[np.searchsorted(names, labels)]) / scale
    covariance = inner.T @ inner / max(1, len(train) - len(names))
    covariance += (0.1 * np.trace(covariance) / len(scale) + 1e-6) * np.eye(len(scale))
    root = np.linalg.cholesky(np.linalg.inv(covariance))
    found: NDArray[np.int64] = names[
        distances((test / scale) @ root, (means / scale) @ root).argmin(1)
    ]
    return found


def conditioning_pairs(first: Sequence[Face], second: Sequence[Face]) -> Measure:
    """P7 on photographs: who is ``second[i]``, by the conditioning of ``first`` (one each).

    With one example a person LDA has no within-person spread; 1-NN only. Posture is part of it and
    belongs to the session as much as to the person; ``extra`` holds the rate without the pose too.
    """
    if len(first) < 2:
        return Measure(None, note="needs two persons with two photographs each")
    a, b = np.stack([features(f) for f in first]), np.stack([features(f) for f in second])
    everybody = np.arange(len(a))
    hits = int((nearest(a, everybody, b) == everybody).sum())
    alone = int((nearest(a[:, _MOVES], everybody, b[:, _MOVES]) == everybody).sum())
    chance = 1 / len(a)
    return rate(hits, len(b), chance=round(chance, 5), p=round(
        binomial_p(hits, len(b), chance), 5), times_chance=round(hits / len(b) / chance, 3),
        without_pose=round(alone / len(b), 4),
    )  # fmt: skip


def conditioning_clips(tracks: Sequence[Sequence[Face]]) -> Measure:
    """P7 on clips of different persons: learnt on the first half of each, tested on the second.

    The better of 1-NN and LDA, by frames. One clip is one session: camera angle and posture alone
    tell clips apart, so this is an upper bound on what the coefficients say about the person.
    ``extra`` holds both classifiers and both without the pose. The interval is over clips.
    """
    usable = [t for t in tracks if len(t) >= 8]
    if len(usable) < 2:
        return Measure(None, note="needs two persons in clips")
    rows = [np.stack([features(f) for f in t]) for t in usable]
    chance = 1 / len(rows)
    scores: dict[str, float] = {}
    per_clip: dict[str, list[float]] = {}
    for label, columns in (
        ("", slice(None)),
        (" without pose", _MOVES),
    ):
        train = np.concatenate([r[: len(r) // 2 - 2, columns] for r in rows])
        labels = np.concatenate([np.full(len(r) // 2 - 2, k) for k, r in enumerate(rows)])
        for name, classify in (("1-NN", nearest), ("LDA", discriminant)):
            shares = [
                float((classify(train, labels, r[len(r) // 2 + 2 :, columns]) == k).mean())
                for k, r in enumerate(rows)
            ]
            scores[name + label] = round(float(np.mean(shares)), 4)
            per_clip[name + label] = shares
    best = max(("1-NN", "LDA"), key=lambda n: scores[n])
    return measure(
        per_clip[best], lambda g: float(np.mean(g)), sum(len(r) for r in rows) // 2,
        chance=round(chance, 5), times_chance=round(scores[best] / chance, 3), classifiers=scores,
    )  # fmt: skip


def memorisation(
    sampled: F64, held_out: F64, training: F64, tau: float, real: Sequence[int] = ()
) -> Measure:
    """P8: share of sampled identities nearer than ``tau`` to somebody in the training set.

    ``real``: rows of ``training`` that are photographs of real people. ``extra``: the same share
    for real people outside the training set and for those, each beside all others (``held_out``
    joins them), and medians.
    """
    if not (len(sampled) and len(held_out) and len(training)):
        return Measure(None, note="training faces or held-out faces are not here")
    near, outside = distances(sampled, training).min(1), distances(held_out, training).min(1)
    among = distances(training, training)
    np.fill_diagonal(among, np.inf)
    inside = among[np.array(real, np.intp)].min(1)
    known = np.concatenate([outside, inside])
    return rate(
        int((near < tau).sum()), len(near), held_out=round(float((known < tau).mean()), 5),
        held_out_people=len(known), outsiders=round(float((outside < tau).mean()), 5),
        median=round(float(np.median(near)), 4),
        held_out_median=round(float(np.median(known)), 4), tau=round(tau, 4),
    )  # fmt: skip
