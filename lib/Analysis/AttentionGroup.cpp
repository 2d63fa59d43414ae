//===- AttentionGroup.cpp - the ops of one attention ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/AttentionGroup.h"

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::hydragen;

unsigned AttentionGroup::getNumRows() const {
  FinalizeOp op = finalize;
  return cast<ShapedType>(op.getM().getType()).getRank();
}

//===----------------------------------------------------------------------===//
// The state
//===----------------------------------------------------------------------===//

/// `value` is a fill with a constant that `isValue` takes.
static bool isFill(Value value, function_ref<bool(const APFloat &)> isValue) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>())
    value = cast.getSource();
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    FloatAttr constant;
    return matchPattern(fill.getInputs().front(), m_Constant(&constant)) &&
           isValue(constant.getValue());
  }
  DenseFPElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) && elements.isSplat() &&
         isValue(elements.getSplatValue<APFloat>());
}

static bool isIdentity(Value o, Value m, Value l) {
  auto isZero = [](const APFloat &value) { return value.isZero(); };
  return isFill(o, isZero) && isFill(l, isZero) &&
         isFill(m, [](const APFloat &value) {
           return value.isInfinity() && value.isNegative();
         });
}

bool hydragen::hasIdentityInits(PartialAttentionOpInterface op) {
  return isIdentity(op.getInits()[0], op.getInits()[1], op.getInits()[2]);
}

std::optional<unsigned>
hydragen::getGroupedRow(PartialAttentionOpInterface op) {
  if (!op->hasAttr(kGroupedAttr))
    return std::nullopt;
  AttentionDims dims = AttentionDims::get(op);
  SmallVector<AffineMap> indexMaps = op.getIndexMapsVector(),
                         maps = op.getKeyMapsVector();
  maps.push_back(op.getValueMap());
  std::optional<unsigned> grouped;
  for (AffineMap map : maps) {
    llvm::SmallBitVector symbols = getUsedSymbols(map);
    for (unsigned symbol : symbols.set_bits())
      for (unsigned dim = 0; dim != dims.numDims; ++dim) {
        if (!indexMaps[symbol].isFunctionOfDim(dim))
          continue;
        std::optional<unsigned> row = dims.getRowIndex(dim);
        if (!row || (grouped && *grouped != *row))
          return std::nullopt;
        grouped = row;
      }
  }
  if (!grouped || llvm::any_of(maps, [&](AffineMap map) {
        return map.isFunctionOfDim(dims.rows[*grouped]);
      }))
    return std::nullopt;
  return grouped;
}

namespace {
/// Follows (o, m, l) of a finalize op to the partial attentions.
class StateCollector {
public:
  StateCollector(AttentionGroup &group, std::string &reason)
      : group(group), reason(reason) {}

  LogicalResult run() {
    SmallVector<RowDigit> rows;
    for (unsigned row = 0; row != group.getNumRows(); ++row)
      rows.push_back({row, 1});
    FinalizeOp finalize = group.finalize;
    followed.insert(finalize);
    if (failed(collect({finalize.getO(), finalize.getM(), finalize.getL()},
                       rows, {}, {})))
      return failure();
    // Another use would want the state itself.
    for (Operation *op : followed)
      for (Operation *user : op->getUsers())
        if (op != finalize.getOperation() && !followed.contains(user))
          return fail("its state is used by " +
                      user->getName().getStringRef().str() + ", too");
    if (group.parts.empty())
      return fail("it has no keys");
    return success();
  }

private:
  struct State {
    Value o, m, l;
  };

  LogicalResult fail(const Twine &text) {
    reason = text.str();
    return failure();
  }

  static bool isIdentity(const State &state) {
    return ::isIdentity(state.o, state.m, state.l);
  }

  /// The op of which o, m and l are the results 0, 1, 2.
  template <typename OpTy>
  static Operation *getCommonOp(const State &state) {
    Operation *op = state.o.getDefiningOp();
    if (!isa_and_nonnull<OpTy>(op) || op->getNumResults() != 3 ||
        op->getResult(0) != state.o || op->getResult(1) != state.m ||
        op->getResult(2) != state.l)
      return nullptr;
    return op;
  }

