// SPDX-License-Identifier: MIT
// Weights to begin with, chosen by name so that signals neither fade nor explode from layer to layer.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "gradus/random.hpp"

namespace gradus {

/// Fill the weights of a layer with random numbers of mean zero. Biases begin at zero.
///
///     name                    variance                made for
///     "xavier" or "glorot"    2 / (inputs + outputs)  sigmoid, tanh         (Glorot and Bengio, 2010)
///     "he"                    2 / inputs              relu and its kin      (He et al., 2015)
///     "lecun"                 1 / inputs              identity, tanh        (LeCun et al., 1998)
///
/// followed by "_normal" or "_uniform" (from -sqrt(3 variance) to sqrt(3 variance)); or plain "zeros".
/// Shapes: weights (outputs, inputs).
/// Raises DomainError for any other name.
void initialize(std::string_view name, std::span<double> weights, std::size_t inputs, Random& random);

}  // namespace gradus
