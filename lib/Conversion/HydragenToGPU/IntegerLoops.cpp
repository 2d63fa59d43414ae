//===- IntegerLoops.cpp - index arithmetic as kernels -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerLoops.h"

#include "EntryLowering.h"
#include "Integers.h"
#include "hydragen/Kernels/PlanKernel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hydragen;
using kernels::KernelParameter;

static constexpr unsigned kThreads = 128;

//===----------------------------------------------------------------------===//
// Which loops
//===----------------------------------------------------------------------===//

static bool isInteger(Type type) {
  return type.isIndex() ||
         (type.isSignlessInteger() && type.getIntOrFloatBitWidth() <= 64);
}

static bool isStored(Type type) {
  return isInteger(type) && !type.isIndex() && !type.isInteger(1);
}

static bool isIntegerOp(Operation &op) {
  auto isIntegerValue = [](Value value) { return isInteger(value.getType()); };
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return isStored(load.getMemRefType().getElementType());
  if (isa<affine::AffineApplyOp, cf::AssertOp, linalg::IndexOp,
          linalg::YieldOp>(op))
    return true;
  return isa<arith::AddIOp, arith::AndIOp, arith::CeilDivSIOp, arith::CmpIOp,
             arith::ConstantOp, arith::DivSIOp, arith::DivUIOp, arith::ExtSIOp,
             arith::ExtUIOp, arith::FloorDivSIOp, arith::IndexCastOp,
             arith::IndexCastUIOp, arith::MaxSIOp, arith::MaxUIOp,
             arith::MinSIOp, arith::MinUIOp, arith::MulIOp, arith::OrIOp,
             arith::RemSIOp, arith::RemUIOp, arith::SelectOp, arith::ShLIOp,
             arith::ShRSIOp, arith::ShRUIOp, arith::SubIOp, arith::TruncIOp,
             arith::XOrIOp>(op) &&
         llvm::all_of(op.getOperands(), isIntegerValue) &&
         llvm::all_of(op.getResults(), isIntegerValue);
}

/// The term of a body that yields the least of terms and the old element.
static Value getLeastTerm(linalg::LinalgOp op) {
  Block *body = op.getBlock();
  Value old = body->getArguments().back();
  auto least =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::MinSIOp>();
  if (!least || !old.hasOneUse() ||
      (least.getLhs() != old && least.getRhs() != old))
    return {};
  return least.getLhs() == old ? least.getRhs() : least.getLhs();
}

bool hydragen::isIntegerLoop(Operation *op) {
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  if (!linalg || !isa<linalg::GenericOp, linalg::FillOp>(op) ||
      !linalg.hasPureBufferSemantics() || linalg.getNumDpsInits() != 1)
    return false;
  llvm::SmallBitVector known(linalg.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type) {
      if (!isStored(operand.get().getType()))
        return false;
      continue;
    }
    if (!isStored(type.getElementType()))
      return false;
    for (AffineExpr result :
         linalg.getMatchingIndexingMap(&operand).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(result))
        known.set(dim.getPosition());
  }
  if (!known.all() || !llvm::all_of(*linalg.getBlock(), isIntegerOp))
    return false;
  OpOperand *init = linalg.getDpsInitOperand(0);
  AffineMap map = linalg.getMatchingIndexingMap(init);
  if (linalg.getNumParallelLoops() == linalg.getNumLoops())
    return map.isProjectedPermutation() &&
           map.getNumResults() == linalg.getNumLoops() &&
           !linalg.payloadUsesValueFromOperand(init);
  Type type = cast<MemRefType>(init->get().getType()).getElementType();
  return linalg.getNumReductionLoops() == linalg.getNumLoops() &&
         map.getNumResults() == 0 &&
         (type.isInteger(32) || type.isInteger(64)) && getLeastTerm(linalg);
}

//===----------------------------------------------------------------------===//
// Their kernels
//===----------------------------------------------------------------------===//

namespace {
/// Writes the kernel of one loop. In it every number is an i64, but for truths
/// and what the body has in narrower types.
class IntegerLoopWriter {
public:
  IntegerLoopWriter(OpBuilder &host, linalg::LinalgOp op,
                    function_ref<Value(Value)> getAddress,
                    function_ref<SmallVector<Value>(Value)> getStrides)
      : host(host), op(op), index(host, op.getLoc()), getAddress(getAddress),
        getStrides(getStrides), b(op.getLoc(), op.getContext()), i(b) {
    collect();
  }