  template <typename OpTy>
  std::optional<std::array<OpTy, 3>> getOps(const State &state) {
    std::array<OpTy, 3> ops{state.o.getDefiningOp<OpTy>(),
                            state.m.getDefiningOp<OpTy>(),
                            state.l.getDefiningOp<OpTy>()};
    for (OpTy op : ops)
      if (!op)
        return std::nullopt;
    for (OpTy op : ops)
      followed.insert(op);
    return ops;
  }

  /// `digits` says what the leading dims of the state are.
  LogicalResult collect(State state, ArrayRef<RowDigit> digits,
                        ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) {
    if (isIdentity(state))
      return success();
    if (Operation *op = getCommonOp<PartialAttentionOpInterface>(state)) {
      auto partial = cast<PartialAttentionOpInterface>(op);
      followed.insert(op);
      if (failed(collect({partial.getInits()[0], partial.getInits()[1],
                          partial.getInits()[2]},
                         digits, offsets, sizes)))
        return failure();
      group.parts.push_back({partial, SmallVector<RowDigit>(digits),
                             SmallVector<int64_t>(offsets),
                             SmallVector<int64_t>(sizes)});
      return success();
    }
    if (Operation *op = getCommonOp<CombineOp>(state)) {
      auto combine = cast<CombineOp>(op);
      if (combine.getStacked())
        return fail("a stacked state is combined");
      followed.insert(op);
      if (failed(collect({combine.getInits()[0], combine.getInits()[1],
                          combine.getInits()[2]},
                         digits, offsets, sizes)))
        return failure();
      for (unsigned i = 0; i != combine.getStates().size(); i += 3)
        if (failed(collect({combine.getStates()[i], combine.getStates()[i + 1],
                            combine.getStates()[i + 2]},
                           digits, offsets, sizes)))
          return failure();
      return success();
    }
    if (auto ops = getOps<tensor::CastOp>(state))
      return collect(
          {(*ops)[0].getSource(), (*ops)[1].getSource(), (*ops)[2].getSource()},
          digits, offsets, sizes);
    if (auto ops = getOps<tensor::CollapseShapeOp>(state))
      return collectCollapsed(*ops, digits, offsets, sizes);
    if (auto ops = getOps<tensor::InsertSliceOp>(state))
      return collectInserted(*ops, digits, offsets, sizes);
    Operation *op = state.o.getDefiningOp();
    return fail("its state comes from " +
                (op ? op->getName().getStringRef() : "an argument"));
  }

  LogicalResult collectCollapsed(std::array<tensor::CollapseShapeOp, 3> ops,
                                 ArrayRef<RowDigit> digits,
                                 ArrayRef<int64_t> offsets,
                                 ArrayRef<int64_t> sizes) {
    SmallVector<ReassociationIndices> groups = ops[1].getReassociationIndices();
    SmallVector<ReassociationIndices> ofO = ops[0].getReassociationIndices();
    if (groups != ops[2].getReassociationIndices() ||
        ofO.size() < groups.size() ||
        ArrayRef(ofO).take_front(groups.size()) != ArrayRef(groups))
      return fail("o, m and l are collapsed in different ways");
    ArrayRef<int64_t> shape = ops[1].getSrcType().getShape();
    SmallVector<RowDigit> inner(shape.size());
    for (auto [digit, dims] : llvm::zip_equal(digits, groups)) {
      int64_t stride = digit.stride;
      for (int64_t dim : llvm::reverse(dims)) {
        inner[dim] = {digit.row, stride};
        if (dim == dims.front())
          break;
        if (ShapedType::isDynamic(shape[dim]))
          return fail("a row is split into parts of unknown size");
        stride *= shape[dim];
      }
    }
    return collect({ops[0].getSrc(), ops[1].getSrc(), ops[2].getSrc()}, inner,
                   offsets, sizes);
  }

