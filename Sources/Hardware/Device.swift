import Units

/// What a device is.
public enum DeviceKind: String, CaseIterable, Hashable, Sendable {
  /// A graphics processor.
  case gpu
  /// A neural processor.
  case npu
  /// A general processor with its memory.
  case cpu
  /// A field-programmable gate array.
  case fpga
}

/// A memory of a device.
public struct MemoryTier: Hashable, Sendable {
  /// The name of the tier: "hbm", "gddr", "dram".
  public var name: String
  /// Bytes as the driver reports them: an 80 GB A100 has 81,920 MiB.
  public var capacity: Sourced<Memory>
  /// Peak bytes/s.
  public var bandwidth: Sourced<Bandwidth>

  /// A tier.
  public init(name: String, capacity: Sourced<Memory>, bandwidth: Sourced<Bandwidth>) {
    self.name = name
    self.capacity = capacity
    self.bandwidth = bandwidth
  }
}

/// A device's peak arithmetic in one format.
public struct ArithmeticRate: Hashable, Sendable {
  /// Dense operations/s, a multiply-add counted as two.
  public var rate: Sourced<ComputeRate>
  /// The format that sums are held in.
  public var accumulator: Format

  /// A peak rate.
  public init(rate: Sourced<ComputeRate>, accumulator: Format) {
    self.rate = rate
    self.accumulator = accumulator
  }
}

/// Time that a step takes beyond its arithmetic and bytes.
public struct Execution: Hashable, Sendable {
  /// Seconds to launch one kernel.
  public var launch: Sourced<Seconds>
  /// Seconds of the host between steps, during which the device waits.
  public var hostPerStep: Sourced<Seconds>
  /// Seconds of the host per sampled token, during which the device waits.
  public var hostPerSequence: Sourced<Seconds>
  /// Seconds the host needs to issue a step with prompt tokens. It overlaps with the device: a floor.
  public var prefillDispatch: Sourced<Seconds>
  /// Seconds the host needs to issue a decode-only step: a floor likewise, small where kernels are replayed as a graph.
  public var decodeDispatch: Sourced<Seconds>
  /// What runs as the separate kernels of an eager framework, not as fused ones.
  public var eager: Set<EagerPart> = []
  /// The engine of the past that these times and the efficiencies were measured with: "vLLM of late 2023"; nil where
  /// they are a current one's.
  public var engine: String?

  /// Times of a device and its host.
  public init(
    launch: Sourced<Seconds>, hostPerStep: Sourced<Seconds>, hostPerSequence: Sourced<Seconds>,
    prefillDispatch: Sourced<Seconds>, decodeDispatch: Sourced<Seconds>
  ) {
    self.launch = launch
    self.hostPerStep = hostPerStep
    self.hostPerSequence = hostPerSequence
    self.prefillDispatch = prefillDispatch
    self.decodeDispatch = decodeDispatch
  }
}

/// What an engine fuses and an eager framework does not.
public enum EagerPart: String, CaseIterable, Hashable, Sendable {
  /// Norms and residual sums.
  case norms
  /// Rotary positions, and keys and values copied for the heads that share them.
  case positions
  /// Activation functions.
  case activations
  /// The projections of queries, keys and values, and those before an activation.
  case projections
  /// The choice of a mixture's experts.
  case gate
}

/// Achieved over peak rates, each in (0, 1].
public struct Efficiency: Hashable, Sendable {
  /// Of arithmetic in matrix products.
  public var compute: Sourced<Double>
  /// Of memory bandwidth in matrix products and elementwise kernels.
  public var memory: Sourced<Double>
  /// Of arithmetic in attention.
  public var attentionCompute: Sourced<Double>
  /// Of memory bandwidth in attention.
  public var attentionMemory: Sourced<Double>
  /// Of link bandwidth in collectives.
  public var link: Sourced<Double>

  /// Efficiencies.
  public init(
    compute: Sourced<Double>, memory: Sourced<Double>, attentionCompute: Sourced<Double>,
    attentionMemory: Sourced<Double>, link: Sourced<Double>
  ) {
    self.compute = compute
    self.memory = memory
    self.attentionCompute = attentionCompute
    self.attentionMemory = attentionMemory
    self.link = link
  }
}

