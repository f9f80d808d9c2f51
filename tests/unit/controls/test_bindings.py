"""One table says what every key does."""

from controls.bindings import ACTIONS, BINDINGS, CAMERA_BINDINGS, help_rows


def test_no_key_does_two_things():
    keys = [binding.key for binding in BINDINGS]
    assert len(keys) == len(set(keys))


def test_every_binding_moves_the_camera_or_acts():
    for binding in BINDINGS:
        assert (binding.axis is None) != (binding.action is None)
        assert (binding.direction != 0) == (binding.axis is not None)


def test_both_axes_have_a_key_in_each_direction():
    moves = {(binding.axis, binding.direction) for binding in CAMERA_BINDINGS.values()}
    assert moves == {("yaw", -1), ("yaw", 1), ("pitch", -1), ("pitch", 1)}


def test_escape_leaves():
    assert ACTIONS["escape"] == "leave"


def test_help_lists_every_key():
    assert len(help_rows()) == len(BINDINGS)
    assert ("Esc", "leave") in help_rows()
