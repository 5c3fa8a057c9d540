"""A network's answers and the share that is right. The largest score of each row is its answer."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task


def accuracy(logits, labels):
    """The network's answers, and the share of them that is right.

    logits (N, K), labels (N,): integers from 0 to K - 1. Returns answers (N,), integers, and the
    share, a number.
    """
    answers = logits.argmax(axis=1)
    share = np.mean(answers == labels)
    return answers, share


def some_right(draw):
    """One label is next to the answer, and some are the class of the smallest score.

    Scores are negative, but in a few rows whose answers are right.
    """
    N, K = draw.sizes("N K", least=3, most=13)
    logits = draw.real(N, K) - 3
    rows = draw.rng.permutation(N)
    beside, least, right = rows[0], rows[1 : 1 + N // 4], rows[-draw.whole(1, N // 2) :]
    logits[right] += 5.5
    labels = logits.argmax(axis=1)
    labels[beside] = (labels[beside] + draw.choice([-1, 1])) % K
    labels[least] = logits[least].argmin(axis=1)
    return {"logits": logits, "labels": labels}


def all_right(draw):
    logits = draw.real(5, 3)
    return {"a batch with no wrong answer": {"logits": logits, "labels": logits.argmax(axis=1)}}


def accuracy_loops(logits, labels):
    answers, right = [], 0
    for z, label in zip(logits, labels, strict=True):
        best = 0
        for k, score in enumerate(z):
            if score > z[best]:
                best = k
        answers.append(best)
        right += best == label
    return np.array(answers), right / len(labels)


task(
    accuracy,
    chapter=10,
    title="Answers and accuracy",
    minutes=6,
    points=1,
    returns="answers share",
    inputs=some_right,
    extremes=all_right,
    statement="""
        The loss is what training lowers; people want to know how often the network is right. Its
        answer for an example is the class with the largest score; the accuracy is the share of
        the examples that it answers right. `logits` is `(N, K)`, `labels` `(N,)` holds the right
        classes.

        Write `accuracy(logits, labels)`, which returns the answers, `(N,)` integers from 0 to K -
        1, and the accuracy, a number from 0 to 1.
        """,
    example="""
        >>> answers, share = accuracy(np.array([[1.0, 3.0], [2.0, 0.0]]), np.array([1, 1]))
        >>> answers.tolist(), float(share)
        ([1, 0], 0.5)
        """,
    variants=[
        {"np.mean(answers == labels)": "np.count_nonzero(answers == labels) / labels.size"},
        {
            "logits.argmax(axis=1)": "np.argsort(logits)[:, -1]",
            "np.mean(answers == labels)": "1 - np.mean(answers != labels)",
        },
        {"np.mean(answers == labels)": "float((answers - labels == 0).mean())"},
        accuracy_loops,
    ],
    oracle=lambda logits, labels: (logits.argmax(axis=1), bp.accuracy(logits, labels)),
    mistakes=[
        Mistake(
            "counted",
            "The right answers are counted, not averaged",
            "Asked for is the share, so the count is divided by the N examples.",
            {"np.mean": "np.sum"},
        ),
        Mistake(
            "divided_by_K",
            "Divided by the number of classes",
            "The share is of the N examples; how many classes there are does not matter.",
            {"np.mean(answers == labels)": "np.sum(answers == labels) / logits.shape[1]"},
        ),
        Mistake(
            "percent",
            "The share is in percent",
            "Asked for is a number from 0 to 1.",
            {"np.mean": "100 * np.mean"},
        ),
        Mistake(
            "error_rate",
            "It is the share of wrong answers",
            "This is 1 minus the accuracy: what is counted are the answers that differ from the "
            "label.",
            {"answers == labels": "answers != labels"},
        ),
        Mistake(
            "smallest_score",
            "The smallest score is taken for the answer",
            "The answer is the class with the largest score.",
            {"argmax": "argmin"},
        ),
        Mistake(
            "over_examples",
            "The largest score is looked for among the examples",
            "An example's answer is the largest score of its own row: N answers, one for each row.",
            {"axis=1": "axis=0"},
        ),
        Mistake(
            "scores_for_classes",
            "The largest scores themselves are returned",
            "An answer is a class: the place of the largest score in its row, not its value.",
            {"return answers": "return logits.max(axis=1)"},
        ),
        Mistake(
            "counted_from_one",
            "The classes are counted from 1",
            "Labels are numbered from 0, and so are the columns.",
            {"argmax(axis=1)": "argmax(axis=1) + 1"},
        ),
        Mistake(
            "labels_returned",
            "The labels are returned as the answers",
            "The answers are what the network says, right or wrong.",
            {"return answers": "return labels"},
        ),
        Mistake(
            "positive_score",
            "An answer counts as right when the label's score is positive",
            "Scores are compared with each other: the right class's must be the largest, whatever "
            "its sign.",
            {"answers == labels": "logits[np.arange(len(labels)), labels] > 0"},
        ),
        Mistake(
            "mean_probability",
            "The share is the mean probability of the right class",
            "Accuracy counts an answer as right or wrong, however sure it is.",
            {
                "share = np.mean(answers == labels)": (
                    "e = np.exp(logits)\n"
                    "    share = np.mean(e[np.arange(len(labels)), labels] / e.sum(axis=1))"
                )
            },
        ),
        Mistake(
            "marked",
            "The examples are marked, not counted",
            "There is a True or False for each example; their mean is the share of True.",
            {"np.mean(answers == labels)": "answers == labels"},
        ),
    ],
    nudge="In which column does the answer of an example stand, and along which axis do you look "
    "for it?",
    sketch="""
        For each row, find the column that holds the largest score: a number of the same kind as
        the labels. Compare the two lists, entry by entry. The mean of True and False is the share
        of True.
        """,
    skeleton="""
        def accuracy(logits, labels):
            answers = ...           # (N,): the column of the largest score
            share = np.mean(...)
            return answers, share
        """,
    notice="Accuracy is flat almost everywhere: a small change of the weights changes no answer. "
    "So it has no useful gradient, and training lowers the loss instead.",
)
