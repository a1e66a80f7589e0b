"""Renderer, composition and the information flow of the real generator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepcam.errors import DeepcamError
from deepcam.frames import Face, Frame, MaskedFrame, Points, Pose
from deepcam.generator import Generator
from deepcam.generator.composition import ERASED, compose, edge_gain, rim_of
from deepcam.generator.conditioning import CHANNELS, Context, cut, window
from deepcam.generator.fields import MAPS, hold_level
from deepcam.generator.mesh import EYE_L, EYE_R, MOUTH, SKIN
from deepcam.generator.policy import DEFAULT
from deepcam.generator.render import Renderer, window_matrix
from deepcam.generator.session import NetworkSession, open_network
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.one_euro import matrix
from deepcam.geometry.pose import head_outline
from deepcam.identity.model import IdentityModel
from deepcam.identity.types import Identity
from deepcam.models.store import path_of
from deepcam.protection.erase import erase


class Kind(Enum):
    GENERATE = "generate"


@dataclass(frozen=True)
class Plan:
    track: int
    outline: Points
    face: Face | None
    kind: Kind = Kind.GENERATE


def turned(yaw: float = 0.0) -> np.ndarray:
    return matrix(np.array([np.cos(yaw / 2), 0.0, np.sin(yaw / 2), 0.0]))


def face(
    yaw: float = 0.0, scale: float = 60.0, at: tuple[float, float] = (160, 110), **more: object
) -> Face:
    pose = Pose(scale, turned(yaw), np.array(at))
    return Face(1, 1.0, head_outline(pose, FaceBasis.load()), pose, **more)  # type: ignore[arg-type]


def picture(seed: int, height: int = 300, width: int = 320) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (12, 14, 3)).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def muted(seed: int) -> np.ndarray:
    """The same in the colours of most things."""
    grey = picture(seed).mean(2, keepdims=True)
    return (0.8 * grey + 0.2 * picture(seed)).clip(8, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def generators() -> list[Generator]:
    return [Generator(still=True, network=name) for name in ("small", "none", "large")]


def paint(
    generator: Generator, image: np.ndarray, who: Face, identity: Identity | None = None
) -> tuple[MaskedFrame, np.ndarray]:
    masked = erase(Frame(image, 0.0, 0), [who.outline])
    before = masked.image.copy()
    plan = Plan(1, who.outline, who)
    worn = identity or IdentityModel.load().sample(5)
    timings = generator.paint(masked, [plan], {1: worn})
    assert set(timings) == {"rasterise", "generate", "compose"}
    return masked, before


@pytest.mark.parametrize("which", [0, 1, 2])
def test_nothing_under_the_mask_flows_through(generators: list[Generator], which: int) -> None:
    """P6: with the conditioning held fixed, pixels under the mask change not one bit."""
    rng = np.random.default_rng(which)
    for yaw, scale, at in ((0.0, 60, (160, 110)), (0.5, 45, (90, 200)), (-0.6, 110, (300, 20))):
        who = face(yaw, scale, at)
        image = picture(1)
        first, _ = paint(generators[which], image, who)
        noisy = image.copy()
        noisy[first.mask > 0] = rng.integers(0, 256, (int((first.mask > 0).sum()), 3))
        second, _ = paint(generators[which], noisy, who)
        assert np.array_equal(first.image, second.image)
        black = image.copy()
        black[first.mask > 0] = 0
        third, _ = paint(generators[which], black, who)
        assert np.array_equal(first.image, third.image)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_every_erased_pixel_is_painted_and_no_other(
    generators: list[Generator], which: int
) -> None:
    image = np.maximum(picture(3), 40)
    masked, before = paint(generators[which], image, face())
    outside = masked.mask == 0
    assert np.array_equal(masked.image[outside], before[outside])
    assert np.array_equal(masked.image[outside], image[outside])
    assert (masked.image[~outside].max(1) > 0).mean() > 0.999


@pytest.mark.parametrize("lamp", [(1.0, 0.0, 0.0), (0.1, 1.0, 0.1), (0.6, 0.1, 1.0)])
def test_a_face_is_seen_in_the_light_of_its_room(
    generators: list[Generator], lamp: tuple[float, float, float]
) -> None:
    image = muted(3)
    white, _ = paint(generators[0], image, face())
    lit = (image * np.array(lamp)).astype(np.uint8)
    masked, before = paint(generators[0], lit, face())
    outside = masked.mask == 0
    assert np.array_equal(masked.image[outside], before[outside])
    # The face as it is in white light, times the lamp.
    there = white.image[~outside].astype(float) * np.array(lamp)
    here = masked.image[~outside].astype(float)
    assert np.abs(here - there).mean() < 14
    for k in range(3):
        assert here[:, k].mean() == pytest.approx(there[:, k].mean(), abs=30)


def test_a_green_screen_is_no_green_light(generators: list[Generator]) -> None:
    image = np.empty((240, 320, 3), np.uint8)
    image[:] = (40, 190, 50)
    cv2.rectangle(image, (100, 170), (220, 239), (12, 10, 10), -1)  # a black jersey
    cv2.rectangle(image, (130, 60), (190, 215), (100, 135, 185), -1)  # a neck
    cv2.rectangle(image, (80, 0), (240, 55), (20, 40, 60), -1)  # hair
    masked, _ = paint(generators[0], image, face())
    inside = masked.image[100:130, 145:175].reshape(-1, 3).mean(0)
    assert inside[2] > inside[1]  # skin is redder than green
    # Under a green lamp the neck would be green: so is the face.
    cv2.rectangle(image, (100, 170), (220, 239), (12, 110, 12), -1)
    cv2.rectangle(image, (80, 0), (240, 55), (6, 60, 10), -1)  # hair
    masked, _ = paint(generators[0], image, face())
    inside = masked.image[100:130, 145:175].reshape(-1, 3).mean(0)
    assert inside[1] > 2 * inside[2]


def test_light_that_changes_is_followed(generators: list[Generator]) -> None:
    live = Generator(network="none")
    image = muted(3)
    shares = []
    for n in range(40):
        lamp = (1, 1, 1) if n < 10 else (0.2, 0.2, 1)
        masked = erase(
            Frame((image * np.array(lamp)).astype(np.uint8), n / 30, n), [face().outline]
        )
        live.paint(masked, [Plan(1, face().outline, face())], {1: IdentityModel.load().sample(5)})
        inside = masked.image[masked.mask > 0].astype(float).mean(0)
        shares.append(inside[0] / inside[2])
    assert shares[9] > 0.5
    assert shares[-1] < 0.3
    # Within half a second, and not back and forth.
    assert shares[25] < 0.4
    assert np.diff(shares[10:]).max() < 0.02


def test_identity_shows_in_the_picture(generators: list[Generator]) -> None:
    model = IdentityModel.load()
    who = face()
    results = []
    for seed in (5, 6):
        masked = erase(Frame(picture(4), 0.0, 0), [who.outline])
        generators[0].paint(masked, [Plan(1, who.outline, who)], {1: model.sample(seed)})
        results.append(masked.image.astype(int))
    assert np.abs(results[0] - results[1])[masked.mask > 0].mean() > 3


@given(
    st.floats(-0.8, 0.8),
    st.floats(4, 400),
    st.floats(-300, 700),
    st.floats(-300, 700),
    st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_any_place_and_size_is_painted_without_an_error(
    yaw: float, scale: float, x: float, y: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    who = face(
        yaw,
        scale,
        (x, y),
        expression=rng.uniform(-3, 3, 32).astype(np.float32),
        lids=rng.uniform(0, 1.4, 2).astype(np.float32),
        gaze=rng.uniform(-0.35, 0.35, 4).astype(np.float32),
    )
    masked, before = paint(Generator(network="none"), picture(5), who)
    outside = masked.mask == 0
    assert np.array_equal(masked.image[outside], before[outside])


def test_context_takes_no_erased_pixel() -> None:
    image = picture(7)
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[60:220, 90:230] = 255
    erased = image.copy()
    erased[mask > 0] = 0
    for scale in (15.0, 60.0, 200.0):  # shrunk by area, about equal, enlarged
        affine = window(Pose(scale, np.eye(3), np.array([160.0, 120.0])), 128)
        a = cut(erased, mask, affine, 128)
        assert a.fill.shape == (128, 128, 3)
        assert np.isfinite(a.fill).all()
        assert a.fill.min() >= 0
        assert a.fill.max() <= 1
        back = cv2.invertAffineTransform(affine)
        middle = back @ np.array([64, 64, 1])
        if mask[int(middle[1]), int(middle[0])]:
            assert a.mask[64, 64] == 1


def test_lids_close_and_gaze_moves_the_iris() -> None:
    renderer = Renderer(IdentityModel.load().sample(3))
    identity_affine = np.eye(2, 3, dtype=np.float32)

    def draw(who: Face) -> np.ndarray:
        return renderer.draw(who, window_matrix(who, identity_affine), (320, 300)).kind

    opened = draw(face())
    closed = draw(face(lids=np.zeros(2, np.float32)))
    wide = draw(face(lids=np.full(2, 1.3, np.float32)))
    eyes = [int(np.isin(k, (EYE_R, EYE_L)).sum()) for k in (closed, opened, wide)]
    assert eyes[0] <= 2 < eyes[1] < eyes[2]
    look = []
    for gaze in (-0.2, 0.2):
        who = face(gaze=np.array([gaze, 0, gaze, 0], np.float32))
        shown = renderer.draw(who, window_matrix(who, identity_affine), (320, 300))
        eye = shown.kind == EYE_R
        dark = 255 - shown.colour.mean(2)
        look.append((dark * eye * np.arange(320)).sum() / (dark * eye).sum())
    assert look[1] > look[0] + 1.5


def test_mouth_opens_and_the_mesh_has_no_cracks() -> None:
    renderer = Renderer(IdentityModel.load().sample(3))
    identity_affine = np.eye(2, 3, dtype=np.float32)
    wide = np.zeros(32, np.float32)
    wide[1] = 3
    for yaw in (-0.7, -0.3, 0.0, 0.4, 0.75):
        for e in (np.zeros(32, np.float32), wide):
            who = face(yaw, expression=e)
            kind = renderer.draw(who, window_matrix(who, identity_affine), (320, 300)).kind
            drawn = (kind > 0).astype(np.uint8)
            contours, _ = cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            solid = np.zeros_like(drawn)
            cv2.drawContours(solid, contours, -1, 1, -1)
            assert int((solid - drawn).sum()) == 0
    who = face(expression=wide)
    kind = renderer.draw(who, window_matrix(who, identity_affine), (320, 300)).kind
    assert (kind == MOUTH).sum() > 60
    assert (kind == SKIN).sum() > 5000


@pytest.mark.parametrize("opening", [1.8, 2.5])
def test_a_talking_mouth_shows_the_upper_teeth_and_no_grin(opening: float) -> None:
    """Lower teeth stay behind the lower lip, and the upper lip shades the upper ones."""
    renderer = Renderer(IdentityModel.load().sample(6))
    expression = np.zeros(32, np.float32)
    expression[1] = opening
    who = face(scale=200.0, at=(350, 260), expression=expression)
    drawn = renderer.draw(who, window_matrix(who, np.eye(2, 3, dtype=np.float32)), (700, 700))
    column = drawn.colour[:, 350].mean(1)[drawn.kind[:, 350] == MOUTH]
    assert len(column) > 16
    parts = np.array_split(column, 8)
    levels = np.array([part.mean() for part in parts])
    teeth = levels[:4].max()
    assert teeth > 100
    assert levels[-2:].max() < 0.55 * teeth, "a second row of teeth"
    assert levels[0] < 0.85 * teeth, "no shade below the lip"


def test_flattened_skin_has_less_contrast_and_the_same_tone() -> None:
    renderer = Renderer(IdentityModel.load().sample(3))
    who = face(scale=120.0, at=(200, 160))
    matrix = window_matrix(who, np.eye(2, 3, dtype=np.float32))

    def skin(flatten: float, blur: float = 0.0) -> np.ndarray:
        drawn = renderer.draw(who, matrix, (400, 400), flatten=flatten, blur=blur)
        return np.log(drawn.colour[drawn.kind == SKIN] + 8)

    plain, flat = skin(0.0), skin(0.4)
    assert np.array_equal(plain, skin(0.0))
    assert flat.std(0) == pytest.approx(0.6 * plain.std(0), rel=0.08)
    assert np.abs(np.median(flat, 0) - np.median(plain, 0)).max() < 0.08
    assert skin(0.4, 2.0).std() < flat.std()


def test_dark_skin_is_flattened_when_it_is_made_light(generators: list[Generator]) -> None:
    dark = IdentityModel.load().sample(3, tone=0.0)
    seen: list[float] = []

    class Watched(Renderer):
        def draw(self, *a: object, **k: object) -> object:  # type: ignore[override]
            seen.append(float(k["flatten"]))  # type: ignore[arg-type]
            return super().draw(*a, **k)  # type: ignore[arg-type]

    generator = generators[0]
    generator._renderers[id(dark)] = Watched(dark)
    who = face(scale=60.0, at=(160, 130))
    for colour in ((150, 170, 225), (30, 40, 60)):
        seen.clear()
        image = np.full((300, 320, 3), colour, np.uint8)
        paint(generator, image, who, dark)
        assert max(seen[1:]) - min(seen[1:]) < 0.05  # small and large nearly alike
        assert (seen[-1] > 0.1) == (colour[0] > 100)
    del generator._renderers[id(dark)]


def test_small_faces_are_drawn_twice_as_large_and_averaged(generators: list[Generator]) -> None:
    talking = np.eye(1, 32, 1, dtype=np.float32)[0] * 3
    people = [IdentityModel.load().sample(seed) for seed in (0, 3, 5)]

    def painted(scale: float, generator: Generator) -> np.ndarray:
        k = int(scale / 25)
        who = face(scale=scale, at=(80.0 * k + (k - 1) / 2, 60.0 * k + (k - 1) / 2))
        who = replace(who, expression=talking)
        out = []
        for somebody in people:
            image = np.full((150 * k, 160 * k, 3), 120, np.uint8)
            masked, _ = paint(generator, image, who, somebody)
            small = cv2.resize(masked.image, (160, 150), interpolation=cv2.INTER_AREA)
            out.append(small[30:110, 50:110].astype(float))
        return np.stack(out)

    truth, smooth = painted(150.0, generators[1]), painted(25.0, generators[1])
    single = replace(DEFAULT, twice=0)
    jagged = painted(25.0, Generator(still=True, network="none", policy=single))
    wrong = [np.sqrt(((made - truth) ** 2).mean((1, 2, 3))) for made in (smooth, jagged)]
    assert (wrong[0] < 0.98 * wrong[1]).all(), wrong


def test_the_real_provider_is_reported() -> None:
    session = NetworkSession(path_of("generator_small.onnx"), "cpu", 1)
    assert session.provider == "cpu"
    n = session.resolution
    out = session.run(np.zeros((CHANNELS, n, n), np.float32))
    assert out.shape == (MAPS, n, n)
    automatic = NetworkSession(path_of("generator_small.onnx"))
    if automatic.provider == "cpu":
        assert automatic.reason


def test_both_networks_are_shipped_and_alike() -> None:
    large, small = open_network("large", "cpu", 1), open_network("auto", "cpu", 1)
    assert (large.size, large.resolution) == ("large", 192)
    assert (small.size, small.resolution) == ("small", 192)
    # Of one grey wall and one grey face they make nearly the same.
    fields = []
    for session in (large, small):
        n = session.resolution
        planes = np.zeros((CHANNELS, n, n), np.float32)
        planes[:3] = 0.5
        y, x = (np.mgrid[:n, :n] + 0.5) / n - 0.5
        inside = (x / 0.3) ** 2 + (y / 0.36) ** 2 < 1
        planes[3, inside] = planes[7, inside] = 1
        planes[4:7, inside] = 0.5
        made = session.run(planes)
        assert np.isfinite(made).all()
        fields.append([made[6, n // 2, n // 2], np.log(made[:3, inside]).mean()])
    assert fields[0][0] > 0.95
    assert fields[1][0] > 0.95
    assert abs(fields[0][1] - fields[1][1]) < 0.3


def test_the_eight_bit_network_is_what_a_cpu_runs_and_nearly_the_same() -> None:
    exact = NetworkSession(path_of("generator_small.onnx"), "cpu", 1)
    short = open_network("small", "cpu", 1)
    n = exact.resolution
    rng = np.random.default_rng(0)
    y, x = (np.mgrid[:n, :n] + 0.5) / n - 0.5
    inside = (x / 0.3) ** 2 + (y / 0.36) ** 2 < 1
    for tone in (0.2, 0.5, 0.7):
        planes = np.zeros((CHANNELS, n, n), np.float32)
        planes[:3] = rng.uniform(0.2, 0.8, (3, 1, 1)) + 0.1 * x
        planes[3, inside] = planes[7, inside] = 1
        planes[4:7, inside] = tone
        a, b = exact.run(planes).copy(), short.run(planes).copy()
        gap = np.abs(a - b)[:, inside].mean(1)
        assert 0 < gap.max() < 0.05, gap
        assert gap[3:6].max() < 0.02, "five levels"


def test_bound_memory_gives_the_same_fields() -> None:
    """The way of graphics cards, on the CPU."""
    import onnxruntime as ort

    from deepcam.generator.session import _Bound

    path = path_of("generator_small.onnx")
    plain = NetworkSession(path, "cpu", 1)
    raw = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    bound = _Bound(raw, raw.get_inputs()[0].name, raw.get_inputs()[0].shape)
    rng = np.random.default_rng(2)
    shape = (CHANNELS, plain.resolution, plain.resolution)
    first = bound.run(rng.random(shape, np.float32)).copy()
    planes = rng.random(shape, np.float32)
    second = bound.run(planes)
    assert np.abs(second - plain.run(planes)).max() < 1e-4
    assert np.abs(second - first).max() > 1e-3


def _networks(monkeypatch: pytest.MonkeyPatch, *missing: str) -> list[str]:
    """What is loaded on a CPU, where networks that are ``missing`` cannot be."""
    opened: list[str] = []

    class Fake:
        def __init__(
            self, path: Path, provider: str = "auto", threads: int = 2, on_cpu: Path | None = None
        ) -> None:
            self.size = path.stem.removeprefix("generator_")
            if self.size in missing:
                raise DeepcamError("The model is missing.", "Install it again.")
            opened.append((on_cpu or path).name)

    monkeypatch.setattr("deepcam.generator.session.NetworkSession", Fake)
    monkeypatch.setattr("deepcam.generator.session.path_of", Path)
    return opened


def test_the_small_network_is_taken_in_eight_bits_where_time_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = _networks(monkeypatch)
    assert open_network().size == open_network("auto", still=True).size == "small"
    assert open_network("large").size == "large"
    assert opened == ["generator_small_int8.onnx", "generator_small.onnx", "generator_large.onnx"]


def test_a_network_that_was_asked_for_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    _networks(monkeypatch, "large")
    assert open_network("small", still=True).size == "small"
    with pytest.raises(DeepcamError, match="missing"):
        open_network("large")
    with pytest.raises(DeepcamError, match="no network called huge"):
        open_network("huge")


def test_bad_models_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"this is no network")
    with pytest.raises(DeepcamError, match=r"bad\.onnx cannot be run"):
        NetworkSession(bad)
    with pytest.raises(DeepcamError, match="no provider called warp"):
        NetworkSession(bad, "warp")


def test_the_mean_gain_follows_slowly_and_jumps_when_the_light_is_switched() -> None:
    fields = np.zeros((16, 16, MAPS), np.float32)
    fields[..., 6] = 1.0
    level = np.full(3, 1e3, np.float32)
    means = []
    for gain in (1.0, 1.2, 0.85, 1.1, 1.0, 3.0):
        fields[..., :3] = gain
        fields[..., 3:6] = 0.1 * gain
        hold_level(fields, level, 0.1, 0.35)
        means.append(float(fields[0, 0, 0]))
        assert fields[..., 3:6] == pytest.approx(0.1 * means[-1], rel=1e-3)
    assert means[0] == pytest.approx(1.0, rel=1e-4)
    assert np.ptp(means[:5]) < 0.05
    assert means[5] == pytest.approx(3.0, rel=1e-3)


@pytest.mark.parametrize(("scale", "edge"), [(1, 1.0), (3, 1.0), (3, 2.5)])
def test_an_edge_gets_crisp_below_the_eyes_only(scale: int, edge: float) -> None:
    n = 32
    side = n * scale
    fields = np.zeros((n, n, MAPS), np.float32)
    fields[..., :3] = 1.0
    fields[..., 6] = np.clip((np.arange(n) - 8) / 16, 0, 1)
    image = np.zeros((side, side, 3), np.uint8)
    affine = np.array([[1 / scale, 0, 0], [0, 1 / scale, 0]], np.float32)
    whole = np.full((side, side), 255, np.uint8)
    square = side * np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    unknown = Context(np.zeros((n, n, 3), np.float32), np.ones((n, n), np.float32))
    compose(
        image, whole, 0, 0, fields, affine, np.full((side, side, 3), 255, np.float32),
        np.ones((side, side), np.int32), 1.0, whole, rim_of(square, unknown, side),
        edge, 0, side,
    )  # fmt: skip
    soft = ((image[..., 0] > 5) & (image[..., 0] < 250)).sum(1)
    above, below = soft[: int(0.4 * side)], soft[int(0.65 * side) : -scale]
    assert np.ptp(above) == 0
    assert np.ptp(below) == 0
    assert below[0] == pytest.approx(above[0] / edge, abs=2)
    # The edge stays where it was.
    middle = np.abs(image[..., 0].astype(int) - 128).argmin(1)
    assert np.ptp(middle) <= 1


@given(st.floats(0.02, 20), st.sampled_from([128, 192, 256]), st.floats(0, 1.7))
def test_edges_are_as_sharp_as_the_picture(pixel: float, size: int, blur: float) -> None:
    gain = edge_gain(pixel, size, blur)
    assert 1.0 <= gain <= 3.5
    # Sharper pictures and larger faces have steeper edges, never flatter ones.
    assert edge_gain(pixel, size, blur / 2) >= gain
    assert edge_gain(2 * pixel, size, blur) >= gain
    # No stair: the ramp is two pixels at least where the network's own is.
    ramp = 4.4 * size / 192 * pixel
    assert ramp / gain >= min(2.0, ramp) - 1e-6


def _striped(fill: float, seed: int = 0) -> np.ndarray:
    """A disc filled with ``fill`` (0..1), in a picture of stripes about .5, composed."""
    n, side = 64, 192
    rng = np.random.default_rng(seed)
    image = np.empty((side, side, 3), np.uint8)
    image[:] = (128 + 50 * np.sin(np.arange(side) * 1.3))[None, :, None]
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, (96, 96), 60, 255, -1)
    image[mask > 0] = 0
    corners = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    outline = (96 + 57 * np.stack([np.cos(corners), np.sin(corners)], 1)).astype(np.float32)
    affine = np.array([[n / side, 0, -0.33], [0, n / side, -0.33]], np.float32)
    surroundings = cut(image, mask, affine, n)
    fields = np.zeros((n, n, MAPS), np.float32)
    fields[..., 7:] = fill
    nothing = np.zeros((side, side), np.int32)
    compose(
        image, mask, 0, 0, fields, affine, rng.random((side, side, 3), np.float32), nothing, 1.0,
        mask, rim_of(outline, surroundings, 40.0), 1.0, 0, side,
    )  # fmt: skip
    return image


def test_what_is_seen_at_the_rim_goes_on_where_the_fill_is_alike() -> None:
    alike = _striped(0.5)[96, :, 0].astype(float)
    assert alike[40:44].std() > 15  # six pixels inside the rim: stripes
    assert alike[80:112] == pytest.approx(128, abs=1)  # further in: the fill
    # Nothing goes on in a forehead that is lighter than the hair, or in another colour.
    other = _striped(0.9)[96, :, 0].astype(float)
    assert other[40:44].std() < 3


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_detail_is_never_read_from_under_the_mask(seed: int) -> None:
    # What the picture holds under the mask beforehand makes no difference: it is never read.
    n, side = 32, 96
    rng = np.random.default_rng(seed)
    mask = np.zeros((side, side), np.uint8)
    corners = rng.uniform(10, 86, (5, 2)).astype(np.float32)
    outline = cv2.convexHull(corners)[:, 0]
    cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 255)
    mask = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    cv2.circle(mask, tuple(rng.integers(0, side, 2).tolist()), 15, 255, -1)  # a neighbour's
    picture = rng.integers(0, 256, (side, side, 3), np.uint8)
    affine = np.array([[n / side, 0, 0], [0, n / side, 0]], np.float32)
    erased = picture.copy()
    erased[mask > 0] = 0
    surroundings = cut(erased, mask, affine, n)
    fields = rng.random((n, n, MAPS), np.float32)
    render = rng.random((side, side, 3), np.float32) * 255
    kind = rng.integers(0, 2, (side, side)).astype(np.int32)
    region = np.zeros_like(mask)
    cv2.fillConvexPoly(region, np.round(outline).astype(np.int32), 255)
    out = []
    for image in (erased.copy(), picture.copy()):
        compose(
            image, region, 0, 0, fields, affine, render, kind, 1.0, mask,
            rim_of(outline, surroundings, 20.0), 2.0, 0, side,
        )  # fmt: skip
        out.append(image)
    assert np.array_equal(out[0][region > 0], out[1][region > 0])
    assert np.array_equal(out[1][region == 0], picture[region == 0])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_the_rim_is_where_the_outline_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-50, 250, (int(rng.integers(3, 20)), 2)).astype(np.float32)
    outline = cv2.convexHull(corners)[:, 0]
    if cv2.contourArea(outline) < 50:
        return
    unknown = Context(np.zeros((8, 8, 3), np.float32), np.ones((8, 8), np.float32))
    rim = rim_of(outline, unknown, 20.0)
    assert np.isfinite(rim.radii).all()
    assert np.isfinite(rim.coarse).all()
    turn = np.linspace(-2, 2, len(rim.radii))
    way = np.stack([1 - np.abs(turn), np.sign(turn) * (1 - np.abs(1 - np.abs(turn)))], 1)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    for radius, towards in zip(rim.radii - ERASED, way, strict=True):
        x, y = (rim.centre + radius * towards).tolist()
        assert abs(cv2.pointPolygonTest(outline[:, None], (x, y), True)) < 0.05


def test_edges_of_eyes_and_teeth_are_no_stairs() -> None:
    from deepcam.generator.render import _smooth_edges

    kind = np.full((40, 40), SKIN, np.int32)
    kind[np.tril_indices(40)] = EYE_R
    colour = np.where(kind == SKIN, 100, 200).astype(np.float32)[..., None].repeat(3, 2)
    plain = colour.copy()
    _smooth_edges(kind, colour)
    steps = np.abs(np.diff(colour[20, :, 0]))
    assert steps.max() < 60
    assert np.array_equal(colour[20, :15], plain[20, :15])
    assert np.array_equal(colour[20, 26:], plain[20, 26:])
