// SPDX-License-Identifier: MIT
// Engine "hand" for models: forward and backward passes written out, for sizes known when compiling. This
// file alone is compiled for the processor at hand and may reorder sums: it is the floor.
#include <algorithm>

#include "engine.hpp"

namespace benchmarks {

namespace {

// ---- matrices
// A number of one position or one example lies beside that of the next: activations are (features,columns),
// so that products, norms and softmax all run along the columns.

constexpr std::size_t kAlignment = 64;

/// So many doubles in a register (or two), loaded from and stored to any address.
template <std::size_t Size>
struct Lanes {
    typedef double Type
        __attribute__((vector_size(Size * sizeof(double)), aligned(sizeof(double)), may_alias));
};

/// Where element (i,k) of a matrix or of its transpose lies.
struct Strided {
    const double* numbers;
    std::size_t row, column;
};

enum class Store { set, add };

/// Compute Rows x Columns numbers of c = a b, of inner size k, in registers: all loops but one unroll.
template <Store How, std::size_t Rows, std::size_t Columns>
inline void multiply_tile(const Strided a, const double* b, std::size_t b_row, double* c, std::size_t c_row,
                          std::size_t k) {
    constexpr std::size_t kLanes = Columns % 8 == 0 ? 8 : 4, kVectors = Columns / kLanes;
    using Vector = typename Lanes<kLanes>::Type;
    Vector sums[Rows][kVectors] = {};
    for (std::size_t i = 0; i < k; ++i) {
        const double *left = a.numbers + i * a.column, *right = b + i * b_row;
        for (std::size_t r = 0; r < Rows; ++r)
            for (std::size_t v = 0; v < kVectors; ++v)
                sums[r][v] += left[r * a.row] * reinterpret_cast<const Vector*>(right)[v];
    }
    for (std::size_t r = 0; r < Rows; ++r)
        for (std::size_t v = 0; v < kVectors; ++v) {
            Vector& result = reinterpret_cast<Vector*>(c + r * c_row)[v];
            result = How == Store::add ? result + sums[r][v] : sums[r][v];
        }
}

/// Compute c = a b, or add it to c. Shapes: a (m,k), b (k,N), c (m,N).
template <Store How, std::size_t N>
void multiply(const Strided& a, const double* b, std::size_t b_row, double* c, std::size_t c_row,
              std::size_t m, std::size_t k) {
    constexpr std::size_t kColumns = N % 32 == 0 ? 32 : N % 16 == 0 ? 16 : N % 8 == 0 ? 8 : 4;
    constexpr std::size_t kRows = kColumns == 32 ? 4 : 8;
    static_assert(N % kColumns == 0);
    for (std::size_t j = 0; j < N; j += kColumns) {
        std::size_t i = 0;
        for (; i < m / kRows * kRows; i += kRows) {
            const Strided rows{a.numbers + i * a.row, a.row, a.column};
            multiply_tile<How, kRows, kColumns>(rows, b + j, b_row, c + i * c_row + j, c_row, k);
        }
        for (; i < m; ++i) {
            const Strided row{a.numbers + i * a.row, a.row, a.column};
            multiply_tile<How, 1, kColumns>(row, b + j, b_row, c + i * c_row + j, c_row, k);
        }
    }
}

/// y (columns,Rows) = transpose of the first columns of x (Rows,x_row).
template <std::size_t Rows>
void transpose(const double* x, std::size_t x_row, std::size_t columns, double* y, std::size_t y_row) {
    for (const double* end = x + columns; x != end; ++x, y += y_row)
        for (std::size_t i = 0; i < Rows; ++i) y[i] = x[i * x_row];
}

/// Take the softmax of each column, y (rows,N), and return the sum of -log(y[target]) over the first columns.
template <std::size_t N, class Target>
double softmax_columns(const double* x, std::size_t rows, double* y, std::size_t columns, Target target) {
    alignas(kAlignment) double largest[N], sums[N] = {};
    std::copy_n(x, N, largest);
    for (std::size_t i = 1; i < rows; ++i)
        for (std::size_t j = 0; j < N; ++j) largest[j] = std::max(largest[j], x[i * N + j]);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < N; ++j) sums[j] += y[i * N + j] = std::exp(x[i * N + j] - largest[j]);
    double loss = 0.0;
    for (std::size_t j = 0; j < columns; ++j) loss += std::log(sums[j]) + largest[j] - x[target(j) * N + j];
    for (std::size_t j = 0; j < N; ++j) sums[j] = 1.0 / sums[j];
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < N; ++j) y[i * N + j] *= sums[j];
    return loss;
}

