"""Counts of ``evaluation.coverage`` as a table, against promises and against stored figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from deepcam.errors import DeepcamError
from deepcam.evaluation.figures import read_figures, write_figures

STORED = "coverage_figures.json"
LONG = 26
"""Frames that a cover where nobody is may last."""


@dataclass(slots=True)
class Row:
    """Counts of one group of scenes."""

    frames: int = 0
    faces: int = 0
    raw: int = 0
    late: int = 0
    parts: int = 0
    cards: int = 0
    painted: int = 0
    """Faces whose middle is painted by the generator."""
    ordinary: int = 0
    """Frames with one ordinary person."""
    needless: int = 0
    floating: int = 0
    covers: int = 0
    """Frames without anybody that have a cover or the card."""
    longest: int = 0
    """Frames in a row of those."""
    worst: list[str] = field(default_factory=list)
    """Scenes with raw faces, and how many."""

    def add(self, other: Row) -> None:
        """Sum up."""
        for name in (
            "frames", "faces", "raw", "late", "parts", "cards", "painted", "ordinary", "needless",
            "floating", "covers",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest = max(self.longest, other.longest)
        self.worst += other.worst


def table(rows: Mapping[str, Row]) -> str:
    """For people."""
    head = (
        "scene", "frames", "faces", "raw", "late", "parts", "painted", "needless", "floating",
        "empty covered", "longest", "cards",
    )  # fmt: skip
    lines = [" | ".join(head)]
    total = Row()
    for name, r in rows.items():
        total.add(r)
        lines.append(_line(name, r))
    lines.append(_line("all", total))
    return "\n".join(lines)


def _line(name: str, r: Row) -> str:
    cells = (
        name, r.frames, r.faces, r.raw, r.late, r.parts, r.painted, f"{r.needless} of {r.ordinary}",
        r.floating, r.covers, r.longest, r.cards,
    )  # fmt: skip
    return " | ".join(str(c) for c in cells)


def broken_promises(rows: Mapping[str, Row]) -> list[str]:
    """What must never be, whatever was stored."""
    total, out = Row(), []
    for row in rows.values():
        total.add(row)
    if total.raw:
        out.append(f"{total.raw} raw faces ({'; '.join(total.worst[:5])})")
    empty = rows.get("nobody", Row())
    if empty.floating:
        out.append(f"{empty.floating} faces painted where nobody is")
    if empty.covers > 0.01 * empty.frames:
        out.append(f"{empty.covers} of {empty.frames} frames without anybody are covered")
    if empty.longest > LONG:
        out.append(f"a cover where nobody is stays for {empty.longest} frames")
    return out


def as_dict(rows: Mapping[str, Row]) -> dict[str, Any]:
    """For ``--json`` and for storing."""
    return {
        name: {k: getattr(r, k) for k in Row.__slots__ if k != "worst"} for name, r in rows.items()
    }


def write(rows: Mapping[str, Row], output: Path) -> Path:
    """``coverage.json`` in the directory ``output``: the figures and the worst scenes. Raises
    ``DeepcamError`` when that is not possible."""
    data = as_dict(rows)
    worst = {name: r.worst for name, r in rows.items() if r.worst}
    path = output / "coverage.json"
    _write({"rows": data, "worst": worst, "broken": broken_promises(rows)}, path)
    return path


def stored_path() -> Path:
    """Where the figures of the shipped tracker lie."""
    return Path(str(resources.files("deepcam.evaluation").joinpath(STORED)))


def load(path: Path) -> dict[str, Any]:
    """Stored figures by size of the set; empty when there are none. Raises ``DeepcamError`` when
    they are damaged."""
    return read_figures(
        path,
        lambda data: all(isinstance(rows, dict) for rows in data.values()),
        "deepcam evaluate --coverage",
    )


def store(rows: Mapping[str, Row], path: Path, small: bool) -> None:
    """Keep the figures of the small or the whole set beside those of the other one."""
    data = load(path)
    data["small" if small else "whole"] = as_dict(rows)
    _write(data, path)


def regressions(rows: Mapping[str, Row], stored: dict[str, Any], small: bool) -> list[str]:
    """What became worse than stored, by more than two and a tenth of the count; nothing without
    stored figures of the same set and the same number of frames."""
    out = []
    for name, before in stored.get("small" if small else "whole", {}).items():
        row = rows.get(name)
        if row is None or row.frames != before["frames"]:
            continue
        for what in ("raw", "late", "needless", "floating", "covers"):
            now, then = int(getattr(row, what)), int(before[what])
            if now > then + 2 + then // 10:
                out.append(f"{name}: {what} {then} -> {now}")
    return out


def _write(data: dict[str, Any], path: Path) -> None:
    failed, remedy = f"The figures cannot be written to {path}", "Choose another output."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeepcamError(f"{failed}: {error.strerror}.", remedy) from None
    write_figures(data, path, failed, remedy)
