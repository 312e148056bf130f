/// All-reduces by a serving framework's own kernels: each device reads what it needs from the memories of the others.
///
/// One shot: after one barrier every device reads all other messages, (n - 1) of them, and sums. Two shots: every device
/// sums its part and, after a second barrier, reads the other parts, 2 (n - 1) / n messages in all. Long messages go to
/// the library's ring. The one that ends first counts. Outside captured graphs the host's launch is the least time, and
/// the message is copied to a registered buffer first, which reads and writes it once.
/// Sources: vLLM and TensorRT-LLM sources of custom all-reduce (one-shot and two-shot kernels, CUDA graph registration);
/// ``Exchange`` for the ring.
public struct CustomAllReduce: KernelModel {
  /// A message and the devices that exchange it.
  public typealias Shape = ExchangeShape

  /// The operator class.
  public static let name = "custom_allreduce"
  /// What it is.
  public static let summary = "All-reduces by a framework's own kernels."

  private static let switched = "captured, links behind a switch"
  private static let bridged = "captured, links through the host"
  private static let eagerSwitched = "eager, links behind a switch"
  private static let eagerBridged = "eager, links through the host"

  /// Where devices share a host bridge, their rates fall with their number; eager calls pay the host.
  public static let variants = [switched, bridged, eagerSwitched, eagerBridged]

  /// What is fitted for a variant, whatever the format.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    let isBridged = variant == bridged || variant == eagerBridged
    var all = [
      KernelParameter("launch", .seconds, 4e-6, in: 5e-7...3e-5, "Of the kernel and its first barrier."),
      KernelParameter("peer", .seconds, isBridged ? 3e-6 : 1.5e-7, in: 1e-8...1e-5, "Of each further device."),
      KernelParameter("barrier", .seconds, 5e-6, in: 1e-7...5e-5, "Of the second barrier of two shots."),
      KernelParameter("library", .seconds, 5e-5, in: 2e-6...3e-4, "Of the library's ring beyond its steps."),
      KernelParameter("step", .seconds, 1e-6, in: 1e-8...2e-5, "Of a step of the ring."),
      KernelParameter(
        "kernel-rate", .bytesPerSecond, isBridged ? 2e10 : 2e11, in: 1e9...2e12, "Of a pair's link in one or two shots."
      ),
      KernelParameter(
        "pair-rate", .bytesPerSecond, isBridged ? 2e10 : 2.5e11, in: 1e9...2e12, "Of a link in a ring of two."),
      KernelParameter(
        "group-rate", .bytesPerSecond, isBridged ? 6e9 : 3e11, in: 1e9...2e12, "Of a link in a ring of four."),
    ]
    if isBridged {
      all.append(KernelParameter("crowding", .one, 0.8, in: 0.01...1.3, "Exponent by which rates fall with devices."))
    }
    guard variant == eagerSwitched || variant == eagerBridged else { return all.map(\.asConstant) }
    all.append(KernelParameter("staging", .bytesPerSecond, 2e12, in: 5e10...2e13, "Of copying the message."))
    // Where the kernel itself takes longer than the host, no row says how long the host takes.
    return all.map(\.asConstant) + [
      KernelParameter("host", .seconds, 3e-5, in: 3e-6...2e-4, "Least time of an eager call.")
    ]
  }

  private let isEager: Bool
  private let links: ExchangeLinks
  private let launch, peer, barrier, library, step, kernelRate, host, staging: Double

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    isEager = variant == Self.eagerSwitched || variant == Self.eagerBridged
    let isBridged = variant == Self.bridged || variant == Self.eagerBridged
    links = ExchangeLinks(
      pair: values["pair-rate"], group: values["group-rate"], crowding: isBridged ? values["crowding"] : 0)
    launch = values["launch"]
    peer = values["peer"]
    barrier = values["barrier"]
    library = values["library"]
    step = values["step"]
    kernelRate = values["kernel-rate"]
    host = isEager ? values["host"] : 0
    staging = isEager ? values["staging"] : .infinity
  }

  /// Seconds of a call.
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let (n, bytes) = (shape.devices, shape.bytes)
    let rate = links.rate(n)
    // Kernels see the links as much slower in a group as the ring does, and never faster.
    let own = n > 2 ? kernelRate * min(1, rate / links.pair) : kernelRate
    let start = launch + peer * (n - 1)
    let oneShot = start + (n - 1) * bytes / own
    let twoShots = start + barrier + Exchange.allReduce.sent(bytes, n) / own
    let ring = library + Exchange.allReduce.seconds(bytes: bytes, devices: n, rate: rate, latency: step)
    let captured = min(oneShot, twoShots, ring)
    return isEager ? max(host, captured + 2 * bytes / staging) : captured
  }
}
