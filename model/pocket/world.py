"""The one World: a conditioner, a generator with memory, and a decoder, passed in as parts."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose, check_pose, move
from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.typed_fields import of_type
from mag_sandbox.files.typed_json import decode, revived
from mag_sandbox.model.coverage import all_shown, choose_views, covered_cells, views_beside
from mag_sandbox.model.flow import euler_levels
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.generator import Coordinates, Generator, block_noise
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.memory import (
    MemoryPolicy,
    change_policy,
    make_policy,
    memory_usage,
    no_places,
)
from mag_sandbox.model.parking import joined, packed, part_of, parts_of, unpacked
from mag_sandbox.model.pocket.base import PocketSession, PocketWorld, WorldParts
from mag_sandbox.model.pocket.editing import Editor
from mag_sandbox.model.pocket.inventing import Inventor
from mag_sandbox.model.prompts import Conditioner
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.session_world import MOST_BLOCKS
from mag_sandbox.model.slots import BlockInfo, SlotTable, SlotWrite
from mag_sandbox.model.world import (
    MIB,
    Control,
    FrameBlock,
    Frames,
    LookAheadBlock,
    MemorySetting,
    MemoryUsage,
    Past,
    WorldState,
    checked_seed,
    no_edits,
)
from mag_sandbox.scenes import Scene

_BESIDE_FIRST = 2  # views, one to each side, that the camera's first movement waits for
_AROUND, _EDITS = "around", "edits"  # parts of a snapshot: what inventor and editor know


@dataclass(slots=True)
class DiffusionSession(PocketSession):
    """A session of a world that looks ahead."""

    made: int = 0  # blocks made, look-ahead ones counted
    prompt_index: int = 0  # how often the prompt has changed
    pending: CameraPose | None = None  # of the view that is being invented
    due: int = 0  # the block before which it is remembered; waited for if need be
    has_sky: bool = False  # whether the last shown block did, where the world moves
    looked_ahead: bool = False  # since the last shown block; once at most, to stay in time
    views_owed: int = 0  # beside the first view, to be remembered before the camera moves
    edited: Edit | None = None  # what the next block shows changed
    command: CameraCommand = field(default_factory=CameraCommand)  # how the camera moved last

    def __post_init__(self) -> None:
        PocketSession.__post_init__(self)
        if not 0 <= self.made <= 2 * MOST_BLOCKS or min(self.prompt_index, self.due) < 0:
            raise ValueError(f"{self.made} blocks were made, {self.prompt_index} prompts changed")
        if not 0 <= self.views_owed <= _BESIDE_FIRST:
            raise ValueError(f"{self.views_owed} views are owed")
        if self.pending:
            check_pose(self.pending)

    def settle(self, pose: CameraPose, command: CameraCommand, *, has_sky: bool) -> None:
        """Stand where a block has been shown."""
        self.pose, self.command = pose, command
        self.has_sky, self.looked_ahead = has_sky, False


@dataclass(frozen=True, slots=True)
class _Made:
    """A block that was denoised and is yet to be remembered."""

    latents: Tensor  # [1, F, C, h, w]
    coordinates: Coordinates
    info: BlockInfo
    read: tuple[int, ...]  # slots


@dataclass(frozen=True, slots=True)
class _Painted:
    """What is being cut for a block of what was painted; None: it is not needed, it seems."""

    view: "Future[Tensor | None] | None" = None  # where its last frame looks, latents
    sky: "Future[Tensor | None] | None" = None  # upwind, alone, pictures


class _NearView(NamedTuple):
    """What was painted at a pose or, where not all of that was, whole tokens beside it."""

    pose: CameraPose  # of what it shows
    latents: Tensor  # [1, C, h, w]


@dataclass(frozen=True, slots=True)
class _Expected:
    """What was painted where the next block ends if the camera goes on as it does."""

    pose: CameraPose
    known: object  # that it is cut out of
    view: "Future[_NearView | None]"  # None: too little was painted


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """What `_foresee` came to: where the next block ends if the camera goes on as it does."""

    pose: CameraPose
    known: object  # what was painted so far
    shown: CameraPose | None  # where the view in the spare slot looks: there, or near; None: none


@dataclass(frozen=True, slots=True)
class _Deferred:
    """A block that is remembered when its frame is read, if it ever is."""

    made: _Made
    write: SlotWrite


class DiffusionWorld(PocketWorld[DiffusionSession]):
    """A world whose frames a video transformer invents and remembers; see `World`."""

    def __init__(
        self,
        parts: WorldParts,
        imagination: Conditioner,
        inventor: Inventor,
        generator: Generator,
        rays: RayCoordinates,
        memory: MemorySetting,
        *,
        editor: Editor | None = None,
        look_ahead: bool = True,
    ) -> None:
        """Say what it is made of.

        Args:
            parts: that worlds over these weights share.
            imagination: keys of prompts for the memory model.
            inventor: makes views that memory does not show.
            generator: denoises and remembers, over a cache.
            rays: coordinates of blocks.
            memory: first setting.
            editor: changes what the inventor made; None: nothing does.
            look_ahead: whether views are imagined before the camera gets there.
        """
        super().__init__(parts)
        self._editor = editor
        self._imagination, self._inventor, self._generator = imagination, inventor, generator
        self._cache, self._rays = generator.cache, rays
        self._initial_memory, self._look_ahead = memory, look_ahead
        self._levels = euler_levels(parts.flow.imagine_steps, parts.flow.imagine_shift)
        self._policy = self._new_policy(memory)
        self._attended: frozenset[int] = frozenset()  # frame indices
        self._deferred: _Deferred | None = None
        self._expected: _Expected | None = None
        self._foreseen: _Foreseen | None = None  # None: nobody has looked yet
        self._imagined: list[LookAheadBlock] = []

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        seed = checked_seed(scene, seed)
        self._require_words(scene.prompt)
        self._begin(scene, seed)
        length = self.spec.block_length
        with torch.inference_mode():
            ahead = CameraPose()
            if scene.image is None:
                self._inventor.begin_view(ahead, scene.prompt, self)
                view = self._inventor.take_view(self)
            else:
                view = self._codec.encode(self._codec.open_image(scene.image)).float()
                self._inventor.see(ahead, view)
            self._running().views_owed = _BESIDE_FIRST
            return self._show((ahead,) * length, CameraCommand(), self._resting(view))

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        session = self._running()
        if control.prompt not in (None, session.prompt):
            self._require_words(control.prompt)
        with torch.inference_mode():
            while self.prepare():  # first of all, so that it matters to nothing what was done early
                pass
            if control.camera != CameraCommand():
                self._remember_views_owed(session)
            edited, session.edited = session.edited, None
            self._obey(control, session)
            edited = self._edit(control.edit) or edited
            if self._arrives_later or not session.looked_ahead:  # where the player turns now
                self._look_ahead_to(control.camera, session.block_index)
                if self._arrives_later and session.pending is None:  # all is known there
                    self._look_ahead_to(session.command, session.block_index)
                self.prepare()
            return replace(self._show(self._poses(control.camera), control.camera), edited=edited)

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Take a block's frames as they are and remember them as if they had been made here.

        What was pending to be imagined is dropped, and what was painted and never seen forgotten:
        what is shown may be otherwise. For evaluations; play has no need of it.

        Args:
            control: how the camera moved.
            frames: uint8 [block_length, H, W, 3].

        Raises:
            ValueError: the frames are of another number or size.
        """
        session = self._running()
        with torch.inference_mode():
            latents = self._codec.encode_block(frames, self.spec)
            session.pending = None
            self._inventor.drop_view()
            self._edit(Edit("forget"))
            self._obey(control, session)
            return self._show(self._poses(control.camera), control.camera, latents)

    def adopt(self, past: Past) -> None:
        """Go on where another world of the same base was; see `AdoptingWorld`.

        Pictures are remembered at the time at which they were shown, so that their age is true.
        """
        session = self._begin(past.scene, past.seed)
        with torch.inference_mode():
            for block in past.blocks:
                session.made = max(session.made, block.block_index)
                session.block_index = block.block_index
                given = self._codec.encode_block(block.frames, self.spec)
                self._remember(self._make(block.poses, given=given))
        session.follow(past)
        self._times.taken()  # is no block's

    def prepare(self) -> bool:
        """Do the change and remember the views that are due; see `World`."""
        session = self._running()
        if self._editor and self._editor.is_due(session.block_index):
            session.edited = self._finish_edit(self._editor)
            return True
        target = session.pending
        if target is None or not self._view_is_due(session.block_index):
            return self._foresee(self._poses(session.command)[-1], self._time)
        session.pending, session.looked_ahead = None, True
        session.views_owed = max(0, session.views_owed - 1)
        with torch.inference_mode():
            self._remember_ahead(target)
        return True

    def _remember_views_owed(self, session: DiffusionSession) -> None:
        """Remember both sides of the first view, so that the camera turns into a finished world.

        The wait depends on commands alone, so a replay waits at the same block.
        """
        while session.views_owed and self._arrives_later:
            self._look_ahead_to(session.command, session.block_index)
            if session.pending is None:
                break
            session.due = session.block_index
            self.prepare()
            session.looked_ahead = False
        session.views_owed = 0

    def _look_ahead_to(self, command: CameraCommand, next_block: int) -> None:
        """Begin to invent a view, if the camera is going where one is wanted."""
        busy = self._editor is not None and self._editor.is_painting
        if busy or not self._look_ahead or not self._policy.looks_ahead:
            return
        session = self._running()
        target = self._inventor.next_view(session.pose, command, self)
        if target is not None:
            with self._times.of("look_ahead"):
                blocks = self._inventor.begin_view(target, session.prompt, self)
            session.pending, session.due = target, next_block + blocks

    def _new_imagined(self) -> tuple[LookAheadBlock, ...]:
        """Return what was remembered ahead and not told yet."""
        imagined = tuple(self._imagined)
        self._imagined.clear()
        return imagined

    def _view_is_due(self, block: int) -> bool:
        """Tell whether a view is remembered before a block."""
        session = self._running()
        return session.pending is not None and block >= session.due

    def _changes_before(self, block: int) -> bool:
        """Tell whether memory changes before a block, whatever is asked of it."""
        edits = self._editor is not None and self._editor.is_due(block)
        return edits or self._view_is_due(block)

    def _foresee(self, pose: CameraPose, time: int) -> bool:
        """Remember what was painted where the next block ends, or will if the camera goes on so.

        A view between the cells of the lattice, or zoomed, is recalled softly from views beside it.
        So a block reads the very view that it ends at; tell whether there was something to do.

        Args:
            pose: where that is.
            time: frames shown before that block.
        """
        if not self._arrives_later or pose == self._focused_pose():
            return False
        known, foreseen = self._inventor.known, self._foreseen
        if foreseen and foreseen.known is known and foreseen.pose == pose:
            return False
        with torch.inference_mode(), self._times.of("remember"):
            view = self._expect(pose).result()
            if view is not None:
                read = self._attend(pose)
                self._require(read)
                self._remember_view(self._cache.spare, *view, read, time)
        self._foreseen = _Foreseen(pose, known, view and view.pose)
        return view is not None

    def _expect(self, pose: CameraPose) -> "Future[_NearView | None]":
        """Begin to cut what was painted at a pose, unless it was cut and nothing has changed."""
        expected, known = self._expected, self._inventor.known
        if not (expected and expected.pose == pose and expected.known is known):
            view = self._decoder.beside(partial(self._view_near, pose))
            self._expected = expected = _Expected(pose, known, view)
        return expected.view

    def _foresaw(self, pose: CameraPose) -> bool:
        """Tell whether what was painted at a pose lies in the spare slot."""
        return self._foreseen_near(pose) == pose

    def _foreseen_near(self, pose: CameraPose) -> CameraPose | None:
        """Return where the view looks that was foreseen of a block ending at a pose; None: none."""
        foreseen = self._foreseen
        return foreseen.shown if foreseen and foreseen.pose == pose else None

    def _remember_ahead(self, target: CameraPose) -> None:
        """Take and remember a view that is not shown."""
        started = time.perf_counter()
        with self._times.of("look_ahead"):
            view = self._inventor.take_view(self)
        self._remember_view_ahead(target, view, started)

    def remember_unseen(self, pose: CameraPose, view: Tensor) -> None:
        """Remember a view, latents [1, C, h, w], that is not shown."""
        self._remember_view_ahead(pose, view, time.perf_counter())

    def _remember_view_ahead(self, target: CameraPose, view: Tensor, started: float) -> None:
        """Remember a view that was begun to be made at a time."""
        index = self._running().made
        poses = (target,) * self.spec.block_length
        made = self._make(poses, look_ahead=True, given=self._resting(view))
        self._remember(made)
        self._policy.let_pass()
        self._imagined.append(
            LookAheadBlock(
                block_index=index,
                pose=target,
                latency_ms=1000 * (time.perf_counter() - started),
                digest=hashlib.sha256(made.latents.cpu().numpy().tobytes()).hexdigest()[:16],
            )
        )

    @property
    def shown_poses(self) -> Sequence[CameraPose]:
        """Poses of the frames that memory keeps, but for those that only pass."""
        return self._policy.lasting

    def pose_after(self, command: CameraCommand, blocks: int) -> CameraPose:
        """Return where the camera will look after so many blocks of a command."""
        pose, spec = self._running().pose, self.spec
        return move(pose, command, spec.full_speed, spec.fps, blocks * spec.block_length)[-1]

    @property
    def upwind_pose(self) -> CameraPose | None:
        """Where the wind carries the sky in view from; None: no sky is."""
        session = self._running()
        return self._decoder.upwind((session.pose,), self._time)[0] if session.has_sky else None

    @property
    def evictions(self) -> int:
        """Frames that memory has lost so far."""
        return self._policy.table.evicted

    @property
    def has_room(self) -> bool:
        """Whether there is room for views that nobody may ever look at."""
        return self._policy.has_room

    def recall_view(self, pose: CameraPose) -> Tensor:
        """Return what memory shows at a pose, latents [1, C, h, w]."""
        self._read(self._attend(pose), frames=1)
        return self._recall(self._view_coordinates(pose, self._time), 1)[0]

    def imagine_view(self, pose: CameraPose) -> Tensor:
        """Return what the memory model makes of a pose, latents [1, C, h, w].

        As one frame it costs a third of what inventing a block of three does.
        """
        self._read(self._attend(pose), frames=1)
        return self._invent(self._view_coordinates(pose, self._time), 1)[0]

    def painted(self, pose: CameraPose) -> Frames | None:
        """Return what was painted or given at a pose; see `PaintingWorld`."""
        with torch.inference_mode():
            views = self._inventor.views((pose,))
        return None if views is None else to_frames(views)

    @property
    def kept(self) -> tuple[SlotTable, KVCache]:
        """Which frame lies in which slot, and their keys and values."""
        self._remember_deferred()
        return self._policy.table, self._cache

    def rewrite(self, slot: int, pose: CameraPose, view: Tensor, beside: Sequence[int]) -> None:
        """Remember a view, latents [1, C, h, w], in a slot, reading others."""
        frames = self._policy.table.frames
        read = choose_views(
            pose, [frames[one].pose for one in beside], self._policy.setting.attended_frames
        )
        self._remember_deferred()
        read_slots = sorted(beside[index] for index in read)
        self._remember_view(slot, pose, view, read_slots, self._time)

    def snapshot(self) -> WorldState:
        """Return everything needed to go on; see `World`."""
        session = self._running()
        self._remember_deferred()
        slots = self._policy.table.slots()
        keys, values = self._cache.export(slots)
        data = {
            "world": self.spec.name,
            **self._signed(),
            "slots": list(slots),
            "attended": sorted(self._attended),
            "table": self._policy.table.as_dict(),
            "setting": asdict(self._policy.setting),
            "progress": asdict(session),
            "imagined": [asdict(block) for block in self._imagined],
        }
        own = packed({"keys": keys, "values": values}, data)
        parts = {part: owner.snapshot() for part, owner in self._owners()}
        return joined(parts, own.data, own.arrays)

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot; see `World`.

        Raises:
            WorldFailed: the snapshot was taken with other weights; nothing has changed.
            ValueError: it makes no sense; likewise.
        """
        converted = self._require_own(state)
        data = state.data
        session: DiffusionSession = revived(DiffusionSession, data["progress"], "progress")
        policy = self._new_policy(revived(MemorySetting, data["setting"], "setting"))
        policy.table.load_dict(data["table"])
        slots = decode(tuple[int, ...], data["slots"], "slots")
        attended = decode(tuple[int, ...], data["attended"], "attended")
        imagined = decode(tuple[LookAheadBlock, ...], data["imagined"], "imagined")
        fits = [slot for slot in slots if slot < policy.table.capacity]
        if tuple(fits) != policy.table.slots() or list(slots) != sorted(slots):
            raise ValueError(f"frames are kept of slots {slots}")
        kept = unpacked(state)
        self._cache.check(len(slots), **kept)
        parts = parts_of(state)  # states of before do not have all
        know = [self._inventor.reading(part_of(state, _AROUND))] if _AROUND in parts else []
        if self._editor and _EDITS in parts:
            know.append(self._editor.reading(part_of(state, _EDITS), self._cache))
        # all was read: from here on nothing fails, and what was played is gone
        self._notices += converted
        self._policy = policy
        self._deferred = self._foreseen = None
        self._cache.load(fits, **kept)  # slots are saved in order, so these come first
        self._inventor.begin(session.seed)
        if self._editor:
            self._editor.begin(anew=False)
        for part in know:
            part()
        self._attended = frozenset(attended)
        self._session, self._imagined = session, list(imagined)
        if session.pending is not None and not self._inventor.has_view:
            if self._inventor.recalls_all:  # a state of before, whose views lay anywhere
                session.pending = None
            else:
                self._inventor.begin_view(session.pending, session.prompt, self)

    def close(self) -> None:
        """Free everything; may be called twice."""
        self._inventor.close()
        super().close()

    def provenance(self) -> dict:
        """Return what a recording's header says of this world."""
        setting = asdict(self._initial_memory)
        return {**super().provenance(), "memory": setting, "look_ahead": self._look_ahead}

    def _begin(self, scene: Scene, seed: int) -> DiffusionSession:
        """Forget everything."""
        setting = self._initial_memory
        setting = replace(setting, policy=scene.memory or setting.policy)
        self._policy = self._new_policy(setting)
        self._deferred = self._foreseen = None
        self._session = DiffusionSession(seed, scene.prompt, CameraPose())
        self._inventor.begin(seed)
        if self._editor:
            self._editor.begin()
        self._imagined.clear()
        self._times.taken()
        return self._session

    def _obey(self, control: Control, session: DiffusionSession) -> None:
        if control.prompt is not None and control.prompt != session.prompt:
            session.prompt = control.prompt
            session.prompt_index += self._inventor.prompts_renew
        if control.memory is not None and control.memory != self._policy.setting:
            self._remember_deferred()
            self._foreseen = None
            capacity = self._capacity(control.memory)
            self._policy = change_policy(
                self._policy, control.memory, capacity, self.spec.block_length,
                painted=self._inventor.recalls_all,
            )  # fmt: skip

    def _edit(self, edit: Edit | None) -> Edit | None:
        """Begin a change of the world and return what was changed at once; say why it cannot be."""
        if edit is None:
            return None
        session, problem, done = self._running(), self._refusal(), None
        if self._editor is not None and not problem:
            session.pending = None  # it knows nothing of the change
            self._inventor.drop_view()
            with self._edit_time(self._editor):
                asked = edit, session.prompt, session.block_index, self
                problem, done = self._editor.ask(*asked)
        if problem and edit.act != "forget":  # what is not painted ahead needs no forgetting
            self._notices.append(problem)
        return done

    def _finish_edit(self, editor: Editor) -> Edit | None:
        """Do the change that was painted; None: it cannot be any more."""
        if problem := self._refusal():
            editor.drop()
            self._notices.append(problem)
            return None
        with torch.inference_mode(), self._edit_time(editor):
            return editor.finish(self._running().block_index, self)

    @contextmanager
    def _edit_time(self, editor: Editor) -> Iterator[None]:
        """Count time for an edit; if it changes what the newest focused frame shows, that blurs."""
        self._foreseen = None
        with self._times.of("edit"):
            focused = self._focused_pose()
            before = editor.ground(focused)
            yield
            if before != editor.ground(focused):
                self._policy.blur()

    def _refusal(self) -> str:
        """Return why nothing can be changed now; "": it can."""
        if self._editor is None:
            return no_edits(self.spec.name)
        if not self._look_ahead:
            return "nothing can be changed without look-ahead; play with it"
        return no_places(self._policy.setting.policy)

    def _owners(self) -> list[tuple[str, Inventor | Editor]]:
        """Return whose knowledge is part of a snapshot, by its name there."""
        editor: list[tuple[str, Inventor | Editor]] = (
            [(_EDITS, self._editor)] if self._editor else []
        )
        return [(_AROUND, self._inventor), *editor]

    def _show(
        self, poses: tuple[CameraPose, ...], command: CameraCommand, given: Tensor | None = None
    ) -> FrameBlock:
        """Make, decode and return a block, and begin to invent what comes next."""
        session = self._running()
        if given is None:
            self._foresee(poses[-1], self._time)  # if the camera goes on otherwise than it did
        painted = self._painted_beside(poses) if given is None else _Painted()
        coming = self._poses(command, poses[-1])[-1]
        goes_on = self._arrives_later and coming != poses[-1]
        if goes_on:
            self._expect(coming)
        made = self._make(poses, given=given)
        drawn = self._decoder.begin(made.latents[0], poses, self._time, painted.sky)
        self._remember(made, painted.view)  # meanwhile, and what follows
        self._foreseen = None
        if goes_on and not self._changes_before(session.block_index + 1):
            self._foresee(coming, self._time + self.spec.block_length)
        shown = self._decoder.finish(drawn, partial(self._sky, poses))
        session.settle(poses[-1], command, has_sky=shown.has_sky)
        self._look_ahead_to(command, session.block_index + 1)
        imagined = self._new_imagined()
        block = self._handed_out(shown, poses, command, self._usage(), imagined)
        editor = self._editor
        if editor is None:
            return block
        editor.see(poses)
        planned = editor.planned if self._arrives_later else None  # else not all was painted
        return replace(block, placed=editor.placed, planned=planned)

    def _painted_beside(self, poses: tuple[CameraPose, ...]) -> "_Painted":
        """Begin to cut what a block needs of what was painted, while the block is denoised."""
        view = sky = None
        # who looks ahead has foreseen it, or it is not all painted
        if poses[-1] != self._focused_pose() and not self._arrives_later:
            view = self._decoder.beside(partial(self._view_painted, poses[-1]))
        if self._running().has_sky:
            upwind = self._decoder.upwind(poses, self._time)
            sky = self._decoder.beside(partial(self._inventor.skies, upwind))
        return _Painted(view, sky)

    def _view_painted(self, pose: CameraPose) -> Tensor | None:
        """Return the latents of what was painted at a pose, [1, C, h, w]; None: not all of it."""
        frames = self.painted(pose)
        return None if frames is None else self._codec.encode(frames).float()

    def _view_near(self, pose: CameraPose) -> "_NearView | None":
        """Return what was painted at a pose or whole tokens beside it; None: too little was."""
        others = views_beside(pose, self._rays.grid)  # tokens of others are not where its own are
        near = self._inventor.nearest_view(pose, others)
        if near is None:
            return None
        there, picture = near
        return _NearView(there, self._codec.encode(to_frames(picture)).float())

    def _make(
        self,
        poses: tuple[CameraPose, ...],
        *,
        look_ahead: bool = False,
        given: Tensor | None = None,
    ) -> _Made:
        """Denoise one block; it must be remembered before the next one is made."""
        session = self._running()
        first_frame = session.made * self.spec.block_length
        slots = self._attend(poses[-1])
        knows = given is not None or self._knows(poses, slots)
        copied = given is None and self._inventor.recalls_all
        block = BlockInfo(
            first_frame, poses, session.prompt_index, look_ahead, self._time,
            passing=not knows and self._arrives_later, copied=copied,
        )  # fmt: skip
        coordinates = self._coordinates(block)
        if not look_ahead:
            kept = self._policy.table.frames
            self._attended = frozenset(kept[slot].frame_index for slot in slots)
        with self._times.of("look_ahead" if look_ahead else "denoise"):
            latents = given
            seen = copied and not look_ahead and self._foreseen_near(poses[-1])
            self._read((self._cache.spare, *slots) if seen else slots)
            if latents is None:
                # of known and unknown ground together the memory model makes a mosaic
                make = self._recall if knows or seen else self._invent
                latents = make(coordinates, len(poses))
        return _Made(latents, coordinates, block, slots)

    @property
    def _arrives_later(self) -> bool:
        """Whether a view is being invented of all that memory does not show."""
        ahead = self._look_ahead and self._policy.looks_ahead
        return ahead and self._inventor.recalls_all

    def _attend(self, view: CameraPose) -> tuple[int, ...]:
        """Return the slots that a block ending at `view` reads."""
        policy = self._policy
        return policy.attend_painted(view) if self._inventor.recalls_all else policy.attend(view)

    def _recall(self, coordinates: Coordinates, frames: int) -> Tensor:
        """Return a block that memory knows, made by the generator."""
        text = self._conditioner.text_keys(self._running().prompt)
        return self._generator.denoise(self._noise(frames), coordinates, text, self._flow.steps)

    def _invent(self, coordinates: Coordinates, frames: int) -> Tensor:
        """Return frames that memory does not know, or not all of, made by the memory model."""
        text = self._imagination.text_keys(self._running().prompt)
        return self._generator.imagine(self._noise(frames), coordinates, text, self._levels)

    def _knows(self, poses: tuple[CameraPose, ...], slots: tuple[int, ...]) -> bool:
        """Tell whether attended frames of the prompt in force show all of a block's last view."""
        kept, prompt_index = self._policy.table.frames, self._running().prompt_index
        shown = [kept[slot].pose for slot in slots if kept[slot].prompt_index == prompt_index]
        return all_shown(covered_cells(poses[-1], shown))

    def _read(self, slots: tuple[int, ...], frames: int | None = None) -> None:
        """Have the coming passes, of a block or `frames`, read slots."""
        self._require(slots)
        self._cache.attend(slots, frames)

    def _require(self, slots: Sequence[int]) -> None:
        """Remember what was put off, if it is to lie in one of some slots."""
        if self._deferred and self._deferred.write.slot in slots:
            self._remember_deferred()

    def _remember(self, made: _Made, painted: "Future[Tensor | None] | None" = None) -> None:
        """Remember a block with one clean pass; one that only the next might read, when it does.

        Args:
            made: the block.
            painted: what was painted where its last frame looks, if that is not focused yet.
        """
        place, focused = self._policy.focused(), self._focused_pose()
        writes = self._policy.admit(made.info)
        slots, deferred = {write.slot for write in writes}, self._deferred
        if deferred and deferred.write.slot in slots:
            self._deferred = None  # nobody has read it
        elif deferred and slots & set(deferred.made.read):
            self._remember_deferred()  # what it reads is about to change
            self._cache.attend(made.read)
        stands_in = self._standing_in(made, place, focused, painted) if writes else None
        own = writes[:-1] if stands_in else writes
        if own and all(map(self._policy.passes, own)):
            self._deferred = _Deferred(made, own[-1])
            if writes[-1].slot in made.read:  # it changes, or the next block reads it as well
                self._remember_deferred()
        elif own:
            with self._times.of("look_ahead" if made.info.look_ahead else "remember"):
                self._write(made, own)
        if stands_in:
            stands_in(writes[-1].slot)
            self._policy.table.focus(writes[-1].slot)
        self._running().made += 1

    def _focused_pose(self) -> CameraPose | None:
        """Return where the newest focused frame looks; None: there is none."""
        slot = self._policy.focused()
        return None if slot is None else self._policy.table.frames[slot].pose

    def _standing_in(
        self,
        made: _Made,
        place: int | None,
        focused: CameraPose | None,
        painted: "Future[Tensor | None] | None",
    ) -> Callable[[int], None] | None:
        """Return what remembers in a slot what was painted where a block looks, not its copy.

        So the next block reads the very view that this one ended at. None: nothing stands in.

        Args:
            made: the block.
            place: slot in which the newest such frame before it lay.
            focused: where that looks.
            painted: latents of the view, if that is not where the block looks.
        """
        pose, view = made.info.poses[-1], painted.result() if painted else None
        if not made.info.copied:
            return None
        if self._foresaw(pose):
            return partial(self._cache.copy, self._cache.spare)
        if place is not None and pose == focused:
            if self._policy.focused() is not None:  # it lies in another slot
                return None
            self._cache.copy(place, self._cache.spare)  # it leaves its own, and moves on
            return partial(self._cache.copy, self._cache.spare)
        if view is None:
            return None

        def remember(slot: int) -> None:
            with self._times.of("remember"):
                self._remember_view(slot, pose, view, made.read, self._time)

        return remember

    def _remember_view(
        self, slot: int, pose: CameraPose, view: Tensor, read: Sequence[int], time: int
    ) -> None:
        """Remember a view, latents [1, C, h, w], in a slot, reading others, as of a time."""
        self._cache.attend(read, frames=1)
        self._generator.remember(view[None], self._view_coordinates(pose, time))
        self._cache.write([SlotWrite(0, slot)])

    def _remember_deferred(self) -> None:
        """Remember what was put off; what it reads is as it was, so it makes no difference."""
        deferred, self._deferred = self._deferred, None
        if deferred:
            with torch.inference_mode(), self._times.of("remember"):
                self._cache.attend(deferred.made.read)
                self._write(deferred.made, (deferred.write,))

    def _write(self, made: _Made, writes: Sequence[SlotWrite]) -> None:
        """Remember a block that reads what the cache attends."""
        self._generator.remember(made.latents, made.coordinates)
        self._cache.write(writes)

    def _sky(self, poses: tuple[CameraPose, ...]) -> Tensor:
        """Return the sky, alone, of where the wind has carried a block's from, [F, 3, H, W].

        As it was painted, or else as memory shows it.
        """
        poses = self._decoder.upwind(poses, self._time)
        with self._times.of("sky"):
            skies = self._inventor.skies(poses)
            if skies is not None:
                return skies
            self._read(self._attend(poses[-1]))
            place = self._coordinates(BlockInfo(0, poses, time=self._time))
            pictures = self._codec.picture(self._recall(place, len(poses))[0])
            return self._decoder.sky_alone(pictures, poses)

    def _resting(self, view: Tensor) -> Tensor:
        """Return a view, [1, C, h, w], as a block in which the camera rests, [1, F, C, h, w]."""
        return view.expand(self.spec.block_length, *self._latent_shape)[None]

    def _view_coordinates(self, pose: CameraPose, time: int) -> Coordinates:
        """Return where a single view lies: as the last frame of a block that begins at a time."""
        poses = (pose,) * self.spec.block_length
        block = BlockInfo(0, poses, time=time)
        return self._coordinates(block, first=len(poses) - 1)

    def _noise(self, frames: int) -> Tensor:
        session, shape = self._running(), (1, frames, *self._latent_shape)
        return block_noise(session.seed, session.made, shape).to(self._cache.device)

    def _coordinates(self, block: BlockInfo, first: int = 0) -> Coordinates:
        """Return where and when the block's frames lie, from its frame `first` on."""
        places = torch.arange(first, len(block.poses))
        poses = [(pose.yaw, pose.pitch, pose.fov) for pose in block.poses[first:]]
        dtype, device = self._cache.dtype, self._cache.device
        table, times = torch.tensor([poses]), block.time + places[None]
        rotary = self._rays.rotary(table, times)
        features = self._rays.features(table, places, dtype)
        return Coordinates(rotary.to(device), features.to(device))

    def _usage(self) -> MemoryUsage:
        session = self._running()
        return memory_usage(
            self._policy,
            self._attended,
            self._cache.slot_bytes,
            self._capacity(self._policy.setting),
            session.made * self.spec.block_length,
            session.block_index + 1,
            self.spec,
            session.origin,
        )

    def _new_policy(self, setting: MemorySetting) -> MemoryPolicy:
        capacity = self._capacity(setting)
        return make_policy(setting, capacity, painted=self._inventor.recalls_all)

    def _capacity(self, setting: MemorySetting) -> int:
        """Return how many slots a budget pays for, at most those that were allocated."""
        wanted = setting.kept_mib * MIB // self._cache.slot_bytes
        return max(1, min(self._cache.slots, wanted))
