//===- MakeEntry.cpp - the module ABI around an entry -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AnyLayout.h"
#include "FoldExtents.h"
#include "HostCalls.h"
#include "HydragenToGPU/AttendSizes.h"
#include "WorkFormula.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_MAKEENTRY
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

static constexpr llvm::StringLiteral kAliasAttr = "hydragen.alias_output";

/// The LLVM struct of a ranked memref descriptor.
static Type getDescriptorType(MLIRContext *context, int64_t rank) {
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i64 = IntegerType::get(context, 64);
  SmallVector<Type> fields{ptr, ptr, i64};
  if (rank > 0)
    fields.append(2, LLVM::LLVMArrayType::get(i64, rank));
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

//===----------------------------------------------------------------------===//
// Output shapes
//===----------------------------------------------------------------------===//

/// Whether `value` is computed from the arguments' extents alone.
static bool isShapeArithmetic(Value value, DenseMap<Value, bool> &known) {
  if (auto it = known.find(value); it != known.end())
    return it->second;
  Operation *op = value.getDefiningOp();
  bool ok = op && op->getNumRegions() == 0;
  if (ok && isa<tensor::DimOp>(op))
    ok = isa<BlockArgument>(cast<tensor::DimOp>(op).getSource()) &&
         cast<tensor::DimOp>(op).getConstantIndex().has_value();
  else if (ok)
    ok = isa_and_nonnull<arith::ArithDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isShapeArithmetic(operand, known);
         });
  known[value] = ok;
  return ok;
}

namespace {
struct MakeEntryPass
    : public mlir::hydragen::impl::MakeEntryBase<MakeEntryPass> {
  using MakeEntryBase::MakeEntryBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation().lookupSymbol<func::FuncOp>(entry);
    if (!function || function.isExternal()) {
      getOperation().emitError("entry '") << entry << "' is not defined";
      return signalPassFailure();
    }
    if (failed(checkSignature(function)) ||
        failed(buildShapeFunction(function)) ||
        failed(buildWorkspaceFunction(function)))
      return signalPassFailure();
    if (SmallVector<Layout> layouts;
        anyLayout && !(layouts = getLayouts(function)).empty()) {
      func::FuncOp copy = function.clone();
      function->getBlock()->getOperations().insert(
          std::next(function->getIterator()), copy);
      markAnyLayout(copy, layouts);
      rewrite(copy, layouts);
    }
    rewrite(function, SmallVector<Layout>(function.getNumArguments() +
                                              function.getNumResults(),
                                          Layout::Compact));
  }

  LogicalResult checkSignature(func::FuncOp function);
  LogicalResult buildShapeFunction(func::FuncOp function);
  LogicalResult buildWorkspaceFunction(func::FuncOp function);
  LogicalResult reduceToShapes(func::FuncOp shapes);
  void rewrite(func::FuncOp function, ArrayRef<Layout> layouts);
  void writeShapes(OpBuilder &builder, func::FuncOp shapes,
                   FunctionType original, ValueRange dynamicDims);
};
} // namespace

LogicalResult MakeEntryPass::checkSignature(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError("entry '")
           << entry
           << "' has unstructured control flow, which is not supported";
  auto check = [&](Type type, StringRef what, unsigned i) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getEncoding())
      return function.emitError(what)
             << " " << i << " of entry '" << entry << "' has type " << type
             << " but only plain ranked tensors are supported";
    return success();
  };
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(check(type, "argument", i)))
      return failure();
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(check(type, "result", i)))
      return failure();
  SmallVector<bool> taken(function.getNumResults(), false);
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    Attribute attr = function.getArgAttr(i, kAliasAttr);
    if (!attr)
      continue;
    auto result = dyn_cast<IntegerAttr>(attr);
    int64_t k = result ? result.getInt() : -1;
    if (k < 0 || k >= static_cast<int64_t>(taken.size()) || taken[k] ||
        function.getResultTypes()[k] != function.getArgumentTypes()[i])
      return function.emitError("hydragen.alias_output of argument ")
             << i << " must name one result of the argument's type "
             << function.getArgumentTypes()[i] << " but is " << attr;
    taken[k] = true;
  }
  return success();
}

