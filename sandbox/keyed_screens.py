"""The screens that a key of their own opens in play: any file of `screens` may define one."""

from importlib import import_module
from pkgutil import iter_modules

from mag_sandbox.controls.bindings import BINDINGS_FILE, DEFAULTS, Bindings, load_bindings
from mag_sandbox.files.folders import config_folder
from mag_sandbox.sandbox import screens
from mag_sandbox.sandbox.screens import LayOver

_FILES = [import_module(f"{screens.__name__}.{one.name}") for one in iter_modules(screens.__path__)]
_BY_BINDING = {
    one.binding: one
    for file in _FILES
    for one in vars(file).values()
    if isinstance(one, LayOver) and one.binding
}
SCREENS = {binding.name: screen for binding, screen in _BY_BINDING.items()}
PLAYER_BINDINGS = DEFAULTS.also(_BY_BINDING)  # unless the player chose other keys


def load_player_bindings() -> Bindings:
    """Return the bindings of this player, those of screens among them."""
    return load_bindings(config_folder() / BINDINGS_FILE, PLAYER_BINDINGS)
