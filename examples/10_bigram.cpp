// SPDX-License-Identifier: MIT
// 10: names from a table of pairs, counted and learned.
//
// Goal    See a network learn what can be counted: which letter follows which.
// Before  07.
// Look at the loss. It begins at log(27), that of somebody who knows nothing, and falls to that of the
// counted
//         table: a network that sees one letter can learn no more than this. Then at the names: each letter
//         suits the one before it, and knows of no other.
#include "common.hpp"
#include "gradus/optim.hpp"
#include "gradus/python_random.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/normalize.hpp"
#include "gradus/tensor/reduce.hpp"
#include "text.hpp"

/// What comes after each token: a row of shares or probabilities for each one.
struct Table {
    explicit Table(std::size_t tokens) : size(tokens), numbers(tokens * tokens) {}
    [[nodiscard]] std::span<double> row(std::size_t token) {
        return std::span(numbers).subspan(token * size, size);
    }
    std::size_t size;
    std::vector<double> numbers;  // (size, size)
};

/// Draw a name token by token, until the edge comes.
std::string draw_name(Table& table, const example::Characters& characters, gradus::PythonRandom& random) {
    std::string name;
    std::size_t token = characters.edge();
    while ((token = random.choices(table.row(token))) != characters.edge()) name += characters[token];
    return name;
}

/// Draw both tables as pictures of a pixel for each pair.
void draw(const example::Lesson& lesson, const example::Characters& characters, Table& counted,
          Table& learned) {
    example::Picture picture(lesson, "10_bigram", 1000, 560);
    std::string tics;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", characters.quoted(i), i);
    }
    picture.add(
        R"(set multiplot layout 1,2 title 'How often a letter follows another (a point is the edge of a name)'
set termoption noenhanced; unset key; unset grid; unset border; unset colorbox; set size square
unset xtics; set x2tics ({0}) scale 0 font ',11'; set ytics ({0}) scale 0 font ',11'; set ylabel 'first letter'
set xrange [-0.5:{1}-0.5]; set x2range [-0.5:{1}-0.5]; set yrange [{1}-0.5:-0.5]
set palette defined (0 '#ffffff', 0.1 '#c6dbef', 0.3 '#4292c6', 1 '#08306b'); set cbrange [0:0.6])",
        tics, characters.size());
    for (Table* table : {&counted, &learned}) {
        picture.add("set xlabel '{}'\n$table << EOD", table == &counted ? "counted" : "learned");
        for (std::size_t i = 0; i < table->size; ++i) picture.add("{}", fmt::join(table->row(i), " "));
        picture.add("EOD\nplot $table matrix with image pixels");
    }
    picture.draw();
}

int main(int argc, char** argv) {
    example::Lesson lesson("Which letter follows which: counted, and learned by a network.", 200,
                           "steps of the descent");
    std::string file = GRADUS_DATA "/names.txt";
    lesson.option("--data", file, "text file, a name a line");

    return lesson.run(argc, argv, [&] {
        const std::vector<std::string> names = example::read_lines(file);
        const example::Characters characters(names);
        const std::size_t n = characters.size();

        Table shares(n), counted(n);  // of all pairs; of those with the same first letter
        double pairs = 0.0;
        for (const std::string& name : names) {
            const std::vector<std::size_t> tokens = characters.tokens(name);
            for (std::size_t i = 1; i < tokens.size(); ++i, ++pairs) ++shares.row(tokens[i - 1])[tokens[i]];
        }
        double counted_loss = 0.0;
        for (std::size_t a = 0; a < n; ++a) {
            const double total = gradus::sum(shares.row(a));
            for (std::size_t b = 0; b < n; ++b) {
                double& share = shares.row(a)[b];
                const double p = counted.row(a)[b] = share / total;
                share /= pairs;
                if (p > 0.0) counted_loss -= share * std::log(p);
            }
        }

        // The network: a letter, given as a one among zeros, picks the row of logits for the next letter.
        gradus::Parameters parameters;
        const gradus::Parameter weight = parameters.add("weight", {n, n});
        gradus::Adam adam(parameters, {.learning_rate = gradus::schedule::linear(0.5, 0.0, lesson.epochs)});
        double learned_loss = 0.0;
        fmt::print("{} names, {} pairs\n\n step     loss\n", names.size(), pairs);
        for (std::size_t step = 0; step <= lesson.epochs; ++step) {
            const gradus::Scope scope;
            const gradus::Tensor share = gradus::tensor(shares.numbers, {n, n});
            const gradus::Value loss = -sum(share * log_softmax(weight.tensor()));
            learned_loss = loss.value();
            if (step % 25 == 0 || step == lesson.epochs) fmt::print("{:5}{:9.4f}\n", step, learned_loss);
            parameters.zero_gradients();
            backward(loss);
            adam.step();
        }
        fmt::print("table{:9.4f}\n\n", counted_loss);
        if (lesson.as_written()) example::check("loss of the network", learned_loss, counted_loss, 1e-3);

        Table learned(n);
        for (std::size_t a = 0; a < n; ++a) {
            std::ranges::copy(gradus::softmax(weight.values().subspan(a * n, n)), learned.row(a).begin());
        }
        gradus::PythonRandom random(lesson.seed), again(lesson.seed);
        fmt::print("{:16}{}\n", "from the table", "from the network, with the same random numbers");
        for (int i = 0; i < 8; ++i) {
            fmt::print("{:16}{}\n", draw_name(counted, characters, random),
                       draw_name(learned, characters, again));
        }
        draw(lesson, characters, counted, learned);
    });
}
