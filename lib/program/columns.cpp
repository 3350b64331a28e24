// SPDX-License-Identifier: MIT
#include "columns.hpp"

#include <algorithm>
#include <bit>

#include "reads.hpp"

namespace gradus::detail {

/// Whether terms lie side by side: then a dot product or sum is better computed along them.
bool Columns::has_rows(Node n) const {
    const auto x = graph_.operands(n);
    const std::size_t terms = graph_.op(n) == kDot ? x.size() / 2 : x.size();
    for (std::size_t first = 0; first < x.size(); first += terms) {
        std::size_t k = 1;
        while (k < terms && place(n, first + k) == place(n, first) + k) ++k;
        if (k == terms) return true;
    }
    return false;
}

bool Columns::may_have_columns(std::span<const Node> operations) const {
    if (operations.size() < kLeast) return false;
    const Node first = operations.front();
    const OpCode op = graph_.op(first);
    const std::size_t operands = graph_.operands(first).size();
    if (is_elementary(op)) return operands <= 2;
    const std::size_t terms = op == kDot ? operands / 2 : operands;
    if ((op != kSum && op != kDot) || terms < 2 || terms > kMostTerms) return false;
    return std::none_of(operations.begin(), operations.end(), [&](Node n) { return has_rows(n); });
}

/// Whether operands lie in long pieces already, if in several: one instruction finds them without loss.
bool Columns::have_pieces(std::span<const Node> operations) const {
    if (!is_elementary(graph_.op(operations.front()))) return false;
    const std::size_t columns = graph_.operands(operations.front()).size();
    std::vector<Place> all(operations.size());
    for (std::size_t c = 0; c < columns; ++c) {
        std::transform(operations.begin(), operations.end(), all.begin(),
                       [&](Node n) { return place(n, c); });
        const Reads found = reads(all, false);
        if (std::max(found.block, found.repeat) < kLeast) return false;
    }
    return true;
}

/// Return how many operations from the first one on have columns.
std::size_t Columns::length(std::span<const Node> operations) const {
    const Node first = operations.front();
    const std::size_t columns = graph_.operands(first).size();
    const auto step = [&](std::size_t k, std::size_t c) {
        return place(operations[k], c) - place(operations[k - 1], c);
    };
    for (std::size_t k = 1; k < operations.size(); ++k) {
        for (std::size_t c = 0; c < columns; ++c) {
            if (step(k, c) > 1 || step(k, c) != step(1, c)) return k;
        }
    }
    return operations.size();
}

/// Number the formulas that lead to each node by their form, up to a depth: the same operations on the same
/// constants, of any parameters and inputs.
void Columns::find_forms() {
    const auto mix = [](std::uint64_t form, std::uint64_t with) {
        return (std::rotl(form, 5) ^ with) * 0x9e3779b97f4a7c15;
    };
    LongVector<std::uint32_t> deeper(graph_.size());
    forms_.assign(graph_.size(), 0);
    for (int depth = 0; depth < kDepth; ++depth) {
        for (Node n = 0; n < graph_.size(); ++n) {
            std::uint64_t form = mix(0, static_cast<std::uint64_t>(graph_.op(n)) + 1);
            if (graph_.op(n) == kConstant) form = mix(form, std::bit_cast<std::uint64_t>(graph_.number(n)));
            for (const Node x : graph_.operands(n)) form = mix(form, forms_[x]);
            deeper[n] = static_cast<std::uint32_t>(form >> 32);
        }
        forms_.swap(deeper);
    }
}

/// Return how often an operand does not follow the one of the operation before.
std::size_t Columns::count_breaks(std::span<const Node> operations, std::size_t column) const {
    std::size_t count = 0;
    for (std::size_t k = 1; k < operations.size(); ++k)
        count += place(operations[k], column) - place(operations[k - 1], column) > 1 ? 1 : 0;
    return count;
}

/// Turn the order of operations of one form round, if one of their operands lies in order then: a parameter
/// or input, or else the one that was computed last.
void Columns::turn_round(std::span<Node> operations) const {
    const auto x = graph_.operands(operations.front());
    const auto is_leaf = [&](Node m) { return graph_.op(m) == kParameter || graph_.op(m) == kInput; };
    auto chosen = std::find_if(x.begin(), x.end(), is_leaf);
    if (chosen == x.end()) {
        chosen =
            std::max_element(x.begin(), x.end(), [&](Node m, Node n) { return places_[m] < places_[n]; });
    }
    const auto column = static_cast<std::size_t>(chosen - x.begin());
    const std::size_t breaks = count_breaks(operations, column);
    if (breaks == 0) return;
    std::reverse(operations.begin(), operations.end());
    if (count_breaks(operations, column) >= breaks) std::reverse(operations.begin(), operations.end());
}

/// Put operations of one form side by side, if fewer operands lie apart then.
void Columns::sort_by_form(std::span<Node> operations) {
    if (forms_.empty()) find_forms();
    std::vector<Node> sorted(operations.begin(), operations.end());
    std::sort(sorted.begin(), sorted.end(), [&](Node m, Node n) {  // else as they were recorded
        return forms_[m] != forms_[n] ? forms_[m] < forms_[n] : m < n;
    });
    for (std::span<Node> left = sorted; !left.empty();) {
        const auto differs = [&](Node n) { return forms_[n] != forms_[left.front()]; };
        const auto end = std::find_if(left.begin(), left.end(), differs);
        const auto count = static_cast<std::size_t>(end - left.begin());
        turn_round(left.first(count));
        left = left.subspan(count);
    }
    std::copy(sorted.begin(), sorted.end(), operations.begin());
}

/// Return the stretches into which operations fall, short ones together.
std::vector<Columns::Stretch> Columns::stretches(std::span<const Node> operations) const {
    std::vector<Stretch> found;
    while (!operations.empty()) {
        const std::size_t count = length(operations);
        const bool has_columns = count >= kLeast;
        if (!has_columns && !found.empty() && !found.back().has_columns)
            found.back().count += count;
        else
            found.push_back({count, has_columns});
        operations = operations.subspan(count);
    }
    return found;
}

std::vector<Columns::Stretch> Columns::cut(std::span<Node> operations) {
    if (!may_have_columns(operations) || have_pieces(operations)) return {{operations.size(), false}};
    const std::vector<Stretch> recorded = stretches(operations);
    std::size_t in_columns = 0;
    for (const Stretch& s : recorded) in_columns += s.has_columns ? s.count : 0;
    if (2 * in_columns >= operations.size()) return recorded;
    sort_by_form(operations);
    return stretches(operations);
}

}  // namespace gradus::detail
