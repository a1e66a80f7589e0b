"""What others wrote never steers the terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepcam.runtime.terminal import printable, printable_json, tell


@given(st.text(st.characters(codec=None)))
def test_only_visible_characters_are_left(text: str) -> None:
    assert printable(text, lines=False).isprintable()
    assert all(line.replace("\t", "").isprintable() for line in printable(text).split("\n"))
    if text.isprintable():
        assert printable(text) == text


@given(st.dictionaries(st.text(), st.text(st.characters(codec=None)) | st.floats(allow_nan=False)))
def test_json_says_the_same(value: dict[str, object]) -> None:
    text = printable_json(value)
    assert json.loads(text) == value
    assert all(line.isprintable() for line in text.split("\n"))


def test_names_keep_their_signs(capsys: pytest.CaptureFixture[str]) -> None:
    tell("Ada L\u00f6ve \u2764\nnext")
    assert capsys.readouterr().out == "Ada L\u00f6ve \u2764\nnext\n"
    tell("\x1b[31m\x7f\x9b\u202e\udcff")
    assert capsys.readouterr().out == "\\x1b[31m\\x7f\\x9b\\u202e\\udcff\n"
