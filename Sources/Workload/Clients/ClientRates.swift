import Units

/// How often one client of a service asked in one window, and how unevenly.
public struct ClientRate: Hashable, Sendable {
  /// The law that the gaps between its requests were found to follow.
  public enum Pattern: String, CaseIterable, Sendable {
    case gamma = "Gamma"
    case weibull = "Weibull"
  }

  /// The client's number, from 0 to ``ClientRates/clientLimit``.
  public var client: Int32
  /// Seconds from the beginning of the records to that of the window.
  public var start: Int64
  /// Requests per second.
  public var rate: Double
  /// The coefficient of variation of the gaps.
  public var variation: Double
  /// Their law.
  public var pattern: Pattern
  /// Its shape.
  public var shape: Double

  /// Requests in the window.
  public var requests: Int { Int((rate * Double(ClientRates.window)).rounded()) }
}

/// The rates of a service's clients by windows of ten minutes, as ServeGen publishes them.
///
/// Rows `client,window_start_s,rate,cv,pattern,param1,param2` under a header; columns in any order, further ones are
/// ignored. `param1` is the shape of the law; its scale is not read, since the rate says it. Source:
/// github.com/alibaba/ServeGen, data/*/*/chunk-*-trace.csv with the client's number before each row; S. Wang et al.,
/// "ServeGen: Workload Characterization and Generation of Large Language Model Serving in Production", 2025.
public struct ClientRates: Hashable, Sendable {
  /// Seconds of a window.
  public static let window: Int64 = 600
  /// The highest number of a client.
  public static let clientLimit: Int64 = 65_535
  /// Latest beginning of a window in seconds.
  public static let latestStart: Int64 = 4_000_000
  /// The names of the columns that are read.
  static let columns = ["client", "window_start_s", "rate", "cv", "pattern", "param1"]

  /// The rows in order of window and client, no pair of them twice; windows without requests have none.
  public var rows: [ClientRate]

  /// The rates in `source`.
  /// - Throws: ``TraceFaults``, all that is wrong with the file; line 0 where the source cannot be opened or read.
  public init(_ source: ByteSource) throws(TraceFaults) {
    var reader = ClientRatesReader()
    try source.read { bytes in
      reader.consume(bytes)
      return !reader.isDone
    }
    self = try reader.finish()
  }

  init(rows: [ClientRate]) { self.rows = rows }

  /// The clients in ascending order.
  public var clients: [Int32] { Set(rows.map(\.client)).sorted() }

  /// Requests of all rows.
  public var requests: Int { rows.reduce(0) { $0 + $1.requests } }

  /// Seconds from the beginning of the first window to the end of the last; 0 without rows.
  public var span: Int64 { (rows.last?.start ?? 0) - (rows.first?.start ?? 0) + (rows.isEmpty ? 0 : Self.window) }
}
