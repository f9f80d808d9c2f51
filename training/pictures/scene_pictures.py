"""Pictures of scenes that list what they show: drawn from layouts, from where the player begins."""

from functools import partial

import numpy as np

from mag_sandbox.files.border import refusing
from mag_sandbox.files.yaml_files import FileError, read_yaml_by_name
from mag_sandbox.model.imagination.listed import write_listed
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.render import Ring, SceneRenderer
from mag_sandbox.renderer.scene import Layout
from mag_sandbox.renderer.views import view_at
from mag_sandbox.training.imagination.stage_painter import placed
from mag_sandbox.training.options import ScenePictureOptions

FEWEST = 30  # pixels of a thing in the view


def draw_scenes(options: ScenePictureOptions) -> None:
    """Write the picture NAME.png of each layout of a YAML file, or raise FileError."""
    layouts = options.layouts
    for name, layout in read_yaml_by_name(layouts, Layout).items():
        with refusing(partial(_undrawable, f"{layouts}: {name}")):
            ring = SceneRenderer(layout).ring()
        picture = options.folder / f"{name}.png"
        write_listed(picture, view_at(ring.pixels, 0.0, 0.0), shown_things(ring))


def shown_things(ring: Ring) -> list[PlacedObject]:
    """Return the plan of a ring's first view: the background, then things from far to near."""
    seen = np.bincount(view_at(ring.ids, 0.0, 0.0).ravel(), minlength=ring.ids.max() + 1)
    things = (one for one in ring.things if one.shown and seen[one.index] >= FEWEST)
    return [placed(one) for one in (*bands_of(ring), *things)]


def _undrawable(place: str, why: str) -> FileError:
    return FileError(f"{place} cannot be drawn: {why}; compare it with scenes/layouts.yaml")
