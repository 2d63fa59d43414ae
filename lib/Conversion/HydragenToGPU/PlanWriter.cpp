//===- PlanWriter.cpp - the plan kernel of an attend op ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanWriter.h"

#include "AttributeModifier.h"
#include "Integers.h"
#include "hydragen/IR/ScoreMods.h"
#include "hydragen/Kernels/WorkItem.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hydragen;
using kernels::KernelParameter;

//===----------------------------------------------------------------------===//
// Numbers from the host
//===----------------------------------------------------------------------===//

PlanNumber PlanWriter::add(StringRef name, Value value, bool wide) {
  PlanNumber number;
  number.wide = wide;
  number.constant = IndexBuilder::getConstant(value);
  if (number.constant)
    return number;
  number.parameter = parameters.size();
  parameters.push_back(
      {name.str(), wide ? KernelParameter::I64 : KernelParameter::I32});
  Type type = host.getIntegerType(wide ? 64 : 32);
  values.push_back(arith::IndexCastOp::create(host, op.getLoc(), type, value));
  return number;
}

PlanNumber PlanWriter::addAddress(StringRef name, Value address) {
  PlanNumber number;
  number.wide = true;
  number.parameter = parameters.size();
  parameters.push_back({name.str(), KernelParameter::I64});
  values.push_back(address);
  return number;
}

