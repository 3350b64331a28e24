// SPDX-License-Identifier: MIT
// A program of somebody else: it uses the headers and links the library.
#include <gradus/gradus.hpp>
#include <iostream>

int main() {
    const gradus::Value x = gradus::variable(3.0);
    const gradus::Value y = x * x + sin(x - 3.0);
    gradus::backward(y);
    std::cout << "y = " << y.value() << ", dy/dx = " << x.gradient() << '\n';
    return y.value() == 9.0 && x.gradient() == 7.0 ? 0 : 1;
}
