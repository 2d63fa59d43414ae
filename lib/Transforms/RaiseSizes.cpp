//===- RaiseSizes.cpp - extents that only replaced ops equate ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// That K and V have equally many keys is said by the products that an attention
// replaces. What follows from it for the extents of arguments (the parts of V
// are as long as those of K) is asserted where nothing else in the function
// says it: whoever asks for shared parts of both needs to know.
//===----------------------------------------------------------------------===//

#include "RaiseDetail.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

/// The argument's extent that a symbol stands for, if it does for one.
static std::optional<SizeContext::Source>
findArgument(const SizeContext &context, SizeExpr::Symbol symbol,
             SizeContext::Source other) {
  for (const SizeContext::Source &source : context.getSources(symbol))
    if (source.dim >= 0 && isa<BlockArgument>(source.value) &&
        (source.value != other.value || source.dim != other.dim))
      return source;
  return std::nullopt;
}

ArgumentSizes::ArgumentSizes(FunctionOpInterface function,
                             SizeAnalysis &sizes) {
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    for (int64_t dim = 0; dim != type.getRank(); ++dim) {
      if (!type.isDynamicDim(dim))
        continue;
      SizeExpr size = sizes.getDim(argument, dim);
      Equation equation{{argument, dim}, {}, size.getConstantTerm()};
      bool known = size.isValid();
      for (const SizeExpr::Term &term : size.getTerms()) {
        std::optional<SizeContext::Source> source;
        if (term.symbols.size() == 1)
          source = findArgument(sizes.getContext(), term.symbols.front(),
                                equation.extent);
        known &= source.has_value();
        if (source)
          equation.terms.emplace_back(*source, term.coefficient);
      }
      if (known)
        equations.push_back(std::move(equation));
    }
  }
}

void ArgumentSizes::keep(FunctionOpInterface function) {
  if (equations.empty())
    return;
  SizeAnalysis sizes(function);
  OpBuilder builder =
      OpBuilder::atBlockBegin(&function.getFunctionBody().front());
  Location loc = function.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  auto extentOf = [&](SizeContext::Source source) -> Value {
    return tensor::DimOp::create(builder, loc, source.value, source.dim);
  };
  for (const Equation &equation : equations) {
    auto [argument, dim] = equation.extent;
    SizeExpr left = sizes.getDim(argument, dim), right(equation.constant);
    for (auto [source, factor] : equation.terms)
      right = right + sizes.getDim(source.value, source.dim) * SizeExpr(factor);
    if (!sizes.getContext().equate(left, right))
      continue;
    Value sum = equation.constant || equation.terms.empty()
                    ? constant(equation.constant)
                    : Value();
    for (auto [source, factor] : equation.terms) {
      Value term = extentOf(source);
      if (factor != 1)
        term = arith::MulIOp::create(builder, loc, term, constant(factor));
      sum = sum ? arith::AddIOp::create(builder, loc, sum, term) : term;
    }
    Value equal = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        extentOf(equation.extent), sum);
    cf::AssertOp::create(builder, loc, equal,
                         "extents of arguments that attention needs equal");
  }
}
