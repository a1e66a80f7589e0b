"""Where the faces of a single picture are: searched in parts of every size and in all four
orientations, because nobody sees the next picture of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deepcam.frames import Image
from deepcam.tracking.association import iou
from deepcam.tracking.backend import Detection, MeshBackend
from deepcam.tracking.crops import turned_back
from deepcam.tracking.evidence import CLEAR, FAIR, STRONG
from deepcam.tracking.regions import good, roi_of_detection
from deepcam.tracking.verifier import MISREAD, SECOND, SURE_FACE, Verifier, refuses
from deepcam.tracking.windows import (
    SHOULDERS,
    beside,
    framed,
    mean_inside,
    merge_detections,
    on_somebody,
    on_torso,
    same_face,
    share_inside,
    tiles,
)

SURE_SCORE = 0.7
"""Detections in the whole picture from this score on are believed; all others are looked at again:
12 of 41 in parts of pictures (portraits, a café and montages of small faces) were ears, buttons and
folds. Of 193 made faces 95 % have two looks from this score on, of 87 mistakes none."""
SOME_PRESENCE, FULL_PRESENCE = 0.1, 0.9
"""The mesh network's presence that hides a detection which a framed look showed only weakly, and
one that none showed. Measured on those 41: faces .38 and more, mistakes .05 and less (one .84)."""
HALF = 0.6
"""Second-best look from which what lies on a face, without a mesh of its own, is another face."""
WRONG_WAY, RAISED = 0.3, 0.65
"""What the score of a face loses that is another way up than the detector saw it, and the least of
one in the whole picture of which the verifier is sure."""
PER_ODDS, LEANING = 0.05, 0.1
"""What the verifier's odds (logarithm, ``ODDS``) add to a score when looks at one face compete, and
what is lost by a face that leans by more than ``UPRIGHT`` degrees. An old man's face upside down
had .72 from the detector, himself .69; the odds were 5.7 and 11.9. Of 323 photographs, each in four
orientations, 36 of 1,292 were painted the wrong way up before these and ``CONTESTED``, 8 are now:
people looking up steeply, and in profile."""
ODDS = (-4.0, 10.0)
UPRIGHT = 60.0
CONTESTED = 0.12
"""Lead of a face's best look over one that sees it turned by ``OTHERWISE`` degrees (without
``LEANING``) from which the face is painted; else it is covered: a face upside down is worse than a
cover."""
OTHERWISE = 55.0
TINY, BODY = 0.2, 0.6
"""Width over that of a clear face up to which something on the body below that face is a badge, and
how sure the segmentation must be that there is one. Of 200 portraits 26 had such a mistake, .05 to
.2 of the face wide."""
ONCE_MORE = 0.3
"""Intersection over union with a surer face from which it is that one: of two heads that near one
hides the other."""
EAR, EAR_OUT, EAR_AWAY = 0.7, 0.25, 0.45
"""Width, how far outside the detector's point an ear is, and distance of the middle from there,
over the face's width, up to which what is unclear is that ear: ears of 5 of 200 portraits were
covered."""
IN_IT = 0.7
"""Share inside a surer face from which one that is turned otherwise is no other: it would hide
it."""
_REACHES = (1.5, 2.0, 3.0)


def search_still(
    backend: MeshBackend, image: Image, verifier: Verifier | None = None
) -> list[tuple[Detection, float]]:
    """The faces in ``image``, and how surely each is one: the second-best score of looks framed
    about it, at least ``STRONG`` (so that it is hidden in any case).

    A picture that lies on its side or upside down is searched once more as it should be: what is a
    badge on a body, or hair, is judged by what is below a face.
    """
    found = _search(backend, image, verifier)
    turns = {round(d.roll / 90) % 4 for d, sure in found if sure >= CLEAR}
    if len(turns) != 1 or 0 in turns:
        return found
    turn = turns.pop()
    upright = np.ascontiguousarray(np.rot90(image, turn))
    whole = (0, 0, image.shape[1], image.shape[0])
    return [(turned_back(d, whole, turn), sure) for d, sure in _search(backend, upright, verifier)]


def _search(
    backend: MeshBackend, image: Image, verifier: Verifier | None
) -> list[tuple[Detection, float]]:
    """``search_still`` of a picture as it is."""
    height, width = image.shape[:2]
    views = [(0, 0, width, height), *tiles(height, width)]
    windows, turns = [], []
    for turn in range(4):
        windows += views
        turns += [turn] * len(views)
    backend.submit(image, windows, [], turns)
    found, _ = backend.collect()
    # Dozens of windows make dozens of mistakes: in parts only fairly sure faces count.
    found = [[d for d in part if d.score >= (STRONG if k else 0.0)] for k, part in enumerate(found)]
    ranks, raised = _ranks(found, verifier, image)
    graded = [[replace(d, score=ranks[id(d)]) for d in part] for part in found]
    back = {id(g): d for a, b in zip(graded, found, strict=True) for g, d in zip(a, b, strict=True)}
    merged = [back[id(g)] for g in merge_detections(graded, windows)]
    # The whole picture's weak view of what surely is a face is believed.
    merged = [replace(d, score=RAISED) if id(d) in raised else d for d in merged]
    looks = [(d, ranks[id(d)]) for part in found for d in part]
    out = _look_again(backend, image, merged, found[0], verifier, looks)
    return out if verifier is None else _verified(backend, image, verifier, out, looks)


def _verified(
    backend: MeshBackend,
    image: Image,
    verifier: Verifier,
    found: list[tuple[Detection, float]],
    looks: list[tuple[Detection, float]],
) -> list[tuple[Detection, float]]:
    """``found`` without what the verifier refuses and what are parts of somebody clear, and how
    surely each is a face. ``looks``: everything that was seen, and its rank."""
    odds = verifier.odds(image, [d.box for d, _ in found])
    larger = [[e.box for e, _ in found if _wide(e) > _wide(d)] for d, _ in found]
    # As good as two clear looks.
    surely = [
        best >= SURE_FACE and not any(beside(d.box, box) for box in boxes)
        for (d, _), best, boxes in zip(found, odds, larger, strict=True)
    ]
    clear = [
        d
        for (d, second), best, alone in zip(found, odds, surely, strict=True)
        if alone or (best >= SURE_FACE and second >= CLEAR)
    ]
    kept: list[tuple[Detection, float, float]] = []
    for (d, second), best, boxes, alone in zip(found, odds, larger, surely, strict=True):
        if refuses(best, max(d.score, second)):
            continue
        if second < CLEAR and (
            (best < SECOND and any(on_somebody(d.box, e.box) for e in clear))
            or (best < SURE_FACE and any(_ear(d, e) for e in clear))
        ):
            continue  # hair, an ear, a collar, a pin
        if _contested(d, looks) or (best < SECOND and boxes):
            sure = STRONG
        else:
            sure = max(second, CLEAR) if alone else second
        kept.append((d, second, sure))
    badges = _badges(backend, image, [d for d, *_ in kept], [sure >= CLEAR for *_, sure in kept])
    # A badge with a portrait is hidden, and not painted; one that is unclear is a button.
    return [
        (d, STRONG if badge else sure)
        for (d, second, sure), badge in zip(kept, badges, strict=True)
        if not (badge and second < CLEAR)
    ]


def _wide(face: Detection) -> float:
    return float(face.box[2] - face.box[0])


def _ear(small: Detection, face: Detection) -> bool:
    """Whether ``small`` is where ``face`` has an ear, and no larger than one."""
    ears, wide = face.keypoints[4:6], _wide(face)
    out = (ears[1] - ears[0]) / max(float(np.linalg.norm(ears[1] - ears[0])), 1e-6)
    middle = (small.box[:2] + small.box[2:]) / 2
    # The detector's points are before the ears.
    away = np.linalg.norm(middle - ears - EAR_OUT * wide * np.stack([-out, out]), axis=1)
    return bool(_wide(small) < EAR * wide and away.min() < EAR_AWAY * wide)


def _badges(
    backend: MeshBackend, image: Image, faces: list[Detection], clear: list[bool]
) -> list[bool]:
    """Which of ``faces`` are tiny and on the body below a ``clear`` one."""
    large = [d.box for d, sure in zip(faces, clear, strict=True) if sure]
    tiny = [
        any(
            _wide(d) < TINY * (box[2] - box[0]) and on_torso(d.box, box, SHOULDERS) for box in large
        )
        for d in faces
    ]
    people = backend.persons(image) if any(tiny) else None
    if people is None:
        return [False] * len(faces)
    height, width = image.shape[:2]
    return [
        small and mean_inside(people, d.box, height, width) > BODY
        for d, small in zip(faces, tiny, strict=True)
    ]


def _ranks(
    found: list[list[Detection]], verifier: Verifier | None, image: Image
) -> tuple[dict[int, float], set[int]]:
    """By ``id``: the scores by which detections compete, less for what was seen in a wrong
    orientation and more where the verifier is sure; and which are the whole picture's weak views
    (the first of ``found``) of what surely is a face, of which parts show an eye."""
    flat = [(d, k == 0) for k, part in enumerate(found) for d in part]
    if verifier is None:
        return {id(d): d.score for d, _ in flat}, set()
    own, better = verifier.as_seen(image, [d for d, _ in flat])
    # Half faces and masks look a little like a face in every orientation.
    wrong_way = (better > MISREAD) & (own + better >= SURE_FACE)
    ranks, raised = {}, set()
    for (d, whole), odds, misread in zip(flat, own, wrong_way, strict=True):
        score = d.score - WRONG_WAY * misread - LEANING * (abs(d.roll) > UPRIGHT)
        if whole and odds >= SURE_FACE and d.score < RAISED:
            raised.add(id(d))
            score = max(score, RAISED)
        ranks[id(d)] = float(score + PER_ODDS * np.clip(odds, *ODDS))
    return ranks, raised


def _apart(one: Detection, other: Detection) -> float:
    """Degrees between the lines through the eyes of two faces, 0 to 180."""
    return abs((one.roll - other.roll + 180) % 360 - 180)


def _contested(face: Detection, looks: list[tuple[Detection, float]]) -> bool:
    """Whether another look at ``face`` sees it turned, and is not much weaker."""
    same = [
        (_apart(d, face) > OTHERWISE, rank + LEANING * (abs(d.roll) > UPRIGHT))
        for d, rank in looks
        if same_face(d.box, face.box) or iou(d.box, face.box) > ONCE_MORE
    ]
    own = max((rank for turned, rank in same if not turned), default=0.0)
    return any(turned and rank > own - CONTESTED for turned, rank in same)


def _look_again(
    backend: MeshBackend,
    image: Image,
    detections: list[Detection],
    whole: list[Detection],
    verifier: Verifier | None,
    seen_so_far: list[tuple[Detection, float]],
) -> list[tuple[Detection, float]]:
    """Without those that neither a look framed about them nor the mesh network confirms (in
    close-ups of skin much looks like a face), and without halves of faces: what lies for more than
    half on a face that its mesh confirms, and has no mesh and no clear looks of its own."""
    believed = [d.score >= SURE_SCORE and any(d is e for e in whole) for d in detections]
    overlap = [
        [b for b, e in enumerate(detections) if b != a and share_inside(d.box, e.box) > 0.5]
        for a, d in enumerate(detections)
    ]
    if all(believed) and not any(overlap):
        return [(d, 1.0) for d in detections]
    backend.submit(image, [], [roi_of_detection(d) for d in detections])
    meshes = backend.collect()[1]
    meshed = [good(mesh) for mesh in meshes]
    half = [not m and any(meshed[b] for b in on) for m, on in zip(meshed, overlap, strict=True)]
    doubtful = [k for k, sure in enumerate(believed) if half[k] or not sure]
    framings = _framed(backend, image, [detections[k] for k in doubtful])
    ranks, _ = _ranks([[], *framings, detections], verifier, image)
    seen_so_far += [(d, ranks[id(d)]) for part in framings for d in part]
    looks = dict(zip(doubtful, framings, strict=True))
    out: list[tuple[Detection, float]] = []
    for k, d in enumerate(detections):
        if k not in looks:
            out.append((d, 1.0))
            continue
        seen = [e for e in looks[k] if same_face(e.box, d.box)]
        first, second, *_ = [*sorted((e.score for e in seen), reverse=True), 0.0, 0.0]
        presence = SOME_PRESENCE if seen else FULL_PRESENCE
        hidden = (
            first >= STRONG
            or d.score >= SURE_SCORE
            or (d.score >= FAIR and meshes[k].presence >= presence)
        )
        if hidden and not (half[k] and second < HALF):
            out.append((max([*seen, d], key=lambda e: ranks[id(e)]), max(second, STRONG)))
    known: list[tuple[Detection, float]] = []
    for d, second in sorted(out, key=lambda pair: -ranks[id(pair[0])] - pair[1] / 2):
        # That face upside down: unclear or seen in a wrong orientation, and on a clear one.
        again = (second < CLEAR or ranks[id(d)] < d.score) and any(
            sure >= CLEAR and share_inside(d.box, e.box) > 0.45 for e, sure in known
        )
        # Or with the forehead for its middle, or a smaller one in it.
        again = again or any(
            same_face(d.box, e.box)
            or iou(d.box, e.box) > ONCE_MORE
            or (share_inside(d.box, e.box) > IN_IT and _apart(d, e) > OTHERWISE)
            for e, _ in known
        )
        if not again:
            known.append((d, second))
    return known


def _framed(backend: MeshBackend, image: Image, faces: list[Detection]) -> list[list[Detection]]:
    """What framings about each of ``faces`` show, in all four orientations."""
    height, width = image.shape[:2]
    each = [(reach, turn) for turn in range(4) for reach in _REACHES]
    windows = [framed(d.box, reach, height, width) for d in faces for reach, _ in each]
    backend.submit(image, windows, [], [turn for _ in faces for _, turn in each])
    found, _ = backend.collect()
    count = len(each)
    return [
        [d for part in found[count * k : count * (k + 1)] for d in part] for k in range(len(faces))
    ]
