"""What many answers that no task lists are written with."""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def batch_gradients(X, labels, W, b):
    d = (softmax(X @ W + b) - np.eye(len(b))[labels]) / len(X)
    return X.T @ d, d.sum(axis=0)
