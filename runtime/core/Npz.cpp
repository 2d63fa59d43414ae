//===- Npz.cpp - .npz archives ----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Debian's libzip and minizip come as shared libraries only, and hydragen-run
// must be carried to bare machines: so the directory is read here and zlib
// (linked statically) inflates.
//===----------------------------------------------------------------------===//

#include "Npz.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

using namespace hydragen::runtime;

namespace {
/// Little-endian fields of untrusted bytes.
struct View {
  const std::vector<char> &bytes;
  bool contains(uint64_t offset, uint64_t length) const {
    return offset <= bytes.size() && length <= bytes.size() - offset;
  }
  uint64_t get(uint64_t offset, unsigned width) const {
    uint64_t value = 0;
    for (unsigned i = 0; i != width; ++i)
      value |= uint64_t(static_cast<unsigned char>(bytes[offset + i]))
               << (8 * i);
    return value;
  }
};

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50,
                   kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kLocator64 = 0x07064b50;

struct Directory {
  uint64_t offset, entries;
};

/// The directory's place, from the records at the end of the file.
Result<Directory> findDirectory(const View &view) {
  size_t size = view.bytes.size();
  if (size < 22)
    return invalid("is no .npz archive, or truncated");
  size_t lowest = size > 22 + 0xffff ? size - 22 - 0xffff : 0;
  for (size_t at = size - 22 + 1; at-- > lowest;) {
    if (view.get(at, 4) != kEnd)
      continue;
    Directory directory{view.get(at + 16, 4), view.get(at + 10, 2)};
    if (directory.offset == 0xffffffff || directory.entries == 0xffff) {
      if (at < 20 || view.get(at - 20, 4) != kLocator64)
        return invalid("is a corrupt .npz archive (zip64 locator)");
      uint64_t record = view.get(at - 20 + 8, 8);
      if (!view.contains(record, 56) || view.get(record, 4) != kEnd64)
        return invalid("is a corrupt .npz archive (zip64 record)");
      directory = {view.get(record + 48, 8), view.get(record + 32, 8)};
    }
    return directory;
  }
  return invalid("is no .npz archive, or truncated");
}
} // namespace

Result<NpzReader> NpzReader::open(const std::string &path) {
  auto content = readFile(path);
  if (!content)
    return content.getError();
  auto reader = parse(std::move(*content));
  if (!reader) {
    Error error = reader.getError();
    error.place = path;
    return error;
  }
  return reader;
}

Result<NpzReader> NpzReader::parse(std::vector<char> content) {
  NpzReader reader;
  reader.bytes = std::move(content);
  View view{reader.bytes};
  auto directory = findDirectory(view);
  if (!directory)
    return directory.getError();
  uint64_t at = directory->offset;
  for (uint64_t i = 0; i != directory->entries; ++i) {
    if (!view.contains(at, 46) || view.get(at, 4) != kCentral)
      return invalid("is a corrupt .npz archive (directory)");
    uint64_t nameLength = view.get(at + 28, 2), extra = view.get(at + 30, 2),
             comment = view.get(at + 32, 2);
    if (!view.contains(at + 46, nameLength + extra + comment))
      return invalid("is a corrupt .npz archive (directory)");
    if (view.get(at + 8, 2) & 1)
      return invalid("is encrypted, which is not supported");
    Member member;
    member.method = static_cast<uint16_t>(view.get(at + 10, 2));
    member.crc = static_cast<uint32_t>(view.get(at + 16, 4));
    member.compressed = view.get(at + 20, 4);
    member.size = view.get(at + 24, 4);
    member.offset = view.get(at + 42, 4);
    // zip64: the fields that did not fit, in this order.
    uint64_t field = at + 46 + nameLength, fieldEnd = field + extra;
    while (fieldEnd - field >= 4) {
      uint64_t id = view.get(field, 2), length = view.get(field + 2, 2);
      field += 4;
      if (fieldEnd - field < length)
        return invalid("is a corrupt .npz archive (extra field)");
      if (id == 1) {
        uint64_t next = field;
        for (uint64_t *value :
             {&member.size, &member.compressed, &member.offset})
          if (*value == 0xffffffff) {
            if (field + length - next < 8)
              return invalid("is a corrupt .npz archive (zip64 field)");
            *value = view.get(next, 8);
            next += 8;
          }
      }
      field += length;
    }
    std::string name(&reader.bytes[at + 46], nameLength);
    if (name.size() > 4 && name.compare(name.size() - 4, 4, ".npy") == 0) {
      name.resize(name.size() - 4);
      if (!reader.members.emplace(name, member).second)
        return invalid("has two arrays " + name);
    }
    at += 46 + nameLength + extra + comment;
  }
  return reader;
}

