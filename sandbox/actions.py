"""What a player's keys do beyond the screen of play: one method an action, one table."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

import pygame

from controls.bindings import Action
from model.world import MemorySetting
from sandbox.overlays import MapOverlay, PostcardOverlay
from sandbox.prompt_box import PromptBox
from sandbox.recorder import Recorder
from sandbox.recording import RecordingError
from sandbox.screens import OpenProbes, PlaySplit
from sandbox.screens.play import PlayScreen
from sandbox.screenshots import ScreenshotInfo
from sandbox.session import Session
from sandbox.worker import GenerationWorker

if TYPE_CHECKING:
    from sandbox.game import PlayerGame

MEMORY_STEP = 2  # factor of the budget
LEAST_MIB, MOST_MIB = 1, 1024
LOUDER = 10  # percent


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
        memory = screen.reel.current.block.memory
        self._memory = game.settings.memory_setting(memory.policy)

    def table(self) -> dict[Action, Callable[[], None]]:
        """Return what each action does."""
        return {
            "anchor": self._anchor,
            "to_anchor": self._to_anchor,
            "postcards": self._cards.press,
            "probes": self._probes,
            "prompt": lambda: self._box.open(self._screen.reel.current.block.prompt),
            "new_seed": self._new_seed,
            "split": self._split,
            "policy": self._next_policy,
            "more_memory": lambda: self._resize(MEMORY_STEP),
            "less_memory": lambda: self._resize(1 / MEMORY_STEP),
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

    def _new_seed(self) -> None:
        self._cards.stop()
        self._screen.play(self._game.new_seed(self._screen.playthrough))

    def _split(self) -> None:
        playthrough, policy = self._screen.playthrough, self._memory.policy
        other = "window" if policy != "window" else "mag-retrieve"
        self._screen.outcome = PlaySplit(playthrough.scene, playthrough.seed, (policy, other))

    def _load(self) -> None:
        self._cards.stop()
        self._screen.play(self._game.saved(self._worker, self._screen.playthrough))

    def _next_policy(self) -> None:
        policies = self._screen.reel.current.spec.policies
        place = policies.index(self._memory.policy)
        self._change_memory(replace(self._memory, policy=policies[(place + 1) % len(policies)]))
        self._say(f"memory: {self._memory.policy}")

    def _resize(self, factor: float) -> None:
        size = min(MOST_MIB, max(LEAST_MIB, round(self._memory.kept_mib * factor)))
        self._change_memory(replace(self._memory, kept_mib=size))
        self._say(f"memory: at most {size} MiB")

    def _change_memory(self, setting: MemorySetting) -> None:
        self._memory = setting
        self._worker.call(lambda session: session.change(memory=setting))

    def _record(self) -> None:
        if self._recorder is not None:
            recorder, self._recorder = self._recorder, None
            self._worker.call(lambda session: session.detach(recorder, "stopped"))
            self._say("recording ended; it is listed on the title")
            return
        folder = self._game.recording_folder(self._screen.playthrough.scene.name)
        try:
            self._recorder = Recorder(
                folder,
                memory=self._memory,
                look_ahead=self._game.choice.look_ahead,
                on_problem=lambda text: self._say(text, "bad"),
            )
        except RecordingError as error:
            self._say(str(error), "bad")
            return
        recorder = self._recorder
        self._worker.call(lambda session: _attach(session, recorder))
        self._say("recording")

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
            str(error) if error else f"picture: {future.result()}", "bad" if error else "good"
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


def _attach(session: Session, recorder: Recorder) -> None:
    """Let a recorder hear of a session that is under way; on the world's thread."""
    recorder.begin_from(session.park())
    session.attach(recorder, "state")
