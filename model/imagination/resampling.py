"""Linear resampling of an axis, as a matrix: the samples that each pixel is made of."""

import numpy as np


def linear_shares(at: np.ndarray, samples: np.ndarray, reach: float) -> np.ndarray:
    """Return the share of each sample in each pixel, float32 [pixels, samples], in [0, 1].

    It falls linearly with their distance, to 0 at `reach`; the shares of a pixel may sum up to
    anything.

    Args:
        at: where the pixels lie among the samples, float [pixels].
        samples: where these lie, float32 [samples].
        reach: of a sample, in the same units.
    """
    shares: np.ndarray = np.subtract.outer(at.astype(np.float32), samples)
    np.abs(shares, out=shares)  # in place: hundreds of them are made for every picture
    np.subtract(1, np.divide(shares, np.float32(reach), out=shares), out=shares)
    np.maximum(shares, 0, out=shares)
    return shares
