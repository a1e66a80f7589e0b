"""DeepPrivacy Cam: a virtual webcam that shows the face of someone who does not exist."""

__version__ = "0.1.0"
APP_NAME = "DeepPrivacy Cam"
"""The name people choose in their call program; also the label of the virtual device."""
