// SPDX-License-Identifier: MIT
#include "gradus/tensor/elementwise.hpp"

#include "../kernels/elementwise.hpp"
#include "broadcast.hpp"
#include "by_number.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

template <class Op>
Tensor map(const Tensor& x) {
    const detail::Operation operation(Op::name, {x});
    if (operation.is_by_number()) {
        return detail::by_number(
            x.shape(), [a = detail::values_of(x)](std::size_t i) { return detail::apply<Op>(a[i]); });
    }
    const std::size_t n = x.size();
    double* const y = operation.numbers(n);
    kernels::map<Op>(x.data(), y, n);
    return operation.finish(x.shape(), y, [=](const detail::Pull& d) {
        kernels::map_gradient<Op, double>(x.data(), y, d.result(), d(x), n);
    });
}

template <class Op>
Tensor zip_by_number(const Tensor& a, const Tensor& b, const Shape& shape, const detail::Runs& runs) {
    const std::span<const Value> as = detail::values_of(a), bs = detail::values_of(b);
    std::vector<Value> y;
    runs.each([&](std::size_t i, std::size_t j, std::size_t) {
        for (std::size_t k = 0; k < runs.length(); ++k)
            y.push_back(detail::apply<Op>(as[i + k * runs.a_step()], bs[j + k * runs.b_step()]));
    });
    return tensor(y, shape);
}

template <class Op>
Tensor zip(const Tensor& a, const Tensor& b) {
    const detail::Operation operation(Op::name, {a, b});
    const Shape shape = broadcast(Op::name, a.shape(), b.shape());
    const detail::Runs runs(a.shape(), b.shape(), shape);
    if (operation.is_by_number()) return zip_by_number<Op>(a, b, shape, runs);
    double* const y = operation.numbers(shape.size());
    if (shape.size() > 0) {
        runs.each([&](std::size_t i, std::size_t j, std::size_t k) {
            kernels::zip<Op>(a.data() + i, runs.a_step(), b.data() + j, runs.b_step(), y + k, runs.length());
        });
    }
    return operation.finish(shape, y, [=](const detail::Pull& d) {
        double* const da = d(a);
        double* const db = d(b);
        runs.each([&](std::size_t i, std::size_t j, std::size_t k) {
            kernels::zip_gradient<Op, double>(a.data() + i, runs.a_step(), b.data() + j, runs.b_step(), y + k,
                                              d.result() + k, da ? da + i : da, db ? db + j : db,
                                              runs.length());
        });
    });
}

}  // namespace

Tensor operator+(const Tensor& a, const Tensor& b) { return zip<ops::Add>(a, b); }
Tensor operator-(const Tensor& a, const Tensor& b) { return zip<ops::Subtract>(a, b); }
Tensor operator*(const Tensor& a, const Tensor& b) { return zip<ops::Multiply>(a, b); }
Tensor operator/(const Tensor& a, const Tensor& b) { return zip<ops::Divide>(a, b); }
Tensor pow(const Tensor& a, const Tensor& b) { return zip<ops::Pow>(a, b); }
Tensor atan2(const Tensor& a, const Tensor& b) { return zip<ops::Atan2>(a, b); }
Tensor hypot(const Tensor& a, const Tensor& b) { return zip<ops::Hypot>(a, b); }
Tensor polygamma(const Tensor& order, const Tensor& x) { return zip<ops::Polygamma>(order, x); }
Tensor min(const Tensor& a, const Tensor& b) { return zip<ops::Min>(a, b); }
Tensor max(const Tensor& a, const Tensor& b) { return zip<ops::Max>(a, b); }
Tensor fmin(const Tensor& a, const Tensor& b) { return zip<ops::Fmin>(a, b); }
Tensor fmax(const Tensor& a, const Tensor& b) { return zip<ops::Fmax>(a, b); }
Tensor fmod(const Tensor& a, const Tensor& b) { return zip<ops::Fmod>(a, b); }
Tensor copysign(const Tensor& a, const Tensor& b) { return zip<ops::Copysign>(a, b); }
Tensor leaky_relu(const Tensor& a, const Tensor& slope) { return zip<ops::LeakyRelu>(a, slope); }
Tensor elu(const Tensor& a, const Tensor& depth) { return zip<ops::Elu>(a, depth); }

Tensor operator-(const Tensor& x) { return map<ops::Negate>(x); }
Tensor abs(const Tensor& x) { return map<ops::Abs>(x); }
Tensor floor(const Tensor& x) { return map<ops::Floor>(x); }
Tensor ceil(const Tensor& x) { return map<ops::Ceil>(x); }
Tensor trunc(const Tensor& x) { return map<ops::Trunc>(x); }
Tensor round(const Tensor& x) { return map<ops::Round>(x); }
Tensor sqrt(const Tensor& x) { return map<ops::Sqrt>(x); }
Tensor cbrt(const Tensor& x) { return map<ops::Cbrt>(x); }
Tensor exp(const Tensor& x) { return map<ops::Exp>(x); }
Tensor expm1(const Tensor& x) { return map<ops::Expm1>(x); }
Tensor exp2(const Tensor& x) { return map<ops::Exp2>(x); }
Tensor log(const Tensor& x) { return map<ops::Log>(x); }
Tensor log1p(const Tensor& x) { return map<ops::Log1p>(x); }
Tensor log2(const Tensor& x) { return map<ops::Log2>(x); }
Tensor log10(const Tensor& x) { return map<ops::Log10>(x); }
Tensor sin(const Tensor& x) { return map<ops::Sin>(x); }
Tensor cos(const Tensor& x) { return map<ops::Cos>(x); }
Tensor tan(const Tensor& x) { return map<ops::Tan>(x); }
Tensor asin(const Tensor& x) { return map<ops::Asin>(x); }
Tensor acos(const Tensor& x) { return map<ops::Acos>(x); }
Tensor atan(const Tensor& x) { return map<ops::Atan>(x); }
Tensor sinh(const Tensor& x) { return map<ops::Sinh>(x); }
Tensor cosh(const Tensor& x) { return map<ops::Cosh>(x); }
Tensor tanh(const Tensor& x) { return map<ops::Tanh>(x); }
Tensor asinh(const Tensor& x) { return map<ops::Asinh>(x); }
Tensor acosh(const Tensor& x) { return map<ops::Acosh>(x); }
Tensor atanh(const Tensor& x) { return map<ops::Atanh>(x); }
Tensor erf(const Tensor& x) { return map<ops::Erf>(x); }
Tensor erfc(const Tensor& x) { return map<ops::Erfc>(x); }
Tensor lgamma(const Tensor& x) { return map<ops::Lgamma>(x); }
Tensor digamma(const Tensor& x) { return polygamma(0.0, x); }
Tensor sigmoid(const Tensor& x) { return map<ops::Sigmoid>(x); }
Tensor softplus(const Tensor& x) { return map<ops::Softplus>(x); }
Tensor log_sigmoid(const Tensor& x) { return map<ops::LogSigmoid>(x); }
Tensor relu(const Tensor& x) { return map<ops::Relu>(x); }
Tensor gelu(const Tensor& x) { return map<ops::Gelu>(x); }
Tensor silu(const Tensor& x) { return map<ops::Silu>(x); }

}  // namespace gradus
