"""The camera that gives pictures, and the one that call programs see."""

from __future__ import annotations

from deepcam import APP_NAME
from deepcam.doctor import desktop
from deepcam.doctor.finding import SETUP, Finding, State, fail, good, warn
from deepcam.platform import kernel, loopback, options
from deepcam.platform.loopback import Device, Loopback
from deepcam.platform.setup import advice
from deepcam.platform.system import System
from deepcam.sinks.virtualcam import module_version, writers
from deepcam.sources.v4l2 import list_cameras

GROUP = "sudo usermod -aG video $USER   # then log in again"


def cameras(system: System) -> list[Finding]:
    """Every real camera: free, held by somebody, or not for this user."""
    if not system.linux:
        return [good("camera", "Cameras are asked for by number on this system.")]
    findings = []
    for camera in list_cameras(system.sys, system.dev, system.ask):
        what = f'"{camera.name}" ({camera.path})'
        if camera.refused or not camera.usable:
            continue
        if not system.may_use(camera.path):
            findings.append(fail("camera", f"{what} may not be opened by this user.", GROUP))
        elif busy := system.holders(camera.path):
            command = f"fuser -v {camera.path}   # and close that program"
            findings.append(warn("camera", f"{what} is used by {', '.join(busy)}.", command))
        else:
            findings.append(good("camera", f"{what} is free."))
    if not findings:
        command = "Plug in a camera; files work without one."
        return [fail("camera", "No camera was found.", command)]
    return findings


def output(system: System) -> list[Finding]:
    """The device "DeepPrivacy Cam": is it there, is it right, does it stay."""
    if not system.linux:
        return [warn("output", "The virtual camera comes from another program here.",
                     advice(system.platform))]  # fmt: skip
    state = loopback.inspect(system)
    if not state.own:
        missing = _missing(system, state)
        return [_second_way(missing) if desktop.pipewire(system)[0].state is State.OK else missing]
    return [_present(system, device) for device in state.own] + _lasting(system, state)


def _second_way(missing: Finding) -> Finding:
    reason = (
        f"{missing.reason} Until then the camera is offered through PipeWire: to Firefox, OBS and "
        "Chromium with its PipeWire camera, not to Zoom and Teams."
    )
    return warn("output", reason, missing.command)


def _missing(system: System, state: Loopback) -> Finding:
    blocked = kernel.obstacle(system)
    if blocked is not None:
        plain = blocked.command.startswith("sudo") and "#" not in blocked.command
        then = f" && {SETUP}" if plain else ""
        return fail("output", blocked.reason, blocked.command + then)
    wished = next((e.number for e in options.configured(system) if e.label == APP_NAME), None)
    instead = next((d for d in state.others if d.number == wished), None)
    if instead is not None:
        reason = f'{instead.path} should be "{APP_NAME}", but is called "{instead.label}".'
    elif state.others:
        names = ", ".join(f'"{d.label}" ({d.path})' for d in state.others)
        reason = f'There is no virtual camera "{APP_NAME}"; {names} belong to other programs.'
    elif state.loaded:
        reason = f'v4l2loopback is loaded, but there is no virtual camera "{APP_NAME}".'
    elif kernel.secure_boot(system):
        return fail(
            "output",
            "v4l2loopback is not loaded. Secure Boot is on: if the kernel refuses the module, "
            f"its key must be trusted first ({kernel.enroll_command(system).split('   ')[0]}).",
            SETUP,
        )
    else:
        reason = f'v4l2loopback is not loaded; there is no virtual camera "{APP_NAME}".'
    return fail("output", reason, SETUP)


def _present(system: System, device: Device) -> Finding:
    path = str(system.dev / f"video{device.number}")
    if not system.may_use(path):
        return fail("output", f"{device.path} may not be written to by this user.", GROUP)
    if device.exclusive is False:
        reason = (
            f"{device.path} has exclusive_caps=0: Chrome, Edge and programs built on them "
            "do not list it."
        )
        return warn("output", reason, SETUP)
    sending = [name for name in writers(path, system.proc) if not _is_own(system, name)]
    if sending:
        return fail(
            "output",
            f"{device.path} is taken: {', '.join(sending)} sends pictures to it.",
            f"fuser -v {device.path}   # and close that program",
        )
    version = module_version(system.sys)
    number = ".".join(map(str, version)) if version else "before 0.13"
    text = f'The virtual camera "{APP_NAME}" is {device.path} (v4l2loopback {number}).'
    return good("output", text)


def _is_own(system: System, name: str) -> bool:
    """Whether "name (process 7)" is this program, running."""
    number = name.rsplit(" ", 1)[-1].rstrip(")")
    return "deepcam" in system.text("proc", number, "cmdline")


def _lasting(system: System, state: Loopback) -> list[Finding]:
    findings = []
    if len(state.own) > 1:
        names = " and ".join(d.path for d in state.own)
        reason = f'{names} are both called "{APP_NAME}": call programs show the name twice.'
        findings.append(warn("output", reason, "sudo modprobe -r v4l2loopback; deepcam setup"))
    kept = any(e.label == APP_NAME for e in options.configured(system))
    if not (kept and options.loads_at_boot(system)):
        findings.append(warn("output", "The virtual camera is gone after a restart.", SETUP))
    return findings
