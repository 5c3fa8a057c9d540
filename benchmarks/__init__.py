"""bpkit beside its peers, in one run: `python -m benchmarks.steps` prints the table.

Everything here says the same networks in different libraries' words. `workloads` says what the
networks are; `bpkit_form`, `torch_form`, `functional` (JAX and autograd), `naive` and
`micrograd_form` each say how one library computes them.
"""
