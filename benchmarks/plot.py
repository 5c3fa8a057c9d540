"""The picture of a run: `python -m benchmarks.plot results.json` draws docs/speed.png from it.

One row a workload, one dot a peer: how many times as long as bpkit's replayed step the peer's
takes, on a logarithmic axis. Right of the line at 1, bpkit is faster.
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from benchmarks import steps

# Okabe and Ito's colors
PEERS = {
    "PyTorch": ("#D55E00", "o"),
    "JAX jit": ("#0072B2", "s"),
    "naive NumPy": ("#009E73", "^"),
    "autograd": ("#CC79A7", "D"),
    "bpkit tape": ("#000000", "|"),
}


def ratios(row):
    """peer -> how many times as long as bpkit's replay it takes; PyTorch by its fastest form."""
    *_, best = steps.peers(row)
    names = {peer: best if peer == "PyTorch" else peer for peer in PEERS}
    return {
        peer: steps.ratio(row, name, "bpkit replay")
        for peer, name in names.items()
        if name in row["times"]
    }


def draw(result):
    """A figure of a run's ratios; result: what steps.py wrote."""
    rows = {name: row for name, row in result["rows"].items() if name != steps.SCALAR}
    figure, axes = plt.subplots(figsize=(8, 1.4 + 0.55 * len(rows)), layout="constrained")
    for at, row in enumerate(rows.values()):
        for peer, value in ratios(row).items():
            color, marker = PEERS[peer]
            label = peer if at == 0 else None
            axes.plot(value, at, marker, color=color, markersize=8, label=label)
            if peer == "PyTorch":
                axes.annotate(
                    f"{value:.1f}×",
                    (value, at),
                    (0, -15),
                    textcoords="offset points",
                    ha="center",
                    color=color,
                    fontsize=9,
                )
    axes.axvline(1, color="0.4", linewidth=1)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 5, 10, 20], ["0.5×", "1×", "2×", "5×", "10×", "20×"])
    axes.xaxis.set_minor_locator(plt.NullLocator())
    axes.set_yticks(range(len(rows)), [row["title"].split(",")[0] for row in rows.values()])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("a step takes so many times as long as bpkit's replayed step")
    figure.legend(loc="outside upper center", ncols=len(PEERS), frameon=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9")
    return figure


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="what benchmarks.steps wrote with --out")
    parser.add_argument("picture", type=Path, nargs="?", default=Path("docs/speed.png"))
    chosen = parser.parse_args(arguments)
    figure = draw(json.loads(chosen.results.read_text()))
    figure.savefig(chosen.picture, dpi=150, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
