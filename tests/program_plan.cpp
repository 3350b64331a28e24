// SPDX-License-Identifier: MIT
// How a graph becomes instructions: separated, levelled, grouped, numbered anew, rows recognised. And how
// that is told and drawn.
#include "program/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include "doctest.hpp"
#include "gradus/gradus.hpp"
#include "graphs.hpp"
#include "program/cost.hpp"
#include "program/machine.hpp"
#include "program/recycling.hpp"
#include "program/story.hpp"

using namespace gradus;
using detail::Instruction;
using detail::Place;
using detail::Plan;
using detail::Region;
using graphs::Graph;
using graphs::kOp;
using graphs::leaves;
using graphs::Node;

namespace {

/// Return the instructions as text: those once a batch, a bar, those for every example.
std::string shapes(const Plan& plan) {
    std::string text;
    for (const Instruction& in : plan.once)
        text += std::string(detail::operation_name(in.op)) + detail::shape_of(in) + " ";
    text += "|";
    for (const Instruction& in : plan.every)
        text += " " + std::string(detail::operation_name(in.op)) + detail::shape_of(in);
    return text;
}

std::vector<Place> places_read(const Instruction& in) {
    std::vector<Place> all;
    for (const detail::Reads* reads : {&in.a, &in.b}) {
        for (const Place first : reads->firsts) {
            for (Place i = 0; i < reads->block; ++i) all.push_back(first + i);
        }
    }
    return all;
}

/// A dot product of each row of parameters with n numbers that begin at a node.
void add_rows(Graph& graph, std::size_t first_parameter, std::size_t rows, std::size_t n, Node x) {
    for (std::size_t j = 0; j < rows; ++j) {
        std::vector<Node> factors;
        for (std::size_t i = 0; i < n; ++i) factors.push_back(static_cast<Node>(first_parameter + j * n + i));
        for (std::size_t i = 0; i < n; ++i) factors.push_back(x + static_cast<Node>(i));
        graph.outputs.push_back(graph.add(detail::kDot, factors));
    }
}

}  // namespace

TEST_CASE("arrange: what depends on parameters alone runs once a batch") {
    Graph graph = leaves(2, 1);
    const Node e = graph.add(kOp<ops::Exp>, {0});
    const Node product = graph.add(kOp<ops::Multiply>, {e, 1});
    graph.outputs = {graph.add(kOp<ops::Multiply>, {product, 2})};
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan) == "exp(1) *(1) | *(1)");
    CHECK(!plan.is_uniform(plan.outputs[0]));
    CHECK(plan.uniforms == 2);
    CHECK(plan.lanes == 2);  // the input, and the result
}

TEST_CASE("arrange: operations of one kind, arity and depth are one instruction, in their order") {
    Graph graph = leaves(0, 4);
    std::vector<Node> sines, sums;
    for (Node i = 0; i < 4; ++i) sines.push_back(graph.add(kOp<ops::Sin>, {i}));
    const Node late = graph.add(kOp<ops::Sin>, {sines[0]});
    const Node pair = graph.add(detail::kSum, {sines[0], sines[1], late});
    const Node four = graph.add(detail::kSum, {sines[3], sines[2], sines[1], sines[0]});
    graph.outputs = {pair, four};
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan) == "| sin(4) sin(1) sum(1), each of 4 sum(1), each of 3");
    CHECK(plan.every[0].a.is_run());
}

TEST_CASE("arrange: results of an instruction lie side by side, so that the next one reads a run") {
    Graph graph = leaves(0, 3);
    std::vector<Node> roots;
    for (Node i = 0; i < 3; ++i) {  // recorded one chain after the other
        const Node e = graph.add(kOp<ops::Exp>, {i});
        roots.push_back(graph.add(kOp<ops::Sqrt>, {e}));
    }
    graph.outputs = roots;
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan) == "| exp(3) sqrt(3)");
    CHECK(plan.every[1].a.is_run());
    CHECK(plan.every[1].a.firsts[0] == plan.every[0].result);
    CHECK(plan.outputs ==
          std::vector<Place>{plan.every[1].result, plan.every[1].result + 1, plan.every[1].result + 2});
}

