//===- DeviceMoves.cpp - copies and fills of an entry -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceMoves.h"

#include "EntryLowering.h"
#include "hydragen/Kernels/MoveKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::hydragen;
using kernels::KernelParameter;
using kernels::MoveConfig;

namespace {
struct Move {
  Value to;
  /// What is copied, its dim for each dim of `to`; or the value to write.
  Value from;
  SmallVector<unsigned> fromDims;
  Value value;
};
} // namespace

static std::optional<Move> getMove(Operation *op) {
  Move move;
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    move.from = copy.getSource();
    move.to = copy.getTarget();
  } else if (auto copy = dyn_cast<linalg::CopyOp>(op)) {
    move.from = copy.getInputs().front();
    move.to = copy.getOutputs().front();
  } else if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    move.from = transpose.getInput();
    move.to = transpose.getInit();
    llvm::append_range(move.fromDims, transpose.getPermutation());
  } else if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    move.value = fill.getInputs().front();
    move.to = fill.getOutputs().front();
  } else {
    return std::nullopt;
  }
  auto hasStrides = [](Value memref) {
    auto type = dyn_cast<MemRefType>(memref.getType());
    return type && type.isStrided() &&
           type.getElementType().isIntOrIndexOrFloat();
  };
  if (!hasStrides(move.to) || (move.from && !hasStrides(move.from)))
    return std::nullopt;
  auto type = cast<MemRefType>(move.to.getType());
  if (move.from && cast<MemRefType>(move.from.getType()).getElementType() !=
                       type.getElementType())
    return std::nullopt;
  // An i1 is a byte that is 0 or 1.
  Type element = type.getElementType();
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  if (!llvm::is_contained({1u, 8u, 16u, 32u, 64u}, bits))
    return std::nullopt;
  if (move.value && move.value.getType() != element)
    return std::nullopt;
  if (move.fromDims.empty())
    for (unsigned i = 0; i != type.getRank(); ++i)
      move.fromDims.push_back(i);
  return move;
}

bool hydragen::isDeviceMove(Operation *op) { return getMove(op).has_value(); }

/// A kernel per rank and size of elements does the move.
void EntryLowering::lowerMove(Operation *op) {
  Move move = *getMove(op);
  loc = op->getLoc();
  b.setInsertionPoint(op);
  IndexBuilder index(b, loc);
  auto type = cast<MemRefType>(move.to.getType());
  MoveConfig config;
  config.rank = type.getRank();
  config.bytes = getElementBytes(move.to);
  config.fill = !move.from;

  llvm::StringMap<Value> known;
  auto put = [&](const Twine &name, Value value) { known[name.str()] = value; };
  auto putStride = [&](const Twine &name, Value memref, unsigned dim) {
    put(name,
        toI64(index.mul(getStrides(memref)[dim], getElementBytes(memref))));
  };
  put("to", getAddress(move.to));
  if (move.from) {
    put("from", getAddress(move.from));
  } else {
    Value bits = move.value;
    Type element = type.getElementType();
    if (element.isIndex()) {
      bits = toI64(bits);
    } else {
      unsigned width = element.getIntOrFloatBitWidth();
      if (isa<FloatType>(element))
        bits = arith::BitcastOp::create(b, loc, b.getIntegerType(width), bits);
      if (width != 64)
        bits = arith::ExtUIOp::create(b, loc, i64, bits);
    }
    put("value", bits);
  }
  Value count = index.constant(1);
  for (unsigned d = 0; d != config.rank; ++d) {
    Value size = index.dim(move.to, d);
    count = index.mul(count, size);
    put("size_" + Twine(d), toI64(size));
    putStride("to_stride_" + Twine(d), move.to, d);
    if (move.from)
      putStride("from_stride_" + Twine(d), move.from, move.fromDims[d]);
  }
  put("count", toI64(count));

  SmallVector<KernelParameter> parameters = kernels::getMoveParameters(config);
  SmallVector<Value> values;
  for (const KernelParameter &parameter : parameters)
    values.push_back(known.lookup(parameter.name));
  gpu::GPUFuncOp kernel = kernels::buildMoveKernel(
      kernels.getModule(), kernels.makeMoveName(config.fill), config);
  addVariables(kernel, values);
  kernel = kernels.keep(kernel, /*sharedBytes=*/0, parameters);
  // As many blocks as a multiprocessor can hold, if there is so much to do.
  Value multiprocessors = callHost(host::kApiMultiprocessors, i32, {});
  Value slots = index.mul(
      arith::IndexCastUIOp::create(b, loc, b.getIndexType(), multiprocessors),
      2048 / MoveConfig::kThreads);
  Value blocks = index.min(index.ceilDiv(count, MoveConfig::kThreads), slots);
  launch(kernel, toI32(blocks), MoveConfig::kThreads, parameters, values);
  addresses.clear();
  strides.clear();
  op->erase();
}
