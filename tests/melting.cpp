// SPDX-License-Identifier: MIT
// Random programs that treat values in every way that C++ knows, run on a melting tape, on a graph and with
// dual numbers: melting must never change a result.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "doctest.hpp"
#include "gradus/functions.hpp"
#include "gradus/reduce.hpp"

namespace {

using namespace gradus;

constexpr std::size_t kInputs = 5;

/// Sums of up to 600 terms are added in different orders, and each addition rounds.
constexpr double kRounding = 600 * std::numeric_limits<double>::epsilon();

/// A number with its derivatives, carried forward: no tape, nothing melts. `bound` adds up the absolute
/// values of what the derivatives add up: the scale of their rounding errors.
struct Dual {
    double number = 0.0;
    std::array<double, kInputs> slope{}, bound{};

    Dual() = default;
    Dual(double x) : number(x) {}

    void add(double partial, const Dual& of) {
        for (std::size_t i = 0; i < kInputs; ++i) {
            slope[i] += partial * of.slope[i];
            bound[i] += std::abs(partial) * of.bound[i];
        }
    }
};

template <class Op>
Dual apply(const Dual& a) {
    Dual y = Op::value(a.number);
    y.add(Op::da(a.number, y.number), a);
    return y;
}
template <class Op>
Dual apply(const Dual& a, const Dual& b) {
    Dual y = Op::value(a.number, b.number);
    y.add(Op::da(a.number, b.number, y.number), a);
    y.add(Op::db(a.number, b.number, y.number), b);
    return y;
}

// clang-format off
Dual operator+(const Dual& a, const Dual& b) { return apply<ops::Add>(a, b); }
Dual operator-(const Dual& a, const Dual& b) { return apply<ops::Subtract>(a, b); }
Dual operator*(const Dual& a, const Dual& b) { return apply<ops::Multiply>(a, b); }
Dual operator/(const Dual& a, const Dual& b) { return apply<ops::Divide>(a, b); }
Dual operator-(const Dual& a) { return apply<ops::Negate>(a); }
Dual& operator+=(Dual& a, const Dual& b) { return a = a + b; }
Dual& operator-=(Dual& a, const Dual& b) { return a = a - b; }
Dual& operator*=(Dual& a, const Dual& b) { return a = a * b; }
Dual& operator/=(Dual& a, const Dual& b) { return a = a / b; }
Dual sin(const Dual& a) { return apply<ops::Sin>(a); }
Dual tanh(const Dual& a) { return apply<ops::Tanh>(a); }
Dual sqrt(const Dual& a) { return apply<ops::Sqrt>(a); }
Dual exp(const Dual& a) { return apply<ops::Exp>(a); }
Dual relu(const Dual& a) { return apply<ops::Relu>(a); }
Dual max(const Dual& a, const Dual& b) { return apply<ops::Max>(a, b); }
Dual fma(const Dual& a, const Dual& b, const Dual& c) {
    Dual y = std::fma(a.number, b.number, c.number);
    y.add(b.number, a), y.add(a.number, b), y.add(1.0, c);
    return y;
}
Dual pow(const Dual& a, const Dual& b) { return apply<ops::Pow>(a, b); }
bool operator<(const Dual& a, const Dual& b) { return a.number < b.number; }
double value(const Dual& a) { return a.number; }
// clang-format on

Dual sum(const std::vector<Dual>& x) {
    std::vector<double> numbers;
    Dual y;
    for (const Dual& x_i : x) numbers.push_back(x_i.number), y.add(1.0, x_i);
    y.number = gradus::sum(numbers);
    return y;
}
Dual dot(const std::vector<Dual>& a, const std::vector<Dual>& b) {
    std::vector<double> a_numbers, b_numbers;
    Dual y;
    for (std::size_t i = 0; i < a.size(); ++i) {
        a_numbers.push_back(a[i].number), b_numbers.push_back(b[i].number);
        y.add(a[i].number, b[i]), y.add(b[i].number, a[i]);
    }
    y.number = gradus::dot(a_numbers, b_numbers);
    return y;
}

/// Ends in [-3, 3] and keeps a slope.
template <class T>
T tame(const T& x) {
    return 3.0 * tanh(0.3 * x);
}
template <class T>
T by_value(T x) {
    return sin(x) + 0.5 * x;
}
template <class T>
T hand_over(T&& x) {
    T kept = std::forward<T>(x);
    return kept;
}
template <class T>
T same_twice(const T& x, T y) {
    y += x * y;
    return y;
}
template <class T>
struct Pair {
    T first, second;
};

/// One random program. The choices depend on the seed and on values alone, so each engine runs the same one.
template <class T>
class Program {
   public:
    Program(unsigned seed, std::vector<T> inputs) : random_(seed), pool_(std::move(inputs)) {}

