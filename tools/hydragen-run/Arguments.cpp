//===- Arguments.cpp - inputs and outputs of a run --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include <cmath>
#include <cstring>
#include <tuple>
#include <unistd.h>

using namespace hydragen::run;
using namespace hydragen::runtime;

std::string hydragen::run::shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (extent < 0 ? std::string("?") : std::to_string(extent)) + "x";
  return text;
}

Error hydragen::run::takeError(hydragen_status *status) {
  Error error{hydragen_status_code(status), hydragen_status_message(status),
              hydragen_status_place(status)};
  hydragen_status_free(status);
  return error;
}

bool hydragen::run::matches(DataType wanted, DataType have) {
  if (wanted == have)
    return true;
  switch (wanted) {
  case DataType::BF16:
    return have == DataType::U16;
  case DataType::F8E4M3:
  case DataType::F8E5M2:
  case DataType::I1:
    return have == DataType::U8;
  // MLIR's integers have no sign.
  case DataType::I64:
    return have == DataType::U64;
  case DataType::I32:
    return have == DataType::U32;
  case DataType::I16:
    return have == DataType::U16;
  case DataType::I8:
    return have == DataType::U8;
  default:
    return false;
  }
}

static std::vector<int64_t> shapeOf(const hydragen_argument &argument) {
  return {argument.shape, argument.shape + argument.rank};
}

Result<std::vector<Array>>
hydragen::run::readInputs(const Options &options, const hydragen_entry *entry) {
  size_t count = hydragen_entry_input_count(entry);
  std::vector<Array> inputs;
  if (options.inputs.empty()) {
    if (count)
      return invalid("entry " + options.entry + " has " +
                         std::to_string(count) +
                         " inputs: give --inputs or --random",
                     "command line");
    return inputs;
  }
  auto archive = NpzReader::open(options.inputs);
  if (!archive)
    return archive.getError();
  for (size_t i = 0; i != count; ++i) {
    hydragen_argument info = hydragen_entry_input(entry, i);
    auto array = archive->read(info.name);
    if (!array) {
      Error error = array.getError();
      error.place = options.inputs;
      return error;
    }
    DataType wanted = *parseDataType(info.dtype);
    if (!matches(wanted, array->type))
      return invalid("array " + std::string(info.name) + " has type " +
                         std::string(getName(array->type)) + ", expected " +
                         info.dtype,
                     options.inputs);
    std::vector<int64_t> expected = shapeOf(info);
    bool same = expected.size() == array->shape.size();
    for (size_t d = 0; same && d != expected.size(); ++d)
      same = expected[d] < 0 || expected[d] == array->shape[d];
    if (!same)
      return invalid("array " + std::string(info.name) + " is " +
                         shapeText(array->shape) +
                         std::string(getName(array->type)) + ", expected " +
                         shapeText(expected) + info.dtype,
                     options.inputs);
    array->type = wanted;
    // A boolean is the byte 0 or 1 to compiled code; u1 arrays hold any byte.
    if (wanted == DataType::I1)
      for (char &byte : array->data)
        byte = byte != 0;
    inputs.push_back(std::move(*array));
  }
  return inputs;
}

namespace {
/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators".
class SplitMix64 {
public:
  /// Seed and argument number are mixed, so that no two streams are shifts of
  /// each other.
  SplitMix64(uint64_t seed, uint64_t argument)
      : state(mix(seed + 0x9e3779b97f4a7c15ull) ^ mix(~argument)) {}
  uint64_t next() { return mix(state += 0x9e3779b97f4a7c15ull); }
  /// Uniform in (0, 1] (the largest sum rounds to 1).
  double uniform() {
    return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53;
  }

private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  uint64_t state;
};
} // namespace

static uint64_t physicalMemory() {
  long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && bytes > 0
             ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(bytes)
             : UINT64_MAX;
}

/// Low bits of `value`: integers without a detour through floating point.
static void setInteger(Array &array, int64_t index, int64_t value) {
  unsigned size = getSize(array.type);
  std::memcpy(&array.data[index * size], &value, size);
}

/// Whether [low, high) fits an integer of the type; types without a sign hold
/// what either reading holds.
static bool fits(DataType type, int64_t low, int64_t high) {
  unsigned bits = getSize(type) * 8;
  bool isUnsigned = type >= DataType::U64 && type <= DataType::U8;
  if (isUnsigned && low < 0)
    return false;
  return bits == 64 ||
         (low >= -(int64_t(1) << (bits - 1)) && high <= int64_t(1) << bits);
}

