"""``deepcam-train``: from photographs to the shipped models, one step after the other."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.models.store import MODELS_DIR
from deepcam.models.store import write as write_manifest

if TYPE_CHECKING:
    from torch import Tensor

    from deepcam.training.data import F64
    from deepcam.training.network import Generator
    from deepcam.training.sampler import Sampler

_STORY = """\
Steps, in this order (each writes into --work, default ./work):

  deepcam-train landmarks --faces DIR --clips DIR   find the face in every photograph and clip
  deepcam-train basis     --faces DIR               mean face, UV layout, shape and movements
  deepcam-train bank      --faces DIR --more DIR    people to mix identities from
  deepcam-train caster    --faces DIR --more DIR    who would fit what is around an erased face
                          (--measure: how the shipped network does on photographs held out)
  deepcam-train verifier  --faces DIR               what the detector takes for a face and is none
  deepcam-train level                               how far people seem to look up or down
  deepcam-train prepare   --faces DIR               crops, textures, poses: what training reads
  deepcam-train train     --minutes 60              train; run it again to go on where it stopped
  deepcam-train loss      --begin FILE              a network's loss on 96 held-out photographs
  deepcam-train export                              weights to models/generator_small.onnx
  deepcam-train quantize                            that one in eight bits, for CPUs
  deepcam-train time      --device cuda             one frame's network in torch, milliseconds

DIR of photographs: images/ and index.csv (file, source, licence, attribution, person, expression),
or crops and landmarks.npy as FDF has them, for the steps landmarks and prepare (use --most: what
is prepared takes 7 MB a face). A traits.csv beside it (file, age, masculine, tone) lets swapped
people be alike.
To go on from the shipped network: landmarks, prepare, then
train --begin models/generator_small.onnx --teacher models/generator_small.onnx --critic-weight 0.

