import Units

/// Reads clients' lengths from bytes as they come, holding no more of the text than one number or name.
public struct ClientLengthsReader {
  /// Where in the object a text or number stands.
  private enum Level: Int {
    case file, client, window, field

    /// What the names of this level are.
    var names: String {
      switch self {
      case .file: "nothing"
      case .client: "numbers of clients"
      case .window: "beginnings of windows in seconds"
      case .field: "names of lengths"
      }
    }
  }

  /// What may come next.
  private enum State {
    /// The opening brace of an object.
    case open
    /// A name, or the end of an object without any.
    case firstName
    /// A name.
    case name
    /// The rest of a name.
    case inName
    /// The colon after a name.
    case colon
    /// The opening quote of a histogram.
    case quote
    /// The opening brace of a histogram.
    case histogram
    /// A value of a histogram, or its end.
    case value
    /// A share of a histogram.
    case share
    /// The closing quote of a histogram.
    case endQuote
    /// A text that nobody reads.
    case ignored
    /// A comma, or the end of an object.
    case next
    /// Nothing more.
    case end
  }

  /// Longest name or number in bytes.
  private static let tokenLimit = 64

  /// Whether further bytes do not matter.
  public private(set) var isDone = false
  private var faults = FaultList()
  private var lengths = ClientLengths()
  private var state = State.open
  private var level = Level.file
  private var token: [UInt8] = []
  private var (line, column) = (1, 0)
  private var client: Int32 = 0
  private var window = ClientLengths.Window(start: 0)
  private var field: ClientField?
  private var weights: [Int32: Double] = [:]
  private var value: Int32 = 0

  /// A reader of nothing yet.
  public init() {}

  /// Whether a file that begins with `bytes` may hold lengths: an object whose first name is a number.
  static func begins(_ bytes: some Sequence<UInt8>) -> Bool {
    var rest = bytes.lazy.filter { !TraceField.isBlank($0) && $0 != 0x0a && $0 != 0x0d }.makeIterator()
    return rest.next() == UInt8(ascii: "{") && rest.next() == UInt8(ascii: "\"")
      && rest.next().map { TraceField.digit($0) <= 9 } ?? false
  }

  /// Reads the next bytes of the file.
  public mutating func consume(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes {
      if isDone { return }
      column += 1
      take(byte)
      if byte == 0x0a { (line, column) = (line + 1, 0) }
    }
  }

  /// The lengths, once all bytes are consumed.
  /// - Throws: ``TraceFaults``.
  public consuming func finish() throws(TraceFaults) -> ClientLengths {
    if !isDone, state != .end {
      fail("the file ends too early", "its object is not closed", "check that it was written to the end")
    } else if !isDone, lengths.clients.isEmpty {
      fail("the file has no client", "there is nothing to draw then", "check the file's name")
    }
    try faults.check()
    return lengths
  }

  private mutating func fail(_ what: String, _ why: String, _ fix: String) {
    isDone = true
    faults.add(line: line, column: max(1, column), what: what, why: why, fix: fix)
  }

  private mutating func unexpected(_ wanted: String) {
    fail(
      "\(wanted) is expected here",
      "the file is {\"CLIENT\": {\"SECONDS\": {\"input_tokens\": \"{LENGTH: SHARE, ...}\"}}}",
      "write it as ServeGen's dataset files are")
  }

