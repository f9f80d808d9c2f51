"""Bad files that programs write: recordings, their frames, states, weights."""

from tests.faults.table import (
    EXPORT,
    REPLAY,
    Row,
    both,
    edited,
    endless,
    header,
    kept_frames,
    pipe,
    recording,
    recording_bytes,
    state,
    text,
    weights,
)

EVENTS = "rec/session.jsonl"


def _set(line: int, **changes: object):
    return recording(lambda events: events[line].update(changes))


def _start(**changes: object):
    return _set(0, **changes)


RECORDINGS = tuple(
    Row(f"recording {name}", REPLAY, ("session.jsonl", *says), make)
    for name, says, make in (
        ("without a header", ("line 1", "expected session_start"), recording(lambda e: e.pop(0))),
        ("of another schema", ("line 1", "schema is 99", "version"), _start(schema=99)),
        ("without schema", ("line 1", "schema is null"), _start(schema=None)),
        ("of nothing", ("no complete event",), recording_bytes(lambda data: b"")),
        ("of half a line", ("no complete event",), recording_bytes(lambda data: data[:300])),
        ("of bytes", ("line 1", "not JSON"), recording_bytes(lambda data: b"\xff\xfe\n" + data)),
        ("cut in the middle", ("line 2", "not JSON"), recording_bytes(lambda d: _cut(d))),
        ("with a huge number", ("line 1", "seed"), _start(seed=10**400)),
        ("with a seed below 0", ("line 1", "expected 0 to"), _start(seed=-1)),
        (
            "with a huge float",
            ("line 2",),
            recording_bytes(lambda d: d.replace(b'"yaw": 1.0', b'"yaw": 1e999', 1)),
        ),
        (
            "with NaN",
            ("line 2",),
            recording_bytes(lambda d: d.replace(b'"yaw": 1.0', b'"yaw": NaN', 1)),
        ),
        ("with text for a number", ("line 2", "block_index"), _set(1, block_index="one")),
        ("with a missing field", ("line 2", "digest"), recording(lambda e: e[1].pop("digest"))),
        (
            "with an endless prompt",
            ("line 2", "1001 characters, at most 1000"),
            recording(lambda e: e[1]["control"].update(prompt="x" * 1001)),
        ),
        ("with a negative block", ("line 2", "out of order"), _set(1, block_index=-1)),
        (
            "with lines exchanged",
            ("line 2", "out of order"),
            recording(lambda e: e.insert(1, e.pop(2))),
        ),
        (
            "with a list for an event",
            ("line 2", "expected an event"),
            recording_bytes(lambda d: d.replace(b"\n", b"\n[]\n", 1)),
        ),
        ("of an unknown kind", ("line 2", "expected one of"), _set(1, kind="explosion")),
        (
            "of too deep a nesting",
            ("line 2", "nested too deeply"),
            recording_bytes(lambda d: d.replace(b"\n", b"\n" + b"[" * 99999 + b"\n", 1)),
        ),
        (
            "with an empty prompt",
            ("line 1", "prompt"),
            recording(lambda e: e[0]["scene"].update(prompt="")),
        ),
    )
)

ELSEWHERE = (
    *(
        Row(
            f"recording with {name} of how it was run",
            REPLAY,
            ("rec says", "of how it was run", "record the session again"),
            recording(lambda e, said=said: e[0]["provenance"].update(execution=said)),
        )
        for name, said in (("a list", ["cpu"]), ("a text", "cpu"), ("a number", 3))
    ),
    Row(
        "recording of a picture elsewhere",
        REPLAY,
        ("passwd", "is missing", "copy the whole folder"),
        recording(lambda e: e[0]["scene"].update(image="../../../../../etc/passwd")),
    ),
    Row(
        "recording of a picture without a name",
        REPLAY,
        ("is missing", "copy the whole folder"),
        recording(lambda e: e[0]["scene"].update(image="x" * 999)),
    ),
    Row(
        "recording of a state elsewhere",
        REPLAY,
        ("rec/state", "is missing"),
        _start(state="/etc", world="pocket"),
    ),
    Row(
        "video that is a list of films",
        "replay here/x.mp4 --verify --headless",
        ("x.mp4", "no MP4", "name the folder"),
        text("#EXTM3U\nhttp://localhost/film.mp4\n", "x.mp4"),
    ),
    Row("recording that is a pipe", REPLAY, ("session.jsonl", "plain file"), pipe(EVENTS)),
    Row("recording without an end", REPLAY, ("session.jsonl", "plain file"), endless(EVENTS)),
    Row(
        "frames that are a pipe",
        EXPORT,
        ("frames.bin", "plain file"),
        both(recording(lambda e: None), pipe("rec/frames.bin")),
    ),
    Row("recording of another world", REPLAY, ('"fake"', "available: pocket"), _start()),
    Row(
        "recording of an unknown policy",
        REPLAY,
        ('"winow"', "did you mean"),
        recording(
            lambda e: e[0].update(
                world="pocket",
                memory={
                    "policy": "winow",
                    "kept_mib": 64,
                    "attended_frames": 8,
                    "window_blocks": 8,
                    "sink_frames": 3,
                },
            )
        ),
    ),
    Row(
        "demo of a damaged recording",
        "demo here/new.yaml --from here/rec",
        ("line 1", "schema"),
        _start(schema=1),
    ),
    Row(
        "demo that could not be read back",
        "demo here/new.yaml --from here/rec",
        ("cannot become a demo", "here/rec"[5:]),
        recording(lambda e: e[1]["control"].update(prompt="a\rb: [")),
    ),
    Row(
        "demo over a file",
        "demo here/rec/session.jsonl --from here/rec",
        ("session.jsonl", "YAML file"),
        recording(lambda e: None),
    ),
)

