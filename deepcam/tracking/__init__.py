"""From a raw picture to faces: who is where, how turned, with which expression."""

from deepcam.tracking.tracker import Tracker

__all__ = ["Tracker"]
