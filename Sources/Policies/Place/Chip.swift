import Cluster
import Hardware
import Models
import Units

/// What a part of an engine takes of a memory: bytes of weights, and bytes of each cached token.
struct Room {
  var weights: Double
  var cacheBytesPerToken: Double
  /// Devices whose memories hold it.
  var count: Int
}

/// The pool's device and another one, which may share its memory as devices of one chip do.
struct Chip {
  private let own: Device
  private let other: Device?
  /// The channel of the memory that both share; nil where each has its own.
  private let channel: Int?

  init(_ own: Device, _ other: Device?, _ machine: inout Machine) {
    self.own = own
    self.other = other
    let group = own.forms.memoryGroup
    let isShared = group != nil && group?.name == other?.forms.memoryGroup?.name
    channel = isShared ? group.map { machine.memory(of: $0) } : nil
  }

  /// `count` devices that compute as one, reading their own memory or the chip's.
  func processor(
    _ device: Device, _ pieces: ModelPieces, count: Int = 1, name: String, isExtra: Bool = false,
    _ machine: inout Machine
  ) -> Processor {
    let rate = device.memoryRate
    let alone = machine.resources.channel("\(name) memory", rate: rate)
    let route = [alone] + (channel.map { [$0] } ?? [])
    return Processor(
      pieces: pieces, stream: machine.compute(device, count: count, name: name, route: route, isExtra: isExtra),
      rate: rate)
  }

  /// Tokens whose keys and values fit beside the weights; nil where the weights do not fit, which is told.
  func room(_ settings: any PlaceSettings, _ machine: inout Machine, target: Room, draft: Room) -> Double? {
    let memory = DeviceMemory(settings, count: target.count)
    guard let other, channel == nil else {
      let both = Room(
        weights: target.weights + draft.weights,
        cacheBytesPerToken: target.cacheBytesPerToken + draft.cacheBytesPerToken, count: target.count)
      return tokens(settings, &machine, [("device", both, memory)])
    }
    return tokens(
      settings, &machine,
      [("device", target, memory), ("draft", draft, DeviceMemory(settings, device: other, count: draft.count))])
  }

  private func tokens(
    _ settings: any PlaceSettings, _ machine: inout Machine, _ parts: [(name: String, room: Room, memory: DeviceMemory)]
  ) -> Double? {
    var tokens = settings.memory.blocks.map { Double($0 * settings.memory.blockTokens) } ?? 2e9
    for (name, room, memory) in parts {
      guard room.weights < memory.usable else {
        settings.refuse(
          nil, "the \(name == "draft" ? "draft's device" : "pool's device") cannot hold its weights",
          why: "\(Memory(room.weights).text) > \(Memory(memory.usable).text)",
          fix: "a smaller format, fewer layers there, or a device with more memory")
        return nil
      }
      if room.cacheBytesPerToken > 0 { tokens = min(tokens, (memory.usable - room.weights) / room.cacheBytesPerToken) }
    }
    for (name, room, memory) in parts {
      machine.hold(name, bytes: room.weights + tokens * room.cacheBytesPerToken, of: memory.capacity)
    }
    return tokens
  }
}
