"""Another program on the same pictures: deface (PyPI, MIT), which finds faces and blurs them."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import cycle, islice
from typing import Any

import cv2

from deepcam.frames import Image

THRESHOLD = 0.2
"""deface's own default."""
WARM = 2


def deface(pictures: Iterable[Image], frames: int) -> dict[str, Any] | None:
    """How many of ``pictures`` (h, w, 3; BGR) a second deface searches for faces, on the processor
    and in full size as it does by default; None where it is not installed. What it takes to blur
    and to write them comes on top. With ``onnx`` it runs on ONNX Runtime, else in OpenCV."""
    if find_spec("deface") is None:
        return None
    with contextlib.redirect_stdout(io.StringIO()):
        search = import_module("deface.centerface").CenterFace(
            override_execution_provider="CPUExecutionProvider" if find_spec("onnx") else None
        )
    found, times = 0, []
    for number, shown in enumerate(islice(cycle(pictures), frames + WARM)):
        picture = cv2.cvtColor(shown, cv2.COLOR_BGR2RGB)
        start = time.perf_counter()
        faces, _ = search(picture, threshold=THRESHOLD)
        if number >= WARM:
            times.append(time.perf_counter() - start)
            found += len(faces) > 0
    try:
        release = version("deface")
    except PackageNotFoundError:
        release = ""
    return {
        "version": release,
        "backend": str(search.backend),
        "frames": frames,
        "with_faces": found,
        "fps": round(frames / sum(times), 2),
    }