/// Parameters and their gradient.
class HandTask : public Task {
   public:
    explicit HandTask(std::vector<double> p) : p_(std::move(p)), g_(p_.size()) {}

    double slope(std::span<const double> direction) override { return product(direction, g_); }

   protected:
    std::vector<double> p_, g_;
};

// ---- perceptrons

template <class W>
class HandPerceptron : public HandTask {
   public:
    explicit HandPerceptron(std::vector<double> p) : HandTask(std::move(p)) {
        std::ranges::copy(workload<W>().inputs, rows_[0]);
        transpose<W::kBatch>(rows_[0], W::kInputs, W::kInputs, x_[0], kColumns);
    }

    double gradient(std::size_t) override {
        forward<0>();
        const double loss = outputs();
        backward<W::kLayers - 1>();
        return loss;
    }

   private:
    static constexpr std::size_t kColumns = W::kBatch == 1 ? 1 : (W::kBatch + 7) / 8 * 8;
    static constexpr std::size_t kWidest = *std::ranges::max_element(W::kWidths);
    static constexpr double kShare = 1.0 / static_cast<double>(W::kBatch);

    template <std::size_t Layer>
    void forward() {
        constexpr std::size_t inputs = W::kWidths[Layer], outputs = W::kWidths[Layer + 1];
        constexpr Activation f = Layer + 1 == W::kLayers ? W::kOutput : W::kHidden;
        const double *weights = &p_[W::weights(Layer)], *biases = &p_[W::biases(Layer)];
        const double* x = x_[Layer];
        double* y = x_[Layer + 1];
        if constexpr (kColumns == 1) {
            for (std::size_t j = 0; j < outputs; ++j) {
                double sum = 0.0;
                for (std::size_t i = 0; i < inputs; ++i) sum += weights[j * inputs + i] * x[i];
                y[j] = sum;
            }
        } else {
            multiply<Store::set, kColumns>({weights, inputs, 1}, x, kColumns, y, kColumns, outputs, inputs);
        }
        for (std::size_t j = 0; j < outputs; ++j)
            for (std::size_t i = 0; i < kColumns; ++i) y[j * kColumns + i] += biases[j];
        for (std::size_t i = 0; i < outputs * kColumns; ++i) {
            if constexpr (f == Activation::relu) y[i] = std::max(y[i], 0.0);
            if constexpr (f == Activation::sigmoid) y[i] = 1.0 / (1.0 + std::exp(-y[i]));
            if constexpr (f == Activation::tanh) y[i] = std::tanh(y[i]);
        }
        if constexpr (Layer + 1 < W::kLayers) {
            transpose<outputs>(y, kColumns, W::kBatch, rows_[Layer + 1], outputs);
            forward<Layer + 1>();
        }
    }