static int64_t getBytes(Value operand) {
  Type type = cast<ShapedType>(operand.getType()).getElementType();
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// Bytes that one step of `term` (a dim or symbol of the map) moves.
PlanNumber PlanWriter::addTermStride(StringRef name, AffineMap map,
                                     AffineExpr term, Value operand) {
  SmallVector<Value> strides = getStrides(operand);
  Value bytes = index.constant(0);
  for (auto [result, stride] : llvm::zip_equal(map.getResults(), strides)) {
    std::optional<LinearExpr> linear =
        getLinear(result, map.getNumDims(), map.getNumSymbols(),
                  rows.getExtents(map.getNumDims() - rows.digits.size()));
    int64_t coefficient =
        isa<AffineDimExpr>(term)
            ? linear->dims[cast<AffineDimExpr>(term).getPosition()]
            : linear->symbols[cast<AffineSymbolExpr>(term).getPosition()];
    bytes = index.add(bytes, index.mul(stride, coefficient));
  }
  return add(name, index.mul(bytes, getBytes(operand)), /*wide=*/true);
}

/// `map` over the part's domain, with the digits of the row space in place of
/// the part's.
static AffineMap toSpace(AttendOp op, unsigned number, const RowSpace &rows,
                         AffineMap map) {
  PartAttr part = op.getPart(number);
  unsigned numOwn = part.getNumDigits(), numDigits = rows.digits.size();
  SmallVector<AffineExpr> exprs;
  for (unsigned d = 0; d != numOwn; ++d)
    exprs.push_back(rows.getPartDigit(op, number, d));
  unsigned rest = map.getNumDims() - numOwn;
  for (unsigned i = 0; i != rest; ++i)
    exprs.push_back(getAffineDimExpr(numDigits + i, op.getContext()));
  return map.replaceDimsAndSymbols(exprs, {}, numDigits + rest,
                                   map.getNumSymbols());
}

SmallVector<PlanNumber> PlanWriter::addStrides(StringRef name, unsigned part,
                                               AffineMap map, Value operand) {
  SmallVector<PlanNumber> strides;
  AffineMap spaceMap = toSpace(op, part, rows, map);
  for (const SpaceVariable &variable : rows.parts[part].outer)
    strides.push_back(addTermStride(
        (name + "_" + Twine(strides.size())).str(), spaceMap,
        getAffineDimExpr(variable.last, op.getContext()), operand));
  return strides;
}

void PlanWriter::addPart(unsigned number) {
  PartAttr attr = op.getPart(number);
  const PartSizes &size = sizes.parts[number];
  const SpacePart &part = rows.parts[number];
  std::string p = ("p" + Twine(number) + "_").str();
  PartNumbers &n = parts.emplace_back();
  for (Value extent : size.outer)
    n.outer.push_back(add(p + "outer", extent));
  for (Value extent : size.folded)
    n.folded.push_back(add(p + "folded", extent));
  n.rows = add(p + "rows", size.rows);
  n.tiles = add(p + "tiles", size.tiles);
  n.keys = add(p + "keys", size.keys);
  n.keyOffset = add(p + "key_offset", size.keyOffset);
  n.splits = add(p + "splits", size.splits);
  n.items = add(p + "items", size.items);
  n.firstItem = add(p + "first_item", size.firstItem);
  n.firstState = add(p + "first_state", size.firstState);
  n.firstListed = add(p + "first_listed", size.firstListed);
  n.firstSplit = add(p + "first_split", size.firstSplit);

  Value offset = index.constant(0);
  auto addWeights = [&](ArrayRef<SpaceVariable> variables,
                        SmallVectorImpl<PlanNumber> &weights) {
    for (const SpaceVariable &variable : variables) {
      Value weight = sizes.getWeight(index, variable.last);
      offset = index.add(offset, index.mul(weight, variable.offset));
      weights.push_back(add(p + "weight", weight));
    }
  };
  addWeights(part.outer, n.outerWeights);
  addWeights(part.folded, n.foldedWeights);
  n.rowOffset = add(p + "row_offset", offset);

  AffineMap keyMap = attr.getKey().getValue(),
            valueMap = attr.getValue().getValue();
  Value keys = op.getKeys()[number], vals = op.getValues()[number];
  n.keys0 = addAddress(p + "keys_at", getAddress(keys));
  n.values0 = addAddress(p + "values_at", getAddress(vals));
  n.keyStrides = addStrides(p + "key_stride", number, keyMap, keys);
  n.valueStrides = addStrides(p + "value_stride", number, valueMap, vals);

  if (attr.isCut()) {
    Value count = op.getCounts()[attr.getCount()];
    n.countAt = addAddress(p + "count", getAddress(count));
    n.countType = cast<ShapedType>(count.getType()).getElementType();
  }
  llvm::SmallBitVector used(attr.getIndices().size());
  for (AffineMap map : {keyMap, valueMap}) {
    llvm::SmallBitVector symbolsOfMap = getUsedSymbols(map);
    for (unsigned symbol : symbolsOfMap.set_bits())
      used.set(symbol);
  }
  for (unsigned symbol : used.set_bits()) {
    AffineMap map = attr.getIndexMap(symbol);
    Value operand = op.getPartIndices(number)[symbol];
    bool isTable = attr.getPage() && map.isFunctionOfDim(attr.getNumDigits());
    std::string s = p + "s" + std::to_string(symbol);
    SmallVector<PlanNumber> strides =
        addStrides(s + "_stride", number, map, operand);
    PlanNumber address = addAddress(s, getAddress(operand));
    if (isTable) {
      n.table0 = address;
      n.tableStrides = strides;
      continue;
    }
    AffineExpr term = getAffineSymbolExpr(symbol, op.getContext());
    // A map without symbols has fewer than the list of operands.
    auto stride = [&](AffineMap from, Value of, StringRef name) {
      return symbol < from.getNumSymbols()
                 ? addTermStride(s + name.str(), from, term, of)
                 : add("", index.constant(0), /*wide=*/true);
    };
    PartNumbers::Choice choice{
        address,
        stride(keyMap, keys, "_key"),
        stride(valueMap, vals, "_value"),
        strides,
        {},
        {},
        cast<ShapedType>(operand.getType()).getElementType()};
    if (part.grouped)
      choice.groupStride = addTermStride(
          s + "_group", toSpace(op, number, rows, map),
          getAffineDimExpr(*rows.groupedDigit, op.getContext()), operand);
    // What is no number of a group reads some group, as a wrong page reads some
    // page.
    Value most;
    for (auto [from, of] : {std::pair(keyMap, keys), std::pair(valueMap, vals)})
      for (auto [d, result] : llvm::enumerate(from.getResults()))
        if (result == term) {
          Value extent = index.dim(of, d);
          most = most ? index.min(most, extent) : extent;
        }
    choice.last = add(
        s + "_last",
        most ? index.sub(index.max(most, index.constant(1)), index.constant(1))
             : index.constant(0),
        /*wide=*/true);
    n.choices.push_back(choice);
  }
}

void PlanWriter::addBounds(unsigned number, ArrayRef<VisibleAttr> bounds) {
  PartNumbers &n = parts[number];
  PartAttr attr = op.getPart(number);
  n.bounds.assign(bounds.begin(), bounds.end());
  n.boundIndices.resize(attr.getIndices().size());
  llvm::SmallBitVector used(attr.getIndices().size());
  for (VisibleAttr visible : bounds)
    used |= getUsedSymbols(visible.getWhere().getValue());
  for (unsigned symbol : used.set_bits()) {
    AffineMap map = toSpace(op, number, rows, attr.getIndexMap(symbol));
    bool folded = llvm::any_of(
        rows.parts[number].folded, [&](const SpaceVariable &variable) {
          for (unsigned d = variable.first; d <= variable.last; ++d)
            if (map.isFunctionOfDim(d))
              return true;
          return false;
        });
    if (folded)
      continue;
    Value operand = op.getPartIndices(number)[symbol];
    std::string s = ("p" + Twine(number) + "_bound" + Twine(symbol)).str();
    PartNumbers::Choice &choice = n.boundIndices[symbol];
    choice.strides =
        addStrides(s + "_stride", number, attr.getIndexMap(symbol), operand);
    choice.address = addAddress(s, getAddress(operand));
    choice.type = cast<ShapedType>(operand.getType()).getElementType();
  }
}

PlanWriter::PlanWriter(OpBuilder &host, AttendOp op, const RowSpace &rows,
                       const AttendSizes &sizes, Value workspaceAddress,
                       function_ref<Value(Value)> getAddress,
                       function_ref<SmallVector<Value>(Value)> getStrides,
                       ArrayRef<ArrayRef<VisibleAttr>> bounds)
    : host(host), op(op), rows(rows), sizes(sizes), index(host, op.getLoc()),
      getAddress(getAddress), getStrides(getStrides) {
  workspace = addAddress("workspace", workspaceAddress);
  for (Value extent : sizes.digitExtents)
    digitExtents.push_back(add("extent", extent));
  for (unsigned d = 0; d != rows.digits.size(); ++d)
    digitWeights.push_back(add("weight", sizes.getWeight(index, d)));
  groups = add("groups", sizes.groups);
  rowsPerGroup = add("rows_per_group", sizes.rowsPerGroup);
  piecesPerGroup = add("pieces_per_group", sizes.piecesPerGroup);
  pieces = add("pieces", sizes.pieces);
  maxEntries = add("max_entries", sizes.maxEntries);
  items = usedItems = add("items", sizes.items);
  prefixTurn = add("prefix_turn", sizes.prefixTurn);
  listed = add("listed", sizes.listed);
  firstGroupListed = add("first_group_listed", sizes.firstGroupListed);
  itemsAt = add("items_at", sizes.itemsAt, /*wide=*/true);
  groupsAt = add("groups_at", sizes.groupsAt, /*wide=*/true);
  entriesAt = add("entries_at", sizes.entriesAt, /*wide=*/true);
  listAt = add("list_at", sizes.listAt, /*wide=*/true);
  orderAt = add("order_at", sizes.orderAt, /*wide=*/true);
  places = add("places", sizes.places);
  mostTiles = add("most_tiles", sizes.mostTiles);
  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    addPart(i);
    addBounds(i, bounds[i]);
  }
}

