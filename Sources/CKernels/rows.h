// What is done to rows of activations: packing, softmax, norm, gate. Included by vector.h.

/// The bits of the nearest bf16 to a float's, ties to even.
INLINE uint32_t half_bits(uint32_t bits) { return (bits + 0x7fff + (bits >> 16 & 1)) >> 16; }

// Inputs of all rows that are packed in one go: what they become stays in L1 until its lines are full.
#define PACKED 128

typedef uint32_t square __attribute__((ext_vector_type(4), aligned(4), may_alias));

/// Packs four inputs of four rows.
INLINE void pack_square(const float *x, long stride, uint32_t *to, int rows, bool half) {
  square row[4];
  FULLY for (int r = 0; r < 4; r++) {
    row[r] = *(const square *)(x + r * stride);
    if (half) row[r] = (row[r] + 0x7fff + (row[r] >> 16 & 1)) & 0xffff0000u;
  }
  const square low = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
  const square high = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
  const square more_low = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
  const square more_high = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
  *(square *)to = __builtin_shufflevector(low, more_low, 0, 1, 4, 5);
  *(square *)(to + rows) = __builtin_shufflevector(low, more_low, 2, 3, 6, 7);
  *(square *)(to + 2 * rows) = __builtin_shufflevector(high, more_high, 0, 1, 4, 5);
  *(square *)(to + 3 * rows) = __builtin_shufflevector(high, more_high, 2, 3, 6, 7);
}

static void pack(ck_format format, int rows, long size, long stride, const float *x, uint32_t *words, long padded) {
  const bool half = format == CK_BF16, pairs = half && HALF_WORDS == 1;
  for (long first = 0; first < padded; first += PACKED) {
    const long end = first + PACKED < padded ? first + PACKED : padded, filled = end < size ? end : size;
    // Most inputs of most rows are packed in squares, the rest one by one.
    const int square_rows = pairs ? 0 : rows / 4 * 4;
    const long squares = filled > first ? first + (filled - first) / 4 * 4 : first;
    for (long i = first; i < squares; i += 4) {
      for (int r = 0; r < square_rows; r += 4) pack_square(x + r * stride + i, stride, words + i * rows + r, rows, half);
    }
    for (int r = 0; r < rows; r++) {
      const uint32_t *row = (const uint32_t *)(x + r * stride);
      uint32_t *to = words + r;
      if (pairs) {
        for (long i = first; i < end; i += 2) {
          const uint32_t low = i < size ? half_bits(row[i]) : 0, high = i + 1 < size ? half_bits(row[i + 1]) : 0;
          to[i / 2 * rows] = low | high << 16;
        }
        continue;
      }
      for (long i = r < square_rows ? squares : first; i < filled; i++) {
        to[i * rows] = half ? half_bits(row[i]) << 16 : row[i];
      }
      for (long i = filled > first ? filled : first; i < end; i++) to[i * rows] = 0;
    }
  }
}

static void quantise(int zero_point, int rows, long size, long stride, const float *x, long group, long groups,
                     uint32_t *words, float *scales, int32_t *offsets) {
  for (long g = 0; g < groups; g++) {
    for (int r = 0; r < rows; r++) {
      float values[group];
      const float *from = x + r * stride + g * group;
      const long count = size - g * group < group ? size - g * group : group;
      float largest = 0;
      for (long i = 0; i < group; i++) {
        values[i] = i < count ? from[i] : 0;
        float magnitude = __builtin_fabsf(values[i]);
        largest = magnitude > largest ? magnitude : largest;
      }
      const float inverse = largest > 0 ? 127 / largest : 0;
      int32_t sum = 0;
      for (long w = 0; w < group / 4; w++) {
        uint32_t word = 0;
        for (int i = 0; i < 4; i++) {
          // Adding 1.5 * 2^23 rounds to the nearest integer, ties to even.
          int32_t level = (int32_t)((values[4 * w + i] * inverse + 12582912.0f) - 12582912.0f);
          sum += level;
          word |= (uint32_t)(uint8_t)(int8_t)level << (8 * i);
        }
        words[(g * group / 4 + w) * rows + r] = word;
      }
      scales[g * rows + r] = largest / 127;
      offsets[g * rows + r] = -zero_point * sum;
    }
  }
}

