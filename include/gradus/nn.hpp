// SPDX-License-Identifier: MIT
// All modules of networks, one file each. Those of nn/layer.hpp and nn/mlp.hpp compute with scalars and with
// tensors, the others with tensors.
#pragma once

#include "gradus/nn/attention.hpp"
#include "gradus/nn/convolution.hpp"
#include "gradus/nn/dropout.hpp"
#include "gradus/nn/embedding.hpp"
#include "gradus/nn/layer.hpp"
#include "gradus/nn/mlp.hpp"
#include "gradus/nn/module.hpp"
#include "gradus/nn/normalization.hpp"
#include "gradus/nn/sequential.hpp"
#include "gradus/nn/transformer.hpp"
