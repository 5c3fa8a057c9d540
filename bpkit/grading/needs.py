"""What of a notebook has to be run to grade its tasks: functions, and what they take from others.

A task's function is looked for in its own cell, by nbgrader's id, then by its name anywhere. What
it needs besides, imports, helpers and constants, is found by following names. The rest stays out.
"""

import ast
import textwrap
from dataclasses import dataclass, field

from bpkit.grading.notebook import Cell
from bpkit.grading.statements import BUILTIN, blocks, cut, statement, statements
from bpkit.tasks.spec import source

SUPPLIED = {"np": "import numpy as np", "bp": "import bpkit as bp"}  # where its import is missing
WITHHELD = ("bpkit.tasks", "bpkit.grading")  # what a student's process doesn't have


@dataclass
class Part:
    """What one task needs. notes: what was mended or is odd, in sentences.

    meaning: each name that is used, with the statements that make it; none where there is no
    function, for `missing`'s reason. slow: why IPython is needed, or "".
    """

    task: object
    meaning: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    missing: str = ""
    slow: str = ""

    @property
    def chosen(self):
        """Its statements, in the notebook's order."""
        every = {s for found in self.meaning.values() for s in found}
        return sorted(every, key=place)

    def agrees(self, other):
        """Whether both mean the same by every name."""
        return all(other.meaning.get(name, found) == found for name, found in self.meaning.items())


@dataclass(frozen=True)
class Session:
    """Cells to run together, as (label, source), for the parts whose functions they define."""

    parts: list
    cells: list
    slow: bool = False


class Code:
    """A notebook's code, ready to be searched by name."""

    def __init__(self, notebook):
        self.notebook = notebook
        self.blocks = blocks(notebook.cells)
        self.own = {}  # task's name -> the cells that are its own, by their ids
        for cell in notebook.cells:
            self.own.setdefault(cell.id.replace("-", "_"), []).append(cell)
        self.binding = {}  # name -> the statements that bind it, in order
        for block in self.blocks:
            for found in statements(block):
                for name in () if withheld(found) else found.binds:
                    self.binding.setdefault(name, []).append(found)

    def part(self, task):
        """The Part that a task needs."""
        part = Part(task)
        definition = self._definition(part)
        if definition is not None:
            self._follow(part, definition)
        return part

    def _definition(self, part):
        """The statement that makes a task's function; or None, with the reason in the part."""
        key = part.task.key
        own = self.own.get(key.strip("_").lower(), [])
        everywhere = [s for s in self.binding.get(key, []) if s.makes(key)]
        inside = [s for s in everywhere if any(cell in own for cell in s.block.cells)]
        written = [s for s in everywhere if not s.empty]
        if not written and (found := self._from_text(part, own)):
            return found
        if not everywhere:
            part.missing = self._missing(key, own)
            return None
        chosen = ([s for s in inside if s in written] or written or inside or everywhere)[-1]
        part.notes += self._remarks(key, own, inside, written, chosen)
        return chosen

    def _remarks(self, key, own, inside, written, chosen):
        """What is odd about the place where a task's function stands."""
        places = {s.block for s in inside}
        where = chosen.block.label
        if len(places) > 1:
            yield f"Cells {_numbers(places)} have the id of the cell of `{key}`."
        if len(written) > 1:
            places = _numbers({s.block for s in written})
            times = f"`{key}` is defined {len(written)} times, in cell {places}"
            yield f"{times}; the last one in {where} was graded."
        elif own and chosen not in inside:
            yield f"`{key}` stands in {where}, not in its own cell."
        elif not own and self.notebook.marked:
            yield f"The cell of `{key}` is missing; the function was found in {where}."

    def _from_text(self, part, own):
        """The function of a task whose cell was turned into text."""
        key = part.task.key
        texts = [c for c in self.notebook.cells if c.kind != "code" and f"def {key}" in c.source]
        for cell in sorted(texts, key=lambda cell: cell not in own):
            code = Cell(cell.number, "code", without_fence(cell.source), cell.id)
            found = [s for b in blocks([code]) for s in statements(b) if s.makes(key)]
            if found and not found[-1].empty:
                text = f"The cell of `{key}`, {cell.label}, is text; it was read as code."
                part.notes.append(text)
                return found[-1]
        return None

    def _missing(self, key, own):
        """Why there is no function of a task, in a sentence."""
        mine = [b for b in self.blocks if any(cell in own for cell in b.cells)]
        if broken := [
            b for b in self.blocks if b.error and (b in mine or f"def {key}" in b.source)
        ]:
            return unreadable(broken[-1])
        if others := [s.node.name for b in mine for s in statements(b) if s.defines]:
            return f"Its cell defines `{others[-1]}`; the task asks for `{key}`."
        if not own:
            return f"Its cell is missing, and nowhere in the notebook is a function `{key}`."
        if not mine:
            return f"Its cell, {own[-1].label}, holds no code, and no other one defines `{key}`."
        return f"There is no function `{key}` in its cell, nor elsewhere in the notebook."

    def _follow(self, part, definition):
        """Fill in the part: the definition, and all that it needs."""
        given = {thing.__name__: thing for thing in part.task.given}
        unknown, waiting = [], [definition]
        part.meaning[part.task.key] = (definition,)
        while waiting:
            for name in sorted(waiting.pop().uses - part.meaning.keys()):
                if name in given:
                    found = (statement(f"the given {name}", source(given[name])),)
                elif not (found := self._bound(name, definition)) and name in SUPPLIED:
                    found = (statement("the imports", SUPPLIED[name]),)
                    part.notes.append(f"`{SUPPLIED[name]}` is missing; it was added.")
                elif not found and name not in BUILTIN:
                    unknown.append(name)
                part.meaning[name] = found
                waiting += found
        if unknown:
            part.meaning["*"] = tuple(self.binding.get("*", ()))
        part.slow = self._slow(part, unknown)
        joined = {s.block: None for s in part.chosen if len(s.block.cells) > 1}
        part.notes += [f"{capital(block.label)} were read as one." for block in joined]

    def _bound(self, name, definition):
        """The statements that make a name and change it: up to the function's cell, else later.

        A call of a method counts as a change only of what an assignment made.
        """
        found = self.binding.get(name, [])
        found = [s for s in found if s.block.number <= definition.block.number] or found
        made = [s for s in found if s.makes(name)]
        if not made:
            return ()
        if not any(s.assigns for s in made):
            found = [s for s in found if not isinstance(s.node, ast.Expr)]
        return tuple(found)

    def _slow(self, part, unknown):
        """Why the notebook has to be run in IPython, or ""."""
        mine = [s for s in part.chosen if s.block.cells]
        if any(s.masked for s in mine):
            return "it uses IPython's own commands"
        if classes := [s.node.name for s in mine if isinstance(s.node, ast.ClassDef)]:
            return f"it needs a class of its own, {classes[0]}"
        if unknown and (odd := self._oddity()):
            return f"{unknown[0]} may come from {odd}"
        return ""

    def _oddity(self):
        """What else than a statement could make a name."""
        if any(block.magic for block in self.blocks):
            return "IPython's own commands"
        words = (
            word
            for b in self.blocks
            for word in ("globals()", "exec(", "global ")
            if word in b.source
        )
        return next(words, "").strip("( ")

    def whole(self, part):
        """All cells up to the last that a part needs, as (label, source)."""
        last = max(s.block.number for s in part.chosen)
        mine = {s.block for s in part.chosen if s.block.cells}
        wanted = {b for b in self.blocks if b.number <= last} | mine
        given = [(s.block.label, s.text) for s in part.chosen if not s.block.cells]
        ordered = sorted(wanted, key=lambda block: block.number)
        return given + [(block.label, _without_withheld(block)) for block in ordered]


