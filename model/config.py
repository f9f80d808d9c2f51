"""Sizes of the networks: frozen dataclasses and the two presets, FULL and POCKET."""

import math
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, get_args, get_type_hints

from mag_sandbox.controls.camera import LOOK_AXES, MAX_PITCH, WIDEST_FOV, LookAxis

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"  # tokens 0, 1, 2, as in T5
LARGEST = 2**16  # of any size in a file: more is damage


@dataclass(frozen=True, slots=True)
class RayConfig:
    """Rotary coordinates of a world with known poses: yaw, pitch and time of each token's ray."""

    yaw_harmonics: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32)
    pitch_channels: int = 8  # rotated pairs a head
    time_channels: int = 8  # rotated pairs a head
    pitch_periods: tuple[float, float] = (24.0, 1.6)  # longest, shortest [tokens]
    time_periods: tuple[float, float] = (6.0, 24576.0)  # shortest, longest [frames]
    fov: float = WIDEST_FOV  # degrees across a frame at zoom 1
    position_harmonics: int = 3  # sines and cosines of the position in the frame, an axis
    max_pitch: float = MAX_PITCH  # degrees

    @property
    def pairs(self) -> int:
        """Rotated pairs that one head needs."""
        return len(self.yaw_harmonics) + self.pitch_channels + self.time_channels


@dataclass(frozen=True, slots=True)
class DiTConfig:
    """Geometry of the causal video transformer."""

    dim: int
    ffn_dim: int
    num_heads: int
    num_layers: int
    channels: int = 16  # of a latent frame, in and out
    patch: int = 2  # latents across and down in one token
    freq_dim: int = 256  # of the sinusoidal time embedding
    text_dim: int = 4096
    text_len: int = 512  # rows of text features; rows past the prompt are zero and attended
    eps: float = 1e-6
    gelu: Literal["tanh", "none"] = "tanh"  # approximation; the exact one is 4 times faster on CPUs
    rays: RayConfig | None = None  # None: frame, row and column indices, as in Wan

    def __post_init__(self) -> None:
        if self.num_heads < 1 or self.dim % self.num_heads or self.head_dim % 2:
            raise ValueError(f"dim {self.dim} does not split into {self.num_heads} even heads")
        if self.rays and self.rays.pairs * 2 != self.head_dim:
            raise ValueError(
                f"rays rotate {self.rays.pairs} pairs, a head of {self.head_dim} has "
                f"{self.head_dim // 2}"
            )

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.dim // self.num_heads

    @property
    def token_dim(self) -> int:
        """Numbers in one token's patch."""
        return self.channels * self.patch * self.patch


@dataclass(frozen=True, slots=True)
class AutoencoderConfig:
    """Geometry of the pocket world's per-frame autoencoder."""

    channels: int = 32  # of the latents
    widths: tuple[int, int, int] = (64, 96, 128)  # channels at 1/4, 1/8 and 1/16 of the picture
    bound: float = 3.0  # latents are bound * tanh(x / bound)
    decoder_depth: int = 2  # residual blocks of the decoder at 1/16 of the picture

    @property
    def stride(self) -> int:
        """Pixels across and down in one latent."""
        return 16


@dataclass(frozen=True, slots=True)
class TextConfig:
    """Geometry of the pocket world's text encoder (a small UMT5 encoder)."""

    vocab_size: int = 1024
    dim: int = 128
    ffn_dim: int = 256
    num_heads: int = 4
    num_layers: int = 2
    text_len: int = 48


@dataclass(frozen=True, slots=True)
class AnimatorConfig:
    """Geometry of the network that moves pictures, and how things move that it was trained on.

    The numbers of motion are those of `renderer.motion`; those of walking, of version 2, move
    nothing any more.
    """

    parts_widths: tuple[int, int] = (32, 48)  # channels at 1/4 and 1/8 of the picture
    parts_dilations: tuple[int, ...] = (1, 2, 4, 1)  # of the blocks at 1/8
    move_widths: tuple[int, int] = (48, 64)
    move_dilations: tuple[int, ...] = (1, 2, 4, 1)
    wind: float = 0.0703125  # degrees a frame, to the right: how fast clouds drift
    walk_reach: float = 3.9375  # degrees to each side that creatures walk
    walk_period: float = 128.0  # frames
    hop_height: float = 0.5625  # degrees
    hop_period: float = 16.0  # frames
    clock_periods: tuple[float, ...] = (16.0, 32.0, 128.0)  # of all that comes and goes [frames]
    wave_lengths: tuple[float, float] = (11.25, 6.75)  # of water, across and down [degrees]
    wave_period: float = 32.0  # frames


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """How a block is denoised."""

    shift: float = 2.0  # sigma = shift * u / (1 + (shift - 1) * u)
    imagine_shift: float = 2.0  # of invented views; a larger shift gives more detail
    steps: int = 1  # denoising steps of a block whose view memory holds
    imagine_steps: int = 8  # of invented views: the first frame, views ahead, unknown blocks


