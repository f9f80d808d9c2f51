"""Which words of a description will show in the described place, and how much fits there.

A word is seen if it names a thing, the place, or something that scenes of this place differ in: the
time of day, the weather, walls, floors, light.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import chain, pairwise, takewhile

from mag_sandbox.scenes.color_names import COLORS, SAME_COLORS, color_word
from mag_sandbox.scenes.conditions import (
    BLACK_SKY,
    BY_DAY,
    COSY,
    DUSK,
    FITTINGS,
    GAME_SKIES,
    OUTSIDE_ROOMS,
    OWN_LIGHT,
    OWN_SEASON,
    SEA,
    SEASONS,
    SILENT,
    SPOKEN,
    STAGE_LIGHT,
    STAGE_TIMES,
    TURNING,
    is_night_place,
    is_under_snow,
    is_windowless,
    night_words,
    season_in,
    sky_outside,
    speaks_of,
)
from mag_sandbox.scenes.fullness import (
    CROWD,
    busy_place,
    empty_words,
    is_lonely,
    lonely_words,
    only_words,
    places_described,
    told_crowd,
    with_crowd,
)
from mag_sandbox.scenes.kinds import (
    ANIMALS,
    ANYBODY,
    COURSES,
    DISCS,
    DRAWN_AS,
    EXHIBITS,
    FALLING,
    GROUND_KINDS,
    KINDS,
    OVERHEAD,
    PEOPLE,
    STANDS,
    THINGS,
    WATERS,
)
from mag_sandbox.scenes.leftovers import left_over
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import (
    BUNCHED,
    ON_WALL,
    SIZES,
    STOPS,
    Named,
    absent_kinds,
    garments_in,
    in_said_colors,
    kinds_named,
    named_things,
    naming_words,
    near_colors,
    numbers_drawn,
    silent_words,
    telling_words,
)
from mag_sandbox.scenes.places import (
    PlaceKind,
    built_of,
    contents_of,
    known_place,
    likely_places,
    place_of,
    read_places,
)
from mag_sandbox.scenes.relations import IN_SKY
from mag_sandbox.scenes.rewordings import (
    AS_LARGE,
    AT_US,
    CHILDS_ROOM,
    COLORED_ROOM,
    COLORED_SKY,
    FALLING_FAR,
    FAMILIES,
    NOT_ON_STAGES,
    OBEYED,
    OF_WOOD,
    ON_MARS,
    ON_PLANET,
    OVERCAST,
    OWNER,
    RAINFALL,
    REWORDINGS,
    ROCKY_COAST,
    SEA_FLOOR,
    SHADED,
    SHADES,
    SHORT_FOR_IS,
    SNOWFALL,
    STAGE_LIGHTS,
    UMBRELLAS,
    UNSEEN,
    WOOD,
    caves_in,
    cleared_up,
    has_no_parasols,
    likened,
    with_caves,
)
from mag_sandbox.scenes.stances import STANCES
from mag_sandbox.scenes.suggestions import (
    ICE,
    WEATHER_STEMS,
    WOODED,
    fits_level,
    is_out_of_time,
    is_unfit,
    own_things,
    place_rank,
)
from mag_sandbox.scenes.synonyms import meant_in, plural, synonyms_of
from mag_sandbox.scenes.vocabulary import (
    APOSTROPHES,
    DETERMINERS,
    FUNCTION_WORDS,
    PLACE,
    VERB_ENDINGS,
    Phrase,
    Vocabulary,
    Word,
    WordGroup,
    any_case,
    first_named,
    is_named,
    phrase_stems,
    rewritten,
    split_words,
    stem,
    text_stems,
)

_TOWELS, _BLANKET = frozenset(("towel", "towels")), "picnic blanket"
ONLY_IN = {  # grounds that only some places have, whatever words say
    "ocean": "beach coast seashore",
    "dunes": "desert", "sand": "desert beach coast seashore", "mesas": "canyon",
}  # fmt: skip
ABSENT_FROM = {  # backgrounds of games that plans of some of their places lack
    "mountains": "kingdom island city", "hills": "city lava", "columns": "city",
}  # fmt: skip
LANDSCAPES = frozenset(("outdoor", "video game"))  # categories of scenes without walls
_PALE, _PALE_WEATHER = ("white", "grey"), ("fog", "mist", "rain", "snow")  # in these colours
_WARM = ("gold", "orange", "pink", "red", "yellow")
_COLORS_OF_LIGHTS = {  # by the stems of times of day: "a blue night", but no blue evening
    **dict.fromkeys(
        map(stem, ("evening", "sunset", "sundown", "sunrise", "dawn", "morning")), _WARM
    ),
    **dict.fromkeys(map(stem, ("dusk", "twilight")), ("pink", "purple")),
    **dict.fromkeys(map(stem, ("night", "midnight")), ("black", "blue")),
    **dict.fromkeys(map(stem, ("afternoon", "noon", "midday", "day")), ("gold", "yellow")),
}
_COAST = any_case(r"\b(sea|ocean|beach|coast|seashore|shore|harbour|harbor)\b")
_STORM = any_case(r"\b(stormy|thunderstorm|storm)\b")
_IN_MOUNTAINS = any_case(r"\b(in|through|across|among) the (mountains|hills)\b")  # of a meadow
_OWNING = tuple(f"{mark}s" for mark in APOSTROPHES)
_ADJECTIVES = frozenset((*COLORS, "old", "new", "big", "large", "small", "little", "tiny"))
_VERBS = frozenset((  # which are also names of things
    "bears", "boxes", "drums", "ducks", "fishes", "guard", "guards", "lights", "painting", "plants",
    "rings",
    "rocks", "slides", "swings", "trains", "watch", "watches", "waters", "wave", "waves",
))  # fmt: skip
_PLURAL_ENDS = ("s", "men", "people", "children", "mice")
_DOING = frozenset(("guard", "watch", "wave"))  # of those that several do
_JOINING = frozenset(("and", "or", "with"))  # of a list, "a dog, rocks and trees"
_SAYING = frozenset(("is", "are", "painted"))  # between a wall and its colour
_OLD_HOUSE = "old church"  # whose inside looks like any church's
_BATH = any_case(r"\bbath(s|ing)?\b")  # a room, and a thing found elsewhere, too
_ROOMS = frozenset(("space station",))  # whose names the painter knows from games
_HOUSE = "(church|chapel|shop|store|supermarket|cafe|restaurant)"
_BESIDE = r"(in front of|behind|beside|near|next to|outside|on(?= (a|the) (\w+ )?hill))"
_OUTSIDE = any_case(
    rf"\b{_HOUSE} {_BESIDE}\b|\b{_BESIDE} (it |them )?(a|the|an|my) (\w+ )?{_HOUSE}\b"
    rf"|\b({'|'.join(COLORS)}) (church|chapel)\b"
)
_HOUSE_IN_PLACE = any_case(  # "a church in a meadow"
    rf"(?P<house>.*?\b{_HOUSE}) (in|on|at) (?P<place>(a|an|the) (\w+ ){{0,2}}?\w+)"
    r"(?P<rest>$|[,.;].*| (with|and|at|by|in|under|where)\b.*)")  # fmt: skip
_HOUSES = any_case(
    r"\b(?:church(?:es)?|chapels?|shops?|stores?|supermarkets?|cafes?|restaurants?)\b"
)
_OF_LIGHT = re.compile(r"(?:(?P<large>L)|l)ight and weather(?P<verb> change\b| stay\b|)")
_OF_ONE = {" change": " changes", " stay": " stays"}
_SHOP = re.compile("store|supermarket")  # words that name no thing
_GRAVEYARD, _GRAVE = "in an old graveyard", "gravestone"
_HOUSE_KINDS = frozenset(("church", "shop"))
_AS_AT_PLACES = any_case(  # things named for a place, which may be elsewhere
    r"\b(?:beach (?:ball|umbrella|towel)|park bench|kitchen (?:chair|counter|sink|table|unit)"
    r"|office chair|garden (?:bench|chair|gnome|table)|cave (?:entrance|mouth)"
    r"|entrances? of (?:an? )?cave)(?:e?s)?\b"
)
_GOODS = re.compile("(?<=^store) with .+")  # what is in a bakery, but is not seen from outside
_STORE = any_case(r"\b(?:shop|store)\b")
_WITH = any_case(
    r"\b(?:with|wearing|in(?= (?:\w+ )?(?:armou?r|mail|uniform|costume)\b)) "
    rf"(?P<what>(?:(?:{'|'.join(DETERMINERS)}|{'|'.join(COLORS)}|big|long|small) )*"
    r"(?:\w+ )?(?!far\b)\w+ )"
    r"(?=(?P<where>(?:far )?(?:above|at|before|behind|beside|between|by|in|near|next to"
    r"|on the (?:left|right)(?: side)?|on|over|to the left|to the right|under))\b)"
)
_IN_HOUSE = any_case(
    rf"\b(inside|interior|view|windows?)\b|\b(in|into|within) (a|an|the|my|our|this) (\w+ )?"
    rf"{_HOUSES.pattern}")  # fmt: skip
_INSIDE = any_case(
    r"(?:^|[,.;] ?|\b(?:i|me|we|us|you)\b(?: \w+){0,2}? )(?:deep )?(?P<in>inside)(?: of)? "
    r"(?P<what>\w+(?: (?!(?:and|at|by|in|of|on|under|where|with)\b)\w+)*)")  # fmt: skip
_OF_LEVELS = any_case(
    r"\b(platforms?|portals?|spikes|coins(?!.* cave\b)|hearts|slimes?|game"
    r"|(question( mark)?|brick|crystal) blocks?|(dark|purple) background)\b"
)
_MAY_BE_LEVEL = any_case(r"\b(dungeon|space station|night city|jungle|cave|cavern)\b")
_CAVE = any_case(r"\b(cave|cavern|grotto)s?\b")
_BESIDE_IT = any_case(  # before a cave that is not where all is
    r"(?:\b(?:and|with|near|beside|by|behind|before|next to|has|is|are)|[,;.])"
    r"(?: (?!(?:in|inside|into|through|within|of|under|from|to)\b)\w+){0,4} $"
)
_AT_CHURCH = any_case(r"\b(church|chapel)\b.*\b(sunset|sunrise|dawn|dusk|twilight)\b")
_NO_ANIMALS = any_case(r"\b(no|without)( any)? animals?\b")
WINDOWS = frozenset(("square window", "arched window", "round window", "tall window"))
_DOOR = "door"  # of a house, if one is there
_CLOCK = "wall clock"  # likewise, which is not drawn
_ON_WALL = any_case(rf" {ON_WALL}")
_OF_STAGES = frozenset(("stage curtains", "ball lamp", "hanging star"))
_TAKEN_FOR = {"coin": ("key", "star")}  # kinds that look like it where they are small
_LOOK_ALIKES = (  # of which a stranger counts each: a bus passes for a second tram
    frozenset(("tram", "bus", "train")), frozenset(("horse", "unicorn")),
    frozenset(("swan", "duck")), frozenset(("boat", "rowing boat")),
)  # fmt: skip
_ON_FURNITURE = re.compile(r"\bon (a|an|the|my) (\w+ ){0,2}(table|desk|shelf|counter|rug)s?\b")
_AT = {  # words before the names of places, if not "in a"
    "on a": "beach coast seashore shore stage savanna playground pitch",
    "at a": "pool station site market harbour port lake", "at an": "airport airfield",
    "by the": "riverside", "in": "farmland woods Venice countryside",
}  # fmt: skip
_ON_MOON = "moon"
_OF_EARTHLY_DAYS = SPOKEN["day"] | frozenset(map(stem, ("dawn", "dusk", "sunrise", "sunset")))
_NAME_OF_MOON = any_case(r"\b(moon (?=landscape)|(?<=surface of the )moon\b)")
_PITCHES = frozenset(("football field", "sports field", "soccer field"))
_AT_HOME = WINDOWS | frozenset((
    "curtains", "floor lamp", "hanging lamp", "wall lamp", "ball lamp", "chandelier", "round rug",
    "square rug", "door", "potted cactus", "toy balloons",
))  # fmt: skip
BUILDINGS = frozenset((  # which have doors and windows of their own
    "cottage", "log cabin", "barn", "castle", "tower", "lighthouse", "windmill", "church",
    "skyscraper", "apartment house", "hut", "factory", "igloo", "pagoda", "school", "shop",
    "station", "temple",
))  # fmt: skip
_ALONE = {  # where things are that no place is known for
    "in a living room": _AT_HOME,
    "in a gallery": frozenset(("sneaker", "chess piece", *STANDS)),
    "in a game level": frozenset((
        "platform", "brick block", "question block", "crystal block", "coin", "gem", "heart",
        "slime", "small robot", "pipe", "portal", "lava pit", "water pit", "spikes",
    )),
}  # fmt: skip
_VILLAGE, _MEADOW = "in a small old village", "in a green meadow"  # longer than names of houses
_HOMES = frozenset(("cottage", "log cabin", "hut", "castle"))  # which furniture shows from inside
_FURNISHED = (  # rooms that houses have
    "living room", "bedroom", "library", "kitchen", "office", "dining room", "music room",
    "bathroom",
)  # fmt: skip
_OUTDOORS = any_case(  # words for things outside the windows of a room
    r"(?<!looking )(?<!looks )(?<!staring )(?<!gazing )\b(outside|beyond|behind|through)"
    r"(?: of)? (?:the|a|my|its|every|each) (?:\w+ )?windows?\b"
    r"|(?<!looking )(?<!looks )(?<!staring )(?<!gazing )\boutside\b(?! (?:of )?(?:the|a|my)\b)"
)
_OUT, _WALLS_OF = "outside", {"brick": "red", "stone": "grey"}  # as they are painted
_A_WALL = any_case(  # before one that is no part of a house
    rf"\b(?:an?|one|two|three|some) (?:(?:{'|'.join((*COLORS, *SIZES))}|high|long|low|old) )*$"
)
_LADDER = "ladder"  # of libraries, and before any house
_HALL, _HAUNTED = "castle hall", "haunted"
_BESIDE_HOME = any_case(
    r"\b(front of|before|behind|beside|beyond|near|next to|outside|by|around|opposite)"
    r" (\w+ ){0,3}$"
)
_IN_HOME = any_case(r"\b(in|inside|into) (\w+ ){1,3}$")
_OUT_OF_HOME = any_case(r"^\W*(outside|behind|in the (distance|background)|far away)\b")
USUAL_PLACE = "in a meadow"  # for a description without a place, in words or by its things
_OWN_COLORS = {  # that the ground of places has by itself
    "green": frozenset((
        "meadow", "farmland", "forest", "jungle", "park", "garden", "football field", "riverside",
    )),
    "white": frozenset(("snowfield",)), "yellow": frozenset(("desert", "beach", "savanna")),
    "golden": frozenset(("desert", "beach", "savanna", "farmland")),
    "orange": frozenset(("autumn woods", "canyon")), "pink": frozenset(("cherry valley",)),
}  # fmt: skip
_PINK_LAND = "pink", "candy"  # a level whose ground is pink on every seed
_LEVEL, _LIGHT = stem("level"), stem("light")
_GARMENT = "shirt"  # the only one with the colour of clothes
_CHRISTMAS, _TREE_WORD = "christmas", "tree"
_MORNING = any_case(r"(?<!early )\bmorning\b")
_LOW_SUN = any_case(r"\b(at|in the) (sunset|sundown|sunrise|dawn|dusk|twilight)\b")
_LYING_SNOW = any_case(r"\b(covered in|under|in deep) (the )?snow\b")  # though none falls
_POTTED, _FIRES = "potted", ("fireplace", "camp fire")  # that "fire" means, in rooms and outdoors
_GREY_SKY, _DUSTY_SKY = (158, 163, 170), (226, 172, 128)
_LEFT = frozenset(("abandoned", "forgotten", "desolate"))
_SMOKING = frozenset(("log cabin", "factory", "train"))  # from a chimney
_OF_DAYS = (frozenset(_COLORS_OF_LIGHTS) | SPOKEN["day"]) - SPOKEN["night"]  # none under water
_SUNLIT = frozenset(map(stem, ("morning", "noon", "midday", "afternoon")))  # as windows are
_PLENTY = {  # what places have many of, and how many there are at least
    "jungle": ("bush", 32), "wheat field": ("wheat", 24), "tulip field": ("tulip", 24),
    "rocky coast": ("rock", 16), "library": ("bookshelf", 7),
}  # fmt: skip
_PART_OF = {  # places, and those whose ground, plants and houses they share
    "swimming pool": ("garden",), "playground": ("park",), "park": ("city",),
    "market": ("city", "village"), "canal town": ("city",), "harbour": ("city",),
    "wheat field": ("farmland",), "tulip field": ("farmland", "meadow"),
    "farmland": ("meadow",), "village": ("meadow",), "riverside": ("meadow",),
    "rocky coast": ("beach",),
}  # fmt: skip
_GROWN, _IN_A_FIELD = frozenset((  # kinds that fields and meadows are full of, and how many
    "sunflower", "tulip", "wild flower", "rose", "wheat", "pumpkin", "mushroom",
)), 36  # fmt: skip
_FULL_OF = any_case(
    r"\b(?:(?:fields?|meadows?|garden) of|full of|covered (?:in|with)) (?P<plants>\w+(?: \w+)?)"
)
_KNOWN_BY = {"harbour": ("jetty",)}  # things by which places are known, beside their main ones
_WATER, _NO_WATER = "water", frozenset(("of", "under", "without", "no"))
_OPEN_WATERS = WATERS | {"waterfall", "fountain", "well"}
_FROZEN_LAKE = "frozen lake"
_OWN_WATERS = {  # of places; those of others are lakes
    "swimming pool": "pool", "canal town": "canal", "riverside": "river", "coral reef": None,
}  # fmt: skip
_TREE = 3.0  # metres
_LARGEST = 6.0  # metres that things in rooms are tall or wide
_FALLS = {"falling rain": "rain", "falling snow": "snow"}  # kinds, and stems for them
# which imply no place: a fairy land with a dragon is still one
_ANYWHERE = DISCS | {"bird", "castle", "hills", "mountains", "rock", "ruin"}
_OF_SUNNY_DAYS = frozenset(("beach umbrella", "sunbed"))
_STRIKE = Named(("lightning",), None)
_FEWEST = 8  # trees, in a season that they show
_SWEET = "ice cream"  # as mountains are
_RELIEF, _WAYS = frozenset(("hills", "mountains")), frozenset(("road", "path"))
_A_HOUSE = "cottage"  # which is a block of flats in places made of these
_OF_CITIES = frozenset(("apartment house", "skyscraper"))
_AT_LAKES = frozenset((
    "lake", "duck", "bird", "boat", "rowing boat", "sailing ship", "swan", "lighthouse", "fish",
    "jetty",
))  # fmt: skip
_FILLERS = (  # words that say nothing by themselves
    "above add also background below but change distance each even front groups her his light my"
    " quite becomes gets getting heavy make paint rather really same see so standing stands such"
    " too turn turns very weather which who"
)
CHANGING = frozenset((  # likewise, of changes of a place
    "again", "begin", "begins", "beginning", "now", "place", "scene", "start", "starts",
    "starting", "still", "suddenly",
))  # fmt: skip
_COLD_SEASONS = frozenset(map(stem, ("autumn", "winter")))
_JOINED = frozenset(("livingroom", "diningroom"))  # read as two words
_IS = frozenset(f"{one}{mark}s" for one in SHORT_FOR_IS for mark in APOSTROPHES)
FILLERS = frozenset((*_FILLERS.split(), *CHANGING, *_JOINED, *_IS, "full"))  # "a full moon"
_NO_SUNSET = frozenset(map(stem, ("neon", "haunted", "space")))  # places of games with dark skies
# Words that no phrase of a category has, but with which eight plans of its scenes differ.
MEASURED = {
    "outdoor": "winter spaceship",
    "indoor": "night dark",
    "object": "wall",
    "video game": "night",
}
_SCHOOL_DESK = "school desk"
MOST_UNSEEN = 6  # unseen words near by, beside those that are suggested


class DescriptionWords(Vocabulary):
    """The vocabulary of a world that plans named things.

    >>> words = DescriptionWords.load(ROOT / "assets/weights/pocket/words.json")
    >>> [word.text for word in words.without_effect("three robots in a clever meadow at night")]
    ['clever']
    """

    def __init__(self, counts: Mapping[str, int], groups: Sequence[WordGroup] = ()) -> None:
        super().__init__(counts, _with_all_places(groups, {*counts, *FUNCTION_WORDS}))
        self._read_text = lru_cache(maxsize=64)(self._with_place)
        self._is_seen_alone = lru_cache(maxsize=1024)(lambda word: not self._judge(word))
        self._judged = lru_cache(maxsize=32)(self._judge)  # a prompt box asks at every key

    def place(self, text: str) -> str | None:
        """Return the category of the place that a text names; levels are of games."""
        if any(stem(word.text.lower()) == _LEVEL for word in split_words(text)):
            return "video game"
        if _OF_LEVELS.search(text) and _MAY_BE_LEVEL.search(text):
            return "video game"  # a dungeon with platforms, even a dark one
        place = super().place(text)
        if place == "video game" and _CAVE.search(text):
            return "indoor"  # a cave with pits of lava
        if place == "indoor" and _BATH.search(text):  # a bath in a garden
            return super().place(_BATH.sub("", text)) or place
        if place and _AS_AT_PLACES.search(text):  # a beach ball on a stage
            others = _AS_AT_PLACES.sub("", text)
            is_beside = _CAVE.search(text) and not _CAVE.search(others) and _lands_in(others)
            return super().place(others) or (None if is_beside else place)
        if place is None and _STORE.search(text) and FITTINGS.search(text):
            return "indoor"  # otherwise a shop is a house
        return place

    def phrases(self, text: str) -> tuple[Phrase, ...]:
        """Return a text in phrases; a house beside a place outdoors is no place itself.

        Owners without an apostrophe name nothing, as those with one.
        """
        phrases = _inside_home(self._split(text), text, self) or super().phrases(text)
        phrases = _with_cave_mouths(phrases, text, self)
        phrases = _without_verbs(_with_owners(phrases, text, self), text)
        phrases = _at_christmas(phrases)
        phrases = _with_waters(phrases, text, self)
        phrases = in_said_colors(phrases)
        phrases = _as_in_place(_with_same_place(phrases, text, self), text, self)
        read = rewritten(text, phrases)
        if self.place(read) == "indoor" and _OUTDOORS.search(text):
            phrases = _without_outdoors(phrases, text, self)
            read = rewritten(text, phrases)
        bare = [one._replace(known=one.known and _GOODS.sub("", one.known)) for one in phrases]
        read = rewritten(text, bare)
        if self.place(read) != "indoor":
            return tuple(bare)
        if not _is_of_house(read):
            return phrases
        houses = [one for one in bare if one.known and _HOUSES.search(one.known)]
        there = _without(houses, text)
        others = _with_owners(super().phrases(there), there, self)
        if self.place(rewritten(there, others)) != "outdoor" and not _tells_of_outdoors(read):
            return phrases
        seen = [one._replace(known=_SHOP.sub("shop", one.known or "")) for one in houses]
        return tuple(sorted((*seen, *others), key=lambda one: one.words[0].start))

    def without_effect(self, text: str) -> tuple[Word, ...]:
        """Return the words of a text that will not be seen."""
        return self._judged(text)

    def nearest(self, word: str, count: int = 3, *, is_begun: bool = False) -> tuple[str, ...]:
        """Return known words that might be meant, and will be seen; see `Vocabulary.nearest`."""
        if word.endswith(_OWNING):
            return ()
        near = super().nearest(word, count + MOST_UNSEEN, is_begun=is_begun)
        if is_begun:  # a prompt box asks at every key
            return near[:count]
        if self.meaning(word) or word.endswith(VERB_ENDINGS):  # "clocks" where no clock is drawn
            near = tuple(one for one in near if stem(one) != stem(word))
        return tuple(one for one in near if self._is_seen_alone(one))[:count]

    def substitutes(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return words of a text that are drawn as something else: the sea floor as a reef."""
        text = CHILDS_ROOM.sub("nursery", SEA_FLOOR.sub("coral reef", text))
        text = ROCKY_COAST.sub("coast of rock", text)
        text = WOOD.sub(r"\g<a> \g<how>forest", _NO_ANIMALS.sub("", text))
        for said, meant in FAMILIES:
            text = said.sub(meant, text)
        named = (one.kinds[0] for one in named_things(text, KINDS))
        others = {kind: DRAWN_AS[kind] for kind in named if kind in DRAWN_AS}
        read = self.in_known_words(text)
        like = likened(text)
        worn = ((garment, _GARMENT) for garment in garments_in(text) if garment != _GARMENT)
        known = _counted(super().substitutes(OF_WOOD.sub(r"\g<room>", text)))
        known = [one for one in known if all(one[0] not in said for said, _ in like)]
        known = [one for one in known if not is_lonely(one[1])]  # which is not drawn
        known = [one for one in known if one[1] not in (BUNCHED, BUNCHED[:-1])]  # plainly balloons
        reading = self.reading(text)
        known = [
            one for one in known if one[1] in reading or not _is_said_again(one[0], [*known, *like])
        ]
        if CROWD in reading:
            known = told_crowd(known, numbers_drawn(CROWD, KINDS)[0][1])
        numbers = (
            one for one in numbers_drawn(read, KINDS) if text_stems(one[0]) <= text_stems(text)
        )
        drawn = [(said, _in_number(said, one)) for said, one in _chained(known, others)]
        drawn = [(said, one) for said, one in drawn if said.lower() != one]
        return (*drawn, *like, *numbers, *worn, *near_colors(read, KINDS))

    def reading(self, text: str) -> str:
        """Return a text in known words; one without a place is read with one that has its things.

        "A camel" is read as "a camel, in a desert".
        """
        return self._read_text(text)

    def _with_place(self, text: str) -> str:
        read = in_places(self, text)
        is_outside = _OUTSIDE.search(read) or (_is_of_house(read) and _tells_of_outdoors(read))
        if self.place(read) == "indoor" and is_outside:
            there = _MEADOW if is_lonely(read) else _VILLAGE
            there = _GRAVEYARD if naming_words(read, (_GRAVE,)) else there
            return f"{read}, {there}"
        said = [word.text for word in split_words(read) if word.text not in FUNCTION_WORDS]
        if self.place(read) is not None or self.foreign(text) or not any(map(self.meaning, said)):
            return read
        there = "" if _IN_MOUNTAINS.search(read) else self._likely(read)
        is_bare = is_lonely(read) and bool(built_of(known_place(there, self)))
        return f"{read}, {USUAL_PLACE if is_bare or not there else there}"

    def _likely(self, read: str) -> str:
        """Return the place that has the things of a description in known words, "" if none has."""
        told = named_things(read, KINDS)
        named = [one.kinds for one in told if one.relation != IN_SKY or one.kinds[0] in OVERHEAD]
        if any(kinds[0] in BUILDINGS for kinds in named):
            of_houses = parts_of_houses(is_built=True)
            named = [kinds for kinds in named if kinds[0] not in of_houses]
        kinds = [kinds for kinds in named if kinds[0] not in _ANYWHERE]
        unpleasant = WEATHER_STEMS | _COLD_SEASONS
        if text_stems(read) & unpleasant:  # sunbeds in the rain are on no beach
            kinds = [kinds for kinds in kinds if kinds[0] not in _OF_SUNNY_DAYS]
        first = {named[0] for named in kinds}
        if _SCHOOL_DESK not in first:  # any table would be in a classroom
            kinds = [tuple(kind for kind in own if kind != _SCHOOL_DESK) for own in kinds]
        if "lake" in first:  # there are lakes in swamps, deserts and anywhere
            kinds = [kinds for kinds in kinds if kinds[0] not in _AT_LAKES]
        on_stages = STANDS - {"steps"} if first & BUILDINGS else STANDS  # of a house
        if first & on_stages and first & EXHIBITS:
            return "on a stage"
        if _SWEET in first and {kinds[0] for kinds in named} & (_RELIEF | {"castle"}):
            return "in a fairy land"
        if "falling snow" in first or (text_stems(read) & ICE and "ice cream" not in first):
            kinds.append(("igloo",))
        kinds = [kinds for kinds in kinds if kinds[0] not in WINDOWS]
        of_rooms = contents_of("indoor").keys() - contents_of("outdoor").keys()
        if first & of_rooms:  # people are in any room
            kinds = [kinds for kinds in kinds if kinds[0] not in ANYBODY]
        said = {kinds[0] for kinds in named}
        is_at_home = _ON_FURNITURE.search(read) or (first & _AT_HOME and not said & BUILDINGS)
        is_outdoors = any(one in WATERS or not _fits_room(one) for one in said)
        is_outdoors |= not said.isdisjoint({*OVERHEAD, *_RELIEF})
        wild = said & ANIMALS - of_rooms - contents_of("indoor").keys()
        is_outdoors |= bool(wild) and not first & of_rooms  # pigeons on a statue
        is_ground = first & _WAYS or not first.isdisjoint(WATERS)  # a clown with balloons on a road
        if speaks_of("fog", read) or is_ground:
            is_at_home = False
        category = "indoor" if is_at_home else "outdoor" if is_outdoors else None
        is_earthly = bool(text_stems(read) & _OF_EARTHLY_DAYS)
        for place in likely_places(kinds, category):
            if is_earthly and place.name == _ON_MOON:
                continue
            if _A_HOUSE in first and not first & _OF_CITIES and _OF_CITIES & built_of(place):
                return located("village")
            for words in place.words:
                if self.place(words) == place.category and not self.unknown(words):
                    return located(words)
        alone = (place for place, kinds in _ALONE.items() if first & kinds)
        return next(alone, "")

    def suggestions(self, prompt: str, count: int = 5) -> tuple[str, ...]:
        """Return phrases that fit the prompt's place, of groups that it does not mention."""
        reading = self.reading(prompt)
        stems = [stem(word.text.lower()) for word in split_words(reading)]
        said = frozenset(stems)
        if (category := self.place(reading)) is None:
            return super().suggestions(prompt, count)
        place = place_of(category, stems)

        is_dark = category in BY_DAY and not self.lights(prompt) and is_night_place(reading)
        said |= SPOKEN["night"] if is_dark else frozenset()
        there = {kind for one in named_things(reading, KINDS) for kind in one.kinds}
        if own := own_things(place, is_bare=is_mars(prompt, place)):
            told = (one for one in own if not is_unfit(one, said, there, None))
            return tuple(told)[:count]

        def rank(phrase: str) -> int | None:
            if category == "video game":
                return 0 if fits_level(phrase, said) else None
            if is_unfit(phrase, said, there, place) or is_out_of_time(phrase, text_stems(prompt)):
                return None
            return 0 if place is None else place_rank(phrase, place.name)

        return self.phrases_of(category, said, rank)[:count]

    def _judge(self, text: str) -> tuple[Word, ...]:
        if self.foreign(text):
            return split_words(text)
        phrases = self.phrases(text)
        read, owners, known = list[str](), list[int](), ""
        for rank, phrase in enumerate(phrases):
            first = phrase.words[0]
            gap = text[phrases[rank - 1].words[-1].end : first.start] if rank else ""
            unknown = phrase.written.replace(" ", "")  # of a snow leopard no snow is seen
            said = phrase.known or unknown
            said = first.text.lower() if phrase.words == (first,) and _is_owner(first) else said
            said = f"{said}'s" if phrase.known == "" else said  # an owner
            read += (own := [word.text for word in split_words(said)])
            owners += [rank] * len(own)
            known += f"{',' * (not STOPS.isdisjoint(gap))} {said}" if rank else said
        small = FUNCTION_WORDS | FILLERS
        seen = {owners[place] for place in self._seen(known, read, text)}
        named = {rank for rank, word in zip(owners, read, strict=True) if word not in small}
        obeyed = (*OBEYED, *((said, 0) for said, _ in caves_in(known)))
        told = {at for said, group in obeyed for at in _words_in(said, known, group)}
        parts = [found for found in _WITH.finditer(known) if _is_unseen_part(found, self)]
        parts = [found for found in parts if naming_words(known[: found.start()], KINDS)]
        told |= {at for found in parts for at in _spanned(known, found.span("where"))}
        if super().place(known) is None and self.place(known) == "indoor":
            told |= _words_in(_STORE, known)
        seen |= {owners[place] for place in told}
        reading = self.reading(text)
        unseen_words = [*UNSEEN]
        unseen_words += [STAGE_LIGHTS, NOT_ON_STAGES] if self.place(known) == "object" else []
        unseen_words += [UMBRELLAS] if has_no_parasols(known) else []
        unseen_words += [AT_US] if self.place(known) in ("indoor", "object") else []
        unseen_words += [SNOWFALL] if RAINFALL.search(known) else []
        seen -= {
            owners[place]
            for said in unseen_words
            for group in said.groupindex for place in _words_in(said, known, group)
        }  # fmt: skip
        seen |= {owners[place] for place in _words_in(ON_PLANET, known, "planet")}
        seen |= {owners[place] for place in _words_in(AS_LARGE, known)}
        if is_mars(known, known_place(reading, self)):
            seen |= {owners[place] for place in _words_in(ON_MARS, known)}
        named |= {owners[place] for place in (*_unseen_far(known), *_unentered(known, self))}
        named |= {owners[place] for place in _words_in(AT_US, known)}
        if self.place(known) == "object":
            named |= {owners[place] for place in _words_in(NOT_ON_STAGES, known, "above")}
        place = self.place(reading)
        if place == "video game":  # whose sky is open
            seen -= {rank for rank, one in enumerate(phrases) if _CAVE.fullmatch(one.written)}
        of_night = night_words(text, self).split()  # whose light is seen
        seen |= {
            rank for rank, phrase in enumerate(phrases)
            if all(word.text in of_night for word in phrase.words)
        }  # fmt: skip
        grey = named - seen
        if place == "indoor":
            grey |= _ways_out(phrases, grey)
        telling = {owners[place] for place in (*telling_words(known, KINDS), *told)}
        all_words = [word for phrase in phrases for word in phrase.words]
        ranks = [rank for rank, phrase in enumerate(phrases) for _ in phrase.words]
        unseen_at = {at for at, rank in enumerate(ranks) if rank in grey}
        placing = {at for at, rank in enumerate(ranks) if rank in telling}
        unseen_at |= left_over(text, all_words, unseen_at, placing)
        return tuple(word for at, word in enumerate(all_words) if at in unseen_at)

    def _seen(self, text: str, read: list[str], written: str) -> set[int]:
        reading, own = self.reading(text), self.reading(written)
        if self.place(reading) == "video game" != self.place(own):
            reading = own  # a "cyberpunk city street" is no "cyberpunk city"
        category = self.place(reading)
        stems = [stem(word) if self.meaning(word) else "" for word in read]
        read_stems = [stem(word.text) for word in split_words(reading)]
        said = {*read_stems}
        ground = GROUND_KINDS.get(category or "", ())
        kinds = tuple(THINGS)
        if category == "indoor":  # no moon hangs in a room
            kinds = tuple(kind for kind in kinds if _fits_room(kind) and kind not in OVERHEAD)
        names = naming_words(text, (*kinds, *ground))
        place_kind, silent = known_place(reading, self), _silent(said, category)
        groups = [
            group for group in self.groups
            if None in (category, group.category) or group.category == category
        ]  # fmt: skip
        heard = ["" if word in silent else one for word, one in zip(read, stems, strict=True)]
        of_place, of_others = _in_groups(groups, heard, read_stems, _other_places(place_kind))
        seen = of_others | names
        if category != "video game":
            seen |= empty_words(text, (*THINGS, *ground))
        else:
            seen |= {place for place, one in enumerate(stems) if one == _LEVEL}
            skies = [when for when, sky in GAME_SKIES if _NO_SUNSET.isdisjoint(said) or sky == DUSK]
            seen |= {place for when in skies for place in _words_in(when, text)}
        if category == "object":
            lamps = (STAGE_LIGHT, *(when for when, _ in STAGE_TIMES))
            seen |= {place for said in lamps for place in _words_in(said, text)}
        seen |= _lonely_words(text, of_place) if category == "outdoor" else set()
        seen |= only_words(text, is_obeyed=category in BY_DAY and bool(naming_words(text, kinds)))
        if category == "outdoor" and (place_kind is None or place_kind.name not in OWN_SEASON):
            shown = season_in(reading, self)
            seasons = {place for place, word in enumerate(read) if word in SEASONS}
            seen -= seasons
            seen |= {place for place in seasons if read[place] == shown}
        also = MEASURED.get(category or "", "").split()
        seen |= {place for place, word in enumerate(read) if word in also}
        if CROWD in reading:
            seen |= {place for place, word in enumerate(read) if word == "busy"}
        if category == "indoor":
            light = _light_words(text, self, has_windows=not is_windowless(place_kind))
            seen |= {place for place, one in enumerate(stems) if one in light}
        seen |= (telling := telling_words(text, (*THINGS, *ground)))
        needs = (need for group in self.groups for need in phrase_stems(group) if _LIGHT in need)
        lights = frozenset[str]().union(*needs)
        for place in reversed(range(len(read))):  # a colour is seen on the next word's thing
            if place not in telling | names and color_word(read[place]):
                is_own = place_kind and place_kind.name in _OWN_COLORS.get(read[place], ())
                is_own = is_own or tuple(read[place : place + 2]) == _PINK_LAND
                colored = seen | of_place if category == "indoor" or is_own else seen
                is_said = read[place - 1] in _SAYING and place - 2 in colored  # walls are blue
                is_light = stem((*read, "")[place + 1]) == _LIGHT  # only some are painted
                is_seen = is_said or (
                    place + 1 in colored and (not is_light or stems[place] in lights)
                )
                seen = seen | {place} if is_seen else seen - {place}
        seen = _with_shades(seen, read, stems) | _stuffs(text, place_kind)
        unheard = silent_words(text, (*THINGS, *ground))
        colors = {place for place in unheard if color_word(read[place])}
        seen = (seen - unheard) | (of_place - colors)
        if place_kind and place_kind.name in OWN_LIGHT:  # whose sky has a colour of its own
            seen -= {
                place for place, (word, follows) in enumerate(pairwise(read))
                if color_word(word) and follows == "sky"
            }  # fmt: skip
        if place_kind and place_kind.name in OWN_LIGHT and category == "outdoor":
            seen -= {place for place, one in enumerate(stems) if one in _OF_DAYS}
        if place_kind and place_kind.name == _ON_MOON:
            seen |= _words_in(BLACK_SKY, text)
        if category == "outdoor":
            seen -= _unseen_of_houses(text, (*THINGS, *ground))
        return seen | {
            place for place, word in enumerate(read) if word == "not" and place + 1 in seen
        }


