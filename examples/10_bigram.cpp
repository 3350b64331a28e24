// SPDX-License-Identifier: MIT
// 10: names from a table of pairs, counted and learned.
//
// Goal    See a network learn what can be counted: which letter follows which.
// Before  07.
// Look at the loss. It begins at log(27), that of somebody who knows nothing, and falls to that of the
//         counted table: a network that sees one letter can learn no more than this. Then at the names: each
//         letter suits the one before it, and knows of no other.
#include "common.hpp"
#include "gradus/optim.hpp"
#include "gradus/program.hpp"
#include "gradus/python_random.hpp"
#include "gradus/reduce.hpp"
#include "text.hpp"

using gradus::Program, gradus::Value;
using Table = std::vector<double>;  // (n, n): for each token, the shares of those that come after it

std::span<double> row(Table& table, std::size_t n, std::size_t i) {
    return std::span(table).subspan(i * n, n);
}

/// Draw a name token by token, until the edge comes.
std::string draw_name(Table& table, const example::Characters& characters, gradus::PythonRandom& random) {
    std::string name;
    std::size_t token = characters.edge();
    while ((token = random.choices(row(table, characters.size(), token))) != characters.edge())
        name += characters[token];
    return name;
}

/// Draw both tables as pictures of a pixel for each pair.
void draw(const example::Lesson& lesson, const example::Characters& characters, Table& counted,
          Table& learned) {
    example::Picture picture(lesson, "10_bigram", 1000, 560);
    std::string tics;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        const std::string label = characters[i] == '%' ? "'%%'" : characters.quoted(i);  // may be a format
        tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", label, i);
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
        for (std::size_t i = 0, n = characters.size(); i < n; ++i)
            picture.add("{}", fmt::join(row(*table, n, i), " "));
        picture.add("EOD\nplot $table matrix with image pixels");
    }
    picture.draw();
}

int main(int argc, char** argv) {
    example::Lesson lesson("Which letter follows which: counted, and learned.", 200, "steps of the descent");
    std::string file = GRADUS_DATA "/names.txt";
    lesson.text("--data", file, "text file, a name a line");
    lesson.offer_compiled();

    return lesson.run(argc, argv, [&] {
        const std::vector<std::string> names = example::read_lines(file);
        const example::Characters characters(names);
        const std::size_t n = characters.size();
        Table shares(n * n), counted(n * n);  // of all pairs; of those with the same first letter
        double pairs = 0.0;
        for (const std::string& name : names) {
            const std::vector<std::size_t> tokens = characters.tokens(name);
            for (std::size_t i = 1; i < tokens.size(); ++i, ++pairs) ++shares[tokens[i - 1] * n + tokens[i]];
        }
        double counted_loss = 0.0, learned_loss = 0.0;
        for (std::size_t a = 0; a < n; ++a) {
            const double total = gradus::sum(row(shares, n, a));
            for (std::size_t i = a * n; i < (a + 1) * n; ++i) {
                const double p = counted[i] = shares[i] / total;
                shares[i] /= pairs;
                if (p > 0.0) counted_loss -= shares[i] * std::log(p);
            }
        }

        // The network: a letter, given as a one among zeros, picks the row of logits for the next letter.
        gradus::Parameters parameters;
        const gradus::Parameter weight = parameters.add("weight", {n, n});
        gradus::Adam adam(parameters, {.learning_rate = gradus::schedule::linear(0.5, 0.0, lesson.epochs)});
        const auto loss_of = [&](auto share) {  // doubles or, in a program, values
            Value loss = 0.0;
            for (std::size_t a = 0; a < n * n; a += n)
                loss -= dot(share.subspan(a, n), log_softmax(weight.view().part(a, n)));
            return loss;
        };
        const Program program(parameters, [&](std::span<const Value> x) { return std::vector{loss_of(x)}; });
        fmt::print("{} names, {} pairs\n\n step     loss\n", names.size(), pairs);
        for (std::size_t step = 0; step <= lesson.epochs; ++step) {
            parameters.zero_gradients();
            const gradus::Scope scope;
            const Value loss =
                lesson.compiled ? program.value_and_gradient(shares) : loss_of(std::span(shares));
            if (!lesson.compiled) backward(loss);
            learned_loss = loss.value();
            const bool is_last = step == lesson.epochs;
            if (is_last || (!lesson.quiet && step % 25 == 0)) fmt::print("{:5}{:9.4f}\n", step, learned_loss);
            adam.step();
        }
        fmt::print("table{:9.4f}\n\n", counted_loss);
        if (lesson.as_written()) example::check("loss of the network", learned_loss, counted_loss, 1e-3);

        Table learned(n * n);
        for (std::size_t a = 0; a < n; ++a)
            std::ranges::copy(gradus::softmax(weight.values().subspan(a * n, n)), row(learned, n, a).begin());
        gradus::PythonRandom random(lesson.seed), again(lesson.seed);
        fmt::print("{:16}{}\n", "from the table", "from the network, with the same random numbers");
        for (int i = 0; i < 8; ++i)
            fmt::print("{:16}{}\n", draw_name(counted, characters, random),
                       draw_name(learned, characters, again));
        draw(lesson, characters, counted, learned);
    });
}
