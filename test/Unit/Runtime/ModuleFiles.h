//===- ModuleFiles.h - module files made by hand ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The least ELF object that holds a manifest: enough for readManifest, which
// never runs anything.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_UNIT_RUNTIME_MODULEFILES_H
#define HYDRAGEN_TEST_UNIT_RUNTIME_MODULEFILES_H

#include "hydragen/module.h"

#include <cstddef>
#include <cstring>
#include <elf.h>
#include <string>
#include <zlib.h>

namespace hydragen::test {

inline const std::string kGoodManifest =
    R"({"producer":"test 1","abi":1,"host":{"arch":"x86_64","features":[]},)"
    R"("targets":["cpu"],"entries":[{"name":"main","inputs":[)"
    R"({"name":"a","dtype":"f32","shape":[4,-1]},)"
    R"({"name":"b","dtype":"bf16","shape":[],"alias_output":1}],)"
    R"("outputs":[{"dtype":"f32","shape":[0]},{"dtype":"bf16","shape":[]}]}]})";

/// One with all that modules for GPUs say.
inline const std::string kGpuManifest =
    R"({"host":{"arch":"x86_64"},"targets":["cpu","cuda:sm_80"],"entries":[)"
    R"({"name":"main","device":"cuda","work":[{"kernel":"k","flops":"in0.0"}],)"
    R"("inputs":[{"dtype":"f16","shape":[-1],"placement":"device",)"
    R"("strides":"inner","alignment":16,"alias_output":0}],)"
    R"("outputs":[{"dtype":"f16","shape":[-1],"placement":"device"}]},)"
    R"({"name":"main","device":"cpu","inputs":[],"outputs":[]}],)"
    R"("kernels":[{"name":"k","block":[128,2,1],"shared_bytes":4096,)"
    R"("parameter_bytes":64},{"name":"l","block":[1,1,64]}],)"
    R"("images":[{"arch":80,"kind":"ptx"},{"arch":90,"kind":"cubin"}]})";

/// Offset of the manifest in makeModule's files.
constexpr size_t kManifestOffset = sizeof(Elf64_Ehdr);

/// Fills in size and checksum, as the compiler does last.
inline void sealModule(std::string &file) {
  uint64_t size = file.size();
  char *header = &file[kManifestOffset];
  std::memcpy(header + offsetof(hydragen_manifest_header, file_bytes), &size,
              8);
  char *field = header + offsetof(hydragen_manifest_header, file_crc32);
  std::memset(field, 0, 4);
  auto crc = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef *>(file.data()),
            static_cast<uInt>(file.size())));
  std::memcpy(field, &crc, 4);
}

inline std::string makeModule(const std::string &json,
                              uint32_t abi = HYDRAGEN_MODULE_ABI) {
  std::string names("\0.hydragen.manifest\0.shstrtab\0", 30);
  hydragen_manifest_header header = {};
  std::memcpy(header.magic, HYDRAGEN_MANIFEST_MAGIC, 8);
  header.abi_version = abi;
  header.json_bytes = static_cast<uint32_t>(json.size());
  Elf64_Ehdr elf = {};
  std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
  elf.e_ident[EI_CLASS] = ELFCLASS64;
  elf.e_ident[EI_DATA] = ELFDATA2LSB;
  elf.e_type = ET_DYN;
  elf.e_machine = EM_X86_64;
  elf.e_shentsize = sizeof(Elf64_Shdr);
  elf.e_shnum = 3;
  elf.e_shstrndx = 2;
  Elf64_Shdr sections[3] = {};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_offset = kManifestOffset;
  sections[1].sh_size = sizeof(header) + json.size();
  sections[2].sh_name = 20;
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = sections[1].sh_offset + sections[1].sh_size;
  sections[2].sh_size = names.size();
  elf.e_shoff = sections[2].sh_offset + names.size();
  std::string file(reinterpret_cast<char *>(&elf), sizeof(elf));
  file.append(reinterpret_cast<char *>(&header), sizeof(header));
  file += json + names;
  file.append(reinterpret_cast<char *>(sections), sizeof(sections));
  sealModule(file);
  return file;
}

} // namespace hydragen::test

#endif // HYDRAGEN_TEST_UNIT_RUNTIME_MODULEFILES_H
