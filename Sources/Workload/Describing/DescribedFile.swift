/// A file of workload data as what it is, told by its first bytes.
public enum DescribedFile {
  /// Requests.
  case trace(TraceProfile)
  /// Rates of clients by windows.
  case clientRates(ClientRates)
  /// Lengths of clients' requests by windows.
  case clientLengths(ClientLengths)

  /// What `source` holds: requests where `format` is given.
  /// - Throws: ``TraceFaults``, all that is wrong with the file; line 0 where the source cannot be opened or read.
  public init(_ source: ByteSource, format: TraceFormat? = nil) throws(TraceFaults) {
    var reader = DescribedReader(format: format)
    try source.read { bytes in
      reader.consume(bytes)
      return !reader.isDone
    }
    self = try reader.finish()
  }
}

/// Reads a file once its first bytes have told what it is.
private enum DescribedReader {
  case beginning([UInt8])
  case trace(TraceStream<TraceProfile>)
  case rates(ClientRatesReader)
  case lengths(ClientLengthsReader)

  /// Bytes that tell the kinds apart.
  private static let sniffed = 64

  init(format: TraceFormat?) {
    self = format == nil ? .beginning([]) : .trace(TraceStream(format: format, into: TraceProfile()))
  }

  var isDone: Bool {
    switch self {
    case .beginning: false
    case .trace(let stream): stream.isDone
    case .rates(let reader): reader.isDone
    case .lengths(let reader): reader.isDone
    }
  }

  mutating func consume(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .beginning(let held):
      let all = held + bytes
      if all.count < Self.sniffed { self = .beginning(all) } else { begin(all) }
    case .trace(var stream):
      // Taken out and put back: an enum's payload is copied where it is changed in place.
      self = .beginning([])
      stream.consume(bytes)
      self = .trace(stream)
    case .rates(var reader):
      self = .beginning([])
      reader.consume(bytes)
      self = .rates(reader)
    case .lengths(var reader):
      self = .beginning([])
      reader.consume(bytes)
      self = .lengths(reader)
    }
  }

  private mutating func begin(_ bytes: [UInt8]) {
    let text = String(decoding: bytes.prefix(Self.sniffed).filter { !TraceField.isBlank($0) }, as: UTF8.self)
    if text.hasPrefix("client,window_start_s,") {
      self = .rates(ClientRatesReader())
    } else if ClientLengthsReader.begins(bytes) {
      self = .lengths(ClientLengthsReader())
    } else {
      self = .trace(TraceStream(into: TraceProfile()))
    }
    bytes.withUnsafeBytes { consume($0) }
  }

  consuming func finish() throws(TraceFaults) -> DescribedFile {
    if case .beginning(let bytes) = self { begin(bytes) }
    switch self {
    case .beginning: return .trace(TraceProfile())
    case .trace(let stream):
      var (profile, facts) = try stream.finish()
      profile.facts = facts
      return .trace(profile)
    case .rates(let reader): return .clientRates(try reader.finish())
    case .lengths(let reader): return .clientLengths(try reader.finish())
    }
  }
}
