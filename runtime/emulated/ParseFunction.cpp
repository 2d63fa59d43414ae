//===- ParseFunction.cpp - bodies of PTX functions --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers, variables and labels are scoped by `{ }`: compilers inline
// assembly that declares the same names again and again.
//===----------------------------------------------------------------------===//

#include "Parser.h"

using namespace hydragen::emulated;

static constexpr size_t maxRegisters = 1u << 20;
static constexpr unsigned maxDepth = 64;

bool Parser::parseParameters(std::vector<Variable> &into) {
  if (take(')'))
    return true;
  do {
    if (!isDirective("param") && !isDirective("reg"))
      return fail("expected '.param', got " + describe());
    advance();
    Variable parameter;
    parameter.space = Space::Param;
    if (!parseVariable(parameter, true))
      return false;
    into.push_back(std::move(parameter));
  } while (take(','));
  return expect(')');
}

bool Parser::parseFunctionDirectives() {
  while (token.kind == Token::Directive) {
    std::string name(token.text);
    advance();
    unsigned *into = name == "reqntid"   ? function->requiredBlock
                     : name == "maxntid" ? function->maxBlock
                                         : nullptr;
    if (into)
      into[1] = into[2] = 1;
    if (name == "pragma") {
      while (token.kind == Token::String || isPunct(','))
        advance();
      if (!expect(';'))
        return false;
      continue;
    }
    for (unsigned i = 0; token.kind == Token::Integer; ++i) {
      if (into && i < 3)
        into[i] = unsigned(token.value);
      advance();
      if (!take(','))
        break;
    }
  }
  return true;
}

bool Parser::parseFunction(bool isEntry) {
  module.functions.emplace_back();
  function = &module.functions.back();
  function->isEntry = isEntry;
  if (!isEntry && take('(') && !parseParameters(function->results))
    return false;
  if (token.kind != Token::Word)
    return fail("expected the name of a function, got " + describe());
  function->name = std::string(token.text);
  function->position = token.position;
  advance();
  if (take('(') && !parseParameters(function->parameters))
    return false;
  if (!parseFunctionDirectives())
    return false;
  if (take(';'))
    return true;
  function->hasBody = true;
  locFile = locLine = 0;
  return parseBody();
}

bool Parser::parseBody() {
  scopes.clear();
  scopes.emplace_back();
  Position open = token.position;
  if (!expect('{'))
    return false;
  while (!scopes.empty()) {
    if (token.kind == Token::End)
      return fail(open, "'{' is never closed");
    if (take('{')) {
      if (scopes.size() > maxDepth)
        return fail("scopes nested too deeply");
      scopes.emplace_back();
    } else if (isPunct('}')) {
      if (!closeScope())
        return false;
      advance();
    } else if (!parseStatement()) {
      return false;
    }
  }
  return true;
}

/// Points the first operand that waits for `pending.name` at `target`.
bool Parser::resolve(Operand &operand, const Scope::Pending &pending,
                     int target, unsigned &resolved) {
  if (operand.kind == Operand::Label && operand.index < 0 &&
      operand.name == pending.name) {
    operand.index = target;
    ++resolved;
  }
  for (Operand &element : operand.elements)
    resolve(element, pending, target, resolved);
  return resolved;
}

bool Parser::closeScope() {
  Scope scope = std::move(scopes.back());
  scopes.pop_back();
  for (Scope::Pending &pending : scope.pending) {
    auto it = scope.labels.find(pending.name);
    if (it == scope.labels.end()) {
      if (scopes.empty())
        return fail(pending.position, "'" + pending.name + "' is not declared");
      scopes.back().pending.push_back(std::move(pending));
      continue;
    }
    unsigned resolved = 0;
    if (pending.table >= 0) {
      for (Operand &target : function->branchTargets[pending.table].targets)
        resolve(target, pending, it->second, resolved);
    } else {
      for (Operand &operand :
           function->instructions[pending.instruction].operands)
        resolve(operand, pending, it->second, resolved);
    }
  }
  return true;
}

int Parser::findRegister(std::string_view name) const {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    auto it = scope->registers.find(name);
    if (it != scope->registers.end())
      return it->second;
  }
  return -1;
}

bool Parser::parseRegisters() {
  Type type;
  while (token.kind == Token::Directive) {
    type = parseType(token.text);
    if (!type)
      return fail("'." + std::string(token.text) +
                  "' is no type of a register");
    advance();
  }
  if (!type)
    return fail("expected a type, got " + describe());
  do {
    if (token.kind != Token::Word)
      return fail("expected the name of a register, got " + describe());
    std::string name(token.text);
    Position position = token.position;
    advance();
    uint64_t count = 1;
    bool numbered = false;
    if (take('<')) {
      numbered = true;
      if (!integer(count) || !expect('>'))
        return false;
    }
    if (count > maxRegisters ||
        function->registers.size() + count > maxRegisters)
      return fail(position, "more than " + std::to_string(maxRegisters) +
                                " registers in '" + function->name + "'");
    for (uint64_t i = 0; i < count; ++i) {
      std::string full = numbered ? name + std::to_string(i) : name;
      if (!scopes.back()
               .registers.emplace(full, int(function->registers.size()))
               .second)
        return fail(position, "register '" + full + "' is declared twice");
      function->registers.push_back({std::move(full), type});
    }
  } while (take(','));
  return expect(';');
}

