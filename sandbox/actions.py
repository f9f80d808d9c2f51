"""What a player's keys do beyond the screen of play: one method an action, one table."""

import secrets
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

import pygame

from mag_sandbox.controls.bindings import Action
from mag_sandbox.model.loading import worlds_beside
from mag_sandbox.model.world import MIB, MemorySetting
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.recording.frame_store import FrameWriter, frames_beside
from mag_sandbox.sandbox.recording.reader import RecordingError
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.parked_scene import ParkedScene
from mag_sandbox.sandbox.screens import OpenProbes, PlaySplit, SwitchWorld
from mag_sandbox.sandbox.screens.overlays import MapOverlay, PostcardOverlay, Quiet
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.ui.screenshots import ScreenshotInfo
from mag_sandbox.scenes.scene import MAX_SEED

if TYPE_CHECKING:
    from mag_sandbox.sandbox.game import PlayerGame

MEMORY_STEP = 2  # factor of the budget
LEAST_MIB, MOST_MIB = 1, 1024
LOUDER = 10  # percent
ANSWERED_AFTER = 3  # blocks shown: two may be under way when something is asked


class SaveLoader(Quiet):
    """Waits for a save to be read while play goes on; an overlay with nothing to draw."""

    def __init__(
        self, begin: Callable[["Future[ParkedScene]"], None], say: Callable[..., None]
    ) -> None:
        self._begin, self._say = begin, say
        self._save: Future[ParkedScene] | None = None

    def wait_for(self, save: "Future[ParkedScene]") -> None:
        """Begin from a save as soon as it is there."""
        self._save = save

    def update(self, now: float) -> bool:  # noqa: ARG002 -- Overlay
        """Begin, or say why not."""
        if self._save is None or not self._save.done():
            return False
        save, self._save = self._save, None
        problem = save.exception()
        if problem is None:
            self._begin(save)
        else:
            self._say(str(problem) or "there is nothing to load", "bad")
        return True

    def draw(self, surface: pygame.Surface) -> None:
        """Nothing."""


