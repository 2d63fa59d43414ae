//===- Results.cpp - states, their fold, and the final result ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Results.h"

#include "hydragen/Kernels/WorkItem.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

static constexpr double kLog2E = 1.4426950408889634;

//===----------------------------------------------------------------------===//
// ResultRow
//===----------------------------------------------------------------------===//

/// 2^(x - reference), and 0 for x = -inf whatever the reference.
static Value emitWeight(KernelBuilder &b, Value x, Value reference) {
  Value none =
      b.compareF(LLVM::FCmpPredicate::oeq, reference, b.infinity(true));
  return b.exp2(b.fsub(x, b.select(none, b.constantF(0), reference)));
}

ResultRow::ResultRow(const Context &context, Value logicalRow, Value max,
                     Value sum)
    : context(context), b(context.b), digits(context.getDigits(logicalRow)),
      max(max), sum(sum) {
  const ResultConfig &result = context.config.result;
  output =
      b.offset(context.parameter("output"), context.getRowOffset("o", digits));
  if (result.kind == ResultConfig::State)
    return;

  Value denominator = sum, numerator;
  if (result.numSinks) {
    SmallVector<Value> sinks;
    Value reference = max;
    for (unsigned i = 0; i < result.numSinks; ++i) {
      std::string name = ("sink_" + Twine(i)).str();
      Value logit = b.load(
          b.offset(context.parameter(name), context.getRowOffset(name, digits)),
          b.f32, 4);
      sinks.push_back(b.fmul(logit, b.constantF(kLog2E)));
      reference = b.fmax(reference, sinks.back());
    }
    numerator = emitWeight(b, max, reference);
    denominator = b.fmul(sum, numerator);
    for (Value sink : sinks)
      denominator = b.fadd(denominator, emitWeight(b, sink, reference));
  }
  Value empty =
      b.compareF(LLVM::FCmpPredicate::oeq, denominator, b.constantF(0));
  double rule = result.nanForMaskedRows && !result.numSinks
                    ? std::numeric_limits<double>::quiet_NaN()
                    : 0;
  factor = b.select(empty, b.constantF(rule), b.reciprocal(denominator));
  if (numerator)
    factor = b.fmul(factor, numerator);
  if (result.hasFactor) {
    Value at = b.offset(context.parameter("factor"),
                        context.getRowOffset("factor", digits));
    factor = b.fmul(factor, b.load(at, b.f32, 4));
  }
}

void ResultRow::storeElements(ValueRange values, Value to) const {
  unsigned bytes =
      values.front().getType().getIntOrFloatBitWidth() / 8 * values.size();
  if (bytes <= context.config.result.alignment)
    return b.storeVector(values, to);
  for (auto [i, value] : llvm::enumerate(values))
    b.store(value, b.offset(to, i * bytes / values.size()),
            bytes / values.size());
}

void ResultRow::storeColumns(ValueRange o, Value column) const {
  const ResultConfig &result = context.config.result;
  bool state = result.kind == ResultConfig::State;
  Type type = b.f32;
  if (!state && result.type == ElementType::F16)
    type = b.getF16Type();
  if (!state && result.type == ElementType::BF16)
    type = b.getBF16Type();
  unsigned bytes = type.getIntOrFloatBitWidth() / 8, count = o.size();
  unsigned valueDim = context.config.valueDim;

  auto emit = [&](unsigned first, unsigned number) {
    Value to = b.offset(output, b.wide(b.mul(b.add(column, first), bytes)));
    SmallVector<Value> values;
    for (unsigned i = first; i < first + number; ++i) {
      Value x = o[i];
      if (!state)
        x = b.fmul(x, factor);
      if (result.accumulate && !state)
        x = b.fadd(
            x, b.toF32(b.load(b.offset(to, (i - first) * bytes), type, bytes)));
      values.push_back(x);
    }
    if (type != b.f32 && number % 2 == 0) {
      // Pairs convert in one instruction.
      SmallVector<Value> narrow;
      for (unsigned i = 0; i < number; i += 2) {
        Value pair = b.pack({values[i], values[i + 1]});
        llvm::append_range(narrow,
                           b.unpack(b.fromF32(pair, VectorType::get(2, type))));
      }
      values = narrow;
    } else {
      for (Value &value : values)
        value = b.fromF32(value, type);
    }
    storeElements(values, to);
  };
  if (valueDim % count == 0) {
    if (valueDim == context.config.getPaddedValueDim())
      return emit(0, count);
    return b.ifThen(b.lessThan(column, valueDim), [&] { emit(0, count); });
  }
  for (unsigned i = 0; i < count; ++i)
    b.ifThen(b.lessThan(b.add(column, i), valueDim), [&] { emit(i, 1); });
}

