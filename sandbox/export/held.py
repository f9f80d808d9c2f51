"""The contents of memory at each moment of an export, as data that a page draws.

A kept frame is one row however long it stays: from when to when, and when it was read. Its picture
is the frame that was shown there, if one was; memory itself holds no pictures.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.pictures import jpeg_address
from mag_sandbox.model.world import Frames, MemoryEntry, MemoryUsage, Progress, SegmentKind
from mag_sandbox.sandbox.export.footage import Footage
from mag_sandbox.sandbox.hud.figures import elsewhere_rows, stage_rows
from mag_sandbox.sandbox.hud.hud_state import (
    LEGEND,
    bar_bytes,
    kept_text,
    ratio_text,
    reach_text,
    size_text,
)
from mag_sandbox.sandbox.hud.seen import HEIGHT, SCALE, TOP, WIDTH, SeenRing
from mag_sandbox.sandbox.play.events import BlockEvent
from mag_sandbox.sandbox.recording.frames_file import StoredBlock

MOST_MOMENTS = 3000  # that are told apart: ten minutes, block by block
MOST_KEPT = 4000  # kept frames that are drawn
MOST_PICTURES = 600  # of them with a picture
PICTURE_WIDTH = 96  # px
COLUMNS = 20  # of the sheet of pictures
QUALITY = 80  # of JPEG
QUARTERED = 2  # subsampling of its colours
MAP_QUALITY = 85

_Shown = tuple[int, int]  # a frame: number of its block, place there


@dataclass(slots=True)
class _Kept:
    kind: SegmentKind
    pose: CameraPose
    first: int  # moments
    last: int
    read: list[int] = field(default_factory=list)  # first and last moment of each stretch
    shown: _Shown | None = None
    shown_at: int = 0  # the moment from which there is a picture

    def see(self, moment: int, entry: MemoryEntry) -> None:
        self.last = moment
        if not entry.attended:
            return
        if self.read and self.read[-1] == moment - 1:
            self.read[-1] = moment
        else:
            self.read += [moment, moment]


def held_data(footage: Footage, on_progress: Progress) -> dict[str, Any]:
    """Return the contents of memory over time as JSON data.

    `moments` say what the display says, `kept` are rows (kind, yaw, pitch, fov, first and last
    moment, picture, moment from which there is one, stretches in which it was read), `sheet` has
    the pictures and `map` all that was seen, both as data addresses. At most MOST_MOMENTS,
    MOST_KEPT and MOST_PICTURES; `all_kept` says how many there were.
    """
    every = max(1, math.ceil(sum(1 for _ in footage.figures()) / MOST_MOMENTS))
    chosen = [one for place, one in enumerate(footage.figures()) if place % every == 0]
    kept: dict[tuple[int, SegmentKind, CameraPose], _Kept] = {}
    shown, ring, moments = _ShownSoFar(footage), SeenRing(), []
    for moment, (second, stored, event) in enumerate(chosen):
        block = footage.stored.frame_block(stored)
        ring.add(block)
        shown.go_on_to(stored)
        moments.append(_moment(footage, second, stored, event, block.memory))
        for entry in block.memory.at_start:
            key = entry.frame_index, entry.kind, entry.pose
            one = kept.setdefault(key, _Kept(entry.kind, entry.pose, moment, moment))
            one.see(moment, entry)
            if one.shown is None and (found := shown.at(entry.pose)) is not None:
                one.shown, one.shown_at = found, moment
        on_progress("looking into memory", (moment + 1) / len(chosen))
    drawn = sorted(kept.values(), key=lambda one: one.first - one.last)[:MOST_KEPT]
    pictures = {
        frame: number
        for number, frame in enumerate(dict.fromkeys(one.shown for one in drawn if one.shown))
        if number < MOST_PICTURES
    }
    kinds = list(dict.fromkeys(one.kind for one in drawn))
    height = round(PICTURE_WIDTH * footage.size[1] / footage.size[0])
    return {
        "kinds": [[kind, LEGEND.get(kind, kind)] for kind in kinds],
        "moments": moments,
        "kept": [
            [
                kinds.index(one.kind),
                *(round(angle, 2) for angle in (one.pose.yaw, one.pose.pitch, one.pose.fov)),
                one.first,
                one.last,
                pictures.get(one.shown, -1) if one.shown else -1,
                one.shown_at,
                one.read,
            ]
            for one in sorted(drawn, key=lambda one: one.first)
        ],
        "all_kept": len(kept),
        "sheet": jpeg_address(_sheet(footage, list(pictures), height), QUALITY, QUARTERED),
        "picture": {"width": PICTURE_WIDTH, "height": height, "columns": COLUMNS},
        "map": jpeg_address(ring.pixels, MAP_QUALITY, QUARTERED),
        "ring": {"width": WIDTH, "height": HEIGHT, "scale": SCALE, "top": TOP},
        "aspect": footage.size[1] / footage.size[0],
        "seconds": footage.seconds,
        "exact": footage.stored.head.exact_pose,
    }


class _ShownSoFar:
    def __init__(self, footage: Footage) -> None:
        self._blocks = enumerate(footage.stored.blocks)
        self._found: dict[CameraPose, _Shown] = {}

    def go_on_to(self, last: StoredBlock) -> None:
        for number, stored in self._blocks:
            self._found |= {pose: (number, place) for place, pose in enumerate(stored.head.poses)}
            if stored is last:
                return

    def at(self, pose: CameraPose) -> _Shown | None:
        return self._found.get(pose)


def _moment(
    footage: Footage,
    second: float,
    stored: StoredBlock,
    event: BlockEvent | None,
    memory: MemoryUsage,
) -> dict[str, Any]:
    head, pose = stored.head, stored.head.poses[-1]
    return {
        "t": round(max(0.0, second - footage.first / footage.fps), 3),
        "pose": [round(pose.yaw, 2), round(pose.pitch, 2), round(pose.fov, 2)],
        "phrase": head.phrase,
        "prompt": head.prompt,
        "policy": memory.policy,
        "bar": [[one.kind, one.bytes] for one in memory.segments if one.bytes],
        "whole": bar_bytes(memory),
        "kept": memory.kept_frames,
        "read": memory.attended_frames,
        "words": [size_text(memory), ratio_text(memory), kept_text(memory), reach_text(memory)],
        "ms": [*stage_rows(head.stage_ms), *elsewhere_rows(head.stage_ms)],
        "latency": round(event.latency_ms if event else head.latency_ms),
    }


def _sheet(footage: Footage, shown: list[_Shown], height: int) -> Frames:
    rows = max(1, math.ceil(len(shown) / COLUMNS))
    sheet = np.zeros((rows * height, COLUMNS * PICTURE_WIDTH, 3), np.uint8)
    for number, small in enumerate(_reduced(footage, shown, (PICTURE_WIDTH, height))):
        row, column = divmod(number, COLUMNS)
        left, top = column * PICTURE_WIDTH, row * height
        sheet[top : top + height, left : left + PICTURE_WIDTH] = small
    return sheet


def _reduced(footage: Footage, shown: list[_Shown], size: tuple[int, int]) -> Iterator[Frames]:
    for number, place in shown:
        stored = footage.stored.blocks[number]
        frame = footage.stored.frame_block(stored, with_memory=False).frames[place]
        yield np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BOX))
