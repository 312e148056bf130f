// Skylake-X: sixteen lanes, 32 registers.
#if defined(__x86_64__)
#include <immintrin.h>

#include "paths.h"
#define NAME ck_avx512
#define LABEL "avx512"
#define LANES 16
#define MOST_ROWS 12
#define MOST_ROWS_INTEGER 6
#define HAS_FMA 1
#define HAS_MADD 1
#define MADD(a, b) ((vi)_mm512_madd_epi16((__m512i)(a), (__m512i)(b)))
static bool check(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
         && __builtin_cpu_supports("fma");
}
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)
#include "vector.h"
#pragma clang attribute pop
#endif
