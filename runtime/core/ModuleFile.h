//===- ModuleFile.h - a module's file and its code --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_MODULEFILE_H
#define HYDRAGEN_RUNTIME_CORE_MODULEFILE_H

#include "Status.h"

#include <cstddef>
#include <memory>
#include <string>

namespace hydragen::runtime {

/// A file mapped for reading.
class ModuleFile {
public:
  static Result<std::unique_ptr<ModuleFile>> open(const char *path);
  ~ModuleFile();

  /// dlopen of this file. The loader takes a name that it knows for the library
  /// that it loaded under it, whatever file is there now; so does this only
  /// when that library is equal to this file.
  Result<void *> load() const;

  const unsigned char *data = nullptr;
  size_t size = 0;

private:
  /// Whether what `handle` stands for was loaded from a file like this one: its
  /// segments that nothing writes to are the same.
  bool isLoadedAs(void *handle, bool withCode) const;

  std::string path;
};

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_MODULEFILE_H
