"""Play by a person: the overlays of the play screen and the actions of its keys.

A play session knows the frames that are shown and the game's services, and no screen: whatever is
to be shown or played next is returned, so nothing of a session that is over stays alive.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from math import dist
from pathlib import Path

from mag_sandbox.controls.bindings import Action, Move
from mag_sandbox.controls.camera import MAX_PITCH, CameraPose, Position, mutual_overlap
from mag_sandbox.controls.edits import ENTER, Act, Edit
from mag_sandbox.files.folders import from_home
from mag_sandbox.files.validation import counted
from mag_sandbox.model.loading import next_world, worlds_beside
from mag_sandbox.model.world import FrameBlock
from mag_sandbox.sandbox import player_changes
from mag_sandbox.sandbox.doors import DoorsInPlay
from mag_sandbox.sandbox.hud.hints import ACTIONS, CHANGES, STEPS, Step
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.keyed_screens import SCREENS
from mag_sandbox.sandbox.memory_choices import (
    MEMORY,
    STILL_PAINTING,
    MemoryChoices,
    leave_moment,
    parked_at,
)
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.sandbox.play.pilot import Pilot
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.returning import GuidedReturn
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock
from mag_sandbox.sandbox.postcards.postcards import PostcardHunt
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError
from mag_sandbox.sandbox.saves.own_scenes import named_after, scene_of_prompt, title_of
from mag_sandbox.sandbox.saves.parking import NONE_SAVED
from mag_sandbox.sandbox.saves.saves import LEFT, Autosave
from mag_sandbox.sandbox.saves.undo import CHANGE, Moment
from mag_sandbox.sandbox.screens import (
    GoBack,
    OpenBox,
    Outcome,
    Overlay,
    PlaySplit,
    SwitchWorld,
    Way,
)
from mag_sandbox.sandbox.screens.around import AroundOverlay
from mag_sandbox.sandbox.screens.edit_box import EditOverlay
from mag_sandbox.sandbox.screens.late_notice import A_CHANGE, A_VIEW, EXPLAINED, LateNotice
from mag_sandbox.sandbox.screens.loading import WRITING
from mag_sandbox.sandbox.screens.overlays import (
    CUES,
    HintOverlay,
    MapOverlay,
    PostcardOverlay,
    ProbeOverlay,
    SplitOverlay,
)
from mag_sandbox.sandbox.screens.painting import PaintingOverlay
from mag_sandbox.sandbox.screens.play import PlaySession
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.services import Services
from mag_sandbox.sandbox.ui.display import window_surface
from mag_sandbox.sandbox.ui.screenshots import ScreenshotInfo
from mag_sandbox.scenes.scene import MAX_SEED, Scene
from mag_sandbox.scenes.vocabulary import Vocabulary

LOUDER = 10  # percent
REST = 8  # blocks without a step, after which nothing is in the way
PASSED_M = 0.8  # metres walked, likewise
BEGUN = "beginning"  # topic of notices about the beginning of a place
WHERE_YOU_WERE = "you are where you were"
KEPT_BEFORE = "the previous one is kept under Continue, and {} brings it back"
THERE = 0.97  # overlap with an anchor from which on the camera is at it
GROUND_SHOWN = "the map now shows the ground from above; {} shows the panorama"
BACK_FIRST = "postcards show the place around the start: walking back there; any arrow key stops"
BACK_AT_START = "the camera walked back to the start: postcards show the place around it"
WAY_BACK = "way back"  # topic of that
NO_WAY_BACK = (
    "the camera cannot get back to {}: something is in the way; walk on from here yourself"
)
Say = Callable[..., None]  # shows a line, perhaps with a mood
CHOOSING_WORLD_S = 8.0  # in which the key for another world is pressed again


class WatchedSession(PlaySession):
    """A recording that is watched: notices and sound."""

    said_before: frozenset[Act] = frozenset(("forget",))  # acts of which nothing is said when done

    def __init__(self, services: Services, watched: Recording | None = None) -> None:
        self._watched = watched
        self.overlays: tuple[Overlay, ...] = (services.notices,)
        self._services = services
        self._begun = ""  # what to say when a beginning is shown
        self._taken_back = ""  # the change that is undone
        self._shown: FrameBlock | None = None  # newest
        self._rested = 0  # blocks since the last one in which the player walked
        self._stopped_at: Position = (0.0, 0.0)  # where a notice about the way was shown last

    @property
    def recording(self) -> Recording | None:
        """The recording that is watched."""
        return self._watched

    def say(self, text: str) -> None:
        """Show a line."""
        self._services.notices.say(text)

    def block_shown(self, ready: ReadyBlock) -> None:
        """Turn the sound with the camera, and show the world's notices."""
        if self._begun and ready.block.block_index == 0:
            self._services.notices.say(self._begun, topic=BEGUN)
            self._begun = ""
        pose = ready.block.poses[-1]
        self._services.audio.look(pose.yaw, pose.fov)
        walks = ready.command.forward or ready.command.right
        stands = self._shown is None or self._shown.poses[-1].position == pose.position
        self._rested = 0 if walks else self._rested + 1
        if self._rested == REST or dist(pose.position, self._stopped_at) > PASSED_M:
            self._services.notices.drop("way")
        for block in (ready.block, ready.block.beside):
            waits = block and block.notice in EXPLAINED
            if waits or (block and block.notice and walks and self._services.pilot.is_flying):
                pass  # a pilot goes round what is in the way, or gives up and says so
            elif block and block.notice:
                is_passed = walks and not stands  # it is about the ground that is walked on
                topic = "way" if walks and stands else ""  # then it is about an obstacle
                self._stopped_at = pose.position
                self._services.notices.say(block.notice, "good" if is_passed else "bad", topic)
            elif block and block.edited and block.edited.act not in self.said_before:
                if block.edited == ENTER:  # all that is said is about the place before
                    self._services.notices.clear()
                words = player_changes.words_of_change(block, self._shown, self._taken_back)
                self._services.notices.say(words, topic=CHANGE)
        self._shown = ready.block


