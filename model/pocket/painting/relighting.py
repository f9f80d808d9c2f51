"""Shows a place in another light: its plan, and what stands in its painted ground.

Painted from the plan alone, paths would end elsewhere and flowers would be blots. So what is seen
now is carried over in the colours of the coming light, as a walker's view of things is from one
viewpoint to the next.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mag_sandbox.model.imagination.details import GivenPicture, shown_under
from mag_sandbox.model.imagination.imagination import Imagination
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.pixels import widened_around
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.model.imagination.rules.weather import AIR, SHINING, relit
from mag_sandbox.model.imagination.surroundings import Surroundings, in_pixels
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.model.pocket.painting.painted_pictures import PaintedPictures
from mag_sandbox.scenes.descriptions import BUILDINGS, WINDOWS
from mag_sandbox.scenes.kinds import PEOPLE
from mag_sandbox.scenes.vocabulary import Vocabulary

Things = Sequence[PlacedObject]
_ANEW = AIR | SHINING | BUILDINGS | WINDOWS  # which look otherwise in another light
_SKIES = ("low sky", "high sky")
# times as red, green and blue as before; what is more so lies under snow, or pales in fog
_BRIGHTEST = np.reshape((1.25, 1.25, 1.6), (3, 1, 1))
_CARRIED = ("outdoor", "indoor")  # categories; others have lights of their own
_EDGE = 2  # px around repainted places in which colours are blended


class Relighting:
    """The change of a place from one prompt's light to another's."""

    def __init__(
        self, before: Things, prompts: tuple[str, str], words: Vocabulary, imagination: Imagination
    ) -> None:
        """Take the things before, from far to near, and the prompts before and from now on."""
        self._before, self._imagination = before, imagination
        looks = imagination.config.looks
        self._was, self._now = (Wanted.of(text, words, looks) for text in prompts)

    def things(
        self, under: Callable[[], tuple[PlacedObject, ...]], facing: float
    ) -> tuple[PlacedObject, ...]:
        """Return the things in the other light.

        What only the new prompt names is added.

        Args:
            under: returns its own plan.
            facing: yaw of the view that shows what is added.
        """
        behind = self._imagination.config.all_behind
        return tuple(relit(self._before, under(), self._was, self._now, behind, facing))

    def carried(
        self,
        around: Surroundings,
        given: GivenPicture | None,
        pictures: PaintedPictures,
        things: Things,
    ) -> np.ndarray | None:
        """Return pixels of the ring to be carried over, uint8 [H, W, 4]; None: none can be.

        Args:
            around: the known ring before.
            given: the view that the scene begins from, if any.
            pictures: of the ring.
            things: in the other light.
        """
        if self._now.category not in _CARRIED or not around.known.any():
            return None
        gains = self._gains(things)
        stays = in_pixels(around.known, gains.shape[1]) & (gains <= _BRIGHTEST).all(axis=0)
        if not stays.any():
            return None
        picture = pictures.ring(around).numpy()
        before = GroundThings(around, tuple(self._before))
        details = pictures.details.first_ring(around, given, before)
        picture = shown_under(picture, details)
        pixels = np.zeros((*stays.shape, 4), np.uint8)
        colors = (picture + 1.0) * 127.5 * np.where(stays, gains, 0.0)
        pixels[..., :3] = np.rint(colors).clip(0, 255).transpose(1, 2, 0)
        pixels[..., 3] = 255 * ~widened_around(~stays, _EDGE)
        return pixels

    def _gains(self, things: Things) -> np.ndarray:
        """Return by how much each pixel's red, green and blue change, float64 [3, H, W].

        Infinite where something is painted anew.

        Args:
            things: in the other light.
        """
        owners = self._imagination.owners(self._before)
        is_same_air = _air(things) == _air(self._before)
        anew = frozenset[str]() if is_same_air else _ANEW
        colors = [{one.kinds: one.color for one in told.named} for told in (self._was, self._now)]
        dressed = {kinds[0] for kinds in colors[0] if colors[0][kinds] != colors[1].get(kinds)}
        anew |= dressed & PEOPLE  # whose faces keep their colour
        lit = {_place(one): one.mean_color for one in things if one.kind not in anew}
        gains = np.full((len(self._before) + 1, 3), np.inf)  # the last one is the background's
        for number, one in enumerate(self._before):
            if one.mean_color and (color := lit.get(_place(one))):
                gains[number] = np.divide(color, np.maximum(one.mean_color, 1))
        behind = [
            number
            for number, one in enumerate(self._before)
            if one.kind in self._imagination.config.all_behind and one.kind not in _SKIES
        ]
        if behind:
            gains[-1] = gains[behind].max(axis=0)
        result: np.ndarray = gains[owners].transpose(2, 0, 1).copy()
        if self._now.category == "outdoor" and not is_same_air:
            above = slice(len(owners) // 2)
            result[:, above][:, owners[above] < 0] = np.inf  # the sky
        before = set(map(_place, self._before))
        joined = np.array([*(_place(one) not in before for one in things), False])
        result[:, joined[self._imagination.owners(things)]] = np.inf
        return result


def _air(things: Things) -> set[PlacedObject]:
    """Return the skies of a plan, those in windows too, and what is in them."""
    return {one for one in things if one.kind in _SKIES or one.kind in AIR | WINDOWS}


def _place(thing: PlacedObject) -> tuple[str, int | None, float, float]:
    return thing.kind, thing.variant, thing.yaw, thing.pitch
