"""Who is worn at the start: somebody new, a seed, or a saved identity."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from deepcam.casting.roles import Casting, Looker, Sampler, Wished
from deepcam.errors import DeepcamError
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, read_spec
from deepcam.pipeline.parts import AnonymizerSettings


class UnknownIdentityError(DeepcamError):
    """The saved identity that the settings name is gone or damaged."""


def cast(
    settings: AnonymizerSettings,
    sample: Sampler | None,
    looker: Looker | None,
    wished: Wished | None,
    on_notice: Callable[[DeepcamError], None],
) -> Casting:
    """The first face's person, and what is needed for further ones. ``sample``, ``looker`` and
    ``wished`` replace the real ones; ``on_notice`` is told why nobody is chosen to fit. Raises
    ``UnknownIdentityError``, and ``DeepcamError`` when there is no identity model."""
    if sample is None:
        from deepcam.identity.model import IdentityModel

        sample = IdentityModel.load().sample
        wished = wished or (lambda seed, wish: wish.sample(seed))
        if looker is None and settings.choice == "fits":
            looker = _caster(on_notice)
    seed = settings.session_seed
    session = secrets.randbits(62) if seed is None else seed
    wanted = settings.identity
    fitting: tuple[int, Wish] | None = None
    read = read_spec(wanted) if isinstance(wanted, str) else None
    if wanted is None:
        chosen = sample(session)
        if settings.choice == "fits":
            fitting = session, Wish(fits=True)
    elif isinstance(wanted, int):
        chosen = sample(wanted)
    elif read is not None and read[1].fits:
        fitting = read
        chosen = sample(read[0])
        looker = looker or (_caster(on_notice) if wished is not None else None)
    else:
        chosen = _from_gallery(wanted, sample)
    return Casting(
        sample,
        chosen,
        session,
        settings.per_face,
        settings.live,
        looker=looker,
        wished=wished,
        fitting=fitting,
        pace="live" if settings.live else "stills" if settings.still else "film",
    )


def _caster(on_notice: Callable[[DeepcamError], None]) -> Looker | None:
    """The caster; None, and a notice why, when it cannot be used."""
    from deepcam.casting.caster import Caster

    try:
        return Caster.load()
    except DeepcamError as error:
        notice = DeepcamError(f"New faces are not chosen to fit: {error.what}", error.remedy)
        on_notice(notice)
        return None


def _from_gallery(name: str, sample: Sampler) -> Identity:
    """The identity saved under ``name``; digits alone are a seed when nothing is."""
    from deepcam.identity.gallery import Gallery

    try:
        found: Identity = Gallery().load(name)
        return found
    except DeepcamError as error:
        if name.isdecimal():
            return sample(int(name))
        raise UnknownIdentityError(error.what, error.remedy) from None
