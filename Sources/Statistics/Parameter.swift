import Foundation

/// One unknown of a fit: its name, where the search begins and where its values may lie.
public struct Parameter: Hashable, Sendable {
  /// The name, for messages.
  public var name: String
  /// Where the search begins; strictly within the bounds.
  public var start: Double
  /// The least value allowed.
  public var lower: Double
  /// The greatest value allowed.
  public var upper: Double

  /// A parameter, free unless bounds are given.
  public init(_ name: String, start: Double, lower: Double = -.infinity, upper: Double = .infinity) {
    self.name = name
    self.start = start
    self.lower = lower
    self.upper = upper
  }

  /// Whether the start lies strictly within the bounds.
  var isValid: Bool { start.isFinite && lower < start && start < upper }

  /// The value at a place x of the unbounded search: x itself; lower + s softplus(x) or upper - s softplus(-x), with s
  /// the start's distance from the bound, which grows like x far from it and never reaches it; or a logistic between
  /// two bounds.
  func value(at x: Double) -> Double {
    switch (lower.isFinite, upper.isFinite) {
    case (false, false): x
    case (true, false): lower + (start - lower) * Self.softplus(x)
    case (false, true): upper - (upper - start) * Self.softplus(-x)
    case (true, true): lower + (upper - lower) * Self.logistic(x)
    }
  }

  /// The place of the unbounded search whose value is the start.
  var place: Double {
    switch (lower.isFinite, upper.isFinite) {
    case (false, false): start
    // softplus is 1 there.
    case (true, false): log(M_E - 1)
    case (false, true): -log(M_E - 1)
    case (true, true): log((start - lower) / (upper - start))
    }
  }

  /// The change of the value with the place.
  func slope(at x: Double) -> Double {
    switch (lower.isFinite, upper.isFinite) {
    case (false, false): 1
    case (true, false): (start - lower) * Self.logistic(x)
    case (false, true): (upper - start) * Self.logistic(-x)
    case (true, true): (upper - lower) * Self.logistic(x) * Self.logistic(-x)
    }
  }

  /// log(1 + e^x) without overflow.
  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

  /// 1 / (1 + e^-x), the slope of softplus.
  private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