  gpu::GPUFuncOp write(gpu::GPUModuleOp module, StringRef name);
  bool isReduction() { return op.getNumReductionLoops() != 0; }

  SmallVector<KernelParameter> parameters;
  SmallVector<Value> values;
  /// Iterations of the loops together, on the host.
  Value count;

private:
  /// A number of the host, in the kernel.
  struct Number {
    std::optional<int64_t> constant;
    unsigned parameter = 0;
  };
  struct Buffer {
    Number address;
    SmallVector<Number> strides, extents;
    Type type;
  };

  void collect();
  void addBuffer(Value memref);
  Number add(Value number);
  Value get(const Number &number) {
    return number.constant ? i.constant(*number.constant)
                           : arguments[number.parameter];
  }
  Value getPointer(Value memref, ValueRange indices);
  Value load(Value memref, ValueRange indices);
  Value clamp(Value at, const Number &extent);
  Value translate(Value value);
  Value translate(Operation *op);
  Value evaluateBody(Value iteration, Value wanted);

  OpBuilder &host;
  linalg::LinalgOp op;
  IndexBuilder index;
  function_ref<Value(Value)> getAddress;
  function_ref<SmallVector<Value>(Value)> getStrides;
  SmallVector<Number> extents;
  DenseMap<Value, Buffer> buffers;
  DenseMap<Value, Number> outside;

  ImplicitLocOpBuilder b;
  Integers i;
  ValueRange arguments;
  SmallVector<Value> loops;
  DenseMap<Value, Value> done;
  /// What is computed from elements: it may be out of range.
  DenseSet<Value> fromData;
};
} // namespace

IntegerLoopWriter::Number IntegerLoopWriter::add(Value number) {
  Number result;
  if (number.getType().isIndex()) {
    result.constant = IndexBuilder::getConstant(number);
    if (result.constant)
      return result;
    number = arith::IndexCastOp::create(host, op.getLoc(), host.getI64Type(),
                                        number);
  } else if (number.getType().getIntOrFloatBitWidth() < 64) {
    number =
        arith::ExtSIOp::create(host, op.getLoc(), host.getI64Type(), number);
  }
  result.parameter = parameters.size();
  parameters.push_back(
      {("n" + Twine(parameters.size())).str(), KernelParameter::I64});
  values.push_back(number);
  return result;
}

void IntegerLoopWriter::addBuffer(Value memref) {
  if (buffers.contains(memref))
    return;
  Buffer buffer;
  auto type = cast<MemRefType>(memref.getType());
  buffer.type = type.getElementType();
  buffer.address = add(getAddress(memref));
  for (auto [k, stride] : llvm::enumerate(getStrides(memref))) {
    buffer.strides.push_back(add(index.mul(stride, getElementBytes(memref))));
    buffer.extents.push_back(add(index.dim(memref, k)));
  }
  buffers[memref] = buffer;
}

void IntegerLoopWriter::collect() {
  SmallVector<Value> sizes(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    if (!isa<MemRefType>(value.getType())) {
      outside[value] = add(value);
      continue;
    }
    addBuffer(value);
    for (auto [k, result] :
         llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(result))
        if (!sizes[dim.getPosition()])
          sizes[dim.getPosition()] = index.dim(value, k);
  }
  count = index.constant(1);
  for (Value size : sizes) {
    count = index.mul(count, size);
    extents.push_back(add(size));
  }
  for (Operation &nested : *op.getBlock())
    for (Value operand : nested.getOperands()) {
      if (isa<MemRefType>(operand.getType())) {
        addBuffer(operand);
        continue;
      }
      if (operand.getParentBlock() == op.getBlock() ||
          outside.contains(operand) || isa<cf::AssertOp>(nested))
        continue;
      IntegerAttr constant;
      if (matchPattern(operand, m_Constant(&constant))) {
        Number number;
        number.constant = constant.getInt();
        outside[operand] = number;
      } else {
        outside[operand] = add(operand);
      }
    }
}

