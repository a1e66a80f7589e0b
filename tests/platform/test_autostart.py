"""Start at login: the desktop entry for real, Windows and macOS against stand-ins."""

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from deepcam.errors import DeepcamError
from deepcam.platform import autostart, desktop_entry
from deepcam.platform.autostart import is_autostart, set_autostart

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the files are Linux's")


def entry_file() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"], "autostart", f"{desktop_entry.APP_ID}.desktop")


def test_on_and_off():
    assert not is_autostart()
    set_autostart(False)
    set_autostart(True)
    set_autostart(True)
    assert is_autostart()
    assert [p.name for p in entry_file().parent.iterdir()] == [entry_file().name]
    set_autostart(False)
    assert not is_autostart()
    assert not entry_file().exists()


def test_the_entry_is_valid_and_names_the_running_program():
    set_autostart(True)
    lines = dict(line.split("=", 1) for line in entry_file().read_text().splitlines()[1:])
    command = shlex.split(lines["Exec"])
    # At login the window stays away, and nobody has asked for the camera.
    assert command == [*desktop_entry.start_command(), "--hidden"]
    assert lines["TryExec"] == command[0]
    assert os.access(command[0], os.X_OK)
    if shutil.which("desktop-file-validate"):
        subprocess.run(["desktop-file-validate", entry_file()], check=True)


def test_awkward_paths_are_quoted(monkeypatch):
    monkeypatch.setenv("APPIMAGE", '/home/a b/$x`"\\100%.AppImage')
    text = desktop_entry.entry()
    # By hand from the specification: quoting of arguments, then of strings.
    assert r'Exec="/home/a b/\\$x\\`\\"\\\\100%%.AppImage"' in text
    assert 'TryExec=/home/a b/$x`"\\\\100%.AppImage' in text


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled = false"])
def test_switched_off_in_the_desktops_own_settings(line):
    set_autostart(True)
    entry_file().write_text(f"[Desktop Entry]\nType=Application\n{line}\n")
    assert not is_autostart()
    set_autostart(True)
    assert is_autostart()


def test_what_cannot_be_written_is_told(own_home):
    (own_home / "config").write_text("a file where the directory should be")
    with pytest.raises(DeepcamError, match="cannot be written"):
        set_autostart(True)
    assert not is_autostart()


def test_the_systems_own_entry_is_enough(tmp_path, monkeypatch):
    system = tmp_path / "applications" / f"{desktop_entry.APP_ID}.desktop"
    system.parent.mkdir()
    system.touch()
    monkeypatch.setenv("XDG_DATA_DIRS", f"/nowhere:{tmp_path}")
    assert desktop_entry.install() == system
    monkeypatch.setenv("XDG_DATA_DIRS", "/nowhere")
    mine = desktop_entry.install()
    assert mine.is_relative_to(os.environ["XDG_DATA_HOME"])
    assert "Exec=" in mine.read_text()


def test_launch_agent(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path))
    set_autostart(True)
    (path,) = (tmp_path / "Library" / "LaunchAgents").iterdir()
    facts = plistlib.loads(path.read_bytes())
    assert facts["ProgramArguments"] == [*desktop_entry.start_command(), "--hidden"]
    assert facts["RunAtLoad"] is True
    assert is_autostart()
    path.write_bytes(b"nonsense")
    assert not is_autostart()
    set_autostart(False)
    assert not path.exists()


class FakeRegistry(types.ModuleType):
    """``winreg`` with one user's values: (key, name) -> value."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = 1, 2, 1

    def __init__(self):
        super().__init__("winreg")
        self.values = {}

    class Key(str):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    def CreateKeyEx(self, root, path, *_):  # noqa: N802
        return self.Key(path)

    OpenKey = CreateKeyEx

    def SetValueEx(self, key, name, _, kind, value):  # noqa: N802
        self.values[str(key), name] = value

    def QueryValueEx(self, key, name):  # noqa: N802
        try:
            return self.values[str(key), name], 1
        except KeyError:
            raise FileNotFoundError from None

    def DeleteValue(self, key, name):  # noqa: N802
        self.QueryValueEx(key, name)
        del self.values[str(key), name]


@pytest.mark.parametrize("frozen", [False, True])
def test_windows_starts_the_program_without_a_console(monkeypatch, tmp_path, frozen):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "deepcam.exe"))
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    (tmp_path / "deepcam.exe").touch()
    if frozen:
        assert desktop_entry.start_command() == [str(tmp_path / "deepcam.exe")]
    (tmp_path / "deepcam-app.exe").touch()
    assert desktop_entry.start_command() == [str(tmp_path / "deepcam-app.exe")]


def test_run_key(monkeypatch):
    registry = FakeRegistry()
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(sys, "platform", "win32")
    assert not is_autostart()
    set_autostart(False)
    set_autostart(True)
    assert is_autostart()
    ((path, name),) = registry.values
    assert path.endswith(r"CurrentVersion\Run")
    # As the Task Manager leaves it when a person switches the program off there.
    registry.values[autostart._APPROVED, name] = b"\x03" + bytes(11)
    assert not is_autostart()
    set_autostart(True)
    assert is_autostart()
    set_autostart(False)
    assert not registry.values
