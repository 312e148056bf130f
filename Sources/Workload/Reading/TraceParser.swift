/// Turns the lines of a trace file into rows for a sink.
///
/// Every malformed row is a fault with line and column; rows after it are still read. Complexity: O(bytes); memory for
/// the longest line, the names of tenants and sessions and the ids of blocks that are not dense, and for formats that
/// are not sorted for every row.
struct TraceParser<Sink: TraceSink>: LineSink {
  var sink: Sink
  private(set) var faults = FaultList()
  /// What the file said so far; nil before its first line.
  private(set) var facts: TraceFacts?

  private let wanted: TraceFormat?
  private let latest: Int64
  private var columns: [TraceFormat.Column] = []
  /// The names of `columns`.
  private var names: [[UInt8]] = []
  private var isJSON = false
  /// The role of each column of a header, -1 where it is none's.
  private var header: [Int] = []
  /// Where the value of each role stands in the current line.
  private var places = [Range<Int>](repeating: TraceField.absent, count: TraceFormat.Role.allCases.count)
  private var line = 0
  /// The first of the blank lines since the last row.
  private var blankLine: Int?
  private var rows = 0
  private var isAbandoned = false
  private var origin: (seconds: Int64, picoseconds: Int64)?
  private var previous: Int64 = 0
  private var labels = TraceLabels()
  private var steps = AgentSteps()
  private var blocks: [Int32] = []

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
  private func field(_ role: TraceFormat.Role, _ bytes: UnsafeBufferPointer<UInt8>) -> TraceField? {
    let place = places[role.rawValue]
    guard place != TraceField.absent else { return nil }
    let field = TraceField(bytes, place.lowerBound, place.upperBound)
    return field.first == nil || isJSON && field.equals("null") ? nil : field
  }

  private func required(_ role: TraceFormat.Role, _ bytes: UnsafeBufferPointer<UInt8>) -> TraceField {
    let place = places[role.rawValue]
    return TraceField(bytes, place.lowerBound, place.upperBound)
  }

  private mutating func readRequest(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
    var row = TraceRow()
    if places[TraceFormat.Role.arrival.rawValue] != TraceField.absent {
      row.arrival = try moment(required(.arrival, bytes))
      previous = row.arrival
    } else {
      facts?.hasArrivals = false
    }
    row.promptTokens = try required(.prompt, bytes).tokensOrNone()
    row.outputTokens = try required(.output, bytes).tokensOrNone()
    if row.promptTokens == 0 || row.outputTokens == 0 {
      guard facts?.format.leftOut != nil else {
        // Says which of them is 0.
        _ = try required(.prompt, bytes).tokens()
        _ = try required(.output, bytes).tokens()
        return
      }
      facts?.leftOut += 1
      return
    }
    blocks.removeAll(keepingCapacity: true)
    if facts?.format == .native { try readLabels(bytes, &row) }
    if let field = field(.blocks, bytes) { try readBlocks(field, bytes) }
    blocks.withUnsafeBufferPointer { sink.accept(row, blocks: $0) }
  }

  /// Reads who sent a row, which session it is of and the size of its blocks.
  private mutating func readLabels(_ bytes: UnsafeBufferPointer<UInt8>, _ row: inout TraceRow) throws(TraceField.Fault)
  {
    if let field = field(.tenant, bytes) {
      row.tenant = try labels.tenant(field)
      facts?.tenants = labels.tenants
    }
    if let field = field(.session, bytes) {
      let sessions = labels.sessionCount
      row.session = try labels.session(field)
      facts?.sessions = labels.sessionCount
      if let think = self.field(.think, bytes) {
        guard labels.sessionCount == sessions else {
          throw TraceField.Fault(
            offset: think.start, what: "the first turn of a session has a think_s",
            why: "it is counted from the end of the session's previous turn", fix: "leave the field empty")
        }
        row.think = try think.time(.seconds, latest: Request.latestArrival.picoseconds - 1)
      }
    } else if let think = field(.think, bytes) {
      throw TraceField.Fault(
        offset: think.start, what: "the row has a think_s and no session",
        why: "it is counted from the end of the session's previous turn", fix: "name the session")
    }
    if let field = field(.blockTokens, bytes) {
      let unit = Int(try field.tokens())
      guard facts?.blockUnit ?? unit == unit else {
        throw TraceField.Fault(
          offset: field.start, what: "block_tokens is \(unit) here and \(facts?.blockUnit ?? 0) above",
          why: "all blocks of a trace are of one size", fix: "cut the contents into equal blocks")
      }
      facts?.blockUnit = unit
    }
  }

  private mutating func readBlocks(_ field: TraceField, _ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
    if let known = facts, known.blockUnit == nil { facts?.blockUnit = known.format.blockUnit }
    if isJSON {
      var cursor = JSONCursor(bytes, field.start..<field.end)
      try cursor.elements { range throws(TraceField.Fault) in
        blocks.append(try labels.block(TraceField(bytes, range.lowerBound, range.upperBound)))
      }
      return
    }
    var start = field.start
    for index in field.start...field.end where index == field.end || bytes[index] == 0x20 {
      if index > start { blocks.append(try labels.block(TraceField(bytes, start, index))) }
      start = index + 1
    }
  }

