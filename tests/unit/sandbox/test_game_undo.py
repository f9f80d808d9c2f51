"""Whatever the player changes can be taken back, and choosing a memory drops nothing by itself."""

from concurrent.futures import Future
from dataclasses import replace

import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.edits import EVERYTHING, Edit
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.sandbox import memory_choices
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.saves.undo import MOST, UndoStack
from mag_sandbox.sandbox.screens import Continue, GoBack, PlayScene, Way
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.things import GROUND
from tests.doubles import FakeWorld
from tests.games import FAST, games


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(memory_choices, "CHOOSING_S", 0.2)
    monkeypatch.setattr(memory_choices, "WARNED_S", 0.2)
    with games(tmp_path) as start:
        yield start


def memory(game):
    return game.screen.reel.current.block.memory


def undo(game):
    event = pygame.Event(pygame.KEYDOWN, key=pygame.K_z, mod=pygame.KMOD_LCTRL, unicode="")
    game.screen.handle(event)


def test_going_once_round_the_policies_changes_nothing(run):
    asked = []
    world = FakeWorld(spec=FAST, on_step=lambda control: asked.append(control.memory))
    game = run(world)
    game.play()
    game.press(pygame.K_k)
    while game.screen.session.memory.setting.policy != "mag-retrieve":
        game.press(pygame.K_k)
    game.see_blocks(60)
    assert not any(asked)
    assert memory(game).policy == "mag-retrieve"


def test_a_memory_that_forgets_is_announced_and_can_be_prevented(run, monkeypatch):
    asked = []
    world = FakeWorld(spec=FAST, on_step=lambda control: asked.append(control.memory))
    game = run(world)
    game.play()
    monkeypatch.setattr(memory_choices, "WARNED_S", 3600.0)
    while game.screen.session.memory.setting.policy != "window":
        game.press(pygame.K_k)
    game.said("Backspace prevents it")
    changes = len(game.services.undo_stack)
    game.press(pygame.K_BACKSPACE)
    game.see_blocks(10)
    assert not any(asked)
    assert (memory(game).policy, len(game.services.undo_stack)) == ("mag-retrieve", changes)


def test_a_memory_that_is_taken_back_replaces_its_notice_and_the_game_of_postcards_goes_on(run):
    game = run(FakeWorld(spec=FAST))
    game.play()
    game.press(pygame.K_c)
    while game.screen.session.memory.setting.policy != "window":
        game.press(pygame.K_k)
    game.wait(lambda: memory(game).policy == "window")
    lessons = game.screen.session._hints._hints
    lessons._start = far = CameraPose(yaw=150.0)
    undo(game)
    game.said("undone: memory is MAG")
    game.see_blocks(2)
    assert lessons._start is far, "the place where the player began is no other"
    said = [one.text for one in game.services.notices.current]
    assert not any(one.startswith("memory: ") or "00:" in one for one in said)
    assert not any("postcards" in one for one in said)
    assert game.screen.session._postcards._hunt.tour is not None


def test_another_place_begins_with_an_announced_memory_and_drops_its_warning(run, monkeypatch):
    game = run()
    game.play()
    monkeypatch.setattr(memory_choices, "WARNED_S", 3600.0)
    while game.screen.session.memory.setting.policy != "window":
        game.press(pygame.K_k)
    game.said("Backspace prevents it")
    game.press(pygame.K_n)
    game.said("memory: Window (last seconds), as you chose")
    assert not any("prevents" in one.text for one in game.services.notices.current)


def test_the_card_names_the_announced_memory_and_no_warning_outlasts_the_change(run):
    game = run()
    game.play()
    while game.screen.session.memory.setting.policy != "window":
        game.press(pygame.K_k)
    assert game.screen.hud_state().coming_memory == "Window (last seconds)"
    game.said("forgets places in")
    game.wait(lambda: memory(game).policy == "window")
    game.said("last seconds")
    assert not any("will be" in one.text for one in game.services.notices.current)
    assert game.screen.hud_state().coming_memory == ""


