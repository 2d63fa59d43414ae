//===- Emitter.h - IR text with shapes --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs are written as text, so that a failing one is a file from the start.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_FUZZ_EMITTER_H
#define HYDRAGEN_TEST_FUZZ_EMITTER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hydragen::fuzz {

/// splitmix64: the same graphs on every machine.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// In [low, high].
  int64_t integer(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % (high - low + 1));
  }
  bool chance(double p) { return (next() >> 11) * 0x1p-53 < p; }
  double real(double low, double high) {
    return low + (high - low) * ((next() >> 11) * 0x1p-53);
  }
  template <typename T>
  T pick(std::initializer_list<T> list) {
    return *(list.begin() + next() % list.size());
  }

private:
  uint64_t state;
};

/// An extent: its value at run time and, when the type has `?`, the index
/// value.
struct Dim {
  int64_t size;
  std::string value;
  Dim(int64_t size, std::string value = "")
      : size(size), value(std::move(value)) {}
  bool isDynamic() const { return !value.empty(); }
};
using Dims = std::vector<Dim>;

/// A tensor value.
struct Val {
  std::string name, element;
  Dims dims;
  std::string type() const;
};

/// A function argument with its content, row-major.
struct Input {
  std::string element;
  std::vector<int64_t> shape;
  std::vector<double> values;
};

/// An operand of a generic op: the tensor and its map, one letter per result (a
/// loop, or 0).
using Operand = std::pair<Val, std::string>;

/// The body of a generic op that only moves elements.
inline constexpr llvm::StringLiteral kCopy = "";

class Emitter {
public:
  std::string emit(const llvm::Twine &text);
  std::string index(int64_t value);
  std::string constant(double value, llvm::StringRef element);
  Val argument(const Dims &dims, llvm::StringRef element,
               std::vector<double> values);
  /// A dim of `size` that the type does not know, read from `tensor`.
  Dim dimOf(const Val &tensor, unsigned dim, int64_t size);
  Dim product(llvm::ArrayRef<Dim> dims);
  Dim sum(llvm::ArrayRef<Dim> dims);

  Val empty(const Dims &dims, llvm::StringRef element);
  Val fill(const Dims &dims, llvm::StringRef element, double value);
  /// `loops`: letters, the upper-case ones reductions. The body reads %a0, ...
  /// and %o, `#x` is the index of loop x, and its result is %r.
  Val generic(llvm::StringRef loops, llvm::ArrayRef<Operand> ins,
              const Val &init, llvm::StringRef outMap, const llvm::Twine &body);
  Val map(llvm::StringRef loops, llvm::ArrayRef<Operand> ins, const Dims &dims,
          llvm::StringRef element, const llvm::Twine &body) {
    return generic(loops, ins, empty(dims, element), loops, body);
  }
  Val collapse(const Val &value, unsigned first, unsigned count);
  Val expand(const Val &value, unsigned dim, llvm::ArrayRef<Dim> into);
  Val transpose(const Val &value, llvm::ArrayRef<unsigned> order, bool named);
  Val concat(llvm::ArrayRef<Val> parts, unsigned dim);
  Val cast(const Val &value, llvm::StringRef element);

  std::string finish(const Val &result);
  std::vector<Input> inputs;

private:
  std::string header, body;
  std::vector<std::string> argumentTypes;
  unsigned next = 0;
  std::map<std::string, std::string> constants;
};

unsigned getBits(llvm::StringRef element);

} // namespace hydragen::fuzz

#endif // HYDRAGEN_TEST_FUZZ_EMITTER_H
