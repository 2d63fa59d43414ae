/* A module made by hand for tests of the devices: PTX kernels over vectors,
 * host code as the compiler would write it, a manifest. Variants with
 * -DVARIANT_X have one thing wrong each. seal_module.py fills in size and
 * checksum. */

#include "hydragen/module.h"

#include <stddef.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/*---- Kernels --------------------------------------------------------------*/

/* c[i] = a[i * stride_a] + b[i], one thread per element.
 * plan: item i of the list is elements [64 i, min(n, 64 i + 64)); the number of
 * items stands before the list. consume: y = 2 x over the items of a list. */
static const char kPtx[] =
    ".version 7.0\n"
#ifdef VARIANT_SM90
    ".target sm_90\n"
#else
    ".target sm_80\n"
#endif
    ".address_size 64\n"
    ".visible .entry vector_add(\n"
    "  .param .u64 p_a, .param .u64 p_b, .param .u64 p_c,\n"
    "  .param .u32 p_n, .param .u32 p_stride)\n"
    "{\n"
    "  .reg .pred %p<2>;\n"
    "  .reg .b32 %r<8>;\n"
    "  .reg .f32 %f<4>;\n"
    "  .reg .b64 %rd<12>;\n"
    "  ld.param.u64 %rd1, [p_a];\n"
    "  ld.param.u64 %rd2, [p_b];\n"
    "  ld.param.u64 %rd3, [p_c];\n"
    "  ld.param.u32 %r1, [p_n];\n"
    "  ld.param.u32 %r2, [p_stride];\n"
    "  mov.u32 %r3, %ctaid.x;\n"
    "  mov.u32 %r4, %ntid.x;\n"
    "  mov.u32 %r5, %tid.x;\n"
    "  mad.lo.s32 %r6, %r3, %r4, %r5;\n"
    "  setp.ge.u32 %p1, %r6, %r1;\n"
    "  @%p1 bra DONE;\n"
#ifdef VARIANT_BAD_PTX
    "  frobnicate.u32 %r1, %r2;\n"
