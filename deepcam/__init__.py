"""DeepPrivacy Cam: a virtual webcam that shows the face of someone who does not exist."""

import os

from deepcam.runtime.quiet import silence_libraries

# Before any library is there that could write or call somewhere.
silence_libraries()
# Before anybody imports numpy: the matrices here are small, and between two products OpenBLAS's
# helper threads spin, which costs a third of a core. Who needs them sets the variable.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# OpenCV's helpers spin as well after each small job, on the core that the networks want: 1.7 ms
# a frame. Beside dlib's threads its pool has been seen to hang.
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")

__version__ = "0.1.0"
APP_NAME = "DeepPrivacy Cam"
"""The name people choose in their call program; also the label of the virtual device."""
