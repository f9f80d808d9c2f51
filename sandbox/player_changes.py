"""How a player changes the world: the description, things in it, and taking back.

These functions are given what they need and know no session: overlays hold them, and a session its
overlays.
"""

from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial

import pygame

from mag_sandbox.controls.camera import ASPECT, CameraPose, yaw_difference
from mag_sandbox.controls.edits import SPOT_ACTS, Act, Edit
from mag_sandbox.model.loading import no_places
from mag_sandbox.model.world import FrameBlock
from mag_sandbox.sandbox.hud.around import seen_from, several
from mag_sandbox.sandbox.memory_choices import leave_moment
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock
from mag_sandbox.sandbox.saves.undo import CHANGE, Moment, UndoStack
from mag_sandbox.sandbox.screens.painting import PaintingOverlay
from mag_sandbox.sandbox.screens.prompt_card import NEW_AREAS, PromptChoice
from mag_sandbox.sandbox.services import Services
from mag_sandbox.sandbox.ui.text_entry import SHORTCUT
from mag_sandbox.scenes.changes import (
    adds_things,
    alters,
    has_other_light,
    is_elsewhere,
    is_relit,
    is_so_already,
    is_unseen,
    names_new,
    names_other_place,
    other_lights,
    staying,
    under_snow_words,
    without_adding,
)
from mag_sandbox.scenes.descriptions import of_light
from mag_sandbox.scenes.kinds import KINDS
from mag_sandbox.scenes.naming import is_plural, named_things
from mag_sandbox.scenes.places import known_place
from mag_sandbox.scenes.things import GROUND, ThingError, parse_known, words_of
from mag_sandbox.scenes.vocabulary import Vocabulary, split_words

OTHER_LIGHT = "light and weather change"
LIGHT_ALONE = "change light and weather"
LIGHT_AND_NEW = "change light and weather, add what you named"
NEW_ALONE = "add what you named"
ALTERED_ALONE = "change what you named"
RELIT = "Light and weather change; everything stays where it is"
JOINED = "Light and weather change; what you named is added, all else stays where it is"
ADDED = "What you named is added here; all else stays where it is"
ELSEWHERE = "this is another place"
IDLE = "Nothing changes"
UNSEEN_HERE = "none of these words changes anything here{}"
SO_ALREADY = "it looks like that already{}"
ALTERED = "What you named changes; all else stays where it is"
_TITLES = {  # of the box, by what Enter changes
    LIGHT_ALONE: "Change light and weather",
    LIGHT_AND_NEW: "Change light and weather, and add something",
    NEW_ALONE: "Add something to this place",
    ALTERED_ALONE: "Change what is here",
}
NEW_PLACE, VIEW_AGAIN = "Start a new place", "Repaint this view"
UNSEEN_AREAS = "Change areas that you have not seen"
_SAID_STAYING = {LIGHT_AND_NEW: JOINED, NEW_ALONE: ADDED, ALTERED_ALONE: ALTERED}
STAYING_HERE = (
    "“{}” alone changes the light here and nothing else",
    "“and a {}” puts one where you look",
)
EXAMPLE = "cat"  # which fits anywhere
FOLLOWING = (
    "Turn to see new areas (striped on the map): they follow this description, this view stays"
)
SPOT_AS_IT_WAS = "this spot is as it was"
LEAST_LETTERS = 3  # a shorter word may be unfinished
MOST_PAINTING = 12  # blocks, until a change that was asked for is shown


