"""The play screen: shows frames evenly, takes input, draws HUD and overlays.

In a replay the recording steers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pygame

from mag_sandbox.controls.bindings import CAMERA_BINDINGS, DEFAULTS, Action, Bindings, CameraBinding
from mag_sandbox.controls.camera import CameraPose, CameraSpeed
from mag_sandbox.controls.edits import ENTER
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.model.loading import next_world
from mag_sandbox.sandbox.hud.cards import STEPS
from mag_sandbox.sandbox.hud.figures import Figures
from mag_sandbox.sandbox.hud.hud import Hud, next_level
from mag_sandbox.sandbox.hud.hud_state import HudState
from mag_sandbox.sandbox.hud.time_bar import TimeBar
from mag_sandbox.sandbox.hud.toolbar import Buttons, Toolbar
from mag_sandbox.sandbox.known_words import known_words
from mag_sandbox.sandbox.play.feedback import InputFeedback
from mag_sandbox.sandbox.play.late_warp import SHOWN, LateWarp, Shifter
from mag_sandbox.sandbox.play.player_input import PlayerInput
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.recording.reader import Recording, next_part
from mag_sandbox.sandbox.saves.own_scenes import name_with, told
from mag_sandbox.sandbox.screens import Outcome, Overlay, Way
from mag_sandbox.sandbox.screens.change_progress import ChangeProgress
from mag_sandbox.sandbox.settings import HudLevel, SandboxConfig
from mag_sandbox.sandbox.ui.display import Picture, fit, name_window, shade, toggle_fullscreen
from mag_sandbox.sandbox.ui.text_entry import SHORTCUT

INPUT = frozenset(  # events that a player causes
    getattr(pygame, name)
    for name in (
        *("KEYDOWN", "KEYUP", "MOUSEMOTION", "MOUSEBUTTONDOWN", "MOUSEWHEEL"),
        *("CONTROLLERBUTTONDOWN", "CONTROLLERAXISMOTION"),
    )
)
LEAST_SIZE = (200, 120)  # px: in smaller windows there is the picture alone
RECENT = 32  # frames that the rate is measured over
REST_S = 4.0  # without input, until the HUD fades
FADE_S = 1.5  # length of the fade
SEEK_S = 5.0  # that an arrow key jumps in a recording
WATCHING_KEYS: tuple[Action, ...] = ("pause", "back", "ahead", "help")
WATCHING = "{} pauses, {} and {} go back and forward, {} shows all keys"
ASKS_THE_WORLD: frozenset[Action] = frozenset(("prompt", "change", "enter", "split", "postcards"))
FADED = 0.0  # opacity after the fade
WARPED = "the picture moves at once when you turn, and the world follows"
UNWARPED = "the picture moves only when the world has made the next one"


class PlaySession:
    """The game's part of a play screen; this one adds nothing, see `sandbox.play_session`.

    It must not refer to the screen, so that both are freed when the screen is left.
    """

    overlays: tuple[Overlay, ...] = ()  # drawn over the picture, the last on top
    # For the mouse; the first one stays alone until all keys were seen, and none takes its place.
    buttons: Buttons = (("help", "Keys"), ("pause", "Pause"), ("leave", "Leave"))

    @property
    def knows_help(self) -> bool:
        """Whether the player has seen all keys once."""
        return True

    def lingers(self) -> bool:
        """Return whether to stay after the end of a script, with something left to read."""
        return False

    @property
    def idle_buttons(self) -> frozenset[Action]:
        """The buttons that would do nothing now."""
        return frozenset()

    @property
    def coming_memory(self) -> str:
        """The name of the memory that comes into force next; "": none was chosen."""
        return ""

    def say(self, text: str) -> None:
        """Show a line to the player."""

    def did(self, action: Action) -> None:
        """Note an action of the player before it is done."""

    @property
    def is_recording(self) -> bool:
        """Whether the session is being recorded."""
        return False

    @property
    def recording(self) -> Recording | None:
        """The recording made or watched; None: there is none, or not from its world's reset on."""
        return None

    def act(
        self,
        action: Action,  # noqa: ARG002 -- for subclasses
        playthrough: Playthrough,  # noqa: ARG002 -- for subclasses
    ) -> Outcome | Playthrough | None:
        """Do an action; return what to show or play next."""
        return None

    def start_over(self, playthrough: Playthrough) -> Playthrough:
        """Return the scene from its beginning."""
        return playthrough.anew

    def block_shown(self, ready: ReadyBlock) -> None:
        """Take a block when its first frame is shown."""

    def poll(self) -> Playthrough | None:
        """Return the session to continue with, if one was asked for and is ready."""
        return None


