"""The memory that the player chooses in play: announced, then requested, and restored."""

import math
import time
from dataclasses import dataclass, replace
from typing import NamedTuple

from mag_sandbox.controls.bindings import Action
from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.validation import limits
from mag_sandbox.model.loading import keeps_places, next_policy, next_world, policy_look
from mag_sandbox.model.world import MIB, MemorySetting, WorldFailed
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.saves.undo import CHANGE, Moment
from mag_sandbox.sandbox.services import Services
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.memory_limits import KeptMib

MEMORY, SIZE = "memory", "size of memory"  # topics of notices about them
MEMORY_STEP = 2  # factor of the budget
LEAST_MIB = limits(KeptMib)[0]
CHOOSING_S = 1.0  # after the last press, before a choice is requested
WARNED_S = 5.0  # likewise, if the choice forgets something
ANSWERED_AFTER = 3  # blocks shown: two may be under way at the time of a request
PATIENCE_S = 10.0  # longest wait for a moment that is still being saved
STILL_PAINTING = "one moment: what you asked for is still being painted"


@dataclass(frozen=True, slots=True)
class _Choice:
    """A memory that the player chose; it can be changed for a moment, then it is requested."""

    setting: MemorySetting
    holds_from: float  # s; when it is requested; infinite: it was
    kept_before: int = 0  # frames at the time of the oldest request that is not in force yet
    in_force_at: float = math.inf  # blocks shown
    warned: str = ""  # what the player was told, without a warning that was given with it


class _LeftMemory(NamedTuple):
    """A memory that the player changed, and how it was left."""

    setting: MemorySetting
    pose: CameraPose  # of the camera
    moment: Moment


