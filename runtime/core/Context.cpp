//===- Context.cpp - calls into modules -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace hydragen::runtime;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void *hydragen_context::allocate(uint64_t bytes, uint64_t alignment) {
  alignment = std::max<uint64_t>(alignment, 64);
  if (alignment & (alignment - 1) || bytes > UINT64_MAX - alignment)
    return nullptr;
  uint64_t rounded =
      (std::max<uint64_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  void *pointer = std::aligned_alloc(alignment, rounded);
  if (!pointer)
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  try {
    blocks[pointer] = rounded;
  } catch (...) { // not through the module's frames
    std::free(pointer);
    return nullptr;
  }
  liveBytes += rounded;
  peakBytes = std::max(peakBytes, liveBytes);
  return pointer;
}

void hydragen_context::deallocate(void *pointer) {
  if (!pointer)
    return;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = blocks.find(pointer);
    if (it == blocks.end())
      return;
    liveBytes -= it->second;
    blocks.erase(it);
  }
  std::free(pointer);
}

hydragen_status *hydragen_context_create(hydragen_device *device,
                                         int32_t threads,
                                         hydragen_context **context) {
  return guard([&]() -> Status {
    *context = nullptr;
    if (!device)
      return invalid("expected a device");
    if (threads < 0 || threads > 4096)
      return invalid("expected 0 to 4096 threads but got " +
                         std::to_string(threads),
                     "threads");
    unsigned number = threads
                          ? static_cast<unsigned>(threads)
                          : std::max(1u, std::thread::hardware_concurrency());
    *context = new hydragen_context(number);
    return std::nullopt;
  });
}

void hydragen_context_destroy(hydragen_context *context) { delete context; }

uint64_t hydragen_context_peak_bytes(const hydragen_context *context) {
  return context->peakBytes;
}

//===----------------------------------------------------------------------===//
// The functions a module sees
//===----------------------------------------------------------------------===//

static hydragen_context &contextOf(void *ctx) {
  return *static_cast<hydragen_context *>(ctx);
}

static const hydragen_host_api kHostApi = {
    sizeof(hydragen_host_api),
    [](void *ctx, uint64_t bytes, uint64_t alignment) {
      return contextOf(ctx).allocate(bytes, alignment);
    },
    [](void *ctx, void *pointer) { contextOf(ctx).deallocate(pointer); },
    [](void *ctx, int64_t count, void (*body)(void *, int64_t), void *closure) {
      contextOf(ctx).pool.parallelFor(count, body, closure);
    },
    [](void *ctx, int32_t code, const char *message) {
      hydragen_context &context = contextOf(ctx);
      std::lock_guard<std::mutex> lock(context.mutex);
      // A code that is none of ours must not read as success.
      bool known = code == HYDRAGEN_FAULT || code == HYDRAGEN_INVALID ||
                   code == HYDRAGEN_UNAVAILABLE;
      if (!context.failure)
        context.failure =
            Error{known ? static_cast<hydragen_code>(code) : HYDRAGEN_INTERNAL,
                  message ? message : "",
                  {}};
    }};

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

namespace {
/// A tensor as a module sees it: compact and aligned.
struct Binding {
  const DLTensor *tensor;
  unsigned elementSize;
  int64_t elements = 1;
  char *data = nullptr;       // what the module gets
  bool copied = false;        // data is a compact copy of the tensor
  std::vector<int64_t> words; // memref descriptor

