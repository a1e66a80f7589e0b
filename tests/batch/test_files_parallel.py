"""Several files at once: the same bytes, nothing missing, nothing twice, whoever dies."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from places import ROOT
from recipes import Film, chart, film, rgb, save

from deepcam.batch import parallel, session_file
from deepcam.batch.files import Job, Kind, Options, anonymize, plan
from deepcam.batch.job import Outcome
from deepcam.batch.manifest import NAME, Manifest
from deepcam.errors import DeepcamError
from deepcam.sinks.place import part_beside, parts_of

SESSION = 20


@pytest.fixture
def folder(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures with and without a face, and a film; every call has the same people."""
    monkeypatch.setattr("secrets.randbits", lambda bits: SESSION)
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    face = cv2.imread(str(shared / "stills" / "glasses.jpg"))
    face = cv2.resize(face, (240, 160), interpolation=cv2.INTER_AREA)
    for k in range(6):
        save(source / f"face{k}.png", rgb(np.roll(face, 8 * k, 1)))
    for k in range(4):
        save(source / "deep" / f"{k}.jpg", rgb(chart(shade=4 * k)))
    film(source / "film.mp4", Film(frames=5))
    return source


def digests(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file() and p.name != NAME
    }


def workers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]


@pytest.mark.slow
def test_two_processes_make_the_same_bytes_and_one_may_die(folder: Path, tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    first = anonymize(plan([folder], alone), Options(workers=1))
    assert (first.files, first.problems) == (11, [])
    assert first.generated >= 6
    killed: list[int] = []

    def kill_one(job: Job, done: int, total: int) -> None:
        children = workers()
        if not killed and len(children) == 2:
            killed.append(children[0].pid)
            os.kill(children[0].pid, signal.SIGKILL)

    listed = tmp_path / "list.jsonl"
    options = Options(workers=2, threads=1, manifest=listed)
    second = anonymize(plan([folder], together), options, kill_one)
    assert killed
    assert (second.files, second.problems) == (11, [])
    assert second.outputs == [o.replace("alone", "together") for o in first.outputs]
    for name in ("frames", "generated", "covered", "card", "empty"):
        assert getattr(second, name) == getattr(first, name)
    assert digests(together) == digests(alone)  # no part file and no session either
    lines = [json.loads(line) for line in listed.read_text().splitlines()]
    assert [line["target"] for line in lines] == sorted(second.outputs)
    assert {line["target"]: line["sha256"] for line in lines} == {
        str(together / name): digest for name, digest in digests(together).items()
    }


@pytest.mark.slow
def test_a_file_that_ends_every_process_costs_one_sentence(folder: Path, tmp_path: Path) -> None:
    deaths = []

    def kill_it(job: Job, done: int, total: int) -> None:
        if job.source.name == "film.mp4" and done == 1:
            deaths.append(job)
            for child in workers():
                os.kill(child.pid, signal.SIGKILL)

    for path in folder.glob("face*.png"):
        path.unlink()
    film(folder / "film.mp4", Film(frames=80))
    summary = anonymize(plan([folder], tmp_path / "out"), Options(workers=1), None)
    assert summary.files == 5
    (tmp_path / "out" / "film.mp4").unlink()
    jobs = plan([folder], tmp_path / "out")
    found: dict[str, Outcome | DeepcamError] = {}
    parallel.run(
        [job for job in jobs if job.kind is Kind.VIDEO], Options(threads=1), SESSION, 1,
        lambda job, outcome: found.update({job.source.name: outcome}), kill_it,
    )  # fmt: skip
    assert len(deaths) == parallel.TRIES
    assert "ended the process" in str(found["film.mp4"])
    assert not (tmp_path / "out" / "film.mp4").exists()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["deep"]


@pytest.mark.slow
def test_a_broken_off_folder_goes_on_with_the_same_people(folder: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    anonymize(plan([folder], whole), Options(workers=1))
    calls: list[str] = []

    def stop(job: Job, done: int, total: int) -> None:
        calls.append(job.name)
        if len(set(calls)) == 4:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.randbits", lambda bits: SESSION)
        with pytest.raises(KeyboardInterrupt):
            anonymize(plan([folder], parts), Options(workers=1), stop)
    kept = parts / session_file.NAME
    assert kept.stat().st_mode & 0o077 == 0
    assert json.loads(kept.read_text()) == {"session": SESSION}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.randbits", lambda bits: pytest.fail("new people"))
        summary = anonymize(plan([folder], parts), Options(workers=1))
    assert summary.kept == 3
    assert summary.files == 8
    assert digests(parts) == digests(whole)


@pytest.mark.slow
def test_nothing_half_written_is_left_when_several_processes_are_interrupted(
    folder: Path, tmp_path: Path
) -> None:
    for k in range(2):
        film(folder / f"film{k}.mp4", Film(frames=200))
    seen: set[str] = set()

    def stop(job: Job, done: int, total: int) -> None:
        if job.kind is Kind.VIDEO and done > 2:
            seen.add(job.name)
        if len(seen) == 2:
            raise KeyboardInterrupt

    jobs = [job for job in plan([folder], tmp_path / "out") if job.kind is Kind.VIDEO]
    with pytest.raises(KeyboardInterrupt):
        anonymize(jobs, Options(workers=2, threads=1), stop)
    assert workers() == []
    assert {p.name for p in (tmp_path / "out").iterdir()} <= {session_file.NAME, "film.mp4"}


def test_a_strange_session_file_is_replaced(tmp_path: Path) -> None:
    job = Job(tmp_path / "a.png", tmp_path / "a.png", Kind.IMAGE, False, "a.png")
    for text in ("", "{", "[]", '{"session": -1}', '{"session": "x"}', "x" * 5000):
        (tmp_path / session_file.NAME).write_text(text)
        found = session_file.begin([job])
        assert found is not None
        assert session_file.begin([job]) == found
        found.end()
        found.end()
    assert list(tmp_path.iterdir()) == []


def test_processes_are_as_many_as_pay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "cores", lambda: 4)

    def jobs(pictures: int, films: int) -> list[Job]:
        kinds = [Kind.IMAGE] * pictures + [Kind.VIDEO] * films
        return [Job(tmp_path / str(k), tmp_path / str(k), v, False) for k, v in enumerate(kinds)]

    def memory(gigabytes: float) -> None:
        amount = type("Memory", (), {"available": int(gigabytes * 2**30)})
        monkeypatch.setattr(psutil, "virtual_memory", lambda: amount)

    memory(64)
    counts = [
        parallel.how_many(jobs(*n), Options(workers=0)) for n in ((1, 0), (5, 0), (24, 0), (0, 2))
    ]
    assert counts == [1, 1, 4, 2]
    memory(3)
    assert parallel.how_many(jobs(200, 20), Options(workers=0)) == 2
    memory(0.5)
    assert parallel.how_many(jobs(200, 20), Options(workers=0)) == 1
    assert parallel.how_many(jobs(200, 20), Options(workers=7)) == 7


def test_parts_belong_to_their_file(tmp_path: Path) -> None:
    path, other = tmp_path / "a.mp4", tmp_path / "a.b.mp4"
    ours, theirs = part_beside(path), part_beside(other)
    for part in (ours, theirs):
        part.touch()
    assert parts_of(path) == [ours]
    long = tmp_path / ("会" * 80 + ".mp4")
    assert len(os.fsencode(part_beside(long).name)) <= 255
    part = part_beside(long)
    part.touch()
    assert parts_of(long) == [part]


def test_a_manifest_says_each_file_once(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / f"{k}", tmp_path / f"{k}.png", Kind.IMAGE, False) for k in "cab"]
    (tmp_path / "a.png").write_bytes(b"x")
    path = tmp_path / "m.jsonl"
    manifest = Manifest(path, jobs)
    manifest.add(jobs[0], DeepcamError("It broke."))
    manifest.close()
    path.write_text(path.read_text() + '{"target": "half')
    manifest = Manifest(path, jobs)
    manifest.add(jobs[0], Outcome(frames=1))
    manifest.finish()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [Path(line["target"]).stem for line in lines] == ["a", "b", "c"]
    assert [line["status"] for line in lines] == ["kept", "kept", "done"]
    (tmp_path / "letter.txt").write_text("Dear reader")
    with pytest.raises(DeepcamError, match="not a manifest"):
        Manifest(tmp_path / "letter.txt", jobs)
    assert (tmp_path / "letter.txt").read_text() == "Dear reader"


