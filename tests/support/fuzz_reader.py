"""Reads hostile files as the commands do, one after the other in one process.

``python fuzz_reader.py LIST FOLDER``: LIST has one path a line. For each, ``begin N`` and then
``end N`` with a JSON object (exit status, last line on stderr) is written to stdout. A crash is
seen by the missing end.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import sys
import traceback
from pathlib import Path

from stand_in import take_its_place


def through_the_command_line(arguments: list[str]) -> tuple[int, str]:
    from deepcam import cli

    cli.batch.quiet_libraries = lambda: None
    said = io.StringIO()
    code = 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            cli.main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, said.getvalue()


def read(path: Path, folder: Path) -> tuple[int, str]:
    kind = path.parent.name
    if kind == "toml":
        return settings(path, folder)
    if kind in ("identity", "npz"):
        gallery = Path(os.environ["DEEPCAM_DATA_DIR"]) / "identities"
        shutil.rmtree(gallery, ignore_errors=True)
        code, said = through_the_command_line(["identities", "import", str(path)])
        gallery.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, gallery / "hostile.identity")
        listed, more = through_the_command_line(["identities", "list"])
        if listed:
            return 99, f"list: {more}"
        return code, said
    target = folder / f"out{path.suffix if path.suffix != '.gif' else '.mp4'}"
    target.unlink(missing_ok=True)
    code, said = through_the_command_line(["anonymize", str(path), "-o", str(target), "--force"])
    parts = [place.name for place in folder.iterdir() if place.name.startswith(".")]
    if parts:
        return 99, f"half a file was left: {parts} {said}"
    # What could be read of a film that breaks off is kept, and the status says that it is not all.
    if code and target.exists() and "could be read" not in said:
        return 99, f"a file was written: {said}"
    return code, said


def settings(path: Path, folder: Path) -> tuple[int, str]:
    """As the app reads them: it never fails, says what it could not use, and can save again."""
    from deepcam.app.settings import SettingsFile

    place = folder / "settings"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copy(path, place / "settings.toml")
    store = SettingsFile(place)
    said = store.load()
    store.save(store.now)
    again = SettingsFile(place)
    if again.load() or again.now != store.now:
        return 99, "what was saved is read differently"
    return (1, said[0]) if said else (0, "")


def main() -> None:
    names, folder = Path(sys.argv[1]).read_text().splitlines(), Path(sys.argv[2])
    take_its_place()
    # A file that claims to be large must not take the machine with it.
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    for number, name in enumerate(names):
        print("begin", number, flush=True)
        try:
            code, said = read(Path(name), folder)
        except BaseException:
            code, said = 98, traceback.format_exc()
        lines = said.strip().splitlines()
        facts = {"code": code, "said": lines[-1] if lines else "", "lines": len(lines)}
        print("end", number, json.dumps(facts if code < 90 else {**facts, "all": said}), flush=True)


if __name__ == "__main__":
    main()