//===----------------------------------------------------------------------===//
// Device arithmetic
//===----------------------------------------------------------------------===//

Value PlanWriter::i32(int64_t value) {
  return arith::ConstantIntOp::create(*b, value, 32);
}

Value PlanWriter::get(const PlanNumber &number) {
  if (number.computed)
    return number.computed;
  if (number.constant)
    return arith::ConstantIntOp::create(*b, *number.constant,
                                        number.wide ? 64 : 32);
  return arguments[number.parameter];
}

Value PlanWriter::add(Value x, Value y) {
  return b->createOrFold<arith::AddIOp>(x, y);
}
Value PlanWriter::mul(Value x, Value y) {
  return b->createOrFold<arith::MulIOp>(x, y);
}
Value PlanWriter::wide(Value x) {
  return arith::ExtSIOp::create(*b, b->getI64Type(), x);
}
Value PlanWriter::lessThan(Value x, Value y) {
  return arith::CmpIOp::create(*b, arith::CmpIPredicate::slt, x, y);
}

/// Mixed-radix digits, the last running fastest.
SmallVector<Value> PlanWriter::decode(Value number,
                                      ArrayRef<PlanNumber> extents) {
  SmallVector<Value> digits(extents.size());
  for (size_t i = extents.size(); i-- > 1;) {
    Value extent = get(extents[i]);
    Value quotient = arith::DivUIOp::create(*b, number, extent);
    digits[i] = arith::SubIOp::create(*b, number, mul(quotient, extent));
    number = quotient;
  }
  if (!extents.empty())
    digits[0] = number;
  return digits;
}

