//===- Manifest.cpp - what a module says of itself --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"

#include "hydragen/module.h"

#include <algorithm>
#include <cpuid.h>
#include <cstring>
#include <elf.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

using namespace hydragen::runtime;
using nlohmann::json;

namespace {
/// A window on untrusted bytes.
struct Bytes {
  const unsigned char *data;
  size_t size;

  /// Copies a T at `offset`; false where it would not fit.
  template <typename T>
  bool read(uint64_t offset, T &value) const {
    if (offset > size || size - offset < sizeof(T))
      return false;
    std::memcpy(&value, data + offset, sizeof(T));
    return true;
  }
  bool contains(uint64_t offset, uint64_t length) const {
    return offset <= size && length <= size - offset;
  }
};
} // namespace

/// File offset and size of the manifest section.
static Result<std::pair<uint64_t, uint64_t>> findSection(Bytes file) {
  Elf64_Ehdr header;
  if (!file.read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG))
    return invalid("not a module (no ELF object)");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
    return invalid("not a module for x86-64");
  Elf64_Shdr names;
  if (header.e_shentsize != sizeof(Elf64_Shdr) ||
      header.e_shstrndx >= header.e_shnum ||
      !file.contains(header.e_shoff,
                     uint64_t(header.e_shnum) * sizeof(Elf64_Shdr)) ||
      !file.read(header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr),
                 names) ||
      !file.contains(names.sh_offset, names.sh_size))
    return invalid("truncated or corrupt module (section table)");
  const std::string wanted = HYDRAGEN_MANIFEST_SECTION;
  for (unsigned i = 0; i != header.e_shnum; ++i) {
    Elf64_Shdr section;
    file.read(header.e_shoff + i * sizeof(Elf64_Shdr), section);
    if (section.sh_name >= names.sh_size ||
        names.sh_size - section.sh_name <= wanted.size())
      continue;
    const char *name = reinterpret_cast<const char *>(file.data) +
                       names.sh_offset + section.sh_name;
    if (std::memcmp(name, wanted.c_str(), wanted.size() + 1))
      continue;
    if (section.sh_type == SHT_NOBITS ||
        !file.contains(section.sh_offset, section.sh_size))
      return invalid("truncated or corrupt module (manifest section)");
    return std::pair<uint64_t, uint64_t>(section.sh_offset, section.sh_size);
  }
  return invalid("not a hydragen module (no manifest)");
}

