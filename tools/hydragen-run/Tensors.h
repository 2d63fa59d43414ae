//===- Tensors.h - arrays as arguments on a device --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_RUN_TENSORS_H
#define HYDRAGEN_TOOLS_RUN_TENSORS_H

#include "Arguments.h"

namespace hydragen::run {

/// Memory of a device.
class DeviceMemory {
public:
  DeviceMemory(hydragen_device *device) : device(device) {}
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory &) = delete;
  runtime::Status allocate(uint64_t bytes);
  void *get() const { return pointer; }

private:
  hydragen_device *device;
  void *pointer = nullptr;
};

/// The tensors of a call: an argument is where the entry wants it, which for a
/// module of device cpu is the array itself.
class Tensors {
public:
  Tensors(hydragen_device *device, const hydragen_entry *entry)
      : device(device), entry(entry) {}

  /// The arrays stay the caller's.
  runtime::Status create(std::vector<runtime::Array> &inputs,
                         std::vector<runtime::Array> &outputs);
  /// Brings the outputs into their arrays.
  runtime::Status readOutputs();

  const std::vector<const DLTensor *> &getInputs() const { return inputs; }
  const std::vector<const DLTensor *> &getOutputs() const { return outputs; }
  std::vector<const int64_t *> getInputShapes() const;

private:
  runtime::Status place(DLTensor &tensor, const runtime::Array &array,
                        const hydragen_argument &info, bool copy);

  hydragen_device *device;
  const hydragen_entry *entry;
  std::vector<DLTensor> inputTensors, outputTensors;
  std::vector<const DLTensor *> inputs, outputs;
  std::vector<runtime::Array> *outputArrays = nullptr;
  std::vector<std::unique_ptr<DeviceMemory>> memory;
};

} // namespace hydragen::run

#endif // HYDRAGEN_TOOLS_RUN_TENSORS_H
