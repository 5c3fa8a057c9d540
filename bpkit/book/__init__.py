"""What the notebooks use beside the library, and what keeps the book true.

A chapter proves its equations with `prove`, shows the library's own source with `show_source`, and
prints small tables with `table`. The rest works on whole notebooks: `execute` runs them again,
`lint` reads them for faults, `glossary` and `names` make the back matter from them.
"""

from bpkit.book.proof import ProofError, prove
from bpkit.book.shown import show_source, table

__all__ = ["ProofError", "prove", "show_source", "table"]
