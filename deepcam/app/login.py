"""Start at login, as far as this system can do it."""

from __future__ import annotations

from deepcam.errors import DeepcamError


class Login:
    """The system's own answer counts, not what the settings remember."""

    def __init__(self) -> None:
        self.possible = True
        try:
            from deepcam.platform import autostart  # noqa: F401
        except ImportError:
            self.possible = False

    def is_on(self, otherwise: bool) -> bool:
        """Whether the app starts at login; ``otherwise`` where the system cannot tell."""
        if not self.possible:
            return otherwise
        from deepcam.platform.autostart import is_autostart

        try:
            return is_autostart()
        except DeepcamError:
            return otherwise

    def set(self, on: bool) -> None:
        """Change it if it is different. Raises ``DeepcamError``."""
        if self.possible and on != self.is_on(False):
            from deepcam.platform.autostart import set_autostart

            set_autostart(on)
