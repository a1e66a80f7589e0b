"""The whole evaluation: record originals once, run every method on them, attack and measure."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.evaluation import privacy, realism, stability, utility
from deepcam.evaluation.attackers import (
    Attacker,
    DlibAttacker,
    OnnxAttacker,
    distances,
    portrait_crop,
    threshold,
)
from deepcam.evaluation.baselines import Method, methods, person
from deepcam.evaluation.judge import Judge
from deepcam.evaluation.material import Clip, Material, Photo, find, spread
from deepcam.evaluation.record import Recorder, Result, Take, run_clip, run_stills
from deepcam.evaluation.statistics import Measure
from deepcam.frames import Image

F64 = NDArray[np.float64]
Say = Callable[[str], None]

CROPS = ("standard", "tight", "context")
OURS = "ours"
SEED = 20240601
"""Of everything that is drawn: the same run gives the same report."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How much to measure."""

    persons: int = 70
    """Most persons with two photographs."""
    clips: int = 24
    frames: int = 90
    """Most frames of each clip."""
    identities: int = 60
    """Sampled identities, and held-out people, of P8."""
    both_ways: bool = True
    """Anonymize both photographs of each person, not only the first."""

    @staticmethod
    def smoke() -> Settings:
        """Minutes on two cores."""
        return Settings(persons=20, clips=4, frames=40, identities=16, both_ways=False)


@dataclass(slots=True)
class Outcome:
    """Everything the report needs."""

    figures: dict[str, dict[str, Measure]] = field(default_factory=dict)
    """Method -> metric -> measure."""
    facts: dict[str, Any] = field(default_factory=dict)
    gallery: list[Image] = field(default_factory=list)
    """Anonymized pictures (ours) for the contact sheet."""
    worst: list[tuple[str, Image]] = field(default_factory=list)
    """What is wrong with it, and the anonymized picture."""


def evaluate(
    folders: Sequence[str | Path],
    settings: Settings,
    say: Say,
    attacker: Attacker | None = None,
    arms: Sequence[Method] | None = None,
) -> Outcome:
    """Measure all ``arms`` (default: original, baselines, the camera) on what lies in ``folders``.

    ``attacker``: default is ``face_recognition``. Raises ``DeepcamError`` when the material holds
    nothing to measure on, or the recognizer is missing.
    """
    began = time.monotonic()
    # OpenCV's thread pool has been seen to hang beside dlib's and the network's.
    cv2.setNumThreads(1)
    material = find(folders)
    recognizer = attacker if attacker is not None else DlibAttacker()
    methods_ = list(arms) if arms is not None else methods()
    outcome = Outcome({m.name: {} for m in methods_})
    firsts, seconds, how = _photographs(material, settings, say)
    takes = _clips(material, settings, say)
    if len(firsts) < 4 and not takes:
        raise DeepcamError(
            "Too little was found: fewer than four persons with two pictures, and no clip.",
            "Add photographs (two of each person) or clips.",
        )
    tau: float | None = None
    if len(firsts) >= 4:
        tau = _attack(outcome, methods_, recognizer, firsts, seconds, settings, how, say)
        ours_only = privacy.conditioning_pairs(*_faces(firsts, seconds))
        outcome.figures.setdefault(OURS, {})["P7 pairs"] = ours_only
        _memory(outcome, material, recognizer, settings, tau, say)
    if takes:
        _behaviour(outcome, methods_, recognizer, takes, tau, say)
    _flow(outcome, methods_, [*firsts[:4], *_short(takes)], [*takes, *firsts], say)
    outcome.facts |= _facts(material, firsts, takes, recognizer, tau, how)
    outcome.facts["seconds"] = round(time.monotonic() - began, 1)
    return outcome


def recognizer_of(path: Path | None) -> Attacker:
    """The ONNX file's recognizer, or the default one. Raises ``DeepcamError``."""
    return DlibAttacker() if path is None else OnnxAttacker(path)