Value PlanWriter::sum(ArrayRef<Value> digits, ArrayRef<PlanNumber> weights) {
  Value result = i32(0);
  for (auto [digit, weight] : llvm::zip_equal(digits, weights))
    result = add(result, mul(digit, get(weight)));
  return result;
}

Value PlanWriter::sumWide(Value base, ArrayRef<Value> digits,
                          ArrayRef<PlanNumber> weights) {
  for (auto [digit, weight] : llvm::zip_equal(digits, weights))
    base = add(base, mul(wide(digit), get(weight)));
  return base;
}

Value PlanWriter::getGroupWeight(const SpaceVariable &v) {
  Value weight = i32(1);
  for (unsigned digit : llvm::reverse(rows.groupDigits)) {
    if (digit == v.last)
      break;
    weight = mul(weight, get(digitExtents[digit]));
  }
  return weight;
}

/// Runs `body` with number - first for numbers in [first, first + count).
void PlanWriter::guarded(Value number, Value first, Value count,
                         function_ref<void(Value)> body) {
  Value local = arith::SubIOp::create(*b, number, first);
  Value inside =
      arith::CmpIOp::create(*b, arith::CmpIPredicate::ult, local, count);
  auto branch = scf::IfOp::create(*b, inside, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*b);
  b->setInsertionPoint(branch.thenBlock()->getTerminator());
  body(local);
}

//===----------------------------------------------------------------------===//
// Items, groups, rows
//===----------------------------------------------------------------------===//

/// The element of an index operand, as i64.
Value PlanWriter::loadIndex(const PartNumbers::Choice &choice,
                            ArrayRef<Value> outer, Value groupedRow) {
  Value address = sumWide(get(choice.address), outer, choice.strides);
  if (groupedRow)
    address = add(address, mul(wide(groupedRow), get(choice.groupStride)));
  Value pointer = LLVM::IntToPtrOp::create(
      *b, LLVM::LLVMPointerType::get(b->getContext(), 1), address);
  Value index = LLVM::LoadOp::create(*b, choice.type, pointer);
  return index.getType().isInteger(32) ? wide(index) : index;
}

