//===- Tensors.cpp - arguments of a call ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tensors.h"

#include <algorithm>
#include <cstring>

using namespace hydragen::runtime;

std::string hydragen::runtime::shapeText(const int64_t *shape, size_t rank) {
  std::string text = "[";
  for (size_t i = 0; i != rank; ++i)
    text += (i ? ", " : "") +
            (shape[i] < 0 ? std::string("?") : std::to_string(shape[i]));
  return text + "]";
}

static bool isCompact(const DLTensor &tensor) {
  if (!tensor.strides)
    return true;
  int64_t expected = 1;
  for (int i = tensor.ndim - 1; i >= 0; --i) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected)
      return false;
    expected *= tensor.shape[i];
  }
  return true;
}

/// Of two tensors of one shape.
static bool haveSameLayout(const DLTensor &a, const DLTensor &b) {
  if (isCompact(a) || isCompact(b))
    return isCompact(a) == isCompact(b);
  for (int i = 0; i != a.ndim; ++i)
    if (a.shape[i] != 1 && a.strides[i] != b.strides[i])
      return false;
  return true;
}

static bool isOnHost(const DLTensor &tensor) {
  return tensor.device.device_type == kDLCPU ||
         tensor.device.device_type == kDLCUDAHost;
}

/// Managed memory is the GPU's too, whatever its number.
static bool isOn(const DLTensor &tensor, DLDevice device) {
  if (device.device_type == kDLCUDA &&
      tensor.device.device_type == kDLCUDAManaged)
    return true;
  return tensor.device.device_type == device.device_type &&
         tensor.device.device_id == device.device_id;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// Checks one tensor against the manifest.
Status Call::checkTensor(const ArgumentInfo &info, const DLTensor *tensor,
                         Binding &binding) {
  if (!tensor)
    return invalid("is missing", info.name);
  bool host = isOnHost(*tensor);
  if (!entry.info.onGpu || info.placement == Placement::Host) {
    if (!host)
      return invalid("is not in host memory", info.name);
  } else if (!isOn(*tensor, context.device->getDLDevice()) &&
             !(host && info.placement == Placement::Either)) {
    return invalid(
        "is not in the memory of device " +
            std::string(context.device->getName()) + " (DLPack device type " +
            std::to_string(tensor->device.device_type) + ", number " +
            std::to_string(tensor->device.device_id) + ")",
        info.name);
  }
  if (!accepts(info.type, tensor->dtype))
    return invalid("has type " + describe(tensor->dtype) + ", expected " +
                       std::string(getName(info.type)),
                   info.name);
  size_t rank = info.shape.size();
  bool same = tensor->ndim >= 0 && static_cast<size_t>(tensor->ndim) == rank;
  for (size_t i = 0; same && i != rank; ++i)
    same = tensor->shape[i] >= 0 &&
           (info.shape[i] < 0 || info.shape[i] == tensor->shape[i]);
  if (!same)
    return invalid(
        "has shape " +
            shapeText(tensor->shape, std::max<int32_t>(tensor->ndim, 0)) +
            ", expected " + shapeText(info.shape.data(), rank),
        info.name);
  binding.info = &info;
  binding.tensor = tensor;
  binding.onDevice = !host;
  binding.elementSize = getSize(info.type);
  // Empty whatever the other extents are.
  if (std::find(tensor->shape, tensor->shape + rank, 0) != tensor->shape + rank)
    binding.elements = 0;
  for (size_t i = 0; binding.elements && i != rank; ++i)
    if (__builtin_mul_overflow(binding.elements, tensor->shape[i],
                               &binding.elements) ||
        binding.elements > INT64_MAX / 16)
      return Error{HYDRAGEN_INTERNAL, "has an impossible size", info.name};
  if (binding.elements && !tensor->data)
    return invalid("has no data", info.name);
  return std::nullopt;
}

/// Strides and alignment of a tensor on the device: nothing is copied there.
Status Call::checkLayout(const Binding &binding) {
  const DLTensor &tensor = *binding.tensor;
  const ArgumentInfo &info = *binding.info;
  if (!binding.elements)
    return std::nullopt;
  int64_t alignment = getAlignment(info);
  if (toAddress(binding.callerData()) % alignment)
    return invalid("is not aligned to " + std::to_string(alignment) + " bytes",
                   info.name);
  if (isCompact(tensor))
    return std::nullopt;
  auto fail = [&](const std::string &expected) {
    return invalid("has strides " + shapeText(tensor.strides, tensor.ndim) +
                       ", expected " + expected,
                   info.name);
  };
  if (info.strides == Strides::Compact)
    return fail("a compact tensor");
  for (int i = 0; i != tensor.ndim; ++i) {
    if (tensor.shape[i] == 1)
      continue;
    bool inner = i == tensor.ndim - 1;
    if (inner && info.strides == Strides::Inner && tensor.strides[i] != 1)
      return fail("adjacent elements in the last dim");
    if (inner && tensor.strides[i] == 1)
      continue;
    // A stride that overflows is far out of any memory.
    int64_t bytes;
    if (__builtin_mul_overflow(tensor.strides[i], binding.elementSize,
                               &bytes) ||
        bytes % alignment)
      return fail("multiples of " + std::to_string(alignment) + " bytes");
  }
  return std::nullopt;
}

Status hydragen::runtime::computeOutputShapes(const hydragen_entry &entry,
                                              const int64_t *const *inputShapes,
                                              int64_t *const *shapes) {
  if (entry.code->output_shapes(inputShapes, shapes) != 0)
    return invalid("the input shapes contradict each other", entry.info.name);
  for (size_t i = 0; i != entry.info.outputs.size(); ++i) {
    const ArgumentInfo &info = entry.info.outputs[i];
    for (size_t d = 0; d != info.shape.size(); ++d)
      if (shapes[i][d] < 0 ||
          (info.shape[d] >= 0 && info.shape[d] != shapes[i][d]))
        return invalid("the input shapes give " + info.name +
                           " the impossible shape " +
                           shapeText(shapes[i], info.shape.size()),
                       entry.info.name);
  }
  return std::nullopt;
}

/// The outputs must have the shapes that the inputs give.
Status Call::checkOutputShapes() {
  std::vector<std::vector<int64_t>> shapes;
  std::vector<int64_t *> pointers;
  for (const Binding &output : outputs)
    shapes.emplace_back(output.info->shape.size() + 1);
  for (std::vector<int64_t> &shape : shapes)
    pointers.push_back(shape.data());
  if (Status status =
          computeOutputShapes(entry, getInputShapes().data(), pointers.data()))
    return status;
  for (size_t i = 0; i != outputs.size(); ++i) {
    size_t rank = outputs[i].info->shape.size();
    if (!std::equal(pointers[i], pointers[i] + rank, outputs[i].tensor->shape))
      return invalid("has shape " + shapeText(outputs[i].tensor->shape, rank) +
                         ", expected " + shapeText(pointers[i], rank),
                     outputs[i].info->name);
  }
  return std::nullopt;
}

std::vector<const int64_t *> Call::getInputShapes() const {
  std::vector<const int64_t *> shapes;
  for (const Binding &input : inputs)
    shapes.push_back(input.tensor->shape);
  return shapes;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Copies between a strided tensor and compact memory, both on the host.
void Call::copyStrided(const Binding &binding, char *compact, bool toCompact) {
  const DLTensor &tensor = *binding.tensor;
  std::vector<int64_t> index(tensor.ndim, 0);
  unsigned size = binding.elementSize;
  for (int64_t i = 0; i != binding.elements; ++i) {
    int64_t offset = 0, stride = 1;
    for (int d = tensor.ndim - 1; d >= 0; --d) {
      offset += index[d] * (tensor.strides ? tensor.strides[d] : stride);
      stride *= tensor.shape[d];
    }
    char *element = binding.callerData() + offset * size;
    if (toCompact)
      std::memcpy(compact + i * size, element, size);
    else
      std::memcpy(element, compact + i * size, size);
    for (int d = tensor.ndim - 1; d >= 0 && ++index[d] == tensor.shape[d]; --d)
      index[d] = 0;
  }
}

/// Compact, aligned host memory for a tensor: its own, or a copy.
Status Call::bindHost(Binding &binding, bool readCaller) {
  if (binding.elements == 0)
    return std::nullopt;
  uint64_t address = toAddress(binding.callerData());
  if (isCompact(*binding.tensor) && address % binding.elementSize == 0) {
    binding.address = address;
    return std::nullopt;
  }
  binding.copy = static_cast<char *>(context.allocate(binding.getBytes(), 64));
  if (!binding.copy)
    return Error{HYDRAGEN_INTERNAL, "out of memory", {}};
  binding.address = toAddress(binding.copy);
  if (readCaller)
    copyStrided(binding, binding.copy, /*toCompact=*/true);
  return std::nullopt;
}

/// Device memory for a tensor: its own, or a copy of one on the host.
Status Call::bindDevice(Binding &binding, bool readCaller) {
  if (binding.onDevice) {
    if (binding.elements)
      binding.address = toAddress(binding.callerData());
    return checkLayout(binding);
  }
  if (Status status = bindHost(binding, readCaller))
    return status;
  if (!binding.elements)
    return std::nullopt;
  uint64_t host = binding.address;
  auto staged = context.deviceAllocate(binding.getBytes());
  if (!staged)
    return staged.getError();
  binding.address = binding.staged = *staged;
  if (!readCaller)
    return std::nullopt;
  context.hostCopiesBytes += binding.getBytes();
  return context.queue->copy(binding.staged, host, binding.getBytes(),
                             HYDRAGEN_HOST_TO_DEVICE);
}

/// The module updates in place: input and output are one memory.
Status Call::bindAlias(Binding &input, Binding &output) {
  size_t rank = input.info->shape.size();
  if (!std::equal(input.tensor->shape, input.tensor->shape + rank,
                  output.tensor->shape))
    return invalid("has shape " + shapeText(input.tensor->shape, rank) +
                       " but is updated in place as " + output.info->name +
                       " of shape " + shapeText(output.tensor->shape, rank),
                   input.info->name);
  input.address = output.address;
  if (!input.elements)
    return std::nullopt;
  uint64_t bytes = input.getBytes();
  uint64_t data = toAddress(input.callerData());
  bool device = entry.info.onGpu && input.info->placement != Placement::Host;
  if (!device) {
    if (data != output.address)
      copyStrided(input, static_cast<char *>(toPointer(output.address)),
                  /*toCompact=*/true);
    return std::nullopt;
  }
  if (input.onDevice) {
    if (data == output.address) // one memory, so also one layout
      return haveSameLayout(*input.tensor, *output.tensor)
                 ? std::nullopt
                 : Status(invalid("has other strides than " +
                                      output.info->name +
                                      ", which is the same memory",
                                  input.info->name));
    if (!isCompact(*input.tensor) || !isCompact(*output.tensor))
      return invalid("is not the memory of " + output.info->name +
                         ", which it is updated as, and not compact",
                     input.info->name);
    return context.queue->copy(output.address, data, bytes,
                               HYDRAGEN_DEVICE_TO_DEVICE);
  }
  // From the host to where the output is.
  if (!output.staged && !isCompact(*output.tensor))
    return invalid("is updated in place as " + output.info->name +
                       ", which is not compact",
                   input.info->name);
  uint64_t address = output.address;
  if (Status status = bindHost(input, /*readCaller=*/true))
    return status;
  uint64_t host = input.address;
  input.address = address;
  context.hostCopiesBytes += bytes;
  return context.queue->copy(address, host, bytes, HYDRAGEN_HOST_TO_DEVICE);
}

void Call::fillDescriptor(Binding &binding) {
  const DLTensor &tensor = *binding.tensor;
  int rank = tensor.ndim;
  binding.words.assign(3 + 2 * rank, 0);
  binding.words[0] = binding.words[1] = static_cast<int64_t>(binding.address);
  bool own = binding.onDevice && binding.elements && !isCompact(tensor);
  int64_t stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    binding.words[3 + i] = tensor.shape[i];
    binding.words[3 + rank + i] = own ? tensor.strides[i] : stride;
    // Overflows only in an empty tensor, which is never addressed.
    if (__builtin_mul_overflow(stride, tensor.shape[i], &stride))
      stride = 0;
  }
}

//===----------------------------------------------------------------------===//
// A call
//===----------------------------------------------------------------------===//

Call::~Call() {
  for (std::vector<Binding> *list : {&inputs, &outputs})
    for (Binding &binding : *list) {
      context.deallocate(binding.copy);
      // Waits for work that may still use it.
      if (binding.staged)
        context.deviceFree(binding.staged);
    }
  if (ownsWorkspace)
    context.deallocate(workspace);
}

Status Call::prepare(const DLTensor *const *inputTensors,
                     const DLTensor *const *outputTensors) {
  const EntryInfo &info = entry.info;
  inputs.resize(info.inputs.size());
  outputs.resize(info.outputs.size());
  for (size_t i = 0; i != inputs.size(); ++i)
    if (Status status = checkTensor(info.inputs[i], inputTensors[i], inputs[i]))
      return status;
  for (size_t i = 0; i != outputs.size(); ++i)
    if (Status status =
            checkTensor(info.outputs[i], outputTensors[i], outputs[i]))
      return status;
  if (Status status = checkOutputShapes())
    return status;

  auto bind = [&](Binding &binding, bool readCaller) {
    return info.onGpu && binding.info->placement != Placement::Host
               ? bindDevice(binding, readCaller)
               : bindHost(binding, readCaller);
  };
  for (Binding &output : outputs)
    if (Status status = bind(output, /*readCaller=*/false))
      return status;
  for (Binding &input : inputs)
    if (Status status =
            input.info->aliasOutput < 0
                ? bind(input, /*readCaller=*/true)
                : bindAlias(input, outputs[input.info->aliasOutput]))
      return status;
  for (std::vector<Binding> *list : {&inputs, &outputs})
    for (Binding &binding : *list) {
      if (info.onGpu && binding.info->placement != Placement::Host)
        context.queue->nameMemory(binding.address, binding.info->name);
      fillDescriptor(binding);
    }
  return std::nullopt;
}

Status Call::prepareWorkspace(void *given, uint64_t givenBytes) {
  workspaceBytes = entry.code->workspace_bytes(getInputShapes().data());
  workspace = given;
  if (given) {
    if (givenBytes < workspaceBytes)
      return invalid("has " + std::to_string(givenBytes) + " bytes, expected " +
                         std::to_string(workspaceBytes),
                     "workspace");
    if (toAddress(given) % 64)
      return invalid("is not aligned to 64 bytes", "workspace");
    if (entry.info.onGpu)
      context.queue->nameMemory(toAddress(given), "workspace");
    return std::nullopt;
  }
  if (!workspaceBytes)
    return std::nullopt;
  if (!entry.info.onGpu) {
    workspace = context.allocate(workspaceBytes, 64);
    ownsWorkspace = true;
    if (workspace)
      return std::nullopt;
    return Error{HYDRAGEN_INTERNAL,
                 "out of memory (workspace of " +
                     std::to_string(workspaceBytes) + " bytes)",
                 {}};
  }
  auto capturing = context.queue->isCapturing();
  if (!capturing)
    return capturing.getError();
  if (*capturing)
    return invalid("is needed while the stream is captured", "workspace");
  if (context.workspaceBytes < workspaceBytes) {
    // Freeing waits for the work that uses it.
    if (context.workspace)
      if (Status status = context.deviceFree(context.workspace))
        return status;
    context.workspace = context.workspaceBytes = 0;
    auto address = context.deviceAllocate(workspaceBytes);
    if (!address)
      return address.getError();
    context.workspace = *address;
    context.workspaceBytes = workspaceBytes;
  }
  workspace = toPointer(context.workspace);
  context.queue->nameMemory(context.workspace, "workspace");
  return std::nullopt;
}

Status Call::finish() {
  bool wait = false;
  for (Binding &output : outputs) {
    if (output.staged) {
      // Straight into the caller's memory where that is compact.
      char *host = output.copy ? output.copy : output.callerData();
      context.hostCopiesBytes += output.getBytes();
      if (Status status =
              context.queue->copy(toAddress(host), output.staged,
                                  output.getBytes(), HYDRAGEN_DEVICE_TO_HOST))
        return status;
    }
    if (output.copy)
      copyStrided(output, output.copy, /*toCompact=*/false);
    wait |= output.staged != 0;
  }
  for (Binding &input : inputs)
    wait |= input.staged != 0;
  return wait ? context.queue->synchronize() : std::nullopt;
}

std::vector<int64_t *> Call::getDescriptors() {
  std::vector<int64_t *> descriptors;
  for (std::vector<Binding> *list : {&inputs, &outputs})
    for (Binding &binding : *list)
      descriptors.push_back(binding.words.data());
  return descriptors;
}