def describe(
    services: Services,
    worker: GenerationWorker,
    reel: Reel,
    painting: PaintingOverlay,
    begun_places: deque[str],
    text: str,
    ground: str = "",
) -> None:
    """Ask the world for another prompt, and perhaps to paint ground anew by it.

    Where nothing is to stay, another place begins, as it does far from where this one begins: new
    ground there follows from the old.
    """
    pose, now = reel.pose, reel.current.block.prompt
    keeps_places = not no_places(reel.current.block.memory.policy)
    why = ""
    if (words := services.vocabulary) and ground != "everything":
        text, why = _going_on(text, now, words)
        ground = "light" if _stays(why, reel) and keeps_places else ground
    if ground != "light" and (why == ELSEWHERE or (why and keeps_places)):
        ground = "everything"
    is_new = ground == "everything" or (_is_far(reel) and ground != "light")
    if is_new and reel.current.spec.kinds:
        begun_places.append(text)
        return
    leave_moment(services, worker, "everything is as it was before the new description")
    edits = _repaintings(ground, pose)

    def ask(session: Session) -> None:
        session.change(prompt=text)
        if session.world.spec.kinds:
            for one in edits:
                session.edit(one)

    worker.call(ask)
    if reel.current.spec.kinds:
        painting.begin(edits[-1])
    show_change(reel, edits[-1].act)
    undoing = "" if painting.names_undo else f". {services.bindings.title('undo')} undoes it"
    snow = under_snow_words(text, now, words) if words else ""
    follows = {
        "": FOLLOWING,
        "view": "This view is repainted from this description",
        "light": _SAID_STAYING.get(why, RELIT + snow),
        "everything": f"Everything is made up anew{f': {why}' if why else ''}",
    }
    said = _of_light(follows[ground], text, words)
    services.notices.say(f"{said}{undoing}", topic=CHANGE)


def _repaintings(ground: str, pose: CameraPose) -> list[Edit]:
    """Return the edits by which ground follows a description; "": that which was not seen."""
    if not ground:
        return [Edit("forget")]
    if ground == "light":
        return [Edit("relight", pose.yaw, pose.pitch, *GROUND["everything"])]
    edit = Edit("renew", pose.yaw, pose.pitch, *GROUND[ground])
    return [Edit("forget"), edit] if ground == "view" else [edit]  # new areas beside a view, too


def choices(
    services: Services,
    reel: Reel,
    describe: Callable[..., None],
    put: Callable[[Edit], None],
    text: str,
) -> tuple[PromptChoice, ...]:
    """Return the ways to apply a description.

    A thing that a text plainly adds ("and a ruin") is put where the player looks.
    """
    if why_fixed(services, reel):
        return ()
    words, now = services.vocabulary, reel.current.block.prompt
    view, everything = (partial(describe, ground=ground) for ground in GROUND)
    if words and (_is_unknown(text, words) or _why_idle(text, now, words)):
        return (PromptChoice("Enter", "", 0, describe, IDLE),)
    kept, why = _going_on(text, now, words) if words else (text, "")
    begun = f"start {'another place like this' if text == now else 'a new place'} here"
    alone = "" if kept == text else ", from these words alone"
    anew = PromptChoice("Shift+Enter", begun + alone, pygame.KMOD_SHIFT, everything)
    begin = PromptChoice("Enter", begun, 0, describe, NEW_PLACE)
    if why in ("", NEW_ALONE) and (edit := _added_here(text, now, reel)):
        what = words_of(edit)
        title = f"Put {what} where you look"
        here = PromptChoice("Enter", f"put {what} here", 0, lambda _: put(edit), title, puts=True)
        begin = replace(begin, keys="Shift+Enter", mod=pygame.KMOD_SHIFT)
        return (here, begin) if _is_far(reel) else (here, anew)
    if _stays(why, reel):
        effect, title = (_of_light(one, now, words) for one in (why, _TITLES[why]))
        light = PromptChoice("Enter", effect, 0, describe, title)
        return (light,) if _is_far(reel) else (light, anew)
    if _is_far(reel):
        return (begin,)
    if why:
        is_other = why == ELSEWHERE or (words and names_other_place(kept, now, words))
        begun = f"{begun}: {_of_light(why, kept, words)}"
        return (begin if is_other else replace(begin, words=begun),)
    if not services.map.sees_more_of(replace(reel.pose, pitch=0.0)):  # above are no things
        words_of_view = "repaint this view; things in it may disappear"
        return (PromptChoice("Enter", words_of_view, 0, view, VIEW_AGAIN), anew)
    return (
        PromptChoice("Enter", NEW_AREAS, 0, describe, "" if text == now else UNSEEN_AREAS),
        PromptChoice("Ctrl+Enter", "this view too", SHORTCUT, view),
        anew,
    )


def ways_to_stay(services: Services, reel: Reel, text: str) -> str:
    """Return what to write to change the place, while the box has its description."""
    words, now = services.vocabulary, reel.current.block.prompt
    if text != now or not words or why_fixed(services, reel):
        return ""
    light, thing = STAYING_HERE
    lights = [light.format(one) for one in _lights(now, words)[:1]]
    return "; ".join(lights + [thing.format(EXAMPLE)] * (EXAMPLE in reel.current.spec.kinds))


