/* resident MODULE: calls its entry once, with all tensors in memory before, and
 * prints by how many bytes the resident size of this process peaks above what
 * it was. The runtime brings the workspace. Linux. */
#include "check-status.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_TENSORS = 16, MAX_RANK = 8 };

/* Floats of `bits` bits, each byte 0x3c: positive numbers of at most 1.1. */
static DLTensor make_tensor(uint8_t code, uint8_t bits, int32_t rank,
                            int64_t *shape) {
  DLTensor tensor = {0};
  size_t bytes = bits / 8;
  for (int32_t d = 0; d != rank; ++d)
    bytes *= (size_t)shape[d];
  tensor.data = malloc(bytes);
  memset(tensor.data, 0x3c, bytes);
  tensor.device.device_type = kDLCPU;
  tensor.ndim = rank;
  tensor.dtype.code = code;
  tensor.dtype.bits = bits;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  return tensor;
}

/* A line of /proc/self/status in KiB, -1 when it is not there. */
static long read_kib(const char *name) {
  char line[256];
  long kib = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, name, strlen(name)))
      kib = atol(line + strlen(name));
  if (status)
    fclose(status);
  return kib;
}

int main(int argc, char **argv) {
  hydragen_device *device;
  hydragen_module *module;
  hydragen_context *context;
  if (argc != 2 || check(hydragen_device_open("cpu", &device)) ||
      check(hydragen_module_load(argv[1], device, &module)) ||
      check(hydragen_context_create(device, 2, &context)))
    return 2;
  const hydragen_entry *entry = hydragen_module_find(module, "main");
  size_t count = entry ? hydragen_entry_input_count(entry) : 0;
  if (!entry || count > MAX_TENSORS || hydragen_entry_output_count(entry) != 1)
    return 2;

  DLTensor tensors[MAX_TENSORS];
  const DLTensor *inputs[MAX_TENSORS];
  const int64_t *shapes[MAX_TENSORS];
  for (size_t i = 0; i != count; ++i) {
    hydragen_argument info = hydragen_entry_input(entry, i);
    int brain = !strcmp(info.dtype, "bf16");
    uint8_t bits = !strcmp(info.dtype, "f32") ? 32 : 16;
    tensors[i] = make_tensor(brain ? kDLBfloat : kDLFloat, bits, info.rank,
                             (int64_t *)info.shape);
    inputs[i] = &tensors[i];
    shapes[i] = info.shape;
  }
  int64_t output_shape[MAX_RANK];
  int64_t *output_shapes[1] = {output_shape};
  if (check(hydragen_output_shapes(entry, shapes, output_shapes)))
    return 2;
  DLTensor output =
      make_tensor(tensors[0].dtype.code, tensors[0].dtype.bits,
                  hydragen_entry_output(entry, 0).rank, output_shape);
  const DLTensor *outputs[1] = {&output};

  long before = read_kib("VmHWM:");
  if (check(
          hydragen_invoke(context, entry, inputs, count, outputs, 1, NULL, 0)))
    return 2;
  long peak = read_kib("VmHWM:");
  if (before < 0 || peak < 0)
    return 3;
  printf("%ld\n", 1024 * (peak - before));

  for (size_t i = 0; i != count; ++i)
    free(tensors[i].data);
  free(output.data);
  hydragen_context_destroy(context);
  hydragen_module_unload(module);
  hydragen_device_close(device);
  return 0;
}
