"""Runs a client's requests on a world, on the engine's thread.

Scenes, states and pictures from clients are checked as those from disks. Knows nothing of
connections.
"""

from dataclasses import replace
from pathlib import Path

from mag_sandbox.files.border import refusing
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.engine import EngineSlot
from mag_sandbox.model.remote.states import PieceStore, split_state
from mag_sandbox.model.world import (
    FrameBlock,
    Frames,
    Past,
    PastBlock,
    World,
    WorldFailed,
    WorldSpec,
    checked_seed,
)
from mag_sandbox.scenes import Scene

MOST_FRAMES = 64  # of one block or round trip
PICTURE = "picture"  # name of the file with a scene's picture


def run_request(
    slot: EngineSlot, world: World, store: PieceStore, folder: Path, request: wire.Request
) -> wire.Result:
    """Run a request and return its result.

    Args:
        slot: of the client's session.
        world: of the slot.
        store: of the pieces of states.
        folder: of the scene's picture.
        request: the request.

    Raises:
        Refusal: it cannot be done, in one sentence.
    """
    match request:
        case wire.Reset() | wire.Restore() | wire.Adopt():
            return _begin(slot, world, store, folder, request)
        case wire.StepRequest():
            return _block_reply(slot, slot.playing.step(request.control))
        case wire.RepeatSteps():
            for control in request.controls:
                slot.playing.step(control)
            return wire.DoneReply()
        case wire.Call(method="snapshot"):
            outline, pieces = split_state(slot.playing.snapshot())
            store.keep(pieces)
            return wire.SnapshotReply(outline)
        case wire.RoundTrip():
            _check_frames(request.frames, world.spec)
            return wire.FramesReply(world.round_trip(request.frames))
        case wire.PaintedRequest():
            return wire.FramesReply(slot.playing.painted(request.pose))
        case wire.Call(method="expect_prompt"):
            world.expect_prompt()
            return wire.DoneReply()
        case wire.Call(method="provenance"):
            return wire.ProvenanceReply(wire.to_json(slot.playing.provenance()))
    raise wire.WireError("an unknown request")


def _begin(
    slot: EngineSlot, world: World, store: PieceStore, folder: Path, request: wire.Beginning
) -> wire.Result:
    slot.begun = False  # until it is done
    match request:
        case wire.Reset():
            _check_origin(request)
            first = world.reset(_scene_with_picture(request, folder), request.seed)
            slot.begun = True
            return _block_reply(slot, first)
        case wire.Restore():
            state = store.state(request.outline)
            with refusing(lambda why: WorldFailed(f"the state is damaged ({why}); use another")):
                world.restore(state)
            store.forget_given()
        case wire.Adopt():
            with refusing(lambda why: WorldFailed(f"the pictures cannot be remembered ({why})")):
                world.adopt(_past(request, world.spec))
    slot.begun = True
    return wire.DoneReply()


def _block_reply(slot: EngineSlot, block: FrameBlock) -> wire.BlockReply:
    slot.can_prepare = True
    return wire.BlockReply(block)


def _scene_with_picture(request: wire.Reset, folder: Path) -> Scene:
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
    _check_origin(request)
    blocks = tuple(PastBlock(one.frames, one.poses, one.block_index) for one in request.blocks)
    return Past(request.scene, request.seed, request.prompt, blocks, request.origin)


def _check_origin(request: wire.Reset | wire.Adopt) -> None:
    with refusing(wire.WireError):
        checked_seed(request.scene, request.seed)
    if request.scene.image is not None:  # a path would be read on the server
        raise wire.WireError("a path to a picture, where the picture is expected")


def _check_frames(frames: Frames, spec: WorldSpec) -> None:
    size = (spec.frame_height, spec.frame_width, 3)
    if frames.ndim != 4 or frames.shape[1:] != size or not 1 <= len(frames) <= MOST_FRAMES:
        raise wire.WireError(f"frames of the shape {frames.shape}, expected {size}")
