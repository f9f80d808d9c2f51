"""Bad values on the command line, of every command."""

from tests.faults.table import Row, both, folder, text

MAIN = tuple(
    Row(command or "nothing", command, says)
    for command, says in (
        ("", ("COMMAND", "--help")),
        ("pley", ('"play"', "--help")),
        ("play --sene meadow", ("--sene", 'did you mean "--scene"')),
        ("play --headless --seconds", ("--seconds", "expected one argument")),
        ("play --seconds nan", ("--seconds", '"nan"', "above 0")),
        ("play --seconds -5", ("--seconds", '"-5"', "above 0")),
        ("play --seconds 1e999", ("--seconds", "above 0")),
        ("play --headless --seconds 1e17", ("--seconds", "at most 1e+06")),
        ("play --seconds ''", ("--seconds", "above 0")),
        ("play --seed 1.5", ("--seed", "whole number from 0")),
        ("play --seed 99999999999", ("--seed", "whole number from 0")),
        ("play --seed ²", ("--seed", "whole number from 0")),
        ("play --seed " + "9" * 5000, ("--seed", "whole number from 0")),
        ("play --headless --world pokcet", ('"pokcet"', 'did you mean "pocket"')),
        ("play --headless --memory winow", ('"winow"', 'did you mean "window"')),
        ("play --headless --memory ''", ("memory policy",)),
        ("play --headless --scene medow", ('"medow"', 'did you mean "meadow"')),
        ("play --headless --scene ''", ('scene ""', "available")),
        ("play --headless --scene " + "x" * 5000 + ".yaml", ("not found",)),
        ("play --headless --seconds 1 --record here/a\0b", ("--record", "no file can be called")),
        ("replay here/a\0b", ("no file can be called",)),
        ("replay ''", ("no file can be called",)),
        ("replay /", ("/session.jsonl", "not found", "play --record")),
        ("play --headless --scene here/a\0b.yaml", ("not found",)),
        ("replay", ("DIR", "--help")),
        ("replay here/nowhere", ("nowhere", "not found", "play --record")),
        ("replay here --verfy", ("--verfy", "did you mean")),
        ("bench --seconds 0", ("--seconds", "above 0")),
        ("bench --prefill inf", ("--prefill", "above 0")),
        ("bench --scene medow", ('"medow"', "did you mean")),
        ("bench --json", ("--json", "expected one argument")),
        ("bench --json here/no/where/x.json", ("x.json", "name another file")),
        ("bench-memory --workers 1000000000", ("--workers", "at most 1024")),
        ("bench-memory --workers 0", ("--workers", "above 0")),
        ("gallery", ("DIR", "--help")),
        ("gallery here/out --world moon", ('"moon"', "available")),
        ("gallery here/out --scene medow", ('"medow"', "did you mean")),
    )
)

DEMO = tuple(
    Row(command, command, says)
    for command, says in (
        ("demo", ("name a demo", "back-and-forth")),
        ("demo bak-and-forth", ('"bak-and-forth"', "did you mean")),
        ("demo sweep --seed -1", ("--seed",)),
        ("demo back-and-forth --seeds 4..1", ("--seeds", "before its first")),
        ("demo back-and-forth --seeds 5", ("--seeds", "as 0..4")),
        ("demo back-and-forth --seeds 1..2", ("add --headless",)),
        ("demo back-and-forth --headless --compare mag", ("--compare", "write A,B")),
        ("demo back-and-forth --headless --compare mag,winow", ('"winow"', "did you mean")),
        ("demo back-and-forth --headless --memory 'window 0 blocks'", ("memory", "whole number")),
        ("demo back-and-forth --headless --memory ''", ("memory",)),
        ("demo here/new.yaml --from here/nowhere", ("nowhere", "not found")),
    )
)

EXPORT = tuple(
    Row(command, command, says)
    for command, says in (
        ("export", ("DIR", "--help")),
        ("export here/nowhere", ("nowhere", "not found")),
        ("export here/a\0b", ("no file can be called",)),
        ("export /", ("/ is no recording", "play --record")),
        ("export here --format mp5", ("--format", "did you mean")),
        ("export here --format gif --from 1e308", ("--from", "expected seconds")),
        ("export here --format gif --to 1e300", ("--to",)),
        ("export here --format gif --fps 1e-320", ("--fps", "or more")),
        ("export here --from -1", ("--from", "seconds from 0")),
        ("export here --to nan", ("--to", "more than --from")),
        ("export here --from 5 --to 2", ("--to", "more than --from")),
        ("export here --scale 0", ("--scale", "a whole number above 0")),
        ("export here --scale 2.5", ("--scale", "a whole number above 0")),
    )
)