  char *callerData() const {
    return static_cast<char *>(tensor->data) + tensor->byte_offset;
  }
};

std::string shapeText(const int64_t *shape, size_t rank) {
  std::string text = "[";
  for (size_t i = 0; i != rank; ++i)
    text += (i ? ", " : "") +
            (shape[i] < 0 ? std::string("?") : std::to_string(shape[i]));
  return text + "]";
}

/// Checks one tensor against the manifest.
Status checkTensor(const ArgumentInfo &info, const DLTensor *tensor,
                   Binding &binding) {
  if (!tensor)
    return invalid("is missing", info.name);
  if (tensor->device.device_type != kDLCPU &&
      tensor->device.device_type != kDLCUDAHost)
    return invalid("is not in host memory", info.name);
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
  binding.tensor = tensor;
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

bool isCompact(const DLTensor &tensor) {
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

/// Copies between a strided tensor and compact memory.
void copyStrided(const Binding &binding, char *compact, bool toCompact) {
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

/// Compact, aligned memory for a tensor: its own, or a copy.
Status bind(hydragen_context &context, Binding &binding, bool readCaller) {
  if (binding.elements == 0)
    return std::nullopt;
  auto address = reinterpret_cast<uintptr_t>(binding.callerData());
  if (isCompact(*binding.tensor) && address % binding.elementSize == 0) {
    binding.data = binding.callerData();
    return std::nullopt;
  }
  binding.data = static_cast<char *>(
      context.allocate(binding.elements * binding.elementSize, 64));
  if (!binding.data)
    return Error{HYDRAGEN_INTERNAL, "out of memory", {}};
  binding.copied = true;
  if (readCaller)
    copyStrided(binding, binding.data, /*toCompact=*/true);
  return std::nullopt;
}

void fillDescriptor(Binding &binding) {
  int rank = binding.tensor->ndim;
  int64_t pointer;
  static_assert(sizeof(pointer) == sizeof(binding.data), "64-bit host");
  std::memcpy(&pointer, &binding.data, sizeof(pointer));
  binding.words.assign(3 + 2 * rank, 0);
  binding.words[0] = binding.words[1] = pointer;
  int64_t stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    binding.words[3 + i] = binding.tensor->shape[i];
    binding.words[3 + rank + i] = stride;
    // Overflows only in an empty tensor, which is never addressed.
    if (__builtin_mul_overflow(stride, binding.tensor->shape[i], &stride))
      stride = 0;
  }
}

/// Everything of one call that must be given back at its end.
struct Call {
  hydragen_context &context;
  std::vector<Binding> inputs, outputs;
  void *workspace = nullptr; // when the context allocated it

  ~Call() {
    for (std::vector<Binding> *list : {&inputs, &outputs})
      for (Binding &binding : *list)
        if (binding.copied)
          context.deallocate(binding.data);
    context.deallocate(workspace);
  }
};

std::vector<const int64_t *> shapesOf(const std::vector<Binding> &bindings) {
  std::vector<const int64_t *> shapes;
  for (const Binding &binding : bindings)
    shapes.push_back(binding.tensor->shape);
  return shapes;
}

/// Checks input shapes given without tensors.
Status checkShapes(const hydragen_entry *entry,
                   const int64_t *const *inputShapes) {
  for (size_t i = 0; i != entry->info.inputs.size(); ++i) {
    const ArgumentInfo &info = entry->info.inputs[i];
    for (size_t d = 0; d != info.shape.size(); ++d)
      if (inputShapes[i][d] < 0 ||
          (info.shape[d] >= 0 && info.shape[d] != inputShapes[i][d]))
        return invalid(
            "has shape " + shapeText(inputShapes[i], info.shape.size()) +
                ", expected " + shapeText(info.shape.data(), info.shape.size()),
            info.name);
  }
  return std::nullopt;
}
} // namespace

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static Status outputShapes(const hydragen_entry *entry,
                           const int64_t *const *inputShapes,
                           int64_t *const *shapes) {
  if (entry->code->output_shapes(inputShapes, shapes) != 0)
    return invalid("the input shapes contradict each other", entry->info.name);
  for (size_t i = 0; i != entry->info.outputs.size(); ++i) {
    const ArgumentInfo &info = entry->info.outputs[i];
    for (size_t d = 0; d != info.shape.size(); ++d)
      if (shapes[i][d] < 0 ||
          (info.shape[d] >= 0 && info.shape[d] != shapes[i][d]))
        return invalid("the input shapes give " + info.name +
                           " the impossible shape " +
                           shapeText(shapes[i], info.shape.size()),
                       entry->info.name);
  }
  return std::nullopt;
}

hydragen_status *hydragen_output_shapes(const hydragen_entry *entry,
                                        const int64_t *const *inputShapes,
                                        int64_t *const *shapes) {
  return guard([&]() -> Status {
    if (Status status = checkShapes(entry, inputShapes))
      return status;
    return outputShapes(entry, inputShapes, shapes);
  });
}

hydragen_status *hydragen_workspace_size(const hydragen_entry *entry,
                                         const int64_t *const *inputShapes,
                                         uint64_t *bytes) {
  return guard([&]() -> Status {
    if (Status status = checkShapes(entry, inputShapes))
      return status;
    *bytes = entry->code->workspace_bytes(inputShapes);
    return std::nullopt;
  });
}

/// Checks the tensors of a call and makes them compact.
static Status prepare(Call &call, const hydragen_entry *entry,
                      const DLTensor *const *inputs,
                      const DLTensor *const *outputs) {
  const EntryInfo &info = entry->info;
  call.inputs.resize(info.inputs.size());
  call.outputs.resize(info.outputs.size());
  for (size_t i = 0; i != info.inputs.size(); ++i)
    if (Status status = checkTensor(info.inputs[i], inputs[i], call.inputs[i]))
      return status;
  for (size_t i = 0; i != info.outputs.size(); ++i)
    if (Status status =
            checkTensor(info.outputs[i], outputs[i], call.outputs[i]))
      return status;

  // The outputs must have the shapes that the inputs give.
  std::vector<std::vector<int64_t>> shapes;
  std::vector<int64_t *> pointers;
  for (const ArgumentInfo &output : info.outputs)
    shapes.emplace_back(output.shape.size() + 1);
  for (std::vector<int64_t> &shape : shapes)
    pointers.push_back(shape.data());
  if (Status status =
          outputShapes(entry, shapesOf(call.inputs).data(), pointers.data()))
    return status;
  for (size_t i = 0; i != info.outputs.size(); ++i) {
    size_t rank = info.outputs[i].shape.size();
    if (!std::equal(pointers[i], pointers[i] + rank,
                    call.outputs[i].tensor->shape))
      return invalid("has shape " +
                         shapeText(call.outputs[i].tensor->shape, rank) +
                         ", expected " + shapeText(pointers[i], rank),
                     info.outputs[i].name);
  }

  for (Binding &output : call.outputs)
    if (Status status = bind(call.context, output, /*readCaller=*/false))
      return status;
  for (size_t i = 0; i != info.inputs.size(); ++i) {
    Binding &input = call.inputs[i];
    int32_t alias = info.inputs[i].aliasOutput;
    if (alias < 0) {
      if (Status status = bind(call.context, input, /*readCaller=*/true))
        return status;
      continue;
    }
    // The module updates in place: input and output are one memory.
    Binding &output = call.outputs[alias];
    size_t rank = info.inputs[i].shape.size();
    if (!std::equal(input.tensor->shape, input.tensor->shape + rank,
                    output.tensor->shape))
      return invalid("has shape " + shapeText(input.tensor->shape, rank) +
                         " but is updated in place as " +
                         info.outputs[alias].name + " of shape " +
                         shapeText(output.tensor->shape, rank),
                     info.inputs[i].name);
    if (input.callerData() != output.data && input.elements)
      copyStrided(input, output.data, /*toCompact=*/true);
    input.data = output.data;
  }
  for (std::vector<Binding> *list : {&call.inputs, &call.outputs})
    for (Binding &binding : *list)
      fillDescriptor(binding);
  return std::nullopt;
}

hydragen_status *
hydragen_invoke(hydragen_context *context, const hydragen_entry *entry,
                const DLTensor *const *inputs, size_t inputCount,
                const DLTensor *const *outputs, size_t outputCount,
                void *workspace, uint64_t workspaceBytes) {
  return guard([&]() -> Status {
    if (!context || !entry)
      return invalid("expected a context and an entry");
    if (inputCount != entry->info.inputs.size() ||
        outputCount != entry->info.outputs.size())
      return invalid("expected " + std::to_string(entry->info.inputs.size()) +
                         " inputs and " +
                         std::to_string(entry->info.outputs.size()) +
                         " outputs but got " + std::to_string(inputCount) +
                         " and " + std::to_string(outputCount),
                     entry->info.name);
    Call call{*context, {}, {}};
    if (Status status = prepare(call, entry, inputs, outputs))
      return status;

    uint64_t needed =
        entry->code->workspace_bytes(shapesOf(call.inputs).data());
    if (workspace) {
      if (workspaceBytes < needed)
        return invalid("has " + std::to_string(workspaceBytes) +
                           " bytes, expected " + std::to_string(needed),
                       "workspace");
      if (reinterpret_cast<uintptr_t>(workspace) % 64)
        return invalid("is not aligned to 64 bytes", "workspace");
    } else if (needed) {
      workspace = call.workspace = context->allocate(needed, 64);
      if (!workspace)
        return Error{HYDRAGEN_INTERNAL,
                     "out of memory (workspace of " + std::to_string(needed) +
                         " bytes)",
                     {}};
    }

    std::vector<int64_t *> descriptors;
    for (std::vector<Binding> *list : {&call.inputs, &call.outputs})
      for (Binding &binding : *list)
        descriptors.push_back(binding.words.data());
    hydragen_call packet{sizeof(packet),     &kHostApi, context,
                         descriptors.data(), workspace, needed};
    context->failure.reset();
    int32_t code = entry->code->invoke(&packet);
    if (context->failure) {
      Error error = std::move(*context->failure);
      context->failure.reset();
      if (error.place.empty())
        error.place = entry->info.name;
      return error;
    }
    if (code != 0)
      return Error{HYDRAGEN_INTERNAL,
                   "the entry failed with code " + std::to_string(code),
                   entry->info.name};
    for (Binding &output : call.outputs)
      if (output.copied)
        copyStrided(output, output.data, /*toCompact=*/false);
    return std::nullopt;
  });
}
