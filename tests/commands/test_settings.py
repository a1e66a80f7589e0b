"""The settings file: what is read, what is kept, what is set aside."""

import datetime
import stat
import tomllib

import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from dataclasses import replace

from deepcam.app.settings import Settings, SettingsFile, dump, parse
from deepcam.errors import DeepcamError


def test_what_is_saved_is_loaded_again(tmp_path):
    made = Settings(
        camera='Cam "Ä" \\ 2',
        size=(640, 480),
        fps=12.5,
        output="null",
        face="Mara Lind",
        on_doubt="card",
        hotkeys={"toggle": "F9", "new_face": "", "panic": "Pause"},
        start_at_login=True,
        mirror_preview=False,
        language="nb",
        reduced_motion=True,
    )
    SettingsFile(tmp_path / "new").save(made)
    again = SettingsFile(tmp_path / "new")
    assert again.load() == []
    assert again.now == made
    assert stat.S_IMODE(again.path.stat().st_mode) == 0o600
    assert [p.name for p in again.folder.iterdir()] == ["settings.toml"]


def test_nothing_there_gives_the_defaults(tmp_path):
    store = SettingsFile(tmp_path)
    assert store.load() == []
    assert store.now == Settings()


def test_the_folder_can_be_given(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPCAM_CONFIG_DIR", str(tmp_path / "here"))
    assert SettingsFile().path == tmp_path / "here" / "settings.toml"


def test_unknown_keys_are_kept(tmp_path):
    text = (
        'later = [1, 2.5, "x\\u007f"]\nwhen = 2031-02-03\n"odd key" = true\nfps = 24\nbig = inf\n'
        '[hotkeys]\npanic = "F7"\nsing = "F8"\n[far."a b"]\ndeep = {x = 1, y = ["z"]}\n'
    )
    (tmp_path / "settings.toml").write_text(text)
    store = SettingsFile(tmp_path)
    assert store.load() == []
    store.save(replace(store.now, fps=25.0))
    before, after = tomllib.loads(text), tomllib.loads(store.path.read_text())
    for key in ("later", "when", "odd key", "big", "far"):
        assert after[key] == before[key]
    assert after["when"] == datetime.date(2031, 2, 3)
    assert after["hotkeys"]["sing"] == "F8"
    assert after["hotkeys"]["panic"] == "F7"
    assert after["hotkeys"]["toggle"]
    assert after["fps"] == 25


@pytest.mark.parametrize("bad", [b"fps = = 3", b"\xff\xfe\x00", b"x" * 300_000, b"[" * 90_000])
def test_a_broken_file_is_set_aside_with_a_sentence(tmp_path, bad):
    store = SettingsFile(tmp_path)
    store.path.write_bytes(bad)
    said = store.load()
    assert len(said) == 1
    assert "damaged" in said[0]
    assert store.now == Settings()
    assert not store.path.exists()
    assert (tmp_path / "settings.broken.toml").read_bytes() == bad


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fps", 0),
        ("fps", "30"),
        ("fps", True),
        ("fps", float("nan")),
        ("size", "1281x720"),
        ("size", "-2x2"),
        ("size", "1x2x3"),
        ("size", 720),
        ("output", "file:/etc/passwd"),
        ("camera", 3),
        ("camera", "a\nb"),
        ("face", "123"),
        ("on_doubt", "nothing"),
        ("hotkeys", "F9"),
        ("hotkeys", {"toggle": 3}),
        ("start_at_login", 1),
        ("mirror_preview", "yes"),
        ("language", "xx"),
    ],
)
def test_a_wrong_value_costs_only_itself(key, value):
    made, said = parse({key: value, "reduced_motion": True})
    assert len(said) == 1
    assert key in said[0]
    assert made == Settings(reduced_motion=True)


def test_wrong_values_are_not_written(tmp_path):
    store = SettingsFile(tmp_path)
    store.save(Settings(fps=10))
    for wrong in (Settings(fps=0), Settings(size=(3, 3)), Settings(face="7")):
        with pytest.raises(DeepcamError):
            store.save(wrong)
    assert store.now.fps == 10
    assert SettingsFile(tmp_path).load() == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    store = SettingsFile(tmp_path / "file")
    assert store.load() == [] or "cannot be read" in store.load()[0]
    with pytest.raises(DeepcamError, match="cannot be kept"):
        store.save(Settings(fps=10))
    assert store.now == Settings()


def test_the_file_can_be_read_by_people():
    lines = dump(Settings()).splitlines()
    assert lines[0].startswith("# Settings")
    assert 'size = "1280x720"' in lines
    assert "[hotkeys]" in lines
