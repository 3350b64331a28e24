// SPDX-License-Identifier: MIT
// Tests of gradus/nn/embedding.hpp, gradus/nn/attention.hpp and gradus/nn/transformer.hpp.
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/nn/embedding.hpp"
#include "gradus/nn/sequential.hpp"
#include "gradus/nn/transformer.hpp"
#include "gradus/tensor/losses.hpp"
#include "modules.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

}  // namespace

static_assert(Module<Embedding> && TensorModule<Attention> && TensorModule<TransformerBlock>);

TEST_CASE("embedding: each thing has a row") {
    const Embedding model(3, 2);
    set(model.parameters(), "weight", {1, 2, 3, 4, 5, 6});
    const Scope scope;
    const std::array<std::size_t, 4> things{2, 0, 2, 1};
    CHECK(to_string(model(things)) == "[[5, 6],\n [1, 2],\n [5, 6],\n [3, 4]]");
    CHECK(parts_of(model.parameters()) == std::vector<std::string>{"weight (3,2)"});
    CHECK(model.describe() == "Embedding 3 -> 2  weight (3,2)  6 parameters");
    const auto loss = [&] {
        const Tensor y = model(things);
        return weighed(y * y);
    };
    CHECK(check_parameters(model.parameters(), loss).message().find("passed") != std::string::npos);
}

TEST_CASE("embedding: the rows begin at random, as wide as is said") {
    const Embedding model(100, 100, {.deviation = 0.02, .seed = 4});
    double squares = 0.0;
    for (const double w : model.weight().values()) squares += w * w;
    CHECK(std::sqrt(squares / 1e4) == doctest::Approx(0.02).epsilon(0.05));
    CHECK(numbers(Embedding(2, 2, {.seed = 1}).weight().tensor()) !=
          numbers(Embedding(2, 2, {.seed = 2}).weight().tensor()));
}

TEST_CASE("embedding: mistakes are named") {
    CHECK_THROWS_WITH_AS(
        Embedding(3, 0),
        "embedding: a size is zero: it has 3 rows of 0 numbers. Give it at least one of each.", ShapeError);
    CHECK_THROWS_WITH_AS(
        Embedding(3, 2, {.deviation = -1.0}),
        "embedding: the deviation is negative or not finite: -1. Give a positive number, such "
        "as 1.",
        DomainError);
    CHECK_THROWS_AS(Embedding(3, 2, {.deviation = std::numeric_limits<double>::infinity()}), DomainError);
    const Scope scope;
    CHECK_THROWS_AS(Embedding(3, 2)(std::array<std::size_t, 1>{3}), ShapeError);
}

TEST_CASE("attention: four projections, named q, k, v and o") {
    const Attention model(4, {.heads = 2, .bias = false, .name = "attention"});
    CHECK(parts_of(model.parameters()) ==
          std::vector<std::string>{"attention.q.weight (4,4)", "attention.k.weight (4,4)",
                                   "attention.v.weight (4,4)", "attention.o.weight (4,4)"});
    CHECK(numbers(model.parameters()["attention.q.weight"].tensor()) !=
          numbers(model.parameters()["attention.k.weight"].tensor()));
    CHECK(model.describe() == "Attention 4, 2 heads, causal  q, k, v, o: weight (4,4)  64 parameters");
    CHECK(Attention(2, {.causal = false}).describe() ==
          "Attention 2, 1 head  q, k, v, o: weight (2,2)  bias (2)  24 parameters");
}

TEST_CASE("attention: a causal place does not see those after it") {
    const Attention causal(4, {.heads = 2}), both(4, {.heads = 2, .causal = false});
    const Scope scope;
    const Tensor x = tensor(random_numbers(12), {3, 4});
    const Tensor start = slice(x, 0, 0, 2);
    for (std::size_t j = 0; j < 4; ++j) {
        CHECK(causal(x)(1, j).value() == doctest::Approx(causal(start)(1, j).value()).epsilon(1e-14));
        CHECK(both(x)(1, j).value() != doctest::Approx(both(start)(1, j).value()).epsilon(1e-6));
    }
}

TEST_CASE("attention: texts of a batch do not see one another") {
    const Attention model(4, {.heads = 2});
    const Scope scope;
    const Tensor x = tensor(random_numbers(24), {2, 3, 4});
    const Tensor together = model(x), alone = model(row(x, 1));
    REQUIRE(together.shape() == Shape{2, 3, 4});
    for (std::size_t i = 0; i < 12; ++i)
        CHECK(together.numbers()[12 + i] == doctest::Approx(alone.numbers()[i]).epsilon(1e-14));
}

TEST_CASE("attention: gradients through it equal finite differences") {
    CHECK(check_module(Attention(4, {.heads = 2, .seed = 1}), {3, 4}) == "");
    CHECK(check_module(Attention(2, {.causal = false, .bias = false}), {2, 3, 2}) == "");
}

