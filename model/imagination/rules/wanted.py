"""What a description asks of a plan. Knows words, and no networks."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Self

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.relations import FOOD, TABLE
from mag_sandbox.scenes.changes import denied_in
from mag_sandbox.scenes.color_names import color_name
from mag_sandbox.scenes.conditions import (
    Walls,
    backdrop_in,
    is_under_snow,
    light_in,
    lit,
    own_season_in,
    season_in,
    shade_in,
    sky_outside,
    speaks_of,
    walls_in,
)
from mag_sandbox.scenes.descriptions import (
    absent_in,
    added_place,
    among_others,
    as_many,
    named_in,
    sky_color_in,
    typical_in,
    without_place,
)
from mag_sandbox.scenes.fullness import kinds_alone
from mag_sandbox.scenes.kinds import EXHIBITS, STANDS, TREES
from mag_sandbox.scenes.looks import Rgb
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.rewordings import cleared_up
from mag_sandbox.scenes.uninvited import elsewhere_in, others_than, strays_in, uninvited_in
from mag_sandbox.scenes.vocabulary import Vocabulary, with_plurals

_OF_STAGES = frozenset(("table with a cloth",))  # which bears one exhibit
_BACKDROP = "backdrop"
_OF_NIGHT = frozenset(("moon", "starry sky", "star"))  # not above a landscape by day


class Wanted(NamedTuple):
    """The requirements of a caption for a plan."""

    named: Sequence[Named] = ()  # things for the view ahead, added if no plan has them
    category: str | None = None  # of the scene; None: the planner's choice
    in_fog: bool = False
    in_storm: bool = False
    sky: Rgb | None = None  # its colour, if words give it one but blue
    in_snow: bool = False  # which lies on the ground
    season: str = ""  # "autumn" or "spring", if its trees show it
    own_season: str = ""  # which its place has in any plan
    outside: str = ""  # of a room: the sky that its windows show, if that is not a day's
    by_night: bool = False  # its light and sky are those of a night
    by_day: bool = False  # a plan with a dark sky is drawn anew
    absent: Collection[str] = ()  # kinds that it says are not there
    denied: Collection[str] = ()  # of these, those that its words name
    uninvited: Collection[str] = ()  # kinds that it leaves out by saying what alone is there
    strays: Collection[str] = ()  # kinds that its place seldom has, and people not named
    elsewhere: Collection[str] = ()  # kinds that its place never has, unless words name them
    typical: Sequence[Named] = ()  # things by which its place is known; likewise added
    walls: Walls | None = None  # None: they are plastered
    shade: float = 1.0  # share of the light that reaches its ground
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)  # as shares of a clear day's

    def counts(self, thing: PlacedObject) -> bool:
        """Tell whether it says how many of such things there are: in a village, of red houses."""
        own = [one for one in self.named if thing.kind in one.kinds]
        return any(one.most is not None for one in own) or any(
            one.one_of_many and one.color and thing.color
            and color_name(one.color) == color_name(thing.color)
            for one in own
        )  # fmt: skip

    @classmethod
    def of(cls, text: str, words: Vocabulary, kinds: Collection[str]) -> Self:
        """Return the requirements of a description.

        Args:
            text: as it was written.
            words: that it is read in.
            kinds: that a plan can have.
        """
        text = cleared_up(text)
        read = words.reading(text)
        there = added_place(text, words)
        named = without_place(named_in(read, words, kinds), read, there)
        named = as_many(named, with_plurals(text, words), kinds)
        uninvited = uninvited_in(text, words, kinds)
        known_by = typical_in(read, words, text)
        main = kinds_named(known_by)  # a corn field has much corn
        lonely = kinds_alone(read, kinds)
        alone = {*kinds} - main if uninvited else lonely  # one palm alone
        named = tuple(
            one._replace(most=one.least, one_of_many=False)
            if one.kinds[0] in alone and (one.one_of_many or (one.most, one.least) == (None, 1))
            else one
            for one in named
        )
        if not there:
            named = among_others(named, read, words)
        category = words.place(read)
        elsewhere = elsewhere_in(read, words, text)
        elsewhere |= _OF_STAGES if category != "object" else frozenset()
        named = tuple(_at_home(one, elsewhere) for one in named)
        if category == "object":
            named = _on_stage(named, backdrop_in(text, words))
        said = kinds_named(named)
        alike = {kind for one in named if one.most is not None for kind in one.uncolored}
        light = lit(text, words)
        absent = absent_in(read, kinds, text) | (alike - said)
        absent |= TREES & {*kinds} - said - main if TREES & lonely else frozenset()
        by_day = speaks_of("day", light) or speaks_of("afternoon", light)
        if by_day and category == "outdoor":
            absent |= _OF_NIGHT - said
        strays = (strays_in(text, words) | others_than(named)) - said
        strays -= frozenset() if FOOD.isdisjoint(said) else {TABLE}  # on which a rule puts it
        gone = absent | uninvited | strays
        typical = (
            one._replace(kinds=tuple(kind for kind in one.kinds if kind not in gone))
            for one in known_by
        )
        return cls(
            named=named,
            category=category,
            in_fog=speaks_of("fog", read),
            in_storm=speaks_of("storm", text),
            sky=sky_color_in(text, words),
            in_snow=is_under_snow(read),
            season=season_in(read, words),
            own_season=own_season_in(read, words),
            outside=sky_outside(text, words),
            by_night=speaks_of("night", light),
            by_day=by_day,
            absent=absent,
            denied=denied_in(text, words),
            uninvited=uninvited,
            strays=strays,
            elsewhere=elsewhere,
            typical=tuple(one for one in typical if one.kinds),
            walls=walls_in(read, words),
            shade=shade_in(read, words),
            light=light_in(text, words),
        )


def _on_stage(named: tuple[Named, ...], backdrop: Rgb | None) -> tuple[Named, ...]:
    """Return the things that words name on a stage, with its backdrop if that has a colour."""
    named = tuple(map(_exhibited, named))
    return named if backdrop is None else (*named, Named((_BACKDROP,), backdrop))


def _exhibited(one: Named) -> Named:
    """Return a thing that words name, which on a stage stands on a stand if any of its kinds can.

    A robot is no small one on the floor, and boxes are the stands.
    """
    if one.kinds[0] in STANDS:
        return one._replace(kinds=one.kinds[:1])
    return one._replace(kinds=tuple(filter(EXHIBITS.__contains__, one.kinds)) or one.kinds)


def _at_home(one: Named, elsewhere: Collection[str]) -> Named:
    """Return a thing that words name, of a kind that its place may have: no block of flats there.

    The kind that the words mean first of all stays.
    """

    def fitting(kinds: tuple[str, ...]) -> tuple[str, ...]:
        return kinds[:1] + tuple(kind for kind in kinds[1:] if kind not in elsewhere)

    relation = one.relation and one.relation._replace(
        kinds=fitting(one.relation.kinds), second=fitting(one.relation.second)
    )
    parts = tuple(_at_home(part, elsewhere) for part in one.parts)
    return one._replace(kinds=fitting(one.kinds), relation=relation, parts=parts)


NOTHING_WANTED = Wanted()
