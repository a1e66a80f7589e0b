"""The script for machines with a graphics card, tried without one: what it asks for, what it
checks, what it leaves. The real commands are stood in; ``--allow-cpu`` runs them."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import pytest
from places import ROOT

from deepcam.errors import DeepcamError
from deepcam.showcase import bench

A_CARD = {"name": "NVIDIA Test", "driver_version": "600.1", "memory.total": "81920"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    place = importlib.util.spec_from_file_location("card", ROOT / "packaging" / "card.py")
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    sys.modules["card"] = module  # its dataclasses look for their module
    place.loader.exec_module(module)
    return module


class Machine:
    """Answers as the program would; ``provider`` is what really runs the network."""

    def __init__(self, script: ModuleType, provider: str) -> None:
        self.script, self.provider = script, provider
        self.ran: list[list[str]] = []
        self.after_install = provider
        self.now = 0.0
        self.takes = 1.0
        self.fails: Callable[[Sequence[str]], bool] = lambda _: False
        self.live_provider = ""

    def __call__(self, command: Sequence[str], most: float) -> Any:
        done = self.script.Done
        self.ran.append(list(command))
        self.now += min(self.takes, most)
        if self.takes > most:
            return done(-9, "", "It was ended.", most)
        if self.fails(command):
            return done(1, "", "first line\nIt broke.\n", 1.0)
        if "pip" in command:
            self.provider = self.after_install
            return done(0, "", "", 1.0)
        if command[1] == "-c":
            if "write_film" in command[2]:
                path = command[2].split("Path('")[1].split("'")[0]
                Path(path).write_bytes(b"film")
                return done(0, "", "", 1.0)
            facts = {
                "provider": self.provider, "session": [self.provider.upper()], "version": "9",
                "onnxruntime": "1.99", "reasons": {"cuda": "libcublas was not found"},
            }  # fmt: skip
            return done(0, json.dumps(facts), "", 1.0)
        assert list(command[1:3]) == ["-m", "deepcam.cli"]
        if command[3] == "bench":
            network = command[command.index("--network") + 1]
            answer: dict[str, Any] = {
                "network": network, "provider": self.provider, "peak_memory_mb": 512.5,
                "runs": [{"fps": 60.5, "total": {"p50": 16.1, "p95": 18.2}}],
            }  # fmt: skip
        else:
            answer = {
                "network": "large", "provider": self.live_provider or self.provider,
                "provider_reason": "out of memory", "memory_mb": 150.5,
                "measured": {"fps_fresh_mean": 29.5, "latency_ms": {"p50": 21.5, "p95": 30.5}},
            }  # fmt: skip
        return done(0, json.dumps(answer), "", 1.0, 900, 700.5)


def trial(script: ModuleType, machine: Machine, folder: Path, **options: Any) -> Any:
    options = {"look": lambda: A_CARD, **options}
    return script.Trial(
        "PY", folder, runner=machine, clock=lambda: machine.now, say=lambda _: None, **options
    )


def test_on_a_card_everything_is_measured(script: ModuleType, tmp_path: Path) -> None:
    machine = Machine(script, "cuda")
    result = trial(script, machine, tmp_path).go()
    rows = result["rows"]
    assert [(r["size"], r["faces"], r["network"], r["command"].split()[1]) for r in rows] == [
        (size, faces, network, command)
        for size in ("1280x720", "1920x1080")
        for faces in (1, 3)
        for network, command in (("large", "bench"), ("small", "bench"), ("large", "run"))
    ]
    assert result["problems"] == []
    assert not any("pip" in command for command in machine.ran)
    for command in machine.ran[5:]:
        # Never "auto": that would go on without the card and only say so.
        assert command[command.index("--provider") + 1] == "cuda"
    live = next(command for command in machine.ran if "run" in command)
    # The size is asked for, so that a slow computer does not make it smaller.
    assert live[live.index("--size") + 1] == "1280x720"
    assert live[live.index("--seconds") + 1] == "40"
    kept = json.loads((tmp_path / "card.json").read_text())
    assert (kept["card"], kept["rehearsal"]) == (A_CARD, False)
    assert kept["rows"][0]["answer"]["runs"][0]["fps"] == 60.5
    text = (tmp_path / "card.md").read_text()
    assert text.startswith("# NVIDIA Test\n")
    assert (
        "| `deepcam bench --source 1-1280x720.avi --network large --provider cuda --frames 150 "
        "--json` | large | cuda | 1280x720 | 1 | 60.5 | 16.1 | 18.2 | 512.5 | 900 |"
    ) in text
    assert "| 29.5 | 21.5 | 30.5 | 700.5 | 900 |" in text  # of all processes, while they ran
    assert "Rehearsal" not in text


def test_missing_libraries_are_installed_once(script: ModuleType, tmp_path: Path) -> None:
    machine = Machine(script, "cpu")
    machine.after_install = "cuda"
    assert trial(script, machine, tmp_path).go()["program"]["provider"] == "cuda"
    installs = [command for command in machine.ran if "pip" in command]
    # Of the runtime that is there: never another one, and never two.
    assert installs == [["PY", "-m", "pip", "install", "-q", "onnxruntime-gpu[cuda,cudnn]==1.99"]]


def test_the_processor_is_never_taken_for_the_card(script: ModuleType, tmp_path: Path) -> None:
    machine = Machine(script, "cpu")
    with pytest.raises(script.CardError) as told:
        trial(script, machine, tmp_path, allow_cpu=True).go()
    assert told.value.args[0] == (
        "The network runs on cpu, not on the card (libcublas was not found)."
    )
    assert not any("bench" in command for command in machine.ran)


def test_a_run_that_lost_the_card_is_named(script: ModuleType, tmp_path: Path) -> None:
    machine = Machine(script, "cuda")
    machine.live_provider = "cpu"
    result = trial(script, machine, tmp_path).go()
    assert len(result["problems"]) == 4
    assert all("ran on cpu: out of memory" in line for line in result["problems"])
    assert "| large | cpu | 1280x720 |" in (tmp_path / "card.md").read_text()
    machine = Machine(script, "cuda")
    machine.fails = lambda command: "bench" in command and "small" in command
    result = trial(script, machine, tmp_path).go()
    assert [line.endswith("failed (It broke.).") for line in result["problems"]] == [True] * 4
    assert len(result["rows"]) == 8


def test_it_ends_in_time_and_says_what_is_missing(script: ModuleType, tmp_path: Path) -> None:
    machine = Machine(script, "cuda")
    machine.takes = 30.0
    result = trial(script, machine, tmp_path, minutes=6).go()
    assert machine.now <= 360
    left = [line for line in result["problems"] if line.startswith("There was no time left for")]
    assert left
    assert len(result["rows"]) + len(result["problems"]) == 12
    assert "There was no time left" in (tmp_path / "card.md").read_text()


def test_without_a_card_there_is_a_sentence_or_a_rehearsal(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))  # no nvidia-smi
    assert script.card() is None
    assert script.main(["--output", str(tmp_path / "none")]) == 1
    assert "No NVIDIA card was found" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    machine = Machine(script, "cpu")
    folder = tmp_path / "rehearsal"
    result = trial(script, machine, folder, allow_cpu=True, look=script.card).go()
    assert (result["rehearsal"], result["card"]) == (True, None)
    assert len(result["rows"]) == 12
    assert {row["size"] for row in result["rows"]} == {"640x360", "960x540"}
    text = (folder / "card.md").read_text()
    assert text.startswith("# Rehearsal without a graphics card\n")
    assert "every figure here is the processor's" in text


def test_the_driver_is_asked(script: ModuleType, tmp_path: Path, monkeypatch: Any) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\necho "NVIDIA H100, 580.65, 81559"\necho "another, 1, 2"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.card() == {
        "name": "NVIDIA H100", "driver_version": "580.65", "memory.total": "81559",
    }  # fmt: skip
    tool.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert script.card() is None


def test_a_command_that_hangs_is_ended(script: ModuleType) -> None:
    done = script.run([sys.executable, "-c", "import time; time.sleep(60)"], 1.0)
    assert done.code != 0
    assert "ended after 1 seconds" in script._last(done)
    assert script._json(done) is None
    done = script.run([sys.executable, "-c", "print('x {\"a\": 1}')"], 20.0)
    assert script._json(done) == {"a": 1}


def test_memory_is_that_of_all_processes(script: ModuleType, tmp_path: Path) -> None:
    for pid, (name, parent, pages) in {
        7: ("a) b (", 1, 100), 8: ("worker", 7, 200), 9: ("below", 8, 300), 10: ("other", 1, 1000),
    }.items():  # fmt: skip
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 1 1")
        (tmp_path / str(pid) / "statm").write_text(f"9999 {pages} 5")
    (tmp_path / "11").mkdir()  # has just ended
    page = os.sysconf("SC_PAGE_SIZE")
    assert script.resident(7, tmp_path) == round(600 * page / 1e6, 1)
    assert script.resident(9, tmp_path) == round(300 * page / 1e6, 1)
    assert script.resident(99, tmp_path) is None


def test_the_film_can_be_played_in_a_loop(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    bench.write_film(path, (320, 180), 1, 4)
    film = cv2.VideoCapture(str(path))
    assert film.get(cv2.CAP_PROP_FOURCC) == cv2.VideoWriter.fourcc(*"MJPG")
    pictures = []
    while True:
        more, picture = film.read()
        if not more:
            break
        pictures.append(picture)
    assert [p.shape for p in pictures] == [(180, 320, 3)] * 6
    # Forwards and backwards: 0 1 2 3 2 1, and then 0 again.
    assert (pictures[1] == pictures[5]).all()
    assert (pictures[2] == pictures[4]).all()
    assert (pictures[0] != pictures[3]).any()
    with pytest.raises(DeepcamError, match="cannot be written"):
        bench.write_film(tmp_path / "no" / "film.avi", (320, 180), 1, 2)


@pytest.mark.parametrize("there", [True, False])
def test_cudas_libraries_are_loaded_before_a_card_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    """The provider finds those of pip's packages only when they have been loaded; what onnxruntime
    prints about it does not get into anybody's JSON."""
    import onnxruntime as ort

    from deepcam.generator import session
    from deepcam.models.store import path_of

    order: list[str] = []

    def load() -> None:
        order.append("libraries")
        print("Failed to load libcublas.so: not found")
        raise RuntimeError("nothing there")

    def opened(_: Any, path: Path, full: str, threads: int) -> Any:
        order.append(full)
        if full != session.LADDER["cpu"]:
            raise RuntimeError("libcublas.so: cannot open shared object file")
        return session._session(ort, path, full, threads)

    monkeypatch.setattr(session, "_missing_device", lambda name: "")
    monkeypatch.setattr(
        ort, "get_available_providers", lambda: [session.LADDER["cuda"], session.LADDER["cpu"]]
    )
    if there:
        monkeypatch.setattr(ort, "preload_dlls", load, raising=False)
    else:
        monkeypatch.delattr(ort, "preload_dlls", raising=False)
    monkeypatch.setattr(session.NetworkSession, "_open", lambda self, *a: opened(*a))
    made = session.NetworkSession(path_of("generator_small.onnx"), "auto")
    assert made.provider == "cpu"
    assert "libcublas" in made.reason
    expected = [session.LADDER["cuda"], session.LADDER["cpu"]]
    assert order == (["libraries", *expected] if there else expected)
    assert capsys.readouterr().out == ""
