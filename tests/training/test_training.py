"""Preparation, samples, network, a training run that resumes, export; skipped without torch."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.frames import Face, Pose
from deepcam.generator.conditioning import CHANNELS, cut, window
from deepcam.generator.render import Renderer, window_matrix
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline, project
from deepcam.identity.model import IdentityModel
from deepcam.identity.types import Identity
from deepcam.training.data import (
    CROP,
    TEXTURE,
    hold_up_a_hand,
    measure,
    prepare_one,
    put_on_scarf,
    put_on_temples,
)

torch = pytest.importorskip("torch", reason="torch is only installed for training")

from deepcam.training.prepare import prepare  # noqa: E402
from deepcam.training.sampler import Sampler, pull_push  # noqa: E402

SIDE = 360
PEOPLE = 4
MEAN = np.full((TEXTURE, TEXTURE, 3), 140, np.float32)


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


def named(held: int) -> list[str]:
    """Names of ``PEOPLE`` photographs, the last ``held`` of which are held out of training."""
    from deepcam.training.split import held_out

    names = [f"{k}.png" for k in range(200)]
    trained = [n for n in names if not held_out(n)][: PEOPLE - held]
    return trained + [n for n in names if held_out(n)][:held]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered people, prepared as photographs are; the last is held out."""
    root = tmp_path_factory.mktemp("faces")
    (root / "images").mkdir()
    names, landmarks = named(1), {}
    for seed, name in enumerate(names):
        image, landmarks[name] = photograph(seed)
        cv2.imwrite(str(root / "images" / name), image)
    (root / "index.csv").write_text("file,person\n" + "".join(f"{n},\n" for n in names))
    (root / "traits.csv").write_text(
        "file,age,masculine,tone\n" + "".join(f"{n},{30 + k},.5,4\n" for k, n in enumerate(names))
    )
    assert prepare([root], landmarks, MEAN, root / "data", jobs=1) == PEOPLE
    return root


@pytest.fixture(scope="module")
def sampler(folder: Path) -> Sampler:
    return Sampler(folder / "data", 64, "cpu", folder / "traits.csv")


@pytest.fixture(scope="module")
def one() -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    return prepare_one(*photograph(0), MEAN)  # type: ignore[return-value]


def pose_of(row: dict[str, np.ndarray]) -> Pose:  # type: ignore[type-arg]
    return Pose(
        float(row["scale"]),
        row["rotation"].astype(np.float64),
        row["translation"].astype(np.float64),
    )


def test_measuring_keeps_the_mesh_exactly() -> None:
    _, landmarks = photograph(3)
    pose, shape, e, lids, gaze = measure(landmarks)
    basis = FaceBasis.load()
    again = project(shape + np.tensordot(e, basis.expression, 1), pose)[:, :2]
    assert np.abs(again - landmarks[:468, :2]).max() < 0.05
    assert np.abs(e).max() <= 3
    assert (lids > 0.5).all()
    assert np.abs(gaze).max() < 0.2


@pytest.mark.slow
def test_samples_hide_the_face_and_repeat(sampler: Sampler) -> None:
    rows = torch.tensor([0, 1, 2])
    batches = []
    for _ in range(2):
        torch.manual_seed(5)
        batches.append(sampler.own(rows))
    assert torch.equal(batches[0].inputs, batches[1].inputs)
    for batch in (batches[0], *(sampler.swapped(rows, kind=k) for k in range(3))):
        assert batch.inputs.shape == (3, CHANNELS, 64, 64)
        assert batch.target.shape == (3, 3, 64, 64)
        assert torch.isfinite(batch.inputs).all()
        mask = batch.mask > 0.5
        assert 0.1 < float(mask.float().mean()) < 0.9
        # The fill under the mask is smooth: no eye, no mouth of the photograph is in it.
        inside = mask[..., 1:] & mask[..., :-1]
        step = batch.inputs[:, :3].diff(dim=3).abs().amax(1, True)
        assert float(step[inside].max()) < 0.2
        shown = batch.inputs[:, 7] > 0
        assert 0.1 < float(shown.float().mean()) < 0.9
    assert list(sampler.rows) == list(range(PEOPLE - 1))
    assert list(sampler.held_out) == [PEOPLE - 1]


