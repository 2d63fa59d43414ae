//===- FormulaLine.h - one linalg.generic per formula line ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOLINALG_FORMULALINE_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOLINALG_FORMULALINE_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace mlir::hydragen {

/// A tensor with its map from the domain of a formula. Symbol i of the map is
/// the element of `indices[i]`.
struct MappedTensor {
  Value tensor;
  AffineMap map;
};

/// The inside of a formula line: elements of its operands at the current point
/// and scalar arithmetic on them.
class Scalars {
public:
  Scalars(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  OpBuilder &getBuilder() { return builder; }
  Location getLoc() { return loc; }

  Value constant(Type type, double value);
  /// The bounds of the finite range of `type`.
  Value lowest(Type type);
  Value largest(Type type);
  Value negativeInfinity(Type type);

  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  /// Maximum and minimum that propagate NaN.
  Value max(Value a, Value b);
  Value min(Value a, Value b);
  Value exp2(Value a);
  Value select(Value condition, Value a, Value b);
  /// Ordered equality.
  Value equal(Value a, Value b);
  Value isNegativeInfinity(Value a);
  /// Converts between float types; exact where `type` is wider.
  Value cast(Value a, Type type);

  /// `a * log2(e)` within the finite range; infinities and NaN stay.
  Value toBaseTwo(Value a);
  /// `2^(a - reference)`, 0 for a = -inf whatever the reference.
  Value weight(Value a, Value reference);

private:
  OpBuilder &builder;
  Location loc;
};

/// One linalg.generic under construction over some dims of a formula's domain.
/// Operands first (`read`), then `emit` with the body. Dims that the result's
/// map does not use are reductions.
class FormulaLine {
public:
  /// `loops`: the domain dims to iterate, ascending. `indices`: tensors behind
  /// the symbols of maps, with maps over the domain.
  FormulaLine(OpBuilder &builder, Location loc, unsigned numDims,
              ArrayRef<unsigned> loops, ArrayRef<MappedTensor> indices = {});

  /// Number of the operand for `element`. Maps of dims and zeros become
  /// indexing maps; any other access becomes a tensor.extract in the body.
  unsigned read(Value tensor, AffineMap map);

  /// Makes element i of `indices` available as an index in the body.
  void readIndex(unsigned index);

  using BodyFn = function_ref<Value(Scalars &, Value accumulator)>;

  /// Builds the op with `destination` as its out and gives its result.
  /// `accumulator` is the out's element.
  Value emit(Value destination, AffineMap map, BodyFn body);

  /// The following are for use in the body.
  Value element(Scalars &scalars, unsigned operand);
  /// Current index of domain dim `dim`, which must be in `loops`.
  Value index(Scalars &scalars, unsigned dim);
  /// Element of index operand `index` as an index; `readIndex` first.
  Value indexElement(Scalars &scalars, unsigned index);
  /// Element of `tensor` at `positions`.
  static Value extract(Scalars &scalars, Value tensor, ValueRange positions);

private:
  struct Read {
    Value tensor;
    AffineMap map;
    std::optional<unsigned> input; // number of the generic's input, if direct
  };

  AffineMap compress(AffineMap map) const;
  unsigned addInput(Value tensor, AffineMap map);
  /// Whether linalg can have `map` as indexing map as it is.
  static bool isDirect(AffineMap map);

  OpBuilder &builder;
  Location loc;
  unsigned numDims;
  SmallVector<unsigned> loops;
  SmallVector<MappedTensor> indices;
  SmallVector<std::optional<unsigned>> indexInputs;
  SmallVector<Read> reads;
  SmallVector<Value> inputs;
  SmallVector<AffineMap> inputMaps;
  ValueRange blockArguments;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOLINALG_FORMULALINE_H