/// The address of an element. What comes from data is clamped to the extent, as
/// values of page tables are.
Value IntegerLoopWriter::getPointer(Value memref, ValueRange indices) {
  const Buffer &buffer = buffers[memref];
  Value address = get(buffer.address);
  for (auto [at, stride] : llvm::zip_equal(indices, buffer.strides))
    address = i.add(address, i.mul(at, get(stride)));
  return LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext(), 1), address);
}

Value IntegerLoopWriter::load(Value memref, ValueRange indices) {
  Value pointer = getPointer(memref, indices);
  return LLVM::LoadOp::create(b, buffers[memref].type, pointer);
}

Value IntegerLoopWriter::clamp(Value at, const Number &extent) {
  Value last = i.sub(get(extent), i.constant(1));
  return arith::MinUIOp::create(b, at, last);
}

Value IntegerLoopWriter::translate(Value value) {
  auto known = done.find(value);
  if (known != done.end())
    return known->second;
  if (auto it = outside.find(value); it != outside.end()) {
    Value number = get(it->second);
    Type type = value.getType();
    if (!type.isIndex() && !type.isInteger(64))
      number = arith::TruncIOp::create(b, type, number);
    return done[value] = number;
  }
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    OpOperand &operand = op->getOpOperand(argument.getArgNumber());
    if (!isa<MemRefType>(operand.get().getType()))
      return done[value] = translate(operand.get());
    SmallVector<Value> at;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
      at.push_back(i.evaluate(expr, loops, {}));
    result = load(operand.get(), at);
    fromData.insert(value);
  } else {
    Operation *def = value.getDefiningOp();
    result = translate(def);
    if (isa<memref::LoadOp>(def) ||
        llvm::any_of(def->getOperands(),
                     [&](Value operand) { return fromData.contains(operand); }))
      fromData.insert(value);
  }
  return done[value] = result;
}

Value IntegerLoopWriter::translate(Operation *def) {
  if (auto at = dyn_cast<linalg::IndexOp>(def))
    return loops[at.getDim()];
  auto toKernel = [&](Type type) -> Type {
    return type.isIndex() ? b.getI64Type() : type;
  };
  SmallVector<Value> operands;
  for (Value operand : def->getOperands())
    if (!isa<MemRefType>(operand.getType()))
      operands.push_back(translate(operand));
  if (auto constant = dyn_cast<arith::ConstantOp>(def)) {
    auto value = cast<IntegerAttr>(constant.getValue()).getValue();
    Type type = toKernel(constant.getType());
    return arith::ConstantOp::create(
        b, b.getIntegerAttr(type,
                            value.sextOrTrunc(type.getIntOrFloatBitWidth())));
  }
  if (auto element = dyn_cast<memref::LoadOp>(def)) {
    const Buffer &buffer = buffers[element.getMemRef()];
    for (auto [at, source, extent] :
         llvm::zip_equal(operands, element.getIndices(), buffer.extents))
      if (fromData.contains(source))
        at = clamp(at, extent);
    return load(element.getMemRef(), operands);
  }
  if (auto apply = dyn_cast<affine::AffineApplyOp>(def)) {
    AffineMap map = apply.getAffineMap();
    return i.evaluate(map.getResult(0),
                      ArrayRef(operands).take_front(map.getNumDims()),
                      ArrayRef(operands).drop_front(map.getNumDims()));
  }
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(def)) {
    Type type = toKernel(def->getResult(0).getType());
    unsigned from = operands[0].getType().getIntOrFloatBitWidth(),
             to = type.getIntOrFloatBitWidth();
    if (from == to)
      return operands[0];
    if (from > to)
      return arith::TruncIOp::create(b, type, operands[0]);
    if (isa<arith::IndexCastUIOp>(def))
      return arith::ExtUIOp::create(b, type, operands[0]);
    return arith::ExtSIOp::create(b, type, operands[0]);
  }
  // Quotients that round down or up have no instruction.
  if (isa<arith::FloorDivSIOp, arith::CeilDivSIOp>(def)) {
    Type type = operands[0].getType();
    Value x = i.wide(operands[0]), y = i.wide(operands[1]);
    // A negative divisor is that of the negated dividend.
    Value negative = i.isNegative(y), zero = i.constant(0);
    x = arith::SelectOp::create(b, negative, i.sub(zero, x), x);
    y = arith::SelectOp::create(b, negative, i.sub(zero, y), y);
    Value result =
        isa<arith::FloorDivSIOp>(def) ? i.floorDiv(x, y) : i.ceilDiv(x, y);
    if (type != result.getType())
      result = arith::TruncIOp::create(b, type, result);
    return result;
  }
  OperationState state(b.getLoc(), def->getName());
  state.addOperands(operands);
  state.addTypes(toKernel(def->getResult(0).getType()));
  state.addAttributes(def->getAttrs());
  return b.create(state)->getResult(0);
}

