"""``deepcam bench``: how fast this machine is, stage by stage, and what the network costs alone."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepcam import __version__
from deepcam.actors import Actor, film
from deepcam.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image, Reason, SafeFrame

SIZE = (1280, 720)
FPS = 30
LOOP = 60
"""Pictures that are kept in memory and shown forwards and backwards."""
WARM = 15
"""Frames that are not counted."""
STAGES = ("capture", "track", "guard", "erase", "rasterise", "generate", "compose", "cover", "send")


def measure(
    source: str | Path | None = None,
    frames: int = 150,
    provider: str = "auto",
    threads: int = 2,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run everything without a camera; JSON-ready.

    Times are milliseconds. ``capture`` is making the raw frame out of a compressed picture as a
    camera's MJPG is, ``send`` the conversion to I420. ``bare_ms`` is face mesh and generator
    network alone; ``overhead_percent`` what everything else adds to it. Raises ``DeepcamError``.
    """
    runs = []
    info: dict[str, str] = {}
    first: list[Image] = []
    if source is not None:
        clip = _read(Path(source), LOOP)
        first = clip
        runs.append(_run(clip, frames, 0, provider, threads, info))
    else:
        for faces in (1, 3):
            say(f"Rendering {LOOP} frames with {faces} face{'s' * (faces > 1)}.")
            clip = _film(faces)
            first = clip if faces == 1 else first
            say(f"Measuring {frames} frames.")
            runs.append(_run(clip, frames, faces, provider, threads, info))
    say("Measuring mesh and network alone.")
    bare = _bare(first, provider, threads)
    whole = runs[0]["total"]["p50"]
    bare_ms = bare["mesh"]["p50"] + bare["network"]["p50"]
    return {
        "version": __version__,
        "machine": {
            "system": f"{platform.system()} {platform.release()}",
            "cores": len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count(),
            "load": [round(v, 2) for v in os.getloadavg()] if hasattr(os, "getloadavg") else [],
        },
        "provider": info.get("provider", ""),
        "provider_reason": info.get("reason", ""),
        "threads": threads,
        "size": list(SIZE) if source is None else runs[0]["size"],
        "runs": runs,
        "bare": bare,
        "bare_ms": round(bare_ms, 3),
        "overhead_percent": round(100 * (whole - bare_ms) / bare_ms, 1),
        "peak_memory_mb": max(run["memory_mb"] for run in runs),
    }


def report(result: dict[str, Any]) -> str:
    """The measurements for people."""
    lines = [
        f"provider  {result['provider']}, {result['threads']} threads "
        f"({result['provider_reason'] or 'the fastest that works'})",
        f"machine   {result['machine']['cores']} cores, load {result['machine']['load']}",
    ]
    for run in result["runs"]:
        title = f"{run['faces']} face{'s' * (run['faces'] != 1)}" if run["faces"] else "the file"
        lines.append(
            f"\n{title}: {run['fps']} frames a second; "
            f"{run['generated']} generated, {run['covered']} covered, {run['card']} card"
        )
        for stage in (*STAGES, "total"):
            if stage in run:
                value = run[stage]
                lines.append(f"  {stage:<10} p50 {value['p50']:7.2f} ms   p95 {value['p95']:7.2f}")
    lines.append(
        f"\nmesh and network alone {result['bare_ms']} ms; everything else adds "
        f"{result['overhead_percent']} %; peak memory {result['peak_memory_mb']} MB"
    )
    return "\n".join(lines)


