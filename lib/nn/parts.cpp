// SPDX-License-Identifier: MIT
#include "parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "gradus/initialize.hpp"
#include "gradus/random.hpp"
#include "gradus/shape.hpp"

namespace gradus::detail {

namespace {

constexpr const char* kColumn = "  ";  // what stands between two columns of a description

/// Return the name after the last point, and the shape.
std::string describe_part(const ParameterInfo& info) {
    return fmt::format("{} {}", info.name.substr(info.name.rfind('.') + 1), to_string(Shape(info.shape)));
}

}  // namespace

std::string full_name(const std::string& name, const std::string& part) {
    return name.empty() ? part : name + "." + part;
}

std::uint64_t seed_of_part(std::uint64_t seed, std::size_t k) {
    Random seeds(seed);
    while (k-- > 0) seeds();
    return seeds();
}

Addition::Addition(const Parameters& block)
    : block_(block),
      parts_(block.infos().size()),
      size_(block.size()),
      exceptions_(std::uncaught_exceptions()) {}

Addition::~Addition() {
    if (std::uncaught_exceptions() == exceptions_) return;
    Block& block = *block_.block_;
    block.infos.erase(block.infos.begin() + static_cast<std::ptrdiff_t>(parts_), block.infos.end());
    block.gradients.resize(size_);
    block.values.resize(size_);
}

Parameter add_weights(Parameters& block, const std::string& name, std::vector<std::size_t> shape,
                      std::size_t inputs, const std::string& init, std::uint64_t seed) {
    std::vector<double> numbers(Shape(shape).size());
    Random random(seed);
    initialize(init, numbers, inputs, random);  // before the block is changed: it may throw
    const Parameter weights = block.add(name, std::move(shape));
    std::ranges::copy(numbers, weights.values().begin());
    return weights;
}

std::optional<Parameter> add_full(Parameters& block, bool wanted, const std::string& name, std::size_t size,
                                  double number) {
    if (!wanted) return std::nullopt;
    const Parameter added = block.add(name, {size}, false);
    std::ranges::fill(added.values(), number);
    return added;
}

std::string describe(const Parameter& weight, const std::optional<Parameter>& bias) {
    std::string text = describe_part(weight.info());
    if (bias) text += kColumn + describe_part(bias->info());
    return fmt::format("{}{}{} parameters", text, kColumn, weight.size() + (bias ? bias->size() : 0));
}

std::string describe(const std::string& headline, std::span<const Line> lines) {
    std::vector<std::pair<std::string, std::string>> columns;  // what it is; its parameters, and lines below
    std::size_t longest = 0;
    for (const Line& line : lines) {
        const std::string& text = line.description;
        const std::size_t end = text.find_first_of('\n'), middle = std::min(text.find(kColumn), end);
        columns.emplace_back(line.name + ": " + text.substr(0, middle),
                             middle == std::string::npos ? "" : text.substr(middle));
        if (middle < end) longest = std::max(longest, columns.back().first.size());
    }
    std::string text = headline;
    for (const auto& [what, rest] : columns) {
        text += "\n  " + what;
        if (rest.starts_with(kColumn)) text.append(longest - what.size(), ' ');
        for (const char c : rest) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
    }
    return text;
}

std::size_t count_parameters(const Parameters& block, const std::string& name) {
    std::size_t count = 0;
    for (const ParameterInfo& part : block.infos()) {
        if (name.empty() || part.name.starts_with(name + ".")) count += part.size;
    }
    return count;
}

}  // namespace gradus::detail
