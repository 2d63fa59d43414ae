/*===- hydragen/runtime.h - load and run compiled modules ------------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Plain C. Every call that can fail returns a status; NULL is success. Nothing
 * is printed, no exception leaves a call. A context is used by one thread at a
 * time; modules and devices may be shared between threads.
 *===----------------------------------------------------------------------===*/

#ifndef HYDRAGEN_RUNTIME_H
#define HYDRAGEN_RUNTIME_H

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HYDRAGEN_API __attribute__((visibility("default")))
#else
#define HYDRAGEN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*---- Status ---------------------------------------------------------------*/

typedef enum hydragen_code {
  HYDRAGEN_OK = 0,
  HYDRAGEN_INVALID = 2,     /* a bad argument or file */
  HYDRAGEN_UNAVAILABLE = 3, /* the device is not there */
  HYDRAGEN_INTERNAL = 4,    /* out of memory, or a defect */
  HYDRAGEN_FAULT = 1        /* the module or device reported a fault */
} hydragen_code;

typedef struct hydragen_status hydragen_status; /* NULL: success */
HYDRAGEN_API hydragen_code hydragen_status_code(const hydragen_status *status);
/* One line, lower case, no full stop. "" for NULL. */
HYDRAGEN_API const char *hydragen_status_message(const hydragen_status *status);
/* What it is about: a file, an argument, a device. "" when nothing is. */
HYDRAGEN_API const char *hydragen_status_place(const hydragen_status *status);
HYDRAGEN_API void hydragen_status_free(hydragen_status *status);

/* "0.1.0". */
HYDRAGEN_API const char *hydragen_version(void);

/*---- Devices --------------------------------------------------------------*/

typedef struct hydragen_device hydragen_device;
/* name: "cpu", "cuda" (the same as "cuda:0"), "cuda:N" or "emulated": a GPU
 * that runs PTX on the CPU and checks it. UNAVAILABLE when this build or
 * machine does not have it. The driver library is libcuda.so.1, or what the
 * environment variable HYDRAGEN_LIBCUDA names. */
HYDRAGEN_API hydragen_status *hydragen_device_open(const char *name,
                                                   hydragen_device **device);
HYDRAGEN_API void hydragen_device_close(hydragen_device *device);
/* "checks=all|none,mma=fast|ampere,schedule=rr|reverse|random:SEED,
 * async=late|eager", any of them, for device emulated; INVALID for others.
 * Holds for later calls. */
HYDRAGEN_API hydragen_status *hydragen_device_configure(hydragen_device *device,
                                                        const char *options);

/* Zero: unknown, or (arch, multiprocessors) device cpu. */
typedef struct hydragen_device_info {
  uint32_t struct_size; /* set by the caller */
  uint32_t arch;        /* 80: sm_80 */
  uint32_t multiprocessors;
  char name[128]; /* "NVIDIA A100-SXM4-80GB" */
  uint64_t memory_bytes;
  double peak_bytes_per_second; /* of its memory */
  double peak_flops; /* f16 products, f32 sums, dense, at the highest clock */
} hydragen_device_info;
HYDRAGEN_API hydragen_status *
hydragen_device_describe(hydragen_device *device, hydragen_device_info *info);
/* Where this device's tensors are: kDLCPU, kDLCUDA or, for emulated,
 * kDLExtDev. */
HYDRAGEN_API DLDevice hydragen_device_dlpack(const hydragen_device *device);

/* Memory of the device, 256-byte aligned; NULL for 0 bytes. (On cuda any other
 * allocator of the same context serves as well; on cpu any memory.) */
HYDRAGEN_API hydragen_status *hydragen_device_allocate(hydragen_device *device,
                                                       uint64_t bytes,
                                                       void **pointer);
HYDRAGEN_API hydragen_status *hydragen_device_free(hydragen_device *device,
                                                   void *pointer);
typedef enum hydragen_copy_kind {
  HYDRAGEN_HOST_TO_DEVICE = 0,
  HYDRAGEN_DEVICE_TO_HOST = 1,
  HYDRAGEN_DEVICE_TO_DEVICE = 2
} hydragen_copy_kind;
/* Done when it returns. On cuda it is ordered after work on the legacy default
 * stream and blocking streams only: synchronise other streams first. */