def test_what_lies_under_the_mask_is_in_no_plane(folder: Path) -> None:
    """Bit for bit, as in the camera: another face under the mask gives the same inputs."""
    a, b = (Sampler(folder / "data", 64, "cpu") for _ in range(2))
    rows = torch.tensor([0, 2])
    hidden = (b.data["mask"].amin(1) > 0)[:, None, :, :, None]
    b.data["crop"] = torch.where(hidden, 255 - b.data["crop"], b.data["crop"])
    made = [s.own(rows, train=False) for s in (a, b)]
    assert torch.equal(made[0].inputs, made[1].inputs)
    assert not torch.equal(made[0].target, made[1].target)


def test_samples_agree_with_the_camera(folder: Path, sampler: Sampler) -> None:
    """What the network is taught with is what it is given in a call."""
    names = named(1)
    for seed in (0, 1):
        image, landmarks = photograph(seed)
        row = prepare_one(image, landmarks, MEAN)
        batch = sampler.own(torch.tensor([seed]), train=False, size=128)
        pose = pose_of(row)
        mask = sampler.data["mask"][seed, 0].numpy()
        erased = row["crops"].copy()
        erased[mask > 0] = 0
        affine = window(pose, 128)
        context = cut(erased, mask, affine, 128)
        fill = batch.inputs[0, :3].permute(1, 2, 0).numpy()
        assert np.abs(fill - context.fill).mean() < 0.02, names[seed]
        face = Face(
            0, 1.0, np.zeros((0, 2), np.float32), pose, row["expression"], row["lids"], row["gaze"]
        )
        identity = Identity("", 0, row["textures"], row["shapes"], np.zeros(3, np.uint8), 0, {})
        drawn = Renderer(identity, exact=True).draw(face, window_matrix(face, affine), (128, 128))
        cover = batch.inputs[0, 7].numpy()
        assert ((cover > 0) != (drawn.kind > 0)).mean() < 0.02
        place = batch.inputs[0, 10:12].permute(1, 2, 0).numpy()
        skin = (
            (drawn.kind == 1)
            & (cover == 1)
            & (batch.inputs[0, 8] + batch.inputs[0, 9] == 0).numpy()
        )
        assert np.abs(place - (drawn.attributes[..., :2] - 0.5))[skin].mean() < 0.01


def test_filling_agrees_with_the_camera() -> None:
    from deepcam.geometry.fill import pull_push as of_the_camera

    rng = np.random.default_rng(2)
    colour = cv2.GaussianBlur(rng.random((64, 64, 3)).astype(np.float32), (0, 0), 3)
    weight = np.ones((64, 64), np.float32)
    weight[16:44, 20:50] = 0
    there = pull_push(
        torch.from_numpy(colour).permute(2, 0, 1)[None], torch.from_numpy(weight)[None, None]
    )
    here = of_the_camera(colour, weight)
    assert np.abs(there[0].permute(1, 2, 0).numpy() - here).max() < 0.03


def test_sizes_show_the_same_sample(sampler: Sampler) -> None:
    made = sampler.pairs(2, (64, 128))
    assert len(made[64].mask) == len(made[128][:4].mask) == 4
    small = torch.nn.functional.avg_pool2d(made[128].inputs[:, 4:7], 2)
    # The renders' edges differ by part of a pixel.
    assert float((small - made[64].inputs[:, 4:7]).abs().mean()) < 0.02
    with torch.no_grad():
        again = torch.nn.functional.avg_pool2d(made[128].mask, 2)
    assert float((again - made[64].mask).abs().mean()) < 0.03


def test_a_scarf_hides_the_neck_and_nothing_above_the_mouth(
    one: dict[str, np.ndarray],  # type: ignore[type-arg]
) -> None:
    before = one["crops"].astype(np.float32) / 255
    head, pose = one["shapes"], pose_of(one)
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


