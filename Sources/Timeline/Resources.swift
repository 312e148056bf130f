/// A stream of a timeline, by index into its resources.
public struct StreamID: Hashable, Sendable {
  /// Index into ``Resources/streams``.
  public var index: Int

  /// The stream at `index`.
  @inlinable
  public init(_ index: Int) { self.index = index }
}

/// What remembers the last tasks put in it, by index into the resources of a timeline.
public struct RingID: Hashable, Sendable {
  /// Index into ``Resources/rings``.
  public var index: Int

  /// The ring at `index`.
  @inlinable
  public init(_ index: Int) { self.index = index }
}

/// What runs tasks one after another, and the channels that its bytes cross.
public struct StreamDescription: Hashable, Sendable {
  /// The name that reports use: "h100", "pcie.in".
  public var name: String
  /// The channels that its bytes cross, by index; none for a stream that only computes.
  public var route: [Int]

  /// A stream.
  public init(_ name: String, route: [Int] = []) {
    self.name = name
    self.route = route
  }
}

/// What carries bytes.
public struct ChannelDescription: Hashable, Sendable {
  /// The name that reports use: "pcie", "dram".
  public var name: String
  /// Bytes a second, at least 1.
  public var rate: Int64

  /// A channel of `rate` bytes a second (raised to 1; a rate beyond 10^15 is 10^15).
  public init(_ name: String, rate: Double) {
    self.name = name
    self.rate = Int64(min(max(rate.isNaN ? 1 : rate, 1), 1e15).rounded())
  }
}

/// The streams, channels and rings of a timeline.
public struct Resources: Hashable, Sendable {
  /// What runs tasks.
  public private(set) var streams: [StreamDescription] = []
  /// What carries bytes.
  public private(set) var channels: [ChannelDescription] = []
  /// How many tasks each ring remembers.
  public private(set) var rings: [Int] = []

  /// Nothing.
  public init() {}

  /// Adds a channel of `rate` bytes a second; its index.
  public mutating func channel(_ name: String, rate: Double) -> Int {
    channels.append(ChannelDescription(name, rate: rate))
    return channels.count - 1
  }

  /// Adds a stream whose bytes cross the channels of `route`, each once.
  public mutating func stream(_ name: String, route: [Int] = []) -> StreamID {
    let once = route.reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
    streams.append(StreamDescription(name, route: once))
    return StreamID(streams.count - 1)
  }

  /// Adds a stream with a channel of its own.
  public mutating func link(_ name: String, rate: Double) -> StreamID {
    let own = channel(name, rate: rate)
    return stream(name, route: [own])
  }

  /// Adds a ring that remembers `size` tasks (1 to 255).
  public mutating func ring(_ size: Int) -> RingID {
    rings.append(min(max(size, 1), 255))
    return RingID(rings.count - 1)
  }

  /// Whether two streams cross one channel.
  public var isShared: Bool {
    var crossed = Set<Int>()
    for stream in streams {
      for channel in Set(stream.route) where !crossed.insert(channel).inserted { return true }
    }
    return false
  }

  /// Bytes a second of a stream whose flow is alone; nil without a route.
  func rate(of stream: StreamDescription) -> Int64? { stream.route.map { channels[$0].rate }.min() }
}