    /// Return the loss; leave its derivative by the outputs in slopes_.
    double outputs() {
        const W& w = workload<W>();
        const double* y = x_[W::kLayers];
        double loss = 0.0;
        if constexpr (W::kLoss == Loss::cross_entropy) {
            const auto target = [&](std::size_t i) { return static_cast<std::size_t>(w.targets[i]); };
            loss = softmax_columns<kColumns>(y, W::kOutputs, slopes_, W::kBatch, target);
            for (std::size_t i = 0; i < W::kBatch; ++i) slopes_[target(i) * kColumns + i] -= 1.0;
            for (std::size_t i = 0; i < W::kOutputs * kColumns; ++i) slopes_[i] *= kShare;
        } else {
            for (std::size_t i = 0; i < W::kBatch; ++i) {
                if constexpr (W::kLoss == Loss::hinge) {
                    const double margin = 1.0 - w.targets[i] * y[i];
                    loss += std::max(margin, 0.0);
                    slopes_[i] = margin > 0.0 ? -w.targets[i] * kShare : 0.0;
                } else {
                    const double error = y[i] - w.targets[i];
                    loss += error * error;
                    slopes_[i] = 2.0 * error * kShare;
                }
            }
        }
        return loss * kShare;
    }

    /// From the derivatives by the outputs of a layer, slopes_ (outputs,columns), compute those by its
    /// parameters and by its inputs.
    template <std::size_t Layer>
    void backward() {
        constexpr std::size_t inputs = W::kWidths[Layer], outputs = W::kWidths[Layer + 1];
        constexpr Activation f = Layer + 1 == W::kLayers ? W::kOutput : W::kHidden;
        const double *weights = &p_[W::weights(Layer)], *y = x_[Layer + 1];
        double *dweights = &g_[W::weights(Layer)], *dbiases = &g_[W::biases(Layer)];
        for (std::size_t i = 0; i < outputs * kColumns; ++i) {
            if constexpr (f == Activation::relu) slopes_[i] = y[i] > 0.0 ? slopes_[i] : 0.0;
            if constexpr (f == Activation::sigmoid) slopes_[i] *= y[i] * (1.0 - y[i]);
            if constexpr (f == Activation::tanh) slopes_[i] *= 1.0 - y[i] * y[i];
        }
        for (std::size_t j = 0; j < outputs; ++j) {
            double sum = 0.0;
            for (std::size_t i = 0; i < W::kBatch; ++i) sum += slopes_[j * kColumns + i];
            dbiases[j] = sum;
        }
        if constexpr (kColumns == 1) {
            for (std::size_t j = 0; j < outputs; ++j)
                for (std::size_t i = 0; i < inputs; ++i) dweights[j * inputs + i] = slopes_[j] * x_[Layer][i];
        } else if constexpr (inputs % 8 == 0) {
            multiply<Store::set, inputs>({slopes_, kColumns, 1}, rows_[Layer], inputs, dweights, inputs,
                                         outputs, W::kBatch);
        } else {
            for (std::size_t j = 0; j < outputs; ++j)
                for (std::size_t i = 0; i < inputs; ++i) {
                    double sum = 0.0;
                    for (std::size_t b = 0; b < W::kBatch; ++b)
                        sum += slopes_[j * kColumns + b] * x_[Layer][i * kColumns + b];
                    dweights[j * inputs + i] = sum;
                }
        }
        if constexpr (Layer > 0) {
            if constexpr (kColumns == 1) {
                std::fill_n(dx_, inputs, 0.0);
                for (std::size_t j = 0; j < outputs; ++j)
                    for (std::size_t i = 0; i < inputs; ++i) dx_[i] += slopes_[j] * weights[j * inputs + i];
            } else {
                multiply<Store::set, kColumns>({weights, 1, inputs}, slopes_, kColumns, dx_, kColumns, inputs,
                                               outputs);
            }
            std::copy_n(dx_, inputs * kColumns, slopes_);
            backward<Layer - 1>();
        }
    }

    alignas(kAlignment) double x_[W::kLayers + 1][kWidest * kColumns] = {};      // (features,columns)
    alignas(kAlignment) double rows_[W::kLayers + 1][kWidest * W::kBatch] = {};  // (batch,features)
    alignas(kAlignment) double slopes_[kWidest * kColumns] = {}, dx_[kWidest * kColumns] = {};
};

