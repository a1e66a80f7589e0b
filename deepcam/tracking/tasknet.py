"""One network on MediaPipe's Tasks library, with its bare numbers as the answer.

The library's own face tasks search and follow faces by rules of their own. Its image embedder
runs any network that takes a picture and hands out what comes out of it.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np

from deepcam.frames import Image
from deepcam.tracking.backend import F32


class TaskNetwork:
    """A network on the processor. One run at a time; ``run`` may be called from any thread.

    ``model``: a .tflite file's bytes. ``low``: what black becomes in its input, -1 or 0; white
    becomes 1. Raises what the library raises: ``RuntimeError``, ``ValueError``, ``ImportError``.
    """

    def __init__(self, model: bytes, low: int) -> None:
        import mediapipe as mp
        from mediapipe.tasks.python import BaseOptions, vision

        self._picture: Any = mp.Image
        self._format: Any = mp.ImageFormat.SRGB
        options = vision.ImageEmbedderOptions(
            base_options=BaseOptions(model_asset_buffer=with_metadata(model, low))
        )
        self._embedder: Any = vision.ImageEmbedder.create_from_options(options)
        self._end = weakref.finalize(self, _end, self._embedder)
        self._lock = threading.Lock()
        self._direct: Any = _direct_result()

    def run(self, rgb: Image) -> list[F32]:
        """The output tensors, flat, in the network's order, for its (h, w, 3) RGB input."""
        with self._lock:
            picture = self._picture(image_format=self._format, data=np.ascontiguousarray(rgb))
            if self._direct is not None:
                try:
                    return self._read_directly(picture)
                except (AttributeError, TypeError):
                    self._direct = None  # another version of the library
            found = self._embedder.embed(picture).embeddings
        return [np.asarray(e.embedding, np.float32) for e in found]

    def _read_directly(self, picture: Any) -> list[F32]:
        """Without the list of Python numbers, which takes as long as the network itself."""
        from ctypes import byref

        embedder, result = self._embedder, self._direct()
        lib, handle, image = embedder._lib, embedder._handle, picture._image_ptr
        lib.MpImageEmbedderEmbedImage(handle, image, None, byref(result))
        try:
            found = [result.embeddings[k] for k in range(result.embeddings_count)]
            return [
                np.ctypeslib.as_array(e.float_embedding, (e.values_count,)).astype(np.float32)
                for e in found
            ]
        finally:
            lib.MpImageEmbedderCloseResult(byref(result))

    def close(self) -> None:
        """Free the network. Idempotent."""
        with self._lock:
            self._end()


def _end(embedder: Any) -> None:
    try:
        embedder.close()
    except RuntimeError:  # the interpreter ends and its helpers are gone; so is the process soon
        embedder._handle = None


def _direct_result() -> Any:
    try:
        from mediapipe.tasks.python.components.containers import embedding_result_c
    except ImportError:
        return None
    return getattr(embedding_result_c, "MpEmbeddingResultC", None)


def with_metadata(model: bytes, low: int) -> bytes:
    """The model with a note of how its input is scaled, which the library demands.

    A model that brings such a note is returned as it is.
    """
    import flatbuffers
    from mediapipe.tasks.metadata import metadata_schema_py_generated as notes
    from mediapipe.tasks.metadata import schema_py_generated as schema

    network: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    if any(m.name == b"TFLITE_METADATA" for m in network.metadata or []):
        return model
    scaling = notes.NormalizationOptionsT()
    scaling.mean, scaling.std = ([127.5], [127.5]) if low < 0 else ([0.0], [255.0])
    unit = notes.ProcessUnitT()
    unit.optionsType = notes.ProcessUnitOptions.NormalizationOptions
    unit.options = scaling
    content = notes.ContentT()
    content.contentPropertiesType = notes.ContentProperties.ImageProperties
    content.contentProperties = notes.ImagePropertiesT()
    content.contentProperties.colorSpace = notes.ColorSpaceType.RGB
    picture = notes.TensorMetadataT()
    picture.name, picture.processUnits, picture.content = "image", [unit], content
    part = notes.SubGraphMetadataT()
    part.inputTensorMetadata, part.outputTensorMetadata = [picture], []
    for number in network.subgraphs[0].outputs:
        answer = notes.TensorMetadataT()
        answer.name = network.subgraphs[0].tensors[number].name.decode()
        part.outputTensorMetadata.append(answer)
    note = notes.ModelMetadataT()
    note.subgraphMetadata = [part]
    builder = flatbuffers.Builder(0)
    builder.Finish(note.Pack(builder), b"M001")
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(bytes(builder.Output()), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(network.buffers)
    network.buffers.append(buffer)
    network.metadata = [*(network.metadata or []), entry]
    builder = flatbuffers.Builder(len(model) + 4096)
    builder.Finish(network.Pack(builder), b"TFL3")
    return bytes(builder.Output())
