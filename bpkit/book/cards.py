"""Recall cards, read from the chapters: their folded questions, and the terms they define.

A card is two short texts. Mathematics stands between dollar signs, code between backticks; `cards`
writes the mathematics in plain characters, for `widgets.Cards`.
"""

import hashlib
import re
from html import unescape
from pathlib import Path

import bpkit
from bpkit.book import glossary
from bpkit.book.contents import standing
from bpkit.book.notebook import Chapter, recall

MATH = re.compile(r"\$([^$]+)\$")
EMPHASIS = re.compile(r"(?<![\w*])\*{1,2}(?=\S)([^*]+?)\*{1,2}(?![\w*])")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
HIGH = str.maketrans("0123456789+-=()nikjxT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵏʲˣᵀ")
LOW = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
SYMBOLS = dict(
    pair.split()
    for pair in (
        *("times ×", "cdot ·", "cdots ⋯", "dots …", "ldots …", "pm ±", "div ÷", "le ≤", "leq ≤"),
        *("ge ≥", "geq ≥", "ne ≠", "neq ≠", "approx ≈", "to →", "mapsto ↦", "in ∈", "propto ∝"),
        *("sum Σ", "prod Π", "partial ∂", "nabla ∇", "infty ∞", "odot ⊙", "mid |", "top T"),
        *("alpha α", "beta β", "gamma γ", "delta δ", "Delta Δ", "epsilon ε", "varepsilon ε"),
        *("eta η", "theta θ", "kappa κ", "lambda λ", "mu μ", "pi π", "rho ρ", "sigma σ", "tau τ"),
        *("phi φ", "varphi φ", "omega ω", "prime ′"),
    )
)
SPACED = re.compile(r"\s*([×·±÷≤≥≠≈→↦∈∝⊙])\s*")
DROPPED = re.compile(
    r"\\(?:left|right|big|Big|bigl|bigr|displaystyle|mathrm|text|mathbf|operatorname|quad)\b"
    r"|\\[,;:! ]"
)


def cards(chapter, folder=None):
    """The recall cards of a chapter, as `widgets.Cards` shows them: a list of dicts.

    chapter: its number, such as 4 or "04". folder: where the chapters lie; the book's own if it
    isn't said. Each has an id that stays as long as its question does, a question and an answer.

    >>> sorted(cards("04")[0])
    ['answer', 'id', 'question']
    """
    return [
        {**card, **{k: readable(card[k]) for k in ("question", "answer")}}
        for card in written(chapter, folder)
    ]


def written(chapter, folder=None):
    """The cards with their mathematics as it is written in the chapter."""
    chapter = find(chapter, folder or home())
    asked = [(_text(question), _text(answer)) for question, answer in recall(chapter)]
    defined = [
        (f"What is meant by “{entry.term}”?", _text(entry.sentence))
        for entry in glossary.entries([chapter])
    ]
    return [
        {"id": _id(chapter.number, question), "question": question, "answer": answer}
        for question, answer in asked + defined
    ]


def home():
    """The folder with the book's chapters: in the package as installed, beside it in a clone."""
    package = Path(bpkit.__file__).parent
    return next(p for p in (package / "chapters", package.parent / "chapters") if p.is_dir())


def find(number, folder):
    """The chapter of this number; a LookupError names those that there are."""
    found = {str(n): Path(folder, name) for n, name in standing(folder).items()}
    if str(number).lstrip("0") not in found:
        raise LookupError(f"there is no chapter {number} in {folder}, but {', '.join(found)}")
    return Chapter(found[str(number).lstrip("0")])


def _id(number, question):
    return f"{number:02}-{hashlib.sha256(question.encode()).hexdigest()[:10]}"


def _text(source):
    """A card's text on one line: HTML and Markdown gone, but for code and mathematics."""
    source = re.sub(r"<code>(.*?)</code>", r"`\1`", source, flags=re.DOTALL)
    source = unescape(re.sub(r"</?[a-zA-Z][^>]*>", "", source)).replace("$$", "$")
    kept = re.split(r"(\$[^$]+\$|`[^`]+`)", source)
    kept[::2] = [LINK.sub(r"\1", EMPHASIS.sub(r"\1", part)) for part in kept[::2]]
    return " ".join("".join(kept).split())


def readable(text):
    """A card's text with its mathematics in plain characters."""
    return MATH.sub(lambda found: f"${plain(found[1])}$", text)


def plain(tex):
    """Mathematics in plain characters, as far as they go.

    >>> plain(r"\\bar W_l = H_{l-1}^\\top \\bar Z_l"), plain(r"\\frac1n \\sqrt{x+1} 10^{-5}")
    ('W̄ₗ = Hₗ₋₁ᵀ Z̄ₗ', '1/n √(x+1) 10⁻⁵')
    """
    part = r"\s*(\{[^{}]*\}|\\[a-zA-Z]+|[^\s{}\\])"
    tex = DROPPED.sub(" ", tex)
    for marked, write in (
        (r"\\(?:bar|overline)", lambda a: f"{a}\u0304"),
        (r"\\hat", lambda a: f"{a}\u0302"),
        (r"\\sqrt\[3\]", lambda a: "∛" + _whole(a)),
        (r"\\sqrt", lambda a: "√" + _whole(a)),
        (r"\^", lambda a: _shifted(a, HIGH, "^")),
        (r"_", lambda a: _shifted(a, LOW, "_")),
    ):
        tex = re.sub(marked + part, lambda m, write=write: write(_symbols(_bare(m[1]))), tex)
    tex = re.sub(
        r"\\[td]?frac" + 2 * part, lambda m: f"{_whole(_bare(m[1]))}/{_whole(_bare(m[2]))}", tex
    )
    tex = SPACED.sub(r" \1 ", _symbols(tex)).translate(str.maketrans("-'", "−′", "{}"))
    return " ".join(tex.split())


def _bare(part):
    return part[1:-1] if part.startswith("{") else part


def _symbols(tex):
    return re.sub(r"\\([a-zA-Z]+)", lambda m: SYMBOLS.get(m[1], m[1]), tex)


def _whole(text):
    """Brackets around what is more than one word or number."""
    return text if re.fullmatch(r"\w*[\u0302\u0304]?", text) else f"({text})"


def _shifted(text, table, mark):
    """Written high or low where there are such characters, else with a mark."""
    text = text.strip()
    if all(ord(letter) in table for letter in text):
        return text.translate(table)
    return mark + _whole(text)
