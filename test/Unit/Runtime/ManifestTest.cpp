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

TEST(Manifest, Kernels) {
  auto manifest = read(makeModule(kGpuManifest));
  ASSERT_TRUE(manifest) << manifest.getError().message;
  ASSERT_EQ(manifest->entries.size(), 2u);
  EXPECT_TRUE(manifest->entries[0].onGpu);
  EXPECT_FALSE(manifest->entries[1].onGpu);
  const ArgumentInfo &input = manifest->entries[0].inputs[0];
  EXPECT_EQ(input.placement, Placement::Device);
  EXPECT_EQ(input.strides, Strides::Inner);
  EXPECT_EQ(getAlignment(input), 16u);
  EXPECT_EQ(getAlignment(manifest->entries[0].outputs[0]), 2u);
  EXPECT_EQ(manifest->entries[0].work[0].flops, "in0.0");
  ASSERT_EQ(manifest->kernels.size(), 2u);
  EXPECT_EQ(manifest->kernels[0].getThreads(), 256u);
  EXPECT_EQ(manifest->kernels[0].sharedBytes, 4096u);
  EXPECT_EQ(manifest->kernels[0].parameterBytes, 64u);
  EXPECT_EQ(manifest->kernels[1].sharedBytes, 0u);
  ASSERT_EQ(manifest->images.size(), 2u);
  EXPECT_EQ(manifest->images[0].arch, 80u);
  EXPECT_FALSE(manifest->images[0].isCubin);
  EXPECT_TRUE(manifest->images[1].isCubin);
  EXPECT_EQ(manifest->targets[1], "cuda:sm_80");
}

TEST(Manifest, WrongKernels) {
  const std::pair<const char *, const char *> edits[] = {
      {"\"device\":\"cuda\"", "\"device\":\"tpu\""},
      {"\"device\":\"cuda\"", "\"device\":1"},
      {"\"placement\":\"device\",\"strides\"",
       "\"placement\":\"here\",\"strides\""},
      // In-place arguments are one memory.
      {"\"placement\":\"device\",\"strides\"",
       "\"placement\":\"host\",\"strides\""},
      {"\"inner\"", "\"outer\""},
      {"\"alignment\":16", "\"alignment\":12"},
      {"\"alignment\":16", "\"alignment\":8192"},
      {"\"alignment\":16", "\"alignment\":-16"},
      {"\"flops\":\"in0.0\"", "\"flops\":7"},
      {"\"kernel\":\"k\"", "\"kernels\":\"k\""},
      {"[\"cpu\",", "[8,"},
      {"\"name\":\"k\"", "\"name\":\"\""},
      {"\"name\":\"k\"", "\"name\":\"l\""},
      {"[128,2,1]", "[128,2]"},
      {"[128,2,1]", "[1024,2,1]"},
      {"[128,2,1]", "[128,0,1]"},
      {"[128,2,1]", "[128,2,-1]"},
      {"[128,2,1]", "[128,4294967296,1]"},
      {"[1,1,64]", "[1,1,65]"},
      {"\"shared_bytes\":4096", "\"shared_bytes\":232449"},
      {"\"shared_bytes\":4096", "\"shared_bytes\":\"4096\""},
      {"\"parameter_bytes\":64", "\"parameter_bytes\":32765"},
      {"\"arch\":80", "\"arch\":\"80\""},
      {"\"arch\":80", "\"arch\":1000"},
      {"\"arch\":80,", ""},
      {",\"kind\":\"cubin\"", ""},
      {"\"cubin\"", "\"fatbin\""},
  };
  for (auto [from, to] : edits)
    EXPECT_EQ(failure(makeModule(replaced(kGpuManifest, from, to))),
              "corrupt module (manifest text)")
        << to;
}

TEST(Manifest, NoByteOfKernelsCrashes) {
  std::string whole = makeModule(kGpuManifest);
  for (size_t at = 0; at != whole.size(); ++at)
    for (int flip : {0x01, 0x80, 0x20}) {
      std::string file = whole;
      file[at] = static_cast<char>(file[at] ^ flip);
      sealModule(file);
      read(file);
    }
}

TEST(Formula, Values) {
  const std::vector<std::vector<int64_t>> shapes = {{3, 5}, {}, {7}};
  auto value = [&](const char *text) {
    return evaluateFormula(text, shapes).value_or(-1);
  };
  EXPECT_EQ(value("4"), 4);
  EXPECT_EQ(value("in0.1"), 5);
  EXPECT_EQ(value("2*in0.0*(in2.0+1) - 8"), 40);
  EXPECT_EQ(value("(in2.0+1)/3*3"), 6); // rounds down
  EXPECT_EQ(value("12-4-3"), 5);
  EXPECT_EQ(value(" 1 + 2 "), 3);
  for (const char *bad :
       {"", "in", "in0", "in0.2", "in1.0", "in3.0", "in0.", "1+", "(1", "1)",
        "x", "1 2", "1/0", "0/0", "1-2", "in99999999999999999999.0", "--1"})
    EXPECT_EQ(value(bad), -1) << bad;
  EXPECT_EQ(value(std::string(100000, '(').c_str()), -1);
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