class SplitSession(WatchedSession):
    """Two memories side by side; leads both to a place that only one of them still holds."""

    buttons = (("help", "Keys"), ("split", "Back to one"))

    def __init__(self, services: Services, reel: Reel, hud: Hud) -> None:
        super().__init__(services)
        first, spec = reel.current.block, reel.current.spec
        self._return = GuidedReturn(first, spec, services.prober.sights)
        key = services.bindings.title("split")
        self.overlays = (SplitOverlay(reel, hud, self._return, key, services.notices),)
        services.pilot.is_automatic = True

    def block_shown(self, ready: ReadyBlock) -> None:
        """Lead the camera, unless the player has taken over."""
        super().block_shown(ready)
        pilot = self._services.pilot
        if not pilot.is_automatic:
            self._return.stop()
        if target := self._return.next_target(ready.block, is_flying=pilot.is_flying):
            pilot.fly_to(target, ready.spec)

    def act(self, action: Action, playthrough: Playthrough) -> Outcome | None:  # noqa: ARG002
        """Leave it with the key that began it, or one that opens a box, back to the game before."""
        if action == "split":
            return Way.PLACE
        if action in WRITING:
            return OpenBox(action)
        key = self._services.bindings.title("split")
        self._services.notices.say(f"{key} ends the comparison first", topic="comparison")
        return None


