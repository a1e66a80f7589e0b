"""The card: neutral, the user's choice, and never a word about why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from live_fakes import RecordingSink, order

from deepcam.errors import DeepcamError
from deepcam.live.session import Session
from deepcam.live.settings import LiveSettings
from deepcam.pipeline import cards
from deepcam.pipeline.cards import Card, standby_card

SIZES = [(1280, 720), (16, 16), (1, 1), (3, 200), (200, 3), (640, 480), (720, 1280), (64, 48)]


@pytest.fixture(autouse=True)
def plain_again() -> Iterator[None]:
    yield
    cards.choose(Card())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, :30] = (255, 0, 0)
    image[:, 30:] = (0, 0, 255)
    cv2.imwrite(str(tmp_path / "photo.png"), image)
    return tmp_path / "photo.png"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("choice", ["plain", "back-soon", "#204060", "picture"])
def test_cards_of_any_size(size: tuple[int, int], choice: str, photo: Path) -> None:
    card = Card.parse(str(photo) if choice == "picture" else choice).draw(*size)
    assert card.shape == (size[1], size[0], 3)
    assert card.dtype == np.uint8
    assert card.flags.c_contiguous


def test_a_card_needs_a_size() -> None:
    with pytest.raises(ValueError, match="size"):
        standby_card(0, 10)


def test_the_plain_card_has_no_sign_and_no_word() -> None:
    card = standby_card(1280, 720)
    assert (card == card[:, :1]).all()
    assert 20 < card.min() <= card.max() < 70


def test_the_colour_is_the_one_that_was_chosen() -> None:
    assert (Card.parse("#204060").draw(30, 20) == (0x60, 0x40, 0x20)).all()


@pytest.mark.parametrize("language", cards.LANGUAGES)
@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (360, 640), (320, 180)])
def test_words_stand_in_the_middle_and_fit(size: tuple[int, int], language: str) -> None:
    width, height = size
    card = Card.parse("back-soon", language).draw(*size)
    rows, columns = np.nonzero(card.max(2) > 90)
    assert columns.min() >= 0.15 * width
    assert columns.max() <= 0.85 * width
    assert abs((columns.min() + columns.max()) / 2 - width / 2) <= 0.01 * width + 1
    assert abs((rows.min() + rows.max()) / 2 - height / 2) <= 0.04 * height
    assert card.max() > 215, "the ink is as light as it should be"


def test_languages_differ_and_others_are_english() -> None:
    drawn = [Card.parse("back-soon", code).draw(640, 360) for code in (*cards.LANGUAGES, "fr")]
    assert len({image.tobytes() for image in drawn}) == 3
    assert (drawn[3] == drawn[0]).all()


@pytest.mark.parametrize("size", [(600, 400), (300, 400), (900, 300)])
def test_an_own_picture_fills_the_card_without_being_stretched(
    photo: Path, size: tuple[int, int]
) -> None:
    card = Card.parse(str(photo)).draw(*size)
    assert tuple(card[size[1] // 2, 5]) == (255, 0, 0)
    assert tuple(card[size[1] // 2, -5]) == (0, 0, 255)


@pytest.mark.parametrize(
    "choice",
    ["", "Plain", "#12", "#12345g", "soon", "a/" + "x" * 2000, "a\x1b/b.png", "/nowhere.png"],
)
def test_what_is_no_card_is_told(choice: str) -> None:
    with pytest.raises(DeepcamError) as caught:
        Card.parse(choice)
    assert caught.value.remedy


def test_a_card_may_be_written_to() -> None:
    standby_card(64, 36)[:] = 255
    assert standby_card(64, 36).max() < 70, "a cached card was changed by its user"


def until_cards(sink: RecordingSink, detail: str) -> None:
    sink.wait_for("card", 15, detail)


class Keeping(RecordingSink):
    """Keeps every card by its bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: set[bytes] = set()

    def send(self, frame) -> None:
        super().send(frame)
        if frame.reason.value == "card":
            self.cards.add(frame.image.tobytes())


@pytest.mark.parametrize("choice", ["plain", "back-soon", "#0a141e"])
def test_nothing_private_is_sent_whatever_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    """Start, camera in use, worker killed, off: one and the same card; the reasons are known to
    the program alone."""
    monkeypatch.setenv("DEEPCAM_TEST_FOLDER", str(tmp_path))
    sink = Keeping()
    session = Session(
        LiveSettings(
            camera=str(tmp_path), size=(160, 96), control=False, card=choice, stay_on=True,
            source_factory="live_fakes:FakeSource", anonymizer_factory="live_fakes:FakeAnonymizer",
        ),
        sink=sink,
    )  # fmt: skip
    session.start()
    try:
        sink.wait_for("generated", 15)
        order(tmp_path, "unplugged")
        until_cards(sink, "unplugged")
        order(tmp_path, "")
        sink.wait_for("generated", 15)
        session.panic()
        until_cards(sink, "Switched off")
        assert sink.cards == {Card.parse(choice).draw(160, 96).tobytes()}
        session.show_card("#ffffff")
        until_cards(sink, "Switched off")
        assert len(sink.cards) == 2
    finally:
        session.stop()


def test_a_picture_that_has_gone_leaves_the_camera(tmp_path: Path) -> None:
    session = Session(
        LiveSettings(
            camera=str(tmp_path), size=(160, 96), control=False, card=str(tmp_path / "gone.png"),
            source_factory="live_fakes:FakeSource", anonymizer_factory="live_fakes:FakeAnonymizer",
        ),
        sink=RecordingSink(),
    )  # fmt: skip
    session.start()
    try:
        assert "gone.png" in session.status()["problem"]
        session.show_card("plain")
        assert session.status()["problem"] == ""
    finally:
        session.stop()
