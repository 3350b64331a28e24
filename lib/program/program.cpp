// SPDX-License-Identifier: MIT
// What a program computes of a batch: each function chooses a job (jobs.hpp) and what of a path it needs.
#include "gradus/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <type_traits>

#include "gradus/error.hpp"
#include "jobs.hpp"
#include "paths.hpp"
#include "pool.hpp"
#include "sharing.hpp"

namespace gradus {

using detail::Path;

class Program::Compiled {
   public:
    virtual ~Compiled() = default;
    virtual double value(const Batch& batch, const BatchOptions& options) = 0;
    virtual double value_and_gradient(const Batch& batch, const BatchOptions& options) = 0;
    virtual std::vector<double> per_example_values(const Batch& batch) = 0;
    virtual std::vector<double> jacobian(const Batch& batch, bool of_one_output) = 0;
    virtual std::vector<double> jacobian_by_inputs(const Batch& batch) = 0;
    /// Set each row to the Hessian matrix times the direction that stands there.
    virtual void hessian_vectors(const Batch& batch, std::span<double> rows, const BatchOptions& options) = 0;
    virtual std::vector<detail::Told> told() = 0;

    [[nodiscard]] virtual const Parameters& parameters() const = 0;
    [[nodiscard]] virtual std::size_t size() const = 0;  // of them, when it was compiled

    template <class T>
    class With;
};

/// A program that computes with T.
template <class T>
class Program::Compiled::With : public Compiled {
   public:
    With(const Parameters& parameters, Formula formula, const CompileOptions& options)
        : parameters_(parameters),
          size_(parameters.size()),
          paths_(parameters, std::move(formula), options),
          thread_count_(options.threads),
          threads_(options.threads),
          pool_(options.threads > 1 ? &threads_ : nullptr) {}

    double value(const Batch& batch, const BatchOptions& options) override {
        detail::TotalValue<T> job;
        const Space space(*this);
        run(batch, numbers(*space), job, *space);
        return job.total * scale(batch, options);
    }

    double value_and_gradient(const Batch& batch, const BatchOptions& options) override {
        const Space space(*this);
        const T* const at = numbers(*space);
        const std::span<double> to = options.gradients.empty() ? parameters_.gradients() : options.gradients;
        if (to.size() != size_) {
            throw ShapeError(fmt::format(
                "value_and_gradient: there must be a gradient for each parameter: found {}, they are {}.",
                to.size(), size_));
        }
        detail::Gradient<T> job(pool_, scale(batch, options), to, space->gradients);
        run(batch, at, job, *space);
        return job.total * scale(batch, options);
    }

    std::vector<double> per_example_values(const Batch& batch) override {
        detail::EachValue<T> job(batch.size());
        const Space space(*this);
        run(batch, numbers(*space), job, *space);
        return std::move(job.values);
    }

    std::vector<double> jacobian(const Batch& batch, bool of_one_output) override {
        const Space space(*this);
        detail::Jacobian<T> job(batch.size(), 0, size_, of_one_output, space->gradients);
        run(batch, numbers(*space), job, *space, {.most_at_once = 1});
        return std::move(job.rows);
    }

    std::vector<double> jacobian_by_inputs(const Batch& batch) override {
        const Space space(*this);
        detail::Jacobian<T> job(batch.size(), size_, batch.columns(), false, space->gradients);
        const std::vector<double> moves(batch.columns(), -0.0);  // which leave an input of -0.0 as it is
        run(batch, numbers_and(moves, *space), job, *space, {.what = &Path<T>::movable, .most_at_once = 1});
        return std::move(job.rows);
    }

    void hessian_vectors(const Batch& batch, std::span<double> rows, const BatchOptions& options) override {
        const std::size_t n = size_;
        if (n == 0) return;
        const auto multiply = [&](std::size_t row, detail::Pool* pool) {
            const std::span<double> product = rows.subspan(row * n, n);
            const Space space(*this);
            const T* const at = numbers_and(product, *space);
            std::fill(product.begin(), product.end(), 0.0);
            detail::Gradient<T> job(pool, scale(batch, options), product, space->gradients);
            detail::Sharing<T>(paths_, pool, thread_count_, *space)
                .run(batch, at, job, {.what = &Path<T>::derivative});
        };
        multiply(0, pool_);  // this one meets all paths, in the order of the examples
        const auto rest = [&](std::size_t row) { multiply(row + 1, nullptr); };
        threads_.run(rows.size() / n - 1, std::ref(rest));
    }

    [[nodiscard]] const Parameters& parameters() const override { return parameters_; }
    [[nodiscard]] std::size_t size() const override { return size_; }
    std::vector<detail::Told> told() override { return paths_.told(); }

   private:
    using Workspace = detail::Workspace<T>;

    /// A workspace that nobody else uses.
    class Space {
       public:
        explicit Space(With& owner) : owner_(owner) {
            const std::lock_guard lock(owner.mutex_);
            if (owner.idle_.empty()) owner.idle_.push_back(std::make_unique<Workspace>());
            space_ = std::move(owner.idle_.back());
            owner.idle_.pop_back();
        }
        ~Space() {
            const std::lock_guard lock(owner_.mutex_);
            owner_.idle_.push_back(std::move(space_));
        }
        Space(const Space&) = delete;
        Space& operator=(const Space&) = delete;
        Workspace& operator*() const { return *space_; }
        Workspace* operator->() const { return space_.get(); }

