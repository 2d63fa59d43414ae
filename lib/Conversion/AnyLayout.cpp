//===- AnyLayout.cpp - an entry for tensors of any layout -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AnyLayout.h"

#include "HostCalls.h"
#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

static constexpr StringLiteral kSuffix = "__any_layout";
static constexpr StringLiteral kRanksAttr = "hydragen.ranks";

StringRef hydragen::toString(Layout layout) {
  switch (layout) {
  case Layout::Compact:
    return "compact";
  case Layout::Inner:
    return "inner";
  case Layout::Any:
    return "any";
  }
  llvm_unreachable("unknown layout");
}

MemRefType hydragen::getMemRefType(RankedTensorType type, Layout layout) {
  if (layout == Layout::Compact || type.getRank() == 0)
    return MemRefType::get(type.getShape(), type.getElementType());
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  if (layout == Layout::Inner)
    strides.back() = 1;
  return MemRefType::get(
      type.getShape(), type.getElementType(),
      StridedLayoutAttr::get(type.getContext(), /*offset=*/0, strides));
}

//===----------------------------------------------------------------------===//
// Which layouts
//===----------------------------------------------------------------------===//

static bool isWorkOfDevice(Operation *op) {
  if (op->getParentOfType<AttendOp>())
    return true;
  if (op->getParentOfType<linalg::LinalgOp>())
    return true;
  return isa<AttendOp, func::ReturnOp, cf::AssertOp, linalg::CopyOp,
             linalg::FillOp, linalg::TransposeOp, tensor::CastOp,
             tensor::CollapseShapeOp, tensor::DimOp, tensor::EmptyOp,
             tensor::ExpandShapeOp, tensor::ExtractSliceOp,
             tensor::InsertSliceOp>(op) ||
         isa_and_nonnull<affine::AffineDialect, arith::ArithDialect>(
             op->getDialect());
}

/// Whether all that reads `value` does so through its strides.
static bool isReadByStrides(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    if (isa<tensor::CastOp, tensor::ExpandShapeOp, tensor::ExtractSliceOp>(
            user))
      return isReadByStrides(user->getResult(0));
    return !isa<tensor::CollapseShapeOp>(user);
  });
}

SmallVector<Layout> hydragen::getLayouts(func::FuncOp function) {
  bool attends = false;
  WalkResult onlyDevice = function.walk([&](Operation *op) {
    attends |= isa<AttendOp>(op);
    return op == function || isWorkOfDevice(op) ? WalkResult::advance()
                                                : WalkResult::interrupt();
  });
  if (!attends || onlyDevice.wasInterrupted())
    return {};
  SmallVector<Layout> layouts;
  for (BlockArgument argument : function.getArguments())
    layouts.push_back(isReadByStrides(argument) ? Layout::Any
                                                : Layout::Compact);
  // Kernels store rows.
  layouts.append(function.getNumResults(), Layout::Inner);
  // What is updated in place has one layout.
  for (unsigned i = 0; i != function.getNumArguments(); ++i)
    if (auto alias =
            function.getArgAttrOfType<IntegerAttr>(i, "hydragen.alias_output"))
      layouts[i] = layouts[function.getNumArguments() + alias.getInt()] =
          Layout::Compact;
  return layouts;
}

void hydragen::markAnyLayout(func::FuncOp function, ArrayRef<Layout> layouts) {
  Builder b(function.getContext());
  SmallVector<StringRef> words;
  for (Layout layout : layouts)
    words.push_back(toString(layout));
  SmallVector<int64_t> ranks;
  for (ArrayRef<Type> types :
       {function.getArgumentTypes(), function.getResultTypes()})
    for (Type type : types)
      ranks.push_back(cast<RankedTensorType>(type).getRank());
  function->setAttr(host::kLayoutsAttr, b.getStrArrayAttr(words));
  function->setAttr(kRanksAttr, b.getDenseI64ArrayAttr(ranks));
  function.setName((function.getName() + kSuffix).str());
  function.setPrivate();
}

