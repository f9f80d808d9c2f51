"""Views that a world has invented, kept in a folder, from which a run that was killed goes on.

Of each task there is a file of its own, which appears whole or not at all.
"""

import io
from pathlib import Path

import numpy as np

from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.files.whole import replace_file

VIEWS = "views"  # folder of them, beside the settings


class KeptViews:
    """A folder of views by name.

    kept = KeptViews(folder, {"bench": "imagination", "seed": 0, "weights": "1234"})
    kept.write("007-image", walls)
    kept.read("007-image")  # the same; None: it is not there
    """

    def __init__(self, folder: Path, settings: dict) -> None:
        """Open a folder of views with settings in common, or begin one.

        Raises:
            ValueError: the folder holds views of other settings.
            OSError: it cannot be written.
        """
        ClipStore(folder, settings)
        self._folder = folder / VIEWS
        self._folder.mkdir(exist_ok=True)

    def read(self, name: str) -> np.ndarray | None:
        """Return views, uint8; None: they are not there, or damaged."""
        try:
            views = np.load(self._path(name), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return views if isinstance(views, np.ndarray) and views.dtype == np.uint8 else None

    def write(self, name: str, views: np.ndarray) -> None:
        """Keep views.

        Raises:
            OSError: they cannot be written.
        """
        data = io.BytesIO()
        np.save(data, views, allow_pickle=False)
        replace_file(self._path(name), data.getvalue())

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.npy"
