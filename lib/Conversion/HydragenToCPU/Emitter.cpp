//===- Emitter.cpp - short words for kernel generators ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;
using namespace mlir::hydragen::cpu;

/// Largest buffer on a thread's stack.
static constexpr int64_t kStackBytes = 256 * 1024;

static TypedAttr splat(Type type, const APFloat &value) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  APFloat converted = value;
  bool lost;
  converted.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                    &lost);
  if (auto vector = dyn_cast<VectorType>(type))
    return DenseElementsAttr::get(vector, converted);
  return FloatAttr::get(element, converted);
}

Value Emitter::constant(double value, Type t) {
  return arith::ConstantOp::create(b, loc,
                                   splat(t ? t : Type(type), APFloat(value)));
}

Value Emitter::infinity(Type t, bool negative) {
  return arith::ConstantOp::create(
      b, loc, splat(t, APFloat::getInf(APFloat::IEEEdouble(), negative)));
}

Value Emitter::product(ValueRange values) {
  Value result = index(1);
  for (Value value : values)
    result = mul(result, value);
  return result;
}

SmallVector<Value> Emitter::delinearize(Value linear, ValueRange extents) {
  SmallVector<Value> digits(extents.size());
  for (size_t i = extents.size(); i-- > 1;) {
    digits[i] = rem(linear, extents[i]);
    linear = div(linear, extents[i]);
  }
  if (!extents.empty())
    digits[0] = linear;
  return digits;
}

Value Emitter::fma(Value x, Value y, Value z) {
  auto contract = arith::FastMathFlagsAttr::get(b.getContext(),
                                                arith::FastMathFlags::contract);
  return math::FmaOp::create(b, loc, x, y, z, contract);
}

Value Emitter::cast(Value x, Type to) {
  Type from = x.getType();
  unsigned fromBits = getElementTypeOrSelf(from).getIntOrFloatBitWidth();
  unsigned toBits = getElementTypeOrSelf(to).getIntOrFloatBitWidth();
  if (auto vector = dyn_cast<VectorType>(from))
    to = VectorType::get(vector.getShape(), getElementTypeOrSelf(to));
  if (from == to)
    return x;
  if (fromBits < toBits)
    return arith::ExtFOp::create(b, loc, to, x);
  return arith::TruncFOp::create(b, loc, to, x);
}

Value Emitter::dotPairs(Value sum, Value x, Value y) {
  if (hasPairs)
    return x86vector::DotBF16Op::create(b, loc, sum.getType(), sum, x, y);
  // A bf16 number is the upper half of an f32 one.
  int64_t lanes = llvm::cast<VectorType>(sum.getType()).getNumElements();
  auto integers = VectorType::get({lanes}, b.getI32Type());
  auto splatOf = [&](uint32_t value) {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(integers, APInt(32, value)));
  };
  auto half = [&](Value pairs, bool second) -> Value {
    Value bits = vector::BitCastOp::create(b, loc, integers, pairs);
    bits = second
               ? arith::AndIOp::create(b, loc, bits, splatOf(0xFFFF0000u))
                     .getResult()
               : arith::ShLIOp::create(b, loc, bits, splatOf(16)).getResult();
    return arith::BitcastOp::create(b, loc, sum.getType(), bits);
  };
  sum = fma(half(x, false), half(y, false), sum);
  return fma(half(x, true), half(y, true), sum);
}

//===----------------------------------------------------------------------===//
// Exponentials
//===----------------------------------------------------------------------===//

/// 2^f on [-0.5, 0.5] with p(0) = 1, relative error 9.2e-8 before rounding.
static constexpr double kExp2[] = {1.0,
                                   0.6931470036506653,
                                   0.24022242426872253,
                                   0.05550733953714371,
                                   0.009671513922512531,
                                   0.0013264714507386088};

/// Neighbours are added: lanes within 128 bits while there are several of a
/// sum, then such blocks, so that each step takes two shuffles without tables.
Value Emitter::addLanes(Value x, Value y, int64_t count) {
  auto t = llvm::cast<VectorType>(x.getType());
  int64_t lanes = t.getNumElements();
  int64_t block = std::min<int64_t>(lanes, 128 / t.getElementTypeBitWidth());
  int64_t unit = count < block ? 1 : block,
          span = count < block ? block : lanes;
  auto shuffle = [&](int64_t odd) -> Value {
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t pair = lane % span / unit * 2, first = lane / span * span;
      int64_t source = first + pair % (span / unit) * unit + lane % unit;
      mask.push_back(source + odd * unit + (pair * unit < span ? 0 : lanes));
    }
    return vector::ShuffleOp::create(b, loc, x, y, mask);
  };
  Value even = shuffle(0), odd = shuffle(1);
  return fadd(even, odd);
}

Value Emitter::sumLanes(SmallVector<Value> vectors, int64_t count) {
  for (; vectors.size() > 1; count *= 2) {
    SmallVector<Value> next;
    for (size_t i = 0; i < vectors.size(); i += 2)
      next.push_back(addLanes(vectors[i], vectors[i + 1], count));
    vectors = std::move(next);
  }
  Value sum = vectors[0];
  int64_t lanes = llvm::cast<VectorType>(sum.getType()).getNumElements();
  for (; count < lanes; count *= 2)
    sum = addLanes(sum, sum, count);
  return sum;
}

