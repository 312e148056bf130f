/// A whole run of a real server under a stated load, as its benchmark summed it up.
public struct ServerRun: Hashable, Sendable {
  /// What benchmarks state of a run.
  public enum Figure: String, CaseIterable, Sendable {
    /// Mean time to the first token.
    case ttft = "TTFT"
    /// Mean time between later tokens.
    case tpot = "TPOT"
    /// Mean time from arrival to the last token.
    case e2e = "E2E"
    /// Output tokens of the whole server a second.
    case throughput
    /// Tokens a second after the first, of a lone request.
    case decodeRate = "decode rate"
    /// Tokens of a prompt a second until its first token, of a lone request.
    case prefillRate = "prefill rate"

    /// The figure as scenarios spell it: "decode-rate".
    public var key: String { rawValue.lowercased().replacing(" ", with: "-") }
  }

  /// The line of the record with the first figure.
  public var line: Int
  /// Who published it, as the record says; empty where it does not.
  public var source: String
  /// Requests in flight at any time; nil where all come at once.
  public var users: Int?
  /// Tokens of a prompt, at most.
  public var promptTokens: Int
  /// Tokens generated for each, at most.
  public var outputTokens: Int
  /// Devices that share every layer; nil where the record does not say.
  public var tensorParallel: Int?
  /// Stages that share the layers; nil where the record does not say.
  public var pipelineParallel: Int?
  /// What the record says of it, by column: "model", "dtype".
  public var columns: [String: String] = [:]
  /// Whether each column holds one of the texts of `wanted`; one that ends in `*` is what it begins with.
  public func holds(_ wanted: [String: [String]]) -> Bool {
    wanted.allSatisfy { column, texts in texts.contains { ServerRuns.holds(columns[column] ?? "", $0) } }
  }

  /// What was measured: seconds, or tokens a second.
  public var figures: [Figure: Double] = [:]
}

/// Reads records of whole runs: CSV with the columns `input_len`, `output_len`, `concurrency`, `parallelism`, `metric`
/// and `value`, a row for each figure, and others that say which run it is of.
public struct ServerRuns: Hashable, Sendable {
  /// The runs in the order of the record.
  public private(set) var runs: [ServerRun] = []
  /// Rows of runs whose load the record does not state: no number of users or no length.
  public private(set) var unstated = 0

  /// The runs of `file` whose columns hold one of the texts of `rows`; one that ends in `*` is what a
  /// column begins with. Runs whose lengths are not stated are taken to have these.
  /// - Throws: ``MeasurementFault`` for a file that cannot be read, a missing column, a length or figure that is none.
  public init(
    _ file: String, rows: [String: [String]] = [:], promptTokens: Int? = nil, outputTokens: Int? = nil
  ) throws(MeasurementFault) {
    var last: [[String]: Int] = [:]
    for row in try RecordFile(file, wanted: rows).rows {
      guard let (figure, value) = try Self.figure(row) else { continue }
      guard let load = try Self.load(row, promptTokens, outputTokens) else {
        unstated += 1
        continue
      }
      let key = Self.identity.map { row.text($0) ?? "" }
      if let index = last[key], runs[index].figures[figure] == nil {
        runs[index].figures[figure] = value
      } else {
        last[key] = runs.count
        runs.append(load)
        runs[runs.count - 1].figures[figure] = value
      }
    }
  }

  /// Whether a column that holds `own` is meant by `wanted`, which ends in `*` where it is what the column begins with.
  static func holds(_ own: String, _ wanted: String) -> Bool {
    wanted.hasSuffix("*") ? own.hasPrefix(wanted.dropLast()) : own == wanted
  }

  /// The rows of a record by who published them.
  /// - Throws: ``MeasurementFault`` for a file that cannot be read.
  public static func sources(_ file: String) throws(MeasurementFault) -> [String: Int] {
    try RecordFile(file).rows.reduce(into: [:]) { $0[$1.text("source") ?? "", default: 0] += 1 }
  }

  /// The columns that tell one run from another.
  private static let identity = [
    "source", "device", "count", "parallelism", "model", "dtype", "input_len", "output_len", "concurrency", "note",
    "row_id",
  ]

  /// The figure of a row in seconds or tokens a second; nil for one that no run of ours has.
  private static func figure(_ row: RecordFile.Row) throws(MeasurementFault) -> (ServerRun.Figure, Double)? {
    let metric = row.text("metric") ?? ""
    let known: (figure: ServerRun.Figure, scale: Double)
    switch metric {
    case "ttft_ms": known = (.ttft, 1e-3)
    case "tpot_ms": known = (.tpot, 1e-3)
    case "e2e_ms": known = (.e2e, 1e-3)
    case "output_tok_s", "tok_s": known = (.throughput, 1)
    case "output_tok_s_per_gpu": known = (.throughput, try row.value("count", in: 1...1e6))
    case "decode_tok_s": known = (.decodeRate, 1)
    case "prefill_tok_s": known = (.prefillRate, 1)
    default: return nil
    }
    return (known.figure, try row.value("value", in: 1e-9...1e12) * known.scale)
  }

  private static func load(
    _ row: RecordFile.Row, _ promptTokens: Int?, _ outputTokens: Int?
  ) throws(MeasurementFault) -> ServerRun? {
    let users = row.text("concurrency") ?? ""
    let isAtOnce = users.hasPrefix("inf")
    guard isAtOnce || Double(users) != nil,
      let prompt = try tokens("input_len", of: row) ?? promptTokens,
      let output = try tokens("output_len", of: row) ?? outputTokens
    else { return nil }
    let layout = row.text("parallelism") ?? ""
    var run = ServerRun(
      line: row.line, source: row.text("source") ?? "",
      users: isAtOnce ? nil : Int(try row.value("concurrency", in: 1...1e6)),
      promptTokens: prompt, outputTokens: output, tensorParallel: count("tp", in: layout),
      pipelineParallel: count("pp", in: layout) ?? count("layer split x", in: layout))
    for name in identity { run.columns[name] = row.text(name) }
    return run
  }

  /// A length in tokens; nil where the column is empty.
  private static func tokens(_ column: String, of row: RecordFile.Row) throws(MeasurementFault) -> Int? {
    guard !(row.text(column) ?? "").isEmpty else { return nil }
    return Int(try row.value(column, in: 1...16_777_216))
  }

  /// The number after a word in a layout like `agg tp4pp1adp1` or `llama.cpp layer split x4`.
  private static func count(_ word: String, in layout: String) -> Int? {
    layout.firstRange(of: word).flatMap { range in
      Int(layout[range.upperBound...].prefix { $0.isASCII && $0.isNumber }).flatMap { $0 > 0 ? $0 : nil }
    }
  }
}
