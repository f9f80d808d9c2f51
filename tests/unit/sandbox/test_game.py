"""The whole game without its main loop: title, play, leaving, returning, and what keys do."""

from dataclasses import replace

import numpy as np
import pygame
import pytest
from PIL import Image

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraCommand, CameraPose, CameraSpeed
from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.remote.world import RemoteWorld
from mag_sandbox.sandbox import memory_choices
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.known_words import known_words
from mag_sandbox.sandbox.play_session import SplitSession
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, load_recording
from mag_sandbox.sandbox.saves.own_scenes import own_scenes, scene_of_prompt
from mag_sandbox.sandbox.screens import Continue, PlayScene, Watch, Way
from mag_sandbox.sandbox.screens.around import PLANNED_LATER
from mag_sandbox.sandbox.screens.loading import LoadingScreen
from mag_sandbox.sandbox.screens.play import PlayScreen, ReplayScreen
from mag_sandbox.sandbox.screens.probes import OPEN_PROBES, ProbesScreen
from mag_sandbox.sandbox.screens.prompt_card import sentences
from mag_sandbox.sandbox.screens.settings import OPEN_SETTINGS, SettingsScreen
from mag_sandbox.sandbox.title.focus import TitleFocus
from mag_sandbox.sandbox.title.library import RECORDINGS, past_recordings
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.scenes import Scene
from tests.doubles import WALKING, FakeWorld
from tests.games import FAST, SCENE, games
from tests.hosted import Hosted


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with games(tmp_path) as start:
        yield start


def test_a_scene_is_left_and_returned_to_where_it_was(run):
    game = run()
    game.play()
    game.see_blocks(17)
    left_at = game.block
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    assert entry.name == "Somewhere"
    game.play(Continue(entry.id))
    assert game.screen.playthrough.seed == 7
    assert left_at < game.block <= left_at + 4
    assert game.worlds == [], "the world was kept and not loaded again"


def test_another_scene_can_be_played_in_between(run):
    game = run()
    game.play()
    game.see_blocks(17)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    game.play(PlayScene(Scene(prompt="Elsewhere.", name="Elsewhere"), 3))
    assert game.block == 0
    game.see_blocks(17)
    game.go(Way.TITLE, TitleScreen)
    game.wait(lambda: len(game.services.saves.scenes.entries()) == 2)
    game.play(Continue(entry.id))
    assert game.screen.reel.current.block.prompt == "A place."


def test_the_shortest_visit_is_kept(run):
    """On a busy machine a minute of play may be a second of the world's time."""
    game = run()
    game.play()
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    assert game.screen.reel.current.block.prompt == "A place."


def test_the_world_is_loaded_while_the_player_looks_at_the_title(run):
    game = run()
    game.navigator.load_ahead()
    worker = game.navigator.worker
    game.wait(lambda: not game.worlds)
    game.navigator.load_ahead()
    game.play()
    assert game.navigator.worker is worker
    game.see_blocks(2)


def test_a_world_whose_weights_are_fetched_is_not_loaded_before_it_is_chosen(run):
    game = run(choice=WorldChoice("mag"))
    game.navigator.load_ahead()
    assert game.navigator.worker is None


def test_the_map_and_the_anchors_come_back_with_the_scene(run):
    game = run()
    game.play()
    game.see_blocks(4)
    game.press(pygame.K_e)
    game.see_blocks(14)
    game.wait(lambda: any(mark.kind == "key" for mark in game.services.prober.anchors))
    explored = game.services.map.picture.explored
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    game.wait(lambda: any(mark.kind == "key" for mark in game.services.prober.anchors))
    assert game.services.map.picture.explored >= explored > 0


def test_a_moment_is_saved_and_loaded(run):
    game = run()
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_F5)
    saved_at = game.block
    game.parked()
    game.see_blocks(20)
    game.press(pygame.K_F9)
    game.wait(lambda: saved_at < game.block <= saved_at + 6)
    game.said("this is the moment that you saved")


@pytest.mark.parametrize(("key", "said"), [(pygame.K_UP, "higher"), (pygame.K_DOWN, "lower")])
def test_the_end_of_looking_up_or_down_is_said(run, key, said):
    game = run(FakeWorld(spec=replace(FAST, full_speed=CameraSpeed(yaw=80.0, pitch=400.0))))
    game.play()
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=key, mod=0, unicode=""))
    game.said(f"you can't look any {said}")


def test_a_new_seed_begins_the_scene_anew(run):
    game = run()
    game.play()
    game.see_blocks(5)
    game.press(pygame.K_n)
    game.wait(lambda: game.block == 0)
    assert game.screen.playthrough.seed != 7


