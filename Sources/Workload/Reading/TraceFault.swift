/// Something wrong at one place of a trace file.
public struct TraceFault: Error, Hashable, Sendable, CustomStringConvertible {
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

  /// A fault at a place.
  public init(line: Int, column: Int, what: String, why: String, fix: String) {
    self.line = line
    self.column = column
    self.what = what
    self.why = why
    self.fix = fix
  }

  /// `line:column: what (why); fix`.
  public var description: String { "\(line):\(column): \(what) (\(why)); \(fix)" }
}

/// All that is wrong with a trace file.
public struct TraceFaults: Error, Hashable, Sendable, CustomStringConvertible {
  /// Most faults that are kept in words.
  public static let limit = 8

  /// The first faults in the order of the file, at least one and no more than ``limit``.
  public var faults: [TraceFault]
  /// Faults found, those not kept included.
  public var count: Int

  /// The only fault of a file.
  public init(_ fault: TraceFault) {
    faults = [fault]
    count = 1
  }

  init(faults: [TraceFault], count: Int) {
    self.faults = faults
    self.count = count
  }

  /// One fault per line, and how many more there are.
  public var description: String {
    let lines = faults.map(\.description).joined(separator: "\n")
    return count > faults.count ? "\(lines)\nand \(count - faults.count) more" : lines
  }
}

/// Faults as they are found.
struct FaultList {
  private(set) var faults: [TraceFault] = []
  /// Faults found, those not kept included.
  private(set) var count = 0

  /// Notes a fault.
  mutating func add(line: Int, column: Int = 1, what: String, why: String, fix: String) {
    count += 1
    if faults.count < TraceFaults.limit {
      faults.append(TraceFault(line: line, column: column, what: what, why: why, fix: fix))
    }
  }

  /// - Throws: the faults, if any.
  func check() throws(TraceFaults) {
    if count > 0 { throw TraceFaults(faults: faults, count: count) }
  }
}
