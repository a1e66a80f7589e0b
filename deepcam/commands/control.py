"""What is said to the program that runs: ``toggle``, ``panic``, ``regenerate``, ``full-size``,
``status``, ``stop``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deepcam.commands.options import Faces, Json
from deepcam.commands.program import app
from deepcam.commands.saying import answer_with, lines_of


def send(command: str, **args: Any) -> dict[str, Any]:
    from deepcam.live.control import send_command

    return send_command(command, **args)


def by_force(answer: dict[str, Any]) -> str:
    """What happened when the running program did not answer; '' when it did."""
    number = answer.get("ended")
    return (
        f"it did not answer, so process {number} was ended and the camera is off" if number else ""
    )


@app.command()
def toggle(json_: Json = False) -> None:
    """Switch the running camera between the picture and the standby card."""
    answer = send("toggle")
    answer_with(answer, json_, "on" if answer.get("on") else "off: the standby card is shown")


@app.command()
def panic(json_: Json = False) -> None:
    """Show the standby card at once, whatever the running camera does."""
    answer = send("panic")
    answer_with(answer, json_, by_force(answer) or "the standby card is shown")


@app.command()
def regenerate(
    seed: Annotated[int | None, typer.Option(min=0, help="A certain face.")] = None,
    faces: Annotated[
        Faces | None, typer.Option("--faces", help="Who fits the person in view, or anybody.")
    ] = None,
    json_: Json = False,
) -> None:
    """Give the running camera another face."""
    wanted = {} if seed is None else {"seed": seed}
    answer = send("regenerate", **wanted, **({} if faces is None else {"choice": faces.value}))
    answer_with(answer, json_, f"now wearing {answer.get('identity') or 'somebody new'}")


@app.command("full-size")
def full_size(json_: Json = False) -> None:
    """Give the picture its full size back, where a slow computer made it smaller."""
    answer = send("full-size")
    answer_with(answer, json_, "the picture keeps its full size until the camera is started again")


@app.command()
def status(json_: Json = False) -> None:
    """Say what the running camera does."""
    answer = send("status")
    answer_with(answer, json_, "\n".join(lines_of(answer)))


@app.command()
def stop(json_: Json = False) -> None:
    """End the running camera."""
    answer = send("stop")
    answer_with(answer, json_, by_force(answer) or "stopped")
