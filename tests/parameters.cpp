// SPDX-License-Identifier: MIT
#include "gradus/parameters.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "doctest.hpp"
#include "gradus/functions.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/reduce.hpp"

using namespace gradus;

TEST_CASE("parameters: parts lie in one block, with names, shapes and places") {
    Parameters block;
    const Parameter weight = block.add("0.weight", {2, 3});
    const Parameter bias = block.add("0.bias", {2}, false);
    const Parameter scalar = block.add("scale", {});
    CHECK(block.size() == 9);
    CHECK(weight.values().data() == block.values().data());
    CHECK(bias.values().data() == block.values().data() + 6);
    CHECK(bias.gradients().data() == block.gradients().data() + 6);
    CHECK(scalar.size() == 1);
    REQUIRE(block.infos().size() == 3);
    CHECK(block.infos()[0].name == "0.weight");
    CHECK(block.infos()[0].shape == std::vector<std::size_t>{2, 3});
    CHECK(block.infos()[0].decays);
    CHECK(block.infos()[1].offset == 6);
    CHECK_FALSE(block.infos()[1].decays);
    CHECK(block["0.bias"].info().offset == 6);
    const Parameters same = block;
    same.values()[0] = 5.0;
    CHECK(weight.values()[0] == 5.0);
}

TEST_CASE("parameters: a name that is taken or unknown is refused, and the named fix helps") {
    Parameters block;
    block.add("w", {1});
    block.add("b", {1});
    CHECK_THROWS_WITH_AS(block.add("w", {2}),
                         "parameters: the name is taken: \"w\". Give each part its own name.", DomainError);
    CHECK_THROWS_WITH_AS(static_cast<void>(block["v"]),
                         "parameters: no part has this name: \"v\". The names are: w, b.", DomainError);
    CHECK_THROWS_WITH_AS(static_cast<void>(Parameters()["v"]),
                         "parameters: no part has this name: \"v\". There are none: add() them first.",
                         DomainError);
    CHECK(block["w"].size() == 1);
    CHECK(block.size() == 2);
}

TEST_CASE("parameters: a part of no numbers is refused") {
    Parameters block;
    CHECK_THROWS_WITH_AS(
        block.add("w", {2, 0}),
        "parameters: a part of no numbers: \"w\" has the shape (2,0). Give sizes of 1 or more.", ShapeError);
    CHECK(block.infos().empty());
    CHECK(block.add("w", {2, 1}).size() == 2);
}

TEST_CASE("parameters: more numbers than a tape has slots are refused, and the block remains as it was") {
    Parameters block;
    block.add("b", {2});
    const auto refuse = [&](std::vector<std::size_t> shape, const std::string& as_text) {
        CHECK_THROWS_WITH_AS(block.add("w", std::move(shape)),
                             ("parameters: too many numbers: \"w\" has the shape (" + as_text +
                              "), and there are 2 already, of at most 536870911. Check the sizes.")
                                 .c_str(),
                             ShapeError);
    };
    refuse({std::size_t{1} << 32, std::size_t{1} << 32}, "4294967296,4294967296");  // the product is 2^64
    refuse({3, 0x5555555555555556}, "3,6148914691236517206");                       // 2^64 + 2
    refuse({static_cast<std::size_t>(-1)}, "18446744073709551615");
    refuse({2147483646}, "2147483646");
    CHECK(block.infos().size() == 1);
    CHECK(block.add("w", {3, 5}).size() == 15);
}

TEST_CASE("parameters: blocks are equal if they are the same, and count their views on a tape") {
    const Scope scope;
    Parameters block, other;
    const Parameter w = block.add("w", {1});
    other.add("w", {1});
    CHECK(block == Parameters(block));
    CHECK(block != other);
    CHECK(block.view_count() == 0);
    static_cast<void>(w.view());
    static_cast<void>(w.tensor());
    CHECK(block.view_count() == 2);
    block.add("b", {1});
    static_cast<void>(block.view());
    CHECK(block.view_count() == 3);
    CHECK(other.view_count() == 0);
}

TEST_CASE("parameters: a handle that was moved from still works") {
    Parameters block;
    Parameter w = block.add("w", {2});
    const Parameter other_part = std::move(w);
    const Parameters other = std::move(block);
    CHECK(w.values().data() == other_part.values().data());
    CHECK(block.values().data() == other.values().data());
}

TEST_CASE("parameters: gradients add up until they are zeroed, and survive rewinding") {
    Tape tape;
    const Recording on(tape);
    Parameters block;
    const Parameter w = block.add("w", {2});
    w.values()[0] = 3.0, w.values()[1] = 4.0;
    for (int step = 1; step <= 3; ++step) {
        const Scope scope;
        const ParameterView v = w.view();
        const Value y = v[0] * v[0] + v[1];
        backward(y);
        CHECK(w.gradients()[0] == 6.0 * step);
        CHECK(v[0].gradient() == 6.0 * step);
    }
    tape.clear();
    CHECK(w.gradients()[1] == 3.0);
    block.zero_gradients();
    CHECK(w.gradients()[0] == 0.0);
    const Value y = 2.0 * w.view()[0];
    backward(y);
    backward(y);
    CHECK(w.gradients()[0] == 4.0);
    backward(w.view()[1], 0.5);
    CHECK(w.gradients()[1] == 0.5);
}

