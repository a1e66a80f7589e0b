"""How far something is believed to be a face: one score, with one rule for everything that says
so or denies it.

The score of a track is a sum, in steps that stand for how telling a look is, between 0 and
``TOP``:

=======================================  ========================================================
the detector, in the picture or a part    at first: strong +1, fair +.4, weak +.1; then, when the
                                          mesh fits: strong +.5 a frame, fair +.1; else +.1 and 0
a second look, framed about it            clear +2, strong +1, fair -.5 (at first 0), else -2
the mesh network, at first                +.3 when its points fit the detection, else -.3
a framed look at where it was lost        not found -.5, until it is clear and had a mesh
the silhouette, while no look was clear   nobody there -1, somebody +.5
=======================================  ========================================================

From ``COVER`` on a place is hidden, from ``PAINT`` on its mesh may be painted, from ``SETTLED`` on
only an empty silhouette ends it. What falls to 0 is withdrawn. The detector's repeated opinion of
the same picture is not worth much (the same mistake is made thirty times a second): until a second
look has found a face clearly (or mesh and silhouette agree), it stays below ``PAINT``; each second
look in a row that finds none takes as much from the most that there can be.
"""

from __future__ import annotations

from dataclasses import dataclass

WEAK, FAIR, STRONG, CLEAR = 0.2, 0.35, 0.5, 0.7
"""Detector scores. Measured on 160 made pictures and 60 of rooms. First looks: upright faces of 20
pixels and more .5 and more (93 %), turned by 90 to 180 degrees .2 and more (98 %); of 2,000
mistakes 83 % below .35. Second looks: upright faces .7 and more (39 of 40), turned ones .5 and more
(9 of 10); mistakes .7 and more 1, .5 to .7 69, of which the mesh fitted 12."""
COVER, PAINT, SETTLED, TOP = 0.5, 2.0, 4.5, 6.0
UNCLEAR = 1.9
"""Most without a clear look."""
MESHES = 3
"""Frames with a mesh that fits after which a clear face is not given up where it was lost."""
DOUBTED = 1.0
"""Most that the detector alone may say while second looks find nothing."""
BESIDE = 1.5
"""Least for something new beside a known face: it may be hair, an ear, a collar."""


@dataclass(slots=True)
class Evidence:
    """Of one track."""

    score: float = 0.0
    looked: bool = False
    """A second look found a face."""
    clear: bool = False
    """And a clear one, or mesh and silhouette agree with it."""
    settled: bool = False
    """The score has once reached ``SETTLED``: there was a face."""
    refused: int = 0
    """Second looks in a row that found none."""
    meshes: int = 0
    """Frames in which the mesh fitted."""

    @staticmethod
    def first(detector: float, second: float | None, meshed: bool, apart: bool) -> Evidence:
        """When something is seen for the first time, or 0 when that is too little.

        ``detector``: its score, 0..1; ``second``: of the best of the second looks, None without
        one; ``meshed``: the mesh fits; ``apart``: no known face is at the place, of which it might
        be a part.
        """
        evidence = Evidence(1.0 if detector >= STRONG else 0.4 if detector >= FAIR else 0.1)
        if second is not None and not FAIR <= second < STRONG:
            evidence.look_again(second)
        evidence._add(0.3 if meshed else -0.3)
        evidence.meshes = int(meshed)
        if apart and detector >= STRONG:
            evidence.score = max(evidence.score, COVER)  # when in doubt, covered
        elif not apart and evidence.score < BESIDE:
            evidence.score = 0.0
        return evidence

    def seen(self, detector: float, meshed: bool) -> None:
        """The detector reports it in this frame, with this score."""
        if meshed:
            self.meshes += 1
            self._add(0.5 if detector >= STRONG else 0.1 if detector >= FAIR else 0.0)

    def look_again(self, found: float) -> None:
        """A second look reports the best score of a face at the place, 0 when there is none."""
        if found >= STRONG:
            self.looked, self.refused = True, 0
            self.clear = self.clear or found >= CLEAR
            self._add(2.0 if found >= CLEAR else 1.0)
        elif found >= FAIR:
            self._add(-0.5)
        else:
            self.refused += 1
            self._add(-2.0)

    def silhouette(self, share: float, meshed: bool) -> None:
        """The person segmentation's mean probability 0..1 at the place of an unclear one."""
        if share < 0.15:
            self._add(-1.0)
        elif share > 0.5:
            self.clear = self.clear or (self.looked and meshed)
            self._add(0.5)

    def not_there(self) -> None:
        """A look framed about the place where it was lost found nothing. What once was surely a
        face may be hidden behind a hand; a fist looks like a face, and rarely has the points of
        one."""
        if not (self.settled or (self.clear and self.meshes >= MESHES)):
            self._add(-0.5)

    @property
    def worth_a_look(self) -> bool:
        """Whether the place where it was lost is searched: what was clear once, until it is found
        or given up."""
        return self.score > (0.0 if self.clear else COVER)

    @property
    def paintable(self) -> bool:
        """Whether its mesh may be painted."""
        return self.score >= PAINT

    @property
    def sure(self) -> bool:
        """Whether a second look was clear and nothing speaks against it."""
        return self.clear and self.paintable

    @property
    def share(self) -> float:
        """0..1, for those who only need to know how sure it is."""
        return self.score / TOP

    @property
    def most(self) -> float:
        """What the score may reach now."""
        if self.clear:
            return TOP - 2.0 * self.refused
        return UNCLEAR - self.refused if self.looked else DOUBTED - 0.5 * self.refused

    def _add(self, step: float) -> None:
        self.score = max(min(self.score + step, self.most), 0.0)
        self.settled = self.settled or self.score >= SETTLED
