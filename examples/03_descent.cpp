// SPDX-License-Identifier: MIT
// 03: gradient descent, and how much depends on the learning rate.
//
// Goal    Walk downhill: x -= rate * gradient, first to the best line through points, then through a valley.
// Before  01 and 02.
// Look at the rates: small ones creep, large ones explode. Rosenbrock's valley is steep across and flat
//         along, so no rate suits both; momentum adds up what is flat.
#include <vector>

#include "common.hpp"
#include "gradus/functions.hpp"
#include "gradus/random.hpp"

using gradus::Value;

struct Run {
    std::vector<double> losses, x, y;  // (steps + 1) of each
};

/// Minimise f(x, y) from a start. Stops with an error where the loss is no longer finite.
template <class F>
Run descend(F f, double x, double y, double rate, double momentum, std::size_t steps) {
    Run run;
    double move_x = 0.0, move_y = 0.0;
    for (std::size_t step = 0;; ++step) {
        const gradus::Scope scope;  // each step begins with an empty tape
        const Value a = gradus::variable(x), b = gradus::variable(y);
        const Value loss = f(a, b);
        if (!isfinite(loss)) {
            throw gradus::DomainError(
                fmt::format("descent: it diverged: loss {} at step {} with learning rate {}. Take a smaller "
                            "rate; the last finite point is ({:.4g}, {:.4g}).",
                            loss.value(), step, rate, run.x.back(), run.y.back()));
        }
        run.losses.push_back(loss.value());
        run.x.push_back(x);
        run.y.push_back(y);
        if (step == steps) return run;
        gradus::backward(loss);
        move_x = momentum * move_x - rate * a.gradient();
        move_y = momentum * move_y - rate * b.gradient();
        x += move_x;
        y += move_y;
    }
}

int main(int argc, char** argv) {
    example::Lesson lesson("Gradient descent on a line fit and on Rosenbrock's valley.", 10000,
                           "steps in the valley");
    std::vector<double> rates{0.01, 0.1, 0.5, 1.02};
    lesson.numbers("--learning-rate", rates, "learning rates for the line");

    return lesson.run(argc, argv, [&] {
        example::Picture picture(lesson, "03_descent", 1100, 520);
        fmt::print("1. The line w x + b through 50 noisy points of 2 x - 1: mean squared error\n\n");
        constexpr std::size_t n = 50;
        gradus::Random random(lesson.seed);
        std::vector<double> x(n), y(n);
        double sxx = 0.0, sxy = 0.0, sy = 0.0;  // the sum of x is zero
        for (std::size_t i = 0; i < n; ++i) {
            x[i] = (2.0 * static_cast<double>(i) + 1.0) / static_cast<double>(n) - 1.0;
            y[i] = 2.0 * x[i] - 1.0 + random.normal(0.0, 0.3);
            sxx += x[i] * x[i], sxy += x[i] * y[i], sy += y[i];
        }
        const auto squared_error = [&](const Value& w, const Value& b) {
            Value sum = 0.0;
            for (std::size_t i = 0; i < n; ++i) sum += pow(w * x[i] + b - y[i], 2);
            return sum / static_cast<double>(n);
        };
        fmt::print("   learning rate   loss after 100 steps          w          b\n");
        for (std::size_t k = 0; k < rates.size(); ++k) {
            const Run run = descend(squared_error, 0.0, 0.0, rates[k], 0.0, 100);
            fmt::print("   {:13}{:23.6g}{:11.4f}{:11.4f}\n", rates[k], run.losses.back(), run.x.back(),
                       run.y.back());
            picture.add("$line{} << EOD\n{}\nEOD", k, fmt::join(run.losses, "\n"));
            if (rates[k] == 0.5) {
                example::check("w", run.x.back(), sxy / sxx, 1e-9);
                example::check("b", run.y.back(), sy / n, 1e-9);
            }
        }
        fmt::print("   by formula                              {:11.4f}{:11.4f}\n\n", sxy / sxx, sy / n);

        fmt::print("2. Rosenbrock's valley (1 - x)^2 + 100 (y - x^2)^2 from (-1.2, 1), {} steps\n\n",
                   lesson.epochs);
        const auto valley = [](const Value& a, const Value& b) {
            return pow(1 - a, 2) + 100 * pow(b - a * a, 2);
        };
        fmt::print("   momentum                loss          x          y\n");
        for (const double momentum : {0.0, 0.9}) {
            const Run run = descend(valley, -1.2, 1.0, 0.001, momentum, lesson.epochs);
            fmt::print("   {:8}{:20.6g}{:11.6f}{:11.6f}\n", momentum, run.losses.back(), run.x.back(),
                       run.y.back());
            picture.add("$valley{} << EOD", momentum > 0.0 ? 1 : 0);
            for (std::size_t i = 0; i < run.x.size(); i += 1 + i / 100)
                picture.add("{} {}", run.x[i], run.y[i]);
            picture.add("EOD");
            if (lesson.as_written()) example::check("x", run.x.back(), 1.0, momentum > 0.0 ? 1e-6 : 0.05);
        }

        picture.add(R"(set multiplot layout 1,2
set title 'A line fit: too slow, right, too fast'
set xlabel 'step'; set ylabel 'mean squared error'; set key top left reverse Left
set logscale y; set format y '10^{{%T}}'
plot for [i=0:{}] '$line'.i using 0:1 with lines title 'rate '.word('{}', i + 1)
set title 'Rosenbrock: into the valley, then along it'
unset logscale; set format y; unset surface; set isosamples 120; set key bottom left
set xlabel 'x'; set ylabel 'y'; set xrange [-1.6:1.6]; set yrange [-1:1.8]
set contour; set cntrparam levels discrete 0.3, 3, 15, 60, 200, 500
set table $height; splot (1 - x)**2 + 100 * (y - x**2)**2; unset table
plot $height with lines linecolor '#bbbbbb' linewidth 1 notitle, \
    $valley1 with lines linetype 2 title 'with momentum 0.9', \
    $valley0 with lines linetype 1 title 'descent', \
    '+' using (1):(1) every ::0::0 with points linetype 3 pointsize 1.5 title 'minimum')",
                    rates.size() - 1, fmt::join(rates, " "));
        picture.draw();
    });
}