  LogicalResult collectInserted(std::array<tensor::InsertSliceOp, 3> ops,
                                ArrayRef<RowDigit> digits,
                                ArrayRef<int64_t> outerOffsets,
                                ArrayRef<int64_t> outerSizes) {
    unsigned numRows = group.getNumRows();
    bool wholeRows = digits.size() == numRows && outerOffsets.empty();
    for (auto [row, digit] : llvm::enumerate(digits))
      wholeRows &= digit.row == int64_t(row) && digit.stride == 1;
    if (!wholeRows)
      return fail("states are inserted into parts of rows");
    SmallVector<int64_t> offsets, sizes;
    for (unsigned i = 0; i != 3; ++i) {
      tensor::InsertSliceOp op = ops[i];
      auto isOne = [](int64_t stride) { return stride == 1; };
      ArrayRef<int64_t> o = op.getStaticOffsets().take_front(numRows),
                        s = op.getStaticSizes().take_front(numRows);
      if (!llvm::all_of(op.getStaticStrides(), isOne) ||
          op.getSourceType().getRank() != op.getDestType().getRank() ||
          llvm::any_of(op.getStaticOffsets(), ShapedType::isDynamic) ||
          !llvm::all_of(op.getStaticOffsets().drop_front(numRows),
                        [](int64_t offset) { return offset == 0; }))
        return fail("a state is inserted at places that are not known");
      if (i == 0) {
        offsets.assign(o.begin(), o.end());
        sizes.assign(s.begin(), s.end());
      } else if (ArrayRef(offsets) != o || ArrayRef(sizes) != s) {
        return fail("o, m and l are inserted at different places");
      }
    }
    // A dynamic size must reach the end, else its rectangle is not known.
    ArrayRef<int64_t> shape = ops[1].getDestType().getShape();
    for (unsigned row = 0; row != numRows; ++row)
      if (ShapedType::isDynamic(sizes[row]) &&
          !ShapedType::isDynamic(shape[row]))
        return fail("a state of unknown size is inserted");

    size_t before = group.parts.size();
    if (failed(collect({ops[0].getDest(), ops[1].getDest(), ops[2].getDest()},
                       digits, {}, {})))
      return failure();
    // What the insertion overwrites must be the identity.
    for (const GroupPart &part : ArrayRef(group.parts).drop_front(before))
      if (!areDisjoint(part.rowOffsets, part.rowSizes, offsets, sizes))
        return fail("a state is overwritten");
    return collect({ops[0].getSource(), ops[1].getSource(), ops[2].getSource()},
                   digits, offsets, sizes);
  }

  static bool areDisjoint(ArrayRef<int64_t> aOffsets, ArrayRef<int64_t> aSizes,
                          ArrayRef<int64_t> bOffsets,
                          ArrayRef<int64_t> bSizes) {
    auto isBefore = [](int64_t offset, int64_t size, int64_t other) {
      return !ShapedType::isDynamic(size) && offset + size <= other;
    };
    for (unsigned row = 0; row != aOffsets.size(); ++row)
      if (isBefore(aOffsets[row], aSizes[row], bOffsets[row]) ||
          isBefore(bOffsets[row], bSizes[row], aOffsets[row]))
        return true;
    return false;
  }

  AttentionGroup &group;
  std::string &reason;
  SetVector<Operation *> followed;
};
} // namespace

//===----------------------------------------------------------------------===//
// Behind the finalize op
//===----------------------------------------------------------------------===//

/// Whether `op` narrows its only input element by element and nothing else.
static bool isNarrowing(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return false;
  auto yield = cast<linalg::YieldOp>(op.getBody()->getTerminator());
  auto trunc = yield.getOperand(0).getDefiningOp<arith::TruncFOp>();
  return trunc && trunc.getIn() == op.getBody()->getArgument(0) &&
         trunc.getIn().getType().isF32() && !trunc.getRoundingmode();
}

