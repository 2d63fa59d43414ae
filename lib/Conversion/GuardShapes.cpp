//===- GuardShapes.cpp - what the IR takes for granted ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_GUARDSHAPES
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// Builds assertions in front of one op.
class Guard {
public:
  explicit Guard(Operation *op) : op(op), builder(op), loc(op->getLoc()) {}

  Value toValue(OpFoldResult size) {
    if (auto value = dyn_cast<Value>(size))
      return value;
    return arith::ConstantIndexOp::create(builder, loc,
                                          *getConstantIntValue(size));
  }
  Value multiply(Value x, Value y) {
    return arith::MulIOp::create(builder, loc, x, y);
  }
  Value add(Value x, Value y) {
    return arith::AddIOp::create(builder, loc, x, y);
  }
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }

  void require(arith::CmpIPredicate predicate, Value x, Value y,
               const Twine &text) {
    Value condition = arith::CmpIOp::create(builder, loc, predicate, x, y);
    cf::AssertOp::create(builder, loc, condition,
                         (text + " (" + describe() + ")").str());
  }
  void requireEqual(OpFoldResult x, OpFoldResult y, const Twine &text) {
    if (x == y || (getConstantIntValue(x) && getConstantIntValue(y)))
      return;
    require(arith::CmpIPredicate::eq, toValue(x), toValue(y), text);
  }

  /// Extents of `tensor`.
  SmallVector<OpFoldResult> sizesOf(Value tensor) {
    return tensor::getMixedSizes(builder, loc, tensor);
  }

  Operation *op;
  OpBuilder builder;
  Location loc;

private:
  /// The op and its place.
  std::string describe() {
    std::string text = op->getName().getStringRef().str();
    FileLineColLoc place;
    op->getLoc()->walk([&](Location nested) {
      place = dyn_cast<FileLineColLoc>(nested);
      return place ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (place)
      text += (" at line " + Twine(place.getLine())).str();
    return text;
  }
};
} // namespace

static bool isDynamic(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && !type.hasStaticShape();
}

/// Operands that share a dim of the op's domain agree on its extent.
static void guardMaps(Operation *op,
                      ArrayRef<std::pair<Value, AffineMap>> operands) {
  if (llvm::none_of(operands,
                    [](auto &entry) { return isDynamic(entry.first); }))
    return;
  Guard guard(op);
  SmallVector<OpFoldResult> extents(operands.front().second.getNumDims());
  for (auto [operand, map] : operands) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type)
      continue;
    SmallVector<OpFoldResult> sizes = guard.sizesOf(operand);
    for (auto [i, result] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      if (!dim)
        continue;
      OpFoldResult &extent = extents[dim.getPosition()];
      if (!extent)
        extent = sizes[i];
      else
        guard.requireEqual(extent, sizes[i], "extents of the operands differ");
    }
  }
}

static void guardLinalg(linalg::LinalgOp op) {
  SmallVector<std::pair<Value, AffineMap>> operands;
  for (OpOperand &operand : op->getOpOperands())
    operands.emplace_back(operand.get(), op.getMatchingIndexingMap(&operand));
  if (!operands.empty())
    guardMaps(op, operands);
}

static void guardPartial(PartialAttentionOpInterface op) {
  SmallVector<std::pair<Value, AffineMap>> operands;
  for (auto [query, map] : llvm::zip(op.getQueries(), op.getQueryMapsVector()))
    operands.emplace_back(query, map);
  for (auto [key, map] : llvm::zip(op.getKeys(), op.getKeyMapsVector()))
    operands.emplace_back(key, map);
  operands.emplace_back(op.getValue(), op.getValueMap());
  for (auto [index, map] : llvm::zip(op.getIndices(), op.getIndexMapsVector()))
    operands.emplace_back(index, map);
  guardMaps(op, operands);
}

static void guardConcat(tensor::ConcatOp op) {
  if (!llvm::any_of(op.getInputs(), isDynamic))
    return;
  Guard guard(op);
  SmallVector<OpFoldResult> first = guard.sizesOf(op.getInputs().front());
  for (Value input : op.getInputs().drop_front())
    for (auto [i, size] : llvm::enumerate(guard.sizesOf(input)))
      if (i != op.getDim())
        guard.requireEqual(first[i], size, "extents of the operands differ");
}

