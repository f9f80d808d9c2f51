"""Bad files that people write: scenes, demos and their scripts, keys, settings."""

from tests.faults.table import DEMO, PLAY, Row, bomb, bomb_in, both, folder, pipe, text

SCRIPT = "scene: meadow\nscript: |\n  {}\n"
WITH_SETTINGS = "play --headless --seconds 1 --scene meadow"
WITH_KEYS = "play --scene meadow"

SCENES = (
    Row("unknown key", PLAY, ("bad.yaml:1:", '"promt"', "did you mean"), text("promt: a\n")),
    Row(
        "wrong type", PLAY, ("bad.yaml:2:", "seed", "a whole number"), text("prompt: a\nseed: x\n")
    ),
    Row("a list for text", PLAY, ("bad.yaml:1:", "a list", "text"), text("prompt: [a]\n")),
    Row("tabs", PLAY, ("bad.yaml:2:", "not valid YAML"), text("prompt: a\n\tseed: 1\n")),
    Row("empty", PLAY, ("bad.yaml", '"prompt"', "add a line"), text("")),
    Row("only a comment", PLAY, ("bad.yaml", "add a line"), text("# nothing\n")),
    Row("no mapping", PLAY, ("bad.yaml:1:", "key: value"), text("- a\n- b\n")),
    Row("Latin-1", PLAY, ("bad.yaml", "save it as UTF-8"), text(b"prompt: caf\xe9\n")),
    Row("zero bytes", PLAY, ("bad.yaml", "control characters"), text(b"prompt: a\0b\n")),
    Row("a picture", PLAY, ("bad.yaml", "save it as UTF-8"), text(b"\x89PNG\r\n\x1a\n" * 9)),
    Row("twice", PLAY, ("bad.yaml:2:", "given twice", "line 1"), text("prompt: a\nprompt: b\n")),
    Row("too large", PLAY, ("bad.yaml", "64 KiB", "right file"), text("prompt: a" + " a" * 40_000)),
    Row("a bomb", PLAY, ("bad.yaml:1:", 'unknown key "a0"'), text(bomb())),
    Row("a bomb in a key", PLAY, ("bad.yaml", "prompt"), text(bomb_in("prompt", ""))),
    Row("deep nesting", PLAY, ("bad.yaml", "YAML"), text("prompt: " + "[" * 3000)),
    Row("a tag", PLAY, ("bad.yaml:1:",), text("prompt: !!python/object/apply:os.abort []\n")),
    Row("two documents", PLAY, ("bad.yaml:2:",), text("prompt: a\n---\nprompt: b\n")),
    Row(
        "huge seed", PLAY, ("bad.yaml:2:", "expected 0 to"), text("prompt: a\nseed: 99999999999\n")
    ),
    Row("endless number", PLAY, ("bad.yaml:2:", "seed"), text(f"prompt: a\nseed: {'9' * 5000}\n")),
    Row("no picture", PLAY, ("bad.yaml", '"x.png" not found'), text("prompt: a\nimage: x.png\n")),
    Row("no name", PLAY, ("bad.yaml", "not found"), text('prompt: a\nimage: "a\\0b"\n')),
    Row("long name", PLAY, ("bad.yaml", "not found"), text(f"prompt: a\nimage: {'x' * 999}\n")),
    Row("a folder", PLAY, ("bad.yaml", "give a scene name or a YAML file"), folder()),
    Row("no word", PLAY, ("bad.yaml", "“radio”", "television"), text("prompt: radio\n")),
    Row("blank prompt", PLAY, ("bad.yaml:1:", "describe the place"), text('prompt: "  "\n')),
    Row(
        "sound",
        PLAY,
        ("bad.yaml:2:", "is not one of", 'did you mean "birds"'),
        text("prompt: a\nambience: brids\n"),
    ),
    Row(
        "memory of a scene",
        PLAY,
        ("bad.yaml", '"winow"', "did you mean"),
        text("prompt: a\nmemory: winow\n"),
    ),
)

