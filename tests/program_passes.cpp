// SPDX-License-Identifier: MIT
// Each pass of the compiler alone: on small graphs the exact result, on graphs of chance the same numbers.
#include "program/passes.hpp"

#include <array>

#include "doctest.hpp"
#include "gradus/gradus.hpp"
#include "graphs.hpp"

using namespace gradus;
using graphs::Graph;
using graphs::kOp;
using graphs::leaves;
using graphs::Node;
using graphs::text;

namespace {

Node add(Graph& graph, Node a, Node b) { return graph.add(kOp<ops::Add>, {a, b}); }
Node subtract(Graph& graph, Node a, Node b) { return graph.add(kOp<ops::Subtract>, {a, b}); }
Node multiply(Graph& graph, Node a, Node b) { return graph.add(kOp<ops::Multiply>, {a, b}); }
Node divide(Graph& graph, Node a, Node b) { return graph.add(kOp<ops::Divide>, {a, b}); }
Node exp(Graph& graph, Node a) { return graph.add(kOp<ops::Exp>, {a}); }
Node log(Graph& graph, Node a) { return graph.add(kOp<ops::Log>, {a}); }

/// Record a formula of two inputs and two parameters, and collect it.
Graph collected(const std::function<Value(std::span<const Value> x, std::span<const Value> p)>& formula) {
    Parameters block;
    const Parameter p = block.add("p", {2});
    Tape tape(Tape::Mode::graph);
    const Recording on(tape);
    const std::vector<Value> x = variables(std::array{0.5, 2.0});
    const std::vector<Value> parameters{p.view()[0], p.view()[1]};
    const std::vector<Value> y{formula(x, parameters)};
    return detail::collect(tape, y, 2, detail::slot_of(p.view().first()), block.size());
}

}  // namespace

// ---- collect

TEST_CASE("collect: parameters come first, then what was recorded, in that order") {
    const Graph graph = collected([](auto x, auto p) {
        const Value product = p[1] * x[0];
        return product + exp(x[1]);
    });
    CHECK(text(graph) == "p0; p1; x0; x1; * 1 2; exp 3; + 4 5; -> 6");
    CHECK(graph.inputs == 2);
    CHECK(graph.parameters == 2);
}

TEST_CASE("collect: numbers become constants, and so does what a later variable was") {
    const Graph graph = collected([](auto x, auto) {
        const Value triple = 3.0 * x[0], later = variable(4.0);
        return triple + 1.5 * later;
    });
    CHECK(text(graph) == "p0; p1; x0; x1; 3; * 4 2; 4; 1.5; * 7 6; + 5 8; -> 9");
}

TEST_CASE("collect: fma, mean and softmax are made of what programs know") {
    CHECK(text(collected([](auto x, auto p) { return fma(x[0], p[0], p[1]); })) ==
          "p0; p1; x0; x1; * 2 0; + 4 1; -> 5");
    CHECK(text(collected([](auto x, auto) { return mean(x); })) ==
          "p0; p1; x0; x1; 0.5; sum 2 3; * 5 4; -> 6");
    CHECK(text(collected([](auto x, auto) { return softmax(x)[0]; })) ==
          "p0; p1; x0; x1; logsumexp 2 3; - 2 4; exp 5; - 3 4; exp 7; -> 6");
}

TEST_CASE("collect: a sum that the tape keeps in parts is one node") {
    const Graph graph = collected([](auto x, auto) { return sum(std::vector<Value>(1000, x[0])); });
    CHECK(graph.size() == 5);
    CHECK(graph.operands(4).size() == 1000);
}

TEST_CASE("collect: a comparison is a guard, with the outcome that was recorded") {
    const Graph graph = collected([](auto x, auto) { return x[0] < x[1] ? x[0] : x[1]; });
    CHECK(text(graph) == "p0; p1; x0; x1; < 2 3; -> 2; 4 is true");
}

