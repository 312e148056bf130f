/// Where an engine's weights and KV cache stand beside its devices: in the host's memory or on drives.
///
/// An operator takes as long as the longest of its arithmetic, its traffic with the device's memory and the arrival of
/// what it reads: bytes arrive while the operator that needs them runs, and not before. Whatever fetches earlier gains
/// at most the time of the operators that wait for nothing: attention and elementwise kernels where weights are
/// streamed, all others where the KV cache is. Keys and values of new tokens are written at the end of each layer, and
/// the next waits for them; those of a prompt's earlier chunks are read from the device's memory.
public struct Placement: Hashable, Sendable {
  /// Where the weights stand; nil for the device's memory.
  public var weights: Stream?
  /// Where the KV cache stands; nil for the device's memory.
  public var cache: Stream?
  /// Whether a placement policy says where both stand: then operators take what they do in the device's memory, which
  /// bounds nothing.
  let isPolicys: Bool

  /// Both in the device's memory unless told.
  public init(weights: Stream? = nil, cache: Stream? = nil) { self.init(weights, cache, isPolicys: false) }

  private init(_ weights: Stream?, _ cache: Stream?, isPolicys: Bool) {
    self.weights = weights
    self.cache = cache
    self.isPolicys = isPolicys
  }

  /// Weights and KV cache stand where a placement policy says.
  public static var policys: Placement {
    let boundless = Stream(name: "place", capacity: 1e18, readRate: 1e15, writeRate: 1e15)
    return Placement(boundless, boundless, isPolicys: true)
  }

  /// What operators read from elsewhere.
  var ofOperators: Placement { isPolicys ? Placement() : self }

  /// Whether every number can be.
  var isValid: Bool { [weights, cache].allSatisfy { $0?.isValid ?? true } }

  /// The share of a stage's streamed weights that its devices hold at once: two layers, one in use and one on its way.
  static func stagedShare(layers: Int) -> Double { layers > 2 ? 2 / Double(layers) : 1 }

  /// KV blocks of the whole engine that fit where the cache stands, beside the weights where those stand there too;
  /// without end where it stands in the devices' memory.
  ///
  /// - Throws: ``EngineFault/tier(name:needed:available:)`` where the weights or not one block fits.
  func blocks(_ model: Transformer, _ formats: ModelFormats, blockTokens: Int) throws(EngineFault) -> Int {
    let read = weights == nil ? 0 : model.weightBytes(formats)
    if let weights, read > weights.capacity {
      throw .tier(name: weights.name, needed: read, available: weights.capacity)
    }
    guard let cache else { return .max }
    let beside = weights?.name == cache.name ? read : 0
    let block = model.cacheBytesPerToken(formats.cache) * Double(blockTokens)
    if block == 0 { return MemoryBudget.unboundedBlocks }
    guard cache.capacity - beside >= block else {
      throw .tier(name: cache.name, needed: beside + block, available: cache.capacity)
    }
    return Int(min((cache.capacity - beside) / block, 1e12))
  }
}

/// A memory or drives beside an engine, as its devices reach them.
public struct Stream: Hashable, Sendable {
  /// The tier's name in the scenario.
  public var name: String
  /// Bytes that it holds for the engine.
  public var capacity: Double
  /// Bytes/s that each device reads when all do.
  public var readRate: Double
  /// Bytes/s that each device writes when all do.
  public var writeRate: Double

  /// A stream.
  public init(name: String, capacity: Double, readRate: Double, writeRate: Double) {
    self.name = name
    self.capacity = capacity
    self.readRate = readRate
    self.writeRate = writeRate
  }

  var isValid: Bool { [capacity, readRate, writeRate].allSatisfy { $0 > 0 && $0.isFinite } }
}
