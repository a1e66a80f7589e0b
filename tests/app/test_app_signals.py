"""Signals do not use up the interpreter."""

import subprocess
import sys

import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

MANY = """
import deepcam.app
from PySide6.QtCore import QObject, Signal
class Sender(QObject):
    sent = Signal(str)
sender = Sender()
for _ in range(20_000):
    sender.sent.emit("x")
print("went on")
"""


def test_twenty_thousand_signals_do_not_end_the_program():
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True)
    assert done.stdout == "went on\n"
    assert done.returncode == 0, done.stderr
