"""Reading and writing notebooks: chapters, their cells, and the sentences in them."""

import re
from pathlib import Path

import nbformat

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

# What is not prose: code, comments, mathematics, HTML tags, the address of a link.
_NOT_PROSE = re.compile(
    r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|<!--.*?-->|\$\$.*?\$\$|\$[^$]+\$|</?[a-zA-Z][^>]*>|(?<=\])\([^)]*\)",
    re.DOTALL,
)
_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.|#+|\||>)\s)")
_MARKER = re.compile(r"\s*(?:[-*+]|\d+\.|>)\s+")
_SENTENCE = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<!cf\.)(?<!vs\.)(?<=[.?!])[*_\"')]*\s+")


class Chapter:
    """A notebook of the book: its path, its number from the file's name, and its cells."""

    def __init__(self, path):
        self.path = Path(path)
        self.number = int(self.path.name[:2])
        self.notebook = nbformat.read(self.path, as_version=4)
        self.cells = self.notebook.cells

    @property
    def title(self):
        return self.cells[0].source.split("\n")[0].removeprefix("# ")

    def of(self, kind):
        """The cells of one kind, "code" or "markdown", in order."""
        return [cell for cell in self.cells if cell.cell_type == kind]


def chapters(folder):
    """The notebooks of a folder, in the order in which they are read."""
    return [Chapter(path) for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))]


def tags(cell):
    return cell.metadata.get("tags", [])


def plain(markdown, fill=" "):
    """Markdown of the same length, in which `fill` stands for all that is not prose."""
    return _NOT_PROSE.sub(lambda found: fill * len(found.group()), markdown)


def headings(markdown):
    """The headings of a cell, in order: (level, text)."""
    found = re.finditer(r"^(#+)\s+(.+?)\s*$", plain(markdown, "x"), re.MULTILINE)
    return [(len(m[1]), markdown[m.start(2) : m.end(2)]) for m in found]


def sentences(markdown):
    """The sentences of a cell, headings aside, each on one line and with its own Markdown."""
    for start, end in _spans(_BLOCK, plain(markdown, "x")):
        block = _MARKER.sub("", markdown[start:end], count=1)
        if not block.lstrip().startswith("#"):
            for first, last in _spans(_SENTENCE, plain(block, "x")):
                if sentence := " ".join(block[first:last].split()):
                    yield sentence


def _spans(separator, text):
    """Where the parts lie that `separator` separates."""
    start = 0
    for found in separator.finditer(text):
        yield start, found.start() if found.group().isspace() else found.end()
        start = found.end()
    yield start, len(text)


def dumps(notebook):
    """A notebook's text, with keys in a fixed order and a newline at its end."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(path, text):
    """Replace a file at once, so that an interruption leaves the old one. Returns the path."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8", newline="\n")
    return new.replace(path)
