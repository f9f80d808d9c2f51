"""Camera paths as others write them: matrices in .npz files, and the words of WRBench's grammar.

A path is one `CameraPose` a frame; before its first frame the camera looks straight ahead. Cameras
here walk on level ground and do not roll, so a path that rises or rolls is refused. Angles and
positions are whole ticks, so a path written and read again is the same to the bit.

Matrices are as OpenCV has them: x to the right, y down, z ahead; `c2w` float [T, 4, 4] takes points
from the camera to the world, `intrinsics` float [T, 3, 3] are of a picture `WIDTH` x `HEIGHT`.

Sources: SANA-WM-Bench (`c2w`, `intrinsics`, `fps`, `num_frames`), MemoBench (`cam_c2w`,
`intrinsic`; also `poses.npy` beside `intrinsics.npy`, [T, 4] of fx, fy, cx, cy), WRBench
(arXiv 2606.20545; `kind:direction:value@frames`, joined by commas).
"""

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np

from mag_sandbox.controls.camera import (
    FARTHEST,
    MAX_PITCH,
    POSE_RESOLUTION,
    POSITION_RESOLUTION,
    WIDEST_FOV,
    CameraPose,
    is_in_range,
)
from mag_sandbox.files.border import Refusal, exists, read_plain, refusing
from mag_sandbox.files.validation import quoted
from mag_sandbox.files.whole import replace_file, replacing
from mag_sandbox.renderer.views import HEIGHT, WIDTH

MOST_FRAMES = 16 * 3600 * 2  # two hours at 16 frames a second
MOST_BYTES = 2**25  # of a file, also unpacked: twice the matrices of so many frames
MOST_ARRAYS = 64  # of a file
NARROWEST_FOV = 1.0  # degrees
MOST_FOV = 170.0  # degrees that any lens sees; pictures beyond WIDEST_FOV are cropped
STILL = "static"
TICKS = np.array([POSE_RESOLUTION] * 3 + [POSITION_RESOLUTION] * 2)  # a degree, or a metre
WAYS = {  # kind and direction -> axis and sign; pan and dolly are metres from where a part looks
    ("yaw", "right"): (0, 1), ("yaw", "left"): (0, -1),
    ("pitch", "up"): (1, 1), ("pitch", "down"): (1, -1),
    ("zoom", "in"): (2, -1), ("zoom", "out"): (2, 1),
    ("pan", "right"): (3, 1), ("pan", "left"): (3, -1),
    ("dolly", "forward"): (4, 1), ("dolly", "backward"): (4, -1),
}  # fmt: skip
ELSEWHERE = ("roll", "crane")  # words of the grammar for what no world here does
MATRICES, LENSES = ("c2w", "cam_c2w", "poses"), ("intrinsics", "intrinsic")
APART, ROLLED = 1e-3, 1e-3  # metres that a camera may wander or rise, sine that it may roll


def tape_of(poses: Sequence[CameraPose]) -> str:
    """Return a path in the words of WRBench's grammar, where "+" joins what happens at once.

    Each part is as long as `poses_of` makes exactly these poses of it.

    >>> tape_of([CameraPose(1.0), CameraPose(2.0), CameraPose(2.0)])
    'yaw:right:2@2,static@1'
    """
    ticks = _unwound([CameraPose(), *poses])
    parts, start = [], 0
    while start < len(poses):
        frames = _evenly(ticks[start:])
        change = (ticks[start + frames] - ticks[start]) / TICKS
        change[3:] = _turned(change[3:], -ticks[start, 0] / POSE_RESOLUTION)
        parts.append(_words(change, frames))
        start += frames
    return ",".join(parts)


def _unwound(poses: Sequence[CameraPose]) -> np.ndarray:
    """Return (yaw, pitch, fov, x, z) in whole ticks, float64 [T, 5]; turns are added up."""
    found = np.array([(*one.angles, one.x, one.z) for one in poses])
    found[:, 0] = np.unwrap(found[:, 0], period=360.0)
    ticks: np.ndarray = np.rint(found * TICKS)
    return ticks


def _turned(step: np.ndarray, yaw: float) -> np.ndarray:
    """Return a step (right, ahead) turned to the right by degrees."""
    across, along = np.sin(np.radians(yaw)), np.cos(np.radians(yaw))
    turned: np.ndarray = np.array([[along, across], [-across, along]]) @ step
    return turned