@lru_cache(maxsize=2)  # asked for at each blink
def _lights(now: str, words: Vocabulary) -> tuple[str, ...]:
    return other_lights(now, words)


def why_idle(services: Services, reel: Reel, text: str) -> str:
    """Return why a description would change nothing, and what would; "": it changes something."""
    words = services.vocabulary
    return _why_idle(text, reel.current.block.prompt, words) if words else ""


@lru_cache(maxsize=8)  # asked for several times a key
def _why_idle(text: str, now: str, words: Vocabulary) -> str:
    if text == now or words.problem(text):
        return ""
    reason = SO_ALREADY if is_so_already(text, now, words) else ""
    reason = UNSEEN_HERE if is_unseen(text, now, words) else reason
    tried = ", ".join(f"“{one}”" for one in other_lights(now, words)) if reason else ""
    return reason.format(f"; try {tried}" if tried else "")


def _of_light(said: str, text: str, words: Vocabulary | None) -> str:
    return of_light(said, text, words) if words else said


def _is_unknown(text: str, words: Vocabulary) -> bool:
    """Tell whether no word of a text has an effect, and the last one is no beginning of one."""
    *_, last = "", *(word.text for word in split_words(text))
    is_begun = len(last) < LEAST_LETTERS or words.nearest(last, is_begun=True)
    return not is_begun and bool(words.problem(text))


def why_fixed(services: Services, reel: Reel) -> str:
    """Return why nothing here can be changed, for players; "": it can."""
    ready = reel.current
    if not ready.spec.kinds:
        return "nothing can be changed in this world; it only shows views"
    if not no_places(ready.block.memory.policy):
        return ""
    key = services.bindings.title("policy")
    return f"this memory keeps no places, so nothing can be changed; {key} chooses another"


def may_change(services: Services, reel: Reel) -> bool:
    """Tell whether anything here can be changed, and the player why not."""
    if why := why_fixed(services, reel):
        services.notices.say(why, "bad")
    return not why


def _is_far(reel: Reel) -> bool:
    """Tell whether a world that paints is shown far from where the place begins."""
    return bool(reel.current.spec.kinds) and reel.pose.is_far


def _stays(why: str, reel: Reel) -> bool:
    """Tell whether everything stays where it is, for what `_going_on` says.

    Things are added where the place begins alone.
    """
    return why in (LIGHT_ALONE, ALTERED_ALONE) or (why in _SAID_STAYING and not _is_far(reel))


def _added_here(text: str, now: str, reel: Reel) -> Edit | None:
    """Return the edit that puts what a text plainly adds where the player looks."""
    added, pose = without_adding(text.removeprefix(now.rstrip(" ,."))), reel.pose
    kinds = tuple(reel.current.spec.kinds)
    # where the place begins, several things, and where they are, are planned
    is_put = added and (_is_far(reel) or _names_one(added))
    edit = _added_thing(added, kinds) if is_put else None
    return edit and replace(edit, yaw=(pose.yaw + edit.yaw) % 360.0, x=pose.x, z=pose.z)


def _names_one(text: str) -> bool:
    """Tell whether words name a single thing, and not where it is, such as on the sea."""
    named = named_things(text, KINDS)
    return len(named) == 1 and named[0].least == 1 and named[0].relation is None


@lru_cache(maxsize=8)  # asked for several times a key
def _added_thing(text: str, kinds: tuple[str, ...]) -> Edit | None:
    """Return the edit that puts a thing ahead; None: words name none that can be put."""
    with suppress(ThingError):
        edit = parse_known(text, 0.0, None, kinds)
        return edit if edit.act == "place" else None
    return None


@lru_cache(maxsize=8)  # asked for several times a key
def _going_on(text: str, now: str, words: Vocabulary) -> tuple[str, str]:
    """Return a description with the place in which it stays, and what else than new areas changes.

    That is `LIGHT_ALONE`, `LIGHT_AND_NEW`, `NEW_ALONE` or `ALTERED_ALONE` where everything else
    stays, or why everything is repainted, or "".
    """
    text = staying(text, words, now)
    if is_elsewhere(text, now, words):
        return text, ELSEWHERE
    if is_relit(text, now, words):
        return text, LIGHT_AND_NEW if names_new(text, now, words) else LIGHT_ALONE
    if adds_things(text, now, words):
        return text, NEW_ALONE
    if alters(text, now, words):
        return text, ALTERED_ALONE
    return text, OTHER_LIGHT if has_other_light(text, now, words) else ""


