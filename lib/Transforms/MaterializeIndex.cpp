//===- MaterializeIndex.cpp - affine maps from index expressions -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Materialize.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
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
  if (digit.modulus && !tops.contains(var)) {
    if (!digit.modulus->isConstant())
      return std::nullopt;
    expr = expr % digit.modulus->getConstant();
  }
  return expr;
}

/// Writes the digits of `root` in `index` and takes them out of it. Digits that
/// stand beside each other with matching strides are one: h = 2 * h1 + h0 is
/// root mod 4, not a sum of two digits.
bool AffineWriter::writeDigits(VarId root, IndexExpr &index,
                               SmallVectorImpl<Term> &terms) {
  ExprContext &exprs = evaluator.getExprs();
  SmallVector<VarId> digits;
  exprs.getDigits(root, digits);
  DenseMap<VarId, SizeExpr> coefficients;
  for (auto &[atom, coefficient] : index.getTerms())
    if (atom.isVar())
      coefficients[atom.getVar()] = coefficient;
  for (unsigned last = digits.size(); last-- > 0;) {
    auto it = coefficients.find(digits[last]);
    if (it == coefficients.end())
      continue;
    SizeExpr unit = it->second, modulus = exprs.var(digits[last]).extent;
    unsigned first = last;
    while (first != 0) {
      auto next = coefficients.find(digits[first - 1]);
      if (next == coefficients.end() || next->second != unit * modulus)
        break;
      --first;
      modulus = modulus * exprs.var(digits[first]).extent;
    }
    auto expr = roots.find(root);
    bool needsModulus = first != 0 && !tops.contains(digits[first]);
    SizeExpr divisor = exprs.getDigit(digits[last]).divisor;
    if (expr == roots.end() || !unit.isConstant() || !divisor.isConstant() ||
        (needsModulus && !modulus.isConstant()))
      return false;
    AffineExpr digit = expr->second;
    if (!divisor.isOne())
      digit = digit.floorDiv(divisor.getConstant());
    if (needsModulus)
      digit = digit % modulus.getConstant();
    terms.push_back({digit, unit.getConstant(), modulus.getIfConstant()});
    for (unsigned i = first; i <= last; ++i)
      index.addTerm(IndexAtom::var(digits[i]), -coefficients[digits[i]]);
    last = first;
  }
  return true;
}

/// `index` with the replacements. A constant goes everywhere; anything else not
/// into atoms: whoever writes an atom replaces in its indices then.
IndexExpr AffineWriter::replace(const IndexExpr &index) {
  SmallVector<std::pair<VarId, IndexExpr>> constants;
  for (auto &[var, by] : replacements)
    if (by.isConstant())
      constants.emplace_back(var, by);
  IndexExpr before =
      constants.empty() ? index : evaluator.rename(index, constants);
  IndexExpr result(before.getConstant());
  for (const IndexExpr::Term &term : before.getTerms()) {
    const auto *it = llvm::find_if(replacements, [&](const auto &pair) {
      return term.first.isVar() && pair.first == term.first.getVar();
    });
    if (it == replacements.end())
      result.addTerm(term.first, term.second);
    else
      result = result + it->second * term.second;
  }
  return result;
}

std::optional<int64_t> AffineWriter::writeTerms(IndexExpr index,
                                                SmallVectorImpl<Term> &terms) {
  index = replace(index);
  if (!index.getConstant().isConstant())
    return std::nullopt;
  // Roots in the order of their numbers, so that maps come out the same always.
  SmallVector<VarId> rootVars;
  for (auto &[atom, coefficient] : index.getTerms())
    if (atom.isVar())
      rootVars.push_back(evaluator.getExprs().getDigit(atom.getVar()).root);
  llvm::sort(rootVars);
  rootVars.erase(llvm::unique(rootVars), rootVars.end());
  for (VarId root : rootVars)
    if (!writeDigits(root, index, terms))
      return std::nullopt;
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
    terms.push_back({*factor, coefficient.getConstant(), std::nullopt});
  }
  return index.getConstant().getConstant();
}

std::optional<AffineExpr> AffineWriter::write(IndexExpr index) {
  SmallVector<Term> terms;
  std::optional<int64_t> constant = writeTerms(std::move(index), terms);
  if (!constant)
    return std::nullopt;
  AffineExpr result =
      getAffineConstantExpr(0, evaluator.getExprs().getContext());
  for (const Term &term : terms)
    result = result + term.expr * term.coefficient;
  return result + *constant;
}

std::optional<AffineMap> AffineWriter::writeAccess(OpBuilder &builder,
                                                   Location loc, Value &value,
                                                   ArrayRef<IndexExpr> indices,
                                                   unsigned numDims,
                                                   unsigned numSymbols) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<AffineExpr> results;
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> shape;
  for (auto [index, extent] : llvm::zip_equal(indices, type.getShape())) {
    SmallVector<Term> terms;
    std::optional<int64_t> constant = writeTerms(index, terms);
    if (!constant)
      return std::nullopt;
    // c1 * x1 + ... + xk that counts through the dim: k dims.
    llvm::stable_sort(terms, [](const Term &a, const Term &b) {
      return a.coefficient > b.coefficient;
    });
    bool radix =
        *constant == 0 && terms.size() > 1 && !ShapedType::isDynamic(extent);
    int64_t above = extent;
    for (const Term &term : terms) {
      radix = radix && term.count && term.coefficient > 0 &&
              term.coefficient * *term.count == above;
      above = term.coefficient;
    }
    radix &= above == 1;
    ReassociationIndices group;
    if (radix) {
      for (const Term &term : terms) {
        group.push_back(shape.size());
        shape.push_back(*term.count);
        results.push_back(term.expr);
      }
    } else {
      group.push_back(shape.size());
      shape.push_back(extent);
      AffineExpr sum =
          getAffineConstantExpr(0, evaluator.getExprs().getContext());
      for (const Term &term : terms)
        sum = sum + term.expr * term.coefficient;
      results.push_back(sum + *constant);
    }
    groups.push_back(group);
  }
  if (shape.size() != indices.size()) {
    if (!type.hasStaticShape())
      return writeMap(indices, numDims, numSymbols);
    value = tensor::ExpandShapeOp::create(
        builder, loc, RankedTensorType::get(shape, type.getElementType()),
        value, groups);
  }
  return AffineMap::get(numDims, numSymbols, results,
                        evaluator.getExprs().getContext());
}

std::optional<AffineMap> AffineWriter::writeMap(ArrayRef<IndexExpr> indices,
                                                unsigned numDims,
                                                unsigned numSymbols) {
  SmallVector<AffineExpr> results;
  for (const IndexExpr &index : indices) {
    std::optional<AffineExpr> expr = write(index);
    if (!expr)
      return std::nullopt;
    // Not simplified: flattening a mod loses its bounds.
    results.push_back(*expr);
  }
  return AffineMap::get(numDims, numSymbols, results,
                        evaluator.getExprs().getContext());
}

ExprId hydragen::peelExactFactors(ExprContext &exprs, ExprId id,
                                  double &factor) {
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
