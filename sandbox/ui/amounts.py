"""Amounts in words: sizes of files, and when something was."""

from datetime import datetime

from mag_sandbox.model.world import GIB, KIB, MIB

LONG_AGO_DAYS = 300  # days after which a date needs its year


def when_text(moment: datetime, now: datetime) -> str:
    """Say when something was: "5 min ago", "today 18:20", "12 May 18:20", "12 May 2025".

    The clock is local.
    """
    minutes, days = (now - moment).total_seconds() / 60, (now - moment).days
    if minutes < 60:
        return "just now" if minutes < 1 else f"{int(minutes)} min ago"
    if days >= LONG_AGO_DAYS:
        return f"{moment.day} {moment:%b} {moment.year}"
    then, today = moment.astimezone(), now.astimezone().date()
    nights = (today - then.date()).days
    day = {0: "today", 1: "yesterday"}.get(nights, f"{then.day} {then:%b}")
    return f"{day} {then:%H:%M}"


def bytes_text(count: int) -> str:
    """Say a size: "41 MiB", "3.2 GiB"."""
    for name, unit in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count >= unit:
            amount = count / unit
            return f"{amount:.1f} {name}" if amount < 9.95 else f"{amount:.0f} {name}"
    return f"{count} bytes" if count != 1 else "1 byte"