def _evenly(ticks: np.ndarray) -> int:
    """Return for how many frames a path moves evenly, up to rounding to whole ticks."""
    low, high = np.full(5, -np.inf), np.full(5, np.inf)  # ticks a frame that fit so far
    best = 1
    for frame in range(1, len(ticks)):  # one by one: most parts are short, and the rest is long
        gone = ticks[frame] - ticks[0]
        low, high = np.maximum(low, (gone - 0.49) / frame), np.minimum(high, (gone + 0.49) / frame)
        if (low > high).any():
            break
        if ((low <= gone / frame) & (gone / frame <= high)).all():
            best = frame
    return best


def poses_of(tape: str) -> tuple[CameraPose, ...]:
    """Return the path that words describe; degrees and metres are spread evenly over their frames.

    >>> [pose.yaw for pose in poses_of("yaw:left:60@2,yaw:right:60@1")]
    [330.0, 300.0, 0.0]

    Raises:
        Refusal: a word is unknown, or worlds here cannot do what it says.
    """
    at = np.array([0.0, 0.0, WIDEST_FOV, 0.0, 0.0])
    poses: list[CameraPose] = []
    for part in filter(None, (one.strip() for one in tape.split(","))):
        change, frames = _read_part(part)
        change[3:] = _turned(change[3:], at[0])
        if len(poses) + frames > MOST_FRAMES:
            raise Refusal(f"the path has more than {MOST_FRAMES} frames; give a shorter one")
        poses += [_pose(at + change * (frame / frames)) for frame in range(1, frames + 1)]
        at = at + change
    if not poses:
        raise Refusal('the path is empty; write one like "yaw:left:60@40,yaw:right:60@41"')
    return tuple(poses)


def matrices_of(poses: Sequence[CameraPose]) -> tuple[np.ndarray, np.ndarray]:
    """Return camera-to-world matrices [T, 4, 4] and intrinsics [T, 3, 3] of a path, float64."""
    yaw, pitch, fov = np.radians([(one.yaw, one.pitch, one.fov) for one in poses]).T
    c2w, lenses = np.zeros((len(poses), 4, 4)), np.zeros((len(poses), 3, 3))
    right = np.stack((np.cos(yaw), 0 * yaw, -np.sin(yaw)), -1)
    ahead = np.stack((np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)), -1)
    c2w[:, :3, :3] = np.stack((right, np.cross(ahead, right), ahead), -1)
    c2w[:, 0, 3], c2w[:, 2, 3] = [one.x for one in poses], [one.z for one in poses]
    c2w[:, 3, 3] = lenses[:, 2, 2] = 1.0
    lenses[:, 0, 0] = lenses[:, 1, 1] = WIDTH / 2 / np.tan(fov / 2)
    lenses[:, 0, 2], lenses[:, 1, 2] = WIDTH / 2, HEIGHT / 2
    return c2w, lenses


