//===- Tiles.cpp - tiles of rows in shared memory ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tiles.h"

#include <numeric>

using namespace mlir;
using namespace mlir::hydragen::kernels;

//===----------------------------------------------------------------------===//
// TileRow
//===----------------------------------------------------------------------===//

TileRow::TileRow(unsigned elements, unsigned elementBytes, Access access)
    : validBytes(elements * elementBytes),
      bytes((elements + 15) / 16 * 16 * elementBytes), pitch(bytes),
      access(access) {
  // An odd number of chunks from a row to the next spreads pairs of rows by
  // itself where a permutation's window is too small.
  if (access == RowPairs && chunks() % 4 != 0)
    pitch += 16;
}

unsigned TileRow::window() const {
  return pitch == bytes ? std::gcd(chunks(), 8u) : 1;
}

Value TileRow::swizzle(KernelBuilder &b, Value row) const {
  // Eight rows are one phase of a read of matrices. Rows that are a multiple of
  // 128 bytes need eight places for a chunk, others are spread by their pitch
  // already and need fewer.
  unsigned w = window();
  if (w == 1)
    return b.zero();
  if (access == RowPairs) {
    Value pair = b.band(b.shr(row, 1), 3);
    return w == 8 ? b.shl(pair, 1) : pair;
  }
  return b.band(b.shr(row, w == 8 ? 0 : w == 4 ? 1 : 2), w - 1);
}

Value Pitch::times(KernelBuilder &b, Value count) const {
  if (value)
    return b.mul(b.wide(count), value);
  return b.mul(b.wide(count), known);
}
Value Pitch::times(KernelBuilder &b, int64_t count) const {
  if (value)
    return b.mul(value, count);
  return b.constant(known * count, b.i64);
}

//===----------------------------------------------------------------------===//
// TileCopy
//===----------------------------------------------------------------------===//

TileCopy::TileCopy(KernelBuilder &b, const TileRow &row, Value thread,
                   unsigned threads, unsigned alignment)
    : b(b), row(row), thread(thread), threads(threads), alignment(alignment) {
  unsigned chunks = row.chunks();
  columnPeriod = 1;
  while (threads * columnPeriod % chunks)
    ++columnPeriod;
  slotPeriod = columnPeriod;
  while (threads * slotPeriod % chunks || threads * slotPeriod / chunks % 8)
    ++slotPeriod;
  for (unsigned i = 0; i < slotPeriod; ++i) {
    Value index = b.add(thread, threads * i);
    Value r = b.div(index, chunks);
    Value chunk = b.rem(index, chunks);
    Value place = b.bxor(chunk, row.swizzle(b, r));
    slotOffsets.push_back(b.add(b.mul(r, row.pitch), b.shl(place, 4)));
    if (i >= columnPeriod)
      continue;
    rows.push_back(r);
    columns.push_back(b.shl(chunk, 4));
    if (row.isPadded()) {
      Value left = b.sub(row.validBytes, columns.back());
      columnBytes.push_back(b.max(b.min(left, b.constant(16)), 0));
    }
  }
}

SmallVector<Value> TileCopy::getOffsets(const Pitch &pitch) const {
  SmallVector<Value> offsets;
  for (auto [r, column] : llvm::zip_equal(rows, columns)) {
    if (pitch.value || pitch.known > (1 << 20))
      offsets.push_back(b.add(pitch.times(b, r), b.wide(column)));
    else
      offsets.push_back(b.wide(b.add(b.mul(r, pitch.known), column)));
  }
  return offsets;
}

unsigned TileCopy::getCount(unsigned numRows) const {
  return llvm::divideCeil(numRows * row.chunks(), threads);
}

Value TileCopy::getRow(unsigned i) const {
  return b.add(rows[i % columnPeriod], i / columnPeriod * getStep());
}

SmallVector<Value> TileCopy::getSlots(Value tile) const {
  SmallVector<Value> slots;
  for (Value slotOffset : slotOffsets)
    slots.push_back(b.offset(tile, slotOffset));
  return slots;
}

Value TileCopy::getTarget(ArrayRef<Value> slots, unsigned i) const {
  unsigned repeatRows = threads * slotPeriod / row.chunks();
  return b.offset(slots[i % slotPeriod],
                  int64_t(i / slotPeriod) * repeatRows * row.pitch);
}

