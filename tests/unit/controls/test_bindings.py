"""One table says what every key does: input, help and documentation follow it."""

from typing import get_args

import pygame
import pytest

from mag_sandbox.controls.bindings import (
    BINDINGS,
    CAMERA_BINDINGS,
    DEFAULTS,
    WATCH,
    Action,
    BindingError,
    Bindings,
    CameraBinding,
    Move,
    keys_text,
)
from mag_sandbox.controls.camera import AXES
from mag_sandbox.controls.keys import NAMED, PAD_BUTTONS, find_key, is_pad, key_title
from tests.manuals import controls_table

KEYS = [key for row in BINDINGS for key in row.keys]


def test_no_key_does_two_things():
    assert len(KEYS) == len(set(KEYS))
    with pytest.raises(BindingError, match='"E" is a key of both anchor and pause'):
        Bindings().with_keys({"pause": ["e"]})


def test_every_row_moves_the_camera_or_is_an_action():
    names = {row.name for row in (*BINDINGS, *WATCH)}
    assert names == {*get_args(Move), *get_args(Action)}
    for row in BINDINGS:
        assert isinstance(row, CameraBinding) == (row.name in get_args(Move))


def test_every_row_has_keys_and_a_short_help():
    for row in BINDINGS:
        assert row.keys
        assert 3 <= len(row.help) <= 32


def test_arrows_and_the_gamepad_look_around_and_letters_walk():
    moves = {key: (row.axis, row.direction) for key, row in DEFAULTS.moves.items()}
    assert moves["left"] == moves["pad left"] == ("yaw", -1)
    assert moves["right"] == moves["pad right"] == ("yaw", 1)
    assert moves["up"] == moves["pad up"] == ("pitch", 1)
    assert moves["down"] == moves["pad down"] == ("pitch", -1)
    assert (moves["z"], moves["x"]) == (("zoom", 1), ("zoom", -1))
    assert (moves["w"], moves["d"]) == (("forward", 1), ("right", 1))


def test_the_display_has_one_key_cap_for_each_direction():
    assert list(CAMERA_BINDINGS) == [*("left", "up", "down", "right", "z", "x"), *"wasd"]
    assert [row.name for row in DEFAULTS.caps] == [row.name for row in CAMERA_BINDINGS.values()]


def test_keys_are_found_as_windows_name_them():
    pygame.display.init()
    try:
        known = {pygame.key.name(pygame.key.key_code(key)) for key in KEYS if not is_pad(key)}
        assert known == {key for key in KEYS if not is_pad(key)}
        for key in NAMED:
            pygame.key.key_code(key)  # raises if there is none
    finally:
        pygame.display.quit()


def test_a_key_is_found_by_its_title():
    for key in (*NAMED, *PAD_BUTTONS):
        assert find_key(key_title(key)) == key
    assert find_key("esc") == find_key("Escape") == "escape"
    assert find_key("Q") == "q"
    assert find_key("nonsense") is None


def test_escape_leaves():
    assert DEFAULTS.actions["escape"] == "leave"
    assert DEFAULTS.title("leave") == "Esc"


def test_a_player_may_choose_other_keys():
    bindings = Bindings().with_keys({"anchor": ["g", "g"], "mute": []})
    assert bindings.actions["g"] == "anchor"
    assert "e" not in bindings.actions
    assert bindings["anchor"].keys == ("g",)
    assert bindings.title("mute") == ""
    assert DEFAULTS.actions["e"] == "anchor"


def test_keys_may_change_places():
    bindings = Bindings().with_keys({"anchor": ["b"], "to_anchor": ["e"]})
    assert (bindings.actions["b"], bindings.actions["e"]) == ("anchor", "to_anchor")


def test_in_a_recording_keys_seek_before_they_do_what_a_player_chose():
    watching = DEFAULTS.with_keys({"hud": ["home", "g"]}).watching()
    assert (watching.actions["home"], watching.actions["g"]) == ("first", "hud")
    assert (watching.actions["left"], watching.moves) == ("back", {})


def test_the_help_is_complete():
    rows = [row for _, rows in DEFAULTS.groups() for row in rows]
    assert sorted(row.name for row in rows) == sorted(row.name for row in BINDINGS)


def test_the_first_help_shows_what_a_first_visit_needs():
    rows = [(keys_text(row), row.help) for _, rows in DEFAULTS.groups() for row in rows]
    assert ("Esc", "leave to the title") in rows
    assert ("Left", "look left") in rows
    assert ("W", "walk forward") in rows


def test_where_the_player_cannot_walk_the_keys_of_a_walker_look_around():
    walking, turning = DEFAULTS.along(AXES), DEFAULTS.along(("yaw", "pitch"))
    looks = {"w": ("pitch", 1), "a": ("yaw", -1), "s": ("pitch", -1), "d": ("yaw", 1)}
    walks = {"w": ("forward", 1), "a": ("right", -1), "s": ("forward", -1), "d": ("right", 1)}
    for bindings, expected in ((walking, walks), (turning, looks)):
        moves = {key: bindings.moves[key] for key in expected}
        assert {key: (row.axis, row.direction) for key, row in moves.items()} == expected
    assert not any("walk" in row.help or "run" in row.name for row in turning.rows)
    assert walking.actions["left shift"] == "run"
    assert not any("walk" in one.help for one in turning.pointing)


def test_what_walks_is_listed_under_walk():
    rows = controls_table().split("| **Walk** | |")[1].split("| **")[0]
    assert "| walk that way | Click on W A S D; Pad left stick |" in rows
    assert not any(one.group == "Walk" for one in DEFAULTS.along(("yaw",)).pointing)


def test_keys_that_an_older_file_gives_to_looking_are_not_a_walkers():
    own = DEFAULTS.with_keys({"look_left": ["left", "a"], "anchor": ["w"]})
    assert own.moves["a"].name == "look_left"
    assert own.actions["w"] == "anchor"
    assert own.moves["d"].name == "walk_right"


def test_a_world_that_cannot_zoom_is_promised_no_zoom():
    turning = DEFAULTS.along(("yaw", "pitch", "forward", "right"))
    rows = [row.help for row in turning.rows] + [one.help for one in turning.pointing]
    assert not any("zoom" in text for text in rows)
    assert not {"z", "x"} & {*turning.moves, *turning.actions}
    assert turning.actions == DEFAULTS.actions
    assert DEFAULTS.along(AXES).rows == DEFAULTS.rows
    assert DEFAULTS.along(AXES).pointing == DEFAULTS.pointing
    own = DEFAULTS.with_keys({"anchor": ["z"], "zoom_in": ["g"]}).along(("yaw", "pitch"))
    assert own.actions["z"] == "anchor"


def test_the_table_of_the_documentation_is_complete():
    table = controls_table()
    for row in BINDINGS:
        line = next(line for line in table.splitlines() if line.startswith(f"| {row.help} |"))
        assert keys_text(row) in line
    for one in DEFAULTS.pointing:
        inputs = "; ".join(filter(None, (one.mouse, one.pad)))
        assert f"| {one.help} | {inputs} |" in table
    assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_table_shows_a_players_own_keys():
    bindings = Bindings().with_keys({"anchor": ["|"]})
    assert r"| drop an anchor here | \| |" in controls_table(bindings)
