// Weights in panels, and their product with rows of activations.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"

// Words of a panel that are multiplied in one go, and rows whose words stay in L2 beside two panels of them (1.7 of 2 MiB).
// A tile begins and ends within some 200 cycles, whatever its words, of which each takes 12 cycles with 12 rows.
#define BLOCK_WORDS 1024
#define BLOCK_ROWS 384
// How far ahead a panel that is read once is asked for, in words.
#define FAR_AHEAD 128

static bool is_integer(ck_format format) { return format >= CK_INT8; }
static int zero_point(ck_format format) { return format == CK_INT8 ? 128 : 8; }
/// Inputs in a word.
static int share(ck_format format) { return 1 << format; }

static bool shape(ck_weights *w, ck_format format, long outputs, long inputs, long group) {
  *w = (ck_weights){.format = format, .outputs = outputs, .inputs = inputs, .group = group};
  if (outputs < 1 || inputs < 1 || (is_integer(format) && (group < 32 || group % 32))) return false;
  w->panels = (outputs + CK_PANEL - 1) / CK_PANEL;
  long groups = is_integer(format) ? (inputs + group - 1) / group : 0;
  w->words = is_integer(format) ? groups * group / share(format) : (inputs + share(format) - 1) / share(format);
  w->data = ck_allocate((size_t)w->panels * w->words * CK_PANEL * 4);
  if (is_integer(format)) w->scales = ck_allocate((size_t)w->panels * groups * CK_PANEL * 4);
  if (w->data && (w->scales || !is_integer(format))) return true;
  ck_weights_free(w);
  return false;
}

static long groups_of(const ck_weights *w) { return is_integer(w->format) ? w->words * share(w->format) / w->group : 0; }

static uint32_t *word_of(const ck_weights *w, long output, long word) {
  return w->data + (output / CK_PANEL * w->words + word) * CK_PANEL + output % CK_PANEL;
}
static float *scale_of(const ck_weights *w, long output, long group) {
  return w->scales + (output / CK_PANEL * groups_of(w) + group) * CK_PANEL + output % CK_PANEL;
}
/// Where in its word an input stands: bf16 and bytes in order; nibbles with inputs 0 to 3 low, 4 to 7 high.
static int shift_of(ck_format format, long input) {
  if (format == CK_BF16) return (int)(input % 2) * 16;
  if (format == CK_INT8) return (int)(input % 4) * 8;
  return (int)(input % 4) * 8 + (int)(input % 8 / 4) * 4;
}

bool ck_weights_store(ck_weights *w, ck_format format, long outputs, long inputs, long group, const float *values) {
  if (!shape(w, format, outputs, inputs, group)) return false;
  for (long o = 0; o < outputs; o++) {
    const float *row = values + o * inputs;
    if (!is_integer(format)) {
      for (long i = 0; i < inputs; i++) {
        uint32_t bits = ck_half(row[i]);
        if (format == CK_FP32) memcpy(&bits, &row[i], 4);
        *word_of(w, o, i / share(format)) |= format == CK_BF16 ? bits << shift_of(format, i) : bits;
      }
      continue;
    }
    for (long g = 0; g < groups_of(w); g++) {
      float largest = 0;
      for (long i = g * group; i < (g + 1) * group && i < inputs; i++) largest = fmaxf(largest, fabsf(row[i]));
      const int top = zero_point(format) - 1;
      const float scale = largest / top;
      *scale_of(w, o, g) = scale;
      for (long i = g * group; i < (g + 1) * group; i++) {
        int level = i < inputs && scale > 0 ? (int)lrintf(row[i] / scale) : 0;
        level = (level > top ? top : level < -top ? -top : level) + zero_point(format);
        *word_of(w, o, i / share(format)) |= (uint32_t)level << shift_of(format, i);
      }
    }
  }
  return true;
}

