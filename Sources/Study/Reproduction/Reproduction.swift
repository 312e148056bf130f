import Foundation

/// What became of the published results of systems: what `medley reproduce` finds, keeps and compares.
public struct Reproduction: Codable, Hashable, Sendable {
  /// The format of its file.
  public static let format = "medley-reproduction/1"

  /// ``format``.
  public var format = Reproduction.format
  /// The systems by their names.
  public var systems: [ReproducedSystem]

  /// That of `systems`.
  public init(systems: [ReproducedSystem]) { self.systems = systems.sorted { $0.id < $1.id } }

  /// The one in a file.
  /// - Throws: `CocoaError` or `DecodingError` where it cannot be read.
  public init(file: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(filePath: file)))
  }

  /// The file's text: the same for the same results, a line for each value.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return ((try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "") + "\n"
  }

  /// These systems in place of those of the same name, the others as they are; a scenario that was not run this time keeps
  /// what was found of it before.
  public func updated(with other: Reproduction) -> Reproduction {
    let fresh = other.systems.map { system in
      let before = systems.first { $0.id == system.id }
      return ReproducedSystem(
        id: system.id,
        scenarios: system.scenarios.map { scenario in
          scenario.skipped == nil ? scenario : before?.scenarios.first { $0.name == scenario.name } ?? scenario
        })
    }
    let ids = Set(fresh.map(\.id))
    return Reproduction(systems: systems.filter { !ids.contains($0.id) } + fresh)
  }

  /// What other verdicts `now` has, in words; scenarios that were not run are left out.
  public func changes(to now: Reproduction) -> [String] {
    now.systems.flatMap { system in
      let before = systems.first { $0.id == system.id }
      return system.scenarios.filter { $0.skipped == nil }.flatMap { scenario in
        Self.changes("\(system.id)/\(scenario.name)", before?.scenarios.first { $0.name == scenario.name }, scenario)
      }
    }
  }

  private static func changes(_ name: String, _ before: ReproducedScenario?, _ now: ReproducedScenario) -> [String] {
    guard let before else { return ["\(name): was not there"] }
    let known = Dictionary(before.claims.map { ($0.claim, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(now.claims.map(\.claim))
    return now.claims.compactMap { claim in
      guard let old = known[claim.claim] else { return "\(name): \(claim.claim): was not there" }
      return old.verdict == claim.verdict
        ? nil : "\(name): \(claim.claim): \(old.verdict.rawValue) before, \(claim.verdict.rawValue) now"
    } + before.claims.filter { !names.contains($0.claim) }.map { "\(name): \($0.claim): is there no more" }
  }
}

/// What became of the published results of one system.
public struct ReproducedSystem: Codable, Hashable, Sendable {
  /// The name of its folder.
  public var id: String
  /// Its scenarios with claims, by name.
  public var scenarios: [ReproducedScenario]

  /// The claims that count: those with an accepted range, but those that something was fitted to.
  public var counted: [ReproducedClaim] { scenarios.flatMap(\.claims).filter { $0.counts } }

  /// `within` where every claim that counts is, `direction only` where none is worse, else `outside`; nil where a scenario
  /// was not run or nothing counts.
  public var verdict: ClaimCheck.Verdict? {
    guard scenarios.allSatisfy({ $0.skipped == nil }), !counted.isEmpty else { return nil }
    if counted.allSatisfy({ $0.verdict == .within }) { return .within }
    return counted.allSatisfy { $0.verdict == .within || $0.verdict == .directionOnly } ? .directionOnly : .outside
  }

  /// Whether the authors themselves published a figure or an order that counts.
  public var isVerified: Bool { counted.contains { $0.published.contains { $0.isVerified } } }

  /// The system `id` with `scenarios`.
  public init(id: String, scenarios: [ReproducedScenario]) {
    self.id = id
    self.scenarios = scenarios
  }
}

/// What became of the claims of one scenario.
public struct ReproducedScenario: Codable, Hashable, Sendable {
  /// The file's name without its ending.
  public var name: String
  /// What the scenario asks.
  public var question: String
  /// Its claims in the order of the file.
  public var claims: [ReproducedClaim]
  /// Its free parameters.
  public var parameters: [ReproducedParameter]
  /// What to know about the results.
  public var notes: [String]
  /// Why it was not run; nil where it was.
  public var skipped: String?
  /// Simulations that all of it took.
  public var runs: Int
}

/// A published result beside ours.
public struct ReproducedClaim: Codable, Hashable, Sendable {
  /// A figure with its mark.
  public struct Published: Codable, Hashable, Sendable {
    /// The figure; nil where the source says a bound or an order.
    public var value: Double?
    /// The letter of where it was read.
    public var mark: String
    /// The citation.
    public var source: String
    /// Whether the authors themselves published it.
    public var isVerified: Bool
  }

  /// What is claimed, in words.
  public var claim: String
  /// Our figure to six digits; nil where it was not measured.
  public var figure: Double?
  /// The published figure, then those of other versions.
  public var published: [Published]
  /// The least that counts as reproduced; nil where nothing is too little.
  public var least: Double?
  /// The greatest; nil where nothing is too much.
  public var greatest: Double?
  /// Whether the bounds themselves do not count, as in an order, where every step is above 1.
  public var isStrict: Bool
  /// What our figure says of the published one.
  public var verdict: ClaimCheck.Verdict
  /// Whether the system's verdict depends on it.
  public var counts: Bool
  /// The parameters that were fitted to it.
  public var fitted: [String]
  /// Why the figure is another; empty where nothing was said.
  public var reason: String
}

/// A free parameter and where it leaves the verdicts as they are.
public struct ReproducedParameter: Codable, Hashable, Sendable {
  /// The path of the setting.
  public var path: String
  /// The value in force, with its unit.
  public var value: String
  /// The least and the greatest that it may have been.
  public var range: [String]
  /// Where the value comes from.
  public var source: String
  /// What else is to be said; empty where nothing is.
  public var note: String
  /// The claim that it was fitted to; nil where it was not.
  public var fittedTo: String?
  /// The least and the greatest around the value at which no claim's figure moved into or out of its range; nil where they
  /// were not looked for.
  public var stands: [String]?
}
