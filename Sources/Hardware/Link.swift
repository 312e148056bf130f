import Units

/// A connection between devices, between a device and its host, or between machines.
public struct Link: Hashable, Sendable {
  /// The name that reports use.
  public var name: String
  /// Bytes/s in one direction of one device's (or machine's) share of the link.
  public var bandwidth: Sourced<Bandwidth>
  /// Seconds for a message without bytes to cross.
  public var latency: Sourced<Seconds>

  /// A link.
  public init(name: String, bandwidth: Sourced<Bandwidth>, latency: Sourced<Seconds>) {
    self.name = name
    self.bandwidth = bandwidth
    self.latency = latency
  }
}
