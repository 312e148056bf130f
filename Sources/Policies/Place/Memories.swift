import Cluster
import Hardware
import Models
import Units

/// The memories of a machine's processors: one for those of a chip, which share it, and one for each other device.
struct Memories: Sendable {
  /// The memory of each processor, from 0.
  let numbers: [Int]
  /// Between two memories; nil where there is one.
  let link: Link?

  init(_ numbers: [Int], link: Link?) {
    self.numbers = numbers
    self.link = link
  }

  /// The processor that names a memory: the first that has it.
  var first: [Int] { (0..<count).compactMap { numbers.firstIndex(of: $0) } }
  var count: Int { (numbers.max() ?? -1) + 1 }

  /// Seconds for `bytes` from one memory to another.
  func seconds(_ bytes: Double) -> Double {
    link.map { $0.latency.value.value + bytes / $0.bandwidth.value.value } ?? 0
  }

  /// Whether what one processor leaves must be moved for the other.
  func areApart(_ one: Int, _ other: Int) -> Bool { numbers[one] != numbers[other] }
}

extension PlaceSettings {
  /// The memories of the pool's device and `others`, between which `link` is; nil where there is none, or where several
  /// devices are to work as one, which is told.
  func memories(with others: [Device]) -> Memories? {
    guard isOneDevice() else { return nil }
    let devices = [device] + others
    var names: [String] = []
    let numbers = devices.enumerated().map { index, device in
      let name = device.forms.memoryGroup?.name ?? "\(index)"
      if let known = names.firstIndex(of: name) { return known }
      names.append(name)
      return names.count - 1
    }
    guard names.count > 1 else { return Memories(numbers, link: nil) }
    guard let link = link("link", default: device.hostLink, required: false) else {
      refuse(
        nil, "\(devices.map(\.name).joined(separator: ", ")): not processors of one chip",
        why: "they name different forms.memory-group, and no link is between them",
        fix: "devices that share a memory, such as snapdragon-8-gen-3-gpu and -npu, or 'link'")
      return nil
    }
    return Memories(numbers, link: link)
  }

  /// The tokens whose keys and values fit into each of `memories` beside all weights; nil where these do not fit, which is
  /// told.
  func room(in memories: Memories, _ devices: [Device], _ pieces: ModelPieces, _ machine: inout Machine) -> Double? {
    var tokens = Double.infinity
    for index in memories.first {
      let memory = DeviceMemory(self, device: devices[index], count: 1, states: true)
      guard pieces.weights < memory.usable else {
        refuse(
          nil, "the memory of \(devices[index].name) cannot hold the weights",
          why: "\(Memory(pieces.weights).text) > \(Memory(memory.usable).text)", fix: "narrower weights")
        return nil
      }
      tokens = min(tokens, pieces.tokens(in: memory.usable - pieces.weights))
      machine.hold(devices[index].memoryName, bytes: memory.usable, of: memory.capacity)
    }
    return tokens
  }
}

extension Machine {
  /// A machine of processors with `memories`, the first of which is the pool's own.
  static func processors(
    _ devices: [Device], _ pieces: [ModelPieces], power: [DevicePower], _ memories: Memories
  ) -> (machine: Machine, processors: [Processor]) {
    var machine = Machine()
    let channels = memories.first.map { index in devices[index].forms.memoryGroup.map { machine.memory(of: $0) } }
    let processors = devices.indices.map { index in
      var device = devices[index]
      device.power = power[index]
      return machine.processor(
        device, pieces[index], sharing: channels[memories.numbers[index]], isExtra: index > 0)
    }
    return (machine, processors)
  }
}
