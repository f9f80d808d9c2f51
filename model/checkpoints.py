"""Weights as files: public checkpoints however they are wrapped and named, and the project's own.

Tensors of a public checkpoint are mapped from the file and read one at a time, on their way into
their final type and place, so that a model is never in memory twice. Pickles are opened only as far
as they are tensors. Every file is checked when read, and written whole or not at all.
"""

import pickle
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import load, load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mag_sandbox.files.border import check_plain, is_file, is_folder, read_plain, refusing
from mag_sandbox.files.validation import parse_json
from mag_sandbox.files.whole import replacing
from mag_sandbox.model.config import END
from mag_sandbox.model.packing import is_packed, metadata_of, plain_bytes
from mag_sandbox.model.world import MissingWeights

State = Mapping[str, Tensor]
Shapes = Mapping[str, tuple[int, ...]]
Change = Callable[[str, Tensor], Tensor]  # name, tensor -> the tensor to load
NESTINGS = ("generator_ema", "generator", "model", "state_dict")  # the preferred first
WRAPPERS = ("_fsdp_wrapped_module.", "_checkpoint_wrapped_module.", "_orig_mod.")
PREFIXES = ("model.", "module.")
STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")  # of files in a folder
SUFFIXES = (".safetensors.index.json", ".safetensors", ".bin.index.json", ".bin", ".pt", ".pth")
MAX_INDEX = 2**26  # bytes of a list of shards
REMEDY = "download it again, or name another file"
POCKET_REMEDY = (
    "restore it with `git checkout -- assets/weights` or train with `python -m training pocket`"
)
SCALE = ".scale"  # ends the name of the scales, one a row, of a matrix of eight bits
ROWS = ".rows"  # ends the name of which rows such a matrix has, if not all: the others are zero
MAX_CONFIG = 2**20  # bytes of a configuration
Config = TypeVar("Config")


def placed(state: State, device: torch.device | str, dtype: torch.dtype) -> dict[str, Tensor]:
    """Return a state dict on a device in a type; tensors that fit are not copied."""
    return {key: value.to(device, dtype) for key, value in state.items()}


def load_strictly(module: nn.Module, state: State, what: str) -> None:
    """Make a state dict's own tensors the module's, which may have been made on the meta device.

    The module is for inference then: nothing in it is trained.
    """
    remedy = "use the file that the documentation names"
    require_fit(module, _shapes(state), f"the {what} weights are", remedy)
    module.load_state_dict(state, assign=True)
    module.eval().requires_grad_(False)


def require_fit(module: nn.Module, shapes: Shapes, what: str, remedy: str, part: str = "") -> None:
    """Raise MissingWeights unless a state dict fits a module's names from `part` on."""
    expected = {part + name: shape for name, shape in _shapes(module.state_dict()).items()}
    if differing := differences(expected, shapes):
        raise MissingWeights(f"{what} of another architecture: {differing}; {remedy}")


def _shapes(state: State) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state.items()}


@contextmanager
def reading(path: Path, remedy: str) -> Iterator[None]:
    """Turn any failure to read a file of weights into MissingWeights, one sentence."""
    with refusing(lambda why: MissingWeights(f"{path} cannot be read ({why}); {remedy}")):
        try:
            check_plain(path)
        except FileNotFoundError:
            raise MissingWeights(f"weights not found: {path} is missing; {remedy}") from None
        yield


class Checkpoint(Mapping[str, Tensor]):
    """Tensors by their bare names, read from the file when they are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._readers: dict[str, Callable[[], Tensor]] = {}

    def add(self, name: str, shape: tuple[int, ...], read: Callable[[], Tensor]) -> None:
        """Add a tensor under its bare name, or raise MissingWeights if that is taken."""
        bare = bare_name(name)
        if bare in self._readers:
            raise MissingWeights(f'{self.path} holds "{bare}" twice; {REMEDY}')
        self.shapes[bare], self._readers[bare] = shape, read

    def __getitem__(self, name: str) -> Tensor:
        return self._readers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def open_checkpoint(
    path: Path, nestings: tuple[str, ...] = NESTINGS, remedy: str = REMEDY
) -> Checkpoint:
    """Open a file, or a folder as diffusers and transformers write them, whole or in shards.

    Args:
        path: `.safetensors`, an index of them, `.pt`, `.pth` or `.bin`, or a folder of such.
        nestings: keys under which the tensors may lie; the first one found is entered.
        remedy: for a file that is absent or damaged.
    """
    checkpoint = Checkpoint(path)
    for file in _files(path):
        with reading(file, remedy):
            if file.suffix == ".safetensors":
                _add_safetensors(checkpoint, file)
            else:
                _add_pickled(checkpoint, file, nestings)
    return checkpoint


def load_checkpoint(
    module: nn.Module,
    path: Path,
    dtype: torch.dtype,
    device: str = "cpu",
    change: Change = lambda name, tensor: tensor,
    *,
    averaged: bool = True,
) -> None:
    """Load a checkpoint strictly; the module is best made on the meta device.

    Its parameters are replaced, not written to; floating tensors are changed, as by
    `Adapter.merged`, and then cast, one by one. Of training's two sets the averaged one is taken,
    or the other.
    """
    preferred, *others = NESTINGS
    nestings = NESTINGS if averaged else (*others, preferred)
    checkpoint = open_checkpoint(path, nestings)
    require_fit(module, checkpoint.shapes, f"{path} is", REMEDY)
    state = {}
    for name in checkpoint:
        tensor = change(name, checkpoint[name])
        state[name] = tensor.to(device, dtype if tensor.is_floating_point() else None)
    module.load_state_dict(state, assign=True)


def bare_name(name: str) -> str:
    """Return a tensor's name without the prefixes of training and saving."""
    for wrapper in WRAPPERS:
        name = name.replace(wrapper, "")
    while name.startswith(PREFIXES):
        name = name.partition(".")[2]
    return name


