"""Call programs in sandboxes, which see a camera only when they are allowed to."""

from __future__ import annotations

import configparser
from pathlib import Path

from deepcam.doctor.finding import Finding, good, warn
from deepcam.platform.system import Answer, System

SNAPS = (
    "chromium", "firefox", "brave", "opera", "vivaldi", "zoom-client", "discord", "slack", "skype",
    "teams-for-linux", "signal-desktop", "telegram-desktop", "element-desktop", "obs-studio",
)  # fmt: skip
FLATPAKS = (
    "us.zoom.Zoom", "com.google.Chrome", "org.chromium.Chromium", "org.mozilla.firefox",
    "io.github.ungoogled_software.ungoogled_chromium", "com.brave.Browser", "com.microsoft.Edge",
    "com.opera.Opera", "com.vivaldi.Vivaldi", "com.discordapp.Discord", "com.slack.Slack",
    "com.skype.Client", "com.github.IsmaelMartinez.teams_for_linux", "org.signal.Signal",
    "org.telegram.desktop", "im.riot.Riot", "org.jitsi.jitsi-meet", "com.obsproject.Studio",
)  # fmt: skip


def sandboxes(system: System) -> list[Finding]:
    """Each installed call program in a sandbox: may it use cameras?"""
    if not system.linux:
        return []
    findings = [*_snaps(system), *_flatpaks(system)]
    return findings or [good("sandbox", "No call program in a sandbox was found.")]


def _snaps(system: System) -> list[Finding]:
    findings = []
    for name in SNAPS:
        if not (system.root / "snap" / name / "current").exists():
            continue
        command = f"sudo snap connect {name}:camera"
        allowed = _connected(system.programs(["snap", "connections", name]))
        if allowed:
            findings.append(good("sandbox", f"The snap {name} may use cameras."))
        elif allowed is None:
            reason = f"Whether the snap {name} may use cameras could not be asked."
            findings.append(warn("sandbox", reason, command))
        else:
            findings.append(warn("sandbox", f"The snap {name} may not use cameras.", command))
    return findings


def _connected(answer: Answer | None) -> bool | None:
    """Whether the camera plug has a slot ("-": none), or another plug of the name."""
    if answer is None or answer.code != 0:
        return None
    for line in answer.text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0] == "camera":
            return words[2] != "-"
    return False


def _flatpaks(system: System) -> list[Finding]:
    findings = []
    shared = system.root / "var" / "lib" / "flatpak"
    personal = system.home / ".local" / "share" / "flatpak"
    for name in FLATPAKS:
        for place in (personal, shared):
            metadata = place / "app" / name / "current" / "active" / "metadata"
            if not metadata.exists():
                continue
            devices = _devices(metadata, set())
            for overrides in (shared / "overrides", personal / "overrides"):
                devices = _devices(overrides / "global", devices)
                devices = _devices(overrides / name, devices)
            if "all" in devices:
                findings.append(good("sandbox", f"The Flatpak {name} may use cameras."))
            else:
                command = f"flatpak override --user --device=all {name}"
                reason = f"The Flatpak {name} does not see video devices."
                findings.append(warn("sandbox", reason, command))
            break
    return findings


def _devices(path: Path, before: set[str]) -> set[str]:
    """Devices of a Flatpak after this file has added its own, or taken some away ("!all")."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text(errors="replace"))
        listed = parser.get("Context", "devices", fallback="")
    except (OSError, configparser.Error):
        return before
    words = {word.strip() for word in listed.split(";") if word.strip()}
    gone = {word[1:] for word in words if word.startswith("!")}
    return (before - gone) | {word for word in words if not word.startswith("!")}