def test_a_new_seed_begins_without_the_picture_of_the_place(run, tmp_path):
    picture = tmp_path / "place.png"
    Image.new("RGB", (320, 192)).save(picture)
    game = run()
    game.play(PlayScene(replace(SCENE, image=str(picture))))
    game.press(pygame.K_n)
    assert game.screen.playthrough.scene.image is None


def test_a_new_seed_begins_another_place_of_the_newest_description(run):
    game = run()
    game.play()
    game.see_blocks(3)
    game.add_words(" At night.")
    game.press(pygame.K_n)
    scene = game.screen.playthrough.scene
    assert (scene.prompt, scene.name) == ("A place. At night.", "A place. At night")
    game.wait(lambda: game.block == 0)
    assert game.screen.reel.current.block.prompt == "A place. At night."


@pytest.mark.parametrize("seed", [None, 9])
def test_another_place_like_one_on_the_title_is_not_given_its_picture(run, tmp_path, seed):
    picture = tmp_path / "place.png"
    Image.new("RGB", (320, 192)).save(picture)
    game = run()
    game.play(PlayScene(replace(SCENE, image=str(picture)), seed))
    assert (game.screen.playthrough.scene.image is None) is (seed is not None)
    assert game.screen.playthrough.seed == (seed or SCENE.seed)


def test_the_camera_goes_back_to_the_anchor_by_itself(run):
    game = run()
    game.play()
    game.press(pygame.K_e)
    game.wait(lambda: game.services.prober.last_anchor is not None)
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RIGHT))
    game.wait(lambda: game.screen.reel.pose.yaw > 5)
    game.screen.handle(pygame.Event(pygame.KEYUP, key=pygame.K_RIGHT))
    game.press(pygame.K_b)
    assert game.services.pilot.is_flying
    game.wait(lambda: not game.services.pilot.is_flying)
    game.see_blocks(2)
    assert game.screen.reel.pose.yaw == pytest.approx(
        game.services.prober.last_anchor.yaw, abs=0.15
    )
    game.wait(lambda: game.services.prober.latest)  # although it was never out of sight
    assert (game.services.prober.latest.kind, game.services.prober.latest.label) == (
        "seen", "anchor 1"
    )  # fmt: skip
    assert len(game.services.prober.results) == 1
    game.press(pygame.K_b)
    game.said("you are at the anchor")
    assert not game.services.pilot.is_flying
    game.services.pilot.fly_to(replace_yaw(game.screen.reel.pose, 12.0), FAST)
    game.wait(lambda: not game.services.pilot.is_flying)
    game.see_blocks(2)
    game.press(pygame.K_b)
    game.services.pilot.target = None  # as when something stops it on the way
    game.see_blocks(1)
    game.said("something is in the way")


def test_the_newest_of_what_stops_a_walker_is_told_alone(run):
    class Stopped(FakeWorld):
        def step(self, control):
            block = super().step(control)
            said = f"{('a hut', 'a wall')[block.block_index % 2]} in the way"
            return replace(block, notice=said if control.camera.forward else "")

    game = run(Stopped(spec=replace(FAST, axes=("yaw", "pitch", "forward", "right"))))
    game.play()
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_w, mod=0, unicode=""))
    for words in ("a hut in the way", "a wall in the way"):
        game.said(words)
        assert len(game.services.notices.current) == 1
    until = game.services.notices.current[0].until
    game.screen.handle(pygame.Event(pygame.KEYUP, key=pygame.K_w, mod=0, unicode=""))
    game.wait(lambda: not game.services.notices.current)
    assert game.services.notices._clock() < until, "nothing is in the way of a player at rest"


def test_what_the_camera_goes_round_by_itself_is_not_told(run):
    class Told(FakeWorld):
        def step(self, control):
            block = super().step(control)
            return replace(block, notice="a hut in the way" if control.camera.forward else "")

    game = run(Told(spec=replace(WALKING, fps=FAST.fps)))
    game.play()
    game.services.pilot.fly_to(CameraPose(z=1.0), game.screen.reel.current.spec)
    game.wait(lambda: not game.services.pilot.is_flying)
    game.see_blocks(1)
    assert game.screen.reel.pose.is_away
    assert not any("hut" in one.text for one in game.services.notices.current)


def test_without_a_dropped_anchor_the_camera_stays_and_the_key_for_one_is_named(run):
    game = run()
    game.play()
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RIGHT))
    game.wait(lambda: game.services.prober.anchors)
    game.screen.handle(pygame.Event(pygame.KEYUP, key=pygame.K_RIGHT))
    game.press(pygame.K_b)
    assert not game.services.pilot.is_flying
    assert "drop an anchor with E first" in [one.text for one in game.services.notices.current]


