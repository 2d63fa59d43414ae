//===- OutlineParallel.cpp - parallel loops as host calls -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostCalls.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Async/IR/Async.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_OUTLINEPARALLEL
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// scf.parallel as nested sequential loops.
static void makeSequential(scf::ParallelOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  SmallVector<Value> ivs;
  for (auto [lower, upper, step] :
       llvm::zip(op.getLowerBound(), op.getUpperBound(), op.getStep())) {
    auto loop = scf::ForOp::create(builder, loc, lower, upper, step);
    ivs.push_back(loop.getInductionVar());
    builder.setInsertionPointToStart(loop.getBody());
  }
  IRMapping mapping;
  mapping.map(op.getInductionVars(), ivs);
  for (Operation &nested : op.getBody()->without_terminator())
    builder.clone(nested, mapping);
  op.erase();
}

/// Copies the constants that `region` captures into its block.
static void sinkConstants(Region &region) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(region, captured);
  OpBuilder builder = OpBuilder::atBlockBegin(&region.front());
  for (Value value : captured) {
    Operation *definition = value.getDefiningOp();
    if (!definition || !matchPattern(definition, m_Constant()))
      continue;
    Value clone = builder.clone(*definition)->getResult(0);
    replaceAllUsesInRegionWith(value, clone, region);
  }
}

namespace {
/// A region of an entry as a function of a closure, the call pointer and the
/// values that the region captures, and of further arguments. The closure lives
/// in the caller's entry block, once for each region.
class OutlinedRegion {
public:
  /// `more` are in the closure, too.
  OutlinedRegion(Region &region, ArrayRef<Value> more, TypeRange arguments,
                 StringRef suffix, SymbolTable &symbols);

  /// Clones the region's ops into the function, after what `builder` has put
  /// there.
  void fill();
  /// Calls the host's parallel_for.
  void runParallel(Value count);
  /// Calls the host's spawn; returns the task.
  Value spawn();

  func::FuncOp body;
  OpBuilder builder; ///< in `body`
  IRMapping mapping; ///< from outside of it

private:
  Value getField(OpBuilder &b, Value base, int32_t field) {
    return LLVM::GEPOp::create(
        b, loc, ptr, closureType, base,
        ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(0), LLVM::GEPArg(field)});
  }

  void fillClosure(OpBuilder &caller);

  Region &region;
  func::FuncOp function;
  Location loc;
  Type ptr, closureType;
  SetVector<Value> captured;
  SmallVector<Type> fields;
  Value call, pointer, closure; ///< in the caller
};

struct OutlineParallelPass
    : public mlir::hydragen::impl::OutlineParallelBase<OutlineParallelPass> {
  void runOnOperation() override;

private:
  LogicalResult outlineLoops(SymbolTable &symbols);
  static void outline(scf::ParallelOp op, SymbolTable &symbols);
  static void outline(async::ExecuteOp op, SymbolTable &symbols);
};
} // namespace

OutlinedRegion::OutlinedRegion(Region &region, ArrayRef<Value> more,
                               TypeRange arguments, StringRef suffix,
                               SymbolTable &symbols)
    : builder(region.getContext()), region(region),
      function(region.getParentOfType<func::FuncOp>()), loc(region.getLoc()),
      ptr(LLVM::LLVMPointerType::get(region.getContext())) {
  sinkConstants(region);
  getUsedValuesDefinedAbove(region, captured);
  captured.insert(more.begin(), more.end());
  LLVMTypeConverter converter(region.getContext());
  fields.push_back(ptr);
  for (Value value : captured)
    fields.push_back(converter.convertType(value.getType()));
  closureType = LLVM::LLVMStructType::getLiteral(region.getContext(), fields);

  SmallVector<Type> inputs{ptr};
  llvm::append_range(inputs, arguments);
  body = func::FuncOp::create(loc, (function.getName() + suffix).str(),
                              builder.getFunctionType(inputs, {}));
  body.setPrivate();
  body->setAttr(host::kBodyAttr, builder.getUnitAttr());
  symbols.insert(body);
  Block *block = body.addEntryBlock();
  builder.setInsertionPointToStart(block);
  for (auto [i, value] : llvm::enumerate(captured)) {
    Value field =
        LLVM::LoadOp::create(builder, loc, fields[i + 1],
                             getField(builder, block->getArgument(0), i + 1));
    if (field.getType() != value.getType())
      field = UnrealizedConversionCastOp::create(builder, loc, value.getType(),
                                                 field)
                  .getResult(0);
    mapping.map(value, field);
  }
}

void OutlinedRegion::fill() {
  for (Operation &nested : region.front().without_terminator())
    builder.clone(nested, mapping);
  func::ReturnOp::create(builder, loc);
}

