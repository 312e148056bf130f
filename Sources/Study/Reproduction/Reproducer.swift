import Foundation
import Scenario
import Units

/// Runs the scenarios of systems, as `medley run` and `medley capacity` do, and compares them with what was published.
public struct Reproducer: Sendable {
  /// How scenarios are read.
  public var reader: ScenarioReader
  /// Simulations at once.
  public var workers: Int
  /// Whether to look for the intervals of free parameters.
  public var findsIntervals: Bool
  /// Told what is being done.
  public var progress: @Sendable (String) -> Void

  /// A reproducer.
  public init(
    reader: ScenarioReader, workers: Int = Parallel.cores, findsIntervals: Bool = true,
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.reader = reader
    self.workers = workers
    self.findsIntervals = findsIntervals
    self.progress = progress
  }

  /// The systems of a folder: its folders, by name.
  public static func systems(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { !scenarios(of: $0, in: folder).isEmpty }.sorted()
  }

  /// The scenarios of a system, by name.
  static func scenarios(of system: String, in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(system)")) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\(system)/\($0)" }
  }

  /// What became of the claims of a system.
  /// - Throws: `Faults` of a scenario or its workload but for traces that are not here, `Diagnostic` where a claim names a
  ///   figure that no result has, and what runs throw.
  public func reproduce(_ system: String, in folder: String) throws -> ReproducedSystem {
    let scenarios = try Self.scenarios(of: system, in: folder).compactMap { try reproduce(file: $0, system) }
    return ReproducedSystem(id: system, scenarios: scenarios)
  }

  /// What became of the claims of a scenario; nil where it has none.
  private func reproduce(file: String, _ system: String) throws -> ReproducedScenario? {
    let stem = URL(filePath: file).deletingPathExtension().lastPathComponent
    do {
      let loaded = try reader.read(file)
      guard !loaded.scenario.claims.isEmpty else { return nil }
      return try ScenarioReproduction(loaded: loaded, reproducer: self, label: "\(system)/\(stem)").result()
    } catch let faults as Faults where faults.areMissingTraces {
      return ReproducedScenario(
        name: stem, question: "", claims: [], parameters: [], notes: [], skipped: "a trace is not here", runs: 0)
    }
  }
}

/// The reproduction of one scenario.
struct ScenarioReproduction {
  let loaded: LoadedScenario
  let reproducer: Reproducer
  let label: String
  private let evidence = Evidence()

  private var scenario: Scenario { loaded.scenario }

  init(loaded: LoadedScenario, reproducer: Reproducer, label: String) {
    self.loaded = loaded
    self.reproducer = reproducer
    self.label = label
  }

  func result() throws -> ReproducedScenario {
    let checks = try check(scenario.claims, at: [[]], "the claims")[0].get()
    try checks.faultless()
    // What nothing is asked of holds nowhere and fails nowhere.
    let gated = checks.filter { $0.claim.within != nil }
    let parameters = try scenario.free.enumerated().map { index, parameter in
      let interval = reproducer.findsIntervals ? try interval(of: parameter, index, gated) : nil
      return ReproducedParameter(
        path: parameter.name, value: parameter.value.text,
        range: [parameter.range.low.text, parameter.range.high.text],
        source: parameter.source, note: parameter.note, fittedTo: parameter.fittedTo, stands: interval)
    }
    return ReproducedScenario(
      name: scenario.name, question: scenario.question, claims: checks.map(reproduced), parameters: parameters,
      notes: scenario.notes, skipped: nil, runs: evidence.runs)
  }

  private func reproduced(_ check: ClaimCheck) -> ReproducedClaim {
    let claim = check.claim
    let fitted = scenario.free.filter { $0.fittedTo != nil && $0.fittedTo == claim.name }.map(\.name)
    func finite(_ bound: Double?) -> Double? { bound.flatMap { $0.isFinite ? Self.sixDigits($0) : nil } }
    return ReproducedClaim(
      claim: claim.subject, figure: check.figure.map(Self.sixDigits),
      published: ([claim.published] + claim.also).map {
        .init(value: $0.value, mark: $0.mark.rawValue, source: $0.source, isVerified: $0.mark.isVerified)
      },
      least: finite(claim.within?.lowerBound), greatest: finite(claim.within?.upperBound),
      isStrict: claim.within?.lowerBound == (1.0).nextUp, verdict: check.verdict,
      counts: claim.within != nil && fitted.isEmpty, fitted: fitted, reason: claim.reason)
  }

