"""The doctor names what is wrong and what to type, and never dies itself."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from platform_machine import OBS, RELEASE, Machine

from deepcam import APP_NAME, doctor
from deepcam.cli import main
from deepcam.doctor import Finding, State, cameras, desktop, program, sandbox, space
from deepcam.doctor.finding import SETUP
from deepcam.models import store as modelstore
from deepcam.platform.setup import setup
from deepcam.platform.system import Answer
from deepcam.sources.v4l2 import Capability


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def _set_up(machine: Machine) -> None:
    machine.install_module()
    root = pytest.MonkeyPatch()
    root.setattr(os, "geteuid", lambda: 0, raising=False)
    setup(machine.system(), say=lambda _: None, run=machine.start, pause=lambda _: None)
    root.undo()


def _only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


# The whole.


def test_every_part_is_looked_at() -> None:
    findings = doctor.examine()
    names = {f.name for f in findings}
    assert names >= {"python", "library", "models", "network", "camera", "output", "sandbox",
                     "display", "tray", "hotkeys", "disk", "memory"}  # fmt: skip
    for finding in findings:
        assert finding.reason
        assert "check itself failed" not in finding.reason
        assert finding.state is not State.FAIL or finding.command


def test_a_check_that_dies_is_a_finding(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_: object) -> list[Finding]:
        raise OSError("no such bus")

    monkeypatch.setattr(doctor, "CHECKS", (("memory", dies),))
    assert "no such bus" in _only(doctor.examine(machine.system())).reason


@pytest.mark.parametrize(("state", "code"), [(State.FAIL, 1), (State.WARN, 0), (State.OK, 0)])
def test_exit_code_and_json(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    state: State,
    code: int,
) -> None:
    monkeypatch.setenv("DEEPCAM_DEBUG", "1")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(doctor, "examine", lambda: [Finding("camera", state, "Why.", SETUP)])
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--json"])
    assert int(end.value.code or 0) == code
    printed = json.loads(capsys.readouterr().out)
    assert printed["usable"] is (code == 0)
    assert printed["findings"] == [
        {"name": "camera", "state": state.value, "reason": "Why.", "command": SETUP,
         "fixable": True}
    ]  # fmt: skip


def test_fix_makes_the_device_and_nothing_else(machine: Machine) -> None:
    said: list[str] = []
    made: list[int] = []

    def make(_: Callable[[str], None]) -> None:
        made.append(1)

    doctor.mend(said.append, machine.system(), make)  # the module is not even installed
    assert not made
    assert "nothing" in said[0]
    machine.install_module()
    doctor.mend(said.append, machine.system(), make)
    assert made


# The camera.


def test_no_camera(machine: Machine) -> None:
    assert _only(cameras.cameras(machine.system())).state is State.FAIL
    machine.load()
    machine.loopback(10, OBS)
    assert _only(cameras.cameras(machine.system())).reason == "No camera was found."


def test_free_and_busy_camera(machine: Machine) -> None:
    machine.webcam(0)
    assert _only(cameras.cameras(machine.system())).state is State.OK
    machine.process(7, "zoom", holds="video0")
    busy = _only(cameras.cameras(machine.system()))
    assert busy.state is State.WARN
    assert "zoom (process 7)" in busy.reason
    assert "fuser -v" in busy.command


def test_camera_of_another_group(machine: Machine) -> None:
    machine.webcam(0)
    finding = _only(cameras.cameras(machine.system(may_use=lambda _: False)))
    assert finding.state is State.FAIL
    assert "usermod -aG video" in finding.command


# The virtual camera.


def test_output_that_is_set_up(machine: Machine) -> None:
    _set_up(machine)
    finding = _only(cameras.output(machine.system()))
    assert finding.state is State.OK
    assert "/dev/video10 (v4l2loopback 0.12.7)" in finding.reason


def _unbuilt(machine: Machine) -> None:
    machine.write("usr/src/v4l2loopback-0.12.7/dkms.conf", "")


def _failed_build(machine: Machine) -> None:
    _unbuilt(machine)
    machine.write("var/lib/dkms/v4l2loopback/0.12.7/build/make.log", "error\n")


def _no_headers(machine: Machine) -> None:
    _unbuilt(machine)
    (machine.root / f"lib/modules/{RELEASE}/build").rmdir()


def _boot_securely(machine: Machine) -> None:
    name = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    machine.write(f"sys/firmware/efi/efivars/{name}", b"\x06\0\0\0\x01")


def _unsigned(machine: Machine) -> None:
    machine.install_module(data=b"\x7fELF")
    machine.write("var/lib/shim-signed/mok/MOK.der", "")
    _boot_securely(machine)


def _signed_but_not_loaded(machine: Machine) -> None:
    machine.install_module(data=b"\x7fELF~Module signature appended~\n")
    _boot_securely(machine)


def _locked_down(machine: Machine) -> None:
    machine.install_module(data=b"\x7fELF")
    machine.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")


def _packed(machine: Machine) -> None:
    import lzma

    machine.install_module("updates/v4l2loopback.ko.xz", lzma.compress(b"\x7fELF"))
    machine.write(f"lib/modules/{RELEASE}/modules.dep", "updates/v4l2loopback.ko.xz: x.ko\n")
    _boot_securely(machine)


def _not_loaded(machine: Machine) -> None:
    machine.install_module()


def _loaded_bare(machine: Machine) -> None:
    machine.load()


def _only_obs(machine: Machine) -> None:
    machine.load()
    machine.loopback(0, OBS)


def _wrong_label(machine: Machine) -> None:
    _set_up(machine)
    machine.drop(10)
    machine.loopback(10, "Dummy video device (0x0000)")


@pytest.mark.parametrize(
    ("wrong", "reason", "command"),
    [
        (lambda _: None, "not installed", f"apt-get install v4l2loopback-dkms .*{RELEASE} && deep"),
        (_unbuilt, "DKMS has not built it", r"sudo dkms install v4l2loopback/0\.12\.7 -k "),
        (_failed_build, r"last attempt failed; see /var/lib/dkms/\S+make\.log", "dkms install"),
        (_no_headers, "headers of that kernel are missing", "linux-headers.* && sudo dkms install"),
        (_unsigned, "Secure Boot.* no signature", "mokutil --import /var/lib/shim-signed/mok"),
        (_locked_down, "Secure Boot.* no signature", "mokutil --import /var/lib/dkms/mok.pub"),
        (_packed, "Secure Boot.* no signature", "mokutil"),
        (_signed_but_not_loaded, "if the kernel refuses the module", SETUP),
        (_not_loaded, "v4l2loopback is not loaded", SETUP),
        (_loaded_bare, "v4l2loopback is loaded, but there is no", SETUP),
        (_only_obs, f'"{OBS}" \\(/dev/video0\\) belong to other programs', SETUP),
        (_wrong_label, r'/dev/video10 should be .*is called "Dummy', SETUP),
    ],
)
def test_why_there_is_no_output(
    machine: Machine, wrong: Callable[[Machine], None], reason: str, command: str
) -> None:
    wrong(machine)
    finding = _only(cameras.output(machine.system()))
    assert finding.state is State.FAIL
    assert re.search(reason, finding.reason), finding
    assert re.search(command, finding.command), finding


@pytest.mark.parametrize(
    ("family", "command"),
    [("fedora", "dnf install akmod"), ("arch", "pacman -S"), ("opensuse suse", "zypper"),
     ("plan9", "your package manager")],
)  # fmt: skip
def test_other_distributions(machine: Machine, family: str, command: str) -> None:
    machine.write("etc/os-release", f'ID=x\nID_LIKE="{family}"\n')
    assert command in _only(cameras.output(machine.system())).command


def test_output_without_exclusive_caps(machine: Machine) -> None:
    _set_up(machine)
    machine.drop(10)
    machine.loopback(10, APP_NAME, exclusive=False)
    finding = _only(cameras.output(machine.system()))
    assert finding.state is State.WARN
    assert "exclusive_caps=0" in finding.reason
    assert finding.fixable


def test_output_of_another_group(machine: Machine) -> None:
    _set_up(machine)
    finding = _only(cameras.output(machine.system(may_use=lambda _: False)))
    assert finding.state is State.FAIL
    assert "usermod" in finding.command


def test_output_taken_by_another_program(machine: Machine) -> None:
    _set_up(machine)
    machine.process(9, "ffmpeg", holds="video10")
    machine.write("proc/9/fdinfo/3", "pos:\t0\nflags:\t0100001\n")
    node = machine.root / "dev/video10"
    finding = _only(cameras.output(machine.system()))
    assert finding.state is State.FAIL, (node, finding)
    assert "ffmpeg (process 9) sends" in finding.reason
    machine.write("proc/9/cmdline", "/usr/bin/python3\0/home/me/bin/deepcam\0run\0")
    assert _only(cameras.output(machine.system())).state is State.OK


def test_output_that_does_not_last(machine: Machine) -> None:
    machine.load()
    machine.loopback(10, APP_NAME)
    there, gone = cameras.output(machine.system())
    assert there.state is State.OK
    assert "gone after a restart" in gone.reason
    assert gone.fixable


def test_two_of_the_same_name(machine: Machine) -> None:
    _set_up(machine)
    machine.loopback(11, APP_NAME)
    assert any("both called" in f.reason for f in cameras.output(machine.system()))


def test_output_elsewhere(machine: Machine) -> None:
    assert "OBS" in _only(cameras.output(machine.system(platform="darwin"))).command
    assert "regsvr32" in _only(cameras.output(machine.system(platform="win32"))).command


# Sandboxes.

CONNECTIONS = "Interface  Plug  Slot  Notes\ncamera  chromium:camera  {}  -\n"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(0, CONNECTIONS.format(":camera")), State.OK),
        (Answer(0, CONNECTIONS.format("-")), State.WARN),
        (Answer(0, "Interface  Plug  Slot  Notes\n"), State.WARN),
        (Answer(1, "error: cannot communicate with server"), State.WARN),
    ],
)
def test_snap(machine: Machine, answer: Answer, state: State) -> None:
    machine.write("snap/chromium/current", "")
    machine.answers["snap connections chromium"] = answer
    finding = _only(sandbox.sandboxes(machine.system()))
    assert finding.state is state
    assert (finding.command == "sudo snap connect chromium:camera") is (state is not State.OK)


@pytest.mark.parametrize(
    ("metadata", "override", "state"),
    [
        ("[Context]\ndevices=all;\n", "", State.OK),
        ("[Context]\ndevices=dri;\n", "", State.WARN),
        ("[Context]\ndevices=dri;\n", "[Context]\ndevices=all;\n", State.OK),
        ("[Context]\ndevices=all;\n", "[Context]\ndevices=!all;dri;\n", State.WARN),
        ("not a file of theirs", "", State.WARN),
    ],
)
@pytest.mark.parametrize("place", ["var/lib/flatpak", "home/.local/share/flatpak"])
def test_flatpak(machine: Machine, place: str, metadata: str, override: str, state: State) -> None:
    machine.write(f"{place}/app/us.zoom.Zoom/current/active/metadata", metadata)
    if override:
        machine.write("home/.local/share/flatpak/overrides/us.zoom.Zoom", override)
    finding = _only(sandbox.sandboxes(machine.system()))
    assert finding.state is state
    wanted = "flatpak override --user --device=all us.zoom.Zoom"
    assert finding.command == (wanted if state is State.WARN else "")


def test_no_sandbox(machine: Machine) -> None:
    assert _only(sandbox.sandboxes(machine.system())).state is State.OK


# PipeWire, tray, keys, portals.


def _pipewire(machine: Machine) -> None:
    machine.environ["XDG_RUNTIME_DIR"] = "/run/user/1000"
    machine.write("usr/lib/x86_64-linux-gnu/libpipewire-0.3.so.0", "")
    machine.write("run/user/1000/pipewire-0", "")


def test_pipewire(machine: Machine) -> None:
    missing = _only(desktop.pipewire(machine.system()))
    assert missing.state is State.WARN
    assert "apt-get install pipewire" in missing.command
    machine.programs |= {"pipewire", "wireplumber"}
    assert "systemctl --user" in _only(desktop.pipewire(machine.system())).command
    _pipewire(machine)
    alone = _only(desktop.pipewire(machine.system()))
    assert "session manager" in alone.reason
    machine.process(5, "wireplumber")
    assert _only(desktop.pipewire(machine.system())).state is State.OK
    (machine.root / "usr/lib/x86_64-linux-gnu/libpipewire-0.3.so.0").unlink()
    assert "libpipewire-0.3-0" in _only(desktop.pipewire(machine.system())).command


def test_pipewire_as_the_second_way(machine: Machine) -> None:
    machine.install_module()
    assert _only(cameras.output(machine.system())).state is State.FAIL
    _pipewire(machine)
    machine.process(5, "wireplumber")
    finding = _only(cameras.output(machine.system()))
    assert finding.state is State.WARN
    assert "through PipeWire" in finding.reason
    assert finding.fixable


def test_pipewire_that_has_not_noticed(machine: Machine) -> None:
    _pipewire(machine)
    machine.process(5, "wireplumber")
    _set_up(machine)
    machine.answers["wpctl status"] = Answer(0, "Video\n └─ Devices: Test Webcam\n")
    assert _only(desktop.pipewire(machine.system())).state is State.OK  # nobody sends
    machine.caps["video10"] = Capability("v4l2 loopback", APP_NAME, "", True, False)
    unseen = _only(desktop.pipewire(machine.system()))
    assert unseen.command == "systemctl --user restart wireplumber"
    machine.answers["wpctl status"] = Answer(0, f"Video\n └─ Devices: {APP_NAME}\n")
    assert _only(desktop.pipewire(machine.system())).state is State.OK


def test_display(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = [None]
    monkeypatch.setattr(desktop.qt, "obstacle", lambda environ: found[0])
    monkeypatch.setattr(desktop.qt, "plugin_folder", lambda: Path("/"))
    assert _only(desktop.display(machine.system())).state is State.WARN
    machine.environ["DISPLAY"] = ":0"
    assert _only(desktop.display(machine.system())).state is State.OK
    found[0] = ("Qt lacks libxcb-icccm.so.4.", ["libxcb-icccm.so.4"])
    finding = _only(desktop.display(machine.system()))
    assert finding.state is State.WARN
    assert "libxcb-icccm.so.4" in finding.reason
    assert finding.command == "sudo apt-get install libxcb-icccm4"


def _bus(machine: Machine, name: str, there: bool) -> None:
    command = "busctl --user call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus "
    machine.answers[f"{command}NameHasOwner s {name}"] = Answer(0, f"b {str(there).lower()}\n")


def test_tray(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.importlib.util, "find_spec", lambda _: None)
    assert "deepprivacy-cam[app]" in _only(desktop.tray(machine.system())).command
    monkeypatch.setattr(desktop.importlib.util, "find_spec", lambda _: object())
    assert "no desktop" in _only(desktop.tray(machine.system())).reason
    machine.environ |= {"WAYLAND_DISPLAY": "wayland-0", "XDG_CURRENT_DESKTOP": "GNOME"}
    assert "could not be asked" in _only(desktop.tray(machine.system())).reason
    _bus(machine, desktop.WATCHER, False)
    gnome = _only(desktop.tray(machine.system()))
    assert gnome.state is State.WARN
    assert "gnome-shell-extension-appindicator" in gnome.command
    machine.environ["XDG_CURRENT_DESKTOP"] = "ubuntu:GNOME"
    assert "gnome-extensions enable" in _only(desktop.tray(machine.system())).command
    machine.environ["XDG_CURRENT_DESKTOP"] = "sway"
    assert "panel" in _only(desktop.tray(machine.system())).command
    _bus(machine, desktop.WATCHER, True)
    assert _only(desktop.tray(machine.system())).state is State.OK


def test_hotkeys(machine: Machine) -> None:
    assert "deepcam toggle" in _only(desktop.hotkeys(machine.system())).command
    machine.environ["XDG_SESSION_TYPE"] = "x11"
    assert "X11" in _only(desktop.hotkeys(machine.system())).reason
    machine.environ |= {"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "KDE"}
    without = _only(desktop.hotkeys(machine.system()))
    assert without.state is State.WARN
    assert "deepcam toggle" in without.command
    portal = f"{desktop.PORTALS}/gnome.portal"
    machine.write(portal, f"[portal]\nInterfaces=a.b;{desktop.SHORTCUTS}\nUseIn=gnome\n")
    assert _only(desktop.hotkeys(machine.system())).state is State.WARN
    machine.environ["XDG_CURRENT_DESKTOP"] = "ubuntu:GNOME"
    assert _only(desktop.hotkeys(machine.system())).state is State.OK


def test_portal(machine: Machine) -> None:
    assert desktop.portal(machine.system()) == []  # no desktop, no portal
    machine.environ |= {"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "KDE"}
    missing = _only(desktop.portal(machine.system()))
    assert "xdg-desktop-portal-kde" in missing.command
    machine.write(f"usr/share/dbus-1/services/{desktop.PORTAL}.service", "")
    assert "no part for this desktop" in _only(desktop.portal(machine.system())).reason
    machine.write(f"{desktop.PORTALS}/kde.portal", "[portal]\nInterfaces=a\n")
    assert _only(desktop.portal(machine.system())).state is State.OK


# The program.


def test_python_too_old_or_too_new(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program.sys, "version_info", (3, 9, 2))
    finding = _only(program.python(machine.system()))
    assert finding.state is State.FAIL
    assert "Install Python" in finding.command


def test_networks_of_the_tracker(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where mediapipe brings none: missing, another set, all there."""
    from deepcam.models import fetch as modelfetch
    from deepcam.runtime import vision

    monkeypatch.setenv("DEEPCAM_MODELS_DIR", str(tmp_path))
    monkeypatch.setattr(modelfetch, "NETWORKS", {})
    monkeypatch.setattr(vision, "installed", lambda: vision.TASKS)
    (finding,) = [f for f in doctor.examine(machine.system()) if f.name == "tracker"]
    assert finding.state is State.FAIL
    assert "deepcam setup --models" in finding.line()
    sets = [
        (State.FAIL, "shows its card", {modelfetch.SHORT_RANGE, modelfetch.BUNDLE_MESH}),
        (State.WARN, "far faces", {modelfetch.SHORT_RANGE, *modelfetch.COMPLETE[1:]}),
        (State.OK, "unaltered", set(modelfetch.COMPLETE)),
    ]
    for state, words, names in sets:
        monkeypatch.setattr(modelfetch, "load", lambda names=names: dict.fromkeys(names, b""))
        finding = _only(program.tracker(machine.system()))
        assert finding.state is state
        assert words in finding.reason
    monkeypatch.setattr(vision, "installed", lambda: vision.LEGACY)
    assert _only(program.tracker(machine.system())).state is State.OK


