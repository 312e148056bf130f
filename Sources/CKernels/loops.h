// Streams over memory, and the peaks of arithmetic on registers. Included by vector.h.

static float read(const float *x, long count) {
  vf sums[8];
  FULLY for (int s = 0; s < 8; s++) sums[s] = (vf)(0.0f);
  long i = 0;
  for (; i + 8 * LANES <= count; i += 8 * LANES) {
    __builtin_prefetch(x + i + 1024);
    FULLY for (int s = 0; s < 8; s++) sums[s] += *(const vf *)(x + i + s * LANES);
  }
  float sum = 0;
  FULLY for (int s = 0; s < 8; s++) sum += sum_of(sums[s]);
  for (; i < count; i++) sum += x[i];
  return sum;
}

static void triad(float *a, const float *b, const float *c, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) {
    *(vf *)(a + i) = multiply_add(*(const vf *)(c + i), (vf)(3.0f), *(const vf *)(b + i));
  }
  for (; i < count; i++) a[i] = b[i] + 3 * c[i];
}

static void accumulate(float *to, const float *from, float factor, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) {
    *(vf *)(to + i) = multiply_add(*(const vf *)(from + i), (vf)(factor), *(vf *)(to + i));
  }
  for (; i < count; i++) to[i] += from[i] * factor;
}

static void scale(float *x, float factor, long count) {
  for (long i = 0; i < count; i++) x[i] *= factor;
}

// Twelve sums cover the latency of a multiply-add on every processor here; the results are stored for all to see, so
// that none is left out.
#define CHAINS 12
static volatile float seen;

static double peak_fp32(long iterations) {
  vf sums[CHAINS], factor = (vf)(0.999f), addend = (vf)(1e-3f);
  FULLY for (int s = 0; s < CHAINS; s++) sums[s] = (vf)(s);
  for (long i = 0; i < iterations; i++) {
    FULLY for (int s = 0; s < CHAINS; s++) sums[s] = multiply_add(sums[s], factor, addend);
  }
  FULLY for (int s = 0; s < CHAINS; s++) seen = sum_of(sums[s]);
  return 2.0 * CHAINS * LANES * iterations;
}

static double peak_bf16(long iterations) {
#if HAS_BF16
  vf sums[CHAINS];
  const uint32_t row = 0x3f803f80u;
  vu words = (vu)(row);
  FULLY for (int s = 0; s < CHAINS; s++) sums[s] = (vf)(s);
  for (long i = 0; i < iterations; i++) {
    FULLY for (int s = 0; s < CHAINS; s++) sums[s] = dot_bf16(sums[s], words, &row, 0);
  }
  FULLY for (int s = 0; s < CHAINS; s++) seen = sum_of(sums[s]);
  return 4.0 * CHAINS * LANES * iterations;
#else
  (void)iterations;
  return 0;
#endif
}

static double peak_int8(long iterations) {
#if HAS_VNNI
  vi sums[CHAINS];
  vu words = (vu)(0x01010101u);
  FULLY for (int s = 0; s < CHAINS; s++) sums[s] = (vi)(s);
  for (long i = 0; i < iterations; i++) {
    FULLY for (int s = 0; s < CHAINS; s++) sums[s] = dot_int8(sums[s], words, 0x01010101u);
  }
  FULLY for (int s = 0; s < CHAINS; s++) seen = sums[s][0];
  return 8.0 * CHAINS * LANES * iterations;
#else
  (void)iterations;
  return 0;
#endif
}