    T run(int statements) {
        for (int i = 0; i < statements; ++i) {
            statement();
            if (pool_.size() > 12) pool_.erase(pool_.begin() + static_cast<std::ptrdiff_t>(index()));
            for (T& x : pool_) {
                if (std::abs(value(x)) > 20.0) x = tame(x);
            }
        }
        T result = 0.0;
        for (const T& x : pool_) result += x * x;
        return result;
    }

   private:
    std::size_t below(std::size_t n) { return random_() % n; }
    std::size_t index() { return below(pool_.size()); }
    T& any() { return pool_[index()]; }
    double number() { return static_cast<double>(below(2000)) / 1000.0 - 1.0; }

    // clang-format off
    void statement() {
        T &x = any(), &y = any(), &z = any();  // may be the same
        const double c = number();
        switch (below(7)) {
            case 0: return expression(x, y, z, c);
            case 1: return compound_assignment(x, y, z, c);
            case 2: return move(x, y, z, c);
            case 3: return copy(x, y, z, c);
            case 4: return closure_or_container(x, y, z, c);
            case 5: return long_loop(x, y, z, c);
            default: return look_back(x, y, z);
        }
    }

    void expression(T& x, T& y, T& z, double c) {
        switch (below(11)) {
            case 10: return pool_.push_back((T(c) * x + y * z) * T(c) - sin(x * T(0.5)) * (y + T(c)) / T(2.0));
            case 0: return pool_.push_back(x * y + z);
            case 1: return pool_.push_back((x * y) + (z * x));
            case 2: return pool_.push_back((x + c) * (y - c) / (2.0 + z * z));
            case 3: return pool_.push_back(sin(x * y) - sqrt(1.0 + z * z) * c);
            case 4: return pool_.push_back(-(x - y) * -(c - z));
            case 5: return pool_.push_back(max(x * c, y + z) + relu(x - y));
            case 6: return pool_.push_back(pow(1.0 + x * x, c) * exp(-(y * y)) * 0.1);
            case 7: return pool_.push_back(x * x + x + x);
            case 8: return pool_.push_back((x + y) + (z + x) + (y + c) - (x - z));
            default: return pool_.push_back(tanh(x) / (1.5 + sin(y)) * (z - x * y));
        }
    }

    void compound_assignment(T& x, T& y, T& z, double c) {
        switch (below(10)) {
            case 0: x += y * z; return;
            case 1: x -= sin(y) * c; return;
            case 2: x *= tanh(y); return;
            case 3: x /= 2.0 + y * y; return;
            case 4: x += x * y; return;
            case 5: x += x; return;
            case 6: x -= x * x * 0.1; return;
            case 7: x += y, x += z * c, x -= y * z; return;
            case 8: x *= x; return;
            default: (x += y) -= z; return;
        }
    }

