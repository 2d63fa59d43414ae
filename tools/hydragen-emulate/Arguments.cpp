//===- Arguments.cpp - arrays and numbers for a kernel ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace hydragen;
using namespace hydragen::emulate;
using namespace hydragen::runtime;

namespace {
struct Kind {
  const char *name;
  DataType type;
  /// Of integers.
  int64_t low;
  uint64_t high;
};
} // namespace

static const Kind kinds[] = {
    {"u8", DataType::U8, 0, 0xff},
    {"u16", DataType::U16, 0, 0xffff},
    {"u32", DataType::U32, 0, 0xffffffff},
    {"u64", DataType::U64, 0, ~uint64_t(0)},
    {"s32", DataType::I32, INT32_MIN, INT32_MAX},
    {"s64", DataType::I64, INT64_MIN, INT64_MAX},
    {"f16", DataType::F16, 0, 0},
    {"f32", DataType::F32, 0, 0},
    {"f64", DataType::F64, 0, 0},
};

static const Kind *findKind(const std::string &name) {
  for (const Kind &kind : kinds)
    if (name == kind.name)
      return &kind;
  return nullptr;
}

static Status parseNumber(const Kind &kind, const std::string &text,
                          std::vector<char> &bytes) {
  bytes.resize(getSize(kind.type));
  if (!isFloat(kind.type)) {
    uint64_t value;
    if (!tools::parseInteger(text, kind.low, kind.high, value))
      return invalid("expected an integer of type " + std::string(kind.name) +
                     " but got \"" + text + "\"");
    std::memcpy(bytes.data(), &value, bytes.size());
    return std::nullopt;
  }
  char *end;
  double value = std::strtod(text.c_str(), &end);
  bool blank = text.empty() || std::strchr(" \t\n\v\f\r", text[0]);
  if (blank || *end || end == text.c_str())
    return invalid("expected a number but got \"" + text + "\"");
  setElement(kind.type, bytes.data(), 0, value);
  return std::nullopt;
}

/// "4x16".
static bool parseShape(const std::string &text, std::vector<int64_t> &shape) {
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('x', begin), text.size());
    uint64_t extent;
    if (!tools::parseInteger(text.substr(begin, end - begin), 0,
                             uint64_t(INT64_MAX), extent))
      return false;
    shape.push_back(int64_t(extent));
    begin = end + 1;
  }
  return true;
}

namespace {
class Placer {
public:
  Placer(const emulated::Code &code, emulated::Memory &memory,
         std::vector<uint8_t> &parameters, std::vector<OutputArray> &outputs)
      : code(code), memory(memory), parameters(parameters), outputs(outputs) {}

  /// Without a place in errors about the argument itself.
  Status place(size_t index, const std::string &argument);

private:
  Status store(const std::string &kind, const void *bytes, uint64_t size);
  Status allocate(uint64_t size, const std::string &path);
  Status placeInput(const std::string &path, bool isOutput);
  Status placeOutput(const std::string &value);

  const emulated::Code &code;
  emulated::Memory &memory;
  std::vector<uint8_t> &parameters;
  std::vector<OutputArray> &outputs;
  size_t index = 0;
  emulated::Allocation *allocation = nullptr;
};
} // namespace

Status Placer::store(const std::string &kind, const void *bytes,
                     uint64_t size) {
  uint32_t offset;
  uint64_t wanted;
  emulated::getParameter(code, index, offset, wanted);
  if (size != wanted)
    return invalid("parameter " + std::to_string(index) + " has " +
                   std::to_string(wanted) + " bytes, " + kind + " has " +
                   std::to_string(size));
  std::memcpy(parameters.data() + offset, bytes, size);
  return std::nullopt;
}

Status Placer::allocate(uint64_t size, const std::string &path) {
  size_t slash = path.rfind('/');
  std::string name = "arg " + std::to_string(index) + ", " +
                     path.substr(slash == std::string::npos ? 0 : slash + 1);
  allocation = memory.allocate(size, name);
  if (!allocation)
    return Error{HYDRAGEN_INTERNAL,
                 "out of memory (" + std::to_string(size) + " bytes)", path};
  return store("a pointer", &allocation->base, 8);
}