EXPORTS = (
    Row(
        "page of a damaged recording",
        f"{EXPORT} --format page",
        ("line 1", "schema"),
        _start(schema=1),
    ),
    Row(
        "export of frames that are none",
        EXPORT,
        ("frames.bin", "cannot be read", "delete"),
        recording_bytes(lambda data: b"\0" * len(data), "frames.bin"),
    ),
    Row(
        "export of frames with one changed byte",
        EXPORT,
        ("frames.bin", "delete"),
        recording_bytes(lambda data: data[:-99] + b"!" + data[-98:], "frames.bin"),
    ),
    Row(
        "export of frames of another session",
        EXPORT,
        ("frames.bin", "another session"),
        recording(lambda e: e[0].update(created="2001-01-01T00:00:00+00:00"), with_frames=True),
    ),
    *(
        Row(
            f"export of frames {name}",
            EXPORT,
            ("frames.bin", *says, "delete"),
            kept_frames(b"BLCK", change),
        )
        for name, says, change in (
            ("that took less than no time", ("below 0",), lambda d: d.update(latency_ms=-1.0)),
            (
                "from far away",
                ("out of range", "1e+300"),
                lambda d: d["poses"][0].update(yaw=1e300),
            ),
            ("through nothing", ("out of range", "fov=0"), lambda d: d["poses"][0].update(fov=0.0)),
        )
    ),
    Row(
        "export in an unknown format",
        "export here/rec --format sheet --out here/x.png",
        ("'sheet'", "choose from 'mp4', 'gif', 'frames', 'page'"),
        recording(lambda e: None, with_frames=True),
    ),
    Row(
        "export beyond the end",
        "export here/rec --from 900 --out here/x.mp4",
        ("nothing lies between", "lasts"),
        recording(lambda e: None, with_frames=True),
    ),
    Row(
        "export under a file",
        "export here/rec --out here/rec/session.jsonl/x.mp4",
        ("x.mp4", "name another"),
        recording(lambda e: None, with_frames=True),
    ),
    Row(
        "export over the recording",
        "export here/rec --out here/rec/session.jsonl",
        ("session.jsonl", "exists"),
        recording(lambda e: None, with_frames=True),
    ),
)