def test_the_player_takes_over_from_the_autopilot(run):
    game = run()
    game.play()
    game.press(pygame.K_e)
    game.wait(lambda: game.services.prober.last_anchor is not None)
    game.services.pilot.fly_to(replace_yaw(game.screen.reel.pose, 120.0), FAST)
    game.services.pilot.press("left", DEFAULTS.moves["left"])
    assert game.services.pilot.next_command() == CameraCommand(yaw=-1.0)
    assert not game.services.pilot.is_flying


def test_a_thing_is_placed_and_taken_back_by_keys_and_the_list_knows_it(run):
    asked = []
    world = FakeWorld(
        spec=replace(FAST, kinds=("tent",)), on_step=lambda control: asked.append(control.edit)
    )
    game = run(world)
    game.play()
    game.press(pygame.K_i)
    for text in ("i", "a red tent"):  # the key that opened it is not written
        game.screen.handle(pygame.Event(pygame.TEXTINPUT, text=text))
    game.press(pygame.K_RETURN)
    game.said("a red tent is there")
    game.press(pygame.K_BACKSPACE)
    game.said("undone: a red tent")
    edits = [edit for edit in asked if edit]
    assert [(edit.act, edit.kind) for edit in edits] == [("place", "tent"), ("undo", "")]
    game.press(pygame.K_y)
    around = game.screen.session._around
    game.wait(lambda: around.lines)
    assert around.lines == (PLANNED_LATER,), "this world has no plan"
    game.draw((1280, 768))
    for box in (pygame.K_i, pygame.K_t):
        game.press(box)
        game.wait(lambda: around.lines == ())
        game.press(pygame.K_ESCAPE)
        game.wait(lambda: around.lines)
    game.press(pygame.K_y)
    game.wait(lambda: around.lines == ())


@pytest.mark.parametrize("key", [pygame.K_F1, pygame.K_t])
def test_escape_puts_away_what_was_opened_before_it_leaves(run, key):
    game = run()
    game.play()
    game.see_blocks(3)
    game.press(key)
    game.see_blocks(1)
    game.press(pygame.K_ESCAPE)
    game.see_blocks(3)
    assert isinstance(game.screen, PlayScreen)
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: isinstance(game.screen, TitleScreen))


def test_the_help_makes_room_for_what_a_key_opens(run):
    game = run()
    game.play()
    game.see_blocks(2)
    game.press(pygame.K_F1)
    assert game.screen._help == 0
    game.press(pygame.K_t)
    assert game.screen._help is None


def test_a_world_that_cannot_be_changed_says_so(run):
    game = run()
    game.play()
    game.press(pygame.K_i)
    game.said("nothing can be changed in this world")
    game.press(pygame.K_BACKSPACE)


def test_the_prompt_changes_from_the_next_block_on_and_the_memory_stays(run):
    game = run()
    game.play()
    game.see_blocks(3)
    kept = game.screen.reel.current.block.memory.kept_frames
    game.press(pygame.K_t)
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    game.press(pygame.K_END)
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text=" At night."))
    game.press(pygame.K_RETURN)
    game.wait(lambda: game.screen.reel.current.block.prompt == "A place. At night.")
    assert game.screen.reel.current.block.memory.kept_frames > kept


def test_the_memory_policy_changes_while_playing(run):
    game = run()
    game.play()
    assert game.screen.reel.current.block.memory.policy == "mag-retrieve"
    game.press(pygame.K_k)
    game.wait(lambda: game.screen.reel.current.block.memory.policy == "mag")


def game_of_a_chosen_memory(run, monkeypatch):
    """Return a game in which the player has just chosen another kind of memory."""
    monkeypatch.setattr(memory_choices, "CHOOSING_S", 0.0)
    game = run(FakeWorld(spec=replace(FAST, fps=120.0, kinds=("tent",))))
    game.play()
    game.press(pygame.K_k)
    game.wait(lambda: game.screen.reel.current.block.memory.policy == "mag")
    return game


def begin_a_place(game, way):
    """Begin another place in play by the key N, R or T."""
    game.press(pygame.key.key_code(way))
    if way == "t":
        game.write(" A forest at night.")
        game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=pygame.KMOD_SHIFT))


@pytest.mark.parametrize("way", ["n", "r", "t"])
def test_a_memory_chosen_in_play_goes_on_in_the_next_place_which_says_so(run, monkeypatch, way):
    game = game_of_a_chosen_memory(run, monkeypatch)
    begin_a_place(game, way)
    game.said("memory: MAG (recent moments), as you chose; K changes it")
    game.wait(lambda: game.screen.reel.current.block.block_index == 0)
    assert game.screen.reel.current.block.memory.policy == "mag"


def test_a_size_of_memory_chosen_in_play_goes_on_in_the_next_place(run, monkeypatch):
    game = game_of_a_chosen_memory(run, monkeypatch)
    budget = game.screen.reel.current.block.memory.budget
    game.press(pygame.K_LEFTBRACKET)
    game.wait(lambda: game.screen.reel.current.block.memory.budget == budget / 2)
    begin_a_place(game, "r")
    game.said(f"memory: at most {budget >> 21} MiB, as you chose; [ and ] change it")
    game.wait(lambda: game.screen.reel.current.block.block_index == 0)
    game.wait(lambda: game.screen.reel.current.block.memory.budget == budget / 2)