TEST_CASE("collect: parameters of another block are refused") {
    Parameters mine, other;
    const Parameter p = mine.add("p", {1}), q = other.add("q", {1});
    Tape tape(Tape::Mode::graph);
    const Recording on(tape);
    const std::vector<Value> y{p.view()[0] * q.view()[0]};
    CHECK_THROWS_WITH_AS(
        detail::collect(tape, y, 0, detail::slot_of(p.view().first()), 1),
        "compile: it depends on parameters of another model. Keep all that it uses in one block.", TapeError);
}

// ---- remove_dead

TEST_CASE("remove_dead: what no output needs goes, and what only that needed; leaves stay") {
    Graph graph = leaves(1, 2);
    const Node unused = multiply(graph, 0, 1);
    exp(graph, unused);
    graph.add_constant(7.0);
    graph.outputs.push_back(add(graph, 0, 2));
    CHECK(text(detail::remove_dead(graph)) == "p0; x0; x1; + 0 2; -> 3");
}

TEST_CASE("remove_dead: a guard is needed") {
    Graph graph = leaves(1, 1);
    graph.outputs.push_back(0);
    const Node zero = graph.add_constant(0.0);
    graph.guards.push_back({graph.add(detail::kLess, {zero, 1}), false});
    CHECK(text(detail::remove_dead(graph)) == "p0; x0; 0; < 2 1; -> 0; 3 is false");
}

// ---- fold_constants

TEST_CASE("fold_constants: what depends on constants alone is computed") {
    Graph graph = leaves(0, 1);
    const Node two = graph.add_constant(2.0), three = graph.add_constant(3.0);
    const Node six = multiply(graph, two, three);
    graph.outputs = {multiply(graph, subtract(graph, six, two), 0)};
    CHECK(text(detail::remove_dead(detail::fold_constants(graph))) == "x0; 4; * 1 0; -> 2");
}

TEST_CASE("fold_constants: factors of 1 and summands of 0 go, on both sides") {
    Graph graph = leaves(0, 1);
    const Node zero = graph.add_constant(0.0), one = graph.add_constant(1.0);
    graph.outputs = {multiply(graph, one, 0), multiply(graph, 0, one), add(graph, zero, 0),
                     add(graph, 0, zero), subtract(graph, 0, zero)};
    CHECK(text(detail::remove_dead(detail::fold_constants(graph))) == "x0; -> 0 0 0 0 0");
}

TEST_CASE("fold_constants: 0 - x, x * 0 and x - x stay: they may be NaN, or change the sign") {
    Graph graph = leaves(0, 1);
    const Node zero = graph.add_constant(0.0);
    graph.outputs = {subtract(graph, zero, 0), multiply(graph, 0, zero), subtract(graph, 0, 0)};
    CHECK(text(detail::fold_constants(graph)) == text(graph));
}

// ---- merge_repeated

TEST_CASE("merge_repeated: the same operation on the same operands is computed once") {
    Graph graph = leaves(1, 1);
    const Node a = exp(graph, multiply(graph, 0, 1)), b = exp(graph, multiply(graph, 0, 1));
    graph.outputs = {add(graph, a, b)};
    CHECK(text(detail::merge_repeated(graph)) == "p0; x0; * 0 1; exp 2; + 3 3; -> 4");
}

TEST_CASE("merge_repeated: constants count by number, signs of zero included, and stay apart") {
    Graph graph = leaves(0, 1);
    const auto times = [&](double number) { return multiply(graph, graph.add_constant(number), 0); };
    const Node a = times(2.0), b = times(2.0), c = times(0.0), d = times(-0.0);
    graph.outputs = {a, b, c, d};
    CHECK(text(detail::merge_repeated(graph)) == "x0; 2; * 1 0; 0; * 3 0; -0; * 5 0; -> 2 2 4 6");
    Graph row = leaves(0, 2);
    const Node first = row.add_constant(2.0), second = row.add_constant(2.0);
    row.outputs = {row.add(detail::kDot, {first, second, 0, 1})};
    CHECK(text(detail::merge_repeated(row)) == text(row));
}

TEST_CASE("merge_repeated: a number and a node of that number are two things") {
    Graph graph = leaves(0, 2);
    const Node one = graph.add_constant(std::bit_cast<double>(std::uint64_t{1}));
    graph.outputs = {multiply(graph, 0, 1), multiply(graph, 0, one)};
    CHECK(text(detail::merge_repeated(graph)) == text(graph));
}

