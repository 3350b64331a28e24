// SPDX-License-Identifier: MIT
#include "gradus/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace gradus {
namespace {

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

std::string number(double x) { return std::isnan(x) ? "nan" : fmt::format("{:.7g}", x); }  // never "-nan"

/// Join one text for each element with commas.
template <class Range, class Text>
std::string join(const Range& range, Text text) {
    std::string joined;
    for (const auto& element : range) joined += (joined.empty() ? "" : ", ") + text(element);
    return joined;
}

}  // namespace

std::string trace_table(const Tape& tape, std::initializer_list<Label> labels) {
    if (tape.mode() != Tape::Mode::graph) {
        throw TapeError(
            "trace_table: this tape keeps no operations: it is a melting one. Record on a graph: Tape "
            "tape{Tape::Mode::graph}; Recording on(tape);");
    }
    for (const Label& label : labels) tape.require_live(label.value.tag());
    const auto name = [&](Slot slot) {
        const auto* label = std::find_if(labels.begin(), labels.end(),
                                         [&](const Label& l) { return l.value.slot() == slot; });
        return label != labels.end() ? std::string(label->name)
                                     : fmt::format("{}", static_cast<std::int64_t>(slot));
    };

    std::vector<Row> rows{{"slot", "operation", "operands", "value", "partials", "adjoint"}};
    for (const Tape::Entry& entry : tape.trace()) {
        if (entry.size > 1) {  // a tensor
            const auto last =
                static_cast<std::int64_t>(entry.slot) + static_cast<std::int64_t>(entry.size) - 1;
            rows.push_back({fmt::format("{}..{}", name(entry.slot), last), entry.operation,
                            join(entry.operands, name), fmt::format("{} numbers", entry.size), "", "-"});
            continue;
        }
        rows.push_back({name(entry.slot), entry.operation, join(entry.operands, name), number(entry.value),
                        join(entry.partials, number),
                        std::isnan(entry.adjoint) ? "-" : number(entry.adjoint)});
    }

    std::array<std::size_t, kColumns> widths{};
    for (const Row& row : rows) {
        for (std::size_t c = 0; c < kColumns; ++c) widths[c] = std::max(widths[c], row[c].size());
    }
    std::string table;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t c = 0; c < kColumns; ++c) {
            const bool to_the_right = c == 0 || c == 3 || c == 5;
            line += to_the_right ? fmt::format("{:>{}}  ", row[c], widths[c])
                                 : fmt::format("{:<{}}  ", row[c], widths[c]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        table += line + '\n';
    }
    return table;
}

}  // namespace gradus
