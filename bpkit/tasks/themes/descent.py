"""Tasks on descent: steps, memories of earlier gradients, the rate over time, and when to stop."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place


def moved(optimizer, w, g, *memory, t=1):
    """The new parameters and memories from one step of bpkit's optimizer."""
    p = bp.Tensor(w)
    p.grad, optimizer.t, optimizer.memory[p] = g, t - 1, [a.copy() for a in memory]
    optimizer.step([p])
    return p.data, *optimizer.memory[p]


def uphill(how):
    return Mistake(
        "uphill",
        "The step goes uphill",
        "The gradient points to where the loss grows, so the step is subtracted from w.",
        how,
    )


def eps_inside(how):
    return Mistake(
        "eps_inside",
        "eps stands inside the root",
        "It is added after the root is taken; inside, it acts as its own root.",
        how,
    )


def eps_missing(how):
    return Mistake(
        "eps_missing",
        "eps is left out",
        "eps is added to the root, so that a mean near 0 can't blow up the step.",
        how,
    )


def no_root(how, mean):
    return Mistake(
        "no_root",
        "The root is missing",
        f"{mean} is a mean of squares; its root has the size of a gradient.",
        how,
    )


def not_squared(how, mean):
    return Mistake(
        "not_squared",
        f"{mean} averages g, not its square",
        f"{mean} measures size, whatever the sign: it is the running mean of g times g.",
        how,
    )


def old_memory_used(how, memory):
    return Mistake(
        "old_memory_used",
        f"The step uses the old {memory}",
        f"The new {memory}, which holds this gradient too, decides how w moves.",
        how,
    )


def old_memory_kept(how, memory):
    return Mistake(
        "old_memory_kept",
        f"The old {memory} is returned",
        f"The next step goes on from the new {memory}; otherwise nothing is ever remembered.",
        how,
    )


def sgd_step(w, g, lr):
    """One step of gradient descent.

    w, g (D,): parameters and their gradient. lr: a number. Returns the new w (D,).
    """
    return w - lr * g


def sgd_inputs(draw):
    D = draw.size("D", least=2)
    return {"w": draw.real(D), "g": draw.real(D), "lr": draw.positive(low=0.1, high=0.5)}


def sgd_entries(w, g, lr):
    new = np.empty(len(w))
    for d in range(len(w)):
        new[d] = w[d] - lr * g[d]
    return new