TEST_CASE("merge_repeated: operands count in their order, and so does how many there are") {
    Graph graph = leaves(0, 2);
    graph.outputs = {subtract(graph, 0, 1), subtract(graph, 1, 0), graph.add(detail::kSum, {0, 1}),
                     graph.add(detail::kSum, {0, 1, 1})};
    CHECK(text(detail::merge_repeated(graph)) == text(graph));
}

TEST_CASE("merge_repeated: long chains of the same operations do not slow it down") {
    // The numbers along a chain must not come round to the first ones: it would take hours.
    Graph graph = leaves(0, 1);
    Node y = 0;
    for (int i = 0; i < 1'000'000; ++i) y = add(graph, exp(graph, y), graph.add(kOp<ops::Sin>, {y}));
    graph.outputs = {y};
    CHECK(detail::merge_repeated(graph).size() == graph.size());
}

// ---- flatten_sums

TEST_CASE("flatten_sums: a chain of additions is one sum") {
    Graph graph = leaves(0, 4);
    graph.outputs = {add(graph, add(graph, add(graph, 0, 1), 2), 3)};
    CHECK(text(detail::flatten_sums(graph)) == "x0; x1; x2; x3; sum 0 1 2 3; -> 4");
}

TEST_CASE("flatten_sums: products among the terms are a dot product, left factors first") {
    Graph graph = leaves(3, 2);
    graph.outputs = {add(graph, add(graph, 2, multiply(graph, 0, 3)), multiply(graph, 1, 4))};
    CHECK(text(detail::flatten_sums(graph)) == "p0; p1; p2; x0; x1; dot 0 1 3 4; + 2 5; -> 6");
}

TEST_CASE("flatten_sums: one product stays a product") {
    Graph graph = leaves(1, 2);
    graph.outputs = {add(graph, 1, multiply(graph, 0, 2))};
    CHECK(text(detail::flatten_sums(graph)) == "p0; x0; x1; * 0 2; + 1 3; -> 4");
}

TEST_CASE("flatten_sums: what others use stays whole") {
    Graph graph = leaves(0, 3);
    const Node shared = add(graph, 0, 1);
    graph.outputs = {add(graph, shared, 2), shared};
    CHECK(text(detail::flatten_sums(graph)) == text(graph));
    Graph twice = leaves(0, 2);
    const Node sum = add(twice, 0, 1);
    twice.outputs = {add(twice, sum, sum)};
    CHECK(text(detail::flatten_sums(twice)) == text(twice));
}

TEST_CASE("flatten_sums: dot products join, with what was a dot product before") {
    Graph graph = leaves(2, 2);
    const Node dot = graph.add(detail::kDot, {0, 1, 2, 3});
    graph.outputs = {add(graph, dot, multiply(graph, 0, 0))};
    CHECK(text(detail::flatten_sums(graph)) == "p0; p1; x0; x1; dot 0 1 0 2 3 0; -> 4");
}

// ---- recognise_functions

namespace {

/// exp(x_i - m) of all inputs but the last, which is m.
std::vector<Node> shifted_exponentials(Graph& graph) {
    std::vector<Node> terms;
    const auto n = static_cast<Node>(graph.inputs);
    for (Node i = 0; i + 1 < n; ++i) terms.push_back(exp(graph, subtract(graph, i, n - 1)));
    return terms;
}

std::string recognised(const Graph& graph) {
    return text(detail::remove_dead(detail::recognise_functions(detail::flatten_sums(graph))));
}

}  // namespace

TEST_CASE("recognise_functions: m + log(sum exp(x_i - m)) is logsumexp, for any m") {
    const auto graph = [](bool as_chain, bool log_first) {
        Graph made = leaves(0, 4);
        const std::vector<Node> terms = shifted_exponentials(made);
        const Node sum =
            as_chain ? add(made, add(made, terms[0], terms[1]), terms[2]) : made.add(detail::kSum, terms);
        const Node y = log(made, sum);
        made.outputs = {log_first ? add(made, y, 3) : add(made, 3, y)};
        return made;
    };
    for (const bool as_chain : {false, true}) {
        for (const bool log_first : {false, true})
            CHECK(recognised(graph(as_chain, log_first)) == "x0; x1; x2; x3; logsumexp 0 1 2; -> 4");
    }
}

