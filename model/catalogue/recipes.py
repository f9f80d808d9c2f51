"""How checkpoints make blocks and clips, and what few-step checkpoints remember.

A recipe is the part of a world's row that play, training and evaluation run by; a clip is made
whole by a pipeline of `diffusers` and then shown block by block. Data only: nothing here imports
`diffusers`, and torch is imported when noise levels are computed.

Sources: the pipelines' own documentation, SkyReels-V2 (arXiv 2504.13074), FramePack (2504.12626).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Literal

from mag_sandbox.model.world import MemorySetting

if TYPE_CHECKING:
    from torch import Tensor

    from mag_sandbox.model.flow import RenoisingSampler

BLOCK_LENGTH = 3  # latent frames


@dataclass(frozen=True, slots=True)
class FewSteps:
    """The noise levels of a few-step checkpoint."""

    steps: tuple[int, ...] = (1000, 750, 500, 250)
    warped: bool = True  # steps count evenly and are shifted; False: they are timesteps themselves
    shift: float = 5.0

    @property
    def timesteps(self) -> "Tensor":
        """The network's input at each step, fp32 [steps]."""
        import torch

        from mag_sandbox.model.flow import FlowSchedule

        if self.warped:
            return FlowSchedule(self.shift).warp(self.steps)
        return torch.tensor(self.steps, dtype=torch.float32)

    @property
    def sigmas(self) -> "Tensor":
        """The noise level of each step, that of the nearest entry in the table, fp32 [steps]."""
        from mag_sandbox.model.flow import FlowSchedule

        return FlowSchedule(self.shift).sigma(self.timesteps)

    def sampler(self) -> "RenoisingSampler":
        """Return a sampler of these levels."""
        from mag_sandbox.model.flow import RenoisingSampler

        return RenoisingSampler(self.timesteps, self.sigmas)


FOUR_STEPS = FewSteps()  # of MAG, Self Forcing and LongLive


@dataclass(frozen=True, slots=True)
class Recache:
    """The effect of a new prompt on memory: recent frames are remembered again under it.

    Source: LongLive, arXiv 2509.22622, KV-recache.
    """

    frames: int = 12  # newest latent frames to be run again, at most
    keep_sink: bool = True  # False: the oldest of these frames become the sink


@dataclass(frozen=True, slots=True)
class Recipe:
    """One few-step checkpoint with its engine settings."""

    memory: MemorySetting
    slots: int  # latent frames that can be kept, sinks included, the block's own not
    sampling: FewSteps = FOUR_STEPS
    remembers: Literal["memory", "generator"] = "generator"  # role of the network of the clean pass
    remembers_under: Literal["empty", "prompt"] = "prompt"  # text of that pass
    recache: Recache | None = None  # None: a new prompt leaves memory as it is
    most_frames: int | None = None  # latent frames of a rollout; the next continues its last ones

    @property
    def pass_frames(self) -> int:
        """Latent frames that one pass makes at most."""
        return max(BLOCK_LENGTH, self.recache.frames if self.recache else 0)


def ring(slots: int, sink_frames: int) -> tuple[MemorySetting, int]:
    """Return MAG's compressed memory: a ring of slots, besides the sinks."""
    setting = MemorySetting("mag", window_blocks=1, sink_frames=sink_frames)
    return setting, slots + sink_frames


def window(past_frames: int, sink_frames: int = 0) -> tuple[MemorySetting, int]:
    """Return a window of raw frames before the block at hand, besides the sinks.

    It need not be whole blocks: the slots end it to the frame.
    """
    blocks = ceil(past_frames / BLOCK_LENGTH)
    setting = MemorySetting("window", window_blocks=blocks, sink_frames=sink_frames)
    return setting, past_frames + sink_frames


def history(past_frames: int) -> tuple[MemorySetting, int]:
    """Return memory of every frame, raw; when it is full, the oldest are dropped."""
    return MemorySetting("full", window_blocks=1, sink_frames=0), past_frames


# negative prompt of Wan's own pipelines, and of those trained with it
WAN_NEGATIVE = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG压缩残留，"  # noqa: RUF001 (as released)
    "丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"  # noqa: RUF001
)
TIME_STRIDE = 4  # frames in a latent one, after the first
UMT5_PARAMETERS = 5_680_910_336  # of UMT5-XXL's encoder


@dataclass(frozen=True, slots=True, eq=False)
class ClipCall:
    """One way to request a clip."""

    pipeline: str  # class in diffusers
    takes: str = ""  # argument that is given earlier frames, "image" or "video"; "": none
    taken_frames: int = 0  # how many
    repeated_frames: int = 0  # at the beginning of what comes back that were shown before
    options: Mapping[str, object] = field(
        default_factory=dict
    )  # of this call, besides those of the recipe


