"""Wordings that are read as others, in known words: what is gone, likened, or said at length."""

import re
from collections.abc import Callable

from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.kinds import ANIMALS, OVERHEAD, THINGS
from mag_sandbox.scenes.naming import ALSO
from mag_sandbox.scenes.stances import where_of
from mag_sandbox.scenes.synonyms import synonyms_of
from mag_sandbox.scenes.vocabulary import APOSTROPHES, DETERMINERS

SEA_FLOOR = re.compile(
    r"(bottom of the |under the |deep )(sea|ocean)|(sea|ocean) ?(floor|bed)", re.I
)
_NAMED_ROOMS = (
    "(living |dining |music )?room|bedroom|bathroom|kitchen|library|office|study|lounge|hallway"
)
COLORED_ROOM = (
    re.compile(
        rf"\b({'|'.join(COLORS)}) ({_NAMED_ROOMS})"
        r"(?=$|[,.;:]| (?:and|at|by|in|on|under|where|with)\b)",
        re.I,
    ),
    r"\2 with \1 walls",
)
_PAINTED_ROOM = re.compile(rf"\b({_NAMED_ROOMS}) painted ({'|'.join(COLORS)})\b", re.I)
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
_MOUNTAINS = r"mountains?(?=$|,| (and|at|by|in|under|where|with)\b)"  # as a place
SHORT_FOR_IS = frozenset(("it", "there", "that", "he", "she", "here", "let"))  # before "'s"
OWNER = rf"(?!(?:{'|'.join(SHORT_FOR_IS)})\b)\w+[{''.join(APOSTROPHES)}]s"
_FAR_AWAY = r"(in the (far )?(distance|background)|far (away|off)|[oa][nt] the horizon)\b"
FALLING_FAR = re.compile(rf"\b(rain|snow|fog|mist)\w* ({_FAR_AWAY})", re.I)
_FALLING_WORDS = "fog|mist|rain|storm|thunderstorm|clouds?"
WEATHER_GONE = re.compile(  # weather that is over
    rf"\b(?:after|clear|lift|remove|without|no more)(?: (?:the|a|any|all))? (?:{_FALLING_WORDS})\b"
    rf"|\b(?:the |all )?(?:{_FALLING_WORDS}) (?:(?:is|are|has|have) (?:over\b|(?:now )?))?"
    r"(?:gone|cleared|ends?|ended|lifts?|lifted|stops?|stopped|vanished|disappeared|(?<=over))\b"
    r"(?: up)?|\b(?:the |all )?snow (?:is |has )?(?:melts?|melted|melting|gone|thaws?)\b"
    r"|\b(?:no more|without|remove)(?: the| any)? snow\b"
    r"|\bit (?:has )?(?:no longer|stops?|stopped) (?:rain|snow)(?:s|ing)?\b",
    re.I,
)
_CLEAR_SKY, _CLOUDED = "under a clear sky", "under many clouds"
OVERCAST = re.compile(
    r"\b(?:under )?(?:an? |the )?"
    r"(?:(?:gr[ea]y )?overcast(?: sky| day| weather)?|gr[ea]y (?:sky|skies)"
    r"|gr[ea]y (?:rain )?clouds|gr[ea]y (?:day|morning|afternoon|weather))\b",
    re.I,
)
SHADES = frozenset(("light", "dark", "bright", "pale", "deep", "vivid"))  # of colours
SHADED = tuple(name for name in COLORS if name != "wooden")  # a dark wooden floor is dark
_COLOR, _MANY = "|".join(COLORS), "two|three|four|five|six|seven|eight|many|several"
COLORED_SKY = re.compile(rf"\b(?P<color>{_COLOR}|gray|violet|golden) (?:sky|skies)\b", re.I)
COLORED_WALLS = re.compile(rf"\b(?P<color>{_COLOR}|gray|violet|golden) (?:\w+ )?walls?\b", re.I)
_FLOWERS = (
    rf"(?:an? |some |(?P<many>{_MANY}) )?(?:(?P<color>{_COLOR}) )?"
    r"(?:flowers?|roses?|tulips?|sunflowers?|daisies|lilies)"
)
_VASE = rf"(?:an? |the )?(?:(?P<vase>{_COLOR}) )?vases?"
ON_PLANET = re.compile(
    r"\bon (the moon|(a|another|an alien|this) ((?P<color>\w+) )?(?P<planet>planet))\b", re.I
)
BASE_ON_MOON = re.compile(
    r"\b(?:(?:space )?station|base|colony|outpost|settlement|city|town|village|camp) on the moon\b",
    re.I,
)
_MOUNTAIN_ROAD = re.compile(r"\b(a|the) mountain (road|path)\b(.*)", re.I)
_MOON_ALONE = re.compile(
    r"^(the )?moon(?=$|, (?=.*\b(?:astronauts?|rockets?|craters?|rovers?|space)\b)"
    r"| (where|with|at (dawn|dusk|night|noon|sun(?:down|rise|set)))\b)",
    re.I,
)
ON_MARS = re.compile(  # a bare canyon; no god, no bar
    r"\b(on|planet|of|to) mars\b|^mars\b|\bmartian\b|\bmars (base|colony)\b", re.I
)
BUNCHES = (  # which have vases; colours and numbers are left out
    re.compile(rf"\bvases? (?:with|of|full of) {_FLOWERS}\b", re.I),
    re.compile(rf"\b(?:a bunch of )?{_FLOWERS} in {_VASE}\b", re.I),
)
_DETERMINERS = "|".join(DETERMINERS)
_BEASTS = "|".join(sorted(ANIMALS))
FAMILIES = (
    (
        re.compile(
            rf"\b(an? |the )?(sea|ocean|carpet) of (?=(({_COLOR}) )?"
            r"(flowers|poppies|tulips|roses|daisies|sunflowers|lilies|grass|mushrooms|clouds|people)\b)",
            re.I,
        ),
        "many ",
    ),
    (
        re.compile(
            rf"\b(?P<a>an?|the) (?P<beast>{_BEASTS}) (?:and|with) (?:her|its|his|an?) "
            r"(?:small |little |tiny )?(?:baby|calf|cub|foal|lamb|kid|chick|puppy|young)\b"
            rf"(?! (?:{_BEASTS})\b)",
            re.I,
        ),
        r"a big \g<beast> and a small \g<beast>",
    ),
    (re.compile(rf"\b(?:an? )?({_BEASTS}) famil(?:y|ies)\b", re.I), r"several \1s"),
    (re.compile(rf"\b(?:an? )?family of (?=(?:{_BEASTS})s?\b)", re.I), "several "),
)
_NOUNS = "|".join(sorted({name.split()[-1] for name in (*THINGS, *ALSO)}, key=len, reverse=True))
_SIZES = "tiny|small|little|big|large|huge|giant|enormous"
AFTER_NOUN = re.compile(  # colours and sizes, as other languages have them: "an umbrella blue"
    rf"\b(?P<noun>(?:{_NOUNS})(?:e?s)?) (?:(?:to|into|turns?|becomes?) )?"
    rf"(?P<look>{_COLOR}|{_SIZES})"
    r"(?=$|[,.;:!?]| (?:and|at|by|in|lying|on|sitting|sleeping|standing|under|with)\b)",
    re.I,
)
_MADE = "make|paint|turn|change|colou?r"
SKY_MADE = re.compile(
    rf"\b(?:{_MADE}) (?:the )?sky (?:to |into )?(?P<color>{_COLOR}|gray|violet|golden)\b", re.I
)
REMOVED = re.compile(
    r"\b(?:no more|remove|delete|take away|get rid of)(?: all)?(?: of)?(?: the| my| every| any)?"
    rf"(?= (?:\w+ ){{0,2}}?(?:{_NOUNS})(?:e?s)?\b)",
    re.I,
)
REPLACED = re.compile(
    r"\b(?:turn|change|transform|replace|swap)(?: all)?(?: of)? (?:the|my|every|all|each) "
    rf"(?P<gone>(?:\w+ ){{0,2}}?(?:{_NOUNS})(?:e?s)?) (?:into|to|with|by|for) (?=\w)",
    re.I,
)
WOOD = re.compile(  # of trees
    r"\b(?P<a>an?|the|this) (?P<how>(?:(?:dark|deep|dense|thick|wild|old|misty|foggy|snowy|haunted"
    r"|enchanted|quiet|silent|lonely|gloomy|green|birch|pine|oak|palm|cypress|willow) )*)"
    r"(?P<wood>wood)"
    r"(?=$|[,.;:]| (?:and|at|by|full|in|near|on|under|where|with)\b)",
    re.I,
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
OF_WOOD = re.compile(  # rooms, of which no other walls are told
    rf"\b(?P<of>tree ?house|log cabin|cabin|hut) (?P<room>{_NAMED_ROOMS})\b(?!.*\bwalls?\b)", re.I
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
DARK_STORM = re.compile(  # by day, whose clouds are dark
    r"\bdark,? (?:and )?(?=(?:storm|thunder) ?clouds?\b"
    r"|(?:stormy|thundery) (?:sky|skies|clouds?|weather|day)\b)",
    re.I,
)
DARK_THING = re.compile(  # which stands in the light of day, as a dark street does not
    r"\b(?P<dark>dark) (?=(?:(?:wooden|old|small|little|big|large|huge) )?"
    rf"(?!(?:{_TALL_HOUSE}|{_GLOOMY})s?\b)(?:{'|'.join(_BY_DAY)})(?:e?s)?\b"
    rf"(?! (?:{_TALL_HOUSE}|{_GLOOMY}|woods?|forest|grove|garden|alley|street|lane|field"
    r"|room)s?\b))",
    re.I,
)
_STANDING = r"(?: (?:is|stands|standing|sits|sitting|perched|built|high|up|far))*"
_HEIGHT = r"(?:cliffs?|rocks?|crags?|headland|peak|summit|mountain ?tops?|cape)"
_ISLAND = r"(?:island|islet|isle)"
_WATER = "(?P<water>sea|ocean|lake|river|bay)"
_AT_HEIGHT = (
    rf"\b(?P<house>{_TALL_HOUSE}){_STANDING} (?:on|atop) (?:top of )?(?:an?|the) (?:\w+ ){{0,2}}"
)
_HIGH = (  # where houses are that stand on a hill instead
    (
        re.compile(rf"{_AT_HEIGHT}{_ISLAND} in (?:the middle of )?(?:a|the) {_WATER}\b", re.I),
        r"\g<house> on a hill by the \g<water>",
    ),
    (re.compile(rf"{_AT_HEIGHT}{_ISLAND}\b", re.I), r"\g<house> on a hill by the sea"),
    (re.compile(rf"{_AT_HEIGHT}{_HEIGHT}\b", re.I), r"\g<house> on a hill"),
    (re.compile(rf"{_AT_HEIGHT}mountains?\b", re.I), r"\g<house> on a hill with mountains"),
    (
        re.compile(
            rf"\b(?P<house>{_TALL_HOUSE}){_STANDING} (?:above|over) (?:an?|the) {_WATER}\b", re.I
        ),
        r"\g<house> on a hill by the \g<water>",
    ),
)
ON_TOP = re.compile(  # of what is drawn as a hill
    r"\bon (?P<top>top(?:ped)?) of (?:an?|the) (?:\w+ ){0,2}(?:mountains?|cliffs?|rocks?|peak)\b",
    re.I,
)
CHILDS_ROOM = re.compile(
    rf"\b(?:child|children|kid|baby|boy|girl)[{''.join(APOSTROPHES)}]s (?:bed|living )?room\b", re.I
)
ON_WALL = re.compile(  # of animals, for which there are fences alone
    rf"\b(?P<who>(?:{_BEASTS})s?)(?P<does>(?: \w+ing)?) on (?:top of )?(?:an?|the) "
    r"(?:(?:brick|garden|old|stone) )?(?P<wall>wall)\b",
    re.I,
)
_SMALL = "|".join(sorted(
    (name for name in {*THINGS, *ALSO} if where_of(ALSO.get(name, name)) == "small"),
    key=len, reverse=True,
))  # fmt: skip
NOT_HUNG = re.compile(  # things that stand where they are drawn, of which none hangs
    rf"\b(?:{_SMALL})(?:e?s)? (?:hanging )?on (?:an?|the) (?:\w+ )?(?P<wall>walls?)\b", re.I
)
_WADING = (  # where a crane is a bird
    r"(?= (?:(?:(?:that|which) )?(?:(?:is|are|stands?|standing|wades?|wading|sleeps?|sleeping|flies"
    r"|flying|fly) )*(?:in|on|over|above|by|beside|near|among) (?:(?:an?|the) )?(?:\w+ )?"
    r"(?:reeds?|lakes?|ponds?|marsh|swamp|river|stream|water)\b"
    r"|(?:(?:stands?|standing|sleeps?|sleeping) )?on one leg\b|(?:danc|fly|nest|sleep)ing\b))"
)
ON_BANKS = re.compile(r"\bon (?:both|each|either) banks?\b(?: of (?:the|a) river\b)?", re.I)
_TOYS = "toy balloons"  # none that carries people
BALLOON_COLORS = re.compile(rf"\b(?P<color>{_COLOR}) (?:toy )?balloons?\b", re.I)
SUNKEN_TOWN = re.compile(
    r"\b(?:underwater|undersea|sunken|submerged) (?:city|town|village)\b"
    r"|\b(?:city|town|village) (?:underwater|(?:under|beneath|below) (?:the )?(?:sea|ocean|water)"
    r"|(?:at|on) the (?:bottom of the (?:sea|ocean)|(?:sea|ocean) ?(?:floor|bed)))\b",
    re.I,
)
_TOWN_AS_REEF = (SUNKEN_TOWN, "coral reef with several houses")
FISHING_VILLAGE = re.compile(r"\bfishing (?:village|hamlet|town)\b", re.I)
_FISHING_VILLAGE = (FISHING_VILLAGE, "harbour with several houses")
FLOODED_CAVE = re.compile(
    r"\b(?:underwater|undersea|sunken|submerged|flooded) (?:cave|cavern|grotto)\b"
    r"|\b(?:cave|cavern|grotto) (?:underwater"
    r"|(?:under|beneath|below) (?:the )?(?:sea|ocean|water))\b",
    re.I,
)
_CAVE_AS_REEF = (FLOODED_CAVE, "coral reef with rocks")
UNDERWATER_REEF = re.compile(  # as every reef is
    r"\b(?:underwater|undersea) (?:coral )?reef\b|\b(?:coral )?reef underwater\b", re.I
)
SQUARE_IN_TOWN = re.compile(  # which lies in no meadow
    r"\b(?:(?:(?:market|town|village|main|city|central) ?)?square|market(?: place| street)?)"
    r" (?:in|of) (?:an?|the|this|our|my) (?:\w+ ){0,2}(?:town|village|city)\b"
    r"|\b(?:town|village|city) square\b|(?<=^a )(?:big |large |wide |small |old |empty )?square"
    r"(?=$|[,.;:]| (?:at|by|full|in|of|on|where|with)\b)",
    re.I,
)
_SQUARE_AS_MARKET = (SQUARE_IN_TOWN, "market square")
_TINTED = "pink|blue|warm"  # lights of stages, which colour all that is there
NOT_ON_STAGES = re.compile(  # where each thing stands on its own
    r"\b(?P<row>(?:a )?row(?= of\b)|in a (?:row|line)\b|side by side\b)"
    r"|(?<!lamp )(?<!lamps )(?<!star )(?<!stars )\b(?P<above>above|overhead)\b",
    re.I,
)
AT_US = re.compile(  # in rooms and on stages nothing hangs there; in landscapes what flies is high
    r"\b(?P<where>(?:high )?(?:above|over|below|under|beneath) "
    r"(?:me|us|you|(?:my|your|our) (?:heads?|feet)))\b",
    re.I,
)
STAGE_LIGHTS = re.compile(  # in other colours, which are in no plan
    rf"\b(?P<color>(?!{_TINTED})(?:{_COLOR}|violet|golden|colou?rful)) (?P<lights>lights)\b", re.I
)
_HOLLOW = r"(?:cave|cavern|grotto|tunnel)"
_FULL_OF_LAVA = (
    r"(?: (?:with|full of|filled with) (?:hot |red |glowing |flowing )?"
    r"(?:(?:an? )?lava (?:lakes?|pools?|rivers?|falls?)|(?:lakes?|pools?|rivers?) of lava|lava)\b)"
)
_IN_A_GAME = re.compile(
    r"\b(?:levels?|games?|platforms?|platformer|coins|jump\w*|worlds?|spikes)\b", re.I
)
_CAVES = (  # caves of rooms that the renderer has not, neither as levels nor as places of their own
    (
        re.compile(
            rf"\b(?:lava|magma|volcanic|volcano|fire) {_HOLLOW}{_FULL_OF_LAVA}?|\b{_HOLLOW}"
            rf"{_FULL_OF_LAVA}(?! pits?\b)",
            re.I,
        ),
        "cave with lava pits",
    ),
    (
        re.compile(
            rf"\b(?:ice|icy|frozen|glacier|snow|snowy) {_HOLLOW}"
            rf"|\b{_HOLLOW} (?:(?:made|full) )?of (?:ice|snow)\b",
            re.I,
        ),
        "cave with white walls",
    ),
)
DRAWN_LIKE = (  # what is drawn as something else, and so told
    *((bunch, "bunch of flowers") for bunch in BUNCHES),
    (BASE_ON_MOON, "moon landscape with satellite dishes"),
    *_HIGH,
    (re.compile(rf"\bcrane\b{_WADING}", re.I), "swan"),
    (re.compile(rf"\bcranes\b{_WADING}", re.I), "swans"),
    (re.compile(r"(?<=\bon )(?:a|the) (?:\w+ ){0,2}cliffs?\b", re.I), "a hill"),
    (re.compile(r"\b(gas|petrol|filling|service) station\b", re.I), "shop beside a road"),
    _TOWN_AS_REEF,
    _FISHING_VILLAGE,
    _CAVE_AS_REEF,
    _SQUARE_AS_MARKET,
    (
        re.compile(
            rf"(?<!by )(?<!under )(?<!in )\b(?P<color>(?!{_TINTED})(?:{_COLOR}|violet|golden) |)"
            rf"(?<!pink )(?<!blue )(?<!warm )(?:spot|stage |disco )lights?\b",
            re.I,
        ),
        r"\g<color>ball lamps",
    ),
    (re.compile(r"\bsea (?:monster|serpent)\b", re.I), "whale"),
    (re.compile(r"\bsea (?:monsters|serpents)\b", re.I), "whales"),
    (ON_WALL, r"\g<who>\g<does> on a fence"),
    (
        re.compile(
            rf"\b(?:an?|one) (?P<one>(?:{_BEASTS}|crow|raven|pigeon|candle))"
            r"(?P<does>(?: \w+ing)?) on (?:each|every) (?P<on>\w+)\b",
            re.I,
        ),
        r"three \g<one>s\g<does> on three \g<on>s",
    ),
    (
        re.compile(
            rf"\b(?:an?|one) (?P<one>(?:{_BEASTS}|crow|raven|pigeon|candle))"
            r"(?P<does>(?: \w+ing)?) on each(?: of them)?(?=$|[,.;:])",
            re.I,
        ),
        r"several \g<one>s\g<does> on them",
    ),
    (ON_BANKS, "on both sides of the river"),
    (
        re.compile(r"\blavender(?=$|[,.;:]| (?:and|at|by|in|near|on|under|with)\b)", re.I),
        "purple flowers",
    ),
    (re.compile(r"\bwoman\b", re.I), "person"),  # of one shape
    (OF_WOOD, r"\g<room> with wooden walls"),
    (re.compile(r"\bwomen\b", re.I), "people"),
    (re.compile(r"\b(girl|boy)\b", re.I), "child"),
    (re.compile(r"\b(girls|boys)\b", re.I), "children"),
)
SNOWY_ROOFS = re.compile(  # which no plan has
    r"\bsnow(?: (?:lies|lying|is))?"
    r"(?P<roofs> on (?:the |all |every |its |their |an? )*(?:roof(?:top)?|house)s?)\b",
    re.I,
)
_PALMS, _POND = r"(?=.*\bpalms?\b)", r"(?=.*\b(?:lake|pond|pool|water)\b)"
_SUN = (  # as it rises or sets
    r"((the|an?) )?((big|huge|large|great|bright|burning|fiery|glowing|warm|blood|red|orange|yellow"
    r"|golden|pink|purple|crimson) )*sun"
)
LIGHTS_TOLD = (  # light and weather told by what happens, and how that is read
    (
        re.compile(
            rf"\b{_SUN} (is )?(goes|going|sinks|sinking|sets|setting)( down)?\b(?! up)"
            r"|\bgolden hour\b",
            re.I,
        ),
        "at sunset",
    ),
    (
        re.compile(rf"\b{_SUN} (is )?((comes|coming|goes|going) up|rises|rising)\b", re.I),
        "at sunrise",
    ),
    (
        re.compile(
            r"\b(the )?sky (is )?(turn(s|ing)|becom(es|ing)|glow(s|ing)|burn(s|ing)|go(es|ing)) "
            r"(red|pink|orange|purple|gold|golden|crimson)\b",
            re.I,
        ),
        "at sunset",
    ),
    (re.compile(r"\b(?<!at night )tonight\b", re.I), "at night"),
    (
        re.compile(
            r"\b(?:turn|switch) (?:off|out) (?:all )?(?:the )?(?:lights?|lamps?)\b"
            r"|\b(?:all )?(?:the )?(?:lights?|lamps?) (?:(?:goe?s?|turns?|are) )?(?:out|off)\b",
            re.I,
        ),
        "at night",
    ),
    (re.compile(r"\bday ?break\b|\bdawn breaks\b", re.I), "at dawn"),
    (
        re.compile(
            rf"\b(it([{''.join(APOSTROPHES)}]s| is)? )?(gets|getting|becomes|becoming|goes|turns"
            r"|grows|growing) (dark(er)?|late)\b|\bmake it (dark(er)?|late)\b"
            r"|\bdarkness( falls)?\b",
            re.I,
        ),
        "at night",
    ),
    (re.compile(r"\bmake it bright(er)?\b|^bright(er)?$|\blet there be light\b", re.I), "by day"),
    (re.compile(r"\b(it is )?raining cats and dogs\b", re.I), "heavy rain"),
    (re.compile(r"\bweather (gets|is getting) (bad|worse)\b", re.I), "stormy weather"),
)
LIKENESS = re.compile(  # what something is said to be like, and which is not there
    rf"(?:^| )(?P<like>like|as(?! (?:{_COLOR}|{_SIZES}) as\b)) (?:(?:an?|the|some|my) )?"
    rf"(?P<what>(?:(?:{_COLOR}|{_SIZES}) )*(?:\w+ )?\w+)"
    r"(?=$|[,.;:]| (?:and|with|in|on|at|under|over|by|beside|near|behind|before|above|of)\b)",
    re.I,
)
_SHOWN = (  # by a picture, up to which words tell of it
    rf"(?P<shown>(?:(?:an?|the|some|my|two|three) )?(?:(?:{_COLOR}|{_SIZES}|old) )*(?:\w+ )?\w+)"
    r"(?=$|[,.;:]| (?:and|with|in|on|at|under|over|by|beside|near|behind|before|above|over)\b)"
)
IMAGES = (  # of things that are not there: the lion of a statue
    re.compile(
        r"\b(statues?|sculptures?|busts?|portraits?) (?P<of>of) "
        rf"(?!(?:stone|wood|gold|marble|bronze|ice)\b){_SHOWN}",
        re.I,
    ),
    re.compile(  # "a picture of a forest" is the forest
        r"(?<!^)(?<!^a )(?<!^an )(?<!^the )\b"
        rf"(paintings?|pictures?|photos?|photographs?|posters?|drawings?) (?P<of>of) {_SHOWN}",
        re.I,
    ),
)
METAPHOR = re.compile(  # of what is said to be another thing, which is not there
    r"\b(sea(?: coast)?|lake|water|ocean|river|pond|sky|fog|mist|snow|night|moon|sun)"
    rf"(?P<is> (?:is|are|was) (?:an?|the) (?:\w+ )?(?!gold|orange)(?:{_NOUNS})(?:e?s)?)\b",
    re.I,
)
HEAPED = re.compile(  # of goods, which are no buildings: "pyramids of oranges"
    r"\b(?P<heap>pyramids?) of "
    r"(?!(?:an?|the|egypt|giza|stones?|rocks?|sand|bricks?|gold|ice|glass)\b)(?=\w)", re.I
)  # fmt: skip
WEARING_NOTHING = re.compile(r" (?:wearing|dressed in) (?P<worn>nothing|empty)\b(?: at all)?", re.I)
FROZEN_RIVER = re.compile(  # which flows, as lakes alone are seen frozen
    r"\b(?P<frozen>frozen|icy) (?:\w+ )?"
    r"(?:rivers?|streams?|canals?|seas?|oceans?|coasts?|waterfalls?|fountains?)\b",
    re.I,
)
RAINFALL = re.compile(r"\b(?:rain|rainy|raining|storm|stormy|thunder|thunderstorms?)\b", re.I)
SNOWFALL = re.compile(  # beside which rain alone is seen to fall
    r"\b(?P<fall>(?:heavy|thick|dense|light|gentle|falling|soft) (?:snow|snowfall)|snowfall"
    r"|snowflakes?|snowstorm|snow (?=falls?\b|falling\b))",
    re.I,
)
UMBRELLAS = re.compile(
    r"(?: (?:with|under|holding|carrying))?"
    rf"(?P<umbrellas> (?:(?:an?|the|his|her|their|open|{_MANY}|{_COLOR}|{_SIZES}) )*"
    r"(?<!beach )(?<!sun )umbrellas?)\b",
    re.I,
)
_RAIN = re.compile(r"\b(?:rain|storm|thunder|drizzl|pour)\w*", re.I)
_HOLDERS = re.compile(  # of umbrellas, who are on no beach
    r"\b(?:people|persons?|m[ae]n|wom[ae]n|girls?|boys?|child(?:ren)?|kids?)"
    r" (?:with|holding|carrying)(?: \w+){0,3} umbrellas?\b",
    re.I,
)
_SUNNY_PLACES = re.compile(
    r"\b(?:beach(?:es)?|coasts?|sea\w*|shores?|ocean|islands?|pools?|sunbeds?|deck ?chairs?)\b",
    re.I,
)
BABY = re.compile(rf"\bbaby (?=(?:{_BEASTS})\b)", re.I)
_SPACESHIP = (  # and no room of one
    r"space ?ship(?= (?:(?:(?:that|which) )?(?:has|is) )?"
    r"(?:just )?(?:(?:\w+(?:ing|ed)|lands|lies|stands) )?"
    r"(?:over|above|on|beside|near|in|at|under)\b)"
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


REWORDINGS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # what is read as something else, one after the other
    (re.compile(rf"\bas (?=(?:{_COLOR}|{_SIZES}) as\b)", re.I), ""),
    (LIKENESS, ""),
    *((image, r"\1") for image in IMAGES),
    (WEARING_NOTHING, ""),
    (METAPHOR, r"\1"),
    (HEAPED, "pile of "),
    (BABY, "small "),
    (  # which is no fire on the ground
        re.compile(
            r"(?:,? (?:that|which))?(?: is| are)? (?:breath|spit|spew)(?:ing|e?s) "
            r"(?:fire|flames?)\b|\bfire[- ]?breathing ",
            re.I,
        ),
        "",
    ),
    *LIGHTS_TOLD,
    (  # whose clothes are not drawn, and are between it and what it is beside
        re.compile(
            rf"\b(?P<who>(?:{_BEASTS}|snowm[ae]n|scarecrow|teddy bear|ghost|robot)s?) "
            rf"(?:with|wearing|in) (?:an? |its |his )?(?:(?:{_COLOR}|{_SIZES}|woolly|warm|old) )*"
            r"(?:scarf|hat|cap|coat|jacket|sweater|jumper|bow tie|collar|crown|boots|glasses)\b",
            re.I,
        ),
        r"\g<who>",
    ),
    (re.compile(r"\bstarry night(?: (?:sky|skies))?\b", re.I), "starry sky at night"),
    (SNOWY_ROOFS, "in deep snow"),
    (re.compile(r"\b(?:an? |the )?(?:snow ?storm|blizzard)\b", re.I), "heavy snow"),
    (re.compile(rf"\boasis\b{_PALMS}{_POND}", re.I), "desert"),  # not twice as many of them
    (re.compile(rf"\boasis\b{_PALMS}", re.I), "desert with a lake"),
    (re.compile(rf"\boasis\b{_POND}", re.I), "desert with palms"),
    (OVERCAST, _CLOUDED),
    (DARK_STORM, ""),
    (re.compile(r"\bdark (?=clouds?\b)", re.I), "grey "),
    (DARK_THING, ""),
    (
        re.compile(
            rf"\b(?P<house>{_TALL_HOUSE}|barn|school|shop)(?P<with>\b.*) on (?:the|its) roof\b",
            re.I,
        ),
        r"\g<house>\g<with> on the \g<house>",
    ),
    (CHILDS_ROOM, "nursery"),
    _TOWN_AS_REEF,
    _FISHING_VILLAGE,
    _CAVE_AS_REEF,
    (UNDERWATER_REEF, "coral reef"),
    (re.compile(r"\bunder the (sea|ocean)\b", re.I), "in a coral reef"),
    (SEA_FLOOR, "coral reef"),
    (AFTER_NOUN, r"\g<look> \g<noun>"),
    (SKY_MADE, r"under a \g<color> sky"),
    (REMOVED, "no"),
    (REPLACED, r"no \g<gone>, "),
    (  # of a place that becomes another one
        re.compile(
            r"\b(?:turn|change|transform) (?:(?:the|this|my) \w+|it|this|everything|all) into "
            r"(?=an?\b)",
            re.I,
        ),
        "",
    ),
    (WOOD, r"\g<a> \g<how>forest"),
    *(  # which have many of them
        (re.compile(rf"\b{plant} (?:garden|patch)\b", re.I), f"garden with many {plants}")
        for plant, plants in _GARDENS.items()
    ),
    *(
        (re.compile(rf"\b{plant} field(?P<many>s?)\b", re.I), rf"field\g<many> of {plants}")
        for plant, plants in _FIELDS.items()
    ),
    *(  # whose trees are many: a house in it is in none of them
        (re.compile(rf"\b{tree} (?:forest|woods|grove)\b", re.I), f"forest with many {trees}")
        for tree, trees in _FORESTS.items()
    ),
    (  # of trains, no block in the air
        re.compile(
            r"(?P<train>\b(?:train|railway)\b.*)\bon (?:the|a) platform\b"
            r"|\bon (?:the|a) platform\b(?=.*\b(?:train|railway)\b)",
            re.I,
        ),
        r"\g<train>in front of the station",
    ),
    (re.compile(r"\bcamp fires?\b", re.I), "campfire"),
    (  # a sail at sea is seen with its ship
        re.compile(
            r"^(?!.*\b(ship|boat|yacht)s?\b)(?P<rest>.*\b"
            r"(a|an|one|two|three|some|many|distant|white|red|black|orange|brown) )sail(?P<s>s?)\b",
            re.I | re.S,
        ),
        r"\g<rest>sailing ship\g<s>",
    ),
    (
        re.compile(r"\blaundry (?=(between|hanging|drying|flapping|out|over|on)\b)", re.I),
        "clothes ",
    ),
    (  # alone it is the name of levels, too
        re.compile(
            r"(?<!\bdark )\bdungeon\b(?! (level|game))(?!.*\b(level|game|jump|coins|platforms?)\b)",
            re.I,
        ),
        "dark dungeon",
    ),
    (
        re.compile(
            rf"\b(?P<who>girl|boy|child|children|kids?|man|woman|clown|person|people)"
            rf" (with|holding|carrying) (an? )?(?P<own>({'|'.join(COLORS)}) )?balloons?\b",
            re.I,
        ),
        r"\g<who> next to \g<own>toy balloons",
    ),
    (re.compile(r"(?<!hot air )(?<!toy )\bballoons?\b(?=.*\b(?:party|birthday)\b)", re.I), _TOYS),
    (
        re.compile(r"(\b(?:party|birthday)\b.*?)(?<!hot air )(?<!toy )\bballoons?\b", re.I),
        rf"\1{_TOYS}",
    ),
    *DRAWN_LIKE,
    *FAMILIES,
    (re.compile(r"(?:(?:,? (?:is|are))? |^)parked\b", re.I), ""),
    (
        re.compile(
            r"\b((?:swim|drift|float|glid|sail)\w*) (?:over|across) "
            r"(?=(a|the) (\w+ ){0,2}(water|lake|pond|river|sea|ocean|canal)\b)",
            re.I,
        ),
        r"\1 on ",
    ),
    (  # a whale above a city is in no water
        re.compile(
            r"\b(?:swim|drift|float|glid|sail|hover)\w* "
            r"(?=(above|over)\b(?!.*\b(coral|reef|seaweed)))",
            re.I,
        ),
        "in the sky ",
    ),
    (re.compile(r"\b(through|across) the (sky|air)\b", re.I), "in the sky"),
    (re.compile(r"\b(above|over) the roof(top)?s?\b", re.I), r"\1 the houses"),
    (re.compile(r"\b(living|dining|music)room", re.I), r"\1 room"),
    (
        re.compile(rf"\b({'|'.join(sorted(SHADES))})[ -](?=({'|'.join(SHADED)})\b)", re.I),
        "",
    ),
    (
        re.compile(rf",? ?\b(where |and )?(the|its) sky is (?:an? )?({'|'.join(COLORS)})\b", re.I),
        r" under a \3 sky",
    ),
    (re.compile(r"\bclock ?tower", re.I), "tower"),
    (_MOUNTAIN_ROAD, r"\1 \2\3, in a meadow with mountains"),
    (re.compile(r"\bon (a|the) mountain\b(.*)", re.I), r"on \1 hill\2, mountains"),
    (
        re.compile(
            rf"\b(?P<a>{_DETERMINERS}) \w+ {OWNER} (?=\w)(?!(?:{_DETERMINERS}|and|or)\b)", re.I
        ),
        r"\g<a> ",
    ),
    (re.compile(rf"\b(?P<who>{OWNER}) (?P<what>\w+)", re.I), _owned),
    (re.compile(r"\b(is |are )?building (?=(a|an|the|some|their|sand)\b)", re.I), "with "),
    (
        re.compile(rf"\b(thunder ?)?storms? (?P<far>{_FAR_AWAY})", re.I),
        r"lightning \g<far> under many clouds",
    ),
    (re.compile(r"\bin (the )?winter\b", re.I), "in deep snow"),  # not on peaks alone
    (re.compile(r"\bwint(er|ry)\b", re.I), "snowy"),
    (re.compile(r"\brocky (beach|coast|seashore|shore)\b", re.I), "coast of rock"),
    (
        re.compile(r"\b(pond|lake)\b(?P<more>[^,.;:]*?)(?:,| that is| which is) frozen\b", re.I),
        r"frozen \1\g<more>",
    ),
    (re.compile(r"\bfrozen (?:village )?pond\b", re.I), "frozen lake"),
    (ON_PLANET, "in a moon landscape"),
    (_MOON_ALONE, "a moon landscape"),
    (re.compile(rf"^(a|the) (snowy|icy) {_MOUNTAINS}", re.I), "a snowfield with mountains"),
    (re.compile(rf"^(a|the) (\w+ )?{_MOUNTAINS}", re.I), r"a meadow with \2mountains"),
    (
        re.compile(rf"{_SHOWROOM}an (?:art gallery|exhibition)\b", re.I | re.S),
        r"\g<before>a museum",
    ),
    (
        re.compile(rf"{_SHOWROOM}(?:art )?(?:gallery|exhibition)\b", re.I | re.S),
        r"\g<before>museum",
    ),
    (re.compile(r"\b(?:wooden|timber) (?:house|home)(?=s?\b)", re.I), "log cabin"),
    (re.compile(r"\b(?:box|crate) of fruits?\b", re.I), "fruit crate"),
    (re.compile(r"\b(?:boxes|crates) of fruits?\b", re.I), "fruit crates"),
    (re.compile(r"\b(?:large|big|huge) (?=windows?\b)", re.I), "tall "),
    (re.compile(rf"{_IN_JAPAN}red gate(?=s?\b)", re.I | re.S), r"\g<before>red torii"),
    COLORED_ROOM,
    (_PAINTED_ROOM, r"\1 with \3 walls"),
    (re.compile(r",? ?\bnot \w+", re.I), ""),
    (re.compile(r"\bthe only (?=\w)", re.I), "a single "),
    (  # of a colour that no saucer has
        re.compile(rf"\b(?P<color>(?!grey|white)(?:{_COLOR})) {_SPACESHIP}", re.I),
        r"\g<color> rocket",
    ),
    (re.compile(rf"\b{_SPACESHIP}", re.I), "ufo"),
)


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
