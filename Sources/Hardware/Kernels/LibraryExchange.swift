/// Exchanges by the vendor's library (NCCL) in rings.
///
/// Two protocols: one sends flags with the data, with short steps at a share of the rate; the other sends plain data, with
/// longer steps at the whole rate. The one that ends first counts. Where a switch can sum, an all-reduce of more than two
/// devices may send its message up and its share down instead, (n + 1) / n of it. Between machines their wire bounds.
/// Sources: NVIDIA NCCL documentation and src/graph/tuning.cc (LL and Simple protocols, rings, NVLS); ``Exchange``.
public struct LibraryExchange: KernelModel {
  /// A message and the devices that exchange it.
  public typealias Shape = ExchangeShape

  /// The operator class.
  public static let name = "collective"
  /// The words that measurements have for it.
  public static var operators: [String] { Exchange.allCases.map(\.rawValue) }
  /// What it is.
  public static let summary = "Exchanges by the vendor's library."

  private static let ring = "ring, links behind a switch"
  private static let summing = "ring, or sums in the switch"
  private static let bridged = "ring, links through the host"
  private static let wired = "ring, within and across machines"

  /// What links the devices.
  public static let variants = [ring, summing, bridged, wired]

  /// What is fitted.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    let isBridged = variant == bridged
    var all = [
      KernelParameter("launch", .seconds, 6e-6, in: 5e-7...8e-5, "Of the call beyond its steps."),
      KernelParameter("step", .seconds, 1e-6, in: 2e-8...1e-5, "Of a step with flags."),
      KernelParameter("flagged", .one, 0.3, in: 0.02...0.95, "Share of the rate that data with flags reach."),
      KernelParameter("plain", .seconds, 1e-5, in: 1e-7...1e-4, "More of a call of plain data."),
      KernelParameter("plain-step", .seconds, 3e-6, in: 2e-8...3e-5, "Of a step of plain data."),
      KernelParameter(
        "pair-rate", .bytesPerSecond, isBridged ? 2e10 : 2.5e11, in: 5e8...2e12, "Of a link where two exchange."),
      KernelParameter(
        "group-rate", .bytesPerSecond, isBridged ? 6e9 : 3e11, in: 5e8...2e12, "Of a link where four exchange."),
    ]
    if isBridged {
      all.append(KernelParameter("crowding", .one, 0.8, in: 0.01...1.3, "Exponent by which rates fall with devices."))
    }
    if variant == summing {
      all.append(KernelParameter("switch", .seconds, 3e-5, in: 1e-6...2e-4, "More of a sum in the switch."))
      all.append(
        KernelParameter("switch-rate", .bytesPerSecond, 3e11, in: 5e9...4e12, "Of a link where the switch sums."))
    }
    if variant == wired {
      all.append(
        KernelParameter("wire-rate", .bytesPerSecond, 1e10, in: 1e8...2e11, "Of the wire between two machines."))
    }
    return all.map(\.asConstant)
  }

  private let links: ExchangeLinks
  private let launch, step, flagged, plain, plainStep: Double
  private let switchSeconds, switchRate, wireRate: Double

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    links = ExchangeLinks(
      pair: values["pair-rate"], group: values["group-rate"],
      crowding: variant == Self.bridged ? values["crowding"] : 0)
    launch = values["launch"]
    step = values["step"]
    flagged = values["flagged"]
    plain = values["plain"]
    plainStep = values["plain-step"]
    switchSeconds = variant == Self.summing ? values["switch"] : .infinity
    switchRate = variant == Self.summing ? values["switch-rate"] : 1
    wireRate = variant == Self.wired ? values["wire-rate"] : .infinity
  }

  /// Seconds of a call.
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let (n, exchange) = (shape.devices, shape.exchange)
    let rate = shape.crossesMachines ? min(wireRate, links.rate(n)) : links.rate(n)
    let short = exchange.seconds(bytes: shape.bytes, devices: n, rate: rate * flagged, latency: step)
    let long = plain + exchange.seconds(bytes: shape.bytes, devices: n, rate: rate, latency: plainStep)
    var least = min(short, long)
    if exchange == .allReduce, n > 2, !shape.crossesMachines {
      least = min(least, switchSeconds + shape.bytes * (n + 1) / n / switchRate)
    }
    return launch + least
  }
}
