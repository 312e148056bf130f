/// Turns the lines of a trace file into rows for a sink.
///
/// Every malformed row is a fault with line and column; rows after it are still read. Complexity: O(bytes); memory for
/// the longest line, the names of tenants and sessions and the ids of blocks that are not dense, and for formats that
/// are not sorted for every row.
struct TraceParser<Sink: TraceSink>: LineSink {
  var sink: Sink
  private(set) var faults = FaultList()
  /// What the file said so far; nil before its first line.
  var facts: TraceFacts?

  private let wanted: TraceFormat?
  let latest: Int64
  private var columns: [TraceFormat.Column] = []
  /// The names of `columns`.
  private var names: [[UInt8]] = []
  var isJSON = false
  /// The role of each column of a header, -1 where it is none's.
  private var header: [Int] = []
  /// Where the value of each role stands in the current line.
  var places = [Range<Int>](repeating: TraceField.absent, count: TraceFormat.Role.allCases.count)
  private var line = 0
  /// The first of the blank lines since the last row.
  private var blankLine: Int?
  private var rows = 0
  private var isAbandoned = false
  var origin: (seconds: Int64, picoseconds: Int64)?
  var previous: Int64 = 0
  var labels = TraceLabels()
  var steps = AgentSteps()
  var blocks: [Int32] = []

  init(format: TraceFormat?, into sink: Sink, latest: Int64) {
    self.sink = sink
    self.latest = latest
    wanted = format
  }

  var isDone: Bool { isAbandoned || sink.isFull }

  mutating func takeTooLong(limit: Int) {
    line += 1
    abandon(
      what: "the line is longer than \(limit) bytes", why: "no row of a trace is that long",
      fix: "check that the file is a trace with line ends")
  }