std::vector<std::string> NpzReader::getNames() const {
  std::vector<std::string> names;
  for (const auto &member : members)
    names.push_back(member.first);
  return names;
}

/// Inflates exactly `size` bytes; memory grows with what really comes out, so
/// that a lying size field cannot ask for the moon.
static Result<std::vector<char>> inflateAll(const char *data, uint64_t length,
                                            uint64_t size) {
  const Error corrupt = invalid("is corrupt (deflated data)");
  std::vector<char> out;
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return Error{HYDRAGEN_INTERNAL, "out of memory", {}};
  int code = Z_OK;
  uint64_t consumed = 0;
  while (code == Z_OK) {
    if (stream.avail_in == 0 && consumed != length) {
      stream.next_in =
          reinterpret_cast<Bytef *>(const_cast<char *>(data + consumed));
      stream.avail_in =
          static_cast<uInt>(std::min<uint64_t>(length - consumed, 1u << 30));
      consumed += stream.avail_in;
    }
    size_t old = out.size();
    size_t step = static_cast<size_t>(
        std::min<uint64_t>(size - old + 1, std::max<uint64_t>(1 << 16, old)));
    out.resize(old + step);
    stream.next_out = reinterpret_cast<Bytef *>(&out[old]);
    stream.avail_out = static_cast<uInt>(std::min<size_t>(step, 1u << 30));
    uInt offered = stream.avail_out;
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(old + offered - stream.avail_out);
    if (out.size() > size || (code == Z_BUF_ERROR))
      break;
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || out.size() != size)
    return corrupt;
  return out;
}

Result<Array> NpzReader::read(const std::string &name) const {
  auto it = members.find(name);
  if (it == members.end())
    return invalid("array " + name + " is missing", name);
  const Member &member = it->second;
  View view{bytes};
  auto corrupt = [&](const std::string &what) {
    return invalid("array " + name + " " + what, name);
  };
  if (!view.contains(member.offset, 30) || view.get(member.offset, 4) != kLocal)
    return corrupt("is corrupt (local header)");
  uint64_t start = member.offset + 30 + view.get(member.offset + 26, 2) +
                   view.get(member.offset + 28, 2);
  if (!view.contains(start, member.compressed))
    return corrupt("is truncated");
  const char *data = bytes.data() + start;
  std::vector<char> inflated;
  uint64_t size = member.size;
  if (member.method == 8) {
    auto result = inflateAll(data, member.compressed, member.size);
    if (!result)
      return corrupt(result.getError().message);
    inflated = std::move(*result);
    data = inflated.data();
  } else if (member.method != 0 || member.size != member.compressed) {
    return corrupt("is compressed by an unsupported method");
  }
  uLong crc = crc32(0, nullptr, 0);
  for (uint64_t done = 0; done != size;) {
    uInt step = static_cast<uInt>(std::min<uint64_t>(size - done, 1u << 30));
    crc = crc32(crc, reinterpret_cast<const Bytef *>(data + done), step);
    done += step;
  }
  if (crc != member.crc)
    return corrupt("is corrupt (checksum does not match)");
  auto array = parseNpy(data, size);
  if (!array)
    return corrupt(array.getError().message);
  return array;
}

