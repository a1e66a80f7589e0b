"""Run inside the virtual machine, as root: the camera in a real browser.

Networks are hundreds of times slower under emulation, so the worker plays pictures that the real
anonymizer made outside (``python tests/vm/browser_check.py prepare FOLDER``); everything else is
the shipped program: webcam, worker process, ring, sender, loopback device. Chromium's page says
what it sees ten times a second. Exits with 0 when all is as promised.
"""

from __future__ import annotations

import base64
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

SIZE = (320, 240)
OURS, WEBCAM = "/dev/video10", "/dev/video20"
FOLDER = "DEEPCAM_PICTURES"
PORT = 9222

PAGE = """<!doctype html><title>DeepPrivacy Cam in a browser</title>
<style>body{font:16px sans-serif;margin:24px;background:#f4f4f4}video{width:640px;height:480px;
background:#000;border-radius:12px}</style>
<h2>A call</h2><p id=list></p><video id=v autoplay muted playsinline></video><p id=said></p>
<script>
const canvas = document.createElement('canvas'); canvas.width = 32; canvas.height = 24;
const pen = canvas.getContext('2d', {willReadFrequently: true});
let stream = null;
async function devices() {
  const all = await navigator.mediaDevices.enumerateDevices();
  const names = all.filter(d => d.kind == 'videoinput').map(d => d.label);
  document.getElementById('list').textContent = 'Cameras: ' + names.join(', ');
  return names;
}
async function choose(name) {
  if (stream) stream.getTracks().forEach(t => t.stop());
  const all = await navigator.mediaDevices.enumerateDevices();
  const found = all.find(d => d.kind == 'videoinput' && d.label.startsWith(name));
  if (!found) return 'not listed';
  stream = await navigator.mediaDevices.getUserMedia({video: {deviceId: {exact: found.deviceId}}});
  v.srcObject = stream; await v.play();
  return stream.getVideoTracks()[0].label;
}
function look(text) {
  document.getElementById('said').textContent = text;
  pen.drawImage(v, 0, 0, 32, 24);
  return [v.videoWidth, v.videoHeight, ...pen.getImageData(0, 0, 32, 24).data];
}
</script>"""


def prepare(folder: Path) -> None:
    """Outside the machine: a person who does not exist, made by us, seen through the camera."""
    from deepcam.actors import Actor, film
    from deepcam.anonymizer import Anonymizer, AnonymizerSettings
    from deepcam.frames import Frame, Reason
    from deepcam.identity.model import IdentityModel

    actor = Actor(IdentityModel.load().sample(3), (160, 104), 40.0, 0.4)
    anonymizer = Anonymizer(AnonymizerSettings(identity=12, live=False, session_seed=1))
    pictures = list(film([actor], SIZE, 15, 20))
    anonymizer.warm_up(Frame(pictures[0], 0.0, 0))
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        safe = anonymizer.process(Frame(picture, number / 15, number))
        assert safe.reason is Reason.GENERATED, safe.detail
        cv2.imwrite(str(folder / f"{number:03}.png"), safe.image)
    anonymizer.close()


