"""Errors a person can act on."""

from __future__ import annotations


class DeepcamError(Exception):
    """What happened and what to do, one sentence each; shown without a traceback."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what if not remedy else f"{what} {remedy}")
        self.what = what
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[DeepcamError], tuple[str, str]]:
        return type(self), (self.what, self.remedy)