task(
    sgd_step,
    chapter=11,
    title="One step of gradient descent",
    minutes=5,
    points=1,
    returns="w",
    inputs=sgd_inputs,
    statement="""
        Gradient descent goes a small way in the direction in which the loss falls fastest. `w`
        `(D,)` holds the parameters, `g` `(D,)` the gradient of the loss there, and the learning
        rate `lr` is a number.

        Write `sgd_step(w, g, lr)`, which returns the new parameters `(D,)`. The array that is
        given as `w` stays as it is.
        """,
    example="""
        >>> sgd_step(np.array([5.0, 3.0]), np.array([10.0, -20.0]), 0.1).tolist()
        [4.0, 5.0]
        """,
    variants=[
        {"w - lr * g": "w + g * -lr"},
        {"w - lr * g": "np.stack([w, g], axis=1) @ np.array([1.0, -lr])"},
        {"return w - lr * g": "new = w.copy()\n    new -= lr * g\n    return new"},
        sgd_entries,
    ],
    oracle=lambda w, g, lr: moved(bp.GradientDescent(lr), w, g)[0],
    mistakes=[
        uphill({"w - lr": "w + lr"}),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "The whole gradient is subtracted; lr says how much of it makes a step.",
            {"lr * g": "g"},
        ),
        Mistake(
            "step_alone",
            "Only the step is returned",
            "This is by how much w changes; the new w is the old one with that change.",
            {"w - lr * g": "-lr * g"},
        ),
        Mistake(
            "divided_by_rate",
            "Divided by the learning rate",
            "A small rate must make a small step, so lr multiplies the gradient.",
            {"lr * g": "g / lr"},
        ),
        Mistake(
            "unit_length",
            "The gradient is scaled to length 1",
            "The step is lr times the gradient as it is: where the slope is small, the step is "
            "small.",
            {"lr * g": "lr * g / np.sqrt((g * g).sum())"},
        ),
        Mistake(
            "sign_only",
            "Only the gradient's sign is used",
            "Each entry moves by lr times its own slope, not by the same amount as all the others.",
            {"lr * g": "lr * np.sign(g)"},
        ),
        Mistake(
            "averaged",
            "The gradient is averaged over its entries",
            "Each parameter moves by its own slope, not by the mean of all slopes.",
            {"lr * g": "lr * g.mean()"},
        ),
        Mistake(
            "divided_again",
            "The gradient is divided by its length D",
            "1/N is in the gradient already if the loss is a mean; the step divides by nothing.",
            {"lr * g": "lr * g / len(g)"},
        ),
        Mistake(
            "rate_on_both",
            "The learning rate multiplies w as well",
            "w itself stays whole; only the gradient is scaled by lr.",
            {"w - lr * g": "lr * (w - g)"},
        ),
        changed_in_place({"return w - lr * g": "w -= lr * g\n    return w"}, "w"),
    ],
    nudge="If the slope is positive, on which side does the loss fall, and how far do you go?",
    sketch="""
        The gradient says, for each parameter, how steeply the loss rises when that parameter
        grows. You want it to fall, so you go the other way, and you go lr times as far as the
        gradient is long. Make a new array: an operator that ends in an equals sign writes into
        the old one.
        """,
    skeleton="""
        def sgd_step(w, g, lr):
            step = ...              # (D,): lr decides how far
            return ...
        """,
    notice="The length of the step is lr times the gradient's length: near a minimum the steps "
    "become short by themselves.",
)


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
    return {
        "losses that fall to the end": {"losses": falling, "patience": 3},
        "losses with two equal lowest": {"losses": again, "patience": 3},
        "losses that are lowest at first": {"losses": rising, "patience": 3},
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


def momentum_step(w, g, v, lr, beta):
    """One step of gradient descent with momentum.

    w, g, v (D,): parameters, gradient, velocity. lr, beta: numbers. Returns the new w, v, each
    (D,).
    """
    v = beta * v + g
    w = w - lr * v
    return w, v


def velocity_inputs(draw):
    D = draw.size("D")
    return {
        "w": draw.real(D),
        "g": draw.real(D),
        "v": draw.real(D),
        "lr": draw.positive(low=0.1, high=0.5),
        "beta": draw.positive(low=0.3, high=0.9),
    }


def momentum_as_a_matrix(w, g, v, lr, beta):
    M = np.array([[1.0, -lr, -lr * beta], [0.0, 1.0, beta]])
    w, v = M @ np.stack([w, g, v])
    return w, v


def momentum_by_entries(w, g, v, lr, beta):
    new_w, new_v = w.copy(), v.copy()
    for d in range(len(w)):
        new_v[d] = new_v[d] * beta + g[d]
        new_w[d] -= lr * new_v[d]
    return new_w, new_v


def momentum_from_the_change(w, g, v, lr, beta):
    change = -lr * g - beta * lr * v
    return w + change, change / -lr


task(
    momentum_step,
    chapter=12,
    title="One step with momentum",
    minutes=8,
    points=2,
    returns="w v",
    inputs=velocity_inputs,
    statement="""
        Momentum keeps a velocity `v`, so that steps which agree add up and steps which disagree
        cancel. The new velocity is `beta` times the old one plus the gradient `g`; the parameters
        `w` then move by `lr` times the new velocity, against it.

        Write `momentum_step(w, g, v, lr, beta)`. `w`, `g` and `v` are `(D,)`, `lr` and `beta` are
        numbers. It returns the new `w` and the new `v`, each `(D,)`, and changes no input.
        """,
    example="""
        >>> w, v = momentum_step(np.array([5.0]), np.array([2.0]), np.array([4.0]), 0.1, 0.5)
        >>> w.tolist(), v.tolist()
        ([4.6], [4.0])
        """,
    variants=[momentum_as_a_matrix, momentum_by_entries, momentum_from_the_change],
    oracle=lambda w, g, v, lr, beta: moved(bp.SGD(lr, momentum=beta), w, g, v),
    mistakes=[
        old_memory_used(
            {"v = beta * v + g": "new = beta * v + g", "return w, v": "return w, new"}, "velocity"
        ),
        old_memory_kept(
            {"v = beta * v + g": "new = beta * v + g", "lr * v": "lr * new"}, "velocity"
        ),
        Mistake(
            "velocity_ignored",
            "w moves by the gradient alone",
            "The velocity is made but not used; it is what the step follows.",
            {"lr * v": "lr * g"},
        ),
        Mistake(
            "beta_missing",
            "The old velocity is kept whole",
            "beta below 1 lets it fade; without it the velocity adds up all gradients for ever.",
            {"beta * v": "v"},
        ),
        Mistake(
            "gradient_fades_too",
            "beta multiplies the gradient as well",
            "Only the old velocity fades; the gradient enters whole.",
            {"beta * v + g": "beta * (v + g)"},
        ),
        Mistake(
            "faded_again",
            "The new velocity fades once more in the step",
            "w moves by lr times the new velocity; beta has done its part when that was made.",
            {"lr * v": "lr * beta * v"},
        ),
        Mistake(
            "mean_exchanged",
            "It is a running mean, with its weights exchanged",
            "The old velocity is multiplied by beta, and the gradient by nothing.",
            {"beta * v + g": "(1 - beta) * v + beta * g"},
        ),
        Mistake(
            "running_mean",
            "The gradient is weighted by 1 - beta",
            "That is a running mean, as in Adam; here the gradient enters the velocity whole.",
            {"+ g": "+ (1 - beta) * g"},
        ),
        Mistake(
            "weights_exchanged",
            "beta multiplies the gradient, not the velocity",
            "beta is the share of the old velocity that is kept; the gradient enters whole.",
            {"beta * v + g": "v + beta * g"},
        ),
        Mistake(
            "rate_in_velocity",
            "The learning rate is inside the velocity",
            "The velocity here adds up gradients; lr enters once, when w moves.",
            {"beta * v + g": "beta * v + lr * g", "lr * v": "v"},
        ),
        Mistake(
            "rate_twice",
            "The learning rate is used twice",
            "It scales the gradient in the velocity and then the velocity too; it belongs in one "
            "place, where w moves.",
            {"beta * v + g": "beta * v + lr * g"},
        ),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "w moves by lr times the velocity, not by all of it.",
            {"lr * v": "v"},
        ),
        Mistake(
            "velocity_downhill",
            "The velocity takes the gradient with a minus",
            "The velocity adds up gradients as they are; the one minus stands where w moves.",
            {"+ g": "- g"},
        ),
        Mistake(
            "rate_and_sign_in_velocity",
            "The velocity holds the learning rate and the minus",
            "That form is used too, but here the velocity adds up gradients as they are; lr and "
            "the minus enter once, when w moves.",
            {"beta * v + g": "beta * v - lr * g", "w - lr * v": "w + v"},
        ),
        Mistake(
            "nesterov",
            "This is the step of Nesterov",
            "Plain momentum moves by the new velocity; it doesn't look ahead and add g again.",
            {"lr * v": "lr * (g + beta * v)"},
        ),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"v = beta * v + g": "v *= beta\n    v += g"}, "v"),
    ],
    nudge="Which velocity moves the parameters: the one that came in, or the one that already "
    "holds this gradient?",
    sketch="""
        Two lines. First the velocity: let the old one fade by the factor beta and add the
        gradient, whole. Then the parameters: go lr times the velocity you have made, downhill.
        Return both, since the next step needs the velocity.
        """,
    skeleton="""
        def momentum_step(w, g, v, lr, beta):
            v = ... * v + ...
            w = w - ...
            return w, v
        """,
    notice="Where the gradient keeps its value, the velocity grows to g / (1 - beta): with beta "
    "at 0.9 the steps become ten times as long.",
)


