"""Sources and outputs behind an address; fsspec's store in memory stands for all of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from recipes import Film, chart, film, rgb
from test_files_table import BoxPainter

from deepcam.batch import addresses, work
from deepcam.batch.files import Options, anonymize, left_out, plan
from deepcam.errors import DeepcamError

fsspec = pytest.importorskip("fsspec", reason="needs the extra cluster")
pytestmark = pytest.mark.usefixtures("plain_stderr")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    picture = io.BytesIO()
    rgb(chart()).save(picture, "PNG")
    film(tmp_path / "f.mkv", Film(frames=3))
    for name, data in (
        ("a.png", picture.getvalue()),
        ("deep/b.png", picture.getvalue()),
        ("deep/film.mkv", (tmp_path / "f.mkv").read_bytes()),
        ("deep/film.mpg", (tmp_path / "f.mkv").read_bytes()),
        ("broken.jpg", b"\xff\xd8\xff nothing"),
        ("note.txt", b"x"),
        (".hidden/c.png", picture.getvalue()),
    ):
        system.pipe_file(f"/in/{name}", data)
    yield system
    system.store.clear()
    assert list((tmp_path / "tmp").iterdir()) == []


def names(system: Any, folder: str) -> set[str]:
    return {path[len(folder) + 1 :] for path in system.find(folder)}


def test_a_folder_from_address_to_address(store: Any, run: Any, tmp_path: Path) -> None:
    listed = tmp_path / "list.jsonl"
    args = ("anonymize", "memory://in", "-o", "memory://out", "-j", 1, "--manifest", listed)
    code, out, err = run(*args)
    assert code == 1
    assert err.startswith("memory://in/broken.jpg is not a picture")
    assert "memory://in/note.txt" in out
    made = {"a.png", "deep/b.png", "deep/film.mkv", "deep/film.mp4"}
    assert names(store, "/out") == made
    lines = [json.loads(line) for line in listed.read_text().splitlines()]
    assert {line["target"] for line in lines if line["status"] == "done"} == {
        f"memory://out/{name}" for name in made
    }
    again = run(*args, "--json")
    assert json.loads(again[1])["kept"] == 4
    assert "memory://in/broken.jpg" in again[2]


def test_one_file_to_and_fro(store: Any, tmp_path: Path) -> None:
    anonymize(plan(["memory://in/a.png"], tmp_path / "o.jpg"), Options())
    assert (tmp_path / "o.jpg").is_file()
    anonymize(plan([tmp_path / "o.jpg"], "memory://back/x.png"), Options())
    assert names(store, "/back") == {"x.png"}
    with pytest.raises(DeepcamError, match="exists already"):
        plan([tmp_path / "o.jpg"], "memory://back/x.png")
    with pytest.raises(DeepcamError, match="one of the inputs"):
        plan(["memory://in/a.png"], "memory://in/a.png", force=True)
    assert left_out(["memory://in/a.png"], "memory://out") == []


def test_what_cannot_be_reached(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeepcamError, match="nothing at memory://nowhere"):
        plan(["memory://nowhere"], "memory://out")
    with pytest.raises(DeepcamError, match="cannot be reached"):
        plan(["nosuchthing://a"], "memory://out")

    def refuse(*_: object) -> None:
        raise PermissionError("key=SECRET")

    monkeypatch.setattr(type(store), "put_file", refuse)
    with pytest.raises(DeepcamError, match=r"PermissionError") as caught:
        anonymize(plan(["memory://in/a.png"], "memory://out/a.png"), Options())
    assert "SECRET" not in str(caught.value)
    assert not addresses.exists("memory://out/a.png")
