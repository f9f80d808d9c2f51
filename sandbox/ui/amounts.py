"""Amounts in words: sizes of files, and how long ago something was."""

from mag_sandbox.model.world import GIB, KIB, MIB


def ago_text(seconds: float) -> str:
    """Say how long ago something was: "just now", "3 h ago", "2 weeks ago"."""
    minutes = seconds / 60
    if minutes < 1:
        return "just now"
    steps = (("min", 60), ("h", 24), ("day", 7), ("week", 4.345), ("month", 12))
    amount = minutes
    for unit, length in steps:
        if amount < length:
            return _ago(int(amount), unit)
        amount /= length
    return _ago(int(amount), "year")


def bytes_text(count: int) -> str:
    """Say a size: "41 MiB", "3.2 GiB"."""
    for name, unit in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count >= unit:
            amount = count / unit
            return f"{amount:.1f} {name}" if amount < 9.95 else f"{amount:.0f} {name}"
    return f"{count} bytes" if count != 1 else "1 byte"


def _ago(amount: int, unit: str) -> str:
    plural = "s" if amount != 1 and unit not in ("min", "h") else ""
    return f"{amount} {unit}{plural} ago"