  mutating func take(_ whole: UnsafeBufferPointer<UInt8>) {
    line += 1
    var bytes = whole
    if line == 1 {
      if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
        return abandon(
          what: "the file is UTF-16", why: "traces are read as UTF-8", fix: "convert it: iconv -f UTF-16 -t UTF-8")
      }
      if bytes.starts(with: [0x1f, 0x8b]) {
        return abandon(
          what: "the file is compressed", why: "traces are read as text",
          fix: "decompress it: zcat FILE | medley trace describe -")
      }
      if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = UnsafeBufferPointer(rebasing: bytes[3...]) }
    }
    if bytes.last == 0x0d { bytes = UnsafeBufferPointer(rebasing: bytes.dropLast()) }
    if bytes.allSatisfy(TraceField.isBlank) {
      blankLine = blankLine ?? line
      return
    }
    if let blank = blankLine {
      faults.add(
        line: blank, what: "the line is blank", why: "blank lines may stand only at the end of a trace",
        fix: "delete the line")
      blankLine = nil
    }
    if facts != nil {
      readRow(bytes)
    } else if let first = TraceField(bytes, 0, bytes.count).first, first == UInt8(ascii: "{") {
      readFirstObject(bytes)
    } else {
      readHeader(bytes)
    }
  }

  /// Hands on what waited for the end of the file, and says what is missing.
  mutating func finish() {
    guard !isDone else { return }
    if facts == nil {
      faults.add(
        line: 1, what: "the file is empty", why: "a trace has a header and at least one row",
        fix: "check the file's name")
    } else if rows == 0, faults.count == 0 {
      faults.add(
        line: line, what: "the trace has a header and no row", why: "nothing would be simulated",
        fix: "add rows to the file")
    }
    guard faults.count == 0, facts?.format == .thunderagent else { return }
    let sessions = steps.hand(to: &sink, latest: latest, &faults)
    facts?.sessions = sessions
    facts?.clock = steps.clock
  }

  private mutating func begin(_ format: TraceFormat, isJSON: Bool) {
    columns = format.columns
    names = columns.map { Array($0.name.utf8) }
    self.isJSON = isJSON
    facts = TraceFacts(format: format)
  }

  /// Tells the format from the keys of the first object, and reads it as a row.
  private mutating func readFirstObject(_ bytes: UnsafeBufferPointer<UInt8>) {
    let formats = (wanted.map { [$0] } ?? TraceFormat.allCases).filter(\.isJSON)
    let fitting = formats.first { format in
      let names = format.requiredColumns.map { Array($0.utf8) }
      var found = [Range<Int>](repeating: TraceField.absent, count: names.count)
      var cursor = JSONCursor(bytes)
      return (try? cursor.object(names, into: &found)) != nil && !found.contains(TraceField.absent)
    }
    guard let format = fitting ?? (formats.count == 1 ? formats.first : nil) else {
      if ClientLengthsReader.begins(bytes) {
        return abandon(
          what: "the file has lengths of clients and no requests", why: "ServeGen's requests are drawn",
          fix: "draw them: medley trace servegen RATES FILE --to 3600 > trace.csv")
      }
      let known = TraceFormat.allCases.filter(\.isJSON).map { $0.requiredColumns.joined(separator: ", ") }
      return abandon(
        what: "the first row is no JSON object of \(wanted.map { "format \($0.rawValue)" } ?? "a known trace format")",
        why: "a trace of JSON lines has the keys \(known.joined(separator: " or "))",
        fix: "write every row with these keys on one line, or choose another format")
    }
    begin(format, isJSON: true)
    readRow(bytes)
  }

  private mutating func readHeader(_ bytes: UnsafeBufferPointer<UInt8>) {
    if TraceField(bytes, 0, bytes.count).first == UInt8(ascii: "[") {
      return abandon(
        what: "the file is one JSON array", why: "a trace has one object on each line, so that it is never held whole",
        fix: "cut it into lines: jq -c '.[]' FILE | medley trace describe -")
    }
    var fields: [TraceField] = []
    var start = 0
    for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: ",") {
      fields.append(TraceField(bytes, start, index))
      start = index + 1
    }
    for format in wanted.map({ [$0] }) ?? TraceFormat.allCases.filter(\.isCSV) {
      let columns = format.columns
      let places = columns.map { column in fields.indices.filter { fields[$0].equals(column.name) } }
      if wanted == nil, zip(columns, places).contains(where: { $0.isRequired && $1.isEmpty }) { continue }
      for (column, place) in zip(columns, places) where place.count > 1 || place.isEmpty && column.isRequired {
        return abandon(
          what: place.isEmpty
            ? "the header has no column \(column.name)" : "the header has column \(column.name) twice",
          why: "a trace in format \(format.rawValue) has the columns \(format.requiredColumns.joined(separator: ","))",
          fix: place.isEmpty ? "name the column in the first line, or choose another format" : "rename one of them")
      }
      begin(format, isJSON: false)
      header = [Int](repeating: -1, count: fields.count)
      for (column, place) in zip(columns, places) {
        if let place = place.first { header[place] = column.role.rawValue }
      }
      return
    }
    if let other = TraceFormat.withoutRequests.first(where: { other in
      other.columns.allSatisfy { name in fields.contains { $0.equals(name) } }
    }) {
      return abandon(what: other.what, why: other.why, fix: other.fix)
    }
    let known = TraceFormat.allCases.filter(\.isCSV).map { $0.requiredColumns.joined(separator: ",") }
      .joined(separator: " or ")
    abandon(
      what: "'\(TraceField(bytes, 0, bytes.count).text)' is no header of a known trace format",
      why: "a trace starts with \(known), or with a JSON object", fix: "add the header as the first line")
  }

  private mutating func readRow(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard rows < TraceReader.rowLimit else {
      return abandon(
        what: "the trace has more than \(TraceReader.rowLimit) rows", why: "more requests are not read at once",
        fix: "cut the trace into shorter ones")
    }
    rows += 1
    do throws(TraceField.Fault) {
      if isJSON { try placeKeys(bytes) } else { try placeColumns(bytes) }
      switch facts?.format {
      case .sharegpt: try readConversation(bytes)
      case .vllm: try readPrompt(bytes)
      case .thunderagent: try readStep(bytes)
      default: try readRequest(bytes)
      }
    } catch {
      report(error.offset, what: error.what, why: error.why, fix: error.fix)
    }
  }

  private mutating func placeKeys(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
    var found = [Range<Int>](repeating: TraceField.absent, count: columns.count)
    var cursor = JSONCursor(bytes)
    try cursor.object(names, into: &found)
    for (column, place) in zip(columns, found) {
      guard place != TraceField.absent || !column.isRequired else {
        let required = columns.filter(\.isRequired).map(\.name)
        throw TraceField.Fault(
          offset: 0, what: "the row has no key \(column.name)",
          why: "every row has the keys \(required.joined(separator: ", "))", fix: "add the key, or drop the row")
      }
      places[column.role.rawValue] = place
    }
  }

  private mutating func placeColumns(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
    var column = 0
    var start = 0
    var index = 0
    while index <= bytes.count {
      if index == bytes.count || bytes[index] == UInt8(ascii: ",") {
        if column < header.count, header[column] >= 0 { places[header[column]] = start..<index }
        column += 1
        start = index + 1
      }
      index += 1
    }
    guard column == header.count else {
      throw TraceField.Fault(
        offset: column < header.count ? bytes.count : 0,
        what: "the row has \(column) \(column == 1 ? "field" : "fields")", why: "the header has \(header.count)",
        fix: "write one value for each column")
    }
  }

  /// The value of a role in the current line; nil where the row has none.
  func field(_ role: TraceFormat.Role, _ bytes: UnsafeBufferPointer<UInt8>) -> TraceField? {
    let place = places[role.rawValue]
    guard place != TraceField.absent else { return nil }
    let field = TraceField(bytes, place.lowerBound, place.upperBound)
    return field.first == nil || isJSON && field.equals("null") ? nil : field
  }

  func required(_ role: TraceFormat.Role, _ bytes: UnsafeBufferPointer<UInt8>) -> TraceField {
    let place = places[role.rawValue]
    return TraceField(bytes, place.lowerBound, place.upperBound)
  }

  /// Notes a fault at byte `offset` of the current line, from 0.
  private mutating func report(_ offset: Int, what: String, why: String, fix: String) {
    faults.add(line: line, column: offset + 1, what: what, why: why, fix: fix)
  }

  /// Notes a fault that keeps the rest of the file from being read.
  private mutating func abandon(what: String, why: String, fix: String) {
    isAbandoned = true
    report(0, what: what, why: why, fix: fix)
  }
}
