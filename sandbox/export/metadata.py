"""The metadata of an export: enough to find, judge and repeat the session."""

import json
import os
import re
import shlex
from os import SEEK_END
from pathlib import Path
from typing import Any

from mag_sandbox.files.border import open_plain, read_plain
from mag_sandbox.files.validation import parse_json
from mag_sandbox.program import COMMAND
from mag_sandbox.sandbox.recording.reader import Recording

LOOK = 2**22  # bytes at the begin and the end of a file in which it says what it is
MAX_INDEX = 2**26  # bytes of the list of a folder's frames
INDEX_FILE = "frames.json"  # of a folder of frames
KEY = "mag-sandbox"  # of the text that holds everything, in every kind of file
SOFTWARE = "MAG sandbox"
UNKNOWN = "unknown"  # of a session of which only pictures are left
MAX_TEXT = 4000  # characters of a comment for people


_LETTERS = (re.escape(letter.encode()) for letter in f"{COMMAND} replay")
_MARK = re.compile(b".?".join(_LETTERS), re.S)  # in a GIF a length may stand in between


def session_facts(
    recording: Recording, policy: str, first_second: float, seconds: float, fps: float
) -> dict[str, Any]:
    """Return the facts of a stretch as plain JSON data; `policy` is the memory's at its begin."""
    start = recording.start
    memory = start.provenance.get("memory")
    return {
        "scene": start.scene.name,
        "prompt": start.scene.prompt,
        "prompts": [  # set while playing
            {"second": round(event.t, 2), "prompt": event.control.prompt}
            for event in recording.blocks
            if event.control.prompt is not None
        ],
        "seed": UNKNOWN if start.world == UNKNOWN else start.seed,
        "world": start.world,
        "policy": policy,
        "memory": memory if isinstance(memory, dict) else None,
        "look_ahead": start.look_ahead,
        "weights": str(start.provenance.get("weights", UNKNOWN)),
        "created": start.created,
        "blocks": len(recording.blocks),
        "from": round(first_second, 3),
        "seconds": round(seconds, 3),
        "fps": fps,
        "recording": _name_of(recording),  # a path would tell who recorded it
        "replay": replay_line(recording),
    }


def replay_line(recording: Recording) -> str:
    """Return the command that plays the session again and compares every block."""
    return f"{COMMAND} replay {shlex.quote(_name_of(recording))} --verify"


def _name_of(recording: Recording) -> str:
    """Return a printable name, whatever bytes the disk holds."""
    return os.fsencode(recording.folder.resolve().name).decode(errors="replace")


def is_ours(path: Path) -> bool:
    """Return whether what lies there is an export and nothing else: by its mark, not by its name.

    A folder is one if it holds no more than the frames that its list names; so is an empty one.
    """
    try:
        return _is_our_folder(path) if path.is_dir() else _is_our_file(path)
    except (OSError, ValueError, TypeError, LookupError):
        return False


def _is_our_file(path: Path) -> bool:
    with open_plain(path) as file:
        size = file.seek(0, SEEK_END)
        for place in (0, max(0, size - LOOK)):
            file.seek(place)
            if _MARK.search(file.read(LOOK)):
                return True
    return False


def _is_our_folder(folder: Path) -> bool:
    there = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}
    if len(there) < sum(1 for _ in folder.iterdir()):
        return False  # folders and links are no frames
    if not there:
        return True
    index = parse_json(read_plain(folder / INDEX_FILE, MAX_INDEX))
    named = {frame["file"] for frame in index["frames"]}
    return bool(_MARK.match(index["replay"].encode())) and there <= {INDEX_FILE, *named}


def as_text(facts: dict[str, Any]) -> str:
    """Return facts as the one text that programs read."""
    return json.dumps(facts, ensure_ascii=False, default=str)


def for_people(facts: dict[str, Any]) -> str:
    """Return facts in lines."""
    lines = (
        f"{facts['scene']}: {facts['prompt']}",
        f"seed {facts['seed']}, world {facts['world']}, memory {facts['policy']}, "
        f"weights {facts['weights']}",
        f"recorded {facts['created']}; play it again: {facts['replay']}",
    )
    return "\n".join(lines)[:MAX_TEXT]


def video_tags(facts: dict[str, Any]) -> dict[str, str]:
    """Return the tags of a video."""
    return {
        "title": f"{facts['scene']} - {facts['policy']}",
        "comment": for_people(facts),
        "encoder_software": SOFTWARE,
        KEY: as_text(facts),
    }
