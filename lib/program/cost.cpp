// SPDX-License-Identifier: MIT
#include "cost.hpp"

namespace gradus::detail {
namespace {

/// Return the operations for one result of so many operands.
double operations_of(OpCode op, double arity) {
    if (op == kProduct || op == kDot || op == kNorm) return 2.0 * arity;
    if (op == kSum || op == kMax) return arity - 1.0;
    if (op == kLogSumExp) return 4.0 * arity;  // the largest, the difference, its exponential, the sum
    if (op == kPick || op == kCopy) return 0.0;
    return 1.0;
}

void move(Place first, std::size_t numbers, Cost& cost) {
    (is_uniform(first) ? cost.numbers_shared : cost.numbers_each) += static_cast<double>(numbers);
}

/// Count the numbers that an operand names, each once as far as its description tells.
void move(const Reads& reads, Cost& cost) {
    for (const Place first : reads.firsts) move(first, reads.block, cost);
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
    operations += other.operations;
    numbers_each += other.numbers_each;
    numbers_shared += other.numbers_shared;
    return *this;
}

double Cost::bytes(std::size_t bytes_of_number, std::size_t examples) const {
    return static_cast<double>(bytes_of_number) *
           (numbers_shared + static_cast<double>(examples) * numbers_each);
}

double Cost::intensity(std::size_t bytes_of_number, std::size_t examples) const {
    const double total = numbers_each > 0.0 ? static_cast<double>(examples) * operations : operations;
    return total == 0.0 ? 0.0 : total / bytes(bytes_of_number, examples);  // without instructions, 0 / 0
}

Cost cost_of(const Instruction& in) {
    Cost cost;
    cost.operations = in.count * (operations_of(in.op, in.arity) + (in.adds ? 1.0 : 0.0));
    move(in.result, (in.adds ? std::size_t{2} : std::size_t{1}) * in.count, cost);
    if (in.op == kProduct) {
        move(in.a.firsts[0], std::size_t{in.arity} * in.rows, cost);
        move(in.b.firsts[0], std::size_t{in.arity} * in.times, cost);
    } else if (in.op == kPick) {  // of each result the position, and the number there
        move(in.a.firsts[0], in.count, cost);
        move(in.b, cost);
    } else {
        move(in.a, cost);
        move(in.b, cost);
    }
    return cost;
}

}  // namespace gradus::detail
