"""Landmarks of training photographs and clips with mediapipe's face mesh."""

from __future__ import annotations

import ast
import inspect
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.training.face_basis import I32, triangles_of
from deepcam.training.photographs import SPAWN, is_that_face, read_eyes, read_index

F64 = NDArray[np.float64]


def tessellation() -> I32:
    """The mesh's triangles (852, 3), in the order of mediapipe's published edge list.

    The module holds a frozenset, which has lost the order; its source has not.
    """
    from mediapipe.python.solutions import face_mesh_connections

    for node in ast.parse(inspect.getsource(face_mesh_connections)).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "FACEMESH_TESSELATION"
            and isinstance(node.value, ast.Call)
        ):
            return triangles_of(ast.literal_eval(node.value.args[0]))
    raise ValueError("mediapipe's tessellation was not found")


def _photos(job: tuple[Path, list[str], dict[str, F64]]) -> list[tuple[str, F64]]:
    from mediapipe.python.solutions import face_mesh

    folder, names, eyes = job
    mesh = face_mesh.FaceMesh(
        static_image_mode=True,
        max_num_faces=1,
        refine_landmarks=True,
        min_detection_confidence=0.3,
    )
    out = []
    for name in names:
        image = cv2.imread(str(folder / "images" / name))
        if image is None:
            continue
        found = _points(mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)), image.shape)
        if found is None:
            continue
        height, width = image.shape[:2]
        if name in eyes and not is_that_face(found, eyes[name], width, height):
            continue
        out.append((name, found))
    mesh.close()
    return out


def _points(result: object, shape: tuple[int, ...]) -> F64 | None:
    faces = getattr(result, "multi_face_landmarks", None)
    if not faces:
        return None
    points = np.array([(p.x, p.y, p.z) for p in faces[0].landmark], np.float64)
    return points * np.array([shape[1], shape[0], shape[1]], np.float64)


def of_photos(folder: Path, jobs: int = 2, most: int = 0) -> dict[str, F64]:
    """Landmarks (478, 3) in pixels by file name; photographs without a face are left out, and those
    in which another face was found than the one they were cut for."""
    names, eyes = [row["file"] for row in read_index(folder, most)], read_eyes(folder)
    shares = [names[k :: jobs * 4] for k in range(jobs * 4)]
    parts = [(folder, some, {n: eyes[n] for n in some if n in eyes}) for some in shares]
    with ProcessPoolExecutor(jobs, mp_context=SPAWN) as pool:
        done = [pair for part in pool.map(_photos, parts) for pair in part]
    return dict(sorted(done))


def _clip(path: Path) -> F64:
    import av
    from mediapipe.python.solutions import face_detection, face_mesh

    mesh = face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.3)
    detector = face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.4)
    affine, out = None, []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            image = frame.to_ndarray(format="rgb24")
            h, w = image.shape[:2]
            if affine is None:  # far faces: the mesh's own detector is for selfies only
                found = detector.process(image).detections
                if not found:
                    continue
                box = found[0].location_data.relative_bounding_box
                cx, cy = (box.xmin + box.width / 2) * w, (box.ymin + box.height / 2) * h
                k = 512 / (2.6 * max(box.width * w, box.height * h))
                affine = np.array([[k, 0, 256 - k * cx], [0, k, 256 - k * cy]])
            points = _points(mesh.process(cv2.warpAffine(image, affine, (512, 512))), (512, 512))
            if points is not None:
                out.append(points)
    return np.array(out)


def of_clips(folder: Path, jobs: int = 2) -> dict[str, F64]:
    """Landmarks (frames, 478, 3) of each clip in ``folder``, in pixels of a crop."""
    paths = sorted(p for p in folder.iterdir() if p.suffix in {".mkv", ".mpg", ".mp4"})
    with ProcessPoolExecutor(jobs, mp_context=SPAWN) as pool:
        return {p.name: a for p, a in zip(paths, pool.map(_clip, paths), strict=True) if len(a)}
