//===- Access.h - tensors read through affine maps --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_INTERPRETER_ACCESS_H
#define HYDRAGEN_TEST_INTERPRETER_ACCESS_H

#include "Values.h"

namespace hydragen::interpreter {

/// Value of an affine expression; nullopt on a division by zero or
/// less and on overflow.
std::optional<int64_t> evaluate(mlir::AffineExpr expr,
                                llvm::ArrayRef<int64_t> dims,
                                llvm::ArrayRef<int64_t> symbols);

/// Whether `expr` is c * dim + (something free of dim), for every value of the
/// other dims and symbols.
bool isLinearIn(mlir::AffineExpr expr, unsigned dim);
/// Whether `expr` is a sum of dims times constants, and a constant.
bool isLinear(mlir::AffineExpr expr);

/// A tensor and the map that reads it.
class Access {
public:
  Access() = default;
  Access(Tensor tensor, mlir::AffineMap map)
      : tensor(std::move(tensor)), map(map) {}

  const Tensor &getTensor() const { return tensor; }
  mlir::AffineMap getMap() const { return map; }
  /// Number of the element read at `dims`; nullopt when it is outside of the
  /// tensor.
  std::optional<int64_t> getOffset(llvm::ArrayRef<int64_t> dims,
                                   llvm::ArrayRef<int64_t> symbols = {}) const;
  std::optional<Scalar> load(llvm::ArrayRef<int64_t> dims,
                             llvm::ArrayRef<int64_t> symbols = {}) const;
  /// Whether offsets are linear in `dim`, so that two of them give all.
  bool isLinearIn(unsigned dim) const;

private:
  Tensor tensor;
  mlir::AffineMap map;
};

} // namespace hydragen::interpreter

#endif // HYDRAGEN_TEST_INTERPRETER_ACCESS_H