While it trains, WORK/NAME/metrics.csv and a sheet of each size (photograph, surroundings, painted,
then render and result of three kinds of people) tell how it goes; the held-out photographs are
never trained on.
"""


def main(argv: list[str] | None = None) -> None:
    """Entry point; exits with 1 and two sentences when something cannot be done."""
    parser = argparse.ArgumentParser(
        "deepcam-train", description=_STORY, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "step",
        choices=[
            "landmarks",
            "basis",
            "bank",
            "caster",
            "verifier",
            "level",
            "prepare",
            "train",
            "loss",
            "export",
            "quantize",
            "time",
        ],
    )
    parser.add_argument("--faces", type=Path, help="folder with images/ and index.csv")
    parser.add_argument(
        "--more", type=Path, action="append", default=[], help="further folders like --faces"
    )
    parser.add_argument(
        "--most", type=int, default=0, help="landmarks: photographs at most, evenly spread (0: all)"
    )
    parser.add_argument("--clips", type=Path, help="folder with clips of talking people")
    parser.add_argument("--work", type=Path, default=Path("work"), help="where to keep everything")
    parser.add_argument("--name", default="run1", help="name of the training run")
    parser.add_argument("--people", type=int, default=1400, help="portraits to read for the level")
    parser.add_argument("--size", choices=["small", "large", "both"], default="small")
    parser.add_argument(
        "--begin",
        type=Path,
        help="train: a new run goes on from this ONNX or folder of weights; loss: which network",
    )
    parser.add_argument(
        "--features", type=Path, help="train: weights of EfficientNet-Lite0 (else the package's)"
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="DIR",
        help="train: weights of a small network to learn from",
    )
    parser.add_argument("--teacher-resolution", type=int, default=256)
    parser.add_argument("--export", type=Path, help="train: where to put the averaged weights")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float, default=4e-4, help="learning rate at its highest")
    parser.add_argument("--critic-weight", type=float, default=0.12)
    parser.add_argument(
        "--steady-every", type=int, default=4, help="train: steps between two against flicker"
    )
    parser.add_argument(
        "--measure", action="store_true", help="caster: measure the shipped one and train nothing"
    )
    parser.add_argument("--minutes", type=float, default=60, help="length of the whole run")
    parser.add_argument("--steps", type=int, default=10**9, help="train: stop after so many")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--jobs", type=int, default=2, help="processes for preparation")
    parser.add_argument("--report-minutes", type=float, default=1.0)
    parser.add_argument(
        "--save-minutes", type=float, default=2.0, help="train: time between two checkpoints"
    )
    arguments = parser.parse_args(argv)
    try:
        _run(arguments)
    except DeepcamError as error:
        print(f"deepcam-train: {error.what}\n{error.remedy}", file=sys.stderr)
        raise SystemExit(1) from None


def _train(a: argparse.Namespace) -> None:
    from deepcam.training import features
    from deepcam.training.network import SIZES
    from deepcam.training.train import Config, Teacher, train

    sizes = ("large", "small") if a.size == "both" else (a.size,)
    device = _usable(a.device)
    sampler = _sampler(a, max(SIZES[name].resolution for name in sizes), device)
    config = Config(
        sizes=sizes,
        batch=a.batch,
        lr=a.lr,
        critic_weight=a.critic_weight,
        steady_every=a.steady_every,
        device=device,
        report_seconds=60 * a.report_minutes,
        save_seconds=60 * a.save_minutes,
        steps=a.steps,
    )
    begin = {}
    if a.begin is not None:
        begin = {name: _weights(a.begin, "--begin", name) for name in sizes}
        begin = {name: weights for name, weights in begin.items() if weights}
    seen = features.load(a.features)
    folder = a.work / a.name
    teacher = None
    if a.teacher is not None:
        net = _network(a.teacher, "--teacher", "small")
        teacher = Teacher(net.requires_grad_(False), a.teacher_resolution)
    weights = a.export or folder / "weights"
    train(config, sampler, seen, folder, 60 * a.minutes, begin, weights, teacher)


def _loss(a: argparse.Namespace) -> None:
    from deepcam.training.network import SIZES
    from deepcam.training.train import held_out_loss

    if a.size == "both":
        raise DeepcamError("One network at a time.", "Give --size small or --size large.")
    path = a.begin or MODELS_DIR / f"generator_{a.size}.onnx"
    net = _network(path, "--begin", a.size)
    device = _usable(a.device)
    sampler = _sampler(a, SIZES[a.size].resolution, device)
    loss = held_out_loss(net.to(device), sampler, SIZES[a.size].resolution, 96)
    print(f"{path}: {loss:.4f} on {min(96, len(sampler.held_out))} photographs")


def _sampler(a: argparse.Namespace, side: int, device: str) -> Sampler:
    """Of what ``prepare`` left, with the traits of the photographs where there are some."""
    from deepcam.training.sampler import Sampler

    data = a.work / "data"
    if not (data / "names.npz").exists():
        raise DeepcamError(f"{data} does not exist.", "Run deepcam-train prepare first.")
    traits = a.faces / "traits.csv" if a.faces is not None else None
    return Sampler(data, side, device, traits if traits and traits.exists() else None)


def _quantize(a: argparse.Namespace) -> None:
    import torch

    from deepcam.training.export import quantize
    from deepcam.training.network import SIZES

    torch.manual_seed(0)
    sampler = _sampler(a, SIZES["small"].resolution, "cpu")
    with torch.no_grad():
        rows = [sampler.draw(8) for _ in range(10)]
        own = [sampler.own(r, False).inputs for r in rows[:5]]
        swapped = [sampler.swapped(r, False).inputs for r in rows[5:]]
    planes = torch.cat([*own, *swapped]).numpy()
    order = np.random.default_rng(0).permutation(len(planes))
    target = MODELS_DIR / "generator_small_int8.onnx"
    off = quantize(MODELS_DIR / "generator_small.onnx", planes[order], target)
    print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB, off by {off:.4f}")


def _weights(path: Path, option: str, name: str) -> dict[str, Tensor]:
    """Weights of the size ``name`` in a folder of training's or an exported network."""
    from deepcam.training.export import read
    from deepcam.training.train import gather

    return gather(path, name) if _needs(path, option).is_dir() else read(path, name)


def _network(path: Path, option: str, name: str) -> Generator:
    """The network of the size ``name`` with those weights, to be used and not trained."""
    from deepcam.training.network import SIZES, Generator

    net = Generator(SIZES[name])
    net.load_state_dict(_weights(path, option, name))
    return net.eval()


def _folders(a: argparse.Namespace) -> list[Path]:
    return [_needs(a.faces, "--faces"), *(_needs(p, "--more") for p in a.more)]


def _needs(path: Path | None, option: str) -> Path:
    if path is None or not path.exists():
        raise DeepcamError(f"There is no folder {path}.", f"Give it with {option}.")
    return path


