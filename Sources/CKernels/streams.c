// Streams over memory, sums among threads, and the loops that find a thread's peaks.
#include <string.h>

#include "paths.h"

typedef struct {
  ck_pool *pool;
  long count;
  float *a;
  const float *b, *c;
  float *const *buffers;
  ck_format format;
  ck_tile tile;
  float *scratch;
} stream;

static void share_of(const stream *s, int thread, long *first, long *count) {
  const int threads = ck_pool_threads(s->pool);
  // Whole lines of the cache, so that no two threads write to one.
  const long lines = (s->count + 15) / 16;
  const long from = ck_first(lines, thread, threads) * 16, end = ck_first(lines, thread + 1, threads) * 16;
  *first = from < s->count ? from : s->count;
  *count = (end < s->count ? end : s->count) - *first;
}

static void read_share(void *context, int thread) {
  stream *s = context;
  long first, count;
  share_of(s, thread, &first, &count);
  *ck_pool_result(s->pool, thread) = ck_pool_path(s->pool)->read(s->b + first, count);
}

static double sum(const stream *s) {
  double sum = 0;
  for (int thread = 0; thread < ck_pool_threads(s->pool); thread++) sum += *ck_pool_result(s->pool, thread);
  return sum;
}

float ck_read(ck_pool *pool, const float *x, long count) {
  stream s = {.pool = pool, .count = count, .b = x};
  ck_pool_run(pool, read_share, &s);
  return (float)sum(&s);
}

static void triad_share(void *context, int thread) {
  stream *s = context;
  long first, count;
  share_of(s, thread, &first, &count);
  ck_pool_path(s->pool)->triad(s->a + first, s->b + first, s->c + first, count);
}

void ck_triad(ck_pool *pool, float *a, const float *b, const float *c, long count) {
  ck_pool_run(pool, triad_share, &(stream){.pool = pool, .count = count, .a = a, .b = b, .c = c});
}

static void copy_share(void *context, int thread) {
  stream *s = context;
  long first, count;
  share_of(s, thread, &first, &count);
  memcpy(s->a + first, s->b + first, count * 4);
}

void ck_copy(ck_pool *pool, float *to, const float *from, long count) {
  ck_pool_run(pool, copy_share, &(stream){.pool = pool, .count = count, .a = to, .b = from});
}

static void reduce_share(void *context, int thread) {
  stream *s = context;
  const int threads = ck_pool_threads(s->pool);
  long first, count;
  share_of(s, thread, &first, &count);
  for (int other = 1; other < threads; other++) {
    ck_pool_path(s->pool)->accumulate(s->buffers[0] + first, s->buffers[other] + first, 1, count);
  }
  for (int other = 1; other < threads; other++) memcpy(s->buffers[other] + first, s->buffers[0] + first, count * 4);
}

void ck_all_reduce(ck_pool *pool, float *const *buffers, long count) {
  ck_pool_run(pool, reduce_share, &(stream){.pool = pool, .count = count, .buffers = buffers});
}

static void peak_share(void *context, int thread) {
  stream *s = context;
  *ck_pool_result(s->pool, thread) = ck_pool_path(s->pool)->peak[s->format](s->count);
}

double ck_peak(ck_pool *pool, ck_format format, long iterations) {
  if (format > CK_INT8) return 0;
  stream s = {.pool = pool, .format = format, .count = iterations};
  ck_pool_run(pool, peak_share, &s);
  return sum(&s);
}

// Rows of sums lie as far apart as in a product with this many outputs.
#define SUM_STRIDE 1024

typedef struct {
  long panel, rows, groups, sums, all;
} tile_sizes;

/// Words of each operand of a tile loop.
static tile_sizes sizes_of(const ck_tile *tile, long rows) {
  tile_sizes s = {.panel = tile->words * CK_PANEL, .rows = 2 * tile->words * rows, .sums = rows * SUM_STRIDE};
  s.groups = tile->group_words ? tile->words / tile->group_words : 0;
  s.all = s.panel + s.rows + s.groups * (CK_PANEL + 2 * CK_ROWS) + s.sums;
  return s;
}