def test_hands_and_temples_stay_beside_the_mask(one: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
    pose = pose_of(one)
    mask = np.zeros((CROP, CROP), np.uint8)
    cv2.fillConvexPoly(mask, np.round(head_outline(pose, FaceBasis.load())).astype(np.int32), 255)
    for draw in (hold_up_a_hand, put_on_temples):
        changed = []
        for seed in range(8):
            photo = one["crops"].copy()
            draw(photo, mask, pose, np.random.default_rng(seed))
            difference = np.abs(photo.astype(int) - one["crops"]).max(2)
            assert not difference[mask > 0].any()
            changed.append(float((difference > 4).mean()))
        assert np.median(changed) > 0.0005
        assert max(changed) < 0.35


@pytest.mark.slow
def test_network_is_small_and_composes() -> None:
    from deepcam.training.network import MAPS, SIZES, Generator, compose, count_macs

    assert count_macs(SIZES["small"]) < 0.8e9
    assert count_macs(SIZES["large"]) < 8e9
    net = Generator(SIZES["small"])
    x = torch.rand(2, CHANNELS, 128, 128)
    maps = net(x)
    assert maps.shape == (2, MAPS, 128, 128)
    assert torch.isfinite(compose(maps, torch.rand(2, 3, 256, 256))).all()
    # Before training it hands the render through where it is certain, and the fill elsewhere.
    x[:, 7], x[:, 8:10], x[:, 12:14] = 1.0, 0.0, 0.0
    inside = compose(net(x), x[:, 4:7])[:, :, 40:88, 40:88]
    assert float((inside - x[:, 4:7, 40:88, 40:88]).abs().mean()) < 0.05
    x[:, 7] = 0.0
    outside = compose(net(x), x[:, 4:7])
    assert float((outside - x[:, 0:3]).abs().max()) < 0.05
    # Bounded, however large the layers' numbers become.
    wild = fields_of(x, 1e4)
    assert torch.isfinite(wild).all()
    assert float(wild[:, :3].max()) < 8


def fields_of(x: torch.Tensor, size: float) -> torch.Tensor:
    from deepcam.training.network import MAPS, fields

    return fields(x, size * torch.randn(len(x), MAPS, *x.shape[2:]))


@pytest.fixture
def features() -> object:
    """Features with chance weights: the real ones are a package of their own."""
    from deepcam.training import features as module

    torch.manual_seed(2)
    weights: dict[str, torch.Tensor] = {}

    def norm(name: str, c: int) -> None:
        for key in ("weight", "running_var"):
            weights[f"{name}.{key}"] = torch.ones(c)
        for key in ("bias", "running_mean"):
            weights[f"{name}.{key}"] = torch.zeros(c)

    weights["_conv_stem.weight"] = 0.3 * torch.randn(32, 3, 3, 3)
    norm("_bn0", 32)
    for i, (k, _, expansion, a, b) in enumerate(module._BLOCKS):
        wide = a * expansion
        at = f"_blocks.{i}"
        if expansion > 1:
            weights[f"{at}._expand_conv.weight"] = torch.randn(wide, a, 1, 1) / a**0.5
            norm(f"{at}._bn0", wide)
        weights[f"{at}._depthwise_conv.weight"] = torch.randn(wide, 1, k, k) / k
        norm(f"{at}._bn1", wide)
        weights[f"{at}._project_conv.weight"] = torch.randn(b, wide, 1, 1) / wide**0.5
        norm(f"{at}._bn2", b)
    return module.Features(weights)


@pytest.mark.slow
def test_a_run_learns_resumes_and_exports(
    folder: Path, features: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx")
    from deepcam.errors import DeepcamError
    from deepcam.generator.session import NetworkSession
    from deepcam.training.export import export
    from deepcam.training.network import SIZES
    from deepcam.training.train import Config, train

    torch.set_num_threads(2)
    sampler = Sampler(folder / "data", SIZES["small"].resolution, "cpu")
    config = Config(
        sizes=("small",), batch=2, steps=3, critic_from=0.0, report_seconds=1e9, save_seconds=1e9
    )
    for steps in (3, 4):
        config.steps = steps
        train(config, sampler, features, tmp_path, seconds=1e6)  # type: ignore[arg-type]
        state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
        assert state["step"] == steps
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert lines[0] == "step,what,value"
    assert any("small held out" in line for line in lines)
    assert any("critics" in line for line in lines)
    assert (tmp_path / "sheet_small.jpg").stat().st_size > 1000
    from deepcam.training.network import Generator
    from deepcam.training.train import Trainee, compact

    trainee = Trainee("small", config, None)
    trainee.restore(state["small"])
    compact({"small": trainee}, tmp_path / "weights")
    target = tmp_path / "network.onnx"
    assert export(tmp_path / "weights", "small", target) < 1e-2
    assert NetworkSession(target, "cpu").resolution == 192
    assert isinstance(trainee.net, Generator)
    from deepcam.training import cli

    measure = ["loss", "--work", str(folder), "--begin"]
    cli.main([*measure, str(target)])
    cli.main([*measure, str(tmp_path / "weights")])
    told = capsys.readouterr().out.splitlines()[-2:]
    first, second = (line.split(": ")[1] for line in told)
    # The weights lie in half precision; the exported network holds the same.
    assert first == second
    assert 0.01 < float(first.split()[0]) < 10
    assert first.endswith(f"on {len(sampler.held_out)} photographs")
    with pytest.raises(SystemExit):
        cli.main([*measure, str(target), "--size", "both"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DeepcamError, match="holds no weights"):
        export(tmp_path / "empty", "small", target)


def test_a_jump_of_the_loss_is_left_out() -> None:
    from deepcam.training.train import Steps

    layer = torch.nn.Linear(2, 1, bias=False)
    optim = torch.optim.Adam(layer.parameters(), 0.1, fused=True)
    steps = Steps("cpu")
    for _ in range(30):
        steps.step(layer(torch.ones(1, 2)).square().mean() + 1, [optim], [layer])
    before = layer.weight.detach().clone()
    for jump in (torch.tensor(1e3), torch.tensor(float("nan"))):
        steps.step(layer(torch.ones(1, 2)).square().mean() + jump, [optim], [layer])
    assert torch.equal(layer.weight.detach(), before)
    assert float(steps.skipped) == 2
    steps.step(layer(torch.ones(1, 2)).sum() + 1, [optim], [layer])
    assert not torch.equal(layer.weight.detach(), before)


def test_the_critics_look_at_mouth_eyes_rim_and_face(sampler: Sampler, features: object) -> None:
    from deepcam.training.critics import PLACES, Critics

    critics = Critics(features)  # type: ignore[arg-type]
    batch = sampler.own(torch.tensor([0, 1]), size=128)
    places = critics.look(batch)
    assert set(places) == set(PLACES)
    mouth, eyes = (places[k].mean((1, 2)) for k in ("mouth", "eyes"))
    assert (mouth[:, 1] > eyes[:, 1] + 0.2).all()
    assert mouth.abs().max() < 0.7
    assert eyes.abs().max() < 0.7
    fake = batch.pasted(torch.rand_like(batch.target, requires_grad=True))
    seen, real = critics.features(fake), critics.features(batch.target)
    loss = critics.generator_loss(fake, batch, seen, real)
    assert torch.isfinite(loss)
    fake, seen = fake.detach(), [f.detach() for f in seen]
    own = critics.own_loss(fake, batch, seen, real) + critics.penalty(fake, batch, seen, real)
    own.backward()
    for name, parameter in critics.named_parameters():
        assert parameter.grad is not None, name


def test_critics_are_shown_both_pictures_alike() -> None:
    from deepcam.training.losses import augment

    torch.manual_seed(4)
    picture = torch.rand(3, 3, 64, 64, requires_grad=True)
    extra = torch.rand(3, 1, 64, 64)
    (one, other), moved = augment([picture, picture.detach().clone()], extra)
    assert torch.equal(one.detach(), other)
    assert (one.detach() - picture.detach()).abs().mean() > 0.02
    assert torch.equal(moved.sort(dim=3).values, extra.sort(dim=3).values)
    one.sum().backward()
    assert float(picture.grad.abs().sum()) > 0


def test_what_moves_along_does_not_waver() -> None:
    from deepcam.training.losses import wavering

    torch.manual_seed(5)
    x = torch.rand(2, CHANNELS, 64, 64)
    x[:, 3] = 1.0

    def fields(gain: torch.Tensor) -> torch.Tensor:
        b, _, h, w = gain.shape
        rest = torch.cat([torch.zeros(b, 3, h, w), torch.ones(b, 1, h, w)], 1)
        return torch.cat([gain, rest, torch.zeros(b, 3, h, w)], 1)

    def pointwise(t: torch.Tensor) -> torch.Tensor:
        return fields(0.5 + t[:, 4:7])

    def by_place(t: torch.Tensor) -> torch.Tensor:
        return fields(t[:, 4:7] * torch.linspace(0, 2, 64))

    fixed = [float(wavering(by_place, x, by_place(x), step)) for step in (1, 3, 5, 7)]  # type: ignore[arg-type]
    assert sum(fixed) > 1e-3
    for step in (1, 3, 5):
        assert float(wavering(pointwise, x, pointwise(x), step)) < 1e-6  # type: ignore[arg-type]
    assert float(wavering(pointwise, x, pointwise(x), 2)) > 1e-3  # type: ignore[arg-type]


def test_paint_shining_through_costs_in_the_middle_of_a_face_only() -> None:
    from deepcam.training.losses import OPAQUE, opaque

    x = torch.zeros(1, CHANNELS, 64, 64)
    x[:, 7, 8:56, 8:56] = 1.0
    maps = torch.zeros(1, 10, 64, 64)
    maps[:, 6] = OPAQUE
    assert float(opaque(maps, x)) == 0
    maps[:, 6, :12] = 0.0  # the fade towards the edge of the mesh is the network's to choose
    assert float(opaque(maps, x)) == 0
    maps[:, 6] = OPAQUE - 0.2
    assert float(opaque(maps, x)) == pytest.approx(0.2, rel=0.01)


def test_only_softness_and_other_detail_cost_under_the_detail_loss() -> None:
    from deepcam.training.losses import keep_detail, perceptual, surroundings

    torch.manual_seed(1)
    x = torch.rand(1, CHANNELS, 64, 64)
    x[:, 7], x[:, 8:10] = 1.0, 0.0
    render = x[:, 4:7]
    soft = torch.nn.functional.avg_pool2d(render, 5, 1, 2)
    assert float(keep_detail(render, x)) == 0
    assert float(keep_detail(soft, x)) > float(keep_detail(render * 0.9, x)) > 0
    same = [torch.rand(1, 4, 8, 8)]
    weight = torch.ones(1, 1, 64, 64)
    assert float(perceptual(same, same, weight)) == 0
    # Fine detail under the mask is nobody's to share; the mean light is.
    x[:, 3] = 1.0
    target = torch.rand(1, 3, 64, 64)
    valid = torch.ones(1, 1, 64, 64)
    shuffled = target + 0.1 * (torch.arange(64) % 2 - 0.5)
    assert float(surroundings(shuffled, x, target, valid)) < 0.01
    assert float(surroundings(target + 0.1, x, target, valid)) > 0.1


def test_a_frame_is_timed_with_and_without_its_copies() -> None:
    from deepcam.training.timing import frame_ms

    found = frame_ms("small", "cpu", runs=2)
    assert set(found) == {
        "network_median", "network_p95", "with_copies_median", "with_copies_p95",
    }  # fmt: skip
    assert min(found.values()) > 0


def test_a_device_that_torch_has_not_is_told_in_two_sentences(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from deepcam.training.cli import main

    device = "cuda:99" if torch.cuda.is_available() else "cuda"
    for wrong in (device, "toaster"):
        with pytest.raises(SystemExit) as stop:
            main(["time", "--device", wrong, "--work", str(tmp_path)])
        assert stop.value.code == 1
        said = capsys.readouterr().err
        assert f"torch cannot compute on {wrong}" in said
        assert "--device cpu" in said