BORDERS = {  # values at which YAML readers stumble, each in place of one that is expected
    "no truth value": "!!bool maybe",
    "no time": "!!timestamp x",
    "no number": "!!float x",
    "no bytes": "!!binary left",
    "no character": '"\\UFFFFFFFF"',
    "half a character": '"\\ud800"',
    "a huge hexadecimal number": "0x" + "f" * 8000,
    "a huge octal number": "0" + "7" * 8000,
    "a huge binary number": "0b" + "1" * 20_000,
    "a huge number to base 60": ":".join(["59"] * 3000),
    "itself": "&a [*a]",
}
DIRECTIVES = {"a version": "%YAML 999\n---\n", "a huge version": f"%YAML 1.{'9' * 6000}\n---\n"}
READERS = {  # of YAML: the file, the command that reads it, a key of it, what else it needs
    "a scene": ("bad.yaml", PLAY, "seed", "prompt: a\n"),
    "a demo": ("bad.yaml", DEMO, "seed", "scene: meadow\nscript: hold 1s\n"),
    "settings": ("settings.yaml", WITH_SETTINGS, "volume", ""),
    "keys": ("bindings.yaml", WITH_KEYS, "anchor", ""),
}
YAML_BORDERS = tuple(
    Row(f"{name} in {reader}", command, (file,), text(data, name=file))
    for reader, (file, command, key, rest) in READERS.items()
    for name, data in [
        *((name, f"{rest}{key}: {value}\n") for name, value in BORDERS.items()),
        *((name, f"{line}{rest}{key}: 1\n") for name, line in DIRECTIVES.items()),
    ]
)

DEMOS = (
    Row("demo key", DEMO, ("bad.yaml:1:1:", "did you mean"), text("scne: meadow\n")),
    Row("demo scene", DEMO, ("bad.yaml:1:8:", '"medow"', "did you mean"), text("scene: medow\n")),
    Row("demo empty", DEMO, ("bad.yaml", "is empty", "add lines"), text("")),
    Row("demo tabs", DEMO, ("bad.yaml:2:1:", "not valid YAML"), text("scene: a\n\tseed: 1\n")),
    Row("demo bytes", DEMO, ("bad.yaml", "UTF-8"), text(b"\xff\xfe\0\0")),
    Row("demo bomb", DEMO, ("bad.yaml:1:1:", "unknown key"), text(bomb())),
    Row(
        "demo bomb in a key",
        DEMO,
        ("bad.yaml:2:", "name"),
        text(bomb_in("name", "scene: meadow\n") + "script: hold 1s\n"),
    ),
    Row("demo folder", DEMO, ("bad.yaml", "cannot be read", "check the path"), folder()),
    Row("demo missing", DEMO, ("bad.yaml", "no such file", "demo --list")),
    Row(
        "demo look-ahead",
        DEMO,
        ("bad.yaml:2:13:", "true or false"),
        text("scene: meadow\nlook_ahead: perhaps\nscript: hold 1s\n"),
    ),
    Row(
        "demo expects too much",
        DEMO,
        ("bad.yaml", "probe a"),
        text('scene: meadow\nscript: hold 1s\nexpect:\n  recall: ">= 80"\n'),
    ),
    Row(
        "demo of many comparisons",
        DEMO,
        ("bad.yaml:2:", "names 5000, at most 16"),
        text(f"scene: meadow\ncompare: {','.join(['mag'] * 5000)}\nscript: hold 1s\n"),
    ),
    Row(
        "demo policy",
        DEMO,
        ('"winow"', "did you mean"),
        text("scene: meadow\nmemory: winow\nscript: hold 1s\n"),
    ),
    Row(
        "demo picture",
        DEMO,
        ("bad.yaml:1:", "not found"),
        text('scene: {prompt: a, image: "a\\0b"}\nscript: hold 1s\n'),
    ),
    Row(
        "demo prompt of an inline scene",
        DEMO,
        ("bad.yaml:1:", "prompt"),
        text("scene: {seed: 3}\nscript: hold 1s\n"),
    ),
)

