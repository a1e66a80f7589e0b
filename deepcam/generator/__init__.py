"""From an erased picture and an identity to a face; see ``Generator``."""

from deepcam.generator.painter import Generator

__all__ = ["Generator"]
