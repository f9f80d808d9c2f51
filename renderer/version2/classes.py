"""The classes of things that pictures show: what each attribute's value looks like.

Only data. A class is a look, not a word: the palm of a beach and that of a jungle level are the
same class, the palm in a pot another. Classes keep their names and their order; new ones go last.
"""

ANY = "*"  # the class does not depend on the value, which only counts or colours
UNNAMED = ""  # stands for an attribute in the log of what no caption names


def _named_alike(*names: str) -> dict[str, str]:
    return {name: name for name in names}


# attribute -> value -> class, of all categories
LOOKS: dict[str, dict[str, str]] = {
    # rooms
    "furniture": _named_alike(
        "sofa", "bed", "bookshelf", "desk", "kitchen counter", "piano", "dining table", "wardrobe",
        "bathtub",
    ),
    "window": {
        "square windows": "square window", "arched windows": "arched window",
        "round windows": "round window", "tall windows": "tall window",
    },
    "curtains": {ANY: "curtains"},
    "picture": {
        "landscape paintings": "landscape painting", "portraits": "portrait",
        "abstract paintings": "abstract painting", "round mirrors": "round mirror",
        "clocks": "wall clock",
    },
    "lamp": {
        "floor lamps": "floor lamp", "hanging lamps": "hanging lamp", "wall lamps": "wall lamp",
    },
    "rug": {"round rugs": "round rug", "square rugs": "square rug"},
    "door": {ANY: "door"},
    # rooms and stages: the second thing
    "second": {
        "armchair": "armchair", "cabinet": "cabinet", "fireplace": "fireplace",
        "round table": "round table", "stool": "stool", "vase": "vase", "teapot": "teapot",
        "globe": "globe", "bust": "bust", "crystal": "crystal", "guitar": "guitar",
        "robot": "robot", "toy car": "toy car", "cake": "cake", "sneaker": "sneaker",
        "lamp": "table lamp", "alarm clock": "alarm clock", "trophy": "trophy", "rocket": "rocket",
        "camera": "camera", "chess piece": "chess piece", "mug": "mug", "teddy bear": "teddy bear",
        "apple": "apple",
    },
    # rooms and levels: what grows
    "plant": {
        "potted plants": "potted plant", "palms": "potted palm", "cactuses": "potted cactus",
        "flowers": "bunch of flowers", "bush": "bush", "oak": "oak", "cherry": "cherry tree",
        "mushroom": "mushroom", "lollipop": "lollipop", "crystal": "crystal cluster",
        "pine": "pine", "cactus": "cactus", "palm": "palm", "bare": "bare tree",
    },
    # landscapes
    "vegetation": {
        "pine": "pine", "oak": "oak", "birch": "birch", "autumn": "orange tree",
        "maple": "red tree", "cherry": "cherry tree", "cypress": "cypress", "palm": "palm",
        "cactus": "cactus", "acacia": "acacia", "bare": "bare tree", "mushroom": "mushroom",
        "bush": "bush",
    },
    "building": _named_alike(
        "cottage", "tower", "windmill", "barn", "castle", "lighthouse", "tent", "pyramid", "pagoda",
        "temple",
    ),
    "relief": {
        "flat": "flat land", "hills": "hills", "mountains": "mountains",
        "snowy peaks": "snowy peaks", "dunes": "dunes", "mesas": "mesas",
    },
    "water": {
        "river": "river", "lake": "lake", "sea": "sea", "ice": "frozen lake", "lava": "lava lake",
    },
    "path": {"path": "path", "road": "road"},
    "rocks": {ANY: "rock"},
    "flowers": {ANY: "wild flower"},
    "celestial": {"sun": "sun", "moon": "moon"},
    "sky_objects": {"balloons": "hot air balloon", "birds": "bird", "stars": "starry sky"},
    "animals": {
        "sheep": "sheep", "deer": "deer", "boats": "boat", "camels": "camel", "penguins": "penguin",
    },
    "fence": {ANY: "fence"},
    "weather": {"cloudy": "cloud", "snowy": "falling snow"},
    # stages; `second` holds the objects' classes
    "support": {
        "pedestals": "pedestal", "round tables": "table with a cloth", "steps": "steps",
        "boxes": "box", "podiums": "podium",
    },
    "extra": {
        "potted plants": "potted plant", "palms": "potted palm", "flowers": "bunch of flowers",
        "balloons": "toy balloons", "rope barriers": "rope barrier", "hanging lamps": "ball lamp",
        "picture frames": "picture frame", "stars": "hanging star",
    },
    # stages and levels: backgrounds
    "backdrop": {
        "curtains": "stage curtains", "arches": "arches", "columns": "columns", "panels": "panels",
        "rings": "rings", "circles": "circles", "hills": "far hill", "mountains": "mountains",
        "skyscrapers": "skyscraper", "mushrooms": "mushroom", "crystals": "crystal cluster",
        "clouds": "sea of clouds",
    },
    # levels
    "platform": {ANY: "platform"},
    "block": {
        "brick": "brick block", "question": "question block", "crate": "crate",
        "crystal": "crystal block",
    },
    "collectible": {
        "coins": "coin", "gems": "gem", "stars": "star", "hearts": "heart", "keys": "key",
    },
    "creature": {
        "slime": "slime", "robot": "small robot", "ghost": "ghost", "bat": "bat", "snail": "snail",
    },
    "structure": _named_alike("pipe", "flag", "portal", "castle", "tower"),
    "hazard": {"lava": "lava pit", "water": "water pit", "spikes": "spikes"},
    "sky_object": {
        "clouds": "cloud", "sun": "sun", "moon": "moon", "planets": "planet", "stars": "starry sky",
    },
    UNNAMED: _named_alike("cloud", "starry sky", "puddle", "spotlight"),
}  # fmt: skip
LOOKS["main"] = LOOKS["second"]
LOOKS["third"] = LOOKS["fourth"] = LOOKS["furniture"] | LOOKS["second"]

CLASSES: tuple[str, ...] = tuple(
    dict.fromkeys(look for looks in LOOKS.values() for look in looks.values())
)
# what lies all around or along the ground: logged as one thing of its whole extent
AREAS = frozenset((
    "flat land", "hills", "mountains", "snowy peaks", "dunes", "mesas", "river", "sea", "path",
    "road", "starry sky", "falling snow", "steps", "stage curtains", "arches", "columns", "panels",
    "rings", "circles",
))  # fmt: skip


def look(attribute: str, value: str) -> str:
    """Return the class of an attribute's value, or raise KeyError if nothing drawn has it."""
    looks = LOOKS[attribute]
    return looks[ANY] if ANY in looks else looks[value]
