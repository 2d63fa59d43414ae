//===- Npz.h - NumPy's array files ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// .npy: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
// .npz: a zip archive of .npy members, stored or deflated (PKWARE APPNOTE 6.3).
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_NPZ_H
#define HYDRAGEN_RUNTIME_CORE_NPZ_H

#include "DataType.h"
#include "Status.h"

#include <map>
#include <string>
#include <vector>

namespace hydragen::runtime {

/// An array in row-major order.
struct Array {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  std::vector<char> data;

  int64_t getNumElements() const;
};

/// Parses an .npy file held in memory. Fortran order is transposed; big-endian
/// and structured types are refused.
Result<Array> parseNpy(const char *data, size_t size);
std::string writeNpy(const Array &array);

/// An .npz file: the directory is read at once, members on demand.
class NpzReader {
public:
  static Result<NpzReader> open(const std::string &path);
  static Result<NpzReader> parse(std::vector<char> bytes);
  bool contains(const std::string &name) const { return members.count(name); }
  std::vector<std::string> getNames() const;
  /// The array `name` (without ".npy"); its checksum is verified.
  Result<Array> read(const std::string &name) const;

private:
  struct Member {
    uint64_t offset, compressed, size;
    uint32_t crc;
    uint16_t method;
  };
  std::vector<char> bytes;
  std::map<std::string, Member> members;
};

/// Stored members, in the order given.
std::string
writeNpz(const std::vector<std::pair<std::string, const Array *>> &);

/// Whole file (or pipe) in memory.
Result<std::vector<char>> readFile(const std::string &path);
/// Under a temporary name and renamed; a path that is no regular file (a link,
/// a device, a pipe) is written directly, never replaced.
Status writeFile(const std::string &path, const std::string &content);

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_NPZ_H