@dataclass(frozen=True, slots=True)
class PocketConfig:
    """Everything that fixes the pocket world's architecture; written beside its weights."""

    dit: DiTConfig
    autoencoder: AutoencoderConfig = AutoencoderConfig()
    text: TextConfig = TextConfig()
    flow: FlowConfig = FlowConfig()
    animator: AnimatorConfig | None = None  # None: the weights know no motion
    generator_rank: int = 0  # of the low-rank change that makes the memory model the generator
    frame_width: int = 320  # px
    frame_height: int = 192  # px
    block_length: int = 3  # latent frames
    fps: float = 16.0
    narrowest_fov: float = WIDEST_FOV  # degrees; WIDEST_FOV: the weights know no zoom

    def __post_init__(self) -> None:
        if not self.fps > 0:
            raise ValueError(f"fps is {self.fps}, expected more than 0")
        if not 0 < self.narrowest_fov <= WIDEST_FOV:
            raise ValueError(
                f"narrowest_fov is {self.narrowest_fov}, expected degrees above 0 and at most "
                f"{WIDEST_FOV:g}"
            )

    @property
    def axes(self) -> tuple[LookAxis, ...]:
        """Axes of a camera command that the weights know."""
        return LOOK_AXES if self.narrowest_fov < WIDEST_FOV else ("yaw", "pitch")

    @property
    def moves(self) -> bool:
        """Whether the world moves."""
        return self.animator is not None

    @property
    def latent_size(self) -> tuple[int, int]:
        """Height and width of a latent frame."""
        stride = self.autoencoder.stride
        return self.frame_height // stride, self.frame_width // stride

    @property
    def token_grid(self) -> tuple[int, int]:
        """Rows and columns of tokens in a latent frame."""
        height, width = self.latent_size
        return height // self.dit.patch, width // self.dit.patch

    @property
    def tokens_per_frame(self) -> int:
        """Tokens of one latent frame."""
        rows, columns = self.token_grid
        return rows * columns

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "PocketConfig":
        """Read plain JSON data, checked.

        Raises:
            TypeError, KeyError: it is of another architecture.
            ValueError, ArithmeticError: a number is invalid.
        """
        parts = {
            "dit": DiTConfig(**{**data["dit"], "rays": RayConfig(**tuples(data["dit"]["rays"]))}),
            "autoencoder": AutoencoderConfig(**tuples(data["autoencoder"])),
            "text": TextConfig(**data["text"]),
            "flow": FlowConfig(**data["flow"]),
        }
        if data.get("animator") is not None:
            parts["animator"] = AnimatorConfig(**tuples(data["animator"]))
        config = cls(**{**data, **parts})
        check_numbers(config)
        whole = config.autoencoder.stride * config.dit.patch
        for name in ("frame_width", "frame_height"):
            if getattr(config, name) % whole:
                raise ValueError(
                    f"{name} is {getattr(config, name)}, expected a multiple of {whole}"
                )
        return config


def check_numbers(config: object) -> None:
    """Check the numbers of a configuration that was read from a file, and those inside it."""
    defaults = {one.name: one.default for one in fields(config)}  # type: ignore[arg-type]
    for name, hint in get_type_hints(type(config)).items():
        value = getattr(config, name)
        many = isinstance(value, tuple)
        least = 0 if defaults.get(name) == 0 else 1
        for one in value if many else (value,):
            if is_dataclass(one):
                check_numbers(one)
            else:
                _check_number(name, one, (get_args(hint) or (hint,))[0] if many else hint, least)


def _check_number(name: str, value: object, kind: object, least: int) -> None:
    if kind is int and (type(value) is not int or not least <= value <= LARGEST):
        raise ValueError(f"{name} is {value}, expected a whole number from {least} to {LARGEST}")
    if kind is float and not (isinstance(value, int | float) and 0 <= value < math.inf):
        raise ValueError(f"{name} is {value}, expected a number from 0")


def tuples(data: dict[str, Any]) -> dict[str, Any]:
    """Return JSON data whose lists are tuples, as they are in the fields of these classes."""
    return {key: tuple(x) if isinstance(x, list) else x for key, x in data.items()}


FULL = DiTConfig(dim=1536, ffn_dim=8960, num_heads=12, num_layers=30)
POCKET = PocketConfig(
    dit=DiTConfig(
        dim=192, ffn_dim=768, num_heads=3, num_layers=8, channels=32, text_dim=128, text_len=48,
        gelu="none", rays=RayConfig(),
    ),
    flow=FlowConfig(imagine_steps=4, imagine_shift=2.5), animator=AnimatorConfig(),
    narrowest_fov=60.0,
)  # fmt: skip
