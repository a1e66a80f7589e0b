"""No file ends the program: hundreds of broken ones end in a sentence, or are read."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fuzz_corpus import EACH, write_corpus
from places import ROOT, SUPPORT

pytest.importorskip("PySide6", reason="the settings belong to the app")

PATIENCE = 60.0
"""Seconds for one file; the first one pays for the start."""


def read_all(paths: list[Path], folder: Path) -> dict[Path, dict[str, Any]]:
    """What became of each file. A process that crashes or hangs is started again after the file
    that did it."""
    found: dict[Path, dict[str, Any]] = {}
    left = list(paths)
    while left:
        listed = folder / "list"
        listed.write_text("\n".join(map(str, left)))
        process = subprocess.Popen(
            [sys.executable, str(SUPPORT / "fuzz_reader.py"), str(listed), str(folder)],
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{SUPPORT}"},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder,
        )  # fmt: skip
        lines: queue.Queue[str] = queue.Queue()

        def pump(stream: Any = process.stdout, lines: queue.Queue[str] = lines) -> None:
            for line in stream:
                lines.put(line)
            lines.put("")

        threading.Thread(target=pump, daemon=True).start()
        at, done = -1, 0
        while True:
            try:
                line = lines.get(timeout=PATIENCE)
            except queue.Empty:
                process.kill()
                found[left[max(at, 0)]] = {"code": 97, "said": "it hangs"}
                done = max(at, 0) + 1
                break
            word, _, rest = line.partition(" ")
            if word == "begin":
                at = int(rest)
            elif word == "end":
                number, _, facts = rest.partition(" ")
                found[left[int(number)]] = json.loads(facts)
                done = int(number) + 1
            else:
                if done < len(left):
                    found[left[max(at, 0)]] = {"code": process.wait(), "said": "it crashed"}
                    done = max(at, 0) + 1
                break
        process.wait()
        left = left[done:]
    return found


@pytest.mark.slow
def test_every_file_ends_in_a_sentence(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    assert len(corpus) >= 300
    assert {p.parent.name for p in corpus} == set(EACH)
    found = read_all(corpus, tmp_path)
    assert set(found) == set(corpus)
    bad = {
        f"{path.parent.name}/{path.name}": facts
        for path, facts in found.items()
        if facts["code"] not in (0, 1)
        or (facts["code"] == 1 and not _sentence(facts["said"]))
        or "fault of deepcam" in facts["said"]
    }
    assert not bad, json.dumps(bad, indent=1)[:6000]
    for kind in EACH:
        good = next(p for p in corpus if p.parent.name == kind and p.stem == "good")
        # A plain archive of arrays is no identity.
        assert found[good]["code"] == (1 if kind == "npz" else 0), (kind, found[good])
    # A corpus that nothing refuses, or nothing reads, would try nothing.
    refused = sum(facts["code"] == 1 for facts in found.values())
    assert len(corpus) // 5 < refused < len(corpus)


def _sentence(text: str) -> bool:
    return bool(text) and text.isprintable() and text.rstrip().endswith(".") and len(text) < 1500
