"""How much faster several processes are on a folder, and whether they make the same bytes.

Not a test: `python tests/support/speed_of_folder.py FOLDER [PROCESSES]` on a machine that does
nothing else. Each way is run twice in turns; the people are the same in all of them.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from deepcam.batch.files import Options, anonymize, plan
from deepcam.batch.parallel import cores


def measure(source: Path, target: Path, workers: int) -> tuple[float, float, dict[str, str]]:
    """Seconds by the clock, seconds of processors, digests of the results."""
    before, begin = os.times(), time.monotonic()
    summary = anonymize(plan([source], target), Options(workers=workers))
    took, after = time.monotonic() - begin, os.times()
    for problem in summary.problems:
        print(problem)
    digests = {
        str(p.relative_to(target)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in target.rglob("*.*")
    }
    return took, sum(after[:4]) - sum(before[:4]), digests


def main() -> None:
    source = Path(sys.argv[1])
    many = int(sys.argv[2]) if len(sys.argv) > 2 else cores()
    session = secrets.randbits(62)
    secrets.randbits = lambda bits: session  # type: ignore[assignment]
    best: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for k, workers in enumerate((1, many, 1, many)):
            took, used, digests = measure(source, Path(folder) / str(k), workers)
            print(f"{workers} at once: {took:.1f} s, {used:.1f} s of processors, {len(digests)}")
            best[workers] = min(took, best.get(workers, took))
            made.append(digests)
    print(f"{best[1] / best[many]:.2f} times as fast; same bytes: {made[0] == made[1]}")


if __name__ == "__main__":
    main()
