//===- Softmax.cpp - online softmax of a tile of scores ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Softmax.h"

#include <cfloat>

using namespace mlir;
using namespace mlir::hydragen::kernels;

static constexpr double kLog2E = 1.4426950408889634;

//===----------------------------------------------------------------------===//
// RowStates
//===----------------------------------------------------------------------===//

RowStates RowStates::empty(KernelBuilder &b, unsigned blocks) {
  RowStates states;
  Value zero = b.constantF(0), negative = b.infinity(/*negative=*/true);
  for (unsigned half : {0, 1}) {
    states.max[half] = negative;
    states.sum[half] = zero;
  }
  states.output.assign(blocks, Accumulator(4, zero));
  return states;
}

RowStates RowStates::read(ValueRange values, unsigned blocks) {
  RowStates states;
  for (unsigned i = 0; i < blocks; ++i)
    states.output.push_back(Accumulator(values.slice(4 * i, 4)));
  for (unsigned half : {0, 1}) {
    states.max[half] = values[4 * blocks + half];
    states.sum[half] = values[4 * blocks + 2 + half];
  }
  return states;
}

void RowStates::append(SmallVectorImpl<Value> &values) const {
  for (const Accumulator &block : output)
    llvm::append_range(values, block);
  values.append({max[0], max[1], sum[0], sum[1]});
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

Softmax::Softmax(const Context &context, unsigned variant, const Item &item,
                 Value keyEnd)
    : context(context), b(context.b),
      modifier(context.config.variants[variant].modifier.get()), item(item),
      keyEnd(keyEnd), scale(context.parameter("scale")),
      scaleLog2(context.parameter("scale_log2")) {
  if (modifier)
    for (const KernelParameter &parameter : modifier->getParameters())
      parameters.push_back(
          context.parameter("v" + Twine(variant) + "_" + parameter.name));
}

bool Softmax::isElementwise() const {
  return modifier && modifier->hasElementwise();
}

void Softmax::emitBounds(Value logicalRow, unsigned half,
                         RowScores &rows) const {
  Value low = item.keyBegin, high = keyEnd;
  if (modifier && modifier->hasBounds()) {
    Value position = item.keyPosition;
    auto [first, last] =
        modifier->emitBounds(b, parameters, context.getDigits(logicalRow),
                             b.add(low, position), b.add(high, position));
    low = b.sub(first, position);
    high = b.sub(last, position);
  }
  rows.low[half] = low;
  rows.width[half] = b.max(b.sub(high, low), 0);
}

void Softmax::emitRowValues(Value logicalRow, unsigned half,
                            RowScores &rows) const {
  if (isElementwise())
    rows.values[half] =
        modifier->emitRow(b, parameters, context.getDigits(logicalRow));
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

Value Softmax::scaleScore(Value product, unsigned half, const RowScores &rows,
                          Value key, bool masked) const {
  Value lowest = b.constantF(-FLT_MAX);
  if (!isElementwise()) {
    Value score = b.fmul(product, scaleLog2);
    // Loops with and without masks must give the same bits: saturation changes
    // nothing where it is left out.
    bool finite = context.config.scaleKeepsFinite ||
                  context.config.elementType == ElementType::F16;
    return finite ? score : b.fmaxNaN(score, lowest);
  }
  Value score = b.fmul(product, scale);
  // Keys past the end have no position: their scores are dropped below.
  if (masked)
    key = b.min(key, b.sub(keyEnd, 1));
  score = modifier->emitScore(b, parameters, rows.values[half], score,
                              b.add(key, item.keyPosition));
  // A finite score stays finite in other units; -inf hides the key.
  Value hidden = b.compareF(LLVM::FCmpPredicate::oeq, score, b.infinity(true));
  Value scaled = b.fmaxNaN(b.fmul(score, b.constantF(kLog2E)), lowest);
  return b.select(hidden, b.infinity(true), scaled);
}

SmallVector<Accumulator> Softmax::update(ArrayRef<Accumulator> products,
                                         RowStates &states, Value factors[2],
                                         bool masked, const RowScores &rows,
                                         Value lane, Value firstKey) const {
  bool fast = context.config.exponentForm == ExponentForm::Fast && !masked &&
              !isElementwise();
  // A row may see no key so far: its maximum is -inf then.
  bool guarded = masked || isElementwise();
  SmallVector<Accumulator> scores(products.size(), Accumulator(4));
  Value key = b.add(firstKey, b.shl(b.band(lane, 3), 1));
  for (unsigned half : {0, 1}) {
    Value distance;
    if (masked)
      distance = b.sub(key, rows.low[half]);
    for (unsigned t = 0; t < products.size(); ++t) {
      for (unsigned i : {0, 1}) {
        unsigned element = 2 * half + i;
        Value score = products[t][element];
        if (!fast)
          score = scaleScore(score, half, rows, b.add(key, 8 * t + i), masked);
        if (masked) {
          Value visible =
              b.compare(LLVM::ICmpPredicate::ult, b.add(distance, 8 * t + i),
                        rows.width[half]);
          score = b.select(visible, score, b.infinity(true));
        }
        scores[t][element] = score;
      }
    }
  }

  Value subtract[2];
  for (unsigned half : {0, 1}) {
    SmallVector<Value> list;
    for (const Accumulator &block : scores)
      list.append({block[2 * half], block[2 * half + 1]});
    while (list.size() > 1) {
      for (unsigned i = 0; i < list.size() / 2; ++i)
        list[i] = b.fmax(list[2 * i], list[2 * i + 1]);
      list.resize(list.size() / 2);
    }
    Value max = list.front();
    max = b.fmax(max, b.shuffleXor(max, 1));
    max = b.fmax(max, b.shuffleXor(max, 2));
    if (fast)
      max = b.fmul(max, scaleLog2);
    max = b.fmax(states.max[half], max);
    Value used = max;
    if (guarded) {
      Value none = b.compareF(LLVM::FCmpPredicate::oeq, max, b.infinity(true));
      used = b.select(none, b.constantF(0), max);
    }
    subtract[half] = b.fneg(used);
    factors[half] = b.exp2(b.fadd(states.max[half], subtract[half]));
    states.max[half] = max;
  }

  SmallVector<Accumulator> weights(scores.size(), Accumulator(4));
  Value sums[2];
  for (unsigned t = 0; t < scores.size(); ++t) {
    for (unsigned element = 0; element < 4; ++element) {
      unsigned half = element / 2;
      Value exponent =
          fast ? b.fma(scores[t][element], scaleLog2, subtract[half])
               : b.fadd(scores[t][element], subtract[half]);
      Value weight = b.exp2(exponent);
      weights[t][element] = weight;
      sums[half] = sums[half] ? b.fadd(sums[half], weight) : weight;
    }
  }
  for (unsigned half : {0, 1})
    states.sum[half] = b.fma(states.sum[half], factors[half], sums[half]);
  return weights;
}
