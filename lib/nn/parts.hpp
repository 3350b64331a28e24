// SPDX-License-Identifier: MIT
// What modules are made of: named parameters in a block, and their description.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradus/parameters.hpp"

namespace gradus::detail {

/// Return "hidden.weight" of "hidden" and "weight", or "weight" without a name.
std::string full_name(const std::string& name, const std::string& part);

/// Return the seed of the k-th part of a module: the k-th number that its own seed draws.
std::uint64_t seed_of_part(std::uint64_t seed, std::size_t k);

/// Parameters that become part of a block: all of them or, if an exception ends it, none.
class Addition {
   public:
    explicit Addition(const Parameters& block);
    ~Addition();
    Addition(const Addition&) = delete;
    Addition& operator=(const Addition&) = delete;

    [[nodiscard]] const Parameters& block() const { return block_; }

   private:
    Parameters block_;
    std::size_t parts_, size_;  // before
    int exceptions_;            // that were under way then
};

/// Append weights, at random as initialize() does.
Parameter add_weights(Parameters& block, const std::string& name, std::vector<std::size_t> shape,
                      std::size_t inputs, const std::string& init, std::uint64_t seed);

/// Append parameters that do not decay, of one number throughout, if they are wanted.
std::optional<Parameter> add_full(Parameters& block, bool wanted, const std::string& name, std::size_t size,
                                  double number);

/// Return "weight (2,3)  bias (2)  8 parameters". The last one may be absent.
std::string describe(const Parameter& weight, const std::optional<Parameter>& bias = std::nullopt);

/// One part of a larger module in its description.
struct Line {
    std::string name;
    std::string description;  // "what it is  its parameters", or several lines
};

/// Write a headline, and a line for each part with the parameters in a column of their own.
std::string describe(const std::string& headline, std::span<const Line> lines);

/// Return how many numbers the parts of a block have whose names begin with "name."; all, without a name.
std::size_t count_parameters(const Parameters& block, const std::string& name);

}  // namespace gradus::detail
