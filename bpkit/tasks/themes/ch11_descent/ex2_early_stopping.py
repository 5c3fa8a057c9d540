"""When training stops, and which epoch was best.

The first epoch that stands `patience` epochs after the best so far.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task


def early_stopping(losses, patience):
    """When training stops, and which epoch was the best.

    losses (T,): the validation loss after each epoch. patience: an integer. Returns stop, best:
    two epochs, counted from 0.
    """
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        if epoch - best == patience:
            break
    return epoch, best


def two_valleys(draw):
    """A fall, a bump shorter than the patience, the best epoch, a wait, and a lower loss after."""
    T = draw.size("T", least=11, most=13)
    patience = draw.whole(3, (T - 5) // 2)

    def some(low, high, count):
        grid = np.arange(low, high, 0.01).round(2)
        return draw.rng.choice(grid, count, replace=False)

    count = 2 * patience
    waves = np.where(np.arange(count) % 2, some(1.15, 1.35, count), some(1.4, 1.9, count))
    losses = [
        some(2.5, 2.8, 1),
        some(2.0, 2.4, 1),
        some(1.05, 1.12, 1),
        waves[: patience - 1],
        some(0.7, 0.9, 1),
    ]
    losses += [waves[patience - 1 :], some(0.2, 0.6, T - 4 - count)]
    return {"losses": np.concatenate(losses), "patience": patience}


def other_endings(draw):
    falling = np.array([0.9, 0.8, 0.65, 0.6, 0.55, 0.3])
    again = np.array([0.9, 0.5, 0.7, 0.5, 0.6, 0.8])
    rising = np.array([0.5, 0.7, 0.5, 0.6, 0.8, 0.4])
    steady = np.array([0.9, 0.5, 0.6, 0.7, 0.8, 0.85, 0.95])
    return {
        "losses that fall to the end": {"losses": falling, "patience": 3},
        "losses with two equal lowest": {"losses": again, "patience": 3},
        "losses that are lowest at first": {"losses": rising, "patience": 3},
        "losses that rise steadily": {"losses": steady, "patience": 3},
    }


def stopping_by_definition(losses, patience):
    for stop in range(len(losses)):
        best = min(range(stop + 1), key=lambda e: (losses[e], e))
        if stop == best + patience:
            return stop, best
    return stop, best


def stopping_with_a_counter(losses, patience):
    lowest, best, waited = float("inf"), -1, 0
    for epoch, loss in enumerate(losses):
        if loss < lowest:
            lowest, best, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return epoch, best
    return epoch, best


def stopping_by_arrays(losses, patience):
    epochs = np.arange(len(losses))
    lowest = np.minimum.accumulate(losses)
    best = np.array([np.argmax(losses == value) for value in lowest])
    over = np.flatnonzero(epochs - best >= patience)
    stop = over[0] if len(over) else epochs[-1]
    return int(stop), int(best[stop])


def counter_never_reset(losses, patience):
    best, waited = 0, 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        elif epoch:
            waited += 1
        if waited == patience:
            break
    return epoch, best


task(
    early_stopping,
    chapter=11,
    title="Early stopping",
    minutes=12,
    points=2,
    returns="stop best",
    inputs=two_valleys,
    extremes=other_endings,
    statement="""
        When the loss on validation data no longer falls, more training only fits the noise.
        `losses` `(T,)` holds the validation loss after each epoch; epochs are counted from 0. An
        epoch is the best so far if its loss is lower than all before it; an equal one is no
        improvement. Training stops after the first epoch that stands `patience` epochs after the
        best so far. If that never happens, it stops after the last epoch.

        Write `early_stopping(losses, patience)`, which returns two whole numbers: `stop`, the
        last epoch that is trained, and `best`, the best epoch up to there.
        """,
    example="""
        >>> early_stopping(np.array([0.9, 0.5, 0.7, 0.6, 0.1]), 2)
        (3, 1)
        """,
    variants=[stopping_with_a_counter, stopping_by_arrays, {"== patience": ">= patience"}],
    differences=stopping_by_definition,
    mistakes=[
        Mistake(
            "waits_longer",
            "It waits one epoch too long",
            "The epoch that stands patience epochs after the best is the last one.",
            {"== patience": "> patience"},
        ),
        Mistake(
            "stops_early",
            "It stops one epoch too early",
            "The best epoch itself isn't waiting: counting starts at 1 with the epoch after it.",
            {"== patience": "== patience - 1"},
        ),
        Mistake(
            "first_rise",
            "It stops at the first epoch without improvement",
            "Validation losses are noisy; patience says how many such epochs are borne.",
            {"epoch - best == patience": "epoch > best"},
        ),
        Mistake(
            "counted_from_the_start",
            "Patience is counted from the first epoch",
            "It counts the epochs since the best one, so the best so far is subtracted.",
            {"epoch - best == patience": "epoch == patience"},
        ),
        Mistake(
            "never_stops",
            "It never stops before the last epoch",
            "Once patience epochs have passed without a lower loss, what comes after isn't "
            "trained, and can't be the best.",
            {"            break": "            pass"},
        ),
        Mistake(
            "best_of_all",
            "The best is looked for among all epochs",
            "Epochs after the stop are never trained, so their losses would not be known.",
            {"return epoch, best": "return epoch, int(np.argmin(losses))"},
        ),
        Mistake(
            "compared_with_previous",
            "Each loss is compared with the one before",
            "A fall from one epoch to the next can still be above the lowest loss so far, which "
            "is what must be beaten.",
            {"losses[best]:": "losses[epoch - 1]:"},
        ),
        Mistake(
            "counter_not_reset",
            "The counter is not set back by an improvement",
            "A lower loss starts the waiting anew; yours adds up the bad epochs of the whole run.",
            counter_never_reset,
        ),
        Mistake(
            "equal_counts",
            "An equal loss counts as an improvement",
            "The loss must be lower than the lowest so far; else a flat curve never stops.",
            {"] < ": "] <= "},
        ),
        Mistake(
            "best_for_stop",
            "The best epoch is returned as stop too",
            "That an epoch was the best is known only patience epochs later, when training stops.",
            {"return epoch, best": "return best, best"},
        ),
        Mistake(
            "best_counted_back",
            "The best is taken to be patience epochs before the end",
            "That holds only if patience ran out; where training reaches the last epoch, the best "
            "may be anywhere.",
            {"return epoch, best": "return epoch, epoch - patience"},
        ),
        Mistake(
            "counted_from_one",
            "Epochs are counted from 1",
            "Both results are places in losses, and the first epoch is 0.",
            {"return epoch, best": "return epoch + 1, best + 1"},
        ),
        Mistake(
            "how_many_epochs",
            "stop is one too large",
            "stop is the last epoch that is trained, not the number of epochs or the one after.",
            {"return epoch, best": "return epoch + 1, best"},
        ),
        Mistake(
            "one_before_the_stop",
            "stop is one too small",
            "The epoch that stands patience epochs after the best is trained; it is the last one.",
            {"return epoch, best": "return epoch - 1, best"},
        ),
        Mistake(
            "loss_returned",
            "The lowest loss is returned, not its epoch",
            "best says which epoch's weights to go back to; it is a place in losses.",
            {"return epoch, best": "return epoch, losses[best]"},
        ),
        Mistake(
            "highest",
            "The highest loss is taken for the best",
            "A loss is better the lower it is.",
            {"] < ": "] > "},
        ),
        Mistake(
            "worse_than_before",
            "It counts epochs that are worse than the one before",
            "Patience counts from the best epoch: a loss that goes up and down above it "
            "is no improvement.",
            {
                "    best = 0\n": "    best = worse = 0\n",
                "        if epoch - best == patience:": "        worse = worse + 1 if epoch and "
                "losses[epoch] >= losses[epoch - "
                "1] else 0\n        if worse == patience:",
            },
        ),
    ],
    nudge="With a patience of 2 and the best loss at epoch 1, what must epochs 2 and 3 show for "
    "training to stop, and after which of them does it?",
    sketch="""
        Go through the epochs and remember where the lowest loss so far stands. If this epoch's
        loss is lower than that one, it becomes the best. Then ask how many epochs lie between the
        best and now; when that number has reached the patience, leave the loop. The two epochs
        you hold at that moment are the answer, and they are also right if the loop ran to its
        end.
        """,
    skeleton="""
        def early_stopping(losses, patience):
            best = 0
            for epoch in range(len(losses)):
                if losses[epoch] < ...:
                    best = ...
                if ...:
                    break
            return ..., best
        """,
    notice="The weights to keep are those of `best`, so they must be saved whenever a new best "
    "comes: at `stop` it is too late.",
)
