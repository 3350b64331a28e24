// SPDX-License-Identifier: MIT
// All of Gradus. Each header stands alone: what compiles often includes the ones it needs.
#pragma once

#include "gradus/activations.hpp"
#include "gradus/data.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/error.hpp"
#include "gradus/explain.hpp"
#include "gradus/functions.hpp"
#include "gradus/initialize.hpp"
#include "gradus/losses.hpp"
#include "gradus/metrics.hpp"
#include "gradus/nn.hpp"
#include "gradus/ops.hpp"
#include "gradus/optim.hpp"
#include "gradus/parameters.hpp"
#include "gradus/random.hpp"
#include "gradus/reduce.hpp"
#include "gradus/regularization.hpp"
#include "gradus/schedule.hpp"
#include "gradus/tape.hpp"
#include "gradus/train.hpp"
#include "gradus/value.hpp"
