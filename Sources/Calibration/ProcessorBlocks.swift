import Foundation
import Kernels

/// What composed kernels take, by what they consist of.
public struct ProcessorPrediction: Sendable {
  /// The model of the weights' format.
  public var weights: ProcessorModel
  /// The model of the cache's format.
  public var cache: ProcessorModel

  private var threads: Double { Double(weights.threads) }

  /// Seconds of one call of what a row timed; nil where the row is a micro-benchmark.
  public func time(of timing: Timing) -> Double? {
    let shape = timing.shape
    switch timing.operator {
    case .product:
      return weights.product(rows: shape.rows, outputs: shape.outputs, inputs: shape.inputs, set: timing.bytes)
    case .attention: return attention(shape, set: timing.bytes)
    case .ffn: return feedForward(rows: shape.rows, size: shape.inputs, width: shape.outputs, set: timing.bytes)
    case .moe: return mixture(shape, set: timing.bytes)
    case .layer: return layer(shape, set: timing.bytes)
    default: return nil
    }
  }

  /// Tiles of up to 12 rows, a row being a query of one of the heads that share a kv head, run over the cached tokens
  /// that they see, in whole panels of 32: keys and values are each a product, and scores become weights in between.
  func attention(_ shape: Timing.Shape, set: Double) -> Double {
    guard shape.queries > 0, shape.kvHeads > 0, shape.headSize > 0 else { return 0 }
    let share = shape.heads / shape.kvHeads
    let rows = shape.queries * share
    let pairs = shape.rows / shape.queries * shape.kvHeads
    let perWord = cache.format.perWord
    var (compute, tokens, tiles) = (0.0, 0.0, 0)
    for first in stride(from: 0, to: rows, by: 12) {
      let count = min(12, rows - first)
      let seen = shape.context - shape.queries + (first + count - 1) / share + 1
      let panels = Double((seen + 31) / 32)
      let lines = 2 * panels * Double(shape.headSize / perWord)
      compute += lines * cache.tile(rows: count) + panels * 32 * Double(count) * cache[.score]
      tokens += panels * 32
      tiles += 1
    }
    let busiest = ((pairs * tiles + cache.threads - 1) / cache.threads)
    compute *= Double(busiest) / Double(max(1, tiles))
    // A tile that follows another of its head finds the head's keys and values where the first left them.
    let head = 2 * Double(shape.context * shape.headSize) * 4 / Double(perWord)
    let again = tokens / Double(shape.context) - 1
    let memory = Double(pairs) * (cache.read(head, of: set) + max(0, again) * cache.read(head, of: head))
    let packing = 2 * cache[.pack] * Double(shape.rows * shape.heads * shape.headSize) / threads
    return cache[.launch] + packing + ProcessorModel.sum(compute, memory)
  }

  func feedForward(rows: Int, size: Int, width: Int, set: Double) -> Double {
    // A gate's element is an exponential, as a score is, and is written once more.
    let gate = Double(rows * width) * (cache[.score] + weights[.element]) / threads + weights[.launch]
    return weights.product(rows: rows, outputs: 2 * width, inputs: size, set: set) + gate
      + weights.product(rows: rows, outputs: size, inputs: width, set: set)
  }

  /// Experts with rows run one after another. How many rows an expert has is binomial where routing is even; tiles take
  /// four and one rows apart longer than five, so that the mean number would not do.
  func mixture(_ shape: Timing.Shape, set: Double) -> Double {
    guard shape.chosen < shape.experts else { return 0 }
    var router = weights
    router.format = .fp32
    var time = router.product(rows: shape.rows, outputs: shape.experts, inputs: shape.inputs, set: set)
    let share = Double(shape.chosen) / Double(shape.experts)
    var chance = pow(1 - share, Double(shape.rows))
    for rows in 1...max(1, shape.rows) {
      let left = Double(shape.rows - rows + 1) / Double(rows)
      chance *= left * share / (1 - share)
      let experts = chance * Double(shape.experts)
      guard experts > 1e-6 else { continue }
      time += experts * feedForward(rows: rows, size: shape.inputs, width: shape.outputs, set: set)
    }
    // Rows are gathered, and results added, by the calling thread.
    return time + 2 * Double(shape.rows * shape.chosen * shape.inputs) * weights[.element]
  }

  func layer(_ shape: Timing.Shape, set: Double) -> Double {
    let (rows, size) = (shape.rows, shape.inputs)
    let own = shape.heads * shape.headSize
    let stored = 2 * shape.kvHeads * shape.headSize
    let norm = Double(rows * size) * weights[.element] / threads + weights[.launch]
    let store = Double(rows * stored) * cache[.pack] / threads + weights[.launch]
    // Two norms, two additions, keys and values stored.
    return 4 * norm + store
      + weights.product(rows: rows, outputs: own + stored, inputs: size, set: set) + attention(shape, set: set)
      + weights.product(rows: rows, outputs: size, inputs: own, set: set)
      + feedForward(rows: rows, size: size, width: shape.outputs, set: set)
  }
}
