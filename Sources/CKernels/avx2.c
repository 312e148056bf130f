// Haswell and Zen: eight lanes, 16 registers.
#if defined(__x86_64__)
#include <immintrin.h>

#include "paths.h"
#define NAME ck_avx2
#define LABEL "avx2"
#define LANES 8
#define MOST_ROWS 6
#define MOST_ROWS_INTEGER 2
#define HAS_FMA 1
#define HAS_MADD 1
#define MADD(a, b) ((vi)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
static bool check(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.h"
#pragma clang attribute pop
#endif
