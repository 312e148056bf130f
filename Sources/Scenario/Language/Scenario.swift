import Foundation
import Units

/// A scenario file as it was read: what is asked, the settings, the variants, the sweep and the claims.
///
/// Pure data; ``resolve(variant:overrides:)`` turns it into something to run.
public struct Scenario: Sendable {
  /// What standard input is called in place of a file.
  public static let standardInput = "<stdin>"
  /// Most variants of a scenario.
  public static let variantLimit = 256

  /// The file as it was given, or ``standardInput``.
  public let path: String
  /// The folder of the file; nil where the scenario came by standard input.
  let folder: String?
  /// The text of the file.
  public let text: String
  /// The name: the file's without folder and ending.
  public let name: String
  /// The question the scenario answers, from the key `question`; empty where it asks none.
  public let question: String
  /// Names of the variants, the baseline first; empty where the scenario has none.
  public let variants: [String]
  /// The axes of the sweep; empty where there is none.
  public let sweep: [SweepAxis]
  /// The rates at which to look for capacity; nil where the scenario does not say.
  public let capacity: CapacityPlan?
  /// The published results to compare with.
  public let claims: [Claim]
  /// The settings that the source of the claims does not state, whose values are laid over the variants.
  public let free: [FreeParameter]
  /// What to know about the results.
  public let notes: [String]
  /// Warnings about the file as a whole.
  public let warnings: [Diagnostic]
  /// The settings that all variants share.
  let root: Element
  /// What each variant changes.
  let changes: [Element]
  /// What `--set` asked for; it holds whatever a variant says.
  let overrides: [Override]
  /// The only variant that `overrides` are for; nil where they are for all.
  let only: String?
  let catalogue: Catalogue
  let policies: PolicyCatalogue
  /// What the check fetched from the catalogue.
  private(set) var stock = Stock()

  /// Reads the scenario in the file at `path`, changes it by `set`, and checks every variant and sweep axis.
  ///
  /// `set` holds paths and values as `--set` gives them, for all variants or for `variant` alone: settings of one may
  /// make no sense in another. `standardInput` holds the text where it came so, with a nominal `path`: no file is
  /// beside it then.
  /// - Throws: ``Faults``, all of them.
  public static func read(
    path: String, standardInput: Data? = nil, catalogue: Catalogue? = nil,
    policies: PolicyCatalogue = PolicyCatalogue.standard,
    set: [(path: String, value: String)] = [], for variant: String? = nil
  ) throws(Faults) -> Scenario {
    let catalogue = catalogue ?? .standard(for: path)
    let diagnostics = Diagnostics()
    let files = ScenarioFiles(limits: catalogue.limits, diagnostics: diagnostics)
    let read = files.read(path, bytes: standardInput)
    let overrides = set.compactMap { Override.parse($0.path, $0.value, diagnostics) }
    guard let read else { throw diagnostics.faults }
    var scenario = Scenario(
      path: path, folder: standardInput == nil ? Paths.folder(of: path) : nil, text: read.text, root: read.root,
      overrides: overrides, only: variant, catalogue: catalogue, policies: policies,
      diagnostics)
    scenario.check(diagnostics)
    try diagnostics.check()
    return scenario
  }

  private init(
    path: String, folder: String?, text: String, root: Element, overrides: [Override], only: String?,
    catalogue: Catalogue,
    policies: PolicyCatalogue, _ diagnostics: Diagnostics
  ) {
    self.path = path
    self.folder = folder
    self.text = text
    self.only = only
    self.catalogue = catalogue
    self.policies = policies
    let file = path.split(separator: "/").last.map(String.init) ?? path
    name = folder == nil ? "standard-input" : file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file
    let reading = Reading(diagnostics: diagnostics)
    let fields = Fields(root, path: "", reading: reading)
    question = fields.text("question") ?? ""
    let listed = fields.fields("variants")
    let entries = root["variants"]?.entries ?? []
    if entries.count > Self.variantLimit {
      diagnostics.error(
        at: listed.place, "the scenario has \(entries.count) variants", why: "it has at most \(Self.variantLimit)",
        fix: "sweep what differs, or write several scenarios")
    }
    variants = entries.map(\.key)
    changes = entries.map(\.value)
    for entry in entries {
      Names.check(entry.key, "variant", at: entry.keyPlace, diagnostics)
      let variant = Fields(entry.value, path: "variants.\(entry.key)", reading: reading)
      for key in variantKeys { _ = variant.element(key) }
      variant.finish()
      _ = listed.element(entry.key)
    }
    sweep = SweepAxis.read(fields)
    capacity = CapacityPlan.read(fields)
    claims = Claim.read(fields, variants: variants)
    free = FreeParameter.read(fields, variants: variants, claims: claims)
    notes = fields.elements("notes").compactMap { element, path in
      if let text = element.text { return text }
      diagnostics.error(
        at: element.place, "'\(path)' is \(element.kind), not a text", why: "notes are sentences",
        fix: "write 'notes: a sentence'")
      return nil
    }
    for key in variantKeys { _ = fields.element(key) }
    fields.finish()
    // A misspelt key stays, so that what it should have been is not missed as well.
    let misspelt = fields.keys.filter { key in
      nearestWord(to: key, among: KeyTable.keys(.scenario).map(\.name)).map(variantKeys.contains) ?? false
    }
    self.root = root.only(variantKeys + misspelt)
    self.overrides = overrides.filter { override in
      let known = override.path.first ?? ""
      if variantKeys.contains(known) { return true }
      diagnostics.error(
        at: override.place, "no setting is named '\(known)'", why: "paths begin with one of \(wordList(variantKeys))",
        fix: didYouMean(known, among: variantKeys, else: "choose one of them"))
      return false
    }
    warnings = diagnostics.all.filter { $0.severity != .error }
  }

