"""The generation thread: just in time, at most one block ahead, always closed properly."""

import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue

import numpy as np
import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import PlayerSource, RecordedSource, ScriptSource
from mag_sandbox.model.world import Control, MemorySetting, WorldFailed
from mag_sandbox.sandbox.play.optional_work import EASY_BLOCKS, STRAINED_BLOCKS
from mag_sandbox.sandbox.play.pacing import MARGIN_S
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.play.split import SplitWorld
from mag_sandbox.sandbox.play.worker import RESTING, SETTLING, GenerationWorker
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld
from tests.patience import PATIENCE, eventually

SCENE = Scene(prompt="A place.")
NOW = float("-inf")  # a block needed in the past is begun at once


class Log:
    """An observer that notes what it is told, in order."""

    def __init__(self):
        self.told = []

    def on_start(self, event, block):
        self.told.append(("start", event.seed))

    def on_block(self, event, block):
        self.told.append(("block", event.block_index))

    def on_end(self, event):
        self.told.append(("end", event.reason))


class Player:
    """Drives a worker as the window does."""

    def __init__(self, world=None, source=None, load=None, clock=lambda: 0.0, **options):
        self.world = world or FakeWorld()
        self.log = Log()
        self._news = SimpleQueue()
        self.worker = GenerationWorker(
            load or (lambda progress: self.world),
            source or PlayerSource(),
            [self.log],
            clock=clock,
            notify=lambda: self._news.put(None),
            **options,
        )
        self.worker.start()
        self.worker.begin(Playthrough(SCENE, 7))

    def block(self):
        while (ready := self.worker.take()) is None:
            self._news.get(timeout=PATIENCE)
        return ready

    def finished_block(self):
        """Return the next block once all its frames are enlarged, or none are to be."""
        ready = self.block()
        eventually(lambda: len(ready.large) in (0, len(ready.block.frames)))
        return ready

    def wait_for_status(self, name):
        while not getattr(self.worker.status, name):
            self._news.get(timeout=PATIENCE)
        return getattr(self.worker.status, name)


@pytest.fixture
def player():
    players = []

    def make(**settings):
        players.append(Player(**settings))
        return players[-1]

    yield make
    for one in players:
        assert one.worker.close("left", timeout=PATIENCE)


def test_blocks_arrive_in_order(player):
    window = player()
    numbers = []
    for _ in range(4):
        numbers.append(window.block().block.block_index)
        window.worker.needed_at(NOW)
    assert numbers == [0, 1, 2, 3]


def test_no_block_is_begun_before_the_last_one_was_taken(player):
    steps = []
    window = player(world=FakeWorld(on_step=steps.append))
    for number in range(4):
        ready = window.block()
        assert len(steps) == number == ready.block.block_index
        window.worker.needed_at(NOW)


def test_frames_are_enlarged_while_there_is_time_for_it(player):
    now, cost = [0.0], [0.0]

    def work(control):
        now[0] += cost[0]

    def twice(frames):
        return frames.repeat(2, axis=1).repeat(2, axis=2)

    window = player(world=FakeWorld(on_step=work), clock=lambda: now[0], enlarge=twice)
    ready = window.block()
    assert np.array_equal(ready.picture(0), twice(ready.block.frames)[0])
    shares_of_a_block = (
        (0.9, SETTLING, True),  # no measure yet
        (1.1, STRAINED_BLOCKS, False),
        (0.1, EASY_BLOCKS, True),
    )
    for cost[0], blocks, enlarges in shares_of_a_block:
        cost[0] *= ready.spec.block_seconds
        for _ in range(blocks + 1):
            window.worker.needed_at(NOW)
            ready = window.block()
        assert bool(ready.large) is enlarges
    eventually(lambda: len(ready.large) > 1)  # the others follow on the worker's thread
    assert np.array_equal(ready.picture(1), twice(ready.block.frames)[1])