def test_what_a_smaller_memory_drops_is_said_and_comes_back(run):
    game = run()
    game.play()
    game.see_blocks(40)
    before = memory(game)
    for _ in range(8):  # halvings
        game.press(pygame.K_LEFTBRACKET)
    game.said("remembered views are forgotten")
    assert memory(game).kept_frames < before.kept_frames
    undo(game)
    game.wait(lambda: memory(game).budget == before.budget)
    assert memory(game).kept_frames >= before.kept_frames


def test_a_larger_memory_is_offered_up_to_what_the_world_reserved(run):
    game = run(choice=WorldChoice(memory=MemorySetting(kept_mib=300)))
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_LEFTBRACKET)
    game.said("at most 128 MiB")
    game.press(pygame.K_RIGHTBRACKET)
    assert game.screen.session.memory.setting.kept_mib == 256
    game.press(pygame.K_RIGHTBRACKET)
    game.said("at most 300 MiB; for more, raise Budget in the settings")
    game.press(pygame.K_RIGHTBRACKET)
    assert game.screen.session.memory.setting.kept_mib == 300


@pytest.mark.parametrize(
    ("key", "again"),
    [
        (pygame.K_k, "undone: memory is MAG (remembers places) again"),
        (pygame.K_LEFTBRACKET, "MiB again"),
    ],
)
def test_taking_back_a_memory_says_which_one_holds_again(run, key, again):
    game = run()
    game.play()
    press_slowly(game, key, lambda: len(game.services.undo_stack))
    undo(game)
    game.said(again)


def press_slowly(game, key, until):
    """Press a key and see what it does hold, again and again."""
    for _ in range(12):
        if until():
            return
        game.press(key)
        game.wait(lambda: game.screen.session.memory._choice is None)
    raise AssertionError(f"12 presses, and the memory is {memory(game)}")


@pytest.mark.parametrize("turns", [False, True])
def test_who_comes_round_to_a_memory_slowly_has_all_that_it_had_unless_the_camera_turned(
    run, turns
):
    game = run()
    game.play()
    game.see_blocks(40)
    before = memory(game)
    press_slowly(game, pygame.K_LEFTBRACKET, lambda: memory(game).kept_frames < before.kept_frames)
    if turns:
        game.press(pygame.K_RIGHT)
        game.see_blocks(2)
    changes = len(game.services.undo_stack)
    game.press(pygame.K_RIGHTBRACKET)
    if turns:
        game.wait(lambda: game.screen.session.memory._choice is None)
        assert len(game.services.undo_stack) == changes + 1
    else:
        game.said("(remembers places), as it was")
        game.wait(lambda: memory(game).kept_frames >= before.kept_frames)
        assert len(game.services.undo_stack) == changes - 1


def test_another_description_is_taken_back(run):
    game = run()
    game.play()
    game.see_blocks(3)
    game.add_words(" At night.")
    painting = game.screen.session._painting
    painting.begin(Edit("renew", width=EVERYTHING[0], height=EVERYTHING[1]))
    game.press(pygame.K_BACKSPACE)
    game.wait(lambda: game.screen.reel.current.block.prompt == "A place.")
    game.said("undone: everything is as it was before the new description")
    assert not [one for one in game.services.notices.current if "undoes it" in one.text]
    assert not painting.is_shown


@pytest.mark.parametrize(("key", "said"), [(pygame.K_r, "started over"), (pygame.K_n, "new place")])
def test_what_is_said_of_a_beginning_is_said_again_when_it_is_shown(run, key, said):
    """Its picture may come after the line has gone."""
    game = run()
    game.play()
    game.see_blocks(3)
    told, say = [], game.services.notices.say
    game.services.notices.say = lambda text, *more, **options: (
        told.append((text, game.screen.reel.starting_over)), say(text, *more, **options)
    )[1]  # fmt: skip
    game.press(key)
    game.wait(lambda: sum(said in text for text, _ in told) == 2)
    assert not next(waits for text, waits in reversed(told) if said in text)


def describe_more(game, words, mod):
    """Write more words in the box, apply them by Enter with a modifier, and wait for them."""
    game.press(pygame.K_t)
    game.write(words)
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=mod, unicode=""))
    game.wait(lambda: game.screen.reel.current.block.prompt == f"A place.{words}")


