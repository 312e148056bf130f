import Cluster
import Hardware
import Units

/// The memory of the devices of an engine that it may use.
public struct DeviceMemory: Hashable, Sendable {
  /// Bytes of all of them.
  public var capacity: Double
  /// Bytes that weights and KV cache may take: the share that the plan lets be used, less what the runtime and the states
  /// of sequences hold.
  public var usable: Double
  /// Bytes of the states of all sequences that may run.
  public var states: Double

  /// The memory of `count` devices like `device`, the pool's own unless told, which hold the states of as many sequences as
  /// may run where they have the mixers; others do where `states` says so.
  public init(_ settings: any PlaceSettings, device: Device? = nil, count: Int, states: Bool? = nil) {
    let elements = states ?? (device == nil) ? settings.layout.stateElements(settings.model.layers) : 0
    self.states =
      Double(elements * settings.memory.maxSequences) * settings.formats.activations.bytes * Double(count)
    let device = device ?? settings.device
    capacity = (device.memory.first?.capacity.value.value ?? 0) * Double(count)
    usable = max(0, capacity * settings.memory.utilization - settings.memory.reserved * Double(count) - self.states)
  }
}

extension PlaceSettings {
  /// Whether `memory` of the pool's devices holds `weights` bytes of all of them; otherwise told.
  func holds(_ weights: Double, in memory: DeviceMemory) -> Bool {
    guard weights > memory.usable else { return true }
    let left = memory.states > 0 ? " that \(Memory(memory.states).text) of sequences' states leave" : ""
    refuse(
      nil, "the pool's devices cannot hold the weights",
      why: "\(Memory(weights).text) > \(Memory(memory.usable).text)\(left)",
      fix: memory.states > 0 ? "fewer limits.max-sequences, or a larger tensor-parallel" : "a larger tensor-parallel")
    return false
  }
}
