"""When each recall card is due: FSRS says so, and a small SQLite file of the reader's keeps it.

The scheduler is the package `fsrs` (Free Spaced Repetition Scheduler). The file is made at the
first answer, beside the reader's copy of the book; a page without a kernel keeps its own notes.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

COPY = ".bpkit.json"  # the file that marks a reader's copy of the book
NAME = "cards.sqlite"
TABLES = """
create table if not exists cards (id text primary key, state text not null, due text not null);
create table if not exists reviews (id text not null, rating integer not null, at text not null);
"""
RATINGS = {1: "again", 2: "hard", 3: "good", 4: "easy"}


def place():
    """Where the file lies: in the copy of the book that we stand in, or else right here."""
    here = Path.cwd()
    copies = (folder for folder in (here, *here.parents) if (folder / COPY).is_file())
    return next(copies, here) / NAME


class Deck:
    """The reader's answers so far, in the SQLite file at `path`. Ratings: 1 again to 4 easy.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     deck = Deck(Path(folder) / "cards.sqlite")
    ...     _ = deck.rate("04-node", 3)
    ...     deck.due(["04-node", "04-leaf"])
    ['04-leaf']
    """

    def __init__(self, path=None):
        self.path = Path(path) if path else place()

    def due(self, ids, now=None):
        """Which of these cards to ask now: those that are due, the longest first, then new ones."""
        now, known = now or datetime.now(UTC), self.dates()
        waiting = sorted((known[i], i) for i in ids if i in known and known[i] <= now)
        return [i for _, i in waiting] + [i for i in ids if i not in known]

    def dates(self):
        """When each card that was ever answered is due."""
        if not self.path.exists():
            return {}
        with closing(self._open()) as file:
            return {
                i: datetime.fromisoformat(due)
                for i, due in file.execute("select id, due from cards")
            }

    def rate(self, card, rating, now=None):
        """Keep an answer; return when the card is due next."""
        from fsrs import Card, Rating, Scheduler

        if rating not in RATINGS:
            raise ValueError(f"a rating is one of {RATINGS}; this is {rating!r}")
        now = now or datetime.now(UTC)
        with closing(self._open()) as file, file:
            file.executescript(TABLES)
            kept = file.execute("select state from cards where id = ?", [card]).fetchone()
            state = Card.from_json(kept[0]) if kept else Card(card_id=1)
            state, _ = Scheduler(enable_fuzzing=False).review_card(state, Rating(rating), now)
            file.execute(
                "insert or replace into cards values (?, ?, ?)",
                [card, state.to_json(), state.due.isoformat()],
            )
            file.execute("insert into reviews values (?, ?, ?)", [card, rating, now.isoformat()])
        return state.due

    def _open(self):
        return sqlite3.connect(self.path, timeout=10)
