"""The icon in a real tray: an X server, a tray host, and a mouse that clicks."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from places import SUPPORT

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")
import cv2

HOST = next((h for h in ("trayer", "stalonetray") if shutil.which(h)), None)
MISSING = [t for t in ("Xvfb", "xdotool") if shutil.which(t) is None] + ["a tray"] * (not HOST)
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(sys.platform != "linux", reason="X11"),
]
OPTIONS = {
    "trayer": ["--edge", "top", "--align", "right", "--height", "32", "--width", "10"],
    "stalonetray": ["--geometry", "1x1+600+0", "--icon-size", "24"],
}


@pytest.fixture
def screen():
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24", "-noreset"],
        pass_fds=[write], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as file:
        number = file.readline().strip()
    yield {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "LANGUAGE": "en"}
    server.kill()
    server.wait()


@pytest.fixture
def host(screen):
    started = []

    def start():
        started.append(
            subprocess.Popen([HOST, *OPTIONS[HOST]], env=screen, stderr=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


class Program:
    def __init__(self, screen, folder):
        self.screen = screen
        self.process = subprocess.Popen(
            [sys.executable, str(SUPPORT / "tray_program.py"), str(folder)], env=screen, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stdout.readline().strip() == "ready"

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def place(self):
        """Middle of the icon, once the host has put it somewhere."""
        last = None
        for _ in range(100):
            now = self.ask("tray")
            if now != "none" and now == last and int(now.split()[2]) > 8:
                return now.split()[:2]
            last = now
            time.sleep(0.1)
        raise AssertionError(f"no icon in the tray: {last}")

    def click(self, button, at):
        moves = ["mousemove", *at, "sleep", "0.2", "click", str(button)]
        subprocess.run(["xdotool", *moves], env=self.screen, check=True)

    def key(self, *keys):
        subprocess.run(["xdotool", "key", *keys], env=self.screen, check=True)

    def until(self, word):
        for _ in range(100):
            state = self.ask("state")
            if word in state:
                return
            time.sleep(0.1)
        raise AssertionError(f"{word} did not come: {state}")

    def picture(self, path):
        assert self.ask(f"shot {path}") == "True"
        return cv2.imread(str(path))


@pytest.fixture
def program(screen, host, tmp_path):
    """A function that starts the app."""
    started = []

    def start():
        folder = tmp_path / f"app{len(started)}"
        folder.mkdir()
        started.append(Program(screen, folder))
        return started[-1]

    yield start
    for each in started:
        each.ask("quit")
        assert each.process.wait(20) == 0


def test_clicks_on_the_icon(host, program, tmp_path):
    host()
    app = program()
    at = app.place()
    shot = app.picture(tmp_path / "screen.png")
    x, y = map(int, at)
    icon = shot[max(y - 12, 0) : y + 12, x - 12 : x + 12].reshape(-1, 3).astype(int)
    # Its shield, not the host's bare background.
    assert len(np.unique(icon // 32, axis=0)) >= 3
    app.ask("hide")
    app.until("window=False")
    app.click(1, at)
    app.until("window=True")
    app.click(3, at)
    app.until("menu=True")
    if os.environ.get("DEEPCAM_SCREENSHOTS"):
        app.picture(Path(os.environ["DEEPCAM_SCREENSHOTS"]) / "tray.png")
    app.key("Down", "Return")
    app.until("on=False")
    app.until("menu=False")


def test_a_panel_that_comes_later_gets_the_icon(host, program):
    app = program()
    assert app.ask("tray") == "none"
    panel = host()
    assert app.place()
    app.ask("hide")
    app.until("window=False")  # and the program lives on
    panel.kill()
    panel.wait()
    time.sleep(1)
    host()
    assert app.place()
