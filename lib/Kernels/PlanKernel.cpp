//===- PlanKernel.cpp - writing work lists on the device --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Kernels/PlanKernel.h"

#include "KernelBuilder.h"
#include "hydragen/Kernels/WorkItem.h"

#include <limits>

using namespace mlir;
using namespace mlir::hydragen::kernels;

namespace {
/// Stores the fields of a record one by one.
class RecordWriter {
public:
  RecordWriter(KernelBuilder &b, Value array, Value index, int64_t bytes)
      : b(b), record(b.offset(array, b.mul(b.wide(index), bytes))) {}

  void word(size_t offset, Value value, int64_t otherwise) {
    b.store(value ? value : b.constant(otherwise), b.offset(record, offset), 4);
  }
  void address(size_t offset, Value value) {
    b.store(value ? value : b.constant(0, b.i64), b.offset(record, offset), 8);
  }

private:
  KernelBuilder &b;
  Value record;
};
} // namespace

void mlir::hydragen::kernels::storeWorkItem(ImplicitLocOpBuilder &builder,
                                            Value items, Value index,
                                            const WorkItemValues &v) {
  using Record = hydragen_work_item;
  KernelBuilder b(builder.getLoc(), builder);
  RecordWriter w(b, items, index, sizeof(Record));
  w.word(offsetof(Record, kind), v.kind, 0);
  w.word(offsetof(Record, key_begin), v.keyBegin, 0);
  w.word(offsetof(Record, key_end), v.keyEnd, 0);
  w.word(offsetof(Record, key_position), v.keyPosition, 0);
  w.word(offsetof(Record, row_base), v.rowBase, 0);
  w.word(offsetof(Record, row_stride), v.rowStride, 1);
  w.word(offsetof(Record, row_count), v.rowCount, 1);
  w.word(offsetof(Record, row_list), v.rowList, -1);
  w.address(offsetof(Record, keys), v.keys);
  w.address(offsetof(Record, values), v.values);
  w.address(offsetof(Record, table), v.table);
  w.word(offsetof(Record, length_index), v.lengthIndex, -1);
  w.word(offsetof(Record, state_row), v.stateRow, 0);
  w.word(offsetof(Record, first_group), v.firstGroup, 0);
  w.word(offsetof(Record, n_groups), v.numGroups, 0);
  w.word(offsetof(Record, head_tiles), v.headTiles, 0);
  w.word(offsetof(Record, full_tiles), v.fullTiles,
         std::numeric_limits<int32_t>::max());
}

void mlir::hydragen::kernels::storeReductionGroup(
    ImplicitLocOpBuilder &builder, Value groups, Value index,
    const ReductionGroupValues &v) {
  using Record = hydragen_reduction_group;
  KernelBuilder b(builder.getLoc(), builder);
  RecordWriter w(b, groups, index, sizeof(Record));
  w.word(offsetof(Record, first_entry), v.firstEntry, 0);
  w.word(offsetof(Record, n_entries), v.numEntries, 0);
  w.word(offsetof(Record, n_arrivals), v.numArrivals, 0);
  w.word(offsetof(Record, counter), Value(), 0);
  w.word(offsetof(Record, row_base), v.rowBase, 0);
  w.word(offsetof(Record, row_stride), v.rowStride, 1);
  w.word(offsetof(Record, row_list), v.rowList, -1);
  w.word(offsetof(Record, n_rows), v.numRows, 0);
}

void mlir::hydragen::kernels::allowNextKernel(ImplicitLocOpBuilder &builder) {
  KernelBuilder(builder.getLoc(), builder).allowNextKernel();
}

void mlir::hydragen::kernels::storeI32(ImplicitLocOpBuilder &builder,
                                       Value array, Value index, Value value) {
  KernelBuilder b(builder.getLoc(), builder);
  b.store(value, b.offset(array, b.shl(b.wide(index), 2)), 4);
}

Value mlir::hydragen::kernels::loadI32(ImplicitLocOpBuilder &builder,
                                       Value array, Value index) {
  KernelBuilder b(builder.getLoc(), builder);
  return b.load(b.offset(array, b.shl(b.wide(index), 2)), b.i32, 4);
}

void mlir::hydragen::kernels::emitAtomicLeast(ImplicitLocOpBuilder &builder,
                                              Value pointer, Value x) {
  KernelBuilder b(builder.getLoc(), builder);
  bool wide = x.getType().isInteger(64);
  for (unsigned distance = 16; distance != 0; distance /= 2) {
    Value other;
    if (wide) {
      // Lanes exchange 32 bits at a time.
      Value half = b.constant(32, b.i64);
      Value low = b.shuffleXor(b.narrow(x), distance);
      Value high =
          b.shuffleXor(b.narrow(LLVM::LShrOp::create(b, x, half)), distance);
      other = LLVM::OrOp::create(
          b, LLVM::ZExtOp::create(b, b.i64, low),
          LLVM::ShlOp::create(b, LLVM::ZExtOp::create(b, b.i64, high), half));
    } else {
      other = b.shuffleXor(x, distance);
    }
    x = LLVM::SMinOp::create(b, x, other);
  }
  b.ifThen(b.equal(b.band(b.threadId(), 31), 0),
           [&] { b.atomicMin(pointer, x); });
}

gpu::GPUFuncOp mlir::hydragen::kernels::makePlanKernel(
    gpu::GPUModuleOp module, StringRef name,
    ArrayRef<KernelParameter> parameters, unsigned threads,
    ImplicitLocOpBuilder &builder, Value &thread) {
  KernelBuilder b(builder.getLoc(), builder);
  SmallVector<Type> types;
  for (const KernelParameter &parameter : parameters)
    types.push_back(b.getParameterType(parameter.kind));
  b.setInsertionPointToEnd(module.getBody());
  auto function = gpu::GPUFuncOp::create(b, name, b.getFunctionType(types, {}));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function.setKnownBlockSizeAttr(
      b.getDenseI32ArrayAttr({int32_t(threads), 1, 1}));
  b.setInsertionPointToStart(&function.getBody().front());
  Value block = NVVM::BlockIdXOp::create(b, b.i32);
  thread = b.add(b.mul(block, threads), b.threadId());
  auto end = gpu::ReturnOp::create(b);
  builder.setInsertionPoint(end);
  return function;
}
