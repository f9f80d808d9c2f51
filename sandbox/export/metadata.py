"""What an export says of the session it shows: enough to find, judge and repeat it."""

import json

from mag_sandbox.program import COMMAND
from mag_sandbox.sandbox.recording.reader import Recording

KEY = "mag-sandbox"  # of the text that holds everything, in every kind of file
SOFTWARE = "MAG sandbox"
MAX_TEXT = 4000  # characters of a comment for people


def session_facts(
    recording: Recording, policy: str, first_second: float, seconds: float, fps: float
) -> dict:
    """Return the facts of a stretch as plain JSON data; `policy` is the memory's at its begin."""
    start = recording.start
    return {
        "scene": start.scene.name,
        "prompt": start.scene.prompt,
        "prompts": prompts_of(recording),
        "seed": start.seed,
        "world": start.world,
        "policy": policy,
        "memory": _plain(start.provenance.get("memory")),
        "look_ahead": start.look_ahead,
        "weights": str(start.provenance.get("weights", "unknown")),
        "created": start.created,
        "blocks": len(recording.blocks),
        "from": round(first_second, 3),
        "seconds": round(seconds, 3),
        "fps": fps,
        "recording": recording.folder.resolve().name,  # a path would tell who recorded it
        "replay": replay_line(recording),
    }


def prompts_of(recording: Recording) -> list[dict]:
    """Return the prompts that were set while playing, each with its second."""
    return [
        {"second": round(event.t, 2), "prompt": event.control.prompt}
        for event in recording.blocks
        if event.control.prompt is not None
    ]


def replay_line(recording: Recording) -> str:
    """Return the command that plays the session again and compares every block."""
    name = recording.folder.resolve().name
    quoted = name if name.replace("-", "").replace("_", "").isalnum() else f"'{name}'"
    return f"{COMMAND} replay {quoted} --verify"


def as_text(facts: dict) -> str:
    """Return facts as the one text that programs read."""
    return json.dumps(facts, ensure_ascii=False, default=str)


def for_people(facts: dict) -> str:
    """Return facts in lines."""
    lines = (
        f"{facts['scene']}: {facts['prompt']}",
        f"seed {facts['seed']}, world {facts['world']}, memory {facts['policy']}, "
        f"weights {facts['weights']}",
        f"recorded {facts['created']}; play it again: {facts['replay']}",
    )
    return "\n".join(lines)[:MAX_TEXT]


def video_tags(facts: dict) -> dict[str, str]:
    """Return the tags of a video."""
    return {
        "title": f"{facts['scene']} - {facts['policy']}",
        "comment": for_people(facts),
        "encoder_software": SOFTWARE,
        KEY: as_text(facts),
    }


def _plain(value: object) -> object:
    return value if isinstance(value, dict) else None
