"""The generator: identities painted into an erased picture."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Face, MaskedFrame, Points, Pose
from deepcam.frames.light import put_in_light, whitened
from deepcam.generator import monochrome
from deepcam.generator.colours import Colours
from deepcam.generator.composition import compose, edge_gain, rim_of
from deepcam.generator.conditioning import SPAN, Context, cut, planes, window
from deepcam.generator.fields import MAPS, floor, hold_level, settle
from deepcam.generator.policy import DEFAULT, PaintPolicy
from deepcam.generator.render import Render, Renderer, Scratch, recolour, window_matrix
from deepcam.generator.session import NetworkSession, open_network
from deepcam.generator.sharpness import blur_around
from deepcam.generator.tone import wanted_gain
from deepcam.geometry.pose import SIDEWAYS
from deepcam.identity.types import Identity, nobody
from deepcam.runtime.cores import Pair

F32 = NDArray[np.float32]


class PaintPlan(Protocol):
    """What the guard decided for one track; see ``deepcam.protection.guard.Plan``."""

    @property
    def track(self) -> int: ...
    @property
    def kind(self) -> Any: ...
    @property
    def outline(self) -> Points: ...
    @property
    def face(self) -> Face | None: ...


@dataclass(slots=True)
class _Last:
    """What is remembered of a track."""

    fields: F32
    """(n, n, MAPS), written again in every frame."""
    gain: F32
    """(3,) logarithm."""
    level: F32
    """(3,) mean logarithm of the network's gain; far off before the first."""
    pose: Pose
    time: float
    identity: Identity
    age: int
    """Frames since the visible skin was looked at."""
    width: np.float32
    """Factor on the face's width."""
    contour: F32
    """(36,) factor on the oval's width: all of it together."""
    blur: float
    """Deviation of the picture's blur, pixels."""
    blur_age: int = 0
    """Frames since that was looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """A face drawn at the picture's own size."""

    render: Render
    region: NDArray[np.uint8]
    """(h, w) 255 where it may be painted."""
    corner: tuple[int, int]
    """x, y of its first pixel in the picture."""
    step: float
    """Picture pixels for each of the render's."""