void ResultRow::storeStatistics() const {
  if (context.config.result.kind != ResultConfig::State)
    return;
  b.store(max,
          b.offset(context.parameter("result_m"),
                   context.getRowOffset("m", digits)),
          4);
  b.store(sum,
          b.offset(context.parameter("result_l"),
                   context.getRowOffset("l", digits)),
          4);
}

//===----------------------------------------------------------------------===//
// StateRow
//===----------------------------------------------------------------------===//

StateRow::StateRow(const Context &context, Value row) : b(context.b) {
  int64_t bytes = 4 * context.config.getPaddedValueDim();
  Value wide = b.wide(row);
  o = b.offset(context.parameter("state_o"), b.mul(wide, bytes));
  statistics = b.offset(context.parameter("state_ml"), b.shl(wide, 3));
}
void StateRow::storeColumns(ValueRange values, Value column) const {
  b.storeVector(values, b.offset(o, b.wide(b.shl(column, 2))));
}
SmallVector<Value> StateRow::loadColumns(Value column, unsigned count) const {
  return b.loadVector(b.offset(o, b.wide(b.shl(column, 2))), count, b.f32);
}
void StateRow::storeStatistics(Value max, Value sum) const {
  b.storeVector({max, sum}, statistics);
}
SmallVector<Value> StateRow::loadStatistics() const {
  return b.loadVector(statistics, 2, b.f32);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Value mlir::hydragen::kernels::isDirect(const Context &context,
                                        const Item &item) {
  return context.b.notEqual(context.b.band(item.kind, HYDRAGEN_ITEM_DIRECT), 0);
}

void mlir::hydragen::kernels::emitTileResult(
    const Context &context, const Item &item, const RowStates &states,
    Value lane, Value firstRow, unsigned rowNumbers, ArrayRef<Value> written) {
  KernelBuilder &b = context.b;
  Value column = b.shl(b.band(lane, 3), 1);
  Value isFirst = b.equal(column, 0);
  Value rows[2], sums[2];
  for (unsigned half : {0, 1}) {
    Value sum = states.sum[half];
    sum = b.fadd(sum, b.shuffleXor(sum, 1));
    sums[half] = b.fadd(sum, b.shuffleXor(sum, 2));
    rows[half] = b.add(b.add(firstRow, b.shr(lane, 2)), 8 * half);
  }
  auto columns = [&](unsigned block, unsigned half) {
    return ValueRange(states.output[block]).slice(2 * half, 2);
  };
  b.ifThenElse(
      isDirect(context, item),
      [&] {
        for (unsigned half : {0, 1}) {
          Value inside = b.lessThan(rows[half], item.rowCount);
          if (!written.empty())
            inside = b.band(inside, written[half]);
          b.ifThen(inside, [&] {
            Value number =
                b.load(b.offset(context.at(rowNumbers), b.shl(rows[half], 2)),
                       b.i32, 4);
            ResultRow result(context, number, states.max[half], sums[half]);
            for (unsigned t = 0; t < states.output.size(); ++t)
              result.storeColumns(columns(t, half), b.add(column, 8 * t));
            b.ifThen(isFirst, [&] { result.storeStatistics(); });
          });
        }
      },
      [&] {
        for (unsigned half : {0, 1}) {
          auto store = [&] {
            StateRow state(context, b.add(rows[half], item.stateRow));
            for (unsigned t = 0; t < states.output.size(); ++t)
              state.storeColumns(columns(t, half), b.add(column, 8 * t));
            b.ifThen(isFirst, [&] {
              state.storeStatistics(states.max[half], sums[half]);
            });
          };
          Value inside = b.lessThan(rows[half], item.rowCount);
          if (!written.empty())
            inside = b.band(inside, written[half]);
          b.ifThen(inside, store);
        }
      });
}

std::array<Value, 2>
mlir::hydragen::kernels::findNonFinite(KernelBuilder &b,
                                       const RowStates &states) {
  std::array<Value, 2> bad;
  Value zero = b.constantF(0);
  for (unsigned half : {0, 1}) {
    // 0 as long as all are finite, else NaN.
    Value x = b.fmul(states.sum[half], zero);
    for (const Accumulator &block : states.output)
      for (unsigned i : {0, 1})
        x = b.fma(block[2 * half + i], zero, x);
    x = b.fadd(x, b.shuffleXor(x, 1));
    x = b.fadd(x, b.shuffleXor(x, 2));
    bad[half] = b.compareF(LLVM::FCmpPredicate::uno, x, x);
  }
  return bad;
}

//===----------------------------------------------------------------------===//
// Fold
//===----------------------------------------------------------------------===//

static Value getGroup(const Context &context, Value number) {
  KernelBuilder &b = context.b;
  return b.offset(
      context.parameter("groups"),
      b.mul(b.wide(number), int64_t(sizeof(hydragen_reduction_group))));
}

/// Where the record of an item's group is in shared memory: entries and rows,
/// and the rows' stride; apart, so that threads in a row meet no bank twice.
static std::pair<Value, Value> getRecord(const Context &context, Value number) {
  KernelBuilder &b = context.b;
  return {b.offset(context.at(context.control.groups), b.shl(number, 4)),
          b.offset(context.at(context.control.strides), b.shl(number, 2))};
}

namespace {
/// The fold of the groups that an item completed. Eight lanes compute a row,
/// each some columns, so that a warp has the loads of four rows under way; rows
/// of many small groups keep all warps busy as those of one large group do.
class Fold {
public:
  Fold(const Context &context, const Item &item, Value thread)
      : context(context), b(context.b), item(item), lane(b.band(thread, 31)),
        warp(b.shr(thread, 5)) {}

  void emit();

private:
  static constexpr unsigned kRowsPerWarp = 4;
  /// Entries of a row whose loads are under way together.
  static constexpr unsigned kEntriesAtOnce = 4;
  /// Columns that the eight lanes of a row read at once.
  static constexpr unsigned kChunk = 32;

  /// A group of the item, counted from its first, and a row of the group.
  struct Place {
    Value group, row;
  };
  void countRows();
  Place findRow(Value first);
  void emitRows(Value first);
  Value getColumn(unsigned chunk) const {
    return b.add(b.shl(b.band(lane, 7), 2), kChunk * chunk);
  }

  const Context &context;
  KernelBuilder &b;
  const Item &item;
  Value lane, warp;
  /// The rows of the completed groups up to and with group 32 i + lane; all.
  SmallVector<Value> ends;
  Value total;
};
} // namespace

void Fold::countRows() {
  unsigned most = 0;
  for (const VariantConfig &variant : context.config.variants)
    most = std::max(most, variant.tile.rows);
  total = b.zero();
  for (unsigned first = 0; first < most; first += 32) {
    Value number = b.add(lane, first);
    Value inside = b.lessThan(number, item.numGroups);
    Value at = b.min(number, b.sub(item.numGroups, 1));
    Value rows = b.load(
        b.offset(context.at(context.control.flags), b.shl(at, 2)), b.i32, 4);
    Value sum = b.select(inside, rows, b.zero());
    for (unsigned distance = 1; distance < 32; distance *= 2) {
      Value other = b.shuffleFrom(sum, b.sub(lane, distance));
      sum = b.add(sum, b.select(b.lessThan(lane, distance), b.zero(), other));
    }
    ends.push_back(b.add(sum, total));
    total = b.shuffleFrom(ends.back(), b.constant(31));
  }
}

/// Of the rows [first, first + 4) of all, that of the lane; the last one where
/// there are fewer.
Fold::Place Fold::findRow(Value first) {
  Value own = b.shr(lane, 3), last = b.sub(total, 1);
  Value row = b.min(b.add(first, own), last);
  Value before = b.zero();
  for (unsigned i = 0; i < kRowsPerWarp; ++i) {
    // Groups that end before the row.
    Value number = b.min(b.add(first, i), last), count = b.zero();
    for (Value end : ends)
      count = b.add(count,
                    b.countBits(b.ballot(b.lessThan(end, b.add(number, 1)))));
    before = b.select(b.equal(own, i), count, before);
  }
  Value begin = b.zero(), previous = b.sub(before, 1);
  for (auto [i, end] : llvm::enumerate(ends)) {
    Value value = b.shuffleFrom(end, b.band(previous, 31));
    begin = b.select(b.equal(b.shr(previous, 5), i), value, begin);
  }
  return {before, b.sub(row, begin)};
}

void Fold::emitRows(Value first) {
  Place place = findRow(first);
  // What whoever arrived left of the group.
  auto [list, stride] = getRecord(context, place.group);
  SmallVector<Value> words = b.loadVector(list, 4, b.i32);
  RowList rows{words[2], b.load(stride, b.i32, 4), words[3]};
  Value entries =
      b.offset(context.parameter("entries"), b.wide(b.shl(words[0], 2)));
  Value count = words[1], lastEntry = b.sub(count, 1);
  // As many steps in all lanes.
  Value most = b.max(count, b.shuffleXor(count, 8));
  most = b.max(most, b.shuffleXor(most, 16));
  Value lanePlace = b.band(lane, 7);
  auto getStateRow = [&](Value entry) {
    return b.add(b.loadI32(entries, b.min(entry, lastEntry)), place.row);
  };

  // Lane i of the row has entry first + i of some: its state row and (m, l).
  struct Batch {
    Value first, rows;
    SmallVector<Value> statistics;
    SmallVector<SmallVector<Value>> columns;
  };
  unsigned columns = context.config.getPaddedValueDim();
  unsigned chunks = llvm::divideCeil(columns, kChunk);
  Value firstLane = b.band(lane, 24);
  auto load = [&](Value entry) {
    Batch batch;
    batch.first = entry;
    batch.rows = getStateRow(b.add(entry, lanePlace));
    batch.statistics = StateRow(context, batch.rows).loadStatistics();
    for (unsigned i = 0; i < kEntriesAtOnce; ++i) {
      StateRow state(context, b.shuffleFrom(batch.rows, b.add(firstLane, i)));
      SmallVector<Value> &loaded = batch.columns.emplace_back();
      for (unsigned chunk = 0; chunk < chunks; ++chunk) {
        Value column = getColumn(chunk);
        if (kChunk * (chunk + 1) > columns)
          column = b.min(column, b.constant(columns - 4));
        llvm::append_range(loaded, state.loadColumns(column, 4));
      }
    }
    return batch;
  };
  // The first ones' columns are on their way while the maximum is found.
  Batch start = load(b.zero());
  Value max =
      b.loop(b.constant(8), most, b.constant(8), start.statistics.front(),
             [&](Value entry, ValueRange args) {
               StateRow state(context, getStateRow(b.add(entry, lanePlace)));
               return SmallVector<Value>{
                   b.fmax(args[0], state.loadStatistics().front())};
             })[0];
  for (unsigned distance : {1, 2, 4})
    max = b.fmax(max, b.shuffleXor(max, distance));

  // Entry after entry, so that the result does not depend on who was last.
  auto add = [&](const Batch &batch, ValueRange before) {
    Value ownWeight = emitWeight(b, batch.statistics[0], max);
    SmallVector<Value> sums(before);
    for (unsigned i = 0; i < kEntriesAtOnce; ++i) {
      Value from = b.add(firstLane, i);
      Value weight = b.shuffleFrom(ownWeight, from);
      Value inside = b.lessThan(b.add(batch.first, i), count);
      auto addTo = [&](Value &sum, Value x) {
        sum = b.select(inside, b.fma(x, weight, sum), sum);
      };
      addTo(sums[0], b.shuffleFrom(batch.statistics[1], from));
      for (auto [sum, x] : llvm::zip_equal(MutableArrayRef(sums).drop_front(),
                                           batch.columns[i]))
        addTo(sum, x);
    }
    return sums;
  };
  SmallVector<Value> sums =
      add(start, SmallVector<Value>(1 + 4 * chunks, b.constantF(0)));
  sums = b.loop(
      b.constant(kEntriesAtOnce), most, b.constant(kEntriesAtOnce), sums,
      [&](Value entry, ValueRange args) { return add(load(entry), args); });

  Value logicalRow = context.getLogicalRow(rows, place.row);
  b.ifThen(b.lessThan(b.add(first, b.shr(lane, 3)), total), [&] {
    ResultRow result(context, logicalRow, max, sums[0]);
    for (unsigned chunk = 0; chunk < chunks; ++chunk) {
      Value column = getColumn(chunk);
      auto store = [&] {
        result.storeColumns(ValueRange(sums).slice(1 + 4 * chunk, 4), column);
      };
      if (kChunk * (chunk + 1) <= columns)
        store();
      else
        b.ifThen(b.lessThan(column, columns), store);
    }
    b.ifThen(b.equal(b.band(lane, 7), 0), [&] { result.storeStatistics(); });
  });
}

void Fold::emit() {
  countRows();
  b.loop(b.mul(warp, kRowsPerWarp), total,
         b.constant(kRowsPerWarp * context.config.warps),
         [&](Value first) { emitRows(first); });
}

void mlir::hydragen::kernels::emitFold(const Context &context) {
  KernelBuilder &b = context.b;
  // Read anew: nothing of an item is live across its loop over keys.
  Item item = context.loadItem();
  Value thread = b.threadId();
  Value flags = context.at(context.control.flags);
  // All of the block's states are written before one of its threads says so
  // (release), and read after it has seen the others' (acquire). The item was
  // read by all: the next one may take its place.
  b.barrier();
  context.takeItem(thread);
  b.ifThen(b.lessThan(thread, item.numGroups), [&] {
    Value group = getGroup(context, b.add(item.firstGroup, thread));
    // The record, for those who fold; not its counter, which others change.
    SmallVector<Value> words = b.loadVector(group, 2, b.i32);
    Value arrivals = b.load(b.offset(group, 8), b.i32, 4);
    SmallVector<Value> rest = b.loadVector(b.offset(group, 16), 4, b.i32);
    auto [list, stride] = getRecord(context, thread);
    b.storeVector({words[0], words[1], rest[0], rest[2]}, list);
    b.store(rest[1], stride, 4);
    Value counter = b.offset(group, 12);
    Value before = b.atomicAdd(counter, b.constant(1), /*acquireRelease=*/true);
    Value last = b.compare(LLVM::ICmpPredicate::eq, before, b.sub(arrivals, 1));
    // Ready for the next launch with the same list.
    b.ifThen(last, [&] { b.store(b.zero(), counter, 4); });
    // The rows that are to be folded.
    b.store(b.select(last, rest[3], b.zero()),
            b.offset(flags, b.shl(thread, 2)), 4);
  });
  b.barrier();
  // Warps without rows go on to the next item.
  b.ifThen(b.notEqual(item.numGroups, 0),
           [&] { Fold(context, item, thread).emit(); });
}
