import Kernel

/// A router that never was: which experts a token goes to, as a pure function of seed, request, position and layer.
///
/// An expert's score for a token is its popularity for the request's topic over an exponential variate, so that the
/// experts of a token are drawn one after the other by popularity, none twice (Plackett and Luce). The variate is the
/// one of the request's previous token with chance `temporal`, that of the layer before with chance `interLayer`, else
/// fresh; every 64 tokens of a request, at a place of its own, none is kept, so that no score depends on more than 64
/// positions. Layers have the same popularities for experts in orders of their own. The router's score is the share of
/// the square root: a softmax at twice the temperature.
///
/// Only + - * / and square roots of `Float` and the kernel's logarithm.
struct RoutingProcess: Sendable {
  /// Tokens after which a request keeps no variates.
  static let memory = 64
  /// One over the quantiles of the exponential law at (n + 1/2) / 4096.
  private static let quotients: [Float] = (0..<4096).map { n in
    Float(-1 / Elementary.log(1 - (Double(n) + 0.5) / 4096))
  }

  /// What is drawn of a request once.
  struct Subject {
    var family: RandomFamily
    var topic: Int
    var phase: Int
  }

  let shape: ExpertShape
  /// Places of a layer's variates: experts in the layers' common order of popularity, filled up to whole words.
  let width: Int
  private let root: RandomFamily
  private let topics: Int
  /// The expert at each place, layer by layer.
  let expertAt: [Int32]
  /// Popularity by topic and place, 0 where there is no expert: of yielded tokens and of prompts.
  private let weights: [Float]
  private let promptWeights: [Float]
  /// Bounds of 16 bits: keep below the first, take from the layer before below the second.
  private let bounds: (keep: UInt16, above: UInt16)
  private let promptBounds: (keep: UInt16, above: UInt16)

  init(_ shape: ExpertShape, _ parameters: RoutingParameters, seed: UInt64) {
    precondition(parameters.isValid, "the parameters are outside their ranges")
    let root = RandomFamily(seed: seed, consumer: .expert)
    self.shape = shape
    self.root = root
    width = (shape.experts + 3) / 4 * 4
    topics = parameters.topics
    expertAt = (0..<shape.layers).flatMap { Self.order(shape.experts, root.stream(UInt64($0))) }
    let rankings = (0..<parameters.topics).map {
      Self.ranking(shape.experts, parameters.topicLocality, root.stream(1 << 32 + UInt64($0)))
    }
    let kept = 1 - parameters.promptSpread
    weights = Self.popularities(rankings, parameters.skew, width)
    promptWeights = Self.popularities(rankings, parameters.skew * kept, width)
    bounds = Self.bounds(parameters.temporal, parameters.interLayer)
    promptBounds = Self.bounds(parameters.temporal * kept, parameters.interLayer)
  }