TEST_CASE("arrange: rows of parameters times the same numbers are a product of a matrix and a vector") {
    Graph graph = leaves(12, 4);
    add_rows(graph, 0, 3, 4, 12);
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan) == "| product(3,4)");
    CHECK(plan.every[0].row_step == 4);
    CHECK(plan.every[0].times == 1);
}

TEST_CASE("arrange: the same rows times several vectors are a product of two matrices") {
    Graph graph = leaves(6, 8);
    add_rows(graph, 0, 3, 2, 6);
    add_rows(graph, 0, 3, 2, 8);
    add_rows(graph, 0, 3, 2, 10);
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan).ends_with("| product(3,2) x (2,3)"));
}

TEST_CASE("arrange: rows that are no matrix stay dot products") {
    Graph graph = leaves(0, 8);
    for (const Node first : {0u, 1u, 3u})  // two runs of inputs each, at no regular distance
        graph.outputs.push_back(graph.add(detail::kDot, {first, first + 1, first + 3, first + 4}));
    CHECK(shapes(detail::arrange(graph)) == "| dot(3), each of 2");
}

TEST_CASE("arrange: operands that follow each other but for a seam make an instruction on each side of it") {
    Graph graph = leaves(40, 0);
    for (Node i = 0; i < 40; ++i) graph.outputs.push_back(graph.add(kOp<ops::Subtract>, {(i + 39) % 40, i}));
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan) == "-(1) -(39) |");
    CHECK((plan.once[1].a.is_run() && plan.once[1].b.is_run()));
}

TEST_CASE("arrange: lines of a formula that take turns get their own instructions, with runs for operands") {
    Graph graph = leaves(40, 0);
    for (Node i = 0; i < 20; ++i) {
        const Node twice = graph.add(kOp<ops::Multiply>, {graph.add_constant(2.0), i});
        const Node product = graph.add(kOp<ops::Multiply>, {i, i + 20});
        graph.outputs.push_back(graph.add(kOp<ops::Subtract>, {twice, product}));
    }
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan) == "*(20) *(20) -(20) |");
    CHECK(plan.constants == std::vector{2.0});  // equal ones are one
    for (const Instruction& in : plan.once) CHECK((in.a.is_run() || in.a.is_one() || in.a.repeat == 20));
    for (const Instruction& in : plan.once) CHECK(in.b.is_run());
}

TEST_CASE("arrange: short sums and dot products of columns are computed term by term") {
    Graph graph = leaves(100, 0);
    for (Node i = 0; i < 20; ++i) graph.outputs.push_back(graph.add(detail::kSum, {i, i + 20, i + 40}));
    for (Node i = 0; i < 20; ++i)
        graph.outputs.push_back(graph.add(detail::kDot, {i, i + 20, i + 40, i + 60}));
    const Plan plan = detail::arrange(graph);
    CHECK(shapes(plan) == "+(20) copy(20) *(20) *(20) |");
    for (std::size_t k = 0; k < 4; ++k) {
        const Instruction& in = plan.once[k];
        CHECK((in.a.is_run() && (in.b.firsts.empty() || in.b.is_run())));
        CHECK(in.adds == (k % 2 == 1));
        if (in.adds) CHECK(in.result == plan.once[k - 1].result);
    }
}

