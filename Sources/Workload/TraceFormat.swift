/// A layout of traces, told from others by the names in its first line: comma-separated values under a header, or one
/// JSON object per line.
///
/// Columns or keys may stand in any order and further ones are ignored.
public enum TraceFormat: String, CaseIterable, Sendable {
  /// Medley's own: `arrival_s,prompt_tokens,output_tokens`, arrivals in decimal seconds since the start of the run.
  case native
  /// The Azure LLM inference traces of 2023 and 2024: `TIMESTAMP,ContextTokens,GeneratedTokens`, arrivals as dates;
  /// the first row arrives at 0. Source: github.com/Azure/AzurePublicDataset.
  case azure
  /// Vidur's traces: `arrived_at,num_prefill_tokens,num_decode_tokens`, arrivals in decimal seconds.
  /// Source: github.com/microsoft/vidur, data/processed_traces.
  case vidur
  /// Mooncake's traces, JSON lines with `timestamp` (milliseconds), `input_length` and `output_length`; the hashes of
  /// shared prefixes are not read. Source: github.com/kvcache-ai/Mooncake, FAST25-release/traces.
  case mooncake
  /// LLMServingSim's workloads, JSON lines with `arrival_time_ns`, `input_toks` and `output_toks`.
  /// Source: github.com/casys-kaist/LLMServingSim, workloads.
  case llmservingsim

  /// How a format writes an arrival.
  enum Clock: Hashable, Sendable {
    /// Decimal seconds since the start of the run.
    case seconds
    /// Decimal milliseconds.
    case milliseconds
    /// Decimal nanoseconds.
    case nanoseconds
    /// `2023-11-16 18:15:46.6805900`, counted from the first row.
    case date

    /// The power of ten that makes picoseconds of the unit.
    var decimals: Int {
      switch self {
      case .seconds, .date: 12
      case .milliseconds: 9
      case .nanoseconds: 3
      }
    }
  }

  /// Whether rows are JSON objects.
  var isJSON: Bool {
    switch self {
    case .native, .azure, .vidur: false
    case .mooncake, .llmservingsim: true
    }
  }

  /// The names of the columns or keys of arrival, prompt tokens and output tokens.
  public var columns: [String] {
    switch self {
    case .native: ["arrival_s", "prompt_tokens", "output_tokens"]
    case .azure: ["TIMESTAMP", "ContextTokens", "GeneratedTokens"]
    case .vidur: ["arrived_at", "num_prefill_tokens", "num_decode_tokens"]
    case .mooncake: ["timestamp", "input_length", "output_length"]
    case .llmservingsim: ["arrival_time_ns", "input_toks", "output_toks"]
    }
  }

  var clock: Clock {
    switch self {
    case .native, .vidur: .seconds
    case .azure: .date
    case .mooncake: .milliseconds
    case .llmservingsim: .nanoseconds
    }
  }
}