def differences(expected: Shapes, actual: Shapes, most: int = 3) -> str:
    """Return the first few names and shapes that differ, in words; empty if none does."""
    found = [f'"{name}" is missing' for name in expected if name not in actual]
    found += [
        f'"{name}" is {actual[name]}, expected {shape}'
        for name, shape in expected.items()
        if name in actual and actual[name] != shape
    ]
    found += [f'"{name}" is unknown' for name in actual if name not in expected]
    rest = len(found) - most
    return ", ".join(found[:most]) + (f" and {rest} more" if rest > 0 else "")


def _files(path: Path) -> list[Path]:
    if is_folder(path):
        names = [f"{stem}{suffix}" for suffix in SUFFIXES for stem in STEMS]
        found = next((path / name for name in names if is_file(path / name)), None)
        if found is None:
            raise MissingWeights(
                f"weights not found: {path} holds no {STEMS[0]}.safetensors; {REMEDY}"
            )
        path = found
    return _shards(path) if path.name.endswith(".index.json") else [path]


def _shards(index: Path) -> list[Path]:
    with reading(index, REMEDY):
        weight_map = parse_json(read_plain(index, MAX_INDEX))["weight_map"]
        names = sorted(set(weight_map.values()))
        if not all(Path(name).name == name for name in names):
            raise ValueError("it names files outside its folder")
    return [index.parent / name for name in names]


def _add_safetensors(checkpoint: Checkpoint, file: Path) -> None:
    if is_packed(file):
        for name, tensor in read_tensors(file)[0].items():
            checkpoint.add(name, tuple(tensor.shape), partial(tensor.clone))
        return
    handle = safe_open(file, framework="pt")
    for name in handle.keys():  # noqa: SIM118 (the handle is no mapping)
        shape = tuple(handle.get_slice(name).get_shape())
        checkpoint.add(name, shape, partial(handle.get_tensor, name))


def _add_pickled(checkpoint: Checkpoint, file: Path, nestings: tuple[str, ...]) -> None:
    mapped = zipfile.is_zipfile(file)  # the older format cannot be
    try:
        state = torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError:
        problem = f"{file} holds more than tensors and is not opened; convert it to safetensors"
        raise MissingWeights(problem) from None
    state = _innermost(state, nestings)
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f'"{name}" is not a tensor')
        checkpoint.add(name, tuple(tensor.shape), partial(state.__getitem__, name))


def _innermost(state: object, nestings: tuple[str, ...]) -> Mapping[str, Tensor]:
    if not isinstance(state, Mapping):
        raise ValueError("it holds no tensors by name")
    for name in nestings:
        if isinstance(state.get(name), Mapping):
            return _innermost(state[name], nestings)
    return state


if TYPE_CHECKING:
    from tokenizers import Tokenizer


def parse_config(path: Path, parse: Callable[[dict[str, Any]], Config], remedy: str) -> Config:
    """Return the contents of a JSON configuration file."""
    with reading(path, remedy):
        return parse(parse_json(read_plain(path, MAX_CONFIG)))


def load_into(module: nn.Module, path: Path, part: str = "", remedy: str = POCKET_REMEDY) -> None:
    """Load a safetensors file strictly, whatever float type it is stored in.

    Only tensors whose names begin with `part` are the module's.
    """
    with reading(path, remedy):
        state = widened(read_tensors(path)[0])
    state = {name: value for name, value in state.items() if name.startswith(part)}
    require_fit(module, _shapes(state), f"{path} is", remedy, part)
    check_finite(state, path, remedy)
    module.load_state_dict({name.removeprefix(part): value for name, value in state.items()})


class AnyValues(TorchFunctionMode):
    """Within the block, new modules keep whatever memory holds: their numbers are read from files.

    with AnyValues():
        network = Network()
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Collection[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch, unless it fills a tensor with first values."""
        kwargs = kwargs or {}
        if getattr(function, "__module__", None) == nn.init.__name__:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return function(*args, **kwargs)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and metadata of a file of safetensors, packed or plain."""
    if is_packed(path):
        plain = plain_bytes(path)
        return load(plain), metadata_of(plain)
    with safe_open(path, "pt") as file:
        about = file.metadata() or {}
    return load_file(path), about


def check_finite(state: Mapping[str, Tensor], path: Path, remedy: str) -> None:
    """Raise MissingWeights if there is NaN or infinity."""
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
    """Return a file's tokenizer, or raise MissingWeights if damaged or without an end mark."""
    from tokenizers import Tokenizer  # not needed to read configurations

    with reading(path, remedy):
        tokenizer = Tokenizer.from_file(str(path))
    if tokenizer.token_to_id(END) is None:
        raise MissingWeights(f"{path} knows no end of a text; {remedy}")
    return tokenizer
