"""The one piece that runs as root: writes two files, loads the module, makes or removes a device.

Standard library only and self-contained, because root's Python is given its text, isolated from
the user's packages (``python -I -S -c TEXT JOB``). The job is JSON with ``write`` (path -> text),
``remove`` (paths) and ``steps``; anything outside these few files and steps is
refused. When a step fails, the files are put back as they were. Says on stdout, in JSON, what was
done or what failed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LABEL = "DeepPrivacy Cam"
MARKER = '# Written by "deepcam setup"; "deepcam setup --undo" removes it.'
LOAD_FILE = "etc/modules-load.d/deepprivacy-cam.conf"
OPTIONS_FILE = "etc/modprobe.d/zz-deepprivacy-cam.conf"
"""Sorts late: of two options lines for the same thing the later one counts."""
FILES = (LOAD_FILE, OPTIONS_FILE)
LONGEST = 4096

ADD, REMOVE = 0x4C80, 0x4C81
"""v4l2loopback's control device, 0.13 and later; 0.15 has new numbers and keeps these."""
CONFIG = struct.Struct("ii32sIIIIiiii")
"""struct v4l2_loopback_config: number twice, label, width and height from-to, buffers, openers,
debug, announce_all_caps."""

Run = Callable[[Sequence[str]], tuple[int, str]]
Control = Callable[[int, "bytes | int"], int]


class JobError(Exception):
    """What happened and what to do, one sentence each."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def check(job: dict[str, Any]) -> None:
    """Raises ``JobError`` for anything that is not this program's business."""
    lines = [line for text in job["write"].values() for line in text.splitlines()]
    good = (
        set(job) == {"write", "remove", "steps"}
        and set(job["write"]) | set(job["remove"]) <= set(FILES)
        and all(len(t) <= LONGEST and t.startswith(MARKER + "\n") for t in job["write"].values())
        and all(
            line.isprintable()
            and (line.startswith(("#", "options v4l2loopback ")) or line == "v4l2loopback")
            and not line.endswith("\\")
            for line in lines
        )
        and all(_step(step) for step in job["steps"])
    )
    if not good:
        raise JobError("This is not a job of deepcam setup; nothing was done.")


def _step(step: str) -> tuple[str, int] | None:
    name, _, number = step.partition(":")
    if name in ("packages", "load", "unload", "unload-idle", "initramfs") and not number:
        return name, -1
    if name in ("add", "remove") and number.isascii() and number.isdecimal() and int(number) < 256:
        return name, int(number)
    return None


def perform(job: dict[str, Any], root: Path, run: Run, control: Control) -> list[str]:
    """Do the job below ``root``; returns what was done, for people. Raises ``JobError`` with the
    files as they were before."""
    check(job)
    before: dict[Path, bytes | None] = {}
    folders: list[Path] = []
    done: list[str] = []
    try:
        for name, text in job["write"].items():
            path = root / name
            _make_folder(path.parent, folders)
            before[path] = path.read_bytes() if path.exists() else None
            write_atomic(path, text.encode())
            done.append(f"wrote /{name}")
        for step in job["steps"]:
            done += _take(step, root, run, control)
        for name in job["remove"]:
            if removed(root / name):
                done.append(f"removed /{name}")
    except BaseException as error:
        _put_back(before, folders)
        if "unloaded v4l2loopback" in done and "load" in job["steps"]:
            run(["modprobe", "v4l2loopback"])  # other programs' devices as they were configured
        if isinstance(error, OSError):
            raise _refused(error) from None
        raise
    return done


def write_atomic(path: Path, data: bytes) -> None:
    """Under a hidden name that no reader of the folder takes, then renamed. Mode 0644."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)  # whatever root's umask is
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
    except BaseException:
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise


def ours(path: Path) -> bool:
    """Whether the file carries our marker in its first line."""
    try:
        return path.read_text(errors="replace").split("\n", 1)[0] == MARKER
    except OSError:
        return False


def removed(path: Path) -> bool:
    """Remove a file of ours; anything without the marker stays."""
    if not ours(path):
        return False
    path.unlink()
    return True


def _make_folder(folder: Path, made: list[Path]) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, made)
        folder.mkdir(mode=0o755)
        made.append(folder)


def _put_back(before: dict[Path, bytes | None], folders: list[Path]) -> None:
    for path, data in before.items():
        with contextlib.suppress(OSError):
            if data is None:
                path.unlink(missing_ok=True)
            else:
                write_atomic(path, data)
    for folder in reversed(folders):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _refused(error: OSError) -> JobError:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.EROFS:
        return JobError(
            f"The settings cannot be written: the file system is read-only{place}.",
            "For this session only, run: sudo modprobe v4l2loopback devices=1 video_nr=10 "
            f'exclusive_caps=1 max_buffers=2 card_label="{LABEL}"',
        )
    return JobError(f"The system refused: {error.strerror}{place}.", "Nothing was changed.")


def _take(step: str, root: Path, run: Run, control: Control) -> list[str]:
    """One step; what was done, for people."""
    name, number = _step(step) or ("", -1)
    if name == "packages":
        return _install(run)
    if name == "load":
        _modprobe(["modprobe", "v4l2loopback"], run)
        return ["loaded v4l2loopback"]
    if name == "unload":
        _modprobe(["modprobe", "-r", "v4l2loopback"], run)
        return ["unloaded v4l2loopback"]
    if name == "unload-idle":
        return [] if run(["modprobe", "-r", "v4l2loopback"])[0] else ["unloaded v4l2loopback"]
    if name == "initramfs":
        tool = ["update-initramfs", "-u"] if _has("update-initramfs") else ["dracut", "-f"]
        code, said = run(tool)
        if code:  # the device works without
            return [f"could not rebuild the initramfs ({_last(said)}); run: {' '.join(tool)}"]
        return ["rebuilt the initramfs"]
    return _remove(number, control) if name == "remove" else _add(number, root, control)


def _install(run: Run) -> list[str]:
    """The module and what builds it for the running kernel, from the system's own packages."""
    release = os.uname().release
    if _has("apt-get"):
        run(["apt-get", "update"])  # without a network the packages may be there all the same
        wanted = ["v4l2loopback-dkms", f"linux-headers-{release}"]
        command = ["apt-get", "install", "-y", "--no-install-recommends", *wanted]
    elif _has("pacman"):
        command = ["pacman", "-S", "--noconfirm", "--needed", "v4l2loopback-dkms", "linux-headers"]
    elif _has("zypper"):
        command = ["zypper", "--non-interactive", "install", "v4l2loopback-kmp-default"]
    else:
        raise JobError("This system's package manager is not known.", "Run: deepcam doctor")
    code, said = run(command)
    if code:
        raise JobError(
            f"The package v4l2loopback could not be installed: {_last(said)}.",
            "Check the network, then try again.",
        )
    if _has("dkms"):
        run(["dkms", "autoinstall", "-k", release])
    return ["installed v4l2loopback"]


