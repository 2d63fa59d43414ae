//===- DataTypeTest.cpp - conversions of small floats -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataType.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

using namespace hydragen::runtime;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();

double decode(DataType type, uint32_t bits) {
  unsigned char bytes[4];
  std::memcpy(bytes, &bits, 4);
  return getElement(type, bytes, 0);
}
uint32_t encode(DataType type, double value) {
  uint32_t bits = 0;
  setElement(type, &bits, 0, value);
  return bits;
}

struct Format {
  DataType type;
  unsigned bits;
  uint32_t signBit;
};
const Format kFormats[] = {{DataType::F16, 16, 0x8000},
                           {DataType::BF16, 16, 0x8000},
                           {DataType::F8E5M2, 8, 0x80},
                           {DataType::F8E4M3, 8, 0x80}};

TEST(DataType, EveryPatternRoundTrips) {
  for (const Format &format : kFormats)
    for (uint32_t bits = 0; bits != 1u << format.bits; ++bits) {
      double value = decode(format.type, bits);
      uint32_t again = encode(format.type, value);
      if (std::isnan(value))
        // The payload may change, being a NaN may not.
        EXPECT_TRUE(std::isnan(decode(format.type, again)));
      else
        EXPECT_EQ(again, bits) << getName(format.type);
    }
}

/// bf16 is the upper half of an f32: an independent table.
TEST(DataType, BFloatIsTheUpperHalfOfAFloat) {
  for (uint32_t bits = 0; bits != 1u << 16; ++bits) {
    uint32_t wide = bits << 16;
    float expected;
    std::memcpy(&expected, &wide, 4);
    double got = decode(DataType::BF16, bits);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(got));
    else
      EXPECT_EQ(got, static_cast<double>(expected)) << bits;
  }
}

#ifdef __FLT16_MAX__
/// The compiler's own half: an independent table.
TEST(DataType, HalfIsTheCompilersHalf) {
  for (uint32_t bits = 0; bits != 1u << 16; ++bits) {
    auto narrow = static_cast<uint16_t>(bits);
    _Float16 expected;
    std::memcpy(&expected, &narrow, 2);
    double got = decode(DataType::F16, bits);
    if (std::isnan(got))
      EXPECT_TRUE(expected != expected);
    else
      EXPECT_EQ(got, static_cast<double>(expected)) << bits;
  }
}
#endif

/// Between neighbours: nearest, ties to the even pattern, one rounding.
TEST(DataType, RoundsToNearestEven) {
  for (const Format &format : kFormats)
    for (uint32_t bits = 0; bits + 1 < format.signBit; ++bits) {
      double low = decode(format.type, bits),
             high = decode(format.type, bits + 1);
      if (!std::isfinite(low) || !std::isfinite(high))
        continue;
      double middle = (low + high) / 2; // exact in double
      uint32_t even = bits & 1 ? bits + 1 : bits;
      for (uint32_t sign : {0u, format.signBit}) {
        double s = sign ? -1 : 1;
        EXPECT_EQ(encode(format.type, s * middle), sign | even)
            << getName(format.type) << " " << bits;
        EXPECT_EQ(encode(format.type, s * std::nextafter(middle, 0.0)),
                  sign | bits);
        EXPECT_EQ(encode(format.type, s * std::nextafter(middle, kInf)),
                  sign | (bits + 1));
      }
    }
}

TEST(DataType, LargestValuesAndOverflow) {
  EXPECT_EQ(decode(DataType::F16, 0x7bff), 65504);
  EXPECT_EQ(encode(DataType::F16, 65519.99), 0x7bffu);
  EXPECT_EQ(encode(DataType::F16, 65520), 0x7c00u); // the tie goes to infinity
  EXPECT_EQ(encode(DataType::F16, -1e300), 0xfc00u);
  EXPECT_EQ(encode(DataType::BF16, kInf), 0x7f80u);
  EXPECT_EQ(encode(DataType::BF16, 3.4e38), 0x7f80u);
  EXPECT_EQ(encode(DataType::BF16, 3.39e38), 0x7f7fu);
  EXPECT_EQ(decode(DataType::F8E5M2, 0x7b), 57344);
  EXPECT_EQ(encode(DataType::F8E5M2, 61440), 0x7cu);
  // This fp8 has no infinity: overflow is its NaN.
  EXPECT_EQ(decode(DataType::F8E4M3, 0x7e), 448);
  EXPECT_EQ(encode(DataType::F8E4M3, 448), 0x7eu);
  EXPECT_EQ(encode(DataType::F8E4M3, 465), 0x7fu);
  EXPECT_EQ(encode(DataType::F8E4M3, -kInf), 0xffu);
  EXPECT_TRUE(std::isnan(decode(DataType::F8E4M3, 0x7f)));
}

TEST(DataType, SmallestValuesAndZeros) {
  EXPECT_EQ(decode(DataType::F16, 1), 0x1p-24);
  EXPECT_EQ(encode(DataType::F16, 0x1p-25), 0u); // a tie with zero
  EXPECT_EQ(encode(DataType::F16, 0x1.000001p-25), 1u);
  EXPECT_EQ(encode(DataType::F16, 5e-324), 0u);
  EXPECT_EQ(encode(DataType::F16, -0.0), 0x8000u);
  EXPECT_EQ(encode(DataType::F16, 0x1.ffcp-15), 0x400u - 1 + 1); // to normal
  EXPECT_EQ(decode(DataType::BF16, 1), 0x1p-133);
}

TEST(DataType, NamesAndSizes) {
  struct {
    const char *name;
    unsigned size;
  } const rows[] = {{"f64", 8}, {"f32", 4},    {"f16", 2},    {"bf16", 2},
                    {"i64", 8}, {"f8e4m3", 1}, {"f8e5m2", 1}, {"i1", 1},
                    {"u16", 2}, {"i8", 1}};
  for (const auto &row : rows) {
    auto type = parseDataType(row.name);
    ASSERT_TRUE(type) << row.name;
    EXPECT_EQ(getName(*type), row.name);
    EXPECT_EQ(getSize(*type), row.size);
  }
  for (const char *name : {"", "f", "f33", "F32", "i128", "tf32", "f32 "})
    EXPECT_FALSE(parseDataType(name)) << name;
}

TEST(DataType, WhatATensorMayBe) {
  auto of = [](uint8_t code, uint8_t bits, uint16_t lanes = 1) {
    return DLDataType{code, bits, lanes};
  };
  EXPECT_TRUE(accepts(DataType::F32, of(kDLFloat, 32)));
  EXPECT_FALSE(accepts(DataType::F32, of(kDLFloat, 32, 2)));
  EXPECT_FALSE(accepts(DataType::F32, of(kDLInt, 32)));
  EXPECT_FALSE(accepts(DataType::F32, of(kDLFloat, 64)));
  EXPECT_FALSE(accepts(DataType::F16, of(kDLBfloat, 16)));
  EXPECT_TRUE(accepts(DataType::BF16, of(kDLBfloat, 16)));
  EXPECT_TRUE(accepts(DataType::BF16, of(kDLUInt, 16)));
  EXPECT_TRUE(accepts(DataType::F8E4M3, of(kDLUInt, 8)));
  EXPECT_TRUE(accepts(DataType::I1, of(kDLUInt, 8)));
  EXPECT_TRUE(accepts(DataType::I1, of(6, 8)));
  EXPECT_FALSE(accepts(DataType::I1, of(kDLInt, 8)));
  EXPECT_FALSE(accepts(DataType::I64, of(kDLInt, 32)));
}
} // namespace
