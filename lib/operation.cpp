// SPDX-License-Identifier: MIT
#include "operation.hpp"

#include <array>

namespace gradus::detail {

const char* operation_name(OpCode code) {
    constexpr std::array made{"constant",    "variable", "part",  "sum",       "mean",
                              "dot",         "norm",     "max",   "logsumexp", "softmax",
                              "log_softmax", "tensor",   "input", "parameter", "product",
                              "==",          "<",        "<=",    "pick",      "copy"};
    const auto k = static_cast<std::size_t>(code);
    return k < ops::All::size ? ops::All::names[k] : made[k - ops::All::size];
}

}  // namespace gradus::detail
