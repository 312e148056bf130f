import Units

/// What a device's kind adds to the roofline. A part that is absent costs nothing: without any the device is a plain
/// roofline with a fixed time per kernel.
public struct DeviceForms: Hashable, Sendable {
  /// What the peaks are made of, by equal units: cores, multiplier slices, systolic arrays.
  public var units: [ArithmeticUnits] = []
  /// Memories nearer than the first tier, the nearest first.
  public var caches: [CacheLevel] = []
  /// The block that matrix products are cut into; every edge is padded to a whole number of blocks.
  public var tile: MatrixTile?
  /// Counts of tokens that products were compiled for.
  public var shapes: CompiledShapes?
  /// How many times as long the arithmetic of a product takes whose activations are larger than its weights, where the
  /// units hold the activations still and stream the weights; at least 1.
  public var order: Sourced<Slowdown>?
  /// How many times as long the arithmetic of a product takes whose weights have more rows than columns; at least 1.
  public var aspect: Sourced<Slowdown>?
  /// Seconds to hand a pass over to the device and to take it back.
  public var handOver: Sourced<Seconds>?
  /// Memory that is reached over a link between sockets.
  public var numa: RemoteMemory?
  /// The memory that the device shares with others of its chip.
  public var memoryGroup: MemoryGroup?

  /// None of them.
  public init() {}

  /// The names of those that the device has, as its file spells them, in the order of the file.
  public var names: [String] {
    [
      (units.isEmpty, "units"), (caches.isEmpty, "caches"), (tile == nil, "tile"), (shapes == nil, "shapes"),
      (order == nil, "order"), (aspect == nil, "aspect"), (handOver == nil, "hand-over"), (numa == nil, "numa"),
      (memoryGroup == nil, "memory-group"),
    ].filter { !$0.0 }.map(\.1)
  }

  /// Operations/s of all units in a format; nil where no unit computes in it.
  public func peak(_ format: Format) -> Double? {
    let rates = units.compactMap { group in
      group.perCycle[format].map { group.count.value * group.clock.value.value * $0.value }
    }
    return rates.isEmpty ? nil : rates.reduce(0, +)
  }

  /// How tokens are padded before they are multiplied; nil where they are not.
  public var rounding: TokenRounding? {
    tile == nil && shapes == nil ? nil : TokenRounding(tile: tile?.rows ?? 1, shapes: shapes?.tokens ?? [])
  }
}

/// Equal units of arithmetic: the cores of a processor, the multiplier slices of an array, systolic arrays.
public struct ArithmeticUnits: Hashable, Sendable {
  /// What they are: "cores", "DSP slices".
  public var name: String
  /// How many work at once.
  public var count: Sourced<Double>
  /// Cycles/s.
  public var clock: Sourced<Frequency>
  /// Operations of one unit in a cycle by format, a multiply-add counted as two.
  public var perCycle: [Format: Sourced<Double>]

  /// Units.
  public init(
    name: String, count: Sourced<Double>, clock: Sourced<Frequency>, perCycle: [Format: Sourced<Double>]
  ) {
    self.name = name
    self.count = count
    self.clock = clock
    self.perCycle = perCycle
  }
}

/// A memory nearer than the first tier: a cache of a processor, the memory on the chip of an array.
///
/// Activations of a call that fit are found there, since the operator before wrote them; weights only where all of a
/// device's fit, since a step reads each of them once.
public struct CacheLevel: Hashable, Sendable {
  /// The name: "L3", "on-chip".
  public var name: String
  /// Bytes of all its parts together.
  public var capacity: Sourced<Memory>
  /// Bytes/s of all its parts together at peak; the device's share of peak memory bandwidth is reached here too.
  public var bandwidth: Sourced<Bandwidth>

  /// A cache.
  public init(name: String, capacity: Sourced<Memory>, bandwidth: Sourced<Bandwidth>) {
    self.name = name
    self.capacity = capacity
    self.bandwidth = bandwidth
  }
}

/// The block of a matrix unit: rows of activations (tokens), the inner edge, columns of weights.
public struct MatrixTile: Hashable, Sendable {
  /// Tokens of a block.
  public var rows: Int
  /// Elements of the edge that is summed over.
  public var inner: Int
  /// Columns of weights.
  public var columns: Int
  /// Where they come from.
  public var source: String

  /// A block.
  public init(rows: Int, inner: Int, columns: Int, source: String) {
    self.rows = rows
    self.inner = inner
    self.columns = columns
    self.source = source
  }

  /// Padded over true operations of a product with `inner` x `columns` weights, tokens aside; at least 1.
  public func padding(inner: Double, columns: Double) -> Double {
    func padded(_ edge: Double, _ block: Int) -> Double {
      (edge / Double(block)).rounded(.up) * Double(block) / edge
    }
    guard inner > 0, columns > 0 else { return 1 }
    return padded(inner, self.inner) * padded(columns, self.columns)
  }
}

/// Counts of tokens that a device's programs were compiled for, ascending.
public struct CompiledShapes: Hashable, Sendable {
  /// The counts, ascending, each at least 1.
  public var tokens: [Int]
  /// Where they come from.
  public var source: String

  /// Shapes.
  public init(tokens: [Int], source: String) {
    self.tokens = tokens
    self.source = source
  }
}

/// Memory of which a part stands behind a link between sockets or dies.
///
/// All parts are read at once, so that bandwidth is the lesser of the memory's own and the link's over the remote share.
public struct RemoteMemory: Hashable, Sendable {
  /// Share of all bytes that cross the link, in (0, 1].
  public var remote: Sourced<Fraction>
  /// The link.
  public var link: Link

  /// Memory with a remote part.
  public init(remote: Sourced<Fraction>, link: Link) {
    self.remote = remote
    self.link = link
  }

  /// Most bytes/s over all the memory.
  public var bandwidth: Double { link.bandwidth.value.value / remote.value.value }
}

/// A memory that several devices of a chip share.
public struct MemoryGroup: Hashable, Sendable {
  /// The name that the devices of the chip have in common.
  public var name: String
  /// Bytes/s that they reach when several read at once.
  public var together: Sourced<Bandwidth>

  /// A shared memory.
  public init(name: String, together: Sourced<Bandwidth>) {
    self.name = name
    self.together = together
  }
}
