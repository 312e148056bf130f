import Foundation

/// One measured time, as a row of the file that `medley measure` writes.
public struct Timing: Hashable, Sendable {
  /// What was timed.
  public enum Operator: String, CaseIterable, Hashable, Sendable {
    /// Fork and join of all threads without work.
    case launch
    /// Multiply-adds on registers.
    case peak
    /// A block of weights in L1 times `rows` rows: up to 12 of them in L1 too, hundreds in L2.
    case tile
    /// Rows of activations packed, and quantised for integers.
    case pack
    /// Scores of attention turned into weights.
    case score
    /// A working set read again and again.
    case read
    /// A working set copied.
    case copy
    /// STREAM's triad.
    case triad
    /// The sum of one buffer for each thread, given to all.
    case allReduce = "all-reduce"
    /// Root-mean-square norm of rows.
    case norm
    /// Softmax of rows.
    case softmax
    /// Pieces of a file read.
    case disk
    /// Rows times weights: GEMV with one row, GEMM with many.
    case product
    /// Attention over cached keys and values.
    case attention
    /// A gated feed-forward block.
    case ffn
    /// A mixture of such blocks.
    case moe
    /// A whole transformer layer.
    case layer

    /// Whether a cost model may be calibrated on it; the others are what it is held against.
    public var isMicro: Bool {
      switch self {
      case .launch, .peak, .tile, .pack, .score, .read, .copy, .triad, .allReduce, .norm, .softmax, .disk: true
      case .product, .attention, .ffn, .moe, .layer: false
      }
    }
  }

  /// The columns of a shape; 0 where one does not apply.
  public struct Shape: Hashable, Sendable {
    /// Rows of activations: sequences times queries.
    public var rows = 0
    /// New tokens of each sequence.
    public var queries = 0
    /// Outputs of a product, or channels between the products of a feed-forward block.
    public var outputs = 0
    /// Inputs of a product, or channels of the rows.
    public var inputs = 0
    /// Heads of queries.
    public var heads = 0
    /// Heads of keys and values.
    public var kvHeads = 0
    /// Channels of a head.
    public var headSize = 0
    /// Tokens that the last query sees.
    public var context = 0
    /// Experts.
    public var experts = 0
    /// Experts of each row.
    public var chosen = 0
    /// Experts that had rows.
    public var used = 0
    /// Requests in flight.
    public var depth = 0

    /// A shape to which nothing applies.
    public init() {}

    static let columns: [(name: String, path: WritableKeyPath<Shape, Int> & Sendable)] = [
      ("rows", \.rows), ("queries", \.queries), ("outputs", \.outputs), ("inputs", \.inputs), ("heads", \.heads),
      ("kv_heads", \.kvHeads), ("head_size", \.headSize), ("context", \.context), ("experts", \.experts),
      ("chosen", \.chosen), ("used", \.used), ("depth", \.depth),
    ]
  }

  /// The processor, as the system names it.
  public var device: String
  /// Threads that ran it together.
  public var threads: Int
  /// What was timed.
  public var `operator`: Operator
  /// The format of weights or operands; of files "direct" or "buffered".
  public var format: String
  /// Its shape.
  public var shape: Shape
  /// Operations of one call, multiply-adds counting twice; scores or activations for `score` and `pack`.
  public var operations: Double
  /// Bytes of operands that one call reads, and writes for `copy`, `triad` and `all-reduce`.
  public var bytes: Double
  /// Median seconds of a call.
  public var time: Double
  /// Distance of the quartiles as a share of the median.
  public var spread: Double
  /// Samples behind the median.
  public var samples: Int
  /// How many of them no other process interrupted; where three are, only these count.
  public var undisturbed: Int
  /// Instruction set, date and system.
  public var provenance: String

  /// The header of the file.
  public static let header =
    (["device", "threads", "operator", "format"] + Shape.columns.map(\.name)
    + ["operations", "bytes", "time_us", "spread", "samples", "undisturbed", "provenance"]).joined(separator: ",")

  /// The row, without its end.
  public var csv: String {
    func number(_ value: Double) -> String { value == 0 ? "" : String(format: "%.6g", value) }
    func text(_ text: String) -> String { text.contains(where: { $0 == "," || $0 == "\"" }) ? "\"\(text)\"" : text }
    let columns = Shape.columns.map { shape[keyPath: $0.path] }.map { $0 == 0 ? "" : "\($0)" }
    return
      ([text(device), "\(threads)", `operator`.rawValue, format] + columns
      + [
        number(operations), number(bytes), String(format: "%.6g", time * 1e6), String(format: "%.3f", spread),
        "\(samples)", "\(undisturbed)", text(provenance),
      ]).joined(separator: ",")
  }

  /// A file that cannot be read.
  public struct ReadError: Error, Hashable, CustomStringConvertible {
    /// The line, from 1.
    public var line: Int
    /// What is wrong with it.
    public var why: String
    /// Line and reason.
    public var description: String { "line \(line): \(why)" }
  }

  /// Reads the rows that ``csv`` writes.
  /// - Throws: ``ReadError`` for another header or a row that does not follow it.
  public static func read(csv text: String) throws(ReadError) -> [Timing] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.first.map(String.init) == header else {
      throw ReadError(line: 1, why: "the header is not the one that `medley measure` writes")
    }
    var timings: [Timing] = []
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let cells = cells(line)
      func fault(_ why: String) -> ReadError { ReadError(line: index + 1, why: why) }
      let count = Shape.columns.count
      guard cells.count == count + 11 else { throw fault("has \(cells.count) fields, the header \(count + 11)") }
      func number(_ cell: Int, _ name: String) throws(ReadError) -> Double {
        if cells[cell].isEmpty { return 0 }
        guard let value = Double(cells[cell]), value >= 0, value.isFinite else { throw fault("\(name) is no number") }
        return value
      }
      func whole(_ cell: Int, _ name: String) throws(ReadError) -> Int {
        guard let value = Int(exactly: try number(cell, name)), value <= 1 << 40 else {
          throw fault("\(name) is no count")
        }
        return value
      }
      guard let kind = Operator(rawValue: cells[2]) else {
        throw fault("there is no operator '\(cells[2].prefix(40))'")
      }
      var shape = Shape()
      for (place, column) in Shape.columns.enumerated() {
        shape[keyPath: column.path] = try whole(4 + place, column.name)
      }
      let timing = Timing(
        device: cells[0], threads: try whole(1, "threads"), operator: kind, format: cells[3], shape: shape,
        operations: try number(4 + count, "operations"), bytes: try number(5 + count, "bytes"),
        time: try number(6 + count, "time_us") * 1e-6, spread: try number(7 + count, "spread"),
        samples: try whole(8 + count, "samples"), undisturbed: try whole(9 + count, "undisturbed"),
        provenance: cells[10 + count])
      guard timing.time > 0, timing.threads > 0 else { throw fault("time_us and threads are above 0") }
      timings.append(timing)
    }
    return timings
  }

  /// The fields of a line; quotes may hold commas.
  private static func cells(_ line: Substring) -> [String] {
    var cells = [""]
    var quoted = false
    for character in line where character != "\r" {
      if character == "\"" {
        quoted.toggle()
      } else if character == ",", !quoted {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
    }
    return cells
  }
}