  private mutating func readStep(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
    let prompt = try required(.prompt, bytes).tokensOrNone()
    let output = try required(.output, bytes).tokensOrNone()
    let first = try required(.arrival, bytes).epoch()
    let latest = Request.latestArrival.picoseconds
    let prefill = try required(.prefillTime, bytes).time(.seconds, latest: latest)
    let decode = try required(.decodeTime, bytes).time(.seconds, latest: latest)
    guard prompt > 0, output > 0 else {
      facts?.leftOut += 1
      return
    }
    let session = try labels.session(required(.session, bytes), within: required(.group, bytes))
    steps.add(
      first: first, prefill: prefill, decode: decode, promptTokens: prompt, outputTokens: output, session: session)
  }

  private mutating func readPrompt(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
    facts?.hasArrivals = false
    var row = TraceRow()
    if let count = field(.textTokens, bytes) {
      row.promptTokens = try count.tokens()
    } else {
      row.promptTokens = try estimate(places[TraceFormat.Role.prompt.rawValue], bytes)
    }
    row.outputTokens = try field(.output, bytes)?.tokens() ?? TraceFormat.vllmOutputTokens
    sink.accept(row, blocks: UnsafeBufferPointer(start: nil, count: 0))
  }

  private mutating func estimate(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(TraceField.Fault) -> Int32 {
    let characters = try JSONCursor.characters(bytes, range)
    facts?.estimated += 1
    // A line is shorter than four times the longest prompt.
    return Int32(clamping: max(1, (characters + TraceFormat.charactersPerToken - 1) / TraceFormat.charactersPerToken))
  }

  private mutating func readConversation(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
    facts?.hasArrivals = false
    let keys = ["from", "value", "tokens"].map { Array($0.utf8) }
    var context: Int32 = 0
    var answers = 0
    var cursor = JSONCursor(bytes, places[TraceFormat.Role.prompt.rawValue])
    let session = Int32(clamping: facts?.sessions ?? 0)
    try cursor.elements { range throws(TraceField.Fault) in
      var found = [Range<Int>](repeating: TraceField.absent, count: 3)
      var message = JSONCursor(bytes, range)
      try message.object(keys, into: &found)
      guard found[0] != TraceField.absent, found[1] != TraceField.absent else {
        throw TraceField.Fault(
          offset: range.lowerBound, what: "a message lacks 'from' or 'value'",
          why: "a conversation is a list of who said what", fix: "write {\"from\": \"human\", \"value\": \"...\"}")
      }
      let tokens: Int32
      if found[2] != TraceField.absent {
        tokens = try TraceField(bytes, found[2].lowerBound, found[2].upperBound).tokens()
      } else {
        tokens = try estimate(found[1], bytes)
      }
      let speaker = TraceField(bytes, found[0].lowerBound, found[0].upperBound)
      guard context <= Request.tokenLimit - tokens else {
        throw TraceField.Fault(
          offset: range.lowerBound, what: "the conversation has more than \(Request.tokenLimit) tokens",
          why: "a prompt has at most as many", fix: "cut the conversation")
      }
      if context > 0, speaker.equals("\"gpt\"") || speaker.equals("\"assistant\"") {
        var row = TraceRow()
        row.promptTokens = context
        row.outputTokens = tokens
        row.session = session
        answers += 1
        sink.accept(row, blocks: UnsafeBufferPointer(start: nil, count: 0))
      }
      context += tokens
    }
    if answers > 0 { facts?.sessions += 1 } else { facts?.leftOut += 1 }
  }

  /// The arrival in `field` in picoseconds of the run.
  private mutating func moment(_ field: TraceField) throws(TraceField.Fault) -> Int64 {
    let moment: Int64
    let clock = facts?.format.clock ?? .seconds
    switch clock {
    case .seconds, .milliseconds, .nanoseconds:
      moment = try field.time(clock, latest: latest)
    case .date:
      let date = try field.date()
      let first = origin ?? date
      origin = first
      let seconds = date.seconds - first.seconds
      guard seconds < latest / 1_000_000_000_000 else {
        throw TraceField.Fault(
          offset: field.start,
          what: "\(field.text) is more than \(latest / 86_400_000_000_000_000) days after the first row",
          why: "arrivals are whole picoseconds in 64 bits", fix: "choose a window of the trace")
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
    faults.add(line: line, column: offset + 1, what: what, why: why, fix: fix)
  }

  /// Notes a fault that keeps the rest of the file from being read.
  private mutating func abandon(what: String, why: String, fix: String) {
    isAbandoned = true
    report(0, what: what, why: why, fix: fix)
  }
}
