"""Phrases for the attributes of outdoor scenes. Only data; knows nothing of drawing."""

PLACES: dict[str, tuple[str, ...]] = {
    "meadow": ("meadow", "green meadow", "grassland", "grassy field"),
    "farmland": ("farmland", "golden farmland", "countryside of fields", "farm country"),
    "forest": ("forest", "green forest", "woodland", "forest clearing"),
    "autumn woods": ("autumn woods", "autumn forest", "orange autumn landscape"),
    "desert": ("desert", "sandy desert", "dry desert", "desert of yellow sand"),
    "canyon": ("canyon", "red canyon", "canyon land", "red rock desert"),
    "savanna": ("savanna", "dry savanna", "golden savanna"),
    "beach": ("beach", "sandy beach", "seashore", "coast"),
    "snowfield": ("snowfield", "snowy plain", "white winter landscape", "land of snow"),
    "tundra": ("tundra", "cold tundra", "barren tundra"),
    "swamp": ("swamp", "dark swamp", "marsh", "boggy swamp"),
    "volcano": ("volcanic land", "volcano land", "dark volcanic plain"),
    "cherry valley": ("cherry valley", "spring valley", "valley in spring"),
}
MOMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "time_of_day": {
        "dawn": ("at dawn", "at sunrise", "in the early morning", "in pink morning light"),
        "noon": ("at noon", "by day", "in daylight", "at midday"),
        "afternoon": ("in the afternoon", "on a warm afternoon", "in warm light"),
        "sunset": ("at sunset", "in the evening", "under an orange sky", "in evening light"),
        "dusk": ("at dusk", "at twilight", "under a purple sky"),
        "night": ("at night", "by night", "under a dark sky", "in the night"),
    },
    "weather": {
        "clear": ("in clear weather", "under a clear sky"),
        "cloudy": ("under many clouds", "in cloudy weather", "with a cloudy sky"),
        "foggy": ("in fog", "in the mist", "on a foggy day"),
        "rainy": ("in the rain", "in rainy weather", "under dark rain clouds"),
        "snowy": ("in snow", "in snowy weather", "covered in snow"),
    },
}
BUILDING_NOUNS: dict[str, tuple[str, ...]] = {
    "cottage": ("cottages", "houses", "homes", "cottage", "house"),
    "tower": ("towers", "towers with pointed roofs", "tower"),
    "windmill": ("windmills", "windmill"),
    "barn": ("barns", "barn", "farm buildings"),
    "castle": ("castles", "castle", "castles with towers"),
    "lighthouse": ("lighthouses", "lighthouse", "lighthouses with lamps"),
    "tent": ("tents", "tent", "tents for camping"),
    "pyramid": ("pyramids", "pyramid", "stone pyramids"),
    "pagoda": ("pagodas", "pagoda", "temple towers"),
    "temple": ("temples", "temple", "temples with columns"),
}
THINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "vegetation": {
        "pine": ("pine trees", "pines", "fir trees", "evergreen trees"),
        "oak": ("green trees", "round trees", "oak trees", "leafy trees"),
        "birch": ("birch trees", "birches", "light green trees"),
        "autumn": ("orange trees", "autumn trees", "trees with orange leaves"),
        "maple": ("red trees", "red maples", "maple trees"),
        "cherry": ("cherry trees", "pink trees", "blossoming trees", "cherry blossoms"),
        "cypress": ("cypresses", "tall thin trees", "slender trees"),
        "palm": ("palm trees", "palms", "tall palms"),
        "cactus": ("cacti", "tall cacti", "green cactuses"),
        "acacia": ("acacia trees", "flat trees", "acacias"),
        "bare": ("bare trees", "dead trees", "leafless trees"),
        "mushroom": ("giant mushrooms", "big mushrooms", "huge toadstools"),
        "bush": ("bushes", "green bushes", "shrubs"),
    },
    "relief": {
        "flat": ("flat land", "a flat horizon"),
        "hills": ("rolling hills", "hills", "soft hills"),
        "mountains": ("mountains", "high mountains", "rocky mountains"),
        "snowy peaks": ("snowy mountains", "snowy peaks", "snow capped mountains"),
        "dunes": ("dunes", "sand dunes", "high dunes"),
        "mesas": ("mesas", "table mountains", "flat topped rocks"),
    },
    "water": {
        "river": ("a river", "a winding river", "a blue stream"),
        "lake": ("a lake", "small lakes", "ponds", "blue water"),
        "sea": ("the sea", "the ocean", "blue sea"),
        "ice": ("frozen lakes", "ice", "a frozen pond"),
        "lava": ("lava", "pools of lava", "glowing lava"),
    },
    "path": {
        "path": ("a path", "a winding path", "a trail"),
        "road": ("a road", "a grey road", "a wide road"),
    },
    "rocks": {
        "few": ("a few rocks", "some rocks", "some stones"),
        "many": ("many rocks", "boulders", "lots of stones"),
    },
    "flowers": {
        color: (f"{color} flowers", f"big {color} flowers", f"{color} blooms")
        for color in ("red", "yellow", "white", "purple", "pink", "blue")
    },
    "celestial": {
        "sun": ("the sun", "a bright sun", "the sun in the sky"),
        "moon": ("the moon", "a full moon", "a bright moon"),
    },
    "sky_objects": {
        "balloons": ("hot air balloons", "colourful balloons", "balloons in the sky"),
        "birds": ("birds", "flying birds", "birds in the sky"),
        "stars": ("stars", "bright stars", "a starry sky"),
    },
    "animals": {
        "sheep": ("sheep", "white sheep", "a flock of sheep"),
        "deer": ("deer", "brown deer", "grazing deer"),
        "boats": ("sailing boats", "boats", "white sails"),
        "camels": ("camels", "brown camels"),
        "penguins": ("penguins", "black and white penguins"),
    },
    "fence": {
        "wooden": ("a wooden fence", "wooden fences", "a brown fence"),
        "white": ("a white fence", "white fences"),
    },
}
DENSITY: dict[str, tuple[str, ...]] = {
    "sparse": ("a few", "some", "scattered"),
    "groups": ("groups of", "clusters of", "some"),
    "dense": ("many", "lots of", "plenty of"),
}