    void move(T& x, T& y, T& z, double c) {
        switch (below(16)) {
            case 14: { const T t = x * y; T u = std::move(t) * T(c); z = t + u * z; return; }
            case 0: x = std::move(x) + sin(x); return;
            case 1: { x = y * z; T s = sum(pool_); x = std::move(x) * c + std::move(s) * 0.1; return; }
            case 9: { x = y * z; T s = fma(x, y, z); x = std::move(s) - std::move(x); return; }
            case 10: { x = y * z; T s = dot(pool_, pool_); x = std::move(s) * 0.01 + std::move(x); return; }
            case 11: { x = y * z; T s = x; T t = sin(s); x = std::move(x) + std::move(t); return; }
            case 12: x = y * z; x = std::move(x) * std::move(x); return;
            case 13: x = y * z; x = c * x - std::move(x); return;
            case 2: { T t = std::move(x); x = t * c + std::move(t); return; }
            case 3: { T& same = x; x = std::move(same); x = x * std::move(same); return; }
            case 4: { T t = x * y; T u = std::move(t) + z; z = u * u + std::move(u); return; }
            case 5: x = std::exchange(y, y * c + z) * 0.5; return;
            case 6: x = hand_over(x * y) + hand_over(z + c); return;
            case 7: { using std::swap; swap(x, y); x += z * y; return; }
            case 8: { T t = y + c; x = hand_over(std::move(t)) * z; return; }
            default: { T&& t = x * y; T u = t * c; z = std::move(t) + u * c; return; }
        }
    }

    void copy(T& x, T& y, T& z, double c) {
        switch (below(8)) {
            case 0: { T t = x; x += y; pool_.push_back(t * x); return; }
            case 1: { T t = x * y; T u = t; t += z; u *= 0.5; pool_.push_back(t - u); return; }
            case 2: { T t = x + y; const T& same = t; T u = sin(t); t += u * c; x = t + same * u; return; }
            case 3: { T t = x * y; T u = t * z; T v = t; t *= c; x = u + v + t; return; }
            case 4: x = by_value(y) + by_value(y * z) + by_value(x); return;
            case 5: { T t = x * y; T u = 0.0; u = t; t += z; pool_.push_back(t - c * u); return; }
            case 6: { T t = x * y; std::vector<T> many(3, t); t += many[1]; x = many[2] * std::move(t); return; }
            default: x = same_twice(x, y) - same_twice(y, x + y); return;
        }
    }

    void closure_or_container(T& x, T& y, T& z, double c) {
        switch (below(9)) {
            case 0: { const auto f = [x, y](const T& t) { return x * t + y; }; z = f(z) + f(x * c); return; }
            case 1: { auto f = [t = x * y]() mutable { return std::move(t); }; z += f() * c; return; }
            case 2: { std::vector<T> few; for (T& p : pool_) few.push_back(p * c); x = few[below(few.size())]; return; }
            case 3: { std::optional<T> t = x + y; x = *std::move(t) * z; return; }
            case 4: { Pair<T> t{x * y, y + z}; Pair<T> u = t; x = std::move(t).first + u.second * t.second; return; }
            case 5: std::sort(pool_.begin(), pool_.end()); return;
            case 6: x = std::accumulate(pool_.begin(), pool_.end(), T(0.0)) * 0.1; return;
            case 7: x = 0.1 * sum(pool_) + y * c; return;
            default: { T t = dot(pool_, pool_) * 0.01; x = std::move(t) + z; return; }
        }
    }

    // More operands than fit into one entry; products that must not be rescaled again and again.
    void long_loop(T& x, T& y, T& z, double c) {
        switch (below(4)) {
            case 3: { T s = 0.0; const T w = c; for (std::size_t k = 0, n = below(300); k < n; ++k) s += x * w, s += w * y * 0.01; z = std::move(s) * w; return; }
            case 2: { T s = c; for (std::size_t k = 0, n = below(300); k < n; ++k) s += x * 0.01; T t = y; for (std::size_t k = 0, n = below(300); k < n; ++k) t += y * 0.01; z = std::move(s) + std::move(t); return; }
            case 0: { T s = c; for (std::size_t k = 0, n = below(600); k < n; ++k) s += x * (y + c) * 0.01; z = s; return; }
            default: { T p = 1.0; for (std::size_t k = 0, n = below(30); k < n; ++k) p *= tanh(x + y * c); z = p; return; }
        }
    }

    // clang-format on

