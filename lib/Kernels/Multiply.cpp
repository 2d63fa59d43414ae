//===- Multiply.cpp - tensor-core products of fragments ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layouts of operands: PTX ISA, "Matrix Fragments for mma.m16n8k16" and
// "... mma.m16n8k8", ldmatrix.
//===----------------------------------------------------------------------===//

#include "Multiply.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

Multiplier::Multiplier(const Context &context, const VariantLayout &layout)
    : context(context), b(context.b), layout(layout),
      isF32(context.config.elementType == ElementType::F32),
      isSplit(isF32 && context.config.float32Form == Float32Form::ThreeTF32),
      isExact(isF32 && context.config.float32Form == Float32Form::Exact) {}

//===----------------------------------------------------------------------===//
// Readers
//===----------------------------------------------------------------------===//

TileReader Multiplier::makeQueryReader(Value lane, Value firstRow) const {
  return TileReader(b, layout.keyRow, lane, TileReader::RowsFirst, firstRow);
}
TileReader Multiplier::makeKeyReader(Value lane) const {
  return TileReader(b, layout.keyRow, lane, TileReader::ChunksFirst);
}
TileReader Multiplier::makeValueReader(Value lane) const {
  if (isF32)
    return TileReader::makeRowPairs(b, layout.valueRow, lane);
  return TileReader(b, layout.valueRow, lane, TileReader::RowsFirst);
}

SmallVector<Value> Multiplier::loadMatrices(Value address,
                                            bool transposed) const {
  MLIRContext *context = b.getContext();
  Type result =
      LLVM::LLVMStructType::getLiteral(context, SmallVector<Type>(4, b.i32));
  Value matrices = NVVM::LdMatrixOp::create(
      b, result, address, 4,
      transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(context, 8, 8),
      NVVM::LdStMatrixEltType::B16);
  SmallVector<Value> registers;
  for (int64_t i = 0; i < 4; ++i)
    registers.push_back(LLVM::ExtractValueOp::create(b, matrices, i));
  return registers;
}

Fragment Multiplier::split(ArrayRef<Value> bits, bool isA) const {
  Fragment fragment;
  for (Value x : bits) {
    if (isExact) {
      fragment.parts[0].push_back(x);
      continue;
    }
    if (!isSplit) {
      // Tensor cores drop the low 13 bits; rounding first halves the error and
      // keeps it free of bias. (cvt.rna, several instructions: the integer form
      // below would make a zero of a NaN.)
      fragment.parts[0].push_back(b.roundToTF32(b.bitcast(x, b.f32)));
      continue;
    }
    if (careful) {
      // Truncated, so that the largest numbers do not become infinite. A row of
      // A with an infinity is NaN (queries) or does not occur (weights).
      Value high = b.band(x, int32_t(0xffffe000));
      Value number = b.bitcast(x, b.f32);
      Value low = b.bits(b.fsub(number, b.bitcast(high, b.f32)));
      if (!isA) {
        Value finite = b.compare(LLVM::ICmpPredicate::ult,
                                 b.band(x, 0x7fffffff), b.constant(0x7f800000));
        fragment.parts[2].push_back(b.select(finite, high, b.zero()));
        low = b.select(finite, low, b.zero());
        // An infinity, or a NaN with a bit that TF32 has.
        high = b.select(finite, high, b.bits(b.fadd(number, number)));
      }
      fragment.parts[0].push_back(high);
      fragment.parts[1].push_back(low);
      continue;
    }
    // x = high + low with high rounded half away from zero: low has a random
    // sign, so what is dropped of it (2^-21 of x at most), and low * low, have
    // no bias. low = x - high is exact, and NaN for a NaN.
    Value high = b.band(b.add(x, 0x1000), int32_t(0xffffe000));
    Value low = b.fsub(b.bitcast(x, b.f32), b.bitcast(high, b.f32));
    fragment.parts[0].push_back(high);
    fragment.parts[1].push_back(b.bits(low));
  }
  return fragment;
}

Fragment Multiplier::loadQueries(const TileReader &reader,
                                 ArrayRef<Value> pointers, unsigned step,
                                 unsigned rowBlock) const {
  SmallVector<Value> registers =
      loadMatrices(reader.address(pointers, step, rowBlock), false);
  if (isF32)
    return split(registers, /*isA=*/true);
  Fragment fragment;
  fragment.parts[0].assign(registers.begin(), registers.end());
  return fragment;
}