#endif
    "  mul.wide.u32 %rd4, %r6, 4;\n"
    "  mul.lo.u32 %r7, %r6, %r2;\n"
    "  mul.wide.u32 %rd5, %r7, 4;\n"
    "  add.s64 %rd6, %rd1, %rd5;\n"
    "  add.s64 %rd7, %rd2, %rd4;\n"
    "  add.s64 %rd8, %rd3, %rd4;\n"
    "  ld.global.f32 %f1, [%rd6];\n"
    "  ld.global.f32 %f2, [%rd7];\n"
    "  add.f32 %f3, %f1, %f2;\n"
    "  st.global.f32 [%rd8], %f3;\n"
    "DONE:\n"
    "  ret;\n"
    "}\n"
    ".visible .entry plan(\n"
    "  .param .u64 p_list, .param .u32 p_n, .param .u32 p_items)\n"
    "{\n"
    "  .reg .pred %p<3>;\n"
    "  .reg .b32 %r<10>;\n"
    "  .reg .b64 %rd<4>;\n"
    "  ld.param.u64 %rd1, [p_list];\n"
    "  ld.param.u32 %r1, [p_n];\n"
    "  ld.param.u32 %r2, [p_items];\n"
    "  mov.u32 %r3, %ctaid.x;\n"
    "  mov.u32 %r4, %ntid.x;\n"
    "  mov.u32 %r5, %tid.x;\n"
    "  mad.lo.s32 %r6, %r3, %r4, %r5;\n"
    "  setp.ge.u32 %p1, %r6, %r2;\n"
    "  @%p1 bra DONE;\n"
    "  setp.eq.u32 %p2, %r6, 0;\n"
    "  @%p2 st.global.u32 [%rd1], %r2;\n"
    "  shl.b32 %r7, %r6, 6;\n"
    "  add.u32 %r8, %r7, 64;\n"
    "  min.u32 %r9, %r8, %r1;\n"
    "  mul.wide.u32 %rd2, %r6, 8;\n"
    "  add.s64 %rd3, %rd1, %rd2;\n"
    "  st.global.u32 [%rd3+8], %r7;\n"
    "  st.global.u32 [%rd3+12], %r9;\n"
    "DONE:\n"
    "  ret;\n"
    "}\n"
    ".visible .entry consume(\n"
    "  .param .u64 p_list, .param .u64 p_x, .param .u64 p_y)\n"
    "{\n"
    "  .reg .pred %p<3>;\n"
    "  .reg .b32 %r<10>;\n"
    "  .reg .f32 %f<3>;\n"
    "  .reg .b64 %rd<10>;\n"
    "  ld.param.u64 %rd1, [p_list];\n"
    "  ld.param.u64 %rd2, [p_x];\n"
    "  ld.param.u64 %rd3, [p_y];\n"
    "  ld.global.u32 %r1, [%rd1];\n"
    "  mov.u32 %r2, %ctaid.x;\n"
    "  mov.u32 %r3, %nctaid.x;\n"
    "  mov.u32 %r4, %tid.x;\n"
    "NEXT:\n"
    "  setp.ge.u32 %p1, %r2, %r1;\n"
    "  @%p1 bra DONE;\n"
    "  mul.wide.u32 %rd4, %r2, 8;\n"
    "  add.s64 %rd5, %rd1, %rd4;\n"
    "  ld.global.u32 %r5, [%rd5+8];\n"
    "  ld.global.u32 %r6, [%rd5+12];\n"
    "  add.u32 %r7, %r5, %r4;\n"
    "  add.u32 %r2, %r2, %r3;\n"
    "  setp.ge.u32 %p2, %r7, %r6;\n"
    "  @%p2 bra NEXT;\n"
    "  mul.wide.u32 %rd6, %r7, 4;\n"
    "  add.s64 %rd7, %rd2, %rd6;\n"
    "  add.s64 %rd8, %rd3, %rd6;\n"
    "  ld.global.f32 %f1, [%rd7];\n"
    "  add.f32 %f2, %f1, %f1;\n"
    "  st.global.f32 [%rd8], %f2;\n"
    "  bra NEXT;\n"
    "DONE:\n"
    "  ret;\n"
    "}\n";

#ifndef VARIANT_SM90
/* Only the fake driver takes this for a cubin. */
static const char kCubin[] = "fake cubin\n"
                             ".entry vector_add(\n"
                             ".entry plan(\n"
                             ".entry consume(\n";
#endif

enum { VECTOR_ADD, PLAN, CONSUME };

#ifdef VARIANT_SHARED
#define SHARED 232448
#define SHARED_TEXT "232448"
#else
#define SHARED 1024
#define SHARED_TEXT "1024"
#endif
#ifdef VARIANT_WRONG_BLOCK
#define ADD_BLOCK 64
#else
#define ADD_BLOCK 128
#endif

static const hydragen_kernel kKernels[] = {
    {sizeof(hydragen_kernel), "vector_add", {ADD_BLOCK, 1, 1}, 0, 32, 0},
    {sizeof(hydragen_kernel), "plan", {32, 1, 1}, 0, 16, 0},
    {sizeof(hydragen_kernel), "consume", {64, 1, 1}, SHARED, 24, 0},
};

static const hydragen_image kImages[] = {
#ifdef VARIANT_SM90
    {sizeof(hydragen_image), 90, HYDRAGEN_IMAGE_PTX, sizeof(kPtx) - 1, kPtx},
#define IMAGES "[{\"arch\":90,\"kind\":\"ptx\"}]"
#else
    {sizeof(hydragen_image), 80, HYDRAGEN_IMAGE_PTX, sizeof(kPtx) - 1, kPtx},
    {sizeof(hydragen_image), 86, HYDRAGEN_IMAGE_CUBIN, sizeof(kCubin), kCubin},
#define IMAGES                                                                 \
  "[{\"arch\":80,\"kind\":\"ptx\"},{\"arch\":86,\"kind\":\"cubin\"}]"
#endif
};

/*---- Calls ----------------------------------------------------------------*/

