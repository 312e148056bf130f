import Foundation
import Scenario
import Units

/// How scenarios are read.
public struct ScenarioReader: Sendable {
  /// The policies they may name.
  public var policies: PolicyCatalogue
  /// Folders with traces, besides the usual ones.
  public var dataRoots: [String]
  /// Changes of settings, path and value.
  public var changes: [(path: String, value: String)]

  /// A reader.
  public init(
    policies: PolicyCatalogue = PolicyCatalogue.standard, dataRoots: [String] = [],
    changes: [(path: String, value: String)] = []
  ) {
    self.policies = policies
    self.dataRoots = dataRoots
    self.changes = changes
  }

  /// Reads and checks the scenario in a file, or in `standardInput` under the name `path`. The changes are for
  /// `variant` alone where it is given.
  /// - Throws: `Faults`, all of them.
  public func read(_ path: String, standardInput: Data? = nil, variant: String? = nil) throws(Faults) -> LoadedScenario
  {
    LoadedScenario(
      scenario: try Scenario.read(
        path: path, standardInput: standardInput, catalogue: .standard(for: path, dataRoots: dataRoots),
        policies: policies, set: changes, for: variant))
  }
}

/// A scenario that was read and checked.
public struct LoadedScenario: Sendable {
  /// The scenario.
  public let scenario: Scenario
  /// The text of its file.
  public var text: String { scenario.text }

  /// The experiments of all variants, or of one.
  /// - Throws: `Faults`.
  public func experiments(variant: String? = nil) throws -> [Experiment] {
    let variants = variant.map { [$0] } ?? scenario.variants.map { $0 }
    guard !variants.isEmpty else { return [try experiment(variant: nil)] }
    return try variants.map { try experiment(variant: $0) }
  }

  /// The experiment of a variant, the baseline where nil, with more settings changed.
  /// - Throws: `Faults`.
  public func experiment(variant: String?, changes: [(path: String, value: String)] = []) throws -> Experiment {
    let diagnostics = Diagnostics()
    let overrides = changes.compactMap { Override.parse($0.path, $0.value, diagnostics) }
    try diagnostics.check()
    return Experiment(try scenario.resolve(variant: variant, overrides: overrides), text: text)
  }
}

extension Faults {
  /// Whether all that is wrong is that traces are not on this machine, as in a clone without the data beside it.
  public var areMissingTraces: Bool {
    diagnostics.allSatisfy { diagnostic in
      diagnostic.severity != .error
        || diagnostic.what.hasPrefix("the trace '") && diagnostic.what.hasSuffix("' is not here")
    }
  }
}