MakeSession = Callable[[Reel, Hud], PlaySession]


def plain_session(reel: Reel, hud: Hud) -> PlaySession:  # noqa: ARG001 -- MakeSession
    """Return a play session that adds nothing."""
    return PlaySession()


@dataclass(frozen=True, slots=True)
class PlayContext:
    """Everything that a play screen needs."""

    worker: GenerationWorker
    playthrough: Playthrough
    settings: SandboxConfig
    keyboard: PlayerSource
    clock: Callable[[], float]
    toggle_fullscreen: Callable[[], object] = toggle_fullscreen
    leave: Outcome = Way.LEAVE  # where Esc leads
    bindings: Bindings = DEFAULTS  # the player's
    is_replay: bool = False  # a script steers
    playback: Playback | None = None  # the recording that is watched
    is_split: bool = False  # two worlds are shown side by side
    session: MakeSession = plain_session
    shifter: Shifter = "game"


@dataclass(frozen=True, slots=True)
class WarpablePicture:
    """A drawn picture that is shifted afterwards, as a browser does."""

    frame: pygame.Surface
    whole: pygame.Surface  # the frame, scaled; larger than what the window shows of it
    shown: pygame.Rect  # part of it that the window shows
    place: pygame.Rect  # of that part in the window; may lie partly outside
    pose: CameraPose
    speed: CameraSpeed
    moves: Mapping[str, CameraBinding]  # the keys that do
    rests: bool  # keys do not shift it now
    is_sharp: bool = False  # scaled without smoothing


