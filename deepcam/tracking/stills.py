"""Where the faces of a single picture are: searched in parts of every size and in all four
orientations, because nobody sees the next picture of it."""

from __future__ import annotations

from deepcam.frames import Image
from deepcam.tracking.backend import Detection, MeshBackend
from deepcam.tracking.evidence import FAIR, STRONG
from deepcam.tracking.regions import good, roi_of_detection
from deepcam.tracking.verifier import NO_FACE, Verifier
from deepcam.tracking.windows import framed, merge_detections, same_face, share_inside, tiles

SURE_SCORE = 0.7
"""Detections in the whole picture from this score on are believed; all others are looked at again:
12 of 41 in parts of pictures (portraits, a café and montages of small faces) were ears, buttons and
folds. Of 193 made faces 95 % have two looks from this score on, of 87 mistakes none."""
SOME_PRESENCE, FULL_PRESENCE = 0.1, 0.9
"""The mesh network's presence that hides a detection which a framed look showed only weakly, and
one that none showed. Measured on those 41: faces .38 and more, mistakes .05 and less (one .84)."""
HALF = 0.6
"""Second-best look from which what lies on a face, without a mesh of its own, is another face."""
_REACHES = (1.5, 2.0, 3.0)


def search_still(
    backend: MeshBackend, image: Image, verifier: Verifier | None = None
) -> list[tuple[Detection, float]]:
    """The faces in ``image``, and how surely each is one: the second-best score of looks framed
    about it, at least ``STRONG`` (so that it is hidden in any case)."""
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
    out = _look_again(backend, image, merge_detections(found, windows), found[0])
    if verifier is None:
        return out
    odds = verifier.odds(image, [d.box for d, _ in out])
    return [pair for pair, face in zip(out, odds, strict=True) if face >= NO_FACE]


def _look_again(
    backend: MeshBackend, image: Image, detections: list[Detection], whole: list[Detection]
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
    looks = dict(
        zip(doubtful, _framed(backend, image, [detections[k] for k in doubtful]), strict=True)
    )
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
            out.append((max([*seen, d], key=lambda e: e.score), max(second, STRONG)))
    known: list[tuple[Detection, float]] = []
    for d, second in sorted(out, key=lambda pair: (-pair[1], -pair[0].score)):
        if not any(same_face(d.box, e.box) for e, _ in known):
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
