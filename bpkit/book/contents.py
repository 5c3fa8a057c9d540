"""The table of contents: every chapter, the question it answers, and what it needs.

It is the one place that holds the plan of the book. Which chapters stand already is read from the
folder, so a new chapter becomes a link when the start page is run again.
"""

from dataclasses import dataclass
from pathlib import Path

from IPython.display import display

from bpkit.book.shown import Shown


@dataclass(frozen=True)
class Entry:
    """A chapter: its number, short name, question, and the chapters to read before it."""

    number: int
    name: str
    question: str
    needs: tuple = ()


PARTS = {
    "I · One number": (
        Entry(1, "Slopes", "How fast does a result change?"),
        Entry(2, "Chains", "What do derivatives do along a chain of steps?", (1,)),
        Entry(3, "Forks", "What if a number is used twice?", (2,)),
        Entry(4, "The graph", "Which derivative comes first?", (3,)),
        Entry(5, "Checking", "Is this gradient right, and is the check?", (4,)),
    ),
    "II · A layer": (
        Entry(6, "Shapes", "What is a gradient when numbers come in arrays?", (4,)),
        Entry(7, "Affine", "Where does each transpose come from?", (6,)),
        Entry(8, "Activations", "What bends a network's straight lines?", (6,)),
        Entry(9, "Losses", "How wrong is an answer, in one number?", (6,)),
        Entry(10, "Backpropagation", "How does a network learn to read digits?", (7, 8, 9)),
    ),
    "III · Learning": (
        Entry(11, "Gradient descent", "How far do you step, and when do you stop?", (10,)),
        Entry(12, "Momentum", "What should a step remember?", (11,)),
        Entry(13, "Depth", "Why do gradients vanish or explode?", (11,)),
        Entry(14, "Regularization", "How does a network learn, and not by heart?", (11,)),
        Entry(15, "Normalization", "What does rescaling do, and what does it hide?", (13,)),
    ),
    "IV · Structure": (
        Entry(16, "Convolution", "How does one small kernel see a whole image?", (10,)),
        Entry(17, "Through time", "How does a gradient reach an earlier step?", (13,)),
        Entry(18, "Gates", "How does a network remember for long?", (17,)),
        Entry(19, "Attention", "How does a word choose what to look at?", (15,)),
    ),
    "V · The machine": (
        Entry(20, "Two directions", "When is forward cheaper than backward?", (6,)),
        Entry(21, "Memory", "What may be forgotten and computed again?", (10,)),
        Entry(22, "Many workers", "How do many machines share one gradient?", (12, 13)),
        Entry(23, "Wrong gradients", "What do real bugs look like?", (10,)),
        Entry(24, "PyTorch and JAX", "What do the big libraries do differently?", (10,)),
    ),
}
ENTRIES = [entry for entries in PARTS.values() for entry in entries]


def standing(folder="."):
    """The chapters that stand in `folder`: their numbers, each with its file's name."""
    found = sorted(Path(folder).glob("[0-2][0-9]_*.ipynb"))
    return {int(path.name[:2]): path.name for path in found if int(path.name[:2]) > 0}


def contents(folder="."):
    """Display the table of contents; a chapter that stands in `folder` is a link."""
    files = standing(folder)
    lines = ["| | chapter | its question | needs |", "| ---: | :--- | :--- | :--- |"]
    for part, entries in PARTS.items():
        lines.append(f"| | *{part}* | | |")
        for entry in entries:
            file = files.get(entry.number)
            name = f"[{entry.name}]({file})" if file else entry.name
            needs = ", ".join(map(str, entry.needs))
            lines.append(f"| {entry.number} | {name} | {entry.question} | {needs} |")
    plain = [
        f"{entry.number:2}  {entry.name}  {files.get(entry.number, '')}".rstrip()
        for entry in ENTRIES
    ]
    display(Shown("\n".join(plain), "\n".join(lines)))