def test_a_memory_set_after_a_choice_holds_in_the_next_place(run, monkeypatch):
    game = game_of_a_chosen_memory(run, monkeypatch)
    game.services.settings.change(memory="window")
    game.press(pygame.K_r)
    assert game.screen.playthrough.scene.memory is None
    assert game.services.recordings.log.choice.memory.policy == "window"


def test_where_no_other_world_can_be_switched_to_none_is_offered_also_if_it_runs_elsewhere(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    served = FakeWorld(spec=replace(FAST, name="mag"))
    with Hosted(lambda wish: served) as hosted, games(tmp_path) as start:
        game = start(RemoteWorld(hosted.address))
        game.play()
        game.press(pygame.K_o)
        assert "world" not in [row.name for row in game.screen._listed.rows]
        game.said("there is no other world to go on in")
        assert isinstance(game.screen, PlayScreen)


def test_a_recording_begun_on_the_way_can_be_replayed(run):
    game = run()
    game.play()
    game.see_blocks(4)
    game.press(pygame.K_F10)
    game.see_blocks(6)
    game.press(pygame.K_F10)
    game.see_blocks(2)
    game.go(Way.TITLE, TitleScreen)
    (folder,) = (game.game.folder / RECORDINGS).iterdir()
    recording = load_recording(folder)
    assert recording.blocks[0].block_index > 3
    assert recording.end.reason == "stopped"
    assert (folder / "state" / "state.json").exists()


def test_settings_and_comparisons_lie_over_the_screen_and_lead_back(run):
    game = run()
    game.go(OPEN_SETTINGS, SettingsScreen)
    title = game.go(Way.BACK, TitleScreen)
    game.play()
    screen = game.screen
    game.go(OPEN_PROBES, ProbesScreen)
    game.go(Way.BACK, PlayScreen)
    assert game.screen is screen
    assert title is not None


def test_after_a_crash_the_place_is_kept_and_the_title_is_there(run):
    game = run(FakeWorld(spec=FAST, fail_at=20), FakeWorld(spec=FAST))
    game.play()
    game.wait(lambda: game.navigator.worker.status.error)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    assert entry.header.frames_shown == 20 * 3
    game.play(Continue(entry.id))


def replace_yaw(pose, yaw):
    return type(pose)(yaw, pose.pitch, pose.fov)


def test_a_hint_that_was_followed_on_another_screen_is_learned(run):
    game = run()
    game.play()
    game.press(pygame.K_v)
    assert "split" in game.services.settings.now.learned.split()


def test_keys_that_were_listed_from_the_title_are_taught_no_more(run):
    game = run()
    game.press(pygame.K_F1)
    game.wait(lambda: isinstance(game.screen, SettingsScreen))
    assert "help" in game.services.settings.now.learned.split()


def walk_away_and_press_c(game):
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_w))
    game.wait(lambda: game.screen.reel.pose.is_away)
    game.screen.handle(pygame.Event(pygame.KEYUP, key=pygame.K_w))
    game.press(pygame.K_c)
    game.said("walking back there")


def test_postcards_walk_back_first_to_where_the_scene_begins(run):
    game = run(FakeWorld(spec=replace(WALKING, fps=FAST.fps)))
    game.play()
    walk_away_and_press_c(game)
    assert isinstance(game.screen, PlayScreen)
    game.wait(lambda: game.screen.session._postcards._hunt.tour is not None)
    assert not game.screen.reel.pose.is_away
    assert not any("walking back" in one.text for one in game.services.notices.current)
    game.said("the camera walked back to the start")
    walk_away_and_press_c(game)
    game.wait(lambda: game.screen.session._errand is None)
    assert game.screen.session._postcards._hunt.tour is not None, "the key only led back"


def game_far_away(run, scene=SCENE):
    """Return a game whose player has walked far from where the place begins."""
    speed = replace(WALKING.full_speed, walk=40.0)
    game = run(FakeWorld(spec=replace(WALKING, fps=FAST.fps, kinds=("tent",), full_speed=speed)))
    game.play(PlayScene(scene))
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_w))
    game.wait(lambda: game.screen.reel.pose.is_far)
    game.screen.handle(pygame.Event(pygame.KEYUP, key=pygame.K_w))
    game.see_blocks(3)
    return game


