//===- Devices.h - devices, modules and calls for tests ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_UNIT_RUNTIME_DEVICES_H
#define HYDRAGEN_TEST_UNIT_RUNTIME_DEVICES_H

#include "hydragen/runtime.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace hydragen::test {

/// A status as text: "2 in0: has type f16, expected f32"; "" for success.
inline std::string take(hydragen_status *status) {
  if (!status)
    return "";
  std::string text = std::to_string(hydragen_status_code(status)) + " " +
                     hydragen_status_place(status) + ": " +
                     hydragen_status_message(status);
  hydragen_status_free(status);
  return text;
}

/// An environment variable for a scope.
class Variable {
public:
  Variable(const char *name, const std::string &value) : name(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { unsetenv(name); }
  Variable(const Variable &) = delete;

private:
  const char *name;
};

/// A device with a module and a context.
class Session {
public:
  /// Failures are in `error`.
  Session(const char *name, const std::string &modulePath) {
    error = take(hydragen_device_open(name, &device));
    if (error.empty())
      error = take(hydragen_module_load(modulePath.c_str(), device, &module));
    if (error.empty())
      error = take(hydragen_context_create(device, 2, &context));
  }
  ~Session() {
    if (context)
      hydragen_context_destroy(context);
    if (module)
      hydragen_module_unload(module);
    if (device)
      hydragen_device_close(device);
  }
  Session(const Session &) = delete;

  std::string error;
  hydragen_device *device = nullptr;
  hydragen_module *module = nullptr;
  hydragen_context *context = nullptr;
};

/// A vector of f32 on a device, as a tensor.
class Vector {
public:
  Vector(hydragen_device *device, const std::vector<float> &values)
      : device(device), count(static_cast<int64_t>(values.size())) {
    EXPECT_EQ(
        take(hydragen_device_allocate(device, values.size() * 4, &memory)), "");
    EXPECT_EQ(
        take(hydragen_device_copy(device, memory, values.data(),
                                  values.size() * 4, HYDRAGEN_HOST_TO_DEVICE)),
        "");
    tensor.data = memory;
    tensor.device = hydragen_device_dlpack(device);
    tensor.ndim = 1;
    tensor.dtype = {kDLFloat, 32, 1};
    tensor.shape = &count;
  }
  ~Vector() { EXPECT_EQ(take(hydragen_device_free(device, memory)), ""); }
  Vector(const Vector &) = delete;

  std::vector<float> read() const {
    std::vector<float> values(static_cast<size_t>(count));
    EXPECT_EQ(
        take(hydragen_device_copy(device, values.data(), memory,
                                  values.size() * 4, HYDRAGEN_DEVICE_TO_HOST)),
        "");
    return values;
  }

  hydragen_device *device;
  int64_t count;
  void *memory = nullptr;
  DLTensor tensor = {};
};

/// A tensor over host memory.
inline DLTensor onHost(float *data, int64_t *count) {
  DLTensor tensor = {};
  tensor.data = data;
  tensor.device = {kDLCPU, 0};
  tensor.ndim = 1;
  tensor.dtype = {kDLFloat, 32, 1};
  tensor.shape = count;
  return tensor;
}

inline std::string invoke(const Session &session, const char *entry,
                          std::vector<const DLTensor *> inputs,
                          std::vector<const DLTensor *> outputs,
                          void *workspace = nullptr, uint64_t bytes = 0) {
  const hydragen_entry *found = hydragen_module_find(session.module, entry);
  if (!found)
    return "no entry";
  return take(hydragen_invoke(session.context, found, inputs.data(),
                              inputs.size(), outputs.data(), outputs.size(),
                              workspace, bytes));
}

} // namespace hydragen::test

#endif // HYDRAGEN_TEST_UNIT_RUNTIME_DEVICES_H
