"""What a client asks of a world, done to it: on the engine's thread, with the checks of files.

Knows nothing of connections. Scenes, states and pictures from clients are read as those from disks.
"""

from dataclasses import replace
from pathlib import Path

from mag_sandbox.files.border import refusing
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.engine import Seat
from mag_sandbox.model.remote.states import PieceStore, cut
from mag_sandbox.model.world import (
    AdoptingWorld,
    FrameBlock,
    Frames,
    PaintingWorld,
    Past,
    PastBlock,
    World,
    WorldFailed,
    WorldSpec,
)
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.scene import MAX_SEED

MOST_FRAMES = 64  # of one block or round trip
PICTURE = "picture"  # name of the file with a scene's picture


def do(
    seat: Seat, world: World, store: PieceStore, folder: Path, request: wire.Request
) -> wire.Result:
    """Do what a client asks for and return what comes of it.

    Args:
        seat: the client's; what it begins there is its own.
        world: the seat's.
        store: for the pieces of states.
        folder: for the scene's picture.
        request: what it asks for.

    Raises:
        Refusal: it cannot be done, in one sentence.
    """
    match request:
        case wire.Reset() | wire.Restore() | wire.Adopt():
            return _begin(seat, world, store, folder, request)
        case wire.NextBlock():
            return _made(seat, seat.playing.step(request.control))
        case wire.Repeat():
            for control in request.controls:
                seat.playing.step(control)
            return wire.Done()
        case wire.Snapshot():
            outline, pieces = cut(seat.playing.snapshot())
            store.keep(pieces)
            return wire.Taken(outline)
        case wire.RoundTrip():
            _check_frames(request.frames, world.spec)
            return wire.Shown(world.round_trip(request.frames))
        case wire.Painted():
            return wire.Shown(_painted(seat.playing, request))
        case wire.ExpectPrompt():
            world.expect_prompt()
            return wire.Done()
        case wire.Provenance():
            return wire.Told(wire.as_json(seat.playing.provenance()))
    raise wire.WireError("a request that nobody knows")


def _begin(
    seat: Seat, world: World, store: PieceStore, folder: Path, request: wire.Begin
) -> wire.Result:
    seat.begun = False  # until it is done
    match request:
        case wire.Reset():
            first = world.reset(_scene(request, folder), _seed(request.seed))
            seat.begun = True
            return _made(seat, first)
        case wire.Restore():
            state = store.state(request.outline)
            with refusing(lambda why: WorldFailed(f"the state is damaged ({why}); use another")):
                world.restore(state)
            store.restored()
        case wire.Adopt():
            if not isinstance(world, AdoptingWorld):
                raise WorldFailed(f"the world {world.spec.name} cannot go on where another was")
            with refusing(lambda why: WorldFailed(f"the pictures cannot be remembered ({why})")):
                world.adopt(_past(request, world.spec))
    seat.begun = True
    return wire.Done()


def _made(seat: Seat, block: FrameBlock) -> wire.Made:
    seat.work_left = True
    return wire.Made(block)


def _scene(request: wire.Reset, folder: Path) -> Scene:
    """Return a scene as it is played here, its picture a file of this machine."""
    _check_scene(request.scene)
    if request.picture is None:
        return request.scene
    path = folder / PICTURE
    path.write_bytes(request.picture)
    return replace(request.scene, image=str(path))


def _past(request: wire.Adopt, spec: WorldSpec) -> Past:
    if not 1 <= len(request.blocks) <= wire.MOST_PAST:
        raise wire.WireError(f"{len(request.blocks)} blocks of the past")
    for block in request.blocks:
        _check_frames(block.frames, spec)
    _check_scene(request.scene)
    blocks = tuple(PastBlock(one.frames, one.poses, one.block_index) for one in request.blocks)
    return Past(request.scene, _seed(request.seed), request.prompt, blocks, request.origin)


def _painted(world: World, request: wire.Painted) -> Frames | None:
    return world.painted(request.pose) if isinstance(world, PaintingWorld) else None


def _check_scene(scene: Scene) -> None:
    if scene.image is not None:  # it would be read here
        raise wire.WireError("a path to a picture, where the picture is expected")


def _seed(seed: int) -> int:
    if not 0 <= seed <= MAX_SEED:
        raise wire.WireError(f"a seed of {seed}")
    return seed


def _check_frames(frames: Frames, spec: WorldSpec) -> None:
    size = (spec.frame_height, spec.frame_width, 3)
    if frames.ndim != 4 or frames.shape[1:] != size or not 1 <= len(frames) <= MOST_FRAMES:
        raise wire.WireError(f"frames of the shape {frames.shape}, expected {size}")