def _is_said_again(said: str, meant: Sequence[tuple[str, str]]) -> bool:
    """Tell whether a word of some belongs to others with a meaning: the town of a town square."""
    own = {*said.split()}
    return any(said != other and not own.isdisjoint(other.split()) for other, _ in meant)


def _in_number(said: str, known: str) -> str:
    """Return the name of things in its plural, if a word for them is in its own.

    >>> _in_number("enemies", "monster")
    'monsters'
    """
    is_plural = said.endswith(_PLURAL_ENDS) and not said.endswith(("ss", "us"))
    return plural(known) if is_plural and naming_words(known, KINDS) else known


def _chained(meant: Sequence[tuple[str, str]], drawn: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return words with their meanings as they are drawn, each word once.

    >>> _chained([("old violin", "brown violin")], {"violin": "guitar"})
    [('old violin', 'brown guitar')]
    """
    result, left = [], dict(drawn)
    for said, known in meant:
        kind = next((kind for kind in drawn if kind in known), "")
        if kind and kind in said:
            left.pop(kind, None)
        result.append((said, known.replace(kind, drawn[kind]) if kind else known))
    return [*result, *left.items()]


def _counted(meant: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return words with their meanings, with the number that is drawn for "many".

    >>> _counted([("a crowd", "many people")])
    [('a crowd', 'ten people')]
    """
    result = []
    for said, known in meant:
        for word, number in numbers_drawn(known, KINDS):
            known = known.replace(word, number)
        result.append((said, known))
    return result


def _in_groups(
    groups: Sequence[WordGroup],
    heard: Sequence[str],
    said: Sequence[str],
    others: frozenset[frozenset[str]],
) -> tuple[set[int], set[int]]:
    """Return the words, counted from 0, of names of a place, and of other groups of words.

    Args:
        groups: of a place's category.
        heard: stems of the words of a description; "": of those that say nothing.
        said: stems of all that the description is read as, in their order.
        others: names of other places.
    """
    of_place, of_others = set[int](), set[int]()
    for group in groups:
        is_place = group.name == PLACE
        for need in phrase_stems(group):
            if not is_place or (is_named(need, said) and need not in others):
                named = {place for place, one in enumerate(heard) if one in need}
                (of_place if is_place else of_others).update(named)
    return of_place, of_others


def _with_shades(seen: set[int], read: Sequence[str], stems: Sequence[str]) -> set[int]:
    """Return the seen words with "painted" beside one of them, and without unseen shades.

    Shades of some colours are not seen, nor are colours that weather and lights do not take.
    """
    result = {*seen}
    for place, (word, follows) in enumerate(pairwise(read)):
        if "painted" in (word, follows) and {place, place + 1} & result:
            result |= {place, place + 1}
        is_shade = word in SHADES and color_word(follows) in SHADED
        is_pale = color_word(word) in (None, *_PALE) or stems[place + 1] not in _PALE_WEATHER
        is_lit = color_word(word) in (None, *_COLORS_OF_LIGHTS.get(stems[place + 1], COLORS))
        result -= {place} if is_shade or not is_pale or not is_lit else set()
    return result


def _unseen_of_houses(text: str, kinds: Sequence[str]) -> set[int]:
    """Return the words, counted from 0, for parts of houses that are not drawn outdoors."""
    is_built = bool(named_things(text, sorted(BUILDINGS)))
    others = [kind for kind in kinds if kind not in parts_of_houses(is_built=is_built)]
    unseen = {*telling_words(text, kinds) - telling_words(text, others)}
    unseen |= set() if is_built else naming_words(text, sorted(WINDOWS))
    without = [kind for kind in kinds if kind != _CLOCK or not is_built]
    return unseen | (naming_words(text, kinds) - naming_words(text, without))


def parts_of_houses(*, is_built: bool) -> frozenset[str]:
    """Return the kinds that outdoors are only parts of houses; without one, doors stand alone."""
    return WINDOWS | {_DOOR, _CLOCK} if is_built else WINDOWS


def _light_words(text: str, words: Vocabulary, *, has_windows: bool) -> frozenset[str]:
    """Return the stems that say something seen about the light of a description's room."""
    light = frozenset((COSY,)) if not words.lights(text) else frozenset[str]()
    if sky_outside(text, words):
        return light.union(*OUTSIDE_ROOMS.values())
    return light | _SUNLIT if has_windows else light


def _silent(said: set[str], category: str | None) -> set[str]:
    """Return the words that a described place never shows."""

    def is_said(places: str) -> bool:
        return not said.isdisjoint(map(stem, places.split()))

    silent = {*SILENT.split(), *(word for word, places in ONLY_IN.items() if not is_said(places))}
    if category == "video game":
        silent |= {word for word, places in ABSENT_FROM.items() if is_said(places)}
    return silent


def _lonely_words(text: str, of_place: Collection[int]) -> set[int]:
    """Return the words, counted from 0, that call a place lonely.

    An abandoned house looks like any other one.

    Args:
        text: a description.
        of_place: the words that name its place, counted likewise.
    """
    words = split_words(text)
    things = naming_words(text, sorted(THINGS.keys() - WATERS)) - {*of_place}
    return {
        at for at in lonely_words(text)
        if words[at].text.lower() not in _LEFT or things.isdisjoint(places_described(text, at))
    }  # fmt: skip


def _stuffs(text: str, place: PlaceKind | None) -> set[int]:
    """Return the words, counted from 0, for a place's material and its own colour.

    Lakes have blue water, and meadows green grass.
    """
    words = [word.text for word in split_words(text)]
    kinds = {one.kinds[0] for one in named_things(text, (*THINGS, *WATERS))}
    has_water = not WATERS.isdisjoint(kinds)
    is_green = place is not None and place.name in _OWN_COLORS["green"]
    is_turned = is_under_snow(text) or any(season in words for season in SEASONS)
    stuffs = {
        "water": ("blue", has_water),
        **dict.fromkeys(("grass", "grassy"), ("green", is_green and not is_turned)),
        "smoke": ("white", not _SMOKING.isdisjoint(kinds)),
        "chimney": ("", not (_SMOKING | {"cottage"}).isdisjoint(kinds)),
    }
    seen = set[int]()
    for at, word in enumerate(words):
        color, is_there = stuffs.get(word, ("", False))
        if is_there:
            said = (at - 1, at + 2 if words[at + 1 : at + 2] == ["is"] else at - 1)
            seen |= {at, *(one for one in said if words[one : one + 1] == [color])}
    return seen


def _with_all_places(groups: Sequence[WordGroup], known: set[str]) -> list[WordGroup]:
    """Return groups with all known words for places that name nothing else."""
    groups = [
        replace(group, phrases=tuple(one for one in group.phrases if one not in _ROOMS))
        for group in groups
    ]
    places = [group for group in groups if group.name == PLACE]
    taken = {*THINGS, *chain(*(group.phrases for group in places))}
    more: dict[str | None, list[str]] = {}

    def is_new(words: str) -> bool:
        is_known = known.issuperset(words.split()) and not SEA_FLOOR.search(words)
        is_known = is_known and words != _OLD_HOUSE
        return is_known and words not in taken

    for place in read_places().values():
        more.setdefault(place.category, []).extend(filter(is_new, place.words))
    return [
        replace(group, phrases=(*group.phrases, *more.get(group.category, ())))
        if group in places
        else group
        for group in groups
    ]


def named_in(text: str, words: Vocabulary, kinds: Collection[str]) -> tuple[Named, ...]:
    """Return the things that a description in known words names, as `named_things` does.

    A room is not one of them: a hotel lobby has no hotel in it, nor a church another church. Its
    balloons are toys.
    """
    category = words.place(text)
    text = AT_US.sub("", text) if category in ("indoor", "object") else text
    if category != "indoor":  # where no wall is that windows could be in
        text = _ON_WALL.sub("", text)  # on which nothing hangs there
        named = named_things(_NAME_OF_MOON.sub("", _LYING_SNOW.sub("", text)), kinds)
        is_built = any(one.kinds[0] in BUILDINGS for one in named)
        of_houses = parts_of_houses(is_built=is_built)
        return tuple(_unpotted(one) for one in named if one.kinds[0] not in of_houses)
    parts = split_words(text)
    stems = [stem(word.text.lower()) for word in parts]
    place = place_of("indoor", stems)
    names = (frozenset(map(stem, name.split())) for name in (place.words if place else ()))
    needs = (name - FUNCTION_WORDS for name in names)
    name = max((need for need in needs if need <= {*stems}), key=len, default=frozenset())
    whole = (range(at, at + len(name)) for at in range(len(stems)))  # rather than words far apart
    together = (run for run in whole if {*stems[run.start : run.stop]} == name)
    for at in next(together, [stems.index(one) for one in name]):
        word = parts[at]
        text = text[: word.start] + "x" * len(word.text) + text[word.end :]  # still a noun
    inside = [_off_stage(one) for one in named_things(text, kinds)]
    outdoors = {*contents_of("outdoor"), "hot air balloon"} - {*contents_of("indoor")}
    own = [tuple(kind for kind in one.kinds if kind not in outdoors) or one.kinds for one in inside]
    both = zip(inside, own, strict=True)
    return tuple(
        one._replace(kinds=few)
        for one, few in both
        if few[0] not in OVERHEAD and _fits_room(few[0])
    )


def _off_stage(one: Named) -> Named:
    """Return a named thing of a room without stage kinds: a room's curtains are not a stage's."""
    if not {*one.kinds} <= _OF_STAGES or {*one.uncolored} <= _OF_STAGES:
        return one
    return one._replace(kinds=tuple(kind for kind in one.uncolored if kind not in _OF_STAGES))


def _unpotted(one: Named) -> Named:
    """Return a named thing without its potted kinds, if it also grows in the ground.

    A fire is no fireplace.
    """
    wild = tuple(kind for kind in one.kinds if not kind.startswith(_POTTED))
    wild = _FIRES[1:] if one.kinds == _FIRES else wild
    return one._replace(kinds=wild or one.kinds)


def without_place(named: Sequence[Named], text: str, added: str) -> tuple[Named, ...]:
    """Return named things but for those that only the name of an added place has: no station.

    Args:
        named: that a description names.
        text: the description in known words.
        added: where it is painted, "in a railway station"; "": it names a place.
    """
    if not added:
        return tuple(named)
    said = {one.kinds[0] for one in named_things(text.removesuffix(added), KINDS)}
    gone = {one.kinds[0] for one in named_things(added, KINDS)} - said
    return tuple(one for one in named if one.kinds[0] not in gone)


def among_others(named: Sequence[Named], text: str, words: Vocabulary) -> tuple[Named, ...]:
    """Return named things, marked where their place may have others of the kind.

    A red house in a village is not its only house.
    """
    built = built_of(known_place(text, words))
    return tuple(
        one._replace(most=None, one_of_many=True)
        if one.most == 1 and built.intersection(one.kinds)
        else one
        for one in named
    )


def as_many(named: Sequence[Named], text: str, kinds: Collection[str]) -> tuple[Named, ...]:
    """Return named things, several of those that the description as written has in the plural.

    Known words may have none: "presents" are read as "present".
    """
    written = {one.kinds[0]: one for one in named_things(text, kinds)}

    def several(one: Named) -> Named:
        said = written.get(one.kinds[0], one)
        is_open = one.most is None and not one.one_of_many
        return one._replace(least=max(one.least, said.least)) if is_open else one

    return tuple(map(several, named))


def _fits_room(kind: str) -> bool:
    """Tell whether things of a kind can be in a room: nothing is as large as trains and huts."""
    usual = usual_looks().get(kind)
    if usual is None or (kind in STANCES and STANCES[kind].where in ("flat", "sky")):
        return True
    return (kind not in BUILDINGS and max(usual.tall, usual.wide) <= _LARGEST) or (
        kind in contents_of("indoor")
    )


def is_outdoor(one: Named) -> bool:
    """Tell whether a thing that words name is too tall for a room, and no room has it: a boat."""
    usual = usual_looks().get(one.kinds[0])
    is_tall = one.kinds[0] in WATERS or (usual and usual.tall > _TREE)
    return bool(is_tall) and contents_of("indoor").keys().isdisjoint(one.kinds)


def absent_in(text: str, kinds: Collection[str], said: str = "") -> frozenset[str]:
    """Return the kinds that are absent by a description in known words.

    It neither rains nor snows unless words say so, and nothing looks like one thing of which words
    tell the number; `said` is the description as it was written. A palm that is named stays where
    there are no trees.
    """
    text = _LYING_SNOW.sub("", text)
    things = named_things(text, kinds)
    named = kinds_named(things)
    stems = text_stems(text)
    dry = {fall for fall, said in _FALLS.items() if said not in stems and fall not in named}
    dry |= set() if speaks_of("storm", said or text) else {"lightning"} - named
    beasts = ANIMALS.intersection(kinds) if _NO_ANIMALS.search(said) else frozenset()
    gone = absent_kinds(text, kinds) - {one.kinds[0] for one in things}
    alike = {other for kind in gone for other in _TAKEN_FOR.get(kind, ())}
    counted = {one.kinds[0] for one in things if one.most}
    alike |= {other for group in _LOOK_ALIKES if group & counted for other in group}
    if any(one.most and one.kinds[0] in WINDOWS for one in things):  # through which others are seen
        gone |= {"curtains"} - named
    thawed = {"lake"} - named if _FROZEN_LAKE in named else set[str]()  # would lie over it
    return gone | dry | beasts | thawed | (alike.intersection(kinds) - named)


def _unseen_far(text: str) -> set[int]:
    """Return the words of a description, counted from 0, that say that rain is far away.

    What falls does so everywhere.
    """
    return _words_in(FALLING_FAR, text, 2)


def _unentered(text: str, words: Vocabulary) -> set[int]:
    """Return the words of a description, counted from 0, that put one inside a solid thing.

    A whale is seen from outside, and a cave is not.
    """
    return {
        len(split_words(text[: found.start("in")]))
        for found in _INSIDE.finditer(text)
        if words.place(found["what"]) is None
    }


def _words_in(said: re.Pattern[str], text: str, group: int | str = 0) -> set[int]:
    """Return the words of a text, counted from 0, that a group of a pattern is, but small ones."""
    return _spanned(text, *(found.span(group) for found in said.finditer(text)))


def _spanned(text: str, *spans: tuple[int, int]) -> set[int]:
    """Return the words of a text, counted from 0, that some spans of it have, but small ones."""
    return {
        place
        for place, word in enumerate(split_words(text))
        if word.text not in FUNCTION_WORDS
        and any(start <= word.start < end for start, end in spans)
    }


def typical_in(text: str, words: Vocabulary, said: str = "") -> tuple[Named, ...]:
    """Return the things that the place of a description in known words is known for.

    The sea of coasts must be ahead, as the road of a city: ships and cars are on it. `said` is the
    description as it was written: at sea a thunderstorm is read as rain.
    """
    place = known_place(text, words)
    is_struck = words.place(text) == "outdoor" and speaks_of("thunder", said)
    if place is None:
        return (_STRIKE,) if is_struck else ()
    plants = dict.fromkeys(place.some("plants"))
    trees = tuple(one for one in plants if one in STANCES and (STANCES[one].tall or 0.0) >= _TREE)
    kinds = tuple(dict.fromkeys(kind for kind in place.some("main") if kind in THINGS))
    named = [Named(kinds, None)] if kinds else []
    skyline = tuple(dict.fromkeys(place.some("skyline")))
    named += [Named(skyline, None)] if len(skyline) > 1 else []  # a town has houses
    named += [_STRIKE] * is_struck
    named += [Named((kind,), None) for kind in _KNOWN_BY.get(place.name, ())]
    if sky_outside(text, words) and not named_things(text, sorted(WINDOWS)):
        named.append(Named(tuple(sorted(WINDOWS)), None))
    flat = place.some("flat")
    named += [Named(flat, None)] if len(flat) == 1 and flat[0] in COURSES else []
    if least := WOODED.get(place.name, 0):
        named.append(Named(trees, None, least))
    elif season_in(text, words):
        named.append(Named(tuple(one for one in trees if one in TURNING), None, _FEWEST))
    if place.name in _PLENTY:
        kind, least = _PLENTY[place.name]
        named.append(Named((kind,), None, least))
    elif place.category == "outdoor":
        named += _fields_in(text)
    return tuple(named)


def _fields_in(text: str) -> list[Named]:
    """Return the plants that a description in known words has fields or meadows full of."""
    said = (found["plants"] for found in _FULL_OF.finditer(text))
    kinds = (one.kinds for plants in said for one in named_things(plants, KINDS))
    grown = (next(filter(_GROWN.__contains__, own), None) for own in kinds)
    return [Named((kind,), None, _IN_A_FIELD) for kind in grown if kind]


def is_mars(text: str, place: PlaceKind | None) -> bool:
    """Tell whether a description is of Mars: a canyon without life, under a sky full of dust."""
    return place is not None and place.name == "canyon" and ON_MARS.search(text) is not None


def sky_color_in(text: str, words: Vocabulary) -> tuple[int, int, int] | None:
    """Return the colour that a description gives the sky of a landscape, but for blue.

    Some places have a sky of their own.
    """
    read = words.reading(text)
    place = known_place(read, words)
    if words.place(read) != "outdoor" or (place and place.name in OWN_LIGHT):
        return None
    if OVERCAST.search(text):
        return _GREY_SKY
    if is_mars(text, place) and not COLORED_SKY.search(text) and not speaks_of("night", read):
        return _DUSTY_SKY
    found = COLORED_SKY.search(in_places(words, text))
    name = found["color"].lower() if found else "blue"
    name = SAME_COLORS.get(name, name)
    return None if name == "blue" else COLORS[name]


@cache
def _needs_of(name: str) -> frozenset[frozenset[str]]:
    """Return the stems of the words of each name of a place."""
    return frozenset(frozenset(needed_stems(words)) for words in read_places()[name].words)


def _other_places(place: PlaceKind | None) -> frozenset[frozenset[str]]:
    """Return the stems of the names of a category's places, except one and those it is part of."""
    if place is None:
        return frozenset()
    alike = (one.name for one in read_places().values() if one.category == place.category)
    own = (place.name, *_PART_OF.get(place.name, ()))
    others = frozenset[frozenset[str]]().union(*map(_needs_of, alike))
    return others.difference(*map(_needs_of, own))


def falls_outdoors(text: str, words: Vocabulary) -> bool:
    """Tell whether a description has rain or snow in a room, where none falls."""
    falls = any(speaks_of(what, text) for what in _FALLS.values())
    return falls and words.place(words.reading(text)) == "indoor"


def of_light(said: str, text: str, words: Vocabulary) -> str:
    """Return a sentence on light and weather; for a description of a room, on light alone."""
    if not _OF_LIGHT.search(said) or words.place(words.reading(text)) != "indoor":
        return said
    return _OF_LIGHT.sub(
        lambda hit: f"{'The' if hit['large'] else 'the'} light{_OF_ONE.get(hit['verb'], '')}", said
    )


def names_land(text: str, words: Vocabulary) -> bool:
    """Tell whether a description names land, water or houses of several kinds of places: a lake."""
    read = words.in_known_words(text)
    return bool(_lands_in(read) or named_things(read, sorted(BUILDINGS)))


def _lands_in(text: str) -> frozenset[str]:
    """Return the land and water that a text in known words names first of all that it can mean."""
    kinds = {one.kinds[0] for one in named_things(text, KINDS)}
    return frozenset(kinds & {*WATERS, *GROUND_KINDS["outdoor"]} - {*FALLING, "starry sky"})


def added_place(text: str, words: Vocabulary) -> str:
    """Return where a description that names no place is painted, "in a desert"; else ""."""
    return words.reading(text)[len(in_places(words, text)) :].removeprefix(", ")


def located(name: str) -> str:
    """Return a place by name, as where something is: "on a beach", "by the riverside"."""
    last = name.split()[-1]
    usual = "in an" if name[0] in "aeiou" else "in a"
    said = (before for before, names in _AT.items() if last in names.split())
    return f"{'on a' if name in _PITCHES else next(said, usual)} {name}"


def place_phrase(text: str, words: Vocabulary, category: str | None) -> str:
    """Return the name of the place that a text names; of several as `first_named`."""
    stems = [stem(word.text.lower()) for word in split_words(text)]
    needs = ((frozenset(needed_stems(one)), one) for one in group_phrases(words, PLACE, category))
    return first_named((one for one in needs if one[0]), stems) or ""


def group_phrases(words: Vocabulary, group: str, category: str | None) -> list[str]:
    """Return the phrases of a category's groups of some name."""
    return [
        phrase for one in words.groups if (one.name, one.category) == (group, category)
        for phrase in one.phrases
    ]  # fmt: skip


@lru_cache(maxsize=4096)
def needed_stems(text: str) -> tuple[str, ...]:
    """Return the stems of the words of a text that name something."""
    words = (word.text for word in split_words(text))
    return tuple(stem(word) for word in words if word not in FUNCTION_WORDS)


def _is_owner(word: Word) -> bool:
    """Tell whether a word names an absent owner: "grandmother's"."""
    return re.fullmatch(OWNER, word.text, re.I) is not None


def _at_christmas(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Return phrases with a tree read as a Christmas tree, if Christmas is mentioned before it."""
    written = [phrase.written for phrase in phrases]
    if _CHRISTMAS not in written or written.count(_TREE_WORD) != 1:
        return tuple(phrases)
    at = written.index(_TREE_WORD)
    is_own = at > written.index(_CHRISTMAS) + 1
    return tuple(
        phrase._replace(known=f"{_CHRISTMAS} {_TREE_WORD}") if is_own and rank == at else phrase
        for rank, phrase in enumerate(phrases)
    )


def _with_waters(phrases: Sequence[Phrase], text: str, words: Vocabulary) -> tuple[Phrase, ...]:
    """Return phrases with "water" read as a lake, or the place's own, unless others are named.

    A water tower is none, and a glass of water neither.
    """
    read = rewritten(text, phrases)
    place = known_place(read, words)
    is_sea = place and place.some("flat") == (SEA,)
    water = SEA if is_sea else _OWN_WATERS.get(place.name, "lake") if place else "lake"
    is_room = place and place.category != "outdoor"
    if is_room or not water or named_things(read, sorted(_OPEN_WATERS)):
        return tuple(phrases)

    def known(rank: int) -> str | None:
        phrase, others = phrases[rank], phrases[rank + 1 :]
        is_none = rank > 0 and phrases[rank - 1].written in _NO_WATER
        if phrase.written != _WATER or is_none:
            return phrase.known
        gap = text[phrase.words[-1].end : others[0].words[0].start] if others else ""
        alone = not others or not STOPS.isdisjoint(gap)
        alone = alone or others[0].written in FUNCTION_WORDS or others[0].known is None
        return water if alone else phrase.known

    return tuple(one._replace(known=known(rank)) for rank, one in enumerate(phrases))


def _with_cave_mouths(
    phrases: Sequence[Phrase], text: str, words: Vocabulary
) -> tuple[Phrase, ...]:
    """Return phrases with a cave that a landscape has, too, read as the mouth of one."""

    def is_beside(phrase: Phrase) -> bool:
        before = text[: phrase.words[0].start]
        is_named = _CAVE.fullmatch(phrase.written) and _BESIDE_IT.search(before)
        read = rewritten(before, Vocabulary.phrases(words, before)) if is_named else ""
        return bool(is_named) and _is_landscape(words.place(read), read)

    caves = [one for one in phrases if is_beside(one)]
    if not caves:
        return tuple(phrases)
    mouths = [
        one._replace(known="cave mouths" if one.written.endswith("s") else "cave mouth")
        for one in caves
    ]
    others = Vocabulary.phrases(words, _without(caves, text))  # of a place that is no cave
    return tuple(sorted((*mouths, *others), key=lambda one: one.words[0].start))


def _without(phrases: Iterable[Phrase], text: str) -> str:
    """Return a text as long with some phrases blotted out."""
    for one in phrases:
        start, end = one.words[0].start, one.words[-1].end
        text = text[:start] + "_" * (end - start) + text[end:]
    return text


def _ways_out(phrases: Sequence[Phrase], grey: Collection[int]) -> set[int]:
    """Return the phrases, counted from 0, that say that something unseen is outside a room.

    Args:
        phrases: of a description of a room.
        grey: those that are not seen, counted likewise.
    """
    telling = [
        rank for rank, one in enumerate(phrases)
        if one.written == _OUT or one.written not in FUNCTION_WORDS | FILLERS
    ]  # fmt: skip
    sides = zip(telling, (-1, *telling), (*telling[1:], -1), strict=False)
    return {
        rank for rank, before, after in sides
        if phrases[rank].written == _OUT and not {before, after}.isdisjoint(grey)
    }  # fmt: skip


def _as_in_place(phrases: Sequence[Phrase], text: str, words: Vocabulary) -> tuple[Phrase, ...]:
    """Return phrases with what means one thing in rooms and another outdoors read as it is there.

    Outdoors no rail holds towels, and walls that stand by themselves are fences; in rooms and on
    stages balloons are toys: none carries people.
    """
    read = rewritten(text, phrases)
    place = words.place(read)
    is_open = _is_landscape(place, read)
    are_free = place == "outdoor" and not named_things(read, sorted(BUILDINGS))

    def known(rank: int, phrase: Phrase) -> str | None:
        stuff, _, what = phrase.written.rpartition(" ")
        if is_open and phrase.written in _TOWELS:
            return plural(_BLANKET) if what.endswith("s") else _BLANKET
        if what in ("wall", "walls"):
            if are_free and _A_WALL.search(text[: phrase.words[0].start]):
                return what.replace("wall", "fence")
            is_room = place == "indoor" and stuff in _WALLS_OF
            return f"{_WALLS_OF[stuff]} {what}" if is_room else phrase.known
        is_toy = place in ("indoor", "object") and phrase.known in ("balloon", "balloons")
        is_told = rank and phrases[rank - 1].written in ("air", "toy")
        return BUNCHED if is_toy and not is_told else phrase.known

    return tuple(one._replace(known=known(rank, one)) for rank, one in enumerate(phrases))


def _is_landscape(place: str | None, read: str) -> bool:
    return place == "outdoor" or (place is None and bool(_lands_in(read)))


def _without_outdoors(
    phrases: Sequence[Phrase], text: str, words: Vocabulary
) -> tuple[Phrase, ...]:
    """Return phrases without the meanings of things outside the windows of a room."""
    gone = set[int]()
    for found in _OUTDOORS.finditer(text):
        behind = [at for at, one in enumerate(phrases) if one.words[-1].end <= found.start()]
        if behind and text[phrases[behind[-1]].words[-1].end : found.start()].strip():
            behind = []  # a comma is between: "a red rug, outside it snows"
        ahead = [at for at, one in enumerate(phrases) if one.words[0].start >= found.end()]
        for way in (behind[::-1], ahead):
            clause = _clause(phrases, text, way)
            clause = [at for at in clause if words.place(phrases[at].known or "") is None]
            things = [at for at in clause if named_things(phrases[at].known or "", KINDS)]
            if things:
                last = clause.index(things[0]) + 1
                gone.update(clause[:last])
                told = clause[last:] if way is not ahead else []  # "two red birds outside"
                gone.update(takewhile(lambda at: phrases[at].written not in FUNCTION_WORDS, told))
                break
    return tuple(
        one._replace(known="") if at in gone and one.written not in FUNCTION_WORDS else one
        for at, one in enumerate(phrases)
    )


def _clause(phrases: Sequence[Phrase], text: str, way: Sequence[int]) -> list[int]:
    """Return the phrases of a way that come before a stop, or before "and" or "with"."""
    clause = list[int]()
    for at in way:
        first, last = sorted((at, clause[-1] if clause else at))
        gap = text[phrases[first].words[-1].end : phrases[last].words[0].start]
        if phrases[at].written in ("and", "with") or not STOPS.isdisjoint(gap):
            break
        clause.append(at)
    return clause


@cache
def _furniture() -> frozenset[str]:
    """Return the kinds that stand in the rooms of a house."""
    stands = (
        kind for name in (*_FURNISHED, "throne room") for field in ("main", "wall", "middle")
        for kind in read_places()[name].some(field)
    )  # fmt: skip
    outdoors = contents_of("outdoor").keys() - {"table", "chair"}
    return frozenset(stands) - outdoors - {_LADDER}


def _inside_home(
    phrases: Sequence[Phrase], text: str, words: Vocabulary
) -> tuple[Phrase, ...] | None:
    """Return phrases with a furnished house, and nothing outdoors, read as one of its rooms.

    None: there is no such house.
    """
    if words.place(rewritten(text, phrases)) is not None:
        return None
    homes = [one for one in phrases if one.known and _is_home(one)]
    named = {one.kinds[0] for one in named_things(rewritten(text, phrases), KINDS)}
    furniture, others = named & _furniture(), named - _HOMES - OVERHEAD
    is_open = not {*WATERS, *GROUND_KINDS["outdoor"]}.isdisjoint(others) or not all(
        map(_fits_room, others)
    )
    is_open |= any(_is_outdoors(one, words) for one in phrases if one not in homes)
    if len(homes) != 1 or is_open:
        return None
    (home,) = homes
    if not furniture and not _IN_HOME.search(text[: home.words[0].start]):
        return None
    start, end = home.words[0].start, home.words[-1].end
    if _BESIDE_HOME.search(text[:start]) or _OUT_OF_HOME.search(text[end:]):
        return None
    shown = sorted(furniture or others - PEOPLE - ANIMALS)
    likely = (one.name for one in likely_places([(kind,) for kind in shown], "indoor"))
    room = next((name for name in likely if name in _FURNISHED), "living room")
    room = _HALL if home.known == "castle" else room
    dark = "dark " if home.written.startswith(_HAUNTED) else ""
    first = phrases.index(home)
    room = f"{dark}{room}"
    if first and phrases[first - 1].written == "log":
        first, room = first - 1, f"wooden {room}"
    named_by = phrases[first : phrases.index(home) + 1]
    parts = tuple(word for one in named_by for word in one.words)
    seen = Phrase(parts, " ".join(one.written for one in named_by), room)
    return (*phrases[:first], seen, *phrases[first + len(named_by) :])


def _is_outdoors(phrase: Phrase, words: Vocabulary) -> bool:
    """Tell whether a phrase is read as a place outdoors where words name no other: the woods."""
    listed = synonyms_of(phrase.written)
    return listed is not None and words.place(listed.place or "") == "outdoor"


def _is_home(phrase: Phrase) -> bool:
    named = named_things(phrase.known or "", KINDS)
    is_one = len(named) == 1 and not phrase.written.endswith("s")
    return is_one and _TREE_WORD not in phrase.written and named[0].kinds[0] in _HOMES


def _with_same_place(phrases: Sequence[Phrase], text: str, words: Vocabulary) -> tuple[Phrase, ...]:
    """Return phrases with one for a place like another phrase's read as that place, too."""
    place = known_place(rewritten(text, phrases), words)

    def known(phrase: Phrase) -> str | None:
        listed = synonyms_of(phrase.written)
        like = listed.place if listed and phrase.known is None else None
        return like if place and like and known_place(like, words) == place else phrase.known

    return tuple(phrase._replace(known=known(phrase)) for phrase in phrases)


def _with_owners(phrases: Sequence[Phrase], text: str, words: Vocabulary) -> tuple[Phrase, ...]:
    """Return phrases without the meanings of owners that lack an apostrophe: "my grandmas tent"."""

    def is_owned(phrase: Phrase) -> bool:
        known = phrase.known or ""
        return words.place(known) is not None or bool(naming_words(known, KINDS))

    def is_owner(rank: int) -> bool:
        before, phrase, *after = phrases[rank - 1 : rank + 3]
        is_plural = phrase.written.endswith("s") and before.written in DETERMINERS
        if not is_plural or not after or not _are_alive(phrase.known or ""):
            return False
        parts = [phrase, *after[: 1 + (after[0].written in _ADJECTIVES)]]
        gaps = (text[one.words[-1].end : other.words[0].start] for one, other in pairwise(parts))
        is_list = before.written == "the" and _are_alive(parts[-1].known or "")
        return STOPS.isdisjoint("".join(gaps)) and not is_list and is_owned(parts[-1])

    def tells_owner(rank: int) -> bool:
        """Tell whether a word is the owner's own: of "the lighthouse keeper's dog" the first."""
        before, phrase, *after = phrases[rank - 1 : rank + 2]
        is_own = before.written in DETERMINERS and phrase.written not in FUNCTION_WORDS
        return is_own and bool(after) and _is_owner(after[0].words[0])

    return tuple(
        phrase._replace(known="") if rank and (is_owner(rank) or tells_owner(rank)) else phrase
        for rank, phrase in enumerate(phrases)
    )


def _without_verbs(phrases: Sequence[Phrase], text: str) -> tuple[Phrase, ...]:
    """Return phrases without meanings of verbs that look like plurals: "a man plants a tree"."""

    def is_alive(phrase: Phrase) -> bool:
        kinds = {one.kinds[0] for one in named_things(phrase.known or "", KINDS)}
        return bool(kinds) and kinds <= PEOPLE | ANIMALS | {"robot"}

    def is_verb(rank: int) -> bool:
        *before, who, phrase, after = phrases[max(rank - 3, 0) : rank + 2]
        is_list = not STOPS.isdisjoint(text[who.words[-1].end : phrase.words[0].start])
        has_object = after.written in FUNCTION_WORDS - _JOINING or named_things(
            after.known or "", KINDS
        )
        is_one = not DETERMINERS.isdisjoint(one.written for one in before)
        are_several = who.written.endswith(_PLURAL_ENDS)
        does = (is_one and has_object) or (are_several and phrase.written in _DOING)
        return is_alive(who) and not is_list and bool(does)

    return tuple(
        phrase._replace(known="")
        if phrase.written in _VERBS and 1 < rank < len(phrases) - 1 and is_verb(rank)
        else phrase
        for rank, phrase in enumerate(phrases)
    )


@lru_cache(maxsize=512)
def _are_alive(name: str) -> bool:
    named = named_things(name, KINDS)
    return any(one.least > 1 for one in named) and all(
        one.kinds[0] in PEOPLE | ANIMALS for one in named
    )


def _without_unseen_parts(text: str, words: Vocabulary) -> str:
    """Return a text without undrawn parts of things that stand between them and their places.

    "A knight with a sword before a castle" is before it, too.
    """
    return _WITH.sub(lambda found: "" if _is_unseen_part(found, words) else found[0], text)


def _is_unseen_part(found: re.Match[str], words: Vocabulary) -> bool:
    *_, part = said = found["what"].lower().split()
    if any(end == len(said) and same for _, end, _, same in meant_in(said)):  # wind turbines
        return False
    is_word = part in FUNCTION_WORDS or part in SILENT.split()  # "a view on"
    is_unseen = not is_word and Vocabulary.meaning(words, part) is None
    return is_unseen and not naming_words(found["what"], KINDS)


@lru_cache(maxsize=64)  # several questions are asked of each text
def in_places(words: Vocabulary, text: str) -> str:
    """Return a text in known words; a storm at sea is rain on a coast, and winter is snow."""
    text = with_caves(_without_unseen_parts(cleared_up(text), words))
    if has_no_parasols(text):
        text = UMBRELLAS.sub("", text)
    for said, meant in REWORDINGS:
        text = said.sub(meant, text)
    if _COAST.search(text):
        text = _STORM.sub("rainy", text)
    read = COLORED_ROOM[0].sub(COLORED_ROOM[1], Vocabulary.reading(words, text))
    read = f"a {read}" if _is_bare_house(read, words) else read
    is_outside = _is_of_house(read) and _AT_CHURCH.search(read)
    if words.place(read) == "indoor" and not is_outside:  # whose light is not that of landscapes
        read = _LOW_SUN.sub("in the evening", read)
    else:
        read = _MORNING.sub("early morning", read)  # as captions say
    busy = busy_place(read)
    if busy and (words.place(busy) or "") in BY_DAY:
        read = with_crowd(read)
    found = _HOUSE_IN_PLACE.fullmatch(read)
    is_inside = words.place(read) != "indoor" or _IN_HOUSE.search(read)
    if found and not is_inside and words.place(found["place"]) == "outdoor":
        return f"{found['place']} with {found['house']}{found['rest']}"
    if words.place(read) == "indoor" and _is_of_house(read):
        return _with_place_of_house(read, words)
    return read


def _is_bare_house(read: str, words: Vocabulary) -> bool:
    """Tell whether a description is but a word for one house, as a search would be: "hospital"."""
    named = named_things(read, sorted(BUILDINGS))
    is_one = len(split_words(read)) == len(named) == 1 and named[0].least == 1
    return is_one and not named[0].one_of_many and words.place(read) is None


def _is_of_house(read: str) -> bool:
    """Tell whether a description names a house, but neither its inside nor things of rooms."""
    if not _HOUSES.search(read) or _IN_HOUSE.search(read):
        return False
    of_rooms = contents_of("indoor").keys() - contents_of("outdoor").keys()
    return of_rooms.isdisjoint(one.kinds[0] for one in named_things(read, KINDS))


def _with_place_of_house(read: str, words: Vocabulary) -> str:
    """Return a description of a house that begins with its place outdoors, if there is one."""
    there = _HOUSES.sub("", read)
    return f"{place_phrase(there, words, 'outdoor')}, {read}" if words.place(there) else read


def _tells_of_outdoors(read: str) -> bool:
    """Tell whether a description of a house names things or weather outside it."""
    named = {one.kinds[0] for one in named_things(read, KINDS)} - _HOUSE_KINDS
    outside = {*GROUND_KINDS["outdoor"], *WATERS, *OVERHEAD, _GRAVE}
    is_large = any(one in outside or not _fits_room(one) for one in named)
    falls = any(speaks_of(what, read) for what in ("rain", "snow", "fog", "storm"))
    return is_large or falls or _AT_CHURCH.search(read) is not None
