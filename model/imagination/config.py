"""Sizes of the networks that invent views: frozen dataclasses."""

from dataclasses import asdict, dataclass, field

from mag_sandbox.model.config import AutoencoderConfig, DiTConfig, check_numbers


@dataclass(frozen=True, slots=True)
class CodesConfig:
    """Geometry of the codes and of the autoencoder behind them."""

    autoencoder: AutoencoderConfig = field(
        default_factory=lambda: AutoencoderConfig(
            channels=6, widths=(48, 96, 160), bound=1.0, decoder_depth=3
        )
    )
    levels: int = 8  # of each channel
    codes_per_cell: int = 2  # whole numbers a cell, each of equally many channels

    def __post_init__(self) -> None:
        if self.autoencoder.channels % self.codes_per_cell:
            raise ValueError(
                f"{self.autoencoder.channels} channels do not make {self.codes_per_cell} codes"
            )

    @property
    def digits(self) -> int:
        """Channels that make one code."""
        return self.autoencoder.channels // self.codes_per_cell

    @property
    def code_count(self) -> int:
        """How many values a code can take."""
        return self.levels**self.digits


@dataclass(frozen=True, slots=True)
class CausalConfig:
    """Geometry of a causal transformer that reads text."""

    dim: int = 256
    ffn_dim: int = 1024
    num_heads: int = 4
    num_layers: int = 7
    text_dim: int = 128
    text_len: int = 48
    rotary_periods: tuple[float, float] = (4.0, 160.0)  # shortest, longest [cells, or steps]

    def __post_init__(self) -> None:
        if self.dim % self.num_heads or self.head_dim % 4:
            raise ValueError(f"dim {self.dim} does not split into {self.num_heads} even heads")

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.dim // self.num_heads


@dataclass(frozen=True, slots=True)
class SketcherConfig(CausalConfig):
    """Geometry of the transformer that sketches, and of the ring it sketches on."""

    text_every: int = 2  # every n-th layer, from the first, reads the text
    ring_rows: int = 24  # cells of 16 px
    ring_columns: int = 80  # cells
    tile_rows: int = 2  # cells, one above the other, that are sketched in one pass
    codes_per_cell: int = 2
    code_count: int = 512  # values of a code
    object_kinds: int = 256  # rows of the table of kinds; more than there are
    object_dim: int = 32  # of a kind's embedding

    def __post_init__(self) -> None:
        CausalConfig.__post_init__(self)
        if self.ring_rows % self.tile_rows:
            raise ValueError(f"{self.ring_rows} rows do not split into tiles of {self.tile_rows}")

    @property
    def codes_per_tile(self) -> int:
        """Codes that are sketched in one pass."""
        return self.tile_rows * self.codes_per_cell

    @property
    def tile_grid(self) -> tuple[int, int]:
        """Rows and columns of the ring's tiles."""
        return self.ring_rows // self.tile_rows, self.ring_columns


@dataclass(frozen=True, slots=True)
class PlannerConfig(CausalConfig):
    """Geometry of the transformer that lists the things of a ring, and how freely it does."""

    dim: int = 128
    ffn_dim: int = 512
    num_layers: int = 5
    kinds: int = 256  # rows of the table of kinds; more than there are
    most: int = 48  # things of a ring, the largest ones
    guidance: float = 1.5  # how much the caption counts
    top_p: float = 0.9  # share of the likeliest values that may be chosen


@dataclass(frozen=True, slots=True)
class DrawingConfig:
    """How freely codes are chosen."""

    guidance: float = 3.0  # how much text and objects count; 1: as in the data, in half the time
    top_p: float = 0.7  # share of the likeliest values that may be chosen


PAINTER = DiTConfig(
    dim=192,
    ffn_dim=768,
    num_heads=3,
    num_layers=6,
    channels=32,
    patch=1,
    text_dim=128,
    text_len=48,
    gelu="none",
)


@dataclass(frozen=True, slots=True)
class ImaginationConfig:
    """Everything that fixes what invents views; written beside its weights."""

    kinds: tuple[str, ...]  # of objects, by name; the first has number 1
    codes: CodesConfig = CodesConfig()
    planner: PlannerConfig | None = PlannerConfig()  # None: nothing is planned
    sketcher: SketcherConfig = SketcherConfig()
    painter: DiTConfig = PAINTER
    drawing: DrawingConfig = DrawingConfig()
    paint_steps: int = 4
    paint_shift: float = 2.0  # sigma = shift * u / (1 + (shift - 1) * u)
    view_rows: int = 12  # cells
    view_columns: int = 20  # cells

    def __post_init__(self) -> None:
        tables = [self.sketcher.object_kinds, *([self.planner.kinds] if self.planner else [])]
        if len(self.kinds) >= min(tables):
            raise ValueError(f"{len(self.kinds)} kinds do not fit a table of {min(tables)} rows")

    def as_dict(self) -> dict:
        """Return plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict) -> "ImaginationConfig":
        """Read `as_dict`'s data, checked.

        Raises:
            TypeError, KeyError: it is of another architecture.
            ValueError: a number makes no sense.
        """
        codes, planner = data["codes"], data.get("planner")
        parts = {
            "kinds": tuple(data["kinds"]),
            "codes": CodesConfig(
                **{**codes, "autoencoder": AutoencoderConfig(**_tuples(codes["autoencoder"]))}
            ),
            "planner": PlannerConfig(**_tuples(planner)) if planner else None,
            "sketcher": SketcherConfig(**_tuples(data["sketcher"])),
            "painter": DiTConfig(**data["painter"]),
            "drawing": DrawingConfig(**data["drawing"]),
        }
        config = cls(**{**data, **parts})
        check_numbers(config)
        return config


def _tuples(data: dict) -> dict:
    return {key: tuple(x) if isinstance(x, list) else x for key, x in data.items()}
