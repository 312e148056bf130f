/// Something wrong at one place of a routing file.
public struct RoutingFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Line, from 1; 0 where the file as a whole is at fault.
  public var line: Int
  /// Column in bytes, from 1; 0 where the file as a whole is at fault.
  public var column: Int
  /// What is wrong.
  public var what: String
  /// Why it cannot be accepted.
  public var why: String
  /// What the user can do.
  public var fix: String

  /// `line:column: what (why); fix`.
  public var description: String { "\(line):\(column): \(what) (\(why)); \(fix)" }
}

/// What is wrong with a routing file: the first faults, at least one.
public struct RoutingFaults: Error, Hashable, Sendable, CustomStringConvertible {
  /// Most faults that are kept.
  public static let limit = 8

  /// The faults, in the order they were found.
  public internal(set) var faults: [RoutingFault] = []

  /// Whether as many were found as are kept.
  var isFull: Bool { faults.count >= Self.limit }

  /// Notes a fault.
  mutating func add(_ line: Int, _ column: Int, _ what: String, why: String, fix: String) {
    guard !isFull else { return }
    faults.append(RoutingFault(line: line, column: column, what: what, why: why, fix: fix))
  }

  /// One fault a line.
  public var description: String { faults.map(\.description).joined(separator: "\n") }
}
