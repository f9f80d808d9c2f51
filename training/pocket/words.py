"""Files about words beside the weights: tokenizer, vocabulary, and encoded prompts.

The game says that the world knows the words that captions use, and suggests those phrases of
`phrases.txt` that captions hold.
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
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS, digest_of, fits
from mag_sandbox.model.pocket.loading import painting_features, prompt_features
from mag_sandbox.model.pocket.weights import read_config, weights_hash
from mag_sandbox.model.prompts import PromptFeatures, write_texts
from mag_sandbox.scenes import available_scenes, load_scene
from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, VERSION, WORDS_FILE, split_words
from mag_sandbox.training.options import TextOptions


def write_scene_texts(options: TextOptions) -> None:
    """Encode the prompts of all library scenes, and the empty one, with the weights in a folder.

    What paints for the shipped weights reads prompts with an encoder of its own, likewise.
    """
    folder = options.folder
    config = read_config(folder)
    _write_texts(folder, weights_hash(folder), prompt_features(folder, config, known={}))
    if fits(IMAGINATION_WEIGHTS, folder.resolve()):
        features = painting_features(IMAGINATION_WEIGHTS, config, known={})
        _write_texts(IMAGINATION_WEIGHTS, digest_of(IMAGINATION_WEIGHTS), features)


def _write_texts(folder: Path, digest: str, features: PromptFeatures) -> None:
    prompts = ("", *(load_scene(name).prompt for name in available_scenes()))
    write_texts(folder, digest, {prompt: features(prompt) for prompt in prompts})


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


def phrase_groups() -> list[tuple[str, str, list[str]]]:
    """Return group, category of scenes and phrases of each line of `phrases.txt`."""
    lines = Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8").splitlines()
    groups = (line.split(" | ") for line in lines if not line.startswith("#"))
    return [(name, category, phrases.split(", ")) for name, category, phrases in groups]


def write_words(captions: Iterable[str], folder: Path) -> Path:
    """Write the words of all training captions into a weights folder, whole; return the file."""
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
    for name, category, phrases in phrase_groups():
        used = [phrase for phrase in phrases if _is_used(phrase, text, counts)]
        if used:
            groups.append({"name": name, "category": category, "phrases": used})
    return groups


def _is_used(phrase: str, text: str, counts: Counter[str]) -> bool:
    if " " not in phrase:
        return phrase in counts
    return phrase in text or phrase.removeprefix("an ").removeprefix("a ") in text
