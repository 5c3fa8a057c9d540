"""The pictures of chapter 6: a block has the cells of its shape; zeros are left empty."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from bpkit.figures import COLORS, matrices
from bpkit.figures.style import WIDTH


def cells(fig, edge="white"):
    boxes = fig.findobj(FancyBboxPatch)
    return [b for b in boxes if to_hex(b.get_edgecolor()) == to_hex(edge)]


def test_a_block_has_a_cell_for_each_entry_and_the_lit_ones_are_strong():
    row = [("X", (5, 3)), "@", ("W", (3, 2)), "=", ("Y", (5, 2)), "→", ("L", ()), ("b", (7,))]
    fig = matrices.blocks([row], lit={"W": [(0, 1), (2, 0)]})
    assert len(cells(fig)) == 15 + 6 + 10 + 1 + 7
    strong = [b for b in cells(fig) if to_hex(b.get_facecolor()) == to_hex(COLORS["sky"])]
    assert len(strong) == 2
    texts = [text.get_text() for text in fig.findobj(Text)]
    assert {"(5, 3)", "(3, 2)", "(7,)", "()", "@"} <= set(texts)


def test_a_wide_row_shrinks_to_fit_and_cells_never_overlap():
    fig = matrices.blocks(
        [("forward", [("X", (4, 20)), "@", ("W", (20, 30)), "=", ("Y", (4, 30))])]
    )
    spots = [(b.get_x(), b.get_x() + b.get_width(), b.get_y()) for b in cells(fig)]
    assert min(x for x, *_ in spots) > 0.9 and max(x for _, x, _ in spots) < WIDTH
    for y in {round(y, 6) for *_, y in spots}:
        level = sorted((a, b) for a, b, at in spots if round(at, 6) == y)
        assert all(b <= c + 1e-9 for (_, b), (c, _) in pairwise(level))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 3, 5\) has 3 axes"):
        matrices.blocks([[("X", (2, 3, 5))]])
    with pytest.raises(ValueError, match="inches wide"):
        matrices.blocks([[("X", (2, 400))]])


def test_a_pattern_writes_every_number_but_the_zeros():
    matrix = np.kron(np.eye(3), [[1.5, -2.0]])
    fig = matrices.pattern(matrix, every=(1, 2), xlabel="inputs")
    texts = [text.get_text() for text in fig.findobj(Text) if text.get_text()]
    assert sorted(texts) == sorted(["1.5", "−2"] * 3 + ["inputs"])
    assert len(cells(fig, "#DDDDDD")) == matrix.size