// ---- language models

/// One step of a model on a document of at most N positions.
template <class W, std::size_t N>
class HandGpt {
   public:
    double gradient(const std::vector<double>& p, std::vector<double>& g,
                    const typename W::Document& document) {
        const std::size_t n = document.size() - 1;
        forward(p.data(), document, n);
        const double loss = softmax_columns<N>(logits_, W::kTokens, dlogits_, n,
                                               [&](std::size_t t) { return document[t + 1]; });
        const double share = 1.0 / static_cast<double>(n);
        for (std::size_t t = 0; t < n; ++t) dlogits_[document[t + 1] * N + t] -= 1.0;
        for (std::size_t i = 0; i < W::kTokens; ++i)
            for (std::size_t t = 0; t < N; ++t) dlogits_[i * N + t] *= t < n ? share : 0.0;
        backward(p.data(), g.data(), document, n);
        return loss * share;
    }

   private:
    static constexpr std::size_t C = W::kWidth, kHead = W::kHeadWidth;
    static constexpr double kScale = W::kHeadWidth == 4 ? 0.5 : 0.25;
    static_assert(kScale * kScale * W::kHeadWidth == 1.0);

    /// y = Wx for all columns.
    template <Store How = Store::set>
    static void linear(const double* w, std::size_t outputs, std::size_t inputs, const double* x, double* y) {
        multiply<How, N>({w, inputs, 1}, x, N, y, N, outputs, inputs);
    }

    /// Given dy, set dw and set or add dx.
    template <Store How, std::size_t Inputs>
    void linear_back(const double* w, double* dw, std::size_t outputs, const double* x, const double* dy,
                     double* dx, std::size_t n) {
        transpose<Inputs>(x, N, n, rows_, Inputs);
        multiply<Store::set, Inputs>({dy, N, 1}, rows_, Inputs, dw, Inputs, outputs, n);
        multiply<How, N>({w, 1, Inputs}, dy, N, dx, N, Inputs, outputs);
    }

    /// y = x scale, scale = 1 / sqrt(mean(x^2) + epsilon), for each column.
    static void normalize(const double* x, double* y, double* scale) {
        std::fill_n(scale, N, 0.0);
        for (std::size_t i = 0; i < C; ++i)
            for (std::size_t t = 0; t < N; ++t) scale[t] += x[i * N + t] * x[i * N + t];
        for (std::size_t t = 0; t < N; ++t) scale[t] = 1.0 / std::sqrt(scale[t] / C + W::kEpsilon);
        for (std::size_t i = 0; i < C; ++i)
            for (std::size_t t = 0; t < N; ++t) y[i * N + t] = x[i * N + t] * scale[t];
    }

    /// dx = or += scale (dy - y mean(y dy)).
    template <Store How>
    static void normalize_back(const double* y, const double* scale, const double* dy, double* dx) {
        alignas(kAlignment) double mean[N] = {};
        for (std::size_t i = 0; i < C; ++i)
            for (std::size_t t = 0; t < N; ++t) mean[t] += y[i * N + t] * dy[i * N + t] / C;
        for (std::size_t i = 0; i < C; ++i)
            for (std::size_t t = 0; t < N; ++t) {
                const double slope = scale[t] * (dy[i * N + t] - y[i * N + t] * mean[t]);
                dx[i * N + t] = How == Store::add ? dx[i * N + t] + slope : slope;
            }
    }