def _run(
    clip: Sequence[Image],
    frames: int,
    faces: int,
    provider: str,
    threads: int,
    info: dict[str, str],
) -> dict[str, Any]:
    anonymizer = Anonymizer(
        AnonymizerSettings(
            provider=provider, threads=threads, identity=20, live=False, session_seed=1
        )
    )
    try:
        if anonymizer.problem is not None:
            raise anonymizer.problem
        info["provider"] = str(getattr(anonymizer.generator, "provider", ""))
        info["reason"] = str(getattr(anonymizer.generator, "provider_reason", ""))
        anonymizer.warm_up(Frame(_decode(clip[0]), 0.0, 0))
        times: dict[str, list[float]] = {}
        count = dict.fromkeys(Reason, 0)
        memory = _memory()
        began = time.perf_counter()
        shape: tuple[int, ...] = (0, 0)
        for number in range(frames + WARM):
            if number == WARM:
                began = time.perf_counter()
            start = time.perf_counter()
            image = _decode(clip[_place(number, len(clip))])
            captured = time.perf_counter()
            safe = anonymizer.process(Frame(image, number / FPS, number))
            done = time.perf_counter()
            _send(safe)
            sent = time.perf_counter()
            shape = safe.image.shape
            if number < WARM:
                continue
            if number % 10 == 0:
                memory = max(memory, _memory())
            count[safe.reason] += 1
            stages = {**safe.timings, "capture": (captured - start) * 1e3}
            stages |= {"send": (sent - done) * 1e3, "total": (sent - start) * 1e3}
            for stage, value in stages.items():
                times.setdefault(stage, []).append(value)
        elapsed = time.perf_counter() - began
    finally:
        anonymizer.close()
    return {
        "faces": faces,
        "size": [shape[1], shape[0]],
        "frames": frames,
        "fps": round(frames / elapsed, 2),
        "memory_mb": round(memory, 1),
        "generated": count[Reason.GENERATED],
        "covered": count[Reason.COVERED],
        "card": count[Reason.CARD],
        **{stage: _summary(times[stage]) for stage in (*STAGES, "total") if stage in times},
    }


def _bare(clip: Sequence[Image], provider: str, threads: int) -> dict[str, Any]:
    """Face mesh (MediaPipe's own solution, on the whole picture) and network, nothing else."""
    from deepcam.generator.session import NetworkSession
    from deepcam.modelstore import path_of

    session = NetworkSession(path_of("generator_small.onnx"), provider, threads)
    n = session.resolution
    rng = np.random.default_rng(0)
    planes = rng.random((14, n, n), np.float32)
    network = []
    for _ in range(60):
        start = time.perf_counter()
        session.run(planes)
        network.append((time.perf_counter() - start) * 1e3)
    import mediapipe as mp

    mesh = []
    with mp.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True) as solution:
        for number in range(60):
            image = cv2.cvtColor(_decode(clip[_place(number, len(clip))]), cv2.COLOR_BGR2RGB)
            start = time.perf_counter()
            solution.process(image)
            mesh.append((time.perf_counter() - start) * 1e3)
    return {"mesh": _summary(mesh[10:]), "network": _summary(network[10:])}


def _film(faces: int) -> list[Image]:
    from deepcam.identity.model import IdentityModel

    model = IdentityModel.load()
    width, height = SIZE
    places = {1: [(0.5, 0.42, 0.115)], 3: [(0.5, 0.42, 0.1), (0.2, 0.46, 0.085), (0.8, 0.45, 0.09)]}
    actors = [
        Actor(model.sample(3 + k), (x * width, y * height), scale * height, 1.3 * k)
        for k, (x, y, scale) in enumerate(places[faces])
    ]
    return _compressed(film(actors, SIZE, FPS, LOOP))


def _read(path: Path, most: int) -> list[Image]:
    from deepcam.sources.video import VideoReader

    with VideoReader(path) as reader:
        return _compressed(picture.image for picture in islice(reader, most))


def _compressed(pictures: Iterable[Image]) -> list[Image]:
    """As a camera delivers them; also, raw pictures would fill the memory that is measured."""
    out = []
    for picture in pictures:
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
        if not done:
            raise DeepcamError("A picture could not be compressed.", "Choose another source.")
        out.append(np.ascontiguousarray(data, np.uint8))
    return out


def _decode(data: Image) -> Image:
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _place(number: int, length: int) -> int:
    """To and fro, so that nothing jumps."""
    if length < 2:
        return 0
    at = number % (2 * length - 2)
    return at if at < length else 2 * length - 2 - at


def _send(safe: SafeFrame) -> None:
    height, width = safe.image.shape[:2]
    if height % 2 or width % 2:
        return
    cv2.cvtColor(safe.image, cv2.COLOR_BGR2YUV_I420)


def _summary(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.percentile(values, 50)), 3),
        "p95": round(float(np.percentile(values, 95)), 3),
    }


def _memory() -> float:
    """Resident memory of this process and its children, MB."""
    import psutil

    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 1e6