Value Emitter::maxLane(Value x) {
  int64_t lanes = llvm::cast<VectorType>(x.getType()).getNumElements();
  for (int64_t step = lanes / 2; step > 0; step /= 2) {
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < lanes; ++lane)
      mask.push_back((lane + step) % lanes);
    x = fmax(x, vector::ShuffleOp::create(b, loc, x, x, mask));
  }
  return vector::ExtractOp::create(b, loc, x, 0);
}

Value Emitter::exp2(Value x) {
  if (type.isF64())
    return math::Exp2Op::create(b, loc, x);
  Type t = x.getType();
  Type integer = b.getI32Type();
  if (auto vector = dyn_cast<VectorType>(t))
    integer = VectorType::get(vector.getShape(), integer);
  // Adding 1.5 * 2^23 rounds to an integer in the low bits.
  Value magic = constant(12582912.0, t);
  Value shifted = fadd(x, magic);
  Value f = fsub(x, fsub(shifted, magic));
  Value p = constant(kExp2[5], t);
  for (int i = 4; i >= 0; --i)
    p = fma(p, f, constant(kExp2[i], t));
  Value exponent = arith::BitcastOp::create(b, loc, integer, shifted);
  TypedAttr width = b.getI32IntegerAttr(23);
  if (auto vector = dyn_cast<VectorType>(integer))
    width = DenseElementsAttr::get(vector, APInt(32, 23));
  Value bits = arith::ConstantOp::create(b, loc, width);
  exponent = arith::ShLIOp::create(b, loc, exponent, bits);
  Value result = arith::AddIOp::create(
      b, loc, arith::BitcastOp::create(b, loc, integer, p), exponent);
  result = arith::BitcastOp::create(b, loc, t, result);
  Value tiny = compare(arith::CmpFPredicate::OLT, x, constant(-126.0, t));
  return select(tiny, constant(0.0, t), result);
}

Value Emitter::toBase2(Value x) {
  Type t = x.getType();
  double largest =
      type.isF64() ? 1.7976931348623157e308 : 3.4028234663852886e38;
  Value scaled = fmul(x, constant(1.4426950408889634, t));
  Value high = constant(largest, t), low = constant(-largest, t);
  Value clamped =
      select(compare(arith::CmpFPredicate::OGT, scaled, high), high, scaled);
  clamped =
      select(compare(arith::CmpFPredicate::OLT, clamped, low), low, clamped);
  Value infinite =
      compare(arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, loc, x),
              infinity(t, /*negative=*/false));
  return select(infinite, x, clamped);
}

Value Emitter::isModerate(Value largest) {
  static constexpr double kModerate = 65536;
  Type t = largest.getType();
  return arith::AndIOp::create(
      b, loc,
      compare(arith::CmpFPredicate::OLE, largest, constant(kModerate, t)),
      compare(arith::CmpFPredicate::OGE, largest, constant(-kModerate, t)));
}

Value Emitter::weight(Value a, Value m) {
  Type t = a.getType();
  Value none = infinity(t, /*negative=*/true);
  Value empty = compare(arith::CmpFPredicate::OEQ, a, none);
  return select(empty, constant(0.0, t), exp2(fsub(a, m)));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void Emitter::fence() {
  LLVM::FenceOp::create(b, loc, LLVM::AtomicOrdering::seq_cst, "singlethread");
}

Value Emitter::dim(Value memref, int64_t i) {
  auto memrefType = llvm::cast<MemRefType>(memref.getType());
  if (!memrefType.isDynamicDim(i))
    return index(memrefType.getDimSize(i));
  return memref::DimOp::create(b, loc, memref, i);
}

Value Emitter::scratch(ArrayRef<OpFoldResult> sizes, Type element) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  int64_t bytes = element.isIndex()
                      ? 8
                      : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  for (OpFoldResult size : sizes) {
    std::optional<int64_t> fixed = getConstantIntValue(size);
    shape.push_back(fixed ? *fixed : ShapedType::kDynamic);
    if (!fixed)
      dynamic.push_back(llvm::cast<Value>(size));
    bytes = fixed && bytes < kStackBytes ? bytes * *fixed : kStackBytes + 1;
  }
  auto memrefType = MemRefType::get(shape, element);
  if (bytes <= kStackBytes)
    return memref::AllocaOp::create(b, loc, memrefType,
                                    b.getI64IntegerAttr(64));
  Value buffer = memref::AllocOp::create(b, loc, memrefType, dynamic);
  heap.push_back(buffer);
  return buffer;
}

void Emitter::freeScratch() {
  for (Value buffer : heap)
    memref::DeallocOp::create(b, loc, buffer);
  heap.clear();
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void Emitter::loop(Value lower, Value upper, int64_t step,
                   function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(b, loc, lower, upper, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

SmallVector<Value>
Emitter::loop(Value lower, Value upper, int64_t step, ValueRange inits,
              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(
      b, loc, lower, upper, index(step), inits,
      [&](OpBuilder &nested, Location, Value iv, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(),
                            nested.getInsertionPoint());
        SmallVector<Value> results = body(iv, arguments);
        scf::YieldOp::create(b, loc, results);
      });
  return SmallVector<Value>(op.getResults());
}

void Emitter::ifThenElse(Value condition, function_ref<void()> then,
                         function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  then();
  b.setInsertionPointToStart(op.elseBlock());
  otherwise();
}
