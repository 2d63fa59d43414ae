//===- Values.h - run-time values of the interpreter ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_INTERPRETER_VALUES_H
#define HYDRAGEN_TEST_INTERPRETER_VALUES_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <memory>
#include <optional>
#include <vector>

namespace hydragen::interpreter {

/// How floats are computed. F64: every float type in f64 without rounding.
/// Native: each operation is computed in f64 and rounded to its result's type,
/// which is the naive computation in the types that the IR states.
enum class Precision { F64, Native };

/// One element: floats of all types as f64, integers of all widths and index as
/// their signed value (i1 as 0 or 1).
union Scalar {
  double f;
  int64_t i;
};

inline Scalar makeFloat(double value) {
  Scalar scalar;
  scalar.f = value;
  return scalar;
}
inline Scalar makeInteger(int64_t value) {
  Scalar scalar;
  scalar.i = value;
  return scalar;
}

/// Rounds to the nearest value (ties to even) of `semantics`.
double roundTo(const llvm::fltSemantics &semantics, double value);
/// A rounding to the element type `type`, or the identity.
class Rounding {
public:
  Rounding() = default;
  Rounding(mlir::Type type, Precision precision);
  double operator()(double value) const {
    if (!semantics)
      return value;
    return single ? static_cast<float>(value) : roundTo(*semantics, value);
  }

private:
  const llvm::fltSemantics *semantics = nullptr;
  bool single = false;
};

/// Width of an integer type; index has 64.
unsigned getIntegerWidth(mlir::Type type);
/// The low `width` bits of `value`, as Scalar keeps them.
int64_t wrapInteger(int64_t value, unsigned width);
inline uint64_t asUnsigned(int64_t value, unsigned width) {
  return width >= 64 ? static_cast<uint64_t>(value)
                     : static_cast<uint64_t>(value) & ((1ull << width) - 1);
}
/// i1 is kept as 0 or 1, its signed value is 0 or -1.
inline int64_t asSigned(int64_t value, unsigned width) {
  return width == 1 ? -value : value;
}

/// Whether elements of `type` can be kept: floats, integers up to 64 bits,
/// index.
bool isSupportedElement(mlir::Type type);

/// A tensor with value semantics: copies share elements until one is written.
class Tensor {
public:
  Tensor() = default;
  /// Elements are NaN or, for integers, a pattern nobody expects: what
  /// tensor.empty holds. nullopt when there are too many.
  static std::optional<Tensor> create(mlir::Type elementType,
                                      llvm::ArrayRef<int64_t> shape);

  mlir::Type elementType;
  llvm::SmallVector<int64_t> shape;

  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const { return elements->size(); }
  bool isFloat() const { return llvm::isa<mlir::FloatType>(elementType); }
  llvm::SmallVector<int64_t> getStrides() const;
  const Scalar *read() const { return elements->data(); }
  /// Unshares the elements.
  Scalar *write();
  /// The same elements in another shape of as many elements.
  Tensor withShape(llvm::ArrayRef<int64_t> newShape) const;
  /// Row-major number of the element at `indices`; nullopt when outside.
  std::optional<int64_t> getOffset(llvm::ArrayRef<int64_t> indices) const;

private:
  std::shared_ptr<std::vector<Scalar>> elements;
};

/// What an SSA value holds: a scalar, or a tensor.
struct RuntimeValue {
  RuntimeValue() = default;
  RuntimeValue(Scalar scalar) : scalar(scalar) {}
  RuntimeValue(Tensor tensor) : tensor(std::move(tensor)), isTensor(true) {}

  Scalar scalar = makeInteger(0);
  Tensor tensor;
  bool isTensor = false;
};

/// The value of an attribute of type `type` (numbers, dense elements, dense
/// resources); nullopt if it is none of these.
std::optional<RuntimeValue> fromAttribute(mlir::Attribute attribute,
                                          mlir::Type type);

/// Calls `fn` for every index tuple of `shape`, in row-major order; stops early
/// and returns failure when `fn` fails.
llvm::LogicalResult forEachIndex(
    llvm::ArrayRef<int64_t> shape,
    llvm::function_ref<llvm::LogicalResult(llvm::ArrayRef<int64_t>)> fn);

/// Product; nullopt when negative or above what the interpreter holds.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

} // namespace hydragen::interpreter

#endif // HYDRAGEN_TEST_INTERPRETER_VALUES_H
