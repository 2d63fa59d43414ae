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
Value StateRow::loadMax() const { return b.load(statistics, b.f32, 4); }
Value StateRow::loadSum() const {
  return b.load(b.offset(statistics, 4), b.f32, 4);
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
          if (written.empty())
            store();
          else
            b.ifThen(written[half], store);
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

/// Folds the states of one group: a warp per row, four columns per lane.
static void emitFoldGroup(const Context &context, Value group, Value thread) {
  KernelBuilder &b = context.b;
  Value lane = b.band(thread, 31), warp = b.shr(thread, 5);
  SmallVector<Value> words = b.loadVector(group, 4, b.i32);
  SmallVector<Value> rest = b.loadVector(b.offset(group, 16), 4, b.i32);
  RowList rows{rest[0], rest[1], rest[2]};
  Value entries =
      b.offset(context.parameter("entries"), b.wide(b.shl(words[0], 2)));
  Value zero = b.zero(), one = b.constant(1), none = b.infinity(true);

  b.loop(warp, rest[3], b.constant(context.config.warps), [&](Value r) {
    auto getState = [&](Value entry) {
      return StateRow(context, b.add(b.loadI32(entries, entry), r));
    };
    Value max =
        b.loop(zero, words[1], one, none, [&](Value e, ValueRange args) {
          return SmallVector<Value>{b.fmax(args[0], getState(e).loadMax())};
        })[0];
    Value logicalRow = context.getLogicalRow(rows, r);
    // Entry after entry, so that the result does not depend on who was last.
    auto emitColumns = [&](Value column, unsigned part) {
      SmallVector<Value> sums = b.loop(
          zero, words[1], one, SmallVector<Value>(5, b.constantF(0)),
          [&](Value e, ValueRange args) {
            StateRow state = getState(e);
            Value weight = emitWeight(b, state.loadMax(), max);
            SmallVector<Value> next = {b.fma(state.loadSum(), weight, args[0])};
            SmallVector<Value> o = state.loadColumns(column, 4);
            for (unsigned i = 0; i < 4; ++i)
              next.push_back(b.fma(o[i], weight, args[1 + i]));
            return next;
          });
      ResultRow result(context, logicalRow, max, sums[0]);
      result.storeColumns(ValueRange(sums).drop_front(), column);
      if (part == 0)
        b.ifThen(b.equal(lane, 0), [&] { result.storeStatistics(); });
    };
    unsigned columns = context.config.getPaddedValueDim();
    for (unsigned first = 0; first < columns; first += 128) {
      Value column = b.add(b.shl(lane, 2), first);
      if (first + 128 <= columns)
        emitColumns(column, first);
      else
        b.ifThen(b.lessThan(column, columns),
                 [&] { emitColumns(column, first); });
    }
  });
}

void mlir::hydragen::kernels::emitFold(const Context &context) {
  KernelBuilder &b = context.b;
  // Read anew: nothing of an item is live across its loop over keys.
  Item item = context.loadItem();
  Value thread = b.threadId();
  Value flags = context.at(context.control.flags);
  // All of the block's states are written before one of its threads says so
  // (release), and read after it has seen the others' (acquire).
  b.barrier();
  b.ifThen(b.lessThan(thread, item.numGroups), [&] {
    Value group = getGroup(context, b.add(item.firstGroup, thread));
    Value arrivals = b.load(b.offset(group, 8), b.i32, 4);
    Value counter = b.offset(group, 12);
    Value before = b.atomicAdd(counter, b.constant(1), /*acquireRelease=*/true);
    Value last = b.compare(LLVM::ICmpPredicate::eq, before, b.sub(arrivals, 1));
    // Ready for the next launch with the same list.
    b.ifThen(last, [&] { b.store(b.zero(), counter, 4); });
    b.store(b.select(last, b.constant(1), b.zero()),
            b.offset(flags, b.shl(thread, 2)), 4);
  });
  b.barrier();
  b.loop(b.zero(), item.numGroups, b.constant(1), [&](Value i) {
    Value flag = b.load(b.offset(flags, b.shl(i, 2)), b.i32, 4);
    b.ifThen(b.notEqual(flag, 0), [&] {
      emitFoldGroup(context, getGroup(context, b.add(item.firstGroup, i)),
                    thread);
    });
  });
}
