// SPDX-License-Identifier: MIT
// The exceptions of Gradus. Every message reads: where: what was wrong: what was found. How to fix it.
#pragma once

#include <stdexcept>

namespace gradus {

/// Report a mistake that the caller can mend. Base of all exceptions of Gradus.
class Error : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

/// Sizes that do not fit each other.
class ShapeError : public Error {
   public:
    using Error::Error;
};

/// A tape used against its rules: a value of another tape, of a rewound tape, moved-from, ...
class TapeError : public Error {
   public:
    using Error::Error;
};

/// An argument outside the set of meaningful ones: zero epochs, a negative learning rate, an unknown name,
/// ...
class DomainError : public Error {
   public:
    using Error::Error;
};

/// A file that is missing or holds something else than it should.
class IoError : public Error {
   public:
    using Error::Error;
};

}  // namespace gradus
