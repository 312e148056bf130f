#pragma once
// What each instruction set implements, and what the drivers share.
#include "CKernels.h"

/// rows x CK_PANEL outputs over `words` words of a panel. Words of `a` are [word][astride], for int4 two words of four
/// int8 each per word of b, for bf16 the path's `half_words`. `c` is [row][cstride]. For integers, scales [group][CK_PANEL] and, per row, `row_scales` and
/// `row_offsets` [group][astride] (the offset undoes the zero point of the stored weights).
typedef struct {
  int rows;
  bool add;
  long words, astride, cstride, group_words;
  const uint32_t *a, *b;
  float *c;
  const float *scales, *row_scales;
  const int32_t *row_offsets;
  /// What is read after this tile: from here on 128 bytes are asked for with every word, `next_step` words of 4 bytes
  /// after those before.
  const uint32_t *next;
  long next_step;
} ck_tile;

typedef struct {
  const char *name;
  bool (*supported)(void);
  int most_rows, most_rows_integer;
  void (*tile[4])(const ck_tile *tile);
  double (*peak[3])(long iterations);
  /// Words of activations that meet one word of bf16 weights.
  int half_words;
  /// Packs up to CK_ROWS rows of `size` floats, with zeros up to `padded`, into words [word][rows].
  void (*pack)(ck_format format, int rows, long size, long stride, const float *x, uint32_t *words, long padded);
  /// The same as int8 with one scale per `group` inputs.
  void (*quantise)(int zero_point, int rows, long size, long stride, const float *x, long group, long groups,
                   uint32_t *words, float *scales, int32_t *offsets);
  /// Scores [rows][stride] of `tokens` tokens, of which row r sees visible[r] (from the first), become weights
  /// exp(score * scale - maximum) packed as words [word][rows]; maxima and sums are carried on, and `shrink` receives
  /// what earlier sums are multiplied by.
  void (*weigh)(ck_format format, int rows, long tokens, long stride, float *scores, const long *visible, float scale,
                float *maxima, float *sums, float *shrink, uint32_t *words);
  void (*norm)(long size, const float *x, const float *weight, float *out);
  void (*softmax)(long size, float *x);
  /// gate = silu(gate) * up.
  void (*gate)(long size, float *gate, const float *up);
  float (*read)(const float *x, long count);
  void (*triad)(float *a, const float *b, const float *c, long count);
  /// to += from * factor.
  void (*accumulate)(float *to, const float *from, float factor, long count);
  void (*scale)(float *x, float factor, long count);
} ck_path;

extern const ck_path ck_portable;
#if defined(__x86_64__)
extern const ck_path ck_avx2, ck_avx512, ck_avx512_vnni, ck_avx512_bf16;
#elif defined(__aarch64__)
extern const ck_path ck_neon;
#endif

/// The table of an instruction set; NULL where there is none of that index.
const ck_path *ck_path_at(int path);
/// The table of the pool's instruction set.
const ck_path *ck_pool_path(const ck_pool *pool);
/// Runs `work` on every thread with its index.
void ck_pool_run(ck_pool *pool, void (*work)(void *context, int thread), void *context);
/// Waits within `work` until all threads are here.
void ck_pool_barrier(ck_pool *pool);

/// Where a thread leaves a number; each has a line of the cache.
double *ck_pool_result(const ck_pool *pool, int thread);

/// The first of the items that fall to a thread; the next thread's first is the end.
static inline long ck_first(long items, int thread, int threads) { return items * thread / threads; }

/// Two bf16 as floats.
static inline float ck_float(uint16_t half) {
  union {
    uint32_t bits;
    float value;
  } word = {(uint32_t)half << 16};
  return word.value;
}
/// The nearest bf16, ties to even; not for NaN.
static inline uint16_t ck_half(float value) {
  union {
    float value;
    uint32_t bits;
  } word = {value};
  return (uint16_t)((word.bits + 0x7fff + (word.bits >> 16 & 1)) >> 16);
}

/// Words of activations that meet one word of weights.
static inline int ck_row_words(const ck_path *path, ck_format format) {
  return format == CK_INT4 ? 2 : format == CK_BF16 ? path->half_words : 1;
}

/// Slots of scratch memory, so that a layer's buffers outlive the products it calls.
enum {
  CK_SLOT_ROWS, CK_SLOT_ROW_SCALES, CK_SLOT_ATTENTION, CK_SLOT_HIDDEN, CK_SLOT_LAYER, CK_SLOT_LOGITS, CK_SLOT_GATHER,
  CK_SLOT_LOOP, CK_SLOTS
};
/// Memory of a slot, at least `bytes` and aligned to 64; its contents are lost when it grows. NULL without memory.
void *ck_scratch_take(ck_scratch *scratch, int slot, size_t bytes);
