"""The prompt of the shown picture, while the player waits for that of a newer prompt."""

from collections import deque

from mag_sandbox.model.world import Control, FrameBlock

_REPAINT = frozenset(("relight", "renew"))  # acts after which what was seen follows a new prompt


class ShownPrompt:
    """Knows from which prompt the shown picture was painted.

    shown = ShownPrompt(block.prompt, block)
    shown.see(control, block)  # every block
    shown.text  # the name of the place if the player leaves now
    """

    def __init__(self, text: str, first: FrameBlock) -> None:
        """Begin with the prompt of the place, and its first block: it may still be repainted."""
        self.text = text
        self._awaited = deque([first.prompt] if first.prompt != text else [])

    def see(self, control: Control, block: FrameBlock) -> None:
        """Note a block and the control that asked for it."""
        if control.edit and control.edit.act in _REPAINT:
            self._awaited.append(block.prompt)
        act = block.edited.act if block.edited else ""
        if act in _REPAINT and self._awaited:
            self.text = self._awaited.popleft()
        elif self._awaited and (act == "undo" or _is_refused(control, block)):
            self._awaited.pop()
        elif act == "enter":
            self._awaited.clear()
        if not self._awaited:
            self.text = block.prompt


def _is_refused(control: Control, block: FrameBlock) -> bool:
    """Tell whether a notice is about a change; while the player walks, it is about an obstacle."""
    walks = control.camera.forward or control.camera.right
    return bool(block.notice) and not block.edited and not walks
