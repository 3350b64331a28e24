// SPDX-License-Identifier: MIT
// Engine "double": the value alone, no gradient. Every other engine is compared with it.
// Its check comes from dual numbers, one forward pass along the weights, which shares nothing with any tape.
#include "engine.hpp"
#include "training_scalars.hpp"

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

std::vector<Dual> dual(std::span<const double> x, std::span<const double> direction) {
    std::vector<Dual> p;
    for (std::size_t i = 0; i < x.size(); ++i) p.emplace_back(x[i], direction[i]);
    return p;
}

template <class W>
struct Double : EngineBase {
    static double gradient(std::span<const double> x, std::span<double>) {
        return workload<W>().template operator()<double>(x);
    }

    static double slope_at(std::span<const double> x, std::span<const double> direction) {
        return workload<W>().template operator()<Dual>(dual(x, direction)).slope;
    }
};

template <class W>
class DoubleTraining : public Task {
   public:
    explicit DoubleTraining(std::vector<double> p) : p_(std::move(p)) {}

    double gradient(std::size_t step) override { return loss<double>(workload<W>(), p_, step_ = step); }

    double slope(std::span<const double> direction) override {
        return loss<Dual>(workload<W>(), dual(p_, direction), step_).slope;
    }

   private:
    std::vector<double> p_;
    std::size_t step_ = 0;
};

}  // namespace

void add_double(std::vector<Run>& runs) {
    add_runs<Double>(runs, "double");
    add_runs<Double, LargeWorkloads>(runs, "double");
    add_training<DoubleTraining>(runs, {"double"});
    add_training<DoubleTraining, std::tuple<GptBatch, GptSortedBatch, Mnist1024>>(runs, {"double"});
}

}  // namespace benchmarks
