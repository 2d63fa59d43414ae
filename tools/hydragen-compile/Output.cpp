//===- Output.cpp - writing files whole or not at all -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Output.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <sys/stat.h>

using namespace llvm;

static Error makeError(StringRef path, const Twine &text) {
  return createStringError(inconvertibleErrorCode(), path + ": " + text);
}

/// Writes and closes; clears the stream's error after reporting it.
static Error writeAndClose(raw_fd_ostream &stream, StringRef path,
                           StringRef bytes) {
  stream << bytes;
  stream.close();
  if (!stream.has_error())
    return Error::success();
  std::string message = stream.error().message();
  stream.clear_error();
  return makeError(path, "cannot write: " + message);
}

Error hydragen::compile::writeOutput(StringRef path, StringRef bytes,
                                     bool executable) {
  if (path.empty()) {
    outs() << bytes;
    outs().flush();
    if (!outs().has_error())
      return Error::success();
    std::string message = outs().error().message();
    outs().clear_error();
    return makeError("stdout", "cannot write: " + message);
  }

  sys::fs::file_status status;
  std::error_code error = sys::fs::status(path, status);
  bool exists = !error && sys::fs::exists(status);
  if (exists && sys::fs::is_directory(status))
    return makeError(path, "is a directory");
  if (exists && !sys::fs::is_regular_file(status)) {
    raw_fd_ostream stream(path, error, sys::fs::CD_OpenExisting,
                          sys::fs::FA_Write, sys::fs::OF_None);
    if (error)
      return makeError(path, "cannot open: " + error.message());
    return writeAndClose(stream, path, bytes);
  }

  // A link's target is replaced, not the link.
  SmallString<256> target(path);
  if (exists && sys::fs::real_path(path, target))
    target = path;
  if (exists && !sys::fs::can_write(target))
    return makeError(path, "cannot open: Permission denied");
  SmallString<256> temporary;
  int fd;
  error = sys::fs::createUniqueFile(target + ".tmp-%%%%%%", fd, temporary);
  if (error)
    return makeError(path, "cannot create: " + error.message());
  raw_fd_ostream stream(fd, /*shouldClose=*/true);
  if (Error failure = writeAndClose(stream, path, bytes)) {
    sys::fs::remove(temporary);
    return failure;
  }
  mode_t mask = umask(0);
  umask(mask);
  chmod(temporary.c_str(), (executable ? 0777 : 0666) & ~mask);
  if (std::error_code failure = sys::fs::rename(temporary, target)) {
    sys::fs::remove(temporary);
    return makeError(path, "cannot rename: " + failure.message());
  }
  return Error::success();
}
