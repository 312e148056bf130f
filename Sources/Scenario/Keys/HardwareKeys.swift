import Hardware
import Units

extension KeyTable {
  private static let source = Key(
    "source", .text, "Where the number was read or measured, or why it is assumed.", isRequired: true)

  /// A number with its source: `{value: 2039 GB/s, source: "..."}`.
  private static func sourced(_ name: String, _ value: Shape, _ summary: String, isRequired: Bool = true) -> Key {
    Key(name, .section([Key("value", value, summary, isRequired: true), source]), summary, isRequired: isRequired)
  }

  private static let share = Shape.number(0...1)

  static let device = [
    Key("name", .text, "The title in reports."),
    Key("like", .name(.device), "A device whose settings hold where this file gives none."),
    Key("kind", .choice(DeviceKind.allCases.map(\.rawValue)), "What it is.", isRequired: true),
    Key("memory", .list(.section(memory)), "Its memories; the first holds weights and KV cache.", isRequired: true),
    Key(
      "compute", .section(Format.arithmetic.map(rate)), "Peak arithmetic by format.", isRequired: true),
    Key("interconnect", .name(.link), "The link to its peers in a machine."),
    Key("host-link", .name(.link), "The link to its host."),
    Key("execution", .section(execution), "Time beyond arithmetic and bytes.", isRequired: true),
    Key("efficiency", .section(efficiency), "Achieved over peak rates, from 0 to 1.", isRequired: true),
    Key("collective", .section(collective), "Exchanges between devices.", isRequired: true),
    Key("power", .section(devicePower), "What it draws.", isRequired: true),
    Key("price", .section(price), "What an hour of it costs."),
    Key("forms", .section(forms), "What its kind adds to the roofline; nothing where absent."),
  ]

  private static let memory = [
    Key("name", .text, "Its name, such as hbm.", isRequired: true),
    sourced("capacity", .quantity(Memory.self), "What it holds."),
    sourced("bandwidth", .quantity(Bandwidth.self), "Its peak rate."),
  ]

  private static func rate(_ format: Format) -> Key {
    let settings = [
      Key("value", .quantity(ComputeRate.self), "The peak rate, a multiply-add counted as two.", isRequired: true),
      Key("accumulator", .choice(Format.arithmetic.map(\.rawValue)), "The format of sums.", isRequired: true),
      source,
    ]
    return Key(format.rawValue, .section(settings), "Peak arithmetic in \(format.rawValue).")
  }

  private static let execution = [
    sourced("launch", .quantity(Seconds.self), "Of a kernel, beyond its run."),
    sourced("host-per-step", .quantity(Seconds.self), "The host's work for a step."),
    sourced("host-per-sequence", .quantity(Seconds.self), "The host's work for each sequence of a step."),
    sourced("prefill-dispatch", .quantity(Seconds.self), "The host's work to launch a step with prompts."),
    sourced("decode-dispatch", .quantity(Seconds.self), "The host's work to launch a step of decodes."),
    Key("engine", .text, "The engine of the past that times and efficiencies are of; a current one's where absent."),
  ]

  private static let efficiency = [
    sourced("compute", share, "Of matrix products."),
    sourced("memory", share, "Of reading weights."),
    sourced("attention-compute", share, "Of attention over prompts."),
    sourced("attention-memory", share, "Of attention over the KV cache."),
    sourced("link", share, "Of the link to its peers."),
  ]

  private static let collective = [
    sourced("latency", .quantity(Seconds.self), "Of one exchange."),
    Key(
      "large",
      .section([
        sourced("from", .quantity(Memory.self), "The smallest message that is slower."),
        sourced("efficiency", share, "Of the link for such messages."),
      ]), "Messages that are slower than the link."),
  ]

  private static let devicePower = [
    sourced("idle", .quantity(Power.self), "While nothing is computed."),
    sourced("prefill", .quantity(Power.self), "While prompts are computed."),
    sourced("decode", .quantity(Power.self), "While tokens are decoded."),
    sourced("peak", .quantity(Power.self), "The most it draws."),
    sourced("cap", .quantity(Power.self), "A limit set on it.", isRequired: false),
  ]

  private static let price = [
    Key("value", .quantity(Price.self), "Of an hour.", isRequired: true),
    Key("date", .text, "When it was that, such as 2023-11.", isRequired: true),
    source,
  ]

