"""Writes the text features of the scenes that come with the game beside the weights."""

from pathlib import Path

from mag_sandbox.model.pocket.loading import prompt_features
from mag_sandbox.model.pocket.weights import load_tokenizer, read_config, weights_hash
from mag_sandbox.model.prompts import write_texts
from mag_sandbox.scenes import available_scenes, load_scene


def write_scene_texts(folder: Path) -> None:
    """Encode the prompts of all library scenes, and the empty one, with the weights in a folder."""
    prompts = ("", *(load_scene(name).prompt for name in available_scenes()))
    config = read_config(folder)
    features = prompt_features(folder, config, load_tokenizer(folder, config), known={})
    texts = {prompt: features(prompt) for prompt in prompts}
    write_texts(folder, weights_hash(folder), texts)