/// exp of x <= 88, within 2 units in the last place: 2^n times a polynomial of degree 6 (Cephes' coefficients).
INLINE vf exponential(vf x) {
  x = x < -87.0f ? (vf)(-87.0f) : x;
  const vf n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
  vf r = multiply_add(n, (vf)(-0.693359375f), x);
  r = multiply_add(n, (vf)(2.12194440e-4f), r);
  vf p = (vf)(1.9875691500e-4f);
  p = multiply_add(p, r, (vf)(1.3981999507e-3f));
  p = multiply_add(p, r, (vf)(8.3334519073e-3f));
  p = multiply_add(p, r, (vf)(4.1665795894e-2f));
  p = multiply_add(p, r, (vf)(1.6666665459e-1f));
  p = multiply_add(p, r, (vf)(5.0000001201e-1f));
  p = multiply_add(p, r * r, r) + 1.0f;
  return p * (vf)((__builtin_convertvector(n, vi) + 127) << 23);
}

INLINE float sum_of(vf x) {
  float sum = 0;
  for (int i = 0; i < LANES; i++) sum += x[i];
  return sum;
}
INLINE float maximum_of(vf x) {
  float most = x[0];
  for (int i = 1; i < LANES; i++) most = x[i] > most ? x[i] : most;
  return most;
}

static void weigh(ck_format format, int rows, long tokens, long stride, float *scores, const long *visible, float scale,
                  float *maxima, float *sums, float *shrink, uint32_t *words) {
  for (int r = 0; r < rows; r++) {
    float *row = scores + r * stride;
    const long seen = visible[r] < 0 ? 0 : visible[r] < tokens ? visible[r] : tokens;
    for (long t = seen; t < stride; t++) row[t] = -__builtin_inff();
    vf most = (vf)(-__builtin_inff());
    for (long t = 0; t < stride; t += LANES) {
      vf x = *(vf *)(row + t) * scale;
      *(vf *)(row + t) = x;
      most = x > most ? x : most;
    }
    float maximum = maximum_of(most);
    maximum = maximum > maxima[r] ? maximum : maxima[r];
    shrink[r] = exponential((vf)(maxima[r] - maximum))[0];
    if (maxima[r] == -__builtin_inff()) shrink[r] = 0;
    maxima[r] = maximum;
    vf sum = (vf)(0.0f);
    for (long t = 0; t < stride; t += LANES) {
      vf x = *(vf *)(row + t);
      vf weight = x == -__builtin_inff() ? (vf)(0.0f) : exponential(x - maximum);
      *(vf *)(row + t) = weight;
      sum += weight;
    }
    sums[r] = sums[r] * shrink[r] + sum_of(sum);
  }
  pack(format, rows, stride, stride, scores, words, stride);
}

static void norm(long size, const float *x, const float *weight, float *out) {
  vf squares = (vf)(0.0f);
  long i = 0;
  for (; i + LANES <= size; i += LANES) squares = multiply_add(*(const vf *)(x + i), *(const vf *)(x + i), squares);
  float sum = sum_of(squares);
  for (; i < size; i++) sum += x[i] * x[i];
  const float inverse = 1 / __builtin_sqrtf(sum / size + 1e-5f);
  for (i = 0; i < size; i++) out[i] = x[i] * inverse * weight[i];
}

static void softmax(long size, float *x) {
  vf most = (vf)(-__builtin_inff());
  long i = 0;
  for (; i + LANES <= size; i += LANES) most = *(vf *)(x + i) > most ? *(vf *)(x + i) : most;
  float maximum = maximum_of(most);
  for (; i < size; i++) maximum = x[i] > maximum ? x[i] : maximum;
  vf sums = (vf)(0.0f);
  for (i = 0; i + LANES <= size; i += LANES) {
    *(vf *)(x + i) = exponential(*(vf *)(x + i) - maximum);
    sums += *(vf *)(x + i);
  }
  float sum = sum_of(sums);
  for (; i < size; i++) {
    x[i] = exponential((vf)(x[i] - maximum))[0];
    sum += x[i];
  }
  const float inverse = 1 / sum;
  for (i = 0; i < size; i++) x[i] *= inverse;
}

static void gate(long size, float *gate, const float *up) {
  long i = 0;
  for (; i + LANES <= size; i += LANES) {
    vf x = *(vf *)(gate + i);
    vf bounded = x < -87.0f ? (vf)(-87.0f) : x;  // exp of more would overflow; silu is 0 there
    *(vf *)(gate + i) = x / (exponential(-bounded) + 1.0f) * *(const vf *)(up + i);
  }
  for (; i < size; i++) {
    float x = gate[i], bounded = x < -87.0f ? -87.0f : x;
    gate[i] = x / (exponential((vf)(-bounded))[0] + 1.0f) * up[i];
  }
}
