// Attention over cached keys and values with a running softmax.
// Source: T. Dao et al., "FlashAttention", 2022.
#include <stdlib.h>
#include <string.h>

#include "paths.h"

// Tokens whose scores are held at once.
#define BLOCK 256

static int share(ck_format format) { return format == CK_BF16 ? 2 : 1; }

bool ck_cache_create(ck_cache *cache, ck_format format, long sequences, long heads, long size, long capacity) {
  capacity = (capacity + BLOCK - 1) / BLOCK * BLOCK;
  *cache = (ck_cache){.format = format, .sequences = sequences, .heads = heads, .size = size, .capacity = capacity};
  if (format > CK_BF16 || size < 32 || size % 32 || sequences < 1 || heads < 1 || capacity < 1) return false;
  size_t bytes = (size_t)sequences * heads * capacity * size / share(format) * 4;
  cache->keys = ck_allocate(bytes);
  cache->values = ck_allocate(bytes);
  if (cache->keys && cache->values) return true;
  ck_cache_free(cache);
  return false;
}

void ck_cache_free(ck_cache *cache) {
  free(cache->keys), free(cache->values);
  cache->keys = NULL, cache->values = NULL;
}

static uint32_t *head_of(const ck_cache *cache, uint32_t *base, long sequence, long head) {
  return base + (sequence * cache->heads + head) * cache->capacity * cache->size / share(cache->format);
}

void ck_cache_store(ck_cache *cache, long sequence, long head, long token, const float *key, const float *value) {
  const long words = cache->size / share(cache->format);
  uint32_t *keys = head_of(cache, cache->keys, sequence, head) + token / CK_PANEL * words * CK_PANEL + token % CK_PANEL;
  uint32_t *values = head_of(cache, cache->values, sequence, head) + token / share(cache->format) * CK_PANEL;
  const long lines = cache->capacity / share(cache->format);
  if (cache->format == CK_FP32) {
    for (long i = 0; i < words; i++) memcpy(keys + i * CK_PANEL, key + i, 4);
    for (long i = 0; i < cache->size; i += CK_PANEL) memcpy(values + i * lines, value + i, CK_PANEL * 4);
    return;
  }
  for (long i = 0; i < words; i++) keys[i * CK_PANEL] = ck_half(key[2 * i]) | (uint32_t)ck_half(key[2 * i + 1]) << 16;
  const int shift = (int)(token % 2) * 16;
  for (long i = 0; i < cache->size; i++) {
    uint32_t *pair = values + i / CK_PANEL * CK_PANEL * lines + i % CK_PANEL;
    *pair = (*pair & ~(0xffffu << shift)) | (uint32_t)ck_half(value[i]) << shift;
  }
}

typedef struct {
  ck_pool *pool;
  const ck_cache *cache;
  long queries, context, query_heads, share, tiles, stride;
  const float *q;
  float *out, *scratch;
} attention;

/// Floats that a thread needs: packed queries, scores, packed weights, and the queries in one place.
static long scratch_of(const ck_cache *cache) { return CK_ROWS * (2 * cache->size + 2 * BLOCK); }