  private mutating func take(_ byte: UInt8) {
    let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    switch state {
    case .inName:
      if byte == UInt8(ascii: "\"") { return endName() }
      append(byte)
    case .ignored:
      if byte == UInt8(ascii: "\"") { state = .next }
    case .value: takeValue(byte, isBlank)
    case .share: takeShare(byte, isBlank)
    case _ where isBlank: return
    case .open:
      guard byte == UInt8(ascii: "{"), let inner = Level(rawValue: level.rawValue + 1) else { return unexpected("'{'") }
      level = inner
      state = .firstName
    case .firstName where byte == UInt8(ascii: "}"): close()
    case .firstName, .name:
      guard byte == UInt8(ascii: "\"") else { return unexpected("'\"'") }
      token.removeAll(keepingCapacity: true)
      state = .inName
    case .colon:
      guard byte == UInt8(ascii: ":") else { return unexpected("':'") }
      state = level == .field ? .quote : .open
    case .quote:
      guard byte == UInt8(ascii: "\"") else { return unexpected("'\"'") }
      state = field == nil ? .ignored : .histogram
    case .histogram:
      guard byte == UInt8(ascii: "{") else { return unexpected("'{'") }
      weights.removeAll(keepingCapacity: true)
      token.removeAll(keepingCapacity: true)
      state = .value
    case .endQuote:
      guard byte == UInt8(ascii: "\"") else { return unexpected("'\"'") }
      state = .next
    case .next:
      if byte == UInt8(ascii: ",") {
        state = .name
      } else if byte == UInt8(ascii: "}") {
        close()
      } else {
        unexpected("',' or '}'")
      }
    case .end: unexpected("the end of the file")
    }
  }

  private mutating func append(_ byte: UInt8) {
    guard token.count < Self.tokenLimit else { return unexpected("something of at most \(Self.tokenLimit) bytes") }
    token.append(byte)
  }

  private mutating func takeValue(_ byte: UInt8, _ isBlank: Bool) {
    switch byte {
    case UInt8(ascii: ":"):
      guard let number = Int32(text), 0...Request.tokenLimit ~= number else {
        return fail(
          "'\(text)' is no length", "lengths are whole numbers of tokens from 0 to \(Request.tokenLimit)",
          "write digits only")
      }
      value = number
      token.removeAll(keepingCapacity: true)
      state = .share
    case UInt8(ascii: "}") where token.isEmpty: endHistogram()
    case _ where !isBlank: append(byte)
    default: break
    }
  }

  private mutating func takeShare(_ byte: UInt8, _ isBlank: Bool) {
    guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") else {
      if !isBlank { append(byte) }
      return
    }
    guard let share = Double(text), share >= 0, share <= 1e9 else {
      return fail("'\(text)' is no share", "shares are decimal numbers from 0 on", "write a number such as 0.25")
    }
    weights[value, default: 0] += share
    token.removeAll(keepingCapacity: true)
    state = .value
    if byte == UInt8(ascii: "}") { endHistogram() }
  }

  private var text: String { String(decoding: token, as: UTF8.self) }

  private mutating func endHistogram() {
    guard let field, let histogram = LengthHistogram(weights) else {
      return fail("the histogram is empty", "no length has a share above 0", "leave the window out")
    }
    window.fields[field] = histogram
    state = .endQuote
  }

  private mutating func endName() {
    state = .colon
    switch level {
    case .file: break
    case .client:
      guard let number = Int64(text), 0...ClientRates.clientLimit ~= number else { return badName() }
      client = Int32(number)
      guard lengths.clients.updateValue([], forKey: client) == nil else {
        return fail("client \(client) stands twice", "a client has one history", "delete one of them")
      }
    case .window:
      guard let number = Int64(text), 0...ClientRates.latestStart ~= number else { return badName() }
      window = ClientLengths.Window(start: number)
    case .field:
      field = ClientField(rawValue: text)
    }
  }

  private mutating func badName() {
    fail("'\(text)' is not one of the \(level.names)", "it is a whole number in quotes", "write digits only")
  }

  /// Ends an object.
  private mutating func close() {
    switch level {
    case .field:
      guard window.fields[.input] ?? window.fields[.text] != nil, window.fields[.output] != nil else {
        return fail(
          "the window at \(window.start) s of client \(client) has no prompts or no outputs",
          "every request has both", "leave the window out")
      }
      lengths.clients[client, default: []].append(window)
      level = .window
    case .window:
      let windows = lengths.clients[client, default: []].sorted { $0.start < $1.start }
      for (one, next) in zip(windows, windows.dropFirst()) where one.start == next.start {
        return fail(
          "client \(client) has the window at \(one.start) s twice", "a client has one law at a time",
          "delete one of them")
      }
      lengths.clients[client] = windows.isEmpty ? nil : windows
      level = .client
    case .client, .file: level = .file
    }
    state = level == .file ? .end : .next
  }
}
