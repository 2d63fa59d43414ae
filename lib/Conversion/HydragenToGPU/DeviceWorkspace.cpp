//===- DeviceWorkspace.cpp - buffers of unknown size on the device --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceWorkspace.h"

#include "../HostCalls.h"
#include "EntryLowering.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::hydragen;

static constexpr int64_t kAlignment = 256;

bool hydragen::isDynamicBuffer(Operation *op) {
  auto alloc = dyn_cast<memref::AllocOp>(op);
  return alloc && !alloc.getType().hasStaticShape() &&
         alloc.getType().getLayout().isIdentity() &&
         op->getBlock()->isEntryBlock() && isa<func::FuncOp>(op->getParentOp());
}

bool hydragen::hasDynamicBuffers(func::FuncOp function) {
  return llvm::any_of(function.getBody().front(),
                      [](Operation &op) { return isDynamicBuffer(&op); });
}

Value DeviceWorkspace::place(IndexBuilder &index, memref::AllocOp alloc) {
  Value bytes = index.constant(getElementBytes(alloc));
  auto dynamic = alloc.getDynamicSizes().begin();
  for (int64_t size : alloc.getType().getShape())
    bytes = index.mul(
        bytes, ShapedType::isDynamic(size) ? *dynamic++ : index.constant(size));
  Value offset = used;
  used = index.alignTo(index.add(used, bytes), kAlignment);
  total = index.max(total, used);
  return offset;
}

namespace {
/// Copies the arithmetic on extents behind a value to another function, in
/// which extents of arguments are loaded.
class ShapeArithmetic {
public:
  ShapeArithmetic(OpBuilder &b, Value shapes) : b(b), shapes(shapes) {}

  /// Null when it is not computed from extents of arguments alone.
  Value copy(Value value) {
    if (Value known = mapping.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    if (!op)
      return {};
    if (auto dim = dyn_cast<memref::DimOp>(op)) {
      Value extent = load(dim);
      if (extent)
        mapping.map(value, extent);
      return extent;
    }
    if (!isa_and_nonnull<arith::ArithDialect>(op->getDialect()) ||
        !llvm::all_of(op->getOperands(),
                      [&](Value operand) { return copy(operand) != Value(); }))
      return {};
    b.clone(*op, mapping);
    return mapping.lookup(value);
  }

private:
  Value load(memref::DimOp dim) {
    Operation *source = dim.getSource().getDefiningOp();
    auto number =
        source ? source->getAttrOfType<IntegerAttr>(host::kInputNumberAttr)
               : IntegerAttr();
    std::optional<int64_t> position = dim.getConstantIndex();
    if (!number || !position)
      return {};
    Location loc = dim.getLoc();
    Value shape = host::loadPointer(b, loc, shapes, 8 * number.getInt());
    Value size = host::loadField(b, loc, shape, 8 * *position, b.getI64Type());
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), size);
  }

  OpBuilder &b;
  Value shapes;
  IRMapping mapping;
};
} // namespace

func::FuncOp hydragen::makeWorkspaceFunction(
    func::FuncOp function, StringRef name,
    function_ref<LogicalResult(func::FuncOp)> simplify, std::string &reason) {
  // The entry with the size of its workspace as a result.
  OpBuilder b(function);
  Location loc = function.getLoc();
  func::FuncOp sized = function.clone();
  sized.setName((function.getName() + "__sized").str());
  sized.setPrivate();
  b.insert(sized);
  Block &body = sized.getBody().front();
  b.setInsertionPointToStart(&body);
  DeviceWorkspace workspace(IndexBuilder(b, loc).constant(0));
  for (Operation &op : llvm::make_early_inc_range(body)) {
    b.setInsertionPoint(&op);
    IndexBuilder index(b, loc);
    if (isDynamicBuffer(&op)) {
      workspace.place(index, cast<memref::AllocOp>(op));
    } else if (auto attend = dyn_cast<AttendOp>(op)) {
      FailureOr<RowSpace> rows = RowSpace::get(attend, reason);
      if (failed(rows)) {
        sized.erase();
        return {};
      }
      workspace.reserve(index, AttendSizes(b, attend, *rows).bytes);
    } else if (isa<cf::AssertOp>(op)) {
      op.erase();
    }
  }
  body.getTerminator()->setOperands(workspace.getTotal());
  sized.setFunctionType(
      b.getFunctionType(sized.getArgumentTypes(), {b.getIndexType()}));
  reason = "the size of a buffer depends on data";
  if (failed(simplify(sized))) {
    sized.erase();
    return {};
  }

  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  b.setInsertionPoint(function);
  auto result = func::FuncOp::create(
      b, loc, name, b.getFunctionType({ptr}, {b.getI64Type()}));
  result.setPrivate();
  Block *block = result.addEntryBlock();
  b.setInsertionPointToStart(block);
  ShapeArithmetic arithmetic(b, block->getArgument(0));
  Value bytes = arithmetic.copy(body.getTerminator()->getOperand(0));
  sized.erase();
  if (!bytes) {
    result.erase();
    return {};
  }
  bytes = arith::IndexCastOp::create(b, loc, b.getI64Type(), bytes);
  func::ReturnOp::create(b, loc, bytes);
  return result;
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

/// A buffer becomes a view of the workspace.
void EntryLowering::lowerBuffer(memref::AllocOp op) {
  loc = op.getLoc();
  b.setInsertionPoint(op);
  IndexBuilder index(b, loc);
  MemRefType type = op.getType();
  int64_t rank = type.getRank();
  Value start =
      host::loadPointer(b, loc, function.getArgument(0), host::kCallWorkspace);
  Value memory = LLVM::GEPOp::create(
      b, loc, ptr, b.getI8Type(), start,
      ArrayRef<LLVM::GEPArg>{toI64(workspace->place(index, op))});
  auto array = LLVM::LLVMArrayType::get(i64, rank);
  Value fields = LLVM::PoisonOp::create(
      b, loc,
      LLVM::LLVMStructType::getLiteral(b.getContext(),
                                       {ptr, ptr, i64, array, array}));
  auto insert = [&](Value value, ArrayRef<int64_t> position) {
    fields = LLVM::InsertValueOp::create(b, loc, fields, value, position);
  };
  insert(memory, {0});
  insert(memory, {1});
  insert(constant(0, i64), {2});
  Value stride = index.constant(1);
  unsigned next = op.getDynamicSizes().size();
  for (int64_t dim = rank; dim-- > 0;) {
    Value size = type.isDynamicDim(dim) ? op.getDynamicSizes()[--next]
                                        : index.constant(type.getDimSize(dim));
    insert(toI64(size), {3, dim});
    insert(toI64(stride), {4, dim});
    stride = index.mul(stride, size);
  }
  Value buffer =
      UnrealizedConversionCastOp::create(b, loc, type, fields).getResult(0);
  for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
    if (isa<memref::DeallocOp>(user))
      user->erase();
  op.getResult().replaceAllUsesWith(buffer);
  op.erase();
}