/// One tile of up to CK_ROWS rows, a row being a query of one of the heads that share a kv head; the thread reads `after`
/// next.
static void attend(const attention *a, long sequence, long head, long first, int rows, const uint32_t *after,
                   float *scratch) {
  const ck_cache *cache = a->cache;
  const ck_path *path = ck_pool_path(a->pool);
  const int per = share(cache->format);
  const long size = cache->size, words = size / per, lines = cache->capacity / per;
  float *gathered = scratch, *scores = gathered + CK_ROWS * size;
  uint32_t *packed = (uint32_t *)(scores + CK_ROWS * BLOCK), *weights = packed + CK_ROWS * size;
  float maxima[CK_ROWS], sums[CK_ROWS], shrink[CK_ROWS];
  long limit[CK_ROWS], most = 0;
  float *out[CK_ROWS];
  for (int r = 0; r < rows; r++) {
    const long query = (first + r) / a->share, own = head * a->share + (first + r) % a->share;
    const long place = ((sequence * a->queries + query) * a->query_heads + own) * size;
    memcpy(gathered + r * size, a->q + place, size * 4);
    out[r] = a->out + place;
    limit[r] = a->context - a->queries + query + 1;
    most = limit[r] > most ? limit[r] : most;
    maxima[r] = -__builtin_inff(), sums[r] = 0;
  }
  path->pack(cache->format, rows, size, size, gathered, packed, size);
  memset(gathered, 0, (size_t)rows * size * 4);  // from here on the output
  const uint32_t *keys = head_of(cache, cache->keys, sequence, head);
  const uint32_t *values = head_of(cache, cache->values, sequence, head);
  for (long token = 0; token < most; token += BLOCK) {
    const long tokens = most - token < BLOCK ? most - token : BLOCK;
    const long padded = (tokens + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
    // Keys ask for the values of their block, word for word, and values for the keys of the next one.
    const uint32_t *const block = values + token / per * CK_PANEL;
    for (long panel = 0; panel < padded; panel += CK_PANEL) {
      const long done = panel / CK_PANEL * words, of_panel = BLOCK / per;
      path->tile[cache->format](&(ck_tile){
          .rows = rows, .words = words, .astride = rows, .a = packed,
          .b = keys + (token + panel) * words, .c = scores + panel, .cstride = padded,
          .next = block + (done / of_panel * lines + done % of_panel) * CK_PANEL, .next_step = CK_PANEL});
    }
    long visible[CK_ROWS];
    for (int r = 0; r < rows; r++) visible[r] = limit[r] - token;
    path->weigh(cache->format, rows, tokens, padded, scores, visible, 1 / __builtin_sqrtf(size), maxima, sums, shrink,
                weights);
    for (int r = 0; token > 0 && r < rows; r++) {
      if (shrink[r] != 1) path->scale(gathered + r * size, shrink[r], size);
    }
    for (long panel = 0; panel < size; panel += CK_PANEL) {
      path->tile[cache->format](&(ck_tile){
          .rows = rows, .add = true, .words = padded / per, .astride = rows, .a = weights,
          .b = block + panel * lines, .c = gathered + panel, .cstride = size,
          .next = (token + BLOCK < most ? keys + (token + BLOCK) * words : after) + panel * BLOCK / per,
          .next_step = CK_PANEL});
    }
  }
  for (int r = 0; r < rows; r++) {
    const float inverse = 1 / sums[r];
    for (long i = 0; i < size; i++) out[r][i] = gathered[r * size + i] * inverse;
  }
}

static void attend_share(void *context, int thread) {
  const attention *a = context;
  const int threads = ck_pool_threads(a->pool);
  const long rows = a->queries * a->share, items = a->cache->sequences * a->cache->heads * a->tiles;
  // Threads take tiles in turn: under the causal mask later tiles have more to do.
  for (long item = thread; item < items; item += threads) {
    const long pair = item / a->tiles, first = item % a->tiles * CK_ROWS;
    const int count = (int)(rows - first < CK_ROWS ? rows - first : CK_ROWS);
    const long later = (item + threads < items ? item + threads : item) / a->tiles;
    const uint32_t *after = head_of(a->cache, a->cache->keys, later / a->cache->heads, later % a->cache->heads);
    attend(a, pair / a->cache->heads, pair % a->cache->heads, first, count, after, a->scratch + thread * a->stride);
  }
}

bool ck_attention(ck_pool *pool, ck_scratch *scratch, const ck_cache *cache, long queries, long context,
                  long query_heads, const float *q, float *out) {
  if (queries < 1 || context < queries || context > cache->capacity || query_heads % cache->heads) return false;
  attention a = {.pool = pool, .cache = cache, .queries = queries, .context = context, .query_heads = query_heads,
                 .share = query_heads / cache->heads, .q = q, .out = out, .stride = scratch_of(cache)};
  a.tiles = (queries * a.share + CK_ROWS - 1) / CK_ROWS;
  a.scratch = ck_scratch_take(scratch, CK_SLOT_ATTENTION, (size_t)ck_pool_threads(pool) * a.stride * 4);
  if (!a.scratch) return false;
  ck_pool_run(pool, attend_share, &a);
  return true;
}
