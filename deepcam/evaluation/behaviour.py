"""Clips: what is left of the wearer's behaviour (U1-U5), how steady is it (T1-T4, Q4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation import privacy, seam, stability, strata, utility
from deepcam.evaluation.attackers import Attacker
from deepcam.evaluation.baselines import Method
from deepcam.evaluation.embedding import embed_at, originals
from deepcam.evaluation.landmarks68 import SecondJudge
from deepcam.evaluation.material import Clip, Material, spread
from deepcam.evaluation.outcome import OURS, SEED, Outcome, Say, Settings
from deepcam.evaluation.record import Recorder, Result, Shot, Take, run_clip
from deepcam.evaluation.statistics import Measure, rate
from deepcam.frames import Image, Reason

F64 = NDArray[np.float64]


def follow(material: Material, settings: Settings, say: Say) -> list[Take]:
    """Record the clips in which the judge finds somebody."""
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


def behaviour(
    outcome: Outcome,
    arms: Sequence[Method],
    attacker: Attacker,
    takes: list[Take],
    tau: float | None,
    settings: Settings,
    say: Say,
) -> None:
    """U1 to U5, T1 to T4 and Q4 of every method on the clips; P7 of the conditioning."""
    every = {t.name: _spaced([k for k, s in enumerate(t.shots) if s.reading is not None])
             for t in takes}  # fmt: skip
    real = [_embedded(attacker, r, every[r.take.name]) for r in originals(takes)]
    second = SecondJudge() if settings.second_judge else None
    for number, arm in enumerate(arms):
        say(f"Clips: {arm.name} ({number + 1} of {len(arms)}).")
        results = [run_clip(arm, take, SEED + k) for k, take in enumerate(takes)]
        figures = outcome.figures.setdefault(arm.name, {})
        tracks = [utility.Track([s.reading for s in r.take.shots], r.readings) for r in results]
        figures["U1"] = utility.detection(tracks)
        figures["U2 pose"] = utility.error(tracks, utility.pose_error)
        figures["U3 gaze"] = utility.error(tracks, utility.gaze_error)
        figures["U3 gaze r"] = utility.follows(tracks, utility.sideways, 1.5)
        figures["U4 blink r"] = utility.follows(tracks, utility.lids, 0.02)
        figures["U4 mouth r"] = utility.follows(tracks, utility.mouth, 0.015)
        figures["U4 blink F1"] = utility.blink_agreement(tracks)
        for name, quantity, least in utility.EXPRESSION:
            figures[f"U4 {name} r"] = utility.follows(tracks, quantity, least)
        if second is not None:
            figures |= second.measure(results)
        same = [_marks(attacker, r, every[r.take.name]) for r in results]
        figures["T1"] = stability.identity_spread([c for c in same if len(c)], real)
        figures["T1 EER"] = stability.identity_error(same, _others(attacker, arm, takes, every))
        figures["T2"] = stability.warping_ratio(results)
        figures["T3"] = stability.jitter_ratio(results)
        figures["T4"] = stability.flicker_measure(results)
        figures["Q4 seam"], figures["Q4 colour step"] = seam.seam_measure(results)
        figures["covered frames"] = _covered(results)
        if arm.name == OURS:
            middles = [(r, len(r.images) // 2) for r in results[:12]]
            outcome.gallery += [_near(r.take.shots[k], r.images[k]) for r, k in middles]
            outcome.worst += _worst(results)
            outcome.strata |= strata.of_clips(results)
    people = _distinct([r.mean(0) for r in real], tau)
    tracks_of = [[s.face for s in takes[k].shots if s.face is not None] for k in people]
    outcome.figures.setdefault(OURS, {})["P7 clips"] = privacy.conditioning_clips(tracks_of)


def _marks(attacker: Attacker, result: Result, at: Sequence[int]) -> F64:
    """(n, d) of the pictures ``at`` that show a face; none where the output is not alive."""
    seen = [k for k in at if result.readings[k] is not None] if stability.alive(result) else []
    return _embedded(attacker, result, seen)


def _embedded(attacker: Attacker, result: Result, at: Sequence[int]) -> F64:
    return embed_at(attacker, [(result, k) for k in at], "standard")


def _spaced(frames: list[int]) -> list[int]:
    """Every sixth of ``frames``, at most eight."""
    few = frames[::6]
    return [few[i] for i in spread(few, 8)]


def _others(
    attacker: Attacker, arm: Method, takes: Sequence[Take], every: dict[str, list[int]]
) -> list[F64]:
    """(n, d) of a few frames of each clip, with the identity that the next clip wears."""
    rows = []
    for number, take in enumerate(takes):
        few = Take(take.name, take.person, [take.shots[k] for k in every[take.name]], take.fps)
        result = run_clip(arm, few, SEED + number + 1, judged=False)
        shown = [k for k, why in enumerate(result.reasons) if why is Reason.GENERATED]
        rows.append(_embedded(attacker, result, shown))
    return rows


def _distinct(codes: Sequence[F64], tau: float | None) -> list[int]:
    """One clip of each person, as far as the recognizer can tell them apart."""
    kept: list[int] = []
    for k, code in enumerate(codes):
        if tau is None or all(np.linalg.norm(code - codes[j]) > tau for j in kept):
            kept.append(k)
    return kept


def _covered(results: Sequence[Result]) -> Measure:
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
                rows.append((999.0, f"U1 {where}: no face", _near(shot, image)))
            else:
                error = utility.pose_error(shot.reading, found)
                rows.append((error, f"U2 {where}: {error:.1f} degrees", _near(shot, image)))
    rows.sort(key=lambda row: -row[0])
    kept: dict[str, tuple[str, Image]] = {}
    for _, label, image in rows:  # one of each clip
        kept.setdefault(label.split()[1], (label, image))
    return list(kept.values())[:5]


def _near(shot: Shot, image: Image) -> Image:
    """What may be shown of an anonymized picture: a square of 4.4 IOD around the face."""
    whole = privacy.shown(shot, image)
    if shot.reading is None:
        return whole
    half = max(2.2 * shot.reading.size, 32.0)
    x, y = shot.reading.centre + np.array([0.0, 0.4 * shot.reading.size])
    x0, y0 = max(int(x - half), 0), max(int(y - half), 0)
    part = whole[y0 : int(y + half), x0 : int(x + half)]
    return np.ascontiguousarray(part) if part.size else whole
