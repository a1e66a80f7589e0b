"""``deepcam demo``: the camera where there is one, else a film of somebody who does not exist."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepcam.batch.files import Job, Kind, Options, Summary, anonymize
from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.identity.gallery import resolve_identity
from deepcam.showcase.actors import Actor, film

PLAYED, WORN = 3, 5
"""Seeds of the person in the film, and of the face put on."""
SIZE = (960, 540)
FPS = 25
FRAMES = 100
SCALE = 0.115
"""Distance of the eyes over the picture's height."""


def can_run_live() -> bool:
    """Whether there is a real camera, and a virtual camera or a screen to show it on."""
    from deepcam.sinks.virtualcam import find_device
    from deepcam.sinks.window import has_display
    from deepcam.sources.v4l2 import list_cameras

    if not any(camera.usable for camera in list_cameras()):
        return False
    return has_display() or find_device() is not None


def render(path: Path, size: tuple[int, int] = SIZE, frames: int = FRAMES) -> None:
    """Write the film of one person who does not exist. Raises ``DeepcamError``."""
    from deepcam.sinks.writer import VideoWriter

    width, height = size
    actor = Actor(resolve_identity(PLAYED), (0.5 * width, 0.40 * height), SCALE * height)
    with VideoWriter(path, size, FPS, overwrite=True, quality=14) as writer:
        for picture in film([actor], size, FPS, frames):
            writer.write(picture)


def demonstrate(
    output: str | Path = "deepcam-demo",
    identity: str | int | None = None,
    say: Callable[[str], None] = lambda _: None,
    frames: int | None = None,
) -> dict[str, Any]:
    """Render, anonymize and lay side by side, in the directory ``output``; older results there
    are replaced. Returns the summary with the names of what was written. Raises ``DeepcamError``.
    """
    frames = FRAMES if frames is None else frames
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeepcamError(
            f"The directory {folder} cannot be made: {error.strerror}.", "Use --output."
        ) from None
    before, after = folder / "before.mp4", folder / "after.mp4"
    picture = folder / "side-by-side.png"
    say(f"No camera with a screen: rendering {frames} frames of a person who does not exist.")
    began = time.monotonic()
    render(before, frames=frames)
    rendered = time.monotonic() - began
    say("Putting on the face of somebody else who does not exist.")
    worn = resolve_identity(WORN if identity is None else identity)
    summary: Summary = anonymize(
        [Job(before, after, Kind.VIDEO, True)],
        Options(identity=worn.seed if identity is None else identity, force=True),
    )
    side_by_side(before, after, picture, frames)
    result = {
        "before": str(before),
        "after": str(after),
        "picture": str(picture),
        "identity": worn.name,
        "render_seconds": round(rendered, 3),
        **summary.as_dict(),
    }
    return result


def side_by_side(before: Path, after: Path, target: Path, frames: int, columns: int = 4) -> None:
    """A PNG with ``columns`` moments: the film above, the anonymized film below it."""
    from deepcam.batch.stills import write_still

    wanted = [round((k + 0.5) * frames / columns) for k in range(columns)]
    rows = [_pictures(path, wanted) for path in (before, after)]
    if not rows[0] or len(rows[0]) != len(rows[1]):
        raise DeepcamError("The two films do not have the same length.", "Run it once more.")
    sheet = np.vstack([np.hstack(row) for row in rows])
    write_still(target, np.ascontiguousarray(sheet), overwrite=True)


def _pictures(path: Path, wanted: list[int]) -> list[Image]:
    from deepcam.sources.video import VideoReader

    found = []
    with VideoReader(path) as reader:
        for number, picture in enumerate(reader):
            if number in wanted:
                height, width = picture.image.shape[:2]
                # The middle of the picture, where the head is.
                part = picture.image[:, width // 2 - height // 2 : width // 2 + height // 2]
                found.append(cv2.resize(part, (420, 420), interpolation=cv2.INTER_AREA))
    return found


def report(result: dict[str, Any]) -> str:
    """What to print: where the results are and how fast it went."""
    return "\n".join(
        [
            f"before        {result['before']}",
            f"after         {result['after']} (as {result['identity']})",
            f"side by side  {result['picture']}",
            f"frames        {result['frames']}: {result['generated']} generated, "
            f"{result['covered']} covered, {result['card']} card, {result['empty']} without a face",
            f"speed         {result['fps']} frames a second with reading, writing and start-up "
            f"({result['seconds']} s, {result['provider']})",
        ]
    )