class MemoryChoices:
    """The memories of one session, one after the other.

    choices = MemoryChoices(services, worker, reel)
    choices.press("policy", is_painting=False)
    choices.poll()  # a second later the world is asked for it
    """

    def __init__(self, services: Services, worker: GenerationWorker, reel: Reel) -> None:
        self._services, self._worker, self._reel = services, worker, reel
        self._most_mib = services.recordings.log.choice.memory.kept_mib  # reserved by the world
        self._in_settings = services.settings.now.memory_setting()  # at the newest choice made here
        self._is_sized = False  # whether the player has chosen a size
        self._next: MemorySetting | None = None  # of the place that begins, if of a chosen size
        self._choice: _Choice | None = None  # until it is in force
        self._left: list[_LeftMemory] = []  # one after the other, without anything in between
        self._lost = False  # whether frames were dropped since the first of them
        self._later: list[Action] = []  # keys pressed while something is painted

    @property
    def setting(self) -> MemorySetting:
        """The setting in force or just requested; the world may have been left with another."""
        if self._choice:
            return self._choice.setting
        usage = self._reel.current.block.memory
        kept = max(LEAST_MIB, round(usage.budget / MIB))
        return replace(self._services.settings.now.memory_setting(usage.policy), kept_mib=kept)

    @property
    def opposite(self) -> tuple[str, str] | None:
        """The memory to compare the present one with: its world and policy; None: there is none.

        Of two policies of this world, "", one forgets and the other does not. A world with a single
        memory is compared with another world, under the policy set for that one, "".
        """
        spec = self._reel.current.spec
        if len(spec.policies) == 1:
            other = next_world(spec.name)
            return None if other is None else (other, "")
        return "", "window" if keeps_places(self.setting.policy) else "mag-retrieve"

    @property
    def is_announced(self) -> bool:
        """Whether a choice can still be dropped."""
        return self._choice is not None and self._choice.holds_from < math.inf

    @property
    def coming(self) -> str:
        """The name of the chosen kind of memory while another one is in force; "": it is."""
        policy = self.setting.policy
        is_new = policy != self._reel.current.block.memory.policy
        return policy_look(policy).label if is_new else ""

    def press(self, action: Action, *, is_painting: bool) -> None:
        """Announce the memory that a key asks for, once nothing is being painted."""
        if len(self._reel.current.spec.policies) == 1:
            self._services.notices.say("this world has only one kind of memory")
        elif is_painting:
            self._later.append(action)
            self._services.notices.say(f"{STILL_PAINTING}; then the memory changes", topic=MEMORY)
        elif action == "policy":
            self._choose_policy()
        else:
            self._choose_size(MEMORY_STEP if action == "more_memory" else 1 / MEMORY_STEP)

    def _choose_policy(self) -> None:
        now = self.setting
        policies, keys = self._reel.current.spec.policies, self._services.bindings
        policy = next_policy(now.policy, policies)
        look, after = policy_look(policy), next_policy(policy, policies)
        count = f"{policies.index(after) + 1}/{len(policies)}"
        again = f"{keys.title('policy')} again: {count}, {policy_look(after).label}"
        text = f"memory: {look.label}. {look.about} {again}"
        is_new = policy != self._reel.current.block.memory.policy
        forgets = is_new and not keeps_places(policy)
        self._announce(replace(now, policy=policy), text, forgets=forgets)

    def _choose_size(self, factor: float) -> None:
        now, self._is_sized = self.setting, True
        mib = min(self._most_mib, max(LEAST_MIB, round(now.kept_mib * factor)))
        forgets = mib * MIB < self._reel.current.block.memory.bytes
        text = f"memory: at most {mib} MiB"
        if factor > 1 and mib == self._most_mib:
            text = f"{text}; for more, raise Budget in the settings"
        self._announce(replace(now, kept_mib=mib), text, forgets=forgets)

    def kept_in(self, scene: Scene) -> Scene:
        """Return a scene that begins in play, in which the chosen kind and size of memory go on.

        The player is told if the scene would have another memory, and may have changed the
        settings since: then these hold.
        """
        setting, self._choice, self._next = self.setting, None, None
        self._services.notices.drop(MEMORY)  # it is about the place before
        if self._services.settings.now.memory_setting() != self._in_settings:
            return replace(scene, memory=None)
        usual, keys = self._services.recordings.log.choice.memory, self._services.bindings
        if self._is_sized and setting.kept_mib != usual.kept_mib:
            self._next = setting
            both = f"{keys.title('less_memory')} and {keys.title('more_memory')}"
            self._say_kept(f"at most {setting.kept_mib} MiB", f"{both} change it", SIZE)
        if setting.policy == (scene.memory or usual.policy):
            return scene
        self._say_kept(
            policy_look(setting.policy).label, f"{keys.title('policy')} changes it", MEMORY
        )
        return replace(scene, memory=setting.policy)

    def _say_kept(self, what: str, how: str, topic: str) -> None:
        self._services.notices.say(f"memory: {what}, as you chose; {how}", topic=topic)

    def drop_choice(self) -> bool:
        """Keep the memory as it is; tell whether another one was announced, also the player."""
        is_announced, self._choice = self.is_announced or bool(self._later), None
        self._later.clear()
        if is_announced:
            self._services.notices.say("memory stays as it is", topic=MEMORY)
        return is_announced

    def block_shown(self, *, is_painting: bool = False) -> None:
        """Once a change of memory is in force, say what it dropped, and how to restore it."""
        while self._later and not is_painting:
            self.press(self._later.pop(0), is_painting=False)
        if self._next is not None and self._reel.current.block.block_index == 0:
            self._request(self._next, kept_before=0)
            self._next = None
        if self._choice is None or self._choice.in_force_at > self._reel.blocks:
            return
        before, self._choice = self._choice.kept_before, None
        dropped = before - self._reel.current.block.memory.kept_frames
        if dropped > 0:
            self._lost = True
            key = self._services.bindings.title("undo")
            self._services.notices.say(
                f"{dropped} of {before} remembered views are forgotten; {key} brings them back",
                topic=MEMORY,
            )

    def poll(self) -> ParkedScene | None:
        """Request an announced choice whose time has come.

        Returns the moment at which that memory was left, if the player has cycled back to it and
        only that moment restores it.
        """
        if self._choice is None or time.perf_counter() < self._choice.holds_from:
            return None
        choice, self._choice = self._choice, None
        before = self._moment_before(choice.setting)
        if before is None:
            self._use(choice)
        return before

    def _announce(self, setting: MemorySetting, text: str, *, forgets: bool) -> None:
        before = self._choice.kept_before if self._choice else 0
        seconds, warned = CHOOSING_S, text if forgets else ""
        if forgets:
            seconds, key = WARNED_S, self._services.bindings.title("undo")
            text = f"{text}; forgets places in {WARNED_S:.0f} s, {key} prevents it"
        self._choice = _Choice(setting, time.perf_counter() + seconds, before, warned=warned)
        self._services.notices.say(text, topic=MEMORY)

    def _use(self, choice: _Choice) -> None:
        """Ask for the chosen memory unless it is in force; a warning is no longer true."""
        if choice.warned:
            self._services.notices.say(choice.warned, topic=MEMORY)
        setting, memory = choice.setting, self._reel.current.block.memory
        if setting == self.setting and not choice.kept_before:
            return
        before, left = choice.kept_before or memory.kept_frames, self.setting
        was = policy_look(left.policy).label
        if left.policy == setting.policy:
            was = f"at most {left.kept_mib} MiB"
        moment = leave_moment(
            self._services,
            self._worker,
            f"memory is {was} again, and all is as it was then",
            MEMORY,
        )
        self._left.append(_LeftMemory(left, self._reel.pose, moment))
        self._in_settings = self._services.settings.now.memory_setting()
        self._request(setting, before)

    def _request(self, setting: MemorySetting, kept_before: int) -> None:
        in_force_at = self._reel.blocks + ANSWERED_AFTER
        self._choice = _Choice(setting, math.inf, kept_before, in_force_at)
        self._worker.call(lambda session: session.change(memory=setting))

    def _moment_before(self, setting: MemorySetting) -> ParkedScene | None:
        """Return the moment at which a memory was left.

        None: the camera has turned since, something else was changed, or nothing is lost.
        """
        stack = self._services.undo_stack
        while self._left and not stack.has_on_top([one.moment for one in self._left]):
            del self._left[0]
        self._lost &= bool(self._left)
        for place, left in enumerate(self._left):
            if self._lost and (left.setting, left.pose) == (setting, self._reel.pose):
                for _ in self._left[place:]:
                    stack.pop()
                parked = parked_at(left.moment, self._services)
                if parked is not None:
                    text = f"memory: {policy_look(setting.policy).label}, as it was"
                    self._services.notices.say(text, topic=MEMORY)
                return parked
        return None


def leave_moment(
    services: Services, worker: GenerationWorker, back: str, topic: str = CHANGE
) -> Moment:
    """Keep the session before a change, so that the change can be undone; see `Moment`."""
    return services.undo_stack.push(back, worker.call(services.saves.collect), topic)


def parked_at(moment: Moment, services: Services) -> ParkedScene | None:
    """Return the session at a moment; None: it is lost, and a notice says so."""
    assert moment.left is not None
    try:
        return moment.left.result(PATIENCE_S)
    except (WorldFailed, TimeoutError) as problem:
        why = str(problem) or "the world is busy; try again in a moment"
        services.notices.say(why, "bad")
        return None