def _add(number: int, root: Path, control: Control) -> list[str]:
    config = CONFIG.pack(number, number, LABEL.encode(), 0, 0, 0, 0, 2, 10, 0, 0)
    try:
        number = control(ADD, config)
    except OSError as error:
        raise JobError(
            f"v4l2loopback did not make the device /dev/video{number}: {error.strerror}.",
            "Close the programs that use it, then: sudo modprobe -r v4l2loopback; deepcam setup",
        ) from None
    # The structure has changed between development versions: believe what came of it.
    name = root / "sys" / "devices" / "virtual" / "video4linux" / f"video{number}" / "name"
    try:
        label = name.read_text().strip()
    except OSError:
        label = ""
    if label != LABEL:
        with contextlib.suppress(OSError):
            control(REMOVE, number)
        raise JobError(
            "This version of v4l2loopback did not understand how to add a device.",
            "Close the programs that use it, then: sudo modprobe -r v4l2loopback; deepcam setup",
        )
    return [f'made /dev/video{number} "{LABEL}"']


def _remove(number: int, control: Control) -> list[str]:
    try:
        control(REMOVE, number)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise JobError(
                f"/dev/video{number} is in use.", "Close the program that uses it, and try again."
            ) from None
        raise JobError(
            f"v4l2loopback did not remove /dev/video{number}: {error.strerror}.", "Restart."
        ) from None
    return [f"removed /dev/video{number}"]


def _modprobe(command: list[str], run: Run) -> None:
    code, said = run(command)
    if code == 0:
        return
    text = said.lower()
    if "not found" in text:
        what = "The module v4l2loopback is not installed for this kernel."
        remedy = "Run: deepcam doctor"
    elif any(t in text for t in ("key was rejected", "required key", "operation not permitted")):
        what = "The kernel refuses v4l2loopback: Secure Boot is on and its key is not trusted."
        remedy = "Run: deepcam doctor"
    elif "in use" in text or "busy" in text:
        what = "The module v4l2loopback is in use and cannot be loaded again."
        remedy = "Close the programs that use a virtual camera (OBS, browsers), and try again."
    else:
        what, remedy = f"{' '.join(command)} failed: {_last(said)}.", "Run: deepcam doctor"
    raise JobError(what, remedy)


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else "it gave no reason").rstrip(".")[:200]


def _has(name: str) -> bool:
    return any(os.access(f"{d}/{name}", os.X_OK) for d in ("/usr/sbin", "/sbin", "/usr/bin"))


def run_root(command: Sequence[str]) -> tuple[int, str]:
    """Run a system program with root's search path; (exit code, what it said)."""
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    environ["DEBIAN_FRONTEND"] = "noninteractive"
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=environ, timeout=900
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return done.returncode, done.stdout + done.stderr


def control_device(number: int, argument: bytes | int) -> int:
    """One call of v4l2loopback's control device. Raises ``OSError``."""
    import fcntl

    handle = os.open("/dev/v4l2loopback", os.O_RDWR | os.O_CLOEXEC)
    try:
        if isinstance(argument, int):
            return int(fcntl.ioctl(handle, number, argument))
        buffer = bytearray(argument)
        result = int(fcntl.ioctl(handle, number, buffer, True))
    finally:
        os.close(handle)
    time.sleep(0.2)  # until the device's files are there
    return result


def main(arguments: Sequence[str]) -> int:
    """Do the job in the only argument; the answer goes to stdout as JSON."""
    answer: dict[str, Any]
    try:
        answer = {"done": perform(json.loads(arguments[0]), Path("/"), run_root, control_device)}
    except JobError as error:
        answer = {"what": error.what, "remedy": error.remedy}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        answer = {"what": "This is not a job of deepcam setup; nothing was done.", "remedy": ""}
    print(json.dumps(answer))
    return 0 if "done" in answer else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
