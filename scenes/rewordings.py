"""Wordings that are read as others, in known words: what is gone, likened, or said at length."""

import re
from collections.abc import Callable
from typing import TypeVar

from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.kinds import ALSO, ANIMALS, OVERHEAD, THINGS
from mag_sandbox.scenes.stances import where_of
from mag_sandbox.scenes.synonyms import synonyms_of
from mag_sandbox.scenes.vocabulary import APOSTROPHES, DETERMINERS, any_case

_Meant = TypeVar("_Meant")


def _table(
    *rows: tuple[str | re.Pattern[str], _Meant],
) -> tuple[tuple[re.Pattern[str], _Meant], ...]:
    """Return wordings, in letters of any size, each with what it is read as."""
    return tuple(
        (said if isinstance(said, re.Pattern) else any_case(said), meant) for said, meant in rows
    )


SEA_FLOOR = any_case(r"(bottom of the |under the |deep )(sea|ocean)|(sea|ocean) ?(floor|bed)")
_BLOSSOM = "(?:full |white |pink |spring )?(?:blossom|bloom)"
IN_BLOSSOM = any_case(rf"\b(?:(?:apple|fruit|cherry) )?tree(?P<many>s?) in {_BLOSSOM}\b")
_NAMED_ROOMS = (
    "(?:living |dining |music |throne )?room|bedroom|bathroom|kitchen|library|office|study|lounge"
    "|hallway|attic|workshop|classroom|lobby|museum|nursery|playroom|corridor"
    "|dungeon|cellar|cave|gym"
)
COLORED_ROOM = (
    any_case(
        rf"\b({'|'.join(COLORS)}) ({_NAMED_ROOMS})"
        r"(?=$|[,.;:]| (?:and|at|by|in|on|under|where|with)\b)"
    ),
    r"\2 with \1 walls",
)
_PAINTED_ROOM = any_case(rf"\b({_NAMED_ROOMS}) painted ({'|'.join(COLORS)})\b")
_SHOWROOM = (  # before its name, with what rooms have and stages have not
    r"^(?=.*\b(?:walls|ceiling|doors?|windows?|paintings?|pictures?|picture frames?|pews?|cabinets?"
    r"|lamplight|candlelight|daylight|by day|at night|evening)\b)"
    r"(?!.*\b(?:on an? (?:\w+ )?(?:gallery|exhibition)|stage|studio|spotlights?|backdrop|background"
    r"|pedestals?|podiums?|boxes|steps|columns|arches|rings|circles|tables? with a cloth"
    r"|hanging stars?|toy balloons)\b)(?P<before>.*?)\b"
)
_IN_JAPAN = (  # before a gate that is one of a shrine
    r"^(?=.*\b(?:cherry|pagodas?|temples?|shrines?|bamboo|japan\w*|stone lanterns?)\b)"
    r"(?P<before>.*?)\b"
)
_RED_GATE = re.compile(rf"{_IN_JAPAN}(?P<red>red) gate(?=s?\b)", re.I | re.S)
_PENGUIN = any_case(r"\bblack and white penguins?\b")
_MOUNTAINS = r"mountains?(?=$|,| (and|at|by|in|under|where|with)\b)"  # as a place
SHORT_FOR_IS = frozenset(("it", "there", "that", "he", "she", "here", "let"))  # before "'s"
OWNER = rf"(?!(?:{'|'.join(SHORT_FOR_IS)})\b)\w+[{''.join(APOSTROPHES)}]s"
_FAR_AWAY = r"(in the (far )?(distance|background)|far (away|off)|[oa][nt] the horizon)\b"
FALLING_FAR = any_case(rf"\b(rain|snow|fog|mist)\w* ({_FAR_AWAY})")
_FALLING_WORDS = "fog|mist|rain|storm|thunderstorm|clouds?"
WEATHER_GONE = any_case(  # weather that is over
    rf"\b(?:after|clear|lift|remove|without|no more)(?: (?:the|a|any|all))? (?:{_FALLING_WORDS})\b"
    rf"|\b(?:the |all )?(?:{_FALLING_WORDS}) (?:(?:is|are|has|have) (?:over\b|(?:now )?))?"
    r"(?:gone|cleared|ends?|ended|lifts?|lifted|stops?|stopped|vanished|disappeared|(?<=over))\b"
    r"(?: up)?|\b(?:the |all )?snow (?:is |has )?(?:melts?|melted|melting|gone|thaws?)\b"
    r"|\b(?:no more|without|remove|melt)(?: the| any)? snow\b"
    r"|\bit (?:has )?(?:no longer|stops?|stopped) (?:rain|snow)(?:s|ing)?\b"
)
_CLEAR_SKY, _CLOUDED = "under a clear sky", "under many clouds"
OVERCAST = any_case(
    r"\b(?:under )?(?:an? |the )?"
    r"(?:(?:gr[ea]y )?overcast(?: sky| day| weather)?|gr[ea]y (?:sky|skies)"
    r"|gr[ea]y (?:rain )?clouds|gr[ea]y (?:day|morning|afternoon|weather))\b"
)
SHADES = frozenset(("light", "dark", "bright", "pale", "deep", "vivid"))  # of colours
SHADED = tuple(name for name in COLORS if name != "wooden")  # a dark wooden floor is dark
_COLOR, _MANY = "|".join(COLORS), "two|three|four|five|six|seven|eight|many|several"
COLORED_SKY = any_case(rf"\b(?P<color>{_COLOR}|gray|violet|golden) (?:sky|skies)\b")
COLORED_WALLS = any_case(rf"\b(?P<color>{_COLOR}|gray|violet|golden) (?:\w+ )?walls?\b")
_TWO_COLORED = any_case(  # cows have white spots
    rf"\b(?P<many>(?:{_MANY}) )?"
    r"(?:(?P<dark>black|brown) and white|white and (?P<spots>black|brown))"
    r" (?=cows?\b)"
)
_FLOWERS = (
    rf"(?:an? |some |(?P<many>{_MANY}) )?(?:(?P<color>{_COLOR}) )?"
    r"(?:flowers?|roses?|tulips?|sunflowers?|daisies|lilies)"
)
_VASE = rf"(?:an? |the )?(?:(?P<vase>{_COLOR}) )?vases?"
ON_PLANET = any_case(
    r"\bon (the moon|(a|another|an alien|this) ((?P<color>\w+) )?(?P<planet>planet))\b"
)
BASE_ON_MOON = any_case(
    r"\b(?:(?:space )?station|base|colony|outpost|settlement|city|town|village|camp) on the moon\b"
)
_MOUNTAIN_ROAD = any_case(r"\b(a|the) mountain (road|path)\b(.*)")
_MOON_ALONE = any_case(
    r"^(the )?moon(?=$|, (?=.*\b(?:astronauts?|rockets?|craters?|rovers?|space)\b)"
    r"| (where|with|at (dawn|dusk|night|noon|sun(?:down|rise|set)))\b)"
)
CROSSING = any_case(r"\b(?:crossing|crosses)(?= (?:a|an|the) (?:\w+ ){0,2}?bridge\b)")
ON_MARS = any_case(  # a bare canyon; no god, no bar
    r"\b(on|planet|of|to) mars\b|^mars\b|\bmartian\b|\bmars (base|colony)\b"
)
BUNCHES = (  # which have vases; colours and numbers are left out
    any_case(rf"\bvases? (?:with|of|full of) {_FLOWERS}\b"),
    any_case(rf"\b(?:a bunch of )?{_FLOWERS} in {_VASE}\b"),
)
_DETERMINERS = "|".join(DETERMINERS)
_BEASTS = "|".join(sorted(ANIMALS))
FAMILIES = _table(
    (
        rf"\b(an? |the )?(sea|ocean|carpet) of (?=(({_COLOR}) )?"
        r"(flowers|poppies|tulips|roses|daisies|sunflowers|lilies|grass|mushrooms|clouds|people)\b)",
        "many ",
    ),
    (
        rf"\b(?P<a>an?|the) (?P<beast>{_BEASTS}) (?:and|with) (?:her|its|his|an?) "
        r"(?:small |little |tiny )?(?:baby|calf|cub|foal|lamb|kid|chick|puppy|young)\b"
        rf"(?! (?:{_BEASTS})\b)",
        r"a big \g<beast> and a small \g<beast>",
    ),
    (rf"\b(?:an? )?({_BEASTS}) famil(?:y|ies)\b", r"several \1s"),
    (rf"\b(?:an? )?family of (?=(?:{_BEASTS})s?\b)", "several "),
)
_NOUNS = "|".join(sorted({name.split()[-1] for name in (*THINGS, *ALSO)}, key=len, reverse=True))
_SIZES = "tiny|small|little|big|large|huge|giant|enormous"
AFTER_NOUN = any_case(  # colours and sizes, as other languages have them: "an umbrella blue"
    rf"\b(?P<noun>(?:{_NOUNS})(?:e?s)?) (?:(?:to|into|turns?|becomes?) )?"
    rf"(?P<look>{_COLOR}|{_SIZES})"
    r"(?=$|[,.;:!?]| (?:and|at|by|in|lying|on|sitting|sleeping|standing|under|with)\b)"
)
AS_LARGE = any_case(
    rf"\b(?P<noun>(?:{_NOUNS})(?:e?s)?),? (?:(?:that|which) )?(?:(?:is|are) )?"
    r"as (?:tall|big|large|high|huge) as (?:(?:an?|the|some) )?"
    r"(?:tree|house|building|tower|mountain|skyscraper|castle|elephant)s?\b"
)
OF_ICE = any_case(  # white, as it is painted
    r"\b(?P<noun>(?:castle|palace|tower|house|church|temple|bridge|throne)s?)"
    r"(?: (?:(?:which|that) )?(?:(?:is|are) )?(?:made )?(?:out )?of ice)\b"
)
_MADE = "make|paint|turn|change|colou?r"
SKY_MADE = any_case(
    rf"\b(?:{_MADE}) (?:the )?sky (?:to |into )?(?P<color>{_COLOR}|gray|violet|golden)\b"
)
REMOVED = any_case(
    r"\b(?:no more|remove|delete|take away|get rid of)(?: all)?(?: of)?(?: the| my| every| any)?"
    rf"(?= (?:\w+ ){{0,2}}?(?:{_NOUNS})(?:e?s)?\b)"
)
REPLACED = any_case(
    r"\b(?:turn|change|transform|replace|swap)(?: all)?(?: of)? (?:the|my|every|all|each) "
    rf"(?P<gone>(?:\w+ ){{0,2}}?(?:{_NOUNS})(?:e?s)?) (?:into|to|with|by|for) (?=\w)"
)
WOOD = any_case(  # of trees
    r"\b(?P<a>an?|the|this) (?P<how>(?:(?:dark|deep|dense|thick|wild|old|misty|foggy|snowy|haunted"
    r"|enchanted|quiet|silent|lonely|gloomy|green|birch|pine|oak|palm|cypress|willow) )*)"
    r"(?P<wood>wood)"
    r"(?=$|[,.;:]| (?:and|at|by|full|in|near|on|under|where|with)\b)"
)
_FORESTS = {
    "birch": "birches", "pine": "pines", "oak": "oaks", "palm": "palms", "cypress": "cypresses",
    "willow": "willows",
}  # fmt: skip
_GARDENS = {
    "rose": "roses", "tulip": "tulips", "sunflower": "sunflowers", "palm": "palms",
    "cactus": "cacti", "mushroom": "mushrooms", "pumpkin": "pumpkins",
}  # fmt: skip
_FIELDS = {
    "rose": "roses", "sunflower": "sunflowers", "pumpkin": "pumpkins", "flower": "flowers",
    "poppy": "poppies", "daisy": "daisies",
}  # fmt: skip
OF_WOOD = any_case(  # rooms, of which no other walls are told
    rf"\b(?P<of>tree ?house|log cabin|cabin|hut) (?P<room>{_NAMED_ROOMS})\b(?!.*\bwalls?\b)"
)
OF_STONE = any_case(  # grey, as it is painted
    r"(?<!red )(?<!white )(?<!blue )(?<!black )(?<!brown )(?<!pink )(?<!yellow )(?<!grey )"
    r"\b(?P<stone>stone) "
    r"(?=(?:bridge|house|cottage|tower|castle|church|well|bench|barn|arch)(?:e?s)?\b)"
)
_TALL_HOUSE = (
    "lighthouse|castle|palace|fortress|citadel|temple|church|chapel|monastery|abbey|cathedral"
    "|shrine|pagoda|house|cottage|cabin|hut|tower|windmill|mill|ruins?|villa|mansion|inn"
)
_GLOOMY = (  # likewise, whose darkness is that of their place
    "barn|school|shop|station|hotel|building|home|skyscraper|igloo|factory|cave mouth|gate|arch"
    "|gravestone|grave|tombstone|window|wall|curtain|carpet|rug|shelf|painting|counter|mountain"
    "|hill|block of flats|high rise|tower block"
)
_BY_DAY = sorted(
    (name for name in {*THINGS, *ALSO} if ALSO.get(name, name) in THINGS.keys() - OVERHEAD),
    key=len, reverse=True,
)  # fmt: skip
DARK_STORM = any_case(  # by day, whose clouds are dark
    r"\bdark,? (?:and )?(?=(?:storm|thunder) ?clouds?\b"
    r"|(?:stormy|thundery) (?:sky|skies|clouds?|weather|day)\b)"
)
DARK_THING = any_case(  # which stands in the light of day, as a dark street does not
    r"\b(?P<dark>dark) (?=(?:(?:wooden|old|small|little|big|large|huge) )?"
    rf"(?!(?:{_TALL_HOUSE}|{_GLOOMY})s?\b)(?:{'|'.join(_BY_DAY)})(?:e?s)?\b"
    rf"(?! (?:{_TALL_HOUSE}|{_GLOOMY}|woods?|forest|grove|garden|alley|street|lane|field"
    r"|room)s?\b))"
)
_STANDING = r"(?: (?:is|stands|standing|sits|sitting|perched|built|high|up|far))*"
_HEIGHT = r"(?:cliffs?|rocks?|crags?|headland|peak|summit|mountain ?tops?|cape)"
_ISLAND = r"(?:island|islet|isle)"
_WATER = "(?P<water>sea|ocean|lake|river|bay)"
_AT_HEIGHT = (
    rf"\b(?P<house>{_TALL_HOUSE}){_STANDING} (?:on|atop) (?:top of )?(?:an?|the) (?:\w+ ){{0,2}}"
)
_HIGH = _table(  # where houses are that stand on a hill instead
    (
        rf"{_AT_HEIGHT}{_ISLAND} in (?:the middle of )?(?:a|the) {_WATER}\b",
        r"\g<house> on a hill by the \g<water>",
    ),
    (rf"{_AT_HEIGHT}{_ISLAND}\b", r"\g<house> on a hill by the sea"),
    (rf"{_AT_HEIGHT}{_HEIGHT}\b", r"\g<house> on a hill"),
    (rf"{_AT_HEIGHT}mountains?\b", r"\g<house> on a hill with mountains"),
    (
        rf"\b(?P<house>{_TALL_HOUSE}){_STANDING} (?:above|over) (?:an?|the) {_WATER}\b",
        r"\g<house> on a hill by the \g<water>",
    ),
)
ON_TOP = any_case(  # of what is drawn as a hill
    r"\bon (?P<top>top(?:ped)?) of (?:an?|the) (?:\w+ ){0,2}(?:mountains?|cliffs?|rocks?|peak)\b"
)
CHILDS_ROOM = any_case(
    rf"\b(?:child|children|kid|baby|boy|girl)[{''.join(APOSTROPHES)}]s (?:bed|living )?room\b"
)
ON_WALL = any_case(  # of animals, for which there are fences alone
    rf"\b(?P<who>(?:{_BEASTS})s?)(?P<does>(?: \w+ing)?) on (?:top of )?(?:an?|the) "
    r"(?:(?:brick|garden|old|stone) )?(?P<wall>wall)\b"
)
_SMALL = "|".join(sorted(
    (name for name in {*THINGS, *ALSO} if where_of(ALSO.get(name, name)) == "small"),
    key=len, reverse=True,
))  # fmt: skip
NOT_HUNG = any_case(  # things that stand where they are drawn, of which none hangs
    rf"\b(?:{_SMALL})(?:e?s)? (?:hanging )?on (?:an?|the) (?:\w+ )?(?P<wall>walls?)\b"
)
_WADING = (  # where a crane is a bird
    r"(?= (?:(?:(?:that|which) )?(?:(?:is|are|stands?|standing|wades?|wading|sleeps?|sleeping|flies"
    r"|flying|fly) )*(?:in|on|over|above|by|beside|near|among) (?:(?:an?|the) )?(?:\w+ )?"
    r"(?:reeds?|lakes?|ponds?|marsh|swamp|river|stream|water)\b"
    r"|(?:(?:stands?|standing|sleeps?|sleeping) )?on one leg\b|(?:danc|fly|nest|sleep)ing\b))"
)
ON_BANKS = any_case(r"\bon (?:both|each|either) banks?\b(?: of (?:the|a) river\b)?")
_TOYS = "toy balloons"  # none that carries people
SUNKEN_TOWN = any_case(
    r"\b(?:underwater|undersea|sunken|submerged) (?:city|town|village)\b"
    r"|\b(?:city|town|village) (?:underwater|(?:under|beneath|below) (?:the )?(?:sea|ocean|water)"
    r"|(?:at|on) the (?:bottom of the (?:sea|ocean)|(?:sea|ocean) ?(?:floor|bed)))\b"
)
_TOWN_AS_REEF = (SUNKEN_TOWN, "coral reef with several houses")
FISHING_VILLAGE = any_case(r"\bfishing (?:village|hamlet|town)\b")
_FISHING_VILLAGE = (FISHING_VILLAGE, "harbour with several houses")
FLOODED_CAVE = any_case(
    r"\b(?:underwater|undersea|sunken|submerged|flooded) (?:cave|cavern|grotto)\b"
    r"|\b(?:cave|cavern|grotto) (?:underwater"
    r"|(?:under|beneath|below) (?:the )?(?:sea|ocean|water))\b"
)
_CAVE_AS_REEF = (FLOODED_CAVE, "coral reef with rocks")
UNDERWATER_REEF = any_case(  # as every reef is
    r"\b(?:underwater|undersea) (?:coral )?reef\b|\b(?:coral )?reef underwater\b"
)
SQUARE_IN_TOWN = any_case(  # which lies in no meadow
    r"\b(?:(?:(?:market|town|village|main|city|central) ?)?square|market(?: place| street)?)"
    r" (?:in|of) (?:an?|the|this|our|my) (?:\w+ ){0,2}(?:town|village|city)\b"
    r"|\b(?:town|village|city) square\b|(?<=^a )(?:big |large |wide |small |old |empty )?square"
    r"(?=$|[,.;:]| (?:at|by|full|in|of|on|where|with)\b)"
)
_SQUARE_AS_MARKET = (SQUARE_IN_TOWN, "market square")
_TINTED = "pink|blue|warm"  # lights of stages, which colour all that is there
NOT_ON_STAGES = any_case(  # where each thing stands on its own
    r"\b(?P<row>(?:a )?row(?= of\b)|in a (?:row|line)\b|side by side\b)"
    r"|(?<!lamp )(?<!lamps )(?<!star )(?<!stars )\b(?P<above>above|overhead)\b"
)
AT_US = any_case(  # in rooms and on stages nothing hangs there; in landscapes what flies is high
    r"\b(?P<where>(?:high )?(?:above|over|below|under|beneath) "
    r"(?:me|us|you|(?:my|your|our) (?:heads?|feet)))\b"
)
STAGE_LIGHTS = any_case(  # in other colours, which are in no plan
    rf"\b(?P<color>(?!{_TINTED})(?:{_COLOR}|violet|golden|colou?rful)) (?P<lights>lights)\b"
)
_HOLLOW = r"(?:cave|cavern|grotto|tunnel)"
_FULL_OF_LAVA = (
    r"(?: (?:with|full of|filled with) (?:hot |red |glowing |flowing )?"
    r"(?:(?:an? )?lava (?:lakes?|pools?|rivers?|falls?)|(?:lakes?|pools?|rivers?) of lava|lava)\b)"
)
_IN_A_GAME = any_case(r"\b(?:levels?|games?|platforms?|platformer|coins|jump\w*|worlds?|spikes)\b")
_CAVES = _table(  # of rooms that the renderer has not, neither as levels nor as places
    (
        rf"\b(?:lava|magma|volcanic|volcano|fire) {_HOLLOW}{_FULL_OF_LAVA}?|\b{_HOLLOW}"
        rf"{_FULL_OF_LAVA}(?! pits?\b)",
        "cave with lava pits",
    ),
    (
        rf"\b(?:ice|icy|frozen|glacier|snow|snowy) {_HOLLOW}"
        rf"|\b{_HOLLOW} (?:(?:made|full) )?of (?:ice|snow)\b",
        "cave with white walls",
    ),
)
DRAWN_LIKE = _table(  # what is drawn as something else, and so told
    *((bunch, "bunch of flowers") for bunch in BUNCHES),
    (BASE_ON_MOON, "moon landscape with satellite dishes"),
    *_HIGH,
    (rf"\bcrane\b{_WADING}", "swan"),
    (rf"\bcranes\b{_WADING}", "swans"),
    (r"(?<=\bon )(?:a|the) (?:\w+ ){0,2}cliffs?\b", "a hill"),
    (r"\b(gas|petrol|filling|service) station\b", "shop beside a road"),
    _TOWN_AS_REEF,
    _FISHING_VILLAGE,
    _CAVE_AS_REEF,
    _SQUARE_AS_MARKET,
    (
        rf"(?<!by )(?<!under )(?<!in )\b(?P<color>(?!{_TINTED})(?:{_COLOR}|violet|golden) |)"
        rf"(?<!pink )(?<!blue )(?<!warm )(?:spot|stage |disco )lights?\b",
        r"\g<color>ball lamps",
    ),
    (r"\b(?P<tank>fish tank) (?:with|full of) (?:[a-z]+ ){0,3}fish(?:es)?\b", r"\g<tank>"),
    (r"\bsea (?:monster|serpent)\b", "whale"),
    (r"\bsea (?:monsters|serpents)\b", "whales"),
    (ON_WALL, r"\g<who>\g<does> on a fence"),
    (
        rf"\b(?:an?|one) (?P<one>(?:{_BEASTS}|crow|raven|pigeon|candle))"
        r"(?P<does>(?: \w+ing)?) on (?:each|every) (?P<on>\w+)\b",
        r"three \g<one>s\g<does> on three \g<on>s",
    ),
    (
        rf"\b(?:an?|one) (?P<one>(?:{_BEASTS}|crow|raven|pigeon|candle))"
        r"(?P<does>(?: \w+ing)?) on each(?: of them)?(?=$|[,.;:])",
        r"several \g<one>s\g<does> on them",
    ),
    (ON_BANKS, "on both sides of the river"),
    (r"\blavender(?=$|[,.;:]| (?:and|at|by|in|near|on|under|with)\b)", "purple flowers"),
    (OF_WOOD, r"\g<room> with wooden walls"),
    (OF_STONE, "grey "),
    (r"\bplay(?:s|ing)? (?:football|soccer|basketball|volleyball)\b", "and a ball"),
)
ROCKY_COAST = any_case(r"\brocky (beach|coast|seashore|shore)\b")
SNOWY_ROOFS = any_case(  # which no plan has
    r"\bsnow(?: (?:lies|lying|is))?"
    r"(?P<roofs> on (?:the |all |every |its |their |an? )*(?:roof(?:top)?|house)s?)\b"
)
_PALMS, _POND = r"(?=.*\bpalms?\b)", r"(?=.*\b(?:lake|pond|pool|water)\b)"
_SUN = (  # as it rises or sets
    r"((the|an?) )?((big|huge|large|great|bright|burning|fiery|glowing|warm|blood|red|orange|yellow"
    r"|golden|pink|purple|crimson) )*sun"
)
LIGHTS_TOLD = _table(  # light and weather told by what happens, and how that is read
    (
        rf"\b{_SUN} (is )?(goes|going|sinks|sinking|sets|setting)( down)?\b(?! up)"
        r"|\bgolden hour\b",
        "at sunset",
    ),
    (rf"\b{_SUN} (is )?((comes|coming|goes|going) up|rises|rising)\b", "at sunrise"),
    (
        r"\b(the )?sky (is )?(turn(s|ing)|becom(es|ing)|glow(s|ing)|burn(s|ing)|go(es|ing)) "
        r"(red|pink|orange|purple|gold|golden|crimson)\b",
        "at sunset",
    ),
    (r"\b(?<!at night )tonight\b", "at night"),
    (
        r"\b(?:turn|switch) (?:off|out) (?:all )?(?:the )?(?:lights?|lamps?)\b"
        r"|\b(?:all )?(?:the )?(?:lights?|lamps?) (?:(?:goe?s?|turns?|are) )?(?:out|off)\b",
        "at night",
    ),
    (r"\bday ?break\b|\bdawn breaks\b", "at dawn"),
    (
        rf"\b(it([{''.join(APOSTROPHES)}]s| is)? )?(gets|getting|becomes|becoming|goes|turns"
        r"|grows|growing) (dark(er)?|late)\b|\bmake it (dark(er)?|late)\b"
        r"|\bdarkness( falls)?\b",
        "at night",
    ),
    (r"\bmake it bright(er)?\b|^bright(er)?$|\blet there be light\b", "by day"),
    (r"\b(it is )?raining cats and dogs\b", "heavy rain"),
    (r"\bweather (gets|is getting) (bad|worse)\b", "stormy weather"),
)
LIKENESS = any_case(  # what something is said to be like, and which is not there
    rf"(?:^| )(?P<like>like|as(?! (?:{_COLOR}|{_SIZES}) as\b)) (?:(?:an?|the|some|my) )?"
    rf"(?P<what>(?:(?:{_COLOR}|{_SIZES}) )*(?:\w+ )?\w+)"
    r"(?=$|[,.;:]| (?:and|with|in|on|at|under|over|by|beside|near|behind|before|above|of)\b)"
)
_SHOWN = (  # by a picture, up to which words tell of it
    rf"(?P<shown>(?:(?:an?|the|some|my|two|three) )?(?:(?:{_COLOR}|{_SIZES}|old) )*(?:\w+ )?\w+)"
    r"(?=$|[,.;:]| (?:and|with|in|on|at|under|over|by|beside|near|behind|before|above|over)\b)"
)
IMAGES = (  # of things that are not there: the lion of a statue
    any_case(
        r"\b(statues?|sculptures?|busts?|portraits?) (?P<of>of) "
        rf"(?!(?:stone|wood|gold|marble|bronze|ice)\b){_SHOWN}"
    ),
    any_case(  # "a picture of a forest" is the forest
        r"(?<!^)(?<!^a )(?<!^an )(?<!^the )\b"
        rf"(paintings?|pictures?|photos?|photographs?|posters?|drawings?) (?P<of>of) {_SHOWN}"
    ),
)
METAPHOR = any_case(  # of what is said to be another thing, which is not there
    r"\b(sea(?: coast)?|lake|water|ocean|river|pond|sky|fog|mist|snow|night|moon|sun)"
    rf"(?P<is> (?:is|are|was) (?:an?|the) (?:\w+ )?(?!gold|orange)(?:{_NOUNS})(?:e?s)?)\b"
)
HEAPED = any_case(  # of goods, which are no buildings: "pyramids of oranges"
    r"\b(?P<heap>pyramids?) of "
    r"(?!(?:an?|the|egypt|giza|stones?|rocks?|sand|bricks?|gold|ice|glass)\b)(?=\w)")  # fmt: skip