TEST_CASE("recognise_functions: among the terms of a longer sum, each shift meets its own logarithm") {
    Graph graph = leaves(1, 3);
    const Node m = 3;
    const Node y =
        log(graph, add(graph, exp(graph, subtract(graph, 1, m)), exp(graph, subtract(graph, 2, m))));
    graph.outputs = {graph.add(detail::kSum, {m, 0, y, m})};
    CHECK(recognised(graph) == "p0; x0; x1; x2; logsumexp 1 2; sum 0 4 3; -> 5");
}

TEST_CASE("recognise_functions: without shift, and for a / sum, log takes the sum of exponentials whole") {
    Graph plain = leaves(0, 2);
    plain.outputs = {log(plain, add(plain, exp(plain, 0), exp(plain, 1)))};
    CHECK(recognised(plain) == "x0; x1; logsumexp 0 1; -> 2");

    Graph softmax = leaves(0, 3);
    const std::vector<Node> terms = shifted_exponentials(softmax);
    const Node sum = add(softmax, terms[0], terms[1]);
    softmax.outputs = {log(softmax, divide(softmax, terms[1], sum))};
    CHECK(recognised(softmax) == "x0; x1; x2; logsumexp 0 1; - 1 3; -> 4");

    Graph picked = leaves(0, 3);
    const std::vector<Node> e = shifted_exponentials(picked);
    const Node whole = add(picked, e[0], e[1]);
    const Node a = divide(picked, e[0], whole), b = divide(picked, e[1], whole);
    picked.outputs = {log(picked, picked.add(detail::kPick, {a, b, 2}))};
    CHECK(recognised(picked) == "x0; x1; x2; logsumexp 0 1; pick 0 1 2; - 4 3; -> 5");
}

TEST_CASE("recognise_functions: (a - m) - log(sum exp(x_i - m)) is a - logsumexp(x)") {
    Graph graph = leaves(1, 3);
    const Node m = 3;
    const Node y =
        log(graph, add(graph, exp(graph, subtract(graph, 1, m)), exp(graph, subtract(graph, 2, m))));
    graph.outputs = {subtract(graph, subtract(graph, 0, m), y), subtract(graph, subtract(graph, 1, m), y)};
    CHECK(recognised(graph) == "p0; x0; x1; x2; logsumexp 1 2; - 0 4; - 1 4; -> 5 6");
}

TEST_CASE("recognise_functions: what softmax uses, too, stays; different shifts stay as they are") {
    Graph shared = leaves(0, 3);
    const std::vector<Node> terms = shifted_exponentials(shared);
    const Node sum = add(shared, terms[0], terms[1]);
    shared.outputs = {add(shared, 2, log(shared, sum)), divide(shared, terms[0], sum)};
    CHECK(recognised(shared) ==
          "x0; x1; x2; - 0 2; exp 3; - 1 2; exp 5; + 4 6; logsumexp 0 1; / 4 7; -> 8 9");

    Graph other = leaves(0, 3);
    const Node e0 = exp(other, subtract(other, 0, 2)), e1 = exp(other, subtract(other, 1, 0));
    other.outputs = {add(other, 2, log(other, add(other, e0, e1)))};
    CHECK(recognised(other) == "x0; x1; x2; - 0 2; - 1 0; logsumexp 3 4; + 2 5; -> 6");

    Graph elsewhere = leaves(0, 4);
    const std::vector<Node> three = shifted_exponentials(elsewhere);
    elsewhere.outputs = {add(elsewhere, 0, log(elsewhere, elsewhere.add(detail::kSum, three)))};
    CHECK(recognised(elsewhere) == text(elsewhere));
}