/// Leaves keys out that no row of the item sees, and tells how many tiles all
/// of its rows see whole. Bounds that are not known here leave both as they
/// are.
void PlanWriter::narrowKeys(unsigned number, ArrayRef<Value> outer,
                            Value firstRow, kernels::WorkItemValues &item) {
  const PartNumbers &n = parts[number];
  const SpacePart &part = rows.parts[number];
  Integers i(*b);
  item.fullTiles = i32(0);

  // Least and greatest value of each digit among the item's rows.
  unsigned numDigits = rows.digits.size();
  SmallVector<Value> least(numDigits), greatest(numDigits);
  auto isOneDigit = [](const SpaceVariable &v) { return v.first == v.last; };
  if (!llvm::all_of(part.outer, isOneDigit) ||
      !llvm::all_of(part.folded, isOneDigit))
    return;
  for (auto [variable, x] : llvm::zip_equal(part.outer, outer))
    least[variable.last] = greatest[variable.last] =
        wide(add(x, i32(variable.offset)));
  for (auto [k, variable] : llvm::enumerate(part.folded)) {
    Value first = i32(0), extent = get(n.folded[k]),
          last = add(extent, i32(-1));
    // The rows of consecutive places are any rows.
    if (k + 1 == part.folded.size() && !rows.isGrouped(variable)) {
      // The digit that runs fastest, when the item does not pass its end.
      Value lastRow = add(add(firstRow, item.rowCount), i32(-1));
      Value round = arith::DivUIOp::create(*b, firstRow, extent);
      Value start = mul(round, extent);
      Value same =
          arith::CmpIOp::create(*b, arith::CmpIPredicate::eq, round,
                                arith::DivUIOp::create(*b, lastRow, extent));
      auto choose = [&](Value row, Value otherwise) -> Value {
        return arith::SelectOp::create(
            *b, same, arith::SubIOp::create(*b, row, start), otherwise);
      };
      first = choose(firstRow, first);
      last = choose(lastRow, last);
    }
    least[variable.last] = wide(add(first, i32(variable.offset)));
    greatest[variable.last] = wide(add(last, i32(variable.offset)));
  }

  // [low, high) of some row, [allLow, allHigh) of every row.
  Value low, high, allLow, allHigh;
  bool known = true;
  auto take = [&](Value &bound, Value x, bool upper) {
    if (!bound)
      bound = x;
    else if (upper)
      bound = arith::MinSIOp::create(*b, bound, x);
    else
      bound = arith::MaxSIOp::create(*b, bound, x);
  };
  for (VisibleAttr visible : n.bounds) {
    AffineMap map = visible.getWhere().getValue();
    for (AffineExpr result : map.getResults()) {
      std::optional<LinearExpr> linear =
          getLinear(result, numDigits + 1, map.getNumSymbols());
      bool usable = linear && linear->dims[numDigits] != 0;
      for (unsigned s = 0; usable && s != map.getNumSymbols(); ++s)
        usable = linear->symbols[s] == 0 || n.boundIndices[s].type;
      if (!usable) {
        known = false;
        continue;
      }
      Value smallest = i.constant(linear->constant), largest = smallest;
      for (unsigned s = 0; s != map.getNumSymbols(); ++s) {
        if (linear->symbols[s] == 0)
          continue;
        Value term = i.mul(loadIndex(n.boundIndices[s], outer),
                           i.constant(linear->symbols[s]));
        smallest = i.add(smallest, term);
        largest = i.add(largest, term);
      }
      for (unsigned d = 0; d != numDigits; ++d) {
        int64_t factor = linear->dims[d];
        if (factor == 0)
          continue;
        bool rising = factor > 0;
        smallest = i.add(smallest, i.mul(rising ? least[d] : greatest[d],
                                         i.constant(factor)));
        largest = i.add(largest, i.mul(rising ? greatest[d] : least[d],
                                       i.constant(factor)));
      }
      // smallest <= f <= largest over the rows; visible: f + c * key >= 0.
      int64_t c = linear->dims[numDigits];
      if (c < 0) {
        auto end = [&](Value f) {
          return i.add(i.floorDiv(f, i.constant(-c)), i.constant(1));
        };
        take(high, end(largest), true);
        take(allHigh, end(smallest), true);
      } else {
        auto begin = [&](Value f) {
          return i.ceilDiv(i.sub(i.constant(0), f), i.constant(c));
        };
        take(low, begin(largest), false);
        take(allLow, begin(smallest), false);
      }
    }
  }

  // Back to local keys. Tiles stay where they were.
  int64_t tileKeys = op.getPart(number).getTile().getKeys();
  auto local = [&](Value position) {
    return i.toPosition(i.sub(position, wide(item.keyPosition)));
  };
  Value begin = item.keyBegin;
  if (low) {
    Value skipped = arith::SubIOp::create(
        *b, arith::MinSIOp::create(*b, local(low), item.keyEnd), begin);
    skipped = arith::MaxSIOp::create(*b, skipped, i32(0));
    skipped =
        mul(arith::DivUIOp::create(*b, skipped, i32(tileKeys)), i32(tileKeys));
    item.keyBegin = add(begin, skipped);
  }
  if (high)
    item.keyEnd = arith::MinSIOp::create(*b, item.keyEnd, local(high));
  if (!known)
    return;
  Value whole = item.keyEnd;
  if (allHigh)
    whole = arith::MinSIOp::create(*b, whole, local(allHigh));
  whole = arith::SubIOp::create(*b, whole, item.keyBegin);
  whole = arith::MaxSIOp::create(*b, whole, i32(0));
  whole = arith::DivUIOp::create(*b, whole, i32(tileKeys));
  if (allLow) {
    Value early = arith::CmpIOp::create(*b, arith::CmpIPredicate::sle,
                                        local(allLow), item.keyBegin);
    whole = arith::SelectOp::create(*b, early, whole, i32(0));
  }
  item.fullTiles = whole;
}

