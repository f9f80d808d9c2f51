"""A tour of postcards being played: one key, the prober's answers, the scores. No pygame."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Literal, Protocol

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.probe.anchors import Sight
from mag_sandbox.evaluation.probe.probe import ProbeResult
from mag_sandbox.sandbox.postcards.postcards import PostcardView, Tour
from mag_sandbox.sandbox.postcards.scores import Score, ScoreBook, score_of

MIXED = "several memories"  # what a tour was played with when the policy changed on the way

Cue = Literal["card", "miss", "stamp", "lost", "finished"]


class Comparer(Protocol):
    """What the hunt asks of the prober."""

    pictures: tuple[Sight, ...]

    def compare(self, then: Sight, pose: CameraPose | None) -> "Future[ProbeResult | None]":
        """Return, later, how much of a picture is remembered."""


class PostcardHunt:
    """Plays tours, one after the other, in one scene.

    hunt = PostcardHunt(prober, ScoreBook(data_folder()), "Meadow")
    hunt.press(now, pose, policy)    # begins a tour, claims a place, or puts the end away
    hunt.update(now, pose, policy)   # every frame; True if the card looks different
    hunt.view(now)                   # for PostcardCard.draw, None while no tour is on
    """

    def __init__(
        self,
        prober: Comparer,
        book: ScoreBook,
        scene: str,
        seed: int = 0,
        on_cue: Callable[[Cue], None] = lambda cue: None,
    ) -> None:
        """Set what it plays with.

        `on_cue` is told what happens, for sounds; each further tour has another seed.
        """
        self.tour: Tour | None = None  # None: no tour is on
        self.place: int | None = None  # of a finished tour among the best
        self._prober = prober
        self._book = book
        self._scene = scene
        self._seed = seed
        self._on_cue = on_cue
        self._policies: set[str] = set()
        self._answer: Future[ProbeResult | None] | None = None
        self._shown: PostcardView | None = None

    @property
    def problem(self) -> str | None:
        """Why scores are not kept."""
        return self._book.problem

    @property
    def best(self) -> tuple[Score, ...]:
        """The best scores of the scene with the policy of the tour."""
        return self._book.best(self._scene, self._policy())

    def press(self, now: float, pose: CameraPose, policy: str) -> None:
        """Do what the one key does: begin, claim, or put away."""
        if self.tour is None:
            self.tour = Tour(self._seed, pose=pose)
            self._policies, self.place = {policy}, None
            self._seed += 1
        elif self.tour.phase in ("waiting", "finished"):
            self.stop()
        else:
            before, self.tour = self.tour, self.tour.claim(now, pose)
            if self.tour.claimed and before.card and not before.claimed:
                self._answer = self._prober.compare(before.card, pose)
            elif self.tour.tries < before.tries:
                self._on_cue("miss")
            self._tell(before, self.tour)

    def stop(self) -> None:
        """End the tour without a score."""
        self.tour, self._answer = None, None

    def update(self, now: float, pose: CameraPose, policy: str) -> bool:
        """Move on to a second of play; True if the card looks different."""
        if self.tour is not None and self.tour.phase != "finished":
            self._policies.add(policy)
            before = self.tour
            self.tour = self._developed(before, now).update(now, pose, self._prober.pictures)
            self._tell(before, self.tour)
        shown = self.view(now)
        changed, self._shown = shown != self._shown, shown
        return changed

    def view(self, now: float) -> PostcardView | None:
        """Return what the card shows; None: there is no tour."""
        return None if self.tour is None else self.tour.view(now)

    def _developed(self, tour: Tour, now: float) -> Tour:
        answer = self._answer
        if answer is None or not answer.done() or not tour.claimed:
            return tour
        self._answer = None
        result = None if answer.cancelled() or answer.exception() else answer.result()
        return tour.developed(now, None if result is None else result.recall)

    def _tell(self, before: Tour, after: Tour) -> None:
        """Give the cue of what just happened, and keep the score of a finished tour."""
        if len(after.stamps) > len(before.stamps):
            self._on_cue("stamp" if after.stamps[-1].is_found else "lost")
        if after.phase == before.phase:
            return
        if after.phase == "searching":
            self._on_cue("card")
        elif after.phase == "finished":
            self._on_cue("finished")
            self.tour = replace(after, card=None)
            score = score_of(
                after.points, after.found, len(after.stamps), self._scene, self._policy()
            )
            self.place = self._book.add(score)

    def _policy(self) -> str:
        return next(iter(self._policies)) if len(self._policies) == 1 else MIXED
