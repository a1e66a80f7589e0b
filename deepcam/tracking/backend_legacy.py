"""MediaPipe 0.10 (up to 0.10.21) through its calculator graphs.

Not ``mediapipe.solutions.face_mesh``: that one looks for faces with the short-range detector and
only while it has none. Here the full-range detector sees every frame, and the landmark network
gets its regions from the tracker. Pictures are cut and scaled before they enter a graph, so no
full-size copy or colour conversion is made. One detector works beside the caller on another core;
everything else runs in the caller's thread while it waits, where nothing has to be woken.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.runtime.cores import Helpers
from deepcam.tracking.backend import F32, F64, Detection, Mesh, Roi, Window
from deepcam.tracking.crops import crop, resize, rgb, shrink, to_image, turn_back, upright_box

DETECTOR_SIZE = 192
MESH_SIZE = 192
PERSONS_SIZE = (256, 144)
N_LANDMARKS = 478
_BYTES_PER_LANDMARK = 17  # tag, length, then three times a tag and a 32-bit float
_RECORD = np.dtype(
    {"names": ["x", "y", "z"], "formats": ["<f4"] * 3, "offsets": [3, 8, 13], "itemsize": 17}
)

# The nodes and numbers follow MediaPipe's own modules face_detection_full_range, face_landmark
# and selfie_segmentation (Apache-2.0); only the score threshold and the inputs are ours.
_DETECTORS = ("beside", "here")
_HERE = """
executor { type: "ApplicationThreadExecutor" }
"""
_TO_TENSOR = """
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image" output_stream: "TENSORS:input"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {width} output_tensor_height: {height} keep_aspect_ratio: false
    output_tensor_float_range {{ min: {low} max: 1 }} }} }}
}}
node {{ calculator: "TfLiteCustomOpResolverCalculator" output_side_packet: "OP_RESOLVER:ops" }}
node {{
  calculator: "InferenceCalculator"
  input_stream: "TENSORS:input" input_side_packet: "OP_RESOLVER:ops"
  output_stream: "TENSORS:output"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    model_path: "mediapipe/modules/{model}.tflite"
    delegate {{ xnnpack {{ num_threads: 1 }} }} }} }}
}}
"""
_DETECTOR = (
    """
input_stream: "image" output_stream: "detections"
"""
    + _TO_TENSOR.format(
        width=DETECTOR_SIZE,
        height=DETECTOR_SIZE,
        low=-1,
        model="face_detection/face_detection_full_range_sparse",
    )
    + """
node {
  calculator: "SsdAnchorsCalculator" output_side_packet: "anchors"
  options { [mediapipe.SsdAnchorsCalculatorOptions.ext] {
    num_layers: 1 min_scale: 0.1484375 max_scale: 0.75 input_size_height: 192
    input_size_width: 192 anchor_offset_x: 0.5 anchor_offset_y: 0.5 strides: 4 aspect_ratios: 1.0
    fixed_anchor_size: true interpolated_scale_aspect_ratio: 0.0 } }
}
node {
  calculator: "TensorsToDetectionsCalculator"
  input_stream: "TENSORS:output" input_side_packet: "ANCHORS:anchors"
  output_stream: "DETECTIONS:raw"
  options { [mediapipe.TensorsToDetectionsCalculatorOptions.ext] {
    num_classes: 1 num_boxes: 2304 num_coords: 16 box_coord_offset: 0 keypoint_coord_offset: 4
    num_keypoints: 6 num_values_per_keypoint: 2 sigmoid_score: true score_clipping_thresh: 100
    reverse_output_order: true x_scale: 192 y_scale: 192 h_scale: 192 w_scale: 192
    min_score_thresh: THRESHOLD } }
}
node {
  calculator: "NonMaxSuppressionCalculator" input_stream: "raw" output_stream: "detections"
  options { [mediapipe.NonMaxSuppressionCalculatorOptions.ext] {
    min_suppression_threshold: 0.3 overlap_type: INTERSECTION_OVER_UNION algorithm: WEIGHTED
    return_empty_detections: true } }
}
"""
)
_MESH = (
    """
input_stream: "image" output_stream: "landmarks" output_stream: "presence"
"""
    + _TO_TENSOR.format(
        width=MESH_SIZE,
        height=MESH_SIZE,
        low=0,
        model="face_landmark/face_landmark_with_attention",
    )
    + """
node {
  calculator: "SplitTensorVectorCalculator"
  input_stream: "output" output_stream: "points" output_stream: "flag"
  options { [mediapipe.SplitVectorCalculatorOptions.ext] {
    ranges { begin: 0 end: 6 } ranges { begin: 6 end: 7 } } }
}
node {
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:flag" output_stream: "FLOAT:presence"
  options { [mediapipe.TensorsToFloatsCalculatorOptions.ext] { activation: SIGMOID } }
}
node {
  calculator: "TensorsToFaceLandmarksWithAttention"
  input_stream: "TENSORS:points" output_stream: "LANDMARKS:landmarks"
}
"""
)
_PERSONS = (
    """
