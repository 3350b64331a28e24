// SPDX-License-Identifier: MIT
#include "gradus/value.hpp"

#include <ostream>

namespace gradus {

std::vector<Value> variables(std::span<const double> x) {
    std::vector<Value> made;
    made.reserve(x.size());
    Tape& tape = Tape::current();
    for (const double number : x) made.push_back(tape.variable(number));
    return made;
}

std::ostream& operator<<(std::ostream& out, const Value& x) { return out << x.value(); }

}  // namespace gradus
