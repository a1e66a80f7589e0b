"""The regression gate: figures of the shipped weights, stored, and compared with tolerances.

Only changes for the worse fail. Promises (``report.TARGETS``) fail whatever is stored.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from deepcam.evaluation.figures import read_figures, write_figures
from deepcam.evaluation.material import Material
from deepcam.evaluation.outcome import OURS, Outcome

STORED = "smoke_figures.json"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse a metric may become."""

    lower_is_better: bool
    slack: float
    """Absolute."""
    share: float = 0.0
    """Of the stored value, on top."""


TOLERANCES = {
    "P1": Tolerance(True, 0.10),
    "P1 tight": Tolerance(True, 0.10),
    "P2 rank-1": Tolerance(True, 0.10),
    "P2 rank-1 tight": Tolerance(True, 0.10),
    "P3 tight": Tolerance(True, 0.08),
    "P3 context": Tolerance(True, 0.08),
    "P6": Tolerance(True, 0.0),
    "P8": Tolerance(True, 0.20),
    "P9": Tolerance(True, 0.0),
    "U1": Tolerance(False, 0.005),
    "U2 pose": Tolerance(True, 0.3, 0.1),
    "U3 gaze": Tolerance(True, 0.4, 0.1),
    "U3 gaze r": Tolerance(False, 0.08),
    "U4 blink r": Tolerance(False, 0.05),
    "U4 mouth r": Tolerance(False, 0.05),
    "T1": Tolerance(True, 0.03, 0.1),
    "T2": Tolerance(True, 0.05, 0.1),
    "T3": Tolerance(True, 0.05, 0.15),
    "T4": Tolerance(True, 0.1, 0.15),
    "Q1 sliced Wasserstein": Tolerance(True, 0.3, 0.1),
    "Q4 colour step": Tolerance(True, 0.3, 0.1),
    "covered frames": Tolerance(True, 0.02),
}
"""Room for other processors' rounding and for chance among 20 persons, not for a worse model."""


def fingerprint(material: Material) -> str:
    """Of names and sizes: figures of other material are not compared."""
    paths = [p.path for p in material.photos] + [c.path for c in material.clips]
    rows = sorted(f"{path.name} {path.stat().st_size}" for path in paths)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def stored_path() -> Path:
    """Where the shipped weights' figures lie."""
    return Path(str(resources.files("deepcam.evaluation").joinpath(STORED)))


def store(outcome: Outcome, path: Path) -> None:
    """Write the figures of ``outcome``. Raises ``DeepcamError`` when that is not possible."""
    ours = outcome.figures.get(OURS, {})
    data = {
        "material": outcome.facts.get("material"),
        "generator_sha256": outcome.facts.get("generator_sha256"),
        "date": outcome.facts.get("date"),
        "figures": {
            name: round(found.value, 5) for name in TOLERANCES
            if (found := ours.get(name)) is not None and found.value is not None
        },
    }  # fmt: skip
    failed = f"The figures cannot be stored in {path}"
    write_figures(data, path, failed, "Run it from a clone that you may write to.")


def load(path: Path) -> dict[str, Any]:
    """Stored figures; empty when there are none. Raises ``DeepcamError`` when they are damaged."""
    return read_figures(
        path, lambda data: isinstance(data["figures"], dict), "deepcam evaluate --smoke"
    )


def regressions(outcome: Outcome, stored: dict[str, Any]) -> list[str]:
    """What became worse than stored by more than its tolerance; also what was measured then and
    is not any more."""
    ours = outcome.figures.get(OURS, {})
    out = []
    for name, before in stored.get("figures", {}).items():
        rule = TOLERANCES.get(name)
        if rule is None:
            continue
        found = ours.get(name)
        if found is None or found.value is None:
            out.append(f"{name} is not measured any more (was {before:g})")
            continue
        room = rule.slack + rule.share * abs(before)
        worse = found.value - before if rule.lower_is_better else before - found.value
        if worse > room + 1e-9:
            out.append(f"{name} {found.value:.4g}, was {before:g} (tolerance {room:.3g})")
    return out


def why_not_compared(outcome: Outcome, stored: dict[str, Any]) -> str:
    """A sentence; empty when the figures can be compared."""
    if not stored:
        return "No figures are stored yet; --store writes them."
    if stored.get("material") != outcome.facts.get("material"):
        return "The stored figures are of other material and are not compared."
    return ""
