"""The whole evaluation on a few made people; the recognizer compares small grey pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.batch.stills import write_still
from deepcam.errors import DeepcamError
from deepcam.evaluation import report, targets
from deepcam.evaluation.attackers import portrait_crop
from deepcam.evaluation.baselines import Method, Painted, cover, person
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.outcome import OURS, Settings
from deepcam.evaluation.run import evaluate
from deepcam.frames import Image
from deepcam.showcase.portrait import portrait


class Grey:
    """Knows faces by their coarse light and dark, the tone taken away."""

    name = "small grey pictures"

    def embed(self, image: Image, eyes: Reading, crop: str, hidden: np.ndarray) -> np.ndarray:
        picture = image
        if crop == "tight":
            picture = np.where((hidden > 0)[..., None], image, np.uint8(128))
        small = cv2.resize(portrait_crop(picture, eyes), (24, 24), interpolation=cv2.INTER_AREA)
        code = small.astype(np.float64).ravel() - small.mean()
        return code / max(float(np.linalg.norm(code)), 1e-9)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    for k in range(4):
        here = folder / f"person_{k}"
        here.mkdir()
        for n, yaw in enumerate((0.0, 3.0)):
            write_still(here / f"{n}.png", portrait(person(k), 256, yaw))
    return folder


def test_nothing_done_is_found_out_and_a_cover_is_not(people: Path, tmp_path: Path) -> None:
    arms = [
        Method("nothing", lambda still, seed: Painted(lambda image, mask: image)),
        Method(OURS, lambda still, seed: Painted(cover)),
    ]
    settings = Settings(persons=4, clips=0, frames=10, identities=1)
    said: list[str] = []
    outcome = evaluate([people], settings, said.append, Grey(), arms)
    nothing, covered = outcome.figures["nothing"], outcome.figures[OURS]
    assert outcome.facts["persons"] == 4
    assert nothing["P2 rank-1"].value == 1
    assert nothing["P2 rank-1"].n == 8  # both ways
    assert nothing["P3 tight"].value > 0.95
    assert nothing["P6"].value > 50
    assert covered["P2 rank-1 tight"].value < 0.8
    assert covered["P6"].value == 0
    assert covered["P9"].value == 0
    assert len(outcome.gallery) == 4
    assert covered["P8"].value is None  # no donors among the material
    broken = targets.broken_promises(outcome)
    assert [b for b in broken if b.startswith("U1")]  # no clips: not measured is not kept
    assert not [b for b in broken if b.startswith(("P6", "P9"))]
    text = report.markdown(outcome)
    assert "not measured" in text
    report.write(outcome, tmp_path / "r")
    # Only anonymized pictures are written: the sheet holds grey where the faces were.
    sheet = cv2.imread(str(tmp_path / "r" / "contact.png"))
    assert (sheet[120, 120] == 128).all()


def test_too_little_material(tmp_path: Path) -> None:
    write_still(tmp_path / "one.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(DeepcamError, match="Too little"):
        evaluate([tmp_path], Settings(persons=4), lambda _: None, Grey(), [])
