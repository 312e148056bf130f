import Foundation
import Ledger

/// What a scenario gave when its results were last accepted, as text that one reviews in a diff: one fact a line,
/// `key = value`, numbers to 12 digits.
public struct Baseline: Hashable, Sendable {
  /// One line.
  public struct Fact: Hashable, Sendable {
    /// What: "scenario", or variant, scope and name: "split cluster ttft-p99".
    public var key: String
    /// How much, with its unit.
    public var value: String

    /// A fact.
    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  /// A fact that is not what it was.
  public struct Difference: Hashable, Sendable, CustomStringConvertible {
    /// What moved.
    public var key: String
    /// What it was; nil where it is new.
    public var was: String?
    /// What it is; nil where it is gone.
    public var now: String?

    /// One line: key, both values and by how much a number moved.
    public var description: String {
      guard let was else { return "\(key): new, \(now ?? "")" }
      guard let now else { return "\(key): gone, was \(was)" }
      guard let a = Self.number(was), let b = Self.number(now), a != 0, (b / a).isFinite else {
        return "\(key): \(was) -> \(now)"
      }
      return "\(key): \(was) -> \(now) (" + String(format: "%+.3g", (b / a - 1) * 100) + " %)"
    }

    /// The number that a value begins with; nil for hashes, which may look like one.
    private static func number(_ value: String) -> Double? {
      value.split(separator: " ").first.flatMap { $0.count < 16 || $0.contains(".") ? Double($0) : nil }
    }
  }

  /// The facts in the order of the file; no key twice.
  public var facts: [Fact]

  /// The facts of the runs of one scenario.
  public init(scenario: String, runs: [RunRecord]) {
    facts = [Fact("scenario", scenario)]
    for run in runs {
      let variant = run.header.variant.isEmpty ? "-" : run.header.variant
      let prints = run.header.fingerprints
      if let hash = run.provenance.first(where: { $0.key == Run.resolutionHash }) {
        facts.append(Fact("\(variant) \(hash.key)", hash.value))
      }
      facts += [
        Fact("\(variant) seed", String(run.header.seed)),
        Fact("\(variant) requests", String(run.header.requests)),
        Fact("\(variant) fingerprint trajectory", StoredFingerprints.hex(prints.trajectory)),
        Fact("\(variant) fingerprint decisions", StoredFingerprints.hex(prints.decisions)),
        Fact("\(variant) fingerprint metrics", StoredFingerprints.hex(prints.metrics)),
      ]
      facts += run.metrics.map { Fact("\(variant) \($0.scope) \($0.name)", Self.text($0)) }
    }
  }

  /// A number and its unit. Whole numbers stand in full, others to 12 digits: the order in which a sum is added up may
  /// change, the fingerprints hold what may not.
  private static func text(_ metric: MetricRow) -> String {
    let rounded = metric.value.isNaN ? "nan" : String(format: "%.12g", metric.value)
    let number = Int(exactly: metric.value).map(String.init) ?? rounded
    return ["count", "share"].contains(metric.unit) ? number : "\(number) \(metric.unit)"
  }

  /// Reads a text that ``text`` wrote; nil where a line is neither a fact, a comment nor empty, or a key stands twice.
  public init?(text: String) {
    facts = []
    var keys: Set<String> = []
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      guard let equals = line.firstRange(of: " = ") else { return nil }
      let fact = Fact(String(line[..<equals.lowerBound]), String(line[equals.upperBound...]))
      guard keys.insert(fact.key).inserted else { return nil }
      facts.append(fact)
    }
  }

  /// The path of the scenario.
  public var scenario: String? { facts.first { $0.key == "scenario" }?.value }

  /// The baseline as a file.
  public var text: String {
    """
    # Accepted results. `medley baseline check` compares them, `medley baseline update` writes them; a change needs
    # its reason in CHANGELOG.md in the same commit.

    """ + facts.map { "\($0.key) = \($0.value)\n" }.joined()
  }

  /// What moved between this baseline and `now`, in the order of the file, new facts last.
  public func differences(to now: Baseline) -> [Difference] {
    let mine = Dictionary(facts.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    let theirs = Dictionary(now.facts.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    return facts.compactMap { fact in
      theirs[fact.key] == fact.value ? nil : Difference(key: fact.key, was: fact.value, now: theirs[fact.key])
    } + now.facts.filter { mine[$0.key] == nil }.map { Difference(key: $0.key, was: nil, now: $0.value) }
  }
}
