import Scenario
import Units

/// Rates at equal distances.
public struct RateGrid: Hashable, Sendable {
  /// The lowest rate, above 0.
  public var lowest: Rate
  /// The highest rate, which need not lie on the grid.
  public var highest: Rate
  /// The distance, above 0.
  public var step: Rate

  /// Most rates of a grid.
  public static let limit = 100_000

  /// A grid; nil where a bound is not finite and above 0, `highest` is below `lowest`, or there are more than
  /// ``limit`` rates.
  public init?(lowest: Rate, highest: Rate, step: Rate) {
    guard lowest.value > 0, step.value > 0, highest >= lowest, highest.value.isFinite else { return nil }
    guard (highest - lowest) / step < Double(Self.limit) else { return nil }
    self.lowest = lowest
    self.highest = highest
    self.step = step
  }

  /// The rates, lowest first: lowest + i * step up to highest.
  public var rates: [Rate] {
    // Half a millionth of a step forgives what the division rounds.
    (0...Int(((highest - lowest) / step + 5e-7).rounded(.down))).map { lowest + step * Double($0) }
  }
}

/// How the highest rate that meets the SLOs is looked for.
public enum SearchPlan: Hashable, Sendable {
  /// Every rate of a grid is run: right whatever the shape of the answer, as in Splitwise's notebooks.
  case everyRate(RateGrid)
  /// Bisection on a grid, for answers that are yes up to a rate and no above it. The two rates on either side of the
  /// border are run to verify that; where they or any others contradict it, the rest of the grid is run too.
  case bisection(RateGrid)
  /// Bisection between real rates until the passing and the failing one differ by no more than `tolerance` of the
  /// passing one. Without `highest`, the bracket doubles from `lowest` until a rate fails or the next exceeds the
  /// search's ceiling.
  case relative(lowest: Rate, highest: Rate?, tolerance: Double)

  /// The lowest rate where nothing says one.
  public static let lowest = Rate(0.1)
  /// The tolerance where nothing says a grid or another.
  public static let tolerance = 0.01

  /// What a scenario states: the bisection of its grid, or between its rates where it has none.
  public init(_ stated: CapacityPlan?) {
    if let stated, let step = stated.step,
      let grid = RateGrid(lowest: stated.lowest, highest: stated.highest, step: step)
    {
      self = .bisection(grid)
    } else {
      self = .relative(lowest: stated?.lowest ?? Self.lowest, highest: stated?.highest, tolerance: Self.tolerance)
    }
  }
}

/// One rate that was run.
public struct CapacityProbe: Hashable, Sendable {
  /// The rate.
  public var rate: Rate
  /// Whether every SLO was met.
  public var passes: Bool
  /// What was missed, in words; empty where nothing was.
  public var missed: String

  /// A probe.
  public init(rate: Rate, passes: Bool, missed: String = "") {
    self.rate = rate
    self.passes = passes
    self.missed = missed
  }
}

/// What a search found.
public struct CapacityFinding: Hashable, Sendable {
  /// Every rate that was run, lowest first.
  public var probes: [CapacityProbe]

  /// What the probes say, in any order.
  public init(probes: [CapacityProbe]) { self.probes = probes.sorted { $0.rate < $1.rate } }

  /// The highest rate that passed; nil where none did.
  public var best: Rate? { probes.last { $0.passes }?.rate }

  /// The lowest rate above ``best`` that failed; nil where the search ended before one did.
  public var border: CapacityProbe? { probes.first { !$0.passes && $0.rate > (best ?? Rate(-1)) } }

  /// Whether no rate passed above one that failed.
  public var isMonotone: Bool {
    guard let failing = probes.firstIndex(where: { !$0.passes }) else { return true }
    return !probes[failing...].contains { $0.passes }
  }

  /// How far the capacity may lie above ``best``, as a share of it; nil where nothing bounds it.
  public var uncertainty: Double? {
    guard let best, let border else { return nil }
    return (border.rate - best) / best
  }
}

/// Looks for the highest rate that meets the SLOs.
///
/// Which rates are run depends on the plan and the answers alone, never on the number of cores.
public struct CapacitySearch {
  /// Runs several rates and answers in their order.
  public typealias Probe = ([Rate]) throws -> [CapacityProbe]

  private let probe: Probe
  private var known: [Rate: CapacityProbe] = [:]

  /// Most doublings of an open bracket.
  public static let doublings = 60

  /// The finding of a plan; `ceiling` ends the doubling of an open bracket.
  /// - Throws: what `probe` throws.
  public static func run(
    _ plan: SearchPlan, ceiling: Rate = Rate(1e9), probe: @escaping Probe
  ) throws -> CapacityFinding {
    var search = CapacitySearch(probe: probe)
    switch plan {
    case .everyRate(let grid): try search.ask(grid.rates)
    case .bisection(let grid): try search.bisect(grid.rates)
    case .relative(let lowest, let highest, let tolerance):
      try search.narrow(lowest, highest, ceiling, tolerance: max(tolerance, 1e-9))
    }
    return search.finding
  }

  private init(probe: @escaping Probe) { self.probe = probe }

  private var finding: CapacityFinding { CapacityFinding(probes: Array(known.values)) }

  private mutating func ask(_ rates: [Rate]) throws {
    let fresh = rates.filter { known[$0] == nil }
    guard !fresh.isEmpty else { return }
    for answer in try probe(fresh) { known[answer.rate] = answer }
  }

  private func passes(_ rate: Rate) -> Bool { known[rate]?.passes ?? false }

  private mutating func bisect(_ rates: [Rate]) throws {
    // Invariant: what is at or below `low` passes and what is at or above `high` fails, as far as is known.
    var low = -1
    var high = rates.count
    while high - low > 1 {
      let inner = Self.inner(low, high)
      try ask(inner.map { rates[$0] })
      if let failing = inner.first(where: { !passes(rates[$0]) }) { high = failing }
      low = inner.last { $0 < high } ?? low
    }
    try ask((low - 1...high + 1).filter(rates.indices.contains).map { rates[$0] })
    if !finding.isMonotone { try ask(rates) }
  }

  /// Up to three indices that split what lies between two others.
  private static func inner(_ low: Int, _ high: Int) -> [Int] {
    let width = high - low
    return Set((1...3).map { low + width * $0 / 4 }).filter { $0 > low && $0 < high }.sorted()
  }

  private mutating func narrow(_ lowest: Rate, _ highest: Rate?, _ ceiling: Rate, tolerance: Double) throws {
    try ask([lowest] + (highest.map { [$0] } ?? []))
    guard passes(lowest) else { return }
    if highest == nil {
      for doubling in 0..<Self.doublings where finding.border == nil {
        let scale = Double(sign: .plus, exponent: 3 * doubling, significand: 1)
        let rates = [2, 4, 8].map { lowest * ($0 * scale) }.filter { $0 <= ceiling }
        guard !rates.isEmpty else { break }
        try ask(rates)
      }
    }
    while let best = finding.best, let border = finding.border, (border.rate - best) / best > tolerance {
      let width = border.rate - best
      try ask([0.25, 0.5, 0.75].map { best + width * $0 })
    }
  }
}
