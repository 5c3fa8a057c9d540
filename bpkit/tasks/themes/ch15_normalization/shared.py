"""Mistakes that are made in any normalization's way back; the lines of all are cut alike."""

from bpkit.tasks.spec import Mistake


def normalization_mistakes(axis, over, gamma):
    """What goes wrong in any of the backward passes here; their lines are cut alike.

    axis: as in the reference. over: what the mean runs over. gamma: {old: new} that leaves it out.
    """
    at = f"axis={axis}"
    return [
        Mistake(
            "gamma_forgotten",
            "dX does not know gamma",
            "Z is multiplied by gamma on the way to Y, so what arrives at Z is dY times gamma. "
            "With gamma = 1 this can't be seen.",
            gamma,
        ),
        Mistake(
            "mean_constant",
            "The mean is treated as a constant",
            f"An entry of X also moves the mean over {over}, and so all of them: the mean of what "
            "arrives at Z is taken away.",
            {"dZ - level - Z": "dZ - Z"},
        ),
        Mistake(
            "deviation_constant",
            "The deviation is treated as a constant",
            f"An entry of X also moves the deviation over {over}: Z times the mean of dY gamma Z "
            "is taken away.",
            {" - Z * tilt": ""},
        ),
        Mistake(
            "both_constant",
            "Mean and deviation are treated as constants",
            f"Both depend on X, so an entry moves all of {over}; only dividing by the deviation "
            "leaves that out.",
            {" - level - Z * tilt": ""},
        ),
        Mistake(
            "sums_for_means",
            "Sums stand where means belong",
            "Each entry is one of many in the mean and in the variance, so both terms that are "
            "taken away are means.",
            {f"dZ.mean({at}": f"dZ.sum({at}", f"Z).mean({at}": f"Z).sum({at}"},
        ),
        Mistake(
            "tilt_not_spread",
            "The second term lacks its factor Z",
            "How much an entry moves the deviation is in proportion to its own Z, which "
            "multiplies the mean of dY gamma Z.",
            {"Z * tilt": "tilt"},
        ),
        Mistake(
            "wrong_sign",
            "One term is added where it is taken away",
            "The gradient loses its mean and its part along Z: both terms are subtracted.",
            {"- Z * tilt": "+ Z * tilt"},
        ),
        Mistake(
            "not_divided",
            "dX is not divided by the deviation",
            "Z is X over the deviation, so a small step of X moves Z by one over it.",
            {"Z * tilt) / deviation": "Z * tilt)"},
        ),
        Mistake(
            "divided_by_variance",
            "dX is divided by the variance",
            "The deviation, its root, divides X, and it divides the gradient too.",
            {"Z * tilt) / deviation": "Z * tilt) / deviation**2"},
        ),
        Mistake(
            "eps_missing",
            "eps is left out",
            "The deviation is the root of the variance plus eps, as in the forward pass.",
            {" + eps)": ")"},
        ),
        Mistake(
            "eps_outside",
            "eps stands outside the root",
            "The forward pass adds it to the variance, before the root is taken.",
            {"keepdims=True) + eps)": "keepdims=True)) + eps"},
        ),
        Mistake(
            "one_fewer",
            "The variance is divided by one fewer",
            "The forward pass takes the mean of the squares, with all of them counted.",
            {f"var({at}, keepdims=True)": f"var({at}, keepdims=True, ddof=1)"},
        ),
    ]


def table_mistakes(left):
    """What goes wrong besides where X is (N, D). left: the sum's axis."""
    at = f"sum(axis={left})"
    return [
        Mistake(
            "tilt_without_gamma",
            "One of the two means does not know gamma",
            "What arrives at Z is dY times gamma, in both terms that are taken away.",
            {"tilt = (dZ": "tilt = (dY"},
        ),
        Mistake(
            "tilt_with_X",
            "X stands where Z belongs in a mean",
            "The mean is that of dY gamma Z, with the normalized Z.",
            {"(dZ * Z).mean": "(dZ * X).mean"},
        ),
        Mistake(
            "dgamma_with_X",
            "dgamma uses X instead of Z",
            "gamma multiplies the normalized Z, so that is its slope.",
            {"(dY * Z).sum": "(dY * X).sum"},
        ),
        Mistake(
            "dgamma_with_gamma",
            "dgamma contains gamma",
            "Y is gamma times Z: the derivative with respect to gamma is Z, without gamma.",
            {"(dY * Z).sum": "(dZ * Z).sum"},
        ),
        Mistake(
            "dbeta_with_gamma",
            "dbeta contains gamma",
            "beta is added last, so what arrives at Y reaches it as it is.",
            {"dbeta = dY": "dbeta = dZ"},
        ),
        Mistake(
            "parameters_averaged",
            "dgamma and dbeta are averaged over the rows",
            "Every row uses the same gamma and beta, so what the rows send is added up.",
            {f"(dY * Z).{at}": "(dY * Z).mean(axis=0)", f"dY.{at}": "dY.mean(axis=0)"},
        ),
        Mistake(
            "parameters_over_features",
            "dgamma and dbeta are summed over the wrong axis",
            "Each feature has its own gamma and beta, (D,), which serve all rows: the sum runs "
            "over the rows.",
            {f"(dY * Z).{at}": "(dY * Z).sum(axis=1)", f"dY.{at}": "dY.sum(axis=1)"},
        ),
    ]


def rows_to_normalize(draw):
    D, N = draw.size("D", least=3), draw.size("N", least=2)
    return {
        "dY": draw.real(N, D),
        "X": draw.real(N, D),
        "gamma": draw.real(D),
        "eps": draw.positive(low=0.1, high=0.5),
    }
