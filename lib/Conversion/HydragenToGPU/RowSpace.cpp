//===- RowSpace.cpp - the rows of an attention, digit by digit --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowSpace.h"

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/ScoreMods.h"

using namespace mlir;
using namespace mlir::hydragen;

/// Row digits of a part that its keys and values depend on, or whose rows are
/// computed one by one although they read the same ones.
static llvm::SmallBitVector getUsedDigits(AttendOp op, unsigned number) {
  PartAttr part = op.getPart(number);
  SmallVector<AffineMap> maps{part.getKey().getValue(),
                              part.getValue().getValue()};
  llvm::SmallBitVector symbols(part.getIndices().size());
  for (AffineMap map : ArrayRef(maps).take_front(2)) {
    llvm::SmallBitVector used = getUsedSymbols(map);
    used.resize(symbols.size());
    symbols |= used;
  }
  for (unsigned symbol : symbols.set_bits())
    maps.push_back(part.getIndexMap(symbol));
  llvm::SmallBitVector used(part.getNumDigits());
  for (unsigned i = 0; i != part.getNumDigits(); ++i)
    if (llvm::any_of(maps, [&](AffineMap m) { return m.isFunctionOfDim(i); }))
      used.set(i);
  if (auto separate = op->getAttrOfType<ArrayAttr>(kSeparateRowsAttr))
    for (int64_t digit : cast<DenseI64ArrayAttr>(separate[number]).asArrayRef())
      used.set(digit);
  return used;
}

//===----------------------------------------------------------------------===//
// Digits
//===----------------------------------------------------------------------===//

/// Maps of the operands that the results are made with: sinks and a factor.
static SmallVector<AffineMap> getResultMaps(AttendOp op) {
  SmallVector<AffineMap> maps(
      op.getSinkMaps().getAsValueRange<AffineMapAttr>());
  if (std::optional<AffineMap> map = op.getFactorMap())
    maps.push_back(*map);
  return maps;
}

/// Maps of a part's index operands and of those that its scores are changed
/// with, over its digits, the key and more.
static SmallVector<AffineMap> getOperandMaps(PartAttr part) {
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i != part.getIndices().size(); ++i)
    maps.push_back(part.getIndexMap(i));
  for (unsigned i = 0; i != part.getExtras().size(); ++i)
    maps.push_back(part.getExtraMap(i));
  return maps;
}

/// A dim's weight in a row, 0 for one that is none of the row's.
using Weights = function_ref<int64_t(unsigned)>;

/// The weight in a row of what `expr` takes from it by quotients and
/// remainders, 0 if it is anything else. `strides` gets where it cuts the row.
static int64_t findCuts(AffineExpr expr, Weights weights,
                        SmallVectorImpl<int64_t> &strides) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return weights(dim.getPosition());
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return 0;
  int64_t weight = findCuts(binary.getLHS(), weights, strides);
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  bool isQuotient = expr.getKind() == AffineExprKind::FloorDiv;
  if (!divisor || (!isQuotient && expr.getKind() != AffineExprKind::Mod)) {
    findCuts(binary.getRHS(), weights, strides);
    return 0;
  }
  if (weight == 0)
    return 0;
  strides.push_back(weight * divisor.getValue());
  return isQuotient ? strides.back() : weight;
}

/// Whether `part` covers all of row `row`.
static bool coversRow(PartAttr part, unsigned row, int64_t rowSize) {
  if (part.coversAllRows())
    return true;
  int64_t size = part.getRowSizes()[row];
  return part.getRowOffsets()[row] == 0 &&
         (ShapedType::isDynamic(size) || size == rowSize);
}

