"""The table of worlds: the weights of each, how it is denoised, and its memory.

Rows only; nothing here loads or fetches anything, and nothing is imported that needs torch. A new
world of the same engine is a new row.

Sources: the releases of MAG (arXiv 2512.18741), Self-Forcing (2506.08009), CausVid (2412.07772)
and LongLive (2509.22622). File names of repositories that could not be looked into are rules, not
names: `WeightSource.names`.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, get_args

from mag_sandbox.model.catalogue.recipes import (
    FRAMEPACK_F0,
    FRAMEPACK_F1,
    SKYREELS,
    WAN,
    WAN_NEGATIVE,
    ClipRecipe,
    FewSteps,
    Recache,
    Recipe,
    history,
    ring,
    window,
)
from mag_sandbox.model.config import FULL, DiTConfig
from mag_sandbox.model.slots import frame_bytes
from mag_sandbox.model.world import MIB, MemorySetting
from mag_sandbox.program import PROGRAM

# A folder of weights as diffusers writes them, or one file. Each of the two networks of MAG is
# recognised by its name, or else by not being the other one, nor a stage of training.
_NET = r"diffusion_pytorch_model[^/]*"
_MEMORY_WORD = r"(memory|mem[_-]|[_-]mem\b|compress|\bbc\d+|[/_-]bc\d+)"
_STAGE = r"(^|[/_-])(ode|sf\d+|critic|fake|real|optim)"
_ENDS = (r"\.safetensors", r"\.bin", r"\.(pt|pth)")
BESIDE = ("config.json", "diffusion_pytorch_model.safetensors.index.json")


def generator_names() -> tuple[str, ...]:
    """Return expressions of whole paths, the surest first; the first that fits anything wins."""
    other = rf"(?!.*({_MEMORY_WORD}|{_STAGE}))"
    folders = tuple(
        pattern.format(end=end)
        for end in _ENDS[:2]
        for pattern in (
            rf"(?!.*memory[_-]?model)(?!.*compress)(.*/)?[^/]*generat[^/]*/{_NET}{{end}}",
            rf"{other}(.*/)?{_NET}{{end}}",
        )
    )
    files = tuple(rf"{other}(.*/)?[^/]*(generat|mag)[^/]*{end}" for end in _ENDS)
    return folders + files


def memory_names() -> tuple[str, ...]:
    """Return such expressions for the memory model."""
    word = rf"(?!.*generat)(?=.*{_MEMORY_WORD})"
    folders = tuple(rf"{word}(.*/)?{_NET}{end}" for end in _ENDS[:2])
    files = tuple(rf"{word}(.*/)?[^/]*{end}" for end in _ENDS)
    return folders + files


Kind = Literal["stream", "clip"]
Role = Literal[
    "generator",
    "memory",
    "lora",
    "vae",
    "text encoder",
    "tokenizer",
    "tiny decoder",
    "pipeline",
    "image encoder",
    "parts",
    "table",
    "videos",
]
ROLES: tuple[str, ...] = get_args(Role)
LATENT_HEIGHT, LATENT_WIDTH = 60, 104  # of 480 x 832 pictures
PIXELS = 8  # of a picture, across and down, in one latent
BF16_BYTES = 2


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence of weights."""

    name: str
    link: str


@dataclass(frozen=True, slots=True)
class WeightSource:
    """The repository of one role's files, and how they are found in its listing."""

    role: Role
    repo: str  # owner/name on the hub
    names: tuple[str, ...]  # regular expressions of whole paths; the first that fits anything wins
    beside: tuple[str, ...] = ()  # file names of the same folder that come along if they are there
    bytes: int | None = None  # of all its files, if known without a listing
    optional: bool = False  # the world plays without it
    many: bool = False  # all matching files are meant, not one file and its shards


@dataclass(frozen=True, slots=True)
class Fetchable:
    """The owner of fetched files: a world, or the data of a benchmark."""

    name: str  # in commands
    title: str  # on screens
    sources: tuple[WeightSource, ...]  # none: the files come with the game, or not at all
    licence: Licence
    reason: str = ""  # why it cannot be fetched, or played as it comes; "": it can

    @property
    def roles(self) -> tuple[Role, ...]:
        """Roles without which it is of no use."""
        return tuple(source.role for source in self.sources)


