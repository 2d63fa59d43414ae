//===- Parser.cpp - PTX modules and variables -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Parser.h"

#include <cstdio>
#include <cstring>

using namespace hydragen::emulated;

/// Bytes of one declared variable; larger ones are refused.
static constexpr uint64_t maxVariableBytes = uint64_t(1) << 31;

Type hydragen::emulated::parseType(std::string_view text) {
  static const struct {
    const char *name;
    Type type;
  } types[] = {
      {"pred", {TypeKind::Pred, 1, 1}},   {"b8", {TypeKind::B, 8, 1}},
      {"b16", {TypeKind::B, 16, 1}},      {"b32", {TypeKind::B, 32, 1}},
      {"b64", {TypeKind::B, 64, 1}},      {"b128", {TypeKind::B, 128, 1}},
      {"u8", {TypeKind::U, 8, 1}},        {"u16", {TypeKind::U, 16, 1}},
      {"u32", {TypeKind::U, 32, 1}},      {"u64", {TypeKind::U, 64, 1}},
      {"s8", {TypeKind::S, 8, 1}},        {"s16", {TypeKind::S, 16, 1}},
      {"s32", {TypeKind::S, 32, 1}},      {"s64", {TypeKind::S, 64, 1}},
      {"u16x2", {TypeKind::U, 16, 2}},    {"s16x2", {TypeKind::S, 16, 2}},
      {"f16", {TypeKind::F, 16, 1}},      {"f16x2", {TypeKind::F, 16, 2}},
      {"f32", {TypeKind::F, 32, 1}},      {"f64", {TypeKind::F, 64, 1}},
      {"f32x2", {TypeKind::F, 32, 2}},    {"bf16", {TypeKind::BF, 16, 1}},
      {"bf16x2", {TypeKind::BF, 16, 2}},  {"tf32", {TypeKind::TF32, 32, 1}},
      {"e4m3", {TypeKind::E4M3, 8, 1}},   {"e5m2", {TypeKind::E5M2, 8, 1}},
      {"e4m3x2", {TypeKind::E4M3, 8, 2}}, {"e5m2x2", {TypeKind::E5M2, 8, 2}},
  };
  for (const auto &entry : types)
    if (text == entry.name)
      return entry.type;
  return {};
}

std::string Instruction::getFullName() const {
  std::string name = opcode;
  for (const std::string &modifier : modifiers)
    name += "." + modifier;
  return name;
}

const Function *Module::findEntry(std::string_view name) const {
  for (const Function &function : functions)
    if (function.isEntry && function.hasBody && function.name == name)
      return &function;
  return nullptr;
}

const Variable *Module::findVariable(std::string_view name) const {
  for (const Variable &variable : variables)
    if (variable.name == name)
      return &variable;
  return nullptr;
}

bool Parser::fail(Position position, std::string message) {
  if (!error.position.line)
    error = {position, std::move(message)};
  return false;
}

std::string Parser::describe() const {
  switch (token.kind) {
  case Token::End:
    return "the end of the file";
  case Token::Bad:
    return std::string(token.text);
  case Token::Directive:
    return "'." + std::string(token.text) + "'";
  case Token::String:
    return "a string";
  default:
    return "'" + std::string(token.text.substr(0, 60)) + "'";
  }
}

bool Parser::take(char c) {
  if (!isPunct(c))
    return false;
  advance();
  return true;
}

bool Parser::expect(char c) {
  if (take(c))
    return true;
  return fail("expected '" + std::string(1, c) + "', got " + describe());
}

bool Parser::integer(uint64_t &value) {
  if (token.kind != Token::Integer)
    return fail("expected an integer, got " + describe());
  value = token.value;
  advance();
  return true;
}

/// Constant expressions: + - of * of unary of primary (two's complement).
bool Parser::constant(int64_t &value, int level, unsigned depth) {
  if (depth > 64)
    return fail("expression nested too deeply");
  if (level == 2) {
    if (take('-')) {
      if (!constant(value, 2, depth + 1))
        return false;
      value = int64_t(0 - uint64_t(value));
      return true;
    }
    if (take('~')) {
      if (!constant(value, 2, depth + 1))
        return false;
      value = ~value;
      return true;
    }
    if (take('+'))
      return constant(value, 2, depth + 1);
    if (take('('))
      return constant(value, 0, depth + 1) && expect(')');
    if (token.kind == Token::Word && token.text == "WARP_SZ") {
      value = 32;
      advance();
      return true;
    }
    uint64_t bits;
    if (!integer(bits))
      return false;
    value = int64_t(bits);
    return true;
  }
  if (!constant(value, level + 1, depth + 1))
    return false;
  for (;;) {
    char op = level == 0 ? (isPunct('+')   ? '+'
                            : isPunct('-') ? '-'
                                           : 0)
                         : (isPunct('*') ? '*' : 0);
    if (!op)
      return true;
    advance();
    int64_t right;
    if (!constant(right, level + 1, depth + 1))
      return false;
    uint64_t a = value, b = right;
    value = int64_t(op == '+' ? a + b : op == '-' ? a - b : a * b);
  }
}

