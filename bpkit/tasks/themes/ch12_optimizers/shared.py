"""Mistakes that are made in several optimizers, and the inputs of those with a velocity."""

from bpkit.tasks.spec import Mistake


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


def velocity_inputs(draw):
    D = draw.size("D")
    return {
        "w": draw.real(D),
        "g": draw.real(D),
        "v": draw.real(D),
        "lr": draw.positive(low=0.1, high=0.5),
        "beta": draw.positive(low=0.3, high=0.9),
    }