/// Allocates the array's data; an error names what does not fit.
static Status allocate(Array &array, const std::string &name) {
  int64_t bytes = getSize(array.type);
  for (int64_t extent : array.shape)
    if (extent == 0)
      bytes = 0; // whatever the other extents are
  for (int64_t extent : array.shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      return Error{HYDRAGEN_INTERNAL, "has an impossible size", name};
  // The system may promise more than there is and kill us when we touch it.
  if (static_cast<uint64_t>(bytes) > physicalMemory())
    return Error{HYDRAGEN_INTERNAL,
                 "has " + std::to_string(bytes) +
                     " bytes, more than this machine's memory",
                 name};
  try {
    array.data.resize(static_cast<size_t>(bytes));
  } catch (...) {
    return Error{HYDRAGEN_INTERNAL,
                 "out of memory (" + std::to_string(bytes) + " bytes)", name};
  }
  return std::nullopt;
}

Result<std::vector<Array>>
hydragen::run::makeInputs(const Options &options, const hydragen_entry *entry) {
  std::vector<Array> inputs;
  size_t count = hydragen_entry_input_count(entry);
  auto known = [&](const std::string &name) {
    for (size_t i = 0; i != count; ++i)
      if (name == hydragen_entry_input(entry, i).name)
        return true;
    return false;
  };
  for (const auto &dims : options.dims)
    if (!known(dims.first))
      return invalid("the entry has no input " + dims.first, "--dim");
  for (const auto &range : options.intRanges)
    if (!known(range.first))
      return invalid("the entry has no input " + range.first, "--int-range");
  for (size_t i = 0; i != count; ++i) {
    hydragen_argument info = hydragen_entry_input(entry, i);
    Array array;
    array.type = *parseDataType(info.dtype);
    array.shape = shapeOf(info);
    auto dims = options.dims.find(info.name);
    if (dims != options.dims.end())
      for (auto [dim, extent] : dims->second) {
        if (dim >= static_cast<int64_t>(array.shape.size()) ||
            (array.shape[dim] >= 0 && array.shape[dim] != extent))
          return invalid(std::string(info.name) + " is " +
                             shapeText(array.shape) + info.dtype + ", so dim " +
                             std::to_string(dim) + " cannot be " +
                             std::to_string(extent),
                         "--dim");
        array.shape[dim] = extent;
      }
    for (size_t d = 0; d != array.shape.size(); ++d)
      if (array.shape[d] < 0)
        return invalid("dim " + std::to_string(d) + " of " + info.name +
                           " is dynamic: give --dim " + info.name + "." +
                           std::to_string(d) + "=EXTENT",
                       "--random");
    if (Status status = allocate(array, info.name))
      return *status;
    SplitMix64 random(*options.random, i);
    auto range = options.intRanges.find(info.name);
    if (range != options.intRanges.end() &&
        (isFloat(array.type) || array.type == DataType::I1))
      return invalid(std::string(info.name) + " is " + info.dtype +
                         ", not an integer",
                     "--int-range");
    int64_t low = 0, high = 2;
    if (range != options.intRanges.end())
      std::tie(low, high) = range->second;
    if (!isFloat(array.type) && !fits(array.type, low, high))
      return invalid(std::string(info.name) + " is " + info.dtype +
                         ", which does not hold all of " + std::to_string(low) +
                         ":" + std::to_string(high),
                     "--int-range");
    int64_t elements = array.getNumElements();
    for (int64_t e = 0; e < elements; ++e) {
      if (!isFloat(array.type)) {
        uint64_t width =
            static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
        setInteger(array, e,
                   static_cast<int64_t>(static_cast<uint64_t>(low) +
                                        random.next() % width));
        continue;
      }
      // Box and Muller: two uniforms, two normals.
      double radius = std::sqrt(-2 * std::log(random.uniform()));
      double angle = 6.283185307179586477 * random.uniform();
      setElement(array.type, array.data.data(), e, radius * std::cos(angle));
      if (++e < elements)
        setElement(array.type, array.data.data(), e, radius * std::sin(angle));
    }
    inputs.push_back(std::move(array));
  }
  return inputs;
}

Result<std::vector<Array>>
hydragen::run::makeOutputs(const hydragen_entry *entry,
                           const std::vector<Array> &inputs) {
  std::vector<const int64_t *> inputShapes;
  for (const Array &input : inputs)
    inputShapes.push_back(input.shape.data());
  std::vector<Array> outputs(hydragen_entry_output_count(entry));
  std::vector<int64_t *> shapes;
  for (size_t i = 0; i != outputs.size(); ++i) {
    hydragen_argument info = hydragen_entry_output(entry, i);
    outputs[i].type = *parseDataType(info.dtype);
    outputs[i].shape = shapeOf(info);
    // data() of an empty vector may be null: scalars have no extents to fill.
    shapes.push_back(outputs[i].shape.data());
  }
  if (hydragen_status *status =
          hydragen_output_shapes(entry, inputShapes.data(), shapes.data()))
    return takeError(status);
  for (size_t i = 0; i != outputs.size(); ++i)
    if (Status status = allocate(outputs[i], "out" + std::to_string(i)))
      return *status;
  return outputs;
}

std::vector<DLTensor> hydragen::run::makeTensors(std::vector<Array> &arrays) {
  std::vector<DLTensor> tensors;
  for (Array &array : arrays) {
    DLTensor tensor = {};
    tensor.data = array.data.data();
    tensor.device.device_type = kDLCPU;
    tensor.ndim = static_cast<int>(array.shape.size());
    tensor.shape = array.shape.data();
    unsigned bits = getSize(array.type) * 8;
    uint8_t code = kDLUInt;
    if (array.type == DataType::BF16)
      code = kDLBfloat;
    else if (array.type <= DataType::F16)
      code = kDLFloat;
    else if (array.type >= DataType::I64 && array.type <= DataType::I8)
      code = kDLInt;
    tensor.dtype = {code, static_cast<uint8_t>(bits), 1};
    tensors.push_back(tensor);
  }
  return tensors;
}
