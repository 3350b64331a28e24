# SPDX-License-Identifier: MIT
# Prints the reference numbers of tests/optim.cpp. Python 3.11 (standard library): python3 optim_reference.py
# Each function is the algorithm box of the optimizer of that name in PyTorch 2.1's documentation, line by line.
import math


def gradient(w):
    """Of (w0 - 1)^2 / 2 + 2 (w1 + 1/2)^2 + w0 w1."""
    return [w[0] - 1 + w[1], 4 * (w[1] + 0.5) + w[0]]


def sgd(w, g, state, t, lr=0.1, momentum=0.0, nesterov=False):
    for i in range(len(w)):
        g_t = g[i]
        if momentum != 0:
            b = g_t if t == 1 else momentum * state["b"][i] + g_t
            state["b"][i] = b
            g_t = g_t + momentum * b if nesterov else b
        w[i] -= lr * g_t


def adagrad(w, g, state, t, lr=0.5, eps=1e-10):
    for i in range(len(w)):
        state["sum"][i] += g[i] ** 2
        w[i] -= lr * g[i] / (math.sqrt(state["sum"][i]) + eps)


def rmsprop(w, g, state, t, lr=0.05, alpha=0.9, eps=1e-8):
    for i in range(len(w)):
        state["v"][i] = alpha * state["v"][i] + (1 - alpha) * g[i] ** 2
        w[i] -= lr * g[i] / (math.sqrt(state["v"][i]) + eps)


def adam(w, g, state, t, lr=0.1, beta1=0.8, beta2=0.95, eps=1e-8):
    for i in range(len(w)):
        state["m"][i] = beta1 * state["m"][i] + (1 - beta1) * g[i]
        state["v"][i] = beta2 * state["v"][i] + (1 - beta2) * g[i] ** 2
        m_hat = state["m"][i] / (1 - beta1**t)
        v_hat = state["v"][i] / (1 - beta2**t)
        w[i] -= lr * m_hat / (math.sqrt(v_hat) + eps)


def adamw(w, g, state, t, lr=0.1, weight_decay=0.1):
    for i in range(len(w)):
        w[i] -= lr * weight_decay * w[i]
    adam(w, g, state, t, lr)


def run(name, optimizer, **options):
    w = [2.0, -3.0]
    state = {key: [0.0, 0.0] for key in ("b", "sum", "v", "m")}
    for t in range(1, 11):
        optimizer(w, gradient(w), state, t, **options)
        if t in (1, 10):
            print(f"{name:10} step {t:2}: {w[0]!r}, {w[1]!r}")


run("sgd", sgd)
run("momentum", sgd, momentum=0.9)
run("nesterov", sgd, momentum=0.9, nesterov=True)
run("adagrad", adagrad)
run("rmsprop", rmsprop)
run("adam", adam)
run("adamw", adamw)