@dataclass(frozen=True, slots=True)
class PackRecipe:
    """How a world with packed frames makes blocks, by weights of many steps with guidance."""

    steps: int  # of a block, and of the picture that a scene begins with
    guidance: float  # classifier-free guidance; 1: none
    shift: float  # of the noise levels
    negative: str  # the negative prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRow(Fetchable):
    """One world."""

    kind: Kind  # "clip": a whole clip at once, not real time
    memory: str = "none"  # memory policy, where there is no recipe
    recipe: Recipe | None = None  # of a stream of a few-step checkpoint
    averaged: bool = True  # the averaged weights of a training checkpoint are meant, if it has some
    lora_alpha: float = 0.0  # an adapter counts by this over its rank
    clips: ClipRecipe | None = None  # of a clip world
    packs: PackRecipe | None = None  # of a world that remembers by packing frames
    own: Role = "generator"  # the part that a player's file replaces if no role is named
    words: str = ""  # folder of weights whose words it knows; "": every word
    base: str = ""  # weights shared with other worlds, which can continue each other; "": none
    steady: bool = True  # holds a picture; the key for the next world skips others

    @property
    def bundled(self) -> bool:
        """Whether the weights come with the game."""
        return not self.sources and not self.reason

    @property
    def roles(self) -> tuple[Role, ...]:
        """Roles without which it does not play."""
        needed = dict.fromkeys(source.role for source in self.sources if not source.optional)
        if self.kind == "stream" and not self.bundled:
            needed |= {"generator": None}  # also where only the player can give it
        return tuple(needed)

    @property
    def has_memory_model(self) -> bool:
        """Whether a network of its own remembers."""
        return self.recipe is not None and self.recipe.remembers == "memory"

    @property
    def passes(self) -> int:
        """Passes through the transformer that a block of a stream takes, remembering counted."""
        if self.packs:
            return self.packs.steps * (1 if self.packs.guidance == 1 else 2) + 1
        return len(self.recipe.sampling.steps) + 1 if self.recipe else 0

    @property
    def policy(self) -> str:
        """Name of its memory policy."""
        return self.recipe.memory.policy if self.recipe else self.memory

    def memory_setting(self, policy: str | None = None) -> MemorySetting:
        """Return the memory it was made with; another policy gets the same room."""
        if self.recipe is None:
            return MemorySetting(policy or self.policy, 1, window_blocks=1, sink_frames=0)
        memory, kept_mib = self.recipe.memory, ceil(self.recipe.slots * slot_bytes() / MIB)
        return replace(memory, policy=policy or memory.policy, kept_mib=kept_mib)


