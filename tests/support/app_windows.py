"""What tests of the app's windows share."""

import gc

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication


def end_windows():
    """Close and delete all windows, here and not when another thread happens to collect garbage."""
    for widget in QApplication.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