/// Clones the entry, keeps what computes the results' extents and makes it a
/// function (pointer to input shapes, pointer to output shapes) -> i32.
LogicalResult MakeEntryPass::buildShapeFunction(func::FuncOp function) {
  OpBuilder builder(function);
  Location loc = function.getLoc();
  auto returnOp =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  func::FuncOp shapes = function.clone();
  shapes.setName(entry + "__output_shapes");
  getOperation().insert(function, shapes);
  shapes.setPrivate();
  shapes.removeResAttrsAttr();

  // Results become their dynamic extents.
  Block &body = shapes.getBody().front();
  auto shapesReturn = cast<func::ReturnOp>(body.getTerminator());
  builder.setInsertionPoint(shapesReturn);
  SmallVector<Value> dims;
  for (Value result : shapesReturn.getOperands())
    for (auto [i, size] :
         llvm::enumerate(cast<RankedTensorType>(result.getType()).getShape()))
      if (ShapedType::isDynamic(size))
        dims.push_back(tensor::DimOp::create(builder, loc, result, i));
  shapesReturn->setOperands(dims);
  shapes.setFunctionType(builder.getFunctionType(
      shapes.getArgumentTypes(),
      SmallVector<Type>(dims.size(), builder.getIndexType())));

  // Assertions inside ops keep those alive; the entry itself checks them.
  if (dims.empty()) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (&op != shapesReturn.getOperation()) {
        op.dropAllUses();
        op.erase();
      }
  } else {
    SmallVector<Operation *> nested;
    shapes.walk([&](cf::AssertOp op) {
      if (op->getBlock() != &body)
        nested.push_back(op);
    });
    for (Operation *op : nested)
      op->erase();
    if (failed(reduceToShapes(shapes)))
      return failure();
    DenseMap<Value, bool> known;
    for (Operation &op : llvm::make_early_inc_range(body))
      if (auto assertion = dyn_cast<cf::AssertOp>(op))
        if (!isShapeArithmetic(assertion.getArg(), known))
          assertion.erase();
    shapesReturn = cast<func::ReturnOp>(body.getTerminator());
    unsigned next = 0;
    for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
      for (auto [d, size] :
           llvm::enumerate(cast<RankedTensorType>(type).getShape()))
        if (ShapedType::isDynamic(size)) {
          Value dim = shapesReturn.getOperand(next++);
          if (!isShapeArithmetic(dim, known))
            return emitError(returnOp.getLoc())
                   << "extent " << d << " of result " << i << " of entry '"
                   << entry << "' depends on data, which is not supported";
        }
    // What is left of tensors is dead.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (!op.hasTrait<OpTrait::IsTerminator>() && !isa<cf::AssertOp>(op) &&
          op.use_empty())
        op.erase();
  }
  writeShapes(builder, shapes, function.getFunctionType(),
              cast<func::ReturnOp>(body.getTerminator()).getOperands());
  return success();
}

/// Extents of arguments are loaded from the list of shapes `inputs`, also where
/// they stand in `values`.
static void loadDims(OpBuilder &builder, Block &body, Value inputs,
                     MutableArrayRef<Value> values) {
  for (Operation &op : llvm::make_early_inc_range(body))
    if (auto dim = dyn_cast<tensor::DimOp>(op)) {
      Location loc = dim.getLoc();
      builder.setInsertionPoint(dim);
      unsigned number = cast<BlockArgument>(dim.getSource()).getArgNumber();
      Value shape = host::loadPointer(builder, loc, inputs, 8 * number);
      Value size =
          host::loadField(builder, loc, shape, 8 * *dim.getConstantIndex(),
                          builder.getI64Type());
      Value index = arith::IndexCastOp::create(builder, loc,
                                               builder.getIndexType(), size);
      for (Value &value : values)
        if (value == dim.getResult())
          value = index;
      dim.replaceAllUsesWith(index);
      dim.erase();
    }
}