LogicalResult RowSpace::addDigits(AttendOp op, std::string &reason) {
  ArrayRef<int64_t> rowSizes = op.getRowSizes();
  for (auto [row, rowSize] : llvm::enumerate(rowSizes)) {
    if (rowSize == 1)
      continue;
    // Where parts and the output cut this row.
    SmallVector<int64_t> strides{1};
    for (unsigned i = 0; i != op.getNumParts(); ++i) {
      PartAttr part = op.getPart(i);
      for (unsigned d = 0; d != part.getNumDigits(); ++d)
        if (part.getDigitRow(d) == row && part.getDigitSizes()[d] != 1)
          strides.push_back(part.getDigitStride(d));
      for (AffineMap map : getOperandMaps(part))
        for (AffineExpr result : map.getResults())
          findCuts(
              result,
              [&, row = row](unsigned d) -> int64_t {
                return d < part.getNumDigits() && part.getDigitRow(d) == row
                           ? part.getDigitStride(d)
                           : 0;
              },
              strides);
    }
    for (AffineMap map : getResultMaps(op))
      for (AffineExpr result : map.getResults())
        findCuts(
            result, [&, row = row](unsigned dim) { return dim == row; },
            strides);
    ArrayRef<int64_t> output = op.getOutputDims();
    for (unsigned d = 0; d != output.size(); d += 2)
      if (output[d] == int64_t(row))
        strides.push_back(output[d + 1]);
    llvm::sort(strides);
    strides.erase(llvm::unique(strides), strides.end());
    // A cut at or behind the end is none.
    if (!ShapedType::isDynamic(rowSize))
      llvm::erase_if(strides, [&, size = rowSize](int64_t stride) {
        return stride > 1 && stride >= size;
      });
    int64_t extent = rowSize;
    if (!ShapedType::isDynamic(rowSize)) {
      if (rowSize % strides.back() != 0) {
        reason = "its segments cut a row at places that do not divide it";
        return failure();
      }
      extent = rowSize / strides.back();
    }
    for (size_t i = strides.size(); i-- != 0;) {
      digits.push_back({unsigned(row), strides[i], extent});
      if (i == 0)
        break;
      if (strides[i] % strides[i - 1] != 0) {
        reason = "its segments cut a row in ways that do not fit";
        return failure();
      }
      extent = strides[i] / strides[i - 1];
    }
  }
  // A kernel has at least one digit.
  if (digits.empty())
    digits.push_back({0, 1, 1});
  if (digits.size() > 16) {
    reason = "its rows have " + std::to_string(digits.size()) +
             " digits, more than 16";
    return failure();
  }
  return success();
}

LogicalResult RowSpace::checkOperands(AttendOp op, std::string &reason) const {
  for (AffineMap map : getResultMaps(op))
    for (AffineExpr result : map.getResults())
      if (!getLinearOfRows(result)) {
        reason = "a sink or factor has an involved map";
        return failure();
      }
  for (unsigned i = 0; i != op.getNumParts(); ++i)
    for (AffineMap map : getOperandMaps(op.getPart(i)))
      for (AffineExpr result : map.getResults())
        if (!getLinearOfPart(op, i, result)) {
          reason = "an operand of its scores or an index is not read along "
                   "straight lines";
          return failure();
        }
  return success();
}

std::optional<unsigned> RowSpace::getFirstDigit(unsigned row) const {
  for (auto [i, digit] : llvm::enumerate(digits))
    if (digit.row == row)
      return i;
  return std::nullopt;
}

AffineExpr RowSpace::getRow(unsigned row, MLIRContext *context) const {
  AffineExpr sum = getAffineConstantExpr(0, context);
  for (auto [i, digit] : llvm::enumerate(digits))
    if (digit.row == row)
      sum = sum + getAffineDimExpr(i, context) * digit.stride;
  return sum;
}

std::optional<LinearExpr> RowSpace::getLinearOfRows(AffineExpr expr) const {
  MLIRContext *context = expr.getContext();
  SmallVector<AffineExpr> rows;
  expr.walk([&](AffineExpr part) {
    auto dim = dyn_cast<AffineDimExpr>(part);
    for (; dim && rows.size() <= dim.getPosition();)
      rows.push_back(getRow(rows.size(), context));
  });
  return getLinear(expr.replaceDims(rows), digits.size(), 0, getExtents(0));
}

std::optional<LinearExpr>
RowSpace::getLinearOfPart(AttendOp op, unsigned number, AffineExpr expr) const {
  PartAttr part = op.getPart(number);
  MLIRContext *context = expr.getContext();
  // A part's domain has up to two key dims, contraction and values behind them.
  SmallVector<AffineExpr> dims(part.getNumDigits() + 4,
                               getAffineConstantExpr(0, context));
  for (unsigned d = 0; d != part.getNumDigits(); ++d)
    dims[d] = getPartDigit(op, number, d);
  dims[part.getNumDigits()] = getAffineDimExpr(digits.size(), context);
  return getLinear(expr.replaceDims(dims), digits.size() + 1, 0, getExtents(1));
}

