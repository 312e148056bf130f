import CKernels
import Foundation

@testable import Kernels

/// Plain sums in double precision that the kernels are held against.
enum Reference {
  /// x [rows][inputs] times the stored weights.
  static func product(_ x: [Double], _ weights: Weights, outputs: Int, inputs: Int) -> [Double] {
    let values = (0..<outputs).map { o in (0..<inputs).map { Double(weights[o, $0]) } }
    return (0..<x.count / inputs).flatMap { row in
      values.map { column in (0..<inputs).reduce(0) { $0 + x[row * inputs + $1] * column[$1] } }
    }
  }

  static func softmax(_ x: [Double]) -> [Double] {
    let most = x.max() ?? 0
    let powers = x.map { exp($0 - most) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  static func norm(_ x: [Double], _ weight: [Float]) -> [Double] {
    let inverse = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + 1e-5).squareRoot()
    return zip(x, weight).map { $0 * inverse * Double($1) }
  }

  static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

  /// Causal attention; keys and values are [sequence][token][head][size].
  static func attention(_ shape: AttentionShape, q: [Double], keys: [Double], values: [Double]) -> [Double] {
    let (heads, size, share) = (shape.queryHeads, shape.size, shape.queryHeads / shape.heads)
    func place(_ sequence: Int, _ token: Int, _ head: Int) -> Int {
      ((sequence * shape.context + token) * shape.heads + head) * size
    }
    var out: [Double] = []
    for sequence in 0..<shape.sequences {
      for query in 0..<shape.queries {
        for head in 0..<heads {
          let own = ((sequence * shape.queries + query) * heads + head) * size
          let seen = shape.context - shape.queries + query + 1
          let scores = (0..<seen).map { token in
            let key = place(sequence, token, head / share)
            return (0..<size).reduce(0.0) { $0 + q[own + $1] * keys[key + $1] } / Double(size).squareRoot()
          }
          let shares = softmax(scores)
          for channel in 0..<size {
            out.append((0..<seen).reduce(0) { $0 + shares[$1] * values[place(sequence, $1, head / share) + channel] })
          }
        }
      }
    }
    return out
  }

  static func ffn(_ x: [Double], _ block: FeedForward) -> [Double] {
    let both = product(x, block.gateUp, outputs: 2 * block.width, inputs: block.size)
    let rows = x.count / block.size
    let hidden = (0..<rows).flatMap { row in
      (0..<block.width).map { i in
        silu(both[2 * row * block.width + i]) * both[(2 * row + 1) * block.width + i]
      }
    }
    return product(hidden, block.down, outputs: block.size, inputs: block.width)
  }

  static func moe(_ x: [Double], _ mixture: Mixture) -> (out: [Double], used: Int) {
    let (size, count) = (mixture.size, mixture.experts.count)
    let logits = product(x, mixture.router, outputs: count, inputs: size)
    var used: Set<Int> = []
    let out = (0..<x.count / size).flatMap { row in
      let own = Array(logits[row * count..<(row + 1) * count])
      let chosen = (0..<count).sorted { own[$0] > own[$1] }.prefix(mixture.chosen)
      let shares = softmax(chosen.map { own[$0] })
      used.formUnion(chosen)
      var sum = Array(repeating: 0.0, count: size)
      for (expert, share) in zip(chosen, shares) {
        let result = ffn(Array(x[row * size..<(row + 1) * size]), mixture.experts[expert])
        for i in 0..<size { sum[i] += share * result[i] }
      }
      return sum
    }
    return (out, used.count)
  }
}

/// What attention is run on.
struct AttentionShape {
  var sequences = 1
  var queries = 1
  var context = 1
  var heads = 1
  var queryHeads = 1
  var size = 32
}

/// Numbers that look random and are the same everywhere: multiples of 1/64 in -1...1, which every float format holds.
struct Numbers {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int(state >> 33) % 129 - 64) / 64
  }
  mutating func list(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

/// The greatest distance, in units of the greatest expected magnitude.
func distance(_ got: [Float], _ expected: [Double]) -> Double {
  guard got.count == expected.count, !got.contains(where: \.isNaN) else { return .infinity }
  let scale = expected.map(abs).max() ?? 0
  return (zip(got, expected).map { abs(Double($0) - $1) }.max() ?? 0) / max(scale, 1e-30)
}