bool ck_weights_fill(ck_weights *w, ck_format format, long outputs, long inputs, long group) {
  if (!shape(w, format, outputs, inputs, group)) return false;
  // Floats near 1 in 32 and 16 bits, and any levels of integers.
  uint32_t word = format == CK_FP32 ? 0x3c23d70au : format == CK_BF16 ? 0x3c243c24u : 0x978a7b6cu;
  for (long i = 0; i < w->panels * w->words * CK_PANEL; i++) w->data[i] = word;
  for (long i = 0; w->scales && i < w->panels * groups_of(w) * CK_PANEL; i++) w->scales[i] = 1e-3f;
  return true;
}

void ck_weights_free(ck_weights *w) {
  free(w->data), free(w->scales);
  w->data = NULL, w->scales = NULL;
}

float ck_weight(const ck_weights *w, long output, long input) {
  uint32_t word = *word_of(w, output, input / share(w->format));
  float value;
  memcpy(&value, &word, 4);
  if (w->format == CK_FP32) return value;
  word >>= shift_of(w->format, input);
  if (w->format == CK_BF16) return ck_float((uint16_t)word);
  int level = (int)(word & (w->format == CK_INT8 ? 255u : 15u)) - zero_point(w->format);
  return level * *scale_of(w, output, input / w->group);
}

size_t ck_weights_bytes(const ck_weights *w) {
  return (size_t)w->panels * CK_PANEL * 4 * (size_t)(w->words + groups_of(w));
}

typedef struct {
  ck_pool *pool;
  const ck_weights *weights;
  long rows, groups, block;  // words of a block
  const float *x;
  float *y, *row_scales;
  int32_t *row_offsets;
  uint32_t *packed;  // [block][group of CK_ROWS rows][word][rows of the group]
} product;

static int rows_of(const product *p, long group) {
  long left = p->rows - group * CK_ROWS;
  return (int)(left < CK_ROWS ? left : CK_ROWS);
}

/// Words from `first` that are multiplied in one go.
static long block_at(const product *p, long first) {
  const long left = p->weights->words - first;
  return left < p->block ? left : p->block;
}

/// Where the words of a group of rows begin in a block: block after block, and group after group within it, so that
/// consecutive tiles read on.
static long place_of(const product *p, long group, long first, long words, int per_word) {
  return (first * p->rows + group * CK_ROWS * words) * per_word;
}

static void pack_rows(const product *p, long group) {
  const ck_weights *w = p->weights;
  const ck_path *path = ck_pool_path(p->pool);
  const int rows = rows_of(p, group), per = share(w->format), per_word = ck_row_words(path, w->format);
  for (long first = 0; first < w->words; first += p->block) {
    const long words = block_at(p, first), left = w->inputs - first * per;
    const long size = left < words * per ? left : words * per;
    const float *x = p->x + group * CK_ROWS * w->inputs + first * per;
    uint32_t *to = p->packed + place_of(p, group, first, words, per_word);
    if (is_integer(w->format)) {
      const long each = w->group / per, scales = place_of(p, group, first / each, words / each, 1);
      path->quantise(zero_point(w->format), rows, size, w->inputs, x, w->group, words / each, to,
                     p->row_scales + scales, p->row_offsets + scales);
    } else {
      path->pack(w->format, rows, size, w->inputs, x, to, words * per);
    }
  }
}