@pytest.mark.parametrize(("mod", "size"), [(0, None), (pygame.KMOD_CTRL, GROUND["view"])])
def test_another_description_may_paint_what_was_seen_anew_and_says_what_follows_it(run, mod, size):
    asked = []
    world = FakeWorld(spec=replace(FAST, kinds=("tent",)), on_step=asked.append)
    game = run(world)
    game.play()
    game.see_blocks(3)
    describe_more(game, " A meadow.", mod)
    pose = game.screen.reel.pose
    renewed = [Edit("renew", pose.yaw, pose.pitch, *size)] if size else []
    game.wait(lambda: [one.edit for one in asked if one.edit] == [Edit("forget"), *renewed])
    game.said("This view is repainted" if size else "Backspace undoes")
    said = [one.text for one in game.services.notices.current]
    assert not size or not any("undoes" in one for one in said), "the box on it names the key"
    undo(game)
    game.wait(lambda: game.screen.reel.current.block.prompt == "A place.")


@pytest.mark.parametrize(
    ("text", "mod"), [(" A meadow.", pygame.KMOD_SHIFT), (" A forest at night.", 0)]
)
def test_where_nothing_is_to_stay_another_place_begins_and_the_one_before_is_kept(run, text, mod):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    game.play()
    game.see_blocks(3)
    scene = game.screen.playthrough.scene
    describe_more(game, text, mod)
    game.said("the previous one is kept under Continue, and Backspace brings it back")
    game.wait(lambda: [one.header.scene for one in game.services.saves.scenes.entries()] == [scene])
    assert game.screen.playthrough.scene.prompt == f"A place.{text}"
    undo(game)
    game.wait(lambda: game.screen.reel.current.block.prompt == "A place.")
    assert not any("begins" in one.text for one in game.services.notices.current)


@pytest.mark.parametrize("mod", [0, pygame.KMOD_CTRL])
def test_another_light_changes_everything_but_where_things_stand(run, mod: int):
    asked = []
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",)), on_step=asked.append))
    game.play()
    game.see_blocks(3)
    describe_more(game, " At night.", mod)
    pose = game.screen.reel.pose
    everything = Edit("relight", pose.yaw, pose.pitch, *GROUND["everything"])
    game.wait(lambda: [one.edit for one in asked if one.edit] == [everything])
    game.said("everything stays where it is")


@pytest.mark.parametrize("mod", [0, pygame.KMOD_CTRL, pygame.KMOD_SHIFT])
def test_where_memory_keeps_no_places_new_words_are_for_what_is_new_and_one_notice_says_so(
    run, mod
):
    asked = []
    spec = replace(FAST, kinds=("tent",))
    game = run(FakeWorld(MemorySetting("none"), spec=spec, on_step=asked.append))
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_t)
    assert game.screen.session._prompt.choices == ()
    game.write(" At night.")
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=mod, unicode=""))
    game.said("this view stays")
    assert len(game.services.notices.current) == 1
    assert not [control for control in asked if control.edit and control.edit.act == "renew"]
    game.press(pygame.K_i)
    game.said("this memory keeps no places")
    assert not game.screen.session._edit.box.is_open


class PaintingWorld(FakeWorld):
    """A world in which changes are done some blocks after they were asked for."""

    BLOCKS = 4

    def step(self, control):
        block = super().step(control)
        if control.edit:
            self.edit, self.due = control.edit, block.block_index + self.BLOCKS
        done = self.edit if block.block_index == self.due else None
        return replace(block, edited=done)

    edit, due = None, -1


def test_while_paused_blocks_are_shown_until_one_shows_the_change(run):
    game = run(PaintingWorld(spec=replace(FAST, kinds=("tent",))))
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_p)
    before = game.block
    game.press(pygame.K_i)
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="tent"))
    game.press(pygame.K_RETURN)
    game.said("a tent is there")
    assert game.screen.reel.paused
    assert before + PaintingWorld.BLOCKS <= game.block <= before + PaintingWorld.BLOCKS + 2


class ChoosyWorld(FakeWorld):
    """A world that has no room for castles."""

    def step(self, control):
        block = super().step(control)
        if control.edit and control.edit.kind == "castle":
            return replace(block, edited=None, notice="the castle would be hidden")
        return block


