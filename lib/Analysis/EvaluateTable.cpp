//===- EvaluateTable.cpp - constant integer tables --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exporters write index arithmetic as constant tensors. The table's entries
// over the box are fitted exactly: by a sum of one function per variable, each
// affine, a mixed radix pair, runs of equal values or a table of its own.
//===----------------------------------------------------------------------===//

#include "EvaluatorDetail.h"

#include <numeric>

using namespace mlir;
using namespace mlir::hydragen;

static constexpr int64_t kMaxTablePoints = 2000000;

namespace {
/// A table read at indices that depend on a few variables with constant ranges.
struct TableView {
  ArrayRef<int64_t> entries;
  SmallVector<int64_t> shape;
  SmallVector<VarId> vars;
  SmallVector<int64_t> low, high; // inclusive
  /// Linear position = base + sum of coefficient * variable.
  int64_t base = 0;
  SmallVector<int64_t> coefficients;

  int64_t at(ArrayRef<int64_t> point) const {
    int64_t position = base;
    for (auto [c, x] : llvm::zip_equal(coefficients, point))
      position += c * x;
    return entries[position];
  }
  /// Calls `fn` for each point of the box; stops when it returns false.
  bool forEachPoint(function_ref<bool(ArrayRef<int64_t>)> fn) const {
    SmallVector<int64_t> point(low);
    while (true) {
      if (!fn(point))
        return false;
      size_t i = 0;
      for (; i != point.size(); ++i) {
        if (++point[i] <= high[i])
          break;
        point[i] = low[i];
      }
      if (i == point.size())
        return true;
    }
  }
};
} // namespace

