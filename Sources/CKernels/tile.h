// Tiles: up to MOST_ROWS rows times one panel. Included by vector.h.

// How activations meet bf16 weights: as pairs in the instruction for them, or as two floats, each rounded to bf16.
#if HAS_BF16
#define HALF_WORDS 1
#else
#define HALF_WORDS 2
#endif

/// c + the dot product of two bf16 pairs in every lane; a second word of a follows `next` words later.
INLINE vf dot_bf16(vf c, vu b, const uint32_t *a, long next) {
#if HAS_BF16
  (void)next;
  return (vf)_mm512_dpbf16_ps((__m512)c, (__m512bh)b, (__m512bh)(vu)(*a));
#else
  c = multiply_add(as_float(b << 16), (vf)(word_float(*a)), c);
  return multiply_add(as_float(b & 0xffff0000u), (vf)(word_float(a[next])), c);
#endif
}

/// c + the dot product of four unsigned bytes of b with four signed bytes of a, in every lane.
INLINE vi dot_int8(vi c, vu b, uint32_t a) {
#if HAS_VNNI
  return (vi)_mm512_dpbusd_epi32((__m512i)c, (__m512i)b, (__m512i)(vu)(a));
#elif HAS_MADD
  // Bytes 0 and 2, then 1 and 3, as pairs of 16 bits.
  uint32_t even = (uint16_t)(int16_t)(int8_t)a | (uint32_t)(int16_t)(int8_t)(a >> 16) << 16;
  uint32_t odd = (uint16_t)(int16_t)(int8_t)(a >> 8) | (uint32_t)(int16_t)(int8_t)(a >> 24) << 16;
  return c + MADD(b & 0x00ff00ffu, (vu)(even)) + MADD(b >> 8 & 0x00ff00ffu, (vu)(odd));
#else
  for (int byte = 0; byte < 32; byte += 8) c += (vi)(b >> byte & 255u) * (vi)((int32_t)(int8_t)(a >> byte));
  return c;
#endif
}

// What a loop reads next is asked for ahead: the panel, where few rows stream it from memory, or else the rows; and into
// L2 what the caller reads after this tile.
#define AHEAD 32
#define FETCH(rows) \
  __builtin_prefetch(b + AHEAD * CK_PANEL); \
  __builtin_prefetch(b + AHEAD * CK_PANEL + 16); \
  if (rows >= 6) __builtin_prefetch(a + 64 * rows); \
  __builtin_prefetch(next, 0, 2); \
  __builtin_prefetch(next + 16, 0, 2);
// So are the sums, which lie far apart.
#define FETCH_SUMS \
  __builtin_prefetch(c + r * t->cstride, 1); \
  if (sets * LANES > 16) __builtin_prefetch(c + r * t->cstride + 16, 1);

// A multiply-add waits for the one before it in its sum. Eight sums, and so several for each output of few rows, keep the
// units busy meanwhile.
#define SUMS(rows, sets) ((rows) * (sets) >= 8 ? 1 : 8 / ((rows) * (sets)))

/// Adds word `word` of all rows to sum number `sum` of each.
#define ADD_WORD(sum) \
  { \
    FETCH(rows) \
    vu line[SETS]; \
    FULLY for (int s = 0; s < sets; s++) line[s] = *(const vu *)(b + s * LANES); \
    FULLY for (int r = 0; r < rows; r++) { \
      FULLY for (int s = 0; s < sets; s++) { \
        sum[r][s] = half ? dot_bf16(sum[r][s], line[s], a + r, t->astride) \
                         : multiply_add((vf)(word_float(a[r])), as_float(line[s]), sum[r][s]); \
      } \
    } \
    a += step, b += CK_PANEL, next += t->next_step; \
  }

INLINE void floats(const ck_tile *t, const int rows, const int sets, const bool half) {
  for (int first = 0; first < CK_PANEL; first += sets * LANES) {
    const uint32_t *a = t->a, *b = t->b + first, *next = t->next;
    float *c = t->c + first;
    vf sums[SUMS(1, 1)][MOST_ROWS][SETS];
    FULLY for (int r = 0; r < rows; r++) {
      FETCH_SUMS
      FULLY for (int i = 0; i < SUMS(rows, sets); i++) {
        FULLY for (int s = 0; s < sets; s++) sums[i][r][s] = (vf)(0.0f);
      }
    }
    const long step = t->astride * (half ? HALF_WORDS : 1);
    long word = 0;
    if (SUMS(rows, sets) == 1) {
      FOURFOLD for (; word < t->words; word++) ADD_WORD(sums[0])
    } else {
      for (; word + SUMS(rows, sets) <= t->words; word += SUMS(rows, sets)) {
        FULLY for (int i = 0; i < SUMS(rows, sets); i++) ADD_WORD(sums[i])
      }
      for (; word < t->words; word++) ADD_WORD(sums[0])
    }
    FULLY for (int r = 0; r < rows; r++) {
      FULLY for (int s = 0; s < sets; s++) {
        FULLY for (int i = 1; i < SUMS(rows, sets); i++) sums[0][r][s] += sums[i][r][s];
        vf *to = (vf *)(c + r * t->cstride + s * LANES);
        *to = t->add ? *to + sums[0][r][s] : sums[0][r][s];
      }
    }
  }
}