void TileCopy::emitPieces(Value to, Value from, Value valid) const {
  if (alignment >= 16)
    return b.copyAsync(to, from, 16, valid);
  for (unsigned at = 0; at < 16; at += alignment) {
    Value target = b.offset(to, at), source = b.offset(from, at);
    if (alignment >= 4) {
      Value bytes;
      if (valid) {
        Value left = b.min(b.sub(valid, at), b.constant(alignment));
        bytes = b.max(left, 0);
      }
      b.copyAsync(target, source, alignment, bytes);
      continue;
    }
    // Below 4 bytes there is no asynchronous copy. The store is ordered by the
    // same barriers.
    Type i16 = b.getI16Type();
    Value element;
    if (valid) {
      element = b.ifThenElse(
          b.lessThan(b.constant(at), valid), i16,
          [&] { return SmallVector<Value>{b.load(source, i16, 2)}; },
          [&] { return SmallVector<Value>{b.constant(0, i16)}; })[0];
    } else {
      element = b.load(source, i16, 2);
    }
    b.store(element, target, 2);
  }
}

void TileCopy::emitChunk(unsigned i, unsigned numRows, Value to, Value from,
                         Value limit) const {
  auto emit = [&] {
    Value valid;
    if (!columnBytes.empty())
      valid = columnBytes[i % columnPeriod];
    if (limit)
      valid = b.select(b.lessThan(getRow(i), limit),
                       valid ? valid : b.constant(16), b.zero());
    emitPieces(to, from, valid);
  };
  unsigned total = numRows * row.chunks();
  if (threads * (i + 1) <= total)
    return emit();
  b.ifThen(b.lessThan(thread, total - threads * i), emit);
}

void TileCopy::copy(Value tile, Value base, ArrayRef<Value> offsets,
                    const Pitch &pitch, unsigned numRows, Value limit) const {
  SmallVector<Value> sources, slots = getSlots(tile);
  for (Value offset : offsets)
    sources.push_back(b.offset(base, offset));
  for (unsigned i = 0; i < getCount(numRows); ++i) {
    unsigned k = i % columnPeriod, repeat = i / columnPeriod;
    Value source = sources[k];
    if (pitch.value) {
      if (repeat > 0)
        source = sources[k] =
            b.offset(source, pitch.times(b, int64_t(getStep())));
    } else {
      source = b.offset(source, int64_t(repeat) * getStep() * pitch.known);
    }
    emitChunk(i, numRows, getTarget(slots, i), source, limit);
  }
}

bool TileCopy::canCopyGroups() const {
  return columnPeriod == 1 && 16 % getStep() == 0;
}

void TileCopy::copyGroups(Value tile, ArrayRef<Value> bases,
                          ArrayRef<Value> offsets, const Pitch &pitch,
                          unsigned numRows, Value limit) const {
  SmallVector<Value> sources, slots = getSlots(tile);
  for (Value base : bases)
    sources.push_back(b.offset(base, offsets[0]));
  for (unsigned i = 0; i < getCount(numRows); ++i) {
    unsigned r = i * getStep();
    Value source = sources[r / 16];
    if (r % 16)
      source = b.offset(source, pitch.times(b, int64_t(r % 16)));
    emitChunk(i, numRows, getTarget(slots, i), source, limit);
  }
}

void TileCopy::copyRows(Value tile, function_ref<Value(Value row)> address,
                        unsigned numRows, Value limit) const {
  SmallVector<Value> slots = getSlots(tile);
  for (unsigned i = 0; i < getCount(numRows); ++i) {
    // The address of a row that no thread copies is not computed: it may not
    // exist.
    auto emit = [&] {
      Value source =
          b.offset(address(getRow(i)), b.wide(columns[i % columnPeriod]));
      emitChunk(i, numRows, getTarget(slots, i), source, limit);
    };
    unsigned total = numRows * row.chunks();
    if (threads * (i + 1) <= total)
      emit();
    else
      b.ifThen(b.lessThan(thread, total - threads * i), emit);
  }
}

//===----------------------------------------------------------------------===//
// ElementCopy
//===----------------------------------------------------------------------===//

