// The kernels, once for each instruction set. The including file defines
//   NAME     the table's name            LANES      floats of a vector
//   LABEL    its name in words           MOST_ROWS  rows of a tile whose sums fit the registers
//   CHECK    whether the processor has it MOST_ROWS_INTEGER  the same where floats and integers are summed
// and HAS_FMA, HAS_MADD (16-bit pairs), HAS_VNNI, HAS_BF16 where it may. Vectors are clang's own, so that NEON and the
// portable path come from the same text.
#include "paths.h"

#define INLINE static inline __attribute__((always_inline))
#define FULLY _Pragma("clang loop unroll(full)")
#define FOURFOLD _Pragma("clang loop unroll_count(4)")
#define SETS (CK_PANEL / LANES)

typedef float vf __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef int32_t vi __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef uint32_t vu __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

INLINE vf as_float(vu x) { return (vf)x; }
INLINE float word_float(uint32_t bits) {
  union {
    uint32_t bits;
    float value;
  } word = {bits};
  return word.value;
}
INLINE vf multiply_add(vf a, vf b, vf c) {
#if HAS_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

#include "tile.h"
#include "rows.h"
#include "loops.h"

const ck_path NAME = {
    .name = LABEL,
    .supported = check,
    .most_rows = MOST_ROWS,
    .most_rows_integer = MOST_ROWS_INTEGER,
    .tile = {tile_fp32, tile_bf16, tile_int8, tile_int4},
    .peak = {peak_fp32, peak_bf16, peak_int8},
    .half_words = HALF_WORDS,
    .pack = pack,
    .quantise = quantise,
    .weigh = weigh,
    .norm = norm,
    .softmax = softmax,
    .gate = gate,
    .read = read,
    .triad = triad,
    .accumulate = accumulate,
    .scale = scale,
};
