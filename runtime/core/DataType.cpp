//===- DataType.cpp - element types of arguments and arrays -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataType.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace hydragen::runtime;

namespace {
struct Row {
  DataType type;
  std::string_view name;
  unsigned size;
  uint8_t code; // of DLPack
};
constexpr uint8_t kBool = 6; // kDLBool of later DLPack versions
constexpr Row kRows[] = {{DataType::F64, "f64", 8, kDLFloat},
                         {DataType::F32, "f32", 4, kDLFloat},
                         {DataType::F16, "f16", 2, kDLFloat},
                         {DataType::BF16, "bf16", 2, kDLBfloat},
                         {DataType::F8E4M3, "f8e4m3", 1, kDLUInt},
                         {DataType::F8E5M2, "f8e5m2", 1, kDLUInt},
                         {DataType::I64, "i64", 8, kDLInt},
                         {DataType::I32, "i32", 4, kDLInt},
                         {DataType::I16, "i16", 2, kDLInt},
                         {DataType::I8, "i8", 1, kDLInt},
                         {DataType::U64, "u64", 8, kDLUInt},
                         {DataType::U32, "u32", 4, kDLUInt},
                         {DataType::U16, "u16", 2, kDLUInt},
                         {DataType::U8, "u8", 1, kDLUInt},
                         {DataType::I1, "i1", 1, kBool}};

const Row &row(DataType type) { return kRows[static_cast<int>(type)]; }

/// Decodes a float of `exponent` and `mantissa` bits.
double decode(uint32_t bits, int exponent, int mantissa, bool hasInfinity) {
  uint32_t sign = bits >> (exponent + mantissa) & 1;
  uint32_t exp = bits >> mantissa & ((1u << exponent) - 1);
  uint32_t frac = bits & ((1u << mantissa) - 1);
  int bias = (1 << (exponent - 1)) - 1;
  double value;
  if (exp == (1u << exponent) - 1 && hasInfinity)
    value = frac ? std::numeric_limits<double>::quiet_NaN()
                 : std::numeric_limits<double>::infinity();
  else if (!hasInfinity && exp == (1u << exponent) - 1 &&
           frac == (1u << mantissa) - 1)
    value = std::numeric_limits<double>::quiet_NaN();
  else if (exp == 0)
    value = std::ldexp(frac, 1 - bias - mantissa);
  else
    value = std::ldexp(frac + (1u << mantissa),
                       static_cast<int>(exp) - bias - mantissa);
  return sign ? -value : value;
}

/// Encodes with one rounding to nearest even.
uint32_t encode(double value, int exponent, int mantissa, bool hasInfinity) {
  int bias = (1 << (exponent - 1)) - 1;
  uint32_t sign = std::signbit(value) ? 1u << (exponent + mantissa) : 0;
  uint32_t maxExp = (1u << exponent) - 1;
  if (std::isnan(value))
    return sign | maxExp << mantissa |
           (hasInfinity ? 1u << (mantissa - 1) : (1u << mantissa) - 1);
  value = std::fabs(value);
  uint32_t infinity = hasInfinity ? maxExp << mantissa
                                  : maxExp << mantissa | ((1u << mantissa) - 1);
  if (std::isinf(value))
    return sign | infinity;
  if (value == 0)
    return sign;
  int e;
  std::frexp(value, &e); // value = f * 2^e, f in [0.5, 1)
  int scale = std::max(e - 1, 1 - bias) - mantissa;
  auto units = static_cast<uint64_t>(std::nearbyint(std::ldexp(value, -scale)));
  // units * 2^scale; a carry moves into the exponent by itself.
  uint64_t bits =
      units >> mantissa
          ? (static_cast<uint64_t>(scale + mantissa + bias) << mantissa) +
                (units - (1ull << mantissa))
          : units;
  return sign | static_cast<uint32_t>(std::min<uint64_t>(bits, infinity));
}

template <typename T>
T load(const void *data, int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(data) + index * sizeof(T),
              sizeof(T));
  return value;
}
template <typename T>
void store(void *data, int64_t index, T value) {
  std::memcpy(static_cast<char *>(data) + index * sizeof(T), &value, sizeof(T));
}
} // namespace