static void tile_share(void *context, int thread) {
  stream *s = context;
  const ck_path *path = ck_pool_path(s->pool);
  const tile_sizes size = sizes_of(&s->tile, s->tile.rows);
  float *own = s->scratch + thread * size.all;
  ck_tile tile = s->tile;
  tile.b = tile.next = (uint32_t *)own;
  if (size.groups) {
    tile.scales = own + size.panel + size.rows, tile.row_scales = tile.scales + size.groups * CK_PANEL;
    tile.row_offsets = (int32_t *)(tile.row_scales + size.groups * CK_ROWS);
  }
  for (long i = 0; i < s->count; i++) {
    tile.a = (uint32_t *)(own + size.panel), tile.c = own + size.all - size.sums;
    for (long left = s->tile.rows; left > 0; left -= tile.rows) {
      tile.rows = left < CK_ROWS ? (int)left : CK_ROWS, tile.astride = tile.rows;
      path->tile[s->format](&tile);
      tile.a += tile.words * tile.rows * ck_row_words(path, s->format), tile.c += tile.rows * SUM_STRIDE;
    }
  }
}

double ck_tile_loop(ck_pool *pool, ck_scratch *scratch, ck_format format, long rows, long words, long group,
                    long iterations) {
  stream s = {.pool = pool, .format = format, .count = iterations};
  const int per_word = 1 << format;
  s.tile = (ck_tile){.rows = (int)rows, .words = words, .cstride = SUM_STRIDE};
  if (format >= CK_INT8) s.tile.group_words = group / per_word;
  if (rows < 1 || words < 1 || (s.tile.group_words && words % s.tile.group_words)) return 0;
  s.scratch = ck_scratch_take(scratch, CK_SLOT_LOOP, ck_pool_threads(pool) * sizes_of(&s.tile, rows).all * 4);
  if (!s.scratch) return 0;
  ck_pool_run(pool, tile_share, &s);
  return 2.0 * rows * CK_PANEL * words * per_word * iterations * ck_pool_threads(pool);
}

enum { PACKED = 1024 };

static void pack_share(void *context, int thread) {
  stream *s = context;
  const ck_path *path = ck_pool_path(s->pool);
  float *x = s->scratch + thread * 3 * CK_ROWS * PACKED, *scales = x + 2 * CK_ROWS * PACKED;
  uint32_t *words = (uint32_t *)(x + CK_ROWS * PACKED);
  for (long i = 0; i < s->count; i++) {
    if (s->format < CK_INT8) {
      path->pack(s->format, CK_ROWS, PACKED, PACKED, x, words, PACKED);
    } else {
      path->quantise(8, CK_ROWS, PACKED, PACKED, x, 128, PACKED / 128, words, scales,
                     (int32_t *)(scales + CK_ROWS * PACKED / 128));
    }
  }
}

double ck_pack_loop(ck_pool *pool, ck_scratch *scratch, ck_format format, long iterations) {
  stream s = {.pool = pool, .format = format, .count = iterations};
  s.scratch = ck_scratch_take(scratch, CK_SLOT_LOOP, (size_t)ck_pool_threads(pool) * 3 * CK_ROWS * PACKED * 4);
  if (!s.scratch) return 0;
  ck_pool_run(pool, pack_share, &s);
  return (double)CK_ROWS * PACKED * iterations * ck_pool_threads(pool);
}

enum { BLOCK = 256 };

static void score_share(void *context, int thread) {
  stream *s = context;
  float *scores = s->scratch + thread * 2 * CK_ROWS * BLOCK;
  float maxima[CK_ROWS], sums[CK_ROWS] = {0}, shrink[CK_ROWS];
  long visible[CK_ROWS];
  for (int r = 0; r < CK_ROWS; r++) maxima[r] = -__builtin_inff(), visible[r] = BLOCK;
  for (long i = 0; i < s->count; i++) {
    ck_pool_path(s->pool)->weigh(s->format, CK_ROWS, BLOCK, BLOCK, scores, visible, 1, maxima, sums, shrink,
                                 (uint32_t *)(scores + CK_ROWS * BLOCK));
  }
}

double ck_score_loop(ck_pool *pool, ck_scratch *scratch, ck_format format, long iterations) {
  if (format > CK_BF16) return 0;
  stream s = {.pool = pool, .format = format, .count = iterations};
  s.scratch = ck_scratch_take(scratch, CK_SLOT_LOOP, (size_t)ck_pool_threads(pool) * 2 * CK_ROWS * BLOCK * 4);
  if (!s.scratch) return 0;
  ck_pool_run(pool, score_share, &s);
  return (double)CK_ROWS * BLOCK * iterations * ck_pool_threads(pool);
}