input_stream: "image" output_stream: "mask"
"""
    + _TO_TENSOR.format(
        width=PERSONS_SIZE[0],
        height=PERSONS_SIZE[1],
        low=0,
        model="selfie_segmentation/selfie_segmentation_landscape",
    )
    + """
node {
  calculator: "TensorsToSegmentationCalculator"
  input_stream: "TENSORS:output" output_stream: "MASK:mask_image"
  options { [mediapipe.TensorsToSegmentationCalculatorOptions.ext] { activation: NONE } }
}
node {
  calculator: "FromImageCalculator"
  input_stream: "IMAGE:mask_image" output_stream: "IMAGE_CPU:mask"
}
"""
)


_Look = tuple[float, Window, int]
"""Scale of the detector's picture, its window, its quarter turns."""


class _Graph:
    """A running graph with the input stream ``image``; packets go in now and are fetched later."""

    def __init__(self, config: str, outputs: Sequence[str]) -> None:
        from mediapipe.python import packet_creator
        from mediapipe.python._framework_bindings import calculator_graph, image_frame

        self._create: Any = packet_creator.create_image_frame
        self._format: Any = image_frame.ImageFormat.SRGB
        self._graph: Any = calculator_graph.CalculatorGraph(graph_config=config)
        self._packets: dict[str, list[Any]] = {name: [] for name in outputs}
        self._time = 0
        for name in outputs:
            self._graph.observe_output_stream(name, self._store, True)
        self._graph.start_run()

    def _store(self, name: str, packet: Any) -> None:
        self._packets[name].append(packet)

    def send(self, rgb: Image) -> None:
        self._time += 1
        packet = self._create(image_format=self._format, data=rgb)
        self._graph.add_packet_to_input_stream("image", packet.at(self._time))

    def fetch(self) -> dict[str, list[Any]]:
        """Every packet since the last ``fetch``, after all input is done (releases the GIL)."""
        self._graph.wait_until_idle()
        found, self._packets = self._packets, {name: [] for name in self._packets}
        return found

    def close(self) -> None:
        self._graph.close_all_packet_sources()
        self._graph.wait_until_done()