TEST_CASE("parameters: a view of a rewound tape is refused; a new one has the new numbers") {
    const Scope outer;
    Parameters block;
    const Parameter w = block.add("w", {1});
    Scope step;
    const ParameterView stale = w.view();
    w.values()[0] = 7.0;
    step.rewind();
    CHECK_THROWS_AS(stale[0] * 2.0, TapeError);
    CHECK((w.view()[0] * 2.0).value() == 14.0);
}

TEST_CASE("parameters: a view that outlives its scope and its model is refused before it reads") {
    ParameterView view;
    {
        const Scope scope;
        view = Parameters().add("w", {2}).view();
    }
    const Scope scope;
    static_cast<void>(Parameters().add("other", {2}).view());  // the tape lets go of the model
    CHECK_THROWS_WITH_AS(view[0],
                         "value: it was recorded before the tape was rewound or cleared. Compute it again.",
                         TapeError);
}

TEST_CASE("parameters: a block that grew after it was bound is bound anew, and old values still count") {
    const Scope scope;
    Parameters block;
    const Parameter w = block.add("w", {1});
    w.values()[0] = 2.0;
    const Value early = w.view()[0] * 10.0;
    const Parameter b = block.add("b", {500});
    const Value late = w.view()[0] * b.view()[499] + b.view()[0];
    backward(early + late);
    CHECK(w.gradients()[0] == 10.0);
    CHECK(b.gradients()[499] == 2.0);
    CHECK(b.gradients()[0] == 1.0);
}

TEST_CASE("parameters: views, and tensors on the tape, survive that the block grows") {
    const Scope scope;
    Parameters block;
    const Parameter w = block.add("w", {2});
    w.values()[0] = 2.0, w.values()[1] = 3.0;
    const ParameterView view = w.view();
    const Tensor t = w.tensor();
    const Value y = sum(t * t);
    for (int i = 0; i < 10; ++i) block.add(std::to_string(i), {1000});
    CHECK(t(1).value() == 3.0);
    backward(y);  // reads the numbers of t
    CHECK(w.gradients()[0] == 4.0);
    w.values()[0] = 7.0;
    CHECK(w.view()[0].value() == 7.0);
    CHECK(view[0].value() == 2.0);  // as when the view was made
    backward(view[0] * view[1]);
    CHECK(w.gradients()[0] == 4.0 + 3.0);
    CHECK(w.gradients()[1] == 6.0 + 2.0);
}

TEST_CASE("parameters: a view refuses what lies beyond it") {
    const Scope scope;
    Parameters block;
    const ParameterView view = block.add("w", {2}).view();
    block.add("b", {10});
    CHECK_THROWS_WITH_AS(
        view[7],
        "parameters: a view does not reach so far: it has 2 numbers, but 1 from 7 on were asked "
        "for. Count from 0, and check the sizes.",
        ShapeError);
    CHECK_THROWS_AS(view[2], ShapeError);
    CHECK_THROWS_AS(static_cast<void>(view.part(1, 2)), ShapeError);
    CHECK_THROWS_AS(static_cast<void>(view.part(3, 0)), ShapeError);
    CHECK_THROWS_AS(static_cast<void>(view.part(1, static_cast<std::size_t>(-1))), ShapeError);
    CHECK_THROWS_AS(ParameterView()[0], ShapeError);
    CHECK(view.part(1, 1)[0].value() == 0.0);
    CHECK(view.part(2, 0).numbers().empty());
    CHECK(block.view()[7].value() == 0.0);
}

TEST_CASE("parameters: a model that is gone leaves the tape usable, and its slots to the next one") {
    Tape tape;
    const Recording on(tape);
    for (int model = 0; model < 100; ++model) {
        const Scope scope;
        Value y = 0.0;
        {
            Parameters block;
            const Parameter w = block.add("w", {1000});
            for (double& number : w.values()) number = 1.0;
            y = sum(w.view());
        }
        backward(y);
        CHECK(y.gradient() == 1.0);
    }
    CHECK(tape.bytes_reserved() < 4'000'000);
}

TEST_CASE("parameters: slots in use by an outer scope are not given to another model") {
    const Scope outer;
    auto block = std::make_unique<Parameters>();
    block->add("w", {1}).values()[0] = 2.0;
    const Value w = block->view()[0], y = w * 3.0;
    {
        const Scope inner;
        static_cast<void>(block->view());
    }
    block.reset();
    Parameters other;
    other.add("w", {1});
    const Value z = other.view()[0] * 5.0;
    backward(y + z);
    CHECK(other.gradients()[0] == 5.0);
    CHECK(w.gradient() == 3.0);
}

TEST_CASE("parameters: two models on one tape, one model on two tapes") {
    Parameters one, two;
    one.add("w", {2}).values()[1] = 3.0;
    two.add("w", {2}).values()[1] = 5.0;
    Tape first, second;
    for (Tape* tape : {&first, &second}) {
        const Recording on(*tape);
        const Value y = one.view()[1] * two.view()[1];
        backward(y);
    }
    CHECK(one.gradients()[1] == 10.0);
    CHECK(two.gradients()[1] == 6.0);
    CHECK(one.gradients()[0] == 0.0);
}

TEST_CASE("parameters: a parameter never melts, and no operation changes the block") {
    const Scope scope;
    Parameters block;
    block.add("w", {1}).values()[0] = 2.0;
    Value w = block.view()[0];
    w += 1.0;
    w *= block.view()[0];
    CHECK(w.value() == 6.0);
    CHECK(block.values()[0] == 2.0);
    backward(w);
    CHECK(block.gradients()[0] == 5.0);
}
