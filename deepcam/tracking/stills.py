"""Where the faces of a single picture are: searched in parts of every size and in all four
orientations, because nobody sees the next picture of it."""

from __future__ import annotations

from deepcam.frames import Image
from deepcam.tracking.backend import Detection, MeshBackend, Window
from deepcam.tracking.evidence import FAIR, STRONG
from deepcam.tracking.regions import good, roi_of_detection
from deepcam.tracking.windows import framed, merge_detections, same_face, share_inside, tiles

SURE_SCORE = 0.7
"""In a part of a still picture a weaker detection is looked at again: 12 of 41 such detections (in
portraits, a café and montages of small faces) were ears, buttons and folds."""
SOME_PRESENCE = 0.1
"""The mesh network's presence that makes such a detection a face. Measured on those 41: faces .38
and more, mistakes .05 and less (one .84)."""


def search_still(backend: MeshBackend, image: Image) -> list[Detection]:
    """The faces in ``image``, strongest first."""
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
    detections = merge_detections(found, windows)
    return _apart(backend, image, _look_again(backend, image, detections, found[0]))


def _apart(backend: MeshBackend, image: Image, detections: list[Detection]) -> list[Detection]:
    """Without ears and half faces: what lies for more than half on a face that its mesh confirms,
    has no mesh of its own, and is not found again by two looks framed about it."""
    pairs = [
        (a, b)
        for a in range(len(detections))
        for b in range(len(detections))
        if a != b and share_inside(detections[a].box, detections[b].box) > 0.5
    ]
    if not pairs:
        return detections
    asked = sorted({k for pair in pairs for k in pair})
    backend.submit(image, [], [roi_of_detection(detections[k]) for k in asked])
    meshed = {k: good(m) for k, m in zip(asked, backend.collect()[1], strict=True)}
    gone = {a for a, b in pairs if meshed[b] and not meshed[a]}
    return [
        d
        for k, d in enumerate(detections)
        if k not in gone or sum(e.score >= STRONG for e in _framed_looks(backend, image, d)) >= 2
    ]


def _framed_looks(backend: MeshBackend, image: Image, face: Detection) -> list[Detection]:
    """What three framings about ``face`` in all four orientations show at its place."""
    height, width = image.shape[:2]
    windows = [framed(face.box, reach, height, width) for reach in (1.5, 2.0, 3.0)] * 4
    backend.submit(image, windows, [], [turn for turn in range(4) for _ in range(3)])
    found, _ = backend.collect()
    return [d for part in found for d in part if same_face(d.box, face.box)]


def _look_again(
    backend: MeshBackend, image: Image, detections: list[Detection], whole: list[Detection]
) -> list[Detection]:
    """Without those that only a small part of a still picture showed and neither a look framed
    about them nor the mesh network confirms: in close-ups of skin much looks like a face."""
    sure = [
        d.score >= SURE_SCORE or (d.score >= STRONG and any(d is other for other in whole))
        for d in detections
    ]
    doubtful = [d for d, known in zip(detections, sure, strict=True) if not known]
    if not doubtful:
        return detections
    height, width = image.shape[:2]
    windows: list[Window] = []
    turns: list[int] = []
    for d in doubtful:
        for turn in range(4):
            windows += [framed(d.box, reach, height, width) for reach in (1.5, 3.0)]
            turns += [turn] * 2
    backend.submit(image, windows, [roi_of_detection(d) for d in doubtful], turns)
    found, meshes = backend.collect()
    out = []
    for k, (d, mesh) in enumerate(zip(doubtful, meshes, strict=True)):
        seen = [e for part in found[8 * k : 8 * k + 8] for e in part if same_face(e.box, d.box)]
        best = max(seen, key=lambda e: e.score, default=None)
        if best is None:
            continue  # one part of dozens showed it, and nothing else ever
        if best.score >= STRONG:
            out.append(best if best.score > d.score else d)
        elif d.score >= FAIR and mesh.presence >= SOME_PRESENCE:
            out.append(d)
    certain = [d for d, known in zip(detections, sure, strict=True) if known]
    for d in sorted(out, key=lambda e: -e.score):
        if not any(same_face(d.box, e.box) for e in certain):
            certain.append(d)
    return certain
