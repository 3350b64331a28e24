// SPDX-License-Identifier: MIT
#include "story.hpp"

#include <fmt/format.h>

#include "cost.hpp"

namespace gradus::detail {
namespace {

constexpr std::size_t kBatch = 64;  // examples of a batch that shows what sharing parameters gains

std::string passes(const Story& story) {
    std::string text = fmt::format("path of {} inputs\n", story.inputs);
    for (const Story::Pass& pass : story.passes)
        text += fmt::format("  {:<24} {:>9} entries\n", pass.name, pass.entries);
    return text;
}

std::string numbers(const Cost& cost, std::size_t bytes) {
    return fmt::format("{:>10.0f} {:>10.0f} {:>10.2f} {:>11.2f}\n", cost.operations, cost.bytes(bytes),
                       cost.intensity(bytes), cost.intensity(bytes, kBatch));
}

}  // namespace

std::string name_of(const Instruction& in) {
    if (in.op == kCopy && in.adds) return "+=";
    return (in.adds ? "+= " : "") + std::string(operation_name(in.op));
}

std::string shape_of(const Instruction& in) {
    if (in.op == kProduct) {
        const std::string by = in.times == 1 ? "" : fmt::format(" x ({},{})", in.arity, in.times);
        return fmt::format("({},{}){}", in.rows, in.arity, by);
    }
    return fmt::format("({}){}", in.count, in.arity == 1 ? "" : fmt::format(", each of {}", in.arity));
}

std::string describe(Told path) {
    const auto &once = path.plan.once, &every = path.plan.every;
    std::string text =
        passes(path.story) +
        fmt::format("  {} instructions once a batch, {} for the examples:\n", once.size(), every.size());
    for (const auto* part : {&once, &every}) {
        for (const Instruction& in : *part) text += fmt::format("    {:<9} {}\n", name_of(in), shape_of(in));
    }
    return text;
}

std::string explain(Told path) {
    const std::size_t bytes = path.story.bytes_of_number;
    std::string text = passes(path.story);
    Cost total;
    const auto tell = [&](const char* when, const std::vector<Instruction>& part) {
        if (part.empty()) return;
        text += fmt::format("  {:<38} {:>10} {:>10} {:>10} {:>11}\n",
                            fmt::format("{} instructions {}", part.size(), when), "flops", "bytes",
                            "flops/byte", fmt::format("batch of {}", kBatch));
        for (const Instruction& in : part) {
            const Cost cost = cost_of(in);
            total += cost;
            text += fmt::format("    {:<9} {:<26} {}", name_of(in), shape_of(in), numbers(cost, bytes));
        }
    };
    tell("once a batch", path.plan.once);
    tell("for each example", path.plan.every);
    return text + fmt::format("  {:<38} {}", "in all", numbers(total, bytes));
}

}  // namespace gradus::detail
