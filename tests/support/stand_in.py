"""An anonymizer that costs nothing, for tests of what lies around it."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import numpy as np

from deepcam.frames import Frame, Reason, SafeFrame


class Blank:
    """Every picture becomes grey. Takes the place of ``Anonymizer``."""

    problem = None
    identity = None
    generator = SimpleNamespace(provider="none", provider_reason="")

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def warm_up(self, *_: Any) -> None:
        pass

    def audition(self, *_: Any) -> None:
        pass

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass

    def process(self, frame: Frame) -> SafeFrame:
        image = np.full_like(frame.image, 128)
        return SafeFrame(image, Reason.COVERED, "", frame.time, frame.number)


def take_its_place(kind: type = Blank) -> None:
    """Whatever module of the file command makes anonymizers makes ``kind`` from now on."""
    for name in ("deepcam.batch.files", "deepcam.batch.work"):
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        if hasattr(module, "Anonymizer"):
            module.Anonymizer = kind
