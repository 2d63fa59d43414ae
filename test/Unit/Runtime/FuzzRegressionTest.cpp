//===- FuzzRegressionTest.cpp - the fuzz targets over mutations -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Deterministic: the same seeds and mutations on every run.
//===----------------------------------------------------------------------===//

#include "../../Runtime/Fuzz/FuzzTargets.h"
#include "ArrayFiles.h"
#include "ModuleFiles.h"

#include <gtest/gtest.h>
#include <random>

using namespace hydragen::test;

namespace {
using Target = void (*)(const uint8_t *, size_t);

void run(Target target, const std::string &text) {
  // An exact heap block: a sanitizer sees any read behind it.
  std::vector<uint8_t> bytes(text.begin(), text.end());
  target(bytes.data(), bytes.size());
}

/// A few edits of the kinds that libFuzzer makes.
std::string mutate(std::string text, const std::vector<std::string> &seeds,
                   std::mt19937 &random) {
  auto below = [&](size_t bound) { return bound ? random() % bound : 0; };
  static const uint64_t kExtremes[] = {
      0, 1, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, ~0ull, 1ull << 63};
  for (size_t edits = 1 + below(4); edits--;) {
    size_t at = below(text.size());
    switch (below(6)) {
    case 0:
      if (!text.empty())
        text[at] = static_cast<char>(random());
      break;
    case 1:
      text.erase(at, below(16));
      break;
    case 2:
      text.insert(at, std::string(below(16), static_cast<char>(random())));
      break;
    case 3: {
      uint64_t value = kExtremes[below(std::size(kExtremes))];
      size_t width = size_t(1) << below(4);
      if (text.size() >= width)
        std::memcpy(&text[below(text.size() - width + 1)], &value, width);
      break;
    }
    case 4: { // a piece of another seed
      const std::string &other = seeds[below(seeds.size())];
      size_t from = below(other.size());
      text.insert(at, other.substr(from, below(64)));
      break;
    }
    case 5:
      text.resize(at);
      break;
    }
  }
  return text;
}

void runMutations(Target target, const std::vector<std::string> &seeds,
                  int rounds) {
  std::mt19937 random(20260101);
  for (const std::string &seed : seeds)
    run(target, seed);
  for (int i = 0; i != rounds; ++i)
    run(target, mutate(seeds[i % seeds.size()], seeds, random));
}

TEST(FuzzRegression, Npz) {
  std::string small = npy("<f4", true, "(2, 2)", std::string(16, 'x'));
  runMutations(fuzzNpz,
               {"", small, npy("<f8", false, "(1, 0, 3)", "", 2),
                zip({{"a.npy", small}}),
                zip({{"a.npy", small, true}, {"b.npy", small}}),
                zip({{"a.npy", small, true, true}}, "comment", true),
                zip({{"a.npy", npy("|b1", false, "()", "\1")}}, "", true)},
               20000);
}

TEST(FuzzRegression, Manifest) {
  runMutations(fuzzManifest,
               {"", makeModule(kGoodManifest), kGoodManifest,
                makeModule(kGpuManifest), kGpuManifest, "{}",
                R"({"host":{"arch":"x86_64"},"entries":[]})"},
               20000);
}
} // namespace
