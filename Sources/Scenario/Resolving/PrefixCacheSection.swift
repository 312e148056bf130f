import Cluster
import Models
import Units

/// Reads `prefix-cache: lru` of a pool's `kv-cache`.
struct PrefixCacheSection {
  let fields: Fields
  let policies: PolicyCatalogue

  /// What says that prompts are computed whole, where defaults say otherwise.
  static let none = "none"
  private static let key = "prefix-cache"

  /// Which blocks leave when room is needed; nil where prefixes are not kept, and with diagnostics.
  func policy(_ context: PolicyContext) -> (any EvictPolicy)? {
    guard fields.has(Self.key) else { return nil }
    guard
      let (name, settings) = fields.named(
        Self.key, "policy of prefix caches", "policies of prefix caches",
        among: policies.prefixEvicts.keys.sorted() + [Self.none], default: Self.none,
        because: "every prompt is computed whole")
    else { return nil }
    defer { settings.finish() }
    return policies.prefixEvicts[name]?.read(settings, context)
  }

  /// Whether blocks of keys and values hold all that a model keeps of a prefix; a diagnostic where they do not.
  func check(_ engine: EngineCost, _ model: String) -> Bool {
    guard engine.memory.state > 0 else { return true }
    fields.diagnostics.error(
      at: fields.valuePlace(of: Self.key), "the prefixes of \(model) cannot be kept",
      why: "some of its layers have a state in place of keys and values, which changes with every token",
      fix: "remove '\(Self.key)', or name a model of attention layers only")
    return false
  }
}

extension ResolvedScenario {
  /// The first setting that turns a prefix cache on.
  private var prefixSetting: Place? {
    settings.lazy.compactMap { setting -> Place? in
      guard setting.path.hasSuffix(".kv-cache.prefix-cache"), setting.value != PrefixCacheSection.none,
        case .given(let place) = setting.origin
      else { return nil }
      return place
    }.first
  }

  /// Whether the blocks of every prefix cache make up blocks of a trace, which have `unit` tokens.
  /// - Throws: ``Faults`` where they do not.
  func checkPrefixes(unit: Int) throws(Faults) {
    for pool in cluster.pools where pool.evict != nil && unit % pool.engine.cache.blockTokens != 0 {
      throw Faults(
        Diagnostic(
          at: prefixSetting, "the prefix cache of pool '\(pool.name)' cannot follow the trace",
          why: "its blocks of \(pool.engine.cache.blockTokens) tokens do not divide the trace's of \(unit)",
          fix: "kv-cache: {block: \(Self.divisor(unit, pool.engine.cache.blockTokens)), ...}, or another divisor of "
            + "\(unit)"))
    }
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }

  /// Whether the workload says what prompts have in common; of a generator its first request tells.
  /// - Throws: as ``trace()``.
  func knowsContents() throws(Faults) -> Bool {
    var first = self
    first.workload = workload.lessened(to: 1)
    guard let blocks = try first.workload.trace(seed: seed).blocks else { return false }
    try checkPrefixes(unit: blocks.unit)
    return true
  }

  /// That a prefix cache will find little.
  var warningOfUnknownContents: Diagnostic {
    Diagnostic(
      .warning, at: prefixSetting, "the prefix cache will find nothing but what preempted requests had computed",
      why: "the workload does not say what its prompts have in common",
      fix: "a trace with blocks, such as mooncake-conversation, or a generator with sessions, samples or system-prompt")
  }
}