HYDRAGEN_API hydragen_status *hydragen_device_copy(hydragen_device *device,
                                                   void *destination,
                                                   const void *source,
                                                   uint64_t bytes,
                                                   hydragen_copy_kind kind);

/*---- Modules --------------------------------------------------------------*/

typedef struct hydragen_module hydragen_module;
/* Reads and checks the manifest (magic, ABI, checksum, processor, code and
 * kernels for this device) before the object is loaded, then loads the kernels.
 * The entries are those for this device. */
HYDRAGEN_API hydragen_status *hydragen_module_load(const char *path,
                                                   hydragen_device *device,
                                                   hydragen_module **module);
HYDRAGEN_API void hydragen_module_unload(hydragen_module *module);
HYDRAGEN_API size_t hydragen_module_entry_count(const hydragen_module *module);

typedef struct hydragen_entry hydragen_entry; /* owned by the module */
HYDRAGEN_API const hydragen_entry *
hydragen_module_entry(const hydragen_module *module, size_t index);
/* NULL if there is none of that name. */
HYDRAGEN_API const hydragen_entry *
hydragen_module_find(const hydragen_module *module, const char *name);

HYDRAGEN_API const char *hydragen_entry_name(const hydragen_entry *entry);
HYDRAGEN_API size_t hydragen_entry_input_count(const hydragen_entry *entry);
HYDRAGEN_API size_t hydragen_entry_output_count(const hydragen_entry *entry);

typedef struct hydragen_argument {
  const char *name;  /* "in0", "out0" */
  const char *dtype; /* "f32", "bf16", "i64", "i1", ... */
  int32_t rank;
  const int64_t *shape; /* -1: any extent */
  int32_t alias_output; /* inputs: the output that may share memory, or -1 */
  /* "host", "device", or "either": on the device, but the runtime copies to and
   * from a tensor on the host. */
  const char *placement;
  const char *strides; /* "compact"; "inner": adjacent in the last dim; "any" */
  int32_t alignment;   /* of the first element, and of strides, in bytes */
} hydragen_argument;
HYDRAGEN_API hydragen_argument hydragen_entry_input(const hydragen_entry *entry,
                                                    size_t index);
HYDRAGEN_API hydragen_argument
hydragen_entry_output(const hydragen_entry *entry, size_t index);

/*---- Calls ----------------------------------------------------------------*/

/* Shapes of the outputs for these input shapes. input_shapes[i] has the rank of
 * input i; output_shapes[j] is filled, with the rank of output j. */
HYDRAGEN_API hydragen_status *
hydragen_output_shapes(const hydragen_entry *entry,
                       const int64_t *const *input_shapes,
                       int64_t *const *output_shapes);
/* Bytes of workspace for these input shapes. */
HYDRAGEN_API hydragen_status *
hydragen_workspace_size(const hydragen_entry *entry,
                        const int64_t *const *input_shapes, uint64_t *bytes);

typedef struct hydragen_context hydragen_context;
/* threads: 0 is one per processor. */
HYDRAGEN_API hydragen_status *
hydragen_context_create(hydragen_device *device, int32_t threads,
                        hydragen_context **context);
HYDRAGEN_API void hydragen_context_destroy(hydragen_context *context);

/* The stream (CUstream; NULL is the default stream) that calls are enqueued on;
 * the caller keeps it alive. Other devices than cuda take NULL only. */
HYDRAGEN_API hydragen_status *
hydragen_context_set_stream(hydragen_context *context, void *stream);
HYDRAGEN_API void *hydragen_context_stream(const hydragen_context *context);
/* Waits for what was enqueued, and reports its failure. */
HYDRAGEN_API hydragen_status *
hydragen_context_synchronize(hydragen_context *context);

