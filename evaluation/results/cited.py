"""The paper's figures (arXiv 2512.18741), shown beside our measurements and never mixed with them.

Its clips are the 176 of MAG-Bench and its world is full-size: numbers of other clips or sizes are
to be read beside these, not against them.
"""

from dataclasses import dataclass

SOURCE = "arXiv 2512.18741"


@dataclass(frozen=True, slots=True)
class CitedRow:
    """One method of the paper's table 3."""

    method: str
    mode: str  # "history": its "History Context"; "truth": its "Ground Truth"
    psnr_db: float
    ssim: float
    lpips: float


@dataclass(frozen=True, slots=True)
class CitedRate:
    """Table 4: reconstruction by the memory model, by frames a block."""

    ratio: int
    psnr_db: float
    ssim: float
    lpips: float


@dataclass(frozen=True, slots=True)
class CitedVideo:
    """Tables 1 and 2: VBench of five or thirty seconds."""

    method: str
    seconds: int
    total: float
    quality: float
    semantic: float
    background: float | None
    subject: float | None


MAG_BENCH = tuple(
    CitedRow(method, mode, *scores)
    for method, history, truth in (
        ("Self Forcing", (14.46, 0.48, 0.49), (15.65, 0.51, 0.42)),
        ("CausVid", (15.13, 0.50, 0.41), (17.21, 0.56, 0.31)),
        ("LongLive", (16.42, 0.53, 0.32), (18.92, 0.62, 0.22)),
        ("MAG without stage 1", (17.19, 0.54, 0.31), (19.04, 0.60, 0.22)),
        ("MAG", (18.99, 0.60, 0.23), (20.77, 0.66, 0.17)),
    )
    for mode, scores in (("history", history), ("truth", truth))
)
COMPRESSION = (
    CitedRate(1, 34.81, 0.93, 0.025),
    CitedRate(3, 31.73, 0.90, 0.045),
    CitedRate(4, 29.89, 0.88, 0.059),
    CitedRate(5, 28.64, 0.86, 0.071),
)
VBENCH = (
    CitedVideo("SkyReels-V2", 5, 82.67, 84.70, 74.53, None, None),
    CitedVideo("Wan2.1", 5, 84.26, 85.30, 80.09, 97.29, 96.34),
    CitedVideo("CausVid", 5, 82.46, 83.61, 77.84, None, None),
    CitedVideo("Self Forcing", 5, 83.98, 84.75, 80.86, 96.21, 96.80),
    CitedVideo("Self Forcing++", 5, 83.11, 83.79, 80.37, None, None),
    CitedVideo("LongLive", 5, 83.32, 83.99, 80.68, 96.41, 96.54),
    CitedVideo("MAG", 5, 83.52, 84.11, 81.14, 97.44, 97.02),
    CitedVideo("Self Forcing", 30, 82.57, 83.30, 79.68, 97.03, 97.80),
    CitedVideo("LongLive", 30, 82.69, 83.28, 80.32, 97.21, 98.36),
    CitedVideo("MAG", 30, 82.85, 83.30, 81.04, 97.99, 99.18),
)
