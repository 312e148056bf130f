#pragma once
// Reference kernels of a transformer on processors: what `medley measure` times and what the cost model is held against.
//
// Every matrix of weights is stored in panels of CK_PANEL outputs. Within a panel one 4-byte word of each output stands
// beside the others: a float, two bf16, four bytes or eight nibbles along the inputs. One tile kernel per format then
// serves products with one row and with many, and attention, whose cached keys are panels of tokens.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CK_PANEL 32
#define CK_ROWS 12

/// What weights are stored in. Activations are floats outside, and float, bf16 or int8 within a product.
typedef enum { CK_FP32 = 0, CK_BF16 = 1, CK_INT8 = 2, CK_INT4 = 3 } ck_format;

/// The instruction sets that kernels are written for, in ascending order of preference.
int ck_path_count(void);
const char *ck_path_name(int path);
bool ck_path_supported(int path);
/// The most rows that a tile of a format holds in registers.
int ck_path_rows(int path, ck_format format);

/// Threads that run kernels together on one instruction set; the caller's thread is the first of them.
typedef struct ck_pool ck_pool;
/// NULL where threads cannot be started, or the processor lacks the instruction set.
ck_pool *ck_pool_create(int threads, int path);
void ck_pool_free(ck_pool *pool);
int ck_pool_threads(const ck_pool *pool);
/// Forks and joins once without work.
void ck_launch(ck_pool *pool);

/// Weights of `outputs` x `inputs`; integers have one float scale per `group` inputs of an output.
typedef struct {
  ck_format format;
  long outputs, inputs, group;
  long words;       ///< 4-byte words of an output, padded to whole groups
  long panels;      ///< panels of CK_PANEL outputs, the last padded
  uint32_t *data;   ///< [panels][words][CK_PANEL]
  float *scales;    ///< [panels][groups][CK_PANEL], NULL for floats
} ck_weights;

/// Stores `values` [outputs][inputs] in a format; false without memory. `group` (a multiple of 32) counts for integers.
bool ck_weights_store(ck_weights *weights, ck_format format, long outputs, long inputs, long group,
                      const float *values);
/// Allocates weights that are all alike, for timing.
bool ck_weights_fill(ck_weights *weights, ck_format format, long outputs, long inputs, long group);
void ck_weights_free(ck_weights *weights);
/// The value that a stored weight stands for.
float ck_weight(const ck_weights *weights, long output, long input);
/// Bytes that a product reads of the weights.
size_t ck_weights_bytes(const ck_weights *weights);

/// Memory in whole pages, aligned to them and zero; NULL without memory. Freed by free.
void *ck_allocate(size_t bytes);

/// Scratch memory that products and layers grow into; reuse it, or every call pays for fresh pages.
typedef struct ck_scratch ck_scratch;
ck_scratch *ck_scratch_create(void);
void ck_scratch_free(ck_scratch *scratch);

/// y [rows][outputs] = x [rows][inputs] times the weights. All kernels below return false without memory.
bool ck_product(ck_pool *pool, ck_scratch *scratch, const ck_weights *weights, long rows, const float *x, float *y);

/// The keys and values of `sequences` x `heads` (kv heads) with room for `capacity` tokens of `size` channels
/// (a multiple of 32), in fp32 or bf16.
typedef struct {
  ck_format format;
  long sequences, heads, size, capacity;
  uint32_t *keys;    ///< [sequence][head][capacity / 32][words of size][32]
  uint32_t *values;  ///< [sequence][head][size / 32][words of capacity][32]
} ck_cache;

bool ck_cache_create(ck_cache *cache, ck_format format, long sequences, long heads, long size, long capacity);
void ck_cache_free(ck_cache *cache);
/// Stores one token's key and value [size] of a head.
void ck_cache_store(ck_cache *cache, long sequence, long head, long token, const float *key, const float *value);

/// Attention of `queries` new tokens per sequence, the last tokens of `context`, each of `query_heads` heads that share
/// the cached heads evenly; causal. q and out are [sequences][queries][query_heads][size].
bool ck_attention(ck_pool *pool, ck_scratch *scratch, const ck_cache *cache, long queries, long context,
                  long query_heads, const float *q, float *out);