def nesterov_step(w, g, v, lr, beta):
    """One step of gradient descent with Nesterov's momentum.

    w, g, v (D,): parameters, gradient, velocity. lr, beta: numbers. Returns the new w, v, each
    (D,).
    """
    v = beta * v + g
    ahead = g + beta * v
    w = w - lr * ahead
    return w, v


def nesterov_expanded(w, g, v, lr, beta):
    return w - lr * (1 + beta) * g - lr * beta**2 * v, g + beta * v


def nesterov_by_entries(w, g, v, lr, beta):
    new_w, new_v = [], []
    for wi, gi, vi in zip(w, g, v, strict=True):
        vi = gi + beta * vi
        new_v.append(vi)
        new_w.append(wi - lr * (gi + beta * vi))
    return np.array(new_w), np.array(new_v)


def nesterov_as_a_matrix(w, g, v, lr, beta):
    M = np.array([[1.0, -lr * (1 + beta), -lr * beta * beta], [0.0, 1.0, beta]])
    out = np.einsum("ij,jd->id", M, np.stack([w, g, v]))
    return out[0], out[1]


task(
    nesterov_step,
    chapter=12,
    title="One step of Nesterov's momentum",
    minutes=8,
    points=2,
    returns="w v",
    inputs=velocity_inputs,
    statement="""
        Nesterov's momentum looks ahead: it steps by what the velocity will be after one more
        push. The new velocity is `beta` times the old one plus the gradient `g`, as in plain
        momentum. The direction of the step is the gradient plus `beta` times the new velocity,
        and `w` moves against it, `lr` times as far.

        Write `nesterov_step(w, g, v, lr, beta)`. `w`, `g` and `v` are `(D,)`, `lr` and `beta` are
        numbers. It returns the new `w` and the new `v`, each `(D,)`, and changes no input.
        """,
    example="""
        >>> w, v = nesterov_step(np.array([5.0]), np.array([2.0]), np.array([4.0]), 0.1, 0.5)
        >>> w.tolist(), v.tolist()
        ([4.6], [4.0])
        """,
    variants=[nesterov_expanded, nesterov_by_entries, nesterov_as_a_matrix],
    oracle=lambda w, g, v, lr, beta: moved(bp.SGD(lr, momentum=beta, nesterov=True), w, g, v),
    mistakes=[
        Mistake(
            "plain_momentum",
            "This is the step of plain momentum",
            "w moves by the gradient plus beta times the new velocity; with the old velocity "
            "there, or with the new one alone, nothing looks ahead.",
            {"ahead = g + beta * v": "ahead = v"},
        ),
        Mistake(
            "gradient_missing",
            "The direction lacks the gradient",
            "The direction is beta times the new velocity and, added to it, g.",
            {"ahead = g + beta * v": "ahead = beta * v"},
        ),
        Mistake(
            "not_faded",
            "The new velocity is not multiplied by beta",
            "Looking ahead, the velocity fades once more before the gradient is added.",
            {"ahead = g + beta * v": "ahead = g + v"},
        ),
        Mistake(
            "weights_exchanged",
            "beta multiplies g, not the velocity",
            "In the direction the velocity is weighted by beta and the gradient is whole.",
            {"ahead = g + beta * v": "ahead = v + beta * g"},
        ),
        Mistake(
            "faded_twice",
            "beta multiplies the velocity twice",
            "Looking one step ahead, the new velocity fades once.",
            {"g + beta * v\n": "g + beta * beta * v\n"},
        ),
        Mistake(
            "gradient_fades_too",
            "beta multiplies the gradient in the direction as well",
            "Only the velocity fades; the gradient enters the direction whole.",
            {"ahead = g + beta * v": "ahead = beta * (g + v)"},
        ),
        Mistake(
            "velocity_not_faded",
            "The old velocity is kept whole",
            "beta lets it fade before g is added; else it adds up all gradients for ever.",
            {"v = beta * v + g": "v = v + g"},
        ),
        Mistake(
            "running_mean",
            "The gradient is weighted by 1 - beta",
            "That is a running mean, as in Adam; here the gradient enters the velocity whole.",
            {"v = beta * v + g": "v = beta * v + (1 - beta) * g"},
        ),
        Mistake(
            "direction_kept",
            "The direction is returned as the velocity",
            "Looking ahead serves this step alone; the next goes on from the plain velocity.",
            {"return w, v": "return w, ahead"},
        ),
        old_memory_kept(
            {"v = beta * v + g": "u = beta * v + g", "g + beta * v\n": "g + beta * u\n"},
            "velocity",
        ),
        Mistake(
            "rate_in_velocity",
            "The learning rate is inside the velocity",
            "The velocity here adds up gradients; lr enters once, when w moves.",
            {
                "v = beta * v + g": "v = beta * v + lr * g",
                "ahead = g + beta * v": "ahead = lr * g + beta * v",
                "lr * ahead": "ahead",
            },
        ),
        Mistake(
            "rate_and_sign_in_velocity",
            "The velocity holds the learning rate and the minus",
            "That form is used too, but here the velocity adds up gradients as they are; lr and "
            "the minus enter once, when w moves.",
            {
                "v = beta * v + g": "v = beta * v - lr * g",
                "ahead = g + beta * v": "ahead = beta * v - lr * g",
                "w - lr * ahead": "w + ahead",
            },
        ),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "w moves by lr times the direction, not by all of it.",
            {"lr * ahead": "ahead"},
        ),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"v = beta * v + g": "v *= beta\n    v += g"}, "v"),
    ],
    nudge="If the next gradient were the same as this one, what would the velocity be after one "
    "more step?",
    sketch="""
        Make the new velocity as in plain momentum. Then imagine one more update of it with the
        same gradient: the new velocity fades by beta and the gradient is added again. That is the
        direction of this step. The velocity you return is the first one, not the imagined one.
        """,
    skeleton="""
        def nesterov_step(w, g, v, lr, beta):
            v = ...                 # as in plain momentum
            ahead = ...             # one more update of it, with the same g
            w = w - lr * ...
            return w, v
        """,
    notice="Nesterov's own form takes the gradient at a point ahead of w; this one, which "
    "libraries use, keeps that point as its w and needs no second gradient.",
)