/// What the dims of a static shape are when `dims` (of shape `from`) are laid
/// out anew as `to`; empty when some dim would be none of a row or the columns.
static SmallVector<RowDigit>
reshape(ArrayRef<RowDigit> dims, ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<RowDigit> result(to.size(), RowDigit{0, 1});
  // What is left of the old dims, the last one first.
  size_t next = from.size();
  int64_t left = 1;
  RowDigit digit;
  auto advance = [&]() {
    while (left == 1 && next != 0) {
      --next;
      left = from[next];
      digit = dims[next];
    }
  };
  for (size_t i = to.size(); i-- != 0;) {
    if (to[i] == 1)
      continue;
    advance();
    // Columns stay whole.
    if (left % to[i] != 0 || (digit.row < 0 && left != to[i]))
      return {};
    result[i] = digit;
    digit.stride *= to[i];
    left /= to[i];
  }
  return result;
}

/// Whether nothing but dims of one element stands behind the columns, so that
/// these are adjacent.
static bool columnsAreLast(ArrayRef<RowDigit> dims, ArrayRef<int64_t> shape) {
  for (size_t i = dims.size(); i-- != 0;) {
    if (dims[i].row < 0)
      return true;
    if (shape[i] != 1)
      return false;
  }
  return false;
}

/// Takes in the ops behind the finalize op as long as the kernel can store its
/// result in their form.
static void followResult(AttentionGroup &group) {
  FinalizeOp finalize = group.finalize;
  group.result = finalize.getResult();
  auto type = cast<RankedTensorType>(group.result.getType());
  for (int64_t dim = 0; dim != type.getRank(); ++dim)
    group.resultDims.push_back(dim < group.getNumRows() ? RowDigit{dim, 1}
                                                        : RowDigit());
  // The old value that is added has the finalize op's form.
  if (finalize.getAccumulate())
    return;
  while (group.result.hasOneUse()) {
    Operation *user = *group.result.user_begin();
    SmallVector<RowDigit> dims;
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(user)) {
      ArrayRef<int64_t> shape = expand.getResultType().getShape();
      dims.resize(shape.size());
      bool known = true;
      for (auto [digit, parts] : llvm::zip_equal(
               group.resultDims, expand.getReassociationIndices())) {
        int64_t stride = digit.stride;
        for (int64_t part : llvm::reverse(parts)) {
          dims[part] = {digit.row, stride};
          if (part == parts.front())
            break;
          known &= !ShapedType::isDynamic(shape[part]) && digit.row >= 0;
          stride *= shape[part];
        }
      }
      if (!known)
        return;
    } else if (auto transpose = dyn_cast<linalg::TransposeOp>(user)) {
      if (transpose.getInput() != group.result)
        return;
      for (int64_t source : transpose.getPermutation())
        dims.push_back(group.resultDims[source]);
      auto type = cast<RankedTensorType>(transpose.getInit().getType());
      if (!columnsAreLast(dims, type.getShape()))
        return;
    } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(user)) {
      // Collapsed and expanded: the same elements in other dims.
      if (!collapse.getResult().hasOneUse())
        return;
      auto expand =
          dyn_cast<tensor::ExpandShapeOp>(*collapse.getResult().user_begin());
      if (!expand || !collapse.getSrcType().hasStaticShape() ||
          !expand.getResultType().hasStaticShape())
        return;
      ArrayRef<int64_t> shape = expand.getResultType().getShape();
      dims = reshape(group.resultDims, collapse.getSrcType().getShape(), shape);
      if (dims.empty() || !columnsAreLast(dims, shape))
        return;
      group.epilogue.push_back(collapse);
      user = expand;
    } else if (auto generic = dyn_cast<linalg::GenericOp>(user)) {
      if (!isNarrowing(generic) || generic.getInputs().front() != group.result)
        return;
      dims = group.resultDims;
    } else {
      return;
    }
    group.resultDims = dims;
    group.epilogue.push_back(user);
    group.result = user->getResult(0);
  }
}

FailureOr<AttentionGroup> AttentionGroup::get(FinalizeOp finalize,
                                              std::string &reason) {
  AttentionGroup group;
  group.finalize = finalize;
  if (!finalize.getResult()) {
    reason = "it is not on tensors";
    return failure();
  }
  if (failed(StateCollector(group, reason).run()))
    return failure();
  followResult(group);
  return group;
}