WEARING_NOTHING = any_case(r" (?:wearing|dressed in) (?P<worn>nothing|empty)\b(?: at all)?")
FROZEN_RIVER = any_case(  # which flows, as lakes alone are seen frozen
    r"\b(?P<frozen>frozen|icy) (?:\w+ )?"
    r"(?:rivers?|streams?|canals?|seas?|oceans?|coasts?|waterfalls?|fountains?)\b"
)
RAINFALL = any_case(r"\b(?:rain|rainy|raining|storm|stormy|thunder|thunderstorms?)\b")
SNOWFALL = any_case(  # beside which rain alone is seen to fall
    r"\b(?P<fall>(?:heavy|thick|dense|light|gentle|falling|soft) (?:snow|snowfall)|snowfall"
    r"|snowflakes?|snowstorm|snow (?=falls?\b|falling\b))"
)
UMBRELLAS = any_case(
    r"(?: (?:with|under|holding|carrying))?"
    rf"(?P<umbrellas> (?:(?:an?|the|his|her|their|open|{_MANY}|{_COLOR}|{_SIZES}) )*"
    r"(?<!beach )(?<!sun )umbrellas?)\b"
)
_RAIN = any_case(r"\b(?:rain|storm|thunder|drizzl|pour)\w*")
_HOLDERS = any_case(  # of umbrellas, who are on no beach
    r"\b(?:people|persons?|m[ae]n|wom[ae]n|girls?|boys?|child(?:ren)?|kids?)"
    r" (?:with|holding|carrying)(?: \w+){0,3} umbrellas?\b"
)
_SUNNY_PLACES = any_case(
    r"\b(?:beach(?:es)?|coasts?|sea\w*|shores?|ocean|islands?|pools?|sunbeds?|deck ?chairs?)\b"
)
BABY = any_case(rf"\bbaby (?=(?:{_BEASTS})\b)")
_THERE = r"(?:on mars|on the moon|in a moon landscape)\b"
_SPACESHIP = (  # and no room of one
    r"space ?ship(?=(?: (?:(?:that|which) )?(?:has|is))?"
    r"(?: just)?(?: (?:\w+(?:ing|ed)|lands|lies|stands))?"
    r" (?:over|above|on|beside|near|in|at|under)\b"
    rf"|.* {_THERE})"
)