/// Collectives between devices of one machine.
public struct Collective: Hashable, Sendable {
  /// Seconds of a collective without bytes, per doubling of the devices that take part.
  public var latency: Sourced<Seconds>
  /// Another efficiency for large messages; nil where all sizes run alike.
  public var large: LargeMessages?

  /// Collectives with the given latency.
  public init(latency: Sourced<Seconds>, large: LargeMessages? = nil) {
    self.latency = latency
    self.large = large
  }
}

/// Messages from a size on that reach another share of the link's bandwidth.
public struct LargeMessages: Hashable, Sendable {
  /// Bytes from which on a message is large.
  public var from: Sourced<Memory>
  /// Achieved over peak link bandwidth, in (0, 1].
  public var efficiency: Sourced<Double>

  /// Messages of `from` bytes and more.
  public init(from: Sourced<Memory>, efficiency: Sourced<Double>) {
    self.from = from
    self.efficiency = efficiency
  }
}

/// Watts of one device by what it does.
public struct DevicePower: Hashable, Sendable {
  /// While nothing runs.
  public var idle: Sourced<Power>
  /// During a step with prompt tokens.
  public var prefill: Sourced<Power>
  /// During a decode-only step.
  public var decode: Sourced<Power>
  /// Most the device may draw as built.
  public var peak: Sourced<Power>
  /// Most it may draw as operated; nil where uncapped.
  public var cap: Sourced<Power>?

  /// Watts.
  public init(
    idle: Sourced<Power>, prefill: Sourced<Power>, decode: Sourced<Power>, peak: Sourced<Power>,
    cap: Sourced<Power>? = nil
  ) {
    self.idle = idle
    self.prefill = prefill
    self.decode = decode
    self.peak = peak
    self.cap = cap
  }
}

/// What one device costs to rent, and when.
public struct DatedPrice: Hashable, Sendable {
  /// Dollars per hour of one device.
  public var price: Sourced<Price>
  /// When the price was asked: "2023-11".
  public var date: String

  /// A price.
  public init(price: Sourced<Price>, date: String) {
    self.price = price
    self.date = date
  }
}

/// A device as data: what `scenarios/devices/*.yaml` says, in base units.
public struct Device: Hashable, Sendable {
  /// The name that reports use.
  public var name: String
  /// What it is.
  public var kind: DeviceKind
  /// Its memories; the first holds weights and KV cache.
  public var memory: [MemoryTier]
  /// Peak arithmetic by format.
  public var compute: [Format: ArithmeticRate]
  /// The link to its peers in a machine; nil where they meet over the host link.
  public var interconnect: Link?
  /// The link to its host; nil for the host itself.
  public var hostLink: Link?
  /// Time beyond arithmetic and bytes.
  public var execution: Execution
  /// Achieved over peak rates.
  public var efficiency: Efficiency
  /// Collectives with its peers.
  public var collective: Collective
  /// Watts.
  public var power: DevicePower
  /// Rent; nil where nobody lets it.
  public var price: DatedPrice?
  /// What its kind adds to the roofline.
  public var forms: DeviceForms
  /// Devices of the same chip that take a share of every product.
  public var partners: [Partner] = []

  /// A device.
  public init(
    name: String, kind: DeviceKind, memory: [MemoryTier], compute: [Format: ArithmeticRate],
    interconnect: Link? = nil, hostLink: Link? = nil, execution: Execution, efficiency: Efficiency,
    collective: Collective, power: DevicePower, price: DatedPrice? = nil, forms: DeviceForms = DeviceForms()
  ) {
    self.name = name
    self.kind = kind
    self.memory = memory
    self.compute = compute
    self.interconnect = interconnect
    self.hostLink = hostLink
    self.execution = execution
    self.efficiency = efficiency
    self.collective = collective
    self.power = power
    self.price = price
    self.forms = forms
  }

  /// Peak arithmetic for `format`, or for the first of its fallbacks that the device has; nil where it has none.
  public func arithmetic(_ format: Format) -> ArithmeticRate? {
    ([format] + format.fallbacks).lazy.compactMap { compute[$0] }.first
  }

  /// The link that collectives between devices of one machine use: the interconnect, else the host link.
  public var peerLink: Link? { interconnect ?? hostLink }
}
