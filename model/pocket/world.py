"""The pocket world: a camera, a schedule of views, a memory of blocks, and a decoder.

`step` shows the whole way of a command. Its parts are `ViewSchedule` (which views are needed, and
when), `BlockMemory` (what a block reads, and how it is remembered), `EditRequests` (changes of the
world by the player), `PaintingCuts` (painted views and skies) and `BlockDecoder` (latents to moving
pictures).
"""

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from mag_sandbox.controls.camera import (
    CameraCommand,
    CameraPose,
    Position,
    is_in_range,
    is_stopped,
    move,
    straight,
)
from mag_sandbox.controls.edits import ENTER, Edit
from mag_sandbox.files.validation import decode, of_type
from mag_sandbox.model.parking import joined, part_of, parts_of
from mag_sandbox.model.pocket.base import WorldParts
from mag_sandbox.model.pocket.block_memory import (
    BlockMemory,
    GeneratedBlock,
    MemoryNetworks,
    PassInputs,
)
from mag_sandbox.model.pocket.edit_requests import EditRequests
from mag_sandbox.model.pocket.editing import Editor, all_placed
from mag_sandbox.model.pocket.inventing import MemoryModelInventor, Outlook
from mag_sandbox.model.pocket.listed import as_listed
from mag_sandbox.model.pocket.look_ahead import (
    FIRST_VIEWS,
    THINGS,
    VIEWS,
    LookAheadSession,
    LookAheadWorld,
    SavedProgress,
)
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.model.pocket.painting.painting import PaintingInventor
from mag_sandbox.model.pocket.rooms import RoomParts, Rooms
from mag_sandbox.model.pocket.walks import walk_memory
from mag_sandbox.model.pocket.walks.viewpoints import Viewpoints
from mag_sandbox.model.pocket.walks.walking import START, WalkableGround
from mag_sandbox.model.world import (
    NO_DOOR,
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    Past,
    WorldFailed,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene

SAY_AGAIN = 32  # steps, some six seconds, after which a walker who keeps trying is told again
_ROOMS = "rooms"  # part of a snapshot, beside those of the present room


class DiffusionWorld(LookAheadWorld[BlockMemory]):
    """A world whose frames a video transformer generates and remembers; see `World`."""

    def __init__(
        self,
        parts: WorldParts,
        networks: MemoryNetworks,
        memory: MemorySetting,
        *,
        painting: PaintingInventor | None = None,
        editor: Editor | None = None,
        look_ahead: bool = True,
    ) -> None:
        """Assemble a world.

        Args:
            parts: shared by worlds over these weights.
            networks: the passes of generator and memory model, over a cache of this world.
            memory: first setting.
            painting: plans and paints views; None: the memory model invents them.
            editor: changes the painted ground; None: no edits.
            look_ahead: whether views are made before the camera gets there.
        """
        ground: WalkableGround | None = None
        if painting is not None:
            ground = WalkableGround(painting, lambda: editor.placed if editor else ())
        super().__init__(parts, painting or MemoryModelInventor(), ground)
        self._initial_memory, self._look_ahead = memory, look_ahead
        if painting is not None and self._ground is not None:
            self._viewpoints = Viewpoints(painting, self._ground, self._decoder.beside)
            self._way = self._end_of_step
        self.editor = editor
        painted = painting is not None
        blocks = BlockMemory(
            networks, self.spec, memory, self._inputs, self._times, painted=painted
        )
        self._remember_in(blocks, networks.rays.grid, self._viewpoints, enabled=look_ahead)
        self._stopped_by = ""  # the obstacle that stopped the last step, for the player
        self._stopped_for = 0  # further steps that it stopped
        self._rooms: Rooms | None = None
        if painting and self._viewpoints and self._ground:
            parts_of_room = RoomParts(painting, editor, self._viewpoints, self.memory)
            self._rooms = Rooms(parts_of_room, self._ground)
        self._edits = EditRequests(
            self.spec.name,
            editor,
            self.memory,
            self.schedule,
            self._times,
            self._notices,
            painting.words if painting else None,
        )

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        self._require_open()
        seed = checked_seed(scene, seed)
        self._require_words(scene.prompt)
        self._begin(scene, seed)
        if self.painting and self.schedule.paints(self.memory):  # beside, for what comes next
            self.painting.thread.begin_later(self.painting.imagination.prepare)
        with torch.inference_mode():
            return self._first_block(self._first_view(scene))

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        if control.prompt not in (None, self._running().prompt):
            self._require_words(control.prompt)
        with torch.inference_mode():
            self._catch_up(control)
            edited = self._obey(control)
            if edited == ENTER:
                return replace(self._enter(), edited=edited)
            self._follow_memory()
            self._schedule_views(control.camera)
            # a new thing may stand where the player does
            if self._viewpoints and not control.no_collision:
                self._advance(pose=self._viewpoints.way_out(self._running().pose))
            block = self._finish_block(self._poses(control.camera), control.camera)
            if self.painting:
                self.painting.thread.release()
                self._draw_again(self.painting)
            if self._rooms and self.schedule.paints(self.memory) and not control.leave_out:
                rests = control.camera == CameraCommand()  # blocks are not short of time
                self._rooms.look_ahead(block.poses[-1], block.prompt, rests=rests)
            return replace(block, edited=edited)

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Remember a block's frames as if they had been generated here; see `World`.

        Requested views are cancelled, and painted ground that was never shown is forgotten, since
        the given frames may differ from it.
        """
        poses = self._poses(control.camera)
        if self._running().pose.is_away or poses[-1].is_away:
            raise WorldFailed("frames are shown only where the scene begins; go back there first")
        with torch.inference_mode():
            latents = self._codec.encode_block(frames, self.spec)
            self.schedule.cancel()
            session = self._running()
            self._edits.begin(Edit("forget"), session.prompt, session.block_index)
            self._obey(replace(control, edit=None))
            return self._finish_block(poses, control.camera, latents, is_painted=False)

    def adopt(self, past: Past) -> None:
        """Continue where another world of the same base was; see `World`.

        Pictures are remembered at the time at which they were shown, so that their age is true.
        """
        self._begin(past.scene, past.seed)
        with torch.inference_mode():
            for block in past.blocks:
                self.memory.made = max(self.memory.made, block.block_index)
                self._advance(block_index=block.block_index)
                given = self._codec.encode_block(block.frames, self.spec)
                self.memory.remember(self._generate(block.poses, given))
        self._session = self._running().following(past)
        self._times.taken()  # belongs to no block

    def _is_late(self, block: int) -> bool:
        """Tell whether a view or an edit is due before a block and still being painted."""
        editor = self.editor
        is_painting = editor is not None and editor.is_due(block) and not editor.is_ready
        return is_painting or super()._is_late(block)

    def snapshot(self) -> WorldState:
        """Return everything needed to continue; see `World`."""
        data = {
            "world": self.spec.name,
            **self._signed(),
            "progress": self._progress(self.memory.made),
        }
        own = self.memory.snapshot(data)
        rooms = self._rooms
        parts = {**rooms.parts.snapshot(), _ROOMS: rooms.snapshot()} if rooms else {}
        return joined(parts, own.data, own.arrays)

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot; see `World`. One that is refused changes nothing."""
        converted = self._require_own(state)
        progress: SavedProgress = decode(SavedProgress, state.data["progress"], "progress")
        restore_memory = self.memory.read_snapshot(state, progress.made)
        restore_parts = self._rooms.parts.read_snapshot(state) if self._rooms else []
        if self._rooms and _ROOMS in parts_of(state):
            restore_parts.append(self._rooms.read_snapshot(part_of(state, _ROOMS)))
        # everything was checked: from here on nothing fails, and the present session is gone
        self._notices += converted
        self._session = progress.session
        restore_memory()
        self._inventor.begin(progress.seed)
        if self.editor:
            self.editor.begin(anew=False)
        if self._viewpoints:
            self._viewpoints.begin()
        if self._rooms:
            self._rooms.begin(progress.prompt, progress.seed)
        for restore in restore_parts:
            restore()
        self._continue_schedule(progress, self._viewpoints)

    def provenance(self) -> dict[str, Any]:
        """Return the header of a recording of this world."""
        setting = asdict(self._initial_memory)
        return {**super().provenance(), "memory": setting, "look_ahead": self._look_ahead}

    # The way of a command

    def _begin(self, scene: Scene, seed: int) -> None:
        """Start a session of which nothing is remembered."""
        policy = scene.memory or self._initial_memory.policy
        self.memory.begin(replace(self._initial_memory, policy=policy))
        self._session = LookAheadSession(seed, scene.prompt, CameraPose())
        self._inventor.begin(seed)
        self.schedule.begin()
        if self.editor:
            self.editor.begin()
        if self._viewpoints:
            self._viewpoints.begin()
        if self._rooms:
            self._rooms.begin(scene.prompt, seed)
        self._times.taken()

    def _first_block(self, view: Tensor) -> FrameBlock:
        """Return the first block of a room, which shows a view, latents [1, C, h, w]."""
        poses = (self._running().pose,) * self.spec.block_length
        self.schedule.views_owed = FIRST_VIEWS
        if self.painting:
            self.painting.thread.hold()  # until the next block is done: it is due soon
        return self._finish_block(poses, CameraCommand(), self.memory.passes.resting(view))

    def _enter(self) -> FrameBlock:
        """Go through the door at the player, and return the first block in the room behind it."""
        session, rooms = self._running(), self._rooms
        assert rooms is not None
        door = rooms.door_at(session.pose)
        assert door is not None
        self.schedule.cancel()
        prompt, pose, view = rooms.enter(door, session.pose, session.prompt)
        self.schedule.begin()
        self._advance(prompt=prompt, pose=pose, has_sky=False)
        if self._viewpoints and pose.is_away:
            self._paint_there(self._viewpoints, pose, prompt)
        return self._first_block(view)

    def _paint_there(self, viewpoints: Viewpoints, pose: CameraPose, prompt: str) -> None:
        """Paint the view at a pose away from the start before it is shown.

        A player who comes back through a door faces away from it, perhaps to unpainted ground.
        """
        view = viewpoints.next_view(Outlook(pose, CameraCommand(), pose, None))
        if view is None:
            return
        with viewpoints.thread.awaited():
            viewpoints.begin_view(view, prompt)
            viewpoints.take_view()
        walk_memory.remember_view(self.memory, view, self.spec.block_length)

    def _prepare(self, leave_out: Collection[str] = ()) -> bool:
        """Do pending work; tell whether there was any; see `LookAheadWorld`."""
        session, editor, takes = self._running(), self.editor, VIEWS not in leave_out
        if takes and editor and editor.is_due(session.block_index):
            edited = self._edits.finish(editor, session.block_index)
            self._advance(edited=edited)
            if self._ground and edited and edited.renews_everything:
                self._ground.begin()
                self._advance(pose=session.pose.at_origin)  # the place is planned around there
            return True
        with torch.inference_mode():
            if takes and (seen := self.schedule.remember_due(session.block_index, self.memory)):
                if seen.is_away:
                    walk_memory.remember_view(self.memory, seen, self.spec.block_length)
                if self._viewpoints:
                    self._follow_memory()
                    self._viewpoints.prepare(session.pose)
                return True
            draws = THINGS not in leave_out
            if draws and self.painting and self.painting.drawing.take(session.block_index):
                return True
            if self._viewpoint(session.pose) != START:
                return False
            end = self._poses(session.command)[-1].at_origin
            return self.schedule.prefetch(end, self._time, self.memory)

    def _obey(self, control: Control) -> Edit | None:
        """Change prompt, memory and world; return the edit that the next block shows first."""
        session, edited = self._running(), self._running().edited
        if edited is not None and self._viewpoints and self._viewpoints.is_outdated(session.pose):
            edited = None  # it is not told before the picture shows it
        self._advance(edited=session.edited if edited is None else None)
        if control.prompt is not None and control.prompt != session.prompt:
            renews = self.painting is None  # else a new prompt leaves seen views
            self._advance(prompt=control.prompt, prompt_index=session.prompt_index + renews)
        if control.memory is not None and control.memory != self.memory.policy.setting:
            self.memory.change(control.memory)
        session, edit = self._running(), control.edit
        renews = edit is not None and edit.renews_everything
        plan = self.painting.plan if self.painting else None
        if plan and not renews and (control.prompt, control.memory) != (None, None):
            prompts = plan.prompt, session.prompt
            self._edits.begin_elsewhere(session.pose, *prompts, session.block_index)
        if edit is not None and edit.act == "enter":
            if not self._rooms or not self._rooms.door_at(session.pose):
                self._notices.append(NO_DOOR)
                return edited
            return ENTER
        if edit is not None and self._ground:
            there = self._ground.at_start(edit)
            if isinstance(there, str):
                self._notices.append(there)
                edit = None
            else:
                edit = there
        undoable = self.editor.changes.undoable if self.editor else 0
        done = self._edits.begin(edit, session.prompt, session.block_index)
        if self.editor is None or self.editor.changes.undoable >= undoable:
            return done or edited
        # the change that was taken back is not told any more, and this not before it is shown
        waits = self._viewpoints is not None and self._viewpoints.is_outdated(session.pose)
        self._advance(edited=done if waits else None)
        return None if waits else done

    def _finish_block(
        self, poses: tuple[CameraPose, ...], command: CameraCommand, given: Tensor | None = None,
        *, is_painted: bool = True,
    ) -> FrameBlock:  # fmt: skip
        """Generate, decode and remember a block; decoding and remembering overlap.

        Where the first viewpoint shows most, the block is generated and remembered there, although
        the painted ground is shown in its place. Other viewpoints keep their own pixels.

        Args:
            poses: of its frames.
            command: that led there.
            given: latents in place of generated ones, [1, F, C, h, w].
            is_painted: whether they are painted here, and not another world's pictures.
        """
        session, time, walked = self._running(), self._time, poses
        memory, schedule, decoder = self.memory, self.schedule, self._decoder
        next_end = self._poses(command, poses[-1])[-1].at_origin
        poses = tuple(pose.at_origin for pose in walked)
        place = self._viewpoint(walked[-1]) if given is None else START
        moves_on = schedule.paints(memory) and next_end != poses[-1] and place == START
        painted = sky = None
        if given is None:
            if place == START:
                schedule.prefetch(poses[-1], time, memory)  # unless prefetched before
                if not schedule.paints(memory) and poses[-1] != memory.policy.focused_pose:
                    painted = self._cuts.begin_view(poses[-1])
            sky = self._begin_sky(poses)
        elsewhere = self._viewpoints.look(walked) if self._viewpoints else None
        drawn = elsewhere and decoder.begin(elsewhere, poses, time, sky, self._left_out)
        if moves_on:
            schedule.start_cut(next_end)
        block = self._generate(poses, given) if place == START else None
        if drawn is None:
            assert block is not None  # elsewhere another ring is shown
            draw = decoder.of_latents(block.latents[0])
            # where views are not painted ahead, nothing stays painted
            if is_painted and self._ground and schedule.paints(memory):
                draw = self._cuts.with_details(draw, poses)
            drawn = decoder.begin(draw, poses, time, sky, self._left_out)
        if block:
            memory.remember(block, painted)  # while the frames are decoded, like what follows
        else:
            there = tuple(replace(pose, x=place[0], z=place[1]) for pose in poses)
            walk_memory.remember(memory, there)
        memory.spare_view = None
        due = session.block_index + 1
        edits = self.editor is not None and self.editor.is_due(due)
        if moves_on and not edits and not schedule.is_due(due):
            schedule.prefetch(next_end, time + self.spec.block_length, memory)
        shown = self._finish(drawn, poses)
        self._advance(pose=walked[-1], command=command, has_sky=shown.has_sky)
        schedule.has_remembered = False
        self._request_view(command, session.block_index + 1)
        usage = memory.usage(session.block_index + 1, session.origin)
        self._note_way(session.pose, walked, command)
        finished = self._handed_out(shown, walked, command, usage, memory.take_ahead())
        is_guess = block is not None and block.info.passing
        if elsewhere is not None and self._viewpoints:
            is_guess = self._viewpoints.is_guess(walked[-1])
        return self._with_objects(replace(finished, provisional=is_guess))

    def _draw_again(self, painting: PaintingInventor) -> None:
        """Begin to draw the things around again, unless that is done."""
        if self._ground and painting.plan and self.schedule.paints(self.memory):
            ground = GroundThings(painting.around, self._ground.things, painting.first)
            painting.drawing.follow(ground, self._running().block_index)

    def _follow_memory(self) -> None:
        """Forget ground that memory has lost, unless a view is under way that begins from it."""
        if self._viewpoints:
            self._viewpoints.follow(self.memory, self._running().pose)

    def _viewpoint(self, pose: CameraPose) -> Position:
        """Return the viewpoint from which most of a pose's view is shown [m]."""
        shares = self._viewpoints.shares(pose) if self._viewpoints else [(START, 1.0)]
        return max(shares, key=lambda one: one[1])[0]

    def _end_of_step(self, start: Position, end: Position) -> Position:
        """Return the end of a step [m]; without collisions only a missing plan stops it."""
        assert self._viewpoints is not None
        is_free = self._running().no_collision and is_in_range(*end)
        if is_free and self._ground and self._ground.scenery is not None:
            return end
        return self._viewpoints.way(start, end)

    def _note_way(
        self, start: CameraPose, walked: tuple[CameraPose, ...], command: CameraCommand
    ) -> None:
        """Tell the player what water a way enters, and why steps lead nowhere, now and then."""
        end = walked[-1]
        if self._ground and (wades := self._ground.entered((start.x, start.z), (end.x, end.z))):
            self._notices.append(wades)
        stopped_by, speed, fps = "", self.spec.full_speed, self.spec.fps
        if self._viewpoints and self._ground and is_stopped(walked, command, speed, fps):
            aim = move(start, command, speed, fps, len(walked), straight)[-1]
            held = START, *self._viewpoints.kept
            stopped_by = self._ground.why_stopped(end, aim.position, held)
        changes = self.editor is not None and self.editor.awaited  # its notices are awaited
        if stopped_by and (changes or (self._rooms and self._rooms.door_at(walked[-1]))):
            stopped_by = ""
        self._stopped_for = self._stopped_for + 1 if stopped_by == self._stopped_by else 0
        if stopped_by and self._stopped_for % SAY_AGAIN == 1:  # after one, players are led past
            self._notices.append(stopped_by)
        self._stopped_by = stopped_by

    def _generate(self, poses: tuple[CameraPose, ...], given: Tensor | None) -> GeneratedBlock:
        """Return a block; where views are painted ahead, unknown ground is provisional."""
        provisional = self.schedule.paints(self.memory)
        return self.memory.generate(poses, is_provisional=provisional, given=given)

    def _with_objects(self, block: FrameBlock) -> FrameBlock:
        """Return a block with the objects around, and note that its views were seen."""
        if self.editor is None:
            return block
        self.editor.see([pose.at_origin for pose in block.poses])
        here, rooms, planned = block.poses[-1], self._rooms, None
        if self._ground and self._ground.scenery and self.schedule.paints(self.memory):
            planned = as_listed(self._ground.in_sight(here.x, here.z))
        ground = rooms.around(here, block.prompt) if rooms else None
        plan = self.painting.plan if self.painting else None
        return replace(
            block,
            placed=all_placed(self.editor, plan),
            awaited=self.editor.awaited,
            undoable=self.editor.changes.undoable,
            planned=planned,
            ground=ground,
        )

    def _inputs(self) -> PassInputs:
        """Return the values, besides the camera, that passes depend on."""
        session = self._running()
        return PassInputs(session.seed, session.prompt, session.prompt_index, self._time)

    def _request_view(self, command: CameraCommand, next_block: int) -> None:
        """Request a view if the camera moves to where one is missing, unless an edit is painted."""
        if self.editor is None or not self.editor.awaited:
            super()._request_view(command, next_block)
