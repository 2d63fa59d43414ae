//===- Status.h - status values of the runtime ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_STATUS_H
#define HYDRAGEN_RUNTIME_CORE_STATUS_H

#include "hydragen/runtime.h"

#include <optional>
#include <string>
#include <utility>

namespace hydragen::runtime {

/// A failure: code, one line of text, and what it is about.
struct Error {
  hydragen_code code = HYDRAGEN_INTERNAL;
  std::string message;
  std::string place;
};

inline Error invalid(std::string message, std::string place = {}) {
  return {HYDRAGEN_INVALID, std::move(message), std::move(place)};
}

/// No value: success.
using Status = std::optional<Error>;

/// A value or a failure.
template <typename T>
class Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Error error) : error(std::move(error)) {}
  explicit operator bool() const { return value.has_value(); }
  T &operator*() { return *value; }
  T *operator->() { return &*value; }
  const Error &getError() const { return *error; }

private:
  std::optional<T> value;
  std::optional<Error> error;
};

/// The C form of a failure; owned by the caller.
hydragen_status *toC(Error error);

/// Runs `fn` (which returns Status) so that no exception leaves.
template <typename Fn>
hydragen_status *guard(Fn &&fn) noexcept {
  try {
    Status status = fn();
    return status ? toC(std::move(*status)) : nullptr;
  } catch (const std::bad_alloc &) {
    return toC({HYDRAGEN_INTERNAL, "out of memory", {}});
  } catch (...) {
    return toC({HYDRAGEN_INTERNAL, "unexpected exception", {}});
  }
}

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_STATUS_H