TEST_CASE("arrange: an instruction reads only what is there before it, and nothing is computed twice") {
    graphs::Maker maker(2);
    for (int round = 0; round < 100; ++round) {
        CAPTURE(round);
        const Graph graph = maker.graph(60);
        const Plan plan = detail::arrange(graph);
        std::vector<Place> known;
        for (std::size_t i = 0; i < plan.parameters; ++i)
            known.push_back(detail::place_in(Region::parameters, i));
        for (std::size_t i = 0; i < plan.constants.size(); ++i)
            known.push_back(detail::place_in(Region::uniforms, i));
        for (std::size_t i = 0; i < plan.inputs; ++i) known.push_back(detail::place_in(Region::lanes, i));
        for (const auto* part : {&plan.once, &plan.every}) {
            for (const Instruction& in : *part) {
                for (const Place p : places_read(in))
                    CHECK(std::binary_search(known.begin(), known.end(), p));
                if (in.adds) {
                    CHECK(std::binary_search(known.begin(), known.end(), in.result));
                    continue;
                }
                const std::size_t before = known.size();
                for (Place i = 0; i < in.count; ++i) known.push_back(in.result + i);
                std::sort(known.begin(), known.end());
                known.erase(std::unique(known.begin(), known.end()), known.end());
                CHECK(known.size() == before + in.count);
            }
        }
    }
}

TEST_CASE("arrange: graphs of chance compute the same as node by node, for each of several examples") {
    graphs::Maker maker(3);
    for (int round = 0; round < 100; ++round) {
        CAPTURE(round);
        const Graph graph = maker.graph(60);
        const Plan plan = detail::arrange(graph);
        constexpr std::size_t kExamples = 3;
        const std::vector<double> parameters = maker.numbers();
        std::vector<double> inputs;
        for (std::size_t e = 0; e < kExamples; ++e) {
            const std::vector<double> x = maker.numbers();
            inputs.insert(inputs.end(), x.begin(), x.end());
        }
        detail::Machine<double> machine(plan, 4), single(plan, 1);
        machine.begin(parameters.data());
        machine.forward(inputs.data(), kExamples);
        single.begin(parameters.data());
        for (std::size_t e = 0; e < kExamples; ++e) {
            single.forward(inputs.data() + 4 * e, 1);
            const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(4 * e);
            const auto expected = graphs::outputs(graph, parameters, {first, first + 4});
            for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
                const double found = machine.output(k)[plan.is_uniform(plan.outputs[k]) ? 0 : e];
                // Vector functions are right to 2 ulp; a few hundred operations, of which tanh shrinks
                // errors.
                CHECK(std::abs(found - expected[k]) <= 1e-12 * (1.0 + std::abs(expected[k])));
                CHECK(std::abs(*single.output(k) - expected[k]) <= 1e-12 * (1.0 + std::abs(expected[k])));
            }
            CHECK(single.holds(0) == (expected.back() == 1.0));
            CHECK(machine.holds(e) == (expected.back() == 1.0));
        }
    }
}

