"""A player's own keys are read from a file; what is wrong is said in a sentence with its line."""

import pytest

from mag_sandbox.controls.bindings import DEFAULTS, BindingsError, load_bindings
from mag_sandbox.files.yaml_files import MAX_BYTES


@pytest.fixture
def bindings_file(tmp_path):
    return tmp_path / "bindings.yaml"


def test_without_a_file_everything_has_its_default(bindings_file):
    assert load_bindings(bindings_file) is DEFAULTS


def test_an_empty_file_changes_nothing(bindings_file):
    bindings_file.write_text("# nothing yet\n")
    assert load_bindings(bindings_file).actions == DEFAULTS.actions


def test_a_file_changes_what_it_names(bindings_file):
    bindings_file.write_text('anchor: [G, pad a]\nlook_left: [q]\nmute: []\nlouder: ["]", 0, =]\n')
    with pytest.raises(BindingsError, match='"]" is a key of both more_memory and louder'):
        load_bindings(bindings_file)
    bindings_file.write_text("anchor: [G, pad a]\nlook_left: q\nmute: []\nlouder: [0, =, off]\n")
    with pytest.raises(BindingsError, match='unknown key "off"'):
        load_bindings(bindings_file)
    bindings_file.write_text("anchor: [G, Pad A]\nlook_left: q\nmute: []\nlouder: [0, =]\n")
    bindings = load_bindings(bindings_file)
    assert bindings.actions["g"] == bindings.actions["pad a"] == "anchor"
    assert bindings.moves["q"].name == "look_left"
    assert bindings.actions["0"] == bindings.actions["="] == "louder"
    assert "u" not in bindings.actions
    assert bindings["pause"] == DEFAULTS["pause"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("anchor: [g]\nancor: [e]\n", ':2: unknown action "ancor" (did you mean "anchor"?)'),
        ("xyz: [e]\n", ':1: unknown action "xyz"; known actions: look_left, '),
        ("anchor: [spce]\n", ':1: anchor has the unknown key "spce" (did you mean "space"?)'),
        ("anchor:\n- g\n- nonsense key\n", ':3: anchor has the unknown key "nonsense key"'),
        ("anchor: [p]\n", ':1: "P" is a key of both anchor and pause; give one of them another'),
        ("pause: [q]\nanchor: [q]\n", ':2: "Q" is a key of both anchor and pause'),
        ("anchor: [g]\nanchor: [x]\n", ':2: "anchor" is given twice, first in line 1'),
        ("anchor:\n", ":1: anchor needs a list of keys, such as [g, pad a]; [] for none"),
        ("anchor: {a: b}\n", ":1: anchor needs a list of keys"),
        ("- anchor\n", ":1: expected lines of the form"),
        ("anchor: [[]\n", "is not valid YAML"),
        ("anchor: [g\x01]\n", "is not valid YAML"),
        ("[" * 1200, "is not valid YAML"),
        ("#" * (MAX_BYTES + 1), "is larger than 64 KiB"),
        (b"\xff\xfe\x00", "is not a text file; save it as UTF-8"),
    ],
)
def test_a_wrong_file_is_reported_with_its_place(bindings_file, text, said):
    bindings_file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BindingsError) as caught:
        load_bindings(bindings_file)
    message = str(caught.value)
    assert message.startswith(str(bindings_file))
    assert said in message
    assert "\n" not in message


def test_a_folder_in_its_place_is_reported(bindings_file):
    bindings_file.mkdir()
    with pytest.raises(BindingsError, match="cannot be read"):
        load_bindings(bindings_file)