DAMAGED_STATES = tuple(
    Row(f"state {name}", REPLAY, ("state", *says, "delete it"), state(change))
    for name, says, change in (
        (
            "with a changed array",
            ("were changed",),
            edited("state.safetensors", lambda d: d[:-1] + b"!"),
        ),
        (
            "cut short",
            ("bytes", "were written"),
            edited("state.safetensors", lambda d: d[: len(d) // 2]),
        ),
        ("of no JSON", ("not JSON",), edited("state.json", lambda d: d[:99])),
        (
            "of unknown files",
            ("files",),
            header(files={"../../etc/passwd": {"bytes": 1, "sha256": ""}}),
        ),
        ("of another kind", ("kind",), header(kind="letter")),
        ("of no time", ("time",), header(left="yesterday")),
        ("of endless frames", ("frames_shown",), header(frames_shown=10**30)),
        ("without data", ("is missing",), lambda folder: (folder / "world.json").unlink()),
        ("that is a link", ("not a plain file",), lambda folder: _linked(folder / "world.json")),
    )
)

STATES = (
    *DAMAGED_STATES,
    Row(
        "state of a newer version",
        REPLAY,
        ("state", "newer version", "update the game"),
        state(header(schema=99)),
    ),
    Row("state of another world", REPLAY, ("--world moon",), state(header(world="moon"))),
)

PLAY_TINY = "play --headless --seconds 1 --scene meadow --record here/new"
PLAIN_WEIGHTS = tuple(
    Row(f"weights {name}", command, ("weights", *says, "git checkout"), weights(change))
    for name, command, says, change in (
        (
            "without config",
            PLAY_TINY,
            ("config.json is missing",),
            lambda f: (f / "config.json").unlink(),
        ),
        ("whose config is a pipe", PLAY_TINY, ("config.json", "plain file"), pipe("config.json")),
        (
            "that are a pipe",
            PLAY_TINY,
            ("world.safetensors", "plain file"),
            pipe("world.safetensors"),
        ),
        (
            "whose words are a pipe",
            PLAY_TINY,
            ("tokenizer.json", "plain file"),
            pipe("tokenizer.json"),
        ),
        (
            "without a world",
            PLAY_TINY,
            ("world.safetensors is missing",),
            lambda f: (f / "world.safetensors").unlink(),
        ),
        (
            "cut short",
            PLAY_TINY,
            ("world.safetensors cannot be read",),
            edited("world.safetensors", lambda d: d[:-9]),
        ),
        (
            "of nothing",
            PLAY_TINY,
            ("autoencoder.safetensors cannot be read",),
            edited("autoencoder.safetensors", lambda d: b""),
        ),
        (
            "of another architecture",
            PLAY_TINY,
            ("another architecture",),
            edited("config.json", lambda d: d.replace(b'"ffn_dim": 48', b'"ffn_dim": 64')),
        ),
        (
            "of a wrong config",
            PLAY_TINY,
            ("config.json cannot be read",),
            edited("config.json", lambda d: d.replace(b'"dim": 32', b'"dim": 33')),
        ),
        (
            "of frames of half a cell",
            PLAY_TINY,
            ("config.json cannot be read", "frame_width is 63", "a multiple of"),
            edited("config.json", lambda d: d.replace(b'"frame_width": 64', b'"frame_width": 63')),
        ),
        (
            "of a config of lists",
            PLAY_TINY,
            ("config.json cannot be read",),
            edited("config.json", lambda d: b"[]"),
        ),
        (
            "of a config of bytes",
            PLAY_TINY,
            ("config.json cannot be read",),
            edited("config.json", lambda d: b"\xff\xfe"),
        ),
        (
            "of a deep config",
            PLAY_TINY,
            ("config.json cannot be read",),
            edited("config.json", lambda d: b"[" * 99999),
        ),
        (
            "of huge numbers",
            PLAY_TINY,
            ("config.json cannot be read",),
            edited(
                "config.json", lambda d: d.replace(b'"frame_width": 64', b'"frame_width": 1e999')
            ),
        ),
        (
            "of no channels",
            PLAY_TINY,
            ("config.json cannot be read", "channels is 0"),
            edited("config.json", lambda d: d.replace(b'"channels": 4', b'"channels": 0', 1)),
        ),
        (
            "of a part of a layer",
            PLAY_TINY,
            ("config.json cannot be read", "num_layers"),
            edited("config.json", lambda d: d.replace(b'"num_layers": ', b'"num_layers": 0.', 1)),
        ),
        (
            "of no heads",
            PLAY_TINY,
            ("config.json cannot be read",),
            edited("config.json", lambda d: d.replace(b'"num_heads": ', b'"num_heads": 0, "x": ')),
        ),
        (
            "of no words",
            PLAY_TINY,
            ("tokenizer.json cannot be read",),
            edited("tokenizer.json", lambda d: b"{}"),
        ),
        (
            "evaluated",
            "evaluation pocket --weights here/weights",
            ("world.safetensors cannot be read",),
            edited("world.safetensors", lambda d: d[:-9]),
        ),
        (
            "to begin from",
            "training pocket --init-from here/weights --folder here/run",
            ("config.json is missing",),
            lambda f: (f / "config.json").unlink(),
        ),
    )
)


def _cut(data: bytes) -> bytes:
    """Lose the end of the second line, with its line break."""
    first = data.index(b"\n") + 1
    end = data.index(b"\n", first)
    return data[: end - 40] + data[end + 1 :]


def _linked(path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


ROWS = (*RECORDINGS, *ELSEWHERE, *EXPORTS, *STATES, *PLAIN_WEIGHTS)
