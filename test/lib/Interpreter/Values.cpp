//===- Values.cpp - run-time values of the interpreter ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Values.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstring>

using namespace mlir;

namespace hydragen::interpreter {

double roundTo(const llvm::fltSemantics &semantics, double value) {
  bool losesInfo;
  llvm::APFloat number(value);
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  number.convert(llvm::APFloat::IEEEdouble(),
                 llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToDouble();
}

Rounding::Rounding(Type type, Precision precision) {
  auto floatType = dyn_cast<FloatType>(type);
  if (precision == Precision::F64 || !floatType || floatType.isF64())
    return;
  semantics = &floatType.getFloatSemantics();
  single = floatType.isF32();
}

unsigned getIntegerWidth(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

int64_t wrapInteger(int64_t value, unsigned width) {
  if (width >= 64)
    return value;
  if (width == 1)
    return value & 1;
  return llvm::SignExtend64(static_cast<uint64_t>(value), width);
}

bool isSupportedElement(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() >= 1 && integer.getWidth() <= 64;
  if (auto floatType = dyn_cast<FloatType>(type))
    return floatType.getWidth() <= 64;
  return type.isIndex();
}

//===----------------------------------------------------------------------===//
// Tensor
//===----------------------------------------------------------------------===//

std::optional<int64_t> countElements(ArrayRef<int64_t> shape) {
  constexpr int64_t kMax = int64_t{1} << 28;
  if (llvm::any_of(shape, [](int64_t extent) { return extent < 0; }))
    return std::nullopt;
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t extent : shape) {
    if (extent > kMax / count)
      return std::nullopt;
    count *= extent;
  }
  return count;
}

std::optional<Tensor> Tensor::create(Type elementType,
                                     ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = countElements(shape);
  if (!count)
    return std::nullopt;
  Tensor tensor;
  tensor.elementType = elementType;
  tensor.shape.assign(shape.begin(), shape.end());
  Scalar undefined =
      isa<FloatType>(elementType)
          ? makeFloat(std::numeric_limits<double>::quiet_NaN())
          : makeInteger(
                wrapInteger(0x5a5a5a5a5a5a5a5a, getIntegerWidth(elementType)));
  tensor.elements = std::make_shared<std::vector<Scalar>>(*count, undefined);
  return tensor;
}

SmallVector<int64_t> Tensor::getStrides() const {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t dim = shape.size(); dim-- > 1;)
    strides[dim - 1] = strides[dim] * shape[dim];
  return strides;
}

Scalar *Tensor::write() {
  if (elements.use_count() > 1)
    elements = std::make_shared<std::vector<Scalar>>(*elements);
  return elements->data();
}

Tensor Tensor::withShape(ArrayRef<int64_t> newShape) const {
  Tensor result = *this;
  result.shape.assign(newShape.begin(), newShape.end());
  return result;
}

std::optional<int64_t> Tensor::getOffset(ArrayRef<int64_t> indices) const {
  int64_t offset = 0;
  for (auto [index, extent] : llvm::zip_equal(indices, shape)) {
    if (index < 0 || index >= extent)
      return std::nullopt;
    offset = offset * extent + index;
  }
  return offset;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

static Scalar fromAPFloat(llvm::APFloat value) {
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return makeFloat(value.convertToDouble());
}

static Scalar fromAPInt(const llvm::APInt &value) {
  return makeInteger(wrapInteger(static_cast<int64_t>(value.getZExtValue()),
                                 value.getBitWidth()));
}

/// Element of the bits of a resource blob (little endian).
static Scalar fromBits(Type type, const char *data) {
  unsigned bytes = (getIntegerWidth(type) + 7) / 8;
  uint64_t bits = 0;
  std::memcpy(&bits, data, bytes);
  if (auto floatType = dyn_cast<FloatType>(type))
    return fromAPFloat(llvm::APFloat(floatType.getFloatSemantics(),
                                     llvm::APInt(floatType.getWidth(), bits,
                                                 /*isSigned=*/false,
                                                 /*implicitTrunc=*/true)));
  return makeInteger(
      wrapInteger(static_cast<int64_t>(bits), getIntegerWidth(type)));
}

std::optional<RuntimeValue> fromAttribute(Attribute attribute, Type type) {
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return RuntimeValue(fromAPFloat(number.getValue()));
  if (auto number = dyn_cast<IntegerAttr>(attribute)) {
    if (!isSupportedElement(number.getType()))
      return std::nullopt;
    return RuntimeValue(fromAPInt(number.getValue()));
  }
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType || !tensorType.hasStaticShape() ||
      !isSupportedElement(tensorType.getElementType()))
    return std::nullopt;
  std::optional<Tensor> tensor =
      Tensor::create(tensorType.getElementType(), tensorType.getShape());
  if (!tensor)
    return std::nullopt;
  Scalar *out = tensor->write();
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
    if (tensor->isFloat())
      for (llvm::APFloat value : dense.getValues<llvm::APFloat>())
        *out++ = fromAPFloat(std::move(value));
    else
      for (const llvm::APInt &value : dense.getValues<llvm::APInt>())
        *out++ = fromAPInt(value);
    return RuntimeValue(*tensor);
  }
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    unsigned bytes = (getIntegerWidth(tensorType.getElementType()) + 7) / 8;
    if (!blob || static_cast<int64_t>(blob->getData().size()) !=
                     tensor->getNumElements() * bytes)
      return std::nullopt;
    const char *data = blob->getData().data();
    for (int64_t i = 0, e = tensor->getNumElements(); i != e; ++i)
      out[i] = fromBits(tensorType.getElementType(), data + i * bytes);
    return RuntimeValue(*tensor);
  }
  return std::nullopt;
}

LogicalResult forEachIndex(ArrayRef<int64_t> shape,
                           function_ref<LogicalResult(ArrayRef<int64_t>)> fn) {
  if (llvm::is_contained(shape, 0))
    return success();
  SmallVector<int64_t> index(shape.size(), 0);
  while (true) {
    if (failed(fn(index)))
      return failure();
    size_t dim = shape.size();
    while (dim > 0 && ++index[dim - 1] == shape[dim - 1])
      index[--dim] = 0;
    if (dim == 0)
      return success();
  }
}

} // namespace hydragen::interpreter
