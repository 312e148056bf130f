import Units

/// Reads a trace of comma-separated values or JSON lines from bytes as they come, without holding the file.
///
/// Lines end in LF or CRLF; a byte order mark is skipped; blanks around fields do not count; blank lines may stand at
/// the end only. Every malformed row is a fault with line and column; rows after it are still read. Arrivals must not
/// decrease. Complexity: O(bytes), no allocation per row beyond the requests.
public struct TraceReader: ~Copyable {
  /// Longest line in bytes.
  public static let lineLimit = 65_536
  /// Most rows of a trace.
  public static let rowLimit = 100_000_000

  private let wanted: TraceFormat?
  private var layout: Layout?
  private var requests: [Request] = []
  /// The beginning of a line whose end has not come yet.
  private var partial: [UInt8] = []
  private var line = 0
  /// The first of the blank lines since the last row.
  private var blankLine: Int?
  private var started = false
  /// Whether what follows cannot be read at all.
  private var abandoned = false
  private var origin: (seconds: Int64, picoseconds: Int64)?
  private var previous: Int64 = 0
  private var faults: [TraceFault] = []
  private var faultCount = 0

  /// Which column holds what.
  private struct Layout {
    var format: TraceFormat
    var columns: Int
    var arrival: Int
    var prompt: Int
    var output: Int
  }

  /// A reader of traces in `format`, or in the format that the first line tells.
  public init(format: TraceFormat? = nil) { wanted = format }

  /// Reads the next bytes of the file.
  public mutating func consume(_ bytes: UnsafeRawBufferPointer) {
    bytes.withMemoryRebound(to: UInt8.self) { consume($0) }
  }

  private mutating func consume(_ bytes: UnsafeBufferPointer<UInt8>) {
    var start = 0
    while start < bytes.count, !abandoned {
      var end = start
      while end < bytes.count, bytes[end] != 0x0a { end += 1 }
      let piece = UnsafeBufferPointer(rebasing: bytes[start..<end])
      guard partial.count + piece.count <= Self.lineLimit else {
        line += 1
        return abandon(
          what: "the line is longer than \(Self.lineLimit) bytes", why: "no row of a trace is that long",
          fix: "check that the file is a comma-separated trace with line ends")
      }
      if end == bytes.count {
        partial += piece
      } else if partial.isEmpty {
        read(piece)
      } else {
        partial += piece
        readPartial()
      }
      start = end + 1
    }
  }

  private mutating func readPartial() {
    let whole = partial
    partial.removeAll(keepingCapacity: true)
    whole.withUnsafeBufferPointer { read($0) }
  }

  /// The trace, once all bytes of the file are consumed.
  /// - Throws: ``TraceFaults``, all that is wrong with the file.
  public consuming func finish() throws(TraceFaults) -> Trace {
    if !partial.isEmpty, !abandoned { readPartial() }
    if !abandoned, layout == nil {
      line = 1
      report(
        0, what: "the file is empty", why: "a trace has a header and at least one row", fix: "check the file's name")
    } else if !abandoned, requests.isEmpty, faultCount == 0 {
      report(
        0, what: "the trace has a header and no row", why: "nothing would be simulated", fix: "add rows to the file")
    }
    guard faultCount == 0 else { throw TraceFaults(faults: faults, count: faultCount) }
    return Trace(requests: requests)
  }