@np.errstate(over="ignore", invalid="ignore")  # numbers too large to compute with are refused
def poses_from(c2w: np.ndarray, lenses: np.ndarray) -> tuple[CameraPose, ...]:
    """Return the path of matrices; angles and positions count from the first camera.

    Args:
        c2w: [T, 4, 4] or [T, 3, 4].
        lenses: [3, 3] or [T, 3, 3], or [fx, fy, cx, cy] as [4] or [T, 4]; the middle of the
            picture says how wide it is.

    Raises:
        Refusal: the arrays are no path, or the camera goes, rolls or looks where none here can.
    """
    for kind in (np.asarray(one).dtype for one in (c2w, lenses)):  # of an archive also bytes
        if kind.kind not in "fiu":
            raise Refusal(f"camera matrices are of {kind}; write numbers")
    c2w = np.asarray(c2w, np.float64)
    if c2w.ndim != 3 or c2w.shape[1:] not in ((4, 4), (3, 4)) or not 0 < len(c2w) <= MOST_FRAMES:
        raise Refusal(f"camera matrices are {c2w.shape}, expected [T, 4, 4] of 1 to {MOST_FRAMES}")
    if not np.isfinite(c2w).all():
        raise Refusal("camera matrices hold NaN or infinity; write finite ones")
    turned = c2w[0, :3, :3].T @ c2w[:, :3, :3]
    unturned = turned @ turned.transpose(0, 2, 1)
    mirrored = (np.linalg.det(c2w[:, :3, :3]) < 0).any()
    if mirrored or not np.allclose(unturned, np.eye(3), atol=1e-3):  # also of NaN
        raise Refusal("camera matrices are no rotations; give camera-to-world matrices")
    gone = (c2w[:, :3, 3] - c2w[0, :3, 3]) @ c2w[0, :3, :3]
    risen = np.abs(gone[:, 1]).max()
    if not risen <= APART:
        raise Refusal(f"the camera rises or sinks by {risen:.3g} m; give a path on level ground")
    if np.linalg.norm(gone, axis=1).max() <= APART:
        gone[:] = 0.0
    if np.abs(turned[:, 1, 0]).max() > ROLLED or turned[:, 1, 1].min() < 0:  # or upside down
        raise Refusal("the camera rolls; worlds here keep the horizon level, give such a path")
    yaw = np.degrees(np.arctan2(turned[:, 0, 2], turned[:, 2, 2]))
    pitch = np.degrees(np.arcsin(np.clip(-turned[:, 1, 2], -1, 1)))
    fov = np.broadcast_to(_fields_of_view(np.asarray(lenses, np.float64)), yaw.shape)
    rows = zip(yaw, pitch, fov, gone[:, 0], gone[:, 2], strict=True)
    return tuple(_pose(np.array(one)) for one in rows)


def write_npz(path: Path, poses: Sequence[CameraPose], fps: float) -> None:
    """Write a path as SANA-WM's benchmark has them."""
    c2w, lenses = matrices_of(poses)
    with replacing(path) as part, part.open("wb") as file:
        np.savez(
            file, c2w=c2w, intrinsics=lenses, fps=np.float64(fps), num_frames=np.int64(len(poses))
        )


def read_npz(path: Path) -> tuple[CameraPose, ...]:
    """Return the path in an .npz file, or raise Refusal if it holds none; see `poses_from`."""
    arrays = _arrays(path)
    found = [next((one for one in names if one in arrays), "") for names in (MATRICES, LENSES)]
    for name, names in zip(found, (MATRICES, LENSES), strict=True):
        if not name:
            raise Refusal(f"{path} lacks {' or '.join(names)}; write such an array")
    return poses_from(*(arrays[name] for name in found))


def read_path(path: Path) -> tuple[CameraPose, ...]:
    """Return the path in an .npz, a poses.npy, or a .txt in words; raise Refusal for others."""
    if path.suffix == ".npz":
        return read_npz(path)
    if path.suffix == ".npy":
        both = [_arrays(one) for one in (path, path.with_name("intrinsics.npy"))]
        return poses_from(*(next(iter(one.values()), np.empty(0)) for one in both))
    with refusing(lambda why: Refusal(f"{path}: {why}; give .npz, poses.npy or words in .txt")):
        return poses_of(read_plain(path, MOST_BYTES).decode())


