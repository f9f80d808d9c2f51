"""What makes latents, for a rollout and the world around it."""

from dataclasses import dataclass

from model.dit import DiT
from model.full.recipes import Recipe
from model.kv_cache import KVCache
from model.rope import GridCoordinates


@dataclass(frozen=True, slots=True)
class Engine:
    """What makes latents."""

    dit: DiT
    memory_dit: DiT  # may be the same
    cache: KVCache
    grid: GridCoordinates
    recipe: Recipe
    latent_shape: tuple[int, int, int]  # channels, height, width
