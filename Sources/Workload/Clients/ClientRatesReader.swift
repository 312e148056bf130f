/// Reads clients' rates from bytes as they come.
public struct ClientRatesReader {
  private var lines = LineReader(ClientRatesParser(), limit: 1 << 16)

  /// A reader of nothing yet.
  public init() {}

  /// Whether further bytes do not matter.
  public var isDone: Bool { lines.sink.isDone }

  /// Reads the next bytes of the file.
  public mutating func consume(_ bytes: UnsafeRawBufferPointer) {
    bytes.withMemoryRebound(to: UInt8.self) { lines.consume($0) }
  }

  /// The rates, once all bytes are consumed.
  /// - Throws: ``TraceFaults``, all that is wrong with the file.
  public consuming func finish() throws(TraceFaults) -> ClientRates {
    lines.finish()
    return try lines.sink.rates()
  }
}

/// Turns lines into rows of clients' rates.
private struct ClientRatesParser: LineSink {
  /// Most rows.
  static let rowLimit = 10_000_000

  private(set) var isDone = false
  private var faults = FaultList()
  private var rows: [ClientRate] = []
  private var lines: [Int32] = []
  /// The place of each column in a row; empty before the header.
  private var places: [Int] = []
  private var width = 0
  private var line = 0

  mutating func takeTooLong(limit: Int) {
    line += 1
    abandon("the line is longer than \(limit) bytes", "no row is that long", "check that the file has line ends")
  }

  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    line += 1
    var fields: [TraceField] = []
    var start = 0
    let end = bytes.last == 0x0d ? bytes.count - 1 : bytes.count
    for index in 0...end where index == end || bytes[index] == UInt8(ascii: ",") {
      fields.append(TraceField(bytes, start, index))
      start = index + 1
    }
    guard !places.isEmpty else { return readHeader(fields) }
    do throws(TraceField.Fault) {
      guard fields.count == width else {
        throw TraceField.Fault(
          offset: 0, what: "the row has \(fields.count) \(fields.count == 1 ? "field" : "fields")",
          why: "the header has \(width)", fix: "write one value for each column")
      }
      guard rows.count < Self.rowLimit else {
        return abandon("the file has more than \(Self.rowLimit) rows", "all are held at once", "cut the file")
      }
      rows.append(try row(fields))
      lines.append(Int32(clamping: line))
    } catch {
      faults.add(line: line, column: error.offset + 1, what: error.what, why: error.why, fix: error.fix)
    }
  }

  private mutating func readHeader(_ fields: [TraceField]) {
    for name in ClientRates.columns {
      guard let place = fields.firstIndex(where: { $0.equals(name) }) else {
        return abandon(
          "the header has no column \(name)", "rates of clients have \(ClientRates.columns.joined(separator: ","))",
          "name the column in the first line")
      }
      places.append(place)
    }
    width = fields.count
  }

  private func row(_ fields: [TraceField]) throws(TraceField.Fault) -> ClientRate {
    let client = try fields[places[0]].whole(0...ClientRates.clientLimit, "the number of a client")
    let start = try fields[places[1]].whole(0...ClientRates.latestStart, "a number of seconds")
    guard start % ClientRates.window == 0 else {
      throw TraceField.Fault(
        offset: fields[places[1]].start, what: "the window begins at \(start) s",
        why: "windows have \(ClientRates.window) s and lie side by side", fix: "sum the rates up in such windows")
    }
    let pattern = fields[places[4]]
    guard let law = ClientRate.Pattern.allCases.first(where: { pattern.equals($0.rawValue) }) else {
      let names = ClientRate.Pattern.allCases.map(\.rawValue).joined(separator: " or ")
      throw pattern.unexpected(at: pattern.start, wanted: names, fix: "write \(names)")
    }
    return ClientRate(
      client: Int32(client), start: start,
      rate: try fields[places[2]].number(1e-9...1e6, "a rate in requests per second"),
      variation: try fields[places[3]].number(0...1e6, "a coefficient of variation"), pattern: law,
      shape: try fields[places[5]].number(1e-3...1e9, "the shape of a law"))
  }

  private mutating func abandon(_ what: String, _ why: String, _ fix: String) {
    isDone = true
    faults.add(line: line, what: what, why: why, fix: fix)
  }

  /// The rows in order of window and client.
  consuming func rates() throws(TraceFaults) -> ClientRates {
    if !isDone, rows.isEmpty, faults.count == 0 {
      faults.add(
        line: max(1, line), what: "the file has no row", why: "there is no client then", fix: "check the file's name")
    }
    let order = rows.indices.sorted { (rows[$0].start, rows[$0].client) < (rows[$1].start, rows[$1].client) }
    for (one, next) in zip(order, order.dropFirst())
    where rows[one].start == rows[next].start && rows[one].client == rows[next].client {
      faults.add(
        line: Int(max(lines[one], lines[next])),
        what: "client \(rows[one].client) has the window at \(rows[one].start) s twice",
        why: "a client has one rate at a time", fix: "delete one of the rows")
    }
    try faults.check()
    return ClientRates(rows: order.map { rows[$0] })
  }
}

extension TraceField {
  /// A whole number in a range.
  fileprivate func whole(_ range: ClosedRange<Int64>, _ wanted: String) throws(Fault) -> Int64 {
    guard let value = Int64(String(decoding: line[start..<end], as: UTF8.self)), range.contains(value) else {
      throw unexpected(
        at: start, wanted: wanted, fix: "write a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A decimal number in a range.
  fileprivate func number(_ range: ClosedRange<Double>, _ wanted: String) throws(Fault) -> Double {
    guard let value = Double(String(decoding: line[start..<end], as: UTF8.self)), range.contains(value) else {
      throw unexpected(
        at: start, wanted: wanted, fix: "write a decimal number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}
