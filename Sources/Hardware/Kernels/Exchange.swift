import Kernel

/// Exchanges of equal devices by algorithm, as time = steps x latency + bytes on a device's link / its rate (alpha-beta).
///
/// Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication operations in MPICH", 2005.
public enum Exchange: String, CaseIterable, Hashable, Sendable {
  /// Every device gets the sum of all messages: a ring passes parts round twice.
  case allReduce = "all_reduce"
  /// Every device gets all parts of the message, of which it has one.
  case allGather = "all_gather"
  /// Every device gets the sum of one part.
  case reduceScatter = "reduce_scatter"
  /// Every device sends each other a part of its message.
  case allToAll = "alltoall"
  /// One device sends another its message.
  case send = "send_recv"

  /// Steps that follow each other among `devices`.
  public func steps(_ devices: Double) -> Double {
    switch self {
    case .allReduce: 2 * (devices - 1)
    case .allGather, .reduceScatter: devices - 1
    case .allToAll, .send: 1
    }
  }

  /// Bytes that a device sends of a message of `bytes`.
  public func sent(_ bytes: Double, _ devices: Double) -> Double {
    switch self {
    case .allReduce: 2 * (devices - 1) / devices * bytes
    case .allGather, .reduceScatter, .allToAll: (devices - 1) / devices * bytes
    case .send: bytes
    }
  }

  /// Seconds of an exchange of `bytes` among `devices` over links of `rate` bytes/s and `latency` seconds.
  public func seconds(bytes: Double, devices: Double, rate: Double, latency: Double) -> Double {
    steps(devices) * latency + sent(bytes, devices) / rate
  }
}

/// A message and the devices that exchange it.
public struct ExchangeShape: KernelShape {
  /// The exchange.
  public var exchange: Exchange
  /// Devices, at least 2.
  public var devices: Double
  /// Bytes of the message.
  public var bytes: Double
  /// Whether the devices sit in several machines.
  public var crossesMachines: Bool

  /// Sizes of the exchange.
  public static let columns = ["ranks", "bytes"]

  /// A message; `devices` are at least 2 and `bytes` above 0.
  public init(_ exchange: Exchange, devices: Double, bytes: Double, crossesMachines: Bool = false) {
    self.exchange = exchange
    self.devices = max(devices, 2)
    self.bytes = bytes
    self.crossesMachines = crossesMachines
  }

  /// The exchange that a row states.
  public init(_ row: KernelRow) throws(KernelRow.Fault) {
    let devices = try row.count("ranks")
    guard devices >= 2 else { throw KernelRow.Fault(column: "ranks", why: "an exchange needs 2 'ranks'") }
    // "a100_dgx|dpn2": two devices in each machine.
    let tag = row.text("kernel")?.split(separator: "|").last.flatMap {
      $0.hasPrefix("dpn") ? Double($0.dropFirst(3)) : nil
    }
    self.init(
      Exchange(rawValue: row.text("op") ?? "") ?? .allReduce, devices: devices, bytes: try row.count("bytes"),
      crossesMachines: tag.map { $0 < devices } ?? false)
  }

  /// By the size of the message, and by the devices.
  public var regimes: [String] {
    [bytes <= 262_144 ? "to 256 KiB" : bytes <= 16_777_216 ? "to 16 MiB" : "above 16 MiB", "\(Int(devices)) devices"]
  }
}

/// The links between devices as an exchange finds them.
struct ExchangeLinks {
  /// Bytes/s of a device's link where two devices exchange.
  var pair: Double
  /// The same where four do.
  var group: Double
  /// How it falls with more: 0 behind a switch, 1 where all share a wire such as a host bridge.
  var crowding: Double

  /// Bytes/s of a device's link among `devices`.
  func rate(_ devices: Double) -> Double {
    guard devices > 2 else { return pair }
    return crowding == 0 || devices == 4 ? group : group * Elementary.pow(4 / devices, crowding)
  }
}
