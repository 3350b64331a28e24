// SPDX-License-Identifier: MIT
// 12: a GPT that makes up names.
//
// Goal    See that a language model is a page of formulas, and that they can be written number by number or
//         with tensors: the same numbers, at another speed.
// Before  10 and 11; gpt.hpp, where the model stands in both styles.
// Look at the two first losses, equal to the last digits; at the time of a step with --style value, and when
//         either style is compiled (--compiled); and at the names: pairs of letters made "brrerin" and "kka"
//         (example 10), a GPT reads all that went before.
#include "common.hpp"
#include "gpt.hpp"
#include "gradus/optim.hpp"
#include "gradus/program.hpp"
#include "text.hpp"

int main(int argc, char** argv) {
    example::Lesson lesson("Train a small GPT on names, and let it make up twenty.", 1,
                           "unused here: see --steps");
    std::string file = GRADUS_DATA "/names.txt", style = "tensor";
    std::size_t steps = 1000;
    double temperature = 0.5;
    example::GptOptions sizes;
    lesson.text("--data", file, "text file, a name a line");
    lesson.whole_number("--width", sizes.width, {4, 512}, "numbers for each letter, a multiple of 4");
    lesson.whole_number("--layers", sizes.layers, {1, 16}, "layers of attention and network");
    lesson.whole_number("--context", sizes.context, {1, 1024}, "letters that it sees");
    lesson.whole_number("--steps", steps, {1}, "steps of training, a name each");
    lesson.choice("--style", style, {"value", "tensor"}, "how it is computed");
    lesson.offer_compiled();
    lesson.number("--temperature", temperature, "low: what is likely; high: what is new");

    return lesson.run(argc, argv, [&] {
        std::vector<std::string> names = example::read_lines(file);
        const example::Characters characters(names);
        sizes.vocabulary = characters.size();
        gradus::PythonRandom random(lesson.seed);
        random.shuffle(names);
        const example::Gpt model(sizes, random);
        fmt::print("{} names of {} letters, {} parameters\n", names.size(), characters.size() - 1,
                   model.parameters.size());

        const auto first_loss = [&](auto loss_of) {
            const gradus::Scope scope;
            return loss_of(model, characters.tokens(names[0])).value();
        };
        const double by_value = first_loss(example::by_value::loss);
        const double by_tensor = first_loss(example::by_tensor::loss);
        fmt::print("first loss   {:.15f} with values\n             {:.15f} with tensors\n\n", by_value,
                   by_tensor);
        example::check("first loss with tensors", by_tensor, by_value, 1e-12);

        gradus::Adam adam(
            model.parameters,
            {.learning_rate = gradus::schedule::linear(0.01, 0.0, steps), .beta1 = 0.85, .beta2 = 0.99});
        const auto loss_of = style == "value" ? example::by_value::loss : example::by_tensor::loss;
        const auto on_the_tape = [&](std::span<const std::size_t> tokens) {
            const gradus::Scope scope;
            const gradus::Value loss = loss_of(model, tokens);
            backward(loss);
            return loss.value();
        };
        const gradus::Program program(model.parameters, [&](std::span<const gradus::Value> tokens) {
            return std::vector<gradus::Value>{style == "value" ? example::by_value::loss_of(model, tokens)
                                                               : example::by_tensor::loss_of(model, tokens)};
        });
        const std::size_t stretch = std::max<std::size_t>(steps / 10, 1);
        double sum = 0.0, mean = 0.0;
        fmt::print(" step   mean loss of {} steps\n", stretch);
        example::Progress progress(lesson, "training", steps);
        for (std::size_t step = 1; step <= steps; ++step) {
            const std::vector<std::size_t> tokens = characters.tokens(names[(step - 1) % names.size()]);
            model.parameters.zero_gradients();
            sum += lesson.compiled
                       ? program.value_and_gradient(std::vector<double>(tokens.begin(), tokens.end()))
                       : on_the_tape(tokens);
            adam.step();
            progress.step();
            if (step % stretch != 0) continue;
            mean = sum / static_cast<double>(stretch);
            sum = 0.0;
            progress.erase();
            const bool is_last = step + stretch > steps;
            if (is_last || !lesson.quiet) fmt::print("{:5}{:9.4f}\n", step, mean);
        }
        const double seconds = progress.seconds();
        fmt::print("\n{} steps in {:.2f} s: {:.0f} us each\n\n", steps, seconds,
                   1e6 * seconds / static_cast<double>(steps));
        if (lesson.as_written()) example::check("mean loss", mean, 2.35, 0.15);

        for (int i = 0; i < 20; ++i) {
            std::string name;
            std::vector<std::size_t> tokens{characters.edge()};
            while (tokens.size() <= sizes.context) {
                const gradus::Scope scope;
                const gradus::Tensor logits = example::by_tensor::logits(model, tokens) / temperature;
                const gradus::Tensor chances = softmax(row(logits, tokens.size() - 1));
                tokens.push_back(random.choices(chances.numbers()));
                if (tokens.back() == characters.edge()) break;
                name += characters[tokens.back()];
            }
            fmt::print("{:16}{}", name, i % 4 == 3 ? "\n" : "");
        }
    });
}