def _photographs(
    material: Material, settings: Settings, say: Say
) -> tuple[list[Take], list[Take], str]:
    """Two pictures of each person, recorded; from the clips where there are no photographs."""
    pairs = material.pairs()
    chosen = [pairs[i] for i in np.unique(np.linspace(
        0, len(pairs) - 1, min(settings.persons, len(pairs))).round().astype(int))
    ] if pairs else []  # fmt: skip
    how = "two photographs of each person"
    images: list[tuple[str, Image, Image]] = []
    if len(chosen) >= 4:
        say(f"Reading photographs of {len(chosen)} persons.")
        images = [(a.path.stem, a.read(), b.read()) for a, b in chosen]
    else:
        how = "an early and a late frame of each clip (one session: easier than photographs)"
        for clip in material.clips[: settings.clips]:
            frames, _ = clip.read(settings.frames)
            if len(frames) >= 20:
                images.append((clip.path.stem, frames[2], frames[-1]))
    firsts, seconds = [], []
    with Recorder(still=True) as recorder:
        for name, one, other in images:
            a = recorder.record(name, name, [one], 25.0)
            b = recorder.record(name + " (2)", name, [other], 25.0)
            if all(t.shots[0].reading is not None and t.shots[0].face is not None for t in (a, b)):
                firsts.append(a)
                seconds.append(b)
    return firsts, seconds, how


def _clips(material: Material, settings: Settings, say: Say) -> list[Take]:
    takes = []
    chosen: list[Clip] = [material.clips[i] for i in spread(material.clips, settings.clips)]
    if chosen:
        say(f"Following faces in {len(chosen)} clips.")
    for clip in chosen:
        images, fps = clip.read(settings.frames)
        if len(images) < 10:
            continue
        with Recorder(still=False) as recorder:
            take = recorder.record(clip.path.stem, clip.person, images, fps)
        if any(s.reading is not None for s in take.shots):
            takes.append(take)
    return takes


def _embed(attacker: Attacker, result: Result, crop: str, at: int = 0) -> F64:
    shot = result.take.shots[at]
    assert shot.reading is not None
    return attacker.embed(result.images[at], shot.reading, crop, shot.hidden())


def _originals(takes: Sequence[Take]) -> list[Result]:
    return [Result(t, [s.frame.image for s in t.shots], []) for t in takes]


def _attack(
    outcome: Outcome,
    arms: Sequence[Method],
    attacker: Attacker,
    firsts: list[Take],
    seconds: list[Take],
    settings: Settings,
    how: str,
    say: Say,
) -> float:
    """P1, P2, P3 and Q1 of every method; returns the threshold on the standard crop."""
    say(f"Attacking pictures of {len(firsts)} persons with {attacker.name}.")
    real = {
        crop: [np.stack([_embed(attacker, r, crop) for r in _originals(t)])
               for t in (firsts, seconds)]
        for crop in CROPS
    }  # fmt: skip
    taus = {}
    for crop, (one, other) in real.items():
        n = len(one)
        upper = np.triu_indices(n, 1)
        impostors = np.concatenate(
            [distances(one, other)[~np.eye(n, dtype=bool)], distances(one, one)[upper],
             distances(other, other)[upper]]
        )  # fmt: skip
        taus[crop] = threshold(impostors)
    outcome.facts["impostor_pairs"] = int(len(firsts) * (len(firsts) - 1) * 2)
    ways = [(firsts, 0)] + ([(seconds, 1)] if settings.both_ways else [])
    crops_of_real = [
        portrait_crop(t.shots[0].frame.image, t.shots[0].reading)
        for t in firsts
        if t.shots[0].reading is not None
    ]
    for arm in arms:
        made = [run_stills(arm, takes, SEED + 1000 * way) for takes, way in ways]
        figures = outcome.figures[arm.name]
        codes = {
            crop: [np.stack([_embed(attacker, r, crop) for r in results]) for results in made]
            for crop in CROPS
        }
        # Each way: anonymized photograph ``way`` against the *other* photograph of everybody.
        figures["P1"] = _joined(
            [privacy.verification(c, real["standard"][1 - w], taus["standard"])
             for w, c in enumerate(codes["standard"])], how)  # fmt: skip
        figures["P1 tight"] = _joined(
            [privacy.verification(c, real["tight"][1 - w], taus["tight"])
             for w, c in enumerate(codes["tight"])], how)  # fmt: skip
        figures["P1 same photograph"] = _joined(
            [privacy.verification(c, real["standard"][w], taus["standard"])
             for w, c in enumerate(codes["standard"])], "")  # fmt: skip
        for rank in (1, 5):
            for crop, label in (("standard", ""), ("tight", " tight")):
                figures[f"P2 rank-{rank}{label}"] = _joined(
                    [privacy.identification(c, real[crop][1 - w], rank)
                     for w, c in enumerate(codes[crop])], "")  # fmt: skip
        for crop in ("tight", "context"):
            figures[f"P3 {crop}"] = privacy.separation(codes[crop][0], real[crop][1])
        shown = [
            portrait_crop(r.images[0], r.take.shots[0].reading)
            for r in made[0]
            if r.take.shots[0].reading is not None
        ]
        figures["Q1 sliced Wasserstein"] = realism.texture_distance(shown, crops_of_real)
        figures["Q4 seam, photographs"], figures["Q4 colour step, photographs"] = (
            stability.seam_measure(made[0])
        )
        if arm.name == OURS:
            outcome.gallery += [r.images[0] for r in made[0][:12]]
            mated = np.diag(distances(codes["standard"][0], real["standard"][1]))
            for k in np.argsort(mated)[:5]:
                label = f"P1 {made[0][k].take.name}: distance {mated[k]:.2f}"
                outcome.worst.append((label, made[0][k].images[0]))
    return taus["standard"]


