"""A camera in the desktop's PipeWire: no root and no kernel module.

The node is a ``Video/Source`` with the role Camera under our own name, made with libpipewire's
stream interface (pipewire/stream.h) through ctypes. It drives itself: a picture goes out when the
sender has one, to whoever is linked, and nobody needs to be. Firefox, Chromium with its PipeWire
camera, OBS and GNOME's programs see it; Zoom and Teams do not. Run with PipeWire 0.3.65.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.frames import Image, SafeFrame
from deepcam.sinks.base import SinkFailedError
from deepcam.sinks.spa_pod import PARAM_FORMAT, yuy2_buffers, yuy2_format

NODE = "deepprivacy-cam"
READY_WITHIN = 5.0
"""Seconds for the daemon to answer."""

_ERROR, _UNCONNECTED, _PAUSED, _STREAMING = -1, 0, 2, 3  # pw_stream_state
_OUTPUT, _ANY = 1, 0xFFFFFFFF
_MAP_BUFFERS, _DRIVER = 1 << 2, 1 << 3  # pw_stream_flags


class _Chunk(ctypes.Structure):
    _fields_ = [
        ("offset", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("stride", ctypes.c_int32),
        ("flags", ctypes.c_int32),
    ]


class _Data(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("fd", ctypes.c_int64),
        ("mapoffset", ctypes.c_uint32),
        ("maxsize", ctypes.c_uint32),
        ("data", ctypes.c_void_p),
        ("chunk", ctypes.POINTER(_Chunk)),
    ]


class _SpaBuffer(ctypes.Structure):
    _fields_ = [
        ("n_metas", ctypes.c_uint32),
        ("n_datas", ctypes.c_uint32),
        ("metas", ctypes.c_void_p),
        ("datas", ctypes.POINTER(_Data)),
    ]


class _Buffer(ctypes.Structure):
    _fields_ = [("buffer", ctypes.POINTER(_SpaBuffer))]  # more follows; only read through pointers


_Plain = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_StateChanged = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p)
_ParamChanged = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)


class _Events(ctypes.Structure):
    """struct pw_stream_events, version 0."""

    _fields_ = [
        ("version", ctypes.c_uint32),
        ("destroy", ctypes.c_void_p),
        ("state_changed", _StateChanged),
        ("control_info", ctypes.c_void_p),
        ("io_changed", ctypes.c_void_p),
        ("param_changed", _ParamChanged),
        ("add_buffer", ctypes.c_void_p),
        ("remove_buffer", ctypes.c_void_p),
        ("process", _Plain),
        ("drained", ctypes.c_void_p),
    ]


def socket_path() -> Path | None:
    """The session's PipeWire socket; None where there is none."""
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR")
    if not folder or not sys.platform.startswith("linux"):
        return None
    path = Path(folder) / os.environ.get("PIPEWIRE_REMOTE", "pipewire-0")
    return path if path.is_socket() else None


def available() -> bool:
    """Whether this session has PipeWire and its library."""
    return socket_path() is not None and _library_name() is not None


def _library_name() -> str | None:
    found = ctypes.util.find_library("pipewire-0.3")
    if found is not None:
        return found
    try:  # without a compiler and ldconfig on the path nothing is found
        ctypes.CDLL("libpipewire-0.3.so.0")
    except OSError:
        return None
    return "libpipewire-0.3.so.0"


def _load() -> Any:
    name = _library_name()
    if name is None:
        raise DeepcamError(
            "The PipeWire library is missing.", "Run: sudo apt-get install libpipewire-0.3-0"
        )
    pw = ctypes.CDLL(name)
    pointer = ctypes.c_void_p
    for function, result, arguments in (
        ("pw_init", None, [pointer, pointer]),
        ("pw_thread_loop_new", pointer, [ctypes.c_char_p, pointer]),
        ("pw_thread_loop_destroy", None, [pointer]),
        ("pw_thread_loop_start", ctypes.c_int, [pointer]),
        ("pw_thread_loop_stop", None, [pointer]),
        ("pw_thread_loop_lock", None, [pointer]),
        ("pw_thread_loop_unlock", None, [pointer]),
        ("pw_thread_loop_get_loop", pointer, [pointer]),
        ("pw_properties_new_string", pointer, [ctypes.c_char_p]),
        (
            "pw_stream_new_simple",
            pointer,
            [pointer, ctypes.c_char_p, pointer, pointer, pointer],
        ),
        (
            "pw_stream_connect",
            ctypes.c_int,
            [pointer, ctypes.c_int, ctypes.c_uint32, ctypes.c_int, pointer, ctypes.c_uint32],
        ),
        ("pw_stream_update_params", ctypes.c_int, [pointer, pointer, ctypes.c_uint32]),
        ("pw_stream_dequeue_buffer", ctypes.POINTER(_Buffer), [pointer]),
        ("pw_stream_queue_buffer", ctypes.c_int, [pointer, ctypes.POINTER(_Buffer)]),
        ("pw_stream_trigger_process", ctypes.c_int, [pointer]),
        ("pw_stream_destroy", None, [pointer]),
    ):
        entry = getattr(pw, function)
        entry.restype, entry.argtypes = result, arguments
    return pw


