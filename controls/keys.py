"""The names of keys and gamepad buttons, as windows report them and as people read them. Data only.

A key goes by the name that pygame gives it; a button of a gamepad is a key called "pad ...".
"""

NAMED = (
    *("left", "right", "up", "down", "escape", "return", "space", "tab", "backspace"),
    *("insert", "delete", "home", "end", "page up", "page down", "break", "print screen"),
    *("left shift", "right shift", "left ctrl", "right ctrl", "left alt", "right alt", "alt gr"),
    *("left meta", "right meta", "caps lock", "scroll lock", "numlock", "menu", "help", "clear"),
    *(f"f{number}" for number in range(1, 16)),
    *(f"[{sign}]" for sign in "0123456789./*-+"),
    *("enter", "equals"),
)
PAD_BUTTONS = (  # in the order in which SDL numbers the buttons of a game controller
    *("pad a", "pad b", "pad x", "pad y", "pad back", "pad guide", "pad start"),
    *("pad left stick", "pad right stick", "pad left shoulder", "pad right shoulder"),
    *("pad up", "pad down", "pad left", "pad right"),
)
_TITLES = {
    "escape": "Esc",
    "return": "Enter",
    "enter": "Keypad Enter",
    "equals": "Keypad =",
    "break": "Pause",
    "left meta": "Left Win",
    "right meta": "Right Win",
}


def key_title(key: str) -> str:
    """Return a key's name for people: "Esc", "Page up", "Keypad 5", "Pad A"."""
    if key in _TITLES:
        return _TITLES[key]
    if len(key) == 3 and key[0] == "[":
        return f"Keypad {key[1]}"
    if key.startswith("pad ") and len(key) == 5:
        return f"Pad {key[4].upper()}"
    return key.capitalize()


KEYS_BY_TITLE = {key_title(key).lower(): key for key in (*NAMED, *PAD_BUTTONS)}


def find_key(written: str) -> str | None:
    """Return the key that a person means: by its title, by pygame's name, or by one character."""
    text = " ".join(written.lower().split())
    if text in KEYS_BY_TITLE:
        return KEYS_BY_TITLE[text]
    if text in NAMED or (len(text) == 1 and text.isprintable()):
        return text
    return None


def is_pad(key: str) -> bool:
    """Return whether a key is a button of a gamepad."""
    return key.startswith("pad ")
