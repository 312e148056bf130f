/// A layout of comma-separated traces, told from others by the names in its first line.
///
/// Columns may stand in any order and further columns are ignored.
public enum TraceFormat: String, CaseIterable, Sendable {
  /// Medley's own: `arrival_s,prompt_tokens,output_tokens`, arrivals in decimal seconds since the start of the run.
  case native
  /// The Azure LLM inference traces of 2023 and 2024: `TIMESTAMP,ContextTokens,GeneratedTokens`, arrivals as dates;
  /// the first row arrives at 0. Source: github.com/Azure/AzurePublicDataset.
  case azure
  /// Vidur's traces: `arrived_at,num_prefill_tokens,num_decode_tokens`, arrivals in decimal seconds.
  /// Source: github.com/microsoft/vidur, data/processed_traces.
  case vidur

  /// How a format writes an arrival.
  enum Clock: Hashable, Sendable {
    /// Decimal seconds since the start of the run.
    case seconds
    /// `2023-11-16 18:15:46.6805900`, counted from the first row.
    case date
  }

  /// The names of the columns of arrival, prompt tokens and output tokens.
  public var columns: [String] {
    switch self {
    case .native: ["arrival_s", "prompt_tokens", "output_tokens"]
    case .azure: ["TIMESTAMP", "ContextTokens", "GeneratedTokens"]
    case .vidur: ["arrived_at", "num_prefill_tokens", "num_decode_tokens"]
    }
  }

  var clock: Clock {
    switch self {
    case .native, .vidur: .seconds
    case .azure: .date
    }
  }
}
