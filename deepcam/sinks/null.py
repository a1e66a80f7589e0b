"""The sink that keeps nothing."""

from __future__ import annotations

from deepcam.frames import SafeFrame


class NullSink:
    """Counts pictures and drops them."""

    def __init__(self) -> None:
        self.sent = 0

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Nothing to do."""

    def send(self, frame: SafeFrame) -> None:
        """Count."""
        self.sent += 1

    def close(self) -> None:
        """Nothing to do."""

    def watched(self) -> bool:
        """Nobody can see what goes nowhere."""
        return False

    def describe(self) -> str:
        """For people."""
        return "The picture goes nowhere (null output)."
