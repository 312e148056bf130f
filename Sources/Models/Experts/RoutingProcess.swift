import Kernel

/// A router that never was: which experts a token goes to, as a pure function of seed, request, position and layer.
///
/// An expert's score for a token is its popularity for the request's topic over an exponential variate, so that the
/// experts of a token are drawn one after the other by popularity, none twice (Plackett and Luce). The variate is the
/// one of the request's previous token with chance `temporal`, that of the layer before with chance `interLayer`, else
/// fresh; every 64 tokens of a request, at a place of its own, none is kept, so that no score depends on more than 64
/// positions. Layers have the same popularities for experts in orders of their own; where the router is decoupled from them
/// they all go by the first. The router's score is the share of the square root: a softmax at twice the temperature.
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
  /// Layers that are drawn: all, or one whose experts all others take.
  let layers: Int
  private let root: RandomFamily
  private let topics: Int
  /// The expert at each place, layer by layer.
  let expertAt: [Int32]
  /// Popularity by topic and place, 0 where there is no expert or an idle one: of yielded tokens and of prompts.
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
    layers = parameters.isDecoupled ? 1 : shape.layers
    topics = parameters.topics
    expertAt = (0..<layers).flatMap { Self.order(shape.experts, root.stream(UInt64($0))) }
    let active = parameters.active(of: shape)
    let rankings = (0..<parameters.topics).map {
      Self.ranking(active, parameters.topicLocality, root.stream(1 << 32 + UInt64($0)))
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
  func advance(_ variates: UnsafeMutablePointer<Int32>, _ subject: Subject, _ position: Int, isPrompt: Bool) {
    let family = subject.family.family(UInt64(position))
    let bounds = isPrompt ? promptBounds : bounds
    let keep = SIMD4<Int32>(repeating: start(subject, position) == position ? 0 : Int32(bounds.keep))
    let lower = SIMD4<Int32>(repeating: Int32(bounds.keep))
    let fresh = SIMD4<Int32>(repeating: 4095)
    for layer in 0..<layers {
      let own = UnsafeMutableRawPointer(variates + layer * width)
      let before = UnsafeRawPointer(variates + max(0, layer - 1) * width)
      let above = layer == 0 ? lower : SIMD4<Int32>(repeating: Int32(bounds.above))
      var stream = family.stream(UInt64(layer))
      // Two words make four places, whatever comes of each: choices that follow one another in steps would stall.
      for offset in stride(from: 0, to: width * MemoryLayout<Int32>.stride, by: MemoryLayout<SIMD4<Int32>>.stride) {
        let words = stream.pair()
        let bits = unsafeBitCast(SIMD2(words.0, words.1), to: SIMD4<UInt32>.self)
        let chance = SIMD4<Int32>(truncatingIfNeeded: bits &>> 16)
        let kept = own.loadUnaligned(fromByteOffset: offset, as: SIMD4<Int32>.self)
        let inherited = before.loadUnaligned(fromByteOffset: offset, as: SIMD4<Int32>.self)
        var drawn = SIMD4<Int32>(truncatingIfNeeded: bits) & fresh
        drawn.replace(with: inherited, where: (chance .>= lower) .& (chance .< above))
        drawn.replace(with: kept, where: chance .< keep)
        own.storeBytes(of: drawn, toByteOffset: offset, as: SIMD4<Int32>.self)
      }
    }
  }

  /// The drawn layer that a layer goes by.
  func drawn(_ layer: Int) -> Int { min(layer, layers - 1) }

  /// The experts of a token in a drawn layer, and what they add to a layer's scores.
  ///
  /// - Parameters:
  ///   - variates: the layer's, by place.
  ///   - chosen: room for `perToken` experts, the one of the highest score first.
  ///   - sums: scores of the layer by place, which grow by the token's shares; nil where nobody asks for them.
  ///   - values: room for `width` numbers.
  ///   - places: room for `width` numbers.
  func choose(
    _ variates: UnsafePointer<Int32>, _ topic: Int, isPrompt: Bool, layer: Int,
    chosen: UnsafeMutablePointer<Int32>, sums: UnsafeMutablePointer<Float>?, values: UnsafeMutablePointer<Float>,
    places: UnsafeMutablePointer<Int32>
  ) {
    (isPrompt ? promptWeights : weights).withUnsafeBufferPointer { weights in
      Self.quotients.withUnsafeBufferPointer { quotients in
        let weights = weights.baseAddress.unsafelyUnwrapped + topic * width
        let quotients = quotients.baseAddress.unsafelyUnwrapped
        for place in 0..<width { values[place] = weights[place] * quotients[Int(variates[place])] }
      }
    }
    takeHighest(values, into: chosen, places)
    expertAt.withUnsafeBufferPointer { experts in
      let experts = experts.baseAddress.unsafelyUnwrapped + layer * shape.experts
      for choice in 0..<shape.perToken { chosen[choice] = experts[Int(chosen[choice])] }
    }
    if let sums { add(values, to: sums) }
  }

  /// The places of the `perToken` highest values, the highest first, of equals the first.
  ///
  /// Few values are as high as that many of the highest in eight parts; they alone are looked at one by one.
  private func takeHighest(
    _ values: UnsafePointer<Float>, into chosen: UnsafeMutablePointer<Int32>, _ places: UnsafeMutablePointer<Int32>
  ) {
    // The bits of numbers that are not negative are in their order: the sign of a difference counts without a jump.
    let least = Int32(bitPattern: floor(of: values).bitPattern)
    var candidates = 0
    for place in 0..<shape.experts {
      places[candidates] = Int32(truncatingIfNeeded: place)
      candidates &+= 1 &+ Int((Int32(bitPattern: values[place].bitPattern) &- least) &>> 31)
    }
    var taken = 0
    for candidate in 0..<candidates {
      let place = places[candidate]
      var choice = taken
      while choice > 0, values[Int(chosen[choice - 1])] < values[Int(place)] { choice -= 1 }
      guard choice < shape.perToken else { continue }
      taken = min(taken + 1, shape.perToken)
      var last = taken - 1
      while last > choice {
        chosen[last] = chosen[last - 1]
        last -= 1
      }
      chosen[choice] = place
    }
  }

  /// A value that at least `perToken` values reach.
  private func floor(of values: UnsafePointer<Float>) -> Float {
    guard width >= 16, shape.perToken <= 8 else { return 0 }
    let raw = UnsafeRawPointer(values)
    let size = MemoryLayout<SIMD8<Float>>.stride
    var highest = raw.loadUnaligned(as: SIMD8<Float>.self)
    for part in 1..<width / 8 {
      let next = raw.loadUnaligned(fromByteOffset: part * size, as: SIMD8<Float>.self)
      highest.replace(with: next, where: next .> highest)
    }
    var rank = SIMD8<Int32>()
    for lane in 0..<8 { rank.replace(with: rank &+ 1, where: highest[lane] .> highest) }
    highest.replace(with: .infinity, where: rank .>= Int32(shape.perToken))
    return highest.min()
  }

  /// Adds each place's share of the square roots of values to a layer's scores; the values are roots then.
  private func add(_ values: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>) {
    var total = SIMD4<Float>()
    for place in stride(from: 0, to: width, by: 4) {
      let roots = SIMD4(
        values[place].squareRoot(), values[place + 1].squareRoot(), values[place + 2].squareRoot(),
        values[place + 3].squareRoot())
      total += roots
      UnsafeMutableRawPointer(values + place).storeBytes(of: roots, as: SIMD4<Float>.self)
    }
    let share = 1 / ((total.x + total.y) + (total.z + total.w))
    for place in 0..<width { sums[place] += values[place] * share }
  }
}