TEST_CASE("attention: mistakes are named") {
    CHECK_THROWS_WITH_AS(
        Attention(4, {.heads = 3}),
        "attention: the heads cannot share the width: 3 heads, width 4. Give a width that is "
        "a multiple of the heads.",
        ShapeError);
    CHECK_THROWS_AS(Attention(0), ShapeError);
    CHECK_THROWS_AS(Attention(4, {.heads = 0}), ShapeError);
    CHECK_THROWS_AS(Attention(4, {.init = "random"}), DomainError);
    const Scope scope;
    CHECK_THROWS_AS(Attention(4)(full({3, 5}, 1.0)), ShapeError);
}

TEST_CASE("transformer: a block is attention and a perceptron, each added to what came in") {
    const TransformerBlock model(4, {.heads = 2, .seed = 1, .name = "block"});
    CHECK(parts_of(model.parameters()) ==
          std::vector<std::string>{"block.norm1.weight (4) stays", "block.norm1.bias (4) stays",          //
                                   "block.attention.q.weight (4,4)", "block.attention.q.bias (4) stays",  //
                                   "block.attention.k.weight (4,4)", "block.attention.k.bias (4) stays",  //
                                   "block.attention.v.weight (4,4)", "block.attention.v.bias (4) stays",  //
                                   "block.attention.o.weight (4,4)", "block.attention.o.bias (4) stays",  //
                                   "block.norm2.weight (4) stays", "block.norm2.bias (4) stays",          //
                                   "block.mlp.0.weight (16,4)", "block.mlp.0.bias (16) stays",            //
                                   "block.mlp.1.weight (4,16)", "block.mlp.1.bias (4) stays"});
    CHECK(model.describe() ==
          "TransformerBlock 4, 244 parameters\n"
          "  norm1: LayerNorm 4                       weight (4)  bias (4)  8 parameters\n"
          "  attention: Attention 4, 2 heads, causal  q, k, v, o: weight (4,4)  bias (4)  80 parameters\n"
          "  norm2: LayerNorm 4                       weight (4)  bias (4)  8 parameters\n"
          "  mlp: MLP 4-16-4, 148 parameters\n"
          "    0: 4 -> 16 gelu      weight (16,4)  bias (16)  80 parameters\n"
          "    1: 16 -> 4 identity  weight (4,16)  bias (4)  68 parameters");
    // With nothing said by attention and perceptron, what came in goes out.
    set(model.parameters(), "block.attention.o.weight", Numbers(16));
    set(model.parameters(), "block.mlp.1.weight", Numbers(64));
    const Scope scope;
    const Numbers x = random_numbers(12);
    CHECK(numbers(model(tensor(x, {3, 4}))) == x);
}

TEST_CASE("transformer: with RMSNorm and without biases it has weights alone") {
    const TransformerBlock model(4, {.activation = "relu", .norm = "rms_norm", .bias = false});
    for (const ParameterInfo& part : model.parameters().infos()) CHECK(part.name.ends_with("weight"));
    CHECK(model.parameters().size() == 2 * 4 + 4 * 16 + 2 * 64);
    CHECK(TransformerBlock(4, {.bias = false}).parameters().size() == 2 * 4 + 4 * 16 + 2 * 64);
}

TEST_CASE("transformer: gradients through a block equal finite differences") {
    CHECK(check_module(TransformerBlock(2, {.seed = 1}), {3, 2}) == "");
    CHECK(
        check_module(TransformerBlock(
                         4, {.heads = 2, .activation = "tanh", .norm = "rms_norm", .bias = false, .seed = 2}),
                     {2, 2, 4}) == "");
}

TEST_CASE("transformer: blocks stack, and a step of the steady state allocates nothing") {
    Sequential model({.seed = 1});
    model.add<TransformerBlock>(4, {.heads = 2}).add<TransformerBlock>(4).add<RMSNorm>(4).add<Linear>(4, 3);
    CHECK(model.parameters()["1.mlp.0.weight"].size() == 64);
    CHECK(model.parameters()["2.weight"].size() == 4);
    const Numbers text = random_numbers(20);
    const std::array<std::size_t, 5> next{0, 2, 1, 1, 0};
    const auto step = [&] {
        const Scope scope;
        const Value loss = softmax_cross_entropy(model(tensor(text, {5, 4})), next);
        backward(loss);
        return loss.value();
    };
    const double first = step();
    const std::size_t before = allocation_count();
    CHECK(step() == first);
    CHECK(allocation_count() == before);
}

TEST_CASE("transformer: mistakes are named") {
    CHECK_THROWS_WITH_AS(
        TransformerBlock(4, {.norm = "batch_norm"}),
        "transformer: no norm has this name: \"batch_norm\". The names are: layer_norm, rms_norm.",
        DomainError);
    CHECK_THROWS_AS(TransformerBlock(4, {.heads = 3}), ShapeError);
    CHECK_THROWS_AS(TransformerBlock(4, {.activation = "softmax"}), DomainError);
    const Scope scope;
    CHECK_THROWS_AS(TransformerBlock(4)(full({3, 5}, 1.0)), ShapeError);
}
