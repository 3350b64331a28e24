// SPDX-License-Identifier: MIT
// 08: the price of an option, and how it moves with everything it depends on.
//
// Goal    Differentiate a simulation: all Greeks of a European call from one backward pass.
// Before  01 and 02; what a call is: the right to buy a share at time T for the strike K.
// Look at the columns: the formula of Black and Scholes with Greeks from a textbook, and from backward();
//         the average payoff over random paths of the share, where backward() runs through all of them.
#include <array>
#include <numbers>

#include "common.hpp"
#include "gradus/functions.hpp"
#include "gradus/random.hpp"

using gradus::Value;

template <class T>
struct Market {
    T spot, volatility, rate, time;  // the share now, its yearly spread, interest, years to go
};

constexpr double kStrike = 100.0;
constexpr const char* kNames[] = {"price", "delta", "vega", "rho", "theta"};
using Result = std::array<double, 5>;  // the price, then d(price) / d(spot, volatility, rate, -time)

template <class T>
T distribution(const T& x) {
    return 0.5 * gradus::erfc(-x / std::numbers::sqrt2);
}

/// Return the price by the formula, for doubles or for values.
template <class T>
T black_scholes(const Market<T>& m) {
    using gradus::exp, gradus::log, gradus::sqrt;
    const T spread = m.volatility * sqrt(m.time);
    const T d1 = (log(m.spot / kStrike) + m.rate * m.time) / spread + 0.5 * spread;
    return m.spot * distribution(d1) - kStrike * exp(-m.rate * m.time) * distribution<T>(d1 - spread);
}

/// Return price and Greeks as textbooks have them.
Result textbook(const Market<double>& m) {
    const double root = std::sqrt(m.time), spread = m.volatility * root;
    const double d1 = (std::log(m.spot / kStrike) + m.rate * m.time) / spread + 0.5 * spread;
    const double density = std::exp(-0.5 * d1 * d1) / std::sqrt(2.0 * std::numbers::pi);
    const double strike_now = kStrike * std::exp(-m.rate * m.time) * distribution(d1 - spread);
    return {black_scholes(m), distribution(d1), m.spot * density * root, m.time * strike_now,
            -m.spot * density * m.volatility / (2.0 * root) - m.rate * strike_now};
}

/// Return the average discounted payoff of shares that follow a geometric Brownian motion.
Value simulated(const Market<Value>& m, gradus::Random& random, int paths) {
    const Value drift = (m.rate - 0.5 * m.volatility * m.volatility) * m.time;
    const Value spread = m.volatility * sqrt(m.time);
    Value payoff = 0.0;
    for (int path = 0; path < paths; ++path) {
        payoff += max(m.spot * exp(drift + spread * random.normal()) - kStrike, 0.0);
    }
    return exp(-m.rate * m.time) * payoff / paths;
}

/// Return what `price` computes, with its Greeks, from one backward pass.
template <class Price>
Result differentiated(const Market<double>& at, Price price) {
    const gradus::Scope scope;  // the tape is as before at the end
    const Market<Value> m{gradus::variable(at.spot), gradus::variable(at.volatility),
                          gradus::variable(at.rate), gradus::variable(at.time)};
    const Value y = price(m);
    gradus::backward(y);
    return {y.value(), m.spot.gradient(), m.volatility.gradient(), m.rate.gradient(), -m.time.gradient()};
}

int main(int argc, char** argv) {
    example::Lesson lesson("The price of an option and its Greeks from one backward pass.", 5,
                           "200,000 paths each");

    return lesson.run(argc, argv, [&] {
        Market<double> market{.spot = 105.0, .volatility = 0.2, .rate = 0.03, .time = 1.0};
        const Result exact = textbook(market), tape = differentiated(market, black_scholes<Value>);

        // Many rounds of a few paths, each with its own backward pass: their scatter tells the error.
        const std::size_t rounds = 100 * lesson.epochs;
        gradus::Random random(lesson.seed);
        const auto by_paths = [&](int paths) {
            return differentiated(market, [&](auto& m) { return simulated(m, random, paths); });
        };
        Result sum{}, squares{};
        example::Progress progress(lesson, "simulating", rounds);
        for (std::size_t round = 0; round < rounds; ++round, progress.step()) {
            const Result r = by_paths(2000);
            for (std::size_t k = 0; k < r.size(); ++k) sum[k] += r[k], squares[k] += r[k] * r[k];
        }

        const double n = static_cast<double>(rounds);
        fmt::print("European call, strike {}, share {}: {} paths\n\n", kStrike, market.spot, 2000 * rounds);
        fmt::print("{:8}{:>12}{:>12}{:>14}\n", "", "formula", "tape", "simulated");
        for (std::size_t k = 0; k < sum.size(); ++k) {
            const double mean = sum[k] / n;
            const double error = std::sqrt(std::max(squares[k] / n - mean * mean, 0.0) / (n - 1.0));
            fmt::print("{:8}{:12.5f}{:12.5f}{:14.4f} +- {:.4f}\n", kNames[k], exact[k], tape[k], mean, error);
            example::check(kNames[k], tape[k], exact[k], 1e-12 * (1.0 + std::abs(exact[k])));
            example::check(kNames[k], mean, exact[k], 5.0 * error);
        }

        example::Picture picture(lesson, "08_greeks", 1000, 660);
        picture.add("$data << EOD");
        for (market.spot = 60.0; market.spot <= 140.0; market.spot += 2.0) {
            picture.add("{} {} {}", market.spot, fmt::join(textbook(market), " "),
                        fmt::join(by_paths(50000), " "));
        }
        picture.add(
            "EOD\nset multiplot layout 2,2 title 'A call with strike 100: the line is the formula, "
            "each dot one backward pass'\nunset key\nset xtics 20\nset xlabel 'price of the share'");
        for (const int k : {0, 1, 2, 4}) {
            picture.add("set title '{}'\nset yrange [{}:*]", kNames[k], k == 4 ? "*" : "0");
            picture.add("plot $data using 1:{} with lines, '' using 1:{} every 2 with points", k + 2, k + 7);
        }
        picture.draw();
    });
}
