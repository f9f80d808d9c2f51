"""Single pictures: every frame as a PNG, and a sheet of what the probes compared."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pygame
from PIL import Image

from mag_sandbox.evaluation.similarity.recall import ProbeResult, half_life
from mag_sandbox.files.pictures import encode_png
from mag_sandbox.model.world import Frames
from mag_sandbox.sandbox.export.footage import Shot
from mag_sandbox.sandbox.export.hud_layer import open_pygame
from mag_sandbox.sandbox.export.metadata import INDEX_FILE, KEY, SOFTWARE, as_text
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.returns.probe_cards import probe_card
from mag_sandbox.sandbox.ui.theme import BACKDROP, MUTED, Theme

FAST = 1  # of zlib: frames are many
SHEET_THEME = (1920, 1080)  # px of the window that its cards would suit
MOST_CARDS = 24
COLUMNS = 3
GAP = 14  # px of the reference window


def write_frames(
    folder: Path,
    shots: Iterable[Shot],
    picture: Callable[[Shot], Frames],
    scale: int,
    facts: dict[str, Any],
) -> None:
    """Write every frame as a PNG, and where each looks as JSON, in a new folder.

    Every pixel becomes a square of `scale`.
    """
    folder.mkdir()
    rows = []
    for shot in shots:
        name = f"frame-{shot.number:06d}.png"
        image = Image.fromarray(in_squares(picture(shot), scale))
        image.save(folder / name, "PNG", compress_level=FAST)
        rows.append(
            {
                "file": name,
                "second": round(shot.second, 4),
                "block": shot.block.block_index,
                **asdict(shot.pose),
            }
        )
    text = json.dumps({**facts, "frames": rows}, ensure_ascii=False, default=str, indent=1)
    (folder / INDEX_FILE).write_text(text + "\n", encoding="utf-8")


def write_sheet(path: Path, probes: list[ProbeResult], facts: dict[str, Any]) -> None:
    """Write then and now of every view that came back, card by card, as one PNG."""
    open_pygame()
    theme = Theme(SHEET_THEME)
    cards = [probe_card(one, figures=True).drawn(theme)[0] for one in probes[:MOST_CARDS]]
    gap, across = theme.px(GAP), min(COLUMNS, len(cards))
    rows = [cards[place : place + across] for place in range(0, len(cards), across)]
    width = across * cards[0].get_width() + (across + 1) * gap
    lines = theme.wrap(facts["prompt"], width - 2 * gap, lines=3, size=14)
    top = theme.px(40) + theme.line_height(14) * (len(lines) + 1) + gap
    height = top + sum(max(card.get_height() for card in row) + gap for row in rows)
    sheet = pygame.Surface((width, height))
    sheet.fill(BACKDROP)
    title = f"{facts['scene']} · memory {facts['policy']} · seed {facts['seed']}"
    theme.write(sheet, title, 20, bold=True, topleft=(gap, gap))
    theme.write_lines(sheet, [*lines, summary_text(probes)], (gap, theme.px(40)), 14, MUTED)
    for row in rows:
        for column, card in enumerate(row):
            sheet.blit(card, (gap + column * (card.get_width() + gap), top))
        top += max(card.get_height() for card in row) + gap
    pixels = np.frombuffer(pygame.image.tobytes(sheet, "RGB"), np.uint8)
    save_png(path, pixels.reshape(height, width, 3), facts)


def save_png(path: Path, pixels: Frames, facts: dict[str, Any]) -> None:
    """Write a PNG that says what it shows."""
    path.write_bytes(encode_png(pixels, {
        "Software": SOFTWARE, "Title": facts["scene"], "Description": facts["prompt"],
        KEY: as_text(facts),
    }))  # fmt: skip


def summary_text(probes: list[ProbeResult]) -> str:
    """Say in a line what the comparisons came to."""
    counted = [one.recall for one in probes if one.recall is not None]
    text = f"{len(probes)} views came back" if len(probes) != 1 else "one view came back"
    if len(probes) > MOST_CARDS:
        text += f", the first {MOST_CARDS} shown"
    if counted:
        text += f" · recall {sum(counted) / len(counted):.0f} % on average"
    life = half_life(probes)
    return f"{text} · half forgotten after {duration_text(life)}" if life else text


def in_squares(frame: Frames, scale: int) -> Frames:
    """Return a frame whose every pixel is a square."""
    return frame.repeat(scale, axis=0).repeat(scale, axis=1) if scale > 1 else frame
