r"""Reads notebooks for faults: what the book promises of every chapter, as rules that can fail.

A rule takes a chapter and yields its faults, each as a cell's id and what is wrong. Rules over the
whole book take all chapters. `python -m bpkit.book.lint chapters/04_the_graph.ipynb` prints them.

For authors. A chapter's first cell is its title, `# 7 · Which way does W turn?`; its sections are
the level-two headings of SECTIONS, in that order, each the first line of a cell, and each may go on
after a colon: `## The derivation: four equations`. Bold defines a term and is used for nothing
else. A claim carries `\tag{7.1}`, and the next code cell proves it. A question under Recall is
`<details>`, `<summary>…?</summary>`, a blank line, the answer, `</details>`.
"""

import ast
import re
import struct
import sys
from urllib.parse import unquote

from bpkit.book import glossary, index
from bpkit.book.back_matter import FIRST
from bpkit.book.notebook import (
    CODE,
    FOLD,
    METADATA,
    NOT_PROSE,
    Chapter,
    count_words,
    headings,
    imported,
    markdown,
    mask,
    pictures,
    read_folder,
    recall,
    section,
    sections,
    sentences,
    shown,
    tags,
    tree,
    writing,
)

SECTIONS = (
    "In one minute",
    "Numbers by hand",
    "The derivation",
    "One screen of code",
    "An experiment",
    "Break it",
    "Must-know facts",
    "Recall",
    "In other books",
    "What to do next",
)
CHAPTERS = range(1, 25)
CODE_LINES, SCREEN_LINES, SCREEN_PIXELS = 15, 40, 800
WORDS = range(3000, 5001)
TAGS = {"hide-input", "nbval-ignore-output", "raises-exception", "stderr", "timing"}
CLOCKS = {"datetime", "time", "timeit"}
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "socket", "urllib", "urllib3"}

RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}")
HAND_MADE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
UNWANTED = re.compile(
    r"\b(simply|just|obvious|obviously|clearly|trivial|trivially|easy|easily|of course|note that"
    r"|basically|merely|needless to say|straightforward|straightforwardly|let['’]s)\b",
    re.IGNORECASE,
)
LOUD = re.compile(r"!(?!=)")
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\ufe0f]")
BRITISH = re.compile(
    r"\b(\w*(colour|behaviour|favour|neighbour)\w*|(centr|fibr)(e|es|ed)|grey|licence|analys(e|ed|ing)"
    r"|(labell|modell|cancell|travell)(ed|ing)|learnt|whilst"
    r"|(categor|character|discret|emphas|factor|general|initial|linear|local|maxim|memor|minim|normal"
    r"|optim|organ|parallel|penal|quant|real|recogn|regular|serial|special|stabil|standard|summar"
    r"|token|vector|visual)is(e|es|ed|er|ers|ing|ation|ations))\b",
    re.IGNORECASE,
)
ABSOLUTE = re.compile(r"(?<![\w.:/<>\\+=-])(?:/[A-Za-z][\w.-]*/[\w.-]+|[A-Z]:\\\w|~/\w)")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
REMOTE = re.compile(
    r"<(script|iframe|link|object|embed)\b|\bsrc=[\"']?(https?:)?//|!\[[^\]]*\]\(\s*https?:"
    r"|@import|url\(\s*[\"']?https?:",
    re.IGNORECASE,
)
TAG = re.compile(r"\\tag\*?\{([^}]*)\}")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)|\bhref=[\"']([^\"']+)")


# Every notebook.


def hand_made_ids(chapter):
    """Cell ids are unique words, chosen by hand, so that links and diffs last."""
    seen = set()
    for cell in chapter.cells:
        if RANDOM_ID.fullmatch(cell.id) or not HAND_MADE_ID.fullmatch(cell.id):
            yield cell.id, "this id is not made of lower-case words with hyphens"
        if cell.id in seen:
            yield cell.id, "two cells have this id"
        seen.add(cell.id)


