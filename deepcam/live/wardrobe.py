"""The worker's people: sampled beside the frames, remembered, tried on between two frames.

A face is named by what a session wears: a saved one's name, a text of ``identity.wish`` or a seed.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

import cv2

from deepcam.errors import DeepcamError
from deepcam.frames import SafeFrame
from deepcam.identity.types import Identity
from deepcam.identity.wish import read_spec

log = logging.getLogger(__name__)

KEPT = 128
"""Names of people that are remembered, two each: about 0.8 MB a person."""
MOST = 64
"""Faces in one request."""
QUALITY = 90

Face = str | int


class Wardrobe:
    """``find`` gives the person of a face (slow, thread-safe, raises ``DeepcamError``). ``tell``
    gets the name of an event and its facts, in the thread of ``work`` or of the sampler.

    ``ask`` and ``work`` belong to the thread of the frames.
    """

    def __init__(
        self,
        anonymizer: Any,
        find: Callable[[Face], Identity],
        tell: Callable[..., None],
    ) -> None:
        self._anonymizer, self._find, self._tell = anonymizer, find, tell
        self._people: OrderedDict[Face, Identity] = OrderedDict()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._asked: deque[Face] = deque()
        self._ready: deque[Face] = deque()
        self._open = 0
        """Faces asked for that have no answer yet."""
        self._keeps = False
        self._thread: threading.Thread | None = None

    def person(self, face: Face) -> Identity:
        """Who ``face`` is; quick for those remembered."""
        found = self.known(face)
        if found is None:
            found = self._find(face)
            self._remember(face, found)
        return found

    def known(self, face: Face) -> Identity | None:
        """As ``person`` for those remembered, else None. A saved name is looked up each time: it
        may be somebody else's by now."""
        if isinstance(face, str) and read_spec(face) is None:
            return None
        with self._lock:
            return self._people.get(face)

    def ask(self, faces: Sequence[Face]) -> None:
        """Try these on, in this order, and nothing of what was asked before; none: no more."""
        faces = list(faces)[:MOST]
        with self._wake:
            self._asked, self._ready = deque(faces), deque()
            self._open = len(faces)
            self._wake.notify()
        self._keep(bool(faces))
        if faces and self._thread is None:
            self._thread = threading.Thread(target=self._sample, name="wardrobe", daemon=True)
            self._thread.start()

    def work(self) -> bool:
        """Draw one face that is ready; after a frame. False when there was none."""
        if not self._open:
            self._keep(False)
            return False
        if not self._anonymizer.fitting.ready:
            return False
        with self._lock:
            face = self._ready.popleft() if self._ready else None
            person = None if face is None else self._people.get(face)
        if face is None:
            return False
        picture = None if person is None else self._anonymizer.try_on(person)
        with self._lock:
            self._open -= 1
        if person is not None and picture is not None:
            self._tell(
                "tried", face=face, picture=_packed(picture), name=person.name,
                meta=dict(person.meta), spec=str(person.meta.get("spec", "")),
            )  # fmt: skip
        return True

    def _keep(self, wanted: bool) -> None:
        """Erased pictures are kept only as long as somebody is to be tried on."""
        if wanted != self._keeps and hasattr(self._anonymizer, "fitting"):
            self._keeps = wanted
            self._anonymizer.fitting.want(wanted)

    def _remember(self, face: Face, person: Identity) -> None:
        with self._lock:
            # Who was chosen to fit is known by seed and traits as well.
            for name in dict.fromkeys((face, str(person.meta.get("spec", "")) or face)):
                self._people[name] = person
                self._people.move_to_end(name)
            while len(self._people) > KEPT:
                self._people.popitem(last=False)

    def _may_find(self, face: Face) -> bool:
        """Who fits is not known before the wearer was painted once: until then it would be, and be
        remembered as, whoever the seed gives to anybody."""
        read = read_spec(face) if isinstance(face, str) else None
        return read is None or not read[1].fits or bool(self._anonymizer.fitting.ready)

    def _sample(self) -> None:
        """One person after another, with what the frames leave of the processors."""
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
        while True:
            with self._wake:
                while not self._asked or not self._may_find(self._asked[0]):
                    self._wake.wait(0.1 if self._asked else None)
                face = self._asked.popleft()
                batch = self._ready
            try:
                self.person(face)
            except DeepcamError as error:
                self._tell("untried", face=face, what=error.what)
                found = False
            except Exception as error:
                log.warning("a face cannot be tried on: %s", type(error).__name__)
                self._tell("untried", face=face, what="This face could not be made.")
                found = False
            else:
                found = True
            with self._lock:
                if batch is not self._ready:
                    continue  # others were asked for meanwhile
                if found:
                    self._ready.append(face)
                else:
                    self._open -= 1


def _packed(picture: SafeFrame) -> bytes:
    """JPEG."""
    done, data = cv2.imencode(".jpg", picture.image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes() if done else b""