def has_no_parasols(text: str) -> bool:
    """Tell whether the umbrellas of a description are held by people, or are in the rain.

    >>> has_no_parasols("a street, people with umbrellas")
    True
    >>> has_no_parasols("a beach in the rain with umbrellas")
    False
    """
    is_wet = _RAIN.search(text) or _HOLDERS.search(text)
    return is_wet is not None and not _SUNNY_PLACES.search(text)


def _owned(found: re.Match[str]) -> str:
    """Return what someone owns: "a robber's cave" is the listed robber cave, a king's hat a hat."""
    joined = f"{found['who'][:-2]} {found['what']}"
    return joined if synonyms_of(joined.lower()) else found["what"]


REWORDINGS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = _table(
    # what is read as something else, one after the other
    (AS_LARGE, r"giant \g<noun>"),
    (OF_ICE, r"white ice \g<noun>"),
    (
        r"\bbefore (?=(?:an?|the|my|our|his|her) )(?!\w+ (?:storm|rain|snow|sun|night|day|war)\w*)",
        "in front of ",
    ),
    (rf"\bas (?=(?:{_COLOR}|{_SIZES}) as\b)", ""),
    (LIKENESS, ""),
    *((image, r"\1") for image in IMAGES),
    (WEARING_NOTHING, ""),
    (METAPHOR, r"\1"),
    (HEAPED, "pile of "),
    (BABY, "small "),
    (  # which is no fire on the ground
        r"(?:,? (?:that|which))?(?: is| are)? (?:breath|spit|spew)(?:ing|e?s) "
        r"(?:fire|flames?)\b|\bfire[- ]?breathing ",
        "",
    ),
    *LIGHTS_TOLD,
    (  # whose clothes are not drawn, and are between it and what it is beside
        rf"\b(?P<who>(?:{_BEASTS}|snowm[ae]n|scarecrow|teddy bear|ghost|robot)s?) "
        rf"(?:with|wearing|in) (?:an? |its |his )?(?:(?:{_COLOR}|{_SIZES}|woolly|warm|old) )*"
        r"(?:scarf|hat|cap|coat|jacket|sweater|jumper|bow tie|collar|crown|boots|glasses)\b",
        r"\g<who>",
    ),
    (r"\bstarry night(?: (?:sky|skies))?\b", "starry sky at night"),
    (SNOWY_ROOFS, "in deep snow"),
    (r"\b(?:an? |the )?(?:snow ?storm|blizzard)\b", "heavy snow"),
    (rf"\boasis\b{_PALMS}{_POND}", "desert"),  # not twice as many of them
    (rf"\boasis\b{_PALMS}", "desert with a lake"),
    (rf"\boasis\b{_POND}", "desert with palms"),
    (OVERCAST, _CLOUDED),
    (DARK_STORM, ""),
    (r"\bdark (?=clouds?\b)", "grey "),
    (DARK_THING, ""),
    (
        rf"\b(?P<house>{_TALL_HOUSE}|barn|school|shop)(?P<with>\b.*) on (?:the|its) roof\b",
        r"\g<house>\g<with> on the \g<house>",
    ),
    (CHILDS_ROOM, "nursery"),
    _TOWN_AS_REEF,
    _FISHING_VILLAGE,
    _CAVE_AS_REEF,
    (UNDERWATER_REEF, "coral reef"),
    (r"\bunder the (sea|ocean)\b", "in a coral reef"),
    (SEA_FLOOR, "coral reef"),
    (AFTER_NOUN, r"\g<look> \g<noun>"),
    (SKY_MADE, r"under a \g<color> sky"),
    (REMOVED, "no"),
    (REPLACED, r"no \g<gone>, "),
    (  # of a place that becomes another one
        r"\b(?:turn|change|transform) (?:(?:the|this|my) \w+|it|this|everything|all) into "
        r"(?=an?\b)",
        "",
    ),
    (WOOD, r"\g<a> \g<how>forest"),
    *(  # which have many of them
        (rf"\b{plant} (?:garden|patch)\b", f"garden with many {plants}")
        for plant, plants in _GARDENS.items()
    ),
    *(
        (rf"\b{plant} field(?P<many>s?)\b", rf"field\g<many> of {plants}")
        for plant, plants in _FIELDS.items()
    ),
    *(  # whose trees are many: a house in it is in none of them
        (rf"\b{tree} (?:forest|woods|grove)\b", f"forest with many {trees}")
        for tree, trees in _FORESTS.items()
    ),
    (  # of trains, no block in the air
        r"(?P<train>\b(?:train|railway)\b.*)\bon (?:(?:the|a) )?platform\b"
        r"|\bon (?:(?:the|a) )?platform\b(?=.*\b(?:train|railway)\b)",
        r"\g<train>in front of the station",
    ),
    (r"\bcamp fires?\b", "campfire"),
    (  # who stands on its bank
        r"\bfishing (?:on|in|at|by) (?=(?:(?:the|an?) )?(?:\w+ )?(?:lake|pond|river|sea|ocean)\b)",
        "beside ",
    ),
    (  # a sail at sea is seen with its ship
        re.compile(
            r"^(?!.*\b(ship|boat|yacht)s?\b)(?P<rest>.*\b"
            r"(a|an|one|two|three|some|many|distant|white|red|black|orange|brown) )sail(?P<s>s?)\b",
            re.I | re.S,
        ),
        r"\g<rest>sailing ship\g<s>",
    ),
    (r"\blaundry (?=(between|hanging|drying|flapping|out|over|on)\b)", "clothes "),
    (  # alone it is the name of levels, too
        r"(?<!\bdark )\bdungeon\b(?! (level|game))(?!.*\b(level|game|jump|coins|platforms?)\b)",
        "dark dungeon",
    ),
    (
        rf"\b(?P<who>girl|boy|child|children|kids?|man|woman|clown|person|people)"
        rf" (with|holding|carrying|selling) (an? )?(?P<own>({'|'.join(COLORS)}) )?balloons?\b",
        r"\g<who> next to \g<own>toy balloons",
    ),
    (r"(?<!hot air )(?<!toy )\bballoons?\b(?=.*\b(?:party|birthday)\b)", _TOYS),
    (r"(\b(?:party|birthday)\b.*?)(?<!hot air )(?<!toy )\bballoons?\b", rf"\1{_TOYS}"),
    (
        r"(?<!medieval )(?<!ancient )(\b(?:city|downtown|skyline)\b.*?)"
        r"(?<!castle )(?<!church )(?<!clock )(?<!water )(?<!lookout )\btower(s?)\b",
        r"\1skyscraper\2",
    ),
    *DRAWN_LIKE,
    *FAMILIES,
    (r"(?:(?:,? (?:is|are))? |^)parked\b", ""),
    (
        r"\b((?:swim|drift|float|glid|sail)\w*) (?:over|across) "
        r"(?=(a|the) (\w+ ){0,2}(water|lake|pond|river|sea|ocean|canal)\b)",
        r"\1 on ",
    ),
    (  # a whale above a city is in no water
        r"\b(?:swim|drift|float|glid|sail|hover)\w* "
        r"(?=(above|over)\b(?!.*\b(coral|reef|seaweed)))",
        "in the sky ",
    ),
    (r"\b(through|across) the (sky|air)\b", "in the sky"),
    (r"\b(above|over) the roof(top)?s?\b", r"\1 the houses"),
    (r"\b(living|dining|music)room", r"\1 room"),
    (rf"\b({'|'.join(sorted(SHADES))})[ -](?=({'|'.join(SHADED)})\b)", ""),
    (rf",? ?\b(where |and )?(the|its) sky is (?:an? )?({'|'.join(COLORS)})\b", r" under a \3 sky"),
    (r"\bclock ?tower", "tower"),
    (_MOUNTAIN_ROAD, r"\1 \2\3, in a meadow with mountains"),
    (r"\bon (a|the) mountain\b(?! (?:lake|river|stream|meadow))(.*)", r"on \1 hill\2, mountains"),
    (rf"\b(?P<a>{_DETERMINERS}) \w+ {OWNER} (?=\w)(?!(?:{_DETERMINERS}|and|or)\b)", r"\g<a> "),
    (rf"\b(?P<who>{OWNER}) (?P<what>\w+)", _owned),
    (r"\b(is |are )?building (?=(a|an|the|some|their|sand)\b)", "with "),
    (r"\b(cakes?) with (?:\w+ )?candles\b", r"\1"),  # which cakes are painted with
    (rf"\b(thunder ?)?storms? (?P<far>{_FAR_AWAY})", r"lightning \g<far> under many clouds"),
    (r"\bin (the )?winter\b", "in deep snow"),  # not on peaks alone
    (r"\bwint(er|ry)\b", "snowy"),
    (ROCKY_COAST, "coast of rock"),
    (r"\b(pond|lake)\b(?P<more>[^,.;:]*?)(?:,| that is| which is) frozen\b", r"frozen \1\g<more>"),
    (r"\bfrozen (?:village )?pond\b", "frozen lake"),
    (CROSSING, "on"),
    (ON_PLANET, "in a moon landscape"),
    (_MOON_ALONE, "a moon landscape"),
    (rf"^(a|the) (snowy|icy) {_MOUNTAINS}", "a snowfield with mountains"),
    (rf"^(a|the) (\w+ )?{_MOUNTAINS}", r"a meadow with \2mountains"),
    (
        re.compile(rf"{_SHOWROOM}an (?:art gallery|exhibition)\b", re.I | re.S),
        r"\g<before>a museum",
    ),
    (
        re.compile(rf"{_SHOWROOM}(?:art )?(?:gallery|exhibition)\b", re.I | re.S),
        r"\g<before>museum",
    ),
    (r"\b(?:wooden|timber) (?:house|home)(?=s?\b)", "log cabin"),
    (r"\b(?:box|crate) of fruits?\b", "fruit crate"),
    (r"\b(?:boxes|crates) of fruits?\b", "fruit crates"),
    (  # which is in a room; what it shows is not drawn
        rf"^(?P<window>(?:(?:{_DETERMINERS}|{_COLOR}|{_SIZES}|arched|old|open|round|square|tall) )*"
        r"windows?) (?:(?:with|and) (?:an? )?(?:\w+ )?views?|overlooking|facing|looking)\b"
        r"[^,.;]*?(?=$|[,.;]| (?:and|with)\b)",
        r"a living room with \g<window>",
    ),
    (IN_BLOSSOM, r"cherry tree\g<many>"),
    (_RED_GATE, r"\g<before>red torii"),
    (_TWO_COLORED, r"\g<many>\g<dark>\g<spots> "),
    COLORED_ROOM,
    (_PAINTED_ROOM, r"\1 with \2 walls"),
    (r",? ?\bnot \w+", ""),
    (r"\bthe only (?=\w)", "a single "),
    (  # of a colour that no saucer has
        rf"\b(?P<color>(?!grey|white)(?:{_COLOR})) {_SPACESHIP}",
        r"\g<color> rocket",
    ),
    (rf"\b{_SPACESHIP}", "ufo"),
    (rf"(?P<there>\b{_THERE}.*)\bspace ?ship\b", r"\g<there>ufo"),
)