def test_a_description_far_from_where_the_place_begins_begins_another_and_undo_leads_back(run):
    game = game_far_away(run)
    there = game.screen.reel.pose
    game.press(pygame.K_t)
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    box = game.screen.session._prompt
    assert [one.words for one in box.choices] == ["start another place like this here"]
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="a forest at night"))
    assert [one.words for one in box.choices] == ["start a new place here"]
    game.press(pygame.K_RETURN)
    game.wait(lambda: game.screen.reel.current.block.prompt == "a forest at night")
    assert game.screen.playthrough.scene.prompt == "a forest at night"
    assert not game.screen.reel.pose.is_away
    game.press(pygame.K_BACKSPACE)
    game.wait(lambda: game.screen.reel.pose == there)
    assert game.screen.reel.current.block.prompt == SCENE.prompt


def test_what_is_named_changes_far_from_where_the_place_begins_too(run):
    game = game_far_away(run, Scene("a lake with a red boat", 3, "A lake"))
    game.press(pygame.K_t)
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="make the boat blue"))
    box = game.screen.session._prompt
    assert [(one.keys, one.words) for one in box.choices] == [("Enter", "change what you named")]
    game.press(pygame.K_RETURN)
    game.wait(lambda: game.screen.reel.current.block.prompt == "a lake with a blue boat")
    assert game.screen.reel.pose.is_far


def test_a_new_place_is_named_after_the_one_whose_description_it_goes_on_with(run):
    game = run()
    game.play(PlayScene(SCENE))
    begun = game.screen.session._place(f"{SCENE.prompt}, a dragon")
    assert begun.scene.name == f"{SCENE.name}, a dragon"


def test_loading_and_the_lab_view_tell_what_has_an_effect(run):
    game = run()
    game.services.vocabulary = known_words("pocket")
    game.go(PlayScene(Scene("A spooky swamp", 3, "A swamp")), LoadingScreen)
    assert game.screen._scene.prompt == "A swamp"


@pytest.mark.parametrize("added", ["and a red tent", "put two red tents"])
def test_what_words_add_on_a_walk_is_put_where_the_player_looks(run, added):
    game = game_far_away(run)
    there = game.screen.reel.pose
    game.press(pygame.K_t)
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text=added))
    box = game.screen.session._prompt
    assert [(one.keys, one.words) for one in box.choices] == [
        ("Enter", "put a red tent here"), ("Shift+Enter", "start a new place here"),
    ]  # fmt: skip
    assert box._view().title == "Put a red tent where you look"
    game.press(pygame.K_RETURN)
    game.wait(lambda: game.screen.reel.current.block.edited is not None)
    block = game.screen.reel.current.block
    assert (block.edited.act, block.edited.kind, block.edited.yaw) == ("place", "tent", there.yaw)
    assert (block.edited.x, block.edited.z) == (there.x, there.z)
    assert block.prompt == SCENE.prompt


@pytest.mark.parametrize(
    ("added", "is_put"), [("and a red tent", True), ("and two red tents", False)]
)
def test_a_single_thing_added_where_a_place_begins_is_put_where_the_player_looks(
    run, added, is_put
):
    game = run(FakeWorld(spec=replace(WALKING, fps=FAST.fps, kinds=("tent",))))
    game.services.vocabulary = known_words("pocket")
    game.play()
    game.press(pygame.K_t)
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    game.screen.handle(pygame.Event(pygame.TEXTINPUT, text=added))
    choices = game.screen.session._prompt.choices
    assert (choices[0].words == "put a red tent here") == is_put
    if not is_put:
        return
    game.press(pygame.K_RETURN)
    game.wait(lambda: game.screen.reel.current.block.edited is not None)
    edited = game.screen.reel.current.block.edited
    assert (edited.act, edited.kind, edited.yaw) == ("place", "tent", game.screen.reel.pose.yaw)


def test_the_card_of_a_written_place_shows_its_first_view(run):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    scene = scene_of_prompt("a forest at night", 3)
    game.services.saves.keep_written(scene)  # as the title does
    game.play(PlayScene(scene))
    first = game.screen.reel.current.block.frames[-1]
    game.see_blocks(3)
    game.press(pygame.K_n)  # another place like this
    game.see_blocks(3)
    own = game.services.saves._own_scenes
    game.wait(lambda: [one.thumbnail for one in own_scenes(own) if one.thumbnail])
    (shown,) = own_scenes(own)
    with Image.open(shown.thumbnail) as picture:
        assert np.array_equal(np.asarray(picture), first)


def test_a_place_left_before_its_first_picture_keeps_its_words_among_the_own_ones(run):
    game = run()
    for words in ("a farm in a storm", "a city street at night"):
        game.press(pygame.K_t)
        game.write(words)
        game.press(pygame.K_RETURN)
        game.wait(lambda: isinstance(game.screen, LoadingScreen))
        game.press(pygame.K_ESCAPE)
        game.wait(lambda: isinstance(game.screen, TitleScreen))
    own = game.services.saves._own_scenes
    game.wait(lambda: len(own_scenes(own)) == 2)
    assert {one.scene.prompt for one in own_scenes(own)} == {
        "a farm in a storm", "a city street at night",
    }  # fmt: skip


