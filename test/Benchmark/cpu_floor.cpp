//===- cpu_floor.cpp - what this machine can do, for tables -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rates that the benchmarks compare with, measured on demand and so in the same
// run as what is compared:
//
//   cpu_floor THREADS
//
// reads lines from stdin and answers each with one number on stdout:
//   sgemm   GFLOP/s of C += A B in f32, 1024 x 1024 x 1024, packing included
//   read    GB/s of summing 256 MiB (10^9 bytes)
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int lanes = 16, tileRows = 14, tileVectors = 2;
#else
constexpr int lanes = 8, tileRows = 6, tileVectors = 2;
#endif
typedef float Vector __attribute__((vector_size(lanes * 4), aligned(4)));
constexpr int tileColumns = tileVectors * lanes;
constexpr int size = 1024, depth = 256;

/// The clock; on one thread its processor time, which other load disturbs less.
double seconds(int threads) {
  timespec now;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

/// Memory in huge pages where the system gives them, filled with ones.
float *allocate(size_t count) {
  size_t bytes = (count * 4 + (2u << 20) - 1) >> 21 << 21;
  void *memory = aligned_alloc(2u << 20, bytes);
  if (!memory)
    abort();
  madvise(memory, bytes, MADV_HUGEPAGE);
  auto *floats = static_cast<float *>(memory);
  std::fill_n(floats, count, 1.0f);
  return floats;
}

/// C += A B of one tile; A and B are packed, a step in depth after the other.
void multiplyTile(const float *a, const float *b, float *c, int steps) {
  Vector sum[tileRows][tileVectors] = {};
  for (int k = 0; k < steps; ++k) {
    Vector right[tileVectors];
    for (int v = 0; v < tileVectors; ++v)
      right[v] = *reinterpret_cast<const Vector *>(b + v * lanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < tileRows; ++r)
#pragma clang loop unroll(full)
      for (int v = 0; v < tileVectors; ++v)
        sum[r][v] += a[r] * right[v];
    a += tileRows;
    b += tileColumns;
  }
  for (int r = 0; r < tileRows; ++r)
    for (int v = 0; v < tileVectors; ++v)
      *reinterpret_cast<Vector *>(c + r * size + v * lanes) += sum[r][v];
}

/// Rows [begin, end) of the product; `c` has a tile's rows more than needed.
void multiplyRows(const float *a, const float *b, float *c, int begin, int end,
                  float *packedA, float *packedB) {
  for (int k0 = 0; k0 < size; k0 += depth) {
    for (int n = 0; n < size; n += tileColumns)
      for (int k = 0; k < depth; ++k)
        memcpy(packedB + (n * depth + k * tileColumns), b + (k0 + k) * size + n,
               tileColumns * 4);
    for (int m0 = begin; m0 < end; m0 += 8 * tileRows) {
      int blockEnd = std::min(m0 + 8 * tileRows, end);
      for (int m = m0; m < blockEnd; m += tileRows)
        for (int k = 0; k < depth; ++k)
          for (int r = 0; r < tileRows; ++r)
            packedA[(m - m0) * depth + k * tileRows + r] =
                m + r < end ? a[(m + r) * size + k0 + k] : 0.0f;
      for (int n = 0; n < size; n += tileColumns)
        for (int m = m0; m < blockEnd; m += tileRows)
          multiplyTile(packedA + (m - m0) * depth, packedB + n * depth,
                       c + m * size + n, depth);
    }
  }
}

float readRange(const float *begin, const float *end) {
  Vector sum[8] = {};
  for (; begin < end; begin += 8 * lanes)
    for (int v = 0; v < 8; ++v)
      sum[v] += *reinterpret_cast<const Vector *>(begin + v * lanes);
  float total = 0;
  for (const Vector &part : sum)
    for (int lane = 0; lane < lanes; ++lane)
      total += part[lane];
  return total;
}

void onThreads(int threads, const std::function<void(int)> &work) {
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t)
    others.emplace_back(work, t);
  work(0);
  for (std::thread &other : others)
    other.join();
}

} // namespace

int main(int argc, char **argv) {
  int threads = argc > 1 ? std::clamp(atoi(argv[1]), 1, 256) : 1;
  constexpr size_t stream = 64u << 20;
  float *a = allocate(size * size), *b = allocate(size * size);
  float *c = allocate((size + threads * tileRows) * size);
  float *memory = allocate(stream);
  std::vector<float *> packedA, packedB;
  for (int t = 0; t < threads; ++t) {
    packedA.push_back(allocate(8 * tileRows * depth));
    packedB.push_back(allocate(size * depth));
  }
  int rows = (size + threads - 1) / threads;
  volatile float sink = 0;
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    bool gemm = !strncmp(line, "sgemm", 5);
    double best = 1e30;
    for (int repeat = 0; repeat < 5; ++repeat) {
      double start = seconds(threads);
      onThreads(threads, [&](int t) {
        if (gemm) {
          // Each thread has rows of its own, a tile's more behind them.
          multiplyRows(a + t * rows * size, b,
                       c + (t * (rows + tileRows)) * size, 0,
                       std::min(rows, size - t * rows), packedA[t], packedB[t]);
        } else {
          size_t part = stream / threads / (8 * lanes) * (8 * lanes);
          sink = readRange(memory + t * part, memory + (t + 1) * part);
        }
      });
      best = std::min(best, seconds(threads) - start);
    }
    double work = gemm ? 2.0 * size * size * size : 4.0 * stream;
    printf("%.3f\n", work / best * 1e-9);
    fflush(stdout);
  }
  return 0;
}