/* Runs an entry.
 *
 * Device cpu: tensors are in host memory; strides may be NULL (compact) or
 * anything (a compact copy is made and counted). Outputs are compact and do not
 * overlap other arguments, but for inputs that alias them.
 *
 * Devices cuda and emulated: each tensor is where the entry places it
 * (hydragen_argument), strides and alignment are those that the entry takes.
 * When all arguments are placed on the device and a workspace is given,
 * everything is enqueued on the stream, without allocation, host copy or
 * synchronisation, and can be captured in a graph; the call returns before the
 * work is done.
 *
 * byte_offset is honoured. workspace: on the device, 64-byte aligned, of
 * hydragen_workspace_size; NULL lets the context keep one of its own. */
HYDRAGEN_API hydragen_status *
hydragen_invoke(hydragen_context *context, const hydragen_entry *entry,
                const DLTensor *const *inputs, size_t input_count,
                const DLTensor *const *outputs, size_t output_count,
                void *workspace, uint64_t workspace_bytes);

/* High-water mark of what the runtime allocated beyond inputs and outputs since
 * the context was made, the workspace included. */
HYDRAGEN_API uint64_t
hydragen_context_peak_bytes(const hydragen_context *context);
/* Bytes copied between host and device by calls since the context was made. */
HYDRAGEN_API uint64_t
hydragen_context_host_copies_bytes(const hydragen_context *context);
/* The whole report of a FAULT of the last call, in lines; "" when there is
 * none. Valid until the next call. */
HYDRAGEN_API const char *
hydragen_context_report(const hydragen_context *context);

typedef struct hydragen_counter {
  const char *name; /* "lane_instructions", ...: docs/runtime.md */
  uint64_t value;
} hydragen_counter;
/* Of all launches of a kernel. */
typedef struct hydragen_kernel_statistics {
  uint32_t struct_size;
  const char *name;
  uint64_t launches;
  double milliseconds; /* on the device, all launches; < 0: not measured */
  size_t counter_count;
  const hydragen_counter *counters;
} hydragen_kernel_statistics;
/* Whether launches are measured (events on cuda, counters on emulated); off at
 * first. Starts the statistics anew. Not while a stream is captured. */
HYDRAGEN_API void hydragen_context_profile(hydragen_context *context,
                                           int32_t enabled);
/* Waits for the stream. In order of the first launch; valid until the next call
 * with the context. */
HYDRAGEN_API hydragen_status *
hydragen_context_kernels(hydragen_context *context,
                         const hydragen_kernel_statistics **kernels,
                         size_t *count);

/*---- States ---------------------------------------------------------------*/

typedef enum hydragen_lse_base {
  HYDRAGEN_LSE_BASE_2 = 0,
  HYDRAGEN_LSE_BASE_E = 1
} hydragen_lse_base;

/* Merges a normalised partial (o_b, lse_b in `base`) of another library into
 * (o_a, lse_a) in place: rows x columns of o, rows of lse, f32, compact.
 * An empty partial is (anything finite, -inf). NaN in either gives NaN. Less
 * exact than our own (o, m, l) states: see docs/spec.md. */
HYDRAGEN_API hydragen_status *hydragen_merge_lse(float *o_a, float *lse_a,
                                                 const float *o_b,
                                                 const float *lse_b,
                                                 hydragen_lse_base base,
                                                 int64_t rows, int64_t columns);
/* Merges state (o_b, m_b, l_b) into (o_a, m_a, l_a): o unnormalised, m the
 * running maximum in base 2, l the sum of 2^(s - m); identity (0, -inf, 0). */
HYDRAGEN_API hydragen_status *
hydragen_merge_state(float *o_a, float *m_a, float *l_a, const float *o_b,
                     const float *m_b, const float *l_b, int64_t rows,
                     int64_t columns);
/* (o, m, l) to a normalised (o, lse) in `base`; empty rows give (0, -inf). */
HYDRAGEN_API hydragen_status *
hydragen_state_to_lse(float *o, const float *m, const float *l, float *lse,
                      hydragen_lse_base base, int64_t rows, int64_t columns);

#ifdef __cplusplus
}
#endif

#endif /* HYDRAGEN_RUNTIME_H */
