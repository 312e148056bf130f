import Timeline
import Units

/// What a memory of a placed engine holds.
public struct Holding: Hashable, Sendable {
  /// The memory: "hbm", "dram".
  public var memory: String
  /// Bytes that it holds at most at once.
  public var bytes: Double
  /// Bytes that it could hold.
  public var capacity: Double

  /// `bytes` of `capacity` in `memory`.
  public init(_ memory: String, bytes: Double, capacity: Double) {
    self.memory = memory
    self.bytes = bytes
    self.capacity = capacity
  }
}

/// Watts of what runs a stream.
public struct StreamPower: Hashable, Sendable {
  /// While nothing runs.
  public var idle: Power
  /// While a task runs that its arithmetic bounds.
  public var computing: Power
  /// While another task runs.
  public var busy: Power

  /// Watts; the same in every task unless told.
  public init(idle: Power = Power(0), busy: Power = Power(0), computing: Power? = nil) {
    self.idle = idle
    self.busy = busy
    self.computing = computing ?? busy
  }
}

/// An engine whose steps are placed over several devices, memories and links.
public struct PlacedEngine: Sendable {
  /// What places the steps.
  public var policy: any PlacePolicy
  /// The streams, channels and rings that its tasks use.
  public var resources: Resources
  /// Watts of each stream, by index; none where fewer are given.
  public var power: [StreamPower]
  /// What each memory holds.
  public var holdings: [Holding]
  /// Whether devices besides the pool's own compute.
  public var hasOthers: Bool

  /// A placed engine, of the pool's own devices unless told.
  public init(
    policy: any PlacePolicy, resources: Resources, power: [StreamPower] = [], holdings: [Holding] = [],
    hasOthers: Bool = false
  ) {
    self.policy = policy
    self.resources = resources
    self.power = power
    self.holdings = holdings
    self.hasOthers = hasOthers
  }

  /// Whether the work of the pool's own devices is that of the model, as the pool's cost has it.
  var computesModelAlone: Bool { policy.computesModel && !hasOthers }
}
