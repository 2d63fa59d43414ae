//===- Tensors.h - arguments of a call --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_TENSORS_H
#define HYDRAGEN_RUNTIME_CORE_TENSORS_H

#include "Module.h"

namespace hydragen::runtime {

/// "[4, ?]".
std::string shapeText(const int64_t *shape, size_t rank);

/// Everything of one call that must be given back at its end.
class Call {
public:
  Call(hydragen_context &context, const hydragen_entry &entry)
      : context(context), entry(entry) {}
  ~Call();

  /// Checks the tensors and binds them to memory that the module may use.
  Status prepare(const DLTensor *const *inputs, const DLTensor *const *outputs);
  /// `workspace`: the caller's, or null to get one.
  Status prepareWorkspace(void *workspace, uint64_t bytes);
  /// Copies outputs to where the caller wants them.
  Status finish();

  /// Inputs, then outputs; after prepare.
  std::vector<int64_t *> getDescriptors();
  void *getWorkspace() const { return workspace; }
  uint64_t getWorkspaceBytes() const { return workspaceBytes; }

private:
  /// A tensor as a module sees it.
  struct Binding {
    const ArgumentInfo *info = nullptr;
    const DLTensor *tensor = nullptr;
    unsigned elementSize = 0;
    int64_t elements = 1;
    /// What the module gets, host or device.
    uint64_t address = 0;
    /// Compact host memory of ours that stands for the tensor.
    char *copy = nullptr;
    /// Device memory of ours that stands for a tensor on the host.
    uint64_t staged = 0;
    bool onDevice = false;
    std::vector<int64_t> words; // memref descriptor

    char *callerData() const {
      return static_cast<char *>(tensor->data) + tensor->byte_offset;
    }
    uint64_t getBytes() const {
      return static_cast<uint64_t>(elements) * elementSize;
    }
  };

  Status checkTensor(const ArgumentInfo &info, const DLTensor *tensor,
                     Binding &binding);
  Status checkLayout(const Binding &binding);
  Status checkOutputShapes();
  Status bindHost(Binding &binding, bool readCaller);
  Status bindDevice(Binding &binding, bool readCaller);
  Status bindAlias(Binding &input, Binding &output);
  std::vector<const int64_t *> getInputShapes() const;
  static void copyStrided(const Binding &binding, char *compact,
                          bool toCompact);
  static void fillDescriptor(Binding &binding);

  hydragen_context &context;
  const hydragen_entry &entry;
  std::vector<Binding> inputs, outputs;
  void *workspace = nullptr;
  uint64_t workspaceBytes = 0;
  bool ownsWorkspace = false;
};

/// Shapes of the outputs, checked against the manifest.
Status computeOutputShapes(const hydragen_entry &entry,
                           const int64_t *const *inputShapes,
                           int64_t *const *shapes);

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_TENSORS_H
