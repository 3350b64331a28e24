// SPDX-License-Identifier: MIT
// The story of a path: what each pass left of it, and the instructions that came of it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "plan.hpp"

namespace gradus::detail {

struct Story {
    struct Pass {
        const char* name;
        std::size_t entries;  // that it left; inputs and parameters do not count
    };
    std::vector<Pass> passes;
    std::size_t inputs = 0;
    std::size_t bytes_of_number = sizeof(double);
};

/// What is told of a path.
struct Told {
    const Story& story;
    const Plan& plan;
};

/// Return the passes and the instructions in lines, each instruction with its shape.
std::string describe(Told path);

/// Return the same, each instruction also with what it costs.
std::string explain(Told path);

/// Return the same of some paths as an SVG picture.
std::string draw(std::span<const Told> paths);

/// Return the name of an instruction: "product", "tanh"; "+= *" if it adds to results.
std::string name_of(const Instruction& instruction);

/// Return the shape of an instruction: "(10,64)", "(100), each of 3".
std::string shape_of(const Instruction& instruction);

}  // namespace gradus::detail
