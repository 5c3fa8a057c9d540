"""The picture of forks and paths: what the dictionary holds, and nothing that it doesn't."""

import pytest
from matplotlib.text import Text

from bpkit.figures.paths import arrows, draw_paths
from bpkit.figures.picture import png

EDGES = {"a": [], "b": [("a", 3)], "c": [("a", 2), ("b", 5), ("b", 7)]}


def drawn(**options):
    return [text.get_text() for text in draw_paths(EDGES, **options).findobj(Text)]


def test_names_slopes_values_and_gradients_are_written():
    words = drawn(values={"a": 11}, gradients={"b": 12}, highlight=["abc", "ac"])
    assert {"a", "b", "c", "3", "2", "5", "7", "11", "grad 12"} <= set(words)
    assert {"a → b → c", "a → c"} <= set(words)
    assert not {"3", "2", "5", "7"} & set(drawn(slopes=False))


def test_a_path_takes_arrows_that_are_there():
    assert arrows("abc", EDGES) == [("b", 0), ("c", 1)]
    with pytest.raises(ValueError, match="from c to b"):
        arrows("acb", EDGES)


def test_the_picture_is_the_same_bytes_every_time():
    assert png(draw_paths(EDGES)) == png(draw_paths(EDGES))