  /// The numbers below `count` in an order drawn from a stream.
  private static func order(_ count: Int, _ stream: RandomStream) -> [Int32] {
    var (order, stream) = (Array(0..<Int32(count)), stream)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, Int(stream.below(UInt64(i + 1)))) }
    return order
  }

  /// r^-exponent by topic and place, filled up to `width` places.
  private static func popularities(_ rankings: [[Int]], _ exponent: Double, _ width: Int) -> [Float] {
    let byRank = rankings[0].indices.map { Float(Elementary.pow(Double($0 + 1), -exponent)) }
    return rankings.flatMap { ranks in
      ranks.map { byRank[$0] } + Array(repeating: 0, count: width - ranks.count)
    }
  }

  private static func bounds(_ temporal: Double, _ interLayer: Double) -> (keep: UInt16, above: UInt16) {
    let keep = (temporal * 65535).rounded()
    return (UInt16(keep), UInt16(min(65535, (keep + interLayer * 65535).rounded())))
  }

  /// The rank of each place for a topic: the common order, each place moved by up to `locality` of its length.
  private static func ranking(_ count: Int, _ locality: Double, _ stream: RandomStream) -> [Int] {
    var stream = stream
    let keys = (0..<count).map { (1 - locality) * Double($0) / Double(count) + locality * stream.uniform() }
    var ranks = Array(repeating: 0, count: count)
    for (rank, place) in keys.indices.sorted(by: { (keys[$0], $0) < (keys[$1], $1) }).enumerated() {
      ranks[place] = rank
    }
    return ranks
  }

  /// What request `number` is about.
  func subject(_ number: Int) -> Subject {
    let family = root.family(UInt64(bitPattern: Int64(number)))
    var stream = family.stream(0)
    return Subject(
      family: family, topic: Int(stream.below(UInt64(topics))), phase: Int(stream.below(UInt64(Self.memory))))
  }

  /// The last position up to `position` where a request keeps nothing.
  func start(_ subject: Subject, _ position: Int) -> Int {
    max(0, position - (position + subject.phase) % Self.memory)
  }

  /// Turns the variates of the token before `position`, by layer and place, into those of the token there.
  /// Complexity: O(layers experts).
  func advance(_ variates: UnsafeMutablePointer<UInt16>, _ subject: Subject, _ position: Int, isPrompt: Bool) {
    let family = subject.family.family(UInt64(position))
    let (lower, upper) = isPrompt ? promptBounds : bounds
    let keep = start(subject, position) == position ? 0 : lower
    for layer in 0..<shape.layers {
      let own = variates + layer * width
      let before = layer == 0 ? own : own - width
      let above = layer == 0 ? lower : upper
      var stream = family.stream(UInt64(layer))
      var place = 0
      while place < width {
        let word = stream.next()
        var half = UInt32(truncatingIfNeeded: word)
        for _ in 0..<2 {
          let chance = UInt16(truncatingIfNeeded: half >> 16)
          let fresh = UInt16(truncatingIfNeeded: half) & 4095
          let other = chance >= lower && chance < above ? before[place] : fresh
          own[place] = chance < keep ? own[place] : other
          half = UInt32(truncatingIfNeeded: word >> 32)
          place += 1
        }
      }
    }
  }

  /// The experts of a token in a layer, and what they add to the layer's scores.
  ///
  /// - Parameters:
  ///   - variates: the layer's, by place.
  ///   - chosen: room for `perToken` experts, the one of the highest score first.
  ///   - sums: scores of the layer by place, which grow by the token's shares.
  ///   - values: room for `width` numbers.
  ///   - best: room for `perToken` numbers.
  func choose(
    _ variates: UnsafePointer<UInt16>, _ topic: Int, isPrompt: Bool, layer: Int,
    chosen: UnsafeMutablePointer<Int32>, sums: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>,
    best: UnsafeMutablePointer<Float>
  ) {
    let count = shape.perToken
    (isPrompt ? promptWeights : weights).withUnsafeBufferPointer { weights in
      Self.quotients.withUnsafeBufferPointer { quotients in
        let weights = weights.baseAddress.unsafelyUnwrapped + topic * width
        let quotients = quotients.baseAddress.unsafelyUnwrapped
        for place in 0..<width { values[place] = weights[place] * quotients[Int(variates[place])] }
      }
    }
    for choice in 0..<count { best[choice] = -1 }
    for place in 0..<shape.experts where values[place] > best[count - 1] {
      var choice = count - 1
      while choice > 0, best[choice - 1] < values[place] {
        best[choice] = best[choice - 1]
        chosen[choice] = chosen[choice - 1]
        choice -= 1
      }
      best[choice] = values[place]
      chosen[choice] = Int32(place)
    }
    var total = SIMD4<Float>()
    for place in stride(from: 0, to: width, by: 4) {
      let four = SIMD4(values[place], values[place + 1], values[place + 2], values[place + 3]).squareRoot()
      total += four
      for lane in 0..<4 { values[place + lane] = four[lane] }
    }
    let share = 1 / ((total.x + total.y) + (total.z + total.w))
    for place in 0..<width { sums[place] += values[place] * share }
    expertAt.withUnsafeBufferPointer { experts in
      for choice in 0..<count { chosen[choice] = experts[layer * shape.experts + Int(chosen[choice])] }
    }
  }
}