  /// The scenario with one variant (the baseline where nil) and one point of its sweep chosen.
  ///
  /// `overrides` are applied after the variant and after those of ``read(path:catalogue:policies:set:)``.
  /// - Throws: ``Faults``, all of them.
  public func resolve(variant: String? = nil, overrides: [Override] = []) throws(Faults) -> ResolvedScenario {
    let diagnostics = Diagnostics()
    let resolved = resolve(variant, overrides, diagnostics).scenario
    try diagnostics.check()
    guard var resolved else { throw diagnostics.faults }
    resolved.warnings = diagnostics.all
    return resolved
  }

  /// The resolution, or nil with diagnostics.
  private func resolve(_ variant: String?, _ points: [Override], _ diagnostics: Diagnostics)
    -> (scenario: ResolvedScenario?, stock: Stock)
  {
    let chosen = variant ?? variants.first
    var settled = root
    if let chosen {
      guard let index = variants.firstIndex(of: chosen) else {
        let asked = Place(source: SourceText(name: "command line", lines: [chosen]), line: 1, column: 1)
        diagnostics.error(
          at: asked, "no variant is named '\(chosen)'",
          why: variants.isEmpty
            ? "'\(path)' has no variants" : "those of '\(path)' are \(wordList(variants, or: "and"))",
          fix: variants.isEmpty
            ? "leave the variant away" : didYouMean(chosen, among: variants, else: "name one of them"))
        return (nil, stock)
      }
      settled = Merging.merge(settled, changes[index].only(variantKeys))
    }
    for parameter in free where parameter.concerns(chosen, settled) {
      guard let changed = parameter.inForce.applied(to: settled, variant: chosen, diagnostics) else {
        return (nil, stock)
      }
      settled = changed
    }
    for override in (only == nil || only == chosen ? overrides : []) + points {
      guard let changed = override.applied(to: settled, variant: chosen, diagnostics) else { return (nil, stock) }
      settled = changed
    }
    let resolver = Resolver(self, variant: chosen, diagnostics)
    return (resolver.resolve(settled), resolver.stock)
  }

  /// Resolves every variant, and every value of the sweep on the baseline, for their faults.
  private mutating func check(_ diagnostics: Diagnostics) {
    guard variants.count <= Self.variantLimit, sweep.count <= SweepAxis.axisLimit else { return }
    for variant in variants.isEmpty ? [nil] : variants.map(Optional.some) {
      stock = resolve(variant, [], diagnostics).stock
    }
    let told = Set(diagnostics.all.map(\.what))
    for parameter in free {
      guard let first = variants(concernedBy: parameter).first else {
        diagnostics.error(
          at: parameter.place, "'\(parameter.name)' concerns no variant",
          why: "no variant has a pool '\(parameter.pool ?? "")'", fix: "name a pool of one")
        continue
      }
      if let told = contradiction(of: parameter) {
        diagnostics.error(
          at: told.place, "'\(parameter.name)' is \(parameter.value.text) as a free parameter",
          why: "that value is laid over this one", fix: "write \(parameter.value.text), or leave it away here")
      }
      for end in [parameter.range.low, parameter.range.high] {
        check(first, parameter.override(end), beyond: told, diagnostics)
      }
    }
    for axis in sweep {
      for value in axis.values.prefix(64) { check(nil, value, beyond: told, diagnostics) }
    }
  }

  /// Resolves a variant with one more value in place, for what is to be told of this value and was not `told` of any variant.
  private mutating func check(
    _ variant: String?, _ value: Override, beyond told: Set<String>, _ diagnostics: Diagnostics
  ) {
    let (before, all) = (diagnostics.all, Diagnostics())
    for diagnostic in before { all.add(diagnostic) }
    stock = resolve(variant, [value], all).stock
    for new in all.all.dropFirst(before.count) where new.severity == .error || !told.contains(new.what) {
      diagnostics.add(new)
    }
  }

  /// What the file says of a free parameter, for those whom it concerns alone, and is not its value.
  private func contradiction(of parameter: FreeParameter) -> Element? {
    let own = zip(variants, changes).filter { parameter.variants.contains($0.0) }.map(\.1)
    return (parameter.variants.isEmpty ? [root] + changes : own).lazy.compactMap(parameter.contradiction).first
  }

  /// The variants that a free parameter concerns; nil stands for a scenario without any.
  public func variants(concernedBy parameter: FreeParameter) -> [String?] {
    let all: [String?] = variants.isEmpty ? [nil] : variants
    return all.filter { variant in
      let change = variant.flatMap { variants.firstIndex(of: $0) }.map { changes[$0].only(variantKeys) }
      return parameter.concerns(variant, change.map { Merging.merge(root, $0) } ?? root)
    }
  }
}
