import CKernels

/// A gated feed-forward block.
public final class FeedForward {
  /// Channels of its rows.
  public let size: Int
  /// Channels between its two products.
  public let width: Int
  let gateUp: Weights
  let down: Weights

  /// A block of these weights, gate above up in one matrix [2 x width][size].
  public init(size: Int, width: Int, gateUp: Weights, down: Weights) {
    self.size = size
    self.width = width
    self.gateUp = gateUp
    self.down = down
  }

  /// A block whose weights are all alike, for timing; nil without memory.
  public convenience init?(_ format: WeightFormat, size: Int, width: Int) {
    guard let gateUp = Weights(format, outputs: 2 * width, inputs: size),
      let down = Weights(format, outputs: size, inputs: width)
    else { return nil }
    self.init(size: size, width: width, gateUp: gateUp, down: down)
  }

  /// Bytes of its weights.
  public var bytes: Int { gateUp.bytes + down.bytes }

  var block: ck_ffn { ck_ffn(gate_up: gateUp.weights, down: down.weights) }
}

/// A mixture of experts with a router in fp32.
public final class Mixture {
  /// Channels of its rows.
  public let size: Int
  /// Experts that each row goes to.
  public let chosen: Int
  let router: Weights
  let experts: [FeedForward]
  private let blocks: UnsafeMutablePointer<ck_ffn>

  /// A mixture of `experts`, of which each row goes to `chosen`.
  public init(size: Int, chosen: Int, router: Weights, experts: [FeedForward]) {
    self.size = size
    self.chosen = chosen
    self.router = router
    self.experts = experts
    blocks = .allocate(capacity: experts.count)
    blocks.initialize(from: experts.map(\.block), count: experts.count)
  }

  deinit { blocks.deallocate() }

  var mixture: ck_moe {
    ck_moe(router: router.weights, count: experts.count, chosen: chosen, experts: UnsafePointer(blocks))
  }
}

/// A transformer layer without positional rotation.
public final class Layer {
  let size: Int
  let heads: Int
  let queryHeads: Int
  let headSize: Int
  let attentionNorm: Floats
  let ffnNorm: Floats
  let qkv: Weights
  let output: Weights
  let ffn: FeedForward

  /// A layer of these weights; query, key and value in one matrix.
  public init(
    size: Int, heads: Int, queryHeads: Int, headSize: Int, attentionNorm: Floats, ffnNorm: Floats, qkv: Weights,
    output: Weights, ffn: FeedForward
  ) {
    self.size = size
    self.heads = heads
    self.queryHeads = queryHeads
    self.headSize = headSize
    self.attentionNorm = attentionNorm
    self.ffnNorm = ffnNorm
    self.qkv = qkv
    self.output = output
    self.ffn = ffn
  }

  /// A layer whose weights are all alike, for timing; nil without memory.
  public convenience init?(
    _ format: WeightFormat, size: Int, width: Int, heads: Int, queryHeads: Int, headSize: Int
  ) {
    guard let first = Floats(size, value: 1), let second = Floats(size, value: 1),
      let qkv = Weights(format, outputs: (queryHeads + 2 * heads) * headSize, inputs: size),
      let output = Weights(format, outputs: size, inputs: queryHeads * headSize),
      let ffn = FeedForward(format, size: size, width: width)
    else { return nil }
    self.init(
      size: size, heads: heads, queryHeads: queryHeads, headSize: headSize, attentionNorm: first, ffnNorm: second,
      qkv: qkv, output: output, ffn: ffn)
  }

  /// Bytes of its weights.
  public var bytes: Int { qkv.bytes + output.bytes + ffn.bytes }

  var layer: ck_layer {
    ck_layer(
      query_heads: queryHeads, attention_norm: UnsafePointer(attentionNorm.base),
      ffn_norm: UnsafePointer(ffnNorm.base), qkv: qkv.weights, output: output.weights, ffn: ffn.block)
  }
}
