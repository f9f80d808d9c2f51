"""What makes latents, for a rollout and the world around it."""

from dataclasses import dataclass

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full.recipes import Recipe
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.rope import GridCoordinates


@dataclass(frozen=True, slots=True)
class Engine:
    """What makes latents."""

    dit: DiT
    memory_dit: DiT  # may be the same
    cache: KVCache
    grid: GridCoordinates
    recipe: Recipe
    latent_shape: tuple[int, int, int]  # channels, height, width