FailureOr<ExprId> ElementEvaluator::evalTable(Value tensor,
                                              ArrayRef<int64_t> entries,
                                              ArrayRef<IndexExpr> indices) {
  ExprId leaf = exprs.getLoad(tensor, indices);
  TableView view;
  view.entries = entries;
  view.shape =
      llvm::to_vector(cast<RankedTensorType>(tensor.getType()).getShape());

  IndexExpr position;
  for (auto [index, extent] : llvm::zip_equal(indices, view.shape))
    position = position * SizeExpr(extent) + index;
  if (!position.getConstant().isConstant())
    return leaf;
  view.base = position.getConstant().getConstant();
  int64_t points = 1;
  SizeExpr first, last;
  // In bounds everywhere, else entries[] below would not be.
  if (!getRange(position, first, last) || !first.isConstant() ||
      !last.isConstant() || first.getConstant() < 0 ||
      last.getConstant() >= int64_t(entries.size()))
    return leaf;
  for (auto &[atom, coefficient] : position.getTerms()) {
    if (!atom.isVar() || !coefficient.isConstant())
      return leaf;
    VarRange range = getVarRange(atom.getVar());
    if (!range.low.isConstant() || !range.high.isConstant())
      return leaf;
    int64_t low = range.low.getConstant(), high = range.high.getConstant() - 1;
    if (high < low || llvm::MulOverflow(points, high - low + 1, points) ||
        points > kMaxTablePoints)
      return leaf;
    view.vars.push_back(atom.getVar());
    view.low.push_back(low);
    view.high.push_back(high);
    view.coefficients.push_back(coefficient.getConstant());
  }
  size_t count = view.vars.size();
  int64_t origin = view.at(view.low);
  if (count == 0)
    return exprs.getInteger(origin);

  // One function per variable?
  SmallVector<SmallVector<int64_t>> parts(count);
  for (size_t i = 0; i != count; ++i) {
    SmallVector<int64_t> point(view.low);
    for (int64_t x = view.low[i]; x <= view.high[i]; ++x) {
      point[i] = x;
      parts[i].push_back(view.at(point) - origin);
    }
  }
  bool separable = view.forEachPoint([&](ArrayRef<int64_t> point) {
    int64_t sum = origin;
    for (size_t i = 0; i != count; ++i)
      sum += parts[i][point[i] - view.low[i]];
    return sum == view.at(point);
  });

  if (separable) {
    IndexExpr result(origin);
    for (size_t i = 0; i != count; ++i) {
      ArrayRef<int64_t> part = parts[i];
      VarId var = view.vars[i];
      int64_t size = part.size();
      IndexExpr index = IndexExpr::atom(IndexAtom::var(var));
      int64_t slope = size > 1 ? part[1] : 0;
      bool affine = true;
      for (int64_t j = 0; j != size; ++j)
        affine &= part[j] == j * slope;
      if (affine) {
        result = result + (index - IndexExpr(view.low[i])) * SizeExpr(slope);
        continue;
      }
      // Two digits?
      std::optional<int64_t> extent = exprs.var(var).extent.getIfConstant();
      if (allowRefine && extent && view.low[i] == 0 && size == *extent)
        for (int64_t stride = 2; stride < size; ++stride) {
          if (size % stride != 0)
            continue;
          bool fits = true;
          for (int64_t j = 0; j != size && fits; ++j)
            fits =
                part[j] == part[stride] * (j / stride) + part[1] * (j % stride);
          if (fits)
            return ask(EvalRequest::Refine, var, SizeExpr(stride));
        }
      // Runs of equal values?
      int64_t runs = 1;
      for (int64_t j = 1; j != size; ++j)
        runs += part[j] != part[j - 1];
      if (allowSplit && runs * 2 <= size && !boundVars.contains(var))
        for (int64_t j = 1; j != size; ++j)
          if (part[j] != part[j - 1])
            return ask(EvalRequest::Split, var, SizeExpr(view.low[i] + j));
      // A table of its own. Its common factor stays outside, so that a
      // flattened index still divides by the row size.
      int64_t least = *llvm::min_element(part), factor = 0;
      for (int64_t entry : part)
        factor = std::gcd(factor, entry - least);
      SmallVector<int64_t> reduced;
      for (int64_t entry : part)
        reduced.push_back((entry - least) / factor);
      ExprId table =
          exprs.getTable(reduced, view.low[i], exprs.getLinear(index));
      result =
          result + exprs.toIndex(table) * SizeExpr(factor) + IndexExpr(least);
    }
    return exprs.getLinear(result);
  }

  // Where does a slice stop depending on the interesting variables?
  auto isInteresting = [&](VarId var) {
    return interesting && llvm::is_contained(*interesting, var);
  };
  if (allowSplit)
    for (size_t i = 0; i != count; ++i) {
      if (boundVars.contains(view.vars[i]) || isInteresting(view.vars[i]))
        continue;
      std::optional<bool> previous;
      for (int64_t x = view.low[i]; x <= view.high[i]; ++x) {
        bool independent = true;
        for (size_t j = 0; j != count && independent; ++j) {
          if (j == i || !isInteresting(view.vars[j]))
            continue;
          TableView slice = view;
          slice.low[i] = slice.high[i] = x;
          independent = slice.forEachPoint([&](ArrayRef<int64_t> point) {
            SmallVector<int64_t> other(point);
            other[j] = view.low[j];
            return view.at(point) == view.at(other);
          });
        }
        if (previous && *previous != independent)
          return ask(EvalRequest::Split, view.vars[i], SizeExpr(x));
        previous = independent;
      }
    }
  // Variables that do not matter here are read at their low end.
  SmallVector<IndexExpr> pinned(indices.begin(), indices.end());
  for (size_t i = 0; i != count; ++i) {
    bool independent = view.forEachPoint([&](ArrayRef<int64_t> point) {
      SmallVector<int64_t> other(point);
      other[i] = view.low[i];
      return view.at(point) == view.at(other);
    });
    if (independent)
      for (IndexExpr &index : pinned)
        index = substitute(index, view.vars[i], IndexExpr(view.low[i]));
  }
  return exprs.getLoad(tensor, pinned);
}