void hydragen::addExtentFolding(OpPassManager &pm) {
  for (int i = 0; i < 2; ++i) {
    pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
    pm.addPass(createLowerAffinePass());
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
}

/// Simplifies what computes extents.
LogicalResult MakeEntryPass::reduceToShapes(func::FuncOp shapes) {
  OpPassManager pm(func::FuncOp::getOperationName());
  addExtentFolding(pm);
  return runPipeline(pm, shapes);
}

/// For attention with sizes that are known at run time only: the largest
/// workspace of a launch, a function (pointer to input shapes) -> i64. Each
/// attention is told what it does, as formulas.
LogicalResult MakeEntryPass::buildWorkspaceFunction(func::FuncOp function) {
  bool dynamic = false;
  SmallVector<AttendOp> attends;
  function.walk([&](AttendOp op) {
    attends.push_back(op);
    for (Value operand : op->getOperands())
      if (auto type = dyn_cast<ShapedType>(operand.getType()))
        dynamic |= !type.hasStaticShape();
    dynamic |= !op.getSizes().empty();
  });
  if (attends.empty())
    return success();
  OpBuilder builder(function);
  Location loc = function.getLoc();
  func::FuncOp clone = function.clone();
  clone.setName(entry + host::kWorkspaceSuffix.str());
  getOperation().insert(function, clone);
  clone.setPrivate();
  clone.removeResAttrsAttr();
  clone.setArgAttrsAttr({});

  Block &body = clone.getBody().front();
  auto returnOp = cast<func::ReturnOp>(body.getTerminator());
  builder.setInsertionPoint(returnOp);
  IndexBuilder index(builder, loc);
  Value bytes = index.constant(0);
  SmallVector<Operation *> assertions;
  SmallVector<Value> work;
  WalkResult result = clone.walk([&](Operation *op) {
    if (isa<cf::AssertOp>(op))
      assertions.push_back(op);
    auto attend = dyn_cast<AttendOp>(op);
    if (!attend)
      return WalkResult::advance();
    std::string reason = "it stands in a loop or branch";
    FailureOr<RowSpace> rows = failure();
    if (op->getBlock() == &body)
      rows = RowSpace::get(attend, reason);
    if (failed(rows)) {
      if (dynamic)
        op->emitOpError("has a workspace of unknown size: ") << reason;
      return WalkResult::interrupt();
    }
    AttendSizes sizes(builder, attend, *rows);
    bytes = index.max(bytes, sizes.bytes);
    AttendWork own = getWork(index, attend, sizes);
    work.append({own.flops, own.bytes});
    return WalkResult::advance();
  });
  if (result.wasInterrupted()) {
    if (dynamic)
      return failure();
    clone.erase();
    return success();
  }
  auto tellWork = [&](ValueRange values) {
    for (auto [i, attend] : llvm::enumerate(attends))
      attend->setAttr(host::kWorkAttr,
                      builder.getStrArrayAttr({toFormula(values[2 * i]),
                                               toFormula(values[2 * i + 1])}));
  };
  if (!dynamic) {
    tellWork(work);
    clone.erase();
    return success();
  }
  for (Operation *op : assertions)
    op->erase();
  work.push_back(bytes);
  returnOp->setOperands(work);
  clone.setFunctionType(builder.getFunctionType(
      clone.getArgumentTypes(),
      SmallVector<Type>(work.size(), builder.getIndexType())));
  if (failed(reduceToShapes(clone)))
    return failure();

  returnOp = cast<func::ReturnOp>(body.getTerminator());
  tellWork(returnOp.getOperands().drop_back());
  returnOp->setOperands(Value(returnOp.getOperands().back()));
  DenseMap<Value, bool> known;
  if (!isShapeArithmetic(returnOp.getOperand(0), known))
    return function.emitError("the workspace of entry '")
           << entry << "' depends on data, which is not supported";
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (!op.hasTrait<OpTrait::IsTerminator>() && op.use_empty())
      op.erase();
  unsigned numInputs = body.getNumArguments();
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  Value inputs = body.addArgument(ptr, loc);
  SmallVector<Value> values{returnOp.getOperand(0)};
  loadDims(builder, body, inputs, values);
  builder.setInsertionPoint(returnOp);
  Value wide = arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                          values.front());
  func::ReturnOp::create(builder, loc, wide);
  returnOp.erase();
  body.eraseArguments(0, numInputs);
  clone.setFunctionType(builder.getFunctionType({ptr}, {builder.getI64Type()}));
  return success();
}

void MakeEntryPass::writeShapes(OpBuilder &builder, func::FuncOp shapes,
                                FunctionType original, ValueRange dynamicDims) {
  Block &body = shapes.getBody().front();
  Location loc = shapes.getLoc();
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  SmallVector<Value> dims(dynamicDims);
  Value inputs = body.addArgument(ptr, loc),
        outputs = body.addArgument(ptr, loc);

  loadDims(builder, body, inputs, dims);

  Operation *terminator = body.getTerminator();
  builder.setInsertionPoint(terminator);
  unsigned next = 0;
  for (auto [i, type] : llvm::enumerate(original.getResults())) {
    ArrayRef<int64_t> sizes = cast<RankedTensorType>(type).getShape();
    if (sizes.empty())
      continue;
    Value shape = host::loadPointer(builder, loc, outputs, 8 * i);
    for (auto [d, size] : llvm::enumerate(sizes)) {
      Value value = ShapedType::isDynamic(size)
                        ? arith::IndexCastOp::create(
                              builder, loc, builder.getI64Type(), dims[next++])
                              .getResult()
                        : arith::ConstantIntOp::create(builder, loc, size, 64)
                              .getResult();
      Value address = LLVM::GEPOp::create(
          builder, loc, ptr, builder.getI64Type(), shape,
          ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(static_cast<int32_t>(d))});
      LLVM::StoreOp::create(builder, loc, value, address);
    }
  }
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 32);
  func::ReturnOp::create(builder, loc, zero);
  terminator->erase();
  body.eraseArguments(0, original.getNumInputs());
  shapes.setArgAttrsAttr({});
  shapes.setFunctionType(
      builder.getFunctionType({ptr, ptr}, {builder.getI32Type()}));
  shapes->setAttr(host::kShapesAttr, builder.getUnitAttr());
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

