"""Preparation, samples, network, a training run that resumes, export; skipped without torch."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.frames import Face, Pose
from deepcam.generator.conditioning import CHANNELS
from deepcam.generator.render import Renderer, window_matrix
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline, project
from deepcam.identity.model import IdentityModel
from deepcam.training.data import (
    Prepared,
    Sampler,
    hold_up_a_hand,
    measure,
    prepare_one,
    put_on_scarf,
    put_on_temples,
)

SIDE = 360


def photograph(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A rendered person and the landmarks (478, 3) a perfect tracker would find."""
    identity = IdentityModel.load().sample(seed)
    pose = Pose(70.0, np.eye(3), np.array([180.0, 140.0]))
    who = Face(0, 1.0, np.zeros((0, 2), np.float32), pose)
    shown = Renderer(identity, exact=True).draw(
        who, window_matrix(who, np.eye(2, 3, dtype=np.float32)), (SIDE, SIDE)
    )
    image = np.where(shown.kind[..., None] > 0, shown.colour, 120).astype(np.uint8)
    mesh = project(identity.shape, pose).astype(np.float64)
    irises = []
    for outer, inner in ((33, 133), (263, 362)):
        centre = mesh[[outer, inner]].mean(0)
        irises += [centre] * 5
    return image, np.concatenate([mesh, np.array(irises)])


@pytest.fixture(scope="module")
def data() -> Prepared:
    rows = []
    mean = np.full((192, 192, 3), 140, np.float32)
    for seed in range(6):
        image, landmarks = photograph(seed)
        rows.append(prepare_one(image, landmarks, mean))
    arrays = {k: np.stack([r[k] for r in rows]) for k in rows[0]}
    arrays["names"] = np.array([f"{k}.png" for k in range(6)])
    arrays["held_out"] = np.array([k == 5 for k in range(6)])
    return Prepared(**arrays)


def test_measuring_keeps_the_mesh_exactly() -> None:
    _, landmarks = photograph(3)
    pose, shape, e, lids, gaze = measure(landmarks)
    basis = FaceBasis.load()
    again = project(shape + np.tensordot(e, basis.expression, 1), pose)[:, :2]
    assert np.abs(again - landmarks[:468, :2]).max() < 0.05
    assert np.abs(e).max() <= 3
    assert (lids > 0.5).all()
    assert np.abs(gaze).max() < 0.2


def test_samples_hide_the_face_and_repeat(data: Prepared) -> None:
    people = [IdentityModel.load().sample(77)]
    a = [next(iter(Sampler(data, 64, 5, people))) for _ in range(2)]
    assert np.array_equal(a[0].inputs, a[1].inputs)
    for sample in (a[0], Sampler(data, 64, 6, people).swap_sample(2)):
        assert sample.inputs.shape == (CHANNELS, 64, 64)
        assert sample.target.shape == (3, 64, 64)
        assert np.isfinite(sample.inputs).all()
        mask = sample.inputs[3] > 0.5
        assert 0.1 < mask.mean() < 0.9
        # The fill under the mask is smooth: no eye, no mouth of the photograph is in it.
        inside = mask[1:, 1:] & mask[:-1, :-1]
        step = np.abs(np.diff(sample.inputs[:3, 1:], axis=2)).max(0)[:, :]
        assert step[inside].max() < 0.2
    held = Sampler(data, 64, 0, people, train=False)
    assert list(held.rows) == [5]


def test_a_scarf_hides_the_neck_and_nothing_above_the_mouth(data: Prepared) -> None:
    before = data.crops[0].astype(np.float32) / 255
    head, pose = data.shapes[0], data.pose(0)
    rows = project(head, pose)[:, 1]
    for seed in range(8):
        after = before.copy()
        put_on_scarf(after, head, pose, np.random.default_rng(seed))
        changed = np.abs(after - before).max(2) > 0.01
        assert not changed[: int(rows[[61, 291]].min() - 0.3 * pose.scale)].any()
        below = changed[int(rows[152] + 0.2 * pose.scale) :]
        assert below[:, int(pose.translation[0])].mean() > 0.9
        assert (after >= 0).all()
        assert (after <= 1).all()


def test_hands_and_temples_stay_beside_the_mask(data: Prepared) -> None:
    pose = data.pose(0)
    mask = np.zeros(data.crops.shape[1:3], np.uint8)
    cv2.fillConvexPoly(mask, np.round(head_outline(pose, FaceBasis.load())).astype(np.int32), 255)
    for draw in (hold_up_a_hand, put_on_temples):
        changed = []
        for seed in range(8):
            photo = data.crops[0].copy()
            draw(photo, mask, pose, np.random.default_rng(seed))
            difference = np.abs(photo.astype(int) - data.crops[0]).max(2)
            assert not difference[mask > 0].any()
            changed.append(float((difference > 4).mean()))
        assert np.median(changed) > 0.0005
        assert max(changed) < 0.35


def test_network_is_small_and_composes() -> None:
    torch = pytest.importorskip("torch")
    from deepcam.training.network import MAPS, SIZES, Generator, compose, count_macs

    assert count_macs(SIZES["small"]) < 0.6e9
    net = Generator(SIZES["small"])
    x = torch.rand(2, CHANNELS, 128, 128)
    maps = net(x)
    assert maps.shape == (2, MAPS, 128, 128)
    out = compose(maps, x[:, 4:7])
    assert torch.isfinite(out).all()
    # Before training it hands the render through where it is certain, and the fill elsewhere.
    x[:, 7], x[:, 8:10], x[:, 12:14] = 1.0, 0.0, 0.0
    inside = compose(net(x), x[:, 4:7])[:, :, 40:88, 40:88]
    assert float((inside - x[:, 4:7, 40:88, 40:88]).abs().mean()) < 0.05
    x[:, 7] = 0.0
    outside = compose(net(x), x[:, 4:7])
    assert float((outside - x[:, 0:3]).abs().max()) < 0.05


