"""Camera paths go out in the formats of others and come back the same."""

from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose, CameraSpeed, move
from mag_sandbox.evaluation.lookback import camera_paths
from mag_sandbox.evaluation.lookback.camera_paths import (
    MOST_ARRAYS,
    MOST_BYTES,
    matrices_of,
    poses_from,
    poses_of,
    read_path,
    tape_of,
    write_path,
)
from mag_sandbox.files.border import Refusal

SPEED = CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0, narrowest_fov=60.0, walk=2.8)


def walked(*commands: CameraCommand) -> list[CameraPose]:
    poses = [CameraPose()] * 3
    for command in commands:
        poses += move(poses[-1], command, SPEED, 16.0, 7)
    return poses


PATH = walked(
    CameraCommand(yaw=-0.37, pitch=0.2),
    CameraCommand(),
    CameraCommand(zoom=0.5),
    CameraCommand(yaw=1.0, pitch=-0.9),
    CameraCommand(zoom=-0.5, forward=0.5),
    CameraCommand(yaw=-0.6, right=-1.0, forward=0.3),
)


@pytest.mark.parametrize("name", ["path.npz", "poses.npy", "path.txt"])
def test_a_path_written_and_read_is_the_same_to_the_bit(tmp_path, name):
    write_path(tmp_path / name, PATH, 16.0)
    assert list(read_path(tmp_path / name)) == PATH


def test_the_words_of_wrbench_are_read_and_written():
    tape = "yaw:left:60@40,yaw:right:60@41,static@5"
    poses = poses_of(tape)
    assert len(poses) == 86
    assert poses[39].yaw == 300.0
    assert poses[-1] == CameraPose()
    assert poses_of(tape_of(poses)) == poses
    assert tape_of(poses) == tape  # 60 degrees in 41 frames are no whole ticks
    assert tape_of(poses_of("yaw:right:8@4,static@2")) == "yaw:right:8@4,static@2"


def test_matrices_turn_right_and_up_as_opencv_has_it():
    c2w, lenses = matrices_of([CameraPose(90.0), CameraPose(0.0, 20.0)])
    assert c2w[0, :3, 2] == pytest.approx([1, 0, 0])  # ahead is now to the right
    assert c2w[1, 1, 2] < 0  # y points down
    assert np.linalg.det(c2w[:, :3, :3]) == pytest.approx(1.0)
    assert lenses[0, 0, 0] == pytest.approx(160.0)  # 90 degrees across 320 px


def test_a_path_counts_from_its_first_camera():
    c2w, lenses = matrices_of([CameraPose(30.0), CameraPose(45.0)])
    assert [pose.yaw for pose in poses_from(c2w, lenses)] == [0.0, 15.0]


@pytest.mark.parametrize(
    ("tape", "problem"),
    [
        ("", "empty"),
        ("crane:up:1@9", "stay level"),
        ("dolly:forward:1001@9", "leads 1001 m away"),
        ("dolly:forward:nan@9", "no camera move"),
        ("yaw:left:60", "how many frames"),
        ("yaw:sideways:60@4", "no camera move"),
        ("yaw:left:x@4", "is no camera move"),
        ("pitch:up:80@4", "looks"),
        ("yaw:left:1@999999999", "how many frames"),
    ],
)
def test_words_that_make_no_sense_are_refused_in_a_sentence(tape, problem):
    with pytest.raises(Refusal, match=problem):
        poses_of(tape)


def test_of_a_long_path_only_the_next_part_is_looked_at():
    class Restless(list):  # two hours, in which every frame turns back
        def __getitem__(self, at):
            assert isinstance(at, int), "the rest is read, too"
            return np.full(5, 100.0 * (at % 2))

    assert camera_paths._evenly(Restless(range(115_200))) == 1


