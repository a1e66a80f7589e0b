"""Which vision library is installed, without loading it or anything heavy."""

from __future__ import annotations

import importlib.metadata

from deepcam.errors import DeepcamError

LEGACY = "mediapipe 0.10 graphs"
TASKS = "mediapipe tasks"


def installed() -> str:
    """``LEGACY`` or ``TASKS``, by the mediapipe that is installed, which is not loaded.

    0.10.21 could do both: its graphs need no download and are a little faster. Raises
    ``DeepcamError`` without mediapipe.
    """
    try:
        version = importlib.metadata.version("mediapipe")
    except importlib.metadata.PackageNotFoundError:  # missing, or a bundle without these notes
        try:
            import mediapipe
        except ImportError as error:
            raise DeepcamError(
                "The face tracker (mediapipe) is missing.", "Install it: pip install mediapipe"
            ) from error
        version = str(mediapipe.__version__)
    numbers = [int(n) for n in version.split(".")[:3] if n.isdecimal()]
    return LEGACY if numbers <= [0, 10, 21] else TASKS  # later wheels carry no networks
