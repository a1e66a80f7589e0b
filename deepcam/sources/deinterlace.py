"""Interlaced video made progressive."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av


class Deinterlacer:
    """One progressive frame for each interlaced one (ffmpeg's bwdif), one frame late."""

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._graph: Any = None
        self._kind: tuple[int, int, str] | None = None

    def push(self, frame: Any) -> list[Any]:
        """``frame``, or None for the end; what has become ready."""
        made: list[Any] = []
        if frame is None:
            return self._finish()
        kind = (frame.width, frame.height, frame.format.name)
        if kind != self._kind:
            made = self._finish()
            self._start(kind)
        frame.time_base = self._time_base
        self._graph.push(frame)
        return made + self._pull()

    def _start(self, kind: tuple[int, int, str]) -> None:
        self._kind = kind
        self._graph = av.filter.Graph()
        self._graph.threads = 1
        source = self._graph.add_buffer(
            width=kind[0], height=kind[1], format=kind[2], time_base=self._time_base
        )
        self._graph.link_nodes(
            source,
            self._graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced"),
            self._graph.add("buffersink"),
        ).configure()

    def _finish(self) -> list[Any]:
        if self._graph is None:
            return []
        self._graph.push(None)
        made = self._pull()
        self._graph = self._kind = None
        return made

    def _pull(self) -> list[Any]:
        made = []
        while True:
            try:
                made.append(self._graph.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return made