def test_what_was_refused_is_not_taken_back(run):
    game = run(ChoosyWorld(spec=replace(FAST, kinds=("tent", "castle"))))
    game.play()
    for kind, said in (("tent", "a tent is there"), ("castle", "would be hidden")):
        game.press(pygame.K_i)
        game.screen.handle(pygame.Event(pygame.TEXTINPUT, text=kind))
        game.press(pygame.K_RETURN)
        game.said(said)
    assert len(game.services.undo_stack) == 1
    undo(game)
    game.said("undone: a tent")


@pytest.mark.parametrize("key", [pygame.K_r, pygame.K_n])
def test_starting_over_is_taken_back(run, key):
    game = run()
    game.play()
    game.see_blocks(30)
    left_at = game.block
    game.press(key)
    game.wait(lambda: game.block < left_at)
    undo(game)
    game.wait(lambda: left_at <= game.block <= left_at + 6)
    assert game.screen.playthrough.seed == 7


def test_changes_are_taken_back_one_after_the_other_and_then_there_is_none(run):
    game = run()
    game.play()
    game.see_blocks(4)
    for _ in range(2):
        game.press(pygame.K_r)
        game.see_blocks(4)
    for _ in range(2):
        undo(game)
        game.see_blocks(4)
    undo(game)
    game.said("there is nothing to undo")


class ChangedWorld(FakeWorld):
    """A world that was left with a change that it can take back."""

    def step(self, control):
        done = bool(control.edit and control.edit.act == "undo")
        self.undoable -= done
        return replace(super().step(control), undoable=self.undoable)

    undoable = 1


def test_a_change_made_before_the_place_was_left_is_taken_back(run):
    asked = []
    spec = replace(FAST, kinds=("tent",))
    game = run(*(ChangedWorld(spec=spec, on_step=asked.append) for _ in range(2)))
    game.play()
    game.see_blocks(2)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    game.see_blocks(2)
    assert "undo" not in game.screen.session.idle_buttons
    undo(game)
    game.said("undone: this spot is as it was")
    game.wait(lambda: "undo" in game.screen.session.idle_buttons)
    undo(game)
    game.said("there is nothing to undo")
    assert [one.edit for one in asked if one.edit] == [Edit("undo")]


class LeftWorld(FakeWorld):
    """A world that was left while it painted a change, which it goes on with."""

    awaited = (Edit("place", 10.0, kind="tent", width=9.0, height=9.0),)

    def step(self, control):
        if control.edit and control.edit.act == "undo":
            self.awaited = ()
        return replace(super().step(control), awaited=self.awaited)


def test_a_change_that_was_being_painted_when_the_place_was_left_is_told_and_can_be_cancelled(run):
    asked = []
    spec = replace(FAST, kinds=("tent",))
    game = run(*(LeftWorld(spec=spec, on_step=asked.append) for _ in range(2)))
    game.play()
    game.see_blocks(2)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    painting = game.screen.session._painting
    assert painting.is_shown
    assert painting.names_undo
    undo(game)
    game.wait(lambda: [one.edit for one in asked if one.edit] == [Edit("undo")])


def test_a_change_of_one_place_is_not_taken_back_in_another(run):
    game = run()
    game.play()
    game.see_blocks(17)
    game.press(pygame.K_r)
    game.see_blocks(17)
    game.go(Way.TITLE, TitleScreen)
    game.play(PlayScene(Scene(prompt="Elsewhere.", name="Elsewhere"), 3))
    undo(game)
    game.said("there is nothing to undo")


def test_a_moment_of_another_world_goes_on_there(run):
    game = run()
    game.play()
    game.see_blocks(4)
    session = game.screen.session
    session.start_over(game.screen.playthrough)
    game.see_blocks(4)
    moment = game.services.undo_stack._moments[-1].left.result()
    elsewhere = replace(moment, world="elsewhere")
    went = session._services.undo_stack
    went.clear()
    went.push("another world", done(elsewhere))
    assert session.act("undo", game.screen.playthrough) == GoBack(elsewhere)


def done(value):
    future = Future()
    future.set_result(value)
    return future


def test_only_the_newest_moments_are_kept():
    stack = UndoStack()
    for number in range(MOST + 3):
        stack.push(str(number))
    kept = []
    while (moment := stack.pop()) is not None:
        kept.append(moment.back)
    assert kept == [str(number) for number in reversed(range(3, MOST + 3))]
