//===- Report.cpp - what was found and shared -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace hydragen::compile;

static constexpr StringLiteral kRecordsAttr = "hydragen.records";

/// Attributes as JSON. A dynamic extent is null, as in a segment's key range.
static json::Value toJSON(mlir::Attribute attribute) {
  if (auto array = dyn_cast<mlir::ArrayAttr>(attribute)) {
    json::Array result;
    for (mlir::Attribute element : array)
      result.push_back(toJSON(element));
    return result;
  }
  if (auto dictionary = dyn_cast<mlir::DictionaryAttr>(attribute)) {
    json::Object result;
    for (mlir::NamedAttribute entry : dictionary)
      result[entry.getName().strref()] = toJSON(entry.getValue());
    return result;
  }
  auto toInteger = [](int64_t value) -> json::Value {
    if (mlir::ShapedType::isDynamic(value))
      return nullptr;
    return value;
  };
  if (auto list = dyn_cast<mlir::DenseI64ArrayAttr>(attribute)) {
    json::Array result;
    for (int64_t value : list.asArrayRef())
      result.push_back(toInteger(value));
    return result;
  }
  if (auto boolean = dyn_cast<mlir::BoolAttr>(attribute))
    return boolean.getValue();
  if (auto integer = dyn_cast<mlir::IntegerAttr>(attribute))
    return toInteger(integer.getInt());
  if (auto number = dyn_cast<mlir::FloatAttr>(attribute))
    return number.getValueAsDouble();
  if (auto text = dyn_cast<mlir::StringAttr>(attribute))
    return text.getValue();
  if (isa<mlir::UnitAttr>(attribute))
    return nullptr;
  std::string text;
  raw_string_ostream(text) << attribute;
  return text;
}

static json::Value makeReport(mlir::func::FuncOp entry) {
  json::Array attentions;
  if (auto records = entry->getAttrOfType<mlir::ArrayAttr>(kRecordsAttr))
    for (mlir::Attribute record : records)
      attentions.push_back(toJSON(record));
  return json::Object{{"version", 1}, {"attentions", std::move(attentions)}};
}

std::string hydragen::compile::makeJSONReport(mlir::func::FuncOp entry) {
  std::string text;
  raw_string_ostream(text) << formatv("{0:2}", makeReport(entry)) << "\n";
  return text;
}

static std::string escape(StringRef text) {
  std::string result;
  for (char c : text)
    result += c == '<'   ? "&lt;"
              : c == '>' ? "&gt;"
              : c == '&' ? "&amp;"
                         : std::string(1, c);
  return result;
}

std::string hydragen::compile::makeHTMLReport(mlir::func::FuncOp entry) {
  json::Value report = makeReport(entry);
  // One row per attention; a cell is the value's JSON without quotes.
  static const char *const columns[] = {
      "location",           "outcome",     "reason_code",  "reason",
      "segments",           "bytes_plain", "bytes_shared", "predicted_us_plain",
      "predicted_us_shared"};
  std::string html;
  raw_string_ostream stream(html);
  stream
      << "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>"
      << "hydragen "
         "report</"
         "title><style>body{font-family:sans-serif}table{border-collapse:"
         "collapse}td,th{border:1px solid #999;padding:4px 8px;text-align:left;"
         "vertical-align:top}</style></head><body>\n<h1>Attentions of "
      << escape(entry.getName()) << "</h1>\n<table><tr>";
  for (const char *column : columns)
    stream << "<th>" << column << "</th>";
  stream << "</tr>\n";
  for (const json::Value &attention :
       *report.getAsObject()->getArray("attentions")) {
    stream << "<tr>";
    for (const char *column : columns) {
      const json::Object *object = attention.getAsObject();
      const json::Value *value = object ? object->get(column) : nullptr;
      stream << "<td>";
      if (value && value->getAsString())
        stream << escape(*value->getAsString());
      else if (value && value->kind() != json::Value::Null)
        stream << escape(formatv("{0}", *value).str());
      stream << "</td>";
    }
    stream << "</tr>\n";
  }
  stream << "</table></body></html>\n";
  return html;
}

void hydragen::compile::removeRecords(mlir::func::FuncOp entry) {
  entry->removeAttr(kRecordsAttr);
}
