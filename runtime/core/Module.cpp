//===- Module.cpp - loaded modules ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"
#include "ModuleFile.h"

#include <cstddef>
#include <cstring>
#include <dlfcn.h>

using namespace hydragen::runtime;

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

hydragen_module::~hydragen_module() {
  kernels.reset();
  if (handle)
    dlclose(handle);
}

static Result<Manifest> readManifestOf(const ModuleFile &file,
                                       const char *path) {
  auto manifest = readManifest(file.data, file.size);
  if (!manifest) {
    Error error = manifest.getError();
    error.place = path;
    return error;
  }
  return manifest;
}

Result<Manifest> hydragen::runtime::readModuleManifest(const char *path) {
  auto file = ModuleFile::open(path);
  if (!file)
    return file.getError();
  return readManifestOf(**file, path);
}

static std::string join(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

Result<Selection> hydragen::runtime::select(const Manifest &manifest,
                                            const Device &device) {
  Selection selection;
  for (size_t i = 0; i != manifest.entries.size(); ++i)
    if (manifest.entries[i].onGpu == device.hasKernels())
      selection.entries.push_back(i);
  if (selection.entries.empty() && !manifest.entries.empty())
    return invalid("module has no code for device " +
                   std::string(device.getName()) +
                   " (its targets: " + join(manifest.targets) + ")");
  if (!device.hasKernels() || manifest.kernels.empty())
    return selection;
  uint32_t best = 0;
  std::vector<std::string> images;
  for (size_t i = 0; i != manifest.images.size(); ++i) {
    const ImageInfo &image = manifest.images[i];
    images.push_back((image.isCubin ? "cubin sm_" : "PTX sm_") +
                     std::to_string(image.arch));
    if (device.rate(image) > best) {
      best = device.rate(image);
      selection.image = i;
    }
  }
  if (!selection.image)
    return invalid("module has no kernels for device " +
                   std::string(device.getName()) + ", which is sm_" +
                   std::to_string(device.describe().arch) +
                   " (it has: " + join(images) + ")");
  return selection;
}

// The compiler writes and reads these by offset (lib/Target, docs/runtime.md).
static_assert(offsetof(hydragen_host_api, fail) == 32 &&
                  offsetof(hydragen_host_api, launch) == 40 &&
                  offsetof(hydragen_host_api, multiprocessors) == 48 &&
                  offsetof(hydragen_host_api, device_allocate) == 56 &&
                  offsetof(hydragen_host_api, copy_to_host) == 80 &&
                  offsetof(hydragen_host_api, spawn) == 88 &&
                  offsetof(hydragen_host_api, wait) == 96 &&
                  sizeof(hydragen_host_api) == 104,
              "functions of the host");
static_assert(offsetof(hydragen_module_table, kernel_count) == 24 &&
                  offsetof(hydragen_module_table, kernels) == 32 &&
                  offsetof(hydragen_module_table, images) == 48 &&
                  sizeof(hydragen_module_table) == 56,
              "table of a module");
static_assert(offsetof(hydragen_kernel, block) == 16 &&
                  offsetof(hydragen_kernel, parameter_bytes) == 32 &&
                  sizeof(hydragen_kernel) == 40,
              "kernel of a module");
static_assert(offsetof(hydragen_image, kind) == 8 &&
                  offsetof(hydragen_image, data) == 24 &&
                  sizeof(hydragen_image) == 32,
              "image of a module");

/// Element `index` of a list whose elements begin with their size.
template <typename T>
static const T *getElement(const T *list, size_t index) {
  return reinterpret_cast<const T *>(reinterpret_cast<const char *>(list) +
                                     index * list->struct_size);
}

/// The manifest and the code must say the same.
static Status bindKernels(const Manifest &manifest, const Selection &selection,
                          const hydragen_module_table &table,
                          hydragen_module &module) {
  const Error corrupt =
      invalid("corrupt module (its kernels are not those of the manifest)");
  if (table.struct_size < sizeof(table) ||
      table.kernel_count != manifest.kernels.size() ||
      table.image_count != manifest.images.size() ||
      table.kernels->struct_size < sizeof(hydragen_kernel) ||
      table.images->struct_size < sizeof(hydragen_image))
    return corrupt;
  for (size_t i = 0; i != manifest.kernels.size(); ++i) {
    const hydragen_kernel &kernel = *getElement(table.kernels, i);
    const KernelInfo &info = manifest.kernels[i];
    if (info.name != kernel.name ||
        std::memcmp(info.block, kernel.block, sizeof(kernel.block)) ||
        info.sharedBytes != kernel.shared_bytes ||
        info.parameterBytes != kernel.parameter_bytes ||
        kernel.flags != (info.waits ? HYDRAGEN_KERNEL_WAITS : 0))
      return corrupt;
  }
  const hydragen_image &source = *getElement(table.images, *selection.image);
  Image image{manifest.images[*selection.image], source.data, source.bytes};
  if (source.arch != image.info.arch || !source.data ||
      source.kind !=
          (image.info.isCubin ? HYDRAGEN_IMAGE_CUBIN : HYDRAGEN_IMAGE_PTX) ||
      (!image.info.isCubin &&
       static_cast<const char *>(source.data)[source.bytes] != 0))
    return corrupt;
  auto kernels = module.device->load(manifest.kernels, image);
  if (!kernels)
    return kernels.getError();
  module.kernelInfos = manifest.kernels;
  module.kernels = std::move(*kernels);
  return std::nullopt;
}

/// Pairs the manifest's entries with the code's: the first of a name with the
/// first, and so on.
static Status bindEntries(const Manifest &manifest, const Selection &selection,
                          const hydragen_module_table &table,
                          hydragen_module &module) {
  // The first release ended before the kernels.
  if (table.struct_size < offsetof(hydragen_module_table, kernel_count) ||
      table.abi != HYDRAGEN_MODULE_ABI)
    return invalid("corrupt module (entry table)");
  for (size_t index : selection.entries) {
    const EntryInfo &info = manifest.entries[index];
    size_t before = 0;
    for (size_t i = 0; i != index; ++i)
      before += manifest.entries[i].name == info.name;
    hydragen_entry entry{info, nullptr, &module};
    for (uint32_t i = 0; i != table.entry_count && !entry.code; ++i)
      if (info.name == table.entries[i]->name && before-- == 0 &&
          table.entries[i]->struct_size >= sizeof(hydragen_entry_table))
        entry.code = table.entries[i];
    if (!entry.code)
      return invalid("corrupt module (no code for entry " + info.name + ")");
    module.entries.push_back(std::move(entry));
  }
  return selection.image ? bindKernels(manifest, selection, table, module)
                         : std::nullopt;
}

/// The part of loading whose errors have the path as their place.
static Status load(const Manifest &manifest, const ModuleFile &file,
                   hydragen_module &module) {
  auto selection = select(manifest, *module.device);
  if (!selection)
    return selection.getError();
  auto handle = file.load();
  if (!handle)
    return handle.getError();
  module.handle = *handle;
  auto query = reinterpret_cast<hydragen_module_query_fn>(
      dlsym(module.handle, "hydragen_module_query"));
  const hydragen_module_table *table =
      query ? query(HYDRAGEN_MODULE_ABI) : nullptr;
  if (!table)
    return invalid("module does not answer ABI version " +
                   std::to_string(HYDRAGEN_MODULE_ABI));
  return bindEntries(manifest, *selection, *table, module);
}

hydragen_status *hydragen_module_load(const char *path, hydragen_device *device,
                                      hydragen_module **result) {
  return guard([&]() -> Status {
    *result = nullptr;
    if (!path || !device)
      return invalid("expected a path and a device");
    auto file = ModuleFile::open(path);
    if (!file)
      return file.getError();
    auto manifest = readManifestOf(**file, path);
    if (!manifest)
      return manifest.getError();
    auto module = std::make_unique<hydragen_module>();
    module->device = device->device;
    if (Status status = load(*manifest, **file, *module)) {
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

static hydragen_argument describeArgument(const hydragen_entry *entry,
                                          const ArgumentInfo &info) {
  static const char *const placements[] = {"device", "host", "either"};
  static const char *const strides[] = {"compact", "inner", "any"};
  hydragen_argument result = {info.name.c_str(),
                              getName(info.type).data(),
                              static_cast<int32_t>(info.shape.size()),
                              info.shape.data(),
                              info.aliasOutput,
                              placements[static_cast<int>(info.placement)],
                              strides[static_cast<int>(info.strides)],
                              static_cast<int32_t>(getAlignment(info))};
  if (!entry->info.onGpu) { // what does not fit is copied
    result.placement = "host";
    result.strides = "any";
    result.alignment = 1;
  }
  return result;
}
hydragen_argument hydragen_entry_input(const hydragen_entry *entry,
                                       size_t index) {
  return describeArgument(entry, entry->info.inputs[index]);
}
hydragen_argument hydragen_entry_output(const hydragen_entry *entry,
                                        size_t index) {
  return describeArgument(entry, entry->info.outputs[index]);
}
