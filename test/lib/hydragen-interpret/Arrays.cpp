//===- Arrays.cpp - arrays of files as values of the interpreter -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using hydragen::interpreter::RuntimeValue;
using hydragen::interpreter::Scalar;
using hydragen::interpreter::Tensor;
using hydragen::runtime::Array;
using hydragen::runtime::DataType;

namespace hydragen::interpret {

static llvm::Error fail(const Twine &text) {
  return llvm::createStringError(text);
}

/// Array types that hold elements of `type`, the one to write first.
static SmallVector<DataType> getDataTypes(Type type) {
  if (type.isF64())
    return {DataType::F64};
  if (type.isF32())
    return {DataType::F32};
  if (type.isF16())
    return {DataType::F16};
  if (type.isBF16())
    return {DataType::U16, DataType::BF16};
  if (isa<Float8E4M3FNType>(type))
    return {DataType::U8, DataType::F8E4M3};
  if (isa<Float8E5M2Type>(type))
    return {DataType::U8, DataType::F8E5M2};
  if (type.isInteger(1))
    return {DataType::I1, DataType::U8};
  if (type.isInteger(8))
    return {DataType::I8, DataType::U8};
  if (type.isInteger(16))
    return {DataType::I16, DataType::U16};
  if (type.isInteger(32))
    return {DataType::I32, DataType::U32};
  if (type.isInteger(64) || type.isIndex())
    return {DataType::I64, DataType::U64};
  return {};
}

static std::string toText(ArrayRef<int64_t> shape, StringRef type) {
  std::string text;
  for (int64_t extent : shape)
    text += (extent < 0 ? "?" : std::to_string(extent)) + "x";
  return text + type.str();
}

static std::string toText(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// One element: its bits, of the width of `type`.
static Scalar decode(Type type, const char *data, unsigned bytes) {
  uint64_t bits = 0;
  std::memcpy(&bits, data, bytes);
  if (auto floatType = dyn_cast<FloatType>(type)) {
    bool losesInfo;
    llvm::APFloat number(floatType.getFloatSemantics(),
                         llvm::APInt(floatType.getWidth(), bits));
    number.convert(llvm::APFloat::IEEEdouble(),
                   llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return interpreter::makeFloat(number.convertToDouble());
  }
  if (type.isInteger(1))
    return interpreter::makeInteger(bits != 0);
  return interpreter::makeInteger(interpreter::wrapInteger(
      static_cast<int64_t>(bits), interpreter::getIntegerWidth(type)));
}

static uint64_t encode(Type type, Scalar value) {
  auto floatType = dyn_cast<FloatType>(type);
  if (!floatType)
    return static_cast<uint64_t>(value.i);
  bool losesInfo;
  llvm::APFloat number(value.f);
  number.convert(floatType.getFloatSemantics(),
                 llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.bitcastToAPInt().getZExtValue();
}

llvm::Expected<RuntimeValue> toValue(const Array &array, Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  Type elementType = getElementTypeOrSelf(type);
  SmallVector<DataType> accepted = getDataTypes(elementType);
  ArrayRef<int64_t> shape =
      tensorType ? tensorType.getShape() : ArrayRef<int64_t>();
  StringRef have(runtime::getName(array.type).data(),
                 runtime::getName(array.type).size());
  bool fits = array.shape.size() == shape.size() &&
              llvm::is_contained(accepted, array.type);
  for (size_t dim = 0; fits && dim != shape.size(); ++dim)
    fits = ShapedType::isDynamic(shape[dim]) || shape[dim] == array.shape[dim];
  if (!fits)
    return fail("has type " + toText(array.shape, have) + ", expected " +
                toText(type));
  unsigned bytes = runtime::getSize(array.type);
  if (!tensorType)
    return RuntimeValue(decode(type, array.data.data(), bytes));
  std::optional<Tensor> tensor = Tensor::create(elementType, array.shape);
  if (!tensor)
    return fail("is too large for the interpreter");
  Scalar *out = tensor->write();
  for (int64_t i = 0, e = tensor->getNumElements(); i != e; ++i)
    out[i] = decode(elementType, array.data.data() + i * bytes, bytes);
  return RuntimeValue(*tensor);
}

Array toArray(const RuntimeValue &value, Type type, bool native) {
  Type elementType = getElementTypeOrSelf(type);
  if (!native && isa<FloatType>(elementType))
    elementType = Float64Type::get(type.getContext());
  Array array;
  array.type = getDataTypes(elementType).front();
  const Scalar *elements = &value.scalar;
  if (value.isTensor) {
    array.shape.assign(value.tensor.shape.begin(), value.tensor.shape.end());
    elements = value.tensor.read();
  }
  unsigned bytes = runtime::getSize(array.type);
  int64_t count = value.isTensor ? value.tensor.getNumElements() : 1;
  array.data.resize(count * bytes);
  for (int64_t i = 0; i != count; ++i) {
    uint64_t bits = encode(elementType, elements[i]);
    std::memcpy(array.data.data() + i * bytes, &bits, bytes);
  }
  return array;
}

namespace {
/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators"; the
/// streams of docs/runtime.md.
class SplitMix64 {
public:
  SplitMix64(uint64_t seed, uint64_t argument)
      : state(mix(seed + 0x9e3779b97f4a7c15ull) ^ mix(~argument)) {}
  uint64_t next() { return mix(state += 0x9e3779b97f4a7c15ull); }
  double uniform() {
    return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53;
  }

private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  uint64_t state;
};
} // namespace

llvm::Expected<RuntimeValue> makeRandom(Type type, uint64_t seed,
                                        uint64_t argument) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (tensorType && !tensorType.hasStaticShape())
    return fail("has dynamic dims: " + toText(type));
  Type elementType = getElementTypeOrSelf(type);
  std::optional<Tensor> tensor = Tensor::create(
      elementType, tensorType ? tensorType.getShape() : ArrayRef<int64_t>());
  if (!tensor)
    return fail("is too large for the interpreter");
  SplitMix64 random(seed, argument);
  auto floatType = dyn_cast<FloatType>(elementType);
  Scalar *out = tensor->write();
  for (int64_t i = 0, e = tensor->getNumElements(); i < e; ++i) {
    if (!floatType) {
      out[i].i = static_cast<int64_t>(random.next() % 2);
      continue;
    }
    auto round = [&](double value) {
      return interpreter::roundTo(floatType.getFloatSemantics(), value);
    };
    double radius = std::sqrt(-2 * std::log(random.uniform()));
    double angle = 6.283185307179586477 * random.uniform();
    out[i].f = round(radius * std::cos(angle));
    if (++i < e)
      out[i].f = round(radius * std::sin(angle));
  }
  if (!tensorType)
    return RuntimeValue(tensor->read()[0]);
  return RuntimeValue(*tensor);
}

} // namespace hydragen::interpret
