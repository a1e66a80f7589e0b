"""A larger generator that begins where a smaller one stands.

Its first channels compute what the smaller network's do, the others begin by chance and are
listened to by nobody, so both networks give the same fields (the idea of Net2Net: Chen, Goodfellow,
Shlens, ICLR 2016; with silent instead of copied channels, which need no noise to part ways).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from deepcam.generator.conditioning import CHANNELS
from deepcam.generator.fields import MAPS
from deepcam.training.network import Generator, Size

_STYLE, _LIGHT, _HEAD = 96, 12, MAPS * 4

# Which layer reads and writes what: whole numbers are widths of the network's levels, counted from
# the finest; channels that no size changes are given with a minus.
_LAYERS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "stem": ((-CHANNELS,), (0,)),
    "bottom": ((3,), (3,)),
    "style": ((3, 3), (-_STYLE,)),
    "film": ((-_STYLE,), (3, 3)),
    "light": ((-_STYLE,), (-_LIGHT,)),
    "head": ((0,), (-_HEAD,)),
    **{f"down.{k}": ((k,), (k + 1,)) for k in range(3)},
    **{f"same.{k}": ((k + 1,), (k + 1,)) for k in range(3)},
    **{f"narrow.{k}": ((k + 1,), (k,)) for k in range(3)},
    **{f"merge.{k}": ((k, k), (k,)) for k in range(3)},
}


def _places(parts: Sequence[int], old: Size, new: Size) -> Tensor:
    """Where the old channels lie among the new ones."""
    places, start = [], 0
    for part in parts:
        count = -part if part < 0 else old.widths[part]
        places.append(torch.arange(start, start + count))
        start += -part if part < 0 else new.widths[part]
    return torch.cat(places)


def widened(weights: dict[str, Tensor], old: Size, new: Size) -> dict[str, Tensor]:
    """Weights of a ``Generator`` of size ``new`` from those of one of size ``old``.

    At equal resolution both give the same fields. Raises ``ValueError`` when a width shrinks.
    """
    if any(a > b for a, b in zip(old.widths, new.widths, strict=True)):
        raise ValueError("a network can only become wider")
    out = Generator(new).state_dict()
    for name, (reads, writes) in _LAYERS.items():
        rows, columns = _places(writes, old, new), _places(reads, old, new)
        weight, bias = out[f"{name}.weight"], out[f"{name}.bias"]
        weight[rows] = 0
        weight[rows[:, None], columns[None]] = weights[f"{name}.weight"]
        bias[rows] = weights[f"{name}.bias"]
    return out