    void forward(const double* p, const typename W::Document& document, std::size_t n) {
        for (std::size_t t = 0; t < n; ++t)
            for (std::size_t i = 0; i < C; ++i)
                x_[i * N + t] = p[W::kToken + document[t] * C + i] + p[W::kPosition + t * C + i];
        normalize(x_, embedded_, scale_embedded_);
        normalize(embedded_, before_attention_, scale_attention_);
        linear(p + W::kQuery, C, C, before_attention_, query_);
        linear(p + W::kKey, C, C, before_attention_, key_);
        linear(p + W::kValue, C, C, before_attention_, value_);
        for (std::size_t head = 0; head < W::kHeads; ++head) attend(head, n);
        std::ranges::copy(embedded_, x_);
        linear<Store::add>(p + W::kMix, C, C, mixed_, x_);
        normalize(x_, before_inner_, scale_inner_);
        linear(p + W::kUp, W::kInner, C, before_inner_, inner_);
        for (double& number : inner_) number = std::max(number, 0.0);
        linear<Store::add>(p + W::kDown, C, W::kInner, inner_, x_);
        linear(p + W::kLogits, W::kTokens, C, x_, logits_);
    }

    /// Position t sums over the positions s <= t. Shapes: scores and weights (s,t).
    void attend(std::size_t head, std::size_t n) {
        const std::size_t at = head * kHead * N;
        double* weights = weights_[head];
        multiply<Store::set, N>({key_ + at, 1, N}, query_ + at, N, scores_, N, n, kHead);
        alignas(kAlignment) double largest[N], sums[N] = {};
        std::copy_n(scores_, N, largest);
        for (std::size_t s = 1; s < n; ++s)
            for (std::size_t t = first(s); t < N; ++t)
                largest[t] = t >= s ? std::max(largest[t], scores_[s * N + t]) : largest[t];
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t t = first(s); t < N; ++t) {
                const double weight = std::exp(kScale * (scores_[s * N + t] - largest[t]));
                sums[t] += weights[s * N + t] = t >= s ? weight : 0.0;
            }
        for (double& sum : sums) sum = 1.0 / sum;
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t t = first(s); t < N; ++t) weights[s * N + t] *= sums[t];
        multiply<Store::set, N>({value_ + at, N, 1}, weights, N, mixed_ + at, N, kHead, n);
    }

    /// Given dmixed_, set dquery_, and dkey_rows_ and dvalue_rows_ (positions,width).
    void attend_back(std::size_t head, std::size_t n) {
        const std::size_t at = head * kHead * N;
        const double* weights = weights_[head];
        multiply<Store::set, N>({value_ + at, 1, N}, dmixed_ + at, N, scores_, N, n, kHead);  // dweights
        alignas(kAlignment) double means[N] = {};
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t t = first(s); t < N; ++t) means[t] += weights[s * N + t] * scores_[s * N + t];
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t t = 0; t < N; ++t)
                scores_[s * N + t] = kScale * weights[s * N + t] * (scores_[s * N + t] - means[t]);
        multiply<Store::set, N>({key_ + at, N, 1}, scores_, N, dquery_ + at, N, kHead, n);
        const std::size_t column = head * kHead;
        multiply<Store::set, kHead>({scores_, N, 1}, query_rows_ + column, C, dkey_rows_ + column, C, n, n);
        multiply<Store::set, kHead>({weights, N, 1}, dmixed_rows_ + column, C, dvalue_rows_ + column, C, n,
                                    n);
    }

    /// Return the first position of the vector that holds s: those before it never see s.
    static constexpr std::size_t first(std::size_t s) { return s / 8 * 8; }

    void backward(const double* p, double* g, const typename W::Document& document, std::size_t n) {
        linear_back<Store::set, C>(p + W::kLogits, g + W::kLogits, W::kTokens, x_, dlogits_, dx_, n);
        linear_back<Store::set, W::kInner>(p + W::kDown, g + W::kDown, C, inner_, dx_, dinner_, n);
        for (std::size_t i = 0; i < W::kInner * N; ++i) dinner_[i] = inner_[i] > 0.0 ? dinner_[i] : 0.0;
        linear_back<Store::set, C>(p + W::kUp, g + W::kUp, W::kInner, before_inner_, dinner_, dnormal_, n);
        normalize_back<Store::add>(before_inner_, scale_inner_, dnormal_, dx_);

        linear_back<Store::set, C>(p + W::kMix, g + W::kMix, C, mixed_, dx_, dmixed_, n);
        transpose<C>(query_, N, n, query_rows_, C);
        transpose<C>(dmixed_, N, n, dmixed_rows_, C);
        for (std::size_t head = 0; head < W::kHeads; ++head) attend_back(head, n);
        transpose<N>(dkey_rows_, C, C, dkey_, N);
        transpose<N>(dvalue_rows_, C, C, dvalue_, N);
        linear_back<Store::set, C>(p + W::kQuery, g + W::kQuery, C, before_attention_, dquery_, dnormal_, n);
        linear_back<Store::add, C>(p + W::kKey, g + W::kKey, C, before_attention_, dkey_, dnormal_, n);
        linear_back<Store::add, C>(p + W::kValue, g + W::kValue, C, before_attention_, dvalue_, dnormal_, n);
        normalize_back<Store::add>(before_attention_, scale_attention_, dnormal_, dx_);

        normalize_back<Store::set>(embedded_, scale_embedded_, dx_, dnormal_);
        std::fill_n(g, W::kQuery, 0.0);
        for (std::size_t t = 0; t < n; ++t)
            for (std::size_t i = 0; i < C; ++i) {
                g[W::kToken + document[t] * C + i] += dnormal_[i * N + t];
                g[W::kPosition + t * C + i] = dnormal_[i * N + t];
            }
    }

    // Columns beyond a document hold numbers of an earlier one: finite, and nothing reads them.
    alignas(kAlignment) double x_[C * N] = {}, embedded_[C * N] = {}, before_attention_[C * N] = {};
    alignas(kAlignment) double query_[C * N] = {}, key_[C * N] = {}, value_[C * N] = {}, mixed_[C * N] = {};
    alignas(kAlignment) double before_inner_[C * N] = {}, inner_[W::kInner * N] = {};
    alignas(kAlignment) double logits_[W::kTokens * N] = {}, dlogits_[W::kTokens * N] = {};
    alignas(kAlignment) double scale_embedded_[N] = {}, scale_attention_[N] = {}, scale_inner_[N] = {};
    alignas(kAlignment) double scores_[N * N] = {}, weights_[W::kHeads][N * N] = {};
    alignas(kAlignment) double dx_[C * N] = {}, dnormal_[C * N] = {}, dinner_[W::kInner * N] = {};
    alignas(kAlignment) double dquery_[C * N] = {}, dkey_[C * N] = {}, dvalue_[C * N] = {},
                                           dmixed_[C * N] = {};
    alignas(kAlignment) double query_rows_[N * C] = {}, dmixed_rows_[N * C] = {};
    alignas(kAlignment) double dkey_rows_[N * C] = {}, dvalue_rows_[N * C] = {}, rows_[N * W::kInner] = {};
};

/// Chooses the code for the length of a document.
template <class W>
class HandLanguageModel : public HandTask {
   public:
    using HandTask::HandTask;

    double gradient(std::size_t step) override {
        const typename W::Document& document = workload<W>().documents[step];
        const std::size_t n = document.size() - 1;
        if (n <= 8) return short_.gradient(p_, g_, document);
        if (n <= 16) return middle_.gradient(p_, g_, document);
        return long_.gradient(p_, g_, document);
    }

   private:
    HandGpt<W, 8> short_;
    HandGpt<W, 16> middle_;
    HandGpt<W, W::kContext> long_;
};

template <class W>
struct Choice {
    using Type = HandPerceptron<W>;
};
template <IsGpt W>
struct Choice<W> {
    using Type = HandLanguageModel<W>;
};

template <class W>
using HandTraining = typename Choice<W>::Type;

}  // namespace

void add_training_hand(std::vector<Run>& runs) {
    add_training<HandTraining>(runs, {"hand"});
    add_training<HandTraining, std::tuple<Mnist1024>>(runs, {"hand"});
}

}  // namespace benchmarks
