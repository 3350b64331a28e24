# SPDX-License-Identifier: MIT
# Prints the golden numbers of tests/random.cpp. Python 3.11 (standard library): python3 random_reference.py
# Python's floats are IEEE doubles, every operation rounded by itself, so the bits must agree with lib/random.cpp.
import math
import statistics
import struct

MASK = (1 << 64) - 1


def splitmix64(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


def xoshiro256pp(s):
    s = list(s)
    while True:
        yield (rotl((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)


def seeded(seed):
    words = splitmix64(seed)
    return xoshiro256pp([next(words) for _ in range(4)])


def portable_log(x):
    m, e = math.frexp(x)
    if m < 0.7071:
        m, e = 2 * m, e - 1
    s = (m - 1) / (m + 1)
    series = 0.0
    for k in range(23, 0, -2):
        series = series * (s * s) + 1 / k
    return e * 0.6931471805599453 + 2 * s * series


AS241 = {
    "centre": (
        [3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
         4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3],
        [1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
         2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3]),
    "tail": (
        [1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
         1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4],
        [1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
         1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9]),
    "far": (
        [6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
         2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
        [1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
         7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15]),
}


def ratio(part, x):
    over = under = 0.0
    for a, b in zip(reversed(AS241[part][0]), reversed(AS241[part][1])):
        over, under = over * x + a, under * x + b
    return over, under


def normal_quantile(p):
    q = p - 0.5
    if abs(q) <= 0.425:
        over, under = ratio("centre", 0.180625 - q * q)
        return q * over / under
    r = math.sqrt(-portable_log(p if q < 0 else 1 - p))
    over, under = ratio("tail", r - 1.6) if r <= 5 else ratio("far", r - 5)
    return -(over / under) if q < 0 else over / under


def normal(draw):
    z = normal_quantile(((draw >> 12) * 2 + 1) * 2.0 ** -54)
    return -z if draw & 1 else z


def index(stream, n):
    draw = next(stream)
    while draw < (1 << 64) % n:
        draw = next(stream)
    return draw % n


def permutation(stream, n):
    items = list(range(n))
    for left in range(n, 1, -1):
        j = index(stream, left)
        items[left - 1], items[j] = items[j], items[left - 1]
    return items


def bits(x):
    return "0x%016x" % struct.unpack("<Q", struct.pack("<d", x))[0]


def first(n, stream):
    return [next(stream) for _ in range(n)]


# Published test vectors (splitmix64 seeded 1234567; xoshiro256++ from the state 1, 2, 3, 4).
assert first(3, splitmix64(1234567)) == [6457827717110365317, 3203168211198807973, 9817491932198370423]
assert first(4, xoshiro256pp([1, 2, 3, 4])) == [41943041, 58720359, 3588806011781223, 3591011842654386]

# The quantile against the standard library's, which calls libm's log.
exact = statistics.NormalDist().inv_cdf
worst = max(abs(normal_quantile(p) / exact(p) - 1)
            for p in [k / 1000 for k in range(1, 1000) if k != 500] + [2.0 ** -k for k in range(2, 1000)])
assert worst < 1e-15, worst

print("integers, seed 1:   ", ", ".join("0x%016x" % x for x in first(4, seeded(1))))
print("integers, seed 0:   ", ", ".join("0x%016x" % x for x in first(4, seeded(0))))
print("uniform, seed 1:    ", ", ".join(bits((x >> 11) * 2.0 ** -53) for x in first(4, seeded(1))))
normals = [normal(x) for x in first(100000, seeded(1))]
print("normal, seed 1:     ", ", ".join(bits(x) for x in normals[:8]))
digest = 0
for x in normals:
    digest = rotl(digest, 1) ^ int(bits(x), 16)
print("normal, 1e5 folded: ", "0x%016x" % digest)
stream = seeded(1)
print("index(10), seed 1:  ", [index(stream, 10) for _ in range(12)])
stream = seeded(1)
huge = (1 << 63) + 1
print("index(2^63+1):      ", [index(stream, huge) for _ in range(3)])
print("permutation(8):     ", permutation(seeded(1), 8))
for p in [0.5, 0.25, 0.075, 0.001, 0.975, 1e-10, 1e-12, 2.0 ** -54, 1e-300]:
    print("quantile(%r):" % p, repr(exact(p)), bits(normal_quantile(p)), repr(normal_quantile(p)))
print("worst relative difference of the quantiles: %.2g" % worst)
