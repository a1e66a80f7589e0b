"""Where the faces of a single picture are: searched in parts of every size and in all four
orientations, because nobody sees the next picture of it."""

from __future__ import annotations

from deepcam.frames import Image
from deepcam.tracking.backend import Detection, MeshBackend, Window
from deepcam.tracking.evidence import FAIR, STRONG
from deepcam.tracking.regions import good, roi_of_detection
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


def search_still(backend: MeshBackend, image: Image) -> list[tuple[Detection, float]]:
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
    return _look_again(backend, image, merge_detections(found, windows), found[0])


def _look_again(
    backend: MeshBackend, image: Image, detections: list[Detection], whole: list[Detection]
) -> list[tuple[Detection, float]]:
    """Without those that neither a look framed about them nor the mesh network confirms (in
    close-ups of skin much looks like a face), and without halves of faces: what lies for more than
    half on a face that its mesh confirms, and has no mesh and no clear looks of its own."""
    backend.submit(image, [], [roi_of_detection(d) for d in detections])
    meshes = backend.collect()[1]
    presence = {id(d): mesh.presence for d, mesh in zip(detections, meshes, strict=True)}
    faces = [d for d, mesh in zip(detections, meshes, strict=True) if good(mesh)]
    halves = {
        id(d)
        for d, mesh in zip(detections, meshes, strict=True)
        if not good(mesh) and any(share_inside(d.box, e.box) > 0.5 for e in faces)
    }
    sure = {id(d) for d in whole if d.score >= SURE_SCORE} - halves
    height, width = image.shape[:2]
    windows: list[Window] = []
    turns: list[int] = []
    doubtful = [d for d in detections if id(d) not in sure]
    for d in doubtful:
        for turn in range(4):
            windows += [framed(d.box, reach, height, width) for reach in _REACHES]
            turns += [turn] * len(_REACHES)
    backend.submit(image, windows, [], turns)
    found, _ = backend.collect()
    count = 4 * len(_REACHES)
    looks = {id(d): found[count * k : count * (k + 1)] for k, d in enumerate(doubtful)}
    out: list[tuple[Detection, float]] = []
    for d in detections:
        if id(d) in sure:
            out.append((d, 1.0))
            continue
        # Of each look the face at this place, of the two best looks the weaker one.
        seen = [e for part in looks[id(d)] for e in part if same_face(e.box, d.box)]
        scores = sorted((e.score for e in seen), reverse=True)
        second = scores[1] if len(scores) > 1 else 0.0
        hidden = bool(scores) and scores[0] >= STRONG
        least = SOME_PRESENCE if scores else FULL_PRESENCE
        hidden = hidden or d.score >= SURE_SCORE
        hidden = hidden or (d.score >= FAIR and presence[id(d)] >= least)
        if not hidden or (id(d) in halves and second < HALF):
            continue
        best = max([*seen, d], key=lambda e: e.score)
        out.append((best, max(second, STRONG)))
    known: list[tuple[Detection, float]] = []
    for d, second in sorted(out, key=lambda pair: (-pair[1], -pair[0].score)):
        if not any(same_face(d.box, e.box) for e, _ in known):
            known.append((d, second))
    return known
