//===- ManifestTest.cpp - reading modules -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"
#include "ModuleFiles.h"

#include <gtest/gtest.h>

using namespace hydragen::runtime;
using namespace hydragen::test;

namespace {
Result<Manifest> read(const std::string &file) {
  // An exact heap block: a sanitizer sees any read behind it.
  std::vector<unsigned char> bytes(file.begin(), file.end());
  return readManifest(bytes.data(), bytes.size());
}
std::string failure(const std::string &file) {
  auto manifest = read(file);
  if (manifest)
    return "";
  EXPECT_EQ(manifest.getError().code, HYDRAGEN_INVALID);
  return manifest.getError().message;
}
std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, WhatItSays) {
  auto manifest = read(makeModule(kGoodManifest));
  ASSERT_TRUE(manifest) << manifest.getError().message;
  EXPECT_EQ(manifest->producer, "test 1");
  EXPECT_EQ(manifest->arch, "x86_64");
  ASSERT_EQ(manifest->entries.size(), 1u);
  const EntryInfo &entry = manifest->entries[0];
  EXPECT_EQ(entry.name, "main");
  ASSERT_EQ(entry.inputs.size(), 2u);
  // Arguments go by their number, as in the .npz files.
  EXPECT_EQ(entry.inputs[0].name, "in0");
  EXPECT_EQ(entry.inputs[0].shape, (std::vector<int64_t>{4, -1}));
  EXPECT_EQ(entry.inputs[0].aliasOutput, -1);
  EXPECT_EQ(entry.inputs[1].type, DataType::BF16);
  EXPECT_EQ(entry.inputs[1].aliasOutput, 1);
  EXPECT_EQ(entry.outputs[0].shape, std::vector<int64_t>{0});
}

TEST(Manifest, EveryTruncationIsRefused) {
  std::string whole = makeModule(kGoodManifest);
  for (size_t size = 0; size != whole.size(); ++size)
    EXPECT_NE(failure(whole.substr(0, size)), "") << size;
  EXPECT_NE(failure(whole + '\0'), "");
}

TEST(Manifest, EveryFlippedBitIsRefused) {
  std::string whole = makeModule(kGoodManifest);
  for (size_t at = 0; at != whole.size(); ++at)
    for (int bit = 0; bit != 8; ++bit) {
      std::string file = whole;
      file[at] = static_cast<char>(file[at] ^ 1 << bit);
      EXPECT_NE(failure(file), "") << at;
    }
}

/// Behind a right checksum any byte must still be read safely.
TEST(Manifest, NoByteCrashesBehindARightChecksum) {
  std::string whole = makeModule(kGoodManifest);
  for (size_t at = 0; at != whole.size(); ++at)
    for (int flip : {0x01, 0x80, 0xff, 0x20}) {
      std::string file = whole;
      file[at] = static_cast<char>(file[at] ^ flip);
      sealModule(file);
      read(file);
    }
}

TEST(Manifest, OtherVersionsAndMachines) {
  EXPECT_EQ(failure(makeModule(kGoodManifest, 2)),
            "module has ABI version 2 but this runtime speaks 1");
  EXPECT_EQ(failure(makeModule(replaced(kGoodManifest, "x86_64", "aarch64"))),
            "module is for aarch64, this is x86_64");
  EXPECT_EQ(failure(makeModule(replaced(kGoodManifest, "\"features\":[]",
                                        "\"features\":[\"sse5000\"]"))),
            "module needs processor feature sse5000, which this machine lacks");
  std::string file = makeModule(kGoodManifest);
  file[18] = 40; // e_machine: ARM
  EXPECT_EQ(failure(file), "not a module for x86-64");
  EXPECT_EQ(failure("#!/bin/sh\n"), "not a module (no ELF object)");
  EXPECT_EQ(failure(""), "not a module (no ELF object)");
  EXPECT_TRUE(hasProcessorFeature("cx16"));
  EXPECT_FALSE(hasProcessorFeature(""));
}

TEST(Manifest, ThisProgramIsNoModule) {
  FILE *self = std::fopen("/proc/self/exe", "rb");
  ASSERT_NE(self, nullptr);
  std::string file;
  char block[1 << 16];
  while (size_t count = std::fread(block, 1, sizeof(block), self))
    file.append(block, count);
  std::fclose(self);
  EXPECT_EQ(failure(file), "not a hydragen module (no manifest)");
}

/// The JSON is as untrusted as the rest: anything wrong is refused.
TEST(Manifest, WrongJson) {
  const std::pair<const char *, const char *> edits[] = {
      {"{\"producer\"", "[\"producer\""},
      {"\"entries\"", "\"entris\""},
      {"\"host\"", "\"hots\""},
      {"\"x86_64\"", "64"},
      {"\"features\":[]", "\"features\":{}"},
      {"\"features\":[]", "\"features\":[1]"},
      {"\"name\":\"main\"", "\"name\":7"},
      {"\"f32\"", "\"f31\""},
      {"\"f32\"", "null"},
      {"[4,-1]", "[4,-2]"},
      {"[4,-1]", "[4,1.5]"},
      {"[4,-1]", "[4,18446744073709551615]"},
      {"[4,-1]", "[4,9223372036854775808]"},
      {"[4,-1]", "4"},
      {"\"alias_output\":1", "\"alias_output\":2"},
      {"\"alias_output\":1", "\"alias_output\":-1"},
      {"\"alias_output\":1", "\"alias_output\":0"}, // another type
      {"\"alias_output\":1", "\"alias_output\":\"1\""},
  };
  for (auto [from, to] : edits)
    EXPECT_EQ(failure(makeModule(replaced(kGoodManifest, from, to))),
              "corrupt module (manifest text)")
        << to;
  EXPECT_EQ(failure(makeModule("")), "corrupt module (manifest text)");
  EXPECT_EQ(failure(makeModule(std::string(100000, '['))),
            "corrupt module (manifest text)");
  std::string many = "[1";
  for (int i = 0; i != 32; ++i)
    many += ",1";
  EXPECT_EQ(failure(makeModule(replaced(kGoodManifest, "[4,-1]", many + "]"))),
            "corrupt module (manifest text)");
  EXPECT_TRUE(read(makeModule(
      replaced(kGoodManifest, "[4,-1]", "[4,9223372036854775807]"))));
}

TEST(Manifest, TextBeyondTheSection) {
  std::string file = makeModule(kGoodManifest);
  uint32_t bytes = 0xffffffff;
  std::memcpy(
      &file[kManifestOffset + offsetof(hydragen_manifest_header, json_bytes)],
      &bytes, 4);
  sealModule(file);
  EXPECT_EQ(failure(file), "corrupt module (manifest size)");
}
} // namespace
