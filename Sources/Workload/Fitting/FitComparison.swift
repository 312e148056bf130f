/// The statistics of a trace beside those of what was fitted to it.
public struct FitComparison: Hashable, Sendable {
  /// One statistic.
  public struct Row: Hashable, Sendable {
    /// What it is: "rate", "dispersion in 10 s", "prompt p99".
    public let name: String
    /// Its unit: "/s", "tokens", or none.
    public let unit: String
    /// Of the trace; nil where it is too short to tell.
    public let trace: Double?
    /// Of what was generated; nil where that is.
    public let generated: Double?

    /// How far the generated one is from the trace's, as a share of it; nil where one is missing or the trace's is 0.
    public var off: Double? {
      guard let trace, let generated, trace != 0 else { return nil }
      return generated / trace - 1
    }
  }

  /// The statistics.
  public let rows: [Row]
  /// The greatest distance between the distributions of gaps; nil where the trace's clock is too coarse to tell.
  public let gapDistance: Double?
  /// The greatest distance between the distributions of prompt lengths.
  public let promptDistance: Double
  /// The greatest distance between the distributions of output lengths.
  public let outputDistance: Double

  /// A comparison of a trace with what was generated.
  public init(_ trace: TraceProfile, _ generated: TraceProfile) {
    var rows: [Row] = []
    func add(_ name: String, _ unit: String = "", _ value: (TraceProfile) -> Double?) {
      rows.append(Row(name: name, unit: unit, trace: value(trace), generated: value(generated)))
    }
    add("rate", "/s") { $0.rate.value }
    let isCoarse = trace.coarseClock != nil
    add("cv of gaps") { isCoarse ? nil : $0.gaps.variation }
    for window in TraceProfile.windows {
      add("dispersion in \(Self.text(window)) s") { trace.tells(window) ? $0.dispersion(window) : nil }
    }
    for (name, table) in [("prompt", \TraceProfile.prompts), ("output", \TraceProfile.outputs)] {
      add("\(name) mean", "tokens") { $0[keyPath: table].mean }
      for (title, share) in [("p10", 0.1), ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        add("\(name) \(title)", "tokens") { Double($0[keyPath: table].quantile(share)) }
      }
    }
    add("rank correlation") { $0.pairs.rankCorrelation }
    self.rows = rows
    gapDistance = isCoarse ? nil : trace.gaps.distance(to: generated.gaps)
    promptDistance = trace.prompts.distance(to: generated.prompts)
    outputDistance = trace.outputs.distance(to: generated.outputs)
  }

  private static func text(_ seconds: Double) -> String { seconds < 1 ? "\(seconds)" : "\(Int(seconds))" }
}
