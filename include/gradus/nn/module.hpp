// SPDX-License-Identifier: MIT
// What all modules have in common.
#pragma once

#include <concepts>
#include <ostream>
#include <string>

#include "gradus/parameters.hpp"

namespace gradus {

/// What has parameters in one block and can tell its layers, shapes and their number. Derive from nothing:
/// a model of your own is a class that holds its Parameters.
///
/// The modules here are handles: a copy shares its parameters. Each can be made with a block of its own, or
/// in that of a larger model, where its options' name comes first: "hidden" makes "hidden.weight" of
/// "weight". An error while one is made leaves that block as it was.
template <class M>
concept Module = requires(const M& model) {
    { model.parameters() } -> std::convertible_to<const Parameters&>;
    { model.describe() } -> std::convertible_to<std::string>;
};

/// Write the description of a model.
template <Module M>
std::ostream& operator<<(std::ostream& out, const M& model) {
    return out << model.describe();
}

}  // namespace gradus
