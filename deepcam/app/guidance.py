"""Help when something is wrong: the banner in the preview, the guide, what their buttons do."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from deepcam.app.background import Background
from deepcam.app.controller import PASSING, Controller
from deepcam.app.first_run import CAMERA, OUTPUT, WELCOME, Guide
from deepcam.app.outlook import can_be_seen
from deepcam.app.settings import Settings, SettingsFile
from deepcam.app.told import told
from deepcam.app.trouble import Banner, Trouble, insert
from deepcam.errors import DeepcamError

LOOK = 2.0
"""Seconds between two looks whether calls can see the picture."""
SLOW, SLOW_FOR = 14.0, 20.0
"""Pictures a second, and seconds, after which a computer counts as slow."""
SMALL = (640, 360)


class Guidance(QObject):
    """``notify`` gets a new trouble's sentence (for people who do not see the preview)."""

    face_lost = Signal(str)
    """Why the face that is always worn could not be; may come from any thread."""
    changed = Signal()
    """The guide has changed the settings."""

    def __init__(
        self,
        controller: Controller,
        store: SettingsFile,
        window: QWidget,
        cameras: Callable[[], list[str]],
        show_faces: Callable[[], None],
        notify: Callable[[str], None] = lambda _: None,
        viewers: Callable[[], list[str]] = list,
    ) -> None:
        super().__init__()
        self._controller, self._store, self._window = controller, store, window
        self._cameras, self._show_faces, self._notify = cameras, show_faces, notify
        self._viewers = viewers
        self._background = Background()
        self._closed = False
        self._unkept: Settings | None = None
        self._looked = -LOOK
        self.lack = ""
        self._other = ""
        self._slow_since: float | None = None
        self._replaced = ""
        self.guide: Guide | None = None
        self._guides: list[Guide] = []
        """All there were: what they do in the background may still run."""
        self.banner = Banner()
        self.banner.wanted.connect(self.remedy)
        insert(self.banner, window)
        self.face_lost.connect(self._face_lost)

    def begin(self, guide: bool = True) -> None:
        """At the start: the guide for who is here for the first time; old trash goes."""
        from deepcam.identity.gallery import Gallery

        self._background.run(lambda: Gallery().empty_trash(), _nothing, _nothing)
        if guide and self._store.first_run:
            self.show_guide()

    def look(self, status: dict[str, Any]) -> None:
        """Bring the banner up to date with the session's ``status``."""
        now = clock.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            seen = can_be_seen(self._store.now.output)
            self.lack = "" if seen else self.tr(
                "Calls cannot see this picture yet: there is no virtual camera."
            )  # fmt: skip
        replaced = str(status.get("replaced") or "")
        if replaced and replaced != self._replaced:
            self._controller.replaced(status["face"])
            self._face_lost(replaced)
        self._replaced = replaced
        self._seek_other(status)
        slow = self._slow(status, now)
        if self.banner.watch(status, self._controller.problem, self.lack, self._other, slow):
            assert self.banner.shown is not None
            self._notify(told(self.banner.shown.sentence))

    def _seek_other(self, status: dict[str, Any]) -> None:
        """Another camera to offer while the present one is gone."""
        wrong = str(status.get("camera_problem") or "")
        now = str(status.get("camera") or self._controller.camera or "")
        if not (status.get("running") and status.get("on")) or wrong in PASSING:
            self._other = ""
        elif not self._background.waiting:

            def done(names: list[str]) -> None:
                others = [name for name in names if name != now]
                self._other = others[0] if others and now else ""

            self._background.run(self._cameras, done, _nothing)

    def _slow(self, status: dict[str, Any], now: float) -> str:
        """What to say of a computer that cannot keep up; '' for others. Not while a call looks: it
        would have to get used to another size."""
        measured = status.get("measured") or {}
        rate = float(measured.get("fps_fresh") or 0.0)
        seen = status.get("showing") == "generated" and status.get("on")
        large = self._store.now.size[0] > SMALL[0]
        if not seen or not large or not 0 < rate < SLOW or self._viewers() or status.get("watched"):
            self._slow_since = None
            return ""
        if self._slow_since is None:
            self._slow_since = now
        if now - self._slow_since < SLOW_FOR:
            return ""
        return self.tr(
            "This computer is too slow for a large picture; a smaller one runs smoother."
        )

    def keep(self, settings: Settings) -> bool:
        """Save the settings; where that fails, the banner says so."""
        try:
            self._store.save(settings)
        except DeepcamError as error:
            self._unkept = settings
            self.banner.tell(Trouble(error.what, "writable"))
            return False
        self._unkept = None
        self.banner.settle("writable")
        return True

    def remedy(self, which: str) -> None:
        """What the banner's button does."""
        if which == "camera":
            self.show_guide(CAMERA)
        elif which == "other":
            self._controller.use_camera(self._other or None)
        elif which == "smaller":
            if self.keep(replace(self._store.now, size=SMALL)):
                self.changed.emit()
        elif which == "full":
            self._controller.full_size()
        elif which == "setup":
            self.show_guide(OUTPUT)
        elif which == "faces":
            self.banner.settle("faces")
            self._show_faces()
        elif which == "fetch":
            self._fetch()
        elif which == "writable":
            self._make_writable()
        else:
            self._controller.restart()

    def show_guide(self, step: int = WELCOME) -> None:
        """The guide at one of its steps, or the one that is open already."""
        if self.guide is None:
            self.guide = Guide(
                self._controller, self._store, self.keep, self._cameras, self._window,
                viewers=self._viewers,
            )  # fmt: skip
            self._guides.append(self.guide)
            self.guide.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.guide.changed.connect(self.changed)
            self.guide.finished.connect(self._guide_ended)
        self.guide.show_step(step)
        self.guide.show()
        self.guide.raise_()
        self.guide.activateWindow()

    def speak(self) -> None:
        """In the language of now: a guide that is open begins its step again."""
        if self.guide is not None:
            step = self.guide.pages.currentIndex()
            self.guide.end(wait=False)  # so that closing it does not count as seen
            self.guide.close()
            self.show_guide(step)

    def close(self) -> None:
        """At the program's end; a guide that is open is shown again at the next start."""
        self._closed = True
        if self.guide is not None:
            self.guide.finished.disconnect(self._guide_ended)
            self.guide.end()
            self.guide.close()
            self.guide = None
        for guide in self._guides:
            guide.end()
        self._background.close()

    def _guide_ended(self) -> None:
        if self.guide is not None:
            self.guide.end(wait=False)
            self.guide = None
        self._looked = -LOOK

    def _face_lost(self, why: str) -> None:
        text = self.tr("{0} Somebody new is worn instead.")
        self.banner.tell(Trouble(text.format(told(why)), "faces"))

    def _fetch(self) -> None:
        from deepcam.models.fetch import fetch_tracker_model

        def progress(done: int, whole: int) -> None:
            if self._closed:
                raise DeepcamError("The program ends.")

        def done(_: object) -> None:
            self.banner.busy("")
            self._controller.restart()

        def failed(error: DeepcamError) -> None:
            self.banner.busy("")
            self.banner.text.setText(told(error))

        self.banner.busy(self.tr("The networks are being fetched (36 MB)."))
        self._background.run(
            lambda: fetch_tracker_model(say=_nothing, progress=progress), done, failed
        )  # fmt: skip

    def _make_writable(self) -> None:
        try:
            folder = self._store.folder
            if folder.is_dir():
                os.chmod(folder, folder.stat().st_mode | 0o700)
        except OSError as error:
            text = self.tr("{0} belongs to somebody else or cannot be changed ({1}).")
            why = error.strerror or type(error).__name__
            self.banner.text.setText(text.format(self._store.folder, why))
            return
        self.keep(self._unkept or self._store.now)


def _nothing(_: object) -> None:
    pass
