//===- Module.cpp - devices and loaded modules ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace hydragen::runtime;

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

hydragen_status *hydragen_device_open(const char *name,
                                      hydragen_device **device) {
  return guard([&]() -> Status {
    *device = nullptr;
    std::string wanted = name ? name : "";
    if (wanted == "cpu") {
      *device = new hydragen_device{wanted};
      return std::nullopt;
    }
    if (wanted == "cuda" || wanted == "emulated")
      return Error{HYDRAGEN_UNAVAILABLE,
                   "device " + wanted + " is not in this build", wanted};
    return invalid("unknown device \"" + wanted +
                       "\" (expected cpu, cuda or emulated)",
                   wanted);
  });
}

void hydragen_device_close(hydragen_device *device) { delete device; }

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

namespace {
/// A file mapped for reading.
class MappedFile {
public:
  static Result<std::unique_ptr<MappedFile>> open(const char *path) {
    int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      return invalid(std::string("cannot open: ") + std::strerror(errno), path);
    struct stat info;
    auto file = std::make_unique<MappedFile>();
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
      ::close(fd);
      return invalid("not a regular file", path);
    }
    file->size = static_cast<size_t>(info.st_size);
    if (file->size) {
      void *data = mmap(nullptr, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
      if (data == MAP_FAILED) {
        ::close(fd);
        return invalid(std::string("cannot read: ") + std::strerror(errno),
                       path);
      }
      file->data = static_cast<const unsigned char *>(data);
    }
    ::close(fd);
    return file;
  }
  ~MappedFile() {
    if (data)
      munmap(const_cast<unsigned char *>(data), size);
  }
  const unsigned char *data = nullptr;
  size_t size = 0;
};
} // namespace

hydragen_module::~hydragen_module() {
  if (handle)
    dlclose(handle);
}

/// Pairs the manifest's entries with the code's.
static Status bindEntries(const Manifest &manifest,
                          const hydragen_module_table &table,
                          hydragen_module &module) {
  if (table.struct_size < sizeof(table) || table.abi != HYDRAGEN_MODULE_ABI)
    return invalid("corrupt module (entry table)");
  for (const EntryInfo &info : manifest.entries) {
    hydragen_entry entry{info, nullptr};
    for (uint32_t i = 0; i != table.entry_count; ++i)
      if (info.name == table.entries[i]->name &&
          table.entries[i]->struct_size >= sizeof(hydragen_entry_table))
        entry.code = table.entries[i];
    if (!entry.code)
      return invalid("corrupt module (no code for entry " + info.name + ")");
    module.entries.push_back(std::move(entry));
  }
  return std::nullopt;
}

hydragen_status *hydragen_module_load(const char *path, hydragen_device *device,
                                      hydragen_module **result) {
  return guard([&]() -> Status {
    *result = nullptr;
    if (!path || !device)
      return invalid("expected a path and a device");
    auto file = MappedFile::open(path);
    if (!file)
      return file.getError();
    auto manifest = readManifest((*file)->data, (*file)->size);
    if (!manifest) {
      Error error = manifest.getError();
      error.place = path;
      return error;
    }
    auto module = std::make_unique<hydragen_module>();
    // A name without a slash would be looked up in the library path.
    std::string full = path;
    if (full.find('/') == std::string::npos)
      full = "./" + full;
    module->handle = dlopen(full.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module->handle)
      return invalid(std::string("cannot load: ") + dlerror(), path);
    auto query = reinterpret_cast<hydragen_module_query_fn>(
        dlsym(module->handle, "hydragen_module_query"));
    const hydragen_module_table *table =
        query ? query(HYDRAGEN_MODULE_ABI) : nullptr;
    if (!table)
      return invalid("module does not answer ABI version " +
                         std::to_string(HYDRAGEN_MODULE_ABI),
                     path);
    if (Status status = bindEntries(*manifest, *table, *module)) {
      status->place = path;
      return status;
    }
    *result = module.release();
    return std::nullopt;
  });
}

void hydragen_module_unload(hydragen_module *module) { delete module; }

size_t hydragen_module_entry_count(const hydragen_module *module) {
  return module->entries.size();
}

const hydragen_entry *hydragen_module_entry(const hydragen_module *module,
                                            size_t index) {
  return index < module->entries.size() ? &module->entries[index] : nullptr;
}

const hydragen_entry *hydragen_module_find(const hydragen_module *module,
                                           const char *name) {
  for (const hydragen_entry &entry : module->entries)
    if (entry.info.name == name)
      return &entry;
  return nullptr;
}

const char *hydragen_entry_name(const hydragen_entry *entry) {
  return entry->info.name.c_str();
}
size_t hydragen_entry_input_count(const hydragen_entry *entry) {
  return entry->info.inputs.size();
}
size_t hydragen_entry_output_count(const hydragen_entry *entry) {
  return entry->info.outputs.size();
}

static hydragen_argument describeArgument(const ArgumentInfo &info) {
  return {info.name.c_str(), getName(info.type).data(),
          static_cast<int32_t>(info.shape.size()), info.shape.data(),
          info.aliasOutput};
}
hydragen_argument hydragen_entry_input(const hydragen_entry *entry,
                                       size_t index) {
  return describeArgument(entry->info.inputs[index]);
}
hydragen_argument hydragen_entry_output(const hydragen_entry *entry,
                                        size_t index) {
  return describeArgument(entry->info.outputs[index]);
}