def change(
    services: Services,
    worker: GenerationWorker,
    reel: Reel,
    painting: PaintingOverlay,
    asked: deque[Moment],
    edit: Edit,
    seen: Edit | None = None,
) -> None:
    """Ask the world for a change; the moment before it joins those that are asked for.

    `seen` is the thing that it puts or changes, as the player sees it.
    """
    box = {side: getattr(seen or edit, side) for side in ("yaw", "pitch", "width", "height")}
    painting.begin(replace(edit, **box))
    what = words_of(edit) if edit.act == "place" else SPOT_AS_IT_WAS
    asked.append(services.undo_stack.push(what))
    worker.call(lambda session: session.edit(edit))
    show_change(reel)


def words_of_change(now: FrameBlock, before: FrameBlock | None, undone: str = "") -> str:
    """Return, for players, what a block shows that was changed, and which things it replaces.

    `undone` is the change that an undo takes back, "" if unknown.
    """
    edited = now.edited
    assert edited is not None
    name = words_of(edited)
    if edited.act == "undo":
        gone = _only_in(before, now) if before else None
        words = f"{name}: {undone}" if undone else name
        return ", ".join(filter(None, (words, _way_out_of_view(gone, before, now))))
    if edited.act != "place":
        return name
    new, words = _only_in(now, before), f"{name} {'are' if is_plural(name) else 'is'} there"
    if way := _way_out_of_view(new, now, now):
        words += f", out of view ({way})"
    if before is None or before.poses[-1].position != now.poses[-1].position:
        return words
    was, there = (
        Counter(one.kind for one in block.ground.things) if block.ground else Counter[str]()
        for block in (before, now)
    )
    replaced = [
        f"the {kind}" if count == 1 else several(kind, count)
        for kind, count in (was - there).items()
    ]
    names = " and ".join(filter(None, (", ".join(replaced[:-1]), *replaced[-1:])))
    return f"{words}, in place of {names}" if names else words


def _only_in(one: FrameBlock, other: FrameBlock | None) -> Edit | None:
    """Return the only placed thing that one block has and another has not; else None."""
    placed = [thing for thing in one.placed if other is None or thing not in other.placed]
    return placed[0] if len(placed) == 1 else None


def _way_out_of_view(thing: Edit | None, block: FrameBlock | None, now: FrameBlock) -> str:
    """Return where a placed thing of a block is, if there is one and the view does not show it."""
    if thing is None:
        return ""
    pose = now.poses[-1]
    seen = seen_from(thing, block.ground if block else None, pose)
    aside = abs(yaw_difference(seen.yaw, pose.yaw)) - seen.width / 2
    above = abs(seen.pitch - pose.pitch) - seen.height / 2
    is_in_view = aside < pose.fov / 2 and above < pose.fov * ASPECT / 2
    return "" if is_in_view else seen.direction(pose)


def keep_changes(asked: deque[Moment], stack: UndoStack, ready: ReadyBlock) -> None:
    """Forget the moment before a change that was refused: undoing it would undo another change.

    While the player walks, notices are about obstacles.
    """
    edited, command = ready.block.edited, ready.command
    if edited and edited.act in ("place", *SPOT_ACTS):
        asked.clear()
    elif asked and ready.block.notice and not (command.forward or command.right):
        stack.drop(asked.popleft())


def whereabouts(services: Services, reel: Reel, usual: str | None) -> str | None:
    """Return the place of the description, or its category of scenes, else the usual one."""
    if not (words := services.vocabulary):
        return usual
    read = words.reading(reel.current.block.prompt)
    place = known_place(read, words)
    return place.name if place else words.place(read) or usual


def show_change(reel: Reel, act: Act | None = None) -> None:
    """While it is paused, show blocks until one shows the change, or that of an act."""

    def is_shown(ready: ReadyBlock) -> bool:
        edited = ready.block.edited
        return bool(ready.block.notice or (edited and act in (None, edited.act)))

    reel.step(is_shown, MOST_PAINTING)
