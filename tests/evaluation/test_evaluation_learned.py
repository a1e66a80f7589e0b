"""Attacks that learn (P4, P5): a bad anonymizer is found out, fresh faces and blanks are not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from test_evaluation_privacy import take

from deepcam.evaluation import learned, mapping, parrot, targets
from deepcam.evaluation.attackers import portrait_crop
from deepcam.evaluation.baselines import Method, Painted, blur, cover
from deepcam.evaluation.embedding import Remembering, embed_all, originals
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.learners import Schedule, folds, network, ridge
from deepcam.evaluation.outcome import Outcome, Settings
from deepcam.evaluation.record import Shot, Take, run_stills
from deepcam.evaluation.statistics import Hits, Measure
from deepcam.frames import Frame

N, D = 24, 16
TARGETS = {t.metric: t for t in targets.TARGETS}


def people(leak: float, sessions: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Features of pictures whose share of the person is ``leak``."""
    rng = np.random.default_rng(seed)
    who = rng.normal(0, 1, (N, D))
    return [{"x": leak * who + rng.normal(0, 0.5, (N, D))} for _ in range(sessions)]


@pytest.mark.parametrize("sessions", [1, 3])
def test_the_parrot_learns_what_is_left(sessions: int) -> None:
    *trained, tested = people(1.0, sessions + 1)
    bad = named(trained, tested)
    assert bad.value > 0.8
    assert not TARGETS["P4"].met(bad)
    *trained, tested = people(0.0, sessions + 1)
    good = named(trained, tested)
    assert good.extra["p"] > 0.05
    assert TARGETS["P4"].met(good)
    # A blank output is named by lot at best.
    blank = [{"x": np.zeros((N, D))} for _ in range(sessions + 1)]
    assert TARGETS["P4"].met(named(blank[:-1], blank[-1]))
    assert named([], tested).value is None


def named(trained: list, tested: dict) -> Measure:
    return parrot.named(parrot.parrot(trained, tested), N)


def hits(*found: int, n: int = 10) -> np.ndarray:
    return np.isin(np.arange(n), found)


def test_both_ways_are_one_attack() -> None:
    one = {"a": hits(0, 1, 2), "b": hits(0)}
    two = {"a": hits(), "b": hits(1, 2, 3, 4)}
    both = parrot.named(parrot.joined([one, two, {}]), 10)
    assert (both.value, both.n, both.extra["by"]) == (0.25, 20, "b")
    assert both.extra["p"] <= 1
    assert parrot.joined([{}]) == {}
    assert parrot.named({}, 10).value is None


def test_what_the_face_adds_is_told_from_what_the_room_gives_away() -> None:
    room = {"a": hits(*range(6), n=40)}
    same = parrot.added({"a": hits(*range(1, 7), n=40)}, room, 40)
    assert TARGETS["P4 context"].met(same)
    assert (same.extra["only_here"], same.extra["only_masked"]) == (1, 1)
    more = parrot.added({"a": hits(*range(20), n=40)}, room, 40)
    assert not TARGETS["P4 context"].met(more)
    assert parrot.added(room, {}, 40).value is None


def attack(made: np.ndarray, real: np.ndarray, other: np.ndarray) -> dict[str, Hits]:
    pairs = mapping.Pairs(made, real, np.arange(N), len(real) - N)
    return mapping.embeddings_attack(pairs, other)


def test_a_way_back_is_learnt_where_there_is_one() -> None:
    rng = np.random.default_rng(1)
    real = rng.normal(0, 1, (N + 40, D))
    other = real[:N] + rng.normal(0, 0.2, (N, D))
    turned = real @ np.linalg.qr(rng.normal(size=(D, D)))[0]  # looks like somebody else
    fresh, masked = (rng.normal(0, 1, real.shape) for _ in range(2))
    found, control = attack(turned, real, other), attack(masked, real, other)
    bad = mapping.gain(found, control, N)
    assert bad.value > 0.7
    assert bad.extra["by"] in ("ridge", "network")
    assert bad.extra["learners"]["direct"] < 0.5
    assert not TARGETS["P5"].met(bad)
    assert not TARGETS["P5 tight"].met(bad)
    good = mapping.gain(attack(fresh, real, other), control, N)
    assert TARGETS["P5"].met(good)
    assert TARGETS["P5 tight"].met(good)
    # What the surroundings tell anyhow is no gain.
    same = mapping.gain(found, found, N)
    assert same.value == same.extra["masked"]
    assert TARGETS["P5"].met(same)
    blank = mapping.gain(attack(np.zeros_like(real), real, other), control, N)
    assert TARGETS["P5 tight"].met(blank)
    assert mapping.gain({}, {}, 0).value is None


