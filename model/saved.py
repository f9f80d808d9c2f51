"""Networks as files: safetensors and JSON, checked when read, whole or not at all when written."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mag_sandbox.files.border import read_plain
from mag_sandbox.files.validation import parse_json
from mag_sandbox.files.whole import replacing
from mag_sandbox.model.checkpoints import differences, reading
from mag_sandbox.model.config import END
from mag_sandbox.model.world import MissingWeights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

POCKET_REMEDY = (
    "restore it with `git checkout -- assets/weights` or train with `python -m training pocket`"
)
SCALE = ".scale"  # ends the name of the scales, one a row, of a matrix of eight bits
ROWS = ".rows"  # ends the name of which rows such a matrix has, if not all: the others are zero
MAX_CONFIG = 2**20  # bytes of a configuration
Config = TypeVar("Config")


def parse_config(path: Path, parse: Callable[[dict[str, Any]], Config], remedy: str) -> Config:
    """Return the contents of a JSON configuration file.

    Raises:
        MissingWeights: the file is absent, damaged, or of another program version.
    """
    with reading(path, remedy):
        return parse(parse_json(read_plain(path, MAX_CONFIG)))


def load_into(module: nn.Module, path: Path, part: str = "", remedy: str = POCKET_REMEDY) -> None:
    """Load a safetensors file strictly, whatever float type it is stored in.

    Only tensors whose names begin with `part` are the module's.

    Raises:
        MissingWeights: the file is absent, damaged, or does not fit the module.
    """
    with reading(path, remedy):
        state = widened(load_file(path))
    state = {name: value for name, value in state.items() if name.startswith(part)}
    expected = {part + name: tuple(value.shape) for name, value in module.state_dict().items()}
    differing = differences(expected, {name: tuple(x.shape) for name, x in state.items()})
    if differing:
        raise MissingWeights(f"{path} is of another architecture: {differing}; {remedy}")
    check_finite(state, path, remedy)
    module.load_state_dict({name.removeprefix(part): value for name, value in state.items()})


def check_finite(state: Mapping[str, Tensor], path: Path, remedy: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        MissingWeights: there are some.
    """
    largest = (
        value.abs().amax() for value in state.values() if value.numel()
    )  # a fifth of the time
    if not all(torch.isfinite(each) for each in largest):
        raise MissingWeights(f"{path} holds values that are not finite; {remedy}")


def eight_bits(name: str, matrix: Tensor) -> dict[str, Tensor]:
    """Return a matrix by name as int8 levels and a bf16 scale for each row that is not zero."""
    rows = matrix.any(dim=1)
    kept = matrix[rows].float()
    scale = (kept.abs().amax(dim=1) / 127).bfloat16()
    levels = kept / scale.float().clamp(min=1e-12)[:, None]
    levels = levels.round().clamp(-127, 127).to(torch.int8)
    return {name: levels, name + SCALE: scale} | ({} if rows.all() else {name + ROWS: rows})


def widened(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with matrices of eight bits decoded; see `eight_bits`."""
    short = [name for name, value in state.items() if value.dtype == torch.int8]
    aside = {name + ending for name in short for ending in (SCALE, ROWS)}
    wide = {name: value for name, value in state.items() if name not in aside}
    for name in short:
        wide[name] = state[name] * state[name + SCALE][:, None]
        if name + ROWS in state:
            rows = state[name + ROWS]
            matrix = wide[name].new_zeros(len(rows), wide[name].shape[1])
            matrix[rows] = wide[name]
            wide[name] = matrix
    return wide


def stored(value: Tensor, dtype: torch.dtype | None = torch.bfloat16) -> Tensor:
    """Return a copy of a tensor to be written, on the host.

    Floats are of a type, None: of their own; other numbers stay.
    """
    kept = dtype if value.is_floating_point() else None
    return value.detach().to("cpu", kept).contiguous().clone()


def write_tensors(
    path: Path, state: Mapping[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write tensors as safetensors; makes the folder."""
    with replacing(path) as part:
        save_file(dict(state), part, metadata)


def open_tokenizer(path: Path, remedy: str) -> "Tokenizer":
    """Return the tokenizer of a file.

    Raises:
        MissingWeights: it is absent, damaged, or has no mark of an end.
    """
    from tokenizers import Tokenizer  # not needed to read configurations

    with reading(path, remedy):
        tokenizer = Tokenizer.from_file(str(path))
    if tokenizer.token_to_id(END) is None:
        raise MissingWeights(f"{path} knows no end of a text; {remedy}")
    return tokenizer
