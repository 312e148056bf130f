import Cluster
import Foundation
import Hardware
import Models
import Policies
import Scenario
import Units
import Workload

/// A parser under test: what it makes of any bytes must be a value or a diagnostic.
///
/// An input that breaks a law of the parser traps, as one that crashes it does.
enum Parser {
  case scenario
  case catalogue(CatalogueKind)
  case setting
  case config
  case trace(TraceFormat?)
  case clientRates
  case clientLengths

  /// The parser of a name: `scenario`, `setting`, `device`, `link`, `tier`, `kernel`, `config`, `client-rates`,
  /// `client-lengths`, `trace`, `trace-FORMAT`.
  init?(named name: String) {
    switch name {
    case "scenario": self = .scenario
    case "setting": self = .setting
    case "client-rates": self = .clientRates
    case "client-lengths": self = .clientLengths
    case "device": self = .catalogue(.device)
    case "link": self = .catalogue(.link)
    case "tier": self = .catalogue(.tier)
    case "kernel": self = .catalogue(.kernel)
    case "config": self = .config
    case "trace": self = .trace(nil)
    default:
      guard name.hasPrefix("trace-"), let format = TraceFormat(rawValue: String(name.dropFirst(6))) else { return nil }
      self = .trace(format)
    }
  }

  /// The names of all.
  static var names: [String] {
    ["scenario", "setting", "device", "link", "tier", "kernel", "config", "client-rates", "client-lengths", "trace"]
      + TraceFormat.allCases.map { "trace-\($0.rawValue)" }
  }

  /// Gives the parser an input.
  func run(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .scenario: Workplace.shared.read(scenario: bytes)
    case .setting: Workplace.shared.read(settings: bytes)
    case .clientRates: Clients.rates(bytes)
    case .clientLengths: Clients.lengths(bytes)
    case .catalogue(let kind): Workplace.shared.read(bytes, as: kind)
    case .config: Self.config(bytes)
    case .trace(let format): Self.trace(bytes, format)
    }
  }

  /// A model that is read is served on a device, so that its numbers go through all arithmetic.
  private static func config(_ bytes: UnsafeRawBufferPointer) {
    guard let model = try? Transformer(config: Data(bytes)), let device = Workplace.shared.device else { return }
    guard let engine = try? EngineCost(model, device: device) else { return }
    // A list of operators may have no weights at all.
    precondition(model.parameters > 0 || !model.operators.isEmpty)
    precondition(model.parameters >= 0 && engine.memory.weights >= 0)
  }

  /// A trace in one piece and in pieces is one trace, in order of arrival; so are its lengths alone.
  private static func trace(_ bytes: UnsafeRawBufferPointer, _ format: TraceFormat?) {
    let cut = bytes.isEmpty ? 0 : Int(bytes[bytes.count / 2]) % bytes.count
    for lengthsOnly in [false, true] {
      let whole = Result { try read([bytes[...]], format, lengthsOnly: lengthsOnly) }
      let pieces = Result { try read([bytes[..<cut], bytes[cut...]], format, lengthsOnly: lengthsOnly) }
      switch (whole, pieces) {
      case (.success(let a), .success(let b)):
        precondition(a == b, "the cut matters")
        check(a)
        // What a scenario may read can be described.
        var stream = TraceStream(format: format, into: TraceProfile())
        stream.consume(bytes)
        guard let profile = try? stream.finish().sink, profile.requests == a.requests.count else {
          preconditionFailure("a trace and its description differ")
        }
      case (.failure(let a), .failure(let b)): precondition("\(a)" == "\(b)", "the cut matters")
      default: preconditionFailure("the cut matters")
      }
    }
  }

  /// What holds of every trace.
  private static func check(_ trace: Trace) {
    let own = trace.requests.prefix(trace.followers?.independent ?? trace.requests.count)
    for (one, next) in zip(own, own.dropFirst()) { precondition(one.arrival <= next.arrival) }
    for request in trace.requests {
      precondition(request.promptTokens >= 1 && request.outputTokens >= 1 && request.arrival >= .start)
    }
    precondition(trace.followers?.isValid(count: trace.requests.count) ?? true)
    precondition(trace.blocks.map { $0.requestCount == trace.requests.count } ?? true)
    precondition(trace.tenants.isEmpty || trace.tenants.count == trace.requests.count)
  }

  private static func read(_ pieces: [Slice<UnsafeRawBufferPointer>], _ format: TraceFormat?, lengthsOnly: Bool) throws
    -> Trace
  {
    var reader = TraceReader(format: format)
    for piece in pieces { reader.consume(UnsafeRawBufferPointer(rebasing: piece)) }
    return try lengthsOnly ? reader.finishLengths() : reader.finish()
  }
}
