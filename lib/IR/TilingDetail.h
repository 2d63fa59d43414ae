//===- TilingDetail.h - shared by the tiling of several ops -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_IR_TILINGDETAIL_H
#define HYDRAGEN_LIB_IR_TILINGDETAIL_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace mlir::hydragen::tiling {

/// A box of a domain.
struct Box {
  SmallVector<OpFoldResult> offsets, sizes;
};

/// The part of `operand` that `map` reads for the domain's `box`: dims are
/// sliced, symbols and zeros keep the whole dim. nullopt entries of the box
/// stand for whole dims.
Value sliceOperand(OpBuilder &builder, Location loc, Value operand,
                   AffineMap map, const Box &box,
                   SmallVectorImpl<Operation *> &slices);

/// The slice of `operand` at `offsets`, `sizes`.
Value sliceValue(OpBuilder &builder, Location loc, Value operand,
                 ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                 SmallVectorImpl<Operation *> &slices);

/// The mixed sizes of a ranked tensor or memref.
SmallVector<OpFoldResult> getMixedSizes(OpBuilder &builder, Location loc,
                                        Value value);

OpFoldResult addIndices(OpBuilder &builder, Location loc, OpFoldResult a,
                        OpFoldResult b);

/// Whether [offset, offset + size) is surely all of a dim of extent `extent`.
bool isWhole(OpFoldResult offset, OpFoldResult size, OpFoldResult extent);

/// Types of the tensors among `inits`: the results of an op on them.
SmallVector<Type> getResultTypes(ValueRange inits);

void registerPartialTiling(DialectRegistry &registry);
void registerStateTiling(DialectRegistry &registry);

} // namespace mlir::hydragen::tiling

#endif // HYDRAGEN_LIB_IR_TILINGDETAIL_H
