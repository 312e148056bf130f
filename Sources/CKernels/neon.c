// 64-bit ARM: four lanes, 32 registers.
#if defined(__aarch64__)
#include "paths.h"
#define NAME ck_neon
#define LABEL "neon"
#define LANES 4
#define MOST_ROWS 8
#define MOST_ROWS_INTEGER 2
#define HAS_FMA 1
static bool check(void) { return true; }
#include "vector.h"
#endif
