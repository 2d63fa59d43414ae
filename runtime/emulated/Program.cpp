//===- Program.cpp - load a module ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decoder.h"

#include <algorithm>
#include <cstring>

using namespace hydragen::emulated;

Program::Program() = default;
Program::~Program() = default;
Program::Program(Program &&) = default;
Program &Program::operator=(Program &&) = default;

/// Module variables of the global and constant spaces get an allocation each;
/// without an initialiser they are zero (PTX ISA 5.4.4).
static bool
placeVariables(const Module &module, Memory &memory,
               std::map<std::string, uint64_t, std::less<>> &symbols,
               std::vector<ParseError> &errors) {
  size_t before = errors.size();
  for (const Variable &variable : module.variables) {
    if (variable.space != Space::Global && variable.space != Space::Const)
      continue;
    if (variable.isExtern) {
      errors.push_back({variable.position,
                        "variable '" + variable.name + "' is not defined"});
      continue;
    }
    Allocation *allocation = memory.allocate(variable.size, variable.name);
    if (!allocation) {
      errors.push_back(
          {variable.position, "variable '" + variable.name + "' of " +
                                  std::to_string(variable.size) +
                                  " bytes does not fit into memory"});
      continue;
    }
    allocation->allInit = true;
    allocation->readOnly = variable.space == Space::Const;
    if (!variable.init.empty())
      std::memcpy(allocation->data, variable.init.data(),
                  std::min<uint64_t>(variable.init.size(), variable.size));
    symbols[variable.name] = allocation->base;
  }
  for (const Variable &variable : module.variables) {
    auto place = symbols.find(variable.name);
    if (place == symbols.end())
      continue;
    Allocation *allocation = memory.find(place->second);
    for (const Variable::Relocation &relocation : variable.relocations) {
      auto target = symbols.find(relocation.symbol);
      if (target == symbols.end()) {
        errors.push_back(
            {variable.position, "the address of '" + relocation.symbol +
                                    "' in the initialiser of '" +
                                    variable.name + "' is not known"});
        continue;
      }
      uint64_t address = target->second + uint64_t(relocation.addend);
      if (relocation.offset + 8 <= variable.size)
        std::memcpy(allocation->data + relocation.offset, &address, 8);
    }
  }
  return errors.size() == before;
}

bool Program::load(std::string text, Memory &memory,
                   std::vector<ParseError> &errors) {
  size_t before = errors.size();
  module = std::make_unique<Module>();
  kernels.clear();
  symbols.clear();
  ParseError error;
  if (!parsePtx(std::move(text), *module, error)) {
    errors.push_back(std::move(error));
    return false;
  }
  if (!placeVariables(*module, memory, symbols, errors))
    return false;
  for (const Function &function : module->functions) {
    if (!function.isEntry || !function.hasBody)
      continue;
    auto code = std::make_unique<Code>();
    Decoder decoder(*module, function, *code, errors);
    if (!decoder.run())
      continue;
    for (const Code::Fixup &fixup : code->fixups)
      if (!symbols.count(fixup.symbol))
        errors.push_back({function.position,
                          "the address of '" + fixup.symbol + "', used by '" +
                              function.name + "', is not known"});
    prepare(*code);
    kernels[function.name] = std::move(code);
  }
  std::sort(errors.begin() + long(before), errors.end(),
            [](const ParseError &a, const ParseError &b) {
              return std::tie(a.position.line, a.position.column, a.message) <
                     std::tie(b.position.line, b.position.column, b.message);
            });
  return errors.size() == before;
}

const Code *Program::findKernel(std::string_view name) const {
  auto it = kernels.find(name);
  return it == kernels.end() ? nullptr : it->second.get();
}

std::vector<std::string> Program::getKernelNames() const {
  std::vector<std::string> names;
  if (module)
    for (const Function &function : module->functions)
      if (kernels.count(function.name))
        names.push_back(function.name);
  return names;
}

std::optional<uint64_t> Program::findSymbol(std::string_view name) const {
  auto it = symbols.find(name);
  if (it == symbols.end())
    return std::nullopt;
  return it->second;
}

size_t hydragen::emulated::getNumParameters(const Code &code) {
  return code.function->parameters.size();
}

void hydragen::emulated::getParameter(const Code &code, size_t index,
                                      uint32_t &offset, uint64_t &size) {
  offset = code.paramOffsets[index];
  size = code.function->parameters[index].size;
}

uint32_t hydragen::emulated::getParameterBytes(const Code &code) {
  return code.paramBytes;
}

const std::string &hydragen::emulated::getKernelName(const Code &code) {
  return code.function->name;
}