def _joined(parts: Sequence[Measure], note: str) -> Measure:
    """Rates of both ways as one."""
    from deepcam.evaluation.statistics import binomial_p, rate

    n = sum(p.n for p in parts)
    hits = sum(round((p.value or 0.0) * p.n) for p in parts)
    extra = dict(parts[0].extra)
    if "p" in extra:
        extra["p"] = round(binomial_p(hits, n, extra["chance"]), 5)
    return rate(hits, n, note, **extra)


def _faces(firsts: Sequence[Take], seconds: Sequence[Take]) -> tuple[list[Any], list[Any]]:
    return [t.shots[0].face for t in firsts], [t.shots[0].face for t in seconds]


def _memory(
    outcome: Outcome,
    material: Material,
    attacker: Attacker,
    settings: Settings,
    tau: float,
    say: Say,
) -> None:
    """P8: portraits of sampled identities against the donors of the identity bank."""
    import csv

    from deepcam.portrait import portrait

    text = resources.files("deepcam.training").joinpath("donors.csv").read_text()
    donors = {row["file"] for row in csv.DictReader(text.splitlines())}
    training = [p for p in material.photos if p.path.name in donors]
    # People of the same studio who are no donors make the fairest comparison.
    known = {p.person for p in training}
    held_out = [
        p for p in material.photos
        if p.person not in known and p.source in ("", "london", "canada", "congress")
    ]  # fmt: skip
    studio = [p for p in held_out if p.source in ("london", "canada")]
    held_out = studio if len(studio) >= 8 else held_out
    say(f"Comparing sampled people with {len(training)} donors.")
    with Judge(still=True) as judge:

        def codes(images: Sequence[Image]) -> F64:
            rows = []
            for image in images:
                reading = judge.read(image)
                if reading is not None:
                    nothing = np.zeros(image.shape[:2], np.uint8)
                    rows.append(attacker.embed(image, reading, "standard", nothing))
            return np.array(rows)

        def some(photos: list[Photo]) -> list[Image]:
            return [photos[i].read() for i in spread(photos, settings.identities)]

        sampled = [portrait(person(SEED + k)) for k in range(settings.identities)]
        outcome.figures.setdefault(OURS, {})["P8"] = privacy.memorisation(
            codes(sampled), codes(some(held_out)), codes([p.read() for p in training]), tau
        )


