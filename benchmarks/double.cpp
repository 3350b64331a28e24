// SPDX-License-Identifier: MIT
// Engine "double": the value alone, no gradient. Every other engine is compared with it.
// Its check comes from dual numbers, one forward pass along the weights, which shares nothing with any tape.
#include "engine.hpp"

namespace benchmarks {

namespace {

/// A number and its derivative along one direction.
struct Dual {
    double value = 0.0;
    double slope = 0.0;

    Dual() = default;
    Dual(double x, double dx = 0.0) : value(x), slope(dx) {}

    Dual& operator+=(const Dual& b) { return *this = {value + b.value, slope + b.slope}; }
};

Dual operator+(const Dual& a, const Dual& b) { return {a.value + b.value, a.slope + b.slope}; }
Dual operator-(const Dual& a, const Dual& b) { return {a.value - b.value, a.slope - b.slope}; }
Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.slope * b.value + a.value * b.slope};
}
Dual operator/(const Dual& a, const Dual& b) {
    const double y = a.value / b.value;
    return {y, (a.slope - y * b.slope) / b.value};
}
bool operator>(const Dual& a, const Dual& b) { return a.value > b.value; }

Dual sin(const Dual& a) { return {std::sin(a.value), std::cos(a.value) * a.slope}; }
Dual exp(const Dual& a) { return {std::exp(a.value), std::exp(a.value) * a.slope}; }
Dual log(const Dual& a) { return {std::log(a.value), a.slope / a.value}; }
Dual sqrt(const Dual& a) { return {std::sqrt(a.value), a.slope / (2.0 * std::sqrt(a.value))}; }
Dual tanh(const Dual& a) {
    const double y = std::tanh(a.value);
    return {y, (1.0 - y * y) * a.slope};
}

template <class W>
struct Double : EngineBase {
    static double gradient(std::span<const double> x, std::span<double>) {
        return workload<W>().template operator()<double>(x);
    }

    static double check(std::span<const double> x, std::span<const double> weights) {
        std::vector<Dual> p;
        for (std::size_t i = 0; i < x.size(); ++i) p.emplace_back(x[i], weights[i]);
        const Dual y = workload<W>().template operator()<Dual>(p);
        return y.value + y.slope;
    }
};

}  // namespace

void add_double(std::vector<Run>& runs) { add_runs<Double>(runs, "double"); }

}  // namespace benchmarks
