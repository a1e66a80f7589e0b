"""``deepcam bench``: how fast this machine is, stage by stage, and what the network costs alone."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepcam import __version__
from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image, Reason, SafeFrame
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.runtime import vision
from deepcam.runtime.memory import resident
from deepcam.showcase.actors import Actor, film
from deepcam.showcase.beside import deface
from deepcam.showcase.plot import STAGES

SIZE = (1280, 720)
FPS = 30
LOOP = 60
"""Pictures that are kept in memory and shown forwards and backwards."""
WARM = 15
"""Frames that are not counted."""
DEFACE = 12
"""Frames that deface is given, where it is installed."""
ROUNDS, BLOCK, SETTLE = 4, 20, 5
"""The overhead: so many times ``BLOCK`` frames of the whole and of the bare parts in turn, without
the first ``SETTLE`` of each, so that another program's load falls on both."""


def measure(
    source: str | Path | None = None,
    frames: int = 150,
    provider: str = "auto",
    threads: int = 2,
    network: str = "auto",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run everything without a camera; JSON-ready.

    Times are milliseconds. ``capture`` is making the raw frame out of a compressed picture as a
    camera's MJPG is, ``send`` the conversion to I420. ``bare_ms`` is face mesh and generator
    network alone, ``bare.whole`` everything in the same seconds; ``overhead_percent`` is what
    everything else adds. ``networks_ms`` also holds the detector, without which no frame is safe;
    ``beside_networks_percent`` is what all but the networks adds. ``deface``: see
    ``beside.deface``. Raises ``DeepcamError``.
    """
    runs = []
    info: dict[str, str] = {}
    first: list[Image] = []
    if source is not None:
        clip = _read(Path(source), LOOP)
        first = clip
        runs.append(_run(clip, frames, 0, provider, threads, network, info))
    else:
        for faces in (1, 3):
            say(f"Rendering {LOOP} frames with {faces} face{'s' * (faces > 1)}.")
            clip = _film(faces)
            first = clip if faces == 1 else first
            say(f"Measuring {frames} frames.")
            runs.append(_run(clip, frames, faces, provider, threads, network, info))
    say("Measuring mesh and network alone.")
    bare = _bare(first, provider, threads, network)
    other = deface((_decode(picture) for picture in first), DEFACE)
    whole = bare["whole"]["p50"]
    bare_ms = bare["mesh"]["p50"] + bare["network"]["p50"]
    networks_ms = bare_ms + bare["detector"]["p50"]
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
        "network": info.get("network", ""),
        "threads": threads,
        "size": list(SIZE) if source is None else runs[0]["size"],
        "runs": runs,
        "bare": bare,
        "bare_ms": round(bare_ms, 3),
        "overhead_percent": round(100 * (whole - bare_ms) / bare_ms, 1),
        "networks_ms": round(networks_ms, 3),
        "beside_networks_percent": round(100 * (whole - networks_ms) / networks_ms, 1),
        "deface": other,
        "peak_memory_mb": max(run["memory_mb"] for run in runs),
    }


def write_film(path: Path, size: tuple[int, int], faces: int, frames: int = LOOP) -> None:
    """The benchmark's film of one or three people as MJPG, as cameras send it, forwards and
    backwards, so that it can be played in a loop. Raises ``DeepcamError``."""
    clip = _film(faces, size, frames)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, size)
    try:
        if not writer.isOpened():
            raise DeepcamError(f"{path} cannot be written.", "Choose another place, named .avi.")
        for number in range(2 * len(clip) - 2):
            writer.write(_decode(clip[_place(number, len(clip))]))
    finally:
        writer.release()


def report(result: dict[str, Any]) -> str:
    """The measurements for people."""
    lines = [
        f"network   {result['network']} on {result['provider']}, {result['threads']} threads "
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
        f"{result['overhead_percent']} %\n"
        f"all networks, with the detector, {result['networks_ms']} ms; everything else adds "
        f"{result['beside_networks_percent']} %\npeak memory {result['peak_memory_mb']} MB"
    )
    if other := result["deface"]:
        lines.append(
            f"deface {other['version']} ({other['backend']}) searches {other['fps']} of these "
            f"pictures a second; here {result['runs'][0]['fps']} are finished"
        )
    return "\n".join(lines)


def _run(
    clip: Sequence[Image],
    frames: int,
    faces: int,
    provider: str,
    threads: int,
    network: str,
    info: dict[str, str],
) -> dict[str, Any]:
    with _anonymizer(clip, provider, threads, network) as anonymizer:
        info["network"] = str(getattr(anonymizer.generator, "network", ""))
        info["provider"] = str(getattr(anonymizer.generator, "provider", ""))
        info["reason"] = str(getattr(anonymizer.generator, "provider_reason", ""))
        times: dict[str, list[float]] = {}
        count = dict.fromkeys(Reason, 0)
        memory = resident()
        began = time.perf_counter()
        shape: tuple[int, ...] = (0, 0)
        for number in range(frames + WARM):
            if number == WARM:
                began = time.perf_counter()
            safe, stages = _step(anonymizer, clip, number)
            shape = safe.image.shape
            if number < WARM:
                continue
            if number % 10 == 0:
                memory = max(memory, resident())
            count[safe.reason] += 1
            for stage, value in stages.items():
                times.setdefault(stage, []).append(value)
        elapsed = time.perf_counter() - began
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


@contextlib.contextmanager
def _anonymizer(
    clip: Sequence[Image], provider: str, threads: int, network: str
) -> Iterator[Anonymizer]:
    """Warmed up; raises what keeps it from generating."""
    settings = AnonymizerSettings(
        provider=provider,
        threads=threads,
        network=network,
        identity=20,
        live=False,
        session_seed=1,
    )
    anonymizer = Anonymizer(settings)
    try:
        if anonymizer.problem is not None:
            raise anonymizer.problem
        anonymizer.warm_up(Frame(_decode(clip[0]), 0.0, 0))
        yield anonymizer
    finally:
        anonymizer.close()


def _step(
    anonymizer: Anonymizer, clip: Sequence[Image], number: int
) -> tuple[SafeFrame, dict[str, float]]:
    """One frame, and its milliseconds by stage."""
    start = time.perf_counter()
    image = _decode(clip[_place(number, len(clip))])
    captured = time.perf_counter()
    safe = anonymizer.process(Frame(image, number / FPS, number))
    done = time.perf_counter()
    _send(safe)
    sent = time.perf_counter()
    stages = {**safe.timings, "capture": (captured - start) * 1e3}
    return safe, stages | {"send": (sent - done) * 1e3, "total": (sent - start) * 1e3}


def _bare(clip: Sequence[Image], provider: str, threads: int, network: str) -> dict[str, Any]:
    """Face mesh and detector (MediaPipe's own solutions, on the whole picture) and network, nothing
    else, in turn with the whole."""
    from deepcam.generator.session import open_network

    session = open_network(network, provider, threads)
    n = session.resolution
    planes = np.random.default_rng(0).random((14, n, n), np.float32)
    times: dict[str, list[float]] = {"mesh": [], "network": [], "detector": [], "whole": []}
    with (
        _bare_networks() as (prepare, look, detect),
        _anonymizer(clip, provider, threads, network) as anonymizer,
    ):
        for block in range(ROUNDS):
            for number in range(BLOCK):
                _, stages = _step(anonymizer, clip, block * BLOCK + number)
                if number >= SETTLE:
                    times["whole"].append(stages["total"])
            for number in range(BLOCK):
                picture = _decode(clip[_place(block * BLOCK + number, len(clip))])
                image = prepare(picture)
                start = time.perf_counter()
                look(image)
                between = time.perf_counter()
                session.run(planes)
                done = time.perf_counter()
                detect(image)
                found = time.perf_counter()
                if number >= SETTLE:
                    times["mesh"].append((between - start) * 1e3)
                    times["network"].append((done - between) * 1e3)
                    times["detector"].append((found - done) * 1e3)
    return {name: _summary(values) for name, values in times.items()}


@contextlib.contextmanager
def _bare_networks() -> Iterator[
    tuple[Callable[[Image], Image], Callable[[Image], object], Callable[[Image], object]]
]:
    """What prepares a picture, and MediaPipe's own face mesh and full-range detector on it, or
    where it has none any more, the tracker's two networks in turn and nothing."""
    if vision.installed() == vision.LEGACY:
        import mediapipe as mp

        faces: Any = mp.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True)
        detector: Any = mp.solutions.face_detection.FaceDetection(model_selection=1)
        with faces, detector:
            yield (
                lambda image: np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)),
                faces.process,
                detector.process,
            )
        return
    from deepcam.tracking.backend import choose_backend
    from deepcam.tracking.regions import roi_of_detection

    backend = choose_backend()

    def look(image: Image) -> object:
        height, width = image.shape[:2]
        backend.submit(image, [(0, 0, width, height)], [])
        found, _ = backend.collect()
        return backend.mesh(image, [roi_of_detection(d) for d in found[0][:1]])

    try:
        yield lambda image: image, look, lambda image: None
    finally:
        backend.close()


def _film(
    faces: int, size: tuple[int, int] | None = None, frames: int | None = None
) -> list[Image]:
    from deepcam.identity.model import IdentityModel

    model = IdentityModel.load()
    width, height = size = size or SIZE
    places = {1: [(0.5, 0.42, 0.115)], 3: [(0.5, 0.42, 0.1), (0.2, 0.46, 0.085), (0.8, 0.45, 0.09)]}
    actors = [
        Actor(model.sample(3 + k), (x * width, y * height), scale * height, 1.3 * k)
        for k, (x, y, scale) in enumerate(places[faces])
    ]
    return _compressed(film(actors, size, FPS, frames or LOOP))


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
