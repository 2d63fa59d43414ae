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
/* name: "cpu", "cuda" or "emulated". UNAVAILABLE when this build or machine
 * does not have it. */
HYDRAGEN_API hydragen_status *hydragen_device_open(const char *name,
                                                   hydragen_device **device);
HYDRAGEN_API void hydragen_device_close(hydragen_device *device);

/*---- Modules --------------------------------------------------------------*/

typedef struct hydragen_module hydragen_module;
/* Reads and checks the manifest (magic, ABI, checksum, processor) before the
 * object is loaded. */
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
  const char *name;     /* "in0", "out0" */
  const char *dtype;    /* "f32", "bf16", "i64", "i1", ... */
  int32_t rank;
  const int64_t *shape; /* -1: any extent */
  int32_t alias_output; /* inputs: the output that may share memory, or -1 */
} hydragen_argument;
HYDRAGEN_API hydragen_argument
hydragen_entry_input(const hydragen_entry *entry, size_t index);
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

/* Runs an entry. Tensors are the caller's, on the CPU for device cpu; strides
 * may be NULL (compact) or anything (a compact copy is made and counted);
 * byte_offset is honoured. Outputs are compact and do not overlap other
 * arguments, but for inputs that alias them. workspace: 64-byte aligned, of
 * hydragen_workspace_size; NULL lets the context allocate it. */
HYDRAGEN_API hydragen_status *
hydragen_invoke(hydragen_context *context, const hydragen_entry *entry,
                const DLTensor *const *inputs, size_t input_count,
                const DLTensor *const *outputs, size_t output_count,
                void *workspace, uint64_t workspace_bytes);

/* High-water mark of what the runtime allocated beyond inputs and outputs since
 * the context was made, the workspace included. */
HYDRAGEN_API uint64_t
hydragen_context_peak_bytes(const hydragen_context *context);

/*---- States ---------------------------------------------------------------*/

typedef enum hydragen_lse_base {
  HYDRAGEN_LSE_BASE_2 = 0,
  HYDRAGEN_LSE_BASE_E = 1
} hydragen_lse_base;

/* Merges a normalised partial (o_b, lse_b in `base`) of another library into
 * (o_a, lse_a) in place: rows x columns of o, rows of lse, f32, compact.
 * An empty partial is (anything finite, -inf). NaN in either gives NaN. Less
 * exact than our own (o, m, l) states: see docs/spec.md. */
HYDRAGEN_API hydragen_status *
hydragen_merge_lse(float *o_a, float *lse_a, const float *o_b,
                   const float *lse_b, hydragen_lse_base base, int64_t rows,
                   int64_t columns);
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
