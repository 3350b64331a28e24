// SPDX-License-Identifier: MIT
#include "gradus/nn/transformer.hpp"

#include <fmt/format.h>

#include <utility>

#include "gradus/error.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "parts.hpp"

namespace gradus {

namespace {

using Norm = std::variant<LayerNorm, RMSNorm>;

Norm make_norm(const Parameters& block, std::size_t width, const TransformerBlockOptions& options,
               const char* part) {
    const std::string name = detail::full_name(options.name, part);
    if (options.norm == "layer_norm") return LayerNorm(block, width, {.bias = options.bias, .name = name});
    if (options.norm == "rms_norm") return RMSNorm(block, width, {.name = name});
    throw DomainError(fmt::format(
        "transformer: no norm has this name: \"{}\". The names are: layer_norm, rms_norm.", options.norm));
}

Tensor apply(const Norm& norm, const Tensor& x) {
    return std::visit([&](const auto& of_kind) { return of_kind(x); }, norm);
}

std::string describe_norm(const Norm& norm) {
    return std::visit([](const auto& of_kind) { return of_kind.describe(); }, norm);
}

}  // namespace

TransformerBlock::TransformerBlock(std::size_t width, const TransformerBlockOptions& options)
    : TransformerBlock(Parameters(), width, options) {}

TransformerBlock::TransformerBlock(Parameters block, std::size_t width,
                                   const TransformerBlockOptions& options)
    : TransformerBlock(detail::Addition(block), width, options) {}

TransformerBlock::TransformerBlock(const detail::Addition& to, std::size_t width,
                                   const TransformerBlockOptions& options)
    : block_(to.block()),
      norm1_(make_norm(block_, width, options, "norm1")),
      attention_(block_, width,
                 {.heads = options.heads,
                  .causal = options.causal,
                  .bias = options.bias,
                  .init = options.init,
                  .seed = detail::seed_of_part(options.seed, 0),
                  .name = detail::full_name(options.name, "attention")}),
      norm2_(make_norm(block_, width, options, "norm2")),
      mlp_(block_, {width, 4 * width, width},
           {.hidden = options.activation,
            .bias = options.bias,
            .init = options.init,
            .seed = detail::seed_of_part(options.seed, 1),
            .name = detail::full_name(options.name, "mlp")}),
      name_(options.name) {}

Tensor TransformerBlock::operator()(const Tensor& x) const {
    const Tensor mixed = x + attention_(apply(norm1_, x));
    return mixed + mlp_(apply(norm2_, mixed));
}

std::string TransformerBlock::describe() const {
    const std::vector<detail::Line> lines{{"norm1", describe_norm(norm1_)},
                                          {"attention", attention_.describe()},
                                          {"norm2", describe_norm(norm2_)},
                                          {"mlp", mlp_.describe()}};
    return detail::describe(fmt::format("TransformerBlock {}, {} parameters", mlp_.layers().front().inputs(),
                                        detail::count_parameters(block_, name_)),
                            lines);
}

}  // namespace gradus
