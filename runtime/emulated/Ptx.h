//===- Ptx.h - the parsed form of a PTX module ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names are resolved: a register operand is an index into its function's
// registers, a label an instruction index. Qualifiers stay text, in the order
// written; what reads them treats them as a set, because compilers differ.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_PTX_H
#define HYDRAGEN_RUNTIME_EMULATED_PTX_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hydragen::emulated {

/// A place in the text, from 1. Line 0: nowhere.
struct Position {
  int line = 0, column = 0;
};

struct ParseError {
  Position position;
  std::string message;
};

/// Kinds of PTX types. B: untyped bits.
enum class TypeKind : uint8_t { None, Pred, B, U, S, F, BF, E4M3, E5M2, TF32 };

struct Type {
  TypeKind kind = TypeKind::None;
  /// Bits of an element: 1 (pred), 8, 16, 32, 64 or 128.
  uint8_t bits = 0;
  /// Elements in a packed type (f16x2); 1 otherwise.
  uint8_t lanes = 1;
  explicit operator bool() const { return kind != TypeKind::None; }
  unsigned getBytes() const { return bits * lanes / 8; }
  bool operator==(const Type &o) const {
    return kind == o.kind && bits == o.bits && lanes == o.lanes;
  }
};

/// "u32", "f16x2", "pred", ...; a type of kind None for anything else.
Type parseType(std::string_view text);

enum class Space : uint8_t { Generic, Global, Shared, Local, Param, Const };

struct Variable {
  std::string name;
  Space space = Space::Global;
  Type type;
  unsigned align = 1;
  /// Bytes; 0 for an extern array without extent.
  uint64_t size = 0;
  bool isExtern = false;
  /// Initial bytes (zero filled to size when not empty).
  std::vector<uint8_t> init;
  /// Addresses of other variables within `init`.
  struct Relocation {
    uint64_t offset;
    std::string symbol;
    int64_t addend;
    bool generic;
  };
  std::vector<Relocation> relocations;
  Position position;
};

struct Operand {
  enum Kind : uint8_t {
    Register, ///< `index` into Function::registers; `negated` for !p
    Special,  ///< %tid.x: `name`
    Integer,  ///< `value`
    Float32,  ///< bits in `value` (0f..)
    Float64,  ///< bits in `value` (0d.. or a decimal number)
    Symbol,   ///< a variable: `name`, plus `value`
    Label,    ///< `index` of the instruction
    Function, ///< `name`
    Address,  ///< [elements[0] + value]; further elements: tensor coordinates
    Vector,   ///< {elements}
    Pair,     ///< elements[0] | elements[1]
    Sink      ///< _
  };
  Kind kind = Integer;
  bool negated = false;
  int index = -1;
  uint64_t value = 0;
  std::string name;
  std::vector<Operand> elements;
  Position position;
};

struct Instruction {
  /// Guard predicate's register, -1 for none.
  int guard = -1;
  bool guardNegated = false;
  std::string opcode;
  std::vector<std::string> modifiers;
  std::vector<Operand> operands;
  Position position;
  /// The statement's text (view into Module::text).
  std::string_view text;
  /// From .loc: index into Module::files, 0 for none.
  int file = 0, fileLine = 0;

  bool has(std::string_view modifier) const {
    for (const std::string &m : modifiers)
      if (m == modifier)
        return true;
    return false;
  }
  /// opcode and modifiers joined by dots.
  std::string getFullName() const;
};

struct RegisterInfo {
  std::string name;
  Type type;
};

struct Function {
  std::string name;
  bool isEntry = false;
  bool hasBody = false;
  std::vector<Variable> results;
  std::vector<Variable> parameters;
  std::vector<RegisterInfo> registers;
  /// Shared and local variables of the body.
  std::vector<Variable> variables;
  std::vector<Instruction> instructions;
  /// .branchtargets tables, by label: instruction indices.
  struct BranchTargets {
    std::string name;
    std::vector<Operand> targets;
  };
  std::vector<BranchTargets> branchTargets;
  /// 0: not stated.
  unsigned requiredBlock[3] = {0, 0, 0};
  unsigned maxBlock[3] = {0, 0, 0};
  Position position;
};

struct Module {
  /// Kept alive for the views in the instructions.
  std::shared_ptr<const std::string> text;
  int versionMajor = 0, versionMinor = 0;
  std::string target;
  unsigned addressSize = 64;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  /// .file table, index 0 is unused.
  std::vector<std::string> files;

  const Function *findEntry(std::string_view name) const;
  const Variable *findVariable(std::string_view name) const;
};

/// Parses PTX text. True on success, otherwise `error` is set and `module` is
/// unspecified. Any bytes are accepted as input.
bool parsePtx(std::string text, Module &module, ParseError &error);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_PTX_H
