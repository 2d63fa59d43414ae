//===- Tensors.cpp - arrays as arguments on a device ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tensors.h"

#include <cstring>

using namespace hydragen::run;
using namespace hydragen::runtime;

DeviceMemory::~DeviceMemory() {
  // After a fault of the device the driver may refuse: nothing to do about it.
  hydragen_status_free(hydragen_device_free(device, pointer));
}

Status DeviceMemory::allocate(uint64_t bytes) {
  if (hydragen_status *status =
          hydragen_device_allocate(device, bytes, &pointer))
    return takeError(status);
  return std::nullopt;
}

Status Tensors::place(DLTensor &tensor, const Array &array,
                      const hydragen_argument &info, bool copy) {
  if (std::strcmp(info.placement, "host") == 0)
    return std::nullopt;
  memory.push_back(std::make_unique<DeviceMemory>(device));
  if (Status status = memory.back()->allocate(array.data.size()))
    return status;
  tensor.data = memory.back()->get();
  tensor.device = hydragen_device_dlpack(device);
  if (!copy)
    return std::nullopt;
  if (hydragen_status *status =
          hydragen_device_copy(device, tensor.data, array.data.data(),
                               array.data.size(), HYDRAGEN_HOST_TO_DEVICE))
    return takeError(status);
  return std::nullopt;
}

Status Tensors::create(std::vector<Array> &inputArrays,
                       std::vector<Array> &outputList) {
  outputArrays = &outputList;
  inputTensors = makeTensors(inputArrays);
  outputTensors = makeTensors(outputList);
  for (size_t i = 0; i != inputTensors.size(); ++i) {
    if (Status status = place(inputTensors[i], inputArrays[i],
                              hydragen_entry_input(entry, i), /*copy=*/true))
      return status;
    inputs.push_back(&inputTensors[i]);
  }
  for (size_t i = 0; i != outputTensors.size(); ++i) {
    if (Status status = place(outputTensors[i], outputList[i],
                              hydragen_entry_output(entry, i), /*copy=*/false))
      return status;
    outputs.push_back(&outputTensors[i]);
  }
  return std::nullopt;
}

Status Tensors::readOutputs() {
  for (size_t i = 0; i != outputTensors.size(); ++i) {
    std::vector<char> &data = (*outputArrays)[i].data;
    if (outputTensors[i].data == data.data())
      continue;
    if (hydragen_status *status =
            hydragen_device_copy(device, data.data(), outputTensors[i].data,
                                 data.size(), HYDRAGEN_DEVICE_TO_HOST))
      return takeError(status);
  }
  return std::nullopt;
}

std::vector<const int64_t *> Tensors::getInputShapes() const {
  std::vector<const int64_t *> shapes;
  for (const DLTensor *tensor : inputs)
    shapes.push_back(tensor->shape);
  return shapes;
}
