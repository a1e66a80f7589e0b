"""What a sink of safe pictures promises to the sender."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from deepcam.errors import DeepcamError
from deepcam.frames import SafeFrame


class SinkClosedError(Exception):
    """The person closed the output (the preview window): the run ends."""


class SinkFailedError(DeepcamError):
    """The output stopped working for now; closing it and opening it again may help."""


@runtime_checkable
class Sink(Protocol):
    """Where safe pictures go. All calls come from one thread; takes nothing but ``SafeFrame``."""

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Get ready for (width, height) pictures, ``fps`` a second. Raises ``DeepcamError``."""
        ...

    def send(self, frame: SafeFrame) -> None:
        """Show one picture of exactly the size given to ``open``.

        Raises ``SinkFailedError`` (open again), ``SinkClosedError``, ``DeepcamError`` (for good).
        """
        ...

    def close(self) -> None:
        """Finish. Idempotent. Raises ``DeepcamError`` when what was sent could not be kept."""
        ...

    def describe(self) -> str:
        """One sentence for people: what goes where."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """A sink that can tell whether somebody takes its pictures."""

    def watched(self) -> bool | None:
        """None when it cannot be told. Cheap enough for four times a second."""
        ...
