"""The planner: a causal transformer that lists the things of a whole ring from the caption.

One step is one thing, from far to near. The numbers of its `FIELDS` are drawn one after the other,
all but the kind also by their difference to those of the last thing of its kind: four walls of a
room are much alike. A thing's place is relative to the previous thing, and attention turns with the
places, so a plan is the same in every direction. Knows nothing of pictures.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.imagination.causal import (
    Attend,
    CausalLayer,
    DifferenceReference,
    FieldHead,
    KeyCache,
    PlaceHead,
    StepHistory,
    TextKeys,
    choose,
)
from mag_sandbox.model.imagination.config import PlannerConfig
from mag_sandbox.model.imagination.geometry.bodies import FAR
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.geometry.standing import stood
from mag_sandbox.model.imagination.objects import VARIANTS, PlacedObject, is_outdoors
from mag_sandbox.model.imagination.rounded_colors import LEVELS, color_number, numbered_color
from mag_sandbox.model.imagination.rules.contrast import standing_out, varied
from mag_sandbox.model.imagination.rules.filling import area, filled, filling, with_houses_around
from mag_sandbox.model.imagination.rules.first_view import centred
from mag_sandbox.model.imagination.rules.lining import at_walls, lined, with_lamps, with_windows
from mag_sandbox.model.imagination.rules.named import obeyed, wooded
from mag_sandbox.model.imagination.rules.plans import (
    AROUND,
    LEVEL,
    ahead_best,
    colored,
    has_backdrop,
    light_of,
    missing,
    turned,
    with_colored_shell,
    with_colored_waters,
)
from mag_sandbox.model.imagination.rules.relations import with_rows
from mag_sandbox.model.imagination.rules.shores import ashore, facing_course, on_rocks, without_dry
from mag_sandbox.model.imagination.rules.spacing import as_full, beside_view, with_room
from mag_sandbox.model.imagination.rules.wanted import NOTHING_WANTED, Wanted
from mag_sandbox.scenes.kinds import EXHIBITS, STANDS, THINGS, rivals
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import STANCES

COLUMNS, ROWS = 160, 96  # steps in which places are told: around the ring, and down it
SIZES = 56  # steps in which widths and heights are told
SMALLEST, LARGEST = 1.5, 360.0  # degrees; sizes are told by ratios between these
NOTHING_MORE = 0  # in place of a kind
FIELDS = ("kind", "variant", "turn", "base", "width", "height", "color", "mean color")
_EXTENT = [FIELDS.index(name) for name in ("base", "width", "height")]
KIND, TURN = FIELDS.index("kind"), FIELDS.index("turn")
BASE, WIDTH, HEIGHT = _EXTENT
TELLING = tuple(FIELDS.index(name) for name in ("kind", "variant", "color"))  # what captions name
WAVES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # times around the ring
# nats by which a drawn value may be less likely than the likeliest one, before guidance, which
# can prefer an unlikely value by far. Source: contrastive decoding, arXiv 2210.15097
_UNLIKELY = 3.0
_MOST_BEHIND = 8  # kinds of background things, more than any category has
_TRIES = 8  # of places for a thing that is missing
_MOST_ADDED = 6
_LONGEST = 160.0  # steps, of the slowest turn by a thing's number
_NOTHING = np.zeros((0, len(FIELDS)), np.int64)
_ONCE = frozenset(("wall clock", "map"))  # in a plan, though the renderer hangs up to six


class Drawn(NamedTuple):
    """Plans that were drawn together."""

    things: list[np.ndarray]  # numbers of each plan, int64 [things, fields]
    said: list[np.ndarray]  # how much likelier the caption makes each thing [nats], [things]


class _Ahead(NamedTuple):
    """A plan, and where its best view ahead is."""

    worth: float
    yaw: float
    plan: list[PlacedObject]
    numbers: np.ndarray


class Planner(nn.Module):
    """Logits of the numbers of things, each knowing the things before it.

    planner = Planner(PlannerConfig(), kinds, matmul_attention)
    things = planner.plan(features, empty, noise)
    """

    def __init__(
        self,
        config: PlannerConfig,
        kinds: Sequence[str],
        kernel: AttentionKernel,
        behind: Mapping[str, tuple[str, ...]] | None = None,
        among: Mapping[str, tuple[str, ...]] | None = None,
        most: Mapping[str, int] | None = None,
    ) -> None:
        """Build it with random weights.

        Args:
            config: sizes.
            kinds: names of all kinds.
            kernel: for attention.
            behind: kinds with which a plan of each category begins; no other plan is drawn.
            among: kinds that go on with it.
            most: how many of some kinds a plan holds; of others, as many as scenes usually have.
        """
        super().__init__()
        self.config, self.kinds, self.kernel = config, tuple(kinds), kernel
        self._behind, self._among = dict(behind or {}), dict(among or {})
        self._most = torch.full((config.kinds,), config.most)  # of each kind, in a plan
        for number, kind in enumerate(self.kinds, 1):
            if kind in _ONCE:
                self._most[number] = 1
            elif most and kind in most:
                self._most[number] = most[kind]
            elif kind in THINGS:
                self._most[number] = THINGS[kind].most
        self._apart = torch.zeros(config.kinds, config.kinds, dtype=torch.bool)  # never together
        for number, kind in enumerate(self.kinds, 1):
            self._apart[number] = self._only(rivals(kind))
        self._exhibits, self._stands = self._only(EXHIBITS), self._only(STANDS)
        dim = config.dim
        colors = (LEVELS,) * 3
        digits = (
            (config.kinds,), (VARIANTS,), (COLUMNS,), (ROWS,), (SIZES,), (SIZES,), colors, colors,
        )  # fmt: skip
        sizes = [math.prod(each) for each in digits]
        self.start = nn.Parameter(torch.zeros(dim))
        self.content = nn.ModuleList(nn.Embedding(size, dim) for size in sizes)
        self.text_embedding = nn.Linear(config.text_dim, dim)
        self.layers = nn.ModuleList(CausalLayer(config) for _ in range(config.num_layers))
        self.head = FieldHead(dim, digits, around=[TURN])
        self.place = PlaceHead(dim, COLUMNS)
        for table in (*self.content, *self.head.drawn):
            nn.init.normal_(table.weight, std=0.5)

    @property
    def stack(self) -> Sequence[CausalLayer]:
        """The layers, by their type."""
        return cast(Sequence[CausalLayer], self.layers)

    def forward(self, things: Tensor, features: Tensor) -> list[Tensor]:
        """Return the logits of each field of each thing, [B, L, values] each.

        Args:
            things: numbers, int64 [B, L, fields].
            features: of the captions, [B, text_len, text_dim].
        """
        state = self.head.norm(self._states(things, features))
        reference, history, logits = _reference(things), self._history(things), []
        for field in range(len(FIELDS)):
            if field:
                state = self.head.follow(state, things[..., field - 1], field - 1)
            if field == KIND + 1:
                state = self.head.refer(state, reference)
            logits.append(self._logits(state, field, reference, history))
        return logits

    def _logits(
        self, state: Tensor, field: int, reference: DifferenceReference, history: StepHistory
    ) -> Tensor:
        """Return the logits of a field of each step, [B, L, values]."""
        logits = self.head.logits(state, field, reference)
        return logits + self.place(state, history).to(logits.dtype) if field == TURN else logits

    def _history(self, things: Tensor, first: int = 0) -> StepHistory:
        ends = things[..., TURN].cumsum(dim=1)
        begins = ends[:, first:] - things[:, first:, TURN]
        place = torch.arange(things.shape[1], device=things.device)
        return StepHistory(
            self._content(things),
            (ends[:, None] - begins[..., None]) % COLUMNS,
            things[:, first:, None, KIND] == things[:, None, :, KIND],
            place < place[first:, None],
        )

    def _states(self, things: Tensor, features: Tensor) -> Tensor:
        """Return the layers' output for each step, [B, L, dim]; see `forward`."""
        count, steps = things.shape[:2]
        x = torch.cat((self.start.expand(count, 1, -1), self._content(things[:, :-1])), dim=1)
        later = torch.full((steps, steps), -torch.inf, device=x.device).triu(1)
        before = things[:, :-1, TURN].cumsum(dim=1)
        columns = torch.cat((torch.zeros_like(before[:, :1]), before), dim=1)

        def attend(_layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return self.kernel(q, k, v, later.to(q.dtype))

        return self._through(x, columns, 0, self._text_keys(features), attend)

    @torch.inference_mode()
    def plan(
        self,
        features: Tensor,
        empty: Tensor,
        noise: np.ndarray,
        wanted: Wanted = NOTHING_WANTED,
        begun: Sequence[PlacedObject] = (),
    ) -> list[PlacedObject]:
        """Return the things of a ring, from far to near.

        Of several plans that one is taken, and turned so, that the view ahead shows most of what
        the caption says.

        Args:
            features: of the caption, [1, text_len, text_dim].
            empty: those of the empty caption, which guidance leads away from.
            noise: numbers in [0, 1), float64 [plans, most, fields].
            wanted: what the caption's words say.
            begun: the first things.
        """
        named, shown = wanted.named, [*wanted.named, *wanted.typical]
        numbers = thing_numbers(begun, self.kinds)
        drawn = self.draw(features, empty, noise, numbers, wanted)
        # drawn without, a plan would be full of clouds
        gone = self._only({*wanted.uninvited, *wanted.strays}).numpy()
        stays = [np.flatnonzero(~gone[one[:, KIND]]) for one in drawn.things]
        plans = [
            in_order(one[own], columns_of(one)[own], 0) if gone.any() else one
            for one, own in zip(drawn.things, stays, strict=True)
        ]
        said = [one[own] for one, own in zip(drawn.said, stays, strict=True)]
        best = self._best_of(plans, said, shown)
        others = [placed_objects(one, self.kinds) for one in plans if one is not best.numbers]
        for one in missing(best.plan, best.yaw, shown)[:_MOST_ADDED]:
            kinds = [kind for kind in one.kinds if kind in THINGS]  # of which the size is known
            room = self._with_room(best.numbers, kinds)
            tried = self._tried(room, kinds, features, empty, noise[0, :_TRIES])
            best = self._best_of(tried, [np.zeros(len(each)) for each in tried], shown)
        yaw = facing_course(best.plan, best.yaw, wanted.typical)
        planted = wooded(turned(best.plan, yaw), wanted.typical)
        shown_first = centred(obeyed(planted, named, wanted.typical), named, wanted.typical)
        all_planned = (placed_objects(one, self.kinds) for one in plans)
        least = sum(area(one) for own in all_planned for one in filling(own)) / len(plans) / 4
        full = self._filled(shown_first, others, least, named)
        full = on_rocks(ashore(with_houses_around(full, wanted.typical, named), named))
        full = with_windows(full, kinds_named(named))
        full = at_walls(full, named)
        full = with_colored_shell(colored(varied(full), named), named, wanted.light)
        full = with_colored_waters(full, named, wanted.light)
        return with_rows(standing_out(full, named, wanted.light), named)

    @torch.inference_mode()
    def elsewhere(
        self,
        features: Tensor,
        empty: Tensor,
        noise: np.ndarray,
        shown: Sequence[PlacedObject],
        wanted: Wanted = NOTHING_WANTED,
    ) -> list[PlacedObject]:
        """Return the things around a level view that was given, from far to near; see `plan`.

        `shown` are all things of the view, the background first; its middle is at yaw 0.

        Of several plans that one is taken with which the world has most of what words name, of
        equals the fullest.
        """
        shown = shown[: noise.shape[1] - 2]  # a plan holds no more
        numbers = thing_numbers([replace(shown[0], yaw=0.0), *shown[1:]], self.kinds)
        middle = np.zeros((1, len(FIELDS)), np.int64)  # nothing more of it
        middle[0, TURN] = -columns_of(numbers)[-1] % COLUMNS
        begun = np.concatenate((numbers, middle))
        kinds = tuple(thing.kind for thing in shown)
        scenes = (name for name, own in self._behind.items() if own == kinds[: len(own)])
        # the picture decides, not the words
        scene = Wanted(wanted.named, next(scenes, None))
        drawn = self.draw(features, empty, noise, begun, scene).things
        plans = [placed_objects(each, self.kinds)[len(shown) :] for each in drawn]
        best = max(plans, key=lambda plan: (_told_of([*shown, *plan], wanted.named), len(plan)))
        around = as_full(shown, [thing for thing in best if not _in_middle(thing)])
        around = beside_view(around) if is_outdoors(shown) else around
        around = with_room([*shown, *around], range(len(shown)))[len(shown) :]
        told = kinds_named(wanted.named)
        around = with_lamps(lined(around, shown, told), shown, told)
        stay = told | {thing.kind for thing in shown}
        around = without_dry([*shown, *around], stay)[len(shown) :]
        others = [*([*shown, *one] for one in plans if one is not best), shown]
        least = sum(map(area, filling(shown)))
        around = self._filled(around, others, least, wanted.named, shown)
        whole = [*shown, *around]
        whole = standing_out(varied(whole, len(shown)), wanted.named)
        light = (light_of(whole),) * 3
        own = with_colored_shell(colored(whole[len(shown) :], wanted.named), wanted.named, light)
        return with_colored_waters(own, wanted.named, light)

    def _filled(
        self,
        things: Sequence[PlacedObject],
        plans: Sequence[Sequence[PlacedObject]],
        least: float,
        named: Sequence[Named],
        shown: Sequence[PlacedObject] = (),
    ) -> list[PlacedObject]:
        """Return things of a plan and of others that were drawn with it; see `filled`."""
        counted = {kind for one in named if one.most is not None for kind in one.kinds}
        most = dict(zip(self.kinds, self._most[1:].tolist(), strict=False))
        most |= dict.fromkeys(counted, 0)
        for plan in plans:
            things = filled(things, plan, least, most, shown)
        return list(things)

    def _best_of(
        self, plans: Sequence[np.ndarray], said: Sequence[np.ndarray], named: Sequence[Named]
    ) -> _Ahead:
        placed = [placed_objects(numbers, self.kinds) for numbers in plans]
        ahead = [ahead_best(*each, named) for each in zip(placed, said, strict=True)]
        best = max(range(len(plans)), key=lambda index: ahead[index][0])
        return _Ahead(*ahead[best], placed[best], plans[best])

    def _with_room(self, numbers: np.ndarray, kinds: Collection[str]) -> np.ndarray:
        columns, own = columns_of(numbers), numbers[:, KIND]
        full = np.bincount(own, minlength=len(self._most)) >= self._most.numpy()
        full &= self._only(kinds).numpy()
        gone = [np.flatnonzero(own == kind)[-1] for kind in np.flatnonzero(full)]
        return in_order(np.delete(numbers, gone, axis=0), np.delete(columns, gone), 0)

    def _tried(
        self,
        numbers: np.ndarray,
        kinds: Collection[str],
        features: Tensor,
        empty: Tensor,
        noise: np.ndarray,
    ) -> list[np.ndarray]:
        """Return a plan with one more thing of some kinds, once for each row of noise.

        It is as high and as large as such things usually are: the plan may be of a scene that
        never has any.
        """
        count = len(noise)
        rows = torch.from_numpy(np.concatenate((numbers, numbers[:1] * 0)))[None]
        told = torch.cat((features, empty)).to(self.start.dtype)
        states = self.head.norm(self._states(rows.expand(2, -1, -1), told)[:, -1])
        state = states.repeat_interleave(count, dim=0)
        rows = rows.repeat(count, 1, 1)
        self._draw_thing(state, rows, noise, self._only(kinds))
        plans = rows.numpy()
        for plan in plans:
            plan[-1, _EXTENT] = self._usual(plan)[_EXTENT]
        return list(plans)

    def _usual(self, numbers: np.ndarray) -> np.ndarray:
        """Return the last thing of a plan as high and as large as those of its kind usually are.

        Those on a stage are larger than in life.
        """
        *others, thing = placed_objects(numbers, self.kinds)
        usual = THINGS[thing.kind]
        size = usual.pitch, usual.width, usual.height
        if not has_backdrop(others):
            behind = {kind for kinds in self._behind.values() for kind in kinds}
            scenery = Scenery.of(others, STANCES, behind)
            edit = Edit("place", thing.yaw, *size, thing.kind)
            seen = stood(edit, scenery, STANCES.get(thing.kind, FAR))
            size = seen.pitch, seen.width, seen.height
        pitch, width, height = size
        changed = replace(thing, pitch=pitch, width=width, height=height)
        result: np.ndarray = thing_numbers([changed], self.kinds)[0]
        return result

    @torch.inference_mode()
    def draw(
        self,
        features: Tensor,
        empty: Tensor,
        noise: np.ndarray,
        begun: np.ndarray = _NOTHING,
        wanted: Wanted = NOTHING_WANTED,
    ) -> Drawn:
        """Return plans, one for each row of noise, that begin alike; see `plan`."""
        scenes, named = self._scenes(wanted), self._only([one.kinds[0] for one in wanted.named])
        meant = kinds_named(wanted.named)
        barred = self._only({*wanted.absent, *wanted.elsewhere} - meant)
        count, most = noise.shape[:2]
        text = self._text_keys(torch.cat((features, empty)).to(self.start.dtype))
        cache = KeyCache(self.config, 2 * count, most)
        rows = torch.zeros(count, most, len(FIELDS), dtype=torch.long)
        rows[:, : len(begun)] = torch.from_numpy(begun)
        both = rows[:, : len(begun)].repeat(2, 1, 1)
        x = torch.cat((self.start.expand(2 * count, 1, -1), self._content(both)), dim=1)
        columns = nn.functional.pad(both[..., TURN].cumsum(dim=1), (1, 0))
        said, lengths = np.zeros((most, count)), np.full(count, most)
        for index in range(len(begun), most):
            check_cancelled("planning", index / most)
            state = self.head.norm(
                self._through(x, columns, cache.steps, text, cache.attend)[:, -1]
            )
            cache.steps = index + 1
            so_far = rows[:, : index + 1]
            allowed = torch.stack(
                [self._next(each, scenes, named, barred) for each in so_far[:, :index, KIND]]
            )
            said[index] = self._draw_thing(state, so_far, noise[:, index], allowed)
            ended = rows[:, index, KIND].numpy() == NOTHING_MORE
            lengths[ended] = lengths[ended].clip(max=index)
            if lengths.max() <= index:
                break
            both = rows[:, index : index + 1].repeat(2, 1, 1)
            x, columns = self._content(both), columns[:, -1:] + both[..., TURN]
        ends = list(enumerate(lengths.tolist()))
        return Drawn(
            [rows[plan, :end].numpy() for plan, end in ends],
            [said[:end, plan] for plan, end in ends],
        )

    def _draw_thing(
        self, state: Tensor, things: Tensor, noise: np.ndarray, allowed: Tensor
    ) -> np.ndarray:
        """Draw the last of some things; return how much likelier the caption makes it, [plans].

        Args:
            state: of all plans with the caption, then of all without, [2 * plans, dim].
            things: of the plans so far, int64 [plans, things, fields]; the last is written.
            noise: [plans, fields].
            allowed: which kinds may be drawn, bool [plans or 1, values].
        """
        said, shares = torch.zeros(len(noise)), torch.from_numpy(noise).float()
        both, last, state = things.repeat(2, 1, 1), things.shape[1] - 1, state[:, None]
        for field in range(len(FIELDS)):
            if field <= KIND + 1:  # from then on its kind is known
                both[:, -1, KIND] = things[:, -1, KIND].repeat(2)
                reference, history = _reference(both, last), self._history(both, last)
            if field:
                number = things[:, -1:, field - 1].repeat(2, 1)
                state = self.head.follow(state, number, field - 1)
            if field == KIND + 1:
                state = self.head.refer(state, reference)
            logits = self._logits(state, field, reference, history)[:, 0]
            told, free = logits.float().log_softmax(dim=-1).chunk(2)
            if field == KIND:
                told = told.masked_fill(~allowed, -torch.inf)
            logits = free + self.config.guidance * (told - free)
            unlikely = told < told.amax(dim=-1, keepdim=True) - _UNLIKELY
            logits = logits.masked_fill(unlikely, -torch.inf)
            things[:, -1, field] = choose(logits, shares[:, field], self.config.top_p)
            if field in TELLING:
                said += (told - free).gather(-1, things[:, -1, field, None])[:, 0]
        return said.numpy()

    def _scenes(self, wanted: Wanted) -> list[str]:
        if wanted.category in self._behind:
            return [wanted.category]
        has = {
            scene: sum(not set(self._among[scene]).isdisjoint(one.kinds) for one in wanted.named)
            for scene in self._behind
        }
        return [scene for scene, count in has.items() if count == max(has.values())]

    def _next(self, drawn: Tensor, scenes: Sequence[str], named: Tensor, barred: Tensor) -> Tensor:
        """Return the kinds that may follow those drawn so far, int64 [things], bool [values].

        What is behind all things of a category comes first and whole; then only what its scenes
        can have and is not barred, of no kind more than any has, and together what none has only
        if words name it.
        """
        so_far = tuple(self.kinds[kind - 1] for kind in drawn[:_MOST_BEHIND])
        following, kinds = [], set(self.kinds if not self._behind else ())
        for scene in scenes:
            own = self._behind[scene]
            if own == so_far[: len(own)]:
                kinds |= set(self._among[scene])
            elif own[: len(so_far)] == so_far:
                following.append(own[len(so_far)])
        if following:
            return self._only(following)
        counts = torch.bincount(drawn, minlength=len(self._most))
        apart = self._apart[drawn].any(dim=0)
        shown = (counts > 0) & self._exhibits
        if counts[self._stands].any() and shown.sum() >= self.config.exhibits:
            apart |= self._exhibits & (counts == 0)
        allowed = self._only(kinds) & (counts < self._most) & (named | ~apart) & ~barred
        allowed[NOTHING_MORE] = True
        return allowed

    def _only(self, kinds: Collection[str]) -> Tensor:
        """Return kinds as a mask of values, bool [values]."""
        allowed = torch.zeros(self.config.kinds, dtype=torch.bool)
        allowed[[number for number, kind in enumerate(self.kinds, 1) if kind in kinds]] = True
        return allowed

    def _text_keys(self, features: Tensor) -> TextKeys:
        text = self.text_embedding(features)
        return tuple(layer.text_keys(text) for layer in self.stack)

    def _content(self, things: Tensor) -> Tensor:
        """Return things as vectors, [..., fields] -> [..., dim]."""
        result: Tensor = sum(table(things[..., index]) for index, table in enumerate(self.content))
        return result

    def _through(
        self, x: Tensor, columns: Tensor, first: int, text: TextKeys, attend: Attend
    ) -> Tensor:
        """Return steps after all layers, [B, L, dim]."""
        pairs = self.config.head_dim // 2 - len(WAVES)
        around = columns[..., None] * (torch.tensor(WAVES) * (2 * np.pi / COLUMNS)).to(x.device)
        along = torch.arange(first, first + x.shape[1], device=x.device)[:, None]
        periods = 4.0 * (_LONGEST / 4.0) ** (torch.arange(pairs, device=x.device) / (pairs - 1))
        along = (along * (2 * np.pi / periods)).expand(*columns.shape, -1)
        angles = torch.cat((around, along), dim=-1)[:, :, None].float()
        rotary = torch.polar(torch.ones_like(angles), angles)
        for index, layer in enumerate(self.stack):
            x = layer(x, rotary, text[index], attend, self.kernel, index)
        return x


def _told_of(plan: Sequence[PlacedObject], named: Sequence[Named]) -> int:
    kinds = {thing.kind for thing in plan}
    return sum(not kinds.isdisjoint(one.kinds) for one in named)


def _in_middle(thing: PlacedObject) -> bool:
    away = abs(yaw_difference(thing.yaw, 0.0))
    return thing.width < _VIEW and away < _VIEW / 2 and abs(thing.pitch) < LEVEL


def _reference(things: Tensor, first: int = 0) -> DifferenceReference:
    """Return the reference of each thing from `first` on: the last of its kind before it.

    Its turn is then the one that would have led to the same place.
    """
    place, own = torch.arange(things.shape[1], device=things.device), things[:, first:]
    same = (own[:, :, None, KIND] == things[:, None, :, KIND]) & (place[first:, None] > place)
    last = torch.where(same, place + 1, 0).amax(dim=-1)  # 0: it is the first of its kind
    which = (last - 1).clamp(min=0)
    numbers = things.gather(1, which[..., None].expand_as(own))
    columns = things[..., TURN].cumsum(dim=1)
    before = columns[:, first:] - own[..., TURN]
    numbers[..., TURN] = (columns.gather(1, which) - before) % COLUMNS
    return DifferenceReference(numbers, last > 0)


def thing_numbers(objects: Sequence[PlacedObject], kinds: Sequence[str]) -> np.ndarray:
    """Return things as the planner knows them, int64 [things, fields], in the order given."""
    number = {kind: row for row, kind in enumerate(kinds, 1)}
    rows = []
    last: int | None = None
    for each in objects:
        column = int(each.yaw % 360 * COLUMNS / 360)
        if last is None or each.width >= AROUND:
            column = column if last is None else last
            turn = 0
        else:
            turn = (column - last) % COLUMNS
        last = column
        base = each.foot
        rows.append(
            (
                number[each.kind],
                min(each.variant or 0, VARIANTS - 2),
                turn,
                min(max(int((_HIGHEST - base) / _ROW), 0), ROWS - 1),
                _size_number(each.width),
                _size_number(each.height),
                color_number(each.color or (128, 128, 128)),
                color_number(each.mean_color or each.color or (128, 128, 128)),
            )
        )
    return np.array(rows, np.int64).reshape(-1, len(FIELDS))


def columns_of(numbers: np.ndarray) -> np.ndarray:
    """Return where things stand, in `COLUMNS` from where the first does, [things]."""
    return numbers[:, TURN].cumsum() % COLUMNS


def in_order(numbers: np.ndarray, columns: np.ndarray, first: int) -> np.ndarray:
    """Return things in another order, each told from the one before it.

    Args:
        numbers: in their new order; where nothing stands, or a thing all around, nothing turns.
        columns: where each stands, [things].
        first: the column that the first is told from.
    """
    stands = numbers[:, WIDTH] < _WIDEST
    row = np.where(stands, np.arange(1, len(numbers) + 1), 0)
    columns = np.append(first, columns)
    ends = columns[np.maximum.accumulate(row)]
    told = numbers.copy()
    told[:, TURN] = np.diff(ends, prepend=first) % COLUMNS
    return told


def in_view(numbers: np.ndarray, columns: np.ndarray, middle: int) -> np.ndarray:
    """Return the things that a level view partly shows, bool [things]; see `columns_of`."""
    away = np.abs((columns - middle + COLUMNS // 2) % COLUMNS - COLUMNS // 2 + 0.5)
    width, height = (SMALLEST * _RATIO ** numbers[:, field] for field in (WIDTH, HEIGHT))
    half = width * COLUMNS / 720
    base = _HIGHEST - (numbers[:, BASE] + 0.5) * _ROW
    across = away < half + _VIEW * COLUMNS / 720 - 1
    result: np.ndarray = across & (base < LEVEL - 1) & (base + height > 1 - LEVEL)
    return result


def placed_objects(numbers: np.ndarray, kinds: Sequence[str]) -> list[PlacedObject]:
    """Return the input of `thing_numbers`, turned, to the precision of its numbers."""
    things = []
    columns = numbers[:, TURN].cumsum()
    for (kind, variant, _, base, width, height, color, mean), column in zip(
        numbers.tolist(), columns.tolist(), strict=True
    ):
        if kind == NOTHING_MORE:
            continue
        tall = _size(height)
        pitch = _HIGHEST - (base + 0.5) * _ROW + tall / 2
        things.append(
            PlacedObject(
                kinds[min(kind, len(kinds)) - 1], (column + 0.5) * 360 / COLUMNS % 360, pitch,
                _size(width), tall, numbered_color(color), numbered_color(mean), variant,
            )
        )  # fmt: skip
    return things


_VIEW = 90.0  # degrees across a view
_HIGHEST = 54.0  # degrees of pitch, where rows begin
_ROW = 108.0 / ROWS  # degrees
_RATIO = (LARGEST / SMALLEST) ** (1 / (SIZES - 1))


def _size_number(degrees: float) -> int:
    steps = np.log(max(degrees, SMALLEST) / SMALLEST) / np.log(_RATIO)
    return min(round(float(steps)), SIZES - 1)


def _size(number: int) -> float:
    result: float = SMALLEST * _RATIO**number
    return result


_WIDEST = _size_number(AROUND)
