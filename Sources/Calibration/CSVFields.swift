/// The fields of lines of comma-separated values.
enum CSVFields {
  /// The fields of a line; quotes may hold commas, and two quotes in them stand for one. A carriage return at the end
  /// is no part of the last. Complexity: O(bytes).
  static func of(_ line: some StringProtocol) -> [String] {
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var previous: UInt8 = 0
    for byte in line.utf8 where byte != UInt8(ascii: "\r") {
      if byte == UInt8(ascii: "\"") {
        if !isQuoted, previous == UInt8(ascii: "\"") { field.append(byte) }
        isQuoted.toggle()
      } else if byte == UInt8(ascii: ","), !isQuoted {
        fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
      } else {
        field.append(byte)
      }
      previous = byte
    }
    fields.append(String(decoding: field, as: UTF8.self))
    return fields
  }
}