void ElementCopy::copyRows(Value tile, function_ref<Value(Value row)> address,
                           unsigned numRows, Value limit) const {
  unsigned perChunk = 16 / elementBytes;
  Type type = b.getIntegerType(8 * elementBytes);
  SmallVector<Type> types(perChunk, type);
  int64_t lastColumn = row.validBytes / elementBytes - 1;
  auto emitChunk = [&](Value index) {
    Value r = b.rem(index, numRows), chunk = b.div(index, numRows);
    auto load = [&]() {
      Value from = address(r);
      SmallVector<Value> elements;
      for (unsigned i = 0; i < perChunk; ++i) {
        Value column = b.add(b.mul(chunk, perChunk), i), valid;
        // Columns of the padding are 0; what is read for them exists.
        if (row.isPadded()) {
          valid = b.lessThan(column, lastColumn + 1);
          column = b.min(column, b.constant(lastColumn));
        }
        Value element =
            b.load(b.offset(from, b.mul(b.wide(column), columnPitch)), type,
                   elementBytes);
        if (valid)
          element = b.select(valid, element, b.constant(0, type));
        elements.push_back(element);
      }
      return elements;
    };
    SmallVector<Value> elements;
    if (limit)
      elements = b.ifThenElse(b.lessThan(r, limit), types, load, [&] {
        return SmallVector<Value>(perChunk, b.constant(0, type));
      });
    else
      elements = load();
    Value place = b.bxor(chunk, row.swizzle(b, r));
    b.storeVector(elements,
                  b.offset(tile, b.add(b.mul(r, row.pitch), b.shl(place, 4))));
  };
  // A loop, not copies of its body: little code, as this is for correctness.
  unsigned total = numRows * row.chunks();
  b.loop(thread, b.constant(total), b.constant(threads), emitChunk);
}

//===----------------------------------------------------------------------===//
// TileReader
//===----------------------------------------------------------------------===//

TileReader::TileReader(KernelBuilder &b, const TileRow &row, Value lane,
                       Order order, Value firstRow)
    : b(b), row(row) {
  Value low = b.band(lane, 7);
  Value bit3 = b.band(b.shr(lane, 3), 1), bit4 = b.shr(lane, 4);
  Value half = order == RowsFirst ? bit3 : bit4;
  Value chunk = order == RowsFirst ? bit4 : bit3;
  Value r = b.add(low, b.shl(half, 3));
  if (firstRow)
    r = b.add(r, firstRow);
  Value base = b.mul(r, row.pitch), swizzle = row.swizzle(b, low);
  for (unsigned step = 0; step < row.period(); ++step)
    offsets.push_back(
        b.add(base, b.shl(b.bxor(b.add(chunk, 2 * step), swizzle), 4)));
}

TileReader TileReader::makeRowPairs(KernelBuilder &b, const TileRow &row,
                                    Value lane) {
  TileReader reader(b, row);
  Value pair = b.band(lane, 3), column = b.shr(lane, 2);
  Value r = b.shl(pair, 1), swizzle = row.swizzle(b, r);
  if (row.window() == 4) {
    // Four chunks more are in other banks: so are the odd rows, which odd pairs
    // therefore read while even ones read their even rows.
    Value odd = b.band(pair, 1);
    reader.oddFirst = b.notEqual(odd, 0);
    reader.toOtherRow = b.mul(b.sub(b.constant(1), b.shl(odd, 1)), row.pitch);
    r = b.add(r, odd);
  }
  for (unsigned step = 0; step < row.period(); ++step) {
    Value chunk =
        b.bxor(b.add(b.shr(column, 2), b.constant(2 * step)), swizzle);
    reader.offsets.push_back(b.add(b.add(b.mul(r, row.pitch), b.shl(chunk, 4)),
                                   b.shl(b.band(column, 3), 2)));
  }
  return reader;
}

std::pair<Value, Value> TileReader::loadRowPair(Value address) const {
  Value first = b.load(address, b.i32, 4);
  if (!oddFirst)
    return {first, b.load(b.offset(address, row.pitch), b.i32, 4)};
  Value second = b.load(b.offset(address, toOtherRow), b.i32, 4);
  return {b.select(oddFirst, second, first), b.select(oddFirst, first, second)};
}

SmallVector<Value> TileReader::locate(Value tile, bool few) const {
  SmallVector<Value> pointers;
  if (few) {
    // Steps differ in bits of the chunk number that nothing else touches.
    Value first = b.opaque(b.offset(tile, offsets[0]));
    for (unsigned step = 0; step < row.period(); ++step)
      pointers.push_back(b.pointerXor(first, step << 5));
    return pointers;
  }
  for (Value offset : offsets)
    pointers.push_back(b.offset(tile, offset));
  return pointers;
}

Value TileReader::address(ArrayRef<Value> pointers, unsigned step,
                          unsigned rowBlock) const {
  unsigned period = row.period();
  unsigned rowsPerBlock = row.access == TileRow::RowPairs ? 8 : 16;
  return b.offset(pointers[step % period],
                  int64_t(step / period) * period * 32 +
                      int64_t(rowBlock) * rowsPerBlock * row.pitch);
}

SmallVector<Value> TileReader::shift(KernelBuilder &b, ArrayRef<Value> pointers,
                                     Value bytes) {
  SmallVector<Value> shifted(pointers);
  if (bytes)
    for (Value &pointer : shifted)
      pointer = b.offset(pointer, bytes);
  return shifted;
}