INLINE void integers(const ck_tile *t, const int rows, const int sets, const bool nibbles) {
  for (int first = 0; first < CK_PANEL; first += sets * LANES) {
    const uint32_t *a = t->a, *b = t->b + first, *next = t->next;
    float *c = t->c + first;
    vf sum[MOST_ROWS_INTEGER][SETS];
    FULLY for (int r = 0; r < rows; r++) {
      FETCH_SUMS
      FULLY for (int s = 0; s < sets; s++) sum[r][s] = (vf)(0.0f);
    }
    const float *scales = t->scales + first, *row_scales = t->row_scales;
    const int32_t *row_offsets = t->row_offsets;
    for (long word = 0; word < t->words; word += t->group_words) {
      vi group[MOST_ROWS_INTEGER][SETS];
      FULLY for (int r = 0; r < rows; r++) {
        FULLY for (int s = 0; s < sets; s++) group[r][s] = (vi)(row_offsets[r]);
      }
      FOURFOLD for (long inner = 0; inner < t->group_words; inner++, b += CK_PANEL, next += t->next_step) {
        FETCH(rows)
        vu line[SETS];
        FULLY for (int s = 0; s < sets; s++) line[s] = *(const vu *)(b + s * LANES);
        FULLY for (int half = 0; half < (nibbles ? 2 : 1); half++, a += t->astride) {
          FULLY for (int r = 0; r < rows; r++) {
            FULLY for (int s = 0; s < sets; s++) {
              vu bytes = nibbles ? line[s] >> (4 * half) & 0x0f0f0f0fu : line[s];
              group[r][s] = dot_int8(group[r][s], bytes, a[r]);
            }
          }
        }
      }
      FULLY for (int r = 0; r < rows; r++) {
        FULLY for (int s = 0; s < sets; s++) {
          vf scale = *(const vf *)(scales + s * LANES) * row_scales[r];
          sum[r][s] = multiply_add(__builtin_convertvector(group[r][s], vf), scale, sum[r][s]);
        }
      }
      scales += CK_PANEL, row_scales += t->astride, row_offsets += t->astride;
    }
    FULLY for (int r = 0; r < rows; r++) {
      FULLY for (int s = 0; s < sets; s++) {
        vf *to = (vf *)(c + r * t->cstride + s * LANES);
        *to = t->add ? *to + sum[r][s] : sum[r][s];
      }
    }
  }
}

// A tile of exactly `rows` rows per format: one row takes whole lines of the panel, more take two vectors at a time.
#define TILE(rows) \
  __attribute__((noinline)) static void fp32_##rows(const ck_tile *t) { \
    floats(t, rows, rows == 1 ? SETS : 2, false); \
  } \
  __attribute__((noinline)) static void bf16_##rows(const ck_tile *t) { \
    floats(t, rows, rows == 1 ? SETS : 2, true); \
  }
#define INTEGER_TILE(rows) \
  __attribute__((noinline)) static void int8_##rows(const ck_tile *t) { \
    integers(t, rows, rows == 1 ? SETS : 2, false); \
  } \
  __attribute__((noinline)) static void int4_##rows(const ck_tile *t) { \
    integers(t, rows, rows == 1 ? SETS : 2, true); \
  }

TILE(1) TILE(2) TILE(3) TILE(4)
INTEGER_TILE(1) INTEGER_TILE(2)
#if MOST_ROWS >= 6
TILE(6)
#endif
#if MOST_ROWS >= 12
TILE(8) TILE(12)
#endif
#if MOST_ROWS_INTEGER >= 6
INTEGER_TILE(3) INTEGER_TILE(4) INTEGER_TILE(6)
#endif

/// The rows of the tile to take next, largest first.
INLINE int step(int rows, int most) {
  static const int steps[] = {12, 8, 6, 4, 3, 2, 1};
  for (int i = 0; i < 7; i++) {
    if (steps[i] <= rows && steps[i] <= most) return steps[i];
  }
  return 1;
}

typedef void (*exact)(const ck_tile *t);

INLINE void split(const ck_tile *whole, int most, const exact *kernels) {
  ck_tile part = *whole;
  for (int left = whole->rows; left > 0; left -= part.rows) {
    part.rows = step(left, most);
    kernels[part.rows](&part);
    part.a += part.rows, part.c += part.rows * part.cstride;
    if (part.row_scales) part.row_scales += part.rows, part.row_offsets += part.rows;
  }
}

#if MOST_ROWS >= 12
#define KERNELS(f) {0, f##_1, f##_2, f##_3, f##_4, 0, f##_6, 0, f##_8, 0, 0, 0, f##_12}
#elif MOST_ROWS >= 6
#define KERNELS(f) {0, f##_1, f##_2, f##_3, f##_4, 0, f##_6}
#else
#define KERNELS(f) {0, f##_1, f##_2, f##_3, f##_4}
#endif
#if MOST_ROWS_INTEGER >= 6
#define INTEGER_KERNELS(f) {0, f##_1, f##_2, f##_3, f##_4, 0, f##_6}
#else
#define INTEGER_KERNELS(f) {0, f##_1, f##_2}
#endif

static void tile_fp32(const ck_tile *t) {
  static const exact kernels[] = KERNELS(fp32);
  split(t, MOST_ROWS, kernels);
}
static void tile_bf16(const ck_tile *t) {
  static const exact kernels[] = KERNELS(bf16);
  split(t, MOST_ROWS, kernels);
}
static void tile_int8(const ck_tile *t) {
  static const exact kernels[] = INTEGER_KERNELS(int8);
  split(t, MOST_ROWS_INTEGER, kernels);
}
static void tile_int4(const ck_tile *t) {
  static const exact kernels[] = INTEGER_KERNELS(int4);
  split(t, MOST_ROWS_INTEGER, kernels);
}
