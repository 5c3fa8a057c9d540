"""Reading and writing notebooks: chapters, their cells, and the sentences in them."""

import ast
import base64
import io
import re
import tokenize
from html import unescape
from pathlib import Path

import nbformat

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

CODE = re.compile(r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|<!--.*?-->", re.DOTALL)
# What is not prose: code, comments, mathematics, HTML tags, the address of a link.
NOT_PROSE = re.compile(
    CODE.pattern + r"|\$\$.*?\$\$|\$[^$]+\$|</?[a-zA-Z][^>]*>|(?<=\])\([^)]*\)", re.DOTALL
)
FOLD = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
IMAGE = re.compile(r"<img\b[^>]*>|!\[(?P<alt>[^\]]*)\]\([^)]*\)")
_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.|#+|\||>)\s)")
_MARKER = re.compile(r"\A\s*(?:[-*+]|\d+\.|>)\s+")
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


def read_folder(folder):
    """The notebooks of a folder, in the order in which they are read."""
    return [Chapter(path) for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))]


def tags(cell):
    """A cell's tags, none if it has none."""
    return cell.metadata.get("tags", [])


def mask(pattern, text, fill=" "):
    """The text, of the same length, in which `fill` stands for all that the pattern finds."""
    return pattern.sub(lambda found: fill * len(found.group()), text)


def headings(markdown):
    """The headings of a cell, in order: (level, text)."""
    found = re.finditer(r"^(#+)\s+(.+?)\s*$", mask(NOT_PROSE, markdown, "x"), re.MULTILINE)
    return [(len(m[1]), markdown[m.start(2) : m.end(2)]) for m in found]


def sentences(markdown):
    """The sentences of a cell, headings aside, each on one line and with its own Markdown."""
    for start, end in _spans(_BLOCK, mask(NOT_PROSE, markdown, "x")):
        block = _MARKER.sub("", markdown[start:end], count=1)
        if not block.lstrip().startswith("#"):
            for first, last in _spans(_SENTENCE, mask(NOT_PROSE, block, "x")):
                sentence = " ".join(block[first:last].split())
                if any(letter.isalpha() for letter in mask(NOT_PROSE, sentence)):
                    yield sentence


def _spans(separator, text):
    """Where the parts lie that `separator` separates."""
    start = 0
    for found in separator.finditer(text):
        yield start, found.start() if found.group().isspace() else found.end()
        start = found.end()
    yield start, len(text)


def tree(cell):
    """A code cell's syntax tree; an empty one where `plain_python` will say what is wrong."""
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module([], [])


def imported(cell):
    """The packages that a code cell imports."""
    for node in ast.walk(tree(cell)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def shown(cell):
    """What a reader sees of each output: (kind, text). Pictures inside the text are left out."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        kind = next((k for k in ("text/html", "text/markdown", "text/plain") if k in data), None)
        if output.output_type == "stream":
            yield output.name, output.text.rstrip("\n")
        elif output.output_type == "error":
            yield "error", "\n".join(output.traceback)
        elif kind:
            yield kind, re.sub(r"base64,[^\"']*", "base64,", data[kind])


def pictures(cell):
    """The pictures in a cell's Markdown and outputs: (alternative text, PNG or None, width)."""
    texts = [mask(CODE, cell.source)] if cell.cell_type == "markdown" else []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        texts += [data[kind] for kind in ("text/html", "text/markdown") if kind in data]
        for kind in data:
            if kind.startswith("image/"):
                size = output.metadata.get(kind, {})
                png = base64.b64decode(data[kind]) if kind == "image/png" else None
                yield size.get("alt", ""), png, size.get("width")
    for found in (found for text in texts for found in IMAGE.finditer(text)):
        alt = found["alt"] if found["alt"] is not None else attribute(found[0], "alt")
        _, inline, code = attribute(found[0], "src").partition("image/png;base64,")
        yield alt, base64.b64decode(code) if inline else None, attribute(found[0], "width")


def attribute(element, name):
    """The value of an HTML element's attribute, "" if it has none."""
    found = re.search(rf"\b{name}=([\"'])(.*?)\1", element, re.DOTALL)
    return unescape(found[2]) if found else ""


def writing(cell):
    """The prose of a cell: its Markdown without code and mathematics, or comments; descriptions."""
    if cell.cell_type == "markdown":
        yield mask(NOT_PROSE, cell.source)
    else:
        try:
            for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
                if token.type == tokenize.COMMENT:
                    yield token.string
        except (tokenize.TokenError, SyntaxError):
            pass
    yield from (alt for alt, *_ in pictures(cell))


def sections(chapter):
    """The cells under each level-two heading: a list of (heading, cells)."""
    found = []
    for cell in chapter.cells[1:]:
        titles = headings(cell.source) if cell.cell_type == "markdown" else []
        if titles and titles[0][0] == 2:
            found.append((titles[0][1], []))
        if found:
            found[-1][1].append(cell)
    return found


def section(chapter, name):
    """The cells of one section, none if it is missing."""
    return next((cells for title, cells in sections(chapter) if title.split(":")[0] == name), [])


def markdown(cells):
    """The text of the Markdown cells among some."""
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def recall(chapter):
    """The recall questions of a chapter: a list of (question, answer), as they are written."""
    return FOLD.findall(markdown(section(chapter, "Recall")))


def count_words(chapter):
    """How many words a chapter has, code included: what holds a letter or a digit."""
    words = [word for cell in chapter.cells for word in cell.source.split()]
    return sum(any(letter.isalnum() for letter in word) for word in words)


def dumps(notebook):
    """A notebook's text, with keys in a fixed order and a newline at its end."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(path, text):
    """Replace a file at once, so that an interruption leaves the old one. Returns the path."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8", newline="\n")
    return new.replace(path)
