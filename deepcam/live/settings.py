"""How a live session is to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deepcam.casting.roles import Choice
from deepcam.errors import DeepcamError
from deepcam.pipeline import cards


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What ``deepcam run`` and the app can choose."""

    camera: str | int | None = None
    """Name, path or number; None: the first real camera."""
    source: str | Path | None = None
    """A file instead of a camera, or "synthetic"."""
    output: str = "auto"
    """auto, camera, pipewire, window, null or file:PATH."""
    overwrite: bool = False
    """An existing file may be replaced."""
    size: tuple[int, int] = (1280, 720)
    """(width, height) of the output, constant over the run; even numbers."""
    keep_size: bool = True
    """Never make pictures smaller than the camera's, however slow this computer is. The output has
    its ``size`` in any case."""
    fps: float = 30.0
    """Pictures sent a second."""
    identity: str | int | None = None
    """Name in the gallery, seed, a text of ``deepcam.identity.wish``, or None for somebody new."""
    seconds: float | None = None
    """End by itself after so long."""
    provider: str = "auto"
    threads: int = 2
    network: str = "auto"
    on_doubt: Literal["cover", "card"] = "cover"
    cover: Literal["face", "head"] = "face"
    background: str = "keep"
    """What is behind people: keep, blur, a colour or the path of a picture."""
    per_face: bool = False
    choice: Choice = "fits"
    """Somebody new, and further faces: who fits the wearer, or anybody."""
    max_faces: int = 6
    loop: bool = False
    """A file begins again at its end."""
    control: bool = True
    """Listen for commands; needs that no other instance of this user does."""
    on: bool = True
    """False: begin with the card, switched off."""
    card: str = "plain"
    """What is sent while there is no picture: see ``deepcam.pipeline.cards.Card.parse``."""
    language: str = "en"
    """Of words on the card."""
    stay_on: bool = False
    """Keep the camera running when nobody watches the output."""
    asleep: bool = False
    """Begin without the camera until somebody watches the output, as far as it can tell; switched
    off where it cannot (at login: nobody has asked for a picture yet)."""
    source_factory: str = "deepcam.sources:make_source"
    anonymizer_factory: str = "deepcam.pipeline.anonymizer:Anonymizer"

    def check(self) -> None:
        """Raises ``DeepcamError`` for values that cannot work."""
        width, height = self.size
        if not (16 <= width <= 4096 and 16 <= height <= 4096) or width % 2 or height % 2:
            raise DeepcamError(
                f"The size {width}x{height} is not possible.",
                "Use even numbers between 16 and 4096, for example 1280x720.",
            )
        if not 1.0 <= self.fps <= 120.0:
            raise DeepcamError(f"{self.fps:g} frames a second are not possible.", "Use 1 to 120.")
        cards.check(self.card)
        if self.seconds is not None and not self.seconds > 0:
            raise DeepcamError("The number of seconds must be positive.", "Use for example 10.")