/// What `value` is a view of.
static Value getViewSource(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp, tensor::ReshapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Arguments and results of the function become buffers of these layouts.
void MakeEntryPass::rewrite(func::FuncOp function, ArrayRef<Layout> layouts) {
  Block &body = function.getBody().front();
  OpBuilder builder(&getContext());
  builder.setInsertionPointToStart(&body);
  Location loc = function.getLoc();
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  unsigned numInputs = function.getNumArguments();
  FunctionType original = function.getFunctionType();

  SmallVector<int64_t> aliased(original.getNumResults(), -1);
  for (unsigned i = 0; i < numInputs; ++i)
    if (auto attr = function.getArgAttrOfType<IntegerAttr>(i, kAliasAttr))
      aliased[attr.getInt()] = i;

  Value call = body.addArgument(ptr, loc);
  Value descriptors =
      host::loadPointer(builder, loc, call, host::kCallDescriptors);
  auto loadBuffer = [&](unsigned number, Type type) -> Value {
    auto tensor = cast<RankedTensorType>(type);
    Value descriptor = host::loadPointer(builder, loc, descriptors, 8 * number);
    Value fields = LLVM::LoadOp::create(
        builder, loc, getDescriptorType(&getContext(), tensor.getRank()),
        descriptor);
    Type memref = getMemRefType(tensor, layouts[number]);
    auto cast =
        UnrealizedConversionCastOp::create(builder, loc, memref, fields);
    if (number < numInputs)
      cast->setAttr(host::kInputNumberAttr, builder.getI64IntegerAttr(number));
    else if (aliased[number - numInputs] < 0)
      cast->setAttr(host::kOutputNumberAttr,
                    builder.getI64IntegerAttr(number - numInputs));
    return cast.getResult(0);
  };

  SmallVector<Value> outputs;
  for (auto [k, type] : llvm::enumerate(original.getResults()))
    outputs.push_back(loadBuffer(numInputs + k, type));
  for (unsigned i = 0; i < numInputs; ++i) {
    Value buffer;
    for (auto [k, input] : llvm::enumerate(aliased))
      if (input == static_cast<int64_t>(i))
        buffer = outputs[k];
    bool writable = static_cast<bool>(buffer);
    if (!buffer)
      buffer = loadBuffer(i, original.getInput(i));
    Value tensor =
        bufferization::ToTensorOp::create(builder, loc, original.getInput(i),
                                          buffer, /*restrict=*/true, writable);
    body.getArgument(i).replaceAllUsesWith(tensor);
  }

  // An in-place result that is a view of another in-place input is copied
  // before any output is written.
  auto returnOp = cast<func::ReturnOp>(body.getTerminator());
  builder.setInsertionPoint(returnOp);
  for (auto [k, operand] : llvm::enumerate(returnOp->getOpOperands())) {
    auto source =
        getViewSource(operand.get()).getDefiningOp<bufferization::ToTensorOp>();
    if (aliased[k] < 0 || !source || !source.getWritable() ||
        source.getBuffer() == outputs[k])
      continue;
    Value copy = bufferization::AllocTensorOp::create(
        builder, loc, cast<RankedTensorType>(operand.get().getType()),
        /*dynamicSizes=*/ValueRange(), /*copy=*/operand.get(),
        /*memory_space=*/IntegerAttr());
    operand.set(copy);
  }

  // Results that own their buffer first: an in-place input may be read by them.
  // "restrict" would let the result of an in-place output be computed in the
  // buffer of the input, behind the back of the analysis.
  for (bool inPlace : {false, true})
    for (auto [k, result] : llvm::enumerate(returnOp.getOperands()))
      if ((aliased[k] >= 0) == inPlace)
        bufferization::MaterializeInDestinationOp::create(
            builder, returnOp.getLoc(), TypeRange(), result, outputs[k],
            /*restrict=*/!inPlace, /*writable=*/true);
  Value zero = arith::ConstantIntOp::create(builder, returnOp.getLoc(), 0, 32);
  func::ReturnOp::create(builder, returnOp.getLoc(), zero);
  returnOp.erase();
  body.eraseArguments(0, numInputs);
  function.setArgAttrsAttr({});
  function.setResAttrsAttr({});
  function.setFunctionType(
      builder.getFunctionType({ptr}, {builder.getI32Type()}));
  function->setAttr(host::kEntryAttr, builder.getUnitAttr());
}