static void guardExpand(tensor::ExpandShapeOp op) {
  if (!isDynamic(op.getResult()))
    return;
  Guard guard(op);
  SmallVector<OpFoldResult> source = guard.sizesOf(op.getSrc());
  SmallVector<OpFoldResult> result = op.getMixedOutputShape();
  for (auto [size, group] : llvm::zip(source, op.getReassociationIndices())) {
    Value product = guard.constant(1);
    for (int64_t i : group)
      product = guard.multiply(product, guard.toValue(result[i]));
    guard.requireEqual(size, product,
                       "the extents do not multiply to the operand's");
  }
}

/// The slice lies inside `whole`.
static void guardSlice(Operation *op, Value whole,
                       ArrayRef<OpFoldResult> offsets,
                       ArrayRef<OpFoldResult> sizes,
                       ArrayRef<OpFoldResult> strides) {
  auto known = [](OpFoldResult value) {
    return getConstantIntValue(value).has_value();
  };
  Guard guard(op);
  SmallVector<OpFoldResult> extents = guard.sizesOf(whole);
  Value zero = guard.constant(0);
  for (auto [offset, size, stride, extent] :
       llvm::zip(offsets, sizes, strides, extents)) {
    if (known(offset) && known(size) && known(stride) && known(extent))
      continue;
    Value begin = guard.toValue(offset), count = guard.toValue(size);
    guard.require(arith::CmpIPredicate::sge, begin, zero,
                  "a slice begins below 0");
    guard.require(arith::CmpIPredicate::sge, count, zero,
                  "a slice has a negative size");
    // An empty slice may lie at the end.
    Value end = guard.add(begin, guard.multiply(count, guard.toValue(stride)));
    Value last = guard.add(guard.toValue(extent), guard.toValue(stride));
    guard.require(arith::CmpIPredicate::slt, end, last,
                  "a slice ends past its tensor");
  }
}

/// Whether an index is computed from the elements of tensors.
static bool dependsOnData(Value index, Block *body) {
  SmallVector<Value> worklist{index};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() == body)
        return true;
      continue;
    }
    Operation *definition = value.getDefiningOp();
    if (isa<tensor::ExtractOp>(definition))
      return true;
    if (isa<tensor::DimOp>(definition) || !seen.insert(definition).second)
      continue;
    llvm::append_range(worklist, definition->getOperands());
  }
  return false;
}

/// Indices that come from data stay inside the tensor.
static void guardExtract(tensor::ExtractOp op) {
  Guard guard(op);
  Value zero = guard.constant(0);
  for (auto [i, index] : llvm::enumerate(op.getIndices())) {
    if (!dependsOnData(index, op->getBlock()))
      continue;
    Value extent =
        tensor::DimOp::create(guard.builder, guard.loc, op.getTensor(), i);
    guard.require(arith::CmpIPredicate::sge, index, zero,
                  "an index is negative");
    guard.require(arith::CmpIPredicate::slt, index, extent,
                  "an index is out of range");
  }
}

namespace {
struct GuardShapesPass
    : public mlir::hydragen::impl::GuardShapesBase<GuardShapesPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops) {
      if (auto partial = dyn_cast<PartialAttentionOpInterface>(op))
        guardPartial(partial);
      else if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
        guardLinalg(linalg);
      else if (auto concat = dyn_cast<tensor::ConcatOp>(op))
        guardConcat(concat);
      else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
        guardExpand(expand);
      else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
        guardSlice(op, slice.getSource(), slice.getMixedOffsets(),
                   slice.getMixedSizes(), slice.getMixedStrides());
      else if (auto slice = dyn_cast<tensor::InsertSliceOp>(op))
        guardSlice(op, slice.getDest(), slice.getMixedOffsets(),
                   slice.getMixedSizes(), slice.getMixedStrides());
      else if (auto extract = dyn_cast<tensor::ExtractOp>(op))
        guardExtract(extract);
    }
  }
};
} // namespace