/// crc32 of the file with the header's crc field taken as 0.
static uint32_t checksum(Bytes file, uint64_t section) {
  uint64_t field = section + offsetof(hydragen_manifest_header, file_crc32);
  uLong crc = crc32(0, nullptr, 0);
  auto add = [&](const unsigned char *data, uint64_t size) {
    while (size) {
      uInt chunk = static_cast<uInt>(std::min<uint64_t>(size, 1u << 30));
      crc = crc32(crc, data, chunk);
      data += chunk;
      size -= chunk;
    }
  };
  const unsigned char zero[4] = {};
  add(file.data, field);
  add(zero, 4);
  add(file.data + field + 4, file.size - field - 4);
  return static_cast<uint32_t>(crc);
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

// Every field is checked by hand: the JSON is as untrusted as the rest.

static bool readText(const json &source, const char *key, std::string &text) {
  if (!source.contains(key) || !source[key].is_string())
    return false;
  text = source[key].get<std::string>();
  return true;
}

/// An optional integer in [low, high]; the value stays when it is not there.
static bool readNumber(const json &source, const char *key, uint32_t low,
                       uint32_t high, uint32_t &value) {
  if (!source.contains(key))
    return true;
  const json &number = source[key];
  if (!number.is_number_unsigned() || number.get<uint64_t>() < low ||
      number.get<uint64_t>() > high)
    return false;
  value = static_cast<uint32_t>(number.get<uint64_t>());
  return true;
}

/// An optional word of a list, as the enumerator with its number.
template <typename T>
static bool readWord(const json &source, const char *key,
                     std::initializer_list<std::string_view> words, T &value) {
  if (!source.contains(key))
    return true;
  std::string text;
  if (!readText(source, key, text))
    return false;
  auto word = std::find(words.begin(), words.end(), text);
  value = static_cast<T>(word - words.begin());
  return word != words.end();
}

/// An optional array whose elements `read` takes one by one.
template <typename T, typename Fn>
static bool readList(const json &source, const char *key, std::vector<T> &list,
                     Fn read) {
  if (!source.contains(key))
    return true;
  if (!source[key].is_array())
    return false;
  for (const json &element : source[key]) {
    list.emplace_back();
    if (!read(element, list.back()))
      return false;
  }
  return true;
}

static bool readArgument(const json &source, ArgumentInfo &info) {
  if (!source.is_object() || !source.contains("dtype") ||
      !source["dtype"].is_string() || !source.contains("shape") ||
      !source["shape"].is_array() || source["shape"].size() > 32)
    return false;
  auto type = parseDataType(source["dtype"].get_ref<const std::string &>());
  if (!type)
    return false;
  info.type = *type;
  for (const json &extent : source["shape"]) {
    // Beyond int64 a number would wrap around.
    if (!extent.is_number_integer() || extent.get<int64_t>() < -1 ||
        (extent.is_number_unsigned() && extent.get<uint64_t>() > INT64_MAX))
      return false;
    info.shape.push_back(extent.get<int64_t>());
  }
  if (source.contains("alias_output")) {
    const json &alias = source["alias_output"];
    if (!alias.is_number_integer() || alias.get<int64_t>() < 0 ||
        alias.get<int64_t>() > 1 << 20)
      return false;
    info.aliasOutput = static_cast<int32_t>(alias.get<int64_t>());
  }
  return readWord(source, "placement", {"device", "host", "either"},
                  info.placement) &&
         readWord(source, "strides", {"compact", "inner", "any"},
                  info.strides) &&
         readNumber(source, "alignment", 0, 4096, info.alignment) &&
         (info.alignment & (info.alignment - 1)) == 0;
}

/// "work": what is needed to call a time fast or slow. Formulas are checked
/// when they are used.
static bool readWork(const json &source, WorkInfo &work) {
  if (!source.is_object() || !readText(source, "kernel", work.kernel))
    return false;
  for (auto [key, text] :
       {std::pair("flops", &work.flops), std::pair("bytes", &work.bytes)})
    if (source.contains(key) && !readText(source, key, *text))
      return false;
  return true;
}

static bool readEntry(const json &source, EntryInfo &entry) {
  if (!source.is_object() || !source.contains("name") ||
      !source["name"].is_string() || !source.contains("inputs") ||
      !source["inputs"].is_array() || !source.contains("outputs") ||
      !source["outputs"].is_array())
    return false;
  entry.name = source["name"].get<std::string>();
  for (const json &input : source["inputs"]) {
    entry.inputs.emplace_back();
    entry.inputs.back().name = "in" + std::to_string(entry.inputs.size() - 1);
    if (!readArgument(input, entry.inputs.back()))
      return false;
  }
  for (const json &output : source["outputs"]) {
    entry.outputs.emplace_back();
    entry.outputs.back().name =
        "out" + std::to_string(entry.outputs.size() - 1);
    if (!readArgument(output, entry.outputs.back()))
      return false;
  }
  if (!readWord(source, "device", {"cpu", "cuda"}, entry.onGpu) ||
      !readList(source, "work", entry.work, readWork))
    return false;
  // An input and the output it aliases are one memory, and no other input's.
  std::vector<bool> aliased(entry.outputs.size());
  for (const ArgumentInfo &input : entry.inputs) {
    if (input.aliasOutput < 0)
      continue;
    if (input.aliasOutput >= static_cast<int32_t>(entry.outputs.size()) ||
        aliased[input.aliasOutput] ||
        entry.outputs[input.aliasOutput].type != input.type ||
        (entry.onGpu &&
         entry.outputs[input.aliasOutput].placement != input.placement) ||
        entry.outputs[input.aliasOutput].shape.size() != input.shape.size())
      return false;
    aliased[input.aliasOutput] = true;
  }
  return true;
}

/// CUDA's limits of a block and of parameters; of shared memory, the largest of
/// any architecture (227 KiB).
static bool readKernel(const json &source, KernelInfo &kernel) {
  if (!source.is_object() || !readText(source, "name", kernel.name) ||
      kernel.name.empty() || !source.contains("block") ||
      !source["block"].is_array() || source["block"].size() != 3)
    return false;
  for (unsigned i = 0; i != 3; ++i) {
    const json &extent = source["block"][i];
    if (!extent.is_number_unsigned() || extent.get<uint64_t>() < 1 ||
        extent.get<uint64_t>() > (i == 2 ? 64 : 1024))
      return false;
    kernel.block[i] = static_cast<uint32_t>(extent.get<uint64_t>());
  }
  if (source.contains("waits")) {
    if (!source["waits"].is_boolean())
      return false;
    kernel.waits = source["waits"].get<bool>();
  }
  return kernel.getThreads() <= 1024 &&
         readNumber(source, "shared_bytes", 0, 227 << 10, kernel.sharedBytes) &&
         readNumber(source, "parameter_bytes", 0, 32764, kernel.parameterBytes);
}

static bool readImage(const json &source, ImageInfo &image) {
  return source.is_object() && source.contains("kind") &&
         readWord(source, "kind", {"ptx", "cubin"}, image.isCubin) &&
         source.contains("arch") &&
         readNumber(source, "arch", 10, 999, image.arch);
}

static Result<Manifest> readJson(const char *text, size_t size) {
  json source = json::parse(text, text + size, nullptr,
                            /*allow_exceptions=*/false);
  const Error corrupt = invalid("corrupt module (manifest text)");
  if (source.is_discarded() || !source.is_object() ||
      !source.contains("host") || !source["host"].is_object() ||
      !source.contains("entries") || !source["entries"].is_array())
    return corrupt;
  Manifest manifest;
  if (source.contains("producer") && source["producer"].is_string())
    manifest.producer = source["producer"].get<std::string>();
  const json &host = source["host"];
  if (!host.contains("arch") || !host["arch"].is_string())
    return corrupt;
  manifest.arch = host["arch"].get<std::string>();
  if (host.contains("features")) {
    if (!host["features"].is_array())
      return corrupt;
    for (const json &feature : host["features"]) {
      if (!feature.is_string())
        return corrupt;
      manifest.features.push_back(feature.get<std::string>());
    }
  }
  for (const json &entry : source["entries"]) {
    manifest.entries.emplace_back();
    if (!readEntry(entry, manifest.entries.back()))
      return corrupt;
  }
  if (!readList(source, "targets", manifest.targets,
                [](const json &target, std::string &text) {
                  if (target.is_string())
                    text = target.get<std::string>();
                  return target.is_string();
                }) ||
      !readList(source, "kernels", manifest.kernels, readKernel) ||
      !readList(source, "images", manifest.images, readImage))
    return corrupt;
  // The name is how a kernel is found in an image.
  for (size_t i = 0; i != manifest.kernels.size(); ++i)
    for (size_t k = 0; k != i; ++k)
      if (manifest.kernels[i].name == manifest.kernels[k].name)
        return corrupt;
  return manifest;
}

Result<Manifest> hydragen::runtime::readManifest(const unsigned char *data,
                                                 size_t size) {
  Bytes file{data, size};
  auto section = findSection(file);
  if (!section)
    return section.getError();
  hydragen_manifest_header header;
  if (section->second < sizeof(header) || !file.read(section->first, header) ||
      std::memcmp(header.magic, HYDRAGEN_MANIFEST_MAGIC, 8))
    return invalid("not a hydragen module (manifest magic)");
  // The version first: another version may differ in everything behind it.
  if (header.abi_version != HYDRAGEN_MODULE_ABI)
    return invalid(
        "module has ABI version " + std::to_string(header.abi_version) +
        " but this runtime speaks " + std::to_string(HYDRAGEN_MODULE_ABI));
  if (header.file_bytes != size)
    return invalid("truncated or corrupt module (" + std::to_string(size) +
                   " bytes, the manifest says " +
                   std::to_string(header.file_bytes) + ")");
  if (header.file_crc32 != checksum(file, section->first))
    return invalid("corrupt module (checksum does not match)");
  if (section->second - sizeof(header) < header.json_bytes)
    return invalid("corrupt module (manifest size)");
  auto manifest = readJson(reinterpret_cast<const char *>(data) +
                               section->first + sizeof(header),
                           header.json_bytes);
  if (!manifest)
    return manifest.getError();
  if (manifest->arch != "x86_64")
    return invalid("module is for " + manifest->arch + ", this is x86_64");
  for (const std::string &feature : manifest->features)
    if (!hasProcessorFeature(feature))
      return invalid("module needs processor feature " + feature +
                     ", which this machine lacks");
  return manifest;
}

bool hydragen::runtime::hasProcessorFeature(const std::string &feature) {
  __builtin_cpu_init();
#define HYDRAGEN_FEATURE(name)                                                 \
  if (feature == name)                                                         \
    return __builtin_cpu_supports(name);
  // LLVM's and the builtin's spelling agree for these.
  HYDRAGEN_FEATURE("sse3")
  HYDRAGEN_FEATURE("ssse3")
  HYDRAGEN_FEATURE("sse4.1")
  HYDRAGEN_FEATURE("sse4.2")
  HYDRAGEN_FEATURE("popcnt")
  HYDRAGEN_FEATURE("avx")
  HYDRAGEN_FEATURE("avx2")
  HYDRAGEN_FEATURE("bmi")
  HYDRAGEN_FEATURE("bmi2")
  HYDRAGEN_FEATURE("fma")
  HYDRAGEN_FEATURE("f16c")
  HYDRAGEN_FEATURE("lzcnt")
  HYDRAGEN_FEATURE("movbe")
  HYDRAGEN_FEATURE("avx512f")
  HYDRAGEN_FEATURE("avx512vl")
  HYDRAGEN_FEATURE("avx512bw")
  HYDRAGEN_FEATURE("avx512dq")
  HYDRAGEN_FEATURE("avx512cd")
  HYDRAGEN_FEATURE("avx512bf16")
  HYDRAGEN_FEATURE("avx512vbmi")
  HYDRAGEN_FEATURE("avx512vbmi2")
  HYDRAGEN_FEATURE("avx512vnni")
  HYDRAGEN_FEATURE("avx512bitalg")
  HYDRAGEN_FEATURE("avx512vpopcntdq")
  HYDRAGEN_FEATURE("avx512ifma")
  HYDRAGEN_FEATURE("gfni")
  HYDRAGEN_FEATURE("vpclmulqdq")
#undef HYDRAGEN_FEATURE
  unsigned eax, ebx, ecx, edx;
  if (feature == "cx16" || feature == "xsave")
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) &&
           ecx & (feature == "cx16" ? bit_CMPXCHG16B : bit_XSAVE);
  if (feature == "sahf")
    return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && ecx & bit_LAHF_LM;
  return false;
}