/// out [rows][size] = x / rms(x) * weight, rms with epsilon 1e-5.
void ck_norm(ck_pool *pool, long rows, long size, const float *x, const float *weight, float *out);
/// Softmax of each row in place.
void ck_softmax(ck_pool *pool, long rows, long size, float *x);

/// A gated feed-forward block: down(silu(gate(x)) * up(x)); gate and up are one matrix of 2 x width outputs.
typedef struct {
  ck_weights gate_up, down;
} ck_ffn;
bool ck_ffn_run(ck_pool *pool, ck_scratch *scratch, const ck_ffn *ffn, long rows, const float *x, float *out);

/// A mixture of experts: each row goes to the `chosen` experts with the highest router logits, weighted by the softmax
/// over these.
typedef struct {
  ck_weights router;
  long count, chosen;
  const ck_ffn *experts;
} ck_moe;
/// `used` receives how many experts had rows.
bool ck_moe_run(ck_pool *pool, ck_scratch *scratch, const ck_moe *moe, long rows, const float *x, float *out,
                long *used);

/// One layer: norm, attention with the cache, norm, feed-forward, residuals; no positional rotation.
typedef struct {
  long query_heads;
  const float *attention_norm, *ffn_norm;
  ck_weights qkv, output;
  ck_ffn ffn;
} ck_layer;
/// Runs `queries` new tokens of each of the cache's sequences, the last of `context`; x [sequences][queries][inputs] is
/// replaced by the result.
bool ck_layer_run(ck_pool *pool, ck_scratch *scratch, const ck_layer *layer, ck_cache *cache, long queries,
                  long context, float *x);

/// The sum of `count` floats, read once by all threads.
float ck_read(ck_pool *pool, const float *x, long count);
/// a = b + 3 c.
void ck_triad(ck_pool *pool, float *a, const float *b, const float *c, long count);
void ck_copy(ck_pool *pool, float *to, const float *from, long count);
/// Every thread's buffer [count] becomes the sum of all: each reduces its share and writes it to all.
void ck_all_reduce(ck_pool *pool, float *const *buffers, long count);

/// Multiply-adds on registers alone, in fp32, bf16 or int8 on each thread; returns the operations done (2 per
/// multiply-add), 0 where the instruction set has no such instruction.
double ck_peak(ck_pool *pool, ck_format format, long iterations);
/// A block of a panel, `words` long, times `rows` rows, again and again on every thread: up to CK_ROWS rows and 256
/// words stay in L1, hundreds of rows in L2. Returns the operations done.
double ck_tile_loop(ck_pool *pool, ck_scratch *scratch, ck_format format, long rows, long words, long group,
                    long iterations);
/// Packs CK_ROWS rows of 1,024 activations for a product in a format, again and again on every thread.
/// Returns the activations done.
double ck_pack_loop(ck_pool *pool, ck_scratch *scratch, ck_format format, long iterations);
/// The softmax step of attention on blocks of CK_ROWS x 256 scores in L1, again and again on every thread.
/// Returns the scores done.
double ck_score_loop(ck_pool *pool, ck_scratch *scratch, ck_format format, long iterations);

/// What reading a file gave.
typedef struct {
  double seconds, bytes;
  bool direct;  ///< past the page cache
  int error;    ///< errno, or 0
} ck_disk_result;
/// Opens a file for reads past the page cache, or plain ones where the file system has no others; -1 where it cannot.
int ck_disk_open(const char *path);
/// Writes a file of `bytes` that ck_disk_read can read; returns errno.
int ck_disk_write(const char *path, size_t bytes);
/// Reads `count` pieces of `size` bytes at random places (or in order) with `depth` requests in flight, each a thread's
/// pread. Without O_DIRECT the file is dropped from the page cache first, as far as the system does that.
ck_disk_result ck_disk_read(const char *path, size_t bytes, size_t size, int depth, long count, bool random);
