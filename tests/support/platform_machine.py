"""A Linux machine made of files, for set-up and doctor: sysfs, /proc, /etc and programs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from deepcam.platform import rootjob
from deepcam.platform.system import Answer, System
from deepcam.sources.v4l2 import Capability

RELEASE = "6.1.0-test"
OBS = "OBS Virtual Camera"


class Machine:
    """``root`` holds the files; ``answers`` what programs say; ``caps`` what devices say."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.answers: dict[str, Answer] = {}
        self.caps: dict[str, Capability] = {}
        self.programs: set[str] = {"sudo", "modprobe"}
        self.environ: dict[str, str] = {}
        self.ran: list[Sequence[str]] = []
        for folder in ("sys/class/video4linux", "dev", "proc", "etc/modprobe.d", "home",
                       f"lib/modules/{RELEASE}/build", "etc/modules-load.d"):  # fmt: skip
            (root / folder).mkdir(parents=True)
        self.write("etc/os-release", "ID=debian\n")

    def system(self, **changes: object) -> System:
        """This machine as the code sees it."""
        system = System(
            self.root, RELEASE, self.environ, self.root / "home", "linux", self._answer,
            lambda name: f"/usr/bin/{name}" if name in self.programs else None,
            lambda path: self.caps.get(Path(path).name),
        )  # fmt: skip
        return replace(system, **changes)  # type: ignore[arg-type]

    def _answer(self, command: Sequence[str]) -> Answer | None:
        return self.answers.get(" ".join(command))

    def write(self, name: str, text: str | bytes) -> Path:
        """A file of this machine."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def install_module(self, name: str = "updates/dkms/v4l2loopback.ko", data: bytes = b"") -> None:
        """Put the module on the disk."""
        self.write(f"lib/modules/{RELEASE}/{name}", data)

    def load(self, version: str = "0.12.7") -> None:
        """Load the module, without any device."""
        self.write("sys/module/v4l2loopback/version", version + "\n")
        if version >= "0.13":
            self.write("dev/v4l2loopback", "")

    def unload(self) -> None:
        """Take the module and its devices away."""
        for entry in (self.root / "sys/devices/virtual/video4linux").glob("video*"):
            self.drop(int(entry.name.removeprefix("video")))
        _clear(self.root / "sys/module/v4l2loopback")
        (self.root / "dev/v4l2loopback").unlink(missing_ok=True)

    def loopback(self, number: int, label: str, exclusive: bool = True) -> None:
        """Add a loopback device, idle."""
        folder = f"sys/devices/virtual/video4linux/video{number}"
        self.write(f"{folder}/name", label + "\n")
        self.write(f"{folder}/max_openers", "10\n")
        self.write(f"{folder}/index", "0\n")
        self._node(number, self.root / folder)
        self.caps[f"video{number}"] = Capability(
            "v4l2 loopback", label, "platform:v4l2loopback", not exclusive, True
        )

    def webcam(self, number: int, name: str = "Test Webcam") -> None:
        """Plug in a camera."""
        folder = self.root / f"sys/devices/pci0/usb1/video4linux/video{number}"
        self.write(str(folder.relative_to(self.root) / "name"), name + "\n")
        self.write(str(folder.relative_to(self.root) / "index"), "0\n")
        self._node(number, folder)
        self.caps[f"video{number}"] = Capability("uvcvideo", name, "usb-1", True, False)

    def _node(self, number: int, folder: Path) -> None:
        (self.root / f"sys/class/video4linux/video{number}").symlink_to(folder)
        (self.root / f"dev/video{number}").symlink_to("/dev/null")

    def drop(self, number: int) -> None:
        """Remove a device."""
        _clear(self.root / f"sys/devices/virtual/video4linux/video{number}")
        (self.root / f"sys/class/video4linux/video{number}").unlink()
        (self.root / f"dev/video{number}").unlink()
        self.caps.pop(f"video{number}", None)

    def process(self, number: int, name: str, holds: str | None = None) -> None:
        """A program that runs, and perhaps has a video device open."""
        self.write(f"proc/{number}/comm", name + "\n")
        (self.root / f"proc/{number}/fd").mkdir()
        if holds is not None:
            # Every video node of this machine is /dev/null, a real device with a number.
            (self.root / f"proc/{number}/fd/3").symlink_to("/dev/null")

    # What root's part of the set-up meets here.

    def start(self, arguments: Sequence[str]) -> tuple[int, str]:
        """Stands for sudo, pkexec and root's Python."""
        self.ran.append(arguments)
        job = json.loads(arguments[-1])
        try:
            done = rootjob.perform(job, self.root, self.modprobe, self.control)
        except rootjob.JobError as error:
            return 1, json.dumps({"what": error.what, "remedy": error.remedy})
        return 0, json.dumps({"done": done})

    def modprobe(self, command: Sequence[str]) -> tuple[int, str]:
        """Load the module as the options files say, or unload it."""
        from deepcam.platform.options import configured

        self.ran.append(command)
        if command[0] != "modprobe":
            return 0, ""
        if "-r" in command:
            self.unload()
            return 0, ""
        self.load()
        for entry in configured(self.system()):
            self.loopback(entry.number, entry.label, entry.exclusive)
        return 0, ""

    def control(self, number: int, argument: bytes | int) -> int:
        """The driver's control device."""
        if number == rootjob.REMOVE:
            assert isinstance(argument, int)
            self.drop(argument)
            return 0
        assert isinstance(argument, bytes)
        wanted, _, label, *_rest, caps = rootjob.CONFIG.unpack(argument)
        self.loopback(wanted, label.rstrip(b"\0").decode(), not caps)
        return int(wanted)

    def tree(self, *folders: str) -> Mapping[str, str]:
        """Every file below the folders, with its contents."""
        return {
            str(path.relative_to(self.root)): path.read_text()
            for folder in folders or ("etc",)
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file()
        }


def _clear(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if not path.is_dir() else path.rmdir()
    if folder.exists():
        os.rmdir(folder)
