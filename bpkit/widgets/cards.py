"""Cards: a chapter's recall cards, one at a time, each asked again when it is nearly forgotten."""

import sqlite3
from datetime import UTC, datetime

import traitlets

from bpkit import figures
from bpkit.widgets.base import Widget, refuse
from bpkit.widgets.deck import Deck


class Cards(Widget, js="cards"):
    """Recall cards, one at a time, by keyboard: Space turns a card, 1 to 4 say how it went.

    cards: dicts with `id`, `question` and `answer`, as `bpkit.book.cards.cards("04")` makes them.
    path: the SQLite file that keeps your answers; `cards.sqlite` in your copy of the book if it
    isn't said. On a page without a kernel the browser keeps them.

    >>> from bpkit import widgets
    >>> widgets.Cards([{"id": "04-leaf", "question": "What made a leaf?", "answer": "Nothing."}])
    Recall: 1 card. What made a leaf?
    """

    ask = traitlets.Unicode("Answer aloud, then turn the card. How did it go?").tag(sync=True)
    cards = traitlets.List(traitlets.Dict()).tag(sync=True)
    said = traitlets.Dict().tag(
        sync=True
    )  # from the browser: {n, id, rating}, or {n} as a greeting
    heard = traitlets.Dict().tag(sync=True)  # to the browser

    def __init__(self, cards, path=None, **more):
        super().__init__(cards=list(cards), **more)
        self.deck = Deck(path)

    @traitlets.validate("cards")
    def _check_cards(self, proposal):
        for card in proposal.value:
            if not all(isinstance(card.get(key), str) for key in ("id", "question", "answer")):
                refuse(self, "cards", card, "dicts with the texts id, question and answer")
        if not proposal.value:
            refuse(self, "cards", [], "at least one card")
        return proposal.value

    @traitlets.observe("said")
    def _answer(self, change):
        said, answer = change.new, {"path": str(self.deck.path)}
        try:
            if "id" in said:
                due = self.deck.rate(said["id"], said["rating"])
                answer["next"] = (due - datetime.now(UTC)).total_seconds()
            answer["queue"] = self.deck.due([card["id"] for card in self.cards])
        except (sqlite3.Error, OSError) as error:
            answer["trouble"] = f"{self.deck.path}: {error}"
        self.heard = {"n": said["n"], **answer}

    def text(self):
        count = f"{len(self.cards)} card{'s' if len(self.cards) > 1 else ''}"
        lines = [f"Recall: {count}. {bare(self.cards[0]['question'])}"]
        for n, card in enumerate(self.cards, 1):
            lines.append(f"{n}. {bare(card['question'])}\n   {bare(card['answer'])}")
        return "\n".join(lines)

    def still(self):
        fig, ax = figures.canvas(height=0.4 + 0.3 * len(self.cards))
        ax.axis("off")
        for n, card in enumerate(self.cards):
            ax.text(0, -n, f"{n + 1}. {bare(card['question'])}", va="top", wrap=True)
        ax.set(xlim=(0, 1), ylim=(-len(self.cards), 0))
        return fig


def bare(text):
    """A text without the marks of code and mathematics.

    >>> bare("Why `+=`, if $w$ is one number?")
    'Why +=, if w is one number?'
    """
    return text.replace("$", "").replace("`", "")
