//===- ScoreModifiers.cpp - masks and modified scores -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "hydragen/Kernels/ScoreModifier.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

ScoreModifier::~ScoreModifier() = default;

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

namespace {
class ModifierList : public ScoreModifier {
public:
  explicit ModifierList(ArrayRef<std::shared_ptr<ScoreModifier>> list)
      : list(list) {}

  SmallVector<KernelParameter> getParameters() const override {
    SmallVector<KernelParameter> result;
    for (const auto &modifier : list)
      llvm::append_range(result, modifier->getParameters());
    return result;
  }
  bool hasBounds() const override {
    return llvm::any_of(list, [](const auto &m) { return m->hasBounds(); });
  }
  bool hasElementwise() const override {
    return llvm::any_of(list,
                        [](const auto &m) { return m->hasElementwise(); });
  }

  std::pair<Value, Value> emitBounds(ImplicitLocOpBuilder &builder,
                                     ValueRange parameters, ValueRange digits,
                                     Value low, Value high) override {
    for (const auto &modifier : list) {
      ValueRange own = take(parameters, modifier->getParameters().size());
      std::tie(low, high) =
          modifier->emitBounds(builder, own, digits, low, high);
    }
    return {low, high};
  }
  SmallVector<Value> emitRow(ImplicitLocOpBuilder &builder,
                             ValueRange parameters,
                             ValueRange digits) override {
    SmallVector<Value> result;
    rowSizes.clear();
    for (const auto &modifier : list) {
      ValueRange own = take(parameters, modifier->getParameters().size());
      SmallVector<Value> values = modifier->emitRow(builder, own, digits);
      rowSizes.push_back(values.size());
      llvm::append_range(result, values);
    }
    return result;
  }
  Value emitScore(ImplicitLocOpBuilder &builder, ValueRange parameters,
                  ValueRange row, Value score, Value position) override {
    for (auto [modifier, size] : llvm::zip_equal(list, rowSizes)) {
      ValueRange own = take(parameters, modifier->getParameters().size());
      ValueRange ownRow = take(row, size);
      if (modifier->hasElementwise())
        score = modifier->emitScore(builder, own, ownRow, score, position);
    }
    return score;
  }

private:
  static ValueRange take(ValueRange &values, size_t count) {
    ValueRange front = values.take_front(count);
    values = values.drop_front(count);
    return front;
  }
  SmallVector<std::shared_ptr<ScoreModifier>> list;
  SmallVector<size_t> rowSizes;
};
} // namespace