def _usable(device: str) -> str:
    """``device`` when torch can compute on it. Raises ``DeepcamError``."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # no such device, no driver, a CPU build
        raise DeepcamError(
            f"torch cannot compute on {device}: {str(error).splitlines()[0][:120]}",
            "Give --device cpu, or install a torch that fits the graphics card.",
        ) from error
    return device


def _run(a: argparse.Namespace) -> None:
    a.work.mkdir(parents=True, exist_ok=True)
    if a.step == "landmarks":
        from deepcam.training import landmarks

        faces = _needs(a.faces, "--faces")
        _save(a.work / "photos.npz", landmarks.of_photos(faces, a.jobs, a.most))
        if a.more:
            more: dict[str, F64] = {}
            for folder in _folders(a)[1:]:
                more |= landmarks.of_photos(folder, a.jobs)
            _save(a.work / "more.npz", more)
        if a.clips is not None:
            _save(a.work / "clips.npz", landmarks.of_clips(_needs(a.clips, "--clips"), a.jobs))
    elif a.step == "basis":
        from deepcam.training.face_basis import build_basis
        from deepcam.training.landmarks import tessellation
        from deepcam.training.photographs import read_index

        rows = read_index(_needs(a.faces, "--faces"))
        arrays = build_basis(
            _read(a.work / "photos.npz"), rows, _read(a.work / "clips.npz"), tessellation()
        )
        _save(MODELS_DIR / "face_basis.npz", arrays, compressed=True)
        write_manifest(MODELS_DIR)
    elif a.step == "bank":
        from deepcam.identity import nearness
        from deepcam.training.donors import donor_list, load_donors, write_shares
        from deepcam.training.identity_bank import MIXTURES, build

        folders = _folders(a)
        photos = _read(a.work / "photos.npz") | _read(a.work / "more.npz")
        donors = load_donors(folders, photos, a.jobs)
        grades = {r["file"]: float(r["grade"]) for r in donor_list()}
        bank, shares = build(donors, np.array([grades[f] for f in donors.files]), MIXTURES)
        write_shares(shares, donors.files)
        _save(MODELS_DIR / "identity_bank.npz", bank)
        codes = nearness.fit(
            donors.textures[donors.real].astype(np.float32), donors.shapes[donors.real]
        )
        _save(MODELS_DIR / "donor_codes.npz", codes, compressed=True)
        write_manifest(MODELS_DIR)
        print(f"{len(shares)} mixtures of {len(donors.files)} people")
    elif a.step == "caster":
        from deepcam.casting.caster import Caster
        from deepcam.training.caster import judged, make, measure

        folders = _folders(a)
        landmarks_of = [_read(a.work / "photos.npz")]
        landmarks_of += [_read(a.work / "more.npz")] * (len(folders) - 1)
        photographs = judged(folders, landmarks_of, a.jobs)
        if not a.measure:
            for line in make(photographs, MODELS_DIR / "caster.onnx"):
                print(line, flush=True)
            write_manifest(MODELS_DIR)
        for line in measure(Caster(MODELS_DIR / "caster.onnx"), photographs):
            print(line, flush=True)
    elif a.step == "verifier":
        from deepcam.training.verifier import make as make_verifier

        faces = _needs(a.faces, "--faces")
        for line in make_verifier(faces, MODELS_DIR / "face_verifier.onnx", a.jobs):
            print(line, flush=True)
        write_manifest(MODELS_DIR)
    elif a.step == "level":
        from deepcam.training import level

        shapes, looks, pitches = level.read_people(a.people)
        before = float(np.sqrt((pitches**2).mean()))
        print(
            f"read {len(pitches)} people: {before:.2f} degrees off, root mean square; "
            f"{level.left_over(shapes, looks, pitches):.2f} on people left out of the fit"
        )
        _save(MODELS_DIR / "head_level.npz", level.fit(shapes, looks, pitches), compressed=True)
        write_manifest(MODELS_DIR)
    elif a.step == "prepare":
        import cv2

        from deepcam.training.data import TEXTURE
        from deepcam.training.prepare import prepare

        folders, photos = _folders(a), _read(a.work / "photos.npz")
        stored = a.work / "mean_texture.npz"
        if not stored.exists():  # the shipped bank is used as it is
            from deepcam.training.donors import mean_texture

            _save(stored, {"mean": mean_texture(folders[0], photos)})
        mean = _read(stored)["mean"].astype(np.float32)
        mean = cv2.resize(mean, (TEXTURE, TEXTURE), interpolation=cv2.INTER_AREA)
        count = prepare(folders, photos, mean, a.work / "data", a.jobs)
        print(f"{count} photographs prepared")
    elif a.step == "train":
        _train(a)
    elif a.step == "loss":
        _loss(a)
    elif a.step == "quantize":
        _quantize(a)
        write_manifest(MODELS_DIR)
    elif a.step == "time":
        from deepcam.training.timing import frame_ms

        for label, value in frame_ms(a.size, _usable(a.device)).items():
            print(f"{a.size} {a.device} {label.replace('_', ' ')}: {value:.2f} ms")
    else:
        from deepcam.training.export import export

        target = MODELS_DIR / f"generator_{a.size}.onnx"
        worst = export(a.work / a.name / "weights", a.size, target)
        if a.size == "small":
            _quantize(a)
        write_manifest(MODELS_DIR)
        print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB, off torch by {worst:.1e}")


def _save(path: Path, arrays: dict, compressed: bool = False) -> None:  # type: ignore[type-arg]
    part = path.with_suffix(".part.npz")
    (np.savez_compressed if compressed else np.savez)(part, **arrays)
    part.replace(path)


def _read(path: Path) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    if not path.exists():
        raise DeepcamError(f"{path} does not exist.", "Run the steps in the order of --help.")
    with np.load(path, allow_pickle=False) as z:
        return {k: z[k] for k in z.files}


if __name__ == "__main__":
    main()