def test_a_memory_is_changed_once_nothing_is_painted_and_not_compared_before(run):
    asked = []
    game = run(FakeWorld(spec=FAST, on_step=lambda control: asked.append(control.memory)))
    game.play()
    game.screen.session._painting.begin(Edit("renew", 0.0, 0.0, 90.0, 54.0))
    game.press(pygame.K_k)
    game.said("still being painted")
    assert game.screen.session.memory._choice is None
    game.services.notices.clear()
    screen = game.screen
    game.press(pygame.K_v)
    game.said("still being painted; then V compares memories")
    assert game.screen is screen, "no second box lies over that of the painter"
    assert "split" not in game.services.settings.now.learned.split(), "its tip is still to follow"
    game.screen.session._painting.end()
    game.wait(lambda: screen.session.memory._choice is not None)


@pytest.mark.parametrize(
    ("before", "text", "said"),
    [
        (
            "a beach",
            "a beach at night with a castle, two camels, three trees and a windmill",
            "start a new place here: light and weather change",
        ),
        ("a beach", "a forest at night", "start a new place here"),
        (SCENE.prompt, "a forest at night", "start a new place here"),
        (SCENE.prompt, "castles", "this view too"),
        ("a beach at night", "a jungle with parrots", "here, from these words alone"),
    ],
)
def test_a_view_in_another_light_is_said_to_begin_a_new_place(run, before, text, said):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    game.services.vocabulary = known_words("pocket")
    game.play(PlayScene(replace(SCENE, prompt=before)))
    session = game.screen.session
    game.press(pygame.K_t)
    session._prompt.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    session._prompt.handle(pygame.Event(pygame.TEXTINPUT, text=text))
    ways = [one.words for one in session._prompt.choices]
    assert any(way.endswith(said) for way in ways)
    session._prompt.choices[-1].apply(text)
    game.said("a new place begins")


def written(game, text):
    """Return the box for a description, with a text in place of the description in force."""
    box = game.screen.session._prompt
    box.dismiss()
    game.press(pygame.K_t)
    for one in ("t", text):
        box.handle(pygame.Event(pygame.TEXTINPUT, text=one))
    return box


@pytest.mark.parametrize(
    ("before", "text", "why"),
    [
        (
            "A hallway.",
            "in the snow",
            "None of these words changes anything here. Try “in the evening”",
        ),
        ("A dark cave.", "at night", "It looks like that already. Try “in the evening”"),
    ],
)
def test_words_without_effect_begin_nothing_and_the_box_says_why(run, before, text, why):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    game.services.vocabulary = known_words("pocket")
    game.play(PlayScene(replace(SCENE, prompt=before)))
    box = written(game, text)
    assert [(one.title, one.words) for one in box.choices] == [("Nothing changes", "")]
    game.press(pygame.K_RETURN)
    assert box.is_open
    assert sentences(box.notice).startswith(why)
    assert game.screen.reel.current.block.prompt == before


@pytest.mark.parametrize(("text", "begins"), [("by candlelight", False), ("at night", True)])
def test_on_the_title_words_without_effect_begin_no_place(run, text, begins):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    game.services.vocabulary = known_words("pocket")
    begun = []
    box = game.game._writing(begun.append)
    box.open("")
    for one in ("t", text):
        box.handle(pygame.Event(pygame.TEXTINPUT, text=one))
    box.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0))
    assert bool(begun) is begins
    assert begins or "none of these words shows anything by itself; try" in box.notice


def test_the_title_of_the_box_says_what_enter_does(run):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    game.services.vocabulary = known_words("pocket")
    game.play(PlayScene(replace(SCENE, prompt="a beach")))
    texts = "at night", "a kitchen", "a meadow"
    assert [written(game, text)._view().title for text in texts] == [
        "Change light and weather", "Start a new place", "Change areas that you have not seen",
    ]  # fmt: skip


def test_the_box_says_how_to_change_the_present_place(run):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent", "cat"))))
    game.services.vocabulary = known_words("pocket")
    game.play(PlayScene(replace(SCENE, prompt="a beach")))
    game.press(pygame.K_t)
    said = game.screen.session._prompt.notice
    light, thing = (part.split("”")[0].strip(" “") for part in said.split(";"))
    assert written(game, light).choices[0].words == "change light and weather"
    assert written(game, thing).choices[0].words == "put a cat here"
    game.services.vocabulary = None
    assert not written(game, "a beach").notice