def rmsprop_step(w, g, s, lr, decay, eps):
    """One step of RMSProp.

    w, g, s (D,): parameters, gradient, running mean of g * g. lr, decay, eps: numbers. Returns the
    new w, s, each (D,).
    """
    s = decay * s + (1 - decay) * g * g
    w = w - lr * g / (np.sqrt(s) + eps)
    return w, s


def rmsprop_inputs(draw):
    D = draw.size("D", least=2)
    return {
        "w": draw.real(D),
        "g": draw.real(D),
        "s": draw.positive(D),
        "lr": draw.positive(low=0.1, high=0.5),
        "decay": draw.positive(low=0.3, high=0.9),
        "eps": draw.positive(low=0.1, high=0.5),
    }


def rmsprop_towards(w, g, s, lr, decay, eps):
    s = s + (1 - decay) * (g**2 - s)
    return w - np.divide(lr * g, eps + s**0.5), s


def rmsprop_by_entries(w, g, s, lr, decay, eps):
    pairs = []
    for wi, gi, si in zip(w, g, s, strict=True):
        si = decay * si + (1 - decay) * gi**2
        pairs.append((wi - lr / (si**0.5 + eps) * gi, si))
    return tuple(np.array(pairs).T)


task(
    rmsprop_step,
    chapter=12,
    title="One step of RMSProp",
    minutes=8,
    points=2,
    returns="w s",
    inputs=rmsprop_inputs,
    statement="""
        RMSProp gives each parameter a rate of its own: it divides by how large that parameter's
        gradients have been of late. `s` is a running mean of the squared gradient: `decay` is the
        share of the old mean that is kept, `1 - decay` the share of the new square. The step is
        `lr` times `g` over the root of the new mean, with `eps` added outside the root.

        Write `rmsprop_step(w, g, s, lr, decay, eps)`. `w`, `g` and `s` are `(D,)`, the others
        numbers. It returns the new `w` and the new `s`, each `(D,)`, and changes no input.
        """,
    example="""
        >>> w, s = rmsprop_step(np.array([5.0]), np.array([4.0]), np.array([2.0]), 0.1, 0.5, 1.0)
        >>> w.tolist(), s.tolist()
        ([4.9], [9.0])
        """,
    variants=[
        rmsprop_towards,
        rmsprop_by_entries,
        {"lr * g / (np.sqrt(s) + eps)": "lr * g * (np.exp(0.5 * np.log(s)) + eps) ** -1"},
    ],
    oracle=lambda w, g, s, lr, decay, eps: moved(bp.RMSProp(lr, decay, eps), w, g, s),
    mistakes=[
        eps_inside({"np.sqrt(s) + eps": "np.sqrt(s + eps)"}),
        eps_missing({"(np.sqrt(s) + eps)": "np.sqrt(s)"}),
        no_root({"np.sqrt(s)": "s"}, "s"),
        not_squared({"* g * g": "* g"}, "s"),
        old_memory_used(
            {"s = decay * s": "new = decay * s", "return w, s": "return w, new"}, "mean"
        ),
        old_memory_kept({"s = decay * s": "new = decay * s", "np.sqrt(s)": "np.sqrt(new)"}, "mean"),
        Mistake(
            "weights_exchanged",
            "The weights of the running mean are exchanged",
            "decay is what is kept of the old mean, 1 - decay what the new square brings.",
            {"decay * s + (1 - decay)": "(1 - decay) * s + decay"},
        ),
        Mistake(
            "adagrad",
            "The squares are added up, not averaged",
            "A sum that never fades makes ever smaller steps; the mean forgets old gradients.",
            {"decay * s + (1 - decay) * g": "s + g"},
        ),
        Mistake(
            "new_square_whole",
            "The new square is not weighted",
            "The weights of a mean add up to 1: the new square enters with 1 - decay.",
            {"(1 - decay) * g": "g"},
        ),
        Mistake(
            "decay_on_both",
            "decay multiplies the new square too",
            "The weights of a mean add up to 1: the new square enters with 1 - decay.",
            {"(1 - decay) * g": "decay * g"},
        ),
        Mistake(
            "sign_only",
            "The sign of g is divided, not g",
            "g itself stands above the root; dividing takes away its size only on average.",
            {"lr * g": "lr * np.sign(g)"},
        ),
        Mistake(
            "same_for_all",
            "All parameters share one size",
            "Each entry of g is divided by the root of its own mean, so that none drowns another.",
            {"np.sqrt(s)": "np.sqrt(s.mean())"},
        ),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "The quotient has about the size 1 whatever the gradient; lr makes it a small step.",
            {"lr * g": "g"},
        ),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"s = decay * s +": "s *= decay\n    s +="}, "s"),
    ],
    nudge="Two parameters have gradients of 0.01 and 100, step after step. By what would you "
    "divide each so that both move equally far?",
    sketch="""
        First the mean: the old one with weight decay, the square of the gradient with the rest of
        the weight. Then the step: the gradient over the root of the mean you have made, entry by
        entry, where eps is added to the root itself. Go against it, lr times as far.
        """,
    skeleton="""
        def rmsprop_step(w, g, s, lr, decay, eps):
            s = decay * s + ...
            w = w - lr * g / ...
            return w, s
        """,
    notice="Scale all gradients by 1000 and the step hardly changes: RMSProp sees directions and "
    "recent ratios, not sizes.",
)