/* Fields of a descriptor of rank 1. */
static uint64_t dataOf(const hydragen_call *call, int i) {
  return (uint64_t)call->descriptors[i][1];
}
static uint32_t sizeOf(const hydragen_call *call, int i) {
  return (uint32_t)call->descriptors[i][3];
}
static uint32_t strideOf(const hydragen_call *call, int i) {
  return (uint32_t)call->descriptors[i][4];
}

typedef struct {
  uint64_t a, b, c;
  uint32_t n, stride;
} add_parameters;

static void launchAdd(const hydragen_call *call, uint64_t a, uint64_t b,
                      uint64_t c, uint32_t n, uint32_t stride) {
  const uint32_t grid[3] = {(n + 127) / 128, 1, 1}, block[3] = {128, 1, 1};
  add_parameters parameters = {a, b, c, n, stride};
  call->api->launch(call->ctx, VECTOR_ADD, grid, block, 0, &parameters,
                    sizeof(parameters));
}

static int32_t invokeAdd(const hydragen_call *call) {
  launchAdd(call, dataOf(call, 0), dataOf(call, 1), dataOf(call, 2),
            sizeOf(call, 0), strideOf(call, 0));
  return 0;
}

/* One element too many. */
static int32_t invokeOverrun(const hydragen_call *call) {
  launchAdd(call, dataOf(call, 0), dataOf(call, 1), dataOf(call, 2),
            sizeOf(call, 0) + 1, 1);
  /* Not run after the fault. */
  launchAdd(call, dataOf(call, 0), dataOf(call, 1), dataOf(call, 2),
            sizeOf(call, 0), 1);
  return 0;
}

#ifndef VARIANT_NO_CPU
static int32_t invokeAddOnCpu(const hydragen_call *call) {
  const float *a = (const float *)dataOf(call, 0);
  const float *b = (const float *)dataOf(call, 1);
  float *c = (float *)dataOf(call, 2);
  if (call->api->launch) /* NULL on device cpu */
    return 7;
  for (uint32_t i = 0; i != sizeOf(call, 0); ++i)
    c[i] = a[i] + b[i];
  return 0;
}
#endif

static int32_t invokeTwice(const hydragen_call *call) {
  struct {
    uint64_t list;
    uint32_t n, items;
  } plan = {(uint64_t)call->workspace, sizeOf(call, 0),
            (sizeOf(call, 0) + 63) / 64};
  struct {
    uint64_t list, x, y;
  } consume = {plan.list, dataOf(call, 0), dataOf(call, 1)};
  uint32_t sms = call->api->multiprocessors(call->ctx);
  const uint32_t planGrid[3] = {(plan.items + 31) / 32, 1, 1};
  const uint32_t planBlock[3] = {32, 1, 1};
  const uint32_t grid[3] = {plan.items < sms ? plan.items : sms, 1, 1};
  const uint32_t block[3] = {64, 1, 1};
  call->api->launch(call->ctx, PLAN, planGrid, planBlock, 0, &plan,
                    sizeof(plan));
  call->api->launch(call->ctx, CONSUME, grid, block, SHARED, &consume,
                    sizeof(consume));
  return 0;
}

static uint64_t workspaceOfTwice(const int64_t *const *shapes) {
  return 8 + ((uint64_t)shapes[0][0] + 63) / 64 * 8;
}

/* Host and device in turns: adds a host constant on the device, then one on the
 * host. */
static int32_t invokeMixed(const hydragen_call *call) {
  const hydragen_host_api *api = call->api;
  uint32_t n = sizeOf(call, 0);
  uint64_t bytes = (uint64_t)n * 4;
  float *host = api->allocate(call->ctx, bytes, 64);
  uint64_t device = api->device_allocate(call->ctx, bytes);
  if (host && device) {
    for (uint32_t i = 0; i != n; ++i)
      host[i] = 10;
    api->copy_to_device(call->ctx, device, host, bytes);
    launchAdd(call, dataOf(call, 0), device, device, n, 1);
    memset(host, 0, bytes);
    api->copy_to_host(call->ctx, host, device, bytes);
    for (uint32_t i = 0; i != n; ++i)
      ((float *)dataOf(call, 1))[i] = host[i] + 1;
  }
  api->device_free(call->ctx, device);
  api->deallocate(call->ctx, host);
  return 0;
}

/* What no module should do; element 0 of the shape says what. */
static int32_t invokeWrong(const hydragen_call *call) {
  uint32_t grid[3] = {1, 1, 1}, block[3] = {128, 1, 1};
  char parameters[32] = {0};
  const hydragen_host_api *api = call->api;
  switch (sizeOf(call, 0)) {
  case 1:
    block[0] = 256;
    api->launch(call->ctx, VECTOR_ADD, grid, block, 0, parameters, 32);
    break;
  case 2:
    api->launch(call->ctx, VECTOR_ADD, grid, block, 1, parameters, 32);
    break;
  case 3:
    api->launch(call->ctx, VECTOR_ADD, grid, block, 0, parameters, 24);
    break;
  case 4:
    api->launch(call->ctx, 3, grid, block, 0, parameters, 32);
    break;
  case 5:
    grid[1] = 65536;
    api->launch(call->ctx, VECTOR_ADD, grid, block, 0, parameters, 32);
    break;
  case 6: /* nothing to do is no mistake */
    grid[0] = 0;
    api->launch(call->ctx, VECTOR_ADD, grid, block, 0, parameters, 32);
    break;
  case 7:
    api->device_free(call->ctx, 4096);
    break;
  case 8:
    api->fail(call->ctx, 2, "the sizes contradict");
    return 2;
  default:
    return 5;
  }
  return 0;
}

static int32_t sameShape(const int64_t *const *inputs,
                         int64_t *const *outputs) {
  outputs[0][0] = inputs[0][0];
  return 0;
}
static int32_t twoOfOneShape(const int64_t *const *inputs,
                             int64_t *const *outputs) {
  outputs[0][0] = inputs[0][0];
  return inputs[0][0] != inputs[1][0];
}
static uint64_t noWorkspace(const int64_t *const *shapes) {
  (void)shapes;
  return 0;
}

/*---- What the runtime sees ------------------------------------------------*/

#define ENTRY(variable, name, invoke, shapes, workspace)                       \
  static const hydragen_entry_table variable = {                               \
      sizeof(hydragen_entry_table), name, invoke, shapes, workspace}

#define ARGUMENT(more) "{\"dtype\":\"f32\",\"shape\":[-1]" more "}"
#define ON_DEVICE ARGUMENT(",\"placement\":\"device\"")
#define JSON_ENTRY(name, device, more, inputs, outputs)                        \
  "{\"name\":\"" name "\",\"device\":\"" device "\"," more                     \
  "\"inputs\":[" inputs "],\"outputs\":[" outputs "]}"

#ifndef VARIANT_NO_CPU
ENTRY(kAddOnCpu, "add", invokeAddOnCpu, twoOfOneShape, noWorkspace);
#endif
ENTRY(kAdd, "add", invokeAdd, twoOfOneShape, noWorkspace);
ENTRY(kEither, "add_either", invokeAdd, twoOfOneShape, noWorkspace);
ENTRY(kUpdate, "update", invokeAdd, twoOfOneShape, noWorkspace);
ENTRY(kUpdateEither, "update_either", invokeAdd, twoOfOneShape, noWorkspace);
ENTRY(kOverrun, "overrun", invokeOverrun, twoOfOneShape, noWorkspace);
ENTRY(kTwice, "twice", invokeTwice, sameShape, workspaceOfTwice);
ENTRY(kMixed, "mixed", invokeMixed, sameShape, noWorkspace);
ENTRY(kWrong, "wrong", invokeWrong, sameShape, noWorkspace);

static const hydragen_entry_table *const kEntries[] = {
#ifndef VARIANT_NO_CPU
    &kAddOnCpu,
#endif
    &kAdd,      &kEither, &kUpdate, &kUpdateEither,
    &kOverrun,  &kTwice,  &kMixed,  &kWrong};

