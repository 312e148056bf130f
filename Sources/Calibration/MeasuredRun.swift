import Foundation

/// One published timing of a batch of equal prompts on one machine.
public struct MeasuredRun: Hashable, Sendable {
  /// What was timed, and on what.
  public struct Key: Hashable, Comparable, Sendable {
    /// The device as the file names it: "a100-80gb".
    public var device: String
    /// The model as the file names it: "llama2-70b".
    public var model: String
    /// Devices that share every layer.
    public var tensorParallel: Int
    /// Tokens of each prompt.
    public var prompt: Int
    /// Prompts served together.
    public var batch: Int
    /// Most tokens generated for each.
    public var output: Int

    /// What is timed.
    public init(device: String, model: String, tensorParallel: Int, prompt: Int, batch: Int, output: Int) {
      self.device = device
      self.model = model
      self.tensorParallel = tensorParallel
      self.prompt = prompt
      self.batch = batch
      self.output = output
    }

    private var order: [Int] { [tensorParallel, prompt, batch, output] }

    /// By device, model, parallelism, prompt, batch, output.
    public static func < (a: Key, b: Key) -> Bool {
      if a.device != b.device { return a.device < b.device }
      if a.model != b.model { return a.model < b.model }
      return a.order.lexicographicallyPrecedes(b.order)
    }
  }

  /// What was timed.
  public var key: Key
  /// Seconds to the first token.
  public var timeToFirstToken: Double
  /// Mean seconds between later tokens.
  public var timePerOutputToken: Double
  /// Seconds to the last token.
  public var endToEnd: Double

  /// A timing.
  public init(key: Key, timeToFirstToken: Double, timePerOutputToken: Double, endToEnd: Double) {
    self.key = key
    self.timeToFirstToken = timeToFirstToken
    self.timePerOutputToken = timePerOutputToken
    self.endToEnd = endToEnd
  }

  /// Tokens that were generated for each prompt: fewer than asked for where the model ended earlier.
  public var generated: Int {
    max(2, min(key.output, Int(min((endToEnd - timeToFirstToken) / timePerOutputToken + 1, 1e9))))
  }

  /// Whether the whole batch ran at once. Where it did not, the last token came much later than the time per token
  /// allows, and the other times belong to an unknown smaller batch.
  public var ranTogether: Bool {
    endToEnd - timeToFirstToken < 1.5 * timePerOutputToken * Double(max(1, key.output - 1))
  }
}

extension MeasuredRun {
  /// A file of timings that cannot be read.
  public struct ReadError: Error, Hashable, CustomStringConvertible {
    /// The line, from 1.
    public var line: Int
    /// What is wrong with it.
    public var why: String

    /// Line and reason.
    public var description: String { "line \(line): \(why)" }
  }

  /// Reads the runs of a table of end-to-end timings whose source begins with `source`, in ascending order of key.
  ///
  /// The table is CSV with a header and the columns source, device, parallelism ("tp8"), model, input_len,
  /// output_len, concurrency, metric (ttft_ms, tpot_ms, e2e_ms) and value; a run is three rows. Runs without all
  /// three are left out.
  /// - Throws: ``ReadError`` for a missing column, a row of another width, or a number that is none.
  public static func read(csv text: String, source: String) throws(ReadError) -> [MeasuredRun] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).makeIterator()
    guard let header = lines.next() else { throw ReadError(line: 1, why: "the file is empty") }
    let names = CSVFields.of(header)
    func column(_ name: String) throws(ReadError) -> Int {
      guard let index = names.firstIndex(of: name) else {
        throw ReadError(line: 1, why: "there is no column '\(name)'")
      }
      return index
    }
    let columns = (
      source: try column("source"), device: try column("device"), parallelism: try column("parallelism"),
      model: try column("model"), input: try column("input_len"), output: try column("output_len"),
      batch: try column("concurrency"), metric: try column("metric"), value: try column("value")
    )
    var times: [Key: [String: Double]] = [:]
    var number = 1
    while let line = lines.next() {
      number += 1
      guard !line.isEmpty, line.hasPrefix(source) || line.hasPrefix("\"" + source) else { continue }
      let row = CSVFields.of(line)
      guard row.count == names.count else {
        throw ReadError(line: number, why: "has \(row.count) fields, the header \(names.count)")
      }
      guard row[columns.source].hasPrefix(source) else { continue }
      func count(_ index: Int, droppingPrefix prefix: String = "") throws(ReadError) -> Int {
        guard row[index].hasPrefix(prefix), let value = Int(row[index].dropFirst(prefix.count)),
          (1...1_000_000).contains(value)
        else { throw ReadError(line: number, why: "\(names[index]) is '\(row[index].prefix(40))', not a count") }
        return value
      }
      guard let value = Double(row[columns.value]), value > 0, value.isFinite else {
        throw ReadError(line: number, why: "value is '\(row[columns.value].prefix(40))', not a time")
      }
      let key = Key(
        device: row[columns.device], model: row[columns.model],
        tensorParallel: try count(columns.parallelism, droppingPrefix: "tp"), prompt: try count(columns.input),
        batch: try count(columns.batch), output: try count(columns.output))
      times[key, default: [:]][row[columns.metric]] = value * 1e-3
    }
    return times.keys.sorted().compactMap { key in
      guard let first = times[key]?["ttft_ms"], let each = times[key]?["tpot_ms"], let all = times[key]?["e2e_ms"]
      else { return nil }
      return MeasuredRun(key: key, timeToFirstToken: first, timePerOutputToken: each, endToEnd: all)
    }
  }
}