PLACES = (
    Row(
        "camera path over a file",
        "camera-path here/a.txt here/b.txt",
        ("b.txt already exists", "name another file"),
        both(text("yaw:left:60@40", "a.txt"), text("precious", "b.txt")),
    ),
    Row(
        "camera path that leads kilometres away",
        "camera-path here/a.txt here/b.npz",
        ("2500 m away", "stays within 1000 m"),
        text("dolly:forward:2500@1", "a.txt"),
    ),
    Row(
        "camera path without a frame rate",
        "camera-path here/a.txt here/b.npz --fps nan",
        ("fps is nan", "expected 1 to 1000"),
        text("yaw:left:60@40", "a.txt"),
    ),
    Row(
        "camera path over a folder",
        "camera-path here/a.txt here/b.npz",
        ("b.npz already exists", "name another file"),
        both(text("yaw:left:60@40", "a.txt"), folder("b.npz")),
    ),
    Row(
        "camera path over a file beside it",
        "camera-path here/a.txt here/poses.npy",
        ("intrinsics.npy", "already exists", "name another folder"),
        both(text("yaw:left:60@40", "a.txt"), text("precious", "intrinsics.npy")),
    ),
    Row(
        "recording over files",
        "play --headless --seconds 1 --record here/full",
        ("full", "already holds files", "name another folder"),
        text("precious", "full/session.jsonl"),
    ),
    Row(
        "recording under a file",
        "play --headless --seconds 1 --record here/file/rec",
        ("cannot record", "name another folder"),
        text("a file", "file"),
    ),
    Row(
        "gallery under a file",
        "gallery here/file/pictures",
        ("file", "name another folder"),
        text("a file", "file"),
    ),
    Row(
        "demo under a file",
        "demo back-and-forth --headless --out here/file/out",
        ("--out", "name another folder"),
        text("a file", "file"),
    ),
    Row(
        "demo over files",
        "demo back-and-forth --headless --out here/full",
        ("--out", "already holds files"),
        text("precious", "full/notes.txt"),
    ),
    Row(
        "bench into a folder",
        "bench --json here/taken",
        ("taken", "name another file"),
        folder("taken"),
    ),
)

EVALUATION = tuple(
    Row(f"evaluation {command}", f"evaluation {command}", says)
    for command, says in (
        ("", ("COMMAND", "--help")),
        ("poket", ("poket", "--help")),
        ("pocket --clips many", ("--clips", "--help")),
        ("pocket --clips 0", ("clips",)),
        ("pocket --clips -3", ("clips",)),
        ("pocket --seed -1", ("seed",)),
        ("pocket --world pokcet", ("pokcet", "pocket")),
        ("pocket --weights here/nowhere", ("nowhere", "config.json", "missing")),
    )
)

TRAINING = tuple(
    Row(f"training {command}", f"training {command}", says)
    for command, says in (
        ("", ("COMMAND", "--help")),
        ("poket", ("poket", "--help")),
        ("pocket --views many", ("--views", "--help")),
        ("pocket --views 0", ("--views", "--help")),
        ("pocket --seed x", ("--seed", "--help")),
        ("curve", ("--picture", "--help")),
        ("curve --folder here/nowhere --picture here/x.svg", ("log.jsonl",)),
    )
)

UNDER_A_FILE = tuple(
    Row(command, command, says, text("a file", "file"))
    for command, says in (
        ("evaluation walks --sheet here/file/sheet.png", ("file",)),
        ("evaluation pocket --json here/file/x.json", ("file",)),
        ("training pocket --folder here/file/run", ("file",)),
        ("training pocket --init-from here/file --folder here/run", ("file",)),
    )
)

BAD_LOGS = tuple(
    Row(
        f"curve of {name}",
        "training curve --folder here --picture here/x.svg",
        says,
        text(data, "log.jsonl"),
    )
    for name, data, says in (
        ("nothing", "", ("log.jsonl",)),
        ("no JSON", "{]\n", ("log.jsonl",)),
        ("other JSON", "[1]\n", ("log.jsonl",)),
    )
)

ROWS = (*MAIN, *DEMO, *EXPORT, *PLACES, *EVALUATION, *TRAINING, *UNDER_A_FILE, *BAD_LOGS)