/// A value of the body in iteration number `iteration`.
Value IntegerLoopWriter::evaluateBody(Value iteration, Value wanted) {
  loops.assign(extents.size(), Value());
  for (size_t d = extents.size(); d-- != 0;) {
    if (d == 0) {
      loops[d] = iteration;
      break;
    }
    Value extent = get(extents[d]);
    Value quotient = arith::DivUIOp::create(b, iteration, extent);
    loops[d] = i.sub(iteration, i.mul(quotient, extent));
    iteration = quotient;
  }
  done.clear();
  fromData.clear();
  return translate(wanted);
}

gpu::GPUFuncOp IntegerLoopWriter::write(gpu::GPUModuleOp module,
                                        StringRef name) {
  // The grid of a reduction is not that of its loops.
  Number iterations = add(count);
  Number threads;
  if (isReduction()) {
    threads.parameter = parameters.size();
    parameters.push_back({"threads", KernelParameter::I64});
  }
  Value thread;
  gpu::GPUFuncOp function =
      kernels::makePlanKernel(module, name, parameters, kThreads, b, thread);
  arguments = function.getArguments();
  Value number = arith::ExtUIOp::create(b, b.getI64Type(), thread);
  Value init = op.getDpsInits().front();
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  if (!isReduction()) {
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number,
                                         get(iterations));
    auto branch = scf::IfOp::create(b, inside, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(branch.thenBlock()->getTerminator());
    Value result = evaluateBody(number, yielded);
    SmallVector<Value> at;
    for (AffineExpr expr :
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).getResults())
      at.push_back(i.evaluate(expr, loops, {}));
    LLVM::StoreOp::create(b, result, getPointer(init, at));
    return function;
  }
  Type type = buffers[init].type;
  Value most = arith::ConstantOp::create(
      b, b.getIntegerAttr(
             type, APInt::getSignedMaxValue(type.getIntOrFloatBitWidth())));
  auto loop = scf::ForOp::create(b, number, get(iterations), get(threads),
                                 ValueRange(most));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value term = evaluateBody(loop.getInductionVar(), getLeastTerm(op));
    Value least =
        arith::MinSIOp::create(b, loop.getRegionIterArgs().front(), term);
    scf::YieldOp::create(b, least);
  }
  kernels::emitAtomicLeast(b, getPointer(init, {}), loop.getResult(0));
  return function;
}

void EntryLowering::lowerIntegerLoop(linalg::LinalgOp op) {
  loc = op.getLoc();
  b.setInsertionPoint(op);
  IndexBuilder index(b, loc);
  IntegerLoopWriter writer(
      b, op, [&](Value memref) { return getAddress(memref); },
      [&](Value memref) { return getStrides(memref); });
  gpu::GPUFuncOp kernel =
      writer.write(kernels.getModule(), kernels.makeIndexName());
  addVariables(kernel, writer.values);
  kernel = kernels.keep(kernel, 0, writer.parameters);
  Value blocks = index.ceilDiv(writer.count, kThreads);
  if (writer.isReduction()) {
    // Two blocks a multiprocessor; each thread takes what is its turn.
    Value slots = index.mul(arith::IndexCastUIOp::create(
                                b, loc, b.getIndexType(),
                                callHost(host::kApiMultiprocessors, i32, {})),
                            2);
    blocks = index.min(blocks, slots);
    writer.values.push_back(toI64(index.mul(blocks, kThreads)));
  }
  launch(kernel, toI32(blocks), kThreads, writer.parameters, writer.values);
  addresses.clear();
  strides.clear();
  op.erase();
}