       private:
        With& owner_;
        std::unique_ptr<Workspace> space_;
    };

    static double scale(const Batch& batch, const BatchOptions& options) {
        return options.reduction == Reduction::sum ? 1.0 : 1.0 / static_cast<double>(batch.size());
    }

    [[nodiscard]] std::span<const double> parameters_now() const {
        const std::span<const double> values = parameters_.values();
        if (values.size() == size_) return values;
        throw ShapeError(
            fmt::format("program: parameters were added to the block: there were {}, now there are {}. "
                        "Compile after adding.",
                        size_, values.size()));
    }

    /// Return the parameters, as numbers of T.
    const T* numbers(Workspace& space) const {
        const std::span<const double> values = parameters_now();
        if constexpr (std::is_same_v<T, double>) {
            return values.data();
        } else {
            space.parameters.resize(values.size());
            std::transform(values.begin(), values.end(), space.parameters.begin(), to_t);
            return space.parameters.data();
        }
    }

    /// Return the parameters and others after them.
    const T* numbers_and(std::span<const double> others, Workspace& space) const {
        const std::span<const double> values = parameters_now();
        space.parameters.resize(values.size() + others.size());
        const auto end = std::transform(values.begin(), values.end(), space.parameters.begin(), to_t);
        std::transform(others.begin(), others.end(), end, to_t);
        return space.parameters.data();
    }
    static T to_t(double x) { return static_cast<T>(x); }

    void run(const Batch& batch, const T* parameters, detail::Job<T>& job, Workspace& space,
             const typename detail::Sharing<T>::How& how = {}) {
        detail::Sharing<T>(paths_, pool_, thread_count_, space).run(batch, parameters, job, how);
    }

    Parameters parameters_;
    std::size_t size_;
    detail::Paths<T> paths_;
    std::size_t thread_count_;
    detail::Pool threads_;
    detail::Pool* pool_;  // null if there is one thread
    std::mutex mutex_;
    std::vector<std::unique_ptr<Workspace>> idle_;
};

namespace {

constexpr std::size_t kMostThreads = 1024;

}  // namespace

Program::Program(const Parameters& parameters, Formula formula, const CompileOptions& options) {
    if (options.threads == 0 || options.max_paths == 0 || options.max_shapes == 0) {
        throw DomainError(fmt::format(
            "compile: there must be at least one thread, path and shape: found {}, {} and {}. Leave them out "
            "for 1, 64 and 1024.",
            options.threads, options.max_paths, options.max_shapes));
    }
    if (options.threads > kMostThreads) {
        throw DomainError(fmt::format(
            "compile: too many threads: found {}, at most {}. As many as the processor has is best.",
            options.threads, kMostThreads));
    }
    if (!formula) throw DomainError("compile: the formula is empty. Give it a function.");
    if (options.single_precision) {
        compiled_ = std::make_shared<Compiled::With<float>>(parameters, std::move(formula), options);
    } else {
        compiled_ = std::make_shared<Compiled::With<double>>(parameters, std::move(formula), options);
    }
}

const Parameters& Program::parameters() const { return compiled_->parameters(); }
double Program::value(const Batch& batch, const BatchOptions& options) const {
    return compiled_->value(batch, options);
}
double Program::value_and_gradient(const Batch& batch, const BatchOptions& options) const {
    return compiled_->value_and_gradient(batch, options);
}
std::vector<double> Program::per_example_values(const Batch& batch) const {
    return compiled_->per_example_values(batch);
}
std::vector<double> Program::per_example_gradients(const Batch& batch) const {
    return compiled_->jacobian(batch, true);
}
std::vector<double> Program::jacobian(const Batch& batch) const { return compiled_->jacobian(batch, false); }
std::vector<double> Program::jacobian_by_inputs(const Batch& batch) const {
    return compiled_->jacobian_by_inputs(batch);
}
std::vector<double> Program::hessian_vector(const Batch& batch, std::span<const double> direction,
                                            const BatchOptions& options) const {
    if (direction.size() != compiled_->size()) {
        throw ShapeError(fmt::format(
            "hessian_vector: the direction must have a number for each parameter: it has {}, they are {}.",
            direction.size(), compiled_->size()));
    }
    std::vector<double> product(direction.begin(), direction.end());
    compiled_->hessian_vectors(batch, product, options);
    return product;
}
std::vector<double> Program::hessian(const Batch& batch, const BatchOptions& options) const {
    const std::size_t n = compiled_->size();
    std::vector<double> rows(n * n);
    for (std::size_t i = 0; i < n; ++i) rows[i * n + i] = 1.0;
    compiled_->hessian_vectors(batch, rows, options);
    return rows;
}

static std::string in_lines(const std::vector<detail::Told>& paths, std::string (*tell)(detail::Told)) {
    std::string text;
    for (const detail::Told& path : paths) text += tell(path);
    return text.empty() ? "not compiled yet: it has met no example\n" : text;
}
std::string Program::describe() const { return in_lines(compiled_->told(), detail::describe); }
std::string explain(const Program& program) { return in_lines(program.compiled_->told(), detail::explain); }
std::string draw(const Program& program) { return detail::draw(program.compiled_->told()); }

}  // namespace gradus