class PlayerActions:
    """The actions of one screen of play.

    actions = PlayerActions(game, screen, worker, prompt_box, map_overlay, postcards).table()
    actions["anchor"]()
    """

    def __init__(
        self,
        game: "PlayerGame",
        screen: PlayScreen,
        worker: GenerationWorker,
        box: PromptBox,
        chart: MapOverlay,
        cards: PostcardOverlay,
    ) -> None:
        self._game, self._screen, self._worker = game, screen, worker
        self._box, self._chart, self._cards = box, chart, cards
        self._say = game.notices.say
        self._recorder: Recorder | None = None
        self._frames: FrameWriter | None = None
        self._asked: tuple[MemorySetting, int] | None = None  # and the blocks shown until then
        self.loader = SaveLoader(self._begin_saved, self._say)

    def table(self) -> dict[Action, Callable[[], None]]:
        """Return what each action does."""
        return self._memory_actions() | {
            "anchor": self._anchor,
            "to_anchor": self._to_anchor,
            "postcards": self._cards.press,
            "probes": self._probes,
            "prompt": self._write_prompt,
            "new_seed": self._new_seed,
            "world": self._next_world,
            "save": lambda: self._game.save(self._worker),
            "load": self._load,
            "fork": lambda: self._game.fork(self._worker),
            "record": self._record,
            "screenshot": self._screenshot,
            "minimap": self._toggle_map,
            "mute": self._mute,
            "louder": lambda: self._turn_volume(LOUDER),
            "quieter": lambda: self._turn_volume(-LOUDER),
        }

    def _memory_actions(self) -> dict[Action, Callable[[], None]]:
        """Return what can be done where a world has more than one memory."""
        (policy, *others) = self._screen.reel.current.spec.policies
        if not others:
            fixed = f"{policy} is this world's only memory, and it has no settings"
            names: tuple[Action, ...] = ("split", "policy", "more_memory", "less_memory")
            return dict.fromkeys(names, lambda: self._say(fixed))
        return {
            "split": self._split,
            "policy": self._next_policy,
            "more_memory": lambda: self._resize(MEMORY_STEP),
            "less_memory": lambda: self._resize(1 / MEMORY_STEP),
        }

    def _anchor(self) -> None:
        self._game.prober.drop_anchor(self._screen.reel.pose)
        self._game.audio.cue("anchor")
        self._say("anchor dropped: turn away and come back")

    def _to_anchor(self) -> None:
        target = self._game.prober.last_anchor
        if target is None:
            key = self._game.bindings.title("anchor")
            self._say(f"there is no anchor yet; {key} drops one")
            return
        self._game.pilot.fly_to(target, self._screen.reel.current.spec)

    def _probes(self) -> None:
        self._screen.outcome = OpenProbes()

    def _write_prompt(self) -> None:
        self._worker.call(lambda session: session.world.expect_prompt())  # while the player types
        self._box.open(self._screen.reel.current.block.prompt)

    def _new_seed(self) -> None:
        self._cards.stop()
        self._asked = None
        scene = self._screen.playthrough.scene
        self._screen.play(Playthrough(scene, secrets.randbelow(MAX_SEED)))

    @property
    def _memory(self) -> MemorySetting:
        """What holds now, or was asked for just now: the world may have been left with another."""
        reel = self._screen.reel
        if self._asked and reel.blocks < self._asked[1] + ANSWERED_AFTER:
            return self._asked[0]
        usage = reel.current.block.memory
        kept = max(LEAST_MIB, round(usage.budget / MIB))
        return replace(self._game.settings.memory_setting(usage.policy), kept_mib=kept)

    def _split(self) -> None:
        playthrough, policy = self._screen.playthrough, self._memory.policy
        other = "window" if policy != "window" else "mag-retrieve"
        self._screen.outcome = PlaySplit(playthrough.scene, playthrough.seed, (policy, other))

    def _load(self) -> None:
        self.loader.wait_for(self._game.saved(self._worker))

    def _begin_saved(self, save: "Future[ParkedScene]") -> None:
        world, saved_in = self._screen.reel.current.spec.name, save.result().world
        if saved_in != world and saved_in in worlds_beside(world):
            key = self._game.bindings.title("world")
            self._say(
                f"this was saved in the world {saved_in}; switch to it first with {key}", "bad"
            )
            return
        self._cards.stop()
        self._asked = None
        self._screen.play(self._game.returning.from_save(self._screen.playthrough, save))

    def _next_world(self) -> None:
        world = self._screen.reel.current.spec.name
        others = worlds_beside(world)
        if len(others) < 2:
            self._say("there is no other world that shares this one's weights")
            return
        self._cards.stop()
        following = others[(others.index(world) + 1) % len(others)]
        self._screen.outcome = SwitchWorld(following)

    def _next_policy(self) -> None:
        policies = self._screen.reel.current.spec.policies
        policy = policies[(policies.index(self._memory.policy) + 1) % len(policies)]
        self._change_memory(replace(self._memory, policy=policy))
        self._say(f"memory: {policy}")

    def _resize(self, factor: float) -> None:
        size = min(MOST_MIB, max(LEAST_MIB, round(self._memory.kept_mib * factor)))
        self._change_memory(replace(self._memory, kept_mib=size))
        self._say(f"memory: at most {size} MiB")

    def _change_memory(self, setting: MemorySetting) -> None:
        self._asked = setting, self._screen.reel.blocks
        self._worker.call(lambda session: session.change(memory=setting))

    def _record(self) -> None:
        if self._recorder is not None and self._recorder.is_recording:
            recorder, self._recorder = self._recorder, None
            frames = self._frames
            self._worker.call(lambda session: _detach(session, recorder, frames))
            self._say("recording stopped; it is listed on the title screen")
            return
        folder = self._game.recording_folder(self._screen.playthrough.scene.name)
        try:
            self._recorder = Recorder(
                folder,
                memory=self._game.choice.memory,
                look_ahead=self._game.choice.look_ahead,
                on_problem=lambda text: self._say(text, "bad"),
            )
        except RecordingError as error:
            self._say(str(error), "bad")
            return
        recorder = self._recorder
        frames = self._frames = frames_beside(recorder, self._game.prober)
        begun = self._worker.call(lambda session: _attach(session, recorder, frames))
        begun.add_done_callback(lambda begun: self._tell_recording(begun, recorder))

    def _tell_recording(self, begun: Future, recorder: Recorder) -> None:
        if begun.cancelled() or begun.exception():
            recorder.cancel()
            self._say("there is nothing to record yet", "bad")
        else:
            self._say("recording until you stop it or start over")

    def _screenshot(self) -> None:
        screen, block = self._screen, self._screen.reel.current.block
        weights: Future[str] = self._worker.call(
            lambda session: str(session.world.provenance().get("weights", ""))
        )
        surface = pygame.display.get_surface().copy()

        def take(weights: "Future[str]") -> None:
            info = ScreenshotInfo(
                scene=screen.playthrough.scene.name,
                prompt=block.prompt,
                seed=screen.playthrough.seed,
                pose=screen.reel.pose,
                block_index=block.block_index,
                policy=block.memory.policy,
                weights=weights.result() if not weights.cancelled() else "",
            )
            self._game.screenshots.take(surface, info).add_done_callback(self._tell_screenshot)

        weights.add_done_callback(take)

    def _tell_screenshot(self, future: Future) -> None:
        error = future.exception()
        self._say(
            str(error) if error else f"picture saved: {future.result()}", "bad" if error else "good"
        )

    def _toggle_map(self) -> None:
        self._chart.is_shown = not self._chart.is_shown

    def _mute(self) -> None:
        settings = self._game.settings
        self._game.use_settings(replace(settings, muted=not settings.muted))
        self._say("sound off" if not settings.muted else "sound on")

    def _turn_volume(self, percent: int) -> None:
        settings = self._game.settings
        volume = min(100, max(0, settings.volume + percent))
        self._game.use_settings(replace(settings, volume=volume, muted=False))
        self._say(f"volume {volume} percent")


def _attach(session: Session, recorder: Recorder, frames: FrameWriter) -> None:
    """Let a recorder hear of a session that is under way; on the world's thread."""
    recorder.begin_from(session.park())
    session.attach(recorder, "state")
    session.attach(frames, "state")


def _detach(session: Session, recorder: Recorder, frames: FrameWriter) -> None:
    """End a recording; on the world's thread."""
    session.detach(frames, "stopped")
    session.detach(recorder, "stopped")
