"""The app's hold on one running session; slow commands go to a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from deepcam.app.icons import State
from deepcam.app.told import told
from deepcam.errors import DeepcamError
from deepcam.frames import SafeFrame
from deepcam.identity.wish import read_spec

KEPT = 20
"""Faces that Undo can go back to."""
PASSING = frozenset({"", "Starting the camera", "The computer was asleep"})
"""States of the camera that end by themselves."""


class SessionLike(Protocol):
    """What the app needs of ``deepcam.live.session.Session``."""

    @property
    def newest(self) -> SafeFrame | None: ...
    @property
    def running(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def toggle(self) -> bool: ...
    def panic(self) -> None: ...
    def regenerate(self, seed: int | None = None) -> dict[str, Any]: ...
    def wear(self, identity: str | int) -> dict[str, Any]: ...
    def status(self) -> dict[str, Any]: ...
    def keep_awake(self, seconds: float) -> None: ...
    def full_size(self) -> None: ...
    def try_on(
        self, faces: Sequence[str | int], tried: Callable[[Mapping[str, Any]], None]
    ) -> bool: ...


Factory = Callable[[str | None, str | int], SessionLike]
"""Makes a session for a camera (its name, or None for the first one) and the first face (a saved
one's name, or a seed)."""


class Controller(QObject):
    """Commands return at once; ``said`` carries a sentence for people when one has ended.

    ``first`` gives the face of every start, in a thread of its own; by default somebody new.
    """

    said = Signal(str)
    camera_chosen = Signal(str)
    tried = Signal(object)
    """Facts of a face that was tried on; see ``Session.try_on``."""

    def __init__(
        self,
        factory: Factory,
        seed: Callable[[], str | int],
        first: Callable[[], str | int] | None = None,
    ) -> None:
        super().__init__()
        self._factory = factory
        self._seed = seed
        self._first = first or seed
        self._worn: list[str | int] = []
        self._before: list[str | int] = []
        """As ``_worn``, of the session that ended."""
        self._wished: str | int | None = None
        self.names: dict[str | int, str] = {}
        """Of the faces that were worn, as far as they are known."""
        self._lock = threading.Lock()
        self._session: SessionLike | None = None
        self._jobs: list[threading.Thread] = []
        self._panics = 0
        self.problem = ""
        self.camera: str | None = None

    @property
    def newest(self) -> SafeFrame | None:
        """The latest safe picture, card included; None when nothing runs."""
        session = self._session
        return session.newest if session is not None and session.running else None

    @property
    def current(self) -> str | int | None:
        """The face that is worn: a saved one's name, a seed, or None when nothing runs."""
        worn = self._worn
        return worn[-1] if worn else None

    @property
    def can_undo(self) -> bool:
        """Whether a face was worn before this one."""
        return len(self._worn) > 1

    @property
    def history(self) -> list[str | int]:
        """Faces that were worn, the newest first, each once."""
        return list(dict.fromkeys(reversed(self._worn)))

    def status(self) -> dict[str, Any]:
        """The session's status, or that nothing runs."""
        return {"running": False} if self._session is None else self._session.status()

    def state(self, status: dict[str, Any]) -> State:
        """Which icon fits ``status``."""
        if self.problem or status.get("problem"):
            return "fault"
        if not status.get("running"):
            return "standby"
        if status.get("on") and str(status.get("camera_problem") or "") not in PASSING:
            return "fault"
        showing = status.get("showing") in ("generated", "covered")
        return "protected" if status.get("on") and showing else "standby"

    def start(self) -> None:
        """Begin with the chosen camera and a new face."""
        panics = self._panics
        self._later(lambda: self._begin(panics))

    def use_camera(self, name: str | None) -> None:
        """Begin anew with another camera and the face that is worn; None is the first one."""
        self.camera = name
        self.camera_chosen.emit(name or "")
        panics = self._panics
        self._later(lambda: self._begin(panics, keep=True))

    def restart(self) -> None:
        """Begin anew with other settings and the face that is worn."""
        panics = self._panics
        self._later(lambda: self._begin(panics, keep=True))

    def toggle(self) -> None:
        """The picture, or the standby card with the camera released; begins anew where the session
        has ended."""
        panics = self._panics
        self._later(lambda: self._toggle(panics))

    def panic(self) -> None:
        """The standby card at once: does not wait for other commands, and those given before it
        do not bring the picture back."""
        self._panics += 1
        threading.Thread(target=self._panic, name="app-panic", daemon=True).start()

    def keep_awake(self, seconds: float) -> None:
        """The preview is looked at: the camera runs on although no program watches."""
        if self._session is not None:
            self._session.keep_awake(seconds)

    def new_face(self) -> None:
        """Somebody new; the present face stays until the new one is ready."""
        self.wear(self._seed())

    def wear(self, identity: str | int) -> None:
        """A saved face by name, or one by seed. Of several wishes given meanwhile the last one
        counts."""
        self._wished = identity
        self._later(self._wear_wished)

    def full_size(self) -> None:
        """Pictures as large as the camera's, although this computer is slow."""
        self._later(self._full_size)

    def try_on(self, faces: Sequence[str | int]) -> None:
        """Ask for pictures of these faces worn now; ``tried`` brings them one by one."""
        session = self._session
        if session is not None:
            session.try_on(faces, self.tried.emit)

    def renamed(self, old: str | int, new: str) -> None:
        """A face that was worn has another name now."""
        self._later(lambda: self._rename(old, new))

    def deleted(self, face: str | int) -> None:
        """A face that was worn before is no more there to go back to; the present one stays on."""
        self._later(lambda: self._forget(face))

    def replaced(self, face: str | int) -> None:
        """The session could not load the face that it should wear, and wears this one."""
        self._later(lambda: self._replace(face))

    def settle(self, status: Mapping[str, Any]) -> None:
        """Who was to fit has been chosen by now: seed and traits take the place of the wish."""
        face, worn = status.get("face"), self._worn
        if worn and isinstance(face, str) and face != worn[-1] and _fits(worn[-1]):
            read = read_spec(face)
            if read is not None and not read[1].fits:
                self._worn = [*worn[:-1], face]
                self.names[face] = str(status.get("identity") or "")

    def undo(self) -> None:
        """The face before this one."""
        self._later(self._undo)

    def close(self) -> None:
        """End the session; waits for commands that still run."""
        for job in self._jobs:
            job.join(35)
        if self._session is not None:
            self._session.stop()

    def _begin(self, panics: int, keep: bool = False) -> None:
        worn, was_off = self._worn or self._before, False
        self._before = worn
        if self._session is not None:
            was_off = not self._session.status().get("on", True)
            self._session.stop()
        self._session, self._worn, self.problem = None, [], ""
        if not (keep and worn):
            worn = [self._first()]
        try:
            session = self._factory(self.camera, worn[-1])
            session.start()
        except DeepcamError as error:
            self.problem = str(error)
            raise
        self._session, self._worn = session, worn
        if panics != self._panics or (keep and was_off):
            session.panic()

    def _toggle(self, panics: int) -> None:
        if panics != self._panics:
            return
        if self._session is None or not self._session.running:
            self._begin(panics, keep=True)
            return
        on = self._session.toggle()
        off = self.tr("Switched off: the standby card is shown.")
        self.said.emit(self.tr("Switched on.") if on else off)

    def _panic(self) -> None:
        try:
            self._need().panic()
            self.said.emit(self.tr("The standby card is shown."))
        except DeepcamError as error:
            self.said.emit(told(error))

    def _wear_wished(self) -> None:
        wished, self._wished = self._wished, None
        if wished is not None:
            self._wear(wished)

    def _wear(self, identity: str | int) -> None:
        answer = self._need().wear(identity)
        if _fits(identity) and "=" in str(answer.get("spec", "")):
            identity = str(answer["spec"])
        if answer.get("identity"):
            self.names[identity] = str(answer["identity"])
        if self.current != identity:
            self._worn = [*self._worn, identity][-KEPT:]
        name = answer.get("identity") or self.tr("somebody new")
        self.said.emit(self.tr("Now wearing {0}.").format(name))

    def _full_size(self) -> None:
        self._need().full_size()
        self.said.emit(self.tr("The picture keeps its full size until the next start."))

    def _rename(self, old: str | int, new: str) -> None:
        worn = bool(self._worn) and self._worn[-1] == old
        self._worn = [new if face == old else face for face in self._worn]
        if worn and self._session is not None:
            # A worker that starts again looks for the face under this name.
            self._session.wear(new)
            self.names[new] = new

    def _forget(self, face: str | int) -> None:
        before = [worn for worn in self._worn[:-1] if worn != face]
        self._worn = [*before, *self._worn[-1:]]

    def _replace(self, face: str | int) -> None:
        # Another one may have been put on meanwhile.
        if self._session is not None and self._session.status().get("face") == face:
            self._worn = [*self._worn[:-1], face]

    def _undo(self) -> None:
        if not self.can_undo:
            self.said.emit(self.tr("There is no face to go back to."))
            return
        answer = self._need().wear(self._worn[-2])
        self._worn = self._worn[:-1]
        name = answer.get("identity") or self.tr("the face before")
        self.said.emit(self.tr("Back to {0}.").format(name))

    def _need(self) -> SessionLike:
        if self._session is None:
            raise DeepcamError(
                self.tr("The camera is not running."), self.tr("Choose a camera to start it.")
            )
        return self._session

    def _later(self, job: Callable[[], None]) -> None:
        def run() -> None:
            with self._lock:
                try:
                    job()
                except DeepcamError as error:
                    self.said.emit(told(error))

        self._jobs = [t for t in self._jobs if t.is_alive()]
        thread = threading.Thread(target=run, name="app-command", daemon=True)
        self._jobs.append(thread)
        thread.start()


def _fits(face: str | int) -> bool:
    """Whether ``face`` leaves it to the wearer's surroundings who it is."""
    read = read_spec(face) if isinstance(face, str) else None
    return read is not None and read[1].fits
