/// Rows that hold text: prompts, and conversations of several turns.
extension TraceParser {
  mutating func readPrompt(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
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

  mutating func readConversation(_ bytes: UnsafeBufferPointer<UInt8>) throws(TraceField.Fault) {
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
}
