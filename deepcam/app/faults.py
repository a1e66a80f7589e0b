"""An hour of faults: a live run that is killed, stopped, starved, unplugged and shouted at.

``python -m deepcam.app.faults`` renders a film of a person who does not exist, runs the camera on
it in a process of its own, and does one random thing to it after the other, while a witness
compares every picture that leaves with the film. As root (in a mount namespace of its own) it also
fills the disk and the shared memory. The same ``--seed`` gives the same order of faults.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from deepcam.app.endurance import FPS, _film
from deepcam.app.faults_stage import STAND_IN
from deepcam.errors import DeepcamError
from deepcam.live import control

GROWTH = 6.0
"""Percent by which memory may have grown."""
DISK, SHARED = "48m", "64m"
"""Of the file systems that are filled."""
SAMPLES_LEAST = 10


class Ordeal:
    """The faults; ``run`` does them, ``found`` says what came of it. Use as a context."""

    def __init__(
        self, folder: Path, dice: random.Random, say: Callable[[str], None], patience: float
    ) -> None:
        self._folder, self._dice, self._say = folder, dice, say
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None
        self._number = 0
        self._memory: list[float] = []
        self._files: list[int] = []
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.may_mount = (folder / "disk").is_mount()
        _, face = _film(folder / "film.mp4")
        (folder / "face").write_text(json.dumps(face))

    def __enter__(self) -> Ordeal:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def run(self, seconds: float) -> None:
        """One fault after the other for so long; after each the face must come back."""
        plain: list[Callable[[], None]] = [
            self.kill_worker, self.crash_worker, self.stop_worker, self.stop_sender, self.unplug,
            self.garbage, self.commands, self.commands, self.panic,
        ]  # fmt: skip
        rare: list[Callable[[], None]] = [self.kill_all]
        if self.may_mount:
            rare += [self.full_disk, self.full_shared_memory]
        self._back()
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.wrong) < 20:
            fault = self._dice.choice(rare if self._dice.random() < 0.12 else plain)
            self.done[fault.__name__] += 1
            began = time.monotonic()
            try:
                fault()
                self._back()
            except (DeepcamError, OSError, psutil.Error, subprocess.SubprocessError) as error:
                self.wrong.append(f"{fault.__name__}: {error}")
            took = time.monotonic() - began
            self._say(f"{fault.__name__} {took:.1f} s, {self._memory[-1]:.0f} MB")
            time.sleep(self._dice.uniform(0.2, 2.0))

    # Faults

    def kill_worker(self) -> None:
        os.kill(self._worker(), signal.SIGKILL)

    def crash_worker(self) -> None:
        os.kill(self._worker(), signal.SIGSEGV)

    def stop_worker(self) -> None:
        self._stop(self._worker(), self._dice.uniform(0.5, 8.0))

    def stop_sender(self) -> None:
        assert self._process is not None
        self._stop(self._process.pid, self._dice.uniform(0.3, 4.0))

    def unplug(self) -> None:
        plug = self._folder / "unplugged"
        plug.touch()
        time.sleep(self._dice.uniform(0.5, 5.0))
        plug.unlink()

    def garbage(self) -> None:
        held = []
        for _ in range(self._dice.randint(5, 60)):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.settimeout(1.0)
            with contextlib.suppress(OSError):
                client.connect(str(control.runtime_dir() / control.NAME))
                client.sendall(self._dice.randbytes(self._dice.randint(0, 5000)))
                held.append(client)
        control.send_command("status")
        for client in held:
            client.close()

    def commands(self) -> None:
        for _ in range(self._dice.randint(1, 12)):
            command = self._dice.choice(("toggle", "regenerate", "status", "on", "off"))
            with contextlib.suppress(DeepcamError):  # no worker at this moment
                control.send_command(command)

    def panic(self) -> None:
        control.send_command("panic")
        if control.send_command("status")["on"]:
            self.wrong.append("panic left the picture on")
        control.send_command("on")

    def kill_all(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._begin()

    def full_disk(self) -> None:
        """A recording beside it on a disk that becomes full: it ends with an error and is kept."""
        disk = self._folder / "disk"
        target = disk / "recording.mp4"
        target.unlink(missing_ok=True)
        ballast = disk / "ballast"
        room = shutil.disk_usage(disk).free - (32 << 20) - (300 << 10)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(room, 1))
        done = subprocess.run(
            [sys.executable, "-m", "deepcam.cli", "run", "--source", str(self._folder / "film.mp4"),
             "--loop", "--output", f"file:{target}", "--size", "1280x720", "--seconds", "60"],
            env={**os.environ, "DEEPCAM_RUNTIME_DIR": str(self._folder / "other")},
            capture_output=True, text=True, timeout=150,
        )  # fmt: skip
        ballast.unlink()
        if done.returncode != 1 or "The disk is full" not in done.stderr:
            self.wrong.append(f"full disk: {done.returncode} {done.stderr.strip()[-200:]}")
        if [path.name for path in disk.iterdir()] != [target.name]:
            self.wrong.append(f"full disk left {[path.name for path in disk.iterdir()]}")
        else:
            self.wrong += _damaged(target)

    def full_shared_memory(self) -> None:
        """What runs goes on; what is started meanwhile ends with an error."""
        ballast = Path("/dev/shm/ballast")
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage("/dev/shm").free)
        try:
            self.kill_worker()
            self._back()
            assert self._process is not None
            self._process.kill()
            self._process.wait()
            time.sleep(1.0)  # its memory is given back by its tracker
            with ballast.open("ab") as file:
                size = ballast.stat().st_size + shutil.disk_usage("/dev/shm").free
                os.posix_fallocate(file.fileno(), 0, size)
            self._start()
            code = self._process.wait(60)
            said = "" if self._process.stderr is None else self._process.stderr.read()
            if code != 1 or "shared memory" not in said:
                self.wrong.append(f"full shared memory: {code} {said.strip()[-200:]}")
        finally:
            ballast.unlink()
        self._begin()

    # Inside

    def _start(self) -> None:
        self._number += 1
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deepcam.app.faults_stage", str(self._folder),
             str(self._number)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def _begin(self) -> None:
        self._start()
        end = time.monotonic() + self._patience
        while True:
            # It answers before it has a camera, and then only says so.
            with contextlib.suppress(DeepcamError):
                if control.send_command("status").get("pid") == self._process.pid:  # type: ignore[union-attr]
                    return
            if time.monotonic() > end:
                raise DeepcamError("The run did not come up.")
            time.sleep(0.1)

    def _worker(self) -> int:
        end = time.monotonic() + self._patience
        while (number := control.send_command("status")["worker"]["pid"]) is None:
            if time.monotonic() > end:
                raise DeepcamError("There is no worker.")
            time.sleep(0.1)
        return int(number)

    def _stop(self, number: int, seconds: float) -> None:
        os.kill(number, signal.SIGSTOP)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):  # taken for hanging and replaced
            os.kill(number, signal.SIGCONT)

    def _back(self) -> None:
        """Wait for a generated face, and note what memory is in use then."""
        control.send_command("on")
        before = self.pictures().get("generated", 0)
        end = time.monotonic() + self._patience
        # The last picture of a worker that is gone is repeated for a second.
        while self.pictures().get("generated", 0) < before + 2 * FPS:
            if time.monotonic() > end:
                raise DeepcamError("No generated face came back.")
            time.sleep(0.1)
        status = control.send_command("status")
        own = psutil.Process(status["pid"])
        self._files.append(own.num_fds())
        self._memory.append(status["memory_mb"])

    def pictures(self) -> dict[str, int]:
        """All that was sent, over all processes."""
        total: Counter[str] = Counter()
        for path in self._folder.glob("report-*[0-9]"):
            total.update(json.loads(path.read_text()))
        return dict(total)

    def finish(self) -> dict[str, Any]:
        """End the run and look for what is left; JSON-ready."""
        assert self._process is not None
        control.send_command("stop")
        if self._process.wait(30) != 0:
            self.wrong.append(f"the run ended with {self._process.returncode}")
        time.sleep(1.0)
        left = sorted(p.name for p in control.runtime_dir().iterdir() if p.name != control.LOCK)
        if self.may_mount:  # nobody else's things lie there
            left += sorted(p.name for p in Path("/dev/shm").iterdir())
        here = str(self._folder)
        for process in psutil.process_iter(["cmdline"]):
            if process.pid != os.getpid() and here in " ".join(process.info["cmdline"] or []):
                left.append(f"process {process.pid}")
        pictures = self.pictures()
        part = max(len(self._memory) // 5, 1)
        first, last = (float(np.median(m)) for m in (self._memory[:part], self._memory[-part:]))
        growth = 100 * (last / first - 1)
        if pictures.get("raw", 1):
            self.wrong.append(f"{pictures.get('raw')} raw pictures")
        if left:
            self.wrong.append(f"left behind: {left}")
        if len(self._memory) >= SAMPLES_LEAST and growth > GROWTH:
            self.wrong.append(f"memory grew by {growth:.1f} %")
        return {
            "faults": dict(self.done),
            "pictures": pictures,
            "memory_mb": [round(first, 1), round(last, 1)],
            "memory_growth_percent": round(growth, 2),
            "open_files": [min(self._files), max(self._files)],
            "left": left,
            "wrong": self.wrong,
        }


def _damaged(path: Path) -> list[str]:
    from deepcam.sources.video import VideoReader

    try:
        with VideoReader(path) as reader:
            count = sum(1 for _ in reader)
            return [] if count and not reader.warnings else [f"the recording has {count} pictures"]
    except DeepcamError as error:
        return [f"the recording: {error}"]


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    """A folder with everything of this trial; small file systems in it and on /dev/shm as root."""
    with tempfile.TemporaryDirectory(prefix="deepcam-faults-") as name:
        folder = Path(name)
        for part in ("run", "other"):
            (folder / part).mkdir(mode=0o700)
        (folder / "disk").mkdir()
        os.environ.update(
            DEEPCAM_RUNTIME_DIR=str(folder / "run"), DEEPCAM_DATA_DIR=str(folder / "data")
        )
        mounts = [(DISK, folder / "disk"), (SHARED, Path("/dev/shm"))]
        apart = os.environ.get("DEEPCAM_FAULTS_APART") == "1"
        for size, place in mounts if apart else []:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True
            )
        try:
            yield folder
        finally:
            for _, place in mounts if apart else []:
                subprocess.run(["umount", "-l", str(place)], check=False)


def _apart(arguments: list[str]) -> int | None:
    """Run this again in a mount namespace of its own; None where that is not possible."""
    if os.environ.get("DEEPCAM_FAULTS_APART") or not shutil.which("unshare"):
        return None
    way = ["unshare", "-m"]
    if subprocess.run([*way, "true"], stderr=subprocess.DEVNULL).returncode:
        print("Disk and shared memory are not filled: that needs root.", file=sys.stderr)
        return None
    command = [*way, sys.executable, "-m", "deepcam.app.faults", *arguments]
    return subprocess.run(command, env={**os.environ, "DEEPCAM_FAULTS_APART": "1"}).returncode


def main(arguments: list[str] | None = None) -> int:
    """Run it; 1 when something is not as it must be."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m deepcam.app.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--patience", type=float, default=90.0, help="seconds until a face must be back"
    )
    parser.add_argument(
        "--stand-in", action="store_true", help="no tracking and painting: the live path alone"
    )
    options = parser.parse_args(given)
    if options.stand_in:
        os.environ[STAND_IN] = "deepcam.app.faults_stage:StandIn"
    code = _apart(given)
    if code is not None:
        return code
    began = time.monotonic()
    with (
        _place() as folder,
        Ordeal(
            folder,
            random.Random(options.seed),
            lambda text: print(text, file=sys.stderr, flush=True),
            options.patience,
        ) as ordeal,
    ):
        ordeal.run(60 * options.minutes)
        found = ordeal.finish()
    found["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(found, indent=2))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
