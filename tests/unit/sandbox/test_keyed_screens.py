"""A screen with a key of its own is one file."""

from mag_sandbox.files.folders import HOME_VARIABLE, config_folder
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS, SCREENS, load_player_bindings
from mag_sandbox.sandbox.screens.probes import OPEN_PROBES


def test_a_screen_brings_its_key_and_its_line_of_help():
    assert SCREENS["probes"] is OPEN_PROBES
    assert PLAYER_BINDINGS.actions["tab"] == "probes"
    assert OPEN_PROBES.binding in dict(PLAYER_BINDINGS.groups())["Come back"]


def test_players_choose_the_keys_of_screens_too(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    config_folder().mkdir(parents=True, exist_ok=True)
    (config_folder() / "bindings.yaml").write_text("probes: [g]\n")
    assert load_player_bindings().actions["g"] == "probes"
