"""What is written beside the weights of the words in captions: tokenizer, vocabulary, and texts.

The game says that the world knows the words that captions use, and those phrases of a hand-made
table that captions really hold.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from mag_sandbox.files.whole import replace_file, replacing
from mag_sandbox.model.config import END, PAD, UNKNOWN
from mag_sandbox.model.pocket.loading import prompt_features
from mag_sandbox.model.pocket.weights import load_tokenizer, read_config, weights_hash
from mag_sandbox.model.prompts import write_texts
from mag_sandbox.scenes import available_scenes, load_scene
from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, VERSION, WORDS_FILE, split_words


def write_scene_texts(folder: Path) -> None:
    """Encode the prompts of all library scenes, and the empty one, with the weights in a folder."""
    prompts = ("", *(load_scene(name).prompt for name in available_scenes()))
    config = read_config(folder)
    features = prompt_features(folder, config, load_tokenizer(folder, config), known={})
    texts = {prompt: features(prompt) for prompt in prompts}
    write_texts(folder, weights_hash(folder), texts)


def train_tokenizer(captions: Iterable[str], vocab_size: int) -> Tokenizer:
    """Return a lower-case byte-pair tokenizer of at most `vocab_size` tokens."""
    tokenizer = Tokenizer(BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    trainer = BpeTrainer(
        vocab_size=vocab_size, special_tokens=[PAD, END, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(captions, trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Write a tokenizer to a temporary name, then rename it."""
    with replacing(path) as part:
        tokenizer.save(str(part))


# (name, category of scenes, phrases in the order in which to suggest them)
GROUPS: tuple[tuple[str, str, str], ...] = (
    ("place", "outdoor", "meadow, forest, desert, snowfield, beach, canyon, savanna, swamp, "
     "tundra, farmland, autumn woods, cherry valley, volcanic land, grassland, woodland, "
     "seashore, coast, marsh, countryside of fields, green forest, red canyon, spring valley"),
    ("place", "indoor", "library, kitchen, living room, bedroom, music room, dining room, "
     "bathroom, office, lounge, study"),
    ("place", "object", "gallery, studio, showroom, exhibition, stage"),
    ("place", "video game", "candy land, lava world, mushroom kingdom, space station, "
     "neon city, haunted forest, ice cave, dungeon, sky island level, desert ruins, jungle, "
     "grassland, game level, platform game, jump and run"),
    ("time of day", "outdoor", "at sunset, at night, at dawn, at noon, at dusk, "
     "in the afternoon, in the evening, by day, at sunrise, at twilight, in daylight, "
     "at midday, in the early morning, under a dark sky, under a purple sky"),
    ("weather", "outdoor", "covered in snow, in fog, in the rain, under many clouds, "
     "under a clear sky, in snowy weather, in rainy weather, on a foggy day, in the mist, "
     "in cloudy weather"),
    ("buildings", "outdoor", "lighthouses, castles, windmills, cottages, red towers, pagodas, "
     "tents, temples, barns, pyramids, houses, towers"),
    ("trees", "outdoor", "pine trees, palm trees, cherry trees, tall cacti, birch trees, "
     "giant mushrooms, autumn trees, red maples, oak trees, acacia trees, cypresses, bushes, "
     "bare trees"),
    ("land", "outdoor", "snowy mountains, rolling hills, sand dunes, mesas, mountains, hills, "
     "a flat horizon"),
    ("water", "outdoor", "a winding river, a lake, the sea, frozen lakes, pools of lava, "
     "ponds, the ocean, a blue stream, ice"),
    ("sky", "outdoor", "hot air balloons, a full moon, bright stars, flying birds, "
     "a bright sun"),
    ("animals", "outdoor", "sheep, deer, penguins, camels, sailing boats"),
    ("ways", "outdoor", "a winding path, a wide road, a wooden fence, a white fence, boulders"),
    ("flowers", "outdoor", "red flowers, yellow flowers, purple flowers, white flowers, "
     "blue flowers, pink flowers"),
    ("light", "indoor", "in bright daylight, in the evening, by warm lamplight, in dim light, "
     "on a sunny day, by day"),
    ("furniture", "indoor", "a red sofa, a blue armchair, a piano, a green bookshelf, "
     "a bathtub, a desk, a bed, a wardrobe, a cabinet, a kitchen counter, a dining table, "
     "a fireplace, a stool, a sofa, an armchair, a bookshelf"),
    ("walls", "indoor", "striped blue walls, yellow walls, panelled red walls, red walls, "
     "green walls, white walls, teal walls"),
    ("floor", "indoor", "wooden floor, tiled floor, carpet, round rugs, square rugs"),
    ("windows", "indoor", "arched windows, tall windows, round windows, square windows, "
     "a view of the sea, curtains"),
    ("pictures", "indoor", "landscape paintings, portraits, round mirrors, clocks, "
     "abstract paintings"),
    ("lamps", "indoor", "hanging lamps, floor lamps, wall lamps"),
    ("plants", "indoor", "potted plants, palms, cactuses, flowers"),
    ("things", "object", "robots, teapots, guitars, crystals, rockets, teddy bears, trophies, "
     "toy cars, globes, sneakers, apples, vases, busts, cameras, mugs, cakes, chess pieces, "
     "alarm clocks, lamps"),
    ("stands", "object", "on white pedestals, podiums, round tables, boxes, steps, pedestals"),
    ("light", "object", "lit by spotlights, in blue light, in pink light, in soft light, "
     "in warm light"),
    ("backdrop", "object", "columns, arches, curtains, panels, circles, rings"),
    ("floor", "object", "checkered floor, wooden floor, dark floor, red floor, blue floor"),
    ("around", "object", "potted plants, balloons, rope barriers, picture frames, stars, palms"),
    ("creatures", "video game", "ghosts, slimes, snails, bats, robots"),
    ("to collect", "video game", "coins, hearts, gems, stars, keys"),
    ("structures", "video game", "green pipes, castles, portals, flags, towers, pipes"),
    ("dangers", "video game", "pools of lava, spikes, water, lava"),
    ("blocks", "video game", "question mark blocks, crystal blocks, brick blocks, crates, "
     "bricks"),
    ("background", "video game", "skyscrapers, mountains, crystals, columns, hills, clouds"),
    ("sky", "video game", "under a purple sky, under a dark sky, under a pink sky, "
     "under a teal sky, under an orange sky, under a blue sky"),
)  # fmt: skip


def write_words(captions: Iterable[str], folder: Path) -> Path:
    """Write the words of all captions of training into a weights folder; return the file.

    It appears whole or not at all.
    """
    texts = [caption.lower() for caption in captions]
    counts = count_words(texts)
    content = {
        "version": VERSION,
        "words": dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        "groups": _groups(" | ".join(dict.fromkeys(texts)), counts),
    }
    path = folder / WORDS_FILE
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    replace_file(path, text)
    return path


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Return how often each word is used; words that name nothing are left out."""
    counts = Counter(word.text for text in texts for word in split_words(text))
    return Counter({word: n for word, n in counts.items() if word not in FUNCTION_WORDS})


def _groups(text: str, counts: Counter[str]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    for name, category, phrases in GROUPS:
        used = [phrase for phrase in phrases.split(", ") if _is_used(phrase, text, counts)]
        if used:
            groups.append({"name": name, "category": category, "phrases": used})
    return groups


def _is_used(phrase: str, text: str, counts: Counter[str]) -> bool:
    """Whether captions use a phrase; of one that begins with an article, all but the article."""
    if " " not in phrase:
        return phrase in counts
    return phrase in text or phrase.removeprefix("an ").removeprefix("a ") in text