def known_tags(chapter):
    """No tag but those that the book's tools know, and no comment that hides a cell from nbval."""
    for cell in chapter.cells:
        if unknown := set(tags(cell)) - TAGS:
            yield cell.id, f"unknown tag {', '.join(sorted(unknown))}"
        if ("timing" in tags(cell)) != ("nbval-ignore-output" in tags(cell)):
            yield cell.id, "the tags timing and nbval-ignore-output go together"
        if re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)_", cell.source):
            yield cell.id, "a comment hides this cell from nbval"


def plain_python(chapter):
    """A code cell is Python that works outside a notebook too: no %magic, no !command."""
    for cell in chapter.of("code"):
        if not tree(cell).body:
            yield cell.id, "this code cell is empty, or not plain Python"


def short_cells(chapter):
    """A code cell has at most fifteen lines."""
    for cell in chapter.of("code"):
        if (lines := len(cell.source.split("\n"))) > CODE_LINES:
            yield cell.id, f"{lines} lines of code; {CODE_LINES} are allowed"


def short_outputs(chapter):
    """A cell shows no more than a screen; what is folded counts as one line."""
    for cell in chapter.of("code"):
        lines = 0
        for _, text in shown(cell):
            text = FOLD.sub("folded", text)
            lines += max(text.count("\n") + 1, len(re.findall(r"<tr\b", text)))
        if lines > SCREEN_LINES:
            yield cell.id, f"{lines} lines of output; {SCREEN_LINES} are allowed"
        for _, png, width in pictures(cell):
            if png:
                across, down = struct.unpack(">II", png[16:24])
                height = down * int(width or across) // across
                if height > SCREEN_PIXELS:
                    yield cell.id, f"a picture {height} px high; {SCREEN_PIXELS} are allowed"


def plain_words(chapter):
    """Prose without the words that belittle a reader, without shouting, in American spelling."""
    for cell in chapter.cells:
        for text in writing(cell):
            for what, pattern in (
                ("a word we don't use", UNWANTED),
                ("an exclamation mark", LOUD),
                ("an emoji", EMOJI),
                ("British spelling", BRITISH),
            ):
                for found in pattern.finditer(text):
                    around = text[max(found.start() - 20, 0) : found.end() + 20]
                    yield cell.id, f"{what}: {found[0]!r} in {' '.join(around.split())!r}"


def described_pictures(chapter):
    """Every picture says in words what is to be seen."""
    for cell in chapter.cells:
        for alt, *_ in pictures(cell):
            if len(alt.split()) < 5:
                yield cell.id, f"a picture's alternative text says too little: {alt!r}"


def settled_pictures(chapter):
    """A PNG holds nothing that depends on when or with what it was made."""
    for cell in chapter.cells:
        for _, png, _ in pictures(cell):
            if png and re.search(rb"tEXt(Software|Creation Time)|tIME", png):
                yield cell.id, "a PNG says when or with what it was made"


def proved_claims(chapter):
    """Each tagged equation is proved by the next code cell, and each proof has its equation."""
    waiting, count = [], 0
    for cell in chapter.cells:
        if cell.cell_type == "markdown":
            found = TAG.findall(mask(CODE, cell.source))
            if len(waiting) + len(found) > 1:
                yield cell.id, f"a second tag before the first is proved: {[*waiting, *found]}"
            for tag in found:
                count += 1
                if tag != f"{chapter.number}.{count}":
                    yield cell.id, f"tag {tag} stands where {chapter.number}.{count} is due"
            waiting += found
            continue
        proofs = list(_proofs(cell))
        if proofs != waiting:
            yield cell.id, f"this cell proves {proofs or 'nothing'}; due is {waiting or 'nothing'}"
        for tag in proofs:
            if not any(f"Equation ({tag}) holds in" in text for _, text in shown(cell)):
                yield cell.id, f"the stored output doesn't say that equation ({tag}) holds"
        waiting = []
    for tag in waiting:
        yield chapter.cells[-1].id, f"tag {tag} is never proved"