def adamw_step(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """One step of AdamW.

    w, g, m, v (D,): parameters, gradient, running mean of g, running mean of g * g. t: the number
    of this step, 1 for the first. Returns the new w, m, v, each (D,).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + eps)
    w = w - lr * step - lr * weight_decay * w
    return w, m, v


def adamw_inputs(draw):
    D = draw.size("D")
    return {
        "w": draw.real(D),
        "g": draw.real(D),
        "m": draw.real(D),
        "v": draw.positive(D),
        "t": draw.whole(2, 5),
        "lr": draw.positive(low=0.1, high=0.5),
        "beta1": draw.positive(low=0.3, high=0.9),
        "beta2": draw.positive(low=0.3, high=0.9),
        "eps": draw.positive(low=0.1, high=0.5),
        "weight_decay": draw.positive(low=0.1, high=0.5),
    }


def adamw_shrunk_first(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    w = w * (1 - lr * weight_decay)
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g**2 - v)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return w - rate * m / (np.sqrt(v) + eps * np.sqrt(1 - beta2**t)), m, v


def adamw_by_entries(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    out = np.empty((3, len(w)))
    for d in range(len(w)):
        mean = beta1 * m[d] + (1 - beta1) * g[d]
        square = beta2 * v[d] + (1 - beta2) * g[d] ** 2
        direction = mean / (1 - beta1**t) / ((square / (1 - beta2**t)) ** 0.5 + eps)
        out[:, d] = w[d] - lr * (direction + weight_decay * w[d]), mean, square
    return tuple(out)


def adamw_from_bpkit(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """bpkit keeps sums that fade, which are the means over 1 - beta."""
    adamw = bp.AdamW(lr, weight_decay, beta1=beta1, beta2=beta2, eps=eps)
    w, m, v = moved(adamw, w, g, m / (1 - beta1), v / (1 - beta2), t=t)
    return w, m * (1 - beta1), v * (1 - beta2)


task(
    adamw_step,
    chapter=12,
    title="One step of AdamW",
    minutes=12,
    points=3,
    returns="w m v",
    inputs=adamw_inputs,
    statement="""
        AdamW lets the weights decay by a way of its own, so that Adam's division does not touch
        the decay. The running means, their correction and the step are Adam's: `m` of `g` with
        decay `beta1`, `v` of its square with decay `beta2`, both divided by 1 minus the decay to
        the power `t`; then `lr` times the one over the root of the other, `eps` outside the root.
        Besides, `lr` times `weight_decay` times the old `w` is subtracted from `w`.

        Write `adamw_step(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay)`. `w`, `g`, `m` and
        `v` are `(D,)`, the others numbers. It returns the new `w`, `m` and `v`, each `(D,)`, and
        changes no input.
        """,
    example="""
        >>> w, g, m, v = np.array([5.0]), np.array([2.0]), np.zeros(1), np.zeros(1)
        >>> w, m, v = adamw_step(w, g, m, v, 1, 0.1, 0.9, 0.999, 1e-8, 0.01)
        >>> w.round(6).tolist(), m.round(6).tolist(), v.round(6).tolist()
        ([4.895], [0.2], [0.004])
        """,
    variants=[
        adamw_shrunk_first,
        adamw_by_entries,
        {
            "w = w - lr * step - lr * weight_decay * w": (
                "keep = 1 - lr * weight_decay\n    w = keep * w - lr * step"
            )
        },
    ],
    oracle=adamw_from_bpkit,
    mistakes=[
        Mistake(
            "decay_in_gradient",
            "The decay is added to the gradient",
            "Then it passes through m and v, and is divided by the root; AdamW applies it to w "
            "directly.",
            {
                "m = beta1 * m": "g = g + weight_decay * w\n    m = beta1 * m",
                " - lr * weight_decay * w": "",
            },
        ),
        Mistake(
            "decay_without_rate",
            "The decay is not multiplied by lr",
            "Each step takes lr times weight_decay of w; when the rate falls, so does the decay.",
            {"lr * weight_decay * w": "weight_decay * w"},
        ),
        Mistake(
            "decay_missing",
            "The weights do not decay",
            "This is plain Adam; besides, w loses lr times weight_decay of itself.",
            {" - lr * weight_decay * w": ""},
        ),
        Mistake(
            "decay_grows",
            "The decay makes the weights grow",
            "It is subtracted, so that w shrinks toward 0.",
            {"- lr * weight_decay": "+ lr * weight_decay"},
        ),
        Mistake(
            "decay_after_step",
            "The decay acts on the new w",
            "It takes its share of the w that came in, not of what the step has made of it.",
            {" - lr * weight_decay * w": "\n    w = w - lr * weight_decay * w"},
        ),
        Mistake(
            "decay_divided",
            "The decay is divided by the root",
            "The root scales the gradient's mean alone; w decays at the same rate everywhere.",
            {
                "m_hat / (np": "(m_hat + weight_decay * w) / (np",
                " - lr * weight_decay * w": "",
            },
        ),
        Mistake(
            "decay_of_the_sign",
            "Every weight loses the same amount",
            "The decay is in proportion to w, as from a squared penalty, not to its sign.",
            {"weight_decay * w": "weight_decay * np.sign(w)"},
        ),
        Mistake(
            "no_correction",
            "The bias correction is missing",
            "m and v start at 0 and are too small at first; dividing by 1 minus the decay to the "
            "power t makes up for it.",
            {"m / (1 - beta1**t)": "m", "v / (1 - beta2**t)": "v"},
        ),
        Mistake(
            "m_not_corrected",
            "m is not corrected",
            "Both means start at 0, so both are divided by 1 minus their decay to the power t.",
            {"m / (1 - beta1**t)": "m"},
        ),
        Mistake(
            "v_not_corrected",
            "v is not corrected",
            "Both means start at 0, so both are divided by 1 minus their decay to the power t.",
            {"v / (1 - beta2**t)": "v"},
        ),
        Mistake(
            "weights_exchanged",
            "The weights of the running means are exchanged",
            "beta is what is kept of the old mean, 1 - beta what the new gradient brings.",
            {
                "beta1 * m + (1 - beta1) * g": "(1 - beta1) * m + beta1 * g",
                "beta2 * v + (1 - beta2) * g": "(1 - beta2) * v + beta2 * g",
            },
        ),
        Mistake(
            "t_not_used",
            "The correction does not depend on t",
            "The correction is 1 minus the decay to the power t, and fades as t grows; yours is "
            "that of t = 1.",
            {"beta1**t": "beta1", "beta2**t": "beta2"},
        ),
        Mistake(
            "t_off_by_one",
            "t is counted from one too far",
            "t is 1 at the first step and is given so; adding 1 corrects too little.",
            {"beta1**t": "beta1 ** (t + 1)", "beta2**t": "beta2 ** (t + 1)"},
        ),
        Mistake(
            "corrected_means_kept",
            "The corrected means are returned",
            "The correction serves this step alone; the next one goes on from the plain m and v.",
            {"return w, m, v": "return w, m_hat, v_hat"},
        ),
        Mistake(
            "betas_swapped",
            "beta1 and beta2 are exchanged",
            "beta1 belongs to the mean of the gradient, beta2 to that of its square.",
            {"m = beta1 * m": "beta1, beta2 = beta2, beta1\n    m = beta1 * m"},
        ),
        eps_inside({"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"}),
        eps_missing({"np.sqrt(v_hat) + eps": "np.sqrt(v_hat)"}),
        no_root({"np.sqrt(v_hat)": "v_hat"}, "v"),
        not_squared({"* g * g": "* g"}, "v"),
        Mistake(
            "uphill",
            "The step goes uphill",
            "The gradient points to where the loss grows, so the step is subtracted from w.",
            {"w - lr * step": "w + lr * step"},
        ),
        changed_in_place({"m = beta1 * m +": "m *= beta1\n    m +="}, "m"),
    ],
    nudge="If weight decay were added to the gradient, by what would Adam divide it, and would a "
    "weight with large gradients still decay as fast as one with small ones?",
    sketch="""
        Do Adam's step first: two running means, two corrected copies of them, and the quotient.
        Then take two things away from the old parameters: lr times that quotient, and lr times
        weight_decay times the old parameters themselves. The decay sees neither the means nor the
        root.
        """,
    skeleton="""
        def adamw_step(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
            m = ...
            v = ...
            m_hat = ...
            v_hat = ...
            step = m_hat / ...
            w = w - lr * step - ...
            return w, m, v
        """,
    notice="For plain gradient descent, decay and an L2 penalty are the same. For Adam they "
    "differ, since the penalty's gradient would be divided by the root of v.",
)


def cosine_schedule(lr, floor, warmup, total):
    """The learning rate at each update: a climb, then half a cosine.

    lr, floor: numbers. warmup, total: integers. Returns rates (total,).
    """
    rates = np.zeros(total)
    for t in range(warmup):
        rates[t] = lr * (t + 1) / warmup
    fall = total - warmup
    for t in range(fall):
        wave = (1 + np.cos(np.pi * t / fall)) / 2
        rates[warmup + t] = floor + (lr - floor) * wave
    return rates


def schedule_inputs(draw):
    total = draw.size("total", least=7, most=13)
    return {
        "lr": draw.positive(low=0.6, high=2.0),
        "floor": draw.positive(low=0.1, high=0.4),
        "warmup": draw.whole(2, 4),
        "total": total,
    }


def schedule_by_arrays(lr, floor, warmup, total):
    t = np.arange(total)
    climb = lr * (t + 1) / warmup
    angle = np.pi * (t - warmup) / (total - warmup)
    return np.where(t < warmup, climb, (lr + floor) / 2 + (lr - floor) / 2 * np.cos(angle))


def schedule_in_two_parts(lr, floor, warmup, total):
    climb = np.linspace(lr / warmup, lr, warmup)
    half = np.linspace(0, np.pi / 2, total - warmup, endpoint=False)
    return np.concatenate([climb, floor + (lr - floor) * np.cos(half) ** 2])


def schedule_from_bpkit(lr, floor, warmup, total):
    fall = bp.schedules.cosine(lr, total - warmup, floor)
    rate = bp.schedules.warm_up(fall, warmup)
    return np.array([rate(t) for t in range(total)])


task(
    cosine_schedule,
    chapter=12,
    title="Warm-up and cosine decay",
    minutes=12,
    points=2,
    returns="rates",
    inputs=schedule_inputs,
    statement="""
        Large steps are dangerous at the start, when the weights are random, and at the end, when
        the minimum is near. So the rate first climbs and then falls. Updates are counted from 0
        to `total - 1`. During the first `warmup` of them the rate climbs in equal steps: the
        first is `lr / warmup`, the last `lr`. From update `warmup` on it falls from `lr` toward
        `floor` along half a cosine, which begins at update `warmup` and would reach `floor` at
        update `total`, the one after the last.

        Write `cosine_schedule(lr, floor, warmup, total)`. `lr` and `floor` are numbers, `warmup`
        and `total` whole numbers, `total` the larger. It returns the rate of each update, an
        array `(total,)`.
        """,
    example="""
        >>> cosine_schedule(1.0, 0.2, 2, 6).round(3).tolist()
        [0.5, 1.0, 1.0, 0.883, 0.6, 0.317]
        """,
    variants=[
        schedule_by_arrays,
        schedule_in_two_parts,
        {"(1 + np.cos(np.pi * t / fall)) / 2": "np.cos(np.pi * t / fall / 2) ** 2"},
    ],
    oracle=schedule_from_bpkit,
    mistakes=[
        Mistake(
            "warmup_from_zero",
            "The warm-up starts at 0",
            "The first update would not move at all; its rate is lr / warmup, and the last of the "
            "warm-up has lr.",
            {"(t + 1) / warmup": "t / warmup"},
        ),
        Mistake(
            "warmup_from_zero_to_lr",
            "The warm-up climbs from 0 to lr",
            "Its first update would not move at all: the equal steps lead from lr / warmup to lr.",
            {"(t + 1) / warmup": "t / (warmup - 1)"},
        ),
        Mistake(
            "warmup_too_slow",
            "The warm-up ends below lr",
            "Its last update has lr: the climb has as many equal steps as it has updates.",
            {"(t + 1) / warmup": "(t + 1) / (warmup + 1)"},
        ),
        Mistake(
            "no_warmup",
            "There is no warm-up",
            "Here the cosine runs from the first update on; the first ones should climb to lr.",
            {"for t in range(warmup)": "warmup = 0\n    for t in range(warmup)"},
        ),
        Mistake(
            "warmup_flat",
            "The rate does not climb during the warm-up",
            "It climbs in equal steps, from lr / warmup to lr.",
            {"lr * (t + 1) / warmup": "lr"},
        ),
        Mistake(
            "warmup_from_floor",
            "The warm-up climbs from floor",
            "The climb is lr times the share of the warm-up that is done; floor is for the end.",
            {"lr * (t + 1)": "floor + (lr - floor) * (t + 1)"},
        ),
        Mistake(
            "cosine_counts_warmup",
            "The cosine has run since update 0",
            "It begins where the warm-up ends: there the rate is lr, and there is no jump.",
            {"t / fall": "(warmup + t) / total"},
        ),
        Mistake(
            "fall_too_slow",
            "The fall is stretched over all updates",
            "It has only what the warm-up leaves of them, total minus warmup, to reach floor.",
            {"t / fall": "t / total"},
        ),
        Mistake(
            "fall_starts_late",
            "The fall does not start at lr",
            "The share of the fall that is gone is counted from the end of the warm-up, where "
            "it is 0.",
            {"t / fall": "(warmup + t) / fall"},
        ),
        Mistake(
            "floor_at_the_last",
            "floor is reached one update too early",
            "The cosine would reach floor at update total, one after the last.",
            {"t / fall": "t / (fall - 1)"},
        ),
        Mistake(
            "fall_starts_early",
            "The fall starts one update too early",
            "The first update after the warm-up still has lr: none of the fall is gone there.",
            {"t / fall": "(t + 1) / fall"},
        ),
        Mistake(
            "whole_wave",
            "It is a whole wave",
            "Half a wave, pi radians, leads down; the other half would lead up again.",
            {"np.pi * t": "2 * np.pi * t"},
        ),
        Mistake(
            "no_floor",
            "The rate falls to 0, not to floor",
            "The cosine runs between lr and floor.",
            {"floor + (lr - floor)": "lr"},
        ),
        Mistake(
            "floor_added",
            "floor is added on top",
            "The fall starts at lr, so what the cosine scales is lr minus floor.",
            {"(lr - floor)": "lr"},
        ),
        Mistake(
            "floor_cuts",
            "The rate is cut off at floor",
            "The curve bends toward floor and meets it at the end; it doesn't fall to 0 and stop.",
            {"floor + (lr - floor) * wave": "max(floor, lr * wave)"},
        ),
        Mistake(
            "not_halved",
            "The cosine part is not halved",
            "1 plus a cosine goes from 2 to 0; half of it goes from 1 to 0.",
            {" / 2": ""},
        ),
        Mistake(
            "no_pi",
            "The angle runs to 1, not to pi",
            "Half a wave is pi radians long; at an angle of 1 the cosine has fallen to 0.54 only.",
            {"np.pi * ": ""},
        ),
        Mistake(
            "rises",
            "The rate rises after the warm-up",
            "1 minus the cosine starts at 0 and grows; 1 plus the cosine falls.",
            {"1 + np.cos": "1 - np.cos"},
        ),
        Mistake(
            "linear",
            "The fall is a straight line",
            "Half a cosine is flat at both ends and steep in the middle.",
            {"(1 + np.cos(np.pi * t / fall)) / 2": "1 - t / fall"},
        ),
        Mistake(
            "quarter_wave",
            "It is a quarter of a wave",
            "Half a cosine goes from 1 to -1, and is shifted and halved to go from 1 to 0; a "
            "quarter is steep at the end.",
            {"(1 + np.cos(np.pi * t / fall)) / 2": "np.cos(np.pi * t / fall / 2)"},
        ),
    ],
    nudge="What share of the fall is gone at the first update after the warm-up, and what share "
    "would be gone at the update after the last?",
    sketch="""
        Two stretches. In the warm-up the rate is lr times the number of updates so far, this one
        included, over the length of the warm-up. After it, find the share of the fall that is
        gone: 0 at its first update, 1 one update after the last. Half a wave of a cosine over
        that share, shifted up by 1 and halved, goes from 1 to 0; stretch it so that it goes from
        lr to floor.
        """,
    skeleton="""
        def cosine_schedule(lr, floor, warmup, total):
            rates = np.zeros(total)
            for t in range(warmup):
                rates[t] = ...
            fall = ...                      # how many updates are left
            for t in range(fall):
                wave = ...                  # from 1 down to 0
                rates[warmup + t] = ...
            return rates
        """,
    notice="The last update of the warm-up and the first of the fall have the same rate, lr: two "
    "stretches that meet without a jump.",
)


def amsgrad_step(w, g, m, v, top, lr, beta1, beta2, eps):
    """One step of AMSGrad, without bias correction.

    w, g, m, v, top (D,): parameters, gradient, running mean of g, running mean of g * g, the
    largest that this mean has been. Returns the new w, m, v, top, each (D,).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    top = np.maximum(top, v)
    w = w - lr * m / (np.sqrt(top) + eps)
    return w, m, v, top


def amsgrad_inputs(draw):
    D = draw.size("D", least=2)
    g, v, beta2 = draw.real(D), draw.positive(D), draw.positive(low=0.3, high=0.9)
    new = beta2 * v + (1 - beta2) * g * g
    higher, lower = draw.positive(D, low=1.2, high=2.0), draw.positive(D, low=0.3, high=0.8)
    return {
        "w": draw.real(D),
        "g": g,
        "m": draw.real(D),
        "v": v,
        "top": new * np.where(draw.mask(D), higher, lower),
        "lr": draw.positive(low=0.1, high=0.5),
        "beta1": draw.positive(low=0.3, high=0.9),
        "beta2": beta2,
        "eps": draw.positive(low=0.1, high=0.5),
    }


def amsgrad_by_entries(w, g, m, v, top, lr, beta1, beta2, eps):
    out = np.empty((4, len(w)))
    for d in range(len(w)):
        mean = beta1 * m[d] + (1 - beta1) * g[d]
        square = beta2 * v[d] + (1 - beta2) * g[d] ** 2
        most = square if square > top[d] else top[d]
        out[:, d] = w[d] - lr * mean / (most**0.5 + eps), mean, square, most
    return tuple(out)


def amsgrad_smallest_rate(w, g, m, v, top, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g**2 - v)
    rate = np.minimum(lr / (np.sqrt(v) + eps), lr / (np.sqrt(top) + eps))
    return w - rate * m, m, v, np.max([top, v], axis=0)


task(
    amsgrad_step,
    chapter=12,
    title="One step of AMSGrad",
    minutes=15,
    points=3,
    closed=True,
    returns="w m v top",
    inputs=amsgrad_inputs,
    statement="""
        Adam's rate can grow again when the running mean of squares falls. AMSGrad prevents that:
        it divides by the largest mean of squares seen so far. `m` is the running mean of `g` with
        decay `beta1`, `v` that of its square with decay `beta2`, both as in Adam but without bias
        correction. `top` holds, for each parameter, the largest that `v` has been; it is brought
        up to date with the new `v`. The step is `lr` times the new `m` over the root of the new
        `top`, with `eps` added outside the root.

        Write `amsgrad_step(w, g, m, v, top, lr, beta1, beta2, eps)`. `w`, `g`, `m`, `v` and `top`
        are `(D,)`, the others numbers. It returns the new `w`, `m`, `v` and `top`, each `(D,)`,
        and changes no input.
        """,
    example="""
        >>> one = np.ones(1)
        >>> w, m, v, top = amsgrad_step(5 * one, 2 * one, one, one, 9 * one, 0.1, 0.5, 0.5, 0.75)
        >>> w.round(3).tolist(), m.tolist(), v.tolist(), top.tolist()
        ([4.96], [1.5], [2.5], [9.0])
        """,
    variants=[
        amsgrad_by_entries,
        amsgrad_smallest_rate,
        {"np.maximum(top, v)": "np.where(v > top, v, top)", "np.sqrt(top)": "top**0.5"},
    ],
    differences=amsgrad_by_entries,
    mistakes=[
        Mistake(
            "divided_by_v",
            "The step divides by the root of v",
            "That is Adam; here the root of top, the largest v so far, keeps the rate from "
            "growing.",
            {"np.sqrt(top)": "np.sqrt(v)"},
        ),
        Mistake(
            "old_top_used",
            "The step uses the old top",
            "top is brought up to date first: if the new v is larger, that is what divides.",
            {"top = np": "new = np", "return w, m, v, top": "return w, m, v, new"},
        ),
        Mistake(
            "old_v_compared",
            "top is compared with the old v",
            "The new v counts: it holds this gradient's square too.",
            {
                "v = beta2 * v": "old = v\n    v = beta2 * v",
                "np.maximum(top, v)": ("np.maximum(top, old)"),
            },
        ),
        Mistake(
            "smallest",
            "The smaller of the two is kept",
            "top is the largest that v has been, so that the rate never grows.",
            {"np.maximum(top, v)": "np.minimum(top, v)"},
        ),
        Mistake(
            "v_replaced",
            "The maximum is returned as v as well",
            "The running mean goes on from v itself and may fall; only top never does.",
            {"return w, m, v, top": "return w, m, top, top"},
        ),
        Mistake(
            "mean_for_maximum",
            "top is a running mean",
            "It is the larger of what it was and the new v, so that it never falls.",
            {"np.maximum(top, v)": "beta2 * top + (1 - beta2) * v"},
        ),
        Mistake(
            "added",
            "top and v are added",
            "The larger of the two is kept, entry by entry.",
            {"np.maximum(top, v)": "top + v"},
        ),
        Mistake(
            "largest_square",
            "top is compared with g's square",
            "top follows the running mean of squares, which is smoother than one square.",
            {"np.maximum(top, v)": "np.maximum(top, g * g)"},
        ),
        Mistake(
            "one_for_all",
            "All parameters share one top",
            "The larger of two is taken entry by entry: each parameter has its own.",
            {"np.maximum(top, v)": "np.maximum(top, v).max() * np.ones_like(v)"},
        ),
        Mistake(
            "gradient_for_mean",
            "The step follows g, not m",
            "What is divided is the new running mean of the gradients.",
            {"lr * m": "lr * g"},
        ),
        Mistake(
            "betas_swapped",
            "beta1 and beta2 are exchanged",
            "beta1 belongs to the mean of the gradient, beta2 to that of its square.",
            {"m = beta1 * m": "beta1, beta2 = beta2, beta1\n    m = beta1 * m"},
        ),
        eps_inside({"np.sqrt(top) + eps": "np.sqrt(top + eps)"}),
        eps_missing({"(np.sqrt(top) + eps)": "np.sqrt(top)"}),
        no_root({"np.sqrt(top)": "top"}, "top"),
        not_squared({"* g * g": "* g"}, "v"),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"top = np.maximum(top, v)": "np.maximum(top, v, out=top)"}, "top"),
    ],
    nudge="When the gradients become small, what happens to Adam's mean of squares, and what to "
    "the length of its steps?",
    sketch="""
        Four lines, in this order: the new mean of the gradient; the new mean of its square; the
        larger, entry by entry, of the top that came in and the mean of squares you have made; and
        the step, over the root of that.
        """,
    skeleton="""
        def amsgrad_step(w, g, m, v, top, lr, beta1, beta2, eps):
            m = ...
            v = ...
            top = ...
            w = w - lr * ...
            return w, m, v, top
        """,
    notice="The rate of each parameter, lr over the root of top, never grows again: that is what "
    "the proof of convergence needs and Adam lacks.",
)
