import Kernel

/// Conversations: every turn's prompt is all that was said before and a new question, and comes when the answer to the
/// one before has been read.
public struct Sessions: Hashable, Sendable {
  /// How many turns a session has.
  public var turns: TurnLaw
  /// How long users read and think after an answer before they ask again.
  public var think: TimeLaw
  /// The most tokens that a turn's prompt and output have together; a session ends before a turn that would have more.
  public var maxContext: Int32

  /// Sessions.
  public init(turns: TurnLaw, think: TimeLaw, maxContext: Int32 = Request.tokenLimit) {
    self.turns = turns
    self.think = think
    self.maxContext = maxContext
  }
}

/// How many turns a session has.
public enum TurnLaw: Hashable, Sendable {
  /// Most turns of a session.
  public static let limit = 1 << 12

  /// Always as many.
  case constant(Int)
  /// A geometric law of this mean, from 1 to 100: after each turn the session goes on with the same chance.
  case geometric(mean: Double)
  /// A measured law, given by its quantiles from probability 0 to 1; draws are rounded to the nearest whole number.
  case quantiles([Quantiles.Point])
}

/// A turn law whose parameters are checked, ready to draw from.
struct TurnSampler {
  private enum Law {
    case constant(Int)
    case geometric(Geometric)
    case quantiles(Quantiles)
  }

  private let law: Law
  private let family: RandomFamily
  /// The expected number of turns.
  let mean: Double

  init(_ law: TurnLaw, seed: UInt64) throws(Generator.Fault) {
    family = RandomFamily(seed: seed, consumer: .session)
    switch law {
    case .constant(let turns):
      guard 1...TurnLaw.limit ~= turns else { throw .badTable("turns") }
      self.law = .constant(turns)
      mean = Double(turns)
    case .geometric(let wanted):
      guard wanted <= 100, let geometric = Geometric(mean: wanted) else { throw .badTable("turns") }
      self.law = .geometric(geometric)
      mean = wanted
    case .quantiles(let points):
      guard let quantiles = Quantiles(points), let first = points.first, let last = points.last, first.value >= 1,
        last.value <= Double(TurnLaw.limit)
      else { throw .badTable("turns") }
      self.law = .quantiles(quantiles)
      // The sum over k of the chance of at least k turns.
      mean = (2...max(2, Int(last.value.rounded()))).reduce(1) { sum, turns in
        sum + 1 - Self.share(of: points, below: Double(turns) - 0.5)
      }
    }
  }

  /// The share of draws below a value between the least and the greatest.
  private static func share(of points: [Quantiles.Point], below value: Double) -> Double {
    guard let above = points.firstIndex(where: { $0.value >= value }) else { return 1 }
    guard above > 0 else { return 0 }
    let (lower, upper) = (points[above - 1], points[above])
    return lower.probability
      + (upper.probability - lower.probability) * (value - lower.value) / (upper.value - lower.value)
  }

  /// The turns of a session, at most ``TurnLaw/limit``.
  func turns(_ session: Int) -> Int {
    var stream = family.stream(UInt64(session))
    switch law {
    case .constant(let turns): return turns
    case .geometric(let law): return min(TurnLaw.limit, law.draw(from: &stream))
    case .quantiles(let law): return max(1, Int(law.draw(from: &stream).rounded()))
    }
  }
}
