"""``deepcam doctor``: what of this machine works, why something does not, and what to type."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from deepcam import modelstore
from deepcam.errors import DeepcamError

LIBRARIES = ("mediapipe", "numpy", "numba", "av", "onnxruntime", "pyvirtualcam", "psutil")
LEAST_MEMORY = 2 << 30
LEAST_DISK = 500 << 20
SYSTEM_LIBRARIES = {"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1"}


class State(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"
    """It works, but not everything or not well."""
    FAIL = "fail"
    """The camera cannot work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    reason: str
    command: str = ""
    """What to type to put it right; '' when there is nothing to do."""

    def line(self) -> str:
        """For people."""
        remedy = f"\n             {self.command}" if self.command else ""
        return f"{self.state.value:<5}{self.name:<8}{self.reason}{remedy}"


def examine() -> list[Finding]:
    """All findings; never raises. A check that fails itself is a finding of state fail."""
    findings: list[Finding] = []
    checks: tuple[tuple[str, Callable[[], list[Finding]]], ...] = (
        ("python", _python),
        ("library", _libraries),
        ("models", _models),
        ("network", _network),
        ("camera", _cameras),
        ("output", _output),
        ("display", _display),
        ("disk", _disk),
        ("memory", _memory),
    )
    for name, check in checks:
        try:
            findings += check()
        except DeepcamError as error:
            findings.append(Finding(name, State.FAIL, error.what, error.remedy))
        except Exception as error:  # a doctor that dies helps nobody
            reason = f"The check itself failed ({type(error).__name__}: {error})."
            findings.append(Finding(name, State.FAIL, reason[:300]))
    return findings


def usable(findings: list[Finding]) -> bool:
    """Whether the camera can work."""
    return all(finding.state is not State.FAIL for finding in findings)


def as_dict(findings: list[Finding]) -> dict[str, Any]:
    """For ``--json``."""
    return {"usable": usable(findings), "findings": [asdict(f) for f in findings]}


def _python() -> list[Finding]:
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        command = "Install Python 3.11 or 3.12, then: make setup"
        return [Finding("python", State.FAIL, f"{text}; 3.11 or 3.12 is needed.", command)]
    return [Finding("python", State.OK, f"{text}.")]


def _libraries() -> list[Finding]:
    missing, found = [], []
    for name in LIBRARIES:
        if importlib.util.find_spec(name) is None:
            missing.append(name)
        else:
            found.append(f"{name} {_version(name)}".strip())
    findings = [
        Finding("library", State.FAIL, f"The package {name} is missing.", f"pip install {name}")
        for name in missing
    ]
    try:
        import cv2

        found.append(f"opencv {cv2.__version__}")
    except ImportError as error:
        package = next((p for n, p in SYSTEM_LIBRARIES.items() if n in str(error)), "libgl1")
        command = f"sudo apt-get install {package}"
        findings.append(Finding("library", State.FAIL, f"OpenCV: {error}.", command))
    return [*findings, Finding("library", State.OK, ", ".join(found) + ".")]


def _version(name: str) -> str:
    for package in (name, f"{name}-gpu"):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _models() -> list[Finding]:
    entries = modelstore.manifest(modelstore.MODELS_DIR)
    names = []
    for entry in entries:
        name = str(entry["file"])
        modelstore.path_of(name, modelstore.MODELS_DIR)
        names.append(f"{name} ({str(entry['sha256'])[:8]})")
    return [Finding("models", State.OK, f"Unaltered: {', '.join(names)}.")]


def _network() -> list[Finding]:
    from deepcam.generator.session import NetworkSession

    path = modelstore.path_of("generator_small.onnx", modelstore.MODELS_DIR)
    session = NetworkSession(path)
    text = f"The network runs on {session.provider}, {session.warm_ms:.0f} ms a face"
    text += f" ({session.reason})." if session.reason else "."
    if session.warm_ms > 25:
        return [Finding("network", State.WARN, text + " Thirty frames a second need 25 ms.")]
    return [Finding("network", State.OK, text)]


def _cameras() -> list[Finding]:
    from deepcam.sources.v4l2 import holders, list_cameras

    if not sys.platform.startswith("linux"):
        return [Finding("camera", State.OK, "Cameras are asked for by number on this system.")]
    findings = []
    for camera in list_cameras():
        what = f'"{camera.name}" ({camera.path})'
        if camera.refused or not camera.usable:
            continue
        if not os.access(camera.path, os.R_OK | os.W_OK):
            command = "sudo usermod -aG video $USER   # then log in again"
            findings.append(
                Finding("camera", State.FAIL, f"{what} may not be opened by this user.", command)
            )
        elif busy := holders(camera.path):
            reason = f"{what} is used by {', '.join(busy)}."
            findings.append(Finding("camera", State.WARN, reason, "Close that program."))
        else:
            findings.append(Finding("camera", State.OK, f"{what} is free."))
    if not findings:
        reason = "No camera was found."
        findings.append(
            Finding("camera", State.FAIL, reason, "Plug in a camera; files work without one.")
        )
    return findings


def _output() -> list[Finding]:
    from deepcam.sinks.virtualcam import create_command, find_device, module_version

    if not sys.platform.startswith("linux"):
        return [Finding("output", State.WARN, "The virtual camera of OBS Studio is needed here.")]
    device = find_device()
    version = module_version()
    if device is None:
        loaded = "v4l2loopback is loaded, but" if version else "v4l2loopback is not loaded;"
        reason = f"{loaded} there is no virtual camera of our name; the preview window is used."
        command = create_command()
        if shutil.which("apt-get") and not _installed():
            command = f"sudo apt-get install v4l2loopback-dkms && {command}"
        return [Finding("output", State.WARN, reason, command)]
    if not os.access(device, os.R_OK | os.W_OK):
        command = "sudo usermod -aG video $USER   # then log in again"
        return [Finding("output", State.FAIL, f"{device} may not be written to.", command)]
    number = ".".join(map(str, version)) if version else "unknown"
    reason = f"The virtual camera is {device} (v4l2loopback {number})."
    return [Finding("output", State.OK, reason)]


def _installed() -> bool:
    """Whether the kernel module is on the disk."""
    modules = Path("/lib/modules") / platform.release()
    return any(modules.glob("**/v4l2loopback.ko*")) if modules.is_dir() else False


def _display() -> list[Finding]:
    from deepcam.sinks.window import has_display

    if has_display():
        return [Finding("display", State.OK, "There is a screen for the preview and the app.")]
    return [Finding("display", State.WARN, "There is no screen: no preview, no app.")]


def _disk() -> list[Finding]:
    from deepcam.identity.gallery import default_folder

    folder = default_folder()
    place = folder
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        reason = f"Identities cannot be saved in {folder}."
        return [Finding("disk", State.WARN, reason, "Set DEEPCAM_DATA_DIR to another place.")]
    free = shutil.disk_usage(place).free
    text = f"{free / 2**30:.1f} GiB free for identities in {folder}."
    return [Finding("disk", State.OK if free >= LEAST_DISK else State.WARN, text)]


def _memory() -> list[Finding]:
    import psutil

    free = psutil.virtual_memory().available
    text = f"{free / 2**30:.1f} GiB of memory are free."
    if free < LEAST_MEMORY:
        return [Finding("memory", State.WARN, text + " 2 GiB are needed.", "Close programs.")]
    return [Finding("memory", State.OK, text)]
