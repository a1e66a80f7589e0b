"""What happens to be the camera and who watches in the hour of faults (``deepcam.app.faults``).

``python -m deepcam.app.faults_stage FOLDER NUMBER`` is the run that the faults happen to: the film
in FOLDER as a camera that can be unplugged, and a witness in the place of the output.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from deepcam.app.endurance import FPS, SIZE, Witness, film_as_camera
from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Reason, SafeFrame
from deepcam.sources import Source, SourceSpec

STAND_IN = "DEEPCAM_FAULTS_STAND_IN"


class FlakyFilm:
    """The film as a camera whose plug is a file: while ``unplugged`` lies beside it, it is out."""

    def __init__(self, spec: SourceSpec) -> None:
        self._film: Source = film_as_camera(spec)
        self._plug = Path(spec.value).with_name("unplugged")
        self.name, self.size, self.fps = "film", SIZE, FPS

    def open(self) -> None:
        """See ``Source``."""
        self._look()
        self._film.open()

    def read(self, timeout: float) -> Frame | None:
        """See ``Source``."""
        self._look()
        return self._film.read(timeout)

    def close(self) -> None:
        """See ``Source``."""
        self._film.close()

    def _look(self) -> None:
        if self._plug.exists():
            raise DeepcamError("The camera was unplugged.", "Plug it in.")


class Reporter(Witness):
    """Tells in a file what it has seen, twice a second and whenever something raw is among it."""

    path: Path
    _told = 0.0

    def send(self, frame: SafeFrame) -> None:
        """See ``Sink``."""
        before = self.raw
        super().send(frame)
        if self.raw > before or time.monotonic() - self._told > 0.5:
            self._told = time.monotonic()
            facts = {
                "raw": self.raw,
                **{reason.value: count for reason, count in self.count.items()},
            }
            part = self.path.with_suffix(".new")
            part.write_text(json.dumps(facts))
            part.replace(self.path)


class StandIn:
    """In the place of the anonymizer where a machine is too slow for it: paints over everything,
    so that the live path alone is tried."""

    problem = generator = None

    def __init__(self, _: object) -> None:
        self.identity = None

    def warm_up(self) -> None:
        """Nothing to load."""

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to free."""

    def process(self, frame: Frame) -> SafeFrame:
        """Grey that changes, so that each picture is another one."""
        image = np.full_like(frame.image, 100 + frame.number % 64)
        return SafeFrame(image, Reason.GENERATED, "", frame.time, frame.number, 1)


def stage(folder: Path, number: int) -> int:
    """The run itself: the process that the faults happen to. The exit status of ``deepcam run``."""
    from deepcam.live.session import Session
    from deepcam.live.settings import LiveSettings
    from deepcam.sources.video import VideoReader

    with VideoReader(folder / "film.mp4") as reader:
        film = np.stack([np.asarray(picture.image) for picture in reader])
    face = json.loads((folder / "face").read_text())
    witness = Reporter(film, face)
    witness.path = folder / f"report-{number}"
    settings = LiveSettings(
        camera=str(folder / "film.mp4"), output="null", size=SIZE, fps=FPS, provider="cpu",
        source_factory="deepcam.app.faults_stage:FlakyFilm", stay_on=True,
        anonymizer_factory=os.environ.get(STAND_IN) or "deepcam.pipeline.anonymizer:Anonymizer",
    )  # fmt: skip
    try:
        Session(settings, sink=witness).run_forever()
    except DeepcamError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(stage(Path(sys.argv[1]), int(sys.argv[2])))