void PlanWriter::writeItem(unsigned number, Value local) {
  const PartNumbers &n = parts[number];
  const SpacePart &part = rows.parts[number];
  PartAttr attr = op.getPart(number);
  TileAttr tile = attr.getTile();
  Value tileRows = i32(tile.getRows()), place = getPlace(number, local);

  PlanNumber any;
  any.constant = 0; // the first extent is not needed to decode
  SmallVector<Value> at = decode(local, {any, n.splits, n.tiles});
  SmallVector<Value> outer = decode(at[0], n.outer),
                     outerRows = toRows(part.outer, outer);
  Value firstRow, count, groupedRow;
  if (part.grouped) {
    firstRow = getOrder(TileRows, at[2]);
    count = getOrder(TileCounts, at[2]);
    groupedRow =
        getOrder(Rows, arith::DivUIOp::create(*b, firstRow, getRowsPerPlace()));
  } else {
    firstRow = mul(at[2], tileRows);
    count = arith::MinSIOp::create(
        *b, tileRows, arith::SubIOp::create(*b, get(n.rows), firstRow));
  }

  kernels::WorkItemValues item;
  item.kind = i32(variants[number] | (sizes.direct ? HYDRAGEN_ITEM_DIRECT : 0));
  item.rowCount = count;
  if (sizes.parts[number].listed) {
    item.rowList =
        add(get(n.firstListed), add(mul(at[0], get(n.rows)), firstRow));
  } else {
    Value stride =
        n.foldedWeights.empty() ? i32(1) : get(n.foldedWeights.back());
    item.rowStride = stride;
    item.rowBase = add(add(get(n.rowOffset), sum(outerRows, n.outerWeights)),
                       mul(firstRow, stride));
  }

  // Keys.
  Value keys = get(n.keys), zero = i32(0);
  item.keyPosition = get(n.keyOffset);
  if (int64_t split = tile.getSplit()) {
    Value begin = mul(at[1], i32(split));
    if (op.getSchedule().getInvariant())
      begin = arith::SubIOp::create(
          *b, mul(add(at[1], get(n.firstSplit)), i32(split)), get(n.keyOffset));
    Value end = add(begin, i32(split));
    item.keyBegin = arith::MaxSIOp::create(*b, begin, zero);
    item.keyEnd = arith::MinSIOp::create(*b, end, keys);
  } else {
    item.keyBegin = zero;
    item.keyEnd = keys;
  }
  Value keyAt = sumWide(get(n.keys0), outerRows, n.keyStrides),
        valueAt = sumWide(get(n.values0), outerRows, n.valueStrides);
  for (const PartNumbers::Choice &choice : n.choices) {
    Value chosen = arith::MinUIOp::create(
        *b, loadIndex(choice, outerRows, groupedRow), get(choice.last));
    keyAt = add(keyAt, mul(chosen, get(choice.keyStride)));
    valueAt = add(valueAt, mul(chosen, get(choice.valueStride)));
  }
  item.keys = keyAt;
  item.values = valueAt;
  if (attr.getPage()) {
    item.table = sumWide(get(n.table0), outerRows, n.tableStrides);
    // An item without keys reads an entry all the same, and makes nothing of
    // it: where the table has none, the item itself is one.
    if (n.keys.computed || !n.keys.constant || *n.keys.constant == 0) {
      Value bytes = arith::ConstantIntOp::create(
          *b, int64_t(sizeof(hydragen_work_item)), 64);
      Value own =
          add(add(get(workspace), get(itemsAt)), mul(wide(place), bytes));
      item.table =
          arith::SelectOp::create(*b, lessThan(zero, keys), item.table, own);
    }
  }
  if (!n.bounds.empty())
    narrowKeys(number, outerRows, firstRow, item);

  // States and groups.
  if (!sizes.direct) {
    item.stateRow = add(get(n.firstState), mul(local, tileRows));
    Value group = zero;
    for (auto [variable, x] : llvm::zip_equal(part.outer, outer))
      group = add(group,
                  mul(add(x, i32(variable.offset)), getGroupWeight(variable)));
    for (const SpaceVariable &variable :
         ArrayRef(part.folded).take_front(part.numFoldedGroups))
      if (variable.offset != 0)
        group = add(group, mul(i32(variable.offset), getGroupWeight(variable)));
    Value first = getPiece(firstRow),
          last = getPiece(add(add(firstRow, count), i32(-1)));
    item.firstGroup = add(mul(group, get(piecesPerGroup)), first);
    item.numGroups = add(arith::SubIOp::create(*b, last, first), i32(1));
  }
  kernels::storeWorkItem(*b, itemsPointer, place, item);
}

Value PlanWriter::getPiece(Value row) {
  Value perGroup = get(rowsPerGroup);
  Value group = arith::DivUIOp::create(*b, row, perGroup);
  Value within = arith::SubIOp::create(*b, row, mul(group, perGroup));
  Value piece =
      arith::DivUIOp::create(*b, within, i32(AttendSizes::kPieceRows));
  return add(mul(group, get(piecesPerGroup)), piece);
}