  /// Some claims at several points, each some settings laid over the scenario; an error where a point cannot be run.
  private func check(
    _ claims: [Claim], at points: [[Probe]], _ what: String
  ) throws -> [Result<[ClaimCheck], any Error>] {
    let needed = Needed.by(claims)
    let plans = points.map { point in Result { try plan(needed, point) } }
    let all = plans.flatMap { plan in (try? plan.get()) ?? [] }.flatMap(\.tasks)
    let (label, progress) = (label, reproducer.progress)
    let isProbing = points.contains { !$0.isEmpty }
    // A point of a parameter's range may be one that cannot be served; the claims themselves must be.
    do {
      try evidence.gather(all, workers: reproducer.workers) { progress("\(label): \(what), \($0) of \($1) runs") }
    } catch  where isProbing {
      for task in all { try? evidence.gather([task], workers: 1) { _, _ in } }
    }
    return plans.map { plan in
      plan.flatMap { variants in
        Result {
          var figures: [String: VariantFigures] = [:]
          for (variant, tasks) in variants {
            guard let found = evidence.figures(tasks) else { throw PointFault() }
            figures[variant] = found
          }
          return ClaimCheck.check(claims, on: figures)
        }
      }
    }
  }

  /// What must run at a point, by variant.
  private func plan(_ needed: [String: Needed], _ point: [Probe]) throws -> [(
    variant: String, tasks: [Evidence.Task]
  )] {
    try needed.sorted { $0.key < $1.key }.map { ($0.key, try tasks($0.key, $0.value, point)) }
  }

  /// What must run for a variant at a point.
  private func tasks(_ variant: String, _ needed: Needed, _ point: [Probe]) throws -> [Evidence.Task] {
    let concerned = point.filter { $0.variants.contains(variant) }.map(\.override)
    let experiment = Experiment(try scenario.resolve(variant: variant, overrides: concerned), text: loaded.text)
    return (needed.run ? [Evidence.Task(experiment: experiment)] : [])
      + (needed.search ? [Evidence.Task(experiment: experiment, search: SearchPlan(scenario.capacity))] : [])
  }

  /// Another value of a parameter, and the variants that it is of: two parameters may be of one setting.
  private struct Probe {
    var override: Override
    var variants: [String?]
  }

  /// A point whose runs failed.
  private struct PointFault: Error {}

  private static func sixDigits(_ number: Double) -> Double { Double(String(format: "%.6g", number)) ?? number }
}

extension ScenarioReproduction {
  /// Points of a parameter's range that are looked at first, its own value apart.
  private static let grid = [0, 0.25, 0.5, 0.75, 1]
  /// Halvings of the two gaps in which a verdict changes.
  private static let halvings = 3

  /// The least and the greatest amount around the value in force with as many claims within their ranges, to a 32nd of the
  /// range.
  private func interval(of parameter: FreeParameter, _ index: Int, _ gated: [ClaimCheck]) throws -> [String] {
    let holding = gated.map(\.holds)
    let what = "parameter \(index + 1) of \(scenario.free.count)"
    let variants = scenario.variants(concernedBy: parameter)
    func stand(_ shares: [Double]) throws -> [Bool] {
      let points = shares.map { [Probe(override: parameter.override(parameter.amount(at: $0)), variants: variants)] }
      return try check(gated.map(\.claim), at: points, what).map { result in
        (try? result.get()).map { $0.map(\.holds) == holding } ?? false
      }
    }
    let own = parameter.share
    let shares = Self.grid.filter { $0 != own }
    let stands = try stand(shares)
    func standing(_ side: [Double]) -> (inner: Double, outer: Double?) {
      var inner = own
      for share in side {
        guard let position = shares.firstIndex(of: share), stands[position] else { return (inner, share) }
        inner = share
      }
      return (inner, nil)
    }
    var low = standing(shares.filter { $0 < own }.reversed())
    var high = standing(shares.filter { $0 > own })
    for _ in 0..<Self.halvings {
      let middles = [low, high].map { side in side.outer.map { (side.inner + $0) / 2 } }
      let asked = middles.compactMap(\.self)
      guard !asked.isEmpty else { break }
      let answers = Dictionary(zip(asked, try stand(asked)), uniquingKeysWith: { first, _ in first })
      if let middle = middles[0] { if answers[middle] == true { low.inner = middle } else { low.outer = middle } }
      if let middle = middles[1] { if answers[middle] == true { high.inner = middle } else { high.outer = middle } }
    }
    return [low.inner, high.inner].map { $0 == own ? parameter.value.text : parameter.amount(at: $0).text }
  }
}
