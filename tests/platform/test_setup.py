"""``deepcam setup`` writes two files, makes the device, and takes back exactly that."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from platform_machine import OBS, RELEASE, Machine

from deepcam import APP_NAME
from deepcam.cli import main
from deepcam.errors import DeepcamError
from deepcam.platform import loopback, privilege, rootjob
from deepcam.platform.options import Entry, configured, options_text
from deepcam.platform.setup import advice, setup
from deepcam.platform.system import System
from deepcam.sources.v4l2 import Capability

LOAD = "etc/modules-load.d/deepprivacy-cam.conf"
OPTIONS = "etc/modprobe.d/zz-deepprivacy-cam.conf"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(autouse=True)
def _user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)


def _setup(machine: Machine, **more: Any) -> tuple[dict[str, Any], str]:
    said: list[str] = []
    more = {"terminal": True, "run": machine.start, "pause": lambda _: None, **more}
    facts = setup(machine.system(), say=said.append, **more)
    return facts, "\n".join(said)


def _own(machine: Machine) -> list[loopback.Device]:
    return list(loopback.inspect(machine.system()).own)


def test_bare_machine(machine: Machine) -> None:
    machine.install_module()
    facts, said = _setup(machine)
    assert machine.tree("etc")[LOAD] == f"{rootjob.MARKER}\nv4l2loopback\n"
    assert machine.tree("etc")[OPTIONS].splitlines()[1] == (
        "options v4l2loopback devices=1 video_nr=10 exclusive_caps=1 max_buffers=2 "
        f'card_label="{APP_NAME}"'
    )
    assert _own(machine) == [loopback.Device(10, APP_NAME, True)]
    assert facts["device"] == "/dev/video10"
    for line in ("write  /" + OPTIONS, "modprobe v4l2loopback", 'card_label="DeepPrivacy Cam"'):
        assert line in said
    assert machine.ran[0][:2] == ["sudo", "--"]  # asked for once
    assert sum(command[0] == "sudo" for command in machine.ran) == 1


def test_second_time_does_nothing(machine: Machine) -> None:
    machine.install_module()
    _setup(machine)
    machine.ran.clear()
    _, said = _setup(machine)
    assert machine.ran == []
    assert "set up already" in said


def test_undo_leaves_the_machine_as_it_was(machine: Machine) -> None:
    machine.install_module()
    machine.write("etc/modprobe.d/mine.conf", "options snd slots=1\n")
    before = machine.tree("etc", "sys", "dev")
    _setup(machine)
    assert machine.tree("etc", "sys", "dev") != before
    _setup(machine, undo=True)
    assert machine.tree("etc", "sys", "dev") == before
    _, said = _setup(machine, undo=True)
    assert "nothing to take back" in said


def test_undo_keeps_what_somebody_else_wrote(machine: Machine) -> None:
    machine.install_module()
    _setup(machine)
    machine.write(LOAD, "v4l2loopback\n")  # without the marker
    _setup(machine, undo=True)
    assert machine.tree("etc")[LOAD] == "v4l2loopback\n"
    assert OPTIONS not in machine.tree("etc")


def test_dry_run_changes_nothing(machine: Machine) -> None:
    machine.install_module()
    before = machine.tree("etc")
    facts, said = _setup(machine, dry_run=True)
    assert machine.tree("etc") == before
    assert machine.ran == []
    assert OPTIONS in facts["write"]
    assert "Nothing was changed" in said


def test_no_as_an_answer(machine: Machine) -> None:
    machine.install_module()
    with pytest.raises(DeepcamError, match="Nothing was changed"):
        _setup(machine, confirm=lambda: False)
    assert machine.ran == []


@pytest.mark.parametrize("version", ["0.13.2", "0.14.0", "0.15.0"])
def test_beside_obs_on_a_loaded_module(machine: Machine, version: str) -> None:
    machine.install_module()
    machine.load(version)
    machine.loopback(10, OBS)
    _, said = _setup(machine)
    assert 'create /dev/video11 "DeepPrivacy Cam"' in said
    state = loopback.inspect(machine.system())
    assert [(d.number, d.label) for d in state.devices] == [(10, OBS), (11, APP_NAME)]
    assert not any(c[0] == "modprobe" for c in machine.ran)
    # Both come back after a restart.
    assert configured(machine.system()) == [Entry(10, OBS, True), Entry(11, APP_NAME, True)]
    _setup(machine, undo=True)
    assert [d.label for d in loopback.inspect(machine.system()).devices] == [OBS]


@pytest.mark.parametrize("version", ["0.12.5", "0.12.7"])
def test_beside_obs_on_an_old_module_loads_it_again(machine: Machine, version: str) -> None:
    machine.install_module()
    machine.load(version)
    machine.loopback(2, OBS)
    facts, _ = _setup(machine)
    assert facts["steps"] == ["unload", "load"]
    state = loopback.inspect(machine.system())
    assert [(d.number, d.label) for d in state.devices] == [(2, OBS), (10, APP_NAME)]


def test_devices_asked_for_in_other_files_stay(machine: Machine) -> None:
    machine.install_module()
    machine.write(
        "etc/modprobe.d/obs.conf",
        f'options v4l2loopback devices=2 video_nr=10,-1 card_label="{OBS},Spare"\n'
        "options v4l2loopback exclusive_caps=1,0\n",
    )
    _setup(machine)
    assert configured(machine.system()) == [
        Entry(10, OBS, True), Entry(-1, "Spare", False), Entry(11, APP_NAME, True)
    ]  # fmt: skip


def test_a_package_that_set_it_up_is_enough(machine: Machine) -> None:
    machine.install_module()
    machine.write("usr/lib/modules-load.d/deepprivacy-cam.conf", "v4l2loopback\n")
    machine.write(
        "usr/lib/modprobe.d/deepprivacy-cam.conf",
        f'options v4l2loopback video_nr=10 exclusive_caps=1 card_label="{APP_NAME}"\n',
    )
    facts, _ = _setup(machine)
    assert facts["write"] == {}
    assert facts["steps"] == ["load"]
    assert _own(machine)


def test_a_file_that_would_override_ours_is_named(machine: Machine) -> None:
    machine.install_module()
    machine.write("etc/modprobe.d/zzz.conf", 'options v4l2loopback devices=1 card_label="X"\n')
    plan = loopback.plan(machine.system())
    assert any("zzz.conf" in note for note in plan.notes)


def test_taken_numbers_are_left_out(machine: Machine) -> None:
    machine.install_module()
    for number in (10, 11, 12):
        machine.webcam(number)
    assert loopback.plan(machine.system()).number == 13


def test_all_numbers_taken(machine: Machine) -> None:
    machine.install_module()
    for number in range(256):
        machine.write(f"dev/video{number}", "")
    with pytest.raises(DeepcamError, match="256 numbers"):
        loopback.plan(machine.system())


def test_too_many_devices_of_others(machine: Machine) -> None:
    machine.install_module()
    machine.load("0.15.0")
    for number in range(8):
        machine.loopback(number, f"Other {number}")
    with pytest.raises(DeepcamError, match="8 devices at most"):
        loopback.plan(machine.system())


@pytest.mark.parametrize("version", ["0.12.7", "0.15.0"])
def test_device_without_exclusive_caps_is_made_anew(machine: Machine, version: str) -> None:
    machine.install_module()
    machine.load(version)
    machine.loopback(4, APP_NAME, exclusive=False)
    assert _own(machine)[0].exclusive is False
    _setup(machine)
    assert _own(machine) == [loopback.Device(4, APP_NAME, True)]


def test_exclusive_caps_from_the_parameters_when_the_device_is_silent(machine: Machine) -> None:
    machine.load()
    machine.loopback(10, APP_NAME)
    machine.caps["video10"] = Capability("v4l2 loopback", APP_NAME, "", False, False)
    machine.write("sys/module/v4l2loopback/parameters/video_nr", "3,10,-1,-1\n")
    machine.write("sys/module/v4l2loopback/parameters/exclusive_caps", "Y,N,N,N\n")
    assert _own(machine)[0].exclusive is False


def test_a_device_in_use_is_not_taken_away(machine: Machine) -> None:
    machine.install_module()
    machine.load("0.12.7")
    machine.loopback(2, OBS)
    machine.process(77, "obs", holds="video2")
    with pytest.raises(DeepcamError, match=r"OBS.*obs \(process 77\)"):
        loopback.plan(machine.system())


@pytest.mark.parametrize("version", ["0.12.7", "0.15.0"])
def test_undo_waits_for_those_who_use_it(machine: Machine, version: str) -> None:
    machine.install_module()
    _setup(machine)
    machine.load(version)
    machine.process(77, "zoom", holds="video10")
    with pytest.raises(DeepcamError, match=r"zoom \(process 77\)"):
        _setup(machine, undo=True)
    assert OPTIONS in machine.tree("etc")


def test_root_removes_only_files_with_the_marker(machine: Machine) -> None:
    machine.write(OPTIONS, "options v4l2loopback devices=1\n")
    job = {"write": {}, "remove": [OPTIONS], "steps": []}
    assert rootjob.perform(job, machine.root, machine.modprobe, machine.control) == []
    assert OPTIONS in machine.tree("etc")


def test_module_not_installed(machine: Machine) -> None:
    with pytest.raises(DeepcamError, match=rf"not installed.*apt-get.*linux-headers-{RELEASE}"):
        loopback.plan(machine.system())
    assert machine.tree("etc") == {"etc/os-release": "ID=debian\n"}


def test_dkms_has_not_built_it(machine: Machine) -> None:
    machine.write("usr/src/v4l2loopback-0.12.7/dkms.conf", "")
    with pytest.raises(DeepcamError, match=r"DKMS has not built.*dkms install v4l2loopback/0.12.7"):
        loopback.plan(machine.system())
    (machine.root / f"lib/modules/{RELEASE}/build").rmdir()
    with pytest.raises(DeepcamError, match=r"headers.*linux-headers"):
        loopback.plan(machine.system())


def test_secure_boot_refuses_an_unsigned_module(machine: Machine) -> None:
    machine.install_module(data=b"\x7fELF")
    machine.write(
        "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        b"\x06\0\0\0\x01",
    )
    with pytest.raises(DeepcamError, match=r"Secure Boot.*mokutil --import"):
        loopback.plan(machine.system())
    machine.install_module(data=b"\x7fELF~Module signature appended~\n")
    assert loopback.plan(machine.system()).steps == ("load",)


def test_read_only_etc(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.install_module()
    whole = System.read_only
    monkeypatch.setattr(System, "read_only", lambda *_: True)
    before = machine.tree("etc")
    with pytest.raises(DeepcamError, match=r"read-only.*--dry-run"):
        _setup(machine)
    assert machine.ran == []
    assert machine.tree("etc") == before
    assert OPTIONS in _setup(machine, dry_run=True)[0]["write"]  # as the sentence says
    monkeypatch.setattr(System, "read_only", whole)
    _setup(machine)
    monkeypatch.setattr(System, "read_only", lambda *_: True)
    with pytest.raises(DeepcamError, match="read-only"):
        _setup(machine, undo=True)
    assert _own(machine)


def test_read_only_found_while_writing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.install_module()
    whole = os.replace

    def refuse(source: Any, target: Any) -> None:
        if "modprobe.d" in str(target):
            raise OSError(errno.EROFS, "Read-only file system", str(target))
        whole(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    before = machine.tree("etc")
    with pytest.raises(DeepcamError, match=r"read-only.*card_label") as failed:
        _setup(machine)
    assert "For this session only" in failed.value.remedy
    assert machine.tree("etc") == before  # the first file is gone again


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("modprobe: FATAL: Module v4l2loopback not found in directory", "not installed"),
        ("modprobe: ERROR: could not insert: Key was rejected by service", "Secure Boot"),
        ("modprobe: FATAL: Module v4l2loopback is in use.", "in use"),
        ("modprobe: ERROR: could not insert 'v4l2loopback': Invalid argument", "Invalid argument"),
    ],
)
def test_a_refused_module_leaves_nothing(machine: Machine, said: str, sentence: str) -> None:
    machine.install_module()
    machine.modprobe = lambda _: (1, said + "\n")  # type: ignore[method-assign]
    (machine.root / "etc/modules-load.d").rmdir()
    before = machine.tree("etc")
    with pytest.raises(DeepcamError, match=sentence):
        _setup(machine)
    assert machine.tree("etc") == before
    assert not (machine.root / "etc/modules-load.d").exists()


def test_a_driver_that_misunderstands_is_found_out(machine: Machine) -> None:
    machine.install_module()
    machine.load("0.13.0")

    def confused(number: int, argument: bytes | int) -> int:
        if number == rootjob.ADD:
            machine.loopback(10, "Dummy video device (0x000A)")
            return 10
        return Machine.control(machine, number, argument)

    machine.control = confused  # type: ignore[method-assign]
    with pytest.raises(DeepcamError, match="did not understand"):
        _setup(machine)
    assert loopback.inspect(machine.system()).devices == ()
    assert LOAD not in machine.tree("etc")


def test_the_initramfs_is_rebuilt_where_it_holds_the_module(machine: Machine) -> None:
    machine.install_module()
    machine.write("etc/initramfs-tools/modules", "# v4l2loopback\n")
    assert "initramfs" not in loopback.plan(machine.system()).steps
    machine.write("etc/initramfs-tools/modules", "v4l2loopback\n")
    assert loopback.plan(machine.system()).steps == ("load", "initramfs")


def test_somebody_elses_file_under_our_name(machine: Machine) -> None:
    machine.install_module()
    machine.write(OPTIONS, "options v4l2loopback devices=1\n")
    with pytest.raises(DeepcamError, match="somebody else"):
        loopback.plan(machine.system())


# Root.


def test_who_asks_for_the_password(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.programs = {"sudo", "pkexec"}
    assert privilege.way(machine.system(), True) == ["sudo", "--"]
    with pytest.raises(DeepcamError, match="neither a terminal nor a desktop"):
        privilege.way(machine.system(), False)
    machine.environ["WAYLAND_DISPLAY"] = "wayland-0"
    assert privilege.way(machine.system(), False) == ["pkexec"]
    machine.programs = set()
    with pytest.raises(DeepcamError, match="neither sudo nor pkexec"):
        privilege.way(machine.system(), True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert privilege.way(machine.system(), False) == []


def test_no_root_writes_nothing(machine: Machine) -> None:
    machine.install_module()
    machine.programs = set()
    before = machine.tree("etc")
    asked: list[int] = []
    with pytest.raises(DeepcamError, match="needs root once"):
        _setup(machine, terminal=False, confirm=lambda: bool(asked.append(1)))
    assert machine.tree("etc") == before
    assert not asked


@pytest.mark.parametrize(
    ("asker", "code", "sentence"), [("pkexec", 126, "closed the question"), ("sudo", 1, "sudo did")]
)
def test_a_password_not_given(machine: Machine, asker: str, code: int, sentence: str) -> None:
    machine.install_module()
    machine.programs = {asker}
    machine.environ["DISPLAY"] = ":0"

    def refuse(_: Sequence[str]) -> tuple[int, str]:
        return code, ""

    with pytest.raises(DeepcamError, match=sentence):
        _setup(machine, run=refuse)


@pytest.mark.parametrize(
    "job",
    [
        {"write": {"etc/passwd": rootjob.MARKER + "\n"}, "remove": [], "steps": []},
        {"write": {}, "remove": ["../etc/passwd"], "steps": []},
        {"write": {}, "remove": [], "steps": ["rm -rf /"]},
        {"write": {}, "remove": [], "steps": ["add:-1"]},
        {"write": {OPTIONS: f"{rootjob.MARKER}\ninstall x /bin/sh\n"}, "remove": [], "steps": []},
        {"write": {OPTIONS: "options v4l2loopback\n"}, "remove": [], "steps": []},
        {"write": {OPTIONS: f"{rootjob.MARKER}\n# \\\n"}, "remove": [], "steps": []},
        {"write": {OPTIONS: f"{rootjob.MARKER}\n# \x1b[2J\n"}, "remove": [], "steps": []},
        {"write": {}, "remove": [], "steps": [], "root": "/"},
    ],
)
def test_root_does_nothing_else(tmp_path: Path, job: dict[str, Any]) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(rootjob.JobError, match="not a job"):
        rootjob.perform(job, tmp_path, never, never)
    assert list(tmp_path.iterdir()) == []


def test_labels_of_others_cannot_break_the_line() -> None:
    text = options_text([Entry(1, 'A", install x\n\\#é' + "y" * 40, True)])
    assert len(text.splitlines()) == 2
    rootjob.check({"write": {OPTIONS: text}, "remove": [], "steps": []})


def test_roots_file_runs_on_its_own(tmp_path: Path) -> None:
    """With no package around it, and it refuses what it does not know."""
    job = {"write": {}, "remove": [], "steps": ["format"]}
    done = subprocess.run(privilege.command(job), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "not a job" in json.loads(done.stdout)["what"]
    empty = subprocess.run(
        [sys.executable, "-I", rootjob.__file__, "nonsense"], capture_output=True, text=True
    )
    assert empty.returncode == 1
    assert "not a job" in empty.stdout


def test_roots_label_is_ours() -> None:
    assert rootjob.LABEL == APP_NAME  # repeated there, because root imports nothing of ours


# Other systems and the command line.


def test_other_systems_get_advice(machine: Machine) -> None:
    said: list[str] = []
    setup(machine.system(platform="darwin"), say=said.append)
    assert "OBS Virtual Camera" in said[0]
    assert "UnityCaptureName=DeepPrivacy Cam" in advice("win32")


def test_command_line(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.install_module()
    monkeypatch.setattr("deepcam.platform.setup.System", machine.system)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as end:
        main(["setup", "--dry-run", "--json"])
    assert not end.value.code
    assert json.loads(capsys.readouterr().out)["device"] == "/dev/video10"
    monkeypatch.setattr("sys.stdin", io.StringIO())
    machine.environ["DISPLAY"] = ":0"
    machine.programs = {"pkexec"}
    with pytest.raises(SystemExit) as end:
        main(["setup"])
    assert end.value.code == 1
    assert "Add --yes" in capsys.readouterr().err


def test_root_is_given_the_text_and_a_python_nobody_else_can_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of this user may be another one when the password has been typed."""
    asked = privilege.command({"write": {}, "remove": [], "steps": []})
    assert str(Path(rootjob.__file__)) not in asked
    assert asked[1:4] == ["-I", "-S", "-c"]
    assert asked[4] == Path(rootjob.__file__).read_text()
    mine = tmp_path / "python"
    mine.symlink_to("/bin/true")
    system = tmp_path / "system"
    system.write_text("#!/bin/sh\n")
    system.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(mine))
    monkeypatch.setattr(privilege, "PYTHONS", (str(system),))
    monkeypatch.setattr(privilege, "is_roots", lambda path: path == system)
    assert privilege.command({})[0] == str(system)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert privilege.command({})[:2] == [str(system), "-I"]
    monkeypatch.setattr(privilege, "PYTHONS", ())
    assert privilege.command({})[1:3] == ["setup", privilege.HIDDEN]


def test_what_is_roots(tmp_path: Path) -> None:
    assert privilege.is_roots(Path("/usr/bin/env"))
    assert not privilege.is_roots(Path("/nowhere"))
    mine = tmp_path / "python"
    mine.write_text("")
    mine.chmod(0o777)
    assert not privilege.is_roots(mine)
    link = tmp_path / "link"
    link.symlink_to("/usr/bin/env")
    assert privilege.is_roots(link)  # what it leads to is handed over, not the link


def test_the_job_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text alone does it, with nothing of the directory or the environment around it."""
    (tmp_path / "json.py").write_text("raise SystemExit('this user was believed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    job = {"write": {"etc/passwd": ""}, "remove": [], "steps": []}
    done = subprocess.run(privilege.command(job), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert json.loads(done.stdout)["what"].startswith("This is not a job of deepcam setup")