void PlanWriter::writePiece(Value number) {
  SmallVector<PlanNumber> extents;
  for (unsigned digit : rows.groupDigits)
    extents.push_back(digitExtents[digit]);
  PlanNumber any;
  any.constant = 0;
  SmallVector<Value> at = decode(number, {any, piecesPerGroup});
  Value pieceRow = mul(at[1], i32(AttendSizes::kPieceRows));
  SmallVector<Value> decoded = decode(at[0], extents);
  SmallVector<Value> digits(rows.digits.size());
  for (auto [digit, x] : llvm::zip_equal(rows.groupDigits, decoded))
    digits[digit] = x;

  kernels::ReductionGroupValues group;
  group.numRows = arith::MinSIOp::create(
      *b, i32(AttendSizes::kPieceRows),
      arith::SubIOp::create(*b, get(rowsPerGroup), pieceRow));
  group.firstEntry = mul(number, get(maxEntries));
  if (sizes.groupsListed) {
    group.rowList = add(
        add(get(firstGroupListed), mul(at[0], get(rowsPerGroup))), pieceRow);
  } else {
    group.rowBase = i32(0);
    for (unsigned digit : rows.groupDigits)
      group.rowBase =
          add(group.rowBase, mul(toRow({digit, digit}, digits[digit]),
                                 get(digitWeights[digit])));
    if (!rows.innerDigits.empty()) {
      group.rowStride = get(digitWeights[rows.innerDigits.back()]);
      group.rowBase = add(group.rowBase, mul(pieceRow, group.rowStride));
    }
  }

  Value numEntries = i32(0), arrivals = i32(0), zero = i32(0), one = i32(1);
  for (unsigned i = 0; i != parts.size(); ++i) {
    const PartNumbers &n = parts[i];
    const SpacePart &part = rows.parts[i];
    Value tileRows = i32(op.getPart(i).getTile().getRows());
    // The group's place in the part; null: all groups have one.
    Value covered;
    auto place = [&](ArrayRef<SpaceVariable> variables,
                     ArrayRef<PlanNumber> varExtents) {
      Value result = zero;
      for (auto [variable, extent] : llvm::zip_equal(variables, varExtents)) {
        Value x = zero;
        int64_t unit = rows.digits[variable.last].stride;
        for (unsigned d = variable.first; d <= variable.last; ++d)
          x = add(x, mul(digits[d], i32(rows.digits[d].stride / unit)));
        if (variable.restricted) {
          x = add(x, i32(-variable.offset));
          Value inside = arith::CmpIOp::create(*b, arith::CmpIPredicate::ult, x,
                                               get(extent));
          covered = covered ? arith::AndIOp::create(*b, covered, inside)
                            : Value(inside);
        }
        result = add(mul(result, get(extent)), x);
      }
      return result;
    };
    Value outer = place(part.outer, n.outer);
    Value folded = place(ArrayRef(part.folded).take_front(part.numFoldedGroups),
                         ArrayRef(n.folded).take_front(part.numFoldedGroups));
    Value firstRow = mul(folded, get(rowsPerGroup)), firstTile = zero;
    if (part.grouped) {
      // Counted from the first tile of the rows' group.
      Value place = arith::DivUIOp::create(*b, firstRow, getRowsPerPlace());
      firstTile = getOrder(FirstTiles, place);
      firstRow = arith::SubIOp::create(
          *b, firstRow, mul(getOrder(Firsts, place), getRowsPerPlace()));
    }
    firstRow = add(firstRow, pieceRow);
    Value lastRow = add(add(firstRow, group.numRows), i32(-1));
    Value tiles = add(
        arith::SubIOp::create(*b, arith::DivUIOp::create(*b, lastRow, tileRows),
                              arith::DivUIOp::create(*b, firstRow, tileRows)),
        one);
    Value splits = get(n.splits);
    if (covered)
      splits = arith::SelectOp::create(*b, covered, splits, zero);
    Value firstEntry = add(group.firstEntry, numEntries);
    auto loop = scf::ForOp::create(*b, zero, splits, one);
    {
      OpBuilder::InsertionGuard guard(*b);
      b->setInsertionPoint(loop.getBody()->getTerminator());
      Value split = loop.getInductionVar();
      Value tile = mul(add(mul(outer, get(n.splits)), split), get(n.tiles));
      tile = add(tile, firstTile);
      Value state = add(add(get(n.firstState), mul(tile, tileRows)), firstRow);
      kernels::storeI32(*b, entriesPointer, add(firstEntry, split), state);
    }
    numEntries = add(numEntries, splits);
    arrivals = add(arrivals, mul(splits, tiles));
  }
  group.numEntries = numEntries;
  group.numArrivals = arrivals;
  kernels::storeReductionGroup(*b, groupsPointer, number, group);
}

