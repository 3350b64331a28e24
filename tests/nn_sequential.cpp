// SPDX-License-Identifier: MIT
// Tests of gradus/nn/sequential.hpp.
#include "gradus/nn/sequential.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/nn/mlp.hpp"
#include "modules.hpp"

using namespace gradus;

namespace {

std::vector<std::string> names_of(const Parameters& block) {
    std::vector<std::string> names;
    for (const ParameterInfo& part : block.infos()) names.push_back(part.name);
    return names;
}

/// A module of one's own: it keeps a switch, and doubles what it is given while that is on.
struct Doubling {
    std::shared_ptr<bool> on = std::make_shared<bool>(true);

    Tensor operator()(const Tensor& x) const { return *on ? x * 2.0 : x; }
    void train(bool training) const { *on = training; }
    [[nodiscard]] Parameters parameters() const { return {}; }
    [[nodiscard]] std::string describe() const { return "Doubling"; }
};

}  // namespace

static_assert(Module<Sequential> && TensorModule<Sequential> && TensorModule<MLP> && TensorModule<Layer>);

TEST_CASE("sequential: layers with a seed are the perceptron of that seed") {
    Sequential model({.seed = 7});
    model.add<Linear>(5, 4, {.activation = "relu"}).add<Linear>(4, 3);
    const MLP mlp({5, 4, 3}, {.seed = 7});
    CHECK(names_of(model.parameters()) == names_of(mlp.parameters()));
    const auto numbers = [](const Parameters& block) {
        return std::vector<double>(block.values().begin(), block.values().end());
    };
    CHECK(numbers(model.parameters()) == numbers(mlp.parameters()));
    const Scope scope;
    const Tensor x = tensor(random_numbers(10), {2, 5});
    CHECK(to_string(model(x)) == to_string(mlp(x)));
}

TEST_CASE("sequential: parameters have the number of their module, as in PyTorch") {
    Sequential model;
    model.add<Linear>(3, 4).add("tanh").add<Linear>(4, 2, {.bias = false, .name = "not this"});
    CHECK(model.size() == 3);
    CHECK(names_of(model.parameters()) == std::vector<std::string>{"0.weight", "0.bias", "2.weight"});
}

TEST_CASE("sequential: it may be part of a larger one") {
    Sequential outer({.seed = 1});
    outer.add<Linear>(2, 3);
    Sequential inner(outer.parameters(), {.seed = 2, .name = "1"});
    inner.add<Linear>(3, 3).add("relu");
    outer.add(inner).add(MLP(outer.parameters(), {3, 1}, {.name = "2"}));
    CHECK(names_of(outer.parameters()) ==
          std::vector<std::string>{"0.weight", "0.bias", "1.0.weight", "1.0.bias", "2.0.weight", "2.0.bias"});
    CHECK(check_module(outer, {4, 2}) == "");
    CHECK(outer.describe() ==
          "Sequential, 3 modules, 25 parameters\n"
          "  0: Layer 2 -> 3 identity  weight (3,2)  bias (3)  9 parameters\n"
          "  1: Sequential, 2 modules, 12 parameters\n"
          "    0: Layer 3 -> 3 identity  weight (3,3)  bias (3)  12 parameters\n"
          "    1: relu\n"
          "  2: MLP 3-1, 4 parameters\n"
          "    0: 3 -> 1 identity  weight (1,3)  bias (1)  4 parameters");
}

TEST_CASE("sequential: gradients through it equal finite differences") {
    Sequential model({.seed = 3});
    model.add<Linear>(3, 4, {.activation = "silu"}).add("sigmoid").add<Linear>(4, 2);
    CHECK(check_module(model, {5, 3}) == "");
}

TEST_CASE("sequential: without modules it returns what it is given") {
    const Scope scope;
    const Sequential none;
    CHECK(to_string(none(tensor({1, 2}))) == "[1, 2]");
    CHECK(none.describe() == "Sequential, 0 modules, 0 parameters");
}

TEST_CASE("sequential: training mode reaches the modules that know it, nested ones, too") {
    Sequential inner;
    inner.add(Doubling());
    Sequential outer;
    outer.add(inner).add(Doubling()).add("identity");
    const Scope scope;
    const Tensor x = tensor({1});
    CHECK(outer(x)(0).value() == 4.0);
    outer.eval();
    CHECK(outer(x)(0).value() == 1.0);
    outer.train();
    CHECK(outer(x)(0).value() == 4.0);
}

TEST_CASE("sequential: a step of the steady state allocates nothing") {
    Sequential model;
    model.add<Linear>(3, 30, {.activation = "relu"}).add("tanh").add<Linear>(30, 1);
    const std::vector<double> numbers = random_numbers(15);
    const auto step = [&] {
        const Scope scope;
        backward(sum(model(tensor(numbers, {5, 3}))));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
}

TEST_CASE("sequential: mistakes are named, and leave it as it was") {
    Sequential model;
    model.add<Linear>(3, 2);
    CHECK_THROWS_WITH_AS(model.add(Linear(2, 1)),
                         "sequential: the parameters of module 1 lie in another block: 3 of them. Let it be "
                         "made in place, as in add<Linear>(64, 10), or make it with parameters() of the "
                         "Sequential.",
                         DomainError);
    CHECK_THROWS_AS(model.add("softmax"), DomainError);
    CHECK_THROWS_AS(model.add<Linear>(2, 0), ShapeError);
    CHECK(model.size() == 1);
    CHECK(model.parameters().size() == 8);
    const Scope scope;
    CHECK_THROWS_AS(model(full({1, 2}, 0.0)), ShapeError);

    Sequential other;
    other.add<Linear>(3, 2).add<Linear>(2, 1);
    model.add<Linear>(2, 1);
    CHECK(std::ranges::equal(model.parameters().values(), other.parameters().values()));
}
