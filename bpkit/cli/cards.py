"""`bpkit cards 04 --anki out.apkg`: a chapter's recall cards, listed, or as a deck for Anki."""

import argparse
import html
import re
from pathlib import Path

from .notebooks import home
from .refusal import Refusal, require

DECK, MODEL = 1_764_130_001, 1_764_130_002  # fixed, so that a later export updates the same cards


def add(commands) -> None:
    parser = commands.add_parser(
        "cards",
        help="list recall cards, or write them for Anki",
        description="The recall cards of some chapters: their folded questions, and the terms that "
        "they define. All chapters, if none is named.",
    )
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="its number, such as 04")
    parser.add_argument("--anki", metavar="FILE", help="write a deck for Anki, an .apkg file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    from bpkit.book.cards import written
    from bpkit.book.contents import standing

    folder = home() / "chapters"
    try:
        found = {n: written(n, folder) for n in args.chapters or standing(folder)}
    except LookupError as error:
        raise Refusal(str(error)) from None
    cards = [card for chapter in found.values() for card in chapter]
    if args.anki:
        print(f"{len(cards)} cards: {export(cards, Path(args.anki))}")
    else:
        print(*(f"{card['id']}  {card['question']}" for card in cards), sep="\n")


def export(cards: list[dict], path: Path) -> Path:
    """Write the cards as a deck that Anki imports; a card keeps its history over exports."""
    require("genanki", "anki")
    import genanki

    if path.suffix != ".apkg":
        raise Refusal(f"{path}: Anki opens files that end in .apkg")
    sides = [{"name": name} for name in ("Question", "Answer", "Chapter")]
    face = {
        "name": "Recall",
        "qfmt": "{{Question}}",
        "afmt": "{{FrontSide}}<hr id=answer>{{Answer}}",
    }
    model = genanki.Model(MODEL, "Every Gradient, Checked", fields=sides, templates=[face])
    deck = genanki.Deck(DECK, "Every Gradient, Checked")
    for card in cards:
        fields = [rich(card["question"]), rich(card["answer"]), card["id"][:2]]
        deck.add_note(genanki.Note(model, fields, guid=card["id"], tags=[f"chapter-{fields[2]}"]))
    genanki.Package(deck).write_to_file(path)
    return path


def rich(text: str) -> str:
    """A card's text as Anki shows it: MathJax between brackets, code as code."""
    text = re.sub(r"\$([^$]+)\$", r"\\(\1\\)", html.escape(text, quote=False))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
