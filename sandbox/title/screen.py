"""Where the game begins: choose a scene, describe one, go on with one that was left, watch one."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pygame

from mag_sandbox.files.border import Refusal
from mag_sandbox.model.loading import available_policies
from mag_sandbox.model.world import MIB
from mag_sandbox.sandbox.saves.own_scenes import scene_of_prompt
from mag_sandbox.sandbox.saves.saves import LEFT, DiskUse
from mag_sandbox.sandbox.screens import Continue, Outcome, PlayScene, Watch, Way
from mag_sandbox.sandbox.screens.overlays import Notices
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.screens.settings import OPEN_KEYS, OPEN_SETTINGS
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.title.cards import QUIT, SAYING, SETTINGS, WRITE
from mag_sandbox.sandbox.title.focus import Focused, TitleFocus
from mag_sandbox.sandbox.title.library import TitleListing
from mag_sandbox.sandbox.title.model import Act, TitleCard, TitleModel, shelves, turned
from mag_sandbox.sandbox.title.picture import TitlePicture
from mag_sandbox.sandbox.ui.amounts import bytes_text
from mag_sandbox.sandbox.ui.display import toggle_fullscreen
from mag_sandbox.sandbox.ui.widgets import (
    ENTER_KEYS,
    FRAME_S,
    REDRAWN_BY,
    Button,
    Question,
    draw_veil,
    menu_key,
)
from mag_sandbox.scenes import Scene, SceneError, load_scene
from mag_sandbox.scenes.scene import MAX_SEED

MOVES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


@dataclass(frozen=True, slots=True)
class TitleActions:
    """Functions that the title screen calls; failures are OSError or ValueError, one sentence.

    Attributes:
        listing: lists everything anew.
        writing: makes a card to write a prompt on, which gives it to what it is given.
        fork, delete_parked: of a parked scene, by its id.
        export: makes a video of a recording, beside the game.
        delete_recording: by its path.
        keep_scene: adds a written scene to the player's own.
        delete_scene: of the player's own, by its key.
    """

    listing: TitleListing
    writing: Callable[[Callable[[str], object]], PromptBox]
    fork: Callable[[str], object] = lambda parked: None
    delete_parked: Callable[[str], object] = lambda parked: None
    export: Callable[[Path], object] = lambda path: None
    delete_recording: Callable[[Path], object] = lambda path: None
    keep_scene: Callable[[Scene], object] = lambda scene: None
    delete_scene: Callable[[str], object] = lambda key: None
    load_scene: Callable[[str], Scene] = lambda key: load_scene(key, available_policies())
    toggle_fullscreen: Callable[[], object] = toggle_fullscreen
    seed: Callable[[], int] = field(default=lambda: secrets.randbelow(MAX_SEED))


class TitleScreen:
    """Shelves of cards over the picture of the one in focus. Still while nothing changes.

    actions = TitleActions(TitleListing(lambda: read_title_model(...)), writing=PromptBox)
    screen = TitleScreen(actions, settings)
    """

    def __init__(
        self,
        actions: TitleActions,
        settings: SandboxConfig,
        focused: str | None = None,
        notices: Notices | None = None,
        *,
        keeps_focus: bool = False,
        begun_anew: bool = False,
        saying: str = SAYING,
    ) -> None:
        """Show what can be played.

        Args:
            actions: what the cards lead to.
            settings: of the player.
            focused: the card that had the focus on the last title screen.
            notices: what to say at first.
            keeps_focus: whether it keeps the focus; else the place left last gets it once listed.
            begun_anew: whether a place that was begun since takes the focus over in any case.
            saying: stands beside the game's name.
        """
        self.outcome: Outcome | None = None
        self._actions, self._settings = actions, settings
        self._wanted, self._begun_anew = focused, begun_anew
        self._focus = TitleFocus((), None)
        self._resting = pygame.mouse.get_pos()
        self._picture = TitlePicture(saying)
        self._writing = actions.writing(self._write)
        self._question: Question | None = None
        self._answered: Callable[[int], object] = lambda answer: None
        self._notices = notices
        self._untouched = not keeps_focus  # the place left last gets the focus once it is listed
        self._dirty = True
        self._now = 0.0
        self._early: list[pygame.Event] | None = []  # that came before anything was listed
        if actions.listing.newest is not None:
            self._list(actions.listing.newest)
        actions.listing.ask()

    @property
    def wake_at(self) -> float | None:
        """When the next picture of a glide is due; None while everything rests."""
        if self._picture.is_moving or self._focus.is_moving or self._actions.listing.is_waiting:
            return self._now + FRAME_S
        times = (self._writing.wake_at, self._notices.wake_at if self._notices else None)
        return min((time for time in times if time is not None), default=None)

    @property
    def focused(self) -> str | None:
        """The card in focus, to be given to a later title screen."""
        return self._focus.key

    @property
    def card(self) -> TitleCard | None:
        """The card that has the focus, or had it last."""
        return self._focus.card

    def use_settings(self, settings: SandboxConfig) -> None:
        """Look as the player wants it now."""
        self._settings, self._dirty = settings, True
        self._picture.forget_layout()

    def handle(self, event: pygame.Event) -> None:
        """Take a key, the mouse, or a change of the window."""
        if event.type == pygame.QUIT:
            self._go(Way.LEAVE)
        elif event.type in REDRAWN_BY:
            self._dirty = True
        elif self._early is not None:
            self._early.append(event)
        elif self._question:
            self._question.handle(event)
            self._dirty = True
            if (answer := self._question.answer) is not None:
                self._question = None
                if answer > 0:
                    self._answered(answer)
        elif self._writing.is_open:
            self._dirty |= self._writing.handle(event)
        elif (key := menu_key(event)) is not None:
            self._press(key)
        else:
            self._point(event)

    def update(self, now: float) -> bool:
        """Move everything that glides; True if the picture changed."""
        self._now = now
        if (model := self._actions.listing.news()) is not None:
            self._list(model)
        moved = self._picture.update(now) | self._focus.update(now) | self._writing.update(now)
        moved |= self._notices is not None and self._notices.update(now)
        changed, self._dirty = self._dirty or moved, False
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything."""
        theme = self._picture.draw(surface, self._settings, self._focus)
        if self._question:
            self._question.draw(surface, theme)
        elif self._writing.is_open:
            draw_veil(surface, theme)
            self._writing.draw(surface)
        if self._notices:
            self._notices.draw(surface, within=self._picture.beside_choices)

    @property
    def is_busy(self) -> bool:
        """Whether something is being asked or written."""
        return self._question is not None or self._writing.is_open

    def refresh(self) -> None:
        """List everything anew; the place just left comes first, unless the player has chosen."""
        self._actions.listing.ask()

    def ask_for_room(self, use: DiskUse, budget_mib: int) -> None:
        """Ask whether to delete parked scenes that take more than the budget."""
        names = ", ".join(f"{entry.name} ({bytes_text(entry.bytes)})" for entry in use.entries)
        text = (
            f"Saved places take {bytes_text(use.total_bytes)}. The settings allow "
            f"{bytes_text(budget_mib * MIB)}. Left longest ago: {names}."
        )

        def forget(answer: int) -> None:  # noqa: ARG001 -- there is one
            for entry in use.entries:
                self._actions.delete_parked(entry.id)

        which = "Forget these" if use.entries[1:] else "Forget it"
        buttons = Button("Keep all"), Button(which, kind="danger")
        self._ask("Saved places need space", text, buttons, forget)

    def _ask(
        self,
        title: str,
        text: str,
        buttons: Sequence[Button],
        answered: Callable[[int], object] = lambda answer: None,
    ) -> None:
        """Ask the player something; `answered` gets any button but the first."""
        self._question, self._answered = Question(title, text, buttons), answered
        self._dirty = True

    def _list(self, model: TitleModel) -> None:
        """Show the lists, then handle the events that came before them."""
        self._picture.refresh()
        chosen = self._focus.card
        is_place = chosen is not None and chosen.kind == "parked"
        on_place = is_place and not self._begun_anew  # which no other takes over
        if self._early is not None or (self._untouched and model.parked and not on_place):
            self._focus = TitleFocus(shelves(model), self._wanted)
            self._picture.forget_layout()
        else:
            self._focus.list(shelves(model))
        early, self._early, self._wanted, self._dirty = self._early, None, None, True
        for event in early or ():
            self.handle(event)

    def _press(self, key: str) -> None:
        focus, self._untouched = self._focus, False
        self._dirty = True
        if key in MOVES:
            if self._notices:
                self._notices.drop(LEFT)  # it is about another card
            focus.move(*MOVES[key])
        elif key in ENTER_KEYS:
            self._activate(focus.spot)
        elif key == "tab":
            focus.turn_to_choices()
        elif key == "escape":
            self._step_back()
        elif key == "t":
            self._activate(Focused("header", column=WRITE))  # the focus stays, for afterwards
        elif key == "f1":
            self._go(OPEN_KEYS)
        elif key == "f11":
            self._actions.toggle_fullscreen()
        elif focus.card is not None and focus.spot.area != "header":
            key = "delete" if key == "backspace" else key
            asked = [choice.act for choice in focus.card.choices if choice.key == key]
            for act in asked:
                self._do(act, focus.card)

    def _step_back(self) -> None:
        """Move the focus from the choices to the card, from there to Quit, and then quit."""
        if self._focus.spot.area == "choices":
            self._focus.turn_to_choices()
        elif self._focus.spot == Focused("header", column=QUIT):
            self._go(Way.LEAVE)
        else:
            self._focus.go(Focused("header", column=QUIT))

    def _point(self, event: pygame.Event) -> None:
        """Handle the mouse: pointing focuses, a click activates, a right click offers choices.

        A pointer that rested here when the screen opened points at nothing: Enter is for the card.
        """
        if event.type == pygame.MOUSEMOTION and event.pos == self._resting:
            return
        if event.type == pygame.MOUSEWHEEL:
            self._dirty |= self._focus.scroll(event.x, -event.y)
        elif event.type == pygame.MOUSEMOTION or (
            event.type == pygame.MOUSEBUTTONDOWN and event.button in (1, 3)  # 4, 5: the wheel
        ):
            turn, row = self._picture.turn_at(event.pos), self._picture.dot_at(event.pos)
            if event.type == pygame.MOUSEBUTTONDOWN and (turn, row) != (None, None):
                if turn is not None:
                    self._focus.turn_page(*turn)
                elif row is not None:
                    self._focus.go_to_shelf(row)
                self._untouched, self._dirty = False, True
                return
            spot = self._picture.spot_at(event.pos)
            if spot is None:
                return
            self._untouched = False
            if spot != self._focus.spot:
                self._focus.go(spot)
                self._dirty = True
            if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
                self._dirty = True
                self._activate(spot)
            elif event.type == pygame.MOUSEBUTTONDOWN and spot.area == "cards" and self._focus.card:
                self._offer(self._focus.card)

    def _activate(self, spot: Focused) -> None:
        card = self._focus.card
        if spot.area == "header":
            if spot.column == SETTINGS:
                self._go(OPEN_SETTINGS)
            elif spot.column == QUIT:
                self._go(Way.LEAVE)
            else:
                self._writing.open("")
        elif card is not None:
            place = spot.column if spot.area == "choices" else 0
            self._do(card.choices[place].act, card)

    def _do(self, act: Act, card: TitleCard) -> None:
        match act:
            case "delete":
                self._ask_to_delete(card)
            case "play":
                seed = card.place[1] if card.began_as and card.place else None
                self._play(card.began_as or card.id, seed)
            case "new seed":
                self._play(card.id, self._actions.seed())
            case "continue":
                self._go(Continue(card.id))
            case "turn":
                self._focus.replace(card, turned(card))
            case "fork":
                self._change("It was not copied", lambda: self._actions.fork(card.id))
            case "watch":
                self._go(Watch(Path(card.id)))
            case "export":
                self._actions.export(Path(card.id))

    def _offer(self, card: TitleCard) -> None:
        acts = [choice.act for choice in card.choices]
        buttons = [Button(one.word, kind=one.kind) for one in card.choices]
        answered = lambda answer: self._do(acts[answer - 1], card)  # noqa: E731 -- one line
        self._ask(card.title, card.about, [Button("Back"), *buttons], answered)

    def _play(self, key: str, seed: int | None = None) -> None:
        try:
            self._go(PlayScene(self._actions.load_scene(key), seed))
        except SceneError as problem:
            self._tell("This scene cannot be read", str(problem))

    def _ask_to_delete(self, card: TitleCard) -> None:
        actions = self._actions
        what, delete = {
            "scene": ("Your description", actions.delete_scene),
            "parked": ("This place and all it remembers", actions.delete_parked),
            "recording": ("The recording", lambda id: actions.delete_recording(Path(id))),
        }[card.kind]
        buttons = Button("Keep it"), Button("Delete", kind="danger")
        stays = " You can still play it from its start." if card.began_as else ""
        text = f"{what} will be gone. This cannot be undone.{stays}"
        answered = lambda answer: self._change("It was not deleted", lambda: delete(card.id))  # noqa: E731
        self._ask(f"Delete “{card.title}”?", text, buttons, answered)

    def _change(self, failed: str, change: Callable[[], object]) -> None:
        try:
            change()
        except (OSError, Refusal) as problem:
            self._tell(failed, str(problem))
        self.refresh()

    def _tell(self, title: str, text: str) -> None:
        self._ask(title, text, [Button("Continue")])

    def _write(self, prompt: str) -> None:
        try:
            scene = scene_of_prompt(prompt, self._actions.seed(), self._writing.vocabulary)
        except SceneError as problem:
            self._tell("This description cannot be used", str(problem))
            return
        self._actions.keep_scene(scene)
        self._go(PlayScene(scene))

    def _go(self, outcome: Outcome) -> None:
        self.outcome, self._dirty = outcome, True  # if we come back here, we are drawn anew