  /// Reads one line, its LF left out.
  private mutating func read(_ whole: UnsafeBufferPointer<UInt8>) {
    line += 1
    var bytes = whole
    if !started {
      started = true
      if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
        return abandon(
          what: "the file is UTF-16", why: "traces are read as UTF-8", fix: "convert it: iconv -f UTF-16 -t UTF-8")
      }
      if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = UnsafeBufferPointer(rebasing: bytes[3...]) }
    }
    if bytes.last == 0x0d { bytes = UnsafeBufferPointer(rebasing: bytes.dropLast()) }
    if bytes.allSatisfy(TraceField.isBlank) {
      blankLine = blankLine ?? line
      return
    }
    if let blank = blankLine {
      let here = line
      line = blank
      report(
        0, what: "the line is blank", why: "blank lines may stand only at the end of a trace", fix: "delete the line")
      line = here
      blankLine = nil
    }
    if let layout {
      readRow(bytes, layout)
    } else if TraceField(bytes, 0, bytes.count).first == UInt8(ascii: "{") {
      readFirstObject(bytes)
    } else {
      readHeader(bytes)
    }
  }

  /// Tells the format from the keys of the first object, and reads it as a row.
  private mutating func readFirstObject(_ bytes: UnsafeBufferPointer<UInt8>) {
    let formats = (wanted.map { [$0] } ?? TraceFormat.allCases).filter(\.isJSON)
    let fitting = formats.first { format in
      (try? JSONRow(bytes, keys: format.columns)) != nil
    }
    guard let format = fitting ?? (formats.count == 1 ? formats.first : nil) else {
      let known = TraceFormat.allCases.filter(\.isJSON).map { $0.columns.joined(separator: ", ") }
      return abandon(
        what: "the first row is no JSON object of \(wanted.map { "format \($0.rawValue)" } ?? "a known trace format")",
        why: "a trace of JSON lines has the keys \(known.joined(separator: " or "))",
        fix: "write every row with these keys on one line, or choose another format")
    }
    let layout = Layout(format: format, columns: 0, arrival: 0, prompt: 0, output: 0)
    self.layout = layout
    readRow(bytes, layout)
  }

  private mutating func readHeader(_ bytes: UnsafeBufferPointer<UInt8>) {
    var fields: [TraceField] = []
    var start = 0
    for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: ",") {
      fields.append(TraceField(bytes, start, index))
      start = index + 1
    }
    for format in wanted.map({ [$0] }) ?? TraceFormat.allCases.filter({ !$0.isJSON }) {
      let places = format.columns.map { name in fields.indices.filter { fields[$0].equals(name) } }
      if wanted == nil, places.contains(where: \.isEmpty) { continue }
      for (name, place) in zip(format.columns, places) where place.count != 1 {
        return abandon(
          what: place.isEmpty ? "the header has no column \(name)" : "the header has column \(name) twice",
          why: "a trace in format \(format.rawValue) has the columns \(format.columns.joined(separator: ","))",
          fix: place.isEmpty ? "name the column in the first line, or choose another format" : "rename one of them")
      }
      layout = Layout(
        format: format, columns: fields.count, arrival: places[0][0], prompt: places[1][0], output: places[2][0])
      return
    }
    let known = TraceFormat.allCases.filter { !$0.isJSON }.map { $0.columns.joined(separator: ",") }
      .joined(separator: " or ")
    abandon(
      what: "'\(TraceField(bytes, 0, bytes.count).text)' is no header of a known trace format",
      why: "a trace starts with \(known), or with a JSON object", fix: "add the header as the first line")
  }

  private mutating func readRow(_ bytes: UnsafeBufferPointer<UInt8>, _ layout: Layout) {
    guard requests.count < Self.rowLimit else {
      return abandon(
        what: "the trace has more than \(Self.rowLimit) rows", why: "more requests are not held at once",
        fix: "cut the trace into shorter ones")
    }
    if layout.format.isJSON {
      do throws(TraceField.Fault) {
        let row = try JSONRow(bytes, keys: layout.format.columns)
        readRequest(row.values.0, row.values.1, row.values.2, bytes, layout)
      } catch {
        report(error.offset, what: error.what, why: error.why, fix: error.fix)
      }
      return
    }
    var arrival = 0..<0
    var prompt = 0..<0
    var output = 0..<0
    var column = 0
    var start = 0
    var index = 0
    while index <= bytes.count {
      if index == bytes.count || bytes[index] == UInt8(ascii: ",") {
        if column == layout.arrival { arrival = start..<index }
        if column == layout.prompt { prompt = start..<index }
        if column == layout.output { output = start..<index }
        column += 1
        start = index + 1
      }
      index += 1
    }
    guard column == layout.columns else {
      return report(
        column < layout.columns ? bytes.count : 0,
        what: "the row has \(column) \(column == 1 ? "field" : "fields")",
        why: "the header has \(layout.columns)", fix: "write one value for each column")
    }
    readRequest(arrival, prompt, output, bytes, layout)
  }

  /// Reads the request whose arrival and lengths stand at these places of a line.
  private mutating func readRequest(
    _ arrival: Range<Int>, _ prompt: Range<Int>, _ output: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>,
    _ layout: Layout
  ) {
    do throws(TraceField.Fault) {
      let field = TraceField(bytes, arrival.lowerBound, arrival.upperBound)
      let moment = try self.moment(field, layout.format.clock)
      let request = Request(
        arrival: Instant(picoseconds: moment),
        promptTokens: try TraceField(bytes, prompt.lowerBound, prompt.upperBound).tokens(),
        outputTokens: try TraceField(bytes, output.lowerBound, output.upperBound).tokens())
      previous = moment
      requests.append(request)
    } catch {
      report(error.offset, what: error.what, why: error.why, fix: error.fix)
    }
  }

  /// The arrival in `field` in picoseconds of the run.
  private mutating func moment(_ field: TraceField, _ clock: TraceFormat.Clock) throws(TraceField.Fault) -> Int64 {
    let moment: Int64
    switch clock {
    case .seconds, .milliseconds, .nanoseconds:
      moment = try field.time(clock)
    case .date:
      let date = try field.date()
      let first = origin ?? date
      origin = first
      let seconds = date.seconds - first.seconds
      guard seconds < Request.latestArrival.picoseconds / 1_000_000_000_000 else {
        throw TraceField.Fault(
          offset: field.start, what: "\(field.text) is more than 53 days after the first row",
          why: "arrivals are within 2^62 ps", fix: "cut the trace into shorter ones")
      }
      // Below zero, a date before the first row is a date before the previous one: the check below says so.
      moment = seconds < 0 ? -1 : seconds * 1_000_000_000_000 + date.picoseconds - first.picoseconds
    }
    guard moment >= previous else {
      throw TraceField.Fault(
        offset: field.start, what: "\(field.text) is before the row above",
        why: "requests stand in order of arrival", fix: "sort the file by arrival")
    }
    return moment
  }

  /// Notes a fault at byte `offset` of the current line, from 0.
  private mutating func report(_ offset: Int, what: String, why: String, fix: String) {
    faultCount += 1
    if faults.count < TraceFaults.limit {
      faults.append(TraceFault(line: line, column: offset + 1, what: what, why: why, fix: fix))
    }
  }

  /// Notes a fault that keeps the rest of the file from being read.
  private mutating func abandon(what: String, why: String, fix: String) {
    abandoned = true
    report(0, what: what, why: why, fix: fix)
  }
}