SCRIPTS = tuple(
    Row(f"script {name}", DEMO, ("bad.yaml:3:", *says), text(SCRIPT.format(line)))
    for name, line, says in (
        ("word", "pann right 90deg", ('"pann"', "did you mean")),
        ("direction", "pan rigt 90deg", ('"rigt"', "did you mean")),
        ("unit", "pan right 90miles", ('"miles"', "expected degrees or seconds")),
        ("negative", "hold -1s", ('"-1s"', "such as 1s")),
        ("not a number", "hold nans", ('"nans"', "such as 1s")),
        ("huge", "pan right 99999999999999999999deg", ("999", "expected")),
        ("endless", "repeat 99999 { hold 60s }", ("shorten it",)),
        ("anchor", "anchor aa; go ab", ('"ab"', "did you mean")),
        ("brace", "repeat 3 { hold 1s", ("close it",)),
        ("quote", 'prompt "a night', ("close it with",)),
        ("axis", "zoom in 1.5", ("cannot zoom", "leave the line out")),
        ("probe away", "anchor a; pan right 180deg; probe a", ("come back",)),
    )
)

SETTINGS = tuple(
    Row(f"settings {name}", WITH_SETTINGS, ("settings.yaml", *says), text(data, "settings.yaml"))
    for name, data, says in (
        ("key", "volum: 3\n", (":1:", "did you mean")),
        ("type", "volume: loud\n", (":1:", "a whole number")),
        ("range", "volume: 300\n", (":1:", "expected 0 to 100")),
        ("not a number", "text_scale: .nan\n", (":1:", "expected 0.75 to 2.0")),
        ("infinite", "kept_mib: .inf\n", (":1:", "a whole number")),
        ("list", "- 1\n", (":1:", "key: value")),
        ("bytes", b"\xff\xfe\x00", ("UTF-8",)),
        ("bomb", bomb(), (":1:", "unknown key")),
        ("policy", "memory: winow\n", ('"winow" not found', "did you mean")),
        ("word for off", "hud: false\n", (":1:", 'hud is "false"', "small, full, off")),
    )
)

SETTINGS += (
    Row(
        "settings that are a link to nothing",
        WITH_SETTINGS,
        ("settings.yaml", "is a link to", "put that file back or delete the link"),
        lambda here: (here / "settings.yaml").symlink_to(here / "elsewhere.yaml"),
    ),
)

KEYS = tuple(
    Row(f"keys {name}", WITH_KEYS, ("bindings.yaml", *says), text(data, "bindings.yaml"))
    for name, data, says in (
        ("action", "anker: [g]\n", (":1:", "did you mean")),
        ("key", "anchor: [hyperspace]\n", (":1:", "hyperspace")),
        ("taken", "anchor: [g]\nprobes: [g]\n", (":2:",)),
        ("nothing", "anchor:\n", (":1:", "list of keys")),
        ("tabs", "anchor:\n\t[g]\n", (":2:", "not valid YAML")),
        ("bytes", b"\xc3\x28", ("UTF-8",)),
        ("control characters", b"anchor: [\x00]", ("YAML",)),
        ("bomb", bomb(), (":1:", "unknown action")),
    )
)

LINE_BREAKS = (
    Row("key of two lines", PLAY, ("bad.yaml:1:", '"a b"'), text("? |\n  a\n  b\n: c\n")),
    Row("demo key of two lines", DEMO, ("bad.yaml:1:", '"a b"'), text("? |\n  a\n  b\n: c\n")),
    Row(
        "keys of two lines",
        WITH_KEYS,
        ("bindings.yaml:1:", '"a b"'),
        text("? |\n  a\n  b\n: c\n", "bindings.yaml"),
    ),
)

PIPES = tuple(
    Row(f"a pipe for {reader}", command, (file, "plain file"), pipe(file))
    for reader, (file, command, _, _) in READERS.items()
    if reader != "a scene"  # one that is no file is not found
)

FOLDERS = (
    Row(
        "settings folder",
        WITH_SETTINGS,
        ("settings.yaml", "cannot be read"),
        folder("settings.yaml"),
    ),
    Row("keys folder", WITH_KEYS, ("bindings.yaml", "cannot be read"), folder("bindings.yaml")),
    Row(
        "a scene beside bad settings",
        PLAY,
        ("settings.yaml:1:",),
        both(text("prompt: a\n"), text("[", "settings.yaml")),
    ),
)

ROWS = (*SCENES, *DEMOS, *SCRIPTS, *SETTINGS, *KEYS, *LINE_BREAKS, *FOLDERS, *YAML_BORDERS, *PIPES)
