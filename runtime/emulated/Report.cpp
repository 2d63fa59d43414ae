//===- Report.cpp - faults as text and JSON ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words and their order are compute-sanitizer's, which users know.
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include <cstdio>

using namespace hydragen::emulated;

Fault hydragen::emulated::makeFault(const Warp &w, const Op &op, FaultKind kind,
                                    uint32_t lanes, std::string title) {
  const Block &block = *w.block;
  const uint32_t *extent = block.launch->launch.block;
  Fault fault;
  fault.kind = kind;
  fault.title = std::move(title);
  fault.instruction = op.source;
  unsigned thread = getThread(w, lanes ? unsigned(__builtin_ctz(lanes)) : 0u);
  fault.thread[0] = thread % extent[0];
  fault.thread[1] = thread / extent[0] % extent[1];
  fault.thread[2] = thread / extent[0] / extent[1];
  for (int i = 0; i < 3; ++i)
    fault.block[i] = block.id[i];
  fault.blockLinear = block.linear;
  fault.warp = w.index;
  fault.lanes = lanes;
  return fault;
}

static std::string formatTriple(const uint32_t *v) {
  return "(" + std::to_string(v[0]) + "," + std::to_string(v[1]) + "," +
         std::to_string(v[2]) + ")";
}

static const Instruction *getInstruction(const Code &code, int64_t index) {
  const std::vector<Instruction> &list = code.function->instructions;
  return index >= 0 && uint64_t(index) < list.size() ? &list[size_t(index)]
                                                     : nullptr;
}

static std::string formatSource(const Code &code, const Instruction &at) {
  if (at.fileLine <= 0 || at.file <= 0 ||
      size_t(at.file) >= code.module->files.size())
    return "";
  return code.module->files[size_t(at.file)] + ":" +
         std::to_string(at.fileLine);
}

static std::string formatPlace(const Code &code, const Instruction &at,
                               const std::string &file) {
  std::string source = formatSource(code, at);
  return file + ":" + std::to_string(at.position.line) + ": " +
         getOneLine(at.text) + (source.empty() ? "" : " (from " + source + ")");
}

std::vector<std::string>
hydragen::emulated::formatFault(const Fault &fault, const Code &code,
                                const std::string &file) {
  std::vector<std::string> lines{fault.title};
  const std::string indent = "    ";
  if (const Instruction *at = getInstruction(code, fault.instruction))
    lines.push_back(indent + "at " + code.function->name + ", " +
                    formatPlace(code, *at, file));
  if (const Instruction *at = getInstruction(code, fault.otherInstruction))
    lines.push_back(indent + "and at " + formatPlace(code, *at, file));
  lines.push_back(indent + "by thread " + formatTriple(fault.thread) +
                  " in block " + formatTriple(fault.block) + ", warp " +
                  std::to_string(fault.warp) +
                  (fault.lanes & (fault.lanes - 1) ? " lanes " : " lane ") +
                  formatLanes(fault.lanes));
  for (const std::string &note : fault.notes)
    lines.push_back(indent + note);
  if (fault.count > 1)
    lines.push_back(indent + "seen " + std::to_string(fault.count) + " times");
  return lines;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static std::string quote(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      // PTX is ASCII; other bytes come from names of files and stay readable
      // as Latin-1.
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", unsigned(byte));
      result += escape;
    } else {
      result += c;
    }
  }
  return result + '"';
}

static std::string formatPlaceJson(const Code &code, const Instruction &at) {
  std::string text = "\"line\": " + std::to_string(at.position.line) +
                     ", \"column\": " + std::to_string(at.position.column) +
                     ", \"instruction\": " + quote(getOneLine(at.text));
  std::string source = formatSource(code, at);
  if (!source.empty())
    text += ", \"source\": " + quote(source);
  return text;
}

std::string hydragen::emulated::formatFaultJson(const Fault &fault,
                                                const Code &code,
                                                const std::string &file) {
  auto list = [](const uint32_t *v) {
    return "[" + std::to_string(v[0]) + ", " + std::to_string(v[1]) + ", " +
           std::to_string(v[2]) + "]";
  };
  std::string text = std::string("{\"kind\": ") + quote(getName(fault.kind)) +
                     ", \"title\": " + quote(fault.title) +
                     ", \"kernel\": " + quote(code.function->name) +
                     ", \"file\": " + quote(file);
  if (const Instruction *at = getInstruction(code, fault.instruction))
    text += ", " + formatPlaceJson(code, *at);
  if (const Instruction *at = getInstruction(code, fault.otherInstruction))
    text += ", \"other\": {" + formatPlaceJson(code, *at) + "}";
  text += ", \"block\": " + list(fault.block) +
          ", \"thread\": " + list(fault.thread) +
          ", \"warp\": " + std::to_string(fault.warp) + ", \"lanes\": [";
  bool first = true;
  for (int lane = 0; lane < 32; ++lane)
    if (fault.lanes >> lane & 1) {
      text += (first ? "" : ", ") + std::to_string(lane);
      first = false;
    }
  text += "]";
  if (fault.hasAddress)
    text += ", \"address\": " + quote(formatHex(fault.address));
  text += ", \"notes\": [";
  for (size_t i = 0; i < fault.notes.size(); ++i)
    text += (i ? ", " : "") + quote(fault.notes[i]);
  return text + "], \"count\": " + std::to_string(fault.count) + "}";
}

std::string hydragen::emulated::formatCountersJson(const Counters &c,
                                                   size_t faults) {
  const std::pair<const char *, uint64_t> entries[] = {
      {"warp_instructions", c.warpInstructions},
      {"lane_instructions", c.laneInstructions},
      {"global_read_sectors", c.globalReadSectors},
      {"global_write_sectors", c.globalWriteSectors},
      {"unique_read_sectors", c.uniqueReadSectors},
      {"unique_write_sectors", c.uniqueWriteSectors},
      {"async_bytes", c.asyncBytes},
      {"shared_wavefronts", c.sharedWavefronts},
      {"shared_wavefronts_ideal", c.sharedWavefrontsIdeal},
      {"mma_flops", c.mmaFlops},
      {"mma_flops_f16", c.mmaFlopsF16},
      {"mma_flops_bf16", c.mmaFlopsBF16},
      {"mma_flops_tf32", c.mmaFlopsTF32},
      {"mma_flops_f8", c.mmaFlopsF8},
      {"mma_flops_f64", c.mmaFlopsF64},
      {"mma_ops_int", c.mmaOpsInt},
      {"barriers", c.barriers},
      {"faults", faults}};
  std::string text = "{";
  for (const auto &[name, value] : entries)
    text += std::string(text.size() > 1 ? ", " : "") + "\"" + name +
            "\": " + std::to_string(value);
  return text + "}";
}
