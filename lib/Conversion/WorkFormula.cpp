//===- WorkFormula.cpp - what an attention does, for rates ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkFormula.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

static int64_t getBytes(Value operand) {
  Type type = cast<ShapedType>(operand.getType()).getElementType();
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

AttendWork hydragen::getWork(IndexBuilder &index, AttendOp op,
                             const AttendSizes &sizes) {
  auto getColumns = [](Value operand, unsigned dim) {
    return cast<ShapedType>(operand.getType()).getDimSize(dim);
  };
  PartAttr first = op.getPart(0);
  int64_t headDim = getColumns(op.getKeys()[0], first.getKeyColumns());
  int64_t valueDim = getColumns(op.getValues()[0], first.getValueColumns());
  AttendWork work;
  work.flops = index.constant(0);
  Value rows = index.constant(1), keys = index.constant(0);
  for (const PartSizes &part : sizes.parts) {
    Value read = index.mul(part.outerCount, part.keys);
    keys = index.add(keys, read);
    work.flops = index.add(work.flops, index.mul(read, part.rows));
  }
  for (Value extent : sizes.rowExtents)
    rows = index.mul(rows, extent);
  work.flops = index.mul(work.flops, 2 * (headDim + valueDim));
  work.bytes = index.add(
      index.mul(keys, (headDim + valueDim) * getBytes(op.getKeys()[0])),
      index.mul(rows, headDim * getBytes(op.getQueries()[0]) +
                          valueDim * getBytes(op.getInit())));
  return work;
}

/// Deeper ones are refused by the runtime.
static constexpr unsigned kMostDepth = 48;
/// Of a formula; a person reads it.
static constexpr unsigned kMostTerms = 100;

/// `terms` counts down: a value that is used twice is written twice.
static std::string toFormula(Value value, unsigned depth, unsigned &terms) {
  if (terms == 0 || depth > kMostDepth)
    return "";
  if (std::optional<int64_t> number = getConstantIntValue(value)) {
    --terms;
    return *number < 0 ? "" : std::to_string(*number);
  }
  Operation *op = value.getDefiningOp();
  if (!op)
    return "";
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    auto argument = dyn_cast<BlockArgument>(dim.getSource());
    std::optional<int64_t> position = dim.getConstantIndex();
    if (!argument || !position)
      return "";
    --terms;
    return "in" + std::to_string(argument.getArgNumber()) + "." +
           std::to_string(*position);
  }
  const char *sign = isa<arith::AddIOp>(op)    ? "+"
                     : isa<arith::SubIOp>(op)  ? "-"
                     : isa<arith::MulIOp>(op)  ? "*"
                     : isa<arith::DivUIOp>(op) ? "/"
                                               : nullptr;
  if (!sign)
    return "";
  std::string left = toFormula(op->getOperand(0), depth + 1, terms);
  if (left.empty())
    return "";
  std::string right = toFormula(op->getOperand(1), depth + 1, terms);
  if (right.empty())
    return "";
  return "(" + left + sign + right + ")";
}

std::string hydragen::toFormula(Value value) {
  unsigned terms = kMostTerms;
  std::string text = ::toFormula(value, 0, terms);
  if (StringRef(text).starts_with("("))
    text = text.substr(1, text.size() - 2);
  return text;
}