std::pair<Fragment, Fragment> Multiplier::loadKeys(const TileReader &reader,
                                                   ArrayRef<Value> pointers,
                                                   unsigned step,
                                                   unsigned keyBlock) const {
  SmallVector<Value> r =
      loadMatrices(reader.address(pointers, step, keyBlock), false);
  if (isF32)
    return {split({r[0], r[1]}), split({r[2], r[3]})};
  std::pair<Fragment, Fragment> result;
  result.first.parts[0] = {r[0], r[1]};
  result.second.parts[0] = {r[2], r[3]};
  return result;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void Multiplier::mma(ArrayRef<Value> a, ArrayRef<Value> bOperand,
                     Accumulator &block) const {
  MLIRContext *context = b.getContext();
  SmallVector<Value> left(a), right(bOperand);
  SmallVector<int64_t> shape = {16, 8, 16};
  std::optional<std::array<NVVM::MMATypes, 2>> types;
  switch (this->context.config.elementType) {
  case ElementType::F16: {
    Type pair = VectorType::get(2, b.getF16Type());
    for (Value &x : left)
      x = b.bitcast(x, pair);
    for (Value &x : right)
      x = b.bitcast(x, pair);
    break;
  }
  case ElementType::BF16:
    types = {NVVM::MMATypes::bf16, NVVM::MMATypes::bf16};
    break;
  case ElementType::F32:
    types = {NVVM::MMATypes::tf32, NVVM::MMATypes::tf32};
    shape[2] = 8;
    break;
  }
  Type result =
      LLVM::LLVMStructType::getLiteral(context, SmallVector<Type>(4, b.f32));
  Value product =
      NVVM::MmaOp::create(b, b.getLoc(), result, left, right, block, shape,
                          std::nullopt, std::nullopt, types,
                          std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                                         NVVM::MMALayout::col});
  for (int64_t i = 0; i < 4; ++i)
    block[i] = LLVM::ExtractValueOp::create(b, product, i);
}

void Multiplier::multiplyExactly(ArrayRef<Value> a, ArrayRef<Value> bOperand,
                                 Accumulator &block) const {
  Value column = b.band(lane, 3), row = b.sub(lane, column);
  for (unsigned k = 0; k < 8; ++k) {
    // Column k of A is with lane k mod 4 of the row's four, row k of B with
    // lane k mod 4 of the column's four.
    unsigned place = k % 4, half = k / 4;
    Value left[2], right[2];
    for (unsigned i : {0, 1}) {
      Value fromA = b.add(row, place);
      Value fromB = b.add(b.shl(column, 3), 4 * i + place);
      left[i] = b.bitcast(b.shuffleFrom(a[2 * half + i], fromA), b.f32);
      right[i] = b.bitcast(b.shuffleFrom(bOperand[half], fromB), b.f32);
    }
    for (unsigned i = 0; i < 4; ++i)
      block[i] = b.fma(left[i / 2], right[i % 2], block[i]);
  }
}

void Multiplier::multiply(const Fragment &a, const Fragment &bFragment,
                          Accumulator &block) const {
  if (isSplit) {
    // Small products first, so that they are not lost in the accumulator.
    mma(a.parts[1], bFragment.parts[careful ? 2 : 0], block);
    mma(a.parts[0], bFragment.parts[1], block);
  }
  if (isExact)
    return multiplyExactly(a.parts[0], bFragment.parts[0], block);
  mma(a.parts[0], bFragment.parts[0], block);
}

Value Multiplier::packPair(Value low, Value high) const {
  Type pair = VectorType::get(2, context.elementType());
  return b.bits(b.fromF32(b.pack({low, high}), pair));
}

/// Loads that follow stay behind what was multiplied: registers are short in
/// careful code, which is rarely run.
void Multiplier::keepOrder() const {
  if (careful)
    b.blockFence();
}

void Multiplier::roll(unsigned count,
                      ArrayRef<MutableArrayRef<Accumulator>> blocks,
                      function_ref<void(Value)> body) const {
  SmallVector<Value> carried;
  auto read = [&] {
    carried.clear();
    for (MutableArrayRef<Accumulator> list : blocks)
      for (const Accumulator &block : list)
        llvm::append_range(carried, block);
    return carried;
  };
  auto write = [&](ValueRange values) {
    for (MutableArrayRef<Accumulator> list : blocks)
      for (Accumulator &block : list) {
        llvm::copy(values.take_front(block.size()), block.begin());
        values = values.drop_front(block.size());
      }
  };
  // An opaque number of iterations: neither LLVM nor ptxas unrolls the loop.
  SmallVector<Value> results =
      b.loop(b.zero(), b.opaque(b.constant(count)), b.constant(1), read(),
             [&](Value i, ValueRange values) {
               write(values);
               body(i);
               return read();
             });
  write(results);
}

void Multiplier::forHeadSteps(
    ArrayRef<MutableArrayRef<Accumulator>> products, bool queriesInShared,
    function_ref<void(unsigned step, Value shift)> emit) const {
  unsigned steps = getHeadSteps(), period = layout.keyRow.period();
  if (!rolled || !queriesInShared || steps == period) {
    for (unsigned step = 0; step < steps; step += getStepsAtOnce())
      emit(step, Value());
    return;
  }
  roll(steps / period, products, [&](Value i) {
    Value shift = b.mul(i, 32 * period);
    for (unsigned step = 0; step < period; step += getStepsAtOnce())
      emit(step, shift);
  });
}

