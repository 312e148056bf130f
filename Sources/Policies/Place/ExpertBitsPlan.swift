import Cluster
import Hardware
import Models
import Timeline
import Units

extension ExpertBits {
  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let tier = settings.tier("from", required: true)
    let requests = settings.requests(of: "a plane", default: 0x1p17)
    let link = settings.link("link", default: settings.device.hostLink, required: true)
    let budget = settings.quantity(
      "budget", MemoryDimension.self, in: 0...0x1p50, default: 1e9, because: "between the paper's 200 and 2500 MB")
    let isNested =
      settings.choice("widths", of: ["nested", "static"], default: "nested", because: "D2MoE") == "nested"
    let whole = settings.count("static-bits", in: 1...8, default: 4, because: "the most that a token takes")
    let three = settings.quantity(
      "three-bits", FractionDimension.self, in: 0...1, default: 0.4,
      because: "D2MoE: 30, 40 and 30 % of 2, 3 and 4 bits")
    let four = settings.quantity(
      "four-bits", FractionDimension.self, in: 0...1, default: 0.3, because: "D2MoE: 30, 40 and 30 % of 2, 3 and 4 bits"
    )
    let isHottestFirst =
      settings.choice("order", of: ["hottest-first", "by-number"], default: "hottest-first", because: "D2MoE")
      == "hottest-first"
    let overlaps = settings.flag("overlap", default: true, because: "reads and kernels have queues of their own")
    let group = settings.quantity(
      "group", TimeDimension.self, in: 0...1, default: 0, because: "the kernels' own launches")
    let scaled = settings.count("scale-group", in: 0...65536, default: 128, because: "D2MoE: groups of 128 weights")
    guard let shape = settings.experts(for: name), settings.isOneDevice() else { return nil }
    guard three + four <= 1 else {
      settings.refuse(
        "four-bits", "more than all of a token's experts", why: "three-bits and four-bits are more than 100 % together",
        fix: "lower one of them; the rest takes 2 bits")
      return nil
    }
    guard let routed = RoutedSteps(settings, shape), let tier, let link,
      let pieces = settings.pieces(on: settings.device, tensorParallel: 1),
      let kind = pieces.kinds.first(where: { $0.experts != nil })
    else { return nil }
    let parameters = Double(shape.parameters)
    let bits = isNested ? [2, 1, 1] : [whole]
    // A scale in fp16 for each plane, and for the first a zero point as wide as its elements.
    let bytes = bits.enumerated().map { place, bits in
      let scales = scaled > 0 ? Double(16 + (place == 0 ? bits : 0)) / Double(scaled) : 0
      return parameters / 8 * (Double(bits) + scales)
    }
    let all = Double(shape.layers * shape.experts)
    let other = pieces.weights - kind.expertBytes * all
    let size = bytes.reduce(0, +)
    let memory = DeviceMemory(settings, count: 1)
    let held = other + min(budget, size * all)
    guard budget >= size else {
      settings.refuse(
        "budget", "the budget cannot hold one expert", why: "\(Memory(budget).text) < \(Memory(size).text)",
        fix: "a larger budget")
      return nil
    }
    guard held < memory.usable else {
      settings.refuse(
        "budget", "the device cannot hold the budget beside the other weights",
        why: "\(Memory(held).text) > \(Memory(memory.usable).text)", fix: "a smaller budget, or a smaller format")
      return nil
    }
    guard size * all <= tier.capacity.value.value else {
      settings.refuse(
        "from", "\(tier.name) cannot hold the experts",
        why: "\(Memory(size * all).text) > \(tier.capacity.value.text)", fix: "a larger tier")
      return nil
    }
    var machine = Machine()
    let gpu = machine.compute(settings.device, name: "gpu")
    let host = machine.stream("host")
    let read = machine.reads(
      tier, request: requests.bytes, depth: requests.depth, limit: link.bandwidth.value.value, name: "read")
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    machine.hold(tier.kind.rawValue, bytes: size * all, of: tier.capacity.value.value)
    let policy = ExpertBits(
      options: Options(
        bits: bits, formatBits: kind.expertBytes * 8 / parameters, shares: [1 - three - four, three, four],
        isHottestFirst: isHottestFirst, overlaps: overlaps, group: group, otherBytes: other),
      pieces: pieces, gpu: gpu, host: host, read: read, routed: routed,
      planes: BitPlanes(bytes: bytes, budget: budget, layers: shape.layers, experts: shape.experts),
      seed: settings.seed)
    return machine.plan(policy, cacheTokens: pieces.tokens(in: memory.usable - held))
  }
}
