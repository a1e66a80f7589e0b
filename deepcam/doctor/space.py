"""Room on the disk and in the memory."""

from __future__ import annotations

import os
import shutil

from deepcam.doctor.finding import Finding, fail, good, warn
from deepcam.platform.system import System
from deepcam.runtime.memory import NEEDED, limit

LEAST_MEMORY = 2 << 30
LEAST_DISK = 500 << 20


def disk(_: System) -> list[Finding]:
    """Where identities are saved."""
    from deepcam.identity.gallery import default_folder

    folder = default_folder()
    place = folder
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        reason = f"Identities cannot be saved in {folder}."
        return [warn("disk", reason, "export DEEPCAM_DATA_DIR=/another/place")]
    free = shutil.disk_usage(place).free
    text = f"{free / 2**30:.1f} GiB free for identities in {folder}."
    if free < LEAST_DISK:
        return [warn("disk", text, f"Free some space on the disk of {place}.")]
    return [good("disk", text)]


def memory(system: System) -> list[Finding]:
    """Memory that programs can have without swapping."""
    most = limit()
    if most is not None and most < NEEDED:
        reason = f"Programs may have {most >> 20} MB of memory here; {NEEDED >> 20} MB are needed."
        return [fail("memory", reason, "ulimit -v unlimited")]
    free = _available(system)
    text = f"{free / 2**30:.1f} GiB of memory are free."
    if free < LEAST_MEMORY:
        return [warn("memory", f"{text} 2 GiB are needed.", "Close other programs.")]
    return [good("memory", text)]


def _available(system: System) -> int:
    for line in system.text("proc", "meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    import psutil

    return int(psutil.virtual_memory().available)
