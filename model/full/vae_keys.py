"""The Wan 2.1 autoencoder's names: `Wan2.1_VAE.pth` beside diffusers' `AutoencoderKLWan`."""

from mag_sandbox.model.full.key_map import KeyMap, inside

STAGES = 4  # of either half; the last one keeps the size
RESIDUALS = 2  # residual blocks of an encoder stage; a decoder stage has one more

_RESIDUAL = {
    "residual.0": "norm1",
    "residual.2": "conv1",
    "residual.3": "norm2",
    "residual.6": "conv2",
    "shortcut": "conv_shortcut",
}
_RESAMPLE = {"resample.1": "resample.1", "time_conv": "time_conv"}
_ATTENTION = {"norm": "norm", "to_qkv": "to_qkv", "proj": "proj"}
_ENDS = {"conv1": "conv_in", "head.0": "norm_out", "head.2": "conv_out"}


def _half(name: str) -> dict[str, str]:
    """Return what encoder and decoder have alike: both ends and the middle."""
    return {
        **inside(name, name, _ENDS),
        **inside(f"{name}.middle.0", f"{name}.mid_block.resnets.0", _RESIDUAL),
        **inside(f"{name}.middle.1", f"{name}.mid_block.attentions.0", _ATTENTION),
        **inside(f"{name}.middle.2", f"{name}.mid_block.resnets.1", _RESIDUAL),
    }


def _down() -> dict[str, str]:
    modules = {}
    for index in range(STAGES * (RESIDUALS + 1) - 1):
        parts = _RESAMPLE if index % (RESIDUALS + 1) == RESIDUALS else _RESIDUAL
        modules |= inside(f"encoder.downsamples.{index}", f"encoder.down_blocks.{index}", parts)
    return modules


def _up() -> dict[str, str]:
    modules = {}
    for index in range(STAGES * (RESIDUALS + 2) - 1):
        stage, place = divmod(index, RESIDUALS + 2)
        resample = place == RESIDUALS + 1
        library = f"decoder.up_blocks.{stage}."
        library += "upsamplers.0" if resample else f"resnets.{place}"
        parts = _RESAMPLE if resample else _RESIDUAL
        modules |= inside(f"decoder.upsamples.{index}", library, parts)
    return modules


VAE_KEYS = KeyMap(
    {
        "conv1": "quant_conv",
        "conv2": "post_quant_conv",
        **_half("encoder"),
        **_half("decoder"),
        **_down(),
        **_up(),
    }
)
