"""What a session or a training video remembers: its image, its newest frames, and psi.

    memory = PackMemory(pack, places, image, prompt)
    tokens = memory.tokens(dit)  # what the next block reads
    memory.push(frames)  # the finished block

In play psi is updated at once and frames older than packing reaches are gone. In training the last
updates wait, so that every block's loss reaches them with a gradient of its own.
"""

import torch
from torch import Tensor

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.memorypack.networks import MemoryPack
from mag_sandbox.model.memorypack.packing import Tokens
from mag_sandbox.model.memorypack.places import Frames, Places, joined
from mag_sandbox.model.memorypack.semantic import SemanticState


class PackMemory:
    """One video's memory, of constant size.

    Args:
        pack: the trained parts.
        places: of tokens.
        image: the reference image, one frame at the time at which the video starts.
        prompt: features, [B, text_len, text_dim].
        differentiated: newest updates of psi that a loss reaches; 0 in play.
    """

    def __init__(
        self,
        pack: MemoryPack,
        places: Places,
        image: Frames,
        prompt: Tensor,
        differentiated: int = 0,
    ) -> None:
        self.pack, self.places = pack, places
        self.history, self.prompt = image, prompt
        self.image = image
        self._differentiated = differentiated
        self._waiting: list[Frames] = []
        self._old: SemanticState | None = None  # without the waiting frames, and no gradient

    @property
    def frames(self) -> int:
        """History frames that are held."""
        return self.history.count

    @property
    def updates(self) -> int:
        """How often psi was rewritten."""
        return (self._old.updates if self._old else 0) + len(self._waiting)

    def state(self) -> SemanticState | None:
        """Return psi, with a gradient through the last updates and through psi_0."""
        semantic = self.pack.semantic
        if semantic is None:
            return None
        state = semantic.begin(self.prompt, self.image, self.places)
        if self._old is not None:  # psi_0 is made anew: its projections learn from every block
            state = self._old._replace(guide=state.guide)
        for frames in self._waiting:
            state = semantic.advance(state, frames, self.places)
        return state

    def tokens(self, dit: DiT) -> Tokens:
        """Return what the coming block reads."""
        return self.pack.tokens(dit, self.image, self.history, self.state(), self.places)

    def push(self, frames: Frames) -> None:
        """Remember a block; nothing is differentiated through what it was made of.

        Args:
            frames: a whole window of Memorize.
        """
        frames = frames.showing(frames.latents.detach())
        whole = joined((self.history, frames))
        self.history = whole.part(max(0, whole.count - self.pack.config.history), whole.count)
        if self.pack.semantic is None:
            return
        self._waiting.append(frames)
        while len(self._waiting) > self._differentiated:
            self._settle()

    @torch.no_grad()
    def _settle(self) -> None:
        """Update psi for good by the oldest waiting frames."""
        rest, self._waiting = self._waiting[1:], self._waiting[:1]
        self._old = self.state().detached()
        self._waiting = rest

    def load(self, history: Frames, state: SemanticState | None) -> None:
        """Go on from what `history` and `state()` were, where none waits."""
        self.history, self._old, self._waiting = history, state, []
