"""A live session in the foreground, until it ends."""

from __future__ import annotations

import signal
import threading
import time as clock
from typing import Any

from deepcam.live.session import EventHandler, Session
from deepcam.live.settings import LiveSettings
from deepcam.runtime.endings import ending_signals


def run_live(settings: LiveSettings, on_event: EventHandler | None = None) -> dict[str, Any]:
    """Run until a signal asks for the end, ``deepcam stop``, the film's end or ``seconds``; for the
    main thread. Returns the last ``Session.status`` (with the measurements).

    Raises ``DeepcamError`` when the output, the settings or the identity cannot be used.
    """
    session = Session(settings, on_event, stop_on_fatal=True)
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in ending_signals():
            before[number] = signal.signal(number, lambda *_: session.stop())
    begin = clock.monotonic()
    try:
        session.run_forever()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if session.error is not None:
        raise session.error
    summary = session.status()
    summary["seconds"] = round(clock.monotonic() - begin, 3)
    return summary
