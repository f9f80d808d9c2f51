"""Rules to find the two networks of MAG in a repository whose file names are unknown."""

# A folder of weights as diffusers writes them, or one file. Each of the two networks of MAG is
# known by what its name says, or else by not being the other one, nor a stage of training.
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
    """Return the like of the memory model."""
    word = rf"(?!.*generat)(?=.*{_MEMORY_WORD})"
    folders = tuple(rf"{word}(.*/)?{_NET}{end}" for end in _ENDS[:2])
    files = tuple(rf"{word}(.*/)?[^/]*{end}" for end in _ENDS)
    return folders + files