class PlayerSession(WatchedSession):
    """A world that the player steers.

    session = PlayerSession(services, worker, reel, hud, playthrough)
    session.act("anchor", playthrough)
    """

    said_before: frozenset[Act] = frozenset(
        ("forget", "renew", "relight")
    )  # when they were asked for
    buttons = (
        ("help", "Keys"),
        ("prompt", "Describe"),
        ("change", "Put"),
        ("undo", "Undo"),
        ("leave", "Leave"),
    )

    def __init__(
        self,
        services: Services,
        worker: GenerationWorker,
        reel: Reel,
        hud: Hud,
        playthrough: Playthrough,
    ) -> None:
        super().__init__(services)
        self._worker, self._reel, self._hud = worker, reel, hud
        self._say = services.notices.say
        services.notices.drop(LEFT)  # it is about the title
        self.memory = MemoryChoices(services, worker, reel)
        self._autosave = Autosave(partial(services.saves.autosave, worker), time.perf_counter)
        self._save: Future[ParkedScene] | None = None  # that is being read, to go on from it
        self._world_asked_until = 0.0  # the worlds that there are were listed
        self._errand: Callable[[], None] | None = None  # for which the camera flies somewhere
        self._painting = PaintingOverlay(
            reel,
            hud,
            services.settings.now.fit,
            lambda: worker.under_way(),
            services.bindings.title("undo"),
        )
        for edit in reel.current.block.awaited:  # since before the place was left
            self._painting.begin(edit)
        self._doors = DoorsInPlay(services, worker, reel, hud, self._painting)
        self._scene = playthrough.scene
        self._begun_places: deque[str] = deque(maxlen=1)  # descriptions of places to begin
        self._asked: deque[Moment] = deque()  # before changes that the world has not made yet
        describe = partial(
            player_changes.describe, services, worker, reel, self._painting, self._begun_places
        )
        put = partial(player_changes.change, services, worker, reel, self._painting, self._asked)
        self._prompt = PromptBox(
            describe,
            services.vocabulary,
            make_theme=services.theme,
            open_keys=services.bindings["prompt"].keys,
            choices=partial(player_changes.choices, services, reel, describe, put),
            check=partial(player_changes.why_idle, services, reel),
            remark=partial(player_changes.ways_to_stay, services, reel),
        )
        scene, seed = playthrough.scene.name, playthrough.seed
        cue = lambda cue: services.audio.cue(CUES[cue])  # noqa: E731 -- fits the line below
        hunt = PostcardHunt(services.prober, services.scores, scene, seed, cue, self._doors.way_to)
        claim = services.bindings.title("postcards")
        fly = partial(_fly, services, reel)
        self._map = MapOverlay(
            reel, hud, services.map, services.prober, self._prompt, fly, self._doors.go_to
        )
        self._edit = EditOverlay(
            reel,
            hud,
            reel.current.spec.kinds,
            partial(player_changes.whereabouts, services, reel, playthrough.scene.category),
            put,
            lambda edit: worker.call(lambda session: session.world.placement(edit)),
            fly,
            services.settings.now.fit,
            make_theme=services.theme,
            open_keys=services.bindings["change"].keys,
            may_open=partial(player_changes.may_change, services, reel),
        )
        boxes, audio = (self._prompt, self._edit.box), services.audio
        around = services.bindings.title("around")
        change_key = services.bindings.title("change")
        self._around = AroundOverlay(reel, hud, services.map, around, boxes, change_key, self._say)
        self._painting.covered = [box.area for box in boxes]  # boxes would hold the session
        probe = ProbeOverlay(
            reel, hud, services.prober, audio.cue, services.settings.now.fit, boxes
        )
        self._postcards = PostcardOverlay(reel, hud, hunt, probe, claim, boxes, self._say)
        services.notices.above = lambda: self._postcards.area
        self._hints = self._hint_overlay(probe) if services.settings.now.hints else None
        hints = (self._hints,) if self._hints else ()
        painting = self._painting
        self._late = late = LateNotice(
            reel,
            services.pilot,
            self._say,
            services.notices.drop,
            lambda: "" if reel.starting_over else A_CHANGE if painting.is_shown else A_VIEW,
        )
        self.overlays = (
            self._doors, self._painting, self._map, self._around, *hints, probe, self._postcards,
            late, services.notices, self._edit, self._prompt,
        )  # fmt: skip
        if origin := reel.current.block.memory.origin:
            pictures = counted(origin.pictures, "picture")
            self._say(f"memory was rebuilt from {pictures} by {origin.world}")

    @property
    def is_recording(self) -> bool:
        """Whether the session is being recorded, from the start or by a key."""
        return self._services.recordings.is_recording

    @property
    def recording(self) -> Recording | None:
        """The session from its world's reset on, while it is being recorded."""
        return self._services.recordings.log.recording if self.is_recording else None

    def block_shown(self, ready: ReadyBlock) -> None:
        """Follow the shown frames."""
        super().block_shown(ready)
        block = ready.block
        tilt, pose = ready.command.pitch, block.poses[0]
        if tilt * pose.pitch > 0 and abs(pose.pitch) == MAX_PITCH:
            self._say(f"you can't look any {'higher' if tilt > 0 else 'lower'}", topic="limit")
        self._painting.block_shown(ready)
        self._late.block_shown(ready)
        player_changes.keep_changes(self._asked, self._services.undo_stack, ready)
        self._doors.block_shown(ready)
        if part := self._services.recordings.new_part():
            self._say(
                f"part {part - 1} of the recording is saved; part {part} starts here",
                topic="recording",
            )
        self._autosave.block_shown(ready.command)
        self._run_errand()
        self.memory.block_shown(is_painting=self._painting.is_shown)
        if self._hints:
            if self._map.is_new:
                self._map.is_new = False
                if key := self._services.bindings.title("minimap"):
                    self._say(GROUND_SHOWN.format(key), topic="map")
            if block.edited and (action := CHANGES.get(block.edited.act)):
                self._hints.did(action)
            self._hints.see()
            self._keep_learned(self._hints)

    @property
    def knows_help(self) -> bool:
        """Whether the player has looked at all keys once."""
        return self._services.settings.knows_keys

    def did(self, action: Action) -> None:
        """Teach nothing that the player does already."""
        if self._hints and action not in CHANGES.values():
            self._hints.did(action)
            self._keep_learned(self._hints)
        if action == "help":
            self._services.settings.learn_keys()

    @property
    def idle_buttons(self) -> frozenset[Action]:
        """The button that undoes, while there is nothing to undo."""
        busy = (
            self.memory.is_announced
            or _is_changed(self._reel.current.block)
            or len(self._services.undo_stack)
        )
        return frozenset() if busy else frozenset(("undo",))

    @property
    def coming_memory(self) -> str:
        """The name of the memory that was chosen and is not in force yet."""
        return self.memory.coming

    def _keep_learned(self, hints: HintOverlay) -> None:
        settings = self._services.settings
        if hints.learned != settings.now.learned:
            settings.change(learned=hints.learned, hints=not hints.is_over)
            self._services.save_settings()  # now: a game that is killed teaches no step again

    def _hint_overlay(self, probe: ProbeOverlay) -> HintOverlay:
        """Return the hints, without those that the world or the keys do not allow."""
        spec, bindings = self._reel.current.spec, self._services.bindings
        able = {"change": bool(spec.kinds), "split": self.memory.opposite is not None}
        missing: list[str] = [a for a in ACTIONS if not able.get(a, True) or not bindings.title(a)]
        if "forward" not in spec.axes or not bindings.title("walk_forward"):
            missing.append(Step.WALK.name)
        offered = [step for step in STEPS if step.name not in missing]
        learned = self._services.settings.now.learned
        boxes = self._prompt, self._edit.box
        painting, services, reel = self._painting, self._services, self._reel

        def is_refused(action: Action | Move | None) -> bool:  # at the moment
            waits = action in ("prompt", "change", "split") and painting.is_shown
            return waits or (action == "change" and bool(player_changes.why_fixed(services, reel)))

        return HintOverlay(
            reel, self._hud, probe, boxes, learned, offered, bindings.title, is_refused
        )

    def poll(self) -> Playthrough | None:
        """Return the moment to go on from, once a save that was asked for is read."""
        if (before := self.memory.poll()) is not None:
            return self._go_on_from(before, is_same_place=True)
        if self._begun_places:
            return self._place(self._begun_places.pop())
        if self._save is None or not self._save.done():
            return None
        save, self._save = self._save, None
        problem = save.exception()
        if problem is not None:
            why, key = str(problem) or NONE_SAVED, self._services.bindings.title("save")
            self._say(f"{why}; {key} saves this one" if why == NONE_SAVED else why, "bad")
            return None
        world, parked = self._reel.current.spec.name, save.result()
        if parked.world != world and parked.world in worlds_beside(world):
            key = self._services.bindings.title("world")
            there = f"this was saved with the network {parked.world}"
            self._say(f"{there}; press {key} to go back to it first", "bad")
            return None
        begun = "this is the moment that you saved; {} brings back what you had"
        self._leave_for(begun, back=WHERE_YOU_WERE)
        return self._go_on_from(parked, is_same_place=False)

    def start_over(self, playthrough: Playthrough) -> Playthrough:
        """Return the scene from its beginning, after keeping this moment for undo."""
        scene = self.memory.kept_in(playthrough.scene)
        self._leave_for("started over; {} brings back what you had", back=WHERE_YOU_WERE)
        return replace(playthrough.anew, scene=scene)

    def act(self, action: Action, playthrough: Playthrough) -> Outcome | Playthrough | None:
        """Do what a key asks for; return what to show or play next."""
        services, pose = self._services, self._reel.pose
        match action:
            case "policy" | "more_memory" | "less_memory":
                self.memory.press(action, is_painting=self._painting.is_shown)
            case "postcards" if pose.is_away and not self._postcards.is_elsewhere:
                services.pilot.fly_to(pose.at_origin, self._reel.current.spec)
                self._errand = partial(_deal, self._postcards, services.pilot, self._say)
                self._say(BACK_FIRST, topic=WAY_BACK)
            case "split":
                return self._split(playthrough)
            case "anchor":
                services.prober.drop_anchor(pose)
                services.audio.cue("anchor")
                self._say("anchor dropped: turn away and come back")
            case "to_anchor":
                self._fly_to_anchor()
            case "postcards":
                self._postcards.press()
            case "enter":
                self._doors.press()
            case "prompt":
                self._edit.dismiss()  # a click on a button may lead here
                self._worker.call(lambda session: session.world.expect_prompt())  # meanwhile
                self._prompt.open(self._reel.current.block.prompt)
            case "change":
                self._prompt.dismiss()
                self._edit.open()
            case "undo":
                return self._undo()
            case "around":
                self._around.press()
            case "new_seed":
                scene = _described(playthrough.scene, self._reel, services.vocabulary)
                scene = self.memory.kept_in(scene)
                self._leave_for("a new place from the same description")
                return Playthrough(scene, secrets.randbelow(MAX_SEED))
            case "world":
                return self._next_world()
            case "save":
                services.saves.save(self._worker)
            case "load":
                self._save = services.saves.saved(
                    self._worker, playthrough.scene.name, playthrough.seed
                )
            case "fork":
                services.saves.fork(self._worker)
            case "record":
                self._record(playthrough)
            case "screenshot":
                self._take_screenshot(playthrough)
            case "minimap":
                self._turn_map()
            case "mute":
                _turn_sound(services)
            case "louder":
                _turn_volume(services, LOUDER)
            case "quieter":
                _turn_volume(services, -LOUDER)
            case _:
                return SCREENS.get(action)
        return None

    def _turn_map(self) -> None:
        title, notices = self._services.bindings.title, self._services.notices
        notices.drop("map")
        if self._hud.is_off:
            self._say(f"the map is shown with the display; {title('hud')} shows both", topic="map")
        elif self._map.turn() == "none":
            self._say(f"no map; {title('minimap')} shows it again", topic="map")

    def _split(self, playthrough: Playthrough) -> PlaySplit | None:
        """Return the comparison with another memory, from this moment on."""
        other, services = self.memory.opposite, self._services
        if self._painting.is_shown:
            key = services.bindings.title("split")
            self._say(f"{STILL_PAINTING}; then {key} compares memories", topic="memory")
            return None
        if other is None:
            self._say("there is no other memory to compare this world's with")
            return None
        moment = self._worker.call(services.saves.collect)
        self._postcards.dismiss()
        if services.recordings.stop(self._worker) is not None:
            self._say("recording ended: a comparison is not recorded; find it on the title screen")
        return PlaySplit(playthrough.scene, playthrough.seed, *other, moment)

    def _leave_for(self, begun: str, back: str = "") -> None:
        """Keep this moment for undo; say what begins, with the key of undo at the place of {}.

        Without words for the way `back`, a place begins, and this one is kept as one that is left.
        """
        if not back:
            self._services.saves.park(self._worker, says=False)
            self._begin_anew()
            begun, back = f"{begun}; {KEPT_BEFORE}", "this is the place before"
        leave_moment(self._services, self._worker, back)
        self._begun = begun.format(self._services.bindings.title("undo"))
        self._services.notices.say(self._begun, topic=BEGUN)  # once more when its picture is there

    def _place(self, text: str) -> Playthrough:
        """Begin a place of its own; the one before can be brought back."""
        words = self._services.vocabulary
        scene = scene_of_prompt(text, secrets.randbelow(MAX_SEED), words)
        scene = named_after(self._scene, scene, words)
        kept = self.memory.kept_in(scene)
        if self._hints:
            self._hints.did("prompt")
        self._leave_for("a new place begins")
        self._services.saves.keep_written(scene)
        return Playthrough(kept, scene.seed)

    def _begin_anew(self, *, is_same_place: bool = False) -> None:
        if not is_same_place:
            self._postcards.dismiss()
            if self._hints:
                self._hints.restart()
        self.memory.drop_choice()
        self._errand = None

    def _fly_to_anchor(self) -> None:
        target = self._services.prober.last_anchor
        if target is None:
            key = self._services.bindings.title("anchor")
            self._say(f"drop an anchor with {key} first")
        elif mutual_overlap(target, self._reel.pose) >= THERE:
            self._say("you are at the anchor; turn away and come back")
        else:
            latest, block = self._services.prober.latest, self._reel.current.block
            before = latest.number if latest else 0, block.block_index * len(block.frames)
            self._errand = partial(_compare, self._services, target, before, self._say)
            self._services.pilot.fly_to(target, self._reel.current.spec)

    def _run_errand(self) -> None:
        """Do what the camera was flown somewhere for, unless the player has taken over."""
        pilot = self._services.pilot
        is_there = not pilot.is_flying and self._reel.pose == pilot.pose
        if self._errand is None or (pilot.is_automatic and not is_there):
            return
        errand, self._errand = self._errand, None
        self._services.notices.drop(WAY_BACK)
        if pilot.is_automatic:
            errand()

    def _next_world(self) -> Outcome | None:
        here = self._reel.current.spec.name
        world = next_world(here)
        if world is None:
            self._say("there is no other world to go on in")
            return None
        if time.perf_counter() > self._world_asked_until:
            key = self._services.bindings.title("world")
            self._say(f"the network {here} paints this place; {key} again lets {world} paint it")
            self._world_asked_until = time.perf_counter() + CHOOSING_WORLD_S
            return None
        where = ", where this place begins" if self._reel.pose.is_away else ""
        self._say(f"going on with the network {world}{where}")
        self._postcards.dismiss()
        leave_moment(self._services, self._worker, "this is the world before")
        return SwitchWorld(world)

    def _undo(self) -> Outcome | Playthrough | None:
        """Undo the newest change; one that is only announced is dropped."""
        if self.memory.drop_choice():
            return None
        moment = self._services.undo_stack.pop()
        self._asked.clear()
        if moment is None and _is_changed(self._reel.current.block):  # before it was left
            moment = Moment(player_changes.SPOT_AS_IT_WAS, None)
        if moment is None:
            self._say("there is nothing to undo")
            return None
        if moment.left is None:
            self._taken_back = moment.back
            self._worker.call(lambda session: session.edit(Edit("undo")))
            self._painting.begin(Edit("undo"))
            player_changes.show_change(self._reel)
            return None
        left = parked_at(moment, self._services)
        if left is None:
            return None
        self._painting.end()
        self._begun = ""  # what began is gone
        self._services.notices.drop(BEGUN)
        self._say(f"undone: {moment.back}", topic=moment.topic)
        if left.world != self._reel.current.spec.name:
            return GoBack(left)
        return self._go_on_from(left, is_same_place=moment.topic == MEMORY)

    def _go_on_from(self, left: ParkedScene, *, is_same_place: bool) -> Playthrough:
        self._begin_anew(is_same_place=is_same_place)
        return self._services.moment(left)

    def _record(self, playthrough: Playthrough) -> None:
        recordings = self._services.recordings
        if (stopped := recordings.stop(self._worker)) is not None:
            stopped.add_done_callback(partial(_tell_stopped, self._say))
            return
        try:
            begun = recordings.start(self._worker, playthrough.scene.name)
        except RecordingError as error:
            self._say(str(error), "bad")
            return
        begun.add_done_callback(partial(_tell_recording, self._say))

    def _take_screenshot(self, playthrough: Playthrough) -> None:
        block, surface = self._reel.current.block, window_surface().copy()
        info = ScreenshotInfo(
            scene=playthrough.scene.name,
            prompt=block.prompt,
            seed=playthrough.seed,
            pose=self._reel.pose,
            block_index=block.block_index,
            policy=block.memory.policy,
            weights="",
        )

        def take(weights: "Future[str]") -> None:
            known = "" if weights.cancelled() else weights.result()
            picture = self._services.screenshots.take(surface, replace(info, weights=known))
            picture.add_done_callback(partial(_tell_screenshot, self._say))

        self._worker.call(
            lambda session: str(session.world.provenance().get("weights", ""))
        ).add_done_callback(take)


