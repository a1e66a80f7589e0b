"""Contact sheets: the stages of a face, and no original unless it was asked for."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.evaluation.stages import COLUMNS, SIDE, write_stages
from deepcam.identity.model import IdentityModel
from deepcam.showcase.portrait import portrait


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stages") / "somebody.png"
    cv2.imwrite(str(path), portrait(IdentityModel.load().sample(3)))
    return path


def test_a_sheet_shows_the_stages(picture: Path, tmp_path: Path) -> None:
    said: list[str] = []
    sheet = tmp_path / "sheet.png"
    assert write_stages([str(picture)], sheet, said.append, network="small") == 1
    assert "1 of 1" in said[0]
    image = cv2.imread(str(sheet))
    assert image is not None
    assert image.shape == (SIDE, 3 * SIDE * COLUMNS, 3)
    erased, render, result = (image[:, k * SIDE : (k + 1) * SIDE] for k in range(3))
    middle = (slice(SIDE // 2 - 20, SIDE // 2 + 20),) * 2
    assert not erased[middle].any()
    assert render[middle].mean() > 20
    assert result[middle].mean() > 20
    # Around the face the result is the picture.
    assert np.abs(erased[:8].astype(int) - result[:8]).max() == 0


def test_originals_only_on_request(picture: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    write_stages([str(picture)], sheet, lambda _: None, originals=True, network="small")
    image = cv2.imread(str(sheet))
    assert image is not None
    assert image.shape[1] == 4 * SIDE * COLUMNS


def test_nobody_to_show(tmp_path: Path) -> None:
    empty = tmp_path / "wall.png"
    cv2.imwrite(str(empty), np.full((200, 200, 3), 90, np.uint8))
    with pytest.raises(DeepcamError, match="No face was generated"):
        write_stages([str(empty)], tmp_path / "sheet.png", lambda _: None, network="small")
    assert not (tmp_path / "sheet.png").exists()


def test_what_the_guard_hides_is_erased_though_the_tracker_lost_it(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erased column is the camera's own: not what the tracker happens to see in this frame."""
    from deepcam.evaluation import stages
    from deepcam.evaluation.stages import _Watched

    seen: list[np.ndarray] = []
    plain = _Watched.paint

    def paint(self, masked, plans, identities):  # type: ignore[no-untyped-def]
        masked.image[:40, :40] = 0  # something else that is hidden in this frame
        masked.mask[:40, :40] = 255
        out = plain(self, masked, plans, identities)
        seen.append(self.erased)
        return out

    shown: list[np.ndarray] = []
    row = stages._row

    def note(frame, watched, result, originals):  # type: ignore[no-untyped-def]
        shown.append(watched.erased)
        return row(frame, watched, result, originals)

    monkeypatch.setattr(_Watched, "paint", paint)
    monkeypatch.setattr(stages, "_row", note)
    write_stages([str(picture)], tmp_path / "sheet.png", lambda _: None, network="small")
    assert len(shown) == 1
    assert not shown[0][:40, :40].any()
    assert shown[0] is seen[-1]
