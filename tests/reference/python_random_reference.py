# SPDX-License-Identifier: MIT
# Prints the golden numbers of tests/python_random.cpp: python3 python_random_reference.py
import random
import sys

print("Python", sys.version.split()[0])
for seed in (0, 1, 42, 2**32 - 1, 2**32, 2**64 - 1):
    r = random.Random(seed)
    print(f"random, seed {seed}:", ", ".join(r.random().hex() for _ in range(3)))

r = random.Random(42)
print("getrandbits:", [r.getrandbits(k) for k in (0, 1, 5, 31, 32, 33, 53, 64)])
r = random.Random(42)
print("randrange:", [r.randrange(n) for n in (1, 2, 3, 10, 1000, 2**32, 2**33 + 1, 2**63 + 1)])
r = random.Random(42)
print("uniform(-2, 3):", ", ".join(repr(r.uniform(-2, 3)) for _ in range(3)))

r = random.Random(42)
print("gauss(0, 0.08):", ", ".join(repr(r.gauss(0, 0.08)) for _ in range(4)))
r = random.Random(42)
mixed = [r.gauss(0, 1), r.random(), r.gauss(10, 2), r.random(), r.gauss(0, 1)]
print("gauss, random in turns:", ", ".join(map(repr, mixed)))
r = random.Random(42)
print("sum of |gauss|, 1e5 draws:", repr(sum(abs(r.gauss(0, 1)) for _ in range(100000))))
print("then:", repr(r.random()))

r = random.Random(42)
items = list(range(12))
r.shuffle(items)
print("shuffle:", items)
items = list(range(8000))
r.shuffle(items)
print("shuffle of 8000, sum of i * item:", sum(i * x for i, x in enumerate(items)))

r = random.Random(42)
weights = [0.5, 0.0, 2.0, 1.0, 0.25, 0.0]
print("choices:", [r.choices(range(6), weights)[0] for _ in range(20)])
counts = [0] * 6
for _ in range(10000):
    counts[r.choices(range(6), weights)[0]] += 1
print("choices, 1e4 more counted:", counts)