void PlanWriter::writeRow(unsigned number, Value local) {
  const PartNumbers &n = parts[number];
  PlanNumber any;
  any.constant = 0;
  SmallVector<Value> at = decode(local, {any, n.rows});
  const SpacePart &part = rows.parts[number];
  SmallVector<Value> outer = toRows(part.outer, decode(at[0], n.outer)),
                     folded = toRows(part.folded, decode(at[1], n.folded));
  Value row = add(get(n.rowOffset), add(sum(outer, n.outerWeights),
                                        sum(folded, n.foldedWeights)));
  kernels::storeI32(*b, listPointer, add(local, get(n.firstListed)), row);
}

void PlanWriter::writeGroupRow(Value local) {
  PlanNumber any;
  any.constant = 0;
  SmallVector<Value> at = decode(local, {any, rowsPerGroup});
  Value row = i32(0);
  auto addDigits = [&](Value number, ArrayRef<unsigned> which) {
    SmallVector<PlanNumber> extents;
    for (unsigned digit : which)
      extents.push_back(digitExtents[digit]);
    for (auto [digit, x] : llvm::zip_equal(which, decode(number, extents)))
      row = add(row, mul(toRow({digit, digit}, x), get(digitWeights[digit])));
  };
  addDigits(at[0], rows.groupDigits);
  addDigits(at[1], rows.innerDigits);
  kernels::storeI32(*b, listPointer, add(local, get(firstGroupListed)), row);
}

gpu::GPUFuncOp PlanWriter::start(gpu::GPUModuleOp module, StringRef name,
                                 ImplicitLocOpBuilder &builder, Value &thread) {
  gpu::GPUFuncOp function = kernels::makePlanKernel(module, name, parameters,
                                                    kThreads, builder, thread);
  b = &builder;
  arguments = function.getArguments();
  Type pointer = LLVM::LLVMPointerType::get(op.getContext(), 1);
  auto at = [&](const PlanNumber &offset) -> Value {
    return LLVM::IntToPtrOp::create(builder, pointer,
                                    add(get(workspace), get(offset)));
  };
  itemsPointer = at(itemsAt);
  groupsPointer = at(groupsAt);
  entriesPointer = at(entriesAt);
  listPointer = at(listAt);
  orderPointer = at(orderAt);
  return function;
}

gpu::GPUFuncOp PlanWriter::write(gpu::GPUModuleOp module, StringRef name) {
  ImplicitLocOpBuilder builder(op.getLoc(), op.getContext());
  Value thread;
  gpu::GPUFuncOp function = start(module, name, builder, thread);
  // The kernel that reads the list waits itself.
  kernels::allowNextKernel(builder);
  readCounts();

  // The header: how much there is to do, and how much of it is taken.
  Value header = LLVM::IntToPtrOp::create(
      builder, LLVM::LLVMPointerType::get(op.getContext(), 1), get(workspace));
  Value zero = i32(0), one = i32(1);
  guarded(thread, zero, one, [&](Value) {
    auto put = [&](unsigned launch, Value count) {
      kernels::storeI32(builder, header, i32(2 * launch), count);
      kernels::storeI32(builder, header, i32(2 * launch + 1), zero);
    };
    if (!op.getSchedule().getSeparate())
      put(0, get(usedItems));
    else
      for (auto [i, part] : llvm::enumerate(parts))
        put(i, get(part.items));
  });
  for (auto [i, part] : llvm::enumerate(parts))
    guarded(thread, get(part.firstItem), get(part.items),
            [&, i = i](Value local) { writeItem(i, local); });
  Value first = get(items);
  if (!sizes.direct)
    guarded(thread, first, get(pieces),
            [&](Value local) { writePiece(local); });
  first = add(first, get(pieces));
  for (auto [i, part] : llvm::enumerate(parts)) {
    if (!sizes.parts[i].listed)
      continue;
    Value count = i32(1);
    for (const PlanNumber &extent : part.outer)
      count = mul(count, get(extent));
    guarded(thread, add(first, get(part.firstListed)),
            mul(count, get(part.rows)),
            [&, i = i](Value local) { writeRow(i, local); });
  }
  if (sizes.groupsListed)
    guarded(thread, add(first, get(firstGroupListed)),
            mul(get(groups), get(rowsPerGroup)),
            [&](Value local) { writeGroupRow(local); });
  return function;
}
