import Cluster
import Units

/// The policies that scenarios may name, with the readers of their settings.
///
/// Medley's own are in ``standard``; a user's package adds its own and hands the catalogue to `main(policies:)`.
public struct PolicyCatalogue: Sendable {
  /// A policy that scenarios may name.
  public struct Listing<Policy>: Sendable {
    /// The name in scenarios.
    public var name: String
    /// What it does, in one sentence.
    public var summary: String
    /// Its settings, for `medley schema`; nil where only `read` knows them.
    public var settings: [Key]?
    /// Reads the settings; gives a policy that has decided nothing yet, or nil with diagnostics. Keys that it does
    /// not ask for are told as unknown.
    public var read: @Sendable (Fields, PolicyContext) -> Policy?
    /// Whether it is for expert caches alone, as an eviction policy may be.
    public var isForExperts = false
  }

  /// The routing policies by name.
  public private(set) var routes: [String: Listing<any RoutePolicy>] = [:]
  /// The batch policies by name.
  public private(set) var batches: [String: Listing<any BatchPolicy>] = [:]
  /// The policies by name that say which blocks leave a prefix cache, or which experts an expert cache.
  public private(set) var evicts: [String: Listing<any EvictPolicy>] = [:]

  /// The placement policies by name.
  public private(set) var places: [String: any PlacePolicy.Type] = [:]

  /// A catalogue without policies.
  public init() {}

  /// Adds a routing policy under its own name, in place of another of that name.
  ///
  /// Every run gets a copy of what `read` gives, so that a policy is a value. Editors know the `settings` listed.
  public mutating func addRoute<P: RoutePolicy>(
    _ type: P.Type, _ summary: String, settings: [Key]? = nil, read: @escaping @Sendable (Fields, PolicyContext) -> P?
  ) {
    routes[P.name] = Listing(name: P.name, summary: summary, settings: settings, read: { read($0, $1) })
  }

  /// Adds a batch policy under its own name, in place of another of that name.
  ///
  /// Every lane gets a copy of what `read` gives, so that a policy is a value. Editors know the `settings` listed.
  public mutating func addBatch<P: BatchPolicy>(
    _ type: P.Type, _ summary: String, settings: [Key]? = nil, read: @escaping @Sendable (Fields, PolicyContext) -> P?
  ) {
    batches[P.name] = Listing(name: P.name, summary: summary, settings: settings, read: { read($0, $1) })
  }

  /// Adds a placement policy under its own name, in place of another of that name. It reads its own settings.
  public mutating func addPlace<P: PlacePolicy>(_ type: P.Type) { places[P.name] = type }

  /// Adds an eviction policy under its own name, in place of another of that name; `none` is not to be had.
  ///
  /// Every replica gets a copy of what `read` gives, so that a policy is a value. Editors know the `settings` listed.
  public mutating func addEvict<P: EvictPolicy>(
    _ type: P.Type, _ summary: String, settings: [Key]? = nil, read: @escaping @Sendable (Fields, PolicyContext) -> P?
  ) {
    evicts[P.name] = Listing(
      name: P.name, summary: summary, settings: settings, read: { read($0, $1) }, isForExperts: P.isForExperts)
  }

  /// The eviction policies that prefix caches can have.
  var prefixEvicts: [String: Listing<any EvictPolicy>] { evicts.filter { !$0.value.isForExperts } }

  /// An eviction policy with its default settings and draws from `seed`; nil where none has that name.
  public func evict(named name: String, seed: UInt64) -> (any EvictPolicy)? {
    let place = Place(source: SourceText(name: name, lines: []), line: 1, column: 1)
    let fields = Fields(Element(.null, at: place), path: name, reading: Reading(diagnostics: Diagnostics()))
    return evicts[name]?.read(fields, PolicyContext(seed: seed, pools: [], paths: []))
  }
}

/// What a policy's settings may refer to.
public struct PolicyContext: Sendable {
  /// Seed of the run.
  public var seed: UInt64
  /// Names of the pools in the order of the cluster.
  public var pools: [String]
  /// The ordered pairs of pools that a path joins.
  public var paths: Set<PoolPair>

  /// A context.
  public init(seed: UInt64, pools: [String], paths: Set<PoolPair>) {
    self.seed = seed
    self.pools = pools
    self.paths = paths
  }
}

extension Fields {
  /// The index of the pool that a setting names; nil with a diagnostic where there is none of that name.
  ///
  /// An absent key is a fault where `required`, else nil.
  public func pool(_ key: String, _ context: PolicyContext, required: Bool) -> Int? {
    guard let value = element(key) else {
      if required { missing(key, example: context.pools.first ?? "a pool") }
      return nil
    }
    guard let name = text(key) else { return nil }
    if let index = context.pools.firstIndex(of: name) { return index }
    diagnostics.error(
      at: value.place, "no pool is named '\(name)'", why: "the pools are \(wordList(context.pools, or: "and"))",
      fix: didYouMean(name, among: context.pools, else: "name one of them"))
    return nil
  }

  /// A name with settings: `name`, or `name: {settings}` as the only entry of a mapping.
  ///
  /// Nil with a diagnostic where the key holds something else or a name that is none of `names`.
  func named(
    _ key: String, _ kind: String, _ kinds: String, among names: [String], default fallback: String, because: String
  )
    -> (name: String, settings: Fields)?
  {
    guard let value = element(key) else {
      note(key, fallback, because: because)
      let empty = Element(.null, at: place(of: key))
      return (fallback, Fields(empty, path: "\(path(key)).\(fallback)", reading: reading))
    }
    let name: String
    let namePlace: Place
    let settings: Element
    switch value.content {
    case .scalar(let text, _): (name, namePlace, settings) = (text, value.place, Element(.null, at: value.place))
    case .mapping(let entries) where entries.count == 1:
      (name, namePlace, settings) = (entries[0].key, entries[0].keyPlace, entries[0].value)
    default:
      diagnostics.error(
        at: value.place, "'\(path(key))' does not name one \(kind)",
        why: "the \(kinds) are \(wordList(names, or: "and"))",
        fix: "write '\(key): \(names.first ?? kind)' or '\(key): {\(names.first ?? kind): {setting: value}}'")
      return nil
    }
    guard names.contains(name) else {
      diagnostics.error(
        at: namePlace, "no \(kind) is named '\(name)'", why: "the \(kinds) are \(wordList(names, or: "and"))",
        fix: didYouMean(name, among: names, else: "choose one of them"))
      return nil
    }
    reading.note(path(key), name, .given(namePlace))
    return (name, Fields(settings, path: "\(path(key)).\(name)", reading: reading))
  }
}
