"""Which mesh belongs to which track, and whether it lies on a face at all."""

from __future__ import annotations

from deepcam.frames import Image
from deepcam.tracking.backend import Mesh, MeshBackend
from deepcam.tracking.evidence import CLEAR, STRONG
from deepcam.tracking.regions import agreement, good, mesh_box, roi_of_detection
from deepcam.tracking.scout import Scout
from deepcam.tracking.verifier import SECOND, Verifier
from deepcam.tracking.views import Tracks, View, width_of


class Meshes:
    """Gives tracks their meshes. ``max_faces``: how many get one, the largest first."""

    def __init__(
        self,
        backend: MeshBackend,
        verifier: Verifier | None,
        scout: Scout,
        tracks: Tracks,
        max_faces: int,
    ) -> None:
        self._backend, self._verifier, self._scout = backend, verifier, scout
        self._tracks, self._max_faces = tracks, max_faces

    def take(self, image: Image, views: dict[int, View], tracked: dict[int, Mesh]) -> None:
        """Give each detected track its mesh: the tracked one if it agrees, else a new one."""
        again = []
        for view in views.values():
            assert view.detection is not None
            mesh = tracked.get(view.number)
            if mesh is None or not good(mesh):
                again.append(view)
                continue
            agree = agreement(mesh, view.detection)
            if agree > 0.5:
                view.mesh = mesh
            elif view.detection.score < STRONG and agree == 0.0:
                view.mesh, view.detection = mesh, None  # the weak detection is something else
            else:
                again.append(view)
        self.from_detections(image, again, len(views) - len(again))

    def compare(self, image: Image, views: dict[int, View]) -> None:
        """The mesh network takes hands for the face that was there before. Where the detector does
        not see the face of a painted mesh clearly, the verifier looks too."""
        if self._verifier is None:
            return
        due: list[View] = []
        for view in views.values():
            person, seen = self._tracks.persons[view.number], view.detection
            if seen is not None and seen.score >= CLEAR:
                person.unlike = 0
                continue
            looked = seen is not None or not self._scout.resting
            if looked and view.mesh is not None and person.evidence.paintable:
                due.append(view)
        boxes = [mesh_box(view.mesh) for view in due if view.mesh is not None]
        for view, odds in zip(due, self._verifier.odds(image, boxes), strict=True):
            person = self._tracks.persons[view.number]
            person.unlike = person.unlike + 1 if odds < SECOND else 0

    def from_detections(self, image: Image, views: list[View], taken: int) -> None:
        """Meshes for ``views``, the largest first, as far as ``max_faces`` allows beside ``taken``
        others."""
        views = sorted(views, key=lambda v: -width_of(v))[: max(self._max_faces - taken, 0)]
        rois = [roi_of_detection(v.detection) for v in views if v.detection is not None]
        for view, mesh in zip(views, self._backend.mesh(image, rois), strict=True):
            assert view.detection is not None
            if good(mesh) and agreement(mesh, view.detection) > 0.0:
                view.mesh = mesh
        self._tracks.stats["meshes"] += len(rois)
