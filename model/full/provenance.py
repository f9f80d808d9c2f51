"""What every full-size world's recordings say of weights, machine and packages."""

import platform
from importlib.metadata import version

from mag_sandbox.model.catalogue.preflight import Start
from mag_sandbox.model.machine import Execution

_PACKAGES = ("torch", "numpy", "transformers", "tokenizers", "safetensors", "diffusers", "xxhash")


def facts(start: Start, running: Execution) -> dict:
    """Return plain JSON data; worlds add what they are made of."""
    return {
        "weights": start.files.digest(),
        "files": {file.role: file.origin for file in start.files.files},
        "execution": running.as_dict(),
        "device": start.device.name,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }
