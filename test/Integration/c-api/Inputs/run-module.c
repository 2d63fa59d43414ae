/* Loads a module through the C ABI and runs it: q 4x2x1x16, shared K and V
 * 1x2x32x16, own K and V 4x2x8x16; all V are 1, so every output must be 1. */
#include "check-status.h"
#include <math.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  hydragen_device *device;
  hydragen_module *module;
  hydragen_context *context;
  if (argc != 2 || check(hydragen_device_open("cpu", &device)) ||
      check(hydragen_module_load(argv[1], device, &module)) ||
      check(hydragen_context_create(device, 2, &context)))
    return 2;
  const hydragen_entry *entry = hydragen_module_find(module, "main");
  if (!entry)
    return 2;

  DLTensor tensors[8] = {{0}};
  const DLTensor *inputs[8];
  const int64_t *shapes[8];
  size_t count = hydragen_entry_input_count(entry);
  for (size_t i = 0; i != count; ++i) {
    hydragen_argument info = hydragen_entry_input(entry, i);
    size_t elements = 1;
    for (int32_t d = 0; d != info.rank; ++d)
      elements *= (size_t)info.shape[d];
    float *data = malloc(elements * sizeof(float));
    for (size_t e = 0; e != elements; ++e)
      data[e] = i == 2 || i == 4 ? 1.0f : (float)((e * 37 + i) % 13) - 6.0f;
    tensors[i].data = data;
    tensors[i].device.device_type = kDLCPU;
    tensors[i].ndim = info.rank;
    tensors[i].dtype.code = kDLFloat;
    tensors[i].dtype.bits = 32;
    tensors[i].dtype.lanes = 1;
    tensors[i].shape = (int64_t *)info.shape;
    inputs[i] = &tensors[i];
    shapes[i] = info.shape;
  }

  int64_t output_shape[4];
  int64_t *output_shapes[1] = {output_shape};
  uint64_t workspace_bytes;
  if (check(hydragen_output_shapes(entry, shapes, output_shapes)) ||
      check(hydragen_workspace_size(entry, shapes, &workspace_bytes)))
    return 2;
  size_t elements = 1;
  for (int d = 0; d != 4; ++d)
    elements *= (size_t)output_shape[d];
  DLTensor output = tensors[0];
  float *result = calloc(elements, sizeof(float));
  output.data = result;
  output.ndim = 4;
  output.shape = output_shape;
  const DLTensor *outputs[1] = {&output};
  void *workspace = aligned_alloc(64, (workspace_bytes + 64) / 64 * 64);
  if (check(hydragen_invoke(context, entry, inputs, count, outputs, 1,
                            workspace, workspace_bytes)))
    return 2;
  double worst = 0;
  for (size_t e = 0; e != elements; ++e)
    worst = fmax(worst, fabs(result[e] - 1.0));
  printf("%zu outputs, 1 expected, off by at most %.1g\n", elements, worst);

  /* A wrong type is a status that names the argument. */
  tensors[1].dtype.bits = 16;
  hydragen_status *status =
      hydragen_invoke(context, entry, inputs, count, outputs, 1, NULL, 0);
  printf("%s %s (code %d)\n", hydragen_status_place(status),
         hydragen_status_message(status), hydragen_status_code(status));
  hydragen_status_free(status);

  hydragen_context_destroy(context);
  hydragen_module_unload(module);
  hydragen_device_close(device);
  for (size_t i = 0; i != count; ++i)
    free(tensors[i].data);
  free(result);
  free(workspace);
  return worst < 1e-6 ? 0 : 1;
}