def test_a_camera_that_comes_to_rest_shows_enlarged_frames_at_once(player):
    now, cost = [0.0], [0.0]

    def work(control):
        now[0] += cost[0]

    source = PlayerSource()
    window = player(
        world=FakeWorld(on_step=work), source=source, clock=lambda: now[0], enlarge=lambda one: one
    )
    spec = window.block().spec

    def enlarges(share, blocks=1):
        cost[0] = share * spec.block_seconds
        for _ in range(blocks):
            window.worker.needed_at(NOW)
            ready = window.block()
        return bool(ready.large)

    source.press("right", DEFAULTS.moves["right"])
    assert not enlarges(0.9, SETTLING + STRAINED_BLOCKS + 1)
    assert not enlarges(0.1, 2), "sharpness would change as the camera moves"
    source.release_all()
    enlarges(0.1)  # of the command before
    assert enlarges(0.1)
    assert enlarges(0.9, 2), "a still picture would be sharp and blurred by turns"
    assert not enlarges(1.1, 2)


def test_two_memories_at_rest_are_enlarged_though_their_blocks_come_late(player):
    now = [0.0]
    worlds = [FakeWorld(on_step=lambda control: now.append(now.pop() + 0.2)) for _ in range(2)]
    split = SplitWorld(*worlds, MemorySetting("window"), clock=lambda: now[0])
    window = player(world=split, clock=lambda: now[0], enlarge=lambda one: one)
    assert split.spec.block_seconds < 0.2
    for _ in range(SETTLING + STRAINED_BLOCKS + 2):
        ready = window.block()
        assert ready.block.beside
        assert ready.large
        window.worker.needed_at(now[0] + 0.01)


@pytest.mark.parametrize("rests", [False, True])
def test_a_block_that_would_be_late_for_it_alone_is_not_enlarged(player, rests: bool):
    now, cost = [0.0], [0.02]

    def work(control):
        now[0] += cost[0]

    def twice(frames):
        now[0] += 0.001
        return frames.repeat(2, axis=1).repeat(2, axis=2)

    source = PlayerSource()
    window = player(
        world=FakeWorld(on_step=work), source=source, clock=lambda: now[0], enlarge=twice
    )
    spec = window.finished_block().spec
    if not rests:
        source.press("right", DEFAULTS.moves["right"])
        window.worker.needed_at(NOW)
        window.finished_block()
    spare = RESTING / spec.fps if rests else 0.0
    costs = [(0.0085, True), (0.0095, False), (0.0085, not rests)]  # at rest, sharp later
    for cost[0], enlarges in costs if rests else [(0.02, False), *costs]:
        cost[0] += spare
        window.worker.needed_at(now[0] + 0.01)
        assert bool(window.finished_block().large) is enlarges


def test_nothing_is_done_ahead_of_a_control_that_says_what_its_block_leaves_out(player):
    class LookingAhead(FakeWorld):
        prepared = 0

        def prepare(self):
            self.prepared += 1
            return False

    controls = [Control(leave_out=("views",))] * 3
    path = ScriptSource([CameraCommand()] * 3)
    for source, prepares in (
        (PlayerSource(), True),
        (path, True),
        (RecordedSource(controls), False),
    ):
        window = player(world=LookingAhead(), source=source)
        window.block()
        for _ in range(3):  # between two calls it has looked for something to do
            window.worker.call(lambda session: None).result(PATIENCE)
        assert window.world.prepared == 1 + prepares, "once by the world itself"


def test_a_block_is_begun_just_in_time_with_the_newest_input(player):
    now = [0.0]
    begun = threading.Event()
    keyboard = PlayerSource()
    world = FakeWorld(on_step=lambda control: begun.set())
    window = player(world=world, source=keyboard, clock=lambda: now[0])
    window.block()
    window.worker.needed_at(NOW)
    window.block()  # from now on the duration is known: 0 s on this clock
    begun.clear()
    window.worker.needed_at(500.0)
    assert not begun.wait(0.02)
    keyboard.press("right", DEFAULTS.moves["right"])
    now[0] = 500.0 - MARGIN_S
    window.worker.needed_at(500.0)
    ready = window.block()
    assert ready.command == CameraCommand(yaw=1.0)
    assert ready.sampled_at == now[0]