static const hydragen_module_table kTable = {
    sizeof(hydragen_module_table),        HYDRAGEN_MODULE_ABI,
    sizeof(kEntries) / sizeof(*kEntries), kEntries,
    sizeof(kKernels) / sizeof(*kKernels), kKernels,
    sizeof(kImages) / sizeof(*kImages),   kImages};

EXPORT const hydragen_module_table *hydragen_module_query(uint32_t abi) {
  return abi == HYDRAGEN_MODULE_ABI ? &kTable : NULL;
}

#define STRIDED ",\"placement\":\"device\",\"strides\":\"any\""
#define ALIGNED ",\"placement\":\"device\",\"alignment\":16"
#define EITHER ",\"placement\":\"either\""
#define JSON                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         \
  "{\"producer\":\"vectors.c\",\"abi\":1,\"host\":{\"arch\":\"x86_64\"},"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            \
  "\"targets\":[\"cpu\",\"cuda:sm_80\"],\"entries\":[" CPU_ENTRY                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     \
      JSON_ENTRY(                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    \
          "add", "cuda",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             \
          "\"work\":[{\"kernel\":\"vector_add\",\"flops\":\"in0.0\","                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                \
          "\"bytes\":\"12*in0.0\"}],",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               \
          ARGUMENT(STRIDED) "," ARGUMENT(ALIGNED), ON_DEVICE) "," JSON_ENTRY("add_either", "cuda", "", ARGUMENT(EITHER) "," ARGUMENT(EITHER), ARGUMENT(EITHER)) "," JSON_ENTRY("update", "cuda", "", ARGUMENT(",\"alias_output\":0") "," ON_DEVICE, ON_DEVICE) "," JSON_ENTRY("update_either",                                                                                                                                                                                                                                                                                                                       \
                                                                                                                                                                                                                                                                              "cuda", "", ARGUMENT(EITHER ",\"alias_output\":0") "," ARGUMENT(EITHER), ARGUMENT(EITHER)) "," JSON_ENTRY("overrun", "cuda", "", ON_DEVICE "," ON_DEVICE,                                                                                                                                                                              \
                                                                                                                                                                                                                                                                                                                                                                                        ON_DEVICE) "," JSON_ENTRY("twice",                                                                                                                                                                                           \
                                                                                                                                                                                                                                                                                                                                                                                                                  "cuda", "",                                                                                                                                                                                        \
                                                                                                                                                                                                                                                                                                                                                                                                                  ON_DEVICE, ON_DEVICE) "," JSON_ENTRY("mixed",                                                                                                                                                      \
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "cuda",                                                                                                                                                       \
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "",                                                                                                                                                           \
                                                                                                                                                                                                                                                                                                                                                                                                                                                       ON_DEVICE,                                                                                                                                                    \
                                                                                                                                                                                                                                                                                                                                                                                                                                                       ARGUMENT(",\"placement\":\"host\"")) "," JSON_ENTRY("wrong",                                                                                                  \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "cuda", "", ON_DEVICE, ON_DEVICE) "],\"kernels\":["                                                       \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "{\"name\":\"vector_add\",\"block\":[128,1,1],\"parameter_bytes\":32}," \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "{\"name\":\"plan\",\"block\":[32,1,1],\"parameter_bytes\":16},"        \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "{\"name\":\"consume\",\"block\":[64,1,1],\"parameter_bytes\":24,"      \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "\"shared_bytes\":" SHARED_TEXT                                         \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "}],"                                                                   \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "\"images\":" IMAGES                                                    \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "}"
#ifdef VARIANT_NO_CPU
#define CPU_ENTRY ""
#else
#define CPU_ENTRY                                                              \
  JSON_ENTRY("add", "cpu", "", ARGUMENT("") "," ARGUMENT(""), ARGUMENT("")) ","
#endif

__attribute__((section(HYDRAGEN_MANIFEST_SECTION), used)) static const struct {
  hydragen_manifest_header header;
  char json[sizeof(JSON)];
} kManifest = {{{'H', 'Y', 'D', 'R', 'A', 'G', 'E', 'N'},
                HYDRAGEN_MODULE_ABI,
                sizeof(JSON) - 1,
                0,
                0,
                0},
               JSON};
