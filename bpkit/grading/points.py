"""A verdict as points: each property that holds earns its weight's share of a task's points.

An answer whose numbers are wrong earns nothing, unless the teacher wants its form to count.
"""

WEIGHTS = {"value": 6.0, "shape": 1.0, "dtype": 1.0, "finite": 1.0, "unchanged": 1.0}
MEANING = {
    "value": "the numbers are right",
    "shape": "the shapes are right",
    "dtype": "the numbers are of the right kind",
    "finite": "there is no NaN or infinity",
    "unchanged": "the inputs are left as they were",
}


def weights(words):
    """The weights in `value=8,shape=0`; those not named keep theirs. Raises ValueError.

    >>> weights("value=8,shape=0")["shape"], weights("")["value"]
    (0.0, 6.0)
    """
    found = dict(WEIGHTS)
    for word in filter(None, words.replace(" ", "").split(",")):
        name, _, number = word.partition("=")
        if name not in WEIGHTS:
            raise ValueError(f"weights: {name!r} is none of {', '.join(WEIGHTS)}")
        try:
            found[name] = float(number)
        except ValueError:
            raise ValueError(f"weights: {name}={number!r} is not a number") from None
        if not 0 <= found[name] < 1e6:
            raise ValueError(f"weights: {name}={number} is not between 0 and a million")
    if found["value"] == 0:
        raise ValueError("weights: value must weigh something")
    return found


def given(verdict, of, weights, form=False):
    """(points, {property: {"held", "points", "of"}}) for a verdict on a task that is worth `of`.

    form: whether a wrong answer's shape, dtype and so on count.

    >>> from bpkit.tasks import diagnose
    >>> def relu_backward(dY, X):
    ...     dY *= X > 0
    ...     return dY
    >>> points, properties = given(diagnose("relu_backward", relu_backward), 2, WEIGHTS)
    >>> points, properties["unchanged"]
    (1.8, {'held': False, 'points': 0.0, 'of': 0.2})
    """
    shares = {name: of * weight / sum(weights.values()) for name, weight in weights.items()}
    seen = {name: verdict.passed or verdict.properties.get(name) for name in weights}
    # wrong although each property holds: it gives another answer when it is called again
    counts = verdict.passed or form or (seen["value"] is True and not all(seen.values()))
    earned = {name: share if seen[name] and counts else 0.0 for name, share in shares.items()}
    properties = {
        name: {"held": seen[name], "points": round(earned[name], 4), "of": round(shares[name], 4)}
        for name in weights
    }
    return round(sum(earned.values()), 4), properties
