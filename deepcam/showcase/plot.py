"""A picture of what ``bench`` measured: where the time of a frame goes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from deepcam.errors import DeepcamError

STAGES = ("capture", "track", "guard", "erase", "rasterise", "generate", "compose", "cover", "send")
COLOURS = (
    "#5c6b73", "#1b6ca8", "#8d6a9f", "#0f4c5c", "#4f9bd0", "#2e933c", "#c98a1b", "#9a031e",
    "#9aa5ab",
)  # fmt: skip
WIDTH, LEFT, RIGHT, BAR, GAP = 900, 110, 150, 30, 20
AIM = 33.0
"""Milliseconds a frame may take at 30 a second."""


def write_plot(results: Sequence[tuple[str, Mapping[str, Any]]], path: Path) -> None:
    """Bars of the medians of each stage, one for each run of each of the named ``results`` of
    ``bench.measure``, as SVG. Raises ``DeepcamError`` where it cannot be written."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(draw(results), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DeepcamError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place."
        ) from None


def read_result(path: Path) -> dict[str, Any]:
    """What ``deepcam bench --json`` wrote. Raises ``DeepcamError``."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        for run in result["runs"]:
            run["faces"] + run["total"]["p50"] + run["total"]["p95"]
        return dict(result)
    except OSError as error:
        raise DeepcamError(
            f"{path} cannot be read: {error.strerror}.", "Name another file."
        ) from None
    except (ValueError, TypeError, KeyError):
        raise DeepcamError(
            f"{path} is not what bench measured.", "Write one with: deepcam bench --json > FILE"
        ) from None


def draw(results: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """The SVG. Bars of different results with as many faces stand together."""
    rows = sorted(
        ((run, name) for name, result in results for run in result["runs"]),
        key=lambda row: int(row[0]["faces"]),
    )
    most = max([AIM, *(run["total"]["p95"] for run, _ in rows)])
    scale = (WIDTH - LEFT - RIGHT) / most
    height = 64 + len(rows) * (BAR + GAP) + 34
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    x = LEFT
    for stage, colour in zip(STAGES, COLOURS, strict=True):
        out.append(f'<rect x="{x}" y="14" width="11" height="11" fill="{colour}"/>')
        out.append(_text(x + 15, 24, stage))
        x += 27 + 7 * len(stage)
    y = 48
    for run, name in rows:
        faces = int(run["faces"])
        who = f"{faces} face{'s' * (faces != 1)}" if faces else "the file"
        out.append(_text(LEFT - 8, y + 13, who, "end"))
        out.append(_text(LEFT - 8, y + 27, name, "end", "#666"))
        at = float(LEFT)
        for stage, colour in zip(STAGES, COLOURS, strict=True):
            wide = float(run.get(stage, {}).get("p50", 0.0)) * scale
            out.append(
                f'<rect x="{at:.1f}" y="{y}" width="{wide:.1f}" height="{BAR}" fill="{colour}">'
                f"<title>{stage} {wide / scale:.1f} ms</title></rect>"
            )
            if wide > 26:
                out.append(_text(at + wide / 2, y + 20, f"{wide / scale:.1f}", "middle", "#fff"))
            at += wide
        total, slow = float(run["total"]["p50"]), float(run["total"]["p95"])
        late = LEFT + slow * scale
        out.append(f'<path d="M{late:.1f} {y}v{BAR}" stroke="#222" stroke-width="2"/>')
        out.append(_text(max(at, late) + 6, y + 20, f"{total:.0f} ms, 95 %: {slow:.0f}"))
        y += BAR + GAP
    aim = LEFT + AIM * scale
    out.append(f'<path d="M{aim:.1f} 38V{y - 8}" stroke="#222" stroke-dasharray="4 4"/>')
    out.append(_text(aim, y + 8, "33 ms", "middle"))
    out.append(
        _text(
            LEFT, y + 24, "medians of the stages; upright line: 95 % of the frames", "start", "#666"
        )
    )
    return "\n".join([*out, "</svg>\n"])


def _text(x: float, y: float, what: str, anchor: str = "start", colour: str = "#222") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(what)}</text>"
