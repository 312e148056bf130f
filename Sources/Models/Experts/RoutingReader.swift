/// Reads a routing file: a header, then `request,token,layer,expert,expert...` a line, in any order.
struct RoutingReader {
  /// A line of a file.
  struct Row {
    var request: Int
    var token: Int
    var layer: Int
    var line: Int
    /// Where its experts begin.
    var first: Int
  }

  private static let header = "request,token,layer,expert"
  let shape: ExpertShape
  private(set) var rows: [Row] = []
  private(set) var experts: [Int32] = []
  private var faults = RoutingFaults()

  init(_ shape: ExpertShape) { self.shape = shape }

  /// Reads the text of a file.
  mutating func read(_ text: some Sequence<UInt8>) throws(RoutingFaults) {
    var line: [UInt8] = []
    var number = 0
    for byte in text {
      if byte == UInt8(ascii: "\n") {
        number += 1
        read(line, number)
        line.removeAll(keepingCapacity: true)
        if faults.isFull { break }
      } else {
        line.append(byte)
      }
    }
    if !line.isEmpty, !faults.isFull { read(line, number + 1) }
    if rows.isEmpty, faults.faults.isEmpty {
      faults.add(
        0, 0, "no token is routed", why: "the file has no line below its header", fix: "one line a token and layer")
    }
    try check()
    rows.sort { ($0.request, $0.token, $0.layer, $0.line) < ($1.request, $1.token, $1.layer, $1.line) }
    checkSequence()
    try check()
  }

  private func check() throws(RoutingFaults) {
    if !faults.faults.isEmpty { throw faults }
  }

  private mutating func read(_ bytes: [UInt8], _ line: Int) {
    let text = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
    guard line > 1 else {
      guard !text.starts(with: Self.header.utf8) else { return }
      return faults.add(
        1, 1, "the header is not '\(Self.header)...'", why: "it says what the columns are", fix: "write it as line 1")
    }
    guard !text.isEmpty else { return }
    guard rows.count < RecordedRouting.limit else {
      return faults.add(
        line, 1, "the file has more than \(RecordedRouting.limit) lines", why: "they are held in memory",
        fix: "record fewer requests")
    }
    let fields = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard fields.count == 3 + shape.perToken else {
      return faults.add(
        line, 1, "the line has \(fields.count) fields",
        why: "request, token, layer and the \(shape.perToken) experts of a token are \(3 + shape.perToken)",
        fix: "name as many experts as the model takes")
    }
    let names = ["request", "token", "layer"]
    let bounds = [1_000_000_000, 1_000_000_000, shape.layers - 1]
    var numbers: [Int] = []
    for (index, field) in fields.enumerated() {
      let column = field.startIndex + 1
      let (name, most) = index < 3 ? (names[index], bounds[index]) : ("expert", shape.experts - 1)
      guard let number = Self.number(field), number <= most else {
        return faults.add(
          line, column, "'\(Self.shown(field))' is no \(name)", why: "it is a whole number from 0 to \(most)",
          fix: "correct it")
      }
      if index >= 3, numbers[3...].contains(number) {
        return faults.add(
          line, column, "expert \(number) is named twice", why: "a token goes to an expert once", fix: "correct it")
      }
      numbers.append(number)
    }
    rows.append(
      Row(request: numbers[0], token: numbers[1], layer: numbers[2], line: line, first: experts.count))
    experts.append(contentsOf: numbers[3...].map(Int32.init))
  }

  /// Whether the sorted rows have every layer of every token from 0 on, once.
  private mutating func checkSequence() {
    var expected = (request: rows[0].request, token: 0, layer: 0)
    for row in rows {
      if row.request != expected.request, expected.layer == 0 { expected = (row.request, 0, 0) }
      guard (row.request, row.token, row.layer) == expected else {
        let isTwice = (row.request, row.token, row.layer) < expected
        let wanted = "token \(expected.token) of request \(expected.request) in layer \(expected.layer)"
        let own = "token \(row.token) of request \(row.request) in layer \(row.layer)"
        return faults.add(
          row.line, 1, isTwice ? "\(own) is routed twice" : "\(wanted) is missing",
          why: "every token from 0 on goes through each of the \(shape.layers) layers once",
          fix: isTwice ? "remove one of the lines" : "add it, or remove what comes after it")
      }
      expected.layer += 1
      if expected.layer == shape.layers { expected = (row.request, row.token + 1, 0) }
    }
    if expected.layer > 0 {
      faults.add(
        rows[rows.count - 1].line, 1,
        "token \(expected.token) of request \(expected.request) in layer \(expected.layer) is missing",
        why: "every token goes through each of the \(shape.layers) layers", fix: "add it")
    }
  }

  /// A whole number of up to 10 digits; nil for anything else.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard 1...10 ~= field.count else { return nil }
    var number = 0
    for byte in field {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
      number = number * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return number
  }

  /// A field as messages show it.
  private static func shown(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix(40), as: UTF8.self) + (field.count > 40 ? "..." : "")
  }
}
