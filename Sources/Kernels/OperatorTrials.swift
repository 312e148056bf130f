import CKernels

/// Operators and composed kernels that the cost model is held against, with the operands that they share.
struct OperatorTrials {
  /// A transformer's sizes.
  enum Sizes {
    static let (hidden, width, heads, kvHeads, headSize) = (2048, 5632, 16, 4, 128)
    static let (moeHidden, moeWidth, experts, chosen) = (1024, 1408, 8, 2)
    static let (longInputs, longOutputs) = (8192, 16_384)
    static let mostRows = 512
  }

  let pool: Pool
  let operands: Operands

  /// What the trials of one format on all numbers of threads share.
  final class Operands {
    let format: WeightFormat
    let layer: Layer
    let mixture: Mixture
    let long: Weights
    let x: Floats
    let y: Floats

    /// Nil without memory.
    init?(_ format: WeightFormat) {
      typealias S = Sizes
      guard
        let layer = Layer(
          format, size: S.hidden, width: S.width, heads: S.kvHeads, queryHeads: S.heads, headSize: S.headSize),
        let long = Weights(format, outputs: S.longOutputs, inputs: S.longInputs),
        let x = Floats(S.mostRows * S.longInputs), let y = Floats(S.mostRows * S.longInputs),
        let router = Weights(
          .fp32, outputs: S.experts, inputs: S.moeHidden, values: Self.noise(S.experts * S.moeHidden))
      else { return nil }
      let experts = (0..<S.experts).compactMap { _ in FeedForward(format, size: S.moeHidden, width: S.moeWidth) }
      guard experts.count == S.experts else { return nil }
      self.format = format
      self.layer = layer
      self.long = long
      (self.x, self.y) = (x, y)
      mixture = Mixture(size: S.moeHidden, chosen: S.chosen, router: router, experts: experts)
      for (index, value) in Self.noise(x.count).enumerated() { x.base[index] = value }
    }

    /// Values in -1...1 that look random, so that experts are chosen unevenly.
    private static func noise(_ count: Int) -> [Float] {
      var state: UInt64 = 7
      return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
      }
    }
  }

  var all: [Trial] {
    var trials = [product(operands.long, rows: 1, Sizes.longOutputs, Sizes.longInputs)]
    let small = operands.layer.output
    for rows in [1, 8, 128, 512] { trials.append(product(small, rows: rows, Sizes.hidden, Sizes.hidden)) }
    trials.append(product(operands.layer.ffn.gateUp, rows: 128, 2 * Sizes.width, Sizes.hidden))
    if operands.format.cache == operands.format {
      for (sequences, queries, context, kvHeads) in [
        (8, 1, 4096, 16), (8, 1, 4096, 4), (1, 1, 8192, 2), (32, 1, 512, 4), (1, 512, 512, 4), (1, 256, 1024, 16),
      ] {
        trials += [attention(sequences, queries, context, kvHeads)].compactMap(\.self)
      }
    }
    trials += [1, 4, 128].map { ffn(rows: $0) }
    trials += [1, 16, 64].map { moe(rows: $0) }
    for (sequences, queries, context) in [(1, 1, 1024), (4, 1, 1024), (16, 1, 512), (1, 128, 128), (1, 128, 1024)] {
      trials += [layer(sequences, queries, context)].compactMap(\.self)
    }
    return trials
  }

  private func trial(
    _ kind: Timing.Operator, _ shape: Timing.Shape, bytes: Int, run: @escaping (Int) -> Void
  ) -> Trial {
    Trial(kind, on: pool, format: operands.format.rawValue, shape: shape, bytes: Double(bytes), run: run)
  }

  private func product(_ weights: Weights, rows: Int, _ outputs: Int, _ inputs: Int) -> Trial {
    var shape = Timing.Shape()
    (shape.rows, shape.outputs, shape.inputs) = (rows, outputs, inputs)
    let (pool, operands) = (pool, operands)
    return trial(.product, shape, bytes: weights.bytes) {
      for _ in 0..<$0 {
        _ = ck_product(pool.handle, pool.scratch, &weights.weights, rows, operands.x.base, operands.y.base)
      }
    }
  }

  private func attention(_ sequences: Int, _ queries: Int, _ context: Int, _ kvHeads: Int) -> Trial? {
    guard
      let cache = Cache(
        operands.format, sequences: sequences, heads: kvHeads, size: Sizes.headSize, capacity: context)
    else { return nil }
    var shape = Timing.Shape()
    (shape.rows, shape.queries, shape.context) = (sequences * queries, queries, context)
    (shape.heads, shape.kvHeads, shape.headSize) = (Sizes.heads, kvHeads, Sizes.headSize)
    let bytes = 2 * sequences * context * kvHeads * Sizes.headSize * 4 / operands.format.perWord
    let (pool, operands) = (pool, operands)
    return trial(.attention, shape, bytes: bytes) {
      for _ in 0..<$0 {
        _ = ck_attention(
          pool.handle, pool.scratch, &cache.cache, queries, context, Sizes.heads, operands.x.base, operands.y.base)
      }
    }
  }

  private func ffn(rows: Int) -> Trial {
    var shape = Timing.Shape()
    (shape.rows, shape.outputs, shape.inputs) = (rows, Sizes.width, Sizes.hidden)
    let (pool, operands) = (pool, operands)
    var block = operands.layer.ffn.block
    return trial(.ffn, shape, bytes: operands.layer.ffn.bytes) {
      for _ in 0..<$0 { _ = ck_ffn_run(pool.handle, pool.scratch, &block, rows, operands.x.base, operands.y.base) }
    }
  }

  private func moe(rows: Int) -> Trial {
    var shape = Timing.Shape()
    (shape.rows, shape.outputs, shape.inputs) = (rows, Sizes.moeWidth, Sizes.moeHidden)
    (shape.experts, shape.chosen) = (Sizes.experts, Sizes.chosen)
    let (pool, operands) = (pool, operands)
    var mixture = operands.mixture.mixture
    var used = 0
    func run() {
      _ = ck_moe_run(pool.handle, pool.scratch, &mixture, rows, operands.x.base, operands.y.base, &used)
    }
    run()
    shape.used = used
    let expert = operands.mixture.experts.first?.bytes ?? 0
    return trial(.moe, shape, bytes: operands.mixture.router.bytes + used * expert) { for _ in 0..<$0 { run() } }
  }

  private func layer(_ sequences: Int, _ queries: Int, _ context: Int) -> Trial? {
    let rows = sequences * queries
    guard
      let cache = Cache(
        operands.format.cache, sequences: sequences, heads: Sizes.kvHeads, size: Sizes.headSize, capacity: context),
      let x = Floats(rows * Sizes.hidden, value: 1)
    else { return nil }
    var shape = Timing.Shape()
    (shape.rows, shape.queries, shape.context) = (rows, queries, context)
    (shape.heads, shape.kvHeads, shape.headSize) = (Sizes.heads, Sizes.kvHeads, Sizes.headSize)
    (shape.outputs, shape.inputs) = (Sizes.width, Sizes.hidden)
    let kept = 2 * sequences * context * Sizes.kvHeads * Sizes.headSize * 4 / operands.format.cache.perWord
    let (pool, operands) = (pool, operands)
    var layer = operands.layer.layer
    return trial(.layer, shape, bytes: operands.layer.bytes + kept) {
      for _ in 0..<$0 {
        _ = ck_layer_run(pool.handle, pool.scratch, &layer, &cache.cache, queries, context, x.base)
      }
    }
  }
}