def _behaviour(
    outcome: Outcome,
    arms: Sequence[Method],
    attacker: Attacker,
    takes: list[Take],
    tau: float | None,
    say: Say,
) -> None:
    """U1 to U4, T1 to T4 and Q4 of every method on the clips; P7 of the conditioning."""
    every = {t.name: [k for k, s in enumerate(t.shots) if s.reading is not None][::6]
             for t in takes}  # fmt: skip
    real = [
        np.stack([_embed(attacker, r, "standard", k) for k in every[r.take.name]])
        for r in _originals(takes)
    ]
    for arm in arms:
        say(f"Clips: {arm.name}.")
        results = [run_clip(arm, take, SEED + k) for k, take in enumerate(takes)]
        figures = outcome.figures[arm.name]
        tracks = [utility.Track([s.reading for s in r.take.shots], r.readings) for r in results]
        figures["U1"] = utility.detection(tracks)
        figures["U2 pose"] = utility.error(tracks, utility.pose_error)
        figures["U3 gaze"] = utility.error(tracks, utility.gaze_error)
        figures["U3 gaze r"] = utility.follows(tracks, utility.sideways, 1.5)
        figures["U4 blink r"] = utility.follows(tracks, utility.lids, 0.02)
        figures["U4 mouth r"] = utility.follows(tracks, utility.mouth, 0.015)
        figures["T1"] = stability.identity_spread(
            [np.stack([_embed(attacker, r, "standard", k) for k in every[r.take.name]])
             for r in results], real)  # fmt: skip
        figures["T2"] = stability.warping_ratio(results)
        figures["T3"] = stability.jitter_ratio(results)
        figures["T4"] = stability.flicker_measure(results)
        figures["Q4 seam"], figures["Q4 colour step"] = stability.seam_measure(results)
        figures["covered frames"] = _covered(results)
        if arm.name == OURS:
            outcome.gallery += [r.images[len(r.images) // 2] for r in results[:12]]
            outcome.worst += _worst(results)
    people = _distinct([r.mean(0) for r in real], tau)
    tracks_of = [[s.face for s in takes[k].shots if s.face is not None] for k in people]
    outcome.figures.setdefault(OURS, {})["P7 clips"] = privacy.conditioning_clips(tracks_of)


def _distinct(codes: Sequence[F64], tau: float | None) -> list[int]:
    """One clip of each person, as far as the recognizer can tell them apart."""
    kept: list[int] = []
    for k, code in enumerate(codes):
        if tau is None or all(np.linalg.norm(code - codes[j]) > tau for j in kept):
            kept.append(k)
    return kept


def _covered(results: Sequence[Result]) -> Measure:
    from deepcam.evaluation.statistics import rate
    from deepcam.frames import Reason

    reasons = [reason for r in results for reason in r.reasons]
    return rate(sum(r is not Reason.GENERATED for r in reasons), len(reasons))


def _worst(results: Sequence[Result]) -> list[tuple[str, Image]]:
    rows = []
    for result in results:
        for shot, image, found in zip(
            result.take.shots, result.images, result.readings, strict=True
        ):
            if shot.reading is None or not utility.frontal(shot.reading):
                continue
            where = f"{result.take.name} {shot.frame.number}"
            if found is None:
                rows.append((999.0, f"U1 {where}: no face", image))
            else:
                error = utility.pose_error(shot.reading, found)
                rows.append((error, f"U2 {where}: {error:.1f} degrees", image))
    rows.sort(key=lambda row: -row[0])
    kept: dict[str, tuple[str, Image]] = {}
    for _, label, image in rows:  # one of each clip
        kept.setdefault(label.split()[1], (label, image))
    return list(kept.values())[:5]


def _short(takes: Sequence[Take]) -> list[Take]:
    return [Take(t.name, t.person, t.shots[:12], t.fps) for t in takes[:3]]


def _flow(
    outcome: Outcome, arms: Sequence[Method], few: list[Take], all_: list[Take], say: Say
) -> None:
    """P6 of every method, P9 of the camera and of doing nothing (which must fail)."""
    for arm in arms:
        say(f"Information flow: {arm.name}.")
        outcome.figures[arm.name]["P6"] = privacy.information_flow(arm, few, SEED)
        if arm.name in (OURS, "original"):
            outcome.figures[arm.name]["P9"] = privacy.coverage(arm, all_, SEED)


def _facts(
    material: Material,
    firsts: Sequence[Take],
    takes: Sequence[Take],
    attacker: Attacker,
    tau: float | None,
    how: str,
) -> dict[str, Any]:
    from deepcam import __version__
    from deepcam.modelstore import path_of

    load = [round(v, 2) for v in os.getloadavg()] if hasattr(os, "getloadavg") else []
    return {
        "version": __version__,
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{platform.system()}, {os.cpu_count()} cores, load {load}",
        "generator_sha256": _digest(path_of("generator_small.onnx")),
        "attacker": attacker.name,
        "threshold": None if tau is None else round(tau, 4),
        "pairs_from": how,
        "photographs_found": len(material.photos),
        "persons": len(firsts),
        "clips": [t.name for t in takes],
        "clip_frames": sum(len(t.shots) for t in takes),
    }


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
