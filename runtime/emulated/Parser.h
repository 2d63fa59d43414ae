//===- Parser.h - PTX text to Module (internal) -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_PARSER_H
#define HYDRAGEN_RUNTIME_EMULATED_PARSER_H

#include "Lexer.h"

#include <map>

namespace hydragen::emulated {

/// Recursive descent with one token of lookahead. Every method returns true on
/// success; after a failure `error` is set and parsing stops.
class Parser {
public:
  Parser(Module &module, ParseError &error)
      : module(module), error(error), lexer(*module.text) {
    token = lexer.next();
  }
  bool parseModule();

private:
  /// Names of one `{ }`.
  struct Scope {
    std::map<std::string, int, std::less<>> registers;
    std::map<std::string, int, std::less<>> variables;
    std::map<std::string, int, std::less<>> labels;
    /// Operands that name a label not seen yet: (instruction or table) and
    /// path.
    struct Pending {
      int instruction, table;
      std::string name;
      Position position;
    };
    std::vector<Pending> pending;
  };

  bool fail(Position position, std::string message);
  bool fail(std::string message) {
    return fail(token.position, std::move(message));
  }
  void advance() { token = lexer.next(); }
  bool isPunct(char c) const {
    return token.kind == Token::Punct && token.text[0] == c;
  }
  bool isDirective(std::string_view name) const {
    return token.kind == Token::Directive && token.text == name;
  }
  bool take(char c);
  bool expect(char c);
  std::string describe() const;
  bool integer(uint64_t &value);
  bool constant(int64_t &value, int level = 0, unsigned depth = 0);
  bool skipBraces();

  // Module level.
  bool parseVersion();
  bool parseFile();
  bool parseSection();
  bool parseDirective();
  bool parseVariables(Space space, bool isExtern, std::vector<Variable> &into,
                      bool inFunction);
  bool parseVariable(Variable &variable, bool isParameter);
  bool parseInitializer(Variable &variable);
  bool parseElement(Variable &variable, uint64_t &at, unsigned depth);

  // Functions (ParseFunction.cpp).
  bool parseFunction(bool isEntry);
  bool parseParameters(std::vector<Variable> &into);
  bool parseFunctionDirectives();
  bool parseBody();
  bool closeScope();
  bool parseStatement();
  bool parseRegisters();
  bool parseLoc();
  bool parseLabel(std::string name, Position position);
  bool parseInstruction();
  bool parseOperand(Operand &operand, unsigned depth);
  bool parseName(Operand &operand);
  bool parseAddress(Operand &operand, unsigned depth);
  int findRegister(std::string_view name) const;
  bool resolve(Operand &operand, const Scope::Pending &pending, int target,
               unsigned &resolved);

  Module &module;
  ParseError &error;
  Lexer lexer;
  Token token;
  Function *function = nullptr;
  std::vector<Scope> scopes;
  int locFile = 0, locLine = 0;
};

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_PARSER_H