/// One group of rows times one block of a panel, which begins at word `first`; `next` is read after it, in steps.
static void tile(const product *p, long panel, long group, long first, const uint32_t *next, long step) {
  const ck_weights *w = p->weights;
  const int rows = rows_of(p, group);
  const long words = block_at(p, first);
  float edge[CK_ROWS * CK_PANEL];
  const long outputs = w->outputs - panel * CK_PANEL;
  float *y = p->y + group * CK_ROWS * w->outputs + panel * CK_PANEL;
  const bool whole = outputs >= CK_PANEL;
  if (!whole && first > 0) {
    for (int r = 0; r < rows; r++) memcpy(edge + r * CK_PANEL, y + r * w->outputs, outputs * 4);
  }
  ck_tile t = {
      .rows = rows,
      .add = first > 0,
      .words = words,
      .astride = rows,
      .a = p->packed + place_of(p, group, first, words, ck_row_words(ck_pool_path(p->pool), w->format)),
      .b = w->data + (panel * w->words + first) * CK_PANEL,
      .c = whole ? y : edge,
      .cstride = whole ? w->outputs : CK_PANEL,
      .next = next,
      .next_step = step,
  };
  if (is_integer(w->format)) {
    t.group_words = w->group / share(w->format);
    const long done = first / t.group_words, scales = place_of(p, group, done, words / t.group_words, 1);
    t.scales = w->scales + (panel * groups_of(w) + done) * CK_PANEL;
    t.row_scales = p->row_scales + scales, t.row_offsets = p->row_offsets + scales;
  }
  ck_pool_path(p->pool)->tile[w->format](&t);
  for (int r = 0; !whole && r < rows; r++) memcpy(y + r * w->outputs, edge + r * CK_PANEL, outputs * 4);
}

static void multiply(void *context, int thread) {
  const product *p = context;
  const ck_weights *w = p->weights;
  const int threads = ck_pool_threads(p->pool);
  for (long g = ck_first(p->groups, thread, threads); g < ck_first(p->groups, thread + 1, threads); g++) {
    pack_rows(p, g);
  }
  ck_pool_barrier(p->pool);
  const long from = ck_first(w->panels, thread, threads), end = ck_first(w->panels, thread + 1, threads);
  if (p->groups == 1) {
    // A panel is read once, from end to end, and the next one follows it.
    for (long panel = from; panel < end; panel++) {
      for (long first = 0; first < w->words; first += p->block) {
        tile(p, panel, 0, first, word_of(w, panel * CK_PANEL, first) + FAR_AHEAD * CK_PANEL, CK_PANEL);
      }
    }
    return;
  }
  const long most = BLOCK_ROWS / CK_ROWS;
  for (long start = 0; start < p->groups; start += most) {
    const long stop = start + most < p->groups ? start + most : p->groups;
    // Each group asks for its share of the panel that all of them meet next.
    const long step = (CK_PANEL + stop - start - 1) / (stop - start);
    for (long first = 0; first < w->words; first += p->block) {
      for (long panel = from; panel < end; panel++) {
        const long after = first + block_at(p, first);
        const uint32_t *next = panel + 1 < end     ? word_of(w, (panel + 1) * CK_PANEL, first)
                               : after < w->words ? word_of(w, from * CK_PANEL, after)
                                                  : word_of(w, from * CK_PANEL, 0);
        for (long group = start; group < stop; group++, next += step * block_at(p, first)) {
          tile(p, panel, group, first, next, step);
        }
      }
    }
  }
}

bool ck_product(ck_pool *pool, ck_scratch *scratch, const ck_weights *w, long rows, const float *x, float *y) {
  if (rows < 1) return rows == 0;
  product p = {.pool = pool, .weights = w, .rows = rows, .groups = (rows + CK_ROWS - 1) / CK_ROWS, .x = x, .y = y};
  const int per_word = ck_row_words(ck_pool_path(pool), w->format);
  p.block = BLOCK_WORDS / per_word;
  if (is_integer(w->format)) {
    const long group = w->group / share(w->format);
    p.block = group > p.block ? group : p.block / group * group;
  }
  p.packed = ck_scratch_take(scratch, CK_SLOT_ROWS, (size_t)rows * w->words * per_word * 4);
  if (!p.packed) return false;
  if (is_integer(w->format)) {
    size_t count = (size_t)rows * groups_of(w);
    p.row_scales = ck_scratch_take(scratch, CK_SLOT_ROW_SCALES, count * 8);
    if (!p.row_scales) return false;
    p.row_offsets = (int32_t *)(p.row_scales + count);
  }
  ck_pool_run(pool, multiply, &p);
  return true;
}
