//===- FuzzTargets.cpp - readers under arbitrary bytes ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzTargets.h"

#include "../../Unit/Runtime/ModuleFiles.h"
#include "Manifest.h"
#include "Npz.h"

#include <cstdio>
#include <cstdlib>

using namespace hydragen::runtime;
using namespace hydragen::test;

namespace {
void require(bool condition, const char *what) {
  if (condition)
    return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

void checkArray(const Array &array) {
  require(array.data.size() == static_cast<uint64_t>(array.getNumElements()) *
                                   getSize(array.type),
          "an array holds what its shape says");
  std::string text = writeNpy(array);
  auto again = parseNpy(text.data(), text.size());
  require(static_cast<bool>(again), "a written array is read");
  require(again->shape == array.shape && again->data == array.data &&
              again->type == array.type,
          "writing and reading changes nothing");
}

void checkError(const Error &error) {
  require(error.code == HYDRAGEN_INVALID || error.code == HYDRAGEN_INTERNAL,
          "a failure has a code");
  require(!error.message.empty(), "a failure says why");
}

void checkManifest(Result<Manifest> manifest) {
  if (!manifest)
    return checkError(manifest.getError());
  for (const EntryInfo &entry : manifest->entries) {
    for (const ArgumentInfo &input : entry.inputs) {
      for (int64_t extent : input.shape)
        require(extent >= -1, "extents are -1 or more");
      if (input.aliasOutput < 0)
        continue;
      require(static_cast<size_t>(input.aliasOutput) < entry.outputs.size(),
              "an alias is an output");
      const ArgumentInfo &output = entry.outputs[input.aliasOutput];
      require(output.type == input.type &&
                  output.shape.size() == input.shape.size(),
              "an alias is alike");
    }
  }
}
} // namespace

void hydragen::test::fuzzNpz(const uint8_t *data, size_t size) {
  const char *text = reinterpret_cast<const char *>(data);
  if (auto array = parseNpy(text, size))
    checkArray(*array);
  else
    checkError(array.getError());
  auto reader = NpzReader::parse({text, text + size});
  if (!reader)
    return checkError(reader.getError());
  for (const std::string &name : reader->getNames()) {
    if (auto array = reader->read(name))
      checkArray(*array);
    else
      checkError(array.getError());
  }
}

void hydragen::test::fuzzManifest(const uint8_t *data, size_t size) {
  checkManifest(readManifest(data, size));
  std::string module = makeModule({reinterpret_cast<const char *>(data), size});
  checkManifest(readManifest(
      reinterpret_cast<const unsigned char *>(module.data()), module.size()));
}