def sessions(code, parts):
    """The parts in few Sessions: they share one where they mean the same by every name."""
    groups = []
    for part in parts:
        if part.meaning and not part.slow:
            fitting = (g for g in groups if all(part.agrees(other) for other in g))
            if (group := next(fitting, None)) is not None:
                group.append(part)
            else:
                groups.append([part])
    slow = [Session([part], code.whole(part), slow=True) for part in parts if part.slow]
    return [Session(group, _cells_of(group)) for group in groups] + slow


def _cells_of(parts):
    """What some parts need, as (label, source): the statements of each cell, on their lines."""
    by_block = {}
    for found in sorted({s for part in parts for s in part.chosen}, key=place):
        by_block.setdefault(found.block, []).append(found)
    return [(block.label, cut(chosen)) for block, chosen in by_block.items()]


def place(found):
    """Where a statement stands, to sort by."""
    return found.block.number, found.first, found.node.col_offset


def withheld(found):
    """Whether a statement imports what a student's process doesn't have."""
    if not found.imports:
        return False
    modules = [getattr(found.node, "module", None) or "", *(a.name for a in found.node.names)]
    return any(f"{m}.".startswith(f"{kept}.") for m in modules for kept in WITHHELD)


def _without_withheld(block):
    """A cell as it stands, but for the imports that can't work."""
    lines = block.raw.split("\n")
    for found in filter(withheld, statements(block)):
        lines[found.first - 1 : found.last] = [""] * (found.last - found.first + 1)
    return "\n".join(lines)


def without_fence(text):
    """Code that was put between Markdown's fences, by itself."""
    lines = text.strip().split("\n")
    fenced = len(lines) > 2 and lines[0].startswith("```") and lines[-1].startswith("```")
    return textwrap.dedent("\n".join(lines[1:-1])) if fenced else text


def unreadable(block):
    """Why a block isn't Python, with the line."""
    error = block.error
    return f"{capital(block.label)} can't be read: {error.msg}, in line {error.lineno or 1}."


def capital(text):
    return text[0].upper() + text[1:]


def _numbers(places):
    """The numbers of blocks in words: 3, 5 and 9."""
    *most, last = [str(n) for n in sorted({block.number for block in places})]
    return f"{', '.join(most)} and {last}" if most else last
