/// Decides which blocks of a prefix cache, or which experts of an expert cache, make room when room is needed: one family
/// of policy.
///
/// What is kept, a block here, is known by a key, a small number from 0: keys of blocks that left a prefix cache are used
/// again; an expert's key is its own. A block is in use while a sequence holds it or a layer computes with it, and may
/// leave only while none does. The blocks of one request are named deepest first where it puts them in or lets them go,
/// so that a policy which goes by that order gives up ends before their beginnings; the experts of a layer are named in
/// rising order. An `evict` that names a block that may not leave is an error of the policy.
public protocol EvictPolicy: Sendable {
  /// The name that scenarios and reports use.
  static var name: String { get }
  /// Whether it needs what only an expert cache tells: scores, layers, or what comes. False unless told.
  static var isForExperts: Bool { get }
  /// A block came in; it is in use.
  mutating func insert(_ key: Int32)
  /// A block came in that is called `identity` wherever it lies, also when it comes again; it is in use. `insert(key)`
  /// unless told.
  mutating func insert(_ key: Int32, of identity: Int32)
  /// A request found the block, in use or not.
  mutating func touch(_ key: Int32)
  /// The block, which may leave, is in use again.
  mutating func retain(_ key: Int32)
  /// The block, which was in use, may leave now.
  mutating func release(_ key: Int32)
  /// The block that leaves, one of those that may; it is forgotten. Nil where there is none.
  mutating func evict() -> Int32?

  // What only an expert cache tells; nothing is done unless told.

  /// A step has reached a layer, whose experts it asks for next.
  mutating func reach(_ layer: ReachedLayer)
  /// The expert, which is not there, is asked for; it comes in next, and before it another may have to leave.
  mutating func miss(_ key: Int32)
  /// Whether a missed expert that could be used without staying takes the place of another. True unless told.
  func admits(_ key: Int32) -> Bool
  /// What a cache of `slots` slots will be asked for from now on, as far as that is known: all of it where an experiment
  /// owns the future, routing that was drawn or recorded beforehand; else what is queued. What was told before is forgotten.
  mutating func foresee(_ future: AccessSequence, slots: Int)
}

extension EvictPolicy {
  /// False.
  public static var isForExperts: Bool { false }
  /// `insert(key)`.
  public mutating func insert(_ key: Int32, of identity: Int32) { insert(key) }
  /// Nothing.
  public mutating func reach(_ layer: ReachedLayer) {}
  /// Nothing.
  public mutating func miss(_ key: Int32) {}
  /// True.
  public func admits(_ key: Int32) -> Bool { true }
  /// Nothing.
  public mutating func foresee(_ future: AccessSequence, slots: Int) {}
}

/// The layer that a step has reached, as an eviction policy sees it.
public struct ReachedLayer {
  /// The mixture layer, from 0.
  public var layer: Int
  /// Mixture layers of the model.
  public var layers: Int
  /// The key of its first expert.
  public var firstKey: Int32
  /// Whether one policy has the experts of all layers, `scores.count` keys each; else those of this layer alone.
  public var isShared: Bool
  /// Experts that a token goes to.
  public var perToken: Int
  /// The router's score of each of its experts, the mean over the step's tokens; shares of 1.
  public var scores: ArraySlice<Float>

  /// A layer.
  public init(
    layer: Int, layers: Int, firstKey: Int32, isShared: Bool, perToken: Int, scores: ArraySlice<Float>
  ) {
    self.layer = layer
    self.layers = layers
    self.firstKey = firstKey
    self.isShared = isShared
    self.perToken = perToken
    self.scores = scores
  }
}

/// What a cache is asked for: sets of keys, one after the other.
public struct AccessSequence: Sendable {
  /// The keys of all sets.
  public private(set) var keys: [Int32] = []
  /// Where each set ends.
  public private(set) var ends: [Int] = []

  /// Nothing.
  public init() {}

  /// How many sets there are.
  public var count: Int { ends.count }

  /// The keys of a set.
  public subscript(_ set: Int) -> ArraySlice<Int32> { keys[(set == 0 ? 0 : ends[set - 1])..<ends[set]] }

  /// Adds a set of keys, each named once.
  public mutating func append(_ set: some Sequence<Int32>) {
    keys.append(contentsOf: set)
    ends.append(keys.count)
  }
}
