//===- FormulaLine.cpp - one linalg.generic per formula line ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaLine.h"

#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

static Value floatConstant(OpBuilder &builder, Location loc, Type type,
                           const APFloat &value) {
  return arith::ConstantOp::create(builder, loc, type,
                                   builder.getFloatAttr(type, value));
}

Value Scalars::constant(Type type, double value) {
  return arith::ConstantOp::create(builder, loc, type,
                                   builder.getFloatAttr(type, value));
}

Value Scalars::lowest(Type type) {
  const llvm::fltSemantics &semantics =
      llvm::cast<FloatType>(type).getFloatSemantics();
  return floatConstant(builder, loc, type,
                       APFloat::getLargest(semantics, /*Negative=*/true));
}

Value Scalars::largest(Type type) {
  const llvm::fltSemantics &semantics =
      llvm::cast<FloatType>(type).getFloatSemantics();
  return floatConstant(builder, loc, type, APFloat::getLargest(semantics));
}

Value Scalars::negativeInfinity(Type type) {
  const llvm::fltSemantics &semantics =
      llvm::cast<FloatType>(type).getFloatSemantics();
  return floatConstant(builder, loc, type,
                       APFloat::getInf(semantics, /*Negative=*/true));
}

Value Scalars::add(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b);
}
Value Scalars::sub(Value a, Value b) {
  return arith::SubFOp::create(builder, loc, a, b);
}
Value Scalars::mul(Value a, Value b) {
  return arith::MulFOp::create(builder, loc, a, b);
}
Value Scalars::div(Value a, Value b) {
  return arith::DivFOp::create(builder, loc, a, b);
}
Value Scalars::max(Value a, Value b) {
  return arith::MaximumFOp::create(builder, loc, a, b);
}
Value Scalars::min(Value a, Value b) {
  return arith::MinimumFOp::create(builder, loc, a, b);
}
Value Scalars::exp2(Value a) { return math::Exp2Op::create(builder, loc, a); }
Value Scalars::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}
Value Scalars::equal(Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, a, b);
}
Value Scalars::isNegativeInfinity(Value a) {
  return equal(a, negativeInfinity(a.getType()));
}

Value Scalars::cast(Value a, Type type) {
  unsigned from = a.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (a.getType() == type)
    return a;
  if (to > from)
    return arith::ExtFOp::create(builder, loc, type, a);
  if (to < from)
    return arith::TruncFOp::create(builder, loc, type, a);
  // f16 and bf16: neither holds the other.
  return cast(cast(a, builder.getF32Type()), type);
}

Value Scalars::toBaseTwo(Value a) {
  Type type = a.getType();
  Value scaled = mul(a, constant(type, llvm::numbers::log2e));
  Value finite = max(min(scaled, largest(type)), lowest(type));
  Value infinity = constant(type, std::numeric_limits<double>::infinity());
  Value magnitude = math::AbsFOp::create(builder, loc, a);
  return select(equal(magnitude, infinity), a, finite);
}

Value Scalars::weight(Value a, Value reference) {
  return select(isNegativeInfinity(a), constant(a.getType(), 0.0),
                exp2(sub(a, reference)));
}

//===----------------------------------------------------------------------===//
// FormulaLine
//===----------------------------------------------------------------------===//

FormulaLine::FormulaLine(OpBuilder &builder, Location loc, unsigned numDims,
                         ArrayRef<unsigned> loops,
                         ArrayRef<MappedTensor> indices)
    : builder(builder), loc(loc), numDims(numDims), loops(loops),
      indices(indices), indexInputs(indices.size()) {}

/// The same map over the loops alone.
AffineMap FormulaLine::compress(AffineMap map) const {
  SmallVector<AffineExpr> replacements(numDims,
                                       builder.getAffineConstantExpr(0));
  for (auto [i, dim] : llvm::enumerate(loops))
    replacements[dim] = builder.getAffineDimExpr(i);
  return map.replaceDimsAndSymbols(replacements, {}, loops.size(),
                                   map.getNumSymbols());
}

bool FormulaLine::isDirect(AffineMap map) {
  return llvm::all_of(map.getResults(), [](AffineExpr result) {
    auto constant = dyn_cast<AffineConstantExpr>(result);
    return isa<AffineDimExpr>(result) || (constant && constant.getValue() == 0);
  });
}

