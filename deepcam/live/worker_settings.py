"""What the worker process is told at its start."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deepcam.pipeline.anonymizer import AnonymizerSettings


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Everything the worker needs; can be pickled.

    The factories are dotted paths ``module:name``, so that tests can put others in their place:
    ``source_factory(source)`` makes a source, ``anonymizer_factory(anonymizer)`` an anonymizer.
    """

    source: Any
    """What the source's factory takes; picklable."""
    anonymizer: AnonymizerSettings = field(default_factory=AnonymizerSettings)
    film: bool = False
    """The source is a file: it begins when the anonymizer is ready, and its end ends the run."""
    loop: bool = False
    """A source that ends is opened again."""
    source_factory: str = "deepcam.sources:make_source"
    anonymizer_factory: str = "deepcam.pipeline.anonymizer:Anonymizer"
    gallery_factory: str = "deepcam.identity.gallery:Gallery"
    on: bool = True
    """False: start without taking the camera."""
    fps: float = 30.0
    """Frames that are made a second at most; the sender needs no more."""
    spare: str | int | None = None
    """Who is worn when the saved identity cannot be loaded (see ``deepcam.identity.wish``); None:
    then there is no picture."""
    adapt: bool = False
    """Make the picture smaller when this computer cannot keep up with the camera."""
    side: int = 0
    """The shorter side to which the camera's pictures are made smaller; 0: as they come."""


def resolve(path: str) -> Callable[..., Any]:
    """What ``module:name`` names."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
