// What a transformer's layer is composed of: norm, gate, feed-forward, mixture of experts, and the layer.
#include <stdlib.h>
#include <string.h>

#include "paths.h"

typedef struct {
  ck_pool *pool;
  long rows, size;
  const float *x, *weight;
  float *out;
} rowwise;

static void norm_rows(void *context, int thread) {
  const rowwise *w = context;
  const int threads = ck_pool_threads(w->pool);
  for (long r = ck_first(w->rows, thread, threads); r < ck_first(w->rows, thread + 1, threads); r++) {
    ck_pool_path(w->pool)->norm(w->size, w->x + r * w->size, w->weight, w->out + r * w->size);
  }
}

void ck_norm(ck_pool *pool, long rows, long size, const float *x, const float *weight, float *out) {
  ck_pool_run(pool, norm_rows, &(rowwise){pool, rows, size, x, weight, out});
}

static void softmax_rows(void *context, int thread) {
  const rowwise *w = context;
  const int threads = ck_pool_threads(w->pool);
  for (long r = ck_first(w->rows, thread, threads); r < ck_first(w->rows, thread + 1, threads); r++) {
    ck_pool_path(w->pool)->softmax(w->size, w->out + r * w->size);
  }
}

void ck_softmax(ck_pool *pool, long rows, long size, float *x) {
  ck_pool_run(pool, softmax_rows, &(rowwise){.pool = pool, .rows = rows, .size = size, .out = x});
}

/// Rows [2 x size] become rows [size], in place of the first rows' halves and then packed together: one thread's rows
/// would overwrite another's, so the result goes to `out`.
static void gate_rows(void *context, int thread) {
  const rowwise *w = context;
  const int threads = ck_pool_threads(w->pool);
  for (long r = ck_first(w->rows, thread, threads); r < ck_first(w->rows, thread + 1, threads); r++) {
    float *out = w->out + r * w->size;
    memcpy(out, w->x + 2 * r * w->size, w->size * 4);
    ck_pool_path(w->pool)->gate(w->size, out, w->x + (2 * r + 1) * w->size);
  }
}

static void add_rows(void *context, int thread) {
  const rowwise *w = context;
  const int threads = ck_pool_threads(w->pool);
  const long count = w->rows * w->size, from = ck_first(count, thread, threads);
  ck_pool_path(w->pool)->accumulate(w->out + from, w->x + from, 1, ck_first(count, thread + 1, threads) - from);
}

static void add(ck_pool *pool, long rows, long size, const float *x, float *to) {
  ck_pool_run(pool, add_rows, &(rowwise){.pool = pool, .rows = rows, .size = size, .x = x, .out = to});
}

bool ck_ffn_run(ck_pool *pool, ck_scratch *scratch, const ck_ffn *ffn, long rows, const float *x, float *out) {
  const long width = ffn->down.inputs;
  if (ffn->gate_up.outputs != 2 * width) return false;
  float *both = ck_scratch_take(scratch, CK_SLOT_HIDDEN, (size_t)rows * width * 3 * 4);
  if (!both || !ck_product(pool, scratch, &ffn->gate_up, rows, x, both)) return false;
  float *hidden = both + rows * width * 2;
  ck_pool_run(pool, gate_rows, &(rowwise){.pool = pool, .rows = rows, .size = width, .x = both, .out = hidden});
  return ck_product(pool, scratch, &ffn->down, rows, hidden, out);
}

/// The `chosen` greatest of `count` logits, with the softmax over them.
static void choose(const float *logits, long count, long chosen, int32_t *experts, float *shares) {
  float sum = 0;
  for (long c = 0; c < chosen; c++) {
    long best = -1;
    for (long e = 0; e < count; e++) {
      bool taken = false;
      for (long before = 0; before < c; before++) taken |= experts[before] == e;
      if (!taken && (best < 0 || logits[e] > logits[best])) best = e;
    }
    experts[c] = (int32_t)best;
    shares[c] = logits[best];
  }
  for (long c = chosen - 1; c >= 0; c--) sum += shares[c] = __builtin_expf(shares[c] - shares[0]);
  for (long c = 0; c < chosen; c++) shares[c] /= sum;
}