def _is_changed(block: FrameBlock) -> bool:
    """Tell whether the world has a change to take back, perhaps from before the place was left."""
    return bool(block.undoable or block.awaited)


def _described(scene: Scene, reel: Reel, words: Vocabulary | None) -> Scene:
    """Return a scene for another seed, with the present description.

    It has no picture where the world can invent one.
    """
    prompt = reel.current.block.prompt
    if prompt != scene.prompt:
        scene = replace(scene, prompt=prompt, name=title_of(prompt, words), ambience=None)
    return replace(scene, image=None) if words else scene


def _tell_screenshot(say: Say, picture: "Future[Path]") -> None:
    if error := picture.exception():
        say(str(error), "bad")
    else:
        path = picture.result()
        say(f"picture {path.name} saved in {from_home(path.parent)}")


def _tell_stopped(say: Say, stopped: "Future[bool]") -> None:
    if not stopped.cancelled() and not stopped.exception() and stopped.result():
        say("recording stopped; it is under Recordings on the title screen", topic="recording")
    else:
        say("recording stopped before anything was recorded", topic="recording")


def _tell_recording(say: Say, begun: "Future[None]") -> None:
    if begun.cancelled() or begun.exception():
        say("there is nothing to record yet", "bad")
    else:
        say("recording, until you stop it or leave", topic="recording")


