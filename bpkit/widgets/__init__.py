"""Experiments to touch: each moves in the browser, with the book's own arithmetic, and in words.

In reading order: base (what all share), slope, chain, fork, replays and stepper, shapes,
activations, losses, draws and playground, surfaces and descent, digit, predict, deck and cards.
Each widget has a file of its name in `js/`, over `math.js`, which holds the arithmetic, and
`draw.js`, which holds the drawing; `data.js` holds what some start from: random numbers, points,
ink. A class is loaded when first named.
"""

from importlib import import_module

HOMES = {
    "Slope": "slope",
    "Chain": "chain",
    "Fork": "fork",
    "Stepper": "stepper",
    "Shapes": "shapes",
    "Activations": "activations",
    "Losses": "losses",
    "Playground": "playground",
    "Descent": "descent",
    "DrawDigit": "digit",
    "Predict": "predict",
    "Cards": "cards",
}
__all__ = list(HOMES)


def __getattr__(name):
    if name in HOMES:
        return getattr(import_module(f"bpkit.widgets.{HOMES[name]}"), name)
    raise AttributeError(f"bpkit.widgets has no {name!r}; it has {', '.join(HOMES)}")


def __dir__():
    return __all__
