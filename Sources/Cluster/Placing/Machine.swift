import Hardware
import Timeline
import Units

/// A way for bytes: a stream that crosses a link or reads a drive, and the seconds before the first byte.
public struct Way: Hashable, Sendable {
  /// The stream.
  public var stream: StreamID
  /// Seconds before bytes flow.
  public var latency: Double
  /// Bytes a second of a flow that is alone.
  public var rate: Double

  /// A way over `stream`.
  public init(stream: StreamID, latency: Double, rate: Double) {
    self.stream = stream
    self.latency = latency
    self.rate = rate
  }

  /// Seconds of a flow of `bytes` that is alone.
  public func seconds(_ bytes: Double) -> Double { bytes > 0 ? latency + bytes / rate : 0 }
}

/// Builds what a placed engine runs on: a stream for each device, link and drive, with its watts, and what the memories
/// hold.
public struct Machine: Sendable {
  /// The streams, channels and rings so far.
  public var resources = Resources()
  /// Watts of each stream.
  public private(set) var power: [StreamPower] = []
  /// What the memories hold.
  public private(set) var holdings: [Holding] = []
  /// Devices besides the pool's own.
  public private(set) var devices: [(device: Device, count: Int)] = []

  /// Nothing.
  public init() {}

  /// The compute stream of `count` devices that work as one: the pool's own, unless `isExtra`. Called as its kind is,
  /// "gpu", unless told.
  public mutating func compute(
    _ device: Device, count: Int = 1, name: String? = nil, route: [Int] = [], isExtra: Bool = false
  ) -> StreamID {
    let watts = device.power
    power.append(
      StreamPower(
        idle: watts.idle.value * Double(count),
        busy: watts.decode.value * Double(count), computing: watts.prefill.value * Double(count)))
    if isExtra { devices.append((device, count)) }
    return resources.stream(name ?? device.kind.rawValue, route: route)
  }

  /// Another stream of a device, whose watts are counted with its compute stream.
  public mutating func stream(_ name: String, route: [Int] = []) -> StreamID {
    power.append(StreamPower())
    return resources.stream(name, route: route)
  }

  /// One direction of `count` links side by side, of whose bandwidth `efficiency` is reached, no faster than `limit` bytes a
  /// second, as where a memory at their end is slower; called "link" unless told.
  public mutating func link(
    _ link: Link, count: Int = 1, name: String? = nil, efficiency: Double = 1, limit: Double = .infinity
  ) -> Way {
    power.append(StreamPower())
    let rate = min(link.bandwidth.value.value * Double(count) * efficiency, limit)
    return Way(stream: resources.link(name ?? "link", rate: rate), latency: link.latency.value.value, rate: rate)
  }

  /// Reads of `drives` drives or memories in requests of `request` bytes, `depth` of which are in flight at each; no
  /// faster than `limit` bytes a second. Called as its kind is, "storage" or "memory", unless told.
  public mutating func reads(
    _ tier: Tier, drives: Int = 1, request: Double, depth: Int, limit: Double = .infinity, name: String? = nil
  ) -> Way {
    let watts = (tier.idle?.value ?? Power(0), tier.peak?.value ?? Power(0))
    power.append(StreamPower(idle: watts.0 * Double(drives), busy: watts.1 * Double(drives)))
    let rate = min(tier.read(bytes: request, depth: depth) * Double(drives), limit)
    return Way(
      stream: resources.link(name ?? tier.kind.rawValue, rate: rate), latency: tier.latency.value.value, rate: rate)
  }

  /// Says that `memory` holds `bytes` of the `capacity` it has.
  public mutating func hold(_ memory: String, bytes: Double, of capacity: Double) {
    holdings.append(Holding(memory, bytes: bytes, capacity: capacity))
  }

  /// The engine on which `policy` places its steps, with the keys and values of `cacheTokens` tokens.
  public func plan(_ policy: any PlacePolicy, cacheTokens: Double) -> PlacedPlan {
    PlacedPlan(
      engine: PlacedEngine(
        policy: policy, resources: resources, power: power, holdings: holdings, hasOthers: !devices.isEmpty),
      cacheTokens: cacheTokens, devices: devices)
  }
}
