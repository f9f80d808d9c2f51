"""Details of things, and given views, in painted rings, and over the pictures of blocks."""

from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.details import EDGE, SOFT, GivenPicture, alike
from mag_sandbox.model.imagination.drawing import refining
from mag_sandbox.model.imagination.drawing.close_up import CloseUps, CutOutPicture
from mag_sandbox.model.imagination.drawing.redrawing import RedrawnThings
from mag_sandbox.model.imagination.drawing.refiner import Refine, smooth
from mag_sandbox.model.imagination.drawing.refining import RefinedRings
from mag_sandbox.model.imagination.geometry.skies import unsure_in
from mag_sandbox.model.imagination.ground import DecodedGround, RingPiece, ViewCutter
from mag_sandbox.model.imagination.imagination import BESIDE, Imagination
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Place, Surroundings, in_pixels
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.model.pocket.painting.painted_details import PaintedDetails
from mag_sandbox.model.pocket.painting.painted_pictures import PaintedPictures
from mag_sandbox.model.pocket.painting.painting_cuts import PaintingCuts
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures, cells_of
from mag_sandbox.model.pocket.pictures.decoding import Draw
from tests.tiny import PLACE, STILL
from tests.unit.model.imagination.tiny import imagination
from tests.unit.model.pocket.test_inventing import world