def test_nothing_is_begun_while_paused(player):
    steps = []
    window = player(world=FakeWorld(on_step=steps.append))
    window.block()
    window.worker.needed_at(NOW)
    window.block()
    window.worker.needed_at(None)
    window.worker.begin(Playthrough(SCENE, 7))
    assert window.block().block.block_index == 0
    assert len(steps) == 1


def test_idle_time_goes_to_looking_ahead(player):
    prepared = threading.Event()

    class Eager(FakeWorld):
        def prepare(self):
            if threading.current_thread().name == "generation" and self._block_index >= 0:
                prepared.set()
            return super().prepare()

    window = player(world=Eager())
    window.block()
    assert prepared.wait(PATIENCE)


def test_reset_hands_out_no_block_of_before(player):
    window = player()
    first = window.block()
    window.worker.needed_at(NOW)
    window.worker.begin(Playthrough(SCENE, 7))
    again = window.block()
    assert again.generation == first.generation + 1
    assert again.block.block_index == 0
    assert (again.block.frames == first.block.frames).all()


def test_a_reset_ends_the_session_and_starts_another(player):
    window = player()
    window.block()
    window.worker.begin(Playthrough(SCENE, 7))
    window.block()
    window.worker.close("left")
    starts_and_ends = [entry for entry in window.log.told if entry[0] != "block"]
    assert starts_and_ends == [("start", 7), ("end", "reset"), ("start", 7), ("end", "left")]


def test_closing_while_a_block_is_generated_waits_for_it_and_ends_the_session(player):
    begun, go_on = threading.Event(), threading.Event()

    def hold(control):
        begun.set()
        go_on.wait(PATIENCE)

    window = player(world=FakeWorld(on_step=hold))
    window.block()
    window.worker.needed_at(NOW)
    assert begun.wait(PATIENCE)
    with ThreadPoolExecutor() as pool:
        closing = pool.submit(window.worker.close, "left", PATIENCE)
        go_on.set()
        assert closing.result()
    assert window.log.told == [("start", 7), ("block", 1), ("end", "left")]
    assert window.world.closed


def test_closing_while_loading_leaves_the_loader_at_its_next_report(player):
    loading, go_on = threading.Event(), threading.Event()
    stages = []

    def load(progress):
        progress("weights", 0.5)
        loading.set()
        go_on.wait(PATIENCE)
        progress("warm-up", 0.9)
        stages.append("warm-up")

    window = player(load=load)
    assert loading.wait(PATIENCE)
    assert (window.worker.status.stage, window.worker.status.fraction) == ("weights", 0.5)
    with ThreadPoolExecutor() as pool:
        closing = pool.submit(window.worker.close, "left", PATIENCE)
        while window.worker._stop_reason is None:
            pass
        go_on.set()
        assert closing.result()
    assert stages == []
    assert window.worker.status.error is None


def test_another_playthrough_while_a_second_world_loads_leaves_the_loader(player):
    loading, left, loaded = threading.Event(), threading.Event(), []

    def stage(world, on_progress):
        loading.set()
        left.wait(PATIENCE)
        on_progress("weights", 0.5)
        loaded.append(world)
        return world

    window = player()
    window.worker.begin(Playthrough(SCENE, 7, stage=stage))
    loading.wait(PATIENCE)
    window.worker.begin(Playthrough(SCENE, 8))
    left.set()
    assert window.block().block.block_index == 0
    assert loaded == []
    assert window.worker.status.error is None


