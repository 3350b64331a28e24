// SPDX-License-Identifier: MIT
// Parameters: the numbers that a model learns, in one contiguous block with their gradients and names.
// Modules take parts of it (nn.hpp); optimizers walk it (optim.hpp).
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/functions.hpp"

namespace gradus {

class Tensor;

namespace detail {

class Addition;

}  // namespace detail

/// What is known of one named part of a block.
struct ParameterInfo {
    std::string name;                // as PyTorch names them: "0.weight", "0.bias"
    std::vector<std::size_t> shape;  // (outputs, inputs) of a weight matrix, row by row
    std::size_t offset = 0;          // of its first number in the block
    std::size_t size = 0;            // the product of the shape
    bool decays = true;              // whether regularization applies: to weights, not to biases
};

namespace detail {

struct Block {
    std::vector<double> values, gradients;  // (size)
    std::vector<ParameterInfo> infos;
    std::vector<std::vector<double>> outgrown;  // values before the block grew, which a tape may still read
    std::atomic<bool> is_bound{false};          // to a tape, at any time
};

/// Whether p[i] looks if p is alive and has an i: a loop over parameters that records takes 6 to 36% longer
/// then.
#if defined(GRADUS_CHECKS) || !defined(__OPTIMIZE__)
constexpr bool kChecksViews = true;
#else
constexpr bool kChecksViews = false;
#endif

}  // namespace detail

/// Parameters as values on the current tape: p[i] is the i-th. Made in O(1); lives as long as what is
/// recorded now. Cheap to copy.
class ParameterView {
   public:
    ParameterView() = default;  // of no parameters
    ParameterView(const double* values, std::size_t size, detail::Tag first)
        : values_(values), size_(size), first_(first) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::span<const double> numbers() const { return {values_, size_}; }
    [[nodiscard]] detail::Tag first() const { return first_; }

    /// Return one of them. In code compiled without optimization or with GRADUS_CHECKS defined, raises
    /// ShapeError if there is none at i, and TapeError if the view is of a scope or a tape that has ended;
    /// elsewhere, i must be less than size(), and the view alive: its numbers may be gone with the model.
    const Value operator[](std::size_t i) const {  // const: a parameter is a leaf and never melts
        if (detail::kChecksViews) require(i);
        return {values_[i], detail::slots_after(first_, i)};
    }

    /// Return those from `offset` on. Raises ShapeError if there are not so many.
    [[nodiscard]] ParameterView part(std::size_t offset, std::size_t size) const {
        if (offset > size_ || size > size_ - offset) [[unlikely]]
            refuse(offset, size, size_);
        return {values_ + offset, size, detail::slots_after(first_, offset)};
    }

   private:
    /// Raise what operator[] does.
    void require(std::size_t i) const;

    // Static, so that the compiler may keep a view in registers.
    [[noreturn, gnu::cold]] static void refuse(std::size_t first, std::size_t count, std::size_t size);

    const double* values_ = nullptr;
    std::size_t size_ = 0;
    detail::Tag first_{};
};

/// One named part of a block. A handle: copies refer to the same numbers.
class Parameter {
   public:
    Parameter(std::shared_ptr<detail::Block> block, std::size_t index)
        : block_(std::move(block)), index_(index) {}
    Parameter(const Parameter&) = default;  // and no move: a handle that was moved from still works
    Parameter& operator=(const Parameter&) = default;

    [[nodiscard]] const ParameterInfo& info() const { return block_->infos[index_]; }
    [[nodiscard]] std::size_t size() const { return info().size; }
    [[nodiscard]] std::span<double> values() const { return {block_->values.data() + info().offset, size()}; }
    [[nodiscard]] std::span<double> gradients() const {
        return {block_->gradients.data() + info().offset, size()};
    }

    /// Return the parameters as values on the current tape.
    [[nodiscard]] ParameterView view() const { return view(Tape::Use::scalar); }

    /// Return them as a tensor of their own shape on the current tape (include tensor.hpp). Its numbers stay
    /// in the block, and backward passes add to the gradients there. Made in O(1).
    [[nodiscard]] Tensor tensor() const;

   private:
    [[nodiscard]] ParameterView view(Tape::Use use) const;

    std::shared_ptr<detail::Block> block_;
    std::size_t index_;
};

/// A block of parameters. A handle: copies refer to the same numbers, and a model that is copied shares them.
///
/// Backward passes add to the gradients; zero_gradients() starts anew. Between a change of the numbers and
/// the next forward pass, rewind or clear the tape: values made before keep the old number.
class Parameters {
   public:
    Parameters() : block_(std::make_shared<detail::Block>()) {}
    Parameters(const Parameters&) = default;  // and no move: a handle that was moved from still works
    Parameters& operator=(const Parameters&) = default;

    /// Append a part of zeros. Raises DomainError if the name is taken, ShapeError if a size is 0 or the
    /// block would have more numbers than a tape has slots. Spans handed out before become invalid; views and
    /// tensors on a tape keep the numbers that they have, and no longer follow a change of the parameters.
    Parameter add(std::string name, std::vector<std::size_t> shape, bool decays = true);

    /// Return the part of that name. Raises DomainError if there is none.
    [[nodiscard]] Parameter operator[](std::string_view name) const;

    [[nodiscard]] std::size_t size() const { return block_->values.size(); }
    [[nodiscard]] std::span<double> values() const { return block_->values; }
    [[nodiscard]] std::span<double> gradients() const { return block_->gradients; }
    [[nodiscard]] std::span<const ParameterInfo> infos() const { return block_->infos; }

    /// Forget the gradients that backward passes have added up.
    void zero_gradients() const;

    /// Return all parameters as values on the current tape.
    [[nodiscard]] ParameterView view() const;

    /// Return how often views and tensors of them were made on the current tape.
    [[nodiscard]] std::size_t view_count() const { return Tape::current().bind_count(block_); }

    /// Return whether both refer to the same numbers.
    friend bool operator==(const Parameters&, const Parameters&) = default;

   private:
    friend class detail::Addition;  // which takes back what was added

    std::shared_ptr<detail::Block> block_;
};

}  // namespace gradus
