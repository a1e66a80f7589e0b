"""What the picture outside the mask says of who somebody is, as far as casting uses it.

Whoever wears somebody who fits shows in the face what hair, neck and clothes show anyway: about how
old, how masculine, how dark. A recognizer that sees the new face alone then finds the wearer in a
gallery more often than by chance, although no pixel of the real face has any influence (P6). The
fair comparison for P2 is therefore somebody who sees the surroundings only and knows of every
person in the gallery what the caster says of another photograph.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.casting.caster import Caster
from deepcam.evaluation.record import Take
from deepcam.identity.fit import Fit
from deepcam.protection.erase import erase

F64 = NDArray[np.float64]

_UNITS = np.array([10.0, 0.25, 1.5, 0.4, 0.5])
"""Years, masculinity, Monk steps, darkness of brows and probability of a beard that differ as
much."""


def told(takes: Sequence[Take]) -> F64:
    """(n, 5) what the caster says of each take's first picture, in units that differ as much."""
    caster = Caster.load()
    rows = []
    for take in takes:
        shot = take.shots[0]
        assert shot.face is not None
        assert shot.face.pose is not None
        masked = erase(shot.frame, [face.outline for face in shot.seen.faces])
        rows.append(_row(caster.look(masked, shot.face.pose)))
    units: F64 = np.array(rows) / _UNITS
    return units


def _row(fit: Fit) -> list[float]:
    return [*fit.middles(), fit.brow[0], fit.beard]


def identified(probes: F64, gallery: F64, rank: int = 1) -> float:
    """Share of persons (rows) whom the surroundings alone put among the first ``rank`` of a gallery
    of everybody's other photographs."""
    table = np.linalg.norm(probes[:, None] - gallery[None], axis=2)
    place = (table < np.diag(table)[:, None]).sum(1)
    return float((place < rank).mean())
