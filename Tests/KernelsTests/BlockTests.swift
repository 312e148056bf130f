import CKernels
import Testing

@testable import Kernels

@Suite("Attention, feed-forward blocks and layers")
struct BlockTests {
  static let shapes = [
    AttentionShape(),
    AttentionShape(sequences: 2, queries: 1, context: 37, heads: 2, queryHeads: 2, size: 64),
    AttentionShape(sequences: 1, queries: 1, context: 300, heads: 1, queryHeads: 8, size: 32),
    AttentionShape(sequences: 2, queries: 1, context: 33, heads: 1, queryHeads: 14, size: 32),
    AttentionShape(sequences: 1, queries: 19, context: 19, heads: 2, queryHeads: 6, size: 32),
    AttentionShape(sequences: 1, queries: 5, context: 270, heads: 1, queryHeads: 3, size: 96),
  ]

  /// A cache of numbers, with the numbers.
  static func cache(
    _ shape: AttentionShape, _ format: WeightFormat, _ numbers: inout Numbers, tokens: Int
  ) throws -> (cache: Cache, keys: [Float], values: [Float]) {
    let cache = try #require(
      Cache(format, sequences: shape.sequences, heads: shape.heads, size: shape.size, capacity: shape.context))
    let count = shape.sequences * shape.context * shape.heads
    let (keys, values) = (numbers.list(count * shape.size), numbers.list(count * shape.size))
    for item in 0..<count where item / shape.heads % shape.context < tokens {
      ck_cache_store(
        &cache.cache, item / shape.heads / shape.context, item % shape.heads, item / shape.heads % shape.context,
        Array(keys[item * shape.size..<(item + 1) * shape.size]),
        Array(values[item * shape.size..<(item + 1) * shape.size]))
    }
    return (cache, keys, values)
  }

  @Test("Attention agrees with double precision", arguments: Path.supported)
  func attention(path: Path) throws {
    var numbers = Numbers(5)
    let pool = try #require(Pool(threads: 2, path: path))
    for format in [WeightFormat.fp32, .bf16] {
      for shape in Self.shapes {
        let (cache, keys, values) = try Self.cache(shape, format, &numbers, tokens: shape.context)
        let q = numbers.list(shape.sequences * shape.queries * shape.queryHeads * shape.size).map { $0 * 2 }
        var out = Array(repeating: Float.nan, count: q.count)
        #expect(
          ck_attention(
            pool.handle, pool.scratch, &cache.cache, shape.queries, shape.context, shape.queryHeads, q, &out))
        let expected = Reference.attention(
          shape, q: q.map(Double.init), keys: keys.map(Double.init), values: values.map(Double.init))
        // The weights of a bf16 cache's values are rounded to 8 bits.
        #expect(distance(out, expected) < (format == .fp32 ? 2e-5 : 5e-3), "\(path.name) \(format) \(shape)")
      }
    }
  }

  @Test("What does not fit is refused")
  func refusals() throws {
    let pool = try #require(Pool(threads: 1, path: Path.best()))
    let cache = try #require(Cache(.fp32, sequences: 1, heads: 2, size: 32, capacity: 10))
    var out = [Float](repeating: 0, count: 96)
    // More context than capacity, more queries than context, heads that do not share evenly.
    #expect(!ck_attention(pool.handle, pool.scratch, &cache.cache, 1, 1000, 2, out, &out))
    #expect(!ck_attention(pool.handle, pool.scratch, &cache.cache, 5, 4, 2, out, &out))
    #expect(!ck_attention(pool.handle, pool.scratch, &cache.cache, 1, 1, 3, out, &out))
    #expect(Cache(.fp32, sequences: 1, heads: 1, size: 40, capacity: 1) == nil)
    #expect(Pool(threads: 0, path: Path.best()) == nil)
  }

  static func feedForward(
    _ format: WeightFormat, size: Int, width: Int, _ numbers: inout Numbers
  ) throws -> FeedForward {
    FeedForward(
      size: size, width: width,
      gateUp: try #require(
        Weights(format, outputs: 2 * width, inputs: size, group: 32, values: numbers.list(2 * width * size))),
      down: try #require(Weights(format, outputs: size, inputs: width, group: 32, values: numbers.list(size * width))))
  }

  /// Greatest distances: rounding of activations to 24, 8 and again 8 bits, twice.
  static let tolerance: [WeightFormat: Double] = [.fp32: 1e-5, .bf16: 1e-2, .int8: 2e-2, .int4: 2e-2]

  @Test("Feed-forward blocks and mixtures agree with double precision", arguments: Path.supported)
  func blocks(path: Path) throws {
    var numbers = Numbers(6)
    let pool = try #require(Pool(threads: 2, path: path))
    let (rows, size, width) = (5, 40, 50)
    let x = numbers.list(rows * size)
    for format in WeightFormat.allCases {
      let tolerance = try #require(Self.tolerance[format])
      let experts = try (0..<4).map { _ in try Self.feedForward(format, size: size, width: width, &numbers) }
      var block = experts[0].block
      var out = Array(repeating: Float.nan, count: rows * size)
      #expect(ck_ffn_run(pool.handle, pool.scratch, &block, rows, x, &out))
      #expect(distance(out, Reference.ffn(x.map(Double.init), experts[0])) < tolerance, "\(path.name) \(format)")

      let router = try #require(Weights(.fp32, outputs: 4, inputs: size, values: numbers.list(4 * size)))
      let mixture = Mixture(size: size, chosen: 2, router: router, experts: experts)
      var (layer, used) = (mixture.mixture, 0)
      #expect(ck_moe_run(pool.handle, pool.scratch, &layer, rows, x, &out, &used))
      let expected = Reference.moe(x.map(Double.init), mixture)
      #expect(used == expected.used)
      #expect(distance(out, expected.out) < tolerance, "\(path.name) \(format) mixture")
    }
  }

  @Test("A layer agrees with double precision and leaves its keys and values in the cache", arguments: Path.supported)
  func layer(path: Path) throws {
    var numbers = Numbers(7)
    let pool = try #require(Pool(threads: 2, path: path))
    let shape = AttentionShape(sequences: 2, queries: 3, context: 9, heads: 2, queryHeads: 4, size: 32)
    let (size, own, rows) = (48, 4 * 32, 6)
    for format in WeightFormat.allCases {
      let norms = try (0..<2).map { _ in try #require(Floats(size, value: 0.5)) }
      let wide = own + 2 * shape.heads * shape.size
      let qkv = try #require(
        Weights(format, outputs: wide, inputs: size, group: 32, values: numbers.list(wide * size)))
      let output = try #require(
        Weights(format, outputs: size, inputs: own, group: 32, values: numbers.list(size * own)))
      let ffn = try Self.feedForward(format, size: size, width: 64, &numbers)
      let layer = Layer(
        size: size, heads: shape.heads, queryHeads: shape.queryHeads, headSize: shape.size, attentionNorm: norms[0],
        ffnNorm: norms[1], qkv: qkv, output: output, ffn: ffn)
      var (cache, keys, values) = try Self.cache(shape, format.cache, &numbers, tokens: shape.context - shape.queries)
      let start = numbers.list(rows * size)
      var (x, c) = (start, layer.layer)
      #expect(ck_layer_run(pool.handle, pool.scratch, &c, &cache.cache, shape.queries, shape.context, &x))

      let weight = Array(repeating: Float(0.5), count: size)
      func normed(_ x: [Double]) -> [Double] {
        (0..<rows).flatMap { Reference.norm(Array(x[$0 * size..<($0 + 1) * size]), weight) }
      }
      var expected = start.map(Double.init)
      let spread = Reference.product(normed(expected), qkv, outputs: wide, inputs: size)
      var q: [Double] = []
      for row in 0..<rows {
        q += spread[row * wide..<row * wide + own]
        let token = row / 3 * shape.context + shape.context - shape.queries + row % 3
        for i in 0..<shape.heads * shape.size {
          keys[token * shape.heads * shape.size + i] = Float(spread[row * wide + own + i])
          values[token * shape.heads * shape.size + i] = Float(spread[row * wide + own + shape.heads * shape.size + i])
        }
      }
      let mixed = Reference.attention(shape, q: q, keys: keys.map(Double.init), values: values.map(Double.init))
      for (i, value) in Reference.product(mixed, output, outputs: size, inputs: own).enumerated() {
        expected[i] += value
      }
      for (i, value) in Reference.ffn(normed(expected), ffn).enumerated() { expected[i] += value }
      let tolerance = try #require(Self.tolerance[format]) * 4
      #expect(distance(x, expected) < tolerance, "\(path.name) \(format)")
      _ = cache
    }
  }
}
