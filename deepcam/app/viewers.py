"""Who looks at the virtual camera now."""

from __future__ import annotations

import re
import sys
import time as clock
from collections.abc import Callable, Sequence

import psutil
from PySide6.QtCore import QObject, Signal

from deepcam.app.background import Background
from deepcam.errors import DeepcamError

LOOK = 1.5
"""Seconds between two looks."""
_PLAIN = {
    "zoom": "Zoom",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "chromium": "Chromium",
    "teams": "Teams",
    "teams-for-linux": "Teams",
    "skypeforlinux": "Skype",
    "obs": "OBS",
    "discord": "Discord",
    "signal-desktop": "Signal",
    "cheese": "Cheese",
    "snapshot": "Snapshot",
    "brave": "Brave",
    "msedge": "Edge",
}
_PROCESS = re.compile(r"^(.*?) \(process (\d+)\)$")


def who_watches() -> list[str]:
    """Names of the programs that have the virtual camera open, as people know them; slow."""
    if sys.platform != "linux":
        return []
    from deepcam.sinks.virtualcam import find_device
    from deepcam.sources.v4l2 import holders

    path = find_device()
    if path is None:
        return []
    own = psutil.Process()
    ours = {own.pid, *(child.pid for child in own.children(recursive=True))}
    return plain(holders(path), ours)


def plain(users: Sequence[str], ours: set[int]) -> list[str]:
    """``users`` ("zoom (process 7)") by their names, each once, without processes of ``ours``."""
    found: dict[str, None] = {}
    for user in users:
        match = _PROCESS.match(user)
        name, number = (match[1], int(match[2])) if match else (user, -1)
        if number not in ours:
            found[_PLAIN.get(name.lower(), name)] = None
    return list(found)


class Viewers(QObject):
    """``names`` as of the last look; ``changed`` when others look."""

    changed = Signal()

    def __init__(self, ask: Callable[[], list[str]] = who_watches) -> None:
        super().__init__()
        self._ask = ask
        self._background = Background()
        self._looked = -LOOK
        self.names: list[str] = []

    def look(self) -> None:
        """Look again, if the last look is old enough; the answer comes later."""
        now = clock.monotonic()
        if now - self._looked >= LOOK and not self._background.waiting:
            self._looked = now
            self._background.run(self._ask, self._have, self._failed)

    def close(self) -> None:
        """At the program's end."""
        self._background.close()

    def _have(self, names: list[str]) -> None:
        if names != self.names:
            self.names = names
            self.changed.emit()

    def _failed(self, _: DeepcamError) -> None:
        self._have([])
