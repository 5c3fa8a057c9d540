"""The same on a Dask cluster: batches of notebooks, a warm grader beside each of its workers.

The grader is a process of its own, started anew by exec: a worker's threads and memory are no place
for it, and a task that Dask runs must not start it each time. Records come back as JSON.
"""

import json
import threading

from bpkit.grading.warm import Warm

BATCH = 20  # notebooks in one task
PATIENCE = "10s"  # until a scheduler answers
AHEAD = 3  # tasks for each thread of the cluster, so that none waits
_own = threading.local()  # each thread of a worker has its own grader


def grade_batch(job, items):
    """What a worker does: the records of some Items, as JSON."""
    if getattr(_own, "job", None) != job:
        if getattr(_own, "warm", None) is not None:
            _own.warm.close()
        _own.warm, _own.job = Warm(job, anew=True), job
    return [json.dumps(_own.warm.ask(item) | {"grader": _own.warm.tier}) for item in items]


def graded(items, job, address, summary):
    """Yield (item, record) as they come from the cluster at an address. Raises OSError.

    A batch whose worker was lost goes to another one.
    """
    from distributed import Client, as_completed

    with Client(address, timeout=PATIENCE) as client:
        threads = sum(client.nthreads().values())
        running, held = as_completed(), {}
        while True:
            while len(held) < AHEAD * max(threads, 1):
                batch = []
                for item, record in items:
                    if record is not None:
                        yield item, record
                    else:
                        batch.append(item)
                    if len(batch) == BATCH:
                        break
                if not batch:
                    break
                future = client.submit(grade_batch, job, batch, pure=False, retries=3)
                held[future.key] = batch
                running.add(future)
            if not held:
                return
            future = next(running)
            batch = held.pop(future.key)
            for item, text in zip(batch, future.result(), strict=True):
                record = json.loads(text)
                summary.tier = record.pop("grader")
                yield item, record
