import Foundation
import Kernels

/// What a processor's threads take for kernels in one format, from twelve numbers.
///
/// A product reads panels of 32 outputs. A *line* is one 4-byte word of each of these outputs: 128 bytes, which a tile of
/// up to 12 rows meets at once. A tile takes the longer of what a line takes and what its rows take, rounded where the
/// two are alike. Operands further away than L1 take the time that a plain read of them takes, nearly *besides*: see
/// ``sum(_:_:)``.
public struct ProcessorModel: Hashable, Sendable {
  /// A number of the model.
  public enum Parameter: String, CaseIterable, Hashable, Sendable {
    /// Seconds of a fork and join of all threads.
    case launch
    /// Bytes per second that all threads together read of a working set in their L2 caches.
    case l2Rate = "l2.rate"
    /// Bytes of L2 of all threads.
    case l2Size = "l2.size"
    /// Bytes per second from the last-level cache.
    case l3Rate = "l3.rate"
    /// Bytes of the last-level cache that this process keeps.
    case l3Size = "l3.size"
    /// Bytes per second from memory.
    case memoryRate = "memory.rate"
    /// Seconds of a thread for a line, whatever the rows, in L1.
    case line
    /// Seconds of a thread for one row of a line, in L1.
    case row
    /// Seconds of a thread for one row of a line where the rows stand in L2.
    case farRow = "row.far"
    /// Seconds of a thread to pack one activation.
    case pack
    /// Seconds of a thread for one score of attention.
    case score
    /// Seconds of a thread for one element of a norm.
    case element

    /// The unit of its values.
    public var unit: String {
      switch self {
      case .l2Rate, .l3Rate, .memoryRate: "B/s"
      case .l2Size, .l3Size: "B"
      case .launch, .line, .row, .farRow, .pack, .score, .element: "s"
      }
    }
  }

  /// Threads that share the work.
  public var threads: Int
  /// The format of weights.
  public var format: WeightFormat
  /// Most rows of a tile in registers; more are taken in turns.
  public var mostRows: Int
  /// The values.
  public var values: [Parameter: Double]

  /// The value of a parameter.
  public subscript(parameter: Parameter) -> Double {
    get { values[parameter] ?? 0 }
    set { values[parameter] = newValue }
  }

  /// How sharply the longer of two times that overlap counts: (a^p + b^p)^(1/p). With 4 two equal times take 19 % longer
  /// than one of them. Rows and lines in a core share its issue slots, and nothing else.
  static let sharpness = 4.0

  /// The longer of two overlapping times, rounded.
  static func overlap(_ a: Double, _ b: Double) -> Double {
    pow(pow(a, sharpness) + pow(b, sharpness), 1 / sharpness)
  }

  /// Computing and reading from beyond L1, which overlap in part: a core that waits for lines of the cache holds up the
  /// arithmetic behind them. (a^p + b^p)^(1/p) with p = 1.5 lies between their sum and the longer of the two. The
  /// exponent is one for all kernels, formats and threads; it was chosen on two runs before the committed ones. There
  /// the sum is right for attention, whose scores become weights between two reads, and up to 27 % too long for
  /// feed-forward blocks of few rows; the longer of the two is right for those, and 20 % too short for attention and
  /// mixtures; with 1.5 each is within 14 % on one thread.
  static func sum(_ compute: Double, _ memory: Double) -> Double {
    pow(pow(compute, 1.5) + pow(memory, 1.5), 1 / 1.5)
  }

  /// Seconds to read `bytes` of a working set of `set` bytes that is read again and again: caches that do not evict in
  /// the order of use keep the share of it that they hold.
  public func read(_ bytes: Double, of set: Double) -> Double {
    let near = min(1, self[.l2Size] / max(set, 1))
    let middle = min(1, (self[.l2Size] + self[.l3Size]) / max(set, 1)) - near
    return bytes * (near / self[.l2Rate] + middle / self[.l3Rate] + (1 - near - middle) / self[.memoryRate])
  }

  /// Seconds of a thread for a line with `rows` rows, which tiles of what fits the registers take in turn.
  public func tile(rows: Int) -> Double {
    if rows > 12 { return Double(rows / 12) * Self.overlap(self[.line], 12 * self[.farRow]) + tile(rows: rows % 12) }
    var (left, time) = (rows, 0.0)
    while left > 0 {
      let step = Self.steps.first { $0 <= min(left, mostRows) } ?? 1
      time += Self.overlap(self[.line], Double(step) * self[.row])
      left -= step
    }
    return time
  }

  /// Rows that there are tiles for, as the kernels split them.
  private static let steps = [12, 8, 6, 4, 3, 2, 1]
}

extension ProcessorModel {
  /// Seconds of a product of `rows` rows whose weights are part of a working set of `set` bytes.
  public func product(rows: Int, outputs: Int, inputs: Int, set: Double) -> Double {
    let words = (inputs + format.perWord - 1) / format.perWord
    let panels = ((outputs + 31) / 32 + threads - 1) / threads
    let bytes = weightBytes(outputs: outputs, inputs: inputs)
    let compute = Double(panels * words) * tile(rows: rows)
    // Rows beyond 384 read the weights once more, by then from where their block was left.
    let memory = read(bytes, of: set) * Double((rows + 383) / 384)
    let packing = self[.pack] * Double(rows * inputs) / Double(threads)
    return 2 * self[.launch] + packing + Self.sum(compute, memory)
  }

  /// Bytes of stored weights: whole panels, with one float per 128 inputs of an output for integers.
  func weightBytes(outputs: Int, inputs: Int) -> Double {
    let panels = Double((outputs + 31) / 32)
    guard format == .int8 || format == .int4 else { return panels * 128 * Double(inputs) / Double(format.perWord) }
    let groups = Double((inputs + 127) / 128)
    return panels * 128 * groups * (128 / Double(format.perWord) + 1)
  }
}