bool Parser::skipBraces() {
  Position open = token.position;
  if (!expect('{'))
    return false;
  for (unsigned depth = 1; depth;) {
    if (token.kind == Token::End)
      return fail(open, "'{' is never closed");
    // The lexer stays where it found one.
    if (token.kind == Token::Bad)
      return fail(std::string(token.text));
    depth += isPunct('{');
    depth -= isPunct('}');
    advance();
  }
  return true;
}

bool Parser::parseVersion() {
  // The number is lexed as a decimal literal: take its text apart.
  if (token.kind != Token::Float64 && token.kind != Token::Integer)
    return fail("expected a version, got " + describe());
  std::string text(token.text);
  if (std::sscanf(text.c_str(), "%d.%d", &module.versionMajor,
                  &module.versionMinor) < 1)
    return fail("malformed version '" + text + "'");
  advance();
  return true;
}

bool Parser::parseFile() {
  uint64_t index;
  if (!integer(index))
    return false;
  if (index > 65535)
    return fail("file index " + std::to_string(index) + " is above 65535");
  if (token.kind != Token::String)
    return fail("expected a file name, got " + describe());
  if (module.files.size() <= index)
    module.files.resize(index + 1);
  module.files[index] = std::string(token.text);
  advance();
  while (take(',')) {
    uint64_t ignored;
    if (!integer(ignored))
      return false;
  }
  return true;
}

bool Parser::parseSection() {
  if (token.kind != Token::Directive && token.kind != Token::Word)
    return fail("expected a section name, got " + describe());
  advance();
  return skipBraces();
}

bool Parser::parseElement(Variable &variable, uint64_t &at, unsigned depth) {
  if (depth > 8)
    return fail("initializer nested too deeply");
  if (take('{')) {
    while (!isPunct('}')) {
      if (!parseElement(variable, at, depth + 1))
        return false;
      if (!take(','))
        break;
    }
    return expect('}');
  }
  unsigned bytes = variable.type.getBytes();
  if (variable.size && at + bytes > variable.size)
    return fail("more initial values than '" + variable.name + "' holds");
  if (variable.init.size() < at + bytes)
    variable.init.resize(at + bytes);
  uint64_t value = 0;
  bool negative = false;
  Position position = token.position;
  if (isPunct('-')) {
    negative = true;
    advance();
  }
  if (token.kind == Token::Float32 || token.kind == Token::Float64) {
    double number;
    float single;
    if (token.kind == Token::Float32) {
      uint32_t bits = uint32_t(token.value);
      std::memcpy(&single, &bits, 4);
      number = single;
    } else {
      std::memcpy(&number, &token.value, 8);
    }
    number = negative ? -number : number;
    if (variable.type.bits == 64) {
      std::memcpy(&value, &number, 8);
    } else if (variable.type.bits == 32) {
      single = float(number);
      std::memcpy(&value, &single, 4);
      if (token.kind == Token::Float32)
        value = uint32_t(token.value) ^ (negative ? 0x80000000u : 0);
    } else {
      return fail("a floating-point value for '" + variable.name + "'");
    }
    advance();
  } else if (token.kind == Token::Word && token.text != "WARP_SZ") {
    bool generic = token.text == "generic";
    if (generic) {
      advance();
      if (!expect('('))
        return false;
    }
    Variable::Relocation relocation{at, std::string(token.text), 0, generic};
    if (token.kind != Token::Word)
      return fail("expected a name, got " + describe());
    advance();
    if (generic && !expect(')'))
      return false;
    if (isPunct('+') || isPunct('-')) {
      if (!constant(relocation.addend, 2))
        return false;
    }
    if (bytes != 8)
      return fail(position, "an address needs an element of 8 bytes");
    variable.relocations.push_back(std::move(relocation));
  } else {
    int64_t number;
    if (!constant(number))
      return false;
    value = negative ? 0 - uint64_t(number) : uint64_t(number);
  }
  std::memcpy(variable.init.data() + at, &value, bytes > 8 ? 8 : bytes);
  at += bytes;
  return true;
}

bool Parser::parseInitializer(Variable &variable) {
  uint64_t at = 0;
  if (!parseElement(variable, at, 0))
    return false;
  if (variable.size == 0)
    variable.size = at;
  return true;
}

