import Units

/// A latency that an objective can bound.
public enum SLOMetric: String, CaseIterable, Sendable {
  /// From arrival to the first token.
  case ttft
  /// Mean time between the tokens of a request after its first; requests with one token have none.
  case tpot
  /// Each gap between consecutive tokens.
  case itl
  /// From arrival to the last token.
  case e2e
}

/// One objective: a metric, over which requests, within which bound.
public struct SLOClause: Hashable, Sendable {
  /// Which requests must be within the bound.
  public enum Scope: Hashable, Sendable {
    /// This fraction of the requests (of the gaps for ITL), above 0 and at most 1.
    case percentile(Double)
    /// Each request, as far as the SLO's attainment asks: such clauses are counted together, request by request.
    case request
  }

  /// What the metric may be.
  public enum Bound: Hashable, Sendable {
    /// A time.
    case absolute(Seconds)
    /// A multiple of the same request's value on the unloaded reference.
    case slowdown(Double)
  }

  /// What is bounded.
  public var metric: SLOMetric
  /// For which requests.
  public var scope: Scope
  /// By what.
  public var bound: Bound
  /// Whether a value equal to the bound violates it.
  public var isStrict: Bool

  /// An objective.
  public init(_ metric: SLOMetric, _ scope: Scope, _ bound: Bound, isStrict: Bool = false) {
    self.metric = metric
    self.scope = scope
    self.bound = bound
    self.isStrict = isStrict
  }

  /// The objective as tables write it: "p99 ttft < 6x", "tpot <= 200 ms", "e2e <= 30 s".
  public var name: String {
    let relation = isStrict ? "<" : "<="
    let limit =
      switch bound {
      case .absolute(let time):
        time.value < 1 ? "\(SLOClause.short(time.value * 1e3)) ms" : "\(SLOClause.short(time.value)) s"
      case .slowdown(let factor): "\(SLOClause.short(factor))x"
      }
    return switch scope {
    case .percentile(let fraction): "p\(SLOClause.short(fraction * 100)) \(metric.rawValue) \(relation) \(limit)"
    case .request: "\(metric.rawValue) \(relation) \(limit)"
    }
  }

  /// A number to 9 digits after the point, trailing zeros left out.
  private static func short(_ value: Double) -> String {
    let rounded = (value * 1e9).rounded() / 1e9
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : "\(rounded)"
  }
}

/// Objectives that hold together.
public struct SLO: Hashable, Sendable {
  /// An objective that cannot be judged.
  public enum Fault: Error, Hashable, Sendable {
    /// A percentile is not in (0, 1], a bound is not positive and finite, or the attainment is not in 0...1.
    case outOfRange(String)
    /// ITL is bounded per request or as a slowdown; it is measured over all gaps of a run together.
    case unsupported(String)
    /// A slowdown is bounded and no unloaded reference is given.
    case needsReference(String)
  }

  /// The objectives.
  public var clauses: [SLOClause]
  /// The share of requests that must be within all clauses of scope `request`.
  public var attainment: Double

  /// Objectives that hold together.
  /// - Throws: ``Fault``.
  public init(_ clauses: [SLOClause], attainment: Double = 1) throws(Fault) {
    guard attainment >= 0, attainment <= 1 else { throw .outOfRange("attainment \(attainment)") }
    for clause in clauses {
      let limit =
        switch clause.bound {
        case .absolute(let time): time.value
        case .slowdown(let factor): factor
        }
      guard limit > 0, limit < 4e6 else { throw .outOfRange(clause.name) }
      if case .percentile(let fraction) = clause.scope {
        guard fraction > 0, fraction <= 1 else { throw .outOfRange(clause.name) }
      }
      guard clause.metric != .itl || clause.judgesGaps else { throw .unsupported(clause.name) }
    }
    self.clauses = clauses
    self.attainment = attainment
  }

  /// Whether a clause needs an unloaded reference.
  public var needsReference: Bool {
    clauses.contains {
      if case .slowdown = $0.bound { true } else { false }
    }
  }

  /// The nine objectives of Splitwise (Patel et al., ISCA 2024, section 6): slowdowns of TTFT, TBT (here TPOT) and E2E
  /// against the same model on an uncontended DGX-A100.
  public static let splitwise: SLO = {
    var clauses: [SLOClause] = []
    for (metric, factors) in [
      (SLOMetric.ttft, [2, 3, 6]), (.tpot, [1.25, 1.5, 5]), (.e2e, [1.25, 1.5, 5]),
    ] as [(SLOMetric, [Double])] {
      for (fraction, factor) in zip([0.5, 0.9, 0.99], factors) {
        clauses.append(SLOClause(metric, .percentile(fraction), .slowdown(factor), isStrict: true))
      }
    }
    return SLO(valid: clauses)
  }()

  private init(valid clauses: [SLOClause]) {
    self.clauses = clauses
    attainment = 1
  }
}

extension SLOClause {
  /// Whether the clause bounds a percentile of gaps by a time.
  var judgesGaps: Bool {
    guard metric == .itl, case .percentile = scope, case .absolute = bound else { return false }
    return true
  }
}

/// How one objective was met.
public struct SLOVerdict: Hashable, Sendable {
  /// The objective.
  public var clause: SLOClause
  /// The value at the clause's percentile, or the largest for a clause of scope `request`: seconds or a slowdown.
  /// Nil where a rejected request stands there or nothing was measured.
  public var measured: Double?
  /// Share of the requests (gaps for ITL) within the bound; rejected requests are not, whatever the bound.
  public var share: Double
  /// Whether the objective holds; for a clause of scope `request`, whether `share` reaches the attainment.
  public var isMet: Bool
}

/// How an SLO was met.
public struct SLOOutcome: Hashable, Sendable {
  /// One verdict for each clause, in order.
  public var verdicts: [SLOVerdict]
  /// Requests within all clauses of scope `request`; nil where there is no such clause.
  public var attained: Int?
  /// Their share of all requests.
  public var attainment: Double?
  /// Their number per second of the run.
  public var goodput: Rate?
  /// Whether all percentiles hold and the attainment is reached.
  public var isMet: Bool

  /// The share of clauses that are met; nil where there are none.
  public var clausesMet: Double? {
    verdicts.isEmpty ? nil : Double(verdicts.count(where: \.isMet)) / Double(verdicts.count)
  }
}