def test_ray_that_is_not_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DeepcamError, match="Ray is not installed"):
        anonymize(plan([folder], tmp_path / "out"), Options(ray="local"))


@pytest.mark.slow
def test_a_cluster_loses_a_machine(folder: Path, tmp_path: Path) -> None:
    """Two machines (processes of Ray's own for that), one of them dies."""
    pytest.importorskip("ray", reason="needs the extra cluster")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    alone, there = tmp_path / "alone", tmp_path / "there"
    first = anonymize(plan([folder], alone), Options(workers=1))
    size = {"object_store_memory": 80 << 20, "memory": 4 << 30}
    root = str(ROOT)
    with pytest.MonkeyPatch.context() as patch:
        # Workers import this deepcam, as they would the installed one.
        patch.setenv("PYTHONPATH", root)
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **size}
        )
        nodes: list[Any] = [cluster.add_node(num_cpus=1, **size) for _ in range(2)]
        finished: list[str] = []

        def kill_one(job: Job, done: int, total: int) -> None:
            finished.append(job.name)
            if len(finished) == 2:
                cluster.remove_node(nodes.pop(), allow_graceful=False)

        try:
            options = Options(ray=cluster.address)
            second = anonymize(plan([folder], there), options, kill_one)
        finally:
            cluster.shutdown()
    assert len(nodes) == 1
    assert sorted(finished) == sorted(str(job.name) for job in plan([folder], tmp_path / "x"))
    assert (second.files, second.problems, second.frames) == (11, [], first.frames)
    assert digests(there) == digests(alone)
    lines = [json.loads(line) for line in (there / NAME).read_text().splitlines()]
    assert [line["target"] for line in lines] == sorted(second.outputs)
    assert {line["status"] for line in lines} == {"done"}
    assert len({line["where"] for line in lines}) == 2