def _proofs(cell):
    for node in ast.walk(tree(cell)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            if name == "prove":
                yield (
                    node.args[0].value
                    if node.args and isinstance(node.args[0], ast.Constant)
                    else "?"
                )


def sound_links(chapter):
    """A link inside the book leads to a file, and to a heading or a cell, that is there."""
    folder = chapter.path.resolve().parent
    for cell in chapter.of("markdown"):
        for found in LINK.finditer(mask(CODE, cell.source)):
            link = found[1] or found[2]
            if re.match(r"https?://", link):
                continue
            name, _, fragment = unquote(link).partition("#")
            target = (folder / name).resolve() if name else chapter.path.resolve()
            if target.parent not in (folder, folder.parent / "exercises"):
                yield cell.id, f"the link {link} leaves the book"
            elif not target.is_file():
                yield cell.id, f"the link {link} leads nowhere"
            elif fragment and fragment not in _anchors(target):
                yield cell.id, f"{target.name} has no heading or cell for the link {link}"


def _anchors(path):
    """What a link may name in a notebook, as JupyterLab understands it."""
    chapter = Chapter(path)
    titles = [text for cell in chapter.of("markdown") for _, text in headings(cell.source)]
    ids = {f"cell-id={cell.id}" for cell in chapter.cells}
    return ids | {title.replace(" ", "-") for title in titles}


def no_places(chapter):
    """Nothing tells where on a disk or in memory things lay when the notebook ran."""
    for cell in chapter.cells:
        texts = [text for _, text in shown(cell)]
        for text in [cell.source, *texts]:
            for found in ABSOLUTE.finditer(text):
                yield cell.id, f"an absolute path: {found[0]!r}"
        for found in (found for text in texts for found in ADDRESS.finditer(text)):
            yield cell.id, f"a memory address: {found[0]!r}"


def offline(chapter):
    """Nothing is fetched over the network, neither by code nor by the page."""
    for cell in chapter.cells:
        if cell.cell_type == "code":
            if found := re.search(r"(https?|ftp)://|\bfetch_\w+\(", cell.source):
                yield cell.id, f"code that may use the network: {found[0]!r}"
            if found := NETWORK & set(imported(cell)):
                yield cell.id, f"code that may use the network: imports {', '.join(sorted(found))}"
        for text in [mask(CODE, cell.source), *(text for _, text in shown(cell))]:
            if found := REMOTE.search(text):
                yield cell.id, f"something to be fetched: {found[0]!r}"


def timed_cells(chapter):
    """Only a cell tagged `timing` looks at a clock."""
    for cell in chapter.of("code"):
        if "timing" not in tags(cell) and (found := CLOCKS & set(imported(cell))):
            yield cell.id, f"imports {', '.join(sorted(found))} without the tag timing"


def freshly_run(chapter):
    """The stored outputs come from one run from top to bottom, by the book's own command."""
    ours = {k: v for k, v in chapter.notebook.metadata.items() if k != "widgets"}
    if ours != METADATA:
        yield chapter.cells[0].id, "the notebook's metadata is not what `bpkit execute` writes"
    for number, cell in enumerate(chapter.of("code"), start=1):
        if cell.execution_count != number:
            yield cell.id, f"its count is {cell.execution_count}, its place {number}: run it again"
        kinds = {kind for kind, _ in shown(cell)}
        if ("error" in kinds) != ("raises-exception" in tags(cell)):
            yield cell.id, "an error is stored if and only if the cell is tagged raises-exception"
        if "stderr" in kinds and "stderr" not in tags(cell):
            yield cell.id, "it wrote to stderr and isn't tagged so"


def sound_definitions(chapter):
    """Bold defines a term where it first appears, in a sentence that can stand alone."""
    before = ""
    for cell in chapter.of("markdown"):
        for level, text in headings(cell.source):
            if "**" in text:
                yield cell.id, f"bold in a heading: {'#' * level} {text}"
        if re.search(r"<(b|strong)>|(?<!\w)__\w", mask(CODE, cell.source)):
            yield cell.id, "bold that the glossary can't see; write **term**"
        for sentence in sentences(cell.source):
            for found in glossary.BOLD.finditer(mask(NOT_PROSE, sentence, "x")):
                term = sentence[found.start(1) : found.end(1)]
                if len(term.split()) > 5:
                    yield cell.id, f"bold is for terms, not for emphasis: {term!r}"
                if not sentence.rstrip("*)").endswith(".") or len(sentence.split()) < 5:
                    yield cell.id, f"{term!r} is not defined by a whole sentence: {sentence!r}"
                if "$$" in sentence or LINK.search(sentence):
                    yield cell.id, f"the sentence that defines {term!r} can't stand alone"
                if re.search(rf"\b{re.escape(term)}\b", before, re.IGNORECASE):
                    yield cell.id, f"{term!r} appears before its definition"
            before += " " + mask(NOT_PROSE, sentence).replace("*", "")


# Chapters 1 to 24.


def title_asks(chapter):
    """The title is a question, with the chapter's number."""
    first = chapter.cells[0]
    if first.id != "title" or not re.match(rf"# {chapter.number} · .+\?(\n|$)", first.source):
        yield first.id, f"the first cell, id title, must begin '# {chapter.number} · … ?'"


def all_sections(chapter):
    """The sections are there, in order, each begun by its heading and holding text."""
    titles = [title for title, _ in sections(chapter)]
    if [title.split(":")[0] for title in titles] != list(SECTIONS):
        yield chapter.cells[0].id, f"the sections are {titles}; due are {list(SECTIONS)}"
    for cell in chapter.of("markdown")[1:]:
        levels = [level for level, _ in headings(cell.source)]
        if 1 in levels or 2 in levels[1:] or (2 in levels and not cell.source.startswith("## ")):
            yield cell.id, "a section's heading is the first line of a cell, and has two #"
    for title, cells in sections(chapter):
        if not any(sentences(markdown(cells))):
            yield cells[0].id, f"the section {title} has no text"


def one_minute(chapter):
    """The first section is three sentences and one picture."""
    cells = section(chapter, SECTIONS[0])
    told, drawn = len(list(sentences(markdown(cells)))), sum(len(list(pictures(c))) for c in cells)
    if (told, drawn) != (3, 1):
        yield cells[0].id if cells else "title", f"{told} sentences, {drawn} pictures; due are 3, 1"


def prediction_first(chapter):
    """The experiment asks a question before its first code runs."""
    asked = []
    for cell in section(chapter, "An experiment"):
        if cell.cell_type == "code":
            break
        asked.append(cell)
    if asked and "?" not in mask(NOT_PROSE, asked[-1].source):
        yield asked[-1].id, "the last words before the experiment's code ask no question"


def few_facts(chapter):
    """One to five must-know facts, in one list."""
    cells = section(chapter, "Must-know facts")
    count = len(re.findall(r"^(?:[-*+]|\d+\.)\s", markdown(cells), re.MULTILINE))
    if not 1 <= count <= 5:
        yield cells[0].id if cells else "title", f"{count} must-know facts; due are 1 to 5"


def folded_answers(chapter):
    """Three or more recall questions, each with its answer folded under it."""
    cells = section(chapter, "Recall")
    text = markdown(cells)
    folds = recall(chapter)
    where = cells[0].id if cells else "title"
    if len(folds) < 3 or len(folds) != text.count("<details"):
        yield where, f"{len(folds)} whole folds of {text.count('<details')}; due are 3 or more"
    for question, answer in folds:
        if not question.rstrip().endswith("?") or "`" in question:
            yield where, f"not a question in HTML: {question.strip()!r}"
        if not answer.startswith("\n\n") or not answer.strip():
            yield where, f"no blank line and answer under {question.strip()!r}"


def right_length(chapter):
    """3,000 to 5,000 words with code: 30 to 45 minutes."""
    count = count_words(chapter)
    if count not in WORDS:
        yield "title", f"{count} words; due are {WORDS[0]} to {WORDS[-1]}"


# The whole book.


def one_definition(chapters):
    """A term is defined once in the book."""
    first = {}
    for entry in glossary.entries(chapters):
        before = first.setdefault(entry.term.lower().removesuffix("s"), entry)
        if before is not entry:
            there = f"{before.chapter.path.name}, cell {before.cell}"
            yield entry.chapter, entry.cell, f"{entry.term!r} is defined already in {there}"


def introduced_names(chapters):
    """A name of the core is met first in the chapter that its docstring names."""
    chapters = [chapter for chapter in chapters if chapter.number in CHAPTERS]
    for chapter in chapters:
        used = {name: cell.id for cell in reversed(chapter.of("code")) for name in names_in(cell)}
        spans = " ".join(m[0] for c in chapter.of("markdown") for m in CODE.finditer(c.source))
        for name in index.names():
            if name.name in used and name.chapter > chapter.number:
                later = f"is introduced in chapter {name.chapter}"
                yield chapter, used[name.name], f"{name.name} {later}"
            own = name.chapter == chapter.number
            if own and name.name not in used and not _word(name.name).search(spans):
                yield chapter, "title", f"{name.name} belongs to this chapter, which never names it"


def _word(name):
    return re.compile(rf"\b{name.rpartition('.')[2]}\b")


def names_in(cell):
    """The names of the core that a code cell uses, as the index writes them: bp.data.digits."""
    for node in ast.walk(tree(cell)):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bpkit":
            for alias in node.names:
                yield f"bp.{alias.name}"
                yield f"bp{node.module.removeprefix('bpkit')}.{alias.name}"


EVERY_NOTEBOOK = (
    hand_made_ids,
    known_tags,
    plain_python,
    short_cells,
    short_outputs,
    plain_words,
    described_pictures,
    settled_pictures,
    proved_claims,
    sound_links,
    no_places,
    offline,
    timed_cells,
    freshly_run,
)
WRITTEN_BY_HAND = (sound_definitions,)  # the back matter repeats the chapters' definitions
EVERY_CHAPTER = (
    title_asks,
    all_sections,
    one_minute,
    prediction_first,
    few_facts,
    folded_answers,
    right_length,
)
WHOLE_BOOK = (one_definition, introduced_names)


def rules_for(chapter):
    """The rules that hold for a notebook of this number."""
    rules = EVERY_NOTEBOOK
    if chapter.number < FIRST:
        rules += WRITTEN_BY_HAND
    if chapter.number in CHAPTERS:
        rules += EVERY_CHAPTER
    return rules


def faults(chapter):
    """All faults of one notebook, as lines."""
    for rule in rules_for(chapter):
        for cell, words in rule(chapter):
            yield f"{chapter.path.name}, cell {cell}: {words} ({rule.__name__})"


def book_faults(chapters):
    """The faults that only the whole book can have, as lines."""
    written = [chapter for chapter in chapters if chapter.number < FIRST]
    for rule in WHOLE_BOOK:
        for chapter, cell, words in rule(written):
            yield f"{chapter.path.name}, cell {cell}: {words} ({rule.__name__})"


if __name__ == "__main__":
    chosen = [Chapter(path) for path in sys.argv[1:]]
    found = [line for chapter in chosen for line in faults(chapter)]
    for folder in {chapter.path.parent for chapter in chosen}:
        found += book_faults(read_folder(folder))
    print("\n".join(found) or "no faults")
    sys.exit(bool(found))
