import Cluster
import Hardware
import Units

/// The memory of the devices of an engine that it may use.
public struct DeviceMemory: Hashable, Sendable {
  /// Bytes of all of them.
  public var capacity: Double
  /// Bytes that weights and KV cache may take: the share that the plan lets be used, less what the runtime holds.
  public var usable: Double

  /// The memory of `count` devices like `device`, the pool's own unless told.
  public init(_ settings: any PlaceSettings, device: Device? = nil, count: Int) {
    let device = device ?? settings.device
    capacity = (device.memory.first?.capacity.value.value ?? 0) * Double(count)
    usable = max(0, capacity * settings.memory.utilization - settings.memory.reserved * Double(count))
  }
}

extension PlaceSettings {
  /// Whether `memory` of the pool's devices holds `weights` bytes of all of them; otherwise told.
  func holds(_ weights: Double, in memory: DeviceMemory) -> Bool {
    guard weights > memory.usable else { return true }
    refuse(
      nil, "the pool's devices cannot hold the weights",
      why: "\(Memory(weights).text) > \(Memory(memory.usable).text)", fix: "a larger tensor-parallel")
    return false
  }
}
