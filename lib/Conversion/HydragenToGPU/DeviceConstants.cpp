//===- DeviceConstants.cpp - constants in the kernels' image ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants that attention reads (page tables, lengths, biases) lie in device
// memory as variables of the kernels' image. The host does not know where: it
// computes addresses relative to the variable, and the kernels that get them
// add where it is.
//===----------------------------------------------------------------------===//

#include "DeviceConstants.h"

#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace mlir::hydragen;

/// PTX spells a byte with up to five characters.
static constexpr int64_t kMostBytes = 1 << 20;

memref::GlobalOp hydragen::getConstantRoot(Value memref) {
  while (Operation *op = memref.getDefiningOp()) {
    if (auto get = dyn_cast<memref::GetGlobalOp>(op)) {
      auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
          get, get.getNameAttr());
      return global && global.getConstant() ? global : memref::GlobalOp();
    }
    if (!isa<ViewLikeOpInterface>(op))
      break;
    memref = op->getOperand(0);
  }
  return {};
}

static int64_t getElementBytes(Type type) {
  return type.isIndex() ? 8 : llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

bool hydragen::canBeDeviceConstant(memref::GlobalOp global) {
  Type type = global.getType().getElementType();
  if (!type.isIntOrIndexOrFloat() ||
      !isa_and_nonnull<DenseElementsAttr>(
          global.getInitialValue().value_or(Attribute())))
    return false;
  return global.getType().getNumElements() <=
         kMostBytes / getElementBytes(type);
}

/// The bytes as memory has them: an i1 in a byte of its own.
static std::string getImage(memref::GlobalOp global) {
  auto values = cast<DenseElementsAttr>(*global.getInitialValue());
  unsigned bytes = getElementBytes(global.getType().getElementType());
  std::string image;
  auto add = [&](const APInt &value) {
    for (unsigned bit = 0; bit != 8 * bytes; bit += 8) {
      unsigned width = std::min(8u, value.getBitWidth() - bit);
      image.push_back(value.extractBitsAsZExtValue(width, bit));
    }
  };
  if (isa<FloatType>(values.getElementType()))
    for (const APFloat &value : values.getValues<APFloat>())
      add(value.bitcastToAPInt());
  else
    for (const APInt &value : values.getValues<APInt>())
      add(value);
  // A variable has a size.
  if (image.empty())
    image.push_back(0);
  return image;
}

LLVM::GlobalOp hydragen::makeDeviceConstant(gpu::GPUModuleOp kernels,
                                            StringRef name,
                                            memref::GlobalOp global) {
  std::string image = getImage(global);
  OpBuilder builder = OpBuilder::atBlockBegin(kernels.getBody());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), image.size());
  return LLVM::GlobalOp::create(builder, global.getLoc(), type,
                                /*isConstant=*/true, LLVM::Linkage::Internal,
                                name, builder.getStringAttr(image),
                                /*alignment=*/16, /*addrSpace=*/1);
}

void hydragen::addVariable(gpu::GPUFuncOp kernel, unsigned number,
                           LLVM::GlobalOp variable) {
  OpBuilder b = OpBuilder::atBlockBegin(&kernel.getBody().front());
  Location loc = kernel.getLoc();
  BlockArgument argument = kernel.getArgument(number);
  auto pointer = LLVM::LLVMPointerType::get(b.getContext(), 1);
  Value at = LLVM::AddressOfOp::create(b, loc, pointer, variable.getSymName());
  Operation *first;
  Value sum;
  if (isa<LLVM::LLVMPointerType>(argument.getType())) {
    auto relative = LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), argument);
    first = relative;
    sum = LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), at,
                              ArrayRef<LLVM::GEPArg>{relative.getResult()});
  } else {
    Value base = LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), at);
    sum = LLVM::AddOp::create(b, loc, base, argument);
    first = sum.getDefiningOp();
  }
  argument.replaceAllUsesExcept(sum, first);
}
