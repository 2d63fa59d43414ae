//===- Linker.cpp - object code to a shared object --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/Linker.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <link.h>

using namespace llvm;

static Error makeError(const Twine &text) {
  return createStringError(inconvertibleErrorCode(), text);
}

Expected<std::string> hydragen::findLinker() {
  SmallString<128> path(HYDRAGEN_LLVM_TOOLS_DIR);
  sys::path::append(path, "ld.lld");
  if (sys::fs::can_execute(path))
    return path.str().str();
  for (StringRef name : {"ld.lld-22", "ld.lld"})
    if (auto found = sys::findProgramByName(name))
      return *found;
  return makeError("cannot find the linker: neither " + path.str() +
                   " nor ld.lld-22 or ld.lld on PATH (install lld-22)");
}

/// Paths of libc and libm as this process has loaded them.
static SmallVector<std::string> findSystemLibraries() {
  SmallVector<std::string> paths;
  dl_iterate_phdr(
      [](struct dl_phdr_info *info, size_t, void *data) {
        StringRef name = sys::path::filename(info->dlpi_name);
        if (name == "libc.so.6" || name == "libm.so.6")
          static_cast<SmallVector<std::string> *>(data)->push_back(
              info->dlpi_name);
        return 0;
      },
      &paths);
  return paths;
}

static Expected<std::string> makeTemporary(StringRef suffix) {
  SmallString<128> path;
  if (std::error_code error =
          sys::fs::createTemporaryFile("hydragen", suffix, path))
    return makeError("cannot create a temporary file: " + error.message());
  return path.str().str();
}

static Expected<SmallVector<char, 0>> readFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return makeError("cannot read " + path + ": " +
                     buffer.getError().message());
  return SmallVector<char, 0>((*buffer)->getBufferStart(),
                              (*buffer)->getBufferEnd());
}

Expected<SmallVector<char, 0>>
hydragen::linkSharedObject(ArrayRef<char> object) {
  Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  Expected<std::string> input = makeTemporary("o");
  if (!input)
    return input.takeError();
  FileRemover removeInput(*input);
  Expected<std::string> output = makeTemporary("so");
  if (!output)
    return output.takeError();
  FileRemover removeOutput(*output);
  Expected<std::string> log = makeTemporary("log");
  if (!log)
    return log.takeError();
  FileRemover removeLog(*log);

  std::error_code error;
  raw_fd_ostream stream(*input, error);
  stream.write(object.data(), object.size());
  stream.close();
  if (error || stream.has_error()) {
    stream.clear_error();
    return makeError("cannot write " + *input);
  }

  SmallVector<std::string> libraries = findSystemLibraries();
  SmallVector<StringRef> arguments{*linker,
                                   "-shared",
                                   "--hash-style=gnu",
                                   "--build-id=none",
                                   "-z",
                                   "defs",
                                   "-z",
                                   "now",
                                   "-z",
                                   "relro",
                                   "-z",
                                   "noexecstack",
                                   "--as-needed",
                                   "-o",
                                   *output,
                                   *input};
  arguments.append(libraries.begin(), libraries.end());
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(*log),
                                          StringRef(*log)};
  std::string message;
  int rc =
      sys::ExecuteAndWait(*linker, arguments, std::nullopt, redirects,
                          /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (rc != 0) {
    if (auto text = readFile(*log); text && !text->empty())
      message = StringRef(text->data(), text->size()).split('\n').first.str();
    else if (!text)
      consumeError(text.takeError());
    return makeError("the linker " + *linker + " failed: " + message);
  }
  return readFile(*output);
}
