"""Scripts are read as one would say them; what is wrong is named at its place, with a way out."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.scenes.demo.script import (
    COMMANDS,
    Amount,
    MemoryAsk,
    ScriptError,
    parse_memory,
    parse_script,
)
from tests import ROOT
from tests.manuals import script_table

PAGE = ROOT / "docs" / "scripts.md"
WORDS = [*COMMANDS, "left", "right", "up", "in", "a", "90deg", "1.5", "1s", "2min", "x3", "-0.5"]
PIECES = st.sampled_from([*WORDS, "{", "}", ";", "\n", '"', '"a b"', "#", "\\", "°", "\t", "\x00"])


def words_of(text: str) -> list[str]:
    return [statement.word for statement in parse_script(text)]


def test_steps_stand_on_lines_or_between_semicolons():
    text = "anchor a; pan right 150deg; hold 1s\n\npan left 150deg # back\nprobe a;"
    assert words_of(text) == ["anchor", "pan", "hold", "pan", "probe"]


def test_a_step_knows_where_it_stands():
    last = parse_script("anchor a\n  hold 1s;  probe a")[-1]
    assert (last.word, last.line, last.column) == ("probe", 2, 13)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("pan left 12.5deg", (-1, Amount(Fraction(25, 2), "deg"))),
        ("pan right 90 degrees", (1, Amount(Fraction(90), "deg"))),
        ("tilt down 10°", (-1, Amount(Fraction(10), "deg"))),
        ("pan right 2min", (1, Amount(Fraction(120), "s"))),
        ("zoom in 1.5", (1, Fraction(3, 2))),
        ("zoom out 2x", (-1, Fraction(2))),
        ("walk forward 1.5m", ("forward", Amount(Fraction(3, 2), "m"))),
        ("walk left 2 s", ("left", Amount(Fraction(2), "s"))),
        ("hold 0.1s", (Fraction(1, 10),)),
        ("speed 20deg/s", (Fraction(20),)),
        ("speed full", (None,)),
        ("wander 4s seed 7", (Fraction(4), 7)),
        ('prompt "a \\"b\\" #c; {d}"', ('a "b" #c; {d}',)),
        ('scene "my place"', ("my place",)),
        ("control 0.1 -1e-05 x12", (CameraCommand(0.1, -1e-05), 12)),
        ("control 0 0.5", (CameraCommand(0.0, 0.5), 1)),
        ("control 0.1 0 -1 x3", (CameraCommand(0.1, 0.0, -1.0), 3)),
        ("control 0.1 0 0.25", (CameraCommand(0.1, 0.0, 0.25), 1)),
        ("memory window 8 blocks 64MiB", (MemoryAsk("window", 64, None, 8),)),
    ],
)
def test_each_command_reads_what_follows_it(text, values):
    (statement,) = parse_script(text)
    assert statement.values == values


def test_repeats_hold_steps_and_repeats():
    (outer,) = parse_script("repeat 3 {\n pan left 1deg\n repeat 2 { hold 1s; home }\n}")
    assert outer.values == (3,)
    assert [step.word for step in outer.body] == ["pan", "repeat"]
    assert [step.word for step in outer.body[1].body] == ["hold", "home"]


def test_a_memory_is_written_as_it_is_read():
    ask = MemoryAsk("mag-retrieve", 64, 6, 8, 0)
    assert parse_memory(str(ask)) == ask


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "the script is empty"),
        ("anchor a\npann right 3deg", (2, 1), 'unknown command "pann" (did you mean "pan"?)'),
        ("pan rihgt 3deg", (1, 5), 'found "rihgt" (did you mean "right"?)'),
        ("pan right 3", (1, 11), '"3" has no unit; expected degrees or seconds'),
        ("pan right 3 dgrees", (1, 11), 'unit "dgrees" (did you mean "degrees"?)'),
        ("pan right far", (1, 11), 'expected degrees or seconds, such as 90deg, found "far"'),
        ("pan right 0deg", (1, 11), "is not above 0"),
        ("pan right 9999999deg", (1, 11), "is not above 0 and at most"),
        ("hold", (1, 5), "expected a time, such as 1s, found the end of the line"),
        ("hold 1deg", (1, 6), "expected a time"),
        ("hold 1s 2s", (1, 9), "is one word too many after `hold`"),
        ("relight at 4deg size 9deg 9deg", (1, 17), "is one word too many after `relight`"),
        ("zoom in 1", (1, 9), "expected a factor above 1"),
        ("speed fast", (1, 7), 'expected a speed, such as 20deg/s, or "full", found "fast"'),
        ("anchor a; }", (1, 11), 'there is a "}" too many'),
        ("repeat 2 hold 1s", (1, 10), 'expected "{" after repeat'),
        ("hold 1s\nrepeat 2 { hold 1s", (2, 1), "this repeat has no end"),
        ("repeat 2 { }", (1, 1), "this repeat is empty"),
        ("repeat 0 { home }", (1, 8), "from 1 to"),
        ("repeat 1.5 { home }", (1, 8), "a whole number"),
        ("repeat 2 {" * 9 + "home" + "}" * 9, (1, 81), "more than 8 nested repeats"),
        ("prompt desert", (1, 8), 'expected a prompt in quotes ("..."), found "desert"'),
        ('prompt "desert', (1, 8), "this text has no end"),
        ('prompt " "', (1, 8), "found empty quotes"),
        ('prompt "a\\t"', (1, 8), "only"),
        (f'mark "{"a" * 1001}"', (1, 6), "1001 characters, at most 1000"),
        ("control 2 0", (1, 9), 'yaw is "2", expected a number from -1 to 1'),
        ("control 0 nan", (1, 11), 'pitch is "nan"'),
        ("control 0 0 x0", (1, 13), "expected how often from x1"),
        ("memory window 0 blocks", (1, 15), "is not a whole number from 1"),
        ("memory window 1.5 blocks", (1, 15), "is not a whole number"),
        ("memory window 2 blocks 3 blocks", (1, 24), "blocks is given twice"),
        ("wander 4s sed 3", (1, 11), 'did you mean "seed"'),
    ],
)
def test_a_mistake_is_named_at_its_place(text, place, message):
    with pytest.raises(ScriptError) as caught:
        parse_script(text)
    assert (caught.value.line, caught.value.column) == place
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_table_has_every_command_and_its_example_is_valid():
    for word, command in COMMANDS.items():
        (statement,) = parse_script(command.example)
        assert statement.word == word
        assert f"`{command.example}`" in script_table()


def test_the_page_of_scripts_holds_the_table_of_the_parser():
    assert script_table() in PAGE.read_text(encoding="utf-8")


@given(st.one_of(st.text(), st.lists(PIECES, max_size=24).map(" ".join)))
def test_any_text_is_read_or_refused_at_a_place_of_it(text):
    try:
        statements = parse_script(text)
    except ScriptError as error:
        rows = text.replace("\r\n", "\n").split("\n")
        assert 1 <= error.line <= len(rows)
        assert 1 <= error.column <= len(rows[error.line - 1]) + 1
        assert str(error)
    else:
        assert statements
