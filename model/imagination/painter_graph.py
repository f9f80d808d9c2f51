"""The painter with its transformer as a graph."""

import torch
from torch import Tensor, nn

from mag_sandbox.model.dit import TextKeys
from mag_sandbox.model.graphs import GraphCompiler
from mag_sandbox.model.imagination.painter import Flow, Painter
from mag_sandbox.model.transformer_graphs import GraphDiT, Sizes

TEXTS = 4  # that are cached: mostly the present prompt and the empty one


class GraphPainter(Painter):
    """A `Painter` whose transformer is a graph."""

    def __init__(self, source: Painter, compiler: GraphCompiler) -> None:
        nn.Module.__init__(self)
        self.config, self.dit, dtype = source.config, source.dit, compiler.execution.dtype
        self.row, self.objects = source.row.to(dtype), source.objects.to(dtype)
        self.sketch = source.sketch.to(dtype)
        self.known = nn.Parameter(source.known.to(dtype), requires_grad=False)
        self._passes = GraphDiT(source.dit, "painter", compiler)
        self._texts: list[tuple[Tensor, TextKeys]] = []  # read last
        rows, columns = source.config.view
        self._passes.prepare(remembers=False, exact=[Sizes(rows * columns, kept=0)])

    def text_keys(self, features: Tensor) -> TextKeys:
        """Return the folded matrices of a text, folded once; see `GraphDiT`."""
        for text, keys in self._texts:
            if torch.equal(text, features):
                return keys
        keys = self._passes.text_keys(features.float())
        self._texts = [(features, keys), *self._texts[: TEXTS - 1]]
        return keys

    def flow(self, place: Tensor, text: TextKeys) -> Flow:
        """Return the flow as a function; see `Painter`."""
        nothing = self._passes.nothing()

        def flow(x: Tensor, timestep: float) -> Tensor:
            tokens, shape, rotary = self.dit.embed(x[:, None]), x[:, None].shape, self.rotary(x)
            flows = self._passes.flow_of_tokens(
                tokens + place, shape, timestep, text, rotary, nothing
            )
            return flows[:, 0]

        return flow
