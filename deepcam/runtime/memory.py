"""How much memory this program may have, before libraries find out by ending it; and how much it
has."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable

from deepcam.errors import DeepcamError

NEEDED = 1536 << 20
"""Bytes of addresses: a run with the small network takes 1,280 MB of them."""
_SIGNS = ("failed to map segment", "cannot allocate", "bad_alloc", "bad allocation",
          "insufficient memory", "out of memory", "failed to allocate")  # fmt: skip


def limit() -> int | None:
    """Bytes that this process may have at most; None without a limit."""
    if os.name != "posix":
        return None
    import resource

    found = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    real = [value for value in found if value != resource.RLIM_INFINITY]
    return min(real, default=None)


def check() -> None:
    """Raises ``DeepcamError`` when libraries would fail, hang or crash for want of memory."""
    most = limit()
    if most is not None and most < NEEDED:
        raise DeepcamError(
            f"Programs may have {most >> 20} MB of memory here; {NEEDED >> 20} MB are needed.",
            "Raise the limit: ulimit -v unlimited",
        )


def resident(pids: Iterable[int | None] | None = None) -> float:
    """Resident memory of the processes ``pids`` together, MB (pages that they share count twice);
    of this process and its descendants when None. Who has ended, or has no number yet, has none."""
    import psutil

    own = psutil.Process()
    if pids is None:
        pids = [own.pid, *(child.pid for child in own.children(recursive=True))]
    total = 0
    for pid in pids:
        if pid is None:
            continue
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total / 1e6


def is_shortage(error: BaseException) -> bool:
    """Whether an exception, of whatever library, means that there was not enough memory."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    # Never shown, only searched: the text of a library's error.
    text = str(error).lower()
    return any(sign in text for sign in _SIGNS)