class PipeWireCamera:
    """A camera node in PipeWire. ``name``: what programs list."""

    def __init__(self, name: str = APP_NAME) -> None:
        self._name = name
        self._pw: Any = None
        self._loop: int | None = None
        self._stream: int | None = None
        self._keep: list[object] = []
        self._size = (0, 0)
        self._state, self._reason = _UNCONNECTED, ""
        self._changed = threading.Condition()
        self._picture: Image | None = None
        self.passed = 0
        """Pictures that went to somebody."""

    def watched(self) -> bool:
        """Whether a program takes the pictures now."""
        return self._state == _STREAMING

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Make the node. Raises ``DeepcamError`` without PipeWire."""
        self.close()
        if size[0] % 2:
            raise DeepcamError("The camera's width must be even.", "Choose another --size.")
        if socket_path() is None:
            raise DeepcamError(
                "PipeWire does not run in this session.",
                "Start it, or create a virtual camera: deepcam setup",
            )
        pw = self._pw = _load()
        pw.pw_init(None, None)
        self._size, self._state, self._reason = size, _UNCONNECTED, ""
        self._picture = np.zeros((size[1], size[0], 2), np.uint8)
        self._picture[..., 0], self._picture[..., 1] = 16, 128  # black
        properties = {
            "media.class": "Video/Source",
            "media.role": "Camera",
            "media.type": "Video",
            "media.category": "Capture",
            "node.name": NODE,
            "node.description": self._name,
            "node.nick": self._name,
        }
        events = _Events()
        events.state_changed = _StateChanged(self._on_state)
        events.param_changed = _ParamChanged(self._on_param)
        events.process = _Plain(self._on_process)
        offer = ctypes.create_string_buffer(yuy2_format(size, fps))
        offers = (ctypes.c_void_p * 1)(ctypes.addressof(offer))
        self._keep = [events, offer, offers]
        self._loop = pw.pw_thread_loop_new(b"deepcam", None)
        pw.pw_thread_loop_lock(self._loop)
        try:
            self._stream = pw.pw_stream_new_simple(
                pw.pw_thread_loop_get_loop(self._loop), self._name.encode(),
                pw.pw_properties_new_string(json.dumps(properties).encode()),
                ctypes.byref(events), None,
            )  # fmt: skip
            failed = (
                self._stream is None
                or pw.pw_stream_connect(
                    self._stream, _OUTPUT, _ANY, _DRIVER | _MAP_BUFFERS, offers, 1
                )
                < 0
            )
            pw.pw_thread_loop_start(self._loop)
        finally:
            pw.pw_thread_loop_unlock(self._loop)
        if failed or not self._wait_ready():
            reason = self._reason or "it does not answer"
            self.close()
            raise SinkFailedError(
                f"PipeWire does not take the camera: {reason}.",
                "Log in again, or create a virtual camera: deepcam setup",
            )

    def send(self, frame: SafeFrame) -> None:
        """Give the picture to whoever watches. Raises ``SinkFailedError`` when PipeWire is gone."""
        if self._stream is None or self._state in (_ERROR, _UNCONNECTED):
            raise SinkFailedError("PipeWire is gone.", "The camera comes back when it does.")
        if self._state != _STREAMING:
            return
        picture = cv2.cvtColor(frame.image, cv2.COLOR_BGR2YUV_YUY2)
        pw = self._pw
        pw.pw_thread_loop_lock(self._loop)
        try:
            self._picture = np.asarray(picture, np.uint8)
            pw.pw_stream_trigger_process(self._stream)
        finally:
            pw.pw_thread_loop_unlock(self._loop)

    def close(self) -> None:
        """Take the node away. Idempotent."""
        pw, loop, stream = self._pw, self._loop, self._stream
        self._loop, self._stream = None, None
        if loop is None:
            return
        pw.pw_thread_loop_stop(loop)
        if stream is not None:
            pw.pw_stream_destroy(stream)
        pw.pw_thread_loop_destroy(loop)
        self._keep, self._picture = [], None

    def describe(self) -> str:
        """What goes where."""
        return (
            f'The picture goes to PipeWire as the camera "{self._name}": Firefox, OBS and desktop '
            "programs see it, Zoom and Teams do not (deepcam setup makes one for all)."
        )

    # In the loop's thread, which holds its lock

    def _on_state(self, _: int, old: int, new: int, error: bytes | None) -> None:
        with self._changed:
            self._state = new
            if error:
                self._reason = error.decode(errors="replace")[:120]
            self._changed.notify_all()

    def _on_param(self, _: int, number: int, value: int | None) -> None:
        if number != PARAM_FORMAT or not value or self._stream is None:
            return
        wish = ctypes.create_string_buffer(yuy2_buffers(self._size))
        wishes = (ctypes.c_void_p * 1)(ctypes.addressof(wish))
        self._pw.pw_stream_update_params(self._stream, wishes, 1)

    def _on_process(self, _: int) -> None:
        stream, picture = self._stream, self._picture
        if stream is None or picture is None:
            return
        taken = self._pw.pw_stream_dequeue_buffer(stream)
        if not taken:
            return
        data = taken.contents.buffer.contents.datas[0]
        chunk = data.chunk.contents
        chunk.offset = chunk.size = 0
        if data.data and data.maxsize >= picture.nbytes:
            ctypes.memmove(data.data, picture.ctypes.data, picture.nbytes)
            chunk.size, chunk.stride = picture.nbytes, 2 * self._size[0]
            self.passed += 1
        self._pw.pw_stream_queue_buffer(stream, taken)

    def _wait_ready(self) -> bool:
        end = time.monotonic() + READY_WITHIN
        with self._changed:
            while self._state not in (_PAUSED, _STREAMING):
                left = end - time.monotonic()
                if left <= 0 or self._state == _ERROR:
                    return False
                self._changed.wait(left)
        return True
