//===- ModuleFile.cpp - a module's file and its code ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModuleFile.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace hydragen::runtime;

Result<std::unique_ptr<ModuleFile>> ModuleFile::open(const char *path) {
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return invalid(std::string("cannot open: ") + std::strerror(errno), path);
  struct stat info;
  auto file = std::make_unique<ModuleFile>();
  file->path = path;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return invalid("not a regular file", path);
  }
  file->size = static_cast<size_t>(info.st_size);
  if (file->size) {
    void *data = mmap(nullptr, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      ::close(fd);
      return invalid(std::string("cannot read: ") + std::strerror(errno), path);
    }
    file->data = static_cast<const unsigned char *>(data);
  }
  ::close(fd);
  return file;
}

ModuleFile::~ModuleFile() {
  if (data)
    munmap(const_cast<unsigned char *>(data), size);
}

/// As memcmp, which the address sanitizer does not let read what lies between
/// the variables of a module.
#if defined(__clang__) || defined(__GNUC__)
__attribute__((no_sanitize("address")))
#endif
static bool isEqual(const unsigned char *a, const unsigned char *b,
                    size_t count) {
  unsigned char difference = 0;
  for (size_t i = 0; i != count; ++i)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

namespace {
/// Looks for the library at `base` among the loaded ones, and compares.
struct Comparison {
  const unsigned char *data;
  size_t size;
  ElfW(Addr) base;
  bool withCode;
  bool same = false;

  static int visit(dl_phdr_info *info, size_t, void *argument) {
    auto &comparison = *static_cast<Comparison *>(argument);
    if (info->dlpi_addr != comparison.base)
      return 0;
    comparison.same = comparison.isSame(*info);
    return 1;
  }

  bool isSame(const dl_phdr_info &info) const {
    ElfW(Ehdr) header;
    size_t tableBytes = info.dlpi_phnum * sizeof(ElfW(Phdr));
    if (size < sizeof(header))
      return false;
    std::memcpy(&header, data, sizeof(header));
    if (header.e_phnum != info.dlpi_phnum || header.e_phoff > size ||
        size - header.e_phoff < tableBytes ||
        std::memcmp(data + header.e_phoff, info.dlpi_phdr, tableBytes))
      return false;
    for (size_t i = 0; i != info.dlpi_phnum; ++i) {
      const ElfW(Phdr) &segment = info.dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || segment.p_flags & PF_W ||
          (segment.p_flags & PF_X && !withCode))
        continue;
      if (segment.p_offset > size ||
          size - segment.p_offset < segment.p_filesz ||
          !isEqual(
              data + segment.p_offset,
              reinterpret_cast<const unsigned char *>(base + segment.p_vaddr),
              segment.p_filesz))
        return false;
    }
    return true;
  }
};
} // namespace

bool ModuleFile::isLoadedAs(void *handle, bool withCode) const {
  link_map *map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
    return false;
  Comparison comparison{data, size, map->l_addr, withCode};
  dl_iterate_phdr(Comparison::visit, &comparison);
  return comparison.same;
}

Result<void *> ModuleFile::load() const {
  // A name without a slash would be looked up in the library path.
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  // Each library of this name that is in use has one of the spellings.
  constexpr int kMostSpellings = 64;
  for (int i = 0; i != kMostSpellings; ++i) {
    folder += i ? "/." : "";
    std::string spelling = folder + "/" + name;
    void *handle = dlopen(spelling.c_str(), RTLD_NOW | RTLD_NOLOAD);
    if (handle && isLoadedAs(handle, /*withCode=*/true))
      return handle;
    if (handle) {
      dlclose(handle);
      continue;
    }
    handle = dlopen(spelling.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
      return invalid(std::string("cannot load: ") + dlerror());
    // A debugger may have put breakpoints into the code.
    if (isLoadedAs(handle, /*withCode=*/false))
      return handle;
    dlclose(handle);
    return invalid("cannot load: the file has changed meanwhile");
  }
  return invalid("cannot load: " + std::to_string(kMostSpellings) +
                 " other modules from this path are in use");
}
