//===- MaterializeIndex.cpp - affine maps from index expressions -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Materialize.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace mlir::hydragen;

std::optional<AffineExpr> AffineWriter::writeVar(VarId var) {
  ExprContext::Digit digit = evaluator.getExprs().getDigit(var);
  auto it = roots.find(digit.root);
  if (it == roots.end())
    return std::nullopt;
  AffineExpr expr = it->second;
  if (!digit.divisor.isOne()) {
    if (!digit.divisor.isConstant())
      return std::nullopt;
    expr = expr.floorDiv(digit.divisor.getConstant());
  }
  if (digit.modulus) {
    if (!digit.modulus->isConstant())
      return std::nullopt;
    expr = expr % digit.modulus->getConstant();
  }
  return expr;
}

/// Digits that stand beside each other with matching strides become the variable
/// they were split from.
IndexExpr AffineWriter::joinDigits(const IndexExpr &index) {
  ExprContext &exprs = evaluator.getExprs();
  IndexExpr result = index;
  auto coefficientOf = [&](VarId var) -> SizeExpr {
    for (auto &[atom, coefficient] : result.getTerms())
      if (atom.isVar() && atom.getVar() == var)
        return coefficient;
    return SizeExpr(0);
  };
  // Digits have larger numbers than their parents.
  for (VarId var = exprs.getNumVars(); var-- > 0;) {
    const LoopVar &v = exprs.var(var);
    if (!v.isRefined())
      continue;
    SizeExpr high = coefficientOf(*v.high), low = coefficientOf(*v.low);
    bool noHigh = exprs.var(*v.high).extent.isOne();
    bool noLow = exprs.var(*v.low).extent.isOne();
    SizeExpr unit = noLow ? SizeExpr(0) : low;
    if (noLow) {
      std::optional<SizeExpr> quotient = high.divideExactly(v.stride);
      if (!quotient)
        continue;
      unit = *quotient;
    }
    if (unit.isZero() || (!noHigh && high != unit * v.stride))
      continue;
    if (!noHigh)
      result.addTerm(IndexAtom::var(*v.high), -high);
    if (!noLow)
      result.addTerm(IndexAtom::var(*v.low), -low);
    result.addTerm(IndexAtom::var(var), unit);
  }
  return result;
}

std::optional<AffineExpr> AffineWriter::write(IndexExpr index) {
  if (!replacements.empty())
    index = evaluator.rename(index, replacements);
  index = joinDigits(index);
  MLIRContext *context = evaluator.getExprs().getContext();
  if (!index.getConstant().isConstant())
    return std::nullopt;
  AffineExpr result = getAffineConstantExpr(0, context);
  for (auto &[atom, coefficient] : index.getTerms()) {
    if (!coefficient.isConstant())
      return std::nullopt;
    std::optional<AffineExpr> factor;
    if (atom.isVar())
      factor = writeVar(atom.getVar());
    else if (writeAtom)
      factor = writeAtom(atom.getExpr());
    if (!factor)
      return std::nullopt;
    result = result + *factor * coefficient.getConstant();
  }
  return result + index.getConstant().getConstant();
}

std::optional<AffineMap> AffineWriter::writeMap(ArrayRef<IndexExpr> indices,
                                                unsigned numDims,
                                                unsigned numSymbols) {
  SmallVector<AffineExpr> results;
  for (const IndexExpr &index : indices) {
    std::optional<AffineExpr> expr = write(index);
    if (!expr)
      return std::nullopt;
    results.push_back(simplifyAffineExpr(*expr, numDims, numSymbols));
  }
  return AffineMap::get(numDims, numSymbols, results,
                        evaluator.getExprs().getContext());
}

ExprId hydragen::peelExactFactors(ExprContext &exprs, ExprId id, double &factor) {
  while (exprs.node(id).kind == ExprKind::Op) {
    const ExprNode &n = exprs.node(id);
    auto constant = [&](unsigned i) -> std::optional<double> {
      const ExprNode &c = exprs.node(n.children[i]);
      if (c.kind != ExprKind::Constant || !std::isfinite(c.value))
        return std::nullopt;
      return c.value;
    };
    if (n.op == ScalarOp::CastF) {
      Type from = exprs.node(n.children[0]).type;
      if (!isa<FloatType>(from) ||
          from.getIntOrFloatBitWidth() >= n.type.getIntOrFloatBitWidth())
        break;
      id = n.children[0];
    } else if (n.op == ScalarOp::MulF) {
      std::optional<double> c = constant(0);
      if (!c && !(c = constant(1)))
        break;
      id = constant(0) ? n.children[1] : n.children[0];
      factor *= *c;
    } else if (n.op == ScalarOp::DivF && constant(1) && *constant(1) != 0) {
      factor /= *constant(1);
      id = n.children[0];
    } else {
      break;
    }
  }
  return id;
}

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

static remark::RemarkOpts getOptions(Operation *op, StringRef name) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  return remark::RemarkOpts::name(name)
      .category("hydragen")
      .function(function ? function.getName() : StringRef());
}

void hydragen::reportPassed(Operation *op, StringRef name, const Twine &text) {
  remark::passed(op->getLoc(), getOptions(op, name)) << text.str();
}

void hydragen::reportMissed(Operation *op, StringRef name, StringRef code,
                            const Twine &text) {
  remark::missed(op->getLoc(), getOptions(op, name))
      << text.str() << remark::metric("reason-code", code);
}