def test_missing_package(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "LIBRARIES", ("numpy", "no_such_package"))
    findings = program.libraries(machine.system())
    assert findings[0].state is State.FAIL
    assert findings[0].command == "pip install no_such_package"
    assert "numpy" in findings[-1].reason


def test_altered_model(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "generator_small.onnx" in _only(program.models(machine.system())).reason
    folder = tmp_path / "models"
    shutil.copytree(modelstore.MODELS_DIR, folder)
    with (folder / "generator_small.onnx").open("ab") as handle:
        handle.write(b"x")
    monkeypatch.setattr(modelstore, "MODELS_DIR", folder)
    monkeypatch.setattr(doctor, "CHECKS", (("models", program.models),))
    finding = _only(doctor.examine(machine.system()))
    assert finding.state is State.FAIL
    assert "generator_small.onnx" in finding.reason


@pytest.mark.parametrize(
    ("provider", "milliseconds", "card", "state", "command"),
    [
        ("cuda", 3.0, True, State.OK, ""),
        ("cpu", 20.0, False, State.OK, ""),
        ("cpu", 20.0, True, State.WARN, "deepprivacy-cam[cuda]"),
        ("cpu", 60.0, False, State.WARN, "--fps 15"),
    ],
)
def test_provider_and_why(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, provider: str, milliseconds: float,
    card: bool, state: State, command: str,
) -> None:  # fmt: skip
    session = SimpleNamespace(
        size="small", provider=provider, warm_ms=milliseconds, reason="cuda: error 126"
    )
    monkeypatch.setattr("deepcam.generator.session.open_network", lambda: session)
    if card:
        machine.write("dev/nvidiactl", "")
    finding = _only(program.network(machine.system()))
    assert finding.state is state
    assert command in finding.command
    assert provider in finding.reason
    assert "error 126" in finding.reason


# Room.


def test_disk(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPCAM_DATA_DIR", str(tmp_path / "data"))
    assert "GiB free" in _only(space.disk(machine.system())).reason
    usage: Any = SimpleNamespace(free=1 << 20)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: usage)
    assert _only(space.disk(machine.system())).state is State.WARN
    (tmp_path / "data").write_text("a file")
    finding = _only(space.disk(machine.system()))
    assert "cannot be saved" in finding.reason
    assert "DEEPCAM_DATA_DIR" in finding.command


def test_memory(machine: Machine) -> None:
    machine.write("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    1048576 kB\n")
    finding = _only(space.memory(machine.system()))
    assert finding.state is State.WARN
    assert "1.0 GiB" in finding.reason
    machine.write("proc/meminfo", "MemAvailable:    8388608 kB\n")
    assert _only(space.memory(machine.system())).state is State.OK
