/*===- hydragen/module.h - what a compiled module and the runtime agree on -===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A module is an ELF x86-64 shared object with one exported function,
 * hydragen_module_query, and a section .hydragen.manifest that is read and
 * checked before the object is loaded. Change together with lib/Target and
 * docs/runtime.md; HYDRAGEN_MODULE_ABI counts incompatible changes.
 *===----------------------------------------------------------------------===*/

#ifndef HYDRAGEN_MODULE_H
#define HYDRAGEN_MODULE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HYDRAGEN_MODULE_ABI 1u
#define HYDRAGEN_MANIFEST_SECTION ".hydragen.manifest"
#define HYDRAGEN_MANIFEST_MAGIC "HYDRAGEN"

/* Start of the manifest section, little endian; json_bytes of UTF-8 follow. */
typedef struct hydragen_manifest_header {
  char magic[8];         /* HYDRAGEN_MANIFEST_MAGIC without the final zero */
  uint32_t abi_version;  /* HYDRAGEN_MODULE_ABI */
  uint32_t json_bytes;
  uint64_t file_bytes;   /* size of the whole shared object */
  uint32_t file_crc32;   /* zlib's crc32 of the file, this field taken as 0 */
  uint32_t reserved;     /* 0 */
} hydragen_manifest_header;

/* Functions that the runtime gives to a module. Never NULL in version 1. */
typedef struct hydragen_host_api {
  uint32_t struct_size;
  /* NULL when out of memory. Counted in the statistics. */
  void *(*allocate)(void *ctx, uint64_t bytes, uint64_t alignment);
  void (*deallocate)(void *ctx, void *pointer);
  /* Runs body(closure, i) for all i in [0, count) on the context's threads and
   * returns when all are done. Not to be called from within a body. */
  void (*parallel_for)(void *ctx, int64_t count,
                       void (*body)(void *closure, int64_t index),
                       void *closure);
  /* Records a run-time failure (an assertion of the IR, sizes that contradict);
   * the first one wins; code is a hydragen_code of runtime.h. The entry then returns non-zero as soon as it can. */
  void (*fail)(void *ctx, int32_t code, const char *message);
} hydragen_host_api;

/* One call. descriptors: one MLIR ranked memref descriptor per input, then per
 * output: {allocated, aligned, offset, sizes[rank], strides[rank]} as 64-bit
 * words, row-major compact. */
typedef struct hydragen_call {
  uint32_t struct_size;
  const hydragen_host_api *api;
  void *ctx;
  int64_t *const *descriptors;
  void *workspace; /* 64-byte aligned, of workspace_bytes or more */
  uint64_t workspace_bytes;
} hydragen_call;

typedef struct hydragen_entry_table {
  uint32_t struct_size;
  const char *name;
  int32_t (*invoke)(const hydragen_call *call); /* 0: done */
  /* Fills every dim of every output; non-zero when inputs contradict. */
  int32_t (*output_shapes)(const int64_t *const *input_shapes,
                           int64_t *const *output_shapes);
  uint64_t (*workspace_bytes)(const int64_t *const *input_shapes);
} hydragen_entry_table;

typedef struct hydragen_module_table {
  uint32_t struct_size;
  uint32_t abi;
  uint32_t entry_count;
  const hydragen_entry_table *const *entries;
} hydragen_module_table;

/* The exported function; NULL when the module does not speak `abi`. */
typedef const hydragen_module_table *(*hydragen_module_query_fn)(uint32_t abi);

#ifdef __cplusplus
}
#endif

#endif /* HYDRAGEN_MODULE_H */