unsigned FormulaLine::addInput(Value tensor, AffineMap map) {
  inputs.push_back(tensor);
  inputMaps.push_back(compress(map));
  return inputs.size() - 1;
}

unsigned FormulaLine::read(Value tensor, AffineMap map) {
  Read read{tensor, map, std::nullopt};
  if (isDirect(map)) {
    // Symbols that the map declares and does not use are dropped.
    read.input =
        addInput(tensor, AffineMap::get(map.getNumDims(), 0, map.getResults(),
                                        builder.getContext()));
  } else {
    llvm::SmallBitVector symbols = getUsedSymbols(map);
    for (unsigned symbol : symbols.set_bits())
      readIndex(symbol);
  }
  reads.push_back(read);
  return reads.size() - 1;
}

void FormulaLine::readIndex(unsigned index) {
  if (!indexInputs[index])
    indexInputs[index] = addInput(indices[index].tensor, indices[index].map);
}

Value FormulaLine::emit(Value destination, AffineMap map, BodyFn body) {
  SmallVector<utils::IteratorType> iterators;
  for (unsigned dim : loops)
    iterators.push_back(map.isFunctionOfDim(dim)
                            ? utils::IteratorType::parallel
                            : utils::IteratorType::reduction);
  SmallVector<AffineMap> maps(inputMaps);
  maps.push_back(compress(map));
  auto generic =
      linalg::GenericOp::create(builder, loc, destination.getType(), inputs,
                                destination, maps, iterators);
  // The body is built inside the op: what looks at the parents of block
  // arguments (affine.apply does) must find them.
  SmallVector<Type> types;
  for (Value operand : generic->getOperands())
    types.push_back(getElementTypeOrSelf(operand));
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&generic.getRegion(), {}, types,
                                     SmallVector<Location>(types.size(), loc));
  blockArguments = block->getArguments();
  Scalars scalars(builder, loc);
  Value result = body(scalars, blockArguments.back());
  linalg::YieldOp::create(builder, loc, result);
  return generic.getResult(0);
}

Value FormulaLine::index(Scalars &scalars, unsigned dim) {
  unsigned position = llvm::find(loops, dim) - loops.begin();
  assert(position != loops.size() && "dim is not iterated");
  return linalg::IndexOp::create(scalars.getBuilder(), scalars.getLoc(),
                                 position);
}

Value FormulaLine::indexElement(Scalars &scalars, unsigned index) {
  Value element = blockArguments[*indexInputs[index]];
  if (element.getType().isIndex())
    return element;
  // Integers are signed, but for truth values.
  if (element.getType().isInteger(1))
    return arith::IndexCastUIOp::create(scalars.getBuilder(), scalars.getLoc(),
                                        scalars.getBuilder().getIndexType(),
                                        element);
  return arith::IndexCastOp::create(scalars.getBuilder(), scalars.getLoc(),
                                    scalars.getBuilder().getIndexType(),
                                    element);
}

Value FormulaLine::extract(Scalars &scalars, Value tensor,
                           ValueRange positions) {
  return tensor::ExtractOp::create(scalars.getBuilder(), scalars.getLoc(),
                                   tensor, positions);
}

Value FormulaLine::element(Scalars &scalars, unsigned operand) {
  Read &read = reads[operand];
  if (read.input)
    return blockArguments[*read.input];
  AffineMap map = compress(read.map);
  SmallVector<OpFoldResult> arguments;
  for (auto [i, dim] : llvm::enumerate(loops))
    arguments.push_back(map.isFunctionOfDim(i)
                            ? OpFoldResult(index(scalars, dim))
                            : OpFoldResult(builder.getIndexAttr(0)));
  llvm::SmallBitVector symbols = getUsedSymbols(map);
  for (unsigned symbol = 0; symbol != map.getNumSymbols(); ++symbol)
    arguments.push_back(symbols.test(symbol)
                            ? OpFoldResult(indexElement(scalars, symbol))
                            : OpFoldResult(builder.getIndexAttr(0)));
  SmallVector<Value> positions;
  for (unsigned i = 0; i != map.getNumResults(); ++i)
    positions.push_back(getValueOrCreateConstantIndexOp(
        scalars.getBuilder(), scalars.getLoc(),
        affine::makeComposedFoldedAffineApply(scalars.getBuilder(),
                                              scalars.getLoc(),
                                              map.getSubMap({i}), arguments)));
  return extract(scalars, read.tensor, positions);
}
