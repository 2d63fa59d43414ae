//===- ArrayFiles.h - .npy and .npz files made by hand ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Independent of the runtime's writer, and able to write what it never would.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_UNIT_RUNTIME_ARRAYFILES_H
#define HYDRAGEN_TEST_UNIT_RUNTIME_ARRAYFILES_H

#include "Npz.h"

#include <string>
#include <vector>
#include <zlib.h>

namespace hydragen::test {

inline void put(std::string &out, uint64_t value, unsigned width) {
  for (unsigned i = 0; i != width; ++i)
    out += static_cast<char>(i < 8 ? value >> (8 * i) & 0xff : 0);
}

/// An .npy file with this header text.
inline std::string rawNpy(std::string header, const std::string &data,
                          int version = 1) {
  header += '\n';
  std::string text("\x93NUMPY", 6);
  put(text, version, 1);
  put(text, 0, 1);
  put(text, header.size(), version == 1 ? 2 : 4);
  return text + header + data;
}

inline std::string npy(const std::string &descr, bool fortran,
                       const std::string &shape, const std::string &data,
                       int version = 1) {
  return rawNpy("{'descr': '" + descr +
                    "', 'fortran_order': " + (fortran ? "True" : "False") +
                    ", 'shape': " + shape + ", }",
                data, version);
}

/// One member of an archive; the fields that lie when a test sets them.
struct ZipMember {
  std::string name, content;
  bool deflate = false;
  bool zip64 = false;
  uint16_t flags = 0;
  int method = -1;
  int64_t size = -1;
  uint32_t crcXor = 0;
};

inline std::string deflateRaw(const std::string &content) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, content.size()) + 16, '\0');
  stream.next_in =
      reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef *>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string zip(const std::vector<ZipMember> &members,
                       const std::string &comment = "", bool end64 = false) {
  std::string text, directory;
  for (const ZipMember &member : members) {
    std::string packed =
        member.deflate ? deflateRaw(member.content) : member.content;
    uint32_t crc = static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef *>(member.content.data()),
              static_cast<uInt>(member.content.size())));
    uint64_t offset = text.size();
    uint64_t size = member.size < 0 ? member.content.size()
                                    : static_cast<uint64_t>(member.size);
    auto common = [&](std::string &out) {
      put(out, 20, 2);
      put(out, member.flags, 2);
      put(out, member.method >= 0 ? member.method : member.deflate ? 8 : 0, 2);
      put(out, 0, 4);
      put(out, crc ^ member.crcXor, 4);
      put(out, member.zip64 ? 0xffffffff : packed.size(), 4);
      put(out, member.zip64 ? 0xffffffff : size, 4);
      put(out, member.name.size(), 2);
    };
    put(text, 0x04034b50, 4);
    common(text);
    put(text, 0, 2);
    text += member.name + packed;
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    common(directory);
    put(directory, member.zip64 ? 5 + 28 : 0, 2);
    put(directory, 0, 2 + 2 + 2 + 4);
    put(directory, member.zip64 ? 0xffffffff : offset, 4);
    directory += member.name;
    if (member.zip64) {
      put(directory, 0x7075, 2); // another field before it
      put(directory, 1, 2);
      put(directory, 0, 1);
      put(directory, 1, 2);
      put(directory, 24, 2);
      put(directory, size, 8);
      put(directory, packed.size(), 8);
      put(directory, offset, 8);
    }
  }
  uint64_t start = text.size();
  text += directory;
  if (end64) {
    uint64_t record = text.size();
    put(text, 0x06064b50, 4);
    put(text, 44, 8);
    put(text, 45, 4);
    put(text, 0, 8);
    put(text, members.size(), 8);
    put(text, members.size(), 8);
    put(text, directory.size(), 8);
    put(text, start, 8);
    put(text, 0x07064b50, 4);
    put(text, 0, 4);
    put(text, record, 8);
    put(text, 1, 4);
  }
  put(text, 0x06054b50, 4);
  put(text, 0, 4);
  put(text, end64 ? 0xffff : members.size(), 2);
  put(text, end64 ? 0xffff : members.size(), 2);
  put(text, directory.size(), 4);
  put(text, end64 ? 0xffffffff : start, 4);
  put(text, comment.size(), 2);
  return text + comment;
}

inline runtime::Result<runtime::NpzReader> parseNpz(const std::string &text) {
  return runtime::NpzReader::parse({text.begin(), text.end()});
}

} // namespace hydragen::test

#endif // HYDRAGEN_TEST_UNIT_RUNTIME_ARRAYFILES_H