# Wordings that are seen as they are read, and the groups of their words that are; 0: all
OBEYED: tuple[tuple[re.Pattern[str], int | str], ...] = (
    *((said, 0) for said in (
        WEATHER_GONE, BABY, OVERCAST, ON_BANKS, CHILDS_ROOM, REMOVED, REPLACED, FISHING_VILLAGE,
        SUNKEN_TOWN, DARK_STORM, FLOODED_CAVE, SQUARE_IN_TOWN, UNDERWATER_REEF, BASE_ON_MOON,
        IN_BLOSSOM, CROSSING, AS_LARGE, OF_ICE,
    )),
    *((said, 0) for said, _ in LIGHTS_TOLD),
    (OF_WOOD, "of"), (OF_STONE, "stone"), (WOOD, "wood"), (AFTER_NOUN, "look"), (ON_WALL, "wall"),
    (ON_TOP, "top"), (SKY_MADE, "color"), (_RED_GATE, "red"), (_PENGUIN, 0), (_TWO_COLORED, 0),
)  # fmt: skip
UNSEEN = (  # wordings with groups of words that have no effect on the picture
    *BUNCHES, *IMAGES, ON_PLANET, LIKENESS, METAPHOR, WEARING_NOTHING, HEAPED, DARK_THING, NOT_HUNG,
    SNOWY_ROOFS, FROZEN_RIVER,
)  # fmt: skip


def cleared_up(text: str) -> str:
    """Return a text in which weather that is over is a clear sky.

    >>> cleared_up("a garden after the rain"), cleared_up("a sunset where the fog is gone")
    ('a garden under a clear sky', 'a sunset where under a clear sky')
    """
    return WEATHER_GONE.sub(_CLEAR_SKY, text)


def with_caves(text: str) -> str:
    """Return a text with caves of lava and ice read as caves with lava or white walls.

    A level is a plain, whatever cave it is in.
    """
    for said, meant in caves_in(text):
        text = said.sub(meant, text)
    return text


def caves_in(text: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the wordings of caves that a text may have, and how they are read."""
    return () if _IN_A_GAME.search(text) else _CAVES


def likened(text: str) -> list[tuple[str, str]]:
    """Return the words of a text that are drawn as something else, each once, and what that is.

    >>> likened("a church on a steep cliff"), likened("in an ice cave")
    ([('church on a steep cliff', 'church on a hill')], [('ice cave', 'cave with white walls')])
    """
    told = list[tuple[str, str]]()
    for said, drawn in (*caves_in(text), *DRAWN_LIKE):
        told += [(found[0], found.expand(drawn)) for found in said.finditer(text)]
        text = said.sub(" , ", text)
    return told
