//===- NpyTest.cpp - .npy arrays --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayFiles.h"

#include <gtest/gtest.h>

using namespace hydragen::runtime;
using namespace hydragen::test;

namespace {
Result<Array> parse(const std::string &text) {
  // An exact heap block: a sanitizer sees any read behind it.
  std::vector<char> bytes(text.begin(), text.end());
  return parseNpy(bytes.data(), bytes.size());
}

std::string failure(const std::string &text) {
  auto array = parse(text);
  return array ? "" : array.getError().message;
}

TEST(Npy, ReadsWhatNumpyWrites) {
  std::string data;
  for (float value : {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f})
    data.append(reinterpret_cast<char *>(&value), 4);
  for (int version : {1, 2, 3}) {
    auto array = parse(npy("<f4", false, "(2, 3)", data, version));
    ASSERT_TRUE(array) << version;
    EXPECT_EQ(array->type, DataType::F32);
    EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(getElement(DataType::F32, array->data.data(), 5), 6);
  }
}

TEST(Npy, FortranOrderIsTransposed) {
  std::string data("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25"
                   "\26\27",
                   24);
  auto array = parse(npy("|u1", true, "(2, 3, 4)", data));
  ASSERT_TRUE(array);
  for (int i = 0; i != 2; ++i)
    for (int j = 0; j != 3; ++j)
      for (int k = 0; k != 4; ++k)
        EXPECT_EQ(array->data[(i * 3 + j) * 4 + k], i + 2 * j + 6 * k);
  // With an element size, one dim, no dims, no elements.
  array = parse(npy("<i2", true, "(2, 2)", std::string("\1\0\2\0\3\0\4\0", 8)));
  ASSERT_TRUE(array);
  EXPECT_EQ(getElement(DataType::I16, array->data.data(), 1), 3);
  EXPECT_TRUE(parse(npy("|u1", true, "(3,)", "abc")));
  EXPECT_TRUE(parse(npy("|u1", true, "()", "a")));
  EXPECT_TRUE(parse(npy("|u1", true, "(3, 0)", "")));
}

TEST(Npy, EveryType) {
  const std::pair<const char *, DataType> rows[] = {
      {"<f8", DataType::F64}, {"<f4", DataType::F32}, {"<f2", DataType::F16},
      {"<i8", DataType::I64}, {"<i4", DataType::I32}, {"<i2", DataType::I16},
      {"|i1", DataType::I8},  {"<u8", DataType::U64}, {"<u4", DataType::U32},
      {"<u2", DataType::U16}, {"|u1", DataType::U8},  {"|b1", DataType::I1}};
  for (auto [descr, type] : rows) {
    std::string data(getSize(type) * 2, '\1');
    auto array = parse(npy(descr, false, "(2,)", data));
    ASSERT_TRUE(array) << descr;
    EXPECT_EQ(array->type, type);
    EXPECT_EQ(std::string(array->data.begin(), array->data.end()), data);
    // And back.
    auto again = parse(writeNpy(*array));
    ASSERT_TRUE(again) << descr;
    EXPECT_EQ(again->type, type);
    EXPECT_EQ(again->shape, array->shape);
    EXPECT_EQ(again->data, array->data);
  }
}

TEST(Npy, RefusesByName) {
  EXPECT_EQ(failure(npy(">f4", false, "(1,)", "abcd")),
            "is big-endian (>f4), which is not supported");
  EXPECT_EQ(failure(npy("|O", false, "(1,)", "abcdefgh")),
            "has unsupported type |O");
  EXPECT_EQ(failure(npy("<c8", false, "(1,)", "abcdefgh")),
            "has unsupported type <c8");
  EXPECT_EQ(failure(npy("<f4", false, "(2,)", "abcd")),
            "is truncated (4 of 8 bytes)");
  EXPECT_EQ(failure(npy("<f4", false, "(1,)", "abcd", 4)),
            "has .npy version 4, expected 1 to 3");
  EXPECT_EQ(failure("PK"), "is not an .npy array");
  EXPECT_EQ(failure(""), "is not an .npy array");
  const char *unreadable = "has a header that cannot be read";
  EXPECT_EQ(failure(npy("<f4", false, "(-1,)", "abcd")), unreadable);
  EXPECT_EQ(failure(npy("<f4", false, "(1", "abcd")), unreadable);
  EXPECT_EQ(failure(npy("<f4", false, "1", "abcd")), unreadable);
  EXPECT_EQ(failure(npy("<f4", false, "(99999999999999999999,)", "abcd")),
            unreadable);
  EXPECT_EQ(failure(rawNpy("{'descr': '<f4', 'shape': (1,), }", "abcd")),
            unreadable);
  EXPECT_EQ(failure(rawNpy("{'descr': [('a', '<f4')], 'fortran_order': False, "
                           "'shape': (1,), }",
                           "abcd")),
            unreadable);
  EXPECT_EQ(failure(rawNpy("{'shape': (1,), 'descr': '<f4', 'descr': '<f4', "
                           "'fortran_order': False}",
                           "abcd")),
            unreadable);
}

TEST(Npy, HugeShapes) {
  // No allocation, no overflow.
  EXPECT_EQ(failure(npy("<f4", false, "(4294967296, 4294967296)", "abcd")),
            "has an impossible size");
  EXPECT_EQ(failure(npy("<f4", false, "(4611686018427387904,)", "abcd")),
            "has an impossible size");
  EXPECT_EQ(failure(npy("|u1", false, "(9223372036854775807,)", "abcd")),
            "is truncated (4 of 9223372036854775807 bytes)");
  // Empty whatever the other extents are, in either order of elements.
  for (bool fortran : {false, true}) {
    auto array = parse(npy("<f4", fortran, "(4294967296, 0, 4294967296)", ""));
    ASSERT_TRUE(array);
    EXPECT_EQ(array->getNumElements(), 0);
    EXPECT_TRUE(array->data.empty());
  }
}

TEST(Npy, EveryTruncationIsRefused) {
  std::string whole = npy("<f4", true, "(2, 2)", std::string(16, 'x'));
  ASSERT_TRUE(parse(whole));
  for (size_t size = 0; size != whole.size(); ++size)
    EXPECT_FALSE(parse(whole.substr(0, size))) << size;
}

TEST(Npy, NoFlippedBitCrashes) {
  std::string whole = npy("<f4", true, "(2, 2)", std::string(16, 'x'));
  for (size_t at = 0; at != whole.size(); ++at)
    for (int value = 0; value != 256; ++value) {
      std::string text = whole;
      text[at] = static_cast<char>(value);
      auto array = parse(text);
      if (array) {
        EXPECT_EQ(array->data.size(),
                  array->getNumElements() * getSize(array->type));
      }
    }
}

TEST(Npy, WritesSixtyFourByteHeaders) {
  Array array{DataType::BF16, {3}, {1, 2, 3, 4, 5, 6}};
  std::string text = writeNpy(array);
  EXPECT_EQ((text.size() - 6) % 64, 0u);
  EXPECT_NE(text.find("'<u2'"), std::string::npos); // bf16 travels as uint16
  Array scalar{DataType::F64, {}, std::vector<char>(8)};
  auto again = parse(writeNpy(scalar));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->shape.empty());
}
} // namespace
