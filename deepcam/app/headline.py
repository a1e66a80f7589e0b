"""What others see, and the figures behind it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication

from deepcam.app.told import told


def headline(
    status: dict[str, Any], problem: str, viewers: Sequence[str], lack: str
) -> tuple[str, str]:
    """What others see, in one line, and one more line about it."""
    if not status.get("running"):
        wrong = told(problem or status.get("problem") or "")
        if wrong:
            return QCoreApplication.translate("Preview", "Others see nothing"), wrong
        return (
            QCoreApplication.translate("Preview", "Stopped: others see nothing"),
            QCoreApplication.translate("Preview", "The switch starts it again."),
        )
    if not status.get("on"):
        return (
            QCoreApplication.translate("Preview", "Off: others see the standby card"),
            QCoreApplication.translate("Preview", "Your camera is let go."),
        )
    showing, detail = status.get("showing"), told(status.get("detail") or "")
    if showing == "generated":
        name = status.get("identity") or QCoreApplication.translate("Preview", "somebody new")
        title = QCoreApplication.translate("Preview", "Others see {0}").format(name)
        return title, _audience(status, viewers, lack)
    if showing == "covered":
        return QCoreApplication.translate("Preview", "Others see a cover on your head"), detail
    if detail in ("", told("Starting")):
        return QCoreApplication.translate("Preview", "Starting…"), QCoreApplication.translate(
            "Preview", "Others see the standby card."
        )
    why = told(problem or status.get("problem") or detail)
    return QCoreApplication.translate("Preview", "Others see the standby card"), why


def _audience(status: dict[str, Any], viewers: Sequence[str], lack: str) -> str:
    if viewers:
        return QCoreApplication.translate("Preview", "{0} sees you.").format(", ".join(viewers))
    if status.get("watched"):
        return QCoreApplication.translate("Preview", "A program sees you.")
    if lack:
        return QCoreApplication.translate("Preview", "No call can see it yet.")
    return QCoreApplication.translate(
        "Preview", "No program is looking yet: choose “DeepPrivacy Cam” in your call."
    )


def describe(status: dict[str, Any], problem: str = "") -> str:
    """The state in words and numbers."""
    if not status.get("running"):
        return told(problem or status.get("problem") or "") or QCoreApplication.translate(
            "Preview", "The camera is not running."
        )
    measured = status.get("measured") or {}
    latency = measured.get("latency_ms") or {}
    parts = [
        QCoreApplication.translate("Preview", "On")
        if status.get("on")
        else QCoreApplication.translate("Preview", "Off: the standby card is shown"),
        QCoreApplication.translate(
            "Preview", "%n frames/s", None, round(measured.get("fps_fresh", 0))
        ),
    ]
    if latency:
        parts.append(
            QCoreApplication.translate("Preview", "%n ms latency", None, round(latency["p50"]))
        )
    faces = QCoreApplication.translate("Preview", "{0} generated, {1} covered")
    parts.append(faces.format(status.get("generated", 0), status.get("covered", 0)))
    if status.get("provider"):
        reason = status.get("provider_reason")
        parts.append(f"{status['provider']} ({reason})" if reason else str(status["provider"]))
    trouble = problem or status.get("problem") or status.get("detail") or ""
    return " · ".join(parts) + (f"\n{told(trouble)}" if trouble else "")