def test_pixelated_pictures_are_turned_back_and_covers_are_not() -> None:
    """Faces of a few parts: the decoder gets them back from a picture that still has them."""
    rng = np.random.default_rng(2)
    parts = rng.normal(0, 1, (5, 12 * 12 * 3))
    weights = rng.normal(0, 12, (60, 5))
    real = [np.clip(128 + w @ parts, 0, 255).astype(np.uint8).reshape(12, 12, 3) for w in weights]
    small = [
        cv2.resize(cv2.resize(r, (4, 4), interpolation=cv2.INTER_AREA), (12, 12)) for r in real
    ]
    cover = [np.full_like(r, 128) for r in real]

    def error(made: list[np.ndarray]) -> float:
        back = mapping.pictures_back(made, real, list(range(60)), 20)
        assert len(back) == 20
        return float(np.mean([np.abs(b.astype(float) - r).mean() for b, r in zip(back, real)]))  # noqa: B905

    assert error(small) < 0.6 * error(cover)


def test_learners_and_folds() -> None:
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(120, 20)), rng.normal(size=(20, 3))
    assert np.abs(ridge(x, x @ w, 1e-3)(x) - x @ w).max() < 0.1
    wide = ridge(x[:10], (x @ w)[:10], 1e-6)(x[:10])  # fewer rows than columns
    assert np.abs(wide - (x @ w)[:10]).max() < 0.1
    curve = np.abs(x[:, :1])
    fitted = network(x, curve, replace(Schedule(), noise=0.0), classes=False)(x)
    assert np.corrcoef(fitted[:, 0], curve[:, 0])[0, 1] > 0.95
    parts = folds([0, 0, 1, 1, 2, 2, 3, 3], 2)
    assert (sum(p.astype(int) for p in parts) == 1).all()
    assert all(p[k] == p[k + 1] for p in parts for k in (0, 2, 4, 6))


def test_each_picture_is_embedded_once() -> None:
    seen: list[str] = []

    class Counting:
        name = "counting"

        def embed(
            self, image: np.ndarray, eyes: object, crop: str, hidden: np.ndarray
        ) -> np.ndarray:
            seen.append(crop)
            return np.array([float(image.sum()), float(hidden.sum())])

    class Eyes:
        landmarks = np.zeros((478, 3))

    attacker = Remembering(Counting())  # type: ignore[arg-type]
    image, other = np.zeros((8, 8, 3), np.uint8), np.ones((8, 8, 3), np.uint8)
    hidden = image[..., 0]
    for picture, crop in ((image, "tight"), (image, "tight"), (other, "tight"), (image, "context")):
        code = attacker.embed(picture, Eyes(), crop, hidden)  # type: ignore[arg-type]
        assert code[0] == picture.sum()
    assert seen == ["tight", "tight", "context"]


class Grey:
    """Knows faces by their coarse light and dark."""

    name = "small grey pictures"

    def embed(self, image: np.ndarray, eyes: Reading, crop: str, hidden: np.ndarray) -> np.ndarray:
        small = cv2.resize(portrait_crop(image, eyes, 64, crop, hidden), (8, 8))
        code = small.astype(np.float64).ravel() - small.mean()
        return code / max(float(np.linalg.norm(code)), 1e-9)


def portraits(side: int) -> list[Take]:
    """One picture each of nine persons, whose faces are patterns, before the same wall."""
    out = []
    for k in range(9):
        rng = np.random.default_rng(k)
        pattern = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (320, 240))
        one = take(still=True, length=1)
        shot = one.shots[0]
        mask = shot.hidden()[..., None] > 0
        image = np.where(mask, np.clip(pattern + 3.0 * side, 0, 255), 90).astype(np.uint8)
        frame = Frame(np.ascontiguousarray(image), 0.0, 0)
        out.append(Take(f"{k}", f"{k}", [Shot(frame, shot.seen, shot.reading)], still=True))
    return out


@pytest.mark.slow
def test_both_attacks_run_on_methods_and_see_a_blur() -> None:
    attacker, sides = Grey(), (portraits(0), portraits(1))
    real = {c: [embed_all(attacker, originals(s), c) for s in sides] for c in ("standard", "tight")}
    settings = Settings(sessions=2, both_ways=False)
    lessons = learned.prepare(attacker, [], sides, real, settings)
    assert lessons is not None
    outcome = Outcome()
    for name, effect in (("blur", blur), ("cover", cover)):
        arm = Method(name, lambda still, seed, effect=effect: Painted(effect))
        learned.learned_attacks(outcome, arm, lessons, [run_stills(arm, sides[0], 1)])
    for metric in ("P4", "P4 tight", "P5 tight"):
        assert not TARGETS[metric].met(outcome.figures["blur"][metric]), metric
        assert TARGETS[metric].met(outcome.figures["cover"][metric]), metric
    assert TARGETS["P5"].met(outcome.figures["cover"]["P5"])
    assert not TARGETS["P4 context"].met(outcome.figures["blur"]["P4 context"])
    assert TARGETS["P4 context"].met(outcome.figures["cover"]["P4 context"])
    assert learned.prepare(attacker, [], sides, real, Settings(sessions=0)) is None