TEST_CASE("recycling: adjoints that are needed at the same time have homes of their own, side by side") {
    using detail::Recycling;
    constexpr std::size_t kPlaces = 60'000, kRun = 7;
    Random random(8);
    Recycling recycling(kPlaces);
    std::vector<std::uint32_t> written(kPlaces), read(kPlaces);
    std::uint32_t line = 0;
    recycling.keep(0, 100);
    for (std::size_t p = 100; p + kRun <= kPlaces; p += kRun) {
        const std::size_t distance = random.index(50) == 0 ? p : std::min<std::size_t>(p, 2000);
        const std::size_t from = p - 1 - random.index(distance - kRun);  // often a run across two results
        const std::size_t count = std::min(kRun, p - from);
        ++line;
        recycling.read(from, count, line);
        recycling.write(p, kRun, line);
        for (std::size_t i = 0; i < count; ++i) read[from + i] = line;
        for (std::size_t i = 0; i < kRun; ++i) written[p + i] = read[p + i] = line;
        if (random.index(100) == 0) recycling.keep(p, 1);
    }
    const auto homes = recycling.homes();
    std::vector<std::size_t> lives_there(kPlaces + Recycling::kRoom, kPlaces);
    std::size_t moved = 0, wrong = 0;
    for (std::size_t p = 0; p < kPlaces; ++p) {
        REQUIRE(homes[p] < lives_there.size());
        moved += homes[p] != p ? 1 : 0;
        const std::size_t before = std::exchange(lives_there[homes[p]], p);
        if (before < kPlaces && read[before] >= written[p]) ++wrong;
        if (p > 100 && (p - 100) % kRun != 0 && homes[p] != homes[p - 1] + 1) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(moved > kPlaces / 4);
    std::size_t stay = 0;
    for (const auto& [first, count] : Recycling::at_home(homes)) stay += count;
    CHECK(stay == kPlaces - moved);
}

// ---- what it costs, told and drawn

TEST_CASE("cost: a product reads its matrix once for all examples of a batch") {
    Graph graph = leaves(12, 4);
    add_rows(graph, 0, 3, 4, 12);
    const detail::Cost cost = detail::cost_of(detail::arrange(graph).every[0]);
    CHECK(cost.operations == 24);      // 12 multiplications, 12 additions
    CHECK(cost.numbers_shared == 12);  // the matrix
    CHECK(cost.numbers_each == 7);     // the vector, the result
    CHECK(cost.bytes(8) == 152);
    CHECK(cost.bytes(4, 10) == 4 * (12 + 70));
    CHECK(cost.intensity(8, 10) == doctest::Approx(240.0 / (8 * 82)));
}

namespace {

/// Two neurons with two inputs, their squares added.
Program neurons(const Parameters& block, const Parameter& w) {
    return Program(block, [w](std::span<const Value> x) {
        const auto p = w.view();
        const Value a = tanh(p[0] * x[0] + p[1] * x[1]), b = tanh(p[2] * x[0] + p[3] * x[1]);
        return std::vector<Value>{a * a + b * b};
    });
}

}  // namespace

TEST_CASE("explain: the passes, then the instructions with what they cost") {
    Parameters block;
    const Parameter w = block.add("w", {4});
    const Program program = neurons(block, w);
    CHECK(explain(program) == "not compiled yet: it has met no example\n");
    CHECK(draw(program).find("not compiled yet") != std::string::npos);
    CHECK(program.value(std::vector<double>{1.0, 2.0}) == 0.0);
    CHECK(explain(program) == R"(path of 2 inputs
  recorded                        11 entries
  without dead code               11 entries
  constants folded                11 entries
  repetitions merged              11 entries
  sums flattened                   5 entries
  functions recognised             5 entries
  3 instructions for each example             flops      bytes flops/byte batch of 64
    product   (2,2)                               8         64       0.12        0.25
    tanh      (2)                                 2         32       0.06        0.06
    dot       (1), each of 2                      4         40       0.10        0.10
  in all                                         14        136       0.10        0.13
)");
}

TEST_CASE("explain: what computes nothing costs nothing") {
    const Program program({}, [](std::span<const Value>) { return std::vector<Value>{1.0}; });
    CHECK(program.value({}) == 1.0);
    CHECK(explain(program).ends_with(
        "  in all                                          0          0       0.00        0.00\n"));
}

TEST_CASE("explain: what runs once a batch stands apart, and float moves half of the bytes") {
    Parameters block;
    const Parameter w = block.add("w", {2});
    const Program program(
        block, [&](std::span<const Value> x) { return std::vector<Value>{exp(w.view()[0]) * x[0]}; },
        {.single_precision = true});
    CHECK(program.value(std::vector<double>{1.0}) == 1.0);
    const std::string text = explain(program);
    CHECK(text.find("  1 instructions once a batch ") != std::string::npos);
    CHECK(text.find("    exp       (1)                                 1          8") != std::string::npos);
}

TEST_CASE("program: a number that single precision cannot hold is named") {
    Parameters block;
    const Parameter w = block.add("w", {1});
    double number = 0.0;
    const auto run = [&](bool single_precision) {
        const auto root = [&](std::span<const Value> x) {
            return std::vector<Value>{w.view()[0] / sqrt(x[0] * x[0] + number)};
        };
        return Program(block, root, {.single_precision = single_precision}).value(std::array{1.0});
    };
    for (const double beyond : {1e-50, 1e-40, -1e300}) {
        number = beyond;
        CHECK_THROWS_WITH_AS(
            run(true),
            fmt::format(
                "program: single precision cannot hold a number of the formula: {}. Write one between "
                "1.18e-38 and 3.4e+38 in size, or compile with double precision.",
                beyond)
                .c_str(),
            DomainError);
    }
    number = 1e-50;
    CHECK(run(false) == 0.0);
    number = 1.2e-38;
    CHECK(run(true) == 0.0);
    number = std::numeric_limits<double>::infinity();
    CHECK(run(true) == 0.0);
}

TEST_CASE("draw: a picture with a bar for each pass and a row for each instruction") {
    Parameters block;
    const Parameter w = block.add("w", {4});
    const Program program = neurons(block, w);
    CHECK(program.value(std::vector<double>{1.0, 2.0}) == 0.0);
    const std::string svg = draw(program);
    CHECK(svg.starts_with("<svg xmlns"));
    CHECK(svg.ends_with("</svg>\n"));
    for (const char* part : {">sums flattened<", ">product<", ">(2,2)<", ">tanh<", "11 operations become 3"})
        CHECK(svg.find(part) != std::string::npos);
}

TEST_CASE("draw: signs of comparisons are no tags, and a long program ends in a count") {
    Parameters none;
    const Program program(none, [](std::span<const Value> x) {
        Value y = x[0];
        for (int i = 0; i < 30; ++i) y = sin(y);
        return std::vector<Value>{x[0] < 2.0 ? y : x[0]};
    });
    CHECK(program.value(std::vector<double>{1.0}) < 1.0);
    const std::string svg = draw(program);
    CHECK(svg.find(">&lt;<") != std::string::npos);
    CHECK(svg.find("<<") == std::string::npos);
    CHECK(svg.find("and 7 more") != std::string::npos);
}

TEST_CASE("draw: the documents show the picture of a network, 784-128-10, neuron by neuron") {
    Parameters block;
    const Parameter w1 = block.add("w1", {128, 784}), b1 = block.add("b1", {128});
    const Parameter w2 = block.add("w2", {10, 128}), b2 = block.add("b2", {10});
    const auto neurons = [](const ParameterView& w, const ParameterView& b, std::span<const Value> x) {
        std::vector<Value> y(b.size());
        for (std::size_t j = 0; j < y.size(); ++j) {
            y[j] = b[j];
            for (std::size_t i = 0; i < x.size(); ++i) y[j] += w[j * x.size() + i] * x[i];
        }
        return y;
    };
    const Program program(block, [&](std::span<const Value> example) {
        std::vector<Value> hidden = neurons(w1.view(), b1.view(), example.first(784));
        for (Value& h : hidden) h = tanh(h);
        const std::vector<Value> logits = neurons(w2.view(), b2.view(), hidden);
        Value sum = 0.0;
        const Value largest = max(logits);
        for (const Value& logit : logits) sum += exp(logit - largest);
        return std::vector<Value>{largest + log(sum) - pick(logits, example[784])};
    });
    CHECK(program.value(std::vector<double>(785, 1.0)) == doctest::Approx(std::log(10.0)));
    const std::string file = GRADUS_SOURCE_DIR "/docs/pictures/network.svg";
    const std::string drawn = draw(program);
    if (std::getenv("GRADUS_NEW_PICTURES") != nullptr) std::ofstream(file) << drawn;
    std::stringstream shown;
    shown << std::ifstream(file).rdbuf();
    INFO("To renew the picture, run this test with GRADUS_NEW_PICTURES=1, and look at it.");
    CHECK((drawn == shown.str()));
}
