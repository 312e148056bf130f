import Workload

/// The laws of ServeGen's records of clients.
enum Clients {
  /// Most requests that are drawn from an input.
  private static let most = 1000

  /// Rates in one piece and in pieces are the same; requests are drawn as often as they say.
  static func rates(_ bytes: UnsafeRawBufferPointer) {
    guard
      let rates = agreed(
        bytes,
        { pieces in
          var reader = ClientRatesReader()
          for piece in pieces { reader.consume(piece) }
          return try reader.finish()
        }),
      let known = try? lengths(Array(#"{"1": {"0": {"input_tokens": "{9: 1}", "output_tokens": "{9: 1}"}}}"#.utf8))
    else { return }
    for (one, next) in zip(rates.rows, rates.rows.dropFirst()) {
      precondition((one.start, one.client) < (next.start, next.client), "the rows are out of order")
    }
    let asked = rates.rows.filter { $0.client == 1 }.reduce(0) { $0 + $1.requests }
    guard asked <= most else { return }
    let workload = ClientWorkload(
      rates: rates, lengths: known, part: 0..<(ClientRates.latestStart + ClientRates.window))
    let drawn = (try? workload.trace(seed: 1))?.requests ?? []
    precondition(drawn.count == asked, "other requests are drawn than were recorded")
    for (one, next) in zip(drawn, drawn.dropFirst()) { precondition(one.arrival <= next.arrival) }
  }

  /// Lengths in one piece and in pieces are the same, and every quantile is a value.
  static func lengths(_ bytes: UnsafeRawBufferPointer) {
    guard
      let lengths = agreed(
        bytes,
        { pieces in
          var reader = ClientLengthsReader()
          for piece in pieces { reader.consume(piece) }
          return try reader.finish()
        })
    else { return }
    for field in ClientField.allCases {
      guard let all = lengths.all(field) else { continue }
      for share in [0, 0.5, 1] { precondition(all.values.contains(all.quantile(share))) }
      precondition(all.mean >= 0 && all.mean.isFinite)
    }
  }

  private static func lengths(_ bytes: [UInt8]) throws -> ClientLengths {
    var reader = ClientLengthsReader()
    bytes.withUnsafeBytes { reader.consume($0) }
    return try reader.finish()
  }

  /// What is read of the bytes, however they are cut; nil where they are refused.
  private static func agreed<Value: Equatable>(
    _ bytes: UnsafeRawBufferPointer, _ read: ([UnsafeRawBufferPointer]) throws -> Value
  ) -> Value? {
    let cut = bytes.isEmpty ? 0 : Int(bytes[bytes.count / 2]) % bytes.count
    let pieces = [UnsafeRawBufferPointer(rebasing: bytes[..<cut]), UnsafeRawBufferPointer(rebasing: bytes[cut...])]
    switch (Result { try read([bytes]) }, Result { try read(pieces) }) {
    case (.success(let a), .success(let b)):
      precondition(a == b, "the cut matters")
      return a
    case (.failure(let a), .failure(let b)):
      precondition("\(a)" == "\(b)", "the cut matters")
      return nil
    default: preconditionFailure("the cut matters")
    }
  }
}