bool hydragen::takesAnyLayout(func::FuncOp function) {
  return function->hasAttr(kRanksAttr);
}

func::FuncOp hydragen::getEntryOf(func::FuncOp anyLayout) {
  StringRef name = anyLayout.getName();
  if (!takesAnyLayout(anyLayout) || !name.consume_back(kSuffix))
    return {};
  return anyLayout->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(
      name);
}

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

/// Offsets in a memref descriptor.
static constexpr int32_t kAlignedPointer = 8, kFirstSize = 24;

/// Whether a call's tensors are compact and begin at multiples of 16 bytes.
static Value emitIsRegular(OpBuilder &b, Location loc, Value call,
                           ArrayRef<int64_t> ranks, ArrayAttr layouts) {
  Type i64 = b.getI64Type();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, loc, value, 64);
  };
  Value zero = constant(0), one = constant(1), mask = constant(15);
  Value regular = arith::ConstantIntOp::create(b, loc, 1, 1);
  auto require = [&](Value x, Value y) {
    Value same = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y);
    regular = arith::AndIOp::create(b, loc, regular, same);
  };
  Value descriptors = host::loadPointer(b, loc, call, host::kCallDescriptors);
  for (auto [number, rank] : llvm::enumerate(ranks)) {
    Value descriptor = host::loadPointer(b, loc, descriptors, 8 * number);
    Value address = host::loadField(b, loc, descriptor, kAlignedPointer, i64);
    require(arith::AndIOp::create(b, loc, address, mask), zero);
    if (cast<StringAttr>(layouts[number]).getValue() ==
        toString(Layout::Compact))
      continue;
    // Of one value of a dim no step leads to the next.
    Value expected = one;
    for (int64_t dim = rank; dim-- > 0;) {
      Value size =
          host::loadField(b, loc, descriptor, kFirstSize + 8 * dim, i64);
      Value stride = host::loadField(b, loc, descriptor,
                                     kFirstSize + 8 * (rank + dim), i64);
      Value single =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, size, one);
      require(arith::SelectOp::create(b, loc, single, expected, stride),
              expected);
      expected = arith::MulIOp::create(b, loc, expected, size);
    }
  }
  return regular;
}

void hydragen::makeChoice(func::FuncOp entry, func::FuncOp anyLayout) {
  OpBuilder b(entry);
  Location loc = entry.getLoc();
  auto choice =
      func::FuncOp::create(b, loc, entry.getName(), entry.getFunctionType());
  choice->setDiscardableAttrs(entry->getDiscardableAttrDictionary());
  auto getWorkspace = [](func::FuncOp function) {
    auto bytes = function->getAttrOfType<IntegerAttr>(host::kWorkspaceAttr);
    return bytes ? bytes.getInt() : 0;
  };
  choice->setAttr(host::kWorkspaceAttr,
                  b.getI64IntegerAttr(
                      std::max(getWorkspace(entry), getWorkspace(anyLayout))));
  auto layouts = anyLayout->getAttrOfType<ArrayAttr>(host::kLayoutsAttr);
  choice->setAttr(host::kLayoutsAttr, layouts);
  entry.setName((entry.getName() + "__compact").str());
  entry.setPrivate();

  Block *body = choice.addEntryBlock();
  b.setInsertionPointToStart(body);
  Value call = body->getArgument(0);
  Value regular = emitIsRegular(
      b, loc, call,
      anyLayout->getAttrOfType<DenseI64ArrayAttr>(kRanksAttr).asArrayRef(),
      layouts);
  auto branch = scf::IfOp::create(b, loc, b.getI32Type(), regular,
                                  /*withElseRegion=*/true);
  func::ReturnOp::create(b, loc, branch.getResults());
  for (auto [block, callee] : {std::pair(branch.thenBlock(), entry),
                               std::pair(branch.elseBlock(), anyLayout)}) {
    b.setInsertionPointToStart(block);
    auto result = func::CallOp::create(b, loc, callee, ValueRange{call});
    scf::YieldOp::create(b, loc, result.getResults());
  }
}
