// SPDX-License-Identifier: MIT
// 11: names by a network that gives each letter a place in the plane.
//
// Goal    See what an embedding is: two numbers for each letter, learned like any other weight.
// Before  10; mini-batches (04).
// Look at the loss of new names: lower than that of pairs (2.42, example 10), for three letters tell more
//         than one does. Then at the picture: nobody told the network what a vowel is.
#include "common.hpp"
#include "gradus/nn.hpp"
#include "gradus/tensor/losses.hpp"
#include "gradus/tensor/shaping.hpp"
#include "gradus/train.hpp"
#include "text.hpp"

constexpr std::size_t kContext = 3, kPlane = 2, kHidden = 64, kBatch = 64;

/// A place in the plane for each token, and a perceptron that takes the places of three to tell the next one.
struct Network {
    Network(std::size_t tokens, std::uint64_t seed)
        : places(parameters, tokens, kPlane, {.seed = seed, .name = "places"}),
          perceptron(parameters, {kContext * kPlane, kHidden, tokens},
                     {.hidden = "tanh", .init = "xavier_normal", .seed = seed, .name = "perceptron"}) {}

    /// Return the mean loss of telling the tokens at some positions of a text from those before them.
    [[nodiscard]] gradus::Value loss(std::span<const std::size_t> text,
                                     std::span<const std::size_t> positions) const {
        std::vector<std::size_t> before, next;
        for (const std::size_t i : positions) {
            for (std::size_t k = kContext; k > 0; --k) before.push_back(text[i - k]);
            next.push_back(text[i]);
        }
        const gradus::Tensor x = places(before);  // (positions kContext, kPlane)
        return softmax_cross_entropy(perceptron(reshape(x, {next.size(), kContext * kPlane})), next);
    }

    gradus::Parameters parameters;
    gradus::Embedding places;
    gradus::MLP perceptron;
};

int main(int argc, char** argv) {
    example::Lesson lesson("Names by a network that gives each letter a place in the plane.", 10);
    std::string file = GRADUS_DATA "/names.txt";
    lesson.text("--data", file, "text file, a name a line");

    return lesson.run(argc, argv, [&] {
        std::vector<std::string> names = example::read_lines(file, 2);  // the first is held out
        const example::Characters characters(names);
        gradus::Random(lesson.seed).shuffle(names);
        // All names in a row, with so many edges between them that none sees the one before.
        std::vector<std::size_t> text(kContext, characters.edge());
        std::vector<std::size_t> known, unseen;  // positions
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::vector<std::size_t> tokens = characters.tokens(names[i]);
            for (const std::size_t token : std::span(tokens).subspan(1)) {
                (i % 10 == 0 ? unseen : known).push_back(text.size());
                text.push_back(token);
            }
            text.insert(text.end(), kContext - 1, characters.edge());
        }
        const Network network(characters.size(), lesson.seed);
        const auto unseen_loss = [&] {
            const gradus::Scope scope;
            return network.loss(text, unseen).value();
        };
        const std::size_t steps = lesson.epochs * ((known.size() - 1) / kBatch + 1);
        gradus::Adam adam(network.parameters, {.learning_rate = gradus::schedule::linear(0.01, 0.0, steps)});
        fmt::print("{} letters to learn from, {} new ones; {} parameters\n\nepoch   loss   of new names\n",
                   known.size(), unseen.size(), network.parameters.size());
        example::Progress progress(lesson, "training", steps);
        const auto loss = [&](std::span<const std::size_t> batch) {
            progress.step();
            std::vector<std::size_t> positions;
            for (const std::size_t i : batch) positions.push_back(known[i]);
            return network.loss(text, positions);
        };
        gradus::TrainOptions options{.epochs = lesson.epochs, .batch_size = kBatch, .seed = lesson.seed};
        options.validation_loss = unseen_loss;
        options.on_epoch = [&](const gradus::Epoch& epoch) {
            if (lesson.quiet && epoch.number < lesson.epochs) return;
            progress.erase();
            fmt::print("{:5}{:8.4f}{:12.4f}\n", epoch.number, epoch.loss, epoch.validation_loss);
        };
        gradus::train_batches(adam, known.size(), loss, options);
        fmt::print("{:.1f} s\n", progress.seconds());
        if (lesson.as_written()) example::check("loss of new names", unseen_loss(), 2.30, 0.1);

        example::Picture picture(lesson, "11_embeddings", 900, 600);
        std::vector<example::Place> places;
        for (std::size_t token = 0; token < characters.size(); ++token) {
            const auto place = network.places.weight().values().subspan(kPlane * token, kPlane);
            places.emplace_back(place[0], place[1]);
        }
        const auto span = [&](auto coordinate) {
            const auto [least, most] = std::ranges::minmax(places, {}, coordinate);
            return coordinate(most) - coordinate(least);
        };
        const auto real = [](example::Place place) { return place.real(); };
        const auto imag = [](example::Place place) { return place.imag(); };
        places =
            example::apart(places, 0.035 * std::max(span(real), 1.5 * span(imag)));  // 24 pixels are a disc
        picture.add("set termoption noenhanced\n$places << EOD");
        std::string labels;
        for (std::size_t token = 0; token < characters.size(); ++token) {
            const double x = places[token].real(), y = places[token].imag();
            const bool is_vowel = std::string_view("aeiou").find(characters[token]) != std::string_view::npos;
            picture.add("{} {} {}", x, y, is_vowel ? "0xfdc48f" : "0x9ecae1");
            labels += fmt::format("set label {} at {},{} center front\n", characters.quoted(token), x, y);
        }
        picture.add(R"(EOD
{}set title 'Where the network puts a, e, i, o, u (orange) and the other letters; a point is the edge of a name'
set offsets 0.2,0.2,0.2,0.2; set size ratio -1; unset key
plot $places using 1:2:3 with points pointtype 7 pointsize 2 linecolor rgb variable)",
                    labels);
        picture.draw();
    });
}