@pytest.mark.parametrize(
    ("before", "text", "button", "note"),
    [
        (
            "a beach",
            "at night with a castle",
            "change light and weather, add what you named",
            "Light and weather change, and what you named is added.",
        ),
        ("a bedroom", "at night", "change the light", "Only the light changes."),
    ],
)
def test_buttons_of_the_box_are_commands_and_rooms_have_no_weather(run, before, text, button, note):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    game.services.vocabulary = known_words("pocket")
    game.play(PlayScene(replace(SCENE, prompt=before)))
    box = written(game, text)
    assert box.choices[0].words == button
    assert sentences(box.notice).startswith(note)


def test_where_all_around_was_seen_enter_repaints_this_view(run, monkeypatch):
    asked = []
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",)), on_step=asked.append))
    game.play()
    monkeypatch.setattr(game.services.map, "sees_more_of", lambda pose: False)
    game.press(pygame.K_t)
    game.write("by a lake")
    game.press(pygame.K_RETURN)
    game.wait(lambda: {"renew"} & {one.edit.act for one in asked if one.edit})
    game.said("This view is repainted")
    game.wait(lambda: game.screen.reel.current.block.edited)
    game.see_blocks(2)
    said = [one.text for one in game.services.notices.current]
    assert len([one for one in said if "repainted" in one]) == 1, "once is enough"


def test_no_new_areas_are_promised_above_where_all_around_was_seen(run, monkeypatch):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    game.services.vocabulary = known_words("pocket")
    game.play(PlayScene(replace(SCENE, prompt="a beach")))
    monkeypatch.setattr(game.services.map, "sees_more_of", lambda pose: pose.pitch > 0.0)
    game.press(pygame.K_UP)
    game.wait(lambda: game.screen.reel.pose.pitch > 0.0)
    words = [one.words for one in written(game, "a castle").choices]
    assert "new areas" not in words, "no castle stands in the sky"
    idle = [""]
    told = [[one.words for one in written(game, text).choices] for text in ("xyzzy", "and a ca")]
    assert [one == idle for one in told] == [True, False], "a word is still being written"


def test_what_is_written_on_is_added_to_what_is_seen(run):
    asked = []
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",)), on_step=asked.append))
    game.play()
    game.press(pygame.K_t)
    game.write("castles")
    game.press(pygame.K_RETURN)
    game.wait(lambda: {"relight"} & {one.edit.act for one in asked if one.edit})
    game.said("What you named is added here")


def test_another_size_of_the_window_is_shown_at_once(run, monkeypatch):
    game, shown = run(), []
    monkeypatch.setattr(game.game.view, "resize", shown.append)
    game.services.settings.change(window_width=1600, window_height=900)
    game.services.settings.change(volume=30)
    assert shown == [(1600, 900)]


def test_one_box_closes_the_other(run):
    game = run(FakeWorld(spec=replace(FAST, kinds=("tent",))))
    session = game.play().session
    for action, is_open in (("change", (True, False)), ("prompt", (False, True))) * 2:
        session.act(action, game.screen.playthrough)  # as a click on its button does
        assert (session._edit.box.is_open, session._prompt.is_open) == is_open


def test_what_two_memories_side_by_side_cannot_do_is_said(run):
    game = run()
    screen = game.play()
    beside = SplitSession(game.services, screen.reel, screen.hud)
    assert beside.act("to_anchor", screen.playthrough) is None
    game.said("V ends the comparison first")


def test_a_recording_goes_on_where_the_scene_begins_anew_and_ends_on_the_title(run):
    game = run()
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_F10)
    game.wait(lambda: game.services.recordings.is_recording)
    game.see_blocks(3)
    game.press(pygame.K_r)
    game.said("part 1 of the recording is saved; part 2 starts here")
    game.see_blocks(3)
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: not game.services.recordings.is_recording)
    game.play()
    game.see_blocks(3)
    assert not game.services.recordings.is_recording
    parts = sorted(path.parent for path in game.services.recordings._folder.rglob(EVENTS_FILE))
    assert [load_recording(part).end.reason for part in parts] == ["reset", "left"]


def test_what_was_said_in_play_is_not_said_on_the_title(run):
    game = run()
    game.play()
    game.see_blocks(2)
    game.services.notices.say("wall in the way", "bad")
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: isinstance(game.screen, TitleScreen))
    assert "wall in the way" not in [notice.text for notice in game.services.notices.current]


def test_the_button_that_takes_back_shows_only_while_there_is_something(run):
    game = run()
    game.play()
    game.see_blocks(2)

    def buttons():
        game.screen.handle(pygame.Event(pygame.MOUSEMOTION, pos=(300, 200), buttons=(0, 0, 0)))
        game.draw()
        return set(game.screen._toolbar.places)

    assert "undo" not in buttons()
    game.press(pygame.K_r)
    game.said("Backspace brings back")
    assert "undo" in buttons()