class Playback:
    """An anonymizer that shows prepared pictures, whatever the webcam sees."""

    generator = SimpleNamespace(provider="playback", provider_reason="a test")
    problem = None

    def __init__(self, settings: Any) -> None:
        self.identity = SimpleNamespace(name="prepared")
        files = sorted(Path(os.environ[FOLDER]).glob("*.png"))
        self._pictures = [cv2.imread(str(f)) for f in files]

    def warm_up(self) -> None:
        """As long as it takes to see the card."""
        time.sleep(6)

    def reset(self) -> None:
        """Nothing is remembered."""

    def process(self, frame: Any) -> Any:
        from deepcam.frames import Reason, SafeFrame

        image = self._pictures[frame.number % len(self._pictures)].copy()
        return SafeFrame(image, Reason.GENERATED, "", frame.time, frame.number, 1, 0, {})

    def regenerate(self, seed: int | None = None) -> Future[Any]:
        """Always the same."""
        done: Future[Any] = Future()
        done.set_result(self.identity)
        return done

    def close(self) -> None:
        """Nothing to free."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: Any) -> None:
        pass


class Browser:
    """Headless Chromium with our page."""

    def __init__(self) -> None:
        # Under emulation the browser may need minutes to start.
        socket.setdefaulttimeout(400)
        from selenium import webdriver

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # Started by hand: the driver would give up on one that takes minutes, as it may here.
        self.process = subprocess.Popen(
            ["/usr/bin/chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             "--use-fake-ui-for-media-stream", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--window-size=720,680",
             f"--remote-debugging-port={PORT}", "--user-data-dir=/tmp/browser", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/json/version", timeout=60).read()
                break
            except OSError:
                time.sleep(0.5)
        options = webdriver.ChromeOptions()
        options.debugger_address = f"127.0.0.1:{PORT}"
        service = webdriver.ChromeService("/usr/bin/chromedriver")
        self.driver = webdriver.Chrome(options, service)
        self.driver.set_script_timeout(120)
        self.driver.get(f"http://localhost:{server.server_port}/")

    def ask(self, call: str) -> Any:
        """The value of a promise of the page."""
        return self.driver.execute_async_script(
            f"const done = arguments[0]; {call}.then(done, e => done('error: ' + e))"
        )

    def look(self, text: str = "") -> np.ndarray | None:
        """What the page sees, (24, 32, 3) BGR; None before there is a picture."""
        data = self.driver.execute_script(f"return look({json.dumps(text)})")
        if not data[0]:
            return None
        assert tuple(data[:2]) == SIZE, data[:2]
        rgba = np.array(data[2:], np.uint8).reshape(24, 32, 4)
        return rgba[..., 2::-1]

    def wait(self, what: Callable[[np.ndarray], bool], name: str, within: float) -> float:
        begin = time.monotonic()
        while time.monotonic() - begin < within:
            seen = self.look(f"The page sees: {name}?")
            if seen is not None and what(seen):
                self.look(f"The page sees: {name}")
                return time.monotonic() - begin
            time.sleep(0.1)
        raise AssertionError(f"the browser did not see {name} within {within} s")


def looks() -> tuple[Callable[[np.ndarray], bool], Callable[[np.ndarray], bool]]:
    """Tells the standby card and one of the prepared pictures."""
    from deepcam.covers import standby_card

    def small(image: np.ndarray) -> np.ndarray:
        return cv2.resize(image, (32, 24), interpolation=cv2.INTER_AREA).astype(int)

    plain = small(standby_card(*SIZE, ""))
    prepared = [small(cv2.imread(str(f))) for f in sorted(Path(os.environ[FOLDER]).glob("*.png"))]

    def card(seen: np.ndarray) -> bool:  # its writing differs, its ground does not
        return bool(np.median(np.abs(seen - plain)) < 10 and np.abs(seen - plain).mean() < 20)

    def generated(seen: np.ndarray) -> bool:
        return min(float(np.abs(seen - p).mean()) for p in prepared) < 10

    assert not any(card(p) for p in prepared)
    assert not generated(plain)
    return card, generated


def readers_agree() -> None:
    """ffmpeg and OpenCV read what the browser reads."""
    _, generated = looks()
    code = f"import cv2; c = cv2.VideoCapture({OURS!r}, cv2.CAP_V4L2)\n"
    code += "for _ in range(4): ok, f = c.read()\ncv2.imwrite('opencv.png', f)"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, timeout=120)
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "v4l2", "-i", OURS, "-fps_mode", "passthrough",
             "-frames:v", "1", "ffmpeg.png", "-y"],
            cwd=folder, check=True, timeout=120,
        )  # fmt: skip
        for name in ("opencv", "ffmpeg"):
            image = cv2.imread(f"{folder}/{name}.png")
            assert image.shape[:2] == SIZE[::-1]
            assert generated(cv2.resize(image, (32, 24), interpolation=cv2.INTER_AREA)), name
            print(f"   {name} reads the same", flush=True)


def main(shot: Path | None) -> None:
    from deepcam.live.session import LiveSettings, Session

    card, generated = looks()
    begin = time.monotonic()
    browser = Browser()
    version = browser.driver.capabilities["browserVersion"]
    print(f"   Chromium {version} up after {time.monotonic() - begin:.0f} s", flush=True)
    assert not any("DeepPrivacy" in name for name in browser.ask("devices()"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPCAM_RUNTIME_DIR"] = folder
        for turn in (1, 2):
            live = Session(
                LiveSettings(
                    camera=WEBCAM, output="camera", size=SIZE, fps=10, identity=1, control=False,
                    anonymizer_factory="browser_check:Playback",
                )
            )  # fmt: skip
            live.start()
            assert live._sender is not None
            live._sender.supervisor.start_limit = 400.0  # emulation
            live._sender.supervisor.hang_limit = 60.0
            end, names = time.monotonic() + 60, []
            while not any("DeepPrivacy Cam" in n for n in names) and time.monotonic() < end:
                time.sleep(0.3)
                names = browser.ask("devices()")
            print(f"   start {turn}: the page lists {names}", flush=True)
            label = browser.ask("choose('DeepPrivacy Cam')")
            assert label.startswith("DeepPrivacy Cam"), label
            print(
                f"   first the card: {browser.wait(card, 'the standby card', 60):.1f} s", flush=True
            )
            print(
                f"   then a face: {browser.wait(generated, 'a synthetic face', 240):.1f} s",
                flush=True,
            )
            if turn == 1:
                if shot is not None:
                    image = base64.b64decode(browser.driver.get_screenshot_as_base64())
                    shot.write_bytes(image)
                readers_agree()
                os.kill(live.status()["worker"]["pid"], signal.SIGKILL)
                seen = browser.wait(card, "the standby card", 20)
                print(f"   worker killed, card after {seen:.1f} s", flush=True)
                seen = browser.wait(generated, "a synthetic face", 240)
                print(f"   and a face again after {seen:.1f} s", flush=True)
            live.stop()
            assert live.error is None
    browser.driver.quit()
    browser.process.kill()
    print(f"browser passed, {time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":  # the worker process imports this file, too
    if sys.argv[1:2] == ["prepare"]:
        prepare(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
