"""The program itself: Python, libraries, models, and what the network runs on."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys

from deepcam.doctor.finding import Finding, fail, good, warn
from deepcam.models import fetch as modelfetch
from deepcam.models import store as modelstore
from deepcam.platform.system import System
from deepcam.runtime import vision

LIBRARIES = ("mediapipe", "numpy", "numba", "av", "onnxruntime", "pyvirtualcam", "psutil")
SYSTEM_LIBRARIES = {"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1"}
FRAME_MS = 25.0
"""What the network may take of a frame at thirty a second."""


def python(_: System) -> list[Finding]:
    """The interpreter."""
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        command = "Install Python 3.13, then: make setup"
        return [fail("python", f"{text}; 3.11 to 3.14 is needed.", command)]
    return [good("python", f"{text}.")]


def libraries(_: System) -> list[Finding]:
    """The packages."""
    found, findings = [], []
    for name in LIBRARIES:
        if importlib.util.find_spec(name) is None:
            findings.append(
                fail("library", f"The package {name} is missing.", f"pip install {name}")
            )
        else:
            found.append(f"{name} {_version(name)}".strip())
    try:
        import cv2

        found.append(f"opencv {cv2.__version__}")
    except ImportError as error:
        package = next((p for n, p in SYSTEM_LIBRARIES.items() if n in str(error)), "libgl1")
        findings.append(fail("library", f"OpenCV: {error}.", f"sudo apt-get install {package}"))
    return [*findings, good("library", ", ".join(found) + ".")]


def _version(name: str) -> str:
    for package in (name, f"{name}-gpu"):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def models(_: System) -> list[Finding]:
    """The shipped models against their hashes. Raises ``DeepcamError`` for an altered one."""
    names = []
    for entry in modelstore.manifest(modelstore.MODELS_DIR):
        name = str(entry["file"])
        modelstore.path_of(name, modelstore.MODELS_DIR)
        names.append(f"{name} ({str(entry['sha256'])[:8]})")
    return [good("models", f"Unaltered: {', '.join(names)}.")]


def tracker(_: System) -> list[Finding]:
    """Which vision library follows faces, and whether its networks are here. Raises
    ``DeepcamError`` without it, without them or for an altered one."""
    kind = vision.installed()
    text = f"Faces are followed by mediapipe {_version('mediapipe')}"
    if kind == vision.LEGACY:
        return [good("tracker", f"{text} with the networks in its package.")]
    missing = set(modelfetch.COMPLETE) - set(modelfetch.load())
    if modelfetch.PERSONS in missing:
        reason = f"{text} without person segmentation: the camera shows its card."
        return [fail("tracker", reason, modelfetch.COMMAND)]
    if missing:
        reason = f"{text} with another set of networks: far faces are missed."
        return [warn("tracker", reason, modelfetch.COMMAND)]
    return [good("tracker", f"{text} with the networks of 0.10.21, unaltered.")]


def network(system: System) -> list[Finding]:
    """What the network runs on, and why not on something faster."""
    from deepcam.generator.session import open_network

    session = open_network()
    text = f"The {session.size} network runs on {session.provider}, {session.warm_ms:.0f} ms a face"
    text += f" ({session.reason})." if session.reason else "."
    nvidia = (system.dev / "nvidiactl").exists() or (system.dev / "dxg").exists()
    if session.provider == "cpu" and nvidia:
        command = "pip install 'deepprivacy-cam[cuda]'"
        return [warn("network", f"{text} The NVIDIA graphics card is not used.", command)]
    if session.warm_ms > FRAME_MS:
        command = "deepcam run --fps 15   # or close other programs"
        return [warn("network", f"{text} Thirty frames a second need {FRAME_MS:.0f} ms.", command)]
    return [good("network", text)]
