"""A world without a network: its frames show where the camera looks and name their block."""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache

import numpy as np

from mag_sandbox.controls.camera import (
    AXES,
    LOOK_AXES,
    WIDEST_FOV,
    CameraPose,
    CameraSpeed,
    Way,
    move,
    straight,
)
from mag_sandbox.controls.phrase_compiler import camera_phrase
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    LookAheadBlock,
    MemoryEntry,
    MemoryOrigin,
    MemorySegment,
    MemorySetting,
    MemoryUsage,
    Past,
    World,
    WorldFailed,
    WorldSpec,
    WorldState,
)
from mag_sandbox.scenes import Scene

RING = 1280  # px around: 320 px are the 90 degrees of a frame
SKY_ROOM = 96  # px above and below a level view: 27 degrees of pitch
RAW_BYTES = 1_200_000  # of one kept frame
COMPRESSED_BYTES = 400_000
UNKNOWN = 128  # grey level of what no picture has shown
SECTOR = 30  # degrees between two looks ahead
SPEC = WorldSpec(
    name="fake",
    frame_width=320,
    frame_height=192,
    fps=16.0,
    block_length=3,
    full_speed=CameraSpeed(yaw=20.0, pitch=12.0),
    policies=("mag-retrieve", "mag", "full", "window", "none"),
)
ZOOMING = replace(  # the same world, at speeds and limits of the pocket world
    SPEC,
    full_speed=CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0, narrowest_fov=60.0),
    axes=LOOK_AXES,
)
WALKING = replace(  # and its way of walking, with nothing in the way
    ZOOMING, full_speed=replace(ZOOMING.full_speed, walk=2.8), axes=AXES
)


