// Cooper Lake, Sapphire Rapids and Zen 4: dot products of bytes and of bf16 as well.
#if defined(__x86_64__)
#include <immintrin.h>

#include "paths.h"
#define NAME ck_avx512_bf16
#define LABEL "avx512-bf16"
#define LANES 16
#define MOST_ROWS 12
#define MOST_ROWS_INTEGER 6
#define HAS_FMA 1
#define HAS_VNNI 1
#define HAS_BF16 1
static bool check(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
         && __builtin_cpu_supports("avx512vnni")
         && __builtin_cpu_supports("avx512bf16")
         && __builtin_cpu_supports("fma");
}
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,avx512vnni,avx512bf16"))), apply_to = function)
#include "vector.h"
#pragma clang attribute pop
#endif