std::optional<DataType>
hydragen::runtime::parseDataType(std::string_view name) {
  for (const Row &entry : kRows)
    if (entry.name == name)
      return entry.type;
  return std::nullopt;
}

std::string_view hydragen::runtime::getName(DataType type) {
  return row(type).name;
}

unsigned hydragen::runtime::getSize(DataType type) { return row(type).size; }

bool hydragen::runtime::isFloat(DataType type) {
  return type <= DataType::F8E5M2;
}

bool hydragen::runtime::accepts(DataType wanted, DLDataType type) {
  if (type.lanes != 1 || type.bits != getSize(wanted) * 8)
    return wanted == DataType::I1 && type.lanes == 1 && type.code == kBool;
  if (type.code == row(wanted).code)
    return true;
  return type.code == kDLUInt &&
         (wanted == DataType::BF16 || wanted == DataType::I1);
}

std::string hydragen::runtime::describe(DLDataType type) {
  const char *names[] = {"i", "u", "f", "handle", "bf", "complex", "bool"};
  std::string name = type.code < 7 ? names[type.code] : "type";
  if (type.code != kBool)
    name += std::to_string(type.bits);
  return type.lanes == 1 ? name : name + "x" + std::to_string(type.lanes);
}

double hydragen::runtime::getElement(DataType type, const void *data,
                                     int64_t index) {
  switch (type) {
  case DataType::F64:
    return load<double>(data, index);
  case DataType::F32:
    return load<float>(data, index);
  case DataType::F16:
    return decode(load<uint16_t>(data, index), 5, 10, true);
  case DataType::BF16:
    return decode(load<uint16_t>(data, index), 8, 7, true);
  case DataType::F8E4M3:
    return decode(load<uint8_t>(data, index), 4, 3, false);
  case DataType::F8E5M2:
    return decode(load<uint8_t>(data, index), 5, 2, true);
  case DataType::I64:
    return static_cast<double>(load<int64_t>(data, index));
  case DataType::I32:
    return load<int32_t>(data, index);
  case DataType::I16:
    return load<int16_t>(data, index);
  case DataType::I8:
    return load<int8_t>(data, index);
  case DataType::U64:
    return static_cast<double>(load<uint64_t>(data, index));
  case DataType::U32:
    return load<uint32_t>(data, index);
  case DataType::U16:
    return load<uint16_t>(data, index);
  case DataType::U8:
    return load<uint8_t>(data, index);
  case DataType::I1:
    return load<uint8_t>(data, index) != 0;
  }
  return 0;
}

void hydragen::runtime::setElement(DataType type, void *data, int64_t index,
                                   double value) {
  switch (type) {
  case DataType::F64:
    return store(data, index, value);
  case DataType::F32:
    return store(data, index, static_cast<float>(value));
  case DataType::F16:
    return store(data, index,
                 static_cast<uint16_t>(encode(value, 5, 10, true)));
  case DataType::BF16:
    return store(data, index, static_cast<uint16_t>(encode(value, 8, 7, true)));
  case DataType::F8E4M3:
    return store(data, index, static_cast<uint8_t>(encode(value, 4, 3, false)));
  case DataType::F8E5M2:
    return store(data, index, static_cast<uint8_t>(encode(value, 5, 2, true)));
  case DataType::I64:
    return store(data, index, static_cast<int64_t>(value));
  case DataType::I32:
    return store(data, index, static_cast<int32_t>(value));
  case DataType::I16:
    return store(data, index, static_cast<int16_t>(value));
  case DataType::I8:
    return store(data, index, static_cast<int8_t>(value));
  case DataType::U64:
    return store(data, index, static_cast<uint64_t>(value));
  case DataType::U32:
    return store(data, index, static_cast<uint32_t>(value));
  case DataType::U16:
    return store(data, index, static_cast<uint16_t>(value));
  case DataType::U8:
    return store(data, index, static_cast<uint8_t>(value));
  case DataType::I1:
    return store(data, index, static_cast<uint8_t>(value != 0));
  }
}