Status Placer::placeInput(const std::string &path, bool isOutput) {
  auto bytes = readFile(path);
  if (!bytes)
    return bytes.getError();
  auto array = parseNpy(bytes->data(), bytes->size());
  if (!array) {
    Error error = array.getError();
    error.place = path;
    return error;
  }
  if (Status status = allocate(array->data.size(), path))
    return status;
  std::memcpy(allocation->data, array->data.data(), array->data.size());
  allocation->allInit = true;
  if (isOutput)
    outputs.push_back({path, array->type, array->shape, allocation});
  return std::nullopt;
}

Status Placer::placeOutput(const std::string &value) {
  size_t second = value.rfind(':');
  size_t first = second == std::string::npos || second == 0
                     ? std::string::npos
                     : value.rfind(':', second - 1);
  if (first == std::string::npos || first == 0)
    return invalid("expected out:FILE.npy:TYPE:SHAPE but got \"out:" + value +
                   "\"");
  std::string path = value.substr(0, first);
  std::string type = value.substr(first + 1, second - first - 1);
  std::string extents = value.substr(second + 1);
  const Kind *kind = findKind(type);
  if (!kind)
    return invalid("unknown type \"" + type +
                   "\" (expected u8 u16 u32 u64 s32 s64 f16 f32 f64)");
  std::vector<int64_t> shape;
  if (!parseShape(extents, shape))
    return invalid("expected a shape like 4x16 but got \"" + extents + "\"");
  uint64_t size = getSize(kind->type);
  bool empty = false, impossible = false;
  for (int64_t extent : shape) {
    empty |= extent == 0;
    impossible |= __builtin_mul_overflow(size, uint64_t(extent), &size);
  }
  if (impossible && !empty)
    return Error{HYDRAGEN_INTERNAL,
                 "out of memory (an array of shape " + extents + ")", path};
  if (Status status = allocate(empty ? 0 : size, path))
    return status;
  outputs.push_back({path, kind->type, shape, allocation});
  return std::nullopt;
}

Status Placer::place(size_t at, const std::string &argument) {
  index = at;
  size_t colon = argument.find(':');
  std::string kind = argument.substr(0, colon);
  if (kind == "null") {
    if (colon != std::string::npos)
      return invalid("null has no value");
    uint64_t pointer = 0;
    return store("a pointer", &pointer, 8);
  }
  const Kind *number = findKind(kind);
  if (!number && kind != "in" && kind != "inout" && kind != "out" &&
      kind != "bytes")
    return invalid("unknown kind \"" + kind + "\" (see --help)");
  std::string value =
      colon == std::string::npos ? "" : argument.substr(colon + 1);
  if (value.empty())
    return invalid("expected " + kind + ":VALUE but got \"" + argument + "\"");
  if (number) {
    std::vector<char> bytes;
    if (Status status = parseNumber(*number, value, bytes))
      return status;
    return store(kind, bytes.data(), bytes.size());
  }
  if (kind == "bytes") {
    auto bytes = readFile(value);
    if (!bytes)
      return bytes.getError();
    return store("the file", bytes->data(), bytes->size());
  }
  if (kind == "out")
    return placeOutput(value);
  return placeInput(value, kind == "inout");
}

Status hydragen::emulate::placeArguments(
    const std::vector<std::string> &arguments, const emulated::Code &code,
    emulated::Memory &memory, std::vector<uint8_t> &parameters,
    std::vector<OutputArray> &outputs) {
  size_t count = emulated::getNumParameters(code);
  if (arguments.size() != count)
    return invalid("kernel '" + emulated::getKernelName(code) + "' has " +
                       std::to_string(count) +
                       (count == 1 ? " parameter, got " : " parameters, got ") +
                       std::to_string(arguments.size()),
                   "--arg");
  parameters.assign(emulated::getParameterBytes(code), 0);
  Placer placer(code, memory, parameters, outputs);
  for (size_t i = 0; i < count; ++i)
    if (Status status = placer.place(i, arguments[i])) {
      if (status->place.empty())
        status->place = "--arg=" + arguments[i];
      return status;
    }
  return std::nullopt;
}

Status
hydragen::emulate::writeOutputs(const std::vector<OutputArray> &outputs) {
  for (const OutputArray &output : outputs) {
    Array array;
    array.type = output.type;
    array.shape = output.shape;
    const char *data = reinterpret_cast<const char *>(output.allocation->data);
    array.data.assign(data, data + output.allocation->size);
    if (Status status = writeFile(output.path, writeNpy(array)))
      return status;
  }
  return std::nullopt;
}
