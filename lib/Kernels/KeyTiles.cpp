//===- KeyTiles.cpp - where an item's keys and values are -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyTiles.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

KeyTiles::KeyTiles(const Context &context, unsigned variantNumber,
                   const VariantLayout &layout, const Item &item, Value keyEnd,
                   Value thread, unsigned threads, unsigned rowsPerCopy)
    : b(context.b), variant(context.config.variants[variantNumber]),
      rowsPerCopy(rowsPerCopy), keyEnd(keyEnd) {
  const KeySource &source = variant.source;
  copies.emplace_back(b, layout.keyRow, thread, threads, source.alignment);
  copies.emplace_back(b, layout.valueRow, thread, threads, source.alignment);

  auto getPitch = [&](int64_t known, StringRef name) {
    Pitch pitch{known, Value()};
    if (!known)
      pitch.value = context.parameter("v" + Twine(variantNumber) + "_" + name);
    return pitch;
  };
  pitches[Keys] = getPitch(source.keyPitch, "key_pitch");
  pitches[Values] = getPitch(source.valuePitch, "value_pitch");
  bases[Keys] = b.offset(context.parameter("key_base"), item.keys);
  bases[Values] = b.offset(context.parameter("value_base"), item.values);
  if (source.paged) {
    table = b.offset(context.parameter("table_base"), item.table);
    lastPage = context.parameter("v" + Twine(variantNumber) + "_last_page");
    pages[Keys] = getPitch(source.keyPageStride, "key_page");
    pages[Values] = getPitch(source.valuePageStride, "value_page");
  }

  bool groups = rowsPerCopy == 16 || (copies[Keys].canCopyGroups() &&
                                      copies[Values].canCopyGroups());
  if (!source.paged)
    kind = Strided;
  else if (source.keyColumns || source.valueColumns)
    kind = Scattered;
  else if (source.pageSize % variant.tile.keys == 0)
    kind = TilePages;
  else if (source.pageSize % 16 == 0 && groups)
    kind = GroupPages;
  else
    kind = Scattered;

  auto setColumns = [&](Which which, const TileRow &row, StringRef name) {
    elementCopies[which].emplace(
        b, row, getBytes(context.config.elementType), thread, threads,
        context.parameter("v" + Twine(variantNumber) + "_" + name));
  };
  if (source.keyColumns)
    setColumns(Keys, layout.keyRow, "key_column");
  if (source.valueColumns)
    setColumns(Values, layout.valueRow, "value_column");

  for (unsigned which : {Keys, Values}) {
    offsets[which] = copies[which].getOffsets(pitches[which]);
    // Equal pitches give equal offsets; LLVM shares the code.
  }
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

unsigned KeyTiles::getNumEntries() const {
  return kind == TilePages ? 1 : variant.tile.keys / 16;
}

Value KeyTiles::loadEntry(Value page) const {
  Value entry;
  if (variant.source.wideTable) {
    Value at = b.offset(table, b.wide(b.shl(page, 3)));
    entry = b.narrow(b.load(at, b.i64, 8));
  } else {
    entry = b.loadI32(table, page);
  }
  // Tables are often filled up with -1 behind a sequence's length, and tiles
  // reach beyond it.
  return LLVM::UMinOp::create(b, entry, lastPage);
}

Value KeyTiles::clampKey(Value key) const {
  return b.max(b.min(key, b.sub(keyEnd, 1)), 0);
}

Value KeyTiles::getAddress(Which which, Value entry, Value key) const {
  Value address = b.offset(bases[which], pages[which].times(b, entry));
  if (kind == GroupPages && variant.source.pageSize == 16)
    return address;
  Value within = b.rem(key, variant.source.pageSize);
  return b.offset(address, pitches[which].times(b, within));
}

Value KeyTiles::lookUp(Which which, Value key) const {
  Value at = clampKey(key);
  return getAddress(which, loadEntry(b.div(at, variant.source.pageSize)), at);
}

SmallVector<Value> KeyTiles::locate(Value key) const {
  SmallVector<Value> location;
  switch (kind) {
  case Strided:
    for (unsigned which : {Keys, Values})
      location.push_back(b.offset(bases[which], pitches[which].times(b, key)));
    break;
  case TilePages:
  case GroupPages:
    for (unsigned i = 0; i < getNumEntries(); ++i) {
      Value first = clampKey(b.add(key, 16 * i));
      location.push_back(loadEntry(b.div(first, variant.source.pageSize)));
    }
    break;
  case Scattered:
    break;
  }
  return location;
}

SmallVector<Value> KeyTiles::advance(ValueRange location, int64_t distance,
                                     Value key) const {
  if (kind != Strided)
    return locate(key);
  SmallVector<Value> next;
  for (unsigned which : {Keys, Values})
    next.push_back(
        b.offset(location[which], pitches[which].times(b, distance)));
  return next;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void KeyTiles::copy(Which which, Value to, ValueRange location, Value key,
                    unsigned first, Value left) const {
  if (elementCopies[which])
    return copyElements(which, to, location, key, first, left);
  const TileCopy &copy = copies[which];
  const Pitch &pitch = pitches[which];
  switch (kind) {
  case Strided: {
    Value base = b.offset(location[which], pitch.times(b, int64_t(first)));
    return copy.copy(to, base, offsets[which], pitch, rowsPerCopy, left);
  }
  case TilePages: {
    Value base = getAddress(which, location[0], b.add(key, first));
    return copy.copy(to, base, offsets[which], pitch, rowsPerCopy, left);
  }
  case GroupPages: {
    if (rowsPerCopy == 16) {
      Value base = getAddress(which, location[first / 16], b.add(key, first));
      return copy.copy(to, base, offsets[which], pitch, 16, left);
    }
    SmallVector<Value> groups;
    for (unsigned row = 0; row < rowsPerCopy; row += 16)
      groups.push_back(getAddress(which, location[(first + row) / 16],
                                  b.add(key, first + row)));
    return copy.copyGroups(to, groups, offsets[which], pitch, rowsPerCopy,
                           left);
  }
  case Scattered:
    return copy.copyRows(
        to,
        [&](Value row) { return lookUp(which, b.add(b.add(key, first), row)); },
        rowsPerCopy, left);
  }
}

void KeyTiles::copyElements(Which which, Value to, ValueRange location,
                            Value key, unsigned first, Value left) const {
  auto address = [&](Value row) -> Value {
    if (kind == Scattered)
      return lookUp(which, b.add(b.add(key, first), row));
    return b.offset(location[which],
                    pitches[which].times(b, b.add(row, first)));
  };
  elementCopies[which]->copyRows(to, address, rowsPerCopy, left);
}
