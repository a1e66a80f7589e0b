"""The tracker's networks are fetched once, checked, and nothing is left half-written."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deepcam.errors import DeepcamError
from deepcam.models import fetch as modelfetch
from deepcam.models.fetch import Source
from deepcam.runtime import vision

CONTENTS = {name: f"network {name} ".encode() * 500 for name in modelfetch.COMPLETE}
BUNDLE = {n: b"near " * 100 for n in (modelfetch.SHORT_RANGE, modelfetch.BUNDLE_MESH)}
Serve = Callable[[bytes], Source]


@pytest.fixture(autouse=True)
def own_networks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Small stand-ins for the networks, and a folder of this test's own."""
    sums = {n: hashlib.sha256(d).hexdigest() for n, d in (CONTENTS | BUNDLE).items()}
    monkeypatch.setattr(modelfetch, "NETWORKS", sums)
    monkeypatch.setenv("DEEPCAM_MODELS_DIR", str(tmp_path / "networks"))
    return tmp_path / "networks"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return archive(tmp_path / "release.whl", CONTENTS)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A publisher on this computer; how many asked is counted."""
    body = b""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def publish(data: bytes) -> Source:
        nonlocal body
        body = data
        url = f"http://127.0.0.1:{server.server_port}/release.whl"
        return Source(url, hashlib.sha256(data).hexdigest(), len(data))

    yield publish
    server.shutdown()
    server.server_close()


def archive(path: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("mediapipe/__init__.py", "raise SystemExit")
        for name, data in contents.items():
            z.writestr(f"mediapipe/modules/{name}", data)
    return path


def fetch(file: Path | None = None, source: Source = modelfetch.PUBLISHED) -> dict[str, object]:
    return modelfetch.fetch_tracker_model(file, source=source, say=lambda _: None)


def test_downloaded_once_with_progress(release: Path, serve: Serve, own_networks: Path) -> None:
    source = serve(release.read_bytes())
    steps: list[tuple[int, int]] = []
    facts = modelfetch.fetch_tracker_model(
        source=source, say=lambda _: None, progress=lambda a, b: steps.append((a, b))
    )
    assert facts["complete"]
    assert facts["downloaded"]
    assert steps[-1] == (source.size, source.size)
    assert modelfetch.load() == CONTENTS
    assert sorted(p.name for p in own_networks.iterdir()) == sorted(CONTENTS)
    nowhere = dataclasses.replace(source, url="http://127.0.0.1:1/x")
    assert not fetch(source=nowhere)["downloaded"]  # they are there: nobody is asked


def test_given_as_a_file(release: Path) -> None:
    assert fetch(release)["complete"]
    assert modelfetch.load() == CONTENTS


def test_a_bundle_is_taken_and_called_incomplete(tmp_path: Path) -> None:
    lines: list[str] = []
    path = archive(tmp_path / "face_landmarker.task", BUNDLE)
    facts = modelfetch.fetch_tracker_model(path, say=lines.append)
    assert not facts["complete"]
    assert "no person segmentation" in lines[-1]
    assert modelfetch.load() == BUNDLE


@pytest.mark.parametrize("spoil", ["other bytes", "too short", "too long"])
def test_a_wrong_download_leaves_nothing(
    release: Path, serve: Serve, own_networks: Path, spoil: str
) -> None:
    data = release.read_bytes()
    source = serve(data)
    other = {"other bytes": data[:-1] + b"!", "too short": data[:-9], "too long": data + b"!"}
    serve(other[spoil])
    with pytest.raises(DeepcamError, match=r"checksum differs|of \d+ bytes came"):
        fetch(source=source)
    assert list(own_networks.iterdir()) == []


def test_no_network(own_networks: Path) -> None:
    with pytest.raises(DeepcamError, match="could not be downloaded") as error:
        fetch(source=Source("http://127.0.0.1:1/release.whl", "0" * 64, 10))
    assert "--file PATH" in error.value.remedy
    assert list(own_networks.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: archive(p, {"readme.tflite": b"x"}), "does not hold"),
        (lambda p: archive(p, CONTENTS | {modelfetch.PERSONS: b"other"}), "checksum differs"),
        (lambda p: p.write_bytes(b"PK\3\4 cut off"), "not a complete release"),
        (lambda p: None, "cannot be read"),
    ],
)
def test_a_wrong_file(
    make: Callable[[Path], object], words: str, tmp_path: Path, release: Path
) -> None:
    """Clear words, and what was there before stays."""
    fetch(release)
    make(tmp_path / "given.whl")
    with pytest.raises(DeepcamError, match=words):
        fetch(tmp_path / "given.whl")
    assert modelfetch.load() == CONTENTS


def test_altered_and_missing_networks(release: Path, own_networks: Path) -> None:
    with pytest.raises(DeepcamError, match="not on this computer yet"):
        modelfetch.load()
    fetch(release)
    (own_networks / modelfetch.PERSONS).write_bytes(b"altered")
    with pytest.raises(DeepcamError, match="damaged") as error:
        modelfetch.load()
    assert modelfetch.COMMAND in error.value.remedy
    fetch(release)
    assert modelfetch.load() == CONTENTS


def test_a_place_that_cannot_be_written(release: Path, own_networks: Path) -> None:
    own_networks.write_text("a file where the folder should be")
    with pytest.raises(DeepcamError, match="cannot be written"):
        fetch(release)


def test_removed_without_a_trace(release: Path, own_networks: Path) -> None:
    fetch(release)
    (own_networks / ".download-x.part").write_bytes(b"left by a power cut")
    assert len(modelfetch.remove()) == len(CONTENTS) + 1
    assert not own_networks.exists()
    assert modelfetch.remove() == []


# The command.


def test_the_command_takes_a_file_and_gives_it_back(
    run: Callable[..., tuple[int, str, str]], release: Path, own_networks: Path
) -> None:
    code, out, err = run("setup", "--models", "--file", release, "--json")
    assert code == 0, err
    assert json.loads(out)["networks"]["complete"] is True
    assert modelfetch.load() == CONTENTS
    code, out, _ = run("setup", "--models", "--undo", "--dry-run")
    assert code == 0
    assert modelfetch.load() == CONTENTS
    code, out, _ = run("setup", "--models", "--undo")
    assert code == 0
    assert modelfetch.PERSONS in out
    assert not own_networks.exists()


def test_the_command_says_what_is_wrong_with_a_file(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, plain_stderr: None
) -> None:
    code, _, err = run("setup", "--file", tmp_path / "nothing.whl")
    assert code == 1
    assert "cannot be read" in err
    assert "Traceback" not in err


def test_the_command_fetches_only_where_it_is_needed(
    run: Callable[..., tuple[int, str, str]],
    serve: Serve,
    release: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vision, "installed", lambda: vision.LEGACY)
    assert "nothing to fetch" in run("setup", "--models")[1]
    monkeypatch.setattr(vision, "installed", lambda: vision.TASKS)
    monkeypatch.setattr(modelfetch, "PUBLISHED", serve(release.read_bytes()))
    code, out, _ = run("setup", "--models", "--dry-run")
    assert code == 0
    assert "would be put into" in out
