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
  char magic[8];        /* HYDRAGEN_MANIFEST_MAGIC without the final zero */
  uint32_t abi_version; /* HYDRAGEN_MODULE_ABI */
  uint32_t json_bytes;
  uint64_t file_bytes; /* size of the whole shared object */
  uint32_t file_crc32; /* zlib's crc32 of the file, this field taken as 0 */
  uint32_t reserved;   /* 0 */
} hydragen_manifest_header;

/* Functions that the runtime gives to a module. A module asks struct_size only
 * for fields behind those of the first release. */
typedef struct hydragen_host_api {
  uint32_t struct_size;
  /* NULL when out of memory. Counted in the statistics. */
  void *(*allocate)(void *ctx, uint64_t bytes, uint64_t alignment);
  void (*deallocate)(void *ctx, void *pointer);
  /* Runs body(closure, i) for all i in [0, count) on the context's threads and
   * returns when all are done. Not to be called from within a body. One caller
   * at a time, and one in each task of spawn. */
  void (*parallel_for)(void *ctx, int64_t count,
                       void (*body)(void *closure, int64_t index),
                       void *closure);
  /* Records a run-time failure (an assertion of the IR, sizes that contradict);
   * the first one wins; code is a hydragen_code of runtime.h. The entry then
   * returns non-zero as soon as it can. */
  void (*fail)(void *ctx, int32_t code, const char *message);

  /* What follows is for entries of device "cuda" and NULL on device cpu. A
   * failure is recorded as by fail; later calls of the same invocation then do
   * nothing. */

  /* Enqueues kernel number `kernel` of the module's list on the call's stream.
   * parameters: the kernel's parameters in declaration order, each at its
   * natural alignment; copied before the call returns. */
  void (*launch)(void *ctx, uint32_t kernel, const uint32_t grid[3],
                 const uint32_t block[3], uint32_t shared_bytes,
                 const void *parameters, uint32_t parameter_bytes);
  /* Of the device; at least 1. */
  uint32_t (*multiprocessors)(void *ctx);

  /* For entries that mix host and device ops; never called by an entry whose
   * arguments are all placed on the device. Addresses are the device's; 0 when
   * out of memory (recorded). Allocations are 256-byte aligned and counted in
   * the statistics, copies count as host copies; copy_to_host waits for what
   * was enqueued before. */
  uint64_t (*device_allocate)(void *ctx, uint64_t bytes);
  void (*device_free)(void *ctx, uint64_t address);
  void (*copy_to_device)(void *ctx, uint64_t destination, const void *source,
                         uint64_t bytes);
  void (*copy_to_host)(void *ctx, void *destination, uint64_t source,
                       uint64_t bytes);

  /* On every device. Runs task(closure), with a copy of the closure's bytes, on
   * one of the context's threads before wait of the result returns, or the
   * invocation ends. The task may call parallel_for; its items should be bound
   * by memory, since fewer threads work on them while the caller's loops have
   * items. Results, which may be NULL, are waited for by the caller of spawn,
   * once. */
  void *(*spawn)(void *ctx, void (*task)(void *closure), void *closure,
                 uint64_t bytes);
  void (*wait)(void *ctx, void *task);
} hydragen_host_api;

/* One call. descriptors: one MLIR ranked memref descriptor per input, then per
 * output: {allocated, aligned, offset, sizes[rank], strides[rank]} as 64-bit
 * words, offset 0. Row-major compact, but for arguments whose manifest takes
 * other strides. In an entry of device "cuda" the pointers of arguments placed
 * "device" or "either", and the workspace, are device memory. */
typedef struct hydragen_call {
  uint32_t struct_size;
  const hydragen_host_api *api;
  void *ctx;
  int64_t *const *descriptors;
  void *workspace; /* 64-byte aligned, of workspace_bytes or more; contents
                      are unspecified */
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

/* In images of sm_90 and later the kernel waits itself for the kernels before
 * it (griddepcontrol.wait), so it may be launched while these still run. */
#define HYDRAGEN_KERNEL_WAITS 1u

/* One kernel of the module's images. Elements of a list lie struct_size of its
 * first element apart, in the manifest's order. */
typedef struct hydragen_kernel {
  uint32_t struct_size;
  const char *name;         /* the .entry's name in every image */
  uint32_t block[3];        /* the only block size that it is launched with */
  uint32_t shared_bytes;    /* largest dynamic shared memory of a launch */
  uint32_t parameter_bytes; /* of the packed parameters */
  uint32_t flags;           /* HYDRAGEN_KERNEL_WAITS */
} hydragen_kernel;

typedef enum hydragen_image_kind {
  HYDRAGEN_IMAGE_PTX = 0, /* text with a final zero, not counted in bytes */
  HYDRAGEN_IMAGE_CUBIN = 1
} hydragen_image_kind;

/* All kernels for one architecture. Spaced as kernels are. */
typedef struct hydragen_image {
  uint32_t struct_size;
  uint32_t arch; /* 80: sm_80 */
  uint32_t kind; /* hydragen_image_kind */
  uint64_t bytes;
  const void *data;
} hydragen_image;

typedef struct hydragen_module_table {
  uint32_t struct_size;
  uint32_t abi;
  uint32_t entry_count;
  /* Several may have one name: one per device, in the manifest's order. */
  const hydragen_entry_table *const *entries;
  /* Modules without kernels may end here. */
  uint32_t kernel_count;
  const hydragen_kernel *kernels;
  uint32_t image_count;
  const hydragen_image *images;
} hydragen_module_table;

/* The exported function; NULL when the module does not speak `abi`. */
typedef const hydragen_module_table *(*hydragen_module_query_fn)(uint32_t abi);

#ifdef __cplusplus
}
#endif

#endif /* HYDRAGEN_MODULE_H */