ROWS, COLUMNS, CELL = 8, 16, 16  # of the tiny imagination
THING = slice(48, 80), slice(12, 52)  # its pixels
ALL = Surroundings(np.ones((ROWS, COLUMNS), bool), np.zeros((3, ROWS, COLUMNS), np.float32))
STANDING = PlacedObject("tent", 45.0, -10.0, 25.0, 30.0)
BEHIND = PlacedObject("tent", 180.0, -10.0, 25.0, 30.0)
CLOUD = PlacedObject("cloud", 45.0, 15.0, 25.0, 30.0)
HERE, BESIDE_IT, AWAY = CameraPose(45.0), CameraPose(50.0, 1.0), CameraPose(225.0)


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Return the picture of a ring, and whose each pixel is."""
    shown = np.full((3, CELL * ROWS, CELL * COLUMNS), -0.3, np.float32)
    fields = np.random.default_rng(1).uniform(-0.2, 1.0, (3, 4, 5)).astype(np.float32)
    shown[:, *THING] = fields.repeat(8, axis=1).repeat(8, axis=2)
    owners = np.full(shown.shape[1:], -1, np.int32)
    owners[THING] = 0
    return shown, owners


def details(made: Imagination | None = None, refine: Refine | None = None) -> PaintedDetails:
    """Return the layer over a ring with a thing."""
    made = made or imagination()
    shown, owners = pictures()

    def decode(around: Surroundings, place: Place) -> Tensor:
        rows = slice(CELL * place.top, CELL * (place.top + place.rows))
        columns = np.arange(CELL * place.left, CELL * (place.left + place.columns))
        return torch.from_numpy(shown[:, rows, columns % (CELL * COLUMNS)])[None]

    made.owners = lambda _things: owners
    grounds = (DecodedGround(decode, BESIDE) for _ in range(2))
    refined = RefinedRings(lambda: refine, made.drawn_sketch)
    return PaintedDetails(made, *grounds, RedrawnThings(made.close_ups), refined)


def test_a_view_whose_edge_is_beside_a_thing_shows_none(monkeypatch):
    shown = torch.zeros(1, 4, CELL * 4, CELL * 6)
    shown[:, 3, 5:9, 0] = -0.002  # as cubic interpolation gives it
    monkeypatch.setattr(ViewCutter, "views", lambda *_, **__: shown)
    assert details().views(ALL, [HERE]) is None


def test_beside_a_given_view_its_edges_go_on_until_something_is_planned():
    made, ahead = details(), imagination().ahead
    pixels = np.full((CELL * 4, CELL * 6, 3), 200, np.uint8)
    pixels[:, -EDGE:] = 20
    given = GivenPicture(pixels, ALL.at(ahead).latents)
    around = ALL.only(ALL.mask(ahead))
    turned = CameraPose(60.0)
    planned = made.views(around, [turned], given)
    assert planned is not None
    assert planned[0, 3].min() < 0.01
    shown, far = (made.views(around, [pose], given, None, None)[0] for pose in (turned, AWAY))
    assert (shown[3] > 0.99).all()
    assert shown[:3].min() < 0 < shown[:3].max(), "its dark edge goes on"
    assert far[:3].mean() == pytest.approx(200 / 127.5 - 1, abs=0.1)


def test_a_given_view_is_shown_itself_until_its_cells_are_others():
    made, rng = details(), np.random.default_rng(2)
    latents = rng.normal(size=ALL.latents.shape).astype(np.float32)
    around, ahead = Surroundings(ALL.known, latents), imagination().ahead
    pixels = rng.integers(0, 256, (CELL * 4, CELL * 6, 3), np.uint8)
    given = GivenPicture(pixels, around.at(ahead).latents)
    inside = slice(SOFT, -SOFT), slice(CELL, -CELL)  # a tiny view is wider than its field of view

    def shown(around: Surroundings, pose: CameraPose) -> np.ndarray:
        return made.views(around, [pose], given)[0].numpy()

    view = shown(around, CameraPose())
    assert (view[3][inside] == 1).all()
    assert 0 <= view[3, 0].max() < 0.2, "it fades at the edge"
    alone = shown(around.only(around.mask(ahead)), CameraPose())
    assert (alone[3, :, CELL:-CELL] == 1).all(), "but not into unknown ground"
    assert np.array_equal(to_frames(torch.from_numpy(view[None, :3]))[0][inside], pixels[inside])
    turned = shown(around, CameraPose(22.5))
    assert np.array_equal(turned[:, :, CELL : 4 * CELL], view[:, :, 2 * CELL : 5 * CELL])
    latents = latents.copy()
    latents[:, ahead.top + 1, (ahead.left + 2) % COLUMNS] += 1
    changed = shown(Surroundings(ALL.known, latents), CameraPose())
    assert not changed[:, CELL : 2 * CELL, 2 * CELL : 3 * CELL].any()
    assert np.array_equal(changed[..., 4 * CELL :], view[..., 4 * CELL :])
    hidden = around.without(around.mask(ahead))
    assert made.views(hidden, [CameraPose()], given) is None
    there, grey = Surroundings(ALL.known, latents).at(ahead), torch.zeros(3, CELL * 4, CELL * 6)
    others = given.over(grey, there.latents, there.known) == 0
    assert others[:, CELL : 2 * CELL, 2 * CELL : 3 * CELL].all()
    assert not others[:, :CELL].all(dim=0).any(), "up to the edge"


def test_a_given_view_is_made_once_for_all_tiles_until_something_beside_it_changes(monkeypatch):
    makes = []
    shown = GivenPicture.shown
    monkeypatch.setattr(GivenPicture, "shown", lambda *of: makes.append(0) or shown(*of))
    made, ahead = details(), imagination().ahead
    given = GivenPicture(np.zeros((CELL * 4, CELL * 6, 3), np.uint8), ALL.at(ahead).latents)
    around = ALL.only(ALL.mask(ahead.with_margin(BESIDE)))
    for known in (around, ALL):  # the rest lies farther away
        made.views(known, [CameraPose()], given)
        assert len(makes) == 1
    made.views(ALL.only(ALL.mask(ahead)), [CameraPose()], given)
    assert len(makes) == 2


def test_beside_a_new_thing_a_given_view_is_still_shown_itself():
    around, ahead = Surroundings(ALL.known, np.zeros_like(ALL.latents)), imagination().ahead
    pixels = np.full((CELL * 4, CELL * 6, 3), 90, np.uint8)
    given = GivenPicture(pixels, around.at(ahead).latents)
    stays = np.ones((4, 6), bool)
    stays[1, 2] = False
    same = np.zeros((CELL * 4, CELL * 6), bool)
    same[CELL : 2 * CELL, 2 * CELL : 2 * CELL + CELL // 2] = True
    everywhere = np.ones((6, 8), bool)
    alone, beside = given.shown(stays, everywhere)[3], given.shown(stays, everywhere, same)[3]
    part = slice(CELL, 2 * CELL), slice(2 * CELL, 3 * CELL)
    assert not alone[part].any()
    assert beside[part][:, 0].min() > 0.8
    assert not beside[part][:, CELL // 2 :].any()
    shift = np.zeros((3, CELL, CELL), np.float32)
    shift[:, :, CELL // 2 :] = 0.5
    found = alike(shift, np.zeros_like(shift))
    assert found[:, 0].all()
    assert not found[:, CELL // 2 :].any()


def test_where_nothing_of_a_given_view_is_known_it_counts_as_it_was(monkeypatch):
    around, ahead = Surroundings(ALL.known, np.ones_like(ALL.latents)), imagination().ahead
    given = GivenPicture(np.full((CELL * 4, CELL * 6, 3), 90, np.uint8), around.at(ahead).latents)
    nothing, asked = Surroundings(np.zeros_like(around.known), around.latents), []

    def piece(self: DecodedGround, around: Surroundings, place: Place) -> RingPiece:
        asked.append(around.at(place).known.all())
        return RingPiece(place, torch.zeros(1, 3, CELL * 4, CELL * 6))

    monkeypatch.setattr(DecodedGround, "piece", piece)
    details()._alike(given, nothing)
    assert asked == [True], "nothing could be decoded otherwise"


class WhiteCloseUps(CloseUps):
    """Draws all of a cut-out white, and counts."""

    def __init__(self) -> None:
        self.drawn = 0

    def knows(self, thing: PlacedObject) -> bool:
        return thing == STANDING

    def shows(self, picture: CutOutPicture, thing: PlacedObject) -> bool:
        return True

    def redrawn(
        self, picture: CutOutPicture, thing: PlacedObject
    ) -> tuple[CutOutPicture, CutOutPicture]:
        self.drawn += 1
        white = picture._replace(layer=np.broadcast_to(picture.layer[3:], picture.layer.shape))
        return white, white


def white_details(refine: Refine | None = None) -> tuple[PaintedDetails, WhiteCloseUps]:
    made = imagination()
    made.close_ups = WhiteCloseUps()
    return details(made, refine), made.close_ups


def black(given: Tensor) -> Tensor:
    """Return what makes a picture black."""
    return torch.full_like(smooth(given[:, :3]), -2.0)


def drawn_white(view: Tensor | None) -> int:
    """Return how many pixels of a view are drawn again."""
    return 0 if view is None else int((view[0, :4].amin(dim=0) > 0.95).sum())


def test_a_thing_that_stands_there_is_shown_drawn_again_where_that_was_done():
    (made, close_ups), ground = white_details(), GroundThings(ALL, (STANDING,))
    half = GroundThings(ALL.without(ALL.mask(Place(0, 0, 8, 4))), (STANDING,))
    assert not drawn_white(made.views(half.around, [HERE], drawn=half)), "it is not whole"
    made.drawn_again(ground)
    assert close_ups.drawn == 1
    assert not drawn_white(made.views(ground.around, [HERE], drawn=half))
    assert drawn_white(made.views(ground.around, [HERE], drawn=ground)) > 200
    assert not drawn_white(made.views(ground.around, [HERE])), "and back"
    assert made.first_ring(ALL, drawn=ground)[3].any(), "wherever others look from, it is"
    assert close_ups.drawn == 1


def test_a_thing_is_drawn_again_once_all_that_changes_it_is_known(monkeypatch):
    monkeypatch.setattr(refining, "TILE", (ROWS, 4))
    made, close_ups = white_details()
    for unknown, count in ((Place(0, COLUMNS - 1, ROWS, 1), 0), (Place(0, 6, ROWS, 4), 1)):
        made.drawn_again(GroundThings(ALL.without(ALL.mask(unknown)), (STANDING,)))
        assert close_ups.drawn == count


def test_things_of_the_view_that_was_painted_first_are_drawn_again_at_once():
    view = ALL.only(ALL.mask(imagination().lattice.place(HERE)))
    for first, count in ((CameraPose(180.0), 0), (HERE, 1)):
        made, close_ups = white_details()
        made.drawn_again(GroundThings(view, (STANDING,), first))
        assert close_ups.drawn == count


def test_views_show_a_thing_where_it_stands_and_nothing_elsewhere():
    (made, _), drawn = white_details(), GroundThings(ALL, (STANDING,))
    views = made.views(ALL, [HERE, BESIDE_IT, HERE], drawn=drawn)
    assert views is not None
    assert views.shape == (3, 5, CELL * 4, CELL * 6)
    assert torch.equal(views[0], views[2])
    assert made.views(ALL, [AWAY], drawn=drawn) is None
    assert made.views(ALL, [HERE], drawn=drawn).equal(views[:1])


def test_views_say_where_things_hide_the_sky():
    made, _ = white_details(black)
    half = GroundThings(ALL.without(ALL.mask(Place(0, 8, ROWS, 6))), (STANDING,))
    views = made.views(ALL, [HERE, AWAY], None, half, (STANDING,))
    assert views is not None
    here, away = views[:, 4]
    assert (here > 0.5).sum() > 1000
    assert away.max() <= 0


def test_clouds_of_the_plan_are_sky():
    assert details().planned_sky((CLOUD,), is_given=False).before[THING].mean() < -0.5


def test_where_a_picture_was_given_no_plan_says_where_the_sky_is():
    sky = -np.ones((ROWS, 4), np.float32)
    sky[0] = 1
    unsure = unsure_in(sky, np.arange(4) < 2)
    assert unsure[:, :2].tolist() == np.maximum(sky[:, :2], 0).tolist()
    assert (unsure[:, 2:] == sky[:, 2:]).all()


def test_a_sky_is_refined_as_what_is_shown_before_it():
    made = imagination()
    redrawn = RedrawnThings(WhiteCloseUps())
    refined = RefinedRings(lambda: black, made.drawn_sketch)
    pictures = PaintedPictures(made, lambda shown, *_: shown, redrawn, refined)
    sky = pictures.details.planned_sky((), is_given=False)
    crisp, plain = (pictures.skies(ALL, [AWAY], things, 0, sky) for things in ((STANDING,), ()))
    assert crisp is not None
    assert (crisp == -1).all(), "black"
    assert plain is not None
    assert (plain > -1).any()


def test_a_far_sky_is_that_which_is_known_all_around():
    made = imagination()
    redrawn, refined = RedrawnThings(WhiteCloseUps()), RefinedRings(lambda: None, made.drawn_sketch)
    pictures = PaintedPictures(made, lambda shown, *_: shown, redrawn, refined)
    far = np.zeros((*made.ring_size, 4), np.uint8)
    sky = pictures.details.planned_sky((STANDING,), is_given=False)
    assert pictures.far_skies(far, [HERE], sky) is None
    far[:, : far.shape[1] // 3] = 255, 0, 255, 255
    magenta = torch.tensor([1.0, -1.0, 1.0])[:, None, None]
    for pose in (HERE, AWAY):
        shown = pictures.far_skies(far, [pose] * 3, sky)
        assert shown is not None
        assert len(shown) == 3
        assert torch.allclose(shown, magenta.expand_as(shown), atol=0.01)


def test_all_known_ground_is_refined_and_its_things_are_drawn_over_that(monkeypatch):
    monkeypatch.setattr(refining, "TILE", (ROWS, 4))
    made, _ = white_details(black)
    half = GroundThings(ALL.without(ALL.mask(Place(0, 8, ROWS, 6))), (STANDING,))
    there = made.views(ALL, [HERE], drawn=half, things=(STANDING,))
    assert there is not None
    assert drawn_white(there) > 200
    assert (there[0, :3, 0] == -1).all(), "it is black around the thing"
    assert (there[:, 3] == 1).all()


def test_frames_that_were_given_are_neither_refined_nor_drawn_over(monkeypatch):
    monkeypatch.setattr(refining, "TILE", (ROWS, 4))
    made, _ = white_details(black)
    seen = ALL.mask(Place(0, 0, ROWS, 5))
    ground = GroundThings(replace(ALL, given=seen), (STANDING,))
    crisp = made.refined(ground)
    assert crisp is not None
    pixels = in_pixels(seen, CELL * ROWS)
    assert np.array_equal(crisp[:, pixels], pictures()[0][:, pixels])
    assert (crisp[:, ~pixels] == -1).all(), "the rest is black"
    assert not made.drawn_again(ground)[3].any()
    assert made.drawn_again(GroundThings(ALL, (STANDING,)))[3].any()


def test_what_is_around_things_drawn_again_is_shown_as_it_is_refined_now(monkeypatch):
    monkeypatch.setattr(refining, "TILE", (ROWS, 4))
    made, _ = white_details(black)
    half = GroundThings(ALL.without(ALL.mask(Place(0, 8, ROWS, 6))), (STANDING,))
    share = made.drawn_again(half)[3]
    assert share.max() == 1
    assert not share[0].any(), "the ground around is not kept as it was when they were drawn"
    assert not share[:, 80:].any()


def test_ground_that_is_not_drawn_again_yet_is_refined_alone(monkeypatch):
    monkeypatch.setattr(refining, "TILE", (ROWS, 4))
    made, _ = white_details(black)
    half = GroundThings(ALL.without(ALL.mask(Place(0, 8, ROWS, 6))), (STANDING,))
    before = made.views(ALL, [HERE, AWAY], drawn=half, things=(STANDING,))
    assert before is not None
    assert drawn_white(before[:1]) > 200
    assert not drawn_white(before[1:])
    assert (before[1, 3] == 1).all()
    assert (before[1, :3] == -1).all()
    assert made.refined(GroundThings(ALL, (STANDING,))) is not None
    new = made.views(ALL, [AWAY], drawn=half, things=())
    assert new is None, "without a plan, nothing of it is"


def test_level_views_stay_as_they_are_refined_when_more_is_painted_above_them(monkeypatch):
    """But for a cell along their edge, which passes into what is above."""
    monkeypatch.setattr(refining, "TILE", (2, 8))  # one that ends where level views do

    def shaded(given: Tensor) -> Tensor:
        return smooth(given[:, :3]) * given[:, :3].mean()

    made, ahead = details(refine=shaded), imagination().ahead
    colors = pictures()[0]
    monkeypatch.setattr(made, "_colors", lambda one: colors * in_pixels(one.known, CELL * ROWS))
    whole, above = ALL.mask(replace(ahead, left=0, columns=COLUMNS)), ahead.top * CELL
    before, after = (
        made.refined(GroundThings(around, (STANDING,))) for around in (ALL.only(whole), ALL)
    )
    assert before is not None and after is not None
    inner = slice(above + CELL, above + (ahead.rows - 1) * CELL)
    assert np.array_equal(before[:, inner], after[:, inner])
    together = made._refined_cells(ALL, ALL.known, (STANDING,))
    assert together is not None
    assert np.array_equal(after[:, :above], together[:, :above])
    off = np.abs(after - together).mean((0, 2))[above : above + CELL]
    assert off[0] < 0.1 * off[-1], "no edge shows"


def test_tiles_are_added_on_any_thread():
    (made, _), ground = white_details(), GroundThings(ALL, (STANDING,))
    with torch.inference_mode():  # as blocks are drawn, and rings are not cut into layers
        half = ALL.without(ALL.mask(Place(0, 0, ROWS, COLUMNS // 2)))
        made.views(half, [AWAY], drawn=ground)
    assert made.first_ring(ALL, drawn=ground)[3].any()


def test_changed_ground_shows_nothing_that_was_drawn_again_before():
    (made, _), ground = white_details(), GroundThings(ALL, (STANDING,))
    whole = drawn_white(made.views(ground.around, [HERE], drawn=ground))
    middle = ALL.mask(imagination().ahead) & ALL.mask(Place(0, 0, ROWS, COLUMNS // 2))
    latents = np.where(middle, ALL.latents + 1, ALL.latents)
    changed = GroundThings(Surroundings(ALL.known, latents), (STANDING,))
    assert 0 <= drawn_white(made.views(changed.around, [HERE], drawn=ground)) < whole
    assert drawn_white(made.views(changed.around, [HERE], drawn=changed)) == whole


def test_details_lie_over_frames_and_cells_alike():
    pictures_of = torch.rand(2, 3, 16, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    drawn = DrawnPictures(to_frames(pictures_of), cells_of(pictures_of))
    share = torch.zeros(2, 1, 16, 32)
    share[0, :, 5:7, 9:14], share[1, :, 6:8, 9:14] = 1.0, 0.25
    before = torch.rand(2, 1, 16, 32)
    shown = drawn.under(torch.cat((0.5 * share.repeat(1, 3, 1, 1), share, before), dim=1))
    assert shown.before_sky is not None
    assert shown.before_sky.equal(cells_of(before))
    expected = pictures_of * (1 - share) + share * 0.5
    assert np.abs(shown.frames - to_frames(expected).astype(int)).max() <= 1
    assert torch.allclose(shown.cells, cells_of(expected), atol=0.01)
    rest = ~share.bool().any(dim=0)[0].numpy()
    assert np.array_equal(shown.frames[:, rest], drawn.frames[:, rest])
    assert np.array_equal(drawn.frames, to_frames(pictures_of)), "it is not changed itself"


@pytest.mark.parametrize(("least", "decodes"), [(1.0, False), (0.9, True), (None, True)])
def test_a_block_is_decoded_unless_painted_ground_hides_all_of_it(least, decodes):
    over = None
    if least is not None:
        over = torch.full((1, 5, 16, 32), 0.5)
        over[:, 3], over[0, 3, 8, 8] = 1.0, least
    details = SimpleNamespace(views=lambda *_: over)
    painting = MagicMock(pictures=SimpleNamespace(details=details), plan=None)
    cuts = PaintingCuts(painting, MagicMock(), MagicMock(), MagicMock(), MagicMock())
    decoded = DrawnPictures.of(torch.zeros(1, 3, 16, 32), torch.zeros(1, 1, 16, 32))
    draw = MagicMock(return_value=decoded)
    shown = cuts.with_details(draw, (CameraPose(),))(slice(0, 1))
    assert draw.called == decodes
    if over is not None:
        expected = decoded.under(over)
        assert np.array_equal(shown.frames, expected.frames)
        assert torch.allclose(shown.cells, expected.cells)


def test_blocks_and_skies_are_told_of_the_things_that_hide_the_sky():
    """The wind carried parts of a barn that a player had put before the sky."""
    details, put = MagicMock(), (STANDING,)
    details.views.return_value = None
    painting = MagicMock(pictures=MagicMock(details=details))
    others = [MagicMock() for _ in range(4)]
    cuts = PaintingCuts(painting, *others, things=lambda: put)
    cuts.with_details(MagicMock(), (CameraPose(),))(slice(0, 1))
    cuts.sky((CameraPose(),), 0, None, is_being_painted=True)
    for asked in (details.views, painting.pictures.details.planned_sky):
        assert asked.call_args.args[-1] is put


def test_what_a_player_put_hides_the_sky_of_a_world():
    made = world()
    made.reset(PLACE, 1)
    assert made._ground is not None
    assert made._cuts._things() == made._ground.things


@pytest.mark.parametrize("painted", [None, torch.ones(1, 3, 16, 32)])
def test_a_sky_is_recalled_unless_it_is_painted_or_being_painted(painted):
    painting = MagicMock(plan=None)
    painting.pictures.skies.return_value = painted
    memory, decoder, codec = MagicMock(), MagicMock(), MagicMock()
    cuts = PaintingCuts(painting, memory, decoder, codec, MagicMock())
    assert cuts.sky((CameraPose(),), 0, None, is_being_painted=True) is painted
    far = cuts.sky((CameraPose(),), 0, np.zeros((2, 8, 4), np.uint8), is_being_painted=False)
    assert far is (painting.pictures.far_skies.return_value if painted is None else painted)
    assert not memory.recall_block.called
    shown = cuts.sky((CameraPose(),), 0, None, is_being_painted=False)
    assert shown is (decoder.sky_alone.return_value if painted is None else painted)
    assert memory.recall_block.called == (painted is None)


def test_all_that_is_painted_is_shown_with_details_and_what_others_painted_is_not(monkeypatch):
    asked: list[object] = []

    def with_details(self: PaintingCuts, draw: Draw, poses: object) -> Draw:
        asked.append(poses)
        return draw

    monkeypatch.setattr(PaintingCuts, "with_details", with_details)
    made = world()
    first = made.reset(PLACE, 1)
    assert len(asked) == 1, "from the first block on"
    made.step(STILL)
    assert len(asked) == 2
    made.show(STILL, first.frames)
    assert len(asked) == 2
    without_memory = world("none")
    without_memory.reset(PLACE, 1)
    without_memory.step(STILL)
    assert len(asked) == 2, "a view that memory does not keep shows no details"