/// .loc FILE LINE COLUMN [, function_name L[+N], inlined_at F L C]
bool Parser::parseLoc() {
  uint64_t values[3];
  for (uint64_t &value : values)
    if (!integer(value))
      return false;
  locFile = int(values[0] & 0xffff);
  locLine = int(values[1] & 0x7fffffff);
  while (take(',')) {
    if (token.kind != Token::Word)
      return fail("expected 'function_name' or 'inlined_at', got " +
                  describe());
    bool inlined = token.text == "inlined_at";
    advance();
    if (inlined) {
      for (uint64_t &value : values)
        if (!integer(value))
          return false;
    } else {
      if (token.kind == Token::Word)
        advance();
      if (take('+') && !integer(values[0]))
        return false;
    }
  }
  return true;
}

bool Parser::parseLabel(std::string name, Position position) {
  if (isDirective("branchtargets")) {
    advance();
    Function::BranchTargets table{name, {}};
    int index = int(function->branchTargets.size());
    do {
      if (token.kind != Token::Word)
        return fail("expected a label, got " + describe());
      Operand target;
      target.kind = Operand::Label;
      target.name = std::string(token.text);
      target.position = token.position;
      scopes.back().pending.push_back({-1, index, target.name, token.position});
      table.targets.push_back(std::move(target));
      advance();
    } while (take(','));
    function->branchTargets.push_back(std::move(table));
    // An operand that names the table resolves to -2 - index.
    if (!scopes.back().labels.emplace(name, -2 - index).second)
      return fail(position, "label '" + name + "' is declared twice");
    return expect(';');
  }
  if (isDirective("callprototype") || isDirective("calltargets")) {
    while (!isPunct(';') && token.kind != Token::End &&
           token.kind != Token::Bad)
      advance();
    if (!scopes.back().labels.emplace(name, 0).second)
      return fail(position, "label '" + name + "' is declared twice");
    return expect(';');
  }
  if (!scopes.back()
           .labels.emplace(name, int(function->instructions.size()))
           .second)
    return fail(position, "label '" + name + "' is declared twice");
  return true;
}

bool Parser::parseStatement() {
  if (take(';'))
    return true;
  if (token.kind == Token::Directive) {
    std::string name(token.text);
    Position position = token.position;
    advance();
    if (name == "reg")
      return parseRegisters();
    if (name == "loc")
      return parseLoc();
    if (name == "file")
      return parseFile();
    if (name == "pragma") {
      while (token.kind == Token::String || isPunct(','))
        advance();
      return expect(';');
    }
    if (name == "section")
      return parseSection();
    bool isExtern = name == "extern";
    if (isExtern && token.kind == Token::Directive) {
      name = std::string(token.text);
      advance();
    }
    Space space = name == "shared"  ? Space::Shared
                  : name == "local" ? Space::Local
                  : name == "param" ? Space::Param
                                    : Space::Generic;
    if (space != Space::Generic)
      return parseVariables(space, isExtern, function->variables, true);
    // Constants and globals inside a function are visible in it alone; their
    // names must still be unique in the module.
    if (name == "global" || name == "const") {
      return parseVariables(name == "global" ? Space::Global : Space::Const,
                            isExtern, module.variables, false);
    }
    return fail(position, "unknown directive '." + name + "'");
  }
  return parseInstruction();
}

bool Parser::parseName(Operand &operand) {
  std::string_view name = token.text;
  operand.position = token.position;
  if (name == "_") {
    operand.kind = Operand::Sink;
    advance();
    return true;
  }
  operand.index = findRegister(name);
  if (operand.index >= 0) {
    operand.kind = Operand::Register;
    advance();
    return true;
  }
  if (name == "WARP_SZ") {
    operand.kind = Operand::Integer;
    operand.value = 32;
    advance();
    return true;
  }
  operand.name = std::string(name);
  if (name[0] == '%') {
    operand.kind = Operand::Special;
    advance();
    if (token.kind == Token::Directive && lexer.joined) {
      operand.name += "." + std::string(token.text);
      advance();
    }
    return true;
  }
  advance();
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    auto it = scope->variables.find(operand.name);
    if (it != scope->variables.end()) {
      operand.kind = Operand::Symbol;
      operand.index = it->second;
      return true;
    }
  }
  for (const std::vector<Variable> *list :
       {&function->parameters, &function->results})
    for (const Variable &variable : *list)
      if (variable.name == operand.name) {
        operand.kind = Operand::Symbol;
        return true;
      }
  if (module.findVariable(operand.name)) {
    operand.kind = Operand::Symbol;
    return true;
  }
  for (const Function &other : module.functions)
    if (other.name == operand.name) {
      operand.kind = Operand::Function;
      return true;
    }
  operand.kind = Operand::Label;
  scopes.back().pending.push_back(
      {int(function->instructions.size()), -1, operand.name, operand.position});
  return true;
}

