import Kernel

/// How good guesses are at the experts that a token will go to.
public struct GuessQuality: Hashable, Sendable {
  /// Chance that an expert of the token is guessed, by layers ahead: the first for the next layer, the last for all that
  /// are further; each 0 to 1.
  public let accuracy: [Double]
  /// Experts guessed for each token beyond those it goes to.
  public let extra: Int
  /// Chance that an expert that was not guessed is among the extra ones; 0 to 1.
  public let recovery: Double

  /// Guesses; nil where a number is outside its range, there is no accuracy, or nothing can be recovered.
  public init?(accuracy: [Double], extra: Int = 0, recovery: Double = 0) {
    guard !accuracy.isEmpty, accuracy.allSatisfy((0...1).contains), extra >= 0, 0...1 ~= recovery else { return nil }
    guard extra > 0 || recovery == 0 else { return nil }
    self.accuracy = accuracy
    self.extra = extra
    self.recovery = recovery
  }

  private init(_ accuracy: [Double], _ extra: Int, _ recovery: Double) {
    self.accuracy = accuracy
    self.extra = extra
    self.recovery = recovery
  }

  /// The gate of a layer chooses for the next: never wrong. Source: R. Hwang et al., "Pre-gated MoE", ISCA 2024.
  public static let preGated = GuessQuality([1], 0, 0)

  /// A layer's input through the gate of the next: 78.8 % of the experts, 97.15 % with `extra` candidates besides.
  /// Source: Fate, as third parties report it.
  public static func nextGate(extra: Int) -> GuessQuality {
    extra > 0 ? GuessQuality([0.788], extra, (0.9715 - 0.788) / (1 - 0.788)) : GuessQuality([0.788], 0, 0)
  }

  /// The whole path of a token before its first layer: every layer with one accuracy, 0 to 1, which is clamped.
  /// Source of the kind: ExpertFlow, which third parties report above 90 %.
  public static func path(accuracy: Double) -> GuessQuality { GuessQuality([min(max(accuracy, 0), 1)], 0, 0) }

  /// The chance that an expert of a token is in a guess `ahead` layers before: at least 1.
  public func coverage(ahead: Int) -> Double {
    let own = accuracy[min(max(ahead, 1), accuracy.count) - 1]
    return own + (1 - own) * recovery
  }
}

/// Guesses at the experts that a step will ask a layer for, wrong as often as told: what is guessed wrong is another
/// expert, which whoever trusts the guess fetches in vain.
///
/// A guess depends on seed, request, position, layer and layers ahead alone, and is drawn token by token. Wrong experts
/// are alike.
public struct ExpertPredictor: Sendable {
  /// How good the guesses are.
  public let quality: GuessQuality
  private let family: RandomFamily
  private var isGuessed: [Bool] = []
  private var guessed: [Int32] = []

  /// Guesses drawn with `seed`.
  public init(_ quality: GuessQuality, seed: UInt64) {
    self.quality = quality
    // Evictions draw from subjects 0 and 1.
    family = RandomFamily(seed: seed, consumer: .cache).family(2)
  }

  /// Guesses `layer` of a step `ahead` layers before, at least 1; what `guess` holds is replaced.
  /// Complexity: O(experts + tokens perToken).
  public mutating func guess(_ step: StepRouting, layer: Int, ahead: Int = 1, into guess: inout GuessedExperts) {
    guess.reset(step.shape.experts)
    for token in 0..<step.tokens {
      draw(step, layer: layer, token: token, ahead: ahead)
      for expert in guessed { guess.add(expert) }
    }
    guess.close()
  }

  /// What guesses one layer ahead would name for each token of a step by itself, in all layers: experts numbered through them, those of
  /// layer l from l experts on. Complexity: O(tokens layers perToken).
  public mutating func paths(_ step: StepRouting) -> [[Int]] {
    (0..<step.tokens).map { token in
      var path: [Int] = []
      for layer in 0..<step.shape.layers {
        draw(step, layer: layer, token: token, ahead: 1)
        for expert in guessed { path.append(layer * step.shape.experts + Int(expert)) }
      }
      return path
    }
  }

  /// Draws the guess for a token into `guessed`; none where it does not pass the layer.
  private mutating func draw(_ step: StepRouting, layer: Int, token: Int, ahead: Int) {
    guessed.removeAll(keepingCapacity: true)
    let own = step.experts(layer, token: token)
    guard !own.isEmpty else { return }
    let experts = step.shape.experts
    if isGuessed.count != experts { isGuessed = Array(repeating: false, count: experts) }
    let routed = step.routed[token]
    var stream = family.family(UInt64(bitPattern: Int64(routed.request))).family(UInt64(routed.position))
      .stream(UInt64(layer) << 16 | UInt64(min(max(ahead, 0), 65535)))
    draw(own, quality.accuracy[min(max(ahead, 1), quality.accuracy.count) - 1], experts, &stream)
    for expert in guessed { isGuessed[Int(expert)] = false }
  }

  /// Draws the guess for a token that goes to its `own` experts.
  private mutating func draw(
    _ own: ArraySlice<Int32>, _ accuracy: Double, _ experts: Int, _ stream: inout RandomStream
  ) {
    var extra = quality.extra
    var wrong = 0
    for expert in own {
      if stream.chance(accuracy) {
        add(expert)
        continue
      }
      wrong += 1
      guard extra > 0, stream.chance(quality.recovery) else { continue }
      extra -= 1
      add(expert)
    }
    // Wrong ones fill what is left: neither the token's nor named before.
    let room = experts - own.count
    var left = min(wrong + extra, room)
    while left > 0 {
      let expert = Int32(stream.below(UInt64(experts)))
      guard !isGuessed[Int(expert)], !own.contains(expert) else { continue }
      add(expert)
      left -= 1
    }
  }

  private mutating func add(_ expert: Int32) {
    isGuessed[Int(expert)] = true
    guessed.append(expert)
  }
}

/// The experts of a layer that a guess names.
public struct GuessedExperts: Sendable {
  /// Those that are guessed for any token, in rising order.
  public private(set) var experts: [Int32] = []
  private var counts: [Int32] = []

  /// None.
  public init() {}

  /// For how many of the step's tokens an expert is guessed.
  public func tokens(_ expert: Int32) -> Int { Int(counts[Int(expert)]) }

  mutating func reset(_ count: Int) {
    if counts.count != count { counts = Array(repeating: 0, count: count) }
    for expert in experts where Int(expert) < count { counts[Int(expert)] = 0 }
    experts.removeAll(keepingCapacity: true)
  }

  mutating func add(_ expert: Int32) {
    if counts[Int(expert)] == 0 { experts.append(expert) }
    counts[Int(expert)] += 1
  }

  mutating func close() { experts.sort() }
}