class Generator:
    """Paints faces of people who do not exist.

    With a shipped network; ``network="none"`` gives the floor (tone fit and feather), which the
    benchmark and the evaluation compare with.
    """

    def __init__(
        self,
        provider: str = "auto",
        threads: int = 2,
        network: str = "auto",
        still: bool = False,
        whole_head: bool = False,
        policy: PaintPolicy = DEFAULT,
    ) -> None:
        """``network``: as for ``open_network``, or "none". ``whole_head``: hair will be drawn over
        the forehead, so that nothing of what is behind the head may show there. ``policy``: sizes,
        and how slowly things follow. Raises ``DeepcamError`` when the model is missing, altered or
        cannot be run."""
        self.session: NetworkSession | None = None
        self.resolution = 128
        self.network = "none"
        """Which network is in use: small, large or none."""
        self.provider, self.provider_reason = "none", "no network in use"
        if network != "none":
            self.session = open_network(network, provider, threads, still)
            self.resolution = self.session.resolution
            self.network = self.session.size
            self.provider, self.provider_reason = self.session.provider, self.session.reason
        self._still, self._whole_head, self._policy = still, whole_head, policy
        self._renderers: dict[int, Renderer] = {}
        self._last: dict[int, _Last] = {}
        self._small = Scratch()
        self._large: list[Scratch] = []
        self._pair = Pair("painter")
        self._colours = Colours(still, policy, whole_head)

    def for_stills(self) -> Generator:
        """Another one that paints single pictures: with the same network, without any memory of
        tracks. Both belong to one thread."""
        made = Generator(
            network="none", still=True, whole_head=self._whole_head, policy=self._policy
        )
        made.session, made.resolution, made.network = self.session, self.resolution, self.network
        return made

    def warm_up(self) -> None:
        """Compile and load everything, so that the first frame does not wait."""
        from deepcam.geometry.basis import FaceBasis
        from deepcam.geometry.pose import head_outline

        pose = Pose(40.0, np.eye(3), np.array([80.0, 60.0]))
        outline = head_outline(pose, FaceBasis.load())
        face = Face(-1, 1.0, outline, pose)
        region = np.zeros((180, 160), np.uint8)
        cv2.fillConvexPoly(region, np.round(outline).astype(np.int32), 255)
        image = np.zeros((180, 160, 3), np.uint8)
        renderer = Renderer(nobody())
        inputs, surroundings, last = self._see(image, region, face, renderer, 0.0)
        self._settle(face, self._run(inputs, surroundings), last, 0.0)
        canvas = self._draw(region, face, outline, renderer, last, 0, self._policy.twice)
        assert canvas is not None
        edge = rim_of(outline, surroundings, pose.scale)
        compose(
            image, canvas.region, *canvas.corner, last.fields, window(pose, self.resolution),
            canvas.render.colour, canvas.render.kind, canvas.step, region, edge, 1.0, 0, 1,
        )  # fmt: skip
        self._last.pop(-1, None)

    def forget(self, track: int) -> None:
        """Drop what is remembered of a track that is gone."""
        self._last.pop(track, None)

    def paint(
        self,
        masked: MaskedFrame,
        plans: Sequence[PaintPlan],
        identities: Mapping[int, Identity],
    ) -> dict[str, float]:
        """Paint each plan of kind "generate" with its track's identity, into ``masked.image``.

        Only pixels under the mask and inside the plan's outline are written. All that is read of
        the picture is what lies outside the mask. Nearer (larger) faces are painted last. Returns
        milliseconds for rasterise, generate and compose. Raises ``DeepcamError`` when the network
        fails; the picture is then incomplete and must not be shown.
        """
        timings = {"rasterise": 0.0, "generate": 0.0, "compose": 0.0}
        todo = [
            (p, p.face)
            for p in plans
            if p.kind.value == "generate" and p.face is not None and p.face.pose is not None
        ]
        todo.sort(key=lambda item: item[1].pose.scale if item[1].pose else 0.0)
        # Several faces share the time that one may take.
        twice = self._policy.twice / math.sqrt(max(1, len(todo)))
        light = self._colours.light(masked, [face.pose for _, face in todo])
        image = masked.image if light.min() == 1 else whitened(masked.image, light)
        # All contexts are read before the first face is painted: a painted neighbour is no context.
        ready = []
        for number, (plan, face) in enumerate(todo):
            start = time.perf_counter()
            renderer = self._renderer(identities[plan.track])
            inputs, surroundings, last = self._see(image, masked.mask, face, renderer, masked.time)
            seen = time.perf_counter()
            running = None
            if self.session is not None and self.session.narrow:
                # The network leaves a core free: the large render fits in there.
                running = self._pair.beside(partial(self._run, inputs, surroundings))
                canvas = self._draw(masked.mask, face, plan.outline, renderer, last, number, twice)
            else:
                raw = self._run(inputs, surroundings)
                canvas = self._draw(
                    masked.mask, face, plan.outline, renderer, last, number, twice, self._pair
                )
            assert face.pose is not None
            edge = rim_of(plan.outline, surroundings, face.pose.scale)
            if running is not None:
                raw = running()
            if self._whole_head:
                _close_forehead(raw, inputs)
            self._settle(face, raw, last, masked.time)
            timings["rasterise"] += (seen - start) * 1e3
            timings["generate"] += (time.perf_counter() - seen) * 1e3
            if canvas is not None:
                pixel = SPAN * face.pose.scale / self.resolution
                steep = edge_gain(pixel, self.resolution, last.blur)
                ready.append((canvas, face.pose, last.fields, edge, steep))
        start = time.perf_counter()
        for canvas, pose, fields, edge, steep in ready:
            paint = partial(
                compose,
                image, canvas.region, *canvas.corner, fields, window(pose, self.resolution),
                canvas.render.colour, canvas.render.kind, canvas.step, masked.mask, edge, steep,
            )  # fmt: skip
            self._pair.rows(paint, len(canvas.region))
        if image is not masked.image:
            for canvas, *_ in ready:
                put_in_light(image, masked.image, canvas.region, canvas.corner, light)
        tones = self._colours.tones(masked) if ready else None
        if tones is not None:
            for canvas, *_ in ready:
                monochrome.put_on(masked.image, canvas.region, canvas.corner, tones)
        timings["compose"] = (time.perf_counter() - start) * 1e3
        for track in [t for t, last in self._last.items() if masked.time - last.time > 5]:
            del self._last[track]
        self._colours.age += bool(ready)
        return timings

    def _renderer(self, identity: Identity) -> Renderer:
        found = self._renderers.get(id(identity))
        if found is None or found.identity is not identity:
            if len(self._renderers) > 16:
                self._renderers.clear()
            found = self._renderers[id(identity)] = Renderer(identity)
        return found

    def _see(
        self,
        image: NDArray[np.uint8],
        mask: NDArray[np.uint8],
        face: Face,
        renderer: Renderer,
        at: float,
    ) -> tuple[F32, Context, _Last]:
        """The network's input, and what is remembered of the track, with the skin's tone now."""
        n = self.resolution
        assert face.pose is not None
        affine = window(face.pose, n)
        surroundings = cut(image, mask, affine, n)
        last = self._remembered(face, renderer.identity, at)
        # The mask of a wide head is wider: so is the face, or a strip beside it is only filled.
        width = np.float32(1.0 + SIDEWAYS * (face.margin - 1.0))
        if last is not None:
            width = last.width + np.float32(self._policy.width_follows) * (width - last.width)
        contour = width * renderer.contour
        to_window = window_matrix(face, affine)
        flatten = 0.0 if last is None else self._flattening(last.gain)
        render = renderer.draw(
            face, to_window, (n, n), contour, flatten=flatten, scratch=self._small
        )
        if last is None:
            wanted = wanted_gain(surroundings, render)
            flatten = 0.0 if wanted is None else self._flattening(wanted)
            if flatten > 0:
                render = renderer.draw(
                    face, to_window, (n, n), contour, flatten=flatten, scratch=self._small
                )
        if last is None or last.age + 1 >= self._policy.tone_every:
            gain, age = self._tone(last, wanted_gain(surroundings, render)), 0
        else:
            gain, age = last.gain, last.age + 1
        if last is None:
            fields = np.empty((n, n, MAPS), np.float32)
            nothing = np.full(3, 1e3, np.float32)
            blur = blur_around(image, mask, face.outline)
            last = _Last(
                fields, gain, nothing, face.pose, -math.inf, renderer.identity, age, width, contour,
                self._policy.blur if blur is None else blur,
            )  # fmt: skip
        else:
            last.gain, last.age, last.width, last.contour = gain, age, width, contour
            last.blur_age += 1
            if last.blur_age >= self._policy.blur_every:
                last.blur_age, blur = 0, blur_around(image, mask, face.outline)
                last.blur += self._policy.blur_follows * (
                    (last.blur if blur is None else blur) - last.blur
                )
        recolour(render, np.exp(gain))
        return planes(surroundings, render), surroundings, last

    def _run(self, inputs: F32, surroundings: Context) -> F32:
        """(MAPS, n, n) of the network, or of the floor without one."""
        if self.session is None:
            return floor(inputs, surroundings)
        try:
            return self.session.run(inputs)
        except Exception as error:  # out of GPU memory, lost device: ORT's own classes
            raise DeepcamError(
                f"The network stopped on {self.provider}: {str(error).splitlines()[0][:160]}.",
                "It starts again on the next provider.",
            ) from error

    def _settle(self, face: Face, raw: F32, last: _Last, at: float) -> None:
        """Mix new fields into the track's last ones."""
        assert face.pose is not None
        share = self._share(last, face.pose, at)
        if not settle(raw, share, last.fields):
            self._last.pop(face.track, None)
            raise DeepcamError("The network gave no usable numbers.", "Start the camera again.")
        hold_level(last.fields, last.level, self._policy.level_follows, self._policy.level_jumps)
        last.pose, last.time = face.pose, at
        if not self._still:
            self._last[face.track] = last

    def _remembered(self, face: Face, identity: Identity, at: float) -> _Last | None:
        last = None if self._still else self._last.get(face.track)
        if last is None or last.identity is not identity or not 0 <= at - last.time < 2:
            return None
        return last

    def _flattening(self, gain: F32) -> float:
        """Share of the skin's contrast to be taken away under ``gain`` (3,), logarithm."""
        return self._policy.flatten * min(max(float(gain.mean()), 0.0), 1.0)

    def _tone(self, last: _Last | None, wanted: F32 | None) -> F32:
        """Log gain of the skin: follows what is wanted slowly, keeps it while nothing is seen."""
        if last is None:
            return np.zeros(3, np.float32) if wanted is None else wanted
        if wanted is None:
            return last.gain
        return last.gain + np.float32(self._policy.tone_follows) * (wanted - last.gain)

    def _share(self, last: _Last, pose: Pose, at: float) -> float:
        """How much of this track's last fields stays: none when something jumped."""
        if not 0 < at - last.time < 0.2:
            return 0.0
        moved = float(np.hypot(*(pose.translation - last.pose.translation))) / pose.scale
        turned = float(np.abs(pose.rotation - last.pose.rotation).max())
        return self._policy.smoothing * max(0.0, 1 - moved / 0.25) * max(0.0, 1 - turned / 0.2)

    def _draw(
        self,
        mask: NDArray[np.uint8],
        face: Face,
        outline: Points,
        renderer: Renderer,
        last: _Last,
        number: int,
        twice: float,
        pair: Pair | None = None,
    ) -> _Canvas | None:
        """The face at the picture's own size, up to ``twice`` pixels twice as large, and where it
        goes; None outside the picture."""
        h, w = mask.shape
        x0, y0 = np.maximum(np.floor(outline.min(0)).astype(int) - 4, 0).tolist()
        x1 = min(w, int(np.ceil(outline[:, 0].max())) + 5)
        y1 = min(h, int(np.ceil(outline[:, 1].max())) + 5)
        if x1 <= x0 or y1 <= y0:
            return None
        wide, high = x1 - x0, y1 - y0
        longest = max(wide, high)
        step = 0.5 if longest <= twice else max(1.0, longest / self._policy.largest)
        size = (max(2, round(wide / step)), max(2, round(high / step)))
        k = np.float32(1 / step)
        to_render = np.array(
            [[k, 0, -x0 * k + 0.5 * k - 0.5], [0, k, -y0 * k + 0.5 * k - 0.5]], np.float32
        )
        while len(self._large) <= number:
            self._large.append(Scratch())
        render = renderer.draw(
            face, window_matrix(face, to_render), size, last.contour,
            gain=np.exp(last.gain), normals=False, blur=last.blur / step,
            flatten=self._flattening(last.gain), scratch=self._large[number], pair=pair,
        )  # fmt: skip
        region = np.zeros((high, wide), np.uint8)
        polygon = np.round(outline - np.array([x0, y0], np.float32)).astype(np.int32)
        cv2.fillConvexPoly(region, polygon, 255)
        # The eraser rounds outwards; what it added at the rim belongs to this face as well.
        region = cv2.dilate(region, np.ones((9, 9), np.uint8))
        region &= mask[y0:y1, x0:x1]
        return _Canvas(render, region, (x0, y0), step)


def _close_forehead(raw: F32, inputs: F32) -> None:
    """Let the render cover the forehead as far as it is drawn, in the fields ``raw`` (MAPS, n, n)
    made of ``inputs``."""
    upper = slice(0, round(0.42 * raw.shape[1]))
    raw[6, upper][inputs[7, upper] > 0] = 1.0