@dataclass(frozen=True, slots=True)
class VideoShape:
    """Size and rate of a stream's frames; the public checkpoints know this one size."""

    latent_width: int = LATENT_WIDTH
    latent_height: int = LATENT_HEIGHT
    fps: float = 16.0

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of a frame, px."""
        return self.latent_width * PIXELS, self.latent_height * PIXELS

    def grid(self, dit: DiTConfig) -> tuple[int, int]:
        """Return rows and columns of a latent frame's tokens."""
        return self.latent_height // dit.patch, self.latent_width // dit.patch

    def tokens(self, dit: DiTConfig) -> int:
        """Return the tokens of a latent frame."""
        rows, columns = self.grid(dit)
        return rows * columns

    @classmethod
    def of_frames(cls, width: int, height: int) -> "VideoShape":
        """Return the shape of frames of another size.

        Raises:
            ValueError: a side is no multiple of 16 pixels, which is a token.
        """
        if width < 16 or height < 16 or width % 16 or height % 16:
            raise ValueError(f"frames of {width} x {height} px; sides must be multiples of 16")
        return cls(width // PIXELS, height // PIXELS)


VIDEO = VideoShape()


def slot_bytes(dit: DiTConfig = FULL) -> int:
    """Return the bytes of a kept frame of 480 x 832 pixels, in bf16."""
    return frame_bytes(dit.num_layers, VIDEO.tokens(dit), dit.dim, BF16_BYTES)


_APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
_BY_NC_SA = Licence("CC BY-NC-SA 4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/")


def _card(repo: str) -> Licence:
    """Licences that were not looked up are those of the model card, which `fetch` shows."""
    return Licence("see its model card", f"https://huggingface.co/{repo}")


_WAN = "Wan-AI/Wan2.1-T2V-1.3B"
_TINY_DECODER = WeightSource(
    "tiny decoder",
    "Kijai/WanVideo_comfy",  # unverified; the original is in a repository of another host
    (r"(.*/)?taew2_1\.safetensors", r"(.*/)?taew2_1\.pth"),
    bytes=22_632_000,
    optional=True,
)
_WAN_PARTS = (
    WeightSource("vae", _WAN, (r"Wan2\.1_VAE\.(safetensors|pth)",), bytes=508_000_000),
    WeightSource(
        "text encoder",
        _WAN,
        (r"models_t5_umt5-xxl-enc-bf16\.(safetensors|pth)",),
        bytes=11_360_000_000,
    ),
    WeightSource("tokenizer", _WAN, (r"google/umt5-xxl/tokenizer\.json",), bytes=17_000_000),
    _TINY_DECODER,
)

_MAG = "xilluill/MAG"
_MAG_GENERATOR = WeightSource(
    "generator", _MAG, generator_names(), beside=BESIDE, bytes=2_838_000_000
)
_MAG_MEMORY = WeightSource("memory", _MAG, memory_names(), beside=BESIDE, bytes=2_838_000_000)

_CLIP_FILES = (r"model_index\.json|[a-z_0-9]+/[^/]+\.(json|safetensors|model|txt)",)


def _framepack_sources(repo: str) -> tuple[WeightSource, ...]:
    return (
        WeightSource(
            "generator", repo, (r"(config\.json|diffusion_pytorch_model.*\.(json|safetensors))",),
            many=True,
        ),
        WeightSource(
            "pipeline",
            "hunyuanvideo-community/HunyuanVideo",
            (rf"(?!transformer/)({_CLIP_FILES[0]})",),  # whose place the generator takes
            many=True,
        ),
        WeightSource(
            "image encoder",
            "lllyasviel/flux_redux_bfl",
            (r"(image_encoder|feature_extractor)/[^/]+\.(json|safetensors)",),
            many=True,
        ),
    )  # fmt: skip


_ROWS = (
    WorldRow(
        name="pocket", title="Pocket world, made for processors", kind="stream", sources=(),
        licence=_APACHE, memory="mag-retrieve", words="imagination", base="pocket",
    ),
    WorldRow(
        name="memorypack", title="Pocket world with MemoryPack: packed frames and psi",
        kind="stream", sources=(), licence=_APACHE, memory="memorypack", words="imagination",
        base="pocket",
    ),
    WorldRow(
        name="pocket-framepack", title="Pocket world with FramePack alone", kind="stream",
        sources=(), licence=_APACHE, memory="pocket-framepack", words="pocket", base="pocket",
        steady=False,
    ),
    WorldRow(
        name="mag", title="MAG: generator and memory model", kind="stream",
        sources=(_MAG_GENERATOR, _MAG_MEMORY, *_WAN_PARTS), licence=_BY_NC_SA,
        recipe=Recipe(*ring(21, sink_frames=2), remembers="memory", remembers_under="empty"),
    ),
    WorldRow(
        name="mag-generator-only", title="MAG without its memory model", kind="stream",
        sources=(_MAG_GENERATOR, *_WAN_PARTS), licence=_BY_NC_SA,
        recipe=Recipe(*ring(21, sink_frames=2)),
    ),
    WorldRow(
        name="self-forcing", title="Self-Forcing", kind="stream",
        sources=(
            WeightSource(
                "generator",
                "gdhe17/Self-Forcing",
                (r"checkpoints/self_forcing_dmd\.(safetensors|pt)",),
            ),
            *_WAN_PARTS,
        ),
        licence=_APACHE, recipe=Recipe(*window(18)),
    ),
    WorldRow(
        name="causvid", title="CausVid", kind="stream",
        sources=(
            WeightSource(
                "generator",
                "tianweiy/CausVid",
                (r"autoregressive_checkpoint/model\.(safetensors|pt)",),
            ),
            *_WAN_PARTS,
        ),
        licence=_BY_NC_SA,
        recipe=Recipe(*history(18), FewSteps((1000, 757, 522), False, 8.0), most_frames=21),
    ),
    WorldRow(
        name="longlive", title="LongLive 1.0", kind="stream",
        sources=(
            WeightSource(
                "generator",
                "Efficient-Large-Model/LongLive-1.3B",
                (r"models/longlive_base\.(safetensors|pt)",),
            ),
            WeightSource(
                "lora", "Efficient-Large-Model/LongLive-1.3B", (r"models/lora\.(safetensors|pt)",)
            ),
            *_WAN_PARTS,
        ),
        licence=_APACHE, averaged=False, lora_alpha=256.0,
        # a window of 12: 3 sinks, 6 recent frames and the block's own 3
        recipe=Recipe(*window(6, sink_frames=3), recache=Recache(12)),
    ),
    WorldRow(
        name="self-forcing-plus-plus", title="Self-Forcing++ (weights of your own)", kind="stream",
        sources=_WAN_PARTS,
        licence=Licence("that of your weights", "https://arxiv.org/abs/2510.02283"),
        recipe=Recipe(*window(18)),
        reason="its weights are not public; "
        f"give yours with `{PROGRAM} fetch self-forcing-plus-plus --weights FILE`",
    ),
    WorldRow(
        name="wan-memorypack", title="Wan 2.1 with MemoryPack (parts of your own)", kind="stream",
        sources=(
            WeightSource(
                "generator", _WAN, (r"diffusion_pytorch_model\.safetensors",), bytes=5_676_000_000,
            ),
            *_WAN_PARTS,
        ),
        licence=_APACHE, memory="wan-memorypack",
        packs=PackRecipe(steps=25, guidance=5.0, shift=5.0, negative=WAN_NEGATIVE), own="parts",
        steady=False,
    ),
    WorldRow(
        name="wan2.1", title="Wan 2.1 text-to-video 1.3B", kind="clip",
        sources=(
            WeightSource("pipeline", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", _CLIP_FILES, many=True),
        ),
        licence=_APACHE, clips=WAN,
    ),
    WorldRow(
        name="skyreels-v2", title="SkyReels-V2 diffusion forcing 1.3B", kind="clip",
        sources=(
            WeightSource(
                "pipeline", "Skywork/SkyReels-V2-DF-1.3B-540P-Diffusers", _CLIP_FILES, many=True
            ),
        ),
        licence=_card("Skywork/SkyReels-V2-DF-1.3B-540P-Diffusers"), clips=SKYREELS,
    ),
    *(
        WorldRow(name, title, _framepack_sources(repo), _card(repo), kind="clip", clips=clips)
        for name, title, repo, clips in (
            (
                "framepack-f1", "FramePack F1 image-to-video, forward in time",
                "lllyasviel/FramePack_F1_I2V_HY_20250503", FRAMEPACK_F1,
            ),
            (
                "framepack-f0", "FramePack image-to-video, from its end back to the picture",
                "lllyasviel/FramePackI2V_HY", FRAMEPACK_F0,
            ),
        )
    ),
    WorldRow(
        name="magi-1", title="MAGI-1", kind="clip", sources=(), licence=_card("sand-ai/MAGI-1"),
        reason="diffusers 0.42 has no pipeline for it",
    ),
)  # fmt: skip
WORLDS: dict[str, WorldRow] = {row.name: row for row in _ROWS}
RECIPES: dict[str, Recipe] = {row.name: row.recipe for row in _ROWS if row.recipe}
PLAYABLE: tuple[str, ...] = tuple(row.name for row in _ROWS if row.kind == "stream" or row.clips)
MAG_BENCH = Fetchable(
    "mag-bench", "MAG-Bench: clips that look away and come back",
    (
        WeightSource("table", _MAG, (r"(.*/)?[^/]*bench[^/]*\.csv", r".*\.csv")),
        WeightSource("videos", _MAG, (r"(.*/)?[^/]*bench[^/]*/.*\.mp4", r".*\.mp4"), many=True),
    ),
    _card(_MAG),
)  # fmt: skip
DATA: dict[str, Fetchable] = {MAG_BENCH.name: MAG_BENCH}
