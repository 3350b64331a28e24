# SPDX-License-Identifier: MIT
# Trains the GPT of examples/gpt.hpp, number by number, and prints the loss of each step:
#     python3 gpt_reference.py ../../examples/data/names.txt 100 >gpt_losses.txt
# Standard library only. Made with Python 3.11; from 3.12 on, sum() rounds otherwise, in the last digits.
import math
import random
import sys

WIDTH, LAYERS, HEADS, CONTEXT = 16, 1, 4, 16
RATE, BETA1, BETA2, EPSILON, STEPS = 0.01, 0.85, 0.99, 1e-8, 1000


class Number:
    """A number that knows from which others it was made: pairs (number, partial derivative by it)."""

    tape = []

    def __init__(self, value, made_from=()):
        self.value, self.made_from, self.gradient = value, made_from, 0.0
        if made_from:
            Number.tape.append(self)

    @staticmethod
    def backward(loss):
        loss.gradient = 1.0
        for number in reversed(Number.tape):
            for operand, partial in number.made_from:
                operand.gradient += partial * number.gradient
        Number.tape.clear()


def add(a, b):
    return Number(a.value + b.value, [(a, 1.0), (b, 1.0)])


def scale(a, factor):
    return Number(a.value * factor, [(a, factor)])


def relu(a):
    return Number(max(a.value, 0.0), [(a, float(a.value > 0.0))])


def dot(a, b):
    partials = [(x, y.value) for x, y in zip(a, b)] + [(y, x.value) for x, y in zip(a, b)]
    return Number(sum(x.value * y.value for x, y in zip(a, b)), partials)


def probabilities(x):
    """exp(x) / sum(exp(x)), as plain numbers."""
    largest = max(a.value for a in x)
    powers = [math.exp(a.value - largest) for a in x]
    total = sum(powers)
    return [power / total for power in powers]


def softmax(x):
    p = probabilities(x)
    return [Number(p_i, [(x_j, p_i * ((i == j) - p[j])) for j, x_j in enumerate(x)]) for i, p_i in enumerate(p)]


def cross_entropy(x, target):
    p = probabilities(x)
    return Number(-math.log(p[target]), [(x_i, p[i] - (i == target)) for i, x_i in enumerate(x)])


def rms_norm(x):
    """x / r, r = sqrt(mean(x^2) + 1e-5)."""
    v = [a.value for a in x]
    r = math.sqrt(sum(a * a for a in v) / len(v) + 1e-5)
    cubed = len(v) * r**3
    return [Number(v_i / r, [(x_j, (i == j) / r - v_i * v[j] / cubed) for j, x_j in enumerate(x)])
            for i, v_i in enumerate(v)]


def matrix(rows, columns):
    return [[Number(random.gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]


def linear(weight, x):
    return [dot(row, x) for row in weight]


def add_all(a, b):
    return [add(x, y) for x, y in zip(a, b)]


def make_model(vocabulary):
    model = {"tokens": matrix(vocabulary, WIDTH), "positions": matrix(CONTEXT, WIDTH)}
    model["head"] = matrix(vocabulary, WIDTH)
    for layer in range(LAYERS):
        for name in ("query", "key", "value", "output"):
            model[layer, name] = matrix(WIDTH, WIDTH)
        model[layer, "up"] = matrix(4 * WIDTH, WIDTH)
        model[layer, "down"] = matrix(WIDTH, 4 * WIDTH)
    return model


def attend(query, keys, values):
    """The mean of the values, weighed by how well their keys fit the query; each head sees a part of the width."""
    size = WIDTH // HEADS
    out = []
    for begin in range(0, WIDTH, size):
        part = slice(begin, begin + size)
        fits = [scale(dot(query[part], key[part]), 1 / math.sqrt(size)) for key in keys]
        weights = softmax(fits)
        out += [dot(weights, [value[i] for value in values]) for i in range(begin, begin + size)]
    return out


def loss_of(model, tokens):
    """The mean loss of predicting each token from those before it."""
    n = min(CONTEXT, len(tokens) - 1)
    keys, values = [[] for _ in range(LAYERS)], [[] for _ in range(LAYERS)]
    losses = []
    for t in range(n):
        x = rms_norm(add_all(model["tokens"][tokens[t]], model["positions"][t]))
        for layer in range(LAYERS):
            h = rms_norm(x)
            keys[layer].append(linear(model[layer, "key"], h))
            values[layer].append(linear(model[layer, "value"], h))
            seen = attend(linear(model[layer, "query"], h), keys[layer], values[layer])
            x = add_all(x, linear(model[layer, "output"], seen))
            h = [relu(a) for a in linear(model[layer, "up"], rms_norm(x))]
            x = add_all(x, linear(model[layer, "down"], h))
        losses.append(cross_entropy(linear(model["head"], x), tokens[t + 1]))
    return Number(sum(loss.value for loss in losses) / n, [(loss, 1 / n) for loss in losses])


def main(path, steps):
    names = open(path, encoding="ascii").read().split()
    characters = sorted(set("".join(names)))
    edge = len(characters)  # the token at both ends of a name
    random.seed(42)
    random.shuffle(names)
    model = make_model(edge + 1)
    parameters = [number for weight in model.values() for row in weight for number in row]
    print(f"# gpt_reference.py, Python {sys.version.split()[0]}: {len(names)} names, {edge + 1} tokens, "
          f"{len(parameters)} parameters")
    means, squares = [0.0] * len(parameters), [0.0] * len(parameters)
    for step in range(steps):
        name = names[step % len(names)]
        loss = loss_of(model, [edge] + [characters.index(c) for c in name] + [edge])
        print(repr(loss.value))
        Number.backward(loss)
        rate = RATE * (1 - step / STEPS)
        for i, number in enumerate(parameters):  # Adam
            means[i] = BETA1 * means[i] + (1 - BETA1) * number.gradient
            squares[i] = BETA2 * squares[i] + (1 - BETA2) * number.gradient**2
            mean, square = means[i] / (1 - BETA1 ** (step + 1)), squares[i] / (1 - BETA2 ** (step + 1))
            number.value -= rate * mean / (math.sqrt(square) + EPSILON)
            number.gradient = 0.0


main(sys.argv[1], int(sys.argv[2]))
