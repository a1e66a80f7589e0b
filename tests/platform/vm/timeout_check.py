"""A killed sender leaves the standby card, not its last picture; in a virtual machine, as root.

    timeout_check.py [MODULE.ko]

MODULE.ko: another version of v4l2loopback to be tried as well.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np

from deepcam.pipeline.cards import standby_card
from deepcam.sinks import virtualcam

SIZE = (320, 240)
SEND = """
import time, numpy as np
from deepcam.frames import Reason, SafeFrame
from deepcam.sinks.virtualcam import VirtualCamera
sink = VirtualCamera()
sink.open((320, 240), 10)
frame = SafeFrame(np.full((240, 320, 3), (30, 200, 90), np.uint8), Reason.GENERATED, "", 0.0, 1)
print("sends", flush=True)
while True:
    sink.send(frame)
    time.sleep(0.1)
"""


def check(turn: int) -> None:
    """Picture, kill, card; then a new sender's picture."""
    sender = subprocess.Popen([sys.executable, "-c", SEND], stdout=subprocess.PIPE, text=True)
    assert sender.stdout is not None
    assert sender.stdout.readline() == "sends\n"
    time.sleep(1)
    path = virtualcam.find_device()
    reader = cv2.VideoCapture(path, cv2.CAP_V4L2)
    wanted = standby_card(*SIZE, virtualcam.ABSENT).astype(int)
    pictures = [reader.read()[1] for _ in range(8)]
    plain = np.abs(pictures[-1].astype(int) - (30, 200, 90)).max()
    sender.kill()
    sender.wait()
    begin = time.monotonic()
    difference = 255.0
    while difference > 4 and time.monotonic() - begin < 12:
        good, image = reader.read()
        if good:
            difference = float(np.abs(image.astype(int) - wanted).mean())
    took = time.monotonic() - begin
    print(f"   turn {turn}: picture within {plain}, card after {took:.1f} s "
          f"(mean difference {difference:.1f})", flush=True)  # fmt: skip
    reader.release()
    assert plain <= 8
    assert difference <= 4


def main() -> None:
    """The module that is loaded, then the one given."""
    for module in ("", *sys.argv[1:]):
        if module:
            subprocess.run(["modprobe", "-r", "v4l2loopback"], check=True)
            options = ["video_nr=10", "exclusive_caps=1", 'card_label="DeepPrivacy Cam"']
            subprocess.run(["insmod", module, *options], check=True)
        print("version", virtualcam.module_version(), flush=True)
        for turn in (1, 2):
            check(turn)
        print("timeout passed", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, lambda *_: os._exit(3))
    signal.alarm(400)
    main()
