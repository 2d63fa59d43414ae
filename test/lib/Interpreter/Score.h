//===- Score.h - scores of the hydragen ops ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas of docs/spec.md, shared by attention and partial attention.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_INTERPRETER_SCORE_H
#define HYDRAGEN_TEST_INTERPRETER_SCORE_H

#include "Access.h"
#include "Body.h"

#include "hydragen/IR/Hydragen.h"

#include "llvm/ADT/SmallBitVector.h"

namespace hydragen::interpreter {

constexpr double kLog2E = 1.4426950408889634074;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A score in base 2: s * log2(e), where a finite score stays in the finite
/// range of the state's type.
double toBaseTwo(double score, mlir::Type stateType, Rounding round);

/// The larger, NaN if one is.
double maxOrNaN(double a, double b);

/// Integer operands behind the symbols of maps.
class IndexOperands {
public:
  IndexOperands(mlir::Operation *op, llvm::ArrayRef<Access> indices)
      : op(op), indices(indices) {}
  /// Reads the operands of the symbols that `used` marks at `dims`; the others
  /// keep what they had.
  llvm::LogicalResult read(const llvm::SmallBitVector &used,
                           llvm::ArrayRef<int64_t> dims);
  llvm::ArrayRef<int64_t> getSymbols() const { return symbols; }

private:
  mlir::Operation *op;
  llvm::SmallVector<Access> indices;
  llvm::SmallVector<int64_t> symbols =
      llvm::SmallVector<int64_t>(indices.size(), 0);
};

/// K or V: a tensor, and the factor of its elements if it has one.
struct Source {
  Access access;
  std::optional<Access> scale;

  std::optional<double> load(llvm::ArrayRef<int64_t> dims,
                             llvm::ArrayRef<int64_t> symbols,
                             Rounding round) const;
};

/// sum over `contraction` of query * key. `dims` is the point of the domain;
/// its contraction dims are overwritten. nullopt when an operand is read
/// outside of its shape.
std::optional<double> dotProduct(const Access &query, const Source &key,
                                 llvm::ArrayRef<unsigned> contraction,
                                 llvm::ArrayRef<int64_t> extents,
                                 llvm::SmallVectorImpl<int64_t> &dims,
                                 llvm::ArrayRef<int64_t> symbols,
                                 Rounding round);

/// Adds weight * value to each column of the value dims (row-major); false
/// when it is read outside of its shape.
bool addColumns(double weight, const Source &value,
                llvm::ArrayRef<unsigned> valueDims,
                llvm::ArrayRef<int64_t> extents,
                llvm::SmallVectorImpl<int64_t> &dims,
                llvm::ArrayRef<int64_t> symbols, Rounding round,
                llvm::MutableArrayRef<double> columns);

/// The score modifications of an op.
class ScoreMods {
public:
  static llvm::FailureOr<ScoreMods>
  create(mlir::Operation *op, mlir::ArrayAttr mods,
         llvm::ArrayRef<Access> extras, mlir::Region &region,
         Precision precision, Rounding round, Lookup lookup);

  /// The score after all modifications. `position` is (rows..., absolute key).
  llvm::FailureOr<double> apply(double score, llvm::ArrayRef<int64_t> position,
                                llvm::ArrayRef<int64_t> symbols);

private:
  llvm::FailureOr<double> apply(mlir::Attribute mod, double score,
                                llvm::ArrayRef<int64_t> position,
                                llvm::ArrayRef<int64_t> symbols);
  llvm::FailureOr<Scalar> loadExtra(int64_t number,
                                    llvm::ArrayRef<int64_t> position);
  llvm::FailureOr<int64_t> evaluateAt(mlir::AffineExpr expr,
                                      llvm::ArrayRef<int64_t> position,
                                      llvm::ArrayRef<int64_t> symbols);

  mlir::Operation *op = nullptr;
  mlir::ArrayAttr mods;
  llvm::SmallVector<Access> extras;
  std::optional<Body> body;
  Rounding round;
};

} // namespace hydragen::interpreter

#endif // HYDRAGEN_TEST_INTERPRETER_SCORE_H