void OutlinedRegion::fillClosure(OpBuilder &caller) {
  {
    OpBuilder::InsertionGuard guard(caller);
    caller.setInsertionPointToStart(&function.getBody().front());
    Value one =
        LLVM::ConstantOp::create(caller, loc, caller.getI64IntegerAttr(1));
    closure = LLVM::AllocaOp::create(caller, loc, ptr, closureType, one);
  }
  call = host::getCallPointer(caller, function);
  LLVM::StoreOp::create(caller, loc, call, getField(caller, closure, 0));
  for (auto [i, value] : llvm::enumerate(captured)) {
    Value stored = value;
    if (fields[i + 1] != value.getType())
      stored =
          UnrealizedConversionCastOp::create(caller, loc, fields[i + 1], value)
              .getResult(0);
    LLVM::StoreOp::create(caller, loc, stored,
                          getField(caller, closure, i + 1));
  }
  pointer = func::ConstantOp::create(caller, loc, body.getFunctionType(),
                                     body.getName());
  pointer = UnrealizedConversionCastOp::create(caller, loc, ptr, pointer)
                .getResult(0);
}

void OutlinedRegion::runParallel(Value count) {
  OpBuilder caller(region.getParentOp());
  fillClosure(caller);
  host::callTable(caller, loc, call, host::kApiParallelFor,
                  {count, pointer, closure});
}

Value OutlinedRegion::spawn() {
  OpBuilder caller(region.getParentOp());
  fillClosure(caller);
  Value null = LLVM::ZeroOp::create(caller, loc, ptr);
  Value end = LLVM::GEPOp::create(caller, loc, ptr, closureType, null,
                                  ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(1)});
  Value bytes = LLVM::PtrToIntOp::create(caller, loc, caller.getI64Type(), end);
  return host::callTable(caller, loc, call, host::kApiSpawn,
                         {pointer, closure, bytes}, ptr);
}

LogicalResult OutlineParallelPass::outlineLoops(SymbolTable &symbols) {
  SmallVector<scf::ParallelOp> loops, sequential;
  getOperation().walk([&](scf::ParallelOp op) {
    bool outer =
        !op->getParentOfType<scf::ParallelOp>() &&
        op->getParentOfType<func::FuncOp>()->hasAttr(host::kEntryAttr) &&
        op.getNumLoops() == 1 && op.getNumReductions() == 0;
    (outer ? loops : sequential).push_back(op);
  });
  for (scf::ParallelOp op : sequential) {
    if (op.getNumReductions() != 0)
      return op.emitError("parallel reductions are not supported");
    makeSequential(op);
  }
  for (scf::ParallelOp op : loops)
    outline(op, symbols);
  return success();
}

void OutlineParallelPass::runOnOperation() {
  SymbolTable symbols(getOperation());
  if (failed(outlineLoops(symbols)))
    return signalPassFailure();
  SmallVector<async::ExecuteOp> tasks;
  getOperation().walk([&](async::ExecuteOp op) { tasks.push_back(op); });
  for (async::ExecuteOp op : tasks)
    outline(op, symbols);
}

void OutlineParallelPass::outline(scf::ParallelOp op, SymbolTable &symbols) {
  Location loc = op.getLoc();
  Value lower = op.getLowerBound()[0], step = op.getStep()[0];
  // Bounds travel as captured values: index = lower + i * step.
  OpBuilder caller(op);
  OutlinedRegion region(op.getRegion(), {lower, step}, caller.getI64Type(),
                        "__parallel", symbols);
  OpBuilder &builder = region.builder;
  Value index = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                           region.body.getArgument(1));
  index =
      arith::MulIOp::create(builder, loc, index, region.mapping.lookup(step));
  index =
      arith::AddIOp::create(builder, loc, index, region.mapping.lookup(lower));
  region.mapping.map(op.getInductionVars()[0], index);
  region.fill();

  Value range =
      arith::SubIOp::create(caller, loc, op.getUpperBound()[0], lower);
  Value count = arith::CeilDivSIOp::create(caller, loc, range, step);
  count = arith::IndexCastOp::create(caller, loc, caller.getI64Type(), count);
  region.runParallel(count);
  op.erase();
}

void OutlineParallelPass::outline(async::ExecuteOp op, SymbolTable &symbols) {
  OutlinedRegion region(op.getBodyRegion(), {}, {}, "__task", symbols);
  region.fill();
  Value task = region.spawn();
  for (Operation *user : llvm::make_early_inc_range(op.getToken().getUsers())) {
    OpBuilder builder(user);
    Value call =
        host::getCallPointer(builder, user->getParentOfType<func::FuncOp>());
    host::callTable(builder, user->getLoc(), call, host::kApiWait, task);
    user->erase();
  }
  op.erase();
}
