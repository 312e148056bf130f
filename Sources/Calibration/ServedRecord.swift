/// A request as a real server served it; times in seconds since the record's first.
public struct ServedRequest: Hashable, Sendable {
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Tokens that were generated.
  public var outputTokens: Int
  /// When it came.
  public var arrival: Double
  /// When its first token came out.
  public var firstToken: Double
  /// When its last token came out.
  public var lastToken: Double

  /// A request with `firstToken` from `arrival` and `lastToken` from `firstToken` on.
  public init(promptTokens: Int, outputTokens: Int, arrival: Double, firstToken: Double, lastToken: Double) {
    self.promptTokens = promptTokens
    self.outputTokens = outputTokens
    self.arrival = arrival
    self.firstToken = firstToken
    self.lastToken = lastToken
  }

  /// Seconds from the arrival to the first token.
  public var ttft: Double { firstToken - arrival }
  /// Seconds from the arrival to the last token.
  public var e2e: Double { lastToken - arrival }
  /// Mean seconds between tokens; nil where there is one.
  public var tpot: Double? { outputTokens > 1 ? (lastToken - firstToken) / Double(outputTokens - 1) : nil }
}

/// Reads records of servers: CSV with the columns `input_len`, `output_len`, `arrival_s`, `first_token_s` and
/// `last_token_s`, and others to choose rows by.
public enum ServedRecord {
  /// The requests of `file` in order of arrival, those whose columns hold one of the texts of `rows`; one that ends
  /// in `*` is what a column begins with.
  /// - Throws: ``MeasurementFault`` for a file that cannot be read, a missing column or a number that is none.
  public static func read(_ file: String, rows: [String: [String]] = [:]) throws(MeasurementFault) -> [ServedRequest] {
    var requests: [ServedRequest] = []
    for row in try RecordFile(file, wanted: rows).rows {
      let arrival = try row.value("arrival_s", in: 0...1e6)
      let firstToken = try row.value("first_token_s", in: arrival...1e7)
      requests.append(
        ServedRequest(
          promptTokens: Int(try row.value("input_len", in: 1...16_777_216)),
          outputTokens: Int(try row.value("output_len", in: 1...16_777_216)), arrival: arrival, firstToken: firstToken,
          lastToken: try row.value("last_token_s", in: firstToken...1e7)))
    }
    // Equal arrivals keep their order.
    return requests.enumerated().sorted { ($0.element.arrival, $0.offset) < ($1.element.arrival, $1.offset) }
      .map(\.element)
  }
}

/// How far predicted requests are from served ones.
public struct ReplayAccuracy: Hashable, Sendable {
  /// A latency over all requests.
  public struct Row: Hashable, Sendable {
    /// Its name: "TTFT".
    public var name: String
    /// Means of the served and of the predicted, seconds.
    public var mean: (served: Double, predicted: Double) { (servedMean, predictedMean) }
    /// The 99th percentiles, seconds.
    public var tail: (served: Double, predicted: Double) { (servedTail, predictedTail) }
    /// Mean of |predicted / served - 1| over the requests.
    public var error: Double
    /// Requests compared.
    public var requests: Int
    var servedMean, predictedMean, servedTail, predictedTail: Double

    init(_ name: String, _ pairs: [(served: Double, predicted: Double)]) {
      self.name = name
      requests = pairs.count
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
      func tail(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[min(values.count - 1, Int((0.99 * Double(values.count)).rounded(.up)) - 1)]
      }
      (servedMean, predictedMean) = (mean(pairs.map(\.served)), mean(pairs.map(\.predicted)))
      (servedTail, predictedTail) = (tail(pairs.map(\.served)), tail(pairs.map(\.predicted)))
      error = mean(pairs.filter { $0.served > 0 }.map { abs($0.predicted / $0.served - 1) })
    }
  }

  /// TTFT, TPOT and E2E.
  public var rows: [Row]

  /// The requests of a record beside those of a simulation, in the same order.
  public init(served: [ServedRequest], predicted: [ServedRequest]) {
    let pairs = Array(zip(served, predicted))
    rows = [
      Row("TTFT", pairs.map { ($0.ttft, $1.ttft) }),
      Row("TPOT", pairs.compactMap { one, other in one.tpot.flatMap { a in other.tpot.map { (a, $0) } } }),
      Row("E2E", pairs.map { ($0.e2e, $1.e2e) }),
    ]
  }
}