    /// What happens on a tape between operations: nested scopes, backward passes, mistakes that were caught.
    void look_back(T& x, T& y, T& z) {
        T open = x * y;  // newest, and might melt
        if constexpr (std::is_same_v<T, Value>) {
            switch (below(4)) {
                case 0: {
                    Scope inner;
                    T t = open * x;
                    t += y;
                    if (!t.is_constant()) backward(t);
                    break;
                }
                case 1:
                    if (!open.is_constant()) backward(open);
                    break;
                case 2: {
                    T t = x + y;
                    T gone = std::move(t);
                    CHECK((gone.is_constant() || is_refused(t)));
                    break;
                }
                default: {
                    Tape other;
                    Recording on(other);
                    T a = variable(1.0);
                    a += a * a;
                    T copy = open;
                    open = copy;
                }
            }
        } else {
            below(4);
        }
        z = std::move(open) + z;
    }
    bool is_refused(const T& moved_from) {
        try {
            static_cast<void>(moved_from + 1.0);
        } catch (const TapeError&) {
            return true;
        }
        return false;
    }

    std::minstd_rand random_;
    std::vector<T> pool_;
};

struct Outcome {
    double value;
    std::array<double, kInputs> gradient;
};

Outcome on_tape(Tape::Mode mode, unsigned seed, std::span<const double> x, int statements) {
    Tape tape{mode};
    Recording on(tape);
    const std::vector<Value> inputs = variables(x);
    const Value y = Program<Value>(seed, inputs).run(statements);
    backward(y);
    Outcome outcome{y.value(), {}};
    for (std::size_t i = 0; i < kInputs; ++i) outcome.gradient[i] = inputs[i].gradient();
    return outcome;
}

TEST_CASE("melting: 6000 random programs have the values of a graph and the gradients of dual numbers") {
    std::minstd_rand random{1};
    double worst = 0.0;
    for (unsigned seed = 1; seed <= 6000; ++seed) {
        const int statements = 1 + static_cast<int>(seed % 60);
        std::array<double, kInputs> x;
        for (double& x_i : x) x_i = static_cast<double>(random() % 4000) / 1000.0 - 2.0;
        std::vector<Dual> inputs(x.begin(), x.end());
        for (std::size_t i = 0; i < kInputs; ++i) inputs[i].slope[i] = inputs[i].bound[i] = 1.0;

        const Outcome melting = on_tape(Tape::Mode::melting, seed, x, statements);
        const Outcome graph = on_tape(Tape::Mode::graph, seed, x, statements);
        const Dual dual = Program<Dual>(seed, inputs).run(statements);
        CAPTURE(seed);
        REQUIRE(std::isfinite(graph.value));
        REQUIRE(melting.value == graph.value);
        REQUIRE(dual.number == graph.value);
        for (std::size_t i = 0; i < kInputs; ++i) {
            CAPTURE(i);
            REQUIRE(std::isfinite(dual.bound[i]));
            worst =
                std::max(worst, std::abs(melting.gradient[i] - graph.gradient[i]) / (1e-300 + dual.bound[i]));
            REQUIRE(std::abs(melting.gradient[i] - graph.gradient[i]) <= kRounding * dual.bound[i]);
            REQUIRE(std::abs(dual.slope[i] - graph.gradient[i]) <= kRounding * dual.bound[i]);
        }
    }
    MESSAGE("largest difference: ", worst);
}

TEST_CASE("melting: products with a constant melt into a sum, and the constant takes no room") {
    Tape tape;
    const Recording on(tape);
    const Value x = variable(2.0), constant = 3.0;
    Value s = 0.0;
    for (int k = 0; k < 20; ++k) s += x * constant;
    for (int k = 0; k < 20; ++k) s += constant * x;
    CHECK(tape.entry_count() == 2);
    CHECK(tape.operand_count() == 1 + 40);
    backward(s);
    CHECK(s.value() == 240.0);
    CHECK(x.gradient() == 120.0);
}

TEST_CASE("melting: a long sum is one entry") {
    Tape tape;
    const Recording on(tape);
    const Value x = variable(2.0);
    Value s = 0.0;
    for (int k = 0; k < 10'000; ++k) s += x * 3.0;
    CHECK(tape.entry_count() == 2);
    CHECK(tape.trace().back().operands.size() == 10'000);
    const Value y = 2.0 * s + x;
    backward(y);
    CHECK(x.gradient() == 60'001.0);
}

}  // namespace
