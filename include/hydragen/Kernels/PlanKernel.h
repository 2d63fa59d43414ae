//===- PlanKernel.h - writing work lists on the device ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of a plan kernel: the small launch before `attend` that writes work
// items, reduction groups and entries into the workspace from run-time sizes.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_KERNELS_PLANKERNEL_H
#define HYDRAGEN_KERNELS_PLANKERNEL_H

#include "hydragen/Kernels/ScoreModifier.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::hydragen::kernels {

/// hydragen_work_item as values: i32, addresses i64. A null value is the
/// default in brackets.
struct WorkItemValues {
  Value kind;                            // [0]
  Value keyBegin, keyEnd, keyPosition;   // [0]
  Value rowBase, rowStride, rowCount;    // [0, 1, 1]
  Value rowList;                         // [-1]
  Value keys, values, table;             // [0]
  Value lengthIndex;                     // [-1]
  Value stateRow, firstGroup, numGroups; // [0]
  Value headTiles;                       // [0]
  Value fullTiles;                       // [INT32_MAX]
};
/// Writes items[index]; `items` is an !llvm.ptr<1>, `index` an i32.
void storeWorkItem(ImplicitLocOpBuilder &builder, Value items, Value index,
                   const WorkItemValues &values);

/// hydragen_reduction_group as values (i32); the counter is written as 0.
struct ReductionGroupValues {
  Value firstEntry, numEntries, numArrivals; // [0]
  Value rowBase, rowStride;                  // [0, 1]
  Value rowList;                             // [-1]
  Value numRows;                             // [0]
};
void storeReductionGroup(ImplicitLocOpBuilder &builder, Value groups,
                         Value index, const ReductionGroupValues &values);

/// From here on the next kernel may be launched, if it waits itself
/// (programmatic dependent launch, sm_90).
void allowNextKernel(ImplicitLocOpBuilder &builder);

/// Writes the i32 array[index] of an !llvm.ptr<1>.
void storeI32(ImplicitLocOpBuilder &builder, Value array, Value index,
              Value value);
/// Reads the i32 array[index].
Value loadI32(ImplicitLocOpBuilder &builder, Value array, Value index);

/// *pointer = min(*pointer, the least x of the warp), all of whose lanes are
/// here. i32 or i64; another launch may read it.
void emitAtomicLeast(ImplicitLocOpBuilder &builder, Value pointer, Value x);

/// Makes a kernel with these parameters in `module` and puts the builder at its
/// start; the function returns where the builder's block ends. `threads` per
/// block. The values of the parameters are the function's arguments; the
/// global thread number (i32) is returned in `thread`.
gpu::GPUFuncOp makePlanKernel(gpu::GPUModuleOp module, StringRef name,
                              ArrayRef<KernelParameter> parameters,
                              unsigned threads, ImplicitLocOpBuilder &builder,
                              Value &thread);

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_KERNELS_PLANKERNEL_H