def test_the_map_tells_what_will_be_new_only_after_another_description(run):
    game = run()
    game.play()
    game.see_blocks(2)
    for applied in (False, True):
        game.press(pygame.K_t)
        game.write(" At night.")
        game.draw()
        assert game.screen.session._map._tells_new
        game.press(pygame.K_RETURN if applied else pygame.K_ESCAPE)
        shown = game.screen.session._map
        later = shown._closed_at + 3.0  # not after the present: the machine may be slow
        game.see_blocks(6)
        shown.update(later)
        assert shown._tells_new is applied


def test_a_hidden_map_says_which_key_shows_it_again(run):
    game = run()
    game.play()
    game.see_blocks(2)
    game.press(pygame.K_m)
    game.said("no map; M shows it again")
    game.press(pygame.K_m)
    assert not game.services.notices.current


def test_with_the_display_off_the_key_of_the_map_says_what_shows_it(run):
    game = run()
    game.play()
    for _ in range(2):
        game.press(pygame.K_h)
    game.draw()
    game.press(pygame.K_m)
    game.said("the map is shown with the display; H shows both")


def test_notices_about_one_topic_take_each_others_place(run):
    game = run()
    game.play()
    for _ in range(3):
        game.press(pygame.K_MINUS)
    assert [one.text for one in game.services.notices.current if "volume" in one.text] == [
        "volume 40 percent"
    ]


def test_the_title_stays_at_a_recording_that_was_watched(run):
    game = run()
    game.play()
    game.see_blocks(4)
    game.press(pygame.K_F10)
    game.see_blocks(6)
    game.press(pygame.K_F10)
    game.go(Way.TITLE, TitleScreen)
    game.parked()
    (folder,) = (game.game.folder / RECORDINGS).iterdir()
    key = f"recording {folder}"

    def choose():
        title = game.screen
        cards = [one for shelf in title._focus.shelves for one in shelf.cards]
        title._untouched = False  # as a key does: a list that comes late moves the focus no more
        if key in [one.key for one in cards]:
            title._focus = TitleFocus(title._focus.shelves, key)
        return title.focused == key

    game.wait(choose)
    game.go(Watch(folder), ReplayScreen)
    game.go(Way.TITLE, TitleScreen)
    game.wait(lambda: not game.game._listing.is_waiting)
    assert game.screen.focused == key


def test_a_recording_is_watched_under_the_name_on_its_card(run):
    game = run()
    game.play()
    game.add_words(" A castle.")
    game.press(pygame.K_F10)
    game.see_blocks(6)
    game.press(pygame.K_F10)
    game.go(Way.TITLE, TitleScreen)
    game.parked()
    (recording,) = past_recordings(game.game.folder / RECORDINGS)
    loading = game.go(Watch(recording.folder), LoadingScreen)
    assert loading._scene.name == recording.scene
    assert loading._scene.prompt == f"{SCENE.prompt} A castle."


def test_the_title_chooses_the_place_that_was_just_left(run):
    game = run()
    game.play()
    game.see_blocks(4)
    game.go(Way.TITLE, TitleScreen)
    (first,) = game.parked()
    game.wait(lambda: game.screen.focused == f"parked {first.id}")
    game.play(PlayScene(Scene(prompt="Another place.", name="Elsewhere", seed=8)))
    game.see_blocks(4)
    game.go(Way.TITLE, TitleScreen)
    (other,) = (one for one in game.parked(2) if one.id != first.id)
    game.wait(lambda: game.screen.focused == f"parked {other.id}")


def test_another_place_of_the_same_description_is_announced(run):
    game = run()
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_n)
    game.said("a new place from the same description; the previous one is kept under Continue")
    game.parked(1)


def test_a_saved_moment_is_loaded_also_after_starting_over(run):
    game = run()
    game.play()
    game.see_blocks(12)
    game.press(pygame.K_F5)
    saved_at = game.block
    game.said("saved")
    game.press(pygame.K_r)
    game.wait(lambda: not game.screen.reel.starting_over and game.block < 5)
    game.press(pygame.K_F9)
    game.wait(lambda: saved_at <= game.block <= saved_at + 6)


def test_nothing_is_taught_behind_a_box_to_write_in(run):
    game = run()
    game.play()
    game.see_blocks(2)
    overlay = game.screen.session._hints
    game.draw()
    assert "key right" in game.screen.hud.places, "the arrow that is to be held"
    game.press(pygame.K_t)
    game.draw()
    assert "key right" not in game.screen.hud.places
    assert overlay._hints.step is not None


def test_every_level_of_the_display_can_be_drawn_while_the_mouse_moves(run):
    one, moved = run(), {"pos": (9, 9), "rel": (1, 1), "buttons": (0, 0, 0)}
    one.play()
    for _ in range(4):
        one.screen.handle(pygame.Event(pygame.MOUSEMOTION, moved))
        one.draw()
        one.press(pygame.K_h)