class FakeWorld(World):
    """Implements World: deterministic, exact poses, a plausible memory, failures on demand.

    world = FakeWorld(fail_at=3)
    block = world.reset(Scene("a place"), seed=7)
    block_number(block.frames[0])  # 0
    """

    def __init__(
        self,
        memory: MemorySetting | None = None,
        *,
        spec: WorldSpec = SPEC,
        delay: float = 0.0,
        fail_at: int | None = None,
        on_step: Callable[[Control], None] = lambda control: None,
        way: Way = straight,
    ) -> None:
        """Set what it does.

        Args:
            memory: as for any world.
            spec: constants.
            delay: seconds that a block takes.
            fail_at: index of the block that cannot be made.
            on_step: called with every control, on the thread that steps.
            way: returns where a step ends.
        """
        self.spec = spec
        self.closed = False
        self._origin: MemoryOrigin | None = None
        self._initial = self._setting = memory or MemorySetting()
        self._delay = delay
        self._fail_at = fail_at
        self._on_step = on_step
        self._way = way

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        self._prompt, self._seed = scene.prompt, seed
        self._panorama = draw_panorama(seed)
        self._pose = CameraPose()
        self._block_index = -1
        self._frame_count = 0
        self._kept: list[MemoryEntry] = []
        self._evicted = 0
        self._ahead: list[LookAheadBlock] = []
        self._sectors: set[int] = set()
        self._origin = None
        self._setting = replace(self._initial, policy=scene.memory or self._initial.policy)
        return self._make(Control())

    def adopt(self, past: Past) -> None:
        """Know of the place nothing but the pictures."""
        self.reset(past.scene, past.seed)
        self._prompt, self._pose, self._origin = past.prompt, past.pose, past.origin
        self._block_index = past.next_block - 1
        self._frame_count = past.next_block * self.spec.block_length
        self._kept.clear()
        self._panorama = np.full_like(self._panorama, UNKNOWN)
        for block in past.blocks:
            first = block.block_index * self.spec.block_length
            for number, (frame, pose) in enumerate(zip(block.frames, block.poses, strict=True)):
                rows, columns = self._window(pose)
                self._panorama[rows[:, None], columns] = frame
                self._kept.append(MemoryEntry(first + number, "raw", pose, attended=False))

    def step(self, control: Control) -> FrameBlock:
        self._on_step(control)
        self._setting = control.memory or self._setting
        self._prompt = control.prompt or self._prompt
        return self._make(control)

    def prepare(self) -> bool:
        sector = self._sector()
        if sector in self._sectors:
            return False
        self._sectors.add(sector)
        pose = CameraPose((sector + 1) * SECTOR % 360.0, self._pose.pitch)
        digest = f"{sector:016x}"
        self._ahead.append(LookAheadBlock(self._block_index, pose, self._delay * 1000, digest))
        self._kept.append(MemoryEntry(self._frame_count, "look-ahead", pose, attended=False))
        return True

    def snapshot(self) -> WorldState:
        return WorldState(
            arrays={"panorama": self._panorama},
            data={
                "prompt": self._prompt,
                "seed": self._seed,
                "pose": asdict(self._pose),
                "block_index": self._block_index,
                "frame_count": self._frame_count,
                "kept": [asdict(entry) for entry in self._kept],
                "evicted": self._evicted,
                "setting": asdict(self._setting),
                "ahead": [asdict(block) for block in self._ahead],
                "sectors": sorted(self._sectors),
                "origin": self._origin and asdict(self._origin),
            },
        )

    def restore(self, state: WorldState) -> None:
        data = state.data
        self._panorama = state.arrays["panorama"]
        self._prompt, self._seed = data["prompt"], data["seed"]
        self._pose = CameraPose(**data["pose"])
        self._block_index, self._frame_count = data["block_index"], data["frame_count"]
        self._kept = [_revived(MemoryEntry, entry) for entry in data["kept"]]
        self._evicted, self._setting = data["evicted"], MemorySetting(**data["setting"])
        self._ahead = [_revived(LookAheadBlock, block) for block in data["ahead"]]
        self._sectors = set(data["sectors"])
        self._origin = data["origin"] and MemoryOrigin(**data["origin"])

    def round_trip(self, frames: Frames) -> Frames:
        return frames.copy()

    def provenance(self) -> dict:
        said = {"re_encoded": self._origin.words()} if self._origin else {}
        return {"weights": "0" * 16, "dtype": "uint8", "threads": 1, **said}

    def expect_prompt(self) -> None:
        """Read prompts at once."""

    def close(self) -> None:
        self.closed = True

    def _make(self, control: Control) -> FrameBlock:
        while self.prepare():
            pass
        self._block_index += 1
        if self._block_index == self._fail_at:
            raise WorldFailed(f"block {self._block_index} cannot be made; start over")
        if self._delay:
            time.sleep(self._delay)
        spec = self.spec
        poses = move(
            self._pose, control.camera, spec.full_speed, spec.fps, spec.block_length, self._way
        )
        self._pose = poses[-1]
        frames = np.stack([self._frame(pose, place) for place, pose in enumerate(poses)])
        self._frame_count += len(frames)
        usage = self._remember()
        ahead, self._ahead = tuple(self._ahead), []
        return FrameBlock(
            frames=frames,
            poses=poses,
            block_index=self._block_index,
            phrase=camera_phrase(control.camera),
            prompt=self._prompt,
            stage_ms={"denoise": 31.0, "remember": 8.0, "decode": 3.0, "look_ahead": 21.0},
            memory=usage,
            look_ahead=ahead,
            edited=control.edit if self.spec.kinds else None,
        )

    def _frame(self, pose: CameraPose, place: int) -> Frames:
        rows, columns = self._window(pose)
        top, left = rows[0], columns[0]
        around = self._panorama[top : rows[-1] + 1]
        if pose.fov == WIDEST_FOV:  # every pixel: slices are many times as fast
            whole = around[:, left : left + len(columns)]
            frame = np.concatenate((whole, around[:, : len(columns) - whole.shape[1]]), axis=1)
        else:
            frame = around.take(columns, axis=1)[rows - top]
        frame[0, 0] = self._block_index % 256, self._block_index // 256, place
        frame[0, 1] = self._seed % 256, self._seed // 256 % 256, 0
        return frame

    def _window(self, pose: CameraPose) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and columns of the panorama that a view shows, zoomed at its middle."""
        left = round(pose.yaw / 360 * RING)
        top = round(SKY_ROOM * (1 - pose.pitch / 27.0))
        rows, columns = (
            _zoomed(length, pose.fov) for length in (self.spec.frame_height, self.spec.frame_width)
        )
        return top + rows, (left + columns) % RING

    def _remember(self) -> MemoryUsage:
        newest = MemoryEntry(self._frame_count - 1, "raw", self._pose, attended=False)
        self._kept.append(newest)
        budget = self._setting.kept_mib * 1024 * 1024
        raw_bytes = (_sinks(self._setting) + 2) * RAW_BYTES
        while len(self._kept) > 5 and raw_bytes + len(self._kept) * COMPRESSED_BYTES > budget:
            del self._kept[min(_sinks(self._setting), len(self._kept) - 1)]
            self._evicted += 1
        entries = _with_kinds(self._kept, self._setting)
        segments = tuple(
            MemorySegment(kind, count, count * size)
            for kind, size in (
                ("sink", RAW_BYTES),
                ("compressed", COMPRESSED_BYTES),
                ("look-ahead", COMPRESSED_BYTES),
                ("raw", RAW_BYTES),
            )
            if (count := sum(entry.kind == kind for entry in entries))
        )
        current = MemorySegment("current", self.spec.block_length, 3 * RAW_BYTES)
        return MemoryUsage(
            policy=self._setting.policy,
            segments=(*segments, current),
            bytes=sum(segment.bytes for segment in segments),
            budget=budget,
            full_history_bytes=self._frame_count * RAW_BYTES,
            evicted=self._evicted,
            oldest_seconds=(self._frame_count - entries[0].frame_index) / self.spec.fps,
            attended_frames=sum(entry.attended for entry in entries),
            entries=entries,
            origin=self._origin,
        )

    def _sector(self) -> int:
        return int(self._pose.yaw // SECTOR)


@cache
def _zoomed(length: int, fov: float) -> np.ndarray:
    """Return which of so many pixels in a row are seen, from the first place to the last."""
    from_middle = (np.arange(length) + 0.5 - length / 2) * fov / WIDEST_FOV
    return np.floor(from_middle + length / 2).astype(int)


def block_number(frame: Frames) -> int:
    """Return the block that a frame of a FakeWorld belongs to."""
    return int(frame[0, 0, 0]) + 256 * int(frame[0, 0, 1])


@cache
def draw_panorama(seed: int) -> Frames:
    """Draw a ring of hills and towers, uint8 [H, RING, 3]; only to be read."""
    random = np.random.default_rng(seed)
    height = 192 + 2 * SKY_ROOM
    rows, columns = np.mgrid[0:height, 0:RING]
    shade = (rows / height)[..., None]
    picture = (1 - shade) * (96, 150, 220) + shade * (236, 214, 190)
    turn = columns / RING * 2 * np.pi
    for depth, colour in enumerate(((150, 140, 170), (120, 130, 110), (206, 168, 104))):
        waves = random.integers(2, 9, 3)
        phases = random.uniform(0, 6, 3)
        ridge = sum(np.sin(wave * turn + phase) for wave, phase in zip(waves, phases, strict=True))
        picture[rows > height * (0.46 + 0.1 * depth) - 9 * ridge] = colour
    for _ in range(14):
        left, top = random.integers(0, RING - 40), random.integers(150, 215)
        picture[top:262, left : left + random.integers(12, 36)] = random.integers(40, 200, 3)
    panorama = picture.astype(np.uint8)
    panorama.setflags(write=False)
    return panorama


def _sinks(setting: MemorySetting) -> int:
    return 2 if setting.sink_frames is None else setting.sink_frames


def _with_kinds(kept: list[MemoryEntry], setting: MemorySetting) -> tuple[MemoryEntry, ...]:
    last = len(kept) - 1
    entries = []
    for place, entry in enumerate(kept):
        kind = "raw" if place > last - 2 else entry.kind
        if place < _sinks(setting):
            kind = "sink"
        elif kind == "raw" and place <= last - 2:
            kind = "compressed"
        recalled = place % max(1, last // 3) == 0 or place == last
        entries.append(MemoryEntry(entry.frame_index, kind, entry.pose, attended=recalled))
    return tuple(entries)


def _revived(cls: type, data: dict) -> object:
    return cls(**{**data, "pose": CameraPose(**data["pose"])})
