import Kernel
import Units

/// Requests drawn from the records of a service's clients: each client asks as often in each window as it did, with
/// gaps of its law there, for lengths of its histograms.
///
/// Clients without lengths are left out. The gaps of a window are drawn from the law and scaled to fill it, as ServeGen
/// does (servegen/workload.py); prompt and output are drawn apart, since only their own histograms are published.
public struct ClientWorkload: Hashable, Sendable {
  /// What cannot be drawn.
  public enum Fault: Error, Hashable, Sendable {
    /// No client with lengths asks in the part of the records.
    case nobody
    /// There would be so many requests, more than ``TraceReader/rowLimit``.
    case tooMany(Int)
    /// So many clients, more than a trace can tell apart.
    case tooManyClients(Int)
  }

  /// How often clients ask.
  public var rates: ClientRates
  /// How long their requests are.
  public var lengths: ClientLengths
  /// The part of the records in seconds; requests are counted from its beginning.
  public var part: Range<Int64>

  /// A workload.
  public init(rates: ClientRates, lengths: ClientLengths, part: Range<Int64>) {
    self.rates = rates
    self.lengths = lengths
    self.part = part
  }

  private var overlapping: [ClientRate] {
    rates.rows.filter { $0.start < part.upperBound && $0.start + ClientRates.window > part.lowerBound }
  }

  /// Requests of clients without lengths in windows of the part, which are left out.
  public var leftOut: Int {
    overlapping.filter { lengths.clients[$0.client] == nil }.reduce(0) { $0 + $1.requests }
  }

  /// The requests of `seed`, a tenant for each client.
  ///
  /// Complexity: O(n log n) for n requests.
  /// - Throws: ``Fault``.
  public func trace(seed: UInt64) throws(Fault) -> Trace {
    let rows = overlapping.filter { lengths.clients[$0.client] != nil }
    let clients = Set(rows.map(\.client)).sorted()
    let count = rows.reduce(0) { $0 + $1.requests }
    guard count > 0 else { throw .nobody }
    guard count <= TraceReader.rowLimit else { throw .tooMany(count) }
    guard clients.count <= TraceLabels.tenantLimit else { throw .tooManyClients(clients.count) }
    var drawn: [(request: Request, client: Int32)] = []
    drawn.reserveCapacity(count)
    for row in rows { draw(row, seed, into: &drawn) }
    guard !drawn.isEmpty else { throw .nobody }
    let order = drawn.indices.sorted {
      (drawn[$0].request.arrival, drawn[$0].client, $0) < (drawn[$1].request.arrival, drawn[$1].client, $1)
    }
    var trace = Trace(requests: order.map { drawn[$0].request })
    let numbers = Dictionary(uniqueKeysWithValues: clients.enumerated().map { ($1, UInt8($0)) })
    trace.tenants = order.map { numbers[drawn[$0].client] ?? 0 }
    trace.tenantNames = clients.map { "client \($0)" }
    return trace
  }

  /// Adds the requests of a client in a window that fall into the part.
  private func draw(_ row: ClientRate, _ seed: UInt64, into drawn: inout [(request: Request, client: Int32)]) {
    guard let window = lengths.window(of: row.client, at: row.start) else { return }
    let subject = UInt64(row.client) << 32 | UInt64(row.start / ClientRates.window)
    var stream = RandomFamily(seed: seed, consumer: .arrival).stream(subject)
    let gaps = row.gaps(from: &stream)
    let prompts = RandomFamily(seed: seed, consumer: .promptLength).family(subject)
    let outputs = RandomFamily(seed: seed, consumer: .outputLength).family(subject)
    let scale = Double(ClientRates.window) * 1e12 / gaps.reduce(0, +)
    let begin = (row.start - part.lowerBound) * 1_000_000_000_000
    let end = (part.upperBound - part.lowerBound) * 1_000_000_000_000
    var passed = 0.0
    // The last gap leads to the end of the window.
    for (index, gap) in gaps.dropLast().enumerated() {
      passed += gap
      let arrival = begin + min(ClientRates.window * 1_000_000_000_000 - 1, Int64(passed * scale))
      guard arrival >= 0, arrival < end else { continue }
      var (prompt, output) = (prompts.stream(UInt64(index)), outputs.stream(UInt64(index)))
      drawn.append(
        (
          Request(
            arrival: Instant(picoseconds: arrival), promptTokens: window.prompt(from: &prompt),
            outputTokens: window.output(from: &output)),
          row.client
        ))
    }
  }
}

extension ClientRate {
  /// One gap more than the window has requests, in no unit.
  fileprivate func gaps(from stream: inout RandomStream) -> [Double] {
    let gamma = Gamma(shape: shape, scale: 1)
    let gaps = (0...requests).map { _ in
      switch pattern {
      case .gamma: return gamma?.draw(from: &stream) ?? 1
      // The inverse of the distribution function 1 - exp(-x^shape).
      case .weibull: return Elementary.pow(-Elementary.log(stream.positiveUniform()), 1 / shape)
      }
    }
    let sum = gaps.reduce(0, +)
    // Laws of extreme shapes may give nothing but 0, or what is no number.
    return sum > 0 && sum.isFinite ? gaps : gaps.map { _ in 1 }
  }
}

extension ClientLengths.Window {
  /// Tokens of a prompt, all its media together.
  fileprivate func prompt(from stream: inout RandomStream) -> Int32 {
    var tokens = Int((fields[.input] ?? fields[.text])?.quantile(stream.uniform()) ?? 1)
    for medium in ClientField.media {
      guard let each = fields[medium.each], let count = fields[medium.count] else { continue }
      for _ in 0..<min(1000, count.quantile(stream.uniform())) { tokens += Int(each.quantile(stream.uniform())) }
    }
    return Int32(min(Int(Request.tokenLimit), max(1, tokens)))
  }

  /// Tokens of an output.
  fileprivate func output(from stream: inout RandomStream) -> Int32 {
    max(1, fields[.output]?.quantile(stream.uniform()) ?? 1)
  }
}
