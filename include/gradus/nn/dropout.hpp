// SPDX-License-Identifier: MIT
// Dropout: units that are away by chance while a network learns, so that none relies on another.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gradus/nn/module.hpp"
#include "gradus/random.hpp"
#include "gradus/tensor.hpp"

namespace gradus {

struct DropoutOptions {
    std::uint64_t seed = 0;  ///< of which numbers go
};

/// While training, set numbers to zero with the probability `rate`: see dropout(). It begins in training mode
/// and has no parameters. A copy shares mode and random numbers.
/// Shapes: any -> the same.
class Dropout {
   public:
    /// Raises DomainError unless 0 <= rate < 1.
    explicit Dropout(double rate, const DropoutOptions& options = {});
    Dropout(const Dropout&) = default;  // and no move: a module that was moved from still works
    Dropout& operator=(const Dropout&) = default;

    Tensor operator()(const Tensor& x) const;

    /// Choose whether it trains; else it returns what it is given.
    void train(bool on = true) const { state_->training = on; }
    void eval() const { train(false); }

    [[nodiscard]] Parameters parameters() const { return {}; }  ///< none
    [[nodiscard]] std::string describe() const;

   private:
    struct State {
        Random random;
        bool training = true;
    };

    double rate_;
    std::shared_ptr<State> state_;
};

}  // namespace gradus
