//===- OutlineParallel.cpp - parallel loops as host calls -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostCalls.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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

/// Copies the constants that `op` captures into its body.
static void sinkConstants(scf::ParallelOp op) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  OpBuilder builder = OpBuilder::atBlockBegin(op.getBody());
  for (Value value : captured) {
    Operation *definition = value.getDefiningOp();
    if (!definition || !matchPattern(definition, m_Constant()))
      continue;
    Value clone = builder.clone(*definition)->getResult(0);
    replaceAllUsesInRegionWith(value, clone, op.getRegion());
  }
}

namespace {
struct OutlineParallelPass
    : public mlir::hydragen::impl::OutlineParallelBase<OutlineParallelPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<scf::ParallelOp> loops, sequential;
    getOperation().walk([&](scf::ParallelOp op) {
      bool outer =
          !op->getParentOfType<scf::ParallelOp>() &&
          op->getParentOfType<func::FuncOp>()->hasAttr(host::kEntryAttr) &&
          op.getNumLoops() == 1 && op.getNumReductions() == 0;
      (outer ? loops : sequential).push_back(op);
    });
    for (scf::ParallelOp op : sequential) {
      if (op.getNumReductions() != 0) {
        op.emitError("parallel reductions are not supported");
        return signalPassFailure();
      }
      makeSequential(op);
    }
    for (scf::ParallelOp op : loops)
      outline(op, symbols);
  }

  void outline(scf::ParallelOp op, SymbolTable &symbols);
};
} // namespace

void OutlineParallelPass::outline(scf::ParallelOp op, SymbolTable &symbols) {
  MLIRContext *context = &getContext();
  Location loc = op.getLoc();
  auto function = op->getParentOfType<func::FuncOp>();
  OpBuilder builder(op);
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i64 = builder.getI64Type();
  LLVMTypeConverter converter(context);

  sinkConstants(op);
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  // Bounds travel as captured values: index = lower + i * step.
  captured.insert(op.getLowerBound()[0]);
  captured.insert(op.getStep()[0]);
  SmallVector<Type> fields{ptr};
  for (Value value : captured)
    fields.push_back(converter.convertType(value.getType()));
  Type closureType = LLVM::LLVMStructType::getLiteral(context, fields);
  auto fieldAddress = [&](OpBuilder &b, Value base, int32_t field) -> Value {
    return LLVM::GEPOp::create(
        b, loc, ptr, closureType, base,
        ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(0), LLVM::GEPArg(field)});
  };

  // The body function.
  OpBuilder moduleBuilder(context);
  auto body =
      func::FuncOp::create(loc, (function.getName() + "__parallel").str(),
                           builder.getFunctionType({ptr, i64}, {}));
  body.setPrivate();
  body->setAttr(host::kBodyAttr, builder.getUnitAttr());
  symbols.insert(body);
  Block *block = body.addEntryBlock();
  moduleBuilder.setInsertionPointToStart(block);
  IRMapping mapping;
  for (auto [i, value] : llvm::enumerate(captured)) {
    Value field = LLVM::LoadOp::create(
        moduleBuilder, loc, fields[i + 1],
        fieldAddress(moduleBuilder, block->getArgument(0), i + 1));
    if (field.getType() != value.getType())
      field = UnrealizedConversionCastOp::create(moduleBuilder, loc,
                                                 value.getType(), field)
                  .getResult(0);
    mapping.map(value, field);
  }
  Value index = arith::IndexCastOp::create(
      moduleBuilder, loc, builder.getIndexType(), block->getArgument(1));
  index = arith::MulIOp::create(moduleBuilder, loc, index,
                                mapping.lookup(op.getStep()[0]));
  index = arith::AddIOp::create(moduleBuilder, loc, index,
                                mapping.lookup(op.getLowerBound()[0]));
  mapping.map(op.getInductionVars()[0], index);
  for (Operation &nested : op.getBody()->without_terminator())
    moduleBuilder.clone(nested, mapping);
  func::ReturnOp::create(moduleBuilder, loc);

  // The call. The closure lives in the entry block, once per loop.
  Value call = host::getCallPointer(builder, function);
  Value closure;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.getBody().front());
    Value one = LLVM::ConstantOp::create(builder, loc, i64,
                                         builder.getI64IntegerAttr(1));
    closure = LLVM::AllocaOp::create(builder, loc, ptr, closureType, one);
  }
  LLVM::StoreOp::create(builder, loc, call, fieldAddress(builder, closure, 0));
  for (auto [i, value] : llvm::enumerate(captured)) {
    Value field = value;
    if (fields[i + 1] != value.getType())
      field =
          UnrealizedConversionCastOp::create(builder, loc, fields[i + 1], value)
              .getResult(0);
    LLVM::StoreOp::create(builder, loc, field,
                          fieldAddress(builder, closure, i + 1));
  }
  Value range = arith::SubIOp::create(builder, loc, op.getUpperBound()[0],
                                      op.getLowerBound()[0]);
  Value count =
      arith::CeilDivSIOp::create(builder, loc, range, op.getStep()[0]);
  count = arith::IndexCastOp::create(builder, loc, i64, count);
  Value bodyPointer = func::ConstantOp::create(
      builder, loc, body.getFunctionType(), body.getName());
  bodyPointer =
      UnrealizedConversionCastOp::create(builder, loc, ptr, bodyPointer)
          .getResult(0);
  Value api = host::loadPointer(builder, loc, call, host::kCallApi);
  Value ctx = host::loadPointer(builder, loc, call, host::kCallContext);
  Value parallelFor =
      host::loadPointer(builder, loc, api, host::kApiParallelFor);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                          {ptr, i64, ptr, ptr});
  LLVM::CallOp::create(
      builder, loc, type,
      ValueRange{parallelFor, ctx, count, bodyPointer, closure});
  op.erase();
}