def test_closing_while_a_block_loads_more_leaves_it_at_its_next_report(player):
    begun, go_on, reports = threading.Event(), threading.Event(), []

    def encode(control):
        reports[0]("encoding text", 0.1)
        begun.set()
        go_on.wait(PATIENCE)
        reports[0]("encoding text", 0.2)
        raise AssertionError("it went on")

    def load(progress):
        reports.append(progress)
        return FakeWorld(on_step=encode)

    window = player(load=load)
    window.block()
    window.worker.needed_at(NOW)
    assert begun.wait(PATIENCE)
    with ThreadPoolExecutor() as pool:
        closing = pool.submit(window.worker.close, "left", PATIENCE)
        while window.worker._stop_reason is None:
            pass
        go_on.set()
        assert closing.result()
    assert window.worker.status.error is None
    assert window.log.told == [("start", 7), ("end", "left")]


def test_a_crash_is_one_sentence_and_ends_the_session_with_it(player):
    window = player(world=FakeWorld(fail_at=1))
    window.block()
    window.worker.needed_at(NOW)
    assert window.wait_for_status("error") == "block 1 cannot be made; start over"
    window.worker.close("left")
    assert window.log.told == [("start", 7), ("end", "block 1 cannot be made; start over")]
    assert window.world.closed


def test_a_world_that_does_not_load_is_one_sentence(player):
    def load(progress):
        raise WorldFailed("weights are damaged; download them again")

    window = player(load=load)
    assert window.wait_for_status("error") == "weights are damaged; download them again"


def test_a_crash_is_told_in_plain_words(player, caplog):
    def load(progress):
        raise ZeroDivisionError

    window = player(load=load)
    assert window.wait_for_status("error").startswith("this is a fault of the game")
    assert "ZeroDivisionError" in caplog.text


def test_the_session_ends_with_its_script(player):
    window = player(source=ScriptSource([CameraCommand(yaw=1.0)]))
    window.block()
    window.worker.needed_at(NOW)
    window.block()
    window.worker.needed_at(NOW)
    assert window.wait_for_status("ended")
    assert window.log.told == [("start", 7), ("block", 1), ("end", "script over")]


def test_closing_twice_is_harmless(player):
    window = player()
    window.block()
    assert window.worker.close("left")
    assert window.worker.close("other")
    assert window.log.told[-1] == ("end", "left")


def test_a_call_runs_between_blocks_on_the_thread_that_owns_the_world(player):
    window = player()
    window.block()
    future = window.worker.call(lambda session: (threading.current_thread().name, session.world))
    assert future.result(PATIENCE) == ("generation", window.world)


def test_a_call_that_fails_tells_its_caller_and_play_goes_on(player):
    window = player()
    window.block()
    with pytest.raises(ZeroDivisionError):
        window.worker.call(lambda session: 1 / 0).result(PATIENCE)
    window.worker.needed_at(NOW)
    assert window.block().block.block_index == 1


def test_a_closed_worker_holds_neither_its_world_nor_what_loaded_it_whatever_failed():
    worlds = [FakeWorld()]
    there = weakref.ref(worlds[0])
    load = partial(lambda progress: worlds.pop())
    loads, one = weakref.ref(load), Player(load=lambda progress, load=load: load(progress))
    del load

    def fail(session):
        raise ValueError("no room")

    def ask():
        asked = one.worker.call(fail)
        with suppress(ValueError):
            asked.result(timeout=PATIENCE)

    one.block()
    ask()
    assert one.worker.close("left", timeout=PATIENCE)
    assert (there(), loads()) == (None, None)


def test_a_call_to_a_closed_worker_is_cancelled(player):
    window = player()
    window.block()
    window.worker.close("left")
    assert window.worker.call(lambda session: None).cancelled()


def test_a_rest_ends_the_session_and_keeps_the_world_for_the_next_scene(player):
    window = player()
    window.block()
    window.worker.rest("parked")
    window.worker.begin(Playthrough(SCENE, 8))
    window.block()
    assert window.log.told == [("start", 7), ("end", "parked"), ("start", 8)]
    assert not window.world.closed


