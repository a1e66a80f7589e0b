"""The command line: exit codes, sentences, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
from places import ROOT

from deepcam import __version__
from deepcam.cli import main

pytestmark = pytest.mark.usefixtures("plain_stderr")


def _process(*args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "deepcam.cli", *args]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


def test_help_comes_at_once_and_names_all_commands() -> None:
    took = []
    for _ in range(3):
        start = time.monotonic()
        done = _process("--help")
        took.append(time.monotonic() - start)
    assert done.returncode == 0
    for command in ("run", "anonymize", "identities", "toggle", "panic", "regenerate", "status",
                    "stop", "doctor", "bench", "demo", "warmup"):  # fmt: skip
        assert command in done.stdout
    # 0.5 s on an idle machine; twice that is allowed to a loaded one.
    assert min(took) < 1.0


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, deepcam.cli\n"
        "print([m for m in ('cv2', 'numpy', 'mediapipe', 'numba', 'av') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")
@pytest.mark.parametrize(("given", "threads"), [("", 1), ("2", 2)])
def test_numpy_has_no_spinning_helpers(given: str, threads: int) -> None:
    """An idle helper thread of OpenBLAS took a third of a core from the live path."""
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    if given:
        env["OPENBLAS_NUM_THREADS"] = given
    if threads > len(os.sched_getaffinity(0)):
        pytest.skip("one core only")
    code = "import os, deepcam, numpy; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env,
        cwd=ROOT,
    )  # fmt: skip
    assert int(done.stdout) == threads


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["anonymize"],
        ["anonymize", "a.png"],
        ["run", "--size", "large"],
        ["run", "--fps", "many"],
        ["run", "--on-doubt", "blur"],
        ["identities", "delete"],
    ],
)
def test_wrong_usage(run, args: list[str]) -> None:
    code, out, err = run(*args)
    assert code == 2
    assert out == ""
    assert err


@pytest.mark.parametrize("command", ["toggle", "panic", "regenerate", "status", "stop"])
def test_nothing_is_running(run, command: str) -> None:
    code, out, err = run(command)
    assert code == 1
    assert out == ""
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "args",
    [
        ["run", "--source", "/no/such.mp4", "--output", "null"],
        ["run", "--output", "cinema"],
        ["run", "--size", "3x3", "--output", "null"],
        ["run", "--fps", "0", "--output", "null"],
    ],
)
def test_run_refuses(run, args: list[str]) -> None:
    code, out, err = run(*args)
    assert code == 1
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_life_of_an_identity(run, tmp_path: Path) -> None:
    code, out, _ = run("identities", "new", "--seed", 20, "--name", "Ida", "--json")
    assert code == 0
    assert json.loads(out)["seed"] == 20
    assert run("identities", "new", "--seed", 21, "--name", "ida")[0] == 1
    listed = json.loads(run("identities", "list", "--json")[1])["identities"]
    assert [(i["name"], i["seed"]) for i in listed] == [("Ida", 20)]

    portrait = tmp_path / "ida.png"
    assert run("identities", "show", "Ida", "--output", portrait)[0] == 0
    picture = cv2.imread(str(portrait))
    assert picture.shape == (512, 512, 3)
    assert picture[200:400, 200:320].std() > 10
    assert run("identities", "show", "Ida", "--output", portrait)[0] == 1

    file = tmp_path / "ida.identity"
    assert run("identities", "export", "Ida", file)[0] == 0
    assert run("identities", "rename", "Ida", "Ina")[0] == 0
    assert run("identities", "import", file)[0] == 0
    names = [i["name"] for i in json.loads(run("identities", "list", "--json")[1])["identities"]]
    assert names == ["Ida", "Ina"]
    assert run("identities", "delete", "Ina")[0] == 0
    assert run("identities", "delete", "Ina")[0] == 1
    assert run("identities", "delete", "--undo")[1].strip() == "Ina"
    file.write_bytes(file.read_bytes()[:3000])
    code, _, err = run("identities", "import", file, "--name", "Other")
    assert code == 1
    assert "damaged" in err


@pytest.mark.parametrize(
    "args",
    [["--age", "7"], ["--masculinity", "2"], ["--tone", "-1"], ["--seed", str(2**80)]],
)
def test_impossible_people(run, args: list[str]) -> None:
    code, _, err = run("identities", "new", *args)
    assert code in (1, 2)
    assert "Traceback" not in err
    assert json.loads(run("identities", "list", "--json")[1])["identities"] == []


def test_demo_film(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepcam.showcase.demo.FRAMES", 8)
    code, out, _ = run("demo", "--film", "--output", tmp_path / "demo", "--json")
    assert code == 0
    result = json.loads(out)
    assert result["frames"] == 8
    assert result["generated"] == 8
    sheet = cv2.imread(result["picture"])
    top, bottom = sheet[:420], sheet[420:]
    face = (slice(120, 220), slice(170, 260))
    assert cv2.absdiff(top[face], bottom[face]).mean() > 8


def test_interrupt_ends_with_130(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("deepcam.batch.files.plan", interrupted)
    code, out, err = run("anonymize", "a.png", "-o", tmp_path / "b.png")
    assert (code, out) == (130, "")
    assert err.strip() == "Interrupted; nothing half-written was left."


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (OSError(28, "No space left on device", "/some/where"), "/some/where"),
        (MemoryError(), "memory"),
        (ValueError("[[12 34 56] [78 90 12]]"), "fault of deepcam"),
    ],
)
def test_surprises_are_one_sentence(run, monkeypatch, error: Exception, word: str) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("deepcam.identity.gallery.Gallery.list", fails)
    monkeypatch.setattr("os.dup2", lambda *_: None)  # stdout belongs to the test here
    monkeypatch.delenv("DEEPCAM_DEBUG")
    code, out, err = run("identities", "list")
    assert (code, out) == (1, "")
    assert word in err
    assert len(err.strip().splitlines()) == 1
    # The text of an unexpected error might quote a picture.
    assert "12 34 56" not in err


def test_full_and_closed_stdout() -> None:
    command = [sys.executable, "-m", "deepcam.cli", "identities", "list", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DEEPCAM_DEBUG": ""}
    if Path("/dev/full").exists():
        with open("/dev/full", "w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=env, timeout=60, check=False)  # fmt: skip
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "No space left" in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True,
                          env=env, timeout=60, check=False)  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")