bool ck_moe_run(ck_pool *pool, ck_scratch *scratch, const ck_moe *moe, long rows, const float *x, float *out,
                long *used) {
  const long size = moe->router.inputs, picks = rows * moe->chosen;
  if (moe->chosen < 1 || moe->chosen > moe->count || moe->router.outputs != moe->count) return false;
  float *logits = ck_scratch_take(scratch, CK_SLOT_LOGITS, (size_t)(rows * moe->count + 2 * picks) * 4);
  float *gathered = ck_scratch_take(scratch, CK_SLOT_GATHER, (size_t)2 * rows * size * 4 + (size_t)rows * 8);
  if (!logits || !gathered || !ck_product(pool, scratch, &moe->router, rows, x, logits)) return false;
  float *shares = logits + rows * moe->count, *results = gathered + rows * size;
  int32_t *experts = (int32_t *)(shares + picks);
  int32_t *members = (int32_t *)(results + rows * size);
  float *member_shares = (float *)(members + rows);
  for (long r = 0; r < rows; r++) {
    choose(logits + r * moe->count, moe->count, moe->chosen, experts + r * moe->chosen, shares + r * moe->chosen);
  }
  memset(out, 0, (size_t)rows * size * 4);
  *used = 0;
  for (long e = 0; e < moe->count; e++) {
    long count = 0;
    for (long pick = 0; pick < picks; pick++) {
      if (experts[pick] != e) continue;
      members[count] = (int32_t)(pick / moe->chosen);
      member_shares[count] = shares[pick];
      memcpy(gathered + count * size, x + pick / moe->chosen * size, size * 4);
      count++;
    }
    if (count == 0) continue;
    ++*used;
    if (!ck_ffn_run(pool, scratch, &moe->experts[e], count, gathered, results)) return false;
    for (long i = 0; i < count; i++) {
      ck_pool_path(pool)->accumulate(out + members[i] * size, results + i * size, member_shares[i], size);
    }
  }
  return true;
}

typedef struct {
  ck_pool *pool;
  ck_cache *cache;
  long queries, context, query_heads, width;
  const float *qkv;
  float *q;
} spread;

/// Stores the new keys and values, and gathers the queries.
static void spread_rows(void *context, int thread) {
  const spread *s = context;
  const int threads = ck_pool_threads(s->pool);
  const long size = s->cache->size, heads = s->cache->heads, q_width = s->query_heads * size;
  // Pairs of tokens share words, so a thread takes whole sequences and heads.
  for (long row = 0; row < s->cache->sequences * s->queries; row++) {
    const long sequence = row / s->queries, token = s->context - s->queries + row % s->queries;
    const float *from = s->qkv + row * s->width;
    if (row % threads == thread) memcpy(s->q + row * q_width, from, q_width * 4);
    for (long head = ck_first(heads, thread, threads); head < ck_first(heads, thread + 1, threads); head++) {
      const float *key = from + q_width + head * size;
      ck_cache_store(s->cache, sequence, head, token, key, key + heads * size);
    }
  }
}

bool ck_layer_run(ck_pool *pool, ck_scratch *scratch, const ck_layer *layer, ck_cache *cache, long queries,
                  long context, float *x) {
  const long rows = cache->sequences * queries, size = layer->qkv.inputs, q_width = layer->query_heads * cache->size;
  const long width = layer->qkv.outputs;
  if (width != q_width + 2 * cache->heads * cache->size || layer->output.inputs != q_width) return false;
  if (context > cache->capacity || queries > context) return false;
  float *normed = ck_scratch_take(scratch, CK_SLOT_LAYER, (size_t)rows * (2 * size + width + 2 * q_width) * 4);
  if (!normed) return false;
  float *result = normed + rows * size, *qkv = result + rows * size, *q = qkv + rows * width, *mixed = q + rows * q_width;
  ck_norm(pool, rows, size, x, layer->attention_norm, normed);
  if (!ck_product(pool, scratch, &layer->qkv, rows, normed, qkv)) return false;
  ck_pool_run(pool, spread_rows, &(spread){pool, cache, queries, context, layer->query_heads, width, qkv, q});
  if (!ck_attention(pool, scratch, cache, queries, context, layer->query_heads, q, mixed)) return false;
  if (!ck_product(pool, scratch, &layer->output, rows, mixed, result)) return false;
  add(pool, rows, size, result, x);
  ck_norm(pool, rows, size, x, layer->ffn_norm, normed);
  if (!ck_ffn_run(pool, scratch, &layer->ffn, rows, normed, result)) return false;
  add(pool, rows, size, result, x);
  return true;
}
