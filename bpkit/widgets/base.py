"""What all widgets share: one ES module out of several files, states that make sense, words.

A widget is a Python class with a few traits and one file of JavaScript in `js/`. The browser
computes and draws; Python gives the same numbers, the same content in words, and a still picture.
"""

import math
import re
from functools import cache
from pathlib import Path

import anywidget
import traitlets

JS = Path(__file__).with_name("js")
IMPORT = re.compile(r"^import\s*\{[^}]*\}\s*from\s*\"\./(\w+)\.js\";\n", re.MULTILINE)
COMMENT = re.compile(r"^\s*//.*\n|^\s*/\*[\s\S]*?\*/\n|^\s*\n|^[ \t]+", re.MULTILINE)


@cache
def compose(*names):
    """One ES module made of files of `js/` and of all that they import, each once, in order.

    Comments and indentation stay behind, because a notebook stores this text with every widget.

    >>> "import" in compose("draw")
    False
    """
    texts = {}

    def add(name):
        if name not in texts:
            text = (JS / f"{name}.js").read_text(encoding="utf-8")
            for needed in IMPORT.findall(text):
                add(needed)
            text = COMMENT.sub("", IMPORT.sub("", text))
            texts[name] = re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE)

    for name in names:
        add(name)
    return "".join(texts.values())


class Number(traitlets.Float):
    """A trait: a finite number from `low` to `high`; anything else is refused in words."""

    def __init__(self, default, low, high, **more):
        self.low, self.high = low, high
        super().__init__(default, **more)
        self.tag(sync=True)

    def validate(self, obj, value):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not self.low <= value <= self.high:
            refuse(obj, self.name, value, f"a number from {self.low:g} to {self.high:g}")
        return float(value)


class Whole(Number):
    """A trait: a whole number from `low` to `high`."""

    def validate(self, obj, value):
        if not isinstance(value, int) or isinstance(value, bool):
            refuse(obj, self.name, value, f"a whole number from {self.low} to {self.high}")
        return int(super().validate(obj, value))


class Choice(traitlets.Enum):
    """A trait: one of some values; anything else is refused with the list of them."""

    def __init__(self, values, default, **more):
        super().__init__(values, default, **more)
        self.tag(sync=True)

    def validate(self, obj, value):
        if value not in self.values:
            refuse(obj, self.name, value, "one of " + ", ".join(map(repr, self.values)))
        return value


def refuse(obj, name, value, wanted):
    """Raise the error that says what a trait may hold; the trait keeps what it held."""
    raise traitlets.TraitError(
        f"{type(obj).__name__}: {name} is {value!r}; it must be {wanted}. "
        "The widget stays as it was."
    )


class Widget(anywidget.AnyWidget):
    """A widget of the book. A subclass names its file in `js/`, its question and its traits.

    `text()` is the same content in words, and its first line is what a page without widgets shows;
    `still()` is a picture for print, a matplotlib Figure.
    """

    ask = traitlets.Unicode().tag(sync=True)

    def __init_subclass__(cls, js=None, **more):
        if js:
            cls._esm, cls._css = compose(js), css()
        super().__init_subclass__(**more)

    def text(self):
        raise NotImplementedError

    def still(self):
        raise NotImplementedError

    def __repr__(self):
        return self.text().split("\n")[0]


@cache
def css():
    """The style sheet of all widgets, without comments and indentation."""
    return COMMENT.sub("", (JS / "draw.css").read_text(encoding="utf-8"))
