"""What became of each file of a folder, one line of JSON each: complete, and nothing twice.

Lines are added while the work goes on, so that a broken-off call leaves what it has done; at the
end the file is replaced by one line for each file, in the order of their names.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepcam.batch.job import Job, Outcome
from deepcam.batch.work import digest
from deepcam.errors import DeepcamError
from deepcam.sinks.place import not_written, write_whole

NAME = "deepcam-manifest.jsonl"


class Manifest:
    """The manifest at ``path`` for ``jobs``. Raises ``DeepcamError`` when it cannot be written."""

    def __init__(self, path: Path, jobs: Sequence[Job]) -> None:
        self._path = path
        self._jobs = jobs
        self._lines: dict[str, dict[str, Any]] = {}
        for line in _read(path):
            self._lines[line["target"]] = line
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("a", encoding="utf-8")
        except OSError as error:
            raise not_written(path, error) from None

    def add(self, job: Job, outcome: Outcome | DeepcamError) -> None:
        """A file is finished, or has failed."""
        line: dict[str, Any] = {"source": job.source_name, "target": job.target_name}
        if isinstance(outcome, DeepcamError):
            line |= {"status": "failed", "problems": [outcome.what]}
        else:
            line |= {"status": "done", **outcome.as_dict()}
        self._lines[line["target"]] = line
        try:
            self._stream.write(_json(line))
            self._stream.flush()
        except OSError as error:
            raise not_written(self._path, error) from None

    def finish(self) -> None:
        """One line for each file, those that were there already as "kept"."""
        self.close()
        lines = []
        for job in sorted(self._jobs, key=lambda job: job.target_name):
            line = self._lines.get(job.target_name)
            if line is None:
                line = {"source": job.source_name, "target": job.target_name, "status": "kept"}
                if not job.put:
                    line["sha256"] = digest(job.target)
            lines.append(_json(line))
        write_whole(self._path, "".join(lines).encode(), True)

    def close(self) -> None:
        """Leave it as it is. Idempotent."""
        self._stream.close()


def _read(path: Path) -> list[dict[str, Any]]:
    """The lines of an earlier call; a last line that is broken off is none."""
    found = []
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        raise DeepcamError(f"{path} is not a manifest.", "Name another file.") from None
    for row in text.splitlines():
        try:
            line = json.loads(row)
            if isinstance(line["target"], str):
                found.append(line)
        except (ValueError, KeyError, TypeError):
            continue
    if text.strip() and not found:
        raise DeepcamError(f"{path} is not a manifest.", "Name another file.")
    return found


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=True) + "\n"