class PlayScreen:
    """Shows the worker's blocks and tells it when the next one is needed."""

    mode = ""
    shifts = True  # the picture, with the player's keys

    def __init__(self, context: PlayContext, first: ReadyBlock) -> None:
        self.outcome: Outcome | None = None
        self._bindings = bindings = context.bindings.along(first.spec.axes)
        leads_on = next_world(first.spec.name) is not None
        self._listed = bindings if leads_on else bindings.without("world")  # in the help
        self.feedback = InputFeedback(self._bindings)
        self.reel = Reel(context.worker, first, context.clock)
        self.hud = Hud(context.settings)
        self.hud_seconds = 0.0  # that the last drawing of HUD and overlays took
        names_one = context.is_split and context.settings.hud == "small"  # of the two memories
        self.level: HudLevel = "off" if names_one else context.settings.hud
        self.playthrough = context.playthrough
        self._context = context
        self._devices = PlayerInput(context.keyboard, context.settings)
        self._progress = ChangeProgress(lambda: context.worker.under_way())  # of another place
        self._picture = Picture(context.settings.fit, context.settings.scale)
        warps = context.settings.late_warp and first.spec.exact_pose
        is_one = not context.is_split  # two pictures cannot be shifted as one
        speed, is_on = first.spec.full_speed, warps and is_one
        shifter = context.shifter if self.shifts else "none"
        self._warp = LateWarp(speed, is_on=is_on, shifter=shifter)
        self._moved = False  # a picture that answers a key is not on the display yet
        self._figures = Figures()
        self._touched_at = context.clock()  # when input came last
        self._pointer = (-1, -1)  # where the mouse was last [px]
        self._clicked: str | None = None  # the key cap of the HUD that the mouse holds
        self._begins = ""  # what is said until another beginning is shown
        self._named = ""  # the title of the window
        self._help: int | None = None  # the page of all controls that is shown
        self._error: str | None = None
        self._busy = ""  # the work that delays the next block
        self._layout: object = None  # display and window for which the cards were placed
        self._dirty = True
        self.session = context.session(self.reel, self.hud)
        self._toolbar = Toolbar(self.session.buttons, self._bindings.title)

    @property
    def wake_at(self) -> float | None:
        """When the next frame is due, or the next shift of the picture, or an overlay's change."""
        frame = None if self._error else self.reel.wake_at
        times = [frame, *(overlay.wake_at for overlay in self.session.overlays)]
        times.append(self._toolbar.wake_at(self._context.clock()))
        times.append(self._warp.wake_at(self._context.keyboard))
        times.append(self._progress.wake_at if self.reel.starting_over else None)
        return min((time for time in times if time is not None), default=None)

    @property
    def has_failed(self) -> bool:
        """Whether the world has stopped."""
        return self._context.worker.status.error is not None

    def handle(self, event: pygame.Event) -> None:
        """Take input, or a change of the window."""
        if event.type in INPUT:
            self._touched_at = self._context.clock()
        if event.type == pygame.MOUSEMOTION:
            self._pointer, self._dirty = event.pos, True
        if event.type == pygame.QUIT:
            self.outcome = Way.LEAVE
        elif self._help is not None and event.type == pygame.MOUSEBUTTONDOWN:
            self.act("help")
        elif action := self._toolbar.handle(event, self._context.clock()):
            self.act(action)
        elif any(
            overlay.handle(event) for overlay in reversed(self.session.overlays)
        ) or self._click(event):
            self._dirty = True
        elif event.type in (pygame.KEYDOWN, pygame.KEYUP):
            down, shortcut = event.type == pygame.KEYDOWN, getattr(event, "mod", 0) & SHORTCUT
            if down and shortcut and event.key == pygame.K_z:
                self.act("undo")
            else:
                self._handle_key(pygame.key.name(event.key), down=down)
        elif press := self._devices.key_of(event):
            self._handle_key(press[0], down=press[1])
        elif self._devices.steer(event):
            self._dirty |= self._context.keyboard.is_steering
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._devices.let_go()
            self._context.keyboard.release_all()
            self.feedback.release_all()
            self._dirty = True
        elif event.type in (pygame.WINDOWSIZECHANGED, pygame.WINDOWEXPOSED):
            self._dirty = True

    def update(self, now: float) -> bool:
        """Show the next frame if it is due and there is one; True if the picture changed."""
        changed, self._dirty = self._dirty, False
        status = self._context.worker.status
        if (status.error, status.busy) != (self._error, self._busy):
            self._error, self._busy, changed = status.error, status.busy, True
        if not self._error and self.reel.update(now):
            self._frame_shown(now)
            changed = True
        if self.reel.is_over and not self.session.lingers():
            self._end()
        if (following := self.session.poll()) is not None:
            self.play(following)
            changed = True
        rests = self.reel.paused or self.reel.starting_over
        if self._warp.update(now, self._context.keyboard, rests=rests):
            self._moved = changed = True
        for overlay in self.session.overlays:
            changed |= overlay.update(now)
        return (self.reel.starting_over and self._progress.update(now)) or changed

    def _end(self) -> None:
        self.outcome = Way.SCRIPT_OVER

    def draw(self, surface: pygame.Surface) -> None:
        """Draw picture, display, and what lies over them."""
        spec, fov = self.reel.current.spec, self.reel.pose.fov
        size, shown = (spec.frame_width, spec.frame_height), SHOWN if self._warp.is_on else 1.0
        width = fit(size, surface.get_size(), self._context.settings.fit).width
        self._devices.fit_drag(width, fov * shown, spec)
        self.reel.crop, self.reel.shown_at_rest = self._warp.crop, shown
        self._picture.draw(surface, self.reel.frame, self.reel.crop)
        if self._is_veiled or self._error:
            surface.blit(shade(surface.get_size()), (0, 0))
        begun = self._context.clock()
        self.hud.opacity = self._opacity(begun)
        if surface.get_width() >= LEAST_SIZE[0] and surface.get_height() >= LEAST_SIZE[1]:
            self._draw_over(surface)
        self.hud_seconds = self._context.clock() - begun

    @property
    def warpable(self) -> WarpablePicture | None:
        """The picture that was drawn last; None: it is not to be shifted."""
        placed = self._picture.placed
        if placed is None or not self._warp.is_on:
            return None
        rests = self._is_veiled or self._error is not None or self._context.keyboard.is_automatic
        rests |= not self.shifts
        speed, moves = self.reel.current.spec.full_speed, self._bindings.moves
        is_sharp = self._picture.scale_mode == "sharp"
        return WarpablePicture(*placed, self.reel.pose, speed, moves, rests, is_sharp)

    def _draw_over(self, surface: pygame.Surface) -> None:
        layout = self.level, surface.get_size()
        if layout != self._layout:  # what lies under the cards asks where they are
            self._layout = layout
            self.hud.draw(surface.copy(), self.hud_state(), self.level)
        for overlay in self.session.overlays:
            overlay.draw_under(surface)
        if self._help is not None and not self._error:
            self.hud.draw_help(surface, self._listed, self._help)
            return
        self.hud.draw(surface, self.hud_state(), self.level)
        self._draw_toolbar(surface)
        for overlay in self.session.overlays:
            overlay.draw(surface)
        if self._error:
            hint = "R: try again    Esc: leave"
            self.hud.draw_message(surface, "The world stopped", self._error, hint)
        elif self._is_veiled:
            going_on = f": {self._bindings.title('pause')} goes on" if self.reel.paused else ""
            below = self._progress.part(240) if self.reel.starting_over else None
            self.hud.draw_notice(surface, f"{self._mode_text().capitalize()}{going_on}", below)

    def _draw_toolbar(self, surface: pygame.Surface) -> None:
        theme, places = self.hud.theme(surface), self.hud.places
        margin = theme.px(14)
        corner = margin, surface.get_height() - margin - self.hud.room_below
        if "keys" in places:
            corner = places["keys"].right + theme.px(10), places["keys"].bottom
        is_known = self.session.knows_help or "keys" in places or self.hud.is_off
        self._toolbar.always = frozenset() if is_known else frozenset(("help",))
        self._toolbar.hidden = self.session.idle_buttons
        self._toolbar.draw(surface, theme, corner, self._context.clock())
        if tools := [*self._toolbar.places.values()]:
            places["tools"] = tools[0].unionall(tools)
        lights = self.feedback.lights()
        is_awake = self._clicked or self._toolbar.wake_at(self._context.clock()) is not None
        if (
            is_awake
            and not self._context.is_replay
            and lights.keys() >= set(STEPS)
            and "keys" not in places
        ):
            self.hud.draw_steps(surface, lights)

    def shown(self, now: float) -> None:
        """Note that the drawn picture is on the display."""
        if self._moved:
            self._moved = False
            self.feedback.picture_moved(now, goes_on=self._warp.moves(self._context.keyboard))

    def hud_state(self) -> HudState:
        """Return the contents of the HUD."""
        return HudState(
            scene=self._place,
            seconds=self.reel.seconds,
            block=self.reel.current.block,
            exact_pose=self.reel.current.spec.exact_pose,
            figures=self._figures.rows,
            lights=self.feedback.lights(),
            mode=self._mode_text(),
            description=told(
                self.playthrough.scene,
                self.reel.current.block.prompt,
                known_words(self.reel.current.spec.name),
            ),
            coming_memory=self.session.coming_memory,
            recording=self.session.is_recording,
        )

    @property
    def _place(self) -> str:
        """The name of the scene, and what it was described as last."""
        block, spec = self.reel.current.block, self.reel.current.spec
        return name_with(self.playthrough.scene, block.prompt, known_words(spec.name))

    def act(self, action: Action) -> None:
        """Do what an action key asks for."""
        self._dirty = True
        self.session.did(action)
        match action:
            case "leave" if self._help is not None and not self._error:
                self._help = None
            case "leave" if not self._error and self._dismiss():
                pass
            case "leave":
                self.outcome = self._context.leave
            case "stop":
                self._context.keyboard.stop()
                self.feedback.release_all()
            case "reset":
                self._reset()
            case "hud":
                self.level = next_level(self.level)
            case "help":
                page = 0 if self._help is None else self._help + 1
                self._help = page if self.hud.has_help(page) else None
            case "fullscreen":
                self._context.toggle_fullscreen()
            case "pause":
                self.reel.pause()
                self._context.keyboard.forget_taps()
                self._warp.restart()
            case "step":
                self.reel.step()
            case "late_warp":
                self._warp.is_on = not self._warp.is_on
                self._warp.restart()
                self.session.say(WARPED if self._warp.is_on else UNWARPED)
            case _ if self._error and action in ASKS_THE_WORLD:
                pass
            case _:
                self._help = None  # it would hide what the action shows
                following = self.session.act(action, self.playthrough)
                if isinstance(following, Playthrough):
                    self.play(following)
                elif following is not None:
                    self.outcome = following

    def play(self, playthrough: Playthrough) -> None:
        """Play something else in the same world from now on."""
        here, there = ((one.seed, one.scene.prompt) for one in (self.playthrough, playthrough))
        self._begins = "starting over" if here == there else "another place"
        self.playthrough = playthrough
        self._context.worker.begin(playthrough)
        self.reel.restart()
        self._progress.begin()
        self._warp.restart()

    def camera_key(self, key: str, *, down: bool) -> bool:
        """Pass a key on and follow what becomes of it; False if it moves no camera here."""
        move = self._bindings.moves.get(key)
        if move is not None:
            self._steer(key, move, down=down)
        return move is not None

    def _steer(self, key: str, move: CameraBinding, *, down: bool) -> None:
        if down:
            self._context.keyboard.press(key, move)
        else:
            self._context.keyboard.release(key)
        self.feedback.key_changed(key, move, self._context.clock(), down=down)

    def _dismiss(self) -> bool:
        """Close the topmost overlay that the player opened; False if there is none."""
        return any(overlay.dismiss() for overlay in reversed(self.session.overlays))

    def _click(self, event: pygame.Event) -> bool:
        """Hold down the HUD's key cap under the mouse; True if there is one."""
        if event.type == pygame.MOUSEBUTTONUP and event.button == 1 and self._clicked:
            clicked, self._clicked = self._clicked, None
            self._steer(f"clicked {clicked}", CAMERA_BINDINGS[clicked], down=False)
            return True
        if event.type != pygame.MOUSEBUTTONDOWN or event.button != 1 or self._context.is_replay:
            return False
        self._clicked = self.hud.key_at(event.pos)
        if self._clicked:
            move = CAMERA_BINDINGS[self._clicked]
            self._steer(f"clicked {self._clicked}", move, down=True)
        return self._clicked is not None

    def _opacity(self, now: float) -> float:
        """Return the opacity of the HUD: it fades without input, a pointed at card, or a notice."""
        stays = self._context.keyboard.is_steering or self._context.settings.high_contrast
        stays |= any(card.collidepoint(self._pointer) for card in self.hud.places.values())
        if stays or any(overlay.keeps_display for overlay in self.session.overlays):
            self._touched_at = max(self._touched_at, now - REST_S)  # it fades only afterwards
        since = now - self._touched_at - REST_S
        return 1.0 - (1.0 - FADED) * min(max(since / FADE_S, 0.0), 1.0)

    def _handle_key(self, key: str, *, down: bool) -> None:
        if self.camera_key(key, down=down):
            self._dirty = True
        elif (action := self._bindings.actions.get(key)) == "run":
            self._context.keyboard.run(is_held=down)
        elif down and action:
            self.act(action)

    def _frame_shown(self, now: float) -> None:
        ready = self.reel.current
        if self.reel.place == 0:
            if ready.block.edited == ENTER:  # another room: nothing moves on
                self._warp.restart()
            self._moved |= self.feedback.block_shown(ready.command, ready.sampled_at, now)
            self._figures.add_block(ready.block.stage_ms)
            self.session.block_shown(ready)
            if self._place != self._named:
                self._named = self._place
                name_window(self._place)
        self._warp.frame_shown(self.reel.pose)
        newest, latencies = list(self.reel.shown_at)[-RECENT:], self.feedback.latencies_ms
        fps = (len(newest) - 1) / (newest[-1] - newest[0]) if len(newest) > 1 else 0.0
        self._figures.update(now, fps, latencies[-1] if latencies else None)

    def _reset(self) -> None:
        if self.has_failed:
            self.outcome = Way.RETRY
        else:
            self.play(self.session.start_over(self.playthrough))

    @property
    def _is_veiled(self) -> bool:
        """Whether the picture is dim, with a word over it."""
        return self.reel.starting_over or self.reel.paused

    def _mode_text(self) -> str:
        if self.reel.starting_over:
            return "going back" if self.playthrough.parked else self._begins
        return "paused" if self.reel.paused else self._busy or self.mode


