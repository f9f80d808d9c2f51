"""Less memory in training: layers forget their activations and compute them again for gradients."""

from functools import partial

from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import (
    CheckpointImpl,
    apply_activation_checkpointing,
    checkpoint_wrapper,
)

from mag_sandbox.model.dit import DiT, Layer


def recompute_layers(dit: DiT) -> DiT:
    """Make every layer keep only its input between forward and backward; names of weights stay.

    Attention strategies are called twice then, so they must read the same both times: `GraphCache`
    readers do. Passes without gradients cost nothing more.
    """
    wrap = partial(checkpoint_wrapper, checkpoint_impl=CheckpointImpl.NO_REENTRANT)
    apply_activation_checkpointing(
        dit, checkpoint_wrapper_fn=wrap, check_fn=lambda module: isinstance(module, Layer)
    )
    return dit
