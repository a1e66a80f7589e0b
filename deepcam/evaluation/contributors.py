"""Who is in a sampled person: the identity bank's donors and their shares."""

from __future__ import annotations

import csv

import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.identity.recipe import Recipe
from deepcam.identity.regions import REGIONS
from deepcam.training.donors import REGION_NAMES, SHARES, donor_list, is_volunteer

F64 = NDArray[np.float64]

COUNTS = 0.01
"""Share from which somebody counts as a contributor."""


def donors() -> list[str]:
    """Files of the volunteers: nobody who is sampled may be near to one of them. (The bank's
    mixtures are of synthetic people; being like one of those gives nobody away.)"""
    return [row["file"] for row in donor_list() if is_volunteer(row["file"])]


def bank_shares(mixtures: int) -> tuple[F64, list[str]]:
    """Shares (mixtures, donors, REGIONS) of the bank's donors, and the donors' files.

    Raises ``DeepcamError`` when the table was made for another bank.
    """
    rows = list(csv.DictReader(SHARES.read_text().splitlines()))
    files = sorted({row["file"] for row in rows})
    number = {name: k for k, name in enumerate(files)}
    if {int(row["mixture"]) for row in rows} != set(range(mixtures)):
        raise DeepcamError(
            "The table of the identity bank's contributors belongs to another bank.",
            "Build bank_shares.csv anew, together with the bank.",
        )
    table = np.zeros((mixtures, len(files), REGIONS))
    for row in rows:
        table[int(row["mixture"]), number[row["file"]]] = [float(row[c]) for c in REGION_NAMES]
    return table, files


def contributors(recipe: Recipe, table: F64) -> tuple[float, int]:
    """Largest share of anybody, and number of contributors of the poorest region, in the coarse
    and in the fine detail, whichever is worse. ``table``: see ``bank_shares``."""
    shares = recipe.shares(table)
    return float(shares.max()), int((shares >= COUNTS).sum(2).min())
