import Units

/// A published result that a scenario is to be compared with: a figure of one or several variants, what it is compared
/// with, what is taken of several, and which results count as reproduced.
public struct Claim: Hashable, Sendable {
  /// How far a published figure can be trusted: where it was read.
  public enum Mark: String, CaseIterable, Hashable, Sendable {
    /// The abstract.
    case abstract = "A"
    /// The full text of the paper.
    case paper = "P"
    /// A file of the public artifact.
    case file = "F"
    /// Documentation or blog of the project.
    case documentation = "D"
    /// A third party's summary, unverified.
    case note = "N"
    /// Recalled, unverified.
    case recalled = "R"

    /// Whether the authors themselves published it.
    public var isVerified: Bool { self != .note && self != .recalled }
  }

  /// A published figure and where it was read.
  public struct Citation: Hashable, Sendable {
    /// The figure; nil where the source says an order or a bound without one.
    public var value: Double?
    /// Where it was read.
    public var mark: Mark
    /// The citation.
    public var source: String

    /// A citation.
    public init(value: Double?, mark: Mark, source: String) {
      self.value = value
      self.mark = mark
      self.source = source
    }
  }

  /// What is measured on a variant.
  public struct Measure: Hashable, Sendable {
    /// The figure.
    public var metric: String
    /// Whose it is, as rows of a summary spell it: "pool decode", "path prefill -> decode", "tenant chat"; nil for the
    /// whole cluster's.
    public var scope: String?
    /// The figure it is divided by: the scope's, or the whole cluster's where the scope has none of this name.
    public var per: String?
    /// The figure it is multiplied by, of the same owner: watts, for joules a token.
    public var times: String?

    /// The figures that it is made of.
    public var figures: [String] { [metric] + [per, times].compactMap(\.self) }
    /// Whether a search for capacity answers it, alone or beside runs.
    public var isSearched: Bool { figures.contains(Claim.searched) }

    /// "mean-decode-batch of pool all per steps".
    public var text: String {
      metric + (scope.map { " of \($0)" } ?? "") + (per.map { " per \($0)" } ?? "")
        + (times.map { " times \($0)" } ?? "")
    }
  }

  /// How a figure is compared with another variant's.
  public enum Comparison: String, CaseIterable, Hashable, Sendable {
    /// Divided by it.
    case ratio
    /// Less it, so that shares give points.
    case difference
    /// The part of it that is saved: 1 - ratio.
    case saving
    /// The part of the gap between two others that is closed: (first - figure) / (first - second).
    case recovery

    /// What it gives where nothing changes; nil where nothing says so.
    public var neutral: Double? {
      switch self {
      case .ratio: 1
      case .difference, .saving, .recovery: 0
      }
    }
  }

  /// What is taken of the figures of several variants, each compared with its own other.
  public enum Taking: String, CaseIterable, Hashable, Sendable {
    /// The arithmetic mean.
    case mean
    /// The geometric mean.
    case geomean
    /// The least.
    case least
    /// The greatest.
    case greatest
    /// The greatest over the least.
    case spread
    /// The least of each over the one before: above 1 where every step is up.
    case rising
    /// The least of each over the one after: above 1 where every step is down.
    case falling
    /// R^2 of a straight line through the figures at the numbers of `at`.
    case linear
    /// The number of `at` where the figures first cross `level`, on straight lines between them.
    case crossing
    /// The number of `at` with the highest figure.
    case highestAt = "highest-at"
    /// The number of `at` with the lowest figure.
    case lowestAt = "lowest-at"

    /// Whether it gives a number of `at`: found on each side, then compared.
    public var isPosition: Bool { self == .crossing || self == .highestAt || self == .lowestAt }
    /// Whether it needs `at`.
    var needsPlaces: Bool { isPosition || self == .linear }
    /// The fewest variants that it makes sense for.
    var fewest: Int { self == .linear ? 3 : 2 }
  }

  /// The value that a series crosses.
  public enum Level: Hashable, Sendable {
    /// Itself.
    case figure(Double)
    /// This many times the first figure of the series.
    case multiple(Double)
  }

  /// The name by which fitted parameters refer to it; nil where it has none.
  public var name: String?
  /// What it says in words; empty where the settings say it.
  public var says: String
  /// What is measured.
  public var measure: Measure
  /// What is measured on the variants compared with.
  public var overMeasure: Measure
  /// The variants it is measured on, at least one.
  public var of: [String]
  /// The variants they are compared with: none, one for all, one for each, or the two ends of a gap.
  public var over: [String]
  /// How; nil where `over` is empty.
  public var comparison: Comparison?
  /// What is taken of several variants; nil for one alone.
  public var taking: Taking?
  /// Numbers that go with the variants, upwards; empty where they have none.
  public var at: [Double]
  /// The value to be crossed.
  public var level: Level?
  /// The published figure.
  public var published: Citation
  /// The same figure as other versions and files state it.
  public var also: [Citation]
  /// The figures that count as reproduced; nil where it is only printed beside ours.
  public var within: ClosedRange<Double>?
  /// Why our figure is not within, as far as we know; empty where nothing was said.
  public var reason: String
  /// Where the claim stands.
  public var place: Place

  /// The variants that must run.
  public var variants: [String] { of + over }
  /// Whether a search for capacity is needed.
  public var isSearched: Bool { measure.isSearched || overMeasure.isSearched }

  /// The figure that a search for capacity answers, not a run: the highest rate within the SLO.
  public static let searched = "max-rate"

  /// The metrics of the whole cluster that claims may name: figures that every run has, and `max-rate`.
  public static let metrics: [String] =
    ["ttft", "tpot", "itl", "e2e", "queueing"].flatMap { metric in
      ["mean", "p50", "p90", "p95", "p99", "p99.9", "max"].map { "\(metric)-\($0)" }
    } + [
      "attainment", "average-power", "completed", "cost", "cost-per-million-output-tokens", "cost-per-million-tokens",
      "duration", "energy", "energy-per-output-token", "goodput", "latency-share-queue", "latency-share-transfer",
      searched, "output-token-rate", "output-tokens", "peak-power", "preemptions", "prefix-hit-rate", "price",
      "prompt-tokens", "provisioned-power", "rejected", "request-rate", "requests", "swapped-bytes", "token-rate",
      "transferred-bytes",
    ]
}