  private static let forms = [
    Key("units", .list(.section(units)), "Equal units of arithmetic, whose product must make the peaks."),
    Key("caches", .list(.section(cache)), "Memories nearer than the first, the nearest first."),
    Key("tile", .section(tile), "The block that products are padded to."),
    Key("shapes", .section(shapes), "Counts of tokens that programs were compiled for."),
    sourced(
      "order", .quantity(Slowdown.self), "How much longer a product takes with more tokens than columns.",
      isRequired: false),
    sourced(
      "aspect", .quantity(Slowdown.self), "How much longer a product takes whose weights have more rows than columns.",
      isRequired: false),
    sourced(
      "hand-over", .quantity(Seconds.self), "Of handing a pass to the device and taking it back.", isRequired: false),
    Key("numa", .section(numa), "Memory of which a part stands behind a link between sockets."),
    Key("memory-group", .section(group), "The memory that it shares with other devices of its chip."),
  ]

  private static let units = [
    Key("name", .text, "What they are, such as cores.", isRequired: true),
    sourced("count", .number(1...1e6), "How many work at once."),
    sourced("clock", .quantity(Frequency.self), "Cycles a second."),
    Key(
      "per-cycle",
      .section(
        Format.allCases.map {
          sourced($0.rawValue, .number(0...1e9), "Operations of a unit in a cycle.", isRequired: false)
        }),
      "Operations of one unit in a cycle by format, a multiply-add counted as two.", isRequired: true),
  ]

  private static let cache = [
    Key("name", .text, "Its name, such as L3.", isRequired: true),
    sourced("capacity", .quantity(Memory.self), "What all its parts hold together."),
    sourced("bandwidth", .quantity(Bandwidth.self), "The peak rate of all its parts together."),
  ]

  private static let tile = [
    Key("rows", .count(1...65_536), "Tokens of a block.", isRequired: true),
    Key("inner", .count(1...65_536), "Elements of a block along the edge that is summed over.", isRequired: true),
    Key("columns", .count(1...65_536), "Columns of weights of a block.", isRequired: true),
    source,
  ]

  private static let shapes = [
    Key("tokens", .list(.count(1...1_000_000)), "The counts, ascending.", isRequired: true),
    source,
  ]

  private static let numa = [
    sourced("remote", .quantity(Fraction.self), "The share of all bytes that cross the link."),
    Key("link", .name(.link), "The link between the sockets.", isRequired: true),
  ]

  private static let group = [
    Key("name", .text, "The name that the devices of the chip have in common.", isRequired: true),
    sourced("together", .quantity(Bandwidth.self), "What they reach when several read at once."),
  ]

  static let link = [
    Key("name", .text, "The title in reports."),
    sourced("bandwidth", .quantity(Bandwidth.self), "One way, of one port."),
    sourced("latency", .quantity(Seconds.self), "Of a transfer, software included."),
  ]

  static let kernels = [
    Key("device", .name(.device), "The device that was measured.", isRequired: true),
    Key(
      "chip",
      .section([
        sourced("processors", .number(1...1e6), "Streaming multiprocessors, compute units or cores."),
        sourced("cache", .quantity(Memory.self), "What the cache that they share holds."),
        sourced(
          "cache-parts", .number(1...64), "Parts of it, each for the processors beside it.", isRequired: false),
        sourced(
          "tuned-experts", .list(.text),
          "Experts in 16 bits for which a framework ships tuned blocks: '8 x 7168', of a device and their inner size.",
          isRequired: false),
      ]), "What kernels see of the device beside its file.", isRequired: true),
    Key("kernels", .list(.section(kernel)), "What was fitted."),
  ]

  private static let kernel = [
    Key("operator", .choice(KernelClasses.operators), "What is computed.", isRequired: true),
    Key("framework", .text, "The software that ran it.", isRequired: true),
    Key("format", .text, "Of the operands, such as bf16, or bf16/fp8 with keys and values in fp8.", isRequired: true),
    Key("kernel", .text, "The family of kernels, as measurements name it."),
    Key("variant", .text, "What kernels of its family share.", isRequired: true),
    Key("source", .text, "The rows it was fitted to, and its error on others.", isRequired: true),
    Key("parameters", .open, "Values of the operator's parameters, with their units."),
  ]

  static let tier = [
    Key("name", .text, "The title in reports.", isRequired: true),
    Key("kind", .choice(["memory", "storage"]), "What it is.", isRequired: true),
    sourced("capacity", .quantity(Memory.self), "What it holds."),
    sourced("bandwidth", .quantity(Bandwidth.self), "Of reads in large requests."),
    sourced("write-bandwidth", .quantity(Bandwidth.self), "Of writes in large requests."),
    sourced("latency", .quantity(Seconds.self), "Of one request alone."),
    sourced("request", .quantity(Memory.self), "The smallest that is read."),
    sourced("request-rate", .quantity(Rate.self), "Requests a second when many are in flight.", isRequired: false),
    sourced("idle", .quantity(Power.self), "While nothing is read.", isRequired: false),
    sourced("peak", .quantity(Power.self), "The most it draws.", isRequired: false),
  ]
}
