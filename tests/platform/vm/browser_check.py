"""Run inside the virtual machine, as root: the camera in a real browser.

Networks are hundreds of times slower under emulation, so the worker plays pictures that the real
anonymizer made outside (``python browser_check.py prepare FOLDER``); everything else is
the shipped program: webcam, worker process, ring, sender, loopback device. ``browser [SHOT]`` asks
Chromium's page what it sees, ``readers`` asks OpenCV and ffmpeg; each fits into one start of the
machine. Exits with 0 when all is as promised.

What is slow here only because of the emulation gets more time: silence of a few seconds is no
fault, and while a worker process starts, Chromium is held (SIGSTOP), which else takes most of the
processor.
"""

from __future__ import annotations

import base64
import contextlib
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
from collections.abc import Callable, Iterator
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
<style>body{font:16px sans-serif;margin:24px;background:#f4f4f4}video{width:480px;height:360px;
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
async function hangUp() {
  if (stream) stream.getTracks().forEach(t => t.stop());
  stream = v.srcObject = null;
  return 'done';
}
async function choose(name) {
  await hangUp();
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
    from deepcam.frames import Frame, Reason
    from deepcam.identity.model import IdentityModel
    from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings
    from deepcam.showcase.actors import Actor, film

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
            ["/usr/bin/chromium", "--headless=new", "--no-sandbox", "--no-zygote", "--disable-gpu",
             "--disable-gpu-watchdog", "--disable-hang-monitor", "--disable-breakpad",
             "--use-fake-ui-for-media-stream", "--no-first-run", "--disable-extensions",
             "--disable-component-update", "--disable-sync", "--disable-default-apps",
             "--disable-background-networking", "--window-size=560,680",
             f"--remote-debugging-port={PORT}", "--user-data-dir=/tmp/browser", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for _ in range(1600):
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

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Chromium stands still and leaves the processor to others."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def shoot(self, path: Path, what: Callable[[np.ndarray], bool]) -> None:
        """A picture of the page in which the camera shows ``what``."""
        left, top, width, height = map(round, self.driver.execute_script(
            "const r = v.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]"
        ))  # fmt: skip
        for _ in range(8):
            data = base64.b64decode(self.driver.get_screenshot_as_base64())
            page = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            seen = page[top : top + height, left : left + width]
            if what(cv2.resize(seen, (32, 24), interpolation=cv2.INTER_AREA).astype(int)):
                path.write_bytes(data)
                return
        raise AssertionError("no picture of the page could be taken")

    def ask(self, call: str) -> Any:
        """The value of a promise of the page."""
        return self.driver.execute_async_script(
            f"const done = arguments[0]; {call}.then(done, e => done('error: ' + e))"
        )

    def lists(self, ours: bool, within: float = 180.0) -> list[str]:
        """Wait until the page lists our camera, or lists it no more; the names it lists."""
        begin, names = time.monotonic(), []
        while time.monotonic() - begin < within:
            names = self.ask("devices()")
            if ours == any("DeepPrivacy Cam" in name for name in names):
                return names
            time.sleep(0.3)
        raise AssertionError(f"our camera {'is not' if ours else 'is still'} listed: {names}")

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
    from deepcam.pipeline.cards import standby_card

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


def patient() -> None:
    """The sender and the driver wait for a machine that is hundreds of times slower."""
    from deepcam.live import sender
    from deepcam.sinks import timeout_picture

    sender.SILENCE = 8.0
    timeout_picture.TIMEOUT_MS = 15000


def start() -> Any:
    """The shipped program on the simulated webcam."""
    from deepcam.live.session import Session
    from deepcam.live.settings import LiveSettings

    live = Session(
        LiveSettings(
            camera=WEBCAM, output="camera", size=SIZE, fps=10, identity=1, control=False,
            stay_on=True, anonymizer_factory="browser_check:Playback",
        )
    )  # fmt: skip
    live.start()
    assert live._sender is not None
    live._sender.supervisor.start_limit = 900.0
    live._sender.supervisor.hang_limit = 60.0
    return live


def generates(live: Any, within: float = 900.0) -> None:
    """Wait until the program itself says that it sends a face."""
    begin = time.monotonic()
    while time.monotonic() - begin < within:
        assert live.error is None, live.error
        newest = live._sender.newest if live._sender is not None else None
        if newest is not None and newest.reason.value == "generated":
            print(f"   the program generates, {time.monotonic() - begin:.0f} s", flush=True)
            return
        time.sleep(0.5)
    raise AssertionError(f"nothing was generated within {within} s: {live.status()}")


def readers() -> None:
    """ffmpeg and OpenCV read what the program sends."""
    _, generated = looks()
    patient()
    code = f"import cv2; c = cv2.VideoCapture({OURS!r}, cv2.CAP_V4L2)\n"
    code += "for _ in range(4): ok, f = c.read()\ncv2.imwrite('opencv.png', f)"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPCAM_RUNTIME_DIR"] = folder
        live = start()
        generates(live)
        subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, timeout=300)
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "v4l2", "-i", OURS, "-fps_mode", "passthrough",
             "-frames:v", "1", "ffmpeg.png", "-y"],
            cwd=folder, check=True, timeout=300,
        )  # fmt: skip
        for name in ("opencv", "ffmpeg"):
            image = cv2.imread(f"{folder}/{name}.png")
            assert image.shape[:2] == SIZE[::-1]
            assert generated(cv2.resize(image, (32, 24), interpolation=cv2.INTER_AREA)), name
            print(f"   {name} reads a synthetic face", flush=True)
        live.stop()
    print("readers passed", flush=True)


def main(shot: Path | None) -> None:
    card, generated = looks()
    patient()
    begin = time.monotonic()
    browser = Browser()
    version = browser.driver.capabilities["browserVersion"]
    print(f"   Chromium {version} up after {time.monotonic() - begin:.0f} s", flush=True)
    assert not any("DeepPrivacy" in name for name in browser.ask("devices()"))

    def sees(what: Callable[[np.ndarray], bool], name: str) -> None:
        seconds = browser.wait(what, name, 240)
        print(f"   the page sees {name}, {seconds:.1f} s", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPCAM_RUNTIME_DIR"] = folder
        for turn in (1, 2):
            live = start()
            print(f"   start {turn}: the page lists {browser.lists(True)}", flush=True)
            label = browser.ask("choose('DeepPrivacy Cam')")
            assert label.startswith("DeepPrivacy Cam"), label
            sees(card, "the standby card")
            with browser.held():
                generates(live)
            sees(generated, "a synthetic face")
            if turn == 1:
                if shot is not None:
                    browser.shoot(shot, generated)
                os.kill(live.status()["worker"]["pid"], signal.SIGKILL)
                print("   the worker is killed", flush=True)
                sees(card, "the standby card")
                with browser.held():
                    generates(live)
                sees(generated, "a synthetic face")
            live.stop()
            assert live.error is None
            browser.ask("hangUp()")
            print(f"   stop {turn}: the page lists {browser.lists(False)}", flush=True)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(browser.process.pid, signal.SIGKILL)
    print(f"browser passed, {time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":  # the worker process imports this file, too
    if sys.argv[1:2] == ["prepare"]:
        prepare(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["readers"]:
        readers()
    else:
        main(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
