import Kernel

/// How many tokens a prompt or an output has; draws are rounded to the nearest whole number, at least 1.
public enum LengthLaw: Hashable, Sendable {
  /// Always the same.
  case constant(Int)
  /// A lognormal law of this mean and coefficient of variation; longer draws count as `maximum`.
  case lognormal(mean: Double, variation: Double, maximum: Int)
  /// A measured law, given by its quantiles from probability 0 to 1.
  case quantiles([Quantiles.Point])
  /// Lengths that occurred, each as likely as the others, drawn with replacement.
  case resampled([Int32])
}

/// A length law whose parameters are checked, ready to draw from.
struct LengthSampler {
  private enum Law {
    case constant(Int32)
    case lognormal(LogNormal, maximum: Double)
    case quantiles(Quantiles)
    case resampled([Int32])
  }

  private let law: Law
  private let family: RandomFamily

  init(_ law: LengthLaw, _ consumer: Consumer, seed: UInt64) throws(Generator.Fault) {
    let name = consumer == .promptLength ? "prompt" : "output"
    let limit = Int(Request.tokenLimit)
    family = RandomFamily(seed: seed, consumer: consumer)
    switch law {
    case .constant(let tokens):
      guard 1...limit ~= tokens else { throw .badLength(name, Double(tokens)) }
      self.law = .constant(Int32(tokens))
    case .lognormal(let mean, let variation, let maximum):
      guard 1...limit ~= maximum else { throw .badLength(name, Double(maximum)) }
      guard mean >= 1, mean <= Double(maximum) else { throw .badLength(name, mean) }
      guard variation >= 0, variation <= 100, let lognormal = LogNormal(mean: mean, variation: variation) else {
        throw .badVariation(variation)
      }
      self.law = .lognormal(lognormal, maximum: Double(maximum))
    case .quantiles(let points):
      guard let quantiles = Quantiles(points), let first = points.first, let last = points.last, first.value >= 1,
        last.value <= Double(limit)
      else { throw .badTable(name) }
      self.law = .quantiles(quantiles)
    case .resampled(let lengths):
      guard !lengths.isEmpty else { throw .badTable(name) }
      if let bad = lengths.first(where: { $0 < 1 || $0 > Request.tokenLimit }) { throw .badLength(name, Double(bad)) }
      self.law = .resampled(lengths)
    }
  }

  /// The length for request `index`.
  func length(_ index: Int) -> Int32 {
    var stream = family.stream(UInt64(index))
    switch law {
    case .constant(let tokens): return tokens
    case .lognormal(let law, let maximum): return Self.whole(min(maximum, law.draw(from: &stream)))
    case .quantiles(let law): return Self.whole(law.draw(from: &stream))
    case .resampled(let lengths): return lengths[Int(stream.below(UInt64(lengths.count)))]
    }
  }

  private static func whole(_ tokens: Double) -> Int32 { Int32(max(1, tokens.rounded())) }
}