def _turn_sound(services: Services) -> None:
    muted = not services.settings.now.muted
    services.settings.change(muted=muted)
    services.notices.say("sound off" if muted else "sound on", topic="sound")


def _turn_volume(services: Services, percent: int) -> None:
    volume = min(100, max(0, services.settings.now.volume + percent))
    services.settings.change(volume=volume, muted=False)
    services.notices.say(f"volume {volume} percent", topic="sound")


# These know no session: overlays hold them, and a session its overlays.
def _compare(
    services: Services, anchor: CameraPose, before: tuple[int, int], say: Callable[[str], None]
) -> None:
    """Compare an anchor that the camera was flown back to, even if it was never left.

    Args:
        services: of the window.
        anchor: its pose.
        before: numbers of the newest result and of the frame shown when the camera set out.
        say: shows a line.
    """
    if mutual_overlap(anchor, services.pilot.pose) < THERE:
        say(NO_WAY_BACK.format("the anchor"))
        return

    def tell(answered: "Future[bool]") -> None:
        if not answered.result():
            say("back at the anchor; it was changed since")

    services.prober.answer(anchor, *before).add_done_callback(tell)


def _deal(postcards: PostcardOverlay, pilot: Pilot, say: Say) -> None:
    """Deal postcards where the camera was flown back to."""
    if pilot.pose.is_away:
        say(NO_WAY_BACK.format("where the scene begins"))
    else:
        say(BACK_AT_START, topic=WAY_BACK)
        postcards.begin()


def _fly(services: Services, reel: Reel, place: CameraPose) -> None:
    services.pilot.fly_to(place, reel.current.spec)