class ReplayScreen(PlayScreen):
    """Shows a script or a recording; camera keys have no effect.

    Of a recording, a time bar and the keys of `WATCH` show any moment: at once where its frames
    were kept, else by playing fast up to it, an earlier one from the beginning on. It
    rests at its end.
    """

    mode = "replay"
    shifts = False

    def __init__(self, context: PlayContext, first: ReadyBlock) -> None:
        super().__init__(context, first)
        self._bar: TimeBar | None = None
        self._playback = context.playback
        self._target = 0  # block that was sought last
        self._is_waiting = False  # the target, until the one sought before is shown
        self._holds = False  # paused because the mouse holds the bar, or at the end
        self._is_over = False
        if self._playback:
            self._bar = TimeBar(self._playback, first.spec)
            self._bindings = self._listed = context.bindings.watching()
            self._toolbar = Toolbar(self.session.buttons, self._bindings.title)
            self.session.say(WATCHING.format(*map(self._bindings.title, WATCHING_KEYS)))

    def camera_key(self, key: str, *, down: bool) -> bool:  # noqa: ARG002 -- as in play
        """Leave the camera to the script."""
        return False

    def handle(self, event: pygame.Event) -> None:
        """Take input; what the mouse does on the time bar goes no further."""
        held = self._bar is not None and self._bar.is_held
        second = self._bar.handle(event) if self._bar else None
        if second is not None:
            self._touched_at, self._dirty = self._context.clock(), True
            self._seek(second)
        elif held and self._bar and not self._bar.is_held:
            self._seek_block(self._target)
        else:
            super().handle(event)

    def update(self, now: float) -> bool:
        """Show the next frame if it is due, and go on to the moment sought meanwhile."""
        changed = super().update(now)
        if self._is_waiting and not self.reel.starting_over:
            self._seek_block(self._target)
        return changed

    def act(self, action: Action) -> None:
        """Seek, or do what any screen of play does; it starts over only if the world stopped."""
        bar = self._bar
        match action:
            case "back" | "ahead" if bar:
                at = self.reel.seconds if self._sought is None else self._sought
                self._seek(at + (SEEK_S if action == "ahead" else -SEEK_S))
            case "first" | "reset" if bar and not self._error:
                self._seek(bar.begin)
            case "last" if bar:
                self._seek(bar.end)
            case "reset" if not self._error:
                pass
            case _:
                self._holds &= action != "pause"
                super().act(action)

    @property
    def _sought(self) -> float | None:
        """The moment that is sought [s since the world's reset]; None: none."""
        bar, spec = self._bar, self.reel.current.spec
        held = bar is not None and bar.is_held
        if held or self.reel.starting_over or self._is_waiting or self.reel.is_hurrying:
            return spec.frames_before(self._target) / spec.fps
        return None

    def _end(self) -> None:
        """Rest on the last frame of a recording; leave after another script."""
        if self._bar is None:
            super()._end()
        elif not self._is_over:
            self._bar.note = self._end_note
            self._is_over = self._dirty = True

    @property
    def _end_note(self) -> str:
        """The choices at the end of a recording."""
        first, leave = self._bindings.title("first"), self._bindings.title("leave")
        leads = "close the game; the command “export” makes a video of it"
        if self._playback and not self._playback.recording.is_kept:
            leads = "title screen"
        elif self._context.leave is not Way.LEAVE:
            leads = "title screen, where you can export it as a video"
        part = self._playback and next_part(self._playback.recording.folder)
        more = f"What was played next is in {part.name}. " if part else ""
        return f"The end. {first}: watch again, {leave}: {leads}. {more}".rstrip()

    def _seek(self, second: float) -> None:
        """Show a moment [s since the world's reset], or the nearest there is."""
        assert self._playback is not None  # what asks for it
        spec = self.reel.current.spec
        block = spec.block_at(round(second * spec.fps))
        self._seek_block(min(max(block, self._playback.first), self._playback.last))

    def _seek_block(self, block: int) -> None:
        """Show a block; the picture rests there at the end and while the mouse holds the bar."""
        assert self._playback is not None  # as above
        assert self._bar is not None
        self._dirty, self._target, self._is_over = True, block, False
        rests_at_end = block == self._playback.last and not self._bar.is_held
        self._bar.note = self._end_note if rests_at_end else self._playback.note
        paused = self.reel.paused and not self._holds
        self._holds = not paused and (self._bar.is_held or block == self._playback.last)
        if (paused or self._holds) != self.reel.paused:
            self.reel.pause()
        self._is_waiting = self._playback.seeks and self.reel.starting_over and not self._error
        if self._is_waiting:
            return
        if self._playback.seeks:
            self._playback.start = block
            self._context.worker.begin(self.playthrough)
            self.reel.restart(paused=self.reel.paused)
        elif self.reel.starting_over or block < self.reel.current.block.block_index:
            if not self._bar.is_held:  # to play up to there takes a while
                self._context.worker.begin(self.playthrough)
                self.reel.restart(paused=self.reel.paused, hurry_to=block)
        else:
            self.reel.hurry_to(block)

    def hud_state(self) -> HudState:
        """Return the contents of the HUD; of a recording, with the clock of its bar."""
        state = super().hud_state()
        return replace(
            state, seconds=max(0.0, state.seconds - (self._bar.begin if self._bar else 0))
        )

    @property
    def _is_veiled(self) -> bool:
        return self._bar is None and super()._is_veiled

    def _mode_text(self) -> str:
        if self._bar is None:
            return super()._mode_text()
        if self.reel.starting_over or self.reel.is_hurrying:
            return "seeking"
        return "end" if self._is_over else super()._mode_text()

    def _draw_over(self, surface: pygame.Surface) -> None:
        theme = self.hud.theme(surface)
        is_shown = self.level != "off" or self._toolbar.wake_at(self._context.clock()) is not None
        self.hud.room_below = 0
        if self._bar and is_shown:
            self.hud.room_below = self._bar.height(theme) + theme.px(6)
        super()._draw_over(surface)

    def _draw_toolbar(self, surface: pygame.Surface) -> None:
        if self._bar and self.hud.room_below:
            theme, (width, height) = self.hud.theme(surface), surface.get_size()
            margin, tall = theme.px(14), self._bar.height(theme)
            area = pygame.Rect(margin, height - margin - tall, width - 2 * margin, tall)
            self._bar.draw(surface, theme, area, self.reel.seconds, self._sought)
        elif self._bar:
            self._bar.hide()
        super()._draw_toolbar(surface)