TEST_CASE("recognise_functions: the logistic function and its integral") {
    Graph graph = leaves(0, 1);
    const Node one = graph.add_constant(1.0), minus = graph.add_constant(-1.0);
    const Node e = exp(graph, 0), by_sign = exp(graph, graph.add(kOp<ops::Negate>, {0}));
    const Node by_factor = exp(graph, multiply(graph, minus, 0));
    graph.outputs = {divide(graph, one, add(graph, one, by_sign)),
                     divide(graph, one, add(graph, by_factor, one)),
                     divide(graph, e, add(graph, one, e)),
                     divide(graph, one, add(graph, one, e)),
                     log(graph, add(graph, one, e)),
                     graph.add(kOp<ops::Log1p>, {e})};
    CHECK(recognised(graph) ==
          "x0; sigmoid 0; sigmoid 0; sigmoid 0; neg 0; sigmoid 4; softplus 0; softplus 0; -> 1 2 3 5 6 7");
}

TEST_CASE("recognise_functions: by hand and compiled, value and gradient are the same; at the edges, too") {
    Parameters block;
    const Parameter p = block.add("p", {3});
    const auto formula = [&](std::span<const Value> x) {
        const auto q = p.view();
        std::vector<Value> y;
        for (std::size_t i = 0; i < 3; ++i) y.push_back(q[i] + x[i]);
        const Value m = max(y);
        Value total = 0.0;
        for (const Value& y_i : y) total += exp(y_i - m);
        const Value probability = exp(y[1] - m) / total;
        return m + log(total) - 0.1 * y[0] + log(1.0 + exp(y[1])) / (1.0 + exp(-y[2])) - log(probability);
    };
    const double inf = std::numeric_limits<double>::infinity();
    const std::vector<std::array<double, 3>> inputs{
        {0.3, -1.2, 2.0}, {1.0, 1.0, 1.0}, {-inf, 0.5, 1.0}, {30.0, -30.0, 0.0}, {-300.0, 300.0, 10.0}};
    const Program program(block, [&](std::span<const Value> x) { return std::vector<Value>{formula(x)}; });
    for (const auto& x : inputs) {
        CAPTURE(x[0]);
        block.zero_gradients();
        const double compiled = program.value_and_gradient(x);
        const std::vector<double> gradient(block.gradients().begin(), block.gradients().end());
        block.zero_gradients();
        const Scope scope;
        const Value y = formula(variables(x));
        backward(y);
        // Some roundings of numbers of this size.
        if (!std::isinf(y.value()))
            CHECK(std::abs(compiled - y.value()) <= 1e-13 * (1.0 + std::abs(y.value())));
        for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(gradient[i] - block.gradients()[i]) <= 1e-12);
    }
    CHECK(program.describe().find("logsumexp (1), each of 3") != std::string::npos);
    CHECK(program.describe().find("log ") == std::string::npos);
}

// ---- all of them

TEST_CASE("passes: graphs of chance compute the same after each pass, and after all") {
    graphs::Maker maker(1);
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        const Graph graph = maker.graph(60);
        const std::array passes{
            +[](Graph g) { return detail::remove_dead(std::move(g)); },
            +[](Graph g) { return detail::fold_constants(std::move(g)); },
            +[](Graph g) { return detail::merge_repeated(std::move(g)); },
            +[](Graph g) { return detail::flatten_sums(g); },
            +[](Graph g) { return detail::recognise_functions(g); },
        };
        std::vector<Graph> results;
        Graph all = graph;
        for (const auto pass : passes) {
            results.push_back(pass(graph));
            all = pass(std::move(all));
            results.push_back(all);
        }
        const auto parameters = maker.numbers(), inputs = maker.numbers();
        const auto expected = graphs::outputs(graph, parameters, inputs);
        for (const Graph& result : results) {
            const auto found = graphs::outputs(result, parameters, inputs);
            REQUIRE(found.size() == expected.size());
            // Sums are added in another order; a few hundred roundings, of which each tanh shrinks those
            // before.
            for (std::size_t k = 0; k < found.size(); ++k)
                CHECK(std::abs(found[k] - expected[k]) <= 1e-12 * (1.0 + std::abs(expected[k])));
        }
        CHECK(all.size() < graph.size());
    }
}