std::shared_ptr<ScoreModifier> mlir::hydragen::kernels::makeScoreModifierList(
    ArrayRef<std::shared_ptr<ScoreModifier>> modifiers) {
  if (modifiers.empty())
    return nullptr;
  return std::make_shared<ModifierList>(modifiers);
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

namespace {
class CausalModifier : public ScoreModifier {
public:
  explicit CausalModifier(unsigned dim) : dim(dim) {}
  SmallVector<KernelParameter> getParameters() const override {
    return {{"position", KernelParameter::I32}};
  }
  bool hasBounds() const override { return true; }
  std::pair<Value, Value> emitBounds(ImplicitLocOpBuilder &builder,
                                     ValueRange parameters, ValueRange digits,
                                     Value low, Value high) override {
    KernelBuilder b(builder.getLoc(), builder);
    Value position = b.add(digits[dim], parameters[0]);
    return {low, b.min(high, b.add(position, 1))};
  }

private:
  unsigned dim;
};

class WindowModifier : public ScoreModifier {
public:
  explicit WindowModifier(unsigned dim) : dim(dim) {}
  SmallVector<KernelParameter> getParameters() const override {
    return {{"window_position", KernelParameter::I32},
            {"window", KernelParameter::I32}};
  }
  bool hasBounds() const override { return true; }
  std::pair<Value, Value> emitBounds(ImplicitLocOpBuilder &builder,
                                     ValueRange parameters, ValueRange digits,
                                     Value low, Value high) override {
    KernelBuilder b(builder.getLoc(), builder);
    Value position = b.add(digits[dim], parameters[0]);
    Value first = b.add(b.sub(position, parameters[1]), 1);
    return {b.max(low, first), high};
  }

private:
  unsigned dim;
};
} // namespace

std::shared_ptr<ScoreModifier>
mlir::hydragen::kernels::makeCausalModifier(unsigned dim) {
  return std::make_shared<CausalModifier>(dim);
}
std::shared_ptr<ScoreModifier>
mlir::hydragen::kernels::makeWindowModifier(unsigned dim) {
  return std::make_shared<WindowModifier>(dim);
}

//===----------------------------------------------------------------------===//
// Soft cap
//===----------------------------------------------------------------------===//

Value mlir::hydragen::kernels::emitTanh(ImplicitLocOpBuilder &builder,
                                        Value x) {
  KernelBuilder b(builder.getLoc(), builder);
  // |x| >= 1/4: 1 - 2 / (e^2|x| + 1). Below, that loses digits; the odd Taylor
  // polynomial to x^11 is good to 4e-9 there.
  Value magnitude = LLVM::FAbsOp::create(b, x);
  Value power = b.exp2(b.fmul(magnitude, b.constantF(2 * 1.4426950408889634)));
  Value quotient =
      b.fmul(b.constantF(-2), b.reciprocal(b.fadd(power, b.constantF(1))));
  Value large = b.fadd(quotient, b.constantF(1));
  large = LLVM::CopySignOp::create(b, large, x);
  static constexpr double kCoefficients[] = {-1382.0 / 155925, 62.0 / 2835,
                                             -17.0 / 315, 2.0 / 15, -1.0 / 3};
  Value square = b.fmul(x, x), sum = b.constantF(kCoefficients[0]);
  for (double c : ArrayRef<double>(kCoefficients).drop_front())
    sum = b.fma(sum, square, b.constantF(c));
  Value small = b.fma(b.fmul(sum, square), x, x);
  Value isSmall =
      b.compareF(LLVM::FCmpPredicate::olt, magnitude, b.constantF(0.25));
  return b.select(isSmall, small, large);
}

namespace {
class SoftcapModifier : public ScoreModifier {
public:
  SmallVector<KernelParameter> getParameters() const override {
    return {{"cap", KernelParameter::F32}};
  }
  bool hasElementwise() const override { return true; }
  SmallVector<Value> emitRow(ImplicitLocOpBuilder &builder,
                             ValueRange parameters, ValueRange) override {
    KernelBuilder b(builder.getLoc(), builder);
    return {b.reciprocal(parameters[0])};
  }
  Value emitScore(ImplicitLocOpBuilder &builder, ValueRange parameters,
                  ValueRange row, Value score, Value) override {
    KernelBuilder b(builder.getLoc(), builder);
    return b.fmul(parameters[0], emitTanh(b, b.fmul(score, row[0])));
  }
};
} // namespace

std::shared_ptr<ScoreModifier> mlir::hydragen::kernels::makeSoftcapModifier() {
  return std::make_shared<SoftcapModifier>();
}

//===----------------------------------------------------------------------===//
// ALiBi
//===----------------------------------------------------------------------===//

namespace {
class AlibiModifier : public ScoreModifier {
public:
  AlibiModifier(unsigned headDim, unsigned dim) : headDim(headDim), dim(dim) {}
  SmallVector<KernelParameter> getParameters() const override {
    return {{"alibi_position", KernelParameter::I32},
            {"slopes", KernelParameter::Pointer}};
  }
  bool hasElementwise() const override { return true; }
  SmallVector<Value> emitRow(ImplicitLocOpBuilder &builder,
                             ValueRange parameters,
                             ValueRange digits) override {
    KernelBuilder b(builder.getLoc(), builder);
    Value at = b.offset(parameters[1], b.wide(b.shl(digits[headDim], 2)));
    return {b.load(at, b.f32, 4), b.add(digits[dim], parameters[0])};
  }
  Value emitScore(ImplicitLocOpBuilder &builder, ValueRange, ValueRange row,
                  Value score, Value position) override {
    KernelBuilder b(builder.getLoc(), builder);
    Value distance = LLVM::SIToFPOp::create(b, b.f32, b.sub(position, row[1]));
    // Two roundings, as the definition has them.
    return b.fadd(score, b.fmul(row[0], distance));
  }

private:
  unsigned headDim, dim;
};
} // namespace

std::shared_ptr<ScoreModifier>
mlir::hydragen::kernels::makeAlibiModifier(unsigned headDim, unsigned dim) {
  return std::make_shared<AlibiModifier>(headDim, dim);
}

//===----------------------------------------------------------------------===//
// Tensors added to scores
//===----------------------------------------------------------------------===//

namespace {
class BiasModifier : public ScoreModifier {
public:
  BiasModifier(OperandType type, unsigned rowRank, StringRef unique)
      : type(type), rowRank(rowRank), unique(unique) {}
  SmallVector<KernelParameter> getParameters() const override {
    SmallVector<KernelParameter> result = {
        {unique + "bias", KernelParameter::Pointer}};
    for (unsigned d = 0; d < rowRank; ++d)
      result.push_back(
          {unique + "bias_stride_" + std::to_string(d), KernelParameter::I64});
    result.push_back({unique + "bias_key_stride", KernelParameter::I64});
    return result;
  }
  bool hasElementwise() const override { return true; }
  SmallVector<Value> emitRow(ImplicitLocOpBuilder &builder,
                             ValueRange parameters,
                             ValueRange digits) override {
    KernelBuilder b(builder.getLoc(), builder);
    Value base = parameters[0];
    for (unsigned d = 0; d < rowRank; ++d)
      base = b.offset(base, b.mul(b.wide(digits[d]), parameters[1 + d]));
    return {base};
  }
  Value emitScore(ImplicitLocOpBuilder &builder, ValueRange parameters,
                  ValueRange row, Value score, Value position) override {
    KernelBuilder b(builder.getLoc(), builder);
    Value at =
        b.offset(row[0], b.mul(b.wide(position), parameters[1 + rowRank]));
    switch (type) {
    case OperandType::Boolean: {
      Value visible = b.notEqual(b.load(at, b.getI8Type(), 1), 0);
      return b.select(visible, score, b.infinity(true));
    }
    case OperandType::F16:
      return b.fadd(score, b.toF32(b.load(at, b.getF16Type(), 2)));
    case OperandType::BF16: {
      // An upper half of an f32.
      Value bits =
          LLVM::ZExtOp::create(b, b.i32, b.load(at, b.getI16Type(), 2));
      return b.fadd(score, b.bitcast(b.shl(bits, 16), b.f32));
    }
    case OperandType::F32:
      return b.fadd(score, b.load(at, b.f32, 4));
    }
    llvm_unreachable("unknown operand type");
  }

private:
  OperandType type;
  unsigned rowRank;
  std::string unique;
};
} // namespace

std::shared_ptr<ScoreModifier>
mlir::hydragen::kernels::makeBiasModifier(OperandType type, unsigned rowRank,
                                          StringRef unique) {
  return std::make_shared<BiasModifier>(type, rowRank, unique);
}
