"""The branches for Windows and macOS that no other test runs, with those systems' parts stood in.

A module's own ``sys`` or ``os`` is replaced, never the real one: the rest of the process stays
where it is. What is tried here was still never run on Windows or macOS.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from places import ROOT

import deepcam.live.camera as live_camera
import deepcam.live.control as control
import deepcam.live.ring as ring
import deepcam.live.wardrobe as wardrobe
import deepcam.live.worker as worker
from deepcam import APP_NAME, sinks
from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.generator import session
from deepcam.live import lock
from deepcam.platform import hotkeys, qt
from deepcam.platform.hotkeys import macos, parse
from deepcam.runtime import cores, memory, quiet
from deepcam.sinks import pipewire, recording, timeout_picture, virtualcam, window
from deepcam.sources import v4l2, webcam

ELSEWHERE = ("win32", "darwin")


def on(monkeypatch: pytest.MonkeyPatch, module: Any, platform: str) -> None:
    """``module`` believes that it runs there."""
    monkeypatch.setattr(module, "sys", SimpleNamespace(**{**vars(sys), "platform": platform}))


def without(*names: str, **instead: Any) -> SimpleNamespace:
    """``os`` as another system has it."""
    parts = {name: value for name, value in vars(os).items() if name not in names}
    return SimpleNamespace(**{**parts, **instead})


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("this belongs to Linux alone")


# Quiet, memory, cores


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("win32", {"LOCALAPPDATA": "/profile/Local"}, "/profile/Local"),
        ("win32", {}, "{home}/AppData/Local"),
        ("darwin", {"HOME": "/u"}, "{home}/Library/Caches"),
    ],
)
def test_caches_lie_where_the_system_keeps_them(
    monkeypatch: pytest.MonkeyPatch, platform: str, environ: dict[str, str], expected: str
) -> None:
    on(monkeypatch, quiet, platform)
    name = "nt" if platform == "win32" else "posix"
    monkeypatch.setattr(quiet, "os", without(name=name, environ=environ))
    folder = Path(expected.format(home=Path.home())) / "deepprivacy-cam"
    assert quiet.cache_folder() == folder


def test_crash_reports_of_windows_go_without_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, quiet, "win32")
    said: list[int] = []
    kernel = SimpleNamespace(WerSetFlags=said.append)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    quiet.seal()
    assert said == [1]
    # An edition without error reporting has no such function.
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=object()))
    quiet.seal()


@pytest.mark.parametrize("platform", ELSEWHERE)
def test_what_cannot_be_sealed_is_not_said_to_be(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    on(monkeypatch, quiet, platform)
    assert quiet.is_sealed() is None


def test_no_limit_of_memory_is_known_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "os", without(name="nt"))
    monkeypatch.setitem(sys.modules, "resource", None)  # Windows has none
    assert memory.limit() is None
    memory.check()


def test_threads_stay_where_they_are_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "os", without("sched_setaffinity", "sched_getaffinity"))
    pair = cores.Pair("test")
    rows: list[int] = []
    pair.rows(lambda first, last: rows.extend(range(first, last)), 100)
    assert sorted(rows) == list(range(100))


def test_a_card_on_windows_is_looked_for_by_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "os", without(name="nt", path=SimpleNamespace(exists=refuse)))
    assert session._missing_device("cuda") == ""


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("win32", {"LOCALAPPDATA": "/profile/Local"}, "/profile/Local"),
        ("darwin", {"HOME": "/users/u"}, "/users/u/Library/Caches"),
    ],
)
def test_the_bundle_keeps_compiled_code_in_the_caches(
    tmp_path: Path, platform: str, environ: dict[str, str], expected: str
) -> None:
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        f"sys._MEIPASS, sys.platform = {str(tmp_path)!r}, {platform!r}\n"
        f"exec(open({str(ROOT / 'packaging' / 'bundle' / 'runtime.py')!r}).read())\n"
        "print(os.environ['NUMBA_CACHE_DIR'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, env=environ
    )
    assert done.stdout.strip() == f"{expected}/deepprivacy-cam/numba", done.stderr


# The live path


class Msvcrt(ModuleType):
    """Windows' locks: of one byte at the place of the file, gone with the handle."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, handle: int, mode: int, count: int) -> None:
        assert (mode, count) == (self.LK_NBLCK, 1)
        place = (os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR))
        owner = self.held.get(place)
        if owner is not None and owner != handle:
            try:
                if os.fstat(owner).st_ino == place[0]:
                    raise PermissionError(13, "locked")
            except OSError as error:
                if error.errno == 13:
                    raise
        self.held[place] = handle