def test_after_a_crash_the_world_still_answers_and_can_begin_again(player):
    window = player(world=FakeWorld(fail_at=1))
    window.block()
    window.worker.needed_at(NOW)
    window.wait_for_status("error")
    assert window.worker.call(lambda session: session.park()).result(PATIENCE).seed == 7
    window.worker.begin(Playthrough(SCENE, 7))
    assert window.block().block.block_index == 0
    assert window.worker.status.error is None


def test_a_parked_scene_goes_on_as_if_it_had_never_been_left(player):
    left = player()
    for _ in range(3):
        left.block()
        left.worker.needed_at(NOW)
    there = left.block()
    parked = left.worker.call(lambda session: session.park()).result(PATIENCE)
    left.worker.needed_at(NOW)
    uninterrupted = left.block()
    other = player()
    other.worker.begin(Playthrough(SCENE, 7, lambda: parked))
    resumed = other.block()
    assert resumed.block.block_index == there.block.block_index + 1
    assert (resumed.block.frames == uninterrupted.block.frames).all()


def just_missed(worker, act):
    """Let `act` happen when the thread has just looked for calls."""
    answer = worker._answer_calls

    def then_act(session):
        answer(session)
        worker._answer_calls = answer
        act()

    worker._answer_calls = then_act


def test_what_was_called_before_another_beginning_is_answered_before_it(player):
    window = player()
    window.block()
    answers = []

    def act():
        answered = window.worker.call(lambda session: session.park())
        beginning = lambda: answered.result(PATIENCE)  # noqa: E731 -- it waits, as the queue of saves does
        window.worker.begin(Playthrough(SCENE, 8, beginning))
        answers.append(answered)

    just_missed(window.worker, act)
    window.worker.needed_at(NOW)
    assert window.block().block.block_index == 1
    assert answers[0].result(PATIENCE).seed == 7


def test_what_is_called_after_another_beginning_is_answered_by_it(player):
    window = player()
    window.block()
    answers = []

    def act():
        window.worker.begin(Playthrough(SCENE, 8))
        answers.append(window.worker.call(lambda session: session.park()))

    just_missed(window.worker, act)
    window.worker.needed_at(NOW)
    window.block()
    assert answers[0].result(PATIENCE).seed == 8


def test_a_block_that_has_its_time_waits_for_no_painting_even_if_it_is_begun_late(player):
    here, asked = threading.current_thread(), []

    class Painted(FakeWorld):
        def waits(self):
            return ("views",)

    window = player(
        world=Painted(on_step=lambda control: asked.append(control.leave_out)),
        clock=lambda: 0.0 if threading.current_thread() is here else 10.0,  # the worker is late
    )
    for moment in (5.0, NOW):
        window.block()
        window.worker.needed_at(moment)
    window.block()
    assert asked == [("views",), ()], "a block that is needed at once is as it should be"


def test_what_was_called_before_closing_is_answered(player):
    window = player()
    window.block()
    answers = SimpleQueue()

    def act():
        answers.put(window.worker.call(lambda session: session.park()))
        window.worker._stop_reason = "left"

    just_missed(window.worker, act)
    window.worker.needed_at(NOW)
    assert answers.get(timeout=PATIENCE).result(PATIENCE).seed == 7
    assert window.worker.close("left")


def test_a_call_is_cancelled_when_the_world_has_just_failed_to_load(player):
    ready = threading.Event()
    window = player(load=lambda progress: ready.wait(PATIENCE) and 1 / 0)
    cancel = window.worker._cancel_calls
    late = []

    def cancel_then_call():
        cancel()
        late.append(window.worker.call(lambda session: None))

    window.worker._cancel_calls = cancel_then_call
    ready.set()
    window.wait_for_status("error")
    assert window.worker.close("left")
    assert [future.cancelled() for future in late] == [True]
