"""The player's edits of a world: each is begun, refused or finished between two blocks."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.edits import EVERYTHING, Edit
from mag_sandbox.model.memory import no_places
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.editing import Editor
from mag_sandbox.model.pocket.view_schedule import ViewSchedule
from mag_sandbox.model.session_world import StageTimer
from mag_sandbox.model.world import no_edits
from mag_sandbox.scenes.changes import is_elsewhere
from mag_sandbox.scenes.vocabulary import Vocabulary


class EditRequests:
    """Hands edits to an editor, if the world and its memory allow them.

    `notices` receives the reasons of refusals, for the player.
    """

    def __init__(
        self,
        world: str,
        editor: Editor | None,
        memory: BlockMemory,
        schedule: ViewSchedule,
        times: StageTimer,
        notices: list[str],
        words: Vocabulary | None,
    ) -> None:
        self._world, self._editor = world, editor
        self._memory, self._schedule = memory, schedule
        self._times, self._notices, self._words = times, notices, words

    def begin(self, edit: Edit | None, prompt: str, block_index: int) -> Edit | None:
        """Begin an edit; return it if it took effect at once."""
        if edit is None:
            return None
        problem, done = self._refusal(), None
        if self._editor is not None and not problem:
            self._schedule.cancel()  # the requested view knows nothing of the edit
            with self._edit_time(self._editor):
                problem, done = self._editor.ask(edit, prompt, block_index, self._memory)
        if problem and edit.act != "forget":  # without views ahead there is nothing to forget
            self._notices.append(problem)
        return done

    def begin_elsewhere(self, pose: CameraPose, before: str, prompt: str, block_index: int) -> None:
        """Begin another place, seen from a pose, if a prompt's cannot go on from the planned one.

        It waits as long as memory keeps no places; without views ahead the two are blended.
        """
        editor, words = self._editor, self._words
        if editor is None or words is None or self._refusal() or editor.renews_by(prompt):
            return
        if is_elsewhere(prompt, before, words):
            everything = Edit("renew", pose.yaw, pose.pitch, *EVERYTHING)
            self.begin(everything, prompt, block_index)

    def finish(self, editor: Editor, block_index: int) -> Edit | None:
        """Apply the edit that was painted; None: it is no longer possible."""
        if problem := self._refusal():
            editor.drop()
            self._notices.append(problem)
            return None
        with torch.inference_mode(), self._edit_time(editor):
            return editor.finish(block_index, self._memory)

    @contextmanager
    def _edit_time(self, editor: Editor) -> Iterator[None]:
        """Count time for an edit; if it changes the newest painted frame, that becomes a copy."""
        self._memory.spare_view = None
        with self._times.measure("edit"):
            pose = self._memory.policy.focused_pose
            before = editor.ground(pose)
            yield
            if before != editor.ground(pose):
                self._memory.policy.blur()

    def _refusal(self) -> str:
        if self._editor is None:
            return no_edits(self._world)
        if not self._schedule.enabled:
            return "nothing can be changed while look-ahead is off; switch it on in the settings"
        return no_places(self._memory.policy.setting.policy)
