// SPDX-License-Identifier: MIT
#include "gradus/value.hpp"

#include <istream>
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

std::istream& operator>>(std::istream& in, Value& x) {
    double number = x.value();  // which remains, if there is nothing to read
    in >> number;
    x = number;
    return in;
}

}  // namespace gradus
