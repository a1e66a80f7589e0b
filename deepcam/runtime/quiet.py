"""What libraries and the system would tell others about a run, switched off.

``silence_libraries`` belongs before every other import (``deepcam/__init__.py`` calls it).
``no_core_files`` is for every process, ``seal`` for those that see raw pictures.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

SWITCHES = {
    # ONNX Runtime 1.31 writes a device number into the user's cache and calls its maker's event
    # server as soon as it is imported.
    "ORT_DISABLE_TELEMETRY": "1",
    # Honoured by several tools and libraries (consoledonottrack.com).
    "DO_NOT_TRACK": "1",
    # Training alone imports these; they must not ask either.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # Albumentations and others look for new versions of themselves.
    "NO_ALBUMENTATIONS_UPDATE": "1",
}
"""Environment variables by which libraries are told to be silent."""

_DUMPABLE = 4
"""PR_SET_DUMPABLE of prctl(2)."""
_NO_HEAP = 1
"""WER_FAULT_REPORTING_FLAG_NOHEAP of Windows."""


def silence_libraries() -> None:
    """No telemetry, and no library's files outside our own folders. Child processes inherit it."""
    os.environ.update(SWITCHES)
    cache = cache_folder()
    # Drawing libraries that mediapipe imports, and compiled code for graphics cards.
    for name, folder in (("MPLCONFIGDIR", "matplotlib"), ("CUDA_CACHE_PATH", "cuda")):
        os.environ.setdefault(name, str(cache / folder))
    # Numba keeps compiled code beside the sources, or in a folder for all programs of this user.
    if not os.access(Path(__file__).parents[1], os.W_OK):
        os.environ.setdefault("NUMBA_CACHE_DIR", str(cache / "numba"))


def cache_folder() -> Path:
    """Where what can be made again lies."""
    home = Path.home() if "HOME" in os.environ or os.name == "nt" else Path("/nonexistent")
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "deepprivacy-cam"


def no_core_files() -> None:
    """A crash leaves no core file, and what a crash handler of the system still gets holds no
    memory. Processes started from here inherit it. On Windows (not run there) reports go without
    the heap."""
    if sys.platform == "win32":
        import ctypes

        kernel: Any = ctypes.windll.kernel32
        with contextlib.suppress(AttributeError, OSError):
            kernel.WerSetFlags(_NO_HEAP)
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        # The hard limit too: nobody raises it again.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The limit does not hold where the kernel pipes cores into a program; this does.
    with contextlib.suppress(OSError):
        Path("/proc/self/coredump_filter").write_text("0")


def seal() -> None:
    """This process holds raw pictures: nobody else's program may read its memory, and the kernel
    writes none of it anywhere. Nothing is inherited through the start of another program."""
    no_core_files()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_DUMPABLE, 0, 0, 0, 0)


def is_sealed() -> bool | None:
    """Whether ``seal`` holds for this process; None where it cannot be told."""
    if sys.platform != "linux":
        return None
    import ctypes

    return bool(ctypes.CDLL(None, use_errno=True).prctl(3, 0, 0, 0, 0) == 0)
