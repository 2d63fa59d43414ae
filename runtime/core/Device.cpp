//===- Device.cpp - devices and their memory --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device.h"

#include "Module.h"

#include <algorithm>
#include <cstring>

using namespace hydragen::runtime;

//===----------------------------------------------------------------------===//
// What a device does when it has nothing of its own
//===----------------------------------------------------------------------===//

Status Queue::setStream(void *stream) {
  if (stream)
    return invalid("this device has no streams", "stream");
  return std::nullopt;
}

Status Device::configure(const std::string &options) {
  return invalid("has no options, these are for device emulated", getName());
}

Result<std::unique_ptr<Kernels>> Device::load(const std::vector<KernelInfo> &,
                                              const Image &) {
  return invalid("runs no kernels", getName());
}

//===----------------------------------------------------------------------===//
// The C ABI
//===----------------------------------------------------------------------===//

/// The N of "cuda:N"; -1 when it is no number.
static int parseOrdinal(const std::string &text) {
  if (text.empty() || text.size() > 4 ||
      text.find_first_not_of("0123456789") != std::string::npos)
    return -1;
  return std::stoi(text);
}

static Result<std::shared_ptr<Device>> openDevice(const std::string &name) {
  if (name == "cpu")
    return openCpuDevice();
  if (name == "emulated")
    return openEmulatedDevice();
  if (name == "cuda")
    return openCudaDevice(0);
  if (name.compare(0, 5, "cuda:") == 0 && parseOrdinal(name.substr(5)) >= 0)
    return openCudaDevice(parseOrdinal(name.substr(5)));
  return invalid("unknown device \"" + name +
                     "\" (expected cpu, cuda, cuda:N or emulated)",
                 name);
}

hydragen_status *hydragen_device_open(const char *name,
                                      hydragen_device **device) {
  return guard([&]() -> Status {
    *device = nullptr;
    auto opened = openDevice(name ? name : "");
    if (!opened)
      return opened.getError();
    *device = new hydragen_device{std::move(*opened)};
    return std::nullopt;
  });
}

void hydragen_device_close(hydragen_device *device) { delete device; }

hydragen_status *hydragen_device_configure(hydragen_device *device,
                                           const char *options) {
  return guard([&]() -> Status {
    if (!device || !options)
      return invalid("expected a device and options");
    return device->device->configure(options);
  });
}

hydragen_status *hydragen_device_describe(hydragen_device *device,
                                          hydragen_device_info *info) {
  return guard([&]() -> Status {
    if (!device || !info || info->struct_size < sizeof(uint32_t))
      return invalid("expected a device and a struct with its size");
    hydragen_device_info all = device->device->describe();
    all.struct_size = std::min<uint32_t>(info->struct_size, sizeof(all));
    std::memcpy(info, &all, all.struct_size);
    return std::nullopt;
  });
}

DLDevice hydragen_device_dlpack(const hydragen_device *device) {
  return device->device->getDLDevice();
}

hydragen_status *hydragen_device_allocate(hydragen_device *device,
                                          uint64_t bytes, void **pointer) {
  return guard([&]() -> Status {
    if (!device || !pointer)
      return invalid("expected a device and where to put the pointer");
    *pointer = nullptr;
    if (!bytes)
      return std::nullopt;
    auto address = device->device->allocate(bytes);
    if (!address)
      return address.getError();
    *pointer = toPointer(*address);
    return std::nullopt;
  });
}

hydragen_status *hydragen_device_free(hydragen_device *device, void *pointer) {
  return guard([&]() -> Status {
    if (!device)
      return invalid("expected a device");
    return pointer ? device->device->free(toAddress(pointer)) : std::nullopt;
  });
}

hydragen_status *hydragen_device_copy(hydragen_device *device,
                                      void *destination, const void *source,
                                      uint64_t bytes, hydragen_copy_kind kind) {
  return guard([&]() -> Status {
    if (!device || kind < HYDRAGEN_HOST_TO_DEVICE ||
        kind > HYDRAGEN_DEVICE_TO_DEVICE)
      return invalid("expected a device and a kind of copy");
    if (!bytes)
      return std::nullopt;
    if (!destination || !source)
      return invalid("expected pointers to copy " + std::to_string(bytes) +
                     " bytes");
    return device->device->copy(toAddress(destination), toAddress(source),
                                bytes, kind);
  });
}
