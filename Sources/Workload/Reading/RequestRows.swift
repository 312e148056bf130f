/// Rows of which each is one request.
extension TraceParser {
  mutating func readRequest(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
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

  mutating func readStep(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
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
      facts?.clock = TraceClock(date: first)
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
}
