"""The whole evaluation: record originals once, run every method on them, attack and measure."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepcam.errors import DeepcamError
from deepcam.evaluation import behaviour, gate, photographs, privacy
from deepcam.evaluation.attackers import Attacker, DlibAttacker, OnnxAttacker
from deepcam.evaluation.baselines import Method, methods
from deepcam.evaluation.embedding import Remembering
from deepcam.evaluation.material import Material, find
from deepcam.evaluation.outcome import OURS, SEED, Outcome, Say, Settings
from deepcam.evaluation.record import Take


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
    material = find(folders)
    say = _timed(say, began)
    recognizer = Remembering(attacker if attacker is not None else DlibAttacker(), settings.store)
    try:
        return _evaluate(material, settings, say, recognizer, arms, began)
    finally:
        recognizer.close()


def _evaluate(
    material: Material,
    settings: Settings,
    say: Say,
    recognizer: Remembering,
    arms: Sequence[Method] | None,
    began: float,
) -> Outcome:
    wanted = [m for m in methods(settings.network) if not settings.arms or m.name in settings.arms]
    methods_ = list(arms) if arms is not None else wanted
    outcome = Outcome({m.name: {} for m in methods_})
    people = photographs.gather(material, settings, say)
    firsts = people.firsts
    takes = behaviour.follow(material, settings, say)
    if len(firsts) < 4 and not takes:
        raise DeepcamError(
            "Too little was found: fewer than four persons with two pictures, and no clip.",
            "Add photographs (two of each person) or clips.",
        )
    tau: float | None = None
    if len(firsts) >= 4:
        tau = photographs.attack(outcome, methods_, recognizer, people, settings, say)
        sides = [[f for t in side if (f := t.shots[0].face)] for side in (firsts, people.seconds)]
        outcome.put(OURS, "P7 pairs", privacy.conditioning_pairs(*sides))
        photographs.memory(outcome, material, recognizer, settings, tau, say)
    if takes:
        behaviour.behaviour(outcome, methods_, recognizer, takes, tau, settings, say)
    _flow(
        outcome,
        methods_,
        [*firsts[:4], *_short(takes)],
        [*takes, *firsts],
        settings.fault_draws,
        say,
    )
    outcome.facts |= _facts(material, people, takes, recognizer, tau, settings.network)
    outcome.facts["seconds"] = round(time.monotonic() - began, 1)
    return outcome


def _timed(say: Say, began: float) -> Say:
    """``say`` with minutes and seconds since ``began`` before each sentence."""

    def said(words: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - began), 60)
        say(f"{minutes:02d}:{seconds:02d} {words}")

    return said


def recognizer_of(
    path: Path | None, mean: float = 127.5, scale: float = 1 / 127.5, rgb: bool = True
) -> Attacker:
    """The ONNX file's recognizer (see ``OnnxAttacker``), or the default one. Raises
    ``DeepcamError``."""
    return DlibAttacker() if path is None else OnnxAttacker(path, mean, scale, rgb)


def _short(takes: Sequence[Take]) -> list[Take]:
    return [Take(t.name, t.person, t.shots[:12], t.fps) for t in takes[:3]]


def _flow(
    outcome: Outcome,
    arms: Sequence[Method],
    few: list[Take],
    all_: list[Take],
    draws: int,
    say: Say,
) -> None:
    """P6 of every method, P9 of the camera and of doing nothing (which must fail)."""
    for arm in arms:
        say(f"Information flow: {arm.name}.")
        outcome.figures[arm.name]["P6"] = privacy.information_flow(arm, few, SEED)
        if arm.name in (OURS, "original"):
            many = draws if arm.name == OURS else 1
            outcome.figures[arm.name]["P9"] = privacy.coverage(arm, all_, SEED, many)


def _facts(
    material: Material,
    people: photographs.People,
    takes: Sequence[Take],
    attacker: Attacker,
    tau: float | None,
    network: str,
) -> dict[str, Any]:
    from deepcam import __version__
    from deepcam.models.store import path_of

    load = [round(v, 2) for v in os.getloadavg()] if hasattr(os, "getloadavg") else []
    return {
        "version": __version__,
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{platform.system()}, {os.cpu_count()} cores, load {load}",
        "network": network,
        "generator_sha256": _digest(path_of(f"generator_{network}.onnx")),
        "attacker": attacker.name,
        "threshold": None if tau is None else round(tau, 4),
        "pairs_from": people.how,
        "photographs_found": len(material.photos),
        "persons": len(people.firsts),
        "persons_unseen_in_training": people.unseen,
        "strangers": len(people.strangers),
        "material": gate.fingerprint(material),
        "clips": [t.name for t in takes],
        "clip_frames": sum(len(t.shots) for t in takes),
    }


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