@dataclass(frozen=True, slots=True, eq=False)
class ClipRecipe:
    """How the clips of one world are made."""

    width: int  # px
    height: int  # px
    fps: float
    frames: int  # asked for at once
    block_length: int  # frames shown as one block
    steps: int
    guidance: float
    parameters: Mapping[str, int]  # by part as in a memory prediction, without the decoder
    scheduler: Mapping[str, object]  # settings of its scheduler that may differ from the file's
    from_text: ClipCall | None = None  # None: it needs a picture
    from_picture: ClipCall | None = None  # None: a scene's picture cannot be used
    go_on: ClipCall | None = None  # None: when a clip is over, a new one begins
    options: Mapping[str, object] = field(default_factory=dict)  # of every call
    text_options: Mapping[str, object] = field(
        default_factory=dict
    )  # of the pipeline's `encode_prompt`
    texts: tuple[str, ...] = ("prompt_embeds", "negative_prompt_embeds")  # what it returns
    precise_decoder: bool = True  # fp32, not bf16
    tiled_decoder: bool = False  # decoded in pieces, which overlap

    def __post_init__(self) -> None:
        taken = max(call.taken_frames for call in self.calls)
        if taken > self.block_length:
            raise ValueError(
                f"a clip goes on from {taken} frames and a block shows {self.block_length}; "
                "a block must show as many"
            )

    @property
    def calls(self) -> tuple[ClipCall, ...]:
        """All ways to request a clip; the first one determines the weights."""
        return tuple(call for call in (self.from_text, self.from_picture, self.go_on) if call)

    @property
    def latent_frames(self) -> int:
        """Latent frames of one clip, including those that it continues."""
        return (self.frames - 1) // TIME_STRIDE + 1

    @property
    def continuity(self) -> str:
        """The end of a clip in words."""
        return "another goes on from its last frames" if self.go_on else "an unrelated one begins"


_UMT5 = {"negative_prompt": WAN_NEGATIVE, "max_sequence_length": 512}
_FORCING = "SkyReelsV2DiffusionForcing"
_OVERLAP = 17  # frames, five latent ones

WAN = ClipRecipe(
    width=832, height=480, fps=16.0, frames=81, block_length=12, steps=50, guidance=5.0,
    parameters={"text encoder": UMT5_PARAMETERS, "generator": 1_418_996_800},
    scheduler={"flow_shift": 3.0}, from_text=ClipCall("WanPipeline"), text_options=_UMT5,
)  # fmt: skip
SKYREELS = ClipRecipe(
    width=960, height=544, fps=24.0, frames=97, block_length=18, steps=30, guidance=6.0,
    parameters={"text encoder": UMT5_PARAMETERS, "generator": 1_435_525_696},
    scheduler={"flow_shift": 8.0}, from_text=ClipCall(f"{_FORCING}Pipeline"),
    from_picture=ClipCall(
        f"{_FORCING}ImageToVideoPipeline",
        takes="image", taken_frames=1, options={"guidance_scale": 5.0},
    ),
    go_on=ClipCall(
        f"{_FORCING}VideoToVideoPipeline",
        takes="video", taken_frames=_OVERLAP,
        repeated_frames=2 * _OVERLAP,  # as given, then as they were decoded again
        options={"overlap_history": _OVERLAP, "addnoise_condition": 20},
    ),
    options={"prompt": None, "ar_step": 0, "base_num_frames": 97, "fps": 24}, text_options=_UMT5,
)  # fmt: skip
_FRAMEPACK = ClipCall("HunyuanVideoFramepackPipeline", takes="image", taken_frames=1)
FRAMEPACK_F1 = ClipRecipe(
    width=832, height=480, fps=30.0,
    frames=66,  # two windows
    block_length=24, steps=25, guidance=10.0,
    parameters={
        "text encoder": 7_505_186_816 + 123_060_480,
        "image encoder": 428_225_600,
        "generator": 12_874_314_816,
    },
    scheduler={},  # its shift follows from the number of tokens
    from_picture=_FRAMEPACK,
    go_on=ClipCall(_FRAMEPACK.pipeline, takes="image", taken_frames=1, repeated_frames=1),
    options={"sampling_type": "vanilla"},  # forward in time
    texts=("prompt_embeds", "pooled_prompt_embeds", "prompt_attention_mask"), precise_decoder=False,
    tiled_decoder=True,
)  # fmt: skip
# from the clip's end back to its picture, so that no window continues another's errors
FRAMEPACK_F0 = replace(FRAMEPACK_F1, options={"sampling_type": "inverted_anti_drifting"})