def test_the_lock_of_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    api = Msvcrt()
    on(monkeypatch, lock, "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", api)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    path = tmp_path / "running.lock"
    first = lock.InstanceLock.take(path)
    assert first is not None
    # Beyond the number, which others must be able to read.
    assert {place for _, place in api.held} == {4096}
    assert path.read_text() == str(os.getpid())
    assert lock.InstanceLock.take(path) is None
    assert lock.holder(path) == os.getpid()
    first.release()
    assert lock.holder(path) is None
    second = lock.InstanceLock.take(path)
    assert second is not None
    second.release()


@pytest.mark.parametrize("platform", ELSEWHERE)
def test_what_linux_alone_can_do_is_left_out(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    for module in (control, ring, worker, wardrobe, qt, timeout_picture, pipewire, v4l2, window):
        on(monkeypatch, module, platform)
    client: Any = SimpleNamespace(getsockopt=refuse)
    assert control._same_user(client)  # the directory or the secret is the guard there
    monkeypatch.setattr(ring, "os", SimpleNamespace(open=refuse))
    ring._reserve(SimpleNamespace(name="x"), 10)  # type: ignore[arg-type]
    monkeypatch.setattr(worker, "ctypes", SimpleNamespace(CDLL=refuse))
    worker._die_with(os.getppid())
    monkeypatch.setattr(qt, "obstacle", refuse)
    qt.ensure_windows()
    monkeypatch.setattr(timeout_picture, "_control", refuse)
    assert not timeout_picture.load("/dev/video0", b"")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert pipewire.socket_path() is None
    assert not pipewire.available()
    assert v4l2.query("/dev/null") is None
    assert v4l2.formats("/dev/null") == set()
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert window.has_display()


def test_a_worker_without_its_parent_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows and macOS do not end it by themselves."""
    ended: list[int] = []
    on(monkeypatch, worker, "win32")
    monkeypatch.setattr(worker, "os", without(_exit=ended.append))
    worker._die_with(os.getppid() + 1)
    assert ended == [1]


def test_people_are_sampled_without_a_low_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, wardrobe, "darwin")
    monkeypatch.setattr(wardrobe, "os", without("setpriority"))

    class EnoughError(Exception):
        pass

    class Wake:
        def __enter__(self) -> None:
            raise EnoughError

        def __exit__(self, *_: object) -> None:
            refuse()

    with pytest.raises(EnoughError):
        wardrobe.Wardrobe._sample(SimpleNamespace(_wake=Wake()))  # type: ignore[arg-type]


def test_sleep_is_seen_without_a_clock_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = {"wall": 1000.0, "running": 50.0}
    monkeypatch.setattr(
        live_camera,
        "clock",
        SimpleNamespace(time=lambda: now["wall"], monotonic=lambda: now["running"]),
    )
    watch = live_camera.SuspendWatch()
    now["wall"], now["running"] = 1010.0, 60.0
    assert not watch.woke()
    now["wall"] = 1500.0
    assert watch.woke()
    assert not watch.woke()


# Sources


class Capture:
    """Stands for ``cv2.VideoCapture``."""

    made: list[Capture]

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.was_set: list[tuple[int, float]] = []
        Capture.made.append(self)

    def set(self, key: int, value: float) -> bool:
        self.was_set.append((key, value))
        return True


@pytest.mark.parametrize("platform", ELSEWHERE)
def test_cameras_are_opened_by_number(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    import cv2

    Capture.made = []
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    on(monkeypatch, webcam, platform)
    monkeypatch.setattr(webcam, "check_device", refuse)
    assert webcam.Webcam(None, (1280, 720), 30)._find() == (0, "Camera 0")
    assert webcam.Webcam("2", (1280, 720), 30)._find() == (2, "Camera 2")
    with pytest.raises(DeepcamError, match="by number on this system, not by 'Logitech'") as told:
        webcam.Webcam("Logitech", (1280, 720), 30)._find()
    assert "--camera 0" in told.value.remedy
    webcam.open_capture(2, (1280, 720), 30)
    (made,) = Capture.made
    wishes = [
        cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"), cv2.CAP_PROP_FRAME_WIDTH, 1280,
        cv2.CAP_PROP_FRAME_HEIGHT, 720, cv2.CAP_PROP_FPS, 30,
    ]  # fmt: skip
    if platform == "win32":
        # DirectShow ignores a format that is set later.
        assert made.arguments == (2, cv2.CAP_DSHOW, wishes)
        assert made.was_set == []
    else:
        assert made.arguments == (2, cv2.CAP_AVFOUNDATION, [])
        assert [part for pair in made.was_set for part in pair] == wishes


# Sinks


class Camera:
    """Stands for ``pyvirtualcam.Camera``."""

    def __init__(self, width: int, height: int, fps: float, **options: Any) -> None:
        self.size, self.options = (width, height), options
        self.device = options["device"] or "OBS Virtual Camera"
        self.frames: list[Any] = []

    def send(self, frame: Any) -> None:
        self.frames.append(frame)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("platform", "backend", "device"),
    [("win32", "unitycapture", APP_NAME), ("darwin", "obs", None)],
)
def test_the_virtual_camera_of_another_system(
    platform: str, backend: str, device: str | None
) -> None:
    pytest.importorskip("pyvirtualcam", reason="its names of formats are used")
    made: list[Camera] = []

    def camera(*arguments: Any, **options: Any) -> Camera:
        made.append(Camera(*arguments, **options))
        return made[-1]

    sink = virtualcam.VirtualCamera(camera=camera, platform=platform, ask=refuse, reset=refuse)
    assert sink.watched() is None
    sink.open((64, 48), 30)
    assert (made[0].options["backend"], made[0].options["device"]) == (backend, device)
    picture = np.full((48, 64, 3), 90, np.uint8)
    sink.send(SafeFrame(picture, Reason.GENERATED, "", 0.0, 1))
    assert made[0].frames[0].shape == (48 * 64 * 3 // 2,)
    assert sink.watched() is None  # it cannot tell
    sink.close()


@pytest.mark.parametrize(("platform", "sign"), [("win32", "UnityCapture"), ("darwin", "OBS")])
def test_a_missing_virtual_camera_of_another_system_is_told(platform: str, sign: str) -> None:
    pytest.importorskip("pyvirtualcam", reason="its names of formats are used")

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no device")

    sink = virtualcam.VirtualCamera(camera=fail, platform=platform)
    with pytest.raises(DeepcamError) as told:
        sink.open((64, 48), 30)
    assert sign in str(told.value)


@pytest.mark.parametrize("platform", ELSEWHERE)
def test_auto_is_the_virtual_camera_elsewhere(
    monkeypatch: pytest.MonkeyPatch, platform: str, tmp_path: Path
) -> None:
    on(monkeypatch, sinks, platform)
    monkeypatch.setattr(pipewire, "available", refuse)
    output = sinks.choose_output("auto", sysfs=tmp_path, dev=tmp_path)
    assert output.kind == "camera"
    assert isinstance(output.sink, virtualcam.VirtualCamera)


def test_room_for_a_recording_without_reserving(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(recording, "os", without("posix_fallocate"))
    reserve = recording.Reserve(tmp_path / "a.mp4", 3 << 20)
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_size == 3 << 20
    assert reserve.give()
    assert list(tmp_path.iterdir()) == []


def test_no_limit_of_a_file_is_known_on_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(recording, "os", without("major", "minor", name="nt", stat=refuse_stat))
    monkeypatch.setitem(sys.modules, "resource", None)
    assert recording.largest_file(tmp_path / "a.mp4") == 1 << 62


def refuse_stat(_: Any) -> Any:
    raise OSError("no such thing here")


# Windows of the app


@pytest.mark.parametrize("platform", ELSEWHERE)
def test_the_app_elsewhere(monkeypatch: pytest.MonkeyPatch, qt: object, platform: str) -> None:
    from deepcam.app import guide_camera, main, viewers

    for module in (guide_camera, main, viewers):
        on(monkeypatch, module, platform)
    assert viewers.who_watches() == []
    step = SimpleNamespace(tr=str)
    sentence = guide_camera.CameraStep._sentence(step, [], False)  # type: ignore[arg-type]
    assert "does not tell the names of cameras" in sentence

    class ReachedError(Exception):
        pass

    def windows() -> None:
        raise ReachedError

    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(main, "ensure_windows", windows)
    with pytest.raises(ReachedError):  # and not "There is no display"
        main.run()


def test_the_default_keys_of_windows_leave_altgr_alone(
    monkeypatch: pytest.MonkeyPatch, qt: object
) -> None:
    import deepcam.app.hotkeys as ours

    place = importlib.util.spec_from_file_location("hotkeys_of_windows", ours.__file__)
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        place.loader.exec_module(module)
    assert set(module.DEFAULTS) == set(ours.DEFAULTS) == set(hotkeys.ACTIONS)
    chords = [parse(keys, "win32") for keys in module.DEFAULTS.values()]
    assert len(set(chords)) == 3
    assert not any({"Ctrl", "Alt"} <= set(chord.modifiers) for chord in chords)


# Hotkeys


def test_each_system_gets_its_hotkeys(monkeypatch: pytest.MonkeyPatch) -> None:
    from deepcam.platform.hotkeys import windows

    made: list[tuple[str, Any]] = []
    monkeypatch.setattr(windows, "WindowsHotkeys", lambda pressed: made.append(("win", pressed)))
    monkeypatch.setattr(macos, "MacHotkeys", lambda pressed: made.append(("mac", pressed)))
    for platform in ELSEWHERE:
        on(monkeypatch, hotkeys, platform)
        hotkeys.choose(print)
    assert made == [("win", print), ("mac", print)]


def test_a_mac_without_carbon_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, hotkeys, "darwin")

    def missing(_: str) -> Any:
        raise OSError("image not found")

    monkeypatch.setattr(macos, "ctypes", SimpleNamespace(CDLL=missing))
    answer = hotkeys.choose(print).register("panic", "Ctrl+Alt+P")
    assert not answer.ok
    assert "gives no hotkeys (image not found)" in answer.reason


class Function:
    """A function of a library: takes only what it was declared to take."""

    def __init__(self, works: Callable[..., Any]) -> None:
        self._works = works
        self.argtypes: Any = None
        self.restype: Any = ctypes.c_int

    def __call__(self, *arguments: Any) -> Any:
        if self.argtypes is not None:
            assert len(arguments) == len(self.argtypes)
            for ctype, value in zip(self.argtypes, arguments, strict=True):
                ctype.from_param(value)
        return self._works(*arguments)


class Mac:
    """Carbon and libSystem, with a main thread that works when ``turn`` is called."""

    def __init__(self) -> None:
        self.keys: dict[int, tuple[int, int, int, int]] = {}
        self.handlers: list[Any] = []
        self.main: queue.Queue[Any] = queue.Queue()
        self.numbers = 0
        self.taken = {(17, 0x900)}
        self.carbon = SimpleNamespace(
            GetApplicationEventTarget=Function(lambda: 0x7F00),
            InstallEventHandler=Function(self._install),
            RemoveEventHandler=Function(self._remove),
            RegisterEventHotKey=Function(self._register),
            UnregisterEventHotKey=Function(lambda reference: bool(self._drop(reference)) - 1),
            GetEventParameter=Function(self._parameter),
        )
        self.system = SimpleNamespace(
            dispatch_async_f=Function(lambda line, context, work: self.main.put(work))
        )
        self.ctypes = SimpleNamespace(
            CDLL=lambda path: self.carbon if "Carbon" in path else self.system,
            addressof=lambda thing: 0x7E00,
            c_char=SimpleNamespace(in_dll=lambda library, name: name),
        )

    def _install(self, target: int, handler: Any, count: int, kinds: Any, *_: Any) -> int:
        kind = kinds._obj
        assert (target, count, kind.event_class, kind.event_kind) == (0x7F00, 1, 0x6B657962, 5)
        self.handlers.append(handler)
        return 0

    def _remove(self, _: Any) -> int:
        self.handlers.clear()
        return 0

    def _register(self, code: int, held: int, name: Any, target: int, how: int, out: Any) -> int:
        if (code, held) in self.taken:
            return -9878
        if code == 49:
            return -50
        self.numbers += 1
        self.keys[self.numbers] = (code, held, name.signature, name.id)
        out._obj.value = self.numbers
        return 0

    def _drop(self, reference: Any) -> Any:
        return self.keys.pop(reference.value, None)

    def _parameter(self, event: Any, _name: int, kind: int, *rest: Any) -> int:
        assert kind == 0x686B6964
        _, size, _, out = rest
        assert size == 8
        out._obj.signature, out._obj.id = self.pressed
        return 0

    def press(self, signature: int, number: int) -> int:
        """The system's main thread tells the program."""
        self.pressed = (signature, number)
        return int(self.handlers[0](None, None, None))

    def turn(self) -> None:
        """What waits for the main thread is done."""
        while True:
            try:
                self.main.get(timeout=0.05)(None)
            except queue.Empty:
                return


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mac]:
    made = Mac()
    monkeypatch.setattr(macos, "ctypes", made.ctypes)
    kept = len(macos._KEPT)
    yield made
    del macos._KEPT[kept:]


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_macos_registers_tells_and_frees(mac: Mac) -> None:
    pressed: list[str] = []
    keys = macos.MacHotkeys(pressed.append)
    assert keys.register("new_face", "Ctrl+Alt+N").ok
    ((code, held, signature, number),) = mac.keys.values()
    assert (code, held, signature) == (45, 0x900, 0x6470636D)
    taken = keys.register("toggle", "Ctrl+Alt+T")
    assert taken.reason == "Ctrl+Alt+T is taken by another program."
    refused = keys.register("panic", "Ctrl+Alt+Space")
    assert refused.reason == "macOS refused Ctrl+Alt+Space (error -50)."
    assert mac.press(signature, number) == 0
    until(lambda: pressed == ["new_face"])
    # Keys of others go on to them.
    assert mac.press(0x41424344, number) == -9874
    assert mac.press(signature, number + 7) == -9874
    keys.unregister("new_face")
    assert mac.keys == {}
    assert mac.press(signature, number) == -9874
    handlers = mac.handlers
    keys.close()
    assert handlers == []
    assert not keys.register("panic", "F9").ok


def test_other_threads_wait_for_the_main_thread_of_a_mac(mac: Mac) -> None:
    keys = macos.MacHotkeys(print)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(keys.register("panic", "Ctrl+Alt+P")))
    thread.start()
    until(lambda: not mac.main.empty())
    assert mac.keys == {}
    mac.turn()
    thread.join(5)
    assert answers[0].ok
    assert len(mac.keys) == 1


def test_a_mac_that_refuses_the_handler_has_no_hotkeys(mac: Mac) -> None:
    mac.carbon.InstallEventHandler = Function(lambda *_: -9860)
    with pytest.raises(OSError, match="no hotkeys"):
        macos.MacHotkeys(print)
