//===- Manifest.cpp - what a module says of itself --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/Manifest.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

// Offsets in the header.
static constexpr size_t kHeaderBytes = 32;
static constexpr size_t kJsonBytesOffset = 12;
static constexpr size_t kFileBytesOffset = 16;
static constexpr size_t kFileCrcOffset = 24;

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

/// The runtime's name of an element type, empty when it has none.
static std::string getDtype(mlir::Type type) {
  if (type.isF64())
    return "f64";
  if (type.isF32())
    return "f32";
  if (type.isF16())
    return "f16";
  if (type.isBF16())
    return "bf16";
  if (isa<mlir::Float8E4M3FNType>(type))
    return "f8e4m3";
  if (isa<mlir::Float8E5M2Type>(type))
    return "f8e5m2";
  if (type.isIndex())
    return "i64";
  auto integer = dyn_cast<mlir::IntegerType>(type);
  if (!integer || !is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth()))
    return "";
  return (integer.isUnsigned() ? "u" : "i") +
         std::to_string(integer.getWidth());
}

mlir::FailureOr<hydragen::EntryInfo>
hydragen::getEntryInfo(mlir::func::FuncOp function) {
  EntryInfo info;
  info.name = function.getName().str();
  auto read = [&](mlir::Type type, StringRef what,
                  unsigned number) -> mlir::FailureOr<TensorInfo> {
    auto tensor = dyn_cast<mlir::RankedTensorType>(type);
    if (!tensor) {
      function.emitError(what)
          << " " << number << " of entry '" << info.name << "' has type "
          << type << " but only ranked tensors are supported";
      return mlir::failure();
    }
    TensorInfo result;
    result.dtype = getDtype(tensor.getElementType());
    if (result.dtype.empty()) {
      function.emitError(what)
          << " " << number << " of entry '" << info.name
          << "' has unsupported element type " << tensor.getElementType();
      return mlir::failure();
    }
    for (int64_t size : tensor.getShape())
      result.shape.push_back(mlir::ShapedType::isDynamic(size) ? -1 : size);
    return result;
  };
  for (auto [i, type] : enumerate(function.getArgumentTypes())) {
    auto tensor = read(type, "argument", i);
    if (failed(tensor))
      return mlir::failure();
    tensor->name = "arg" + std::to_string(i);
    if (auto alias = function.getArgAttrOfType<mlir::IntegerAttr>(
            i, "hydragen.alias_output"))
      tensor->aliasOutput = alias.getInt();
    info.inputs.push_back(*tensor);
  }
  for (auto [i, type] : enumerate(function.getResultTypes())) {
    auto tensor = read(type, "result", i);
    if (failed(tensor))
      return mlir::failure();
    tensor->name = "result" + std::to_string(i);
    info.outputs.push_back(*tensor);
  }
  return info;
}

/// Several attentions may run one kernel; a formula that is missing is missing
/// in the sum.
static void addWork(std::vector<hydragen::WorkInfo> &list, StringRef kernel,
                    StringRef flops, StringRef bytes) {
  auto found = find_if(list, [&](auto &work) { return work.kernel == kernel; });
  if (found == list.end()) {
    list.push_back({kernel.str(), flops.str(), bytes.str()});
    return;
  }
  auto add = [](std::string &sum, StringRef term) {
    sum = sum.empty() || term.empty() ? "" : (sum + " + " + term).str();
  };
  add(found->flops, flops);
  add(found->bytes, bytes);
}

