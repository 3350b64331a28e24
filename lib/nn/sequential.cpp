// SPDX-License-Identifier: MIT
#include "gradus/nn/sequential.hpp"

#include <fmt/format.h>

#include "gradus/activations.hpp"
#include "gradus/error.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "parts.hpp"

namespace gradus {

Sequential& Sequential::add(std::string_view activation) {
    const Activation f = gradus::activation(activation);
    parts_.push_back({[f](const Tensor& x) { return activate(f, x); }, nullptr, std::string(activation)});
    return *this;
}

Tensor Sequential::operator()(const Tensor& x) const {
    Tensor y = x;
    for (const Part& part : parts_) y = part.apply(y);
    return y;
}

void Sequential::train(bool on) const {
    for (const Part& part : parts_) {
        if (part.train) part.train(on);
    }
}

std::string Sequential::describe() const {
    std::vector<detail::Line> lines;
    for (const Part& part : parts_) lines.push_back({std::to_string(lines.size()), part.description});
    return detail::describe(fmt::format("Sequential, {} modules, {} parameters", parts_.size(),
                                        detail::count_parameters(block_, name_)),
                            lines);
}

std::string Sequential::next_name() const { return detail::full_name(name_, std::to_string(parts_.size())); }

void Sequential::require_same_block(const Parameters& parameters) const {
    if (parameters.size() == 0 || parameters == block_) return;
    throw DomainError(fmt::format(
        "sequential: the parameters of module {} lie in another block: {} of them. Let it be made "
        "in place, as in add<Linear>(64, 10), or make it with parameters() of the Sequential.",
        parts_.size(), parameters.size()));
}

}  // namespace gradus