bool Parser::parseAddress(Operand &operand, unsigned depth) {
  operand.kind = Operand::Address;
  Operand base;
  if (!parseOperand(base, depth + 1))
    return false;
  operand.elements.push_back(std::move(base));
  while (isPunct('+') || isPunct('-')) {
    // [%rd8+-8], [sym+imm], [%rd1-4]
    bool minus = isPunct('-');
    advance();
    int64_t offset;
    if (!constant(offset, 2))
      return false;
    operand.value += minus ? 0 - uint64_t(offset) : uint64_t(offset);
  }
  while (take(',')) {
    Operand coordinate;
    if (!parseOperand(coordinate, depth + 1))
      return false;
    operand.elements.push_back(std::move(coordinate));
  }
  return expect(']');
}

bool Parser::parseOperand(Operand &operand, unsigned depth) {
  if (depth > 4)
    return fail("operand nested too deeply");
  operand.position = token.position;
  if (take('[')) {
    if (!parseAddress(operand, depth))
      return false;
  } else if (take('{') || take('(')) {
    operand.kind = Operand::Vector;
    while (!isPunct('}') && !isPunct(')')) {
      Operand element;
      if (!parseOperand(element, depth + 1))
        return false;
      operand.elements.push_back(std::move(element));
      if (!take(','))
        break;
    }
    if (!take(')') && !expect('}'))
      return false;
  } else if (take('!')) {
    if (!parseOperand(operand, depth + 1))
      return false;
    operand.negated = !operand.negated;
  } else if (token.kind == Token::Word) {
    if (!parseName(operand))
      return false;
    if (operand.kind == Operand::Symbol && depth == 0 &&
        (isPunct('+') || isPunct('-'))) {
      bool minus = isPunct('-');
      advance();
      int64_t offset;
      if (!constant(offset, 2))
        return false;
      operand.value = minus ? 0 - uint64_t(offset) : uint64_t(offset);
    }
  } else {
    bool minus = false;
    Token first = token;
    if (isPunct('-')) {
      Lexer saved = lexer;
      advance();
      minus = token.kind == Token::Float32 || token.kind == Token::Float64;
      if (!minus) {
        lexer = saved;
        token = first;
      }
    }
    if (token.kind == Token::Float32 || token.kind == Token::Float64) {
      operand.kind =
          token.kind == Token::Float32 ? Operand::Float32 : Operand::Float64;
      operand.value = token.value;
      if (minus)
        operand.value ^= uint64_t(1)
                         << (token.kind == Token::Float32 ? 31 : 63);
      advance();
    } else if (token.kind == Token::Integer || isPunct('-') || isPunct('~') ||
               isPunct('+')) {
      int64_t value;
      if (!constant(value, depth == 0 ? 0 : 2))
        return false;
      operand.kind = Operand::Integer;
      operand.value = uint64_t(value);
    } else {
      return fail("expected an operand, got " + describe());
    }
  }
  if (depth == 0 && take('|')) {
    Operand pair;
    pair.kind = Operand::Pair;
    pair.position = operand.position;
    pair.elements.push_back(std::move(operand));
    pair.elements.emplace_back();
    if (!parseOperand(pair.elements.back(), 1))
      return false;
    operand = std::move(pair);
  }
  return true;
}

bool Parser::parseInstruction() {
  Instruction instruction;
  instruction.position = token.position;
  size_t begin = token.begin;
  instruction.file = locFile;
  instruction.fileLine = locLine;
  if (take('@')) {
    instruction.guardNegated = take('!');
    instruction.guard =
        token.kind == Token::Word ? findRegister(token.text) : -1;
    if (instruction.guard < 0 ||
        function->registers[instruction.guard].type.kind != TypeKind::Pred)
      return fail("expected a predicate register, got " + describe());
    advance();
  }
  if (token.kind != Token::Word)
    return fail("expected an instruction, got " + describe());
  std::string word(token.text);
  Position position = token.position;
  advance();
  if (instruction.guard < 0 && take(':'))
    return parseLabel(std::move(word), position);
  instruction.opcode = std::move(word);
  while (token.kind == Token::Directive) {
    instruction.modifiers.emplace_back(token.text);
    advance();
  }
  if (!isPunct(';')) {
    do {
      Operand operand;
      if (!parseOperand(operand, 0))
        return false;
      instruction.operands.push_back(std::move(operand));
    } while (take(','));
  }
  size_t end = token.begin;
  if (!expect(';'))
    return false;
  std::string_view text(*module.text);
  instruction.text = text.substr(begin, end - begin);
  function->instructions.push_back(std::move(instruction));
  return true;
}