def test_steps_lead_from_where_a_part_looks_and_count_from_the_first_camera(tmp_path):
    poses = poses_of("yaw:right:90@3,dolly:forward:1.5@4,pan:left:0.5+yaw:left:30@2,static@1")
    assert (poses[6].x, poses[6].z) == pytest.approx((1.5, 0.0), abs=1e-3)
    assert (poses[8].x, poses[8].z) == pytest.approx((1.5, 0.5), abs=1e-3)
    for name in ("path.npz", "poses.npy", "path.txt"):
        write_path(tmp_path / name, (CameraPose(), *poses), 16.0)
        assert read_path(tmp_path / name) == (CameraPose(), *poses)
    c2w, lenses = matrices_of(poses[2:])
    assert poses_from(c2w, lenses)[4].z == pytest.approx(1.5, abs=1e-3)


def test_cameras_that_rise_roll_or_go_too_far_are_refused(tmp_path):
    c2w, lenses = matrices_of(PATH)
    rising, far, rolling = c2w.copy(), c2w.copy(), c2w.copy()
    rising[-1, 1, 3], far[-1, 0, 3] = 2.0, 5000.0
    rolling[-1, :3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    upside_down, mirrored, all_mirrored = c2w.copy(), c2w.copy(), c2w.copy()
    upside_down[-1, :3, :3] = np.diag([1.0, -1.0, -1.0])
    mirrored[-1, :3, :3] = np.diag([-1.0, 1.0, 1.0])
    all_mirrored[:, :3, 0] *= -1
    for wrong, problem in (
        (rising, "rises"),
        (far, "5000 m away"),
        (rolling, "rolls"),
        (upside_down, "rolls"),
        (mirrored, "no rotations"),
        (all_mirrored, "no rotations"),
        (c2w[0], r"\[T, 4, 4\]"),
    ):
        with pytest.raises(Refusal, match=problem):
            poses_from(wrong, lenses)
    np.savez(tmp_path / "other.npz", c2w=c2w)
    np.savez(tmp_path / "words.npz", c2w=c2w.astype(str), intrinsics=lenses)
    np.savez(tmp_path / "objects.npz", c2w=np.array([{}]), intrinsics=lenses)
    (tmp_path / "no.npz").write_bytes(b"nothing")
    with ZipFile(tmp_path / "bytes.npz", "w") as packed:
        packed.writestr("c2w", b"words")
        packed.writestr("intrinsics", b"words")
    (tmp_path / "poses.npy").write_bytes(b"nothing")
    (tmp_path / "no.txt").write_bytes(b"\xff")
    for name, problem in (
        ("other.npz", "lacks intrinsics"), ("words.npz", "write numbers"),
        ("bytes.npz", "write numbers"),
        ("objects.npz", "no .npz of numbers"), ("no.npz", "no .npz of numbers"),
        ("none.npz", "not found"), ("poses.npy", "no .npy of numbers"), ("no.txt", "it is no text"),
        ("none.txt", "not found"),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=problem) as refused:
            read_path(tmp_path / name)
        assert "pickle" not in str(refused.value)


def test_an_archive_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(np, "load", lambda *told, **more: pytest.fail("it was unpacked"))
    with ZipFile(tmp_path / "a.npz", "w", ZIP_DEFLATED) as packed:
        packed.writestr("c2w.npy", bytes(MOST_BYTES + 1))
    with pytest.raises(Refusal, match="it unpacks to 32 MiB, at most 32"):
        read_path(tmp_path / "a.npz")
    with ZipFile(tmp_path / "a.npz", "w") as packed:
        for number in range(MOST_ARRAYS + 1):
            packed.writestr(f"{number}.npy", b"")
    with pytest.raises(Refusal, match="more than 64 arrays"):
        read_path(tmp_path / "a.npz")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e300, 1e-300, 1e160, -1e300])
def test_numbers_too_large_to_compute_with_are_refused(size):
    c2w, lenses = matrices_of(PATH)
    far, wide, turned = c2w.copy(), lenses.copy(), c2w.copy()
    far[-1, 0, 3], turned[1, :3, :3] = abs(size) or 1, size
    wide[..., 0, 0] = 1e-9
    with pytest.raises(Refusal, match="sees 180 degrees across, which no lens does"):
        poses_from(c2w, wide)
    with pytest.raises(Refusal, match="no rotations"):
        poses_from(turned, lenses)
    if size > 1:
        with pytest.raises(Refusal, match="m away"):
            poses_from(far, lenses)