void hydragen::readLowered(mlir::func::FuncOp function, EntryInfo &info) {
  if (auto work = function->getAttrOfType<mlir::ArrayAttr>("hydragen.work"))
    for (auto entry : work.getAsRange<mlir::ArrayAttr>()) {
      auto word = [&](unsigned i) {
        return cast<mlir::StringAttr>(entry[i]).getValue();
      };
      addWork(info.work, word(0), word(1), word(2));
    }
  auto layouts = function->getAttrOfType<mlir::ArrayAttr>("hydragen.layouts");
  if (!layouts)
    return;
  for (auto [i, word] :
       enumerate(layouts.getAsValueRange<mlir::StringAttr>())) {
    TensorInfo &tensor = i < info.inputs.size()
                             ? info.inputs[i]
                             : info.outputs[i - info.inputs.size()];
    tensor.strides = word.str();
    tensor.alignment = 0;
  }
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static json::Array toJSON(const hydragen::EntryInfo &entry, bool inputs) {
  json::Array result;
  bool gpu = entry.device == "cuda";
  for (const hydragen::TensorInfo &tensor :
       inputs ? entry.inputs : entry.outputs) {
    json::Object object;
    object["name"] = tensor.name;
    object["dtype"] = tensor.dtype;
    object["shape"] = json::Array(tensor.shape);
    if (gpu)
      object["placement"] = entry.placement;
    else if (inputs)
      object["placement"] = "either";
    // What kernels take for granted.
    if (gpu && entry.placement == "device") {
      if (tensor.alignment)
        object["alignment"] = tensor.alignment;
      if (tensor.strides != "compact")
        object["strides"] = tensor.strides;
    }
    if (inputs && tensor.aliasOutput)
      object["alias_output"] = *tensor.aliasOutput;
    result.push_back(std::move(object));
  }
  return result;
}

std::string hydragen::makeManifest(const CPUTarget &host,
                                   const ModuleInfo &info) {
  json::Array list;
  for (const EntryInfo &entry : info.entries) {
    json::Object object{{"name", entry.name},
                        {"inputs", toJSON(entry, true)},
                        {"outputs", toJSON(entry, false)}};
    if (entry.device != "cpu")
      object["device"] = entry.device;
    json::Array work;
    for (const WorkInfo &kernel : entry.work) {
      json::Object formulas{{"kernel", kernel.kernel}};
      if (!kernel.flops.empty())
        formulas["flops"] = kernel.flops;
      if (!kernel.bytes.empty())
        formulas["bytes"] = kernel.bytes;
      work.push_back(std::move(formulas));
    }
    if (!work.empty())
      object["work"] = std::move(work);
    list.push_back(std::move(object));
  }
  json::Object manifest{
      {"producer", "hydragen " HYDRAGEN_VERSION},
      {"abi", kModuleABI},
      {"host", json::Object{{"arch", "x86_64"},
                            {"cpu", host.cpu},
                            {"features", json::Array(host.required)}}},
      {"targets", json::Array(info.targets)},
      {"entries", std::move(list)}};
  if (!info.kernels.empty()) {
    json::Array kernels, images;
    for (const KernelInfo &kernel : info.kernels) {
      json::Object object{{"name", kernel.name},
                          {"block", json::Array{kernel.threads, 1, 1}},
                          {"shared_bytes", kernel.sharedBytes},
                          {"parameter_bytes", kernel.parameterBytes}};
      if (kernel.waits)
        object["waits"] = true;
      kernels.push_back(std::move(object));
    }
    for (const ImageInfo &image : info.images)
      images.push_back(json::Object{{"arch", image.arch},
                                    {"kind", image.cubin ? "cubin" : "ptx"}});
    manifest["kernels"] = std::move(kernels);
    manifest["images"] = std::move(images);
  }
  std::string text;
  raw_string_ostream(text) << json::Value(std::move(manifest));

  std::string result(kHeaderBytes, '\0');
  memcpy(result.data(), "HYDRAGEN", 8);
  support::endian::write32le(&result[8], kModuleABI);
  support::endian::write32le(&result[kJsonBytesOffset], text.size());
  return result + text;
}

//===----------------------------------------------------------------------===//
// Size and CRC
//===----------------------------------------------------------------------===//

Error hydragen::sealModule(MutableArrayRef<char> file) {
  StringRef bytes(file.data(), file.size());
  auto object = object::ELFFile<object::ELF64LE>::create(bytes);
  if (!object)
    return object.takeError();
  auto sections = object->sections();
  if (!sections)
    return sections.takeError();
  for (const auto &section : *sections) {
    Expected<StringRef> name = object->getSectionName(section);
    if (!name)
      return name.takeError();
    if (*name != kManifestSection)
      continue;
    if (section.sh_size < kHeaderBytes ||
        section.sh_offset > file.size() - section.sh_size)
      break;
    char *header = file.data() + section.sh_offset;
    support::endian::write64le(header + kFileBytesOffset, file.size());
    support::endian::write32le(header + kFileCrcOffset, 0);
    uint32_t crc = crc32(ArrayRef<uint8_t>(
        reinterpret_cast<const uint8_t *>(file.data()), file.size()));
    support::endian::write32le(header + kFileCrcOffset, crc);
    return Error::success();
  }
  return createStringError(inconvertibleErrorCode(),
                           "the linked module has no manifest section");
}