SmallVector<int64_t> RowSpace::getExtents(unsigned others) const {
  SmallVector<int64_t> extents;
  for (const SpaceDigit &digit : digits)
    extents.push_back(digit.extent);
  extents.append(others, ShapedType::kDynamic);
  return extents;
}

AffineExpr RowSpace::getPartDigit(AttendOp op, unsigned number,
                                  unsigned d) const {
  PartAttr part = op.getPart(number);
  MLIRContext *context = op.getContext();
  unsigned row = part.getDigitRow(d);
  int64_t stride = part.getDigitStride(d);
  if (part.getDigitSizes()[d] == 1)
    return getAffineConstantExpr(0, context);
  // The stride of the next digit above of this part.
  int64_t above = 0;
  for (unsigned i = 0; i != part.getNumDigits(); ++i)
    if (part.getDigitRow(i) == row && part.getDigitStride(i) > stride &&
        part.getDigitSizes()[i] != 1 &&
        (above == 0 || part.getDigitStride(i) < above))
      above = part.getDigitStride(i);
  // Digits of the space are at least as fine as the part's.
  AffineExpr sum = getAffineConstantExpr(0, context);
  for (auto [i, digit] : llvm::enumerate(digits))
    if (digit.row == row && digit.stride >= stride &&
        (above == 0 || digit.stride < above))
      sum = sum + getAffineDimExpr(i, context) * (digit.stride / stride);
  if (!part.coversAllRows() && above == 0)
    sum = sum - part.getRowOffsets()[row] / stride;
  return sum;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

SmallVector<SpaceVariable> RowSpace::getVariables(AttendOp op, unsigned number,
                                                  std::string &reason) const {
  PartAttr part = op.getPart(number);
  SmallVector<SpaceVariable> variables;
  ArrayRef<int64_t> rowSizes = op.getRowSizes();
  for (unsigned first = 0; first != digits.size();) {
    unsigned row = digits[first].row, last = first;
    while (last + 1 != digits.size() && digits[last + 1].row == row)
      ++last;
    if (coversRow(part, row, rowSizes[row])) {
      for (unsigned i = first; i <= last; ++i)
        variables.push_back({i, i, 0, digits[i].extent, false});
    } else {
      int64_t offset = part.getRowOffsets()[row],
              size = part.getRowSizes()[row], top = digits[first].stride;
      bool known = !ShapedType::isDynamic(size);
      unsigned numOwn = 0;
      for (unsigned d = 0; d != part.getNumDigits(); ++d)
        numOwn += part.getDigitRow(d) == row && part.getDigitSizes()[d] != 1;
      if (offset % top == 0 && (!known || size % top == 0)) {
        variables.push_back({first, first, offset / top,
                             known ? size / top : ShapedType::kDynamic, true});
        for (unsigned i = first + 1; i <= last; ++i)
          variables.push_back({i, i, 0, digits[i].extent, false});
      } else if (numOwn <= 1) {
        variables.push_back({first, last, offset, size, true});
      } else {
        reason =
            "a segment covers rows that begin between the digits of others";
        return {};
      }
    }
    first = last + 1;
  }
  return variables;
}

/// Whether the part's items differ in any digit of `variable`.
static bool isUsed(AttendOp op, unsigned number, const RowSpace &space,
                   const SpaceVariable &variable) {
  PartAttr part = op.getPart(number);
  llvm::SmallBitVector used = getUsedDigits(op, number);
  int64_t low = space.digits[variable.last].stride,
          high = space.digits[variable.first].stride;
  unsigned row = space.digits[variable.first].row;
  for (unsigned d : used.set_bits()) {
    if (part.getDigitRow(d) != row || part.getDigitSizes()[d] == 1)
      continue;
    // The part's digit covers [stride, above).
    int64_t stride = part.getDigitStride(d), above = 0;
    for (unsigned i = 0; i != part.getNumDigits(); ++i)
      if (part.getDigitRow(i) == row && part.getDigitStride(i) > stride &&
          part.getDigitSizes()[i] != 1 &&
          (above == 0 || part.getDigitStride(i) < above))
        above = part.getDigitStride(i);
    if (high >= stride && (above == 0 || low < above))
      return true;
  }
  return false;
}

/// The digit of the space by which `number` groups its rows, if it is one alone
/// and every part has all of its row.
std::optional<unsigned>
RowSpace::findGrouped(AttendOp op, unsigned number,
                      ArrayRef<SmallVector<SpaceVariable>> variables) const {
  PartAttr part = op.getPart(number);
  if (part.getGrouped() < 0 || part.getDigitSizes()[part.getGrouped()] == 1)
    return std::nullopt;
  AffineExpr digit = getPartDigit(op, number, part.getGrouped());
  auto dim = dyn_cast<AffineDimExpr>(digit);
  if (!dim)
    return std::nullopt;
  unsigned found = dim.getPosition();
  for (ArrayRef<SpaceVariable> list : variables)
    for (const SpaceVariable &variable : list)
      if (variable.restricted &&
          digits[variable.first].row == digits[found].row)
        return std::nullopt;
  return found;
}

FailureOr<RowSpace> RowSpace::get(AttendOp op, std::string &reason) {
  RowSpace space;
  // Every row has a part and with it an item that writes its result.
  if (llvm::none_of(op.getParts().getAsRange<PartAttr>(),
                    [](PartAttr part) { return part.coversAllRows(); })) {
    reason = "no segment is for all of its rows";
    return failure();
  }
  if (failed(space.addDigits(op, reason)) ||
      failed(space.checkOperands(op, reason)))
    return failure();

  // Group digits, and in how many parts each is folded.
  unsigned numDigits = space.digits.size();
  llvm::SmallBitVector isGroup(numDigits);
  SmallVector<unsigned> numFolded(numDigits);
  SmallVector<SmallVector<SpaceVariable>> variables;
  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    variables.push_back(space.getVariables(op, i, reason));
    if (variables.back().empty())
      return failure();
  }
  // One order of the rows serves all parts: the first that wants one has it.
  std::optional<unsigned> groupedPart;
  for (unsigned i = 0; i != op.getNumParts() && !groupedPart; ++i)
    if ((space.groupedDigit = space.findGrouped(op, i, variables)))
      groupedPart = i;
  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    for (const SpaceVariable &variable : variables[i]) {
      bool used = isUsed(op, i, space, variable);
      // Its rows are those of tiles.
      if (i == groupedPart && space.isGrouped(variable)) {
        isGroup.set(variable.first);
        used = false;
      }
      for (unsigned d = variable.first; d <= variable.last; ++d) {
        if (used || variable.restricted)
          isGroup.set(d);
        numFolded[d] += !used;
      }
    }
  }
  for (unsigned d = 0; d != numDigits; ++d)
    (isGroup.test(d) ? space.groupDigits : space.innerDigits).push_back(d);
  llvm::stable_sort(space.groupDigits, [&](unsigned a, unsigned b) {
    return numFolded[a] < numFolded[b];
  });

  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    SpacePart part;
    // From the innermost group digit outwards, as long as they are folded.
    SmallVector<SpaceVariable> outer, folded;
    bool open = true;
    for (size_t k = space.groupDigits.size(); k != 0;) {
      unsigned digit = space.groupDigits[k - 1];
      auto *variable = llvm::find_if(variables[i], [&](const SpaceVariable &v) {
        return v.first <= digit && digit <= v.last;
      });
      unsigned count = variable->last - variable->first + 1;
      for (unsigned j = 0; j != count; ++j)
        if (k < count ||
            space.groupDigits[k - count + j] != variable->first + j) {
          reason = "a segment covers a row whose digits do not stay together";
          return failure();
        }
      k -= count;
      bool grouped = i == groupedPart && space.isGrouped(*variable);
      open &= grouped || !isUsed(op, i, space, *variable);
      (open ? folded : outer).push_back(*variable);
      // What is slower than the order is not part of it.
      if (grouped) {
        part.grouped = open;
        open = false;
      }
      // The groups behind a part of a row are consecutive; those of several
      // such parts are not.
      open &= !variable->restricted;
    }
    part.outer.assign(outer.rbegin(), outer.rend());
    part.folded.assign(folded.rbegin(), folded.rend());
    part.numFoldedGroups = folded.size();
    for (unsigned digit : space.innerDigits)
      part.folded.push_back({digit, digit, 0, space.digits[digit].extent,
                             /*restricted=*/false});
    space.parts.push_back(part);
  }
  if (groupedPart && !space.parts[*groupedPart].grouped)
    space.groupedDigit = std::nullopt;
  return space;
}
