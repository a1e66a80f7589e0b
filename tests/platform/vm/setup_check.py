"""``deepcam setup`` with the real driver, inside a virtual machine, as root.

    setup_check.py [MODULE.ko]

MODULE.ko: another version of v4l2loopback (0.13 or later) to be tried as well. Prints "NAME passed"
for each part, and exits with 1 at the first that does not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from deepcam.platform import loopback, rootjob
from deepcam.platform.system import System
from deepcam.sources.v4l2 import query

ROOT = Path("/")
OBS = "OBS Virtual Camera"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A program that must work."""
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done


def deepcam(*arguments: str) -> dict[str, object]:
    """The program as it is shipped."""
    code = "from deepcam.cli import main; main()"
    facts: dict[str, object] = json.loads(run(sys.executable, "-c", code, *arguments).stdout)
    return facts


def labels() -> dict[int, str]:
    """Number -> label of the loopback devices."""
    return {d.number: d.label for d in loopback.inspect(System()).devices}


def files() -> list[bool]:
    """Whether our two files are there."""
    return [(ROOT / name).exists() for name in rootjob.FILES]


def unload() -> None:
    """No loopback device at all."""
    subprocess.run(["modprobe", "-r", "v4l2loopback"], capture_output=True)


def bare() -> None:
    """Module not loaded."""
    unload()
    assert labels() == {}
    facts = deepcam("setup", "--yes", "--json")
    assert facts["steps"] == ["load"], facts
    number = loopback.inspect(System()).own[0]
    assert number.exclusive is True, number
    assert files() == [True, True]
    assert facts["device"] == number.path
    again = deepcam("setup", "--yes", "--json")
    assert again["done"] == [], again
    # As after a restart.
    unload()
    run("modprobe", "v4l2loopback")
    assert list(labels().values()) == ["DeepPrivacy Cam"]
    deepcam("setup", "--undo", "--yes", "--json")
    assert labels() == {}
    assert files() == [False, False]


def wrong() -> None:
    """exclusive_caps=0 is seen and mended."""
    unload()
    run("modprobe", "v4l2loopback", "video_nr=7", "card_label=DeepPrivacy Cam")
    own = loopback.inspect(System()).own[0]
    assert own.exclusive is False, query("/dev/video7")
    deepcam("setup", "--yes", "--json")
    assert [(d.number, d.exclusive) for d in loopback.inspect(System()).own] == [(7, True)]
    deepcam("setup", "--undo", "--yes", "--json")


def beside_obs() -> None:
    """A module that must be loaded again, with another program's device."""
    unload()
    run("modprobe", "v4l2loopback", "video_nr=3", f"card_label={OBS}", "exclusive_caps=1")
    facts = deepcam("setup", "--yes", "--json")
    assert facts["steps"] == ["unload", "load"], facts
    assert labels() == {3: OBS, 10: "DeepPrivacy Cam"}, labels()
    facts = deepcam("setup", "--undo", "--yes", "--json")
    assert facts["notes"], facts
    assert files() == [False, False]


def refused() -> None:
    """A device in use: nothing changes."""
    unload()
    run("modprobe", "v4l2loopback", "video_nr=3", f"card_label={OBS}")
    with open("/dev/video3", "rb"):
        # Root's part must find out by itself: this process is not the one that asks.
        job = {"write": {rootjob.LOAD_FILE: rootjob.MARKER + "\nv4l2loopback\n"},
               "remove": [], "steps": ["unload", "load"]}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-I", rootjob.__file__, json.dumps(job)],
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert "in use" in done.stdout, done.stdout
    assert files() == [False, False]
    assert labels() == {3: OBS}


def added(module: str) -> None:
    """A device added to a loaded module, and removed."""
    unload()
    run("insmod", module, "video_nr=10", f'card_label="{OBS}"', "exclusive_caps=1")
    print("version", System().text("sys", "module", "v4l2loopback", "version").strip())
    facts = deepcam("setup", "--yes", "--json")
    assert facts["steps"] == ["add:11"], facts
    assert labels() == {10: OBS, 11: "DeepPrivacy Cam"}, labels()
    own = loopback.inspect(System()).own[0]
    assert own.exclusive is True, own
    deepcam("setup", "--undo", "--yes", "--json")
    assert labels() == {10: OBS}, labels()
    assert files() == [False, False]


def main() -> None:
    """All parts."""
    parts = [bare, wrong, beside_obs, refused]
    for part in parts:
        part()
        print(f"{part.__name__} passed", flush=True)
    for module in sys.argv[1:]:
        added(module)
        print("added passed", flush=True)


if __name__ == "__main__":
    main()