void Multiplier::multiplyKeys(
    ArrayRef<SmallVector<Fragment>> queries, const TileReader &reader,
    ArrayRef<Value> pointers, unsigned firstStep, unsigned keyBlock,
    ArrayRef<MutableArrayRef<Accumulator>> products) const {
  bool fresh = isF32 && (rolled || firstStep > 0);
  SmallVector<std::array<Accumulator, 2>> sums;
  for (MutableArrayRef<Accumulator> product : products) {
    Accumulator zero(4, b.constantF(0));
    sums.push_back({fresh ? zero : product[2 * keyBlock],
                    fresh ? zero : product[2 * keyBlock + 1]});
  }
  for (unsigned i = 0; i < queries.front().size(); ++i) {
    keepOrder();
    auto keys = loadKeys(reader, pointers, firstStep + i, keyBlock);
    for (auto [query, sum] : llvm::zip_equal(queries, sums)) {
      multiply(query[i], keys.first, sum[0]);
      multiply(query[i], keys.second, sum[1]);
    }
  }
  for (auto [product, sum] : llvm::zip_equal(products, sums))
    for (unsigned half : {0, 1})
      for (unsigned i = 0; i < 4; ++i) {
        Value &x = product[2 * keyBlock + half][i];
        x = fresh ? b.fadd(x, sum[half][i]) : sum[half][i];
      }
}

ArrayRef<std::array<Value, 2>>
Multiplier::scaleOutputs(ArrayRef<MutableArrayRef<Accumulator>> outputs,
                         ArrayRef<std::array<Value, 2>> factors) const {
  if (isF32)
    return factors;
  for (auto [output, factor] : llvm::zip_equal(outputs, factors))
    for (Accumulator &block : output)
      for (unsigned i = 0; i < 4; ++i)
        block[i] = b.fmul(block[i], factor[i / 2]);
  return {};
}

void Multiplier::multiplyValues(
    ArrayRef<std::pair<Accumulator, Accumulator>> weights,
    const TileReader &reader, ArrayRef<Value> pointers, unsigned keyBlock,
    ArrayRef<MutableArrayRef<Accumulator>> outputs,
    ArrayRef<std::array<Value, 2>> factors) const {
  unsigned blocks = getValueBlocks();
  if (!isF32) {
    // The accumulator layout of two blocks is the layout of operand A.
    SmallVector<Fragment> left;
    for (const auto &[w0, w1] : weights) {
      Fragment &a = left.emplace_back();
      a.parts[0] = {packPair(w0[0], w0[1]), packPair(w0[2], w0[3]),
                    packPair(w1[0], w1[1]), packPair(w1[2], w1[3])};
    }
    assert(factors.empty() && "outputs are already scaled");
    for (unsigned pair = 0; pair < blocks / 2; ++pair) {
      SmallVector<Value> r =
          loadMatrices(reader.address(pointers, pair, keyBlock), true);
      Fragment first, second;
      first.parts[0] = {r[0], r[1]};
      second.parts[0] = {r[2], r[3]};
      for (auto [a, output] : llvm::zip_equal(left, outputs)) {
        multiply(a, first, output[2 * pair]);
        multiply(a, second, output[2 * pair + 1]);
      }
    }
    return;
  }

  // TF32: 8 keys a step. Contraction index k < 4 of a step stands for key 2k,
  // k + 4 for key 2k + 1: then the accumulator layout is the layout of operand
  // A, and V's rows are read in that order.
  SmallVector<std::array<Fragment, 2>, 0> left;
  for (const auto &pair : weights) {
    std::array<Fragment, 2> &halves = left.emplace_back();
    for (unsigned half : {0, 1}) {
      const Accumulator &w = half ? pair.second : pair.first;
      halves[half] =
          split({b.bits(w[0]), b.bits(w[2]), b.bits(w[1]), b.bits(w[3])},
                /*isA=*/true);
    }
  }
  auto multiplyBlock = [&](unsigned block, ArrayRef<Value> pointers) {
    SmallVector<Accumulator> sums(weights.size(),
                                  Accumulator(4, b.constantF(0)));
    for (unsigned half : {0, 1}) {
      keepOrder();
      Value address = reader.address(pointers, block, 2 * keyBlock + half);
      auto [even, odd] = reader.loadRowPair(address);
      Fragment right = split({even, odd});
      for (auto [a, sum] : llvm::zip_equal(left, sums))
        multiply(a[half], right, sum);
    }
    for (unsigned r = 0; r < weights.size(); ++r) {
      Accumulator &output = outputs[r][block];
      for (unsigned i = 0; i < 4; ++i)
        output[i] = factors.empty()
                        ? b.fadd(output[i], sums[r][i])
                        : b.fma(output[i], factors[r][i / 2], sums[r][i]);
    }
  };
  unsigned period = layout.valueRow.period();
  if (!rolled || blocks == period) {
    for (unsigned block = 0; block < blocks; ++block)
      multiplyBlock(block, pointers);
    return;
  }
  // Registers have no index: the blocks come to the front in turn.
  roll(blocks / period, outputs, [&](Value i) {
    SmallVector<Value> shifted =
        TileReader::shift(b, pointers, b.mul(i, 32 * period));
    for (unsigned block = 0; block < period; ++block)
      multiplyBlock(block, shifted);
    for (MutableArrayRef<Accumulator> output : outputs)
      std::rotate(output.begin(), output.begin() + period, output.end());
  });
}
