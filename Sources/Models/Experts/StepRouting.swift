/// A token that is routed.
public struct RoutedToken: Hashable, Sendable {
  /// The request's number, from 0.
  public var request: Int
  /// The token's place in the request, its prompt included, from 0.
  public var position: Int
  /// Tokens of the request's prompt: places below are the prompt's.
  public var prompt: Int

  /// The token at `position` of a request whose prompt has `prompt` tokens.
  public init(request: Int, position: Int, prompt: Int) {
    self.request = request
    self.position = position
    self.prompt = prompt
  }

  /// Whether it is the prompt's.
  public var isPrompt: Bool { position < prompt }
}

/// Which experts the tokens of one step go to, in every mixture layer.
///
/// Made once and filled step by step, so that routing allocates nothing.
public struct StepRouting: Sendable {
  /// The model's mixture layers.
  public let shape: ExpertShape
  /// The tokens of the step.
  public private(set) var routed: [RoutedToken] = []
  /// How many they are.
  public var tokens: Int { routed.count }
  /// By layer, token and choice; -1 where the token does not pass the layer.
  var chosen: [Int32] = []
  /// Tokens by layer and expert.
  var counts: [Int32]
  /// The mean score by layer and expert.
  var scores: [Float]
  /// The experts that have tokens, those of one layer after those of the one before.
  var active: [Int32] = []
  /// Where each layer's begin in `active`.
  var starts: [Int]
  /// A bit for each expert of the layer that is looked at.
  private var asked: [UInt64]

  /// A step without tokens.
  public init(_ shape: ExpertShape) {
    self.shape = shape
    counts = Array(repeating: 0, count: shape.layers * shape.experts)
    scores = Array(repeating: 0, count: shape.layers * shape.experts)
    starts = Array(repeating: 0, count: shape.layers + 1)
    asked = Array(repeating: 0, count: (shape.experts + 63) / 64)
  }

  /// The experts that tokens go to in a layer, in rising order.
  public func experts(_ layer: Int) -> ArraySlice<Int32> { active[starts[layer]..<starts[layer + 1]] }

  /// How many of the step's tokens go to an expert.
  public func tokens(_ layer: Int, _ expert: Int32) -> Int { Int(counts[layer * shape.experts + Int(expert)]) }

  /// The router's score of each of a layer's experts, the mean over the tokens that pass it: shares of 1, or 0 where
  /// none does.
  public func scores(_ layer: Int) -> ArraySlice<Float> {
    scores[layer * shape.experts..<(layer + 1) * shape.experts]
  }

  /// The experts of one token in a layer, the one of the highest score first; none where it does not pass the layer.
  public func experts(_ layer: Int, token: Int) -> ArraySlice<Int32> {
    let first = (layer * tokens + token) * shape.perToken
    return chosen[first] < 0 ? chosen[first..<first] : chosen[first..<first + shape.perToken]
  }

  /// The experts of each token in all layers, numbered through them: those of layer l from l experts on.
  /// Complexity: O(tokens layers perToken).
  public var paths: [[Int]] {
    (0..<tokens).map { token in
      (0..<shape.layers).flatMap { layer in experts(layer, token: token).map { layer * shape.experts + Int($0) } }
    }
  }

  /// Makes room for a step of tokens that go nowhere yet.
  mutating func reset(_ tokens: [RoutedToken]) {
    routed = tokens
    let places = shape.layers * tokens.count * shape.perToken
    if chosen.count < places { chosen.append(contentsOf: repeatElement(-1, count: places - chosen.count)) }
    for i in counts.indices { counts[i] = 0 }
    for i in scores.indices { scores[i] = 0 }
    active.removeAll(keepingCapacity: true)
  }

  /// Lists the experts that have tokens. Complexity: O(layers experts / 64 + experts that have tokens).
  mutating func close() {
    for layer in 0..<shape.layers {
      starts[layer] = active.count
      for word in asked.indices { asked[word] = 0 }
      chosen.withUnsafeBufferPointer { chosen in
        for token in layer * tokens..<(layer + 1) * tokens where chosen[token * shape.perToken] >= 0 {
          for choice in token * shape.perToken..<(token + 1) * shape.perToken {
            asked[Int(chosen[choice]) / 64] |= 1 << UInt64(chosen[choice] & 63)
          }
        }
      }
      for word in asked.indices {
        var left = asked[word]
        while left != 0 {
          active.append(Int32(truncatingIfNeeded: word * 64 + left.trailingZeroBitCount))
          left &= left - 1
        }
      }
    }
    starts[shape.layers] = active.count
  }
}