class LegacyBackend:
    """``MeshBackend`` on mediapipe 0.10.x. ``threshold``: lowest detector score reported, 0..1.

    Raises ``DeepcamError`` when mediapipe is missing or does not fit.
    """

    def __init__(self, threshold: float = 0.2) -> None:
        # MediaPipe's C++ log would otherwise print start-up notes on the user's terminal.
        os.environ.setdefault("GLOG_minloglevel", "2")
        try:
            import mediapipe

            # Their messages are looked up by name; nothing else imports them in a bundle.
            from mediapipe.framework.formats import detection_pb2, landmark_pb2  # noqa: F401
            from mediapipe.python import packet_getter
            from mediapipe.python._framework_bindings import resource_util

            root = os.path.dirname(os.path.dirname(os.path.abspath(mediapipe.__file__)))
            resource_util.set_resource_dir(root)
            self._get: Any = packet_getter
            detector = _DETECTOR.replace("THRESHOLD", f"{threshold:g}")
            self._helpers = Helpers()
            with self._helpers.recruit():
                beside = _Graph(detector, ["detections"])
            self._graphs = {"beside": beside, "here": _Graph(detector + _HERE, ["detections"])}
            self._graphs["mesh"] = _Graph(_MESH + _HERE, ["landmarks", "presence"])
        except (ImportError, RuntimeError, ValueError, AttributeError) as error:
            raise DeepcamError(
                f"The face tracker (mediapipe) could not start: {error}",
                "Install the version that belongs to this program: pip install mediapipe==0.10.21",
            ) from error
        self._pending: tuple[list[_Look], list[Roi]] | None = None

    def submit(
        self,
        image: Image,
        windows: Sequence[Window],
        rois: Sequence[Roi],
        turns: Sequence[int] = (),
    ) -> None:
        """See ``MeshBackend.submit``."""
        self._helpers.make_way()
        turns = turns or [0] * len(windows)
        views = list(enumerate(zip(windows, turns, strict=True)))
        looks = [(self._send_window(image, w, t, k), w, t) for k, (w, t) in views[:1]]
        self._send_crops(image, rois)
        looks += [(self._send_window(image, w, t, k), w, t) for k, (w, t) in views[1:]]
        self._pending = (looks, list(rois))

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        """See ``MeshBackend.collect``."""
        if self._pending is None:
            raise RuntimeError("collect without submit")
        (windows, rois), self._pending = self._pending, None
        meshes = self._fetch_meshes(rois)
        return self._fetch_detections(windows), meshes

    def mesh(self, image: Image, rois: Sequence[Roi]) -> list[Mesh]:
        """See ``MeshBackend.mesh``."""
        if not rois:
            return []
        self._send_crops(image, rois)
        return self._fetch_meshes(list(rois))

    def persons(self, image: Image) -> F32:
        """(144, 256) float32, see ``MeshBackend.persons``."""
        if "persons" not in self._graphs:  # seldom needed, so loaded on first use
            self._graphs["persons"] = _Graph(_PERSONS + _HERE, ["mask"])
        self._graphs["persons"].send(rgb(resize(image, *PERSONS_SIZE)))
        packets = self._graphs["persons"].fetch()["mask"]
        if not packets:
            raise RuntimeError("the person segmentation gave no answer")
        mask = self._get.get_image_frame(packets[-1]).numpy_view()
        return np.array(mask, np.float32).reshape(PERSONS_SIZE[1], PERSONS_SIZE[0])

    def close(self) -> None:
        """See ``MeshBackend.close``."""
        graphs, self._graphs = self._graphs, {}
        for graph in graphs.values():
            graph.close()

    def _send_crops(self, image: Image, rois: Sequence[Roi]) -> None:
        for roi in rois:
            self._graphs["mesh"].send(crop(image, roi, MESH_SIZE))

    def _send_window(self, image: Image, window: Window, turn: int, number: int) -> float:
        """Begin detection in a window; its scale. Every second window is for the caller's core."""
        x0, y0, x1, y1 = window
        small, scale = shrink(image[y0:y1, x0:x1], DETECTOR_SIZE, turn)
        self._graphs[_DETECTORS[number % 2]].send(small)
        return scale

    def _fetch_detections(self, windows: list[_Look]) -> list[list[Detection]]:
        packets: list[Any] = [None] * len(windows)
        # What runs in this thread first, then the wait for the other.
        for k, name in reversed(list(enumerate(_DETECTORS[: len(windows)]))):
            found = self._graphs[name].fetch()["detections"]
            if len(found) != len(windows[k::2]):
                raise RuntimeError("the face detector gave no answer")
            packets[k::2] = found
        return [self._decode(packet, *look) for packet, look in zip(packets, windows, strict=True)]

    def _decode(self, packet: Any, scale: float, window: Window, turn: int) -> list[Detection]:
        width, height = window[2] - window[0], window[3] - window[1]
        found = []
        for proto in self._get.get_proto_list(packet):
            data = proto.location_data
            box = data.relative_bounding_box
            points = [(k.x, k.y) for k in data.relative_keypoints]
            corners = [(box.xmin, box.ymin), (box.xmin + box.width, box.ymin + box.height)]
            # Half a pixel: the picture's first pixel has its centre at 0, not its edge.
            xy = np.array(corners + points, np.float64) * (DETECTOR_SIZE / scale) - 0.5
            xy = turn_back(xy, width, height, turn) + window[:2]
            if np.isfinite(xy).all() and box.width > 0 and box.height > 0:
                found.append(Detection(upright_box(xy[:2]), xy[2:], float(proto.score[0])))
        return sorted(found, key=lambda d: -d.score)

    def _fetch_meshes(self, rois: list[Roi]) -> list[Mesh]:
        if not rois:
            return []
        packets = self._graphs["mesh"].fetch()
        if not len(packets["landmarks"]) == len(packets["presence"]) == len(rois):
            raise RuntimeError("the face mesh gave no answer")
        meshes = []
        for roi, points, presence in zip(
            rois, packets["landmarks"], packets["presence"], strict=True
        ):
            local = _landmarks(self._get.get_proto(points))
            meshes.append(Mesh(to_image(local, roi), float(self._get.get_float(presence))))
        return meshes


def _landmarks(proto: Any) -> F64:
    """Landmark list to (478, 3), relative to the crop. Reading the wire format is ten times
    faster than 1,434 attribute look-ups; anything unexpected takes the slow way."""
    data = proto.SerializeToString()
    if len(data) == N_LANDMARKS * _BYTES_PER_LANDMARK:
        raw = np.frombuffer(data, np.uint8).reshape(N_LANDMARKS, _BYTES_PER_LANDMARK)
        if (raw[:, [0, 1, 2, 7, 12]] == (0x0A, 0x0F, 0x0D, 0x15, 0x1D)).all():
            record = np.frombuffer(data, _RECORD)
            points: F64 = np.stack([record["x"], record["y"], record["z"]], 1).astype(np.float64)
            return points
    return np.array([(p.x, p.y, p.z) for p in proto.landmark], np.float64)
