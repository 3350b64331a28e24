// SPDX-License-Identifier: MIT
#include "reads.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace gradus::detail {
namespace {

/// Return the greatest length into which all maximal pieces can be cut, where `goes_on(p, next)` tells
/// whether the next place belongs to the piece of p.
template <class GoesOn>
std::size_t common_length(std::span<const Place> places, GoesOn goes_on) {
    std::size_t common = 0, begin = 0;
    for (std::size_t k = 1; k <= places.size() && common != 1; ++k) {
        if (k < places.size() && goes_on(places[k - 1], places[k])) continue;
        common = std::gcd(common, k - begin);
        begin = k;
    }
    return common;
}

/// Return one place of each n.
std::vector<Place> every_nth(std::span<const Place> places, std::size_t n) {
    std::vector<Place> some(places.size() / n);
    for (std::size_t k = 0; k < some.size(); ++k) some[k] = places[k * n];
    return some;
}

bool follows(Place p, Place next) { return next == p + 1; }

}  // namespace

bool follow_each_other(std::span<const Place> places) {
    return std::adjacent_find(places.begin(), places.end(), std::not_fn(follows)) == places.end();
}

bool is_in_one_region(std::span<const Place> places) {
    return std::adjacent_find(places.begin(), places.end(),
                              [](Place p, Place q) { return region_of(p) != region_of(q); }) == places.end();
}

Reads reads(std::span<const Place> places, bool moves) {
    const std::size_t repeat = common_length(places, std::equal_to<>());
    if (repeat > 1) return {every_nth(places, repeat), 1, static_cast<std::uint32_t>(repeat), moves};
    const std::size_t block = common_length(places, follows);
    return {every_nth(places, block), static_cast<std::uint32_t>(block), 1, moves};
}

Place copy(std::span<const Place> places, bool moves, Region to, Plan& plan) {
    const bool is_once = to == Region::uniforms;
    std::size_t& end = is_once ? plan.uniforms : plan.lanes;
    Instruction copy;
    copy.op = kCopy;
    copy.count = static_cast<std::uint32_t>(places.size());
    copy.result = place_in(to, end);
    copy.a = reads(places, moves);
    end += copy.count;
    auto& instructions = is_once ? plan.once : plan.every;
    instructions.push_back(std::move(copy));
    return instructions.back().result;
}

}  // namespace gradus::detail