/// Alignment, type, name and extents, after the state space.
bool Parser::parseVariable(Variable &variable, bool isParameter) {
  unsigned vector = 1;
  variable.align = 0;
  while (token.kind == Token::Directive) {
    if (isDirective("align")) {
      advance();
      uint64_t align;
      if (!integer(align))
        return false;
      if (!align || (align & (align - 1)) || align > (1u << 20))
        return fail("alignment " + std::to_string(align) +
                    " is no power of two");
      if (!variable.align || !isParameter)
        variable.align = unsigned(align);
      continue;
    }
    if (isDirective("attribute")) {
      advance();
      if (!expect('('))
        return false;
      while (!isPunct(')') && token.kind != Token::End &&
             token.kind != Token::Bad)
        advance();
      if (!expect(')'))
        return false;
      continue;
    }
    if (isDirective("v2") || isDirective("v4")) {
      vector = token.text == "v2" ? 2 : 4;
    } else if (isDirective("ptr")) {
      // .ptr [.space] [.align N] describes what a pointer parameter points to.
      advance();
      while (isDirective("global") || isDirective("shared") ||
             isDirective("const") || isDirective("local") ||
             isDirective("align")) {
        bool align = isDirective("align");
        advance();
        uint64_t ignored;
        if (align && !integer(ignored))
          return false;
      }
      continue;
    } else {
      Type type = parseType(token.text);
      if (!type || type.kind == TypeKind::Pred)
        return fail("'." + std::string(token.text) +
                    "' is no type of a variable");
      variable.type = type;
    }
    advance();
  }
  if (!variable.type)
    return fail("expected a type, got " + describe());
  if (token.kind != Token::Word)
    return fail("expected a name, got " + describe());
  variable.name = std::string(token.text);
  variable.position = token.position;
  advance();
  uint64_t bytes = uint64_t(variable.type.getBytes()) * vector;
  if (!variable.align)
    variable.align = unsigned(bytes);
  variable.size = bytes;
  while (take('[')) {
    int64_t extent = 0;
    if (!isPunct(']') && !constant(extent))
      return false;
    if (!expect(']'))
      return false;
    if (extent < 0 ||
        __builtin_mul_overflow(variable.size, uint64_t(extent),
                               &variable.size) ||
        variable.size > maxVariableBytes)
      return fail(variable.position, "'" + variable.name + "' is too large");
  }
  return true;
}

bool Parser::parseVariables(Space space, bool isExtern,
                            std::vector<Variable> &into, bool inFunction) {
  Variable first;
  first.space = space;
  first.isExtern = isExtern;
  if (!parseVariable(first, false))
    return false;
  Variable pattern = first;
  for (;;) {
    if (take('=')) {
      if (space != Space::Global && space != Space::Const)
        return fail("'" + first.name + "' cannot have an initializer");
      if (!parseInitializer(first))
        return false;
    }
    if (inFunction) {
      if (!scopes.back().variables.emplace(first.name, int(into.size())).second)
        return fail(first.position, "'" + first.name + "' is declared twice");
    } else if (const Variable *other = module.findVariable(first.name)) {
      if (!other->isExtern && !first.isExtern)
        return fail(first.position, "'" + first.name + "' is declared twice");
    }
    into.push_back(first);
    if (!take(','))
      break;
    // Later names share type and alignment.
    Variable next = pattern;
    next.init.clear();
    if (token.kind != Token::Word)
      return fail("expected a name, got " + describe());
    if (!parseVariable(next, false))
      return false;
    first = next;
  }
  return expect(';');
}

bool Parser::parseDirective() {
  std::string name(token.text);
  Position position = token.position;
  advance();
  if (name == "version")
    return parseVersion();
  if (name == "target") {
    do {
      if (token.kind != Token::Word)
        return fail("expected a target, got " + describe());
      if (module.target.empty())
        module.target = std::string(token.text);
      advance();
    } while (take(','));
    return true;
  }
  if (name == "address_size") {
    uint64_t size;
    if (!integer(size))
      return false;
    if (size != 64)
      return fail(position, "address size " + std::to_string(size) +
                                " is not supported, only 64");
    return true;
  }
  if (name == "file")
    return parseFile();
  if (name == "section")
    return parseSection();
  if (name == "pragma") {
    while (token.kind == Token::String || isPunct(','))
      advance();
    return expect(';');
  }
  if (name == "alias")
    return fail(position, "'.alias' is not supported");
  bool isExtern = false;
  while (name == "extern" || name == "visible" || name == "weak" ||
         name == "common") {
    isExtern |= name == "extern";
    if (token.kind != Token::Directive)
      return fail("expected a declaration, got " + describe());
    name = std::string(token.text);
    position = token.position;
    advance();
  }
  if (name == "entry" || name == "func")
    return parseFunction(name == "entry");
  Space space;
  if (name == "global")
    space = Space::Global;
  else if (name == "shared")
    space = Space::Shared;
  else if (name == "const")
    space = Space::Const;
  else if (name == "local")
    space = Space::Local;
  else
    return fail(position, "unknown directive '." + name + "'");
  return parseVariables(space, isExtern, module.variables, false);
}

bool Parser::parseModule() {
  if (!isDirective("version"))
    return fail("expected '.version' first, got " + describe());
  while (token.kind != Token::End) {
    if (take(';'))
      continue;
    if (token.kind != Token::Directive)
      return fail("expected a directive, got " + describe());
    if (!parseDirective())
      return false;
  }
  if (module.target.empty())
    return fail({1, 1}, "there is no '.target'");
  return true;
}

bool hydragen::emulated::parsePtx(std::string text, Module &module,
                                  ParseError &error) {
  module = Module();
  error = ParseError();
  // Some drivers and tools leave the terminating zero in the file.
  while (!text.empty() && text.back() == '\0')
    text.pop_back();
  module.text = std::make_shared<const std::string>(std::move(text));
  return Parser(module, error).parseModule();
}