def test_a_run_learns_resumes_and_exports(data: Prepared, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from deepcam.errors import DeepcamError
    from deepcam.generator.session import NetworkSession
    from deepcam.training.export import export
    from deepcam.training.train import Config, train

    torch.set_num_threads(2)
    config = Config(images=24, adversarial_from=12, batch=3, resolution=64, save_minutes=10)
    train(config, data, tmp_path, minutes=5, identities=2)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["seen"] == 24
    config.images = 30
    train(config, data, tmp_path, minutes=5, identities=2)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["seen"] == 30
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert lines[0] == "images,seconds,train,held_out"
    assert (tmp_path / "sheet.png").stat().st_size > 1000
    target = tmp_path / "network.onnx"
    assert export(tmp_path / "checkpoint.pt", target) < 1e-3
    assert NetworkSession(target, "cpu").resolution == 128
    (tmp_path / "bad.pt").write_bytes(b"no checkpoint")
    with pytest.raises(DeepcamError, match="cannot be read"):
        export(tmp_path / "bad.pt", target)


def test_the_critic_is_shown_both_pictures_alike() -> None:
    torch = pytest.importorskip("torch")
    from deepcam.training.train import augment

    noise = torch.Generator().manual_seed(4)
    picture = torch.rand(3, 3, 64, 64, requires_grad=True)
    extra = torch.ones(3, 1, 64, 64)
    one, other, moved = augment([picture, picture.detach().clone()], extra, noise)
    assert torch.equal(one.detach(), other)
    assert (one.detach() - picture.detach()).abs().mean() > 0.02
    # What was cut out or came in from beyond the border counts for nothing.
    assert 0.3 < float(moved.mean()) < 1
    assert not one.detach().permute(0, 2, 3, 1)[moved[:, 0] == 0].any()
    one.sum().backward()
    assert float(picture.grad.abs().sum()) > 0


def test_what_moves_along_does_not_waver() -> None:
    torch = pytest.importorskip("torch")
    from deepcam.training.train import wavering

    noise = torch.Generator().manual_seed(5)
    x = torch.rand(2, CHANNELS, 64, 64)
    x[:, 7] = 1.0

    def pointwise(t):  # type: ignore[no-untyped-def]
        return t[:, 4:7] * 2

    def by_place(t):  # type: ignore[no-untyped-def]
        return t[:, 4:7] * torch.linspace(0, 2, 64)

    fixed = [float(wavering(by_place, x, by_place(x), noise, step)) for step in (1, 3, 5, 7)]
    assert sum(fixed) > 1e-3
    for step in (1, 3, 5):
        assert float(wavering(pointwise, x, pointwise(x), noise, step)) < 1e-6
    assert float(wavering(pointwise, x, pointwise(x), noise, 2)) > 1e-3


def test_processes_draw_what_the_plan_says(data: Prepared, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from dataclasses import fields

    from deepcam.training.feed import Plan, batches, place

    np.savez(tmp_path / "data.npz", **{f.name: getattr(data, f.name) for f in fields(data)})
    people = [IdentityModel.load().sample(3)]
    plan = Plan(batch=3, side=64, adversarial_from=12, seed=1, seen=6)
    feed = batches(tmp_path / "data.npz", people, plan, workers=2)
    drawn = [next(feed) for _ in range(4)]
    assert [swaps for *_, swaps in drawn] == [0, 0, 1, 1]
    x, y, valid = place(drawn[3][:3], "cpu")
    assert x.shape == (3, CHANNELS, 64, 64)
    assert y.shape == (3, 3, 64, 64)
    assert x.dtype == torch.float32
    assert valid.shape == (3, 1, 64, 64)
    # Two workers never draw the same; a thread draws the same every time, in full precision.
    assert not torch.equal(drawn[0][0], drawn[1][0])
    again = [next(batches(data, people, plan)) for _ in range(2)]
    assert torch.equal(again[0][0], again[1][0])
    assert again[0][0].dtype == torch.float32
    with pytest.raises(ValueError, match="path"):
        batches(data, people, plan, workers=1)


def test_a_frame_is_timed_with_and_without_its_copies() -> None:
    pytest.importorskip("torch")
    from deepcam.training.timing import frame_ms

    found = frame_ms("small", "cpu", runs=2)
    assert set(found) == {
        "network_median", "network_p95", "with_copies_median", "with_copies_p95",
    }  # fmt: skip
    assert min(found.values()) > 0


def test_a_device_that_torch_has_not_is_told_in_two_sentences(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    from deepcam.training.cli import main

    device = "cuda:99" if torch.cuda.is_available() else "cuda"
    for wrong in (device, "toaster"):
        with pytest.raises(SystemExit) as stop:
            main(["time", "--device", wrong, "--work", str(tmp_path)])
        assert stop.value.code == 1
        said = capsys.readouterr().err
        assert f"torch cannot compute on {wrong}" in said
        assert "--device cpu" in said