std::string hydragen::runtime::writeNpz(
    const std::vector<std::pair<std::string, const Array *>> &arrays) {
  std::string text, directory;
  auto put = [](std::string &out, uint64_t value, unsigned width) {
    for (unsigned i = 0; i != width; ++i)
      out += static_cast<char>(value >> (8 * i) & 0xff);
  };
  for (const auto &[name, array] : arrays) {
    std::string file = name + ".npy", content = writeNpy(*array);
    uint64_t offset = text.size();
    uLong crc = crc32(0, nullptr, 0);
    for (size_t done = 0; done != content.size();) {
      uInt step =
          static_cast<uInt>(std::min<size_t>(content.size() - done, 1u << 30));
      crc = crc32(crc, reinterpret_cast<const Bytef *>(&content[done]), step);
      done += step;
    }
    // Always with the zip64 field, as numpy writes it.
    auto common = [&](std::string &out) {
      put(out, 45, 2);   // version needed
      put(out, 0, 2);    // flags
      put(out, 0, 2);    // stored
      put(out, 0x21, 4); // time 0, date 1980-01-01, low half first
      put(out, crc, 4);
      put(out, 0xffffffff, 4);
      put(out, 0xffffffff, 4);
      put(out, file.size(), 2);
    };
    put(text, kLocal, 4);
    common(text);
    put(text, 20, 2);
    text += file;
    put(text, 1, 2);
    put(text, 16, 2);
    put(text, content.size(), 8);
    put(text, content.size(), 8);
    text += content;
    put(directory, kCentral, 4);
    put(directory, 45, 2);
    common(directory);
    put(directory, 28, 2);
    put(directory, 0, 2); // comment
    put(directory, 0, 2); // disk
    put(directory, 0, 2); // internal attributes
    put(directory, 0, 4); // external attributes
    put(directory, 0xffffffff, 4);
    directory += file;
    put(directory, 1, 2);
    put(directory, 24, 2);
    put(directory, content.size(), 8);
    put(directory, content.size(), 8);
    put(directory, offset, 8);
  }
  uint64_t start = text.size();
  text += directory;
  uint64_t record = text.size();
  put(text, kEnd64, 4);
  put(text, 44, 8);
  put(text, 45, 2);
  put(text, 45, 2);
  put(text, 0, 4);
  put(text, 0, 4);
  put(text, arrays.size(), 8);
  put(text, arrays.size(), 8);
  put(text, directory.size(), 8);
  put(text, start, 8);
  put(text, kLocator64, 4);
  put(text, 0, 4);
  put(text, record, 8);
  put(text, 1, 4);
  put(text, kEnd, 4);
  put(text, 0, 4);
  put(text, 0xffff, 2);
  put(text, 0xffff, 2);
  put(text, 0xffffffff, 4);
  put(text, 0xffffffff, 4);
  put(text, 0, 2);
  return text;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Result<std::vector<char>> hydragen::runtime::readFile(const std::string &path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return invalid(std::string("cannot open: ") + std::strerror(errno), path);
  std::vector<char> content;
  size_t used = 0;
  struct stat info;
  bool known = fstat(fd, &info) == 0;
  if (known && (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode))) {
    ::close(fd); // some have no end
    return invalid("is a device, not a file", path);
  }
  if (known && S_ISREG(info.st_mode))
    content.resize(static_cast<size_t>(info.st_size));
  for (;;) {
    if (used == content.size())
      content.resize(used + (1 << 16));
    ssize_t count = ::read(fd, &content[used], content.size() - used);
    if (count < 0) {
      int error = errno;
      if (error == EINTR)
        continue;
      ::close(fd);
      return invalid(std::string("cannot read: ") + std::strerror(error), path);
    }
    if (count == 0)
      break;
    used += static_cast<size_t>(count);
  }
  ::close(fd);
  content.resize(used);
  return content;
}

static bool writeAll(int fd, const std::string &content) {
  for (size_t done = 0; done != content.size();) {
    ssize_t count = ::write(fd, &content[done], content.size() - done);
    if (count < 0) {
      if (errno == EINTR)
        continue;
      return false;
    }
    done += static_cast<size_t>(count);
  }
  return true;
}

Status hydragen::runtime::writeFile(const std::string &path,
                                    const std::string &content) {
  auto failed = [&](const std::string &what) {
    return invalid("cannot " + what + ": " + std::strerror(errno), path);
  };
  struct stat info;
  // lstat: a link is no regular file either; renaming would replace it.
  if (lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    // Opening these by name would start at the file's begin when they were
    // redirected, over what is there.
    int fd = path == "/dev/stdout" ? dup(1)
             : path == "/dev/stderr"
                 ? dup(2)
                 : ::open(path.c_str(),
                          O_WRONLY | O_CLOEXEC |
                              (S_ISLNK(info.st_mode) ? O_CREAT | O_TRUNC : 0),
                          0666);
    if (fd < 0)
      return failed("open");
    bool good = writeAll(fd, content);
    if (!good) {
      Status status = failed("write");
      ::close(fd);
      return status;
    }
    ::close(fd);
    return std::nullopt;
  }
  std::string temporary = path + ".tmp." + std::to_string(getpid());
  int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return failed("write");
  bool good = writeAll(fd, content);
  good = ::close(fd) == 0 && good;
  if (!good || rename(temporary.c_str(), path.c_str()) != 0) {
    Status status = failed("write");
    unlink(temporary.c_str());
    return status;
  }
  return std::nullopt;
}
