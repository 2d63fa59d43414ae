//===- LowerHostCalls.cpp - allocation and assertions -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostCalls.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_LOWERHOSTCALLS
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// Lowers one function. Each distinct failure has one block that reports it
/// and leaves the function.
class HostCallLowering {
public:
  HostCallLowering(func::FuncOp function, ModuleOp module,
                   llvm::StringMap<LLVM::GlobalOp> &messages)
      : function(function), module(module), messages(messages),
        builder(function.getContext()), layout(DataLayout::closest(function)),
        ptr(LLVM::LLVMPointerType::get(function.getContext())),
        i64(builder.getI64Type()) {}

  LogicalResult run() {
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa<memref::AllocOp, memref::DeallocOp, cf::AssertOp>(op))
        ops.push_back(op);
    });
    if (ops.empty())
      return success();
    call = host::getCallPointer(builder, function);
    if (!call && !function->hasAttr(host::kShapesAttr))
      return ops.front()->emitOpError("outside of an entry cannot be lowered");
    for (Operation *op : ops) {
      builder.setInsertionPoint(op);
      if (auto alloc = dyn_cast<memref::AllocOp>(op))
        lower(alloc);
      else if (auto dealloc = dyn_cast<memref::DeallocOp>(op))
        lower(dealloc);
      else
        lower(cast<cf::AssertOp>(op));
    }
    return success();
  }

private:
  /// The block that fails with `code` and `message`.
  Block *getFailBlock(int32_t code, StringRef message) {
    Block *&block = failBlocks[message];
    if (block)
      return block;
    OpBuilder::InsertionGuard guard(builder);
    Location loc = function.getLoc();
    block = builder.createBlock(&function.getBody(), function.getBody().end());
    if (call) {
      Value text = LLVM::AddressOfOp::create(builder, loc, getMessage(message));
      Value number = LLVM::ConstantOp::create(
          builder, loc, builder.getI32Type(), builder.getI32IntegerAttr(code));
      host::callTable(builder, loc, call, host::kApiFail, {number, text});
    }
    SmallVector<Value> results;
    for (Type type : function.getResultTypes())
      results.push_back(arith::ConstantOp::create(
          builder, loc, builder.getIntegerAttr(type, 1)));
    func::ReturnOp::create(builder, loc, results);
    return block;
  }

  LLVM::GlobalOp getMessage(StringRef message) {
    LLVM::GlobalOp &global = messages[message];
    if (global)
      return global;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    std::string text = (message + Twine('\0')).str();
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
    global = LLVM::GlobalOp::create(
        builder, module.getLoc(), type, /*isConstant=*/true,
        LLVM::Linkage::Private,
        ("hydragen_message_" + Twine(messages.size())).str(),
        builder.getStringAttr(text));
    return global;
  }

  /// Goes on after `op` only when `condition` holds.
  void branch(Operation *op, Value condition, int32_t code, StringRef message) {
    Block *block = op->getBlock();
    Block *rest = block->splitBlock(std::next(op->getIterator()));
    builder.setInsertionPointToEnd(block);
    cf::CondBranchOp::create(builder, op->getLoc(), condition, rest,
                             getFailBlock(code, message));
  }

  void lower(cf::AssertOp op) {
    Value condition = op.getArg();
    branch(op, condition, host::kFailAssertion, op.getMsg());
    op.erase();
  }

  void lower(memref::AllocOp op) {
    Location loc = op.getLoc();
    MemRefType type = op.getType();
    auto constant = [&](int64_t value) -> Value {
      return LLVM::ConstantOp::create(builder, loc, i64,
                                      builder.getI64IntegerAttr(value));
    };
    SmallVector<Value> sizes(type.getRank()), strides(type.getRank());
    unsigned next = 0;
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      sizes[i] = ShapedType::isDynamic(size)
                     ? arith::IndexCastOp::create(builder, loc, i64,
                                                  op.getDynamicSizes()[next++])
                           .getResult()
                     : constant(size);
    // A product that overflows 63 bits becomes a size nobody can allocate.
    Value count = constant(1);
    Value overflow = LLVM::ConstantOp::create(builder, loc, builder.getI1Type(),
                                              builder.getBoolAttr(false));
    auto multiply = [&](Value a, Value b) -> Value {
      auto pair = LLVM::LLVMStructType::getLiteral(builder.getContext(),
                                                   {i64, builder.getI1Type()});
      Value both = LLVM::SMulWithOverflowOp::create(builder, loc, pair, a, b);
      Value bit = LLVM::ExtractValueOp::create(builder, loc, both, 1);
      overflow = LLVM::OrOp::create(builder, loc, overflow, bit);
      return LLVM::ExtractValueOp::create(builder, loc, both, 0);
    };
    bool isStatic = type.hasStaticShape();
    for (int64_t i = type.getRank() - 1; i >= 0; --i) {
      strides[i] = count;
      count =
          isStatic
              ? LLVM::MulOp::create(builder, loc, count, sizes[i]).getResult()
              : multiply(count, sizes[i]);
    }
    Value bytes = multiply(
        count,
        constant(layout.getTypeSize(type.getElementType()).getFixedValue()));
    bytes = LLVM::SelectOp::create(builder, loc, overflow, constant(-1), bytes);

    Value memory = host::callTable(builder, loc, call, host::kApiAllocate,
                                   {bytes, constant(64)}, ptr);
    Value null = LLVM::ZeroOp::create(builder, loc, ptr);
    Value ok = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne,
                                    memory, null);

    SmallVector<Type> fieldTypes{ptr, ptr, i64};
    if (type.getRank() > 0)
      fieldTypes.append(2, LLVM::LLVMArrayType::get(i64, type.getRank()));
    Value fields = LLVM::PoisonOp::create(
        builder, loc,
        LLVM::LLVMStructType::getLiteral(builder.getContext(), fieldTypes));
    auto insert = [&](Value value, ArrayRef<int64_t> position) {
      fields =
          LLVM::InsertValueOp::create(builder, loc, fields, value, position);
    };
    insert(memory, {0});
    insert(memory, {1});
    insert(constant(0), {2});
    for (int64_t i = 0; i < type.getRank(); ++i) {
      insert(sizes[i], {3, i});
      insert(strides[i], {4, i});
    }
    Value buffer =
        UnrealizedConversionCastOp::create(builder, loc, type, fields)
            .getResult(0);
    op.getResult().replaceAllUsesWith(buffer);
    branch(op, ok, host::kFailOutOfMemory, "out of memory");
    op.erase();
  }

  void lower(memref::DeallocOp op) {
    Location loc = op.getLoc();
    auto aligned = memref::ExtractAlignedPointerAsIndexOp::create(
        builder, loc, op.getMemref());
    Value address = arith::IndexCastOp::create(builder, loc, i64, aligned);
    Value memory = LLVM::IntToPtrOp::create(builder, loc, ptr, address);
    host::callTable(builder, loc, call, host::kApiDeallocate, memory);
    op.erase();
  }

  func::FuncOp function;
  ModuleOp module;
  llvm::StringMap<LLVM::GlobalOp> &messages;
  OpBuilder builder;
  DataLayout layout;
  Type ptr, i64;
  Value call;
  llvm::StringMap<Block *> failBlocks;
};

struct LowerHostCallsPass
    : public mlir::hydragen::impl::LowerHostCallsBase<LowerHostCallsPass> {
  void runOnOperation() override {
    llvm::StringMap<LLVM::GlobalOp> messages;
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (!function.isExternal() &&
          failed(HostCallLowering(function, getOperation(), messages).run()))
        return signalPassFailure();
  }
};
} // namespace
