// SPDX-License-Identifier: MIT
// Modules one after the other.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradus/nn/module.hpp"
#include "gradus/random.hpp"
#include "gradus/tensor.hpp"

namespace gradus {

/// A module that makes a tensor of a tensor.
template <class M>
concept TensorModule = Module<M> && requires(const M& module, const Tensor& x) {
    { module(x) } -> std::same_as<Tensor>;
};

struct SequentialOptions {
    std::uint64_t seed = 0;  ///< of the seeds of its modules
    std::string name = "";   ///< "encoder" makes "encoder.0.weight" of "0.weight"
};

/// Apply modules one after the other, all their parameters in one block.
///
///     Sequential model({.seed = 1});
///     model.add<Conv2d>(1, 8, 3, {.padding = 1, .activation = "relu"});  // (B,1,8,8) -> (B,8,8,8)
///     model.add(MaxPool2d(2));                                           //           -> (B,8,4,4)
///     model.add(Flatten());                                              //           -> (B,128)
///     model.add<Linear>(128, 10);                                        //           -> (B,10)
///
/// Parameters have the number of their module as a name, as in PyTorch: "0.weight", "0.bias", "3.weight",
/// "3.bias".
class Sequential {
   public:
    explicit Sequential(const SequentialOptions& options = {}) : Sequential(Parameters(), options) {}

    /// Make it as a part of a larger model, whose block its modules append their parameters to.
    explicit Sequential(Parameters block, SequentialOptions options = {})
        : block_(std::move(block)), name_(std::move(options.name)), seeds_(options.seed) {}
    Sequential(const Sequential&) = default;  // and no move: a module that was moved from still works
    Sequential& operator=(const Sequential&) = default;

    /// Make a module of these sizes at the end. The options' name and seed are set here: the name to its
    /// number, the seed to the next one of its own.
    /// Raises what the constructor of the module raises.
    template <class M>
    Sequential& add(std::size_t size, const typename M::Options& options = {}) {
        return make<M>(options, size);
    }
    template <class M>
    Sequential& add(std::size_t size, std::size_t size2, const typename M::Options& options = {}) {
        return make<M>(options, size, size2);
    }
    template <class M>
    Sequential& add(std::size_t size, std::size_t size2, std::size_t size3,
                    const typename M::Options& options = {}) {
        return make<M>(options, size, size2, size3);
    }

    /// Append a module that was made before: one without parameters, or of the same block.
    /// Raises DomainError if its parameters lie in another block.
    template <TensorModule M>
    Sequential& add(M module) {
        require_same_block(module.parameters());
        Part part{module, nullptr, module.describe()};
        if constexpr (requires { module.train(true); }) part.train = [module](bool on) { module.train(on); };
        parts_.push_back(std::move(part));
        return *this;
    }

    /// Append an activation, by name. It counts as a module.
    /// Raises DomainError for an unknown name.
    Sequential& add(std::string_view activation);

    /// Raises what its modules raise.
    Tensor operator()(const Tensor& x) const;

    /// Choose whether modules like Dropout train; at first they do.
    void train(bool on = true) const;
    void eval() const { train(false); }

    [[nodiscard]] std::size_t size() const { return parts_.size(); }       ///< how many modules
    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model

    /// Return a line with the number of modules and parameters, and one for each module.
    [[nodiscard]] std::string describe() const;

   private:
    struct Part {
        std::function<Tensor(const Tensor&)> apply;
        std::function<void(bool)> train;  // null, if it does the same always
        std::string description;
    };

    template <class M, class... Sizes>
    Sequential& make(typename M::Options options, Sizes... sizes) {
        options.name = next_name();
        Random seeds = seeds_;  // changed in the end, if there was no error
        if constexpr (requires { options.seed; }) options.seed = seeds();
        add(M(block_, sizes..., options));
        seeds_ = seeds;
        return *this;
    }
    [[nodiscard]] std::string next_name() const;
    void require_same_block(const Parameters& parameters) const;

    Parameters block_;
    std::string name_;
    Random seeds_;
    std::vector<Part> parts_;
};

}  // namespace gradus