def write_path(path: Path, poses: Sequence[CameraPose], fps: float) -> None:
    """Write a path as its name ends, see `read_path`, or raise Refusal if that says nothing."""
    if path.suffix == ".npz":
        write_npz(path, poses, fps)
    elif path.suffix == ".npy":
        c2w, lenses = matrices_of(poses)
        flat = lenses[:, (0, 1, 0, 1), (0, 1, 2, 2)]
        beside = path.with_name("intrinsics.npy")
        if exists(beside):
            raise Refusal(f"{beside}, which goes beside it, already exists; name another folder")
        for place, array in ((path, c2w), (beside, flat)):
            with replacing(place) as part, part.open("wb") as file:
                np.save(file, array)
    elif path.suffix == ".txt":
        replace_file(path, tape_of(poses) + "\n")
    else:
        raise Refusal(
            f'"{path.name}" names no format of camera paths; end it in .npz, .npy or .txt'
        )


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file of numpy by name; that of an .npy has none."""
    with refusing(lambda why: Refusal(f"{path}: {why}; write camera-to-world matrices")):
        data = read_plain(path, MOST_BYTES)
        _check_unpacked(data)
        try:
            loaded = np.load(BytesIO(data), allow_pickle=False)
            return {"": loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
        except Exception as error:  # numpy's own words are for programmers
            raise ValueError(f"it is no {path.suffix} of numbers") from error


def _check_unpacked(data: bytes) -> None:
    """Refuse an archive that is small and whose arrays are not, before anything is unpacked."""
    if data.count(b"PK\x01\x02") > MOST_ARRAYS:  # entries of its directory, an object each
        raise ValueError(f"it holds more than {MOST_ARRAYS} arrays")
    if not data.startswith(b"PK"):
        return
    with suppress(BadZipFile), ZipFile(BytesIO(data)) as packed:
        size = sum(one.file_size for one in packed.infolist())
        if size > MOST_BYTES:
            raise ValueError(f"it unpacks to {size // 2**20} MiB, at most {MOST_BYTES // 2**20}")


def _words(change: np.ndarray, frames: int) -> str:
    moves = [
        f"{kind}:{direction}:{abs(change[axis]):.14g}"
        for (kind, direction), (axis, sign) in WAYS.items()
        if change[axis] * sign > 1e-9  # less is an error of turning metres
    ]
    return f"{'+'.join(moves) or STILL}@{frames}"


def _read_part(part: str) -> tuple[np.ndarray, int]:
    """Return a part's change of (yaw, pitch, fov, right, ahead), and in how many frames."""
    moves, _, count = part.partition("@")
    part = quoted(part)
    if not count.isdecimal() or not 0 < int(count) <= MOST_FRAMES:
        raise Refusal(
            f'"{part}" does not say in how many frames; write for example "yaw:left:60@40"'
        )
    change = np.zeros(5)
    for words in moves.lower().split("+"):
        kind, *more = words.strip().split(":")
        if kind in ELSEWHERE:
            raise Refusal(
                f'"{quoted(words)}": cameras here stay level and do not roll; use '
                f"yaw, pitch, zoom, pan, dolly, {STILL}"
            )
        if kind == STILL and not more:
            continue
        way = WAYS.get((kind, more[0])) if len(more) == 2 else None
        try:
            length = float(more[1]) if way else np.nan  # degrees or metres
        except ValueError:
            length = np.nan
        if way is None or not 0 <= length <= 360 * 3600:
            known = ", ".join(":".join(one) for one in WAYS)
            raise Refusal(
                f'"{quoted(words)}" is no camera move; write one of {known} with degrees or metres'
            )
        change[way[0]] += way[1] * length
    return change, int(count)


def _pose(found: np.ndarray) -> CameraPose:
    yaw, pitch, fov, x, z = (np.round(found * TICKS) / TICKS).tolist()
    if abs(pitch) > MAX_PITCH or not NARROWEST_FOV <= fov <= WIDEST_FOV:
        raise Refusal(
            f"the path looks {pitch:g} degrees up through {fov:g} degrees; worlds here reach "
            f"{MAX_PITCH:g} up and down, and see {WIDEST_FOV:g} degrees or less"
        )
    if not is_in_range(x, z):
        raise Refusal(
            f"the path leads {max(abs(x), abs(z)):.6g} m away; "
            f"give one that stays within {FARTHEST:g} m"
        )
    return CameraPose(yaw % 360.0, pitch or 0.0, fov, x or 0.0, z or 0.0)


def _fields_of_view(lenses: np.ndarray) -> np.ndarray:
    """Return degrees across, [] or [T]."""
    if lenses.shape[-2:] == (3, 3):
        focal, middle = lenses[..., 0, 0], lenses[..., 0, 2]
    elif lenses.shape[-1:] == (4,):
        focal, middle = lenses[..., 0], lenses[..., 2]
    else:
        raise Refusal(f"intrinsics are {lenses.shape}, expected [T, 3, 3] or [T, 4]")
    if not (np.isfinite(focal) & np.isfinite(middle) & (focal > 0) & (middle > 0)).all():
        raise Refusal("intrinsics need a focal length and a middle above 0")
    fov = 2 * np.degrees(np.arctan2(middle, focal))
    widest = fov.max(initial=0.0)
    if widest > MOST_FOV:
        raise Refusal(
            f"intrinsics say that the camera sees {widest:g} degrees across, which no lens does; "
            f"give at most {MOST_FOV:g}"
        )
    seen: np.ndarray = np.minimum(fov, WIDEST_FOV)
    return seen
