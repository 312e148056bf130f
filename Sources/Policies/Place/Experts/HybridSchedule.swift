/// Seconds that routed experts of a layer take on the device, on the processor beside it, and over the link between.
struct HybridSeconds: Sendable {
  private let onGPU: @Sendable (Int) -> Double
  private let onCPU: @Sendable (Int) -> Double
  /// Seconds before the first expert of a layer on the processor.
  let cpuStart: Double
  /// Seconds of an expert over the link.
  let copy: Double
  /// Seconds of the layer's shared experts, which the device computes before others.
  var shared = 0.0
  /// By tokens; below 0 where it is not known yet.
  private var gpuKnown: [Double] = []
  private var cpuKnown: [Double] = []

  /// Experts that take so many seconds by their tokens.
  init(
    gpu: @escaping @Sendable (Int) -> Double, cpu: @escaping @Sendable (Int) -> Double, cpuStart: Double, copy: Double
  ) {
    (onGPU, onCPU, self.cpuStart, self.copy) = (gpu, cpu, cpuStart, copy)
  }

  /// An expert with `tokens` tokens on the device.
  mutating func gpu(_ tokens: Int) -> Double { Self.known(&gpuKnown, tokens, onGPU) }

  /// An expert with `tokens` tokens on the processor.
  mutating func cpu(_ tokens: Int) -> Double { Self.known(&cpuKnown, tokens, onCPU) }

  private static func known(_ table: inout [Double], _ tokens: Int, _ seconds: (Int) -> Double) -> Double {
    if table.count <= tokens { table.append(contentsOf: repeatElement(-1, count: tokens + 1 - table.count)) }
    if table[tokens] < 0 { table[tokens] = seconds(tokens) }
    return table[tokens]
  }
}

/// An expert that a layer asks for.
struct HybridExpert: Sendable, BitwiseCopyable {
  /// Its number.
  var expert: Int32
  /// Its tokens.
  var tokens: Int
  /// Seconds after the layer's gate from which on the device holds it; nil where it does not.
  var ready: Double?

  /// Whether the device would take it before `other`: those that it holds come first, each part by falling tokens, of
  /// equals the lower number first.
  func comes(before other: HybridExpert) -> Bool {
    if (ready == nil) != (other.ready == nil) { return ready != nil }
    return tokens != other.tokens ? tokens > other.tokens : expert < other.expert
  }
}

/// Which experts of a layer the device computes and which the processor beside it, and which are copied for that.
struct HybridSchedule: Sendable {
  /// Who computes what.
  enum Rule: String, CaseIterable, Sendable {
    /// Whoever would be done first takes the next: the device those that it holds, by tokens, and then those that it
    /// copies, by tokens; the processor from the other end.
    case dynamic
    /// The device what it holds, the processor the others.
    case fixed
    /// The device all, the others when they have come.
    case gpu
  }

  /// The device's, in order, and those of them that are copied, in order.
  private(set) var onGPU: [HybridExpert] = []
  private(set) var copied: [HybridExpert] = []
  /// The processor's, in order.
  private(set) var onCPU: [HybridExpert] = []
  /// Seconds until the last is done, and until the link is free.
  private(set) var seconds = 0.0
  private(set) var linkFree = 0.0
  private var list: [HybridExpert] = []

  /// Schedules `experts` in the order of ``HybridExpert/comes(before:)``; the link is busy for `backlog` seconds.
  /// Complexity: O(experts^2), O(experts) where they are nearly in order.
  mutating func plan(_ experts: [HybridExpert], _ rule: Rule, _ costs: inout HybridSeconds, backlog: Double) {
    onGPU.removeAll(keepingCapacity: true)
    onCPU.removeAll(keepingCapacity: true)
    copied.removeAll(keepingCapacity: true)
    divide(experts, rule, &costs, backlog: backlog, isKept: true)
  }

  /// The seconds that `experts` would take where the link is free; what is scheduled stays. Complexity: as of a plan.
  mutating func trial(_ experts: [HybridExpert], _ rule: Rule, _ costs: inout HybridSeconds) -> Double {
    divide(experts, rule, &costs, backlog: 0, isKept: false)
    return seconds
  }

  private mutating func divide(
    _ experts: [HybridExpert], _ rule: Rule, _ costs: inout HybridSeconds, backlog: Double, isKept: Bool
  ) {
    order(experts)
    var (gpu, cpu) = (costs.shared, 0.0)
    linkFree = backlog
    var (front, back) = (0, list.count)
    while front < back {
      let (next, last) = (list[front], list[back - 1])
      let ready = next.ready ?? linkFree + costs.copy
      let onDevice = max(gpu, ready) + costs.gpu(next.tokens)
      let beside = (cpu == 0 ? costs.cpuStart : cpu) + costs.cpu(last.tokens)
      let takes =
        switch rule {
        case .dynamic: onDevice <= beside
        case .fixed: next.ready != nil
        case .gpu: true
        }
      if takes {
        if next.ready == nil {
          linkFree = ready
          if isKept { copied.append(next) }
        }
        gpu = onDevice
        if isKept { onGPU.append(next) }
        front += 1
      } else {
        cpu = beside
        if isKept { onCPU.append(last) }
        back -= 1
      }
    }
    seconds = max(gpu, cpu)
  }

  /// Lists `experts` by who comes before whom.
  private mutating func order(_ experts: [HybridExpert]) {
    list.removeAll(keepingCapacity: true)
    list.append(contentsOf: experts)
    list.withUnsafeMutableBufferPointer { list in
      for index in list.indices.dropFirst() {
        let expert = list[index]
        var place = index
        while place > 0, expert.comes(before: list[place - 1]) {
          list[place] = list[place - 1]
          place -= 1
        }
        list[place] = expert
      }
    }
  }
}
