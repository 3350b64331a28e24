// SPDX-License-Identifier: MIT
// 04: a network by hand, and the same one by the library.
//
// Goal    Write forward pass, backward pass and update of a network once in your life, and see that the
//         library computes the same numbers.
// Before  03; the derivative of the sigmoid s: s' = s (1 - s).
// Look at Network::gradient: each line of the backward pass mirrors one of the forward pass. In the picture,
//         an epoch costs all three descents the same, but full batches step once, the others often.
#include <vector>

#include "common.hpp"
#include "gradus/losses.hpp"
#include "gradus/nn.hpp"
#include "gradus/random.hpp"
#include "gradus/train.hpp"

constexpr std::size_t kInputs = 10, kHidden = 5, kExamples = 200;
constexpr double kRate = 0.5, kLambda = 1e-4;
struct Example {
    std::vector<double> x;  // (kInputs)
    double target;
};

/// The network by hand. All its numbers in one vector, in the order of the library's block.
struct Network {
    static constexpr std::size_t kW = 0, kB = kW + kHidden * kInputs, kV = kB + kHidden, kC = kV + kHidden;
    std::vector<double> p;  // hidden weights w (5,10) and biases b (5), output weights v (5) and bias c

    /// Return J = L + lambda R and write its gradient: L is the mean of (y - target)^2 / 2 over the examples,
    /// R half the sum of all squared weights; biases are spared.
    double gradient(const std::vector<Example>& examples, std::vector<double>& g) const {
        const double n = static_cast<double>(examples.size());
        double objective = 0.0;
        g.assign(p.size(), 0.0);
        for (const auto& [x, target] : examples) {
            double h[kHidden], z = p[kC];
            for (std::size_t j = 0; j < kHidden; ++j) {
                double s = p[kB + j];
                for (std::size_t i = 0; i < kInputs; ++i) s += p[kW + j * kInputs + i] * x[i];
                h[j] = 1.0 / (1.0 + std::exp(-s));
                z += p[kV + j] * h[j];
            }
            const double y = 1.0 / (1.0 + std::exp(-z));
            objective += 0.5 * (y - target) * (y - target) / n;
            const double dz = (y - target) / n * y * (1.0 - y);
            for (std::size_t j = 0; j < kHidden; ++j) {
                g[kV + j] += dz * h[j];
                const double ds = dz * p[kV + j] * h[j] * (1.0 - h[j]);
                for (std::size_t i = 0; i < kInputs; ++i) g[kW + j * kInputs + i] += ds * x[i];
                g[kB + j] += ds;
            }
            g[kC] += dz;
        }
        for (std::size_t k = 0; k < p.size(); ++k) {
            if ((kB <= k && k < kV) || k == kC) continue;  // biases
            objective += 0.5 * kLambda * p[k] * p[k];
            g[k] += kLambda * p[k];
        }
        return objective;
    }
};

int main(int argc, char** argv) {
    example::Lesson lesson("A 10-5-1 sigmoid network by hand and by the library.", 100);

    return lesson.run(argc, argv, [&] {
        gradus::MLPOptions sigmoids{
            .hidden = "sigmoid", .output = "sigmoid", .init = "xavier_uniform", .seed = lesson.seed};
        const gradus::MLP teacher({kInputs, kHidden, 1}, sigmoids);  // of the same kind, with larger weights
        for (double& weight : teacher.parameters().values()) weight *= 5.0;
        gradus::Random random(lesson.seed + 1);
        std::vector<Example> examples(kExamples);
        for (auto& [x, target] : examples) {
            for (std::size_t i = 0; i < kInputs; ++i) x.push_back(random.normal());
            target = teacher.predict(x)[0];
        }

        example::Picture picture(lesson, "04_descents");
        fmt::print("J = L + lambda R in epoch {}, each of {} examples\n\n", lesson.epochs, kExamples);
        double objective = 0.0, by_hand_objective = 0.0;
        for (const std::size_t batch : {kExamples, std::size_t{20}, std::size_t{1}}) {
            sigmoids.seed = lesson.seed + 2;
            const gradus::MLP model({kInputs, kHidden, 1}, sigmoids);
            const auto learned = model.parameters().values();
            Network by_hand{{learned.begin(), learned.end()}};
            std::vector<double> g;
            picture.add("$batch{} << EOD", batch);
            gradus::Sgd descent(model.parameters(), {.learning_rate = kRate});
            const auto loss = [&](std::size_t i) {
                return 0.5 * gradus::squared_error(model(examples[i].x)[0], examples[i].target);
            };
            gradus::TrainOptions options{.epochs = lesson.epochs, .batch_size = batch, .seed = lesson.seed};
            options.regularization.l2 = kLambda;
            options.on_epoch = [&](const gradus::Epoch& epoch) {
                objective = epoch.objective;
                picture.add("{}", objective);
                if (batch != kExamples) return;
                by_hand_objective = by_hand.gradient(examples, g);
                example::check("J by hand", by_hand_objective, objective, 1e-12);
                for (std::size_t k = 0; k < g.size(); ++k) {
                    by_hand.p[k] -= kRate * g[k];
                    example::check("a parameter by hand", by_hand.p[k], learned[k], 1e-12);
                }
            };
            gradus::train(descent, kExamples, loss, options);
            picture.add("EOD");
            fmt::print("batches of {:3}{:8} steps   J = {:.6f}\n", batch, descent.steps(), objective);
            if (batch == kExamples) fmt::print("       by hand{:16}J = {:.6f}\n", "", by_hand_objective);
        }
        if (lesson.as_written()) example::check("J of stochastic descent", objective, 0.0, 0.02);
        picture.add(R"(set title 'The same gradients, more or fewer steps: batch against stochastic descent'
set xlabel 'epoch'; set xrange [0:{}]; set ylabel 'J = L + lambda R'; set logscale y
plot $batch200 using ($0+1):1 with lines title 'full batch: 1 step an epoch', \
    $batch20 using ($0+1):1 with lines title 'batches of 20: 10 steps', \
    $batch1 using ($0+1):1 with lines title 'stochastic: 200 steps')",
                    lesson.epochs);
        picture.draw();
    });
}
