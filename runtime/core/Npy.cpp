//===- Npy.cpp - .npy arrays ------------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Npz.h"

#include <cstring>

using namespace hydragen::runtime;

namespace {
struct Descriptor {
  std::string_view text;
  DataType type;
};
// bf16 and fp8 have no spelling of their own: unsigned integers carry them.
constexpr Descriptor kDescriptors[] = {
    {"<f8", DataType::F64}, {"<f4", DataType::F32}, {"<f2", DataType::F16},
    {"<i8", DataType::I64}, {"<i4", DataType::I32}, {"<i2", DataType::I16},
    {"|i1", DataType::I8},  {"<u8", DataType::U64}, {"<u4", DataType::U32},
    {"<u2", DataType::U16}, {"|u1", DataType::U8},  {"|b1", DataType::I1}};

/// The Python literal of the header: only what numpy writes.
class HeaderParser {
public:
  HeaderParser(const char *begin, const char *end) : at(begin), end(end) {}

  bool parse(std::string &descr, bool &fortran, std::vector<int64_t> &shape) {
    bool seen[3] = {};
    if (!eat('{'))
      return false;
    while (!eat('}')) {
      std::string key;
      if (!string(key) || !eat(':'))
        return false;
      int which = key == "descr"           ? 0
                  : key == "fortran_order" ? 1
                  : key == "shape"         ? 2
                                           : -1;
      if (which < 0 || seen[which])
        return false;
      seen[which] = true;
      if (which == 0   ? !string(descr)
          : which == 1 ? !boolean(fortran)
                       : !tuple(shape))
        return false;
      eat(',');
    }
    return seen[0] && seen[1] && seen[2];
  }

private:
  void space() {
    while (at != end && (*at == ' ' || *at == '\n'))
      ++at;
  }
  bool eat(char c) {
    space();
    if (at == end || *at != c)
      return false;
    ++at;
    return true;
  }
  bool string(std::string &value) {
    space();
    if (at == end || (*at != '\'' && *at != '"'))
      return false;
    char quote = *at++;
    const char *begin = at;
    while (at != end && *at != quote)
      ++at;
    if (at == end)
      return false;
    value.assign(begin, at++);
    return true;
  }
  bool word(const char *text) {
    size_t length = std::strlen(text);
    if (static_cast<size_t>(end - at) < length || std::memcmp(at, text, length))
      return false;
    at += length;
    return true;
  }
  bool boolean(bool &value) {
    space();
    value = word("True");
    return value || word("False");
  }
  bool tuple(std::vector<int64_t> &values) {
    if (!eat('('))
      return false;
    while (!eat(')')) {
      space();
      int64_t value = 0;
      const char *begin = at;
      for (; at != end && *at >= '0' && *at <= '9'; ++at)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *at - '0', &value))
          return false;
      if (at == begin || values.size() == 64)
        return false;
      values.push_back(value);
      if (!eat(',')) {
        if (!eat(')'))
          return false;
        break;
      }
    }
    return true;
  }

  const char *at, *end;
};
} // namespace

int64_t Array::getNumElements() const {
  // Zero first: the other extents of an empty array may be anything.
  for (int64_t extent : shape)
    if (extent == 0)
      return 0;
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

/// Row-major data from column-major data.
static std::vector<char> fromFortran(const char *data, const Array &array) {
  unsigned size = getSize(array.type);
  int64_t count = array.getNumElements();
  std::vector<char> result(count * size);
  std::vector<int64_t> index(array.shape.size(), 0);
  for (int64_t i = 0; i != count; ++i) {
    int64_t offset = 0, stride = 1;
    for (size_t d = 0; d != index.size(); ++d) {
      offset += index[d] * stride;
      stride *= array.shape[d];
    }
    std::memcpy(&result[i * size], data + offset * size, size);
    for (size_t d = index.size(); d-- && ++index[d] == array.shape[d];)
      index[d] = 0;
  }
  return result;
}

Result<Array> hydragen::runtime::parseNpy(const char *data, size_t size) {
  if (size < 10 || std::memcmp(data, "\x93NUMPY", 6))
    return invalid("is not an .npy array");
  unsigned major = static_cast<unsigned char>(data[6]);
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (major < 1 || major > 3)
    return invalid("has .npy version " + std::to_string(major) +
                   ", expected 1 to 3");
  if (size < 8 + lengthBytes)
    return invalid("is truncated");
  size_t headerLength = 0;
  for (size_t i = 0; i != lengthBytes; ++i)
    headerLength |= size_t(static_cast<unsigned char>(data[8 + i])) << (8 * i);
  size_t start = 8 + lengthBytes;
  if (size - start < headerLength)
    return invalid("is truncated");
  std::string descr;
  bool fortran = false;
  Array array;
  if (!HeaderParser(data + start, data + start + headerLength)
           .parse(descr, fortran, array.shape))
    return invalid("has a header that cannot be read");
  const Descriptor *found = nullptr;
  for (const Descriptor &descriptor : kDescriptors)
    if (descriptor.text == descr ||
        (descr.size() == 3 && descriptor.text.substr(1) == descr.substr(1) &&
         descr[2] == '1'))
      found = &descriptor;
  if (!found)
    return invalid(!descr.empty() && descr[0] == '>'
                       ? "is big-endian (" + descr + "), which is not supported"
                       : "has unsupported type " + descr);
  array.type = found->type;
  int64_t count = 1, bytes;
  bool empty = false;
  for (int64_t extent : array.shape)
    empty |= extent == 0;
  for (int64_t extent : array.shape)
    if (!empty && __builtin_mul_overflow(count, extent, &count))
      return invalid("has an impossible size");
  if (empty)
    count = 0;
  if (__builtin_mul_overflow(count, int64_t(getSize(array.type)), &bytes))
    return invalid("has an impossible size");
  size_t have = size - start - headerLength;
  if (have < static_cast<uint64_t>(bytes))
    return invalid("is truncated (" + std::to_string(have) + " of " +
                   std::to_string(bytes) + " bytes)");
  const char *payload = data + start + headerLength;
  if (fortran && count && array.shape.size() > 1)
    array.data = fromFortran(payload, array);
  else
    array.data.assign(payload, payload + bytes);
  return array;
}

std::string hydragen::runtime::writeNpy(const Array &array) {
  DataType type = array.type;
  if (type == DataType::BF16)
    type = DataType::U16;
  if (type == DataType::F8E4M3 || type == DataType::F8E5M2)
    type = DataType::U8;
  std::string descr;
  for (const Descriptor &descriptor : kDescriptors)
    if (descriptor.type == type)
      descr = descriptor.text;
  std::string header = "{'descr': '" + descr +
                       "', 'fortran_order': False, "
                       "'shape': (";
  for (int64_t extent : array.shape)
    header += std::to_string(extent) + ",";
  header += "), }";
  size_t total = 10 + header.size() + 1;
  header.append((64 - total % 64) % 64, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  text.append(array.data.data(), array.data.size());
  return text;
}
