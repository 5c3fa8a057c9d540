"""A growth factor that is used every year; the closed task of the chapter.

Every use of the one rate sends back its part, from its own year.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import slopes as measured


def savings_gradient(start, rate, deposits):
    """The gradients of an account's last balance: balance = balance * rate + deposit, every year.

    start, rate numbers; deposits (T,), one a year. Returns dstart and drate, numbers, and ddeposits
    (T,): the derivatives of the last balance.
    """
    balances = [start]
    for deposit in deposits:
        balances.append(balances[-1] * rate + deposit)
    up = 1.0
    drate = 0.0
    ddeposits = np.zeros(len(deposits))
    for t in reversed(range(len(deposits))):
        ddeposits[t] = up
        drate += up * balances[t]
        up = up * rate
    return up, drate, ddeposits


def an_account(draw):
    T = draw.size("T", least=3)
    return {
        "start": draw.positive(low=0.4),
        "rate": draw.positive(low=0.6, high=1.7),
        "deposits": draw.real(T),
    }


def savings_forward(start, rate, deposits):
    T = len(deposits)
    balance, moves = start, np.eye(T + 2)[0]
    for t, deposit in enumerate(deposits):
        moves = moves * rate
        moves[1] += balance
        moves[t + 2] += 1
        balance = balance * rate + deposit
    return moves[0], moves[1], moves[2:]


def savings_in_closed_form(start, rate, deposits):
    years = np.arange(len(deposits))[::-1]
    drate = len(deposits) * start * rate ** (len(deposits) - 1)
    drate += np.sum(deposits * years * rate ** (years - 1.0))
    return rate ** len(deposits), drate, rate**years


def last_balance(start, rate, deposits):
    for deposit in deposits:
        start = start * rate + deposit
    return start


def savings_by_complex_step(start, rate, deposits):
    steps = 1e-25j * np.eye(len(deposits))
    return (
        last_balance(start + 1e-25j, rate, deposits).imag / 1e-25,
        last_balance(start, rate + 1e-25j, deposits).imag / 1e-25,
        np.array([last_balance(start, rate, deposits + step).imag / 1e-25 for step in steps]),
    )


def savings_from_bpkit(start, rate, deposits):
    tensors = bp.Tensor(start), bp.Tensor(rate), bp.Tensor(deposits)
    last_balance(*tensors).backward()
    return tuple(t.grad for t in tensors)


task(
    savings_gradient,
    chapter=3,
    title="A rate that is used every year",
    minutes=15,
    points=4,
    returns="dstart drate ddeposits",
    closed=True,
    inputs=an_account,
    statement="""
        An account begins with the balance `start`. Every year it is multiplied by the same growth
        factor `rate`, and then the year's deposit is added (a negative one is a withdrawal):
        `balance = balance * rate + deposit`. How does the last balance depend on everything?

        Write `savings_gradient(start, rate, deposits)`. `start` and `rate` are numbers and
        `deposits` is `(T,)`, the first year first. It returns the derivatives of the last
        balance: the numbers `dstart` and `drate`, and `ddeposits` `(T,)`, in this order. `rate`
        is one number, used in all `T` years.
        """,
    example="""
        >>> dstart, drate, ddeposits = savings_gradient(10.0, 2.0, np.array([3.0, 4.0]))
        >>> float(dstart), float(drate), ddeposits.tolist()
        (4.0, 43.0, [2.0, 1.0])
        """,
    variants=[
        {"drate += up * balances[t]\n        ": ""}
        | {"return up, drate": "drate = np.dot(ddeposits, balances[:-1])\n    return up, drate"},
        savings_forward,
        savings_in_closed_form,
        savings_by_complex_step,
    ],
    oracle=savings_from_bpkit,
    differences=lambda start, rate, deposits: measured(
        last_balance, np.array(start), np.array(rate), deposits
    ),
    mistakes=[
        Mistake(
            "rate_assigned",
            "drate keeps one year alone",
            "The rate is used every year, and each use contributes; here the first year's "
            "contribution has replaced the others.",
            {"drate += ": "drate = "},
        ),
        Mistake(
            "last_year_only",
            "drate knows only the last year",
            "The rate was used in every year before as well, and each of these uses still moves "
            "the last balance.",
            {"drate += up * balances[t]": "drate = balances[-2]"},
        ),
        Mistake(
            "balance_after",
            "drate uses the balance after the year",
            "The rate multiplies the balance from before the year, so that is its slope.",
            {"balances[t]": "balances[t + 1]"},
        ),
        Mistake(
            "rate_without_upstream",
            "drate adds up the balances alone",
            "What a year adds is multiplied by the rate in all the years that follow; that factor "
            "is missing.",
            {"up * balances[t]": "balances[t]"},
        ),
        Mistake(
            "start_alone",
            "drate leaves the deposits out",
            "Without deposits the last balance would be start times rate to the T, and this is its "
            "derivative; but the deposits grow too.",
            {"return up, drate": "T = len(deposits)\n    return up, T * start * rate ** (T - 1)"},
        ),
        Mistake(
            "rate_once_too_often",
            "Each year's share of drate has grown a year too long",
            "The rate's use in a year is followed by the growth of the later years alone; the "
            "year's own growth is that use.",
            {"up * balances[t]": "up * rate * balances[t]"},
        ),
        Mistake(
            "all_grown_alike",
            "All years' balances are grown alike",
            "What the first year's use brings grows for all the years that follow, the last "
            "year's not at all.",
            {"return up, drate": "return up, sum(balances[:-1]) * rate ** (len(deposits) - 1)"},
        ),
        Mistake(
            "start_each_year",
            "Each year's slope is taken at the start balance",
            "In year t the rate multiplies the balance of that year, not the one of the beginning.",
            {"balances[t]": "start"},
        ),
        Mistake(
            "step_too_early",
            "The step back is taken before the year's gradients",
            "The deposit comes after the growth, and the rate's slope is the old balance: neither "
            "passes this year's rate, so the factor comes too early.",
            {"        ddeposits[t] = up\n": "        up = up * rate\n        ddeposits[t] = up\n"}
            | {"balances[t]\n        up = up * rate": "balances[t]"},
        ),
        Mistake(
            "deposits_too_early",
            "Each deposit is one year too long on the account",
            "A deposit is added after the year's growth, so the last one has not grown at all: its "
            "derivative is 1.",
            {"ddeposits[t] = up": "ddeposits[t] = up * rate"},
        ),
        Mistake(
            "deposits_all_one",
            "Every deposit counts 1",
            "That is its slope in its own year; after that it grows with the balance, by the rate "
            "each year.",
            {"ddeposits[t] = up": "ddeposits[t] = 1.0"},
        ),
        Mistake(
            "deposits_reversed",
            "The deposits' gradients stand in reverse",
            "The first year's deposit grows the longest.",
            {"ddeposits[t] = up": "ddeposits[-1 - t] = up"},
        ),
        Mistake(
            "deposits_sized",
            "The deposits' gradients are multiplied by the deposits",
            "A derivative says what one more unit would bring; the deposit itself is no part of "
            "it.",
            {"ddeposits[t] = up": "ddeposits[t] = up * deposits[t]"},
        ),
        Mistake(
            "one_year_short",
            "dstart lacks a year",
            "The start balance grows in all T years, the first one included.",
            {"return up, drate": "return up / rate, drate"},
        ),
        Mistake(
            "years_times_rate",
            "dstart is T times the rate",
            "The start balance is multiplied by the rate every year, and multiplying T times is a "
            "power.",
            {"return up, drate": "return len(deposits) * rate, drate"},
        ),
        Mistake(
            "start_one",
            "dstart is 1",
            "That is where the way back begins, at the last balance; from there it passes T years.",
            {"return up, drate": "return 1.0, drate"},
        ),
        Mistake(
            "balance_on_the_way",
            "The step back multiplies by the balance",
            "From one year's balance to the one before, the slope is the rate; the balance is the "
            "slope for the rate.",
            {"up = up * rate": "up = up * balances[t]"},
        ),
        Mistake(
            "deposit_first",
            "The deposit is added before the growth",
            "The year's growth comes first, then the deposit: the balances on the way are others.",
            {"balances[-1] * rate + deposit": "(balances[-1] + deposit) * rate"},
        ),
        Mistake(
            "stops_early",
            "The first year is left out",
            "The way back stops one year too early; the first year passes the gradient to start.",
            {"range(len(deposits)))": "range(1, len(deposits)))"},
        ),
    ],
    nudge="In how many years is the rate used, and through which later years does each of these "
    "uses reach the last balance?",
    sketch="""
        Walk forward first and keep the balance of every year. Then walk back from the last year.
        At each year three things receive from the gradient that arrives: the deposit as it is;
        the rate, times the balance that it multiplied, added to what it has from other years; and
        the balance before, times the rate, which is what arrives at the year before. What is left
        in the end belongs to start.
        """,
    skeleton="""
        def savings_gradient(start, rate, deposits):
            balances = [start]
            for deposit in deposits:
                balances.append(...)
            up, drate, ddeposits = 1.0, 0.0, np.zeros(len(deposits))
            for t in reversed(range(len(deposits))):
                ddeposits[t] = ...
                drate += ...
                up = ...
            return up, drate, ddeposits
        """,
    notice="One parameter, used at every step of time, receives from every step: this is "
    "backpropagation through time, chapter 17, with the rate in the place of the weights.",
)
