// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <algorithm>
#include <utility>

#include "../kernels/rows.hpp"

namespace gradus::detail {
namespace {

constexpr std::size_t kLine = 16;  // numbers in a cache line, at least

std::size_t round_up(std::size_t n) { return (n + kLine - 1) / kLine * kLine; }

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_step(const Instruction& i) {
    switch (i.op) {
        case kSum:
        case kNorm:
        case kMax:
        case kLogSumExp:
            return make_reduction<T>(i);
        case kDot:
        case kProduct:
            return make_product<T>(i);
        case kPick:
            return make_pick<T>(i);
        default:
            return make_elementwise<T>(i);
    }
}

template std::unique_ptr<Step<double>> make_step(const Instruction&);
template std::unique_ptr<Step<float>> make_step(const Instruction&);

template <class T>
Machine<T>::Machine(const Plan& plan, std::size_t width)
    : plan_(plan), once_(plan.once), single_(plan.every) {
    once_.recycle(plan);
    std::size_t buffer = std::max(once_.buffer(), single_.buffer());
    for (const Instruction& i : width > 1 ? std::span(plan.every) : std::span<const Instruction>()) {
        every_.push_back(make_step<T>(i));
        buffer = std::max(buffer, every_.back()->buffer());
    }
    buffer = round_up(buffer * width);
    const std::size_t uniforms = round_up(plan.uniforms), lanes = round_up(plan.lanes * width);
    const std::size_t room = once_.room();
    all_.resize(2 * (uniforms + lanes) + room + memory_.buffers.size() * buffer + kLine);
    T* next = all_.data();
    const auto take = [&](std::size_t n) { return std::exchange(next, next + n); };
    numbers(Region::uniforms) = take(uniforms), numbers(Region::lanes) = take(lanes);
    adjoints(Region::uniforms) = take(uniforms + room), adjoints(Region::lanes) = take(lanes);
    for (T*& b : memory_.buffers) b = take(buffer);
    std::copy(plan.constants.begin(), plan.constants.end(), numbers(Region::uniforms));
}

template <class T>
void Machine<T>::begin(const T* parameters) {
    numbers(Region::parameters) = const_cast<T*>(parameters);  // read only
    memory_.width = 1;
    once_.forward(memory_);
    has_adjoints_ = false;
}

template <class T>
void Machine<T>::forward(const double* inputs, std::size_t examples) {
    T* const lanes = numbers(Region::lanes);
    for (std::size_t e = 0; e < examples; ++e) {
        for (std::size_t i = 0; i < plan_.inputs; ++i)
            lanes[i * examples + e] = static_cast<T>(inputs[e * plan_.inputs + i]);
    }
    memory_.width = examples;
    if (examples == 1) return single_.forward(memory_);
    for (const auto& step : every_) step->forward(memory_);
}

template <class T>
bool Machine<T>::holds(std::size_t example) const {
    return std::all_of(plan_.guards.begin(), plan_.guards.end(), [&](const Plan::Guard& g) {
        const T* const outcome = memory_.number(g.comparison);
        return (outcome[is_uniform(g.comparison) ? 0 : example] != T{0}) == g.outcome;
    });
}

template <class T>
void Machine<T>::backward(std::span<const double> seeds, T* gradients) {
    const std::size_t width = memory_.width;
    adjoints(Region::parameters) = gradients;
    std::fill_n(adjoints(Region::lanes), plan_.lanes * width, T{0});
    if (!has_adjoints_) once_.clear(adjoints(Region::uniforms), plan_.uniforms);
    has_adjoints_ = true;
    for (std::size_t k = 0; k < plan_.outputs.size(); ++k) {
        const Place p = plan_.outputs[k];
        const T seed = static_cast<T>(seeds[k]);
        T* const adjoint = memory_.adjoint(p);
        if (is_uniform(p)) {
            *adjoint += seed * static_cast<T>(width);
        } else {
            kernels::add_number(seed, adjoint, width);
        }
    }
    if (width == 1) return single_.backward(memory_);
    for (auto step = every_.rbegin(); step != every_.rend(); ++step) (*step)->backward(memory_);
}

template <class T>
void Machine<T>::end(T* gradients) {
    adjoints(Region::parameters) = gradients;
    memory_.width = 1;
    if (has_adjoints_) once_.backward(memory_);
    has_adjoints_ = false;
}

template class Machine<double>;
template class Machine<float>;

}  // namespace gradus::detail
