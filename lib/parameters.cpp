// SPDX-License-Identifier: MIT
#include "gradus/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gradus {

namespace {

ParameterView view_of(const std::shared_ptr<detail::Block>& block, Tape::Use use) {
    const Slot first = Tape::current().bind(block, use);
    return {block->values.data(), block->values.size(), detail::make_tag(first, detail::recorder->stamp)};
}

/// Make room for so many numbers. Those that are there stay where they were, too, if a tape may read them.
void reserve(detail::Block& block, std::size_t size) {
    if (size <= block.values.capacity()) return;
    std::vector<double> values;
    values.reserve(std::max(size, 2 * block.values.size()));
    values.assign(block.values.begin(), block.values.end());
    block.gradients.reserve(values.capacity());
    if (block.is_bound) block.outgrown.push_back(std::move(block.values));
    block.values = std::move(values);
}

}  // namespace

void ParameterView::require(std::size_t i) const {
    if (i >= size_) refuse(i, 1, size_);
    Tape::current().require_live(first_);
}

void ParameterView::refuse(std::size_t first, std::size_t count, std::size_t size) {
    throw ShapeError(fmt::format(
        "parameters: a view does not reach so far: it has {} numbers, but {} from {} on were asked "
        "for. Count from 0, and check the sizes.",
        size, count, first));
}

ParameterView Parameter::view(Tape::Use use) const {
    return view_of(block_, use).part(info().offset, size());
}

ParameterView Parameters::view() const { return view_of(block_, Tape::Use::scalar); }

Parameter Parameters::add(std::string name, std::vector<std::size_t> shape, bool decays) {
    auto& infos = block_->infos;
    const auto same_name = [&](const ParameterInfo& info) { return info.name == name; };
    if (std::any_of(infos.begin(), infos.end(), same_name)) {
        throw DomainError(
            fmt::format("parameters: the name is taken: \"{}\". Give each part its own name.", name));
    }
    const std::size_t offset = block_->values.size();
    std::size_t size = 1;
    for (const std::size_t n : shape) {
        if (n == 0) {
            throw ShapeError(fmt::format(
                "parameters: a part of no numbers: \"{}\" has the shape ({}). Give sizes of 1 or more.", name,
                fmt::join(shape, ",")));
        }
        if (n > (kMostSlots - offset) / size) {
            throw ShapeError(fmt::format(
                "parameters: too many numbers: \"{}\" has the shape ({}), and there are {} already, of at "
                "most {}. Check the sizes.",
                name, fmt::join(shape, ","), offset, kMostSlots));
        }
        size *= n;
    }
    reserve(*block_, offset + size);  // if memory does not suffice, the block remains as it was
    infos.push_back({std::move(name), std::move(shape), offset, size, decays});
    block_->gradients.resize(offset + size);
    block_->values.resize(offset + size);
    return {block_, infos.size() - 1};
}

Parameter Parameters::operator[](std::string_view name) const {
    std::string names;
    for (std::size_t i = 0; i < infos().size(); ++i) {
        if (infos()[i].name == name) return {block_, i};
        names += (i == 0 ? "" : ", ") + infos()[i].name;
    }
    throw DomainError(
        fmt::format("parameters: no part has this name: \"{}\". {}.", name,
                    names.empty() ? "There are none: add() them first" : "The names are: " + names));
}

void Parameters::zero_gradients() const { std::fill(gradients().begin(), gradients().end(), 0.0); }

}  // namespace gradus
