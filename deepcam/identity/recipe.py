"""Which mixtures of the bank a person is made of, and how much of each where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What ``IdentityModel.sample`` mixes for one seed."""

    pick: NDArray[np.intp]
    """(m,) numbers of mixtures in the bank."""
    weight: F64
    """(m,) shares in tone, coarse light and shape; sum to 1."""
    fine: F64
    """(REGIONS, m) shares in the fine detail of each region; rows sum to 1."""

    def shares(self, table: F64) -> F64:
        """(2, REGIONS, donors): everybody's share in coarse and in fine detail of each region.

        ``table`` (mixtures, donors, REGIONS): shares within the bank's mixtures.
        """
        donors = table[self.pick]
        coarse = np.einsum("m,mdr->rd", self.weight, donors)
        fine = np.einsum("rm,mdr->rd", self.fine, donors)
        out: F64 = np.stack([coarse, fine])
        return out
