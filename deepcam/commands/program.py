"""The command ``deepcam`` and its groups, which the files beside this one fill."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="A virtual webcam that shows the face of someone who does not exist.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
identities = typer.Typer(
    help="Faces that belong to nobody: make, keep, share.", no_args_is_help=True
)
app.add_typer(identities, name="identities")
