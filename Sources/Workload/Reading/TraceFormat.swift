/// A layout of traces, told from others by the names in its first line: comma-separated values under a header, or one
/// JSON object per line.
///
/// Columns or keys may stand in any order and further ones are ignored.
public enum TraceFormat: String, CaseIterable, Sendable {
  /// Medley's own, as comma-separated values or JSON lines: `arrival_s`, `prompt_tokens`, `output_tokens`, and where
  /// known `tenant` (a name), `session` (a name; its rows are its turns), `think_s` (seconds from the end of the
  /// session's previous turn; where it is given the row's own arrival is not used) and `blocks` (whole numbers with
  /// blanks between, in JSON an array: equal numbers stand for equal contents after equal beginnings) of
  /// `block_tokens` tokens each.
  case native
  /// The Azure LLM inference traces of 2023 and 2024: `TIMESTAMP,ContextTokens,GeneratedTokens`, arrivals as dates;
  /// the first row arrives at 0. Source: github.com/Azure/AzurePublicDataset.
  case azure
  /// Vidur's traces: `arrived_at,num_prefill_tokens,num_decode_tokens`, arrivals in decimal seconds; the lengths alone
  /// too. Source: github.com/microsoft/vidur, data/processed_traces.
  case vidur
  /// BurstGPT: `Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type`, arrivals in decimal seconds.
  /// Rows without response tokens are failed requests. Source: github.com/HPMLL/BurstGPT.
  case burstgpt
  /// Agents' steps as ThunderAgent's profile has them: `first_chunk_timestamp`, `prefill_time`, `decode_time` (seconds),
  /// `input_tokens`, `output_tokens`, `max_concurrency`, `instance_id`, in any order of rows. A step arrives its
  /// prefill time before its first chunk; the steps of an instance at one concurrency are a session, and each begins as
  /// long after the end of the step before as it did. Source: github.com/ThunderAgent-org/ThunderAgent,
  /// SWE-agent-profile.
  case thunderagent
  /// Mooncake's traces, JSON lines with `timestamp` (milliseconds), `input_length`, `output_length` and, where known,
  /// `hash_ids`: ids of blocks of 512 tokens, equal where the contents up to their end are.
  /// Source: github.com/kvcache-ai/Mooncake, FAST25-release/traces.
  case mooncake
  /// LLMServingSim's workloads, JSON lines with `arrival_time_ns`, `input_toks` and `output_toks`.
  /// Source: github.com/casys-kaist/LLMServingSim, workloads.
  case llmservingsim
  /// Conversations, one JSON object per line: `conversations` is an array of `{"from": ..., "value": text}`. Each
  /// message of `gpt` or `assistant` that others come before is a request whose prompt is all of them. A message counts
  /// as its `tokens` where it has that key, else one token for four characters. No arrivals.
  /// Source: ShareGPT dumps; github.com/lm-sys/FastChat, docs/commands/data_cleaning.md.
  case sharegpt
  /// Prompts for `vllm bench serve --dataset-name custom`, one JSON object per line: `prompt` (a text) and
  /// `output_tokens`. A prompt counts as its `prompt_tokens` where it has that key, else one token for four
  /// characters; 256 tokens of output where none are given, vLLM's default (recalled). No arrivals.
  /// Source: docs.vllm.ai, Benchmark CLI, custom dataset.
  case vllm

  /// Characters that count as one token where only a text is known.
  /// Source: help.openai.com, "What are tokens and how to count them": 1 token ~= 4 characters in English.
  public static let charactersPerToken = 4
  /// Tokens of output of a row of ``vllm`` that gives none: the default of --custom-output-len (recalled).
  public static let vllmOutputTokens: Int32 = 256

  /// Published tables that lie beside traces and hold no requests, told by these columns.
  static let withoutRequests: [(columns: [String], what: String, why: String, fix: String)] = [
    (
      ["instance_id", "stage", "phase"], "the file has the stages of agents and no tokens",
      "a request needs the tokens of its prompt and output",
      "read the steps with their tokens beside it: prefix_cache_metrics"
    ),
    (
      ClientRates.columns, "the file has rates of clients and no requests", "ServeGen's requests are drawn",
      "draw them: medley trace servegen FILE LENGTHS --to 3600 > trace.csv"
    ),
  ]

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

  /// What a column or key holds.
  enum Role: Int, CaseIterable {
    case arrival, prompt, output, tenant, session, think, blocks, blockTokens, prefillTime, decodeTime, group,
      textTokens
  }

  /// A column or key of a format.
  struct Column {
    var role: Role
    var name: String
    var isRequired = true
  }

  /// Whether rows can be JSON objects.
  var isJSON: Bool {
    switch self {
    case .azure, .vidur, .burstgpt, .thunderagent: false
    case .native, .mooncake, .llmservingsim, .sharegpt, .vllm: true
    }
  }

  /// Whether rows can be comma-separated.
  var isCSV: Bool { !isJSON || self == .native }

  /// The columns or keys that are read.
  var columns: [Column] {
    switch self {
    case .native:
      [
        Column(role: .arrival, name: "arrival_s"), Column(role: .prompt, name: "prompt_tokens"),
        Column(role: .output, name: "output_tokens"), Column(role: .tenant, name: "tenant", isRequired: false),
        Column(role: .session, name: "session", isRequired: false),
        Column(role: .think, name: "think_s", isRequired: false),
        Column(role: .blocks, name: "blocks", isRequired: false),
        Column(role: .blockTokens, name: "block_tokens", isRequired: false),
      ]
    case .azure:
      [
        Column(role: .arrival, name: "TIMESTAMP"), Column(role: .prompt, name: "ContextTokens"),
        Column(role: .output, name: "GeneratedTokens"),
      ]
    case .vidur:
      [
        Column(role: .arrival, name: "arrived_at", isRequired: false),
        Column(role: .prompt, name: "num_prefill_tokens"), Column(role: .output, name: "num_decode_tokens"),
      ]
    case .burstgpt:
      [
        Column(role: .arrival, name: "Timestamp"), Column(role: .prompt, name: "Request tokens"),
        Column(role: .output, name: "Response tokens"),
      ]
    case .thunderagent:
      [
        Column(role: .arrival, name: "first_chunk_timestamp"), Column(role: .prompt, name: "input_tokens"),
        Column(role: .output, name: "output_tokens"), Column(role: .prefillTime, name: "prefill_time"),
        Column(role: .decodeTime, name: "decode_time"), Column(role: .session, name: "instance_id"),
        Column(role: .group, name: "max_concurrency"),
      ]
    case .mooncake:
      [
        Column(role: .arrival, name: "timestamp"), Column(role: .prompt, name: "input_length"),
        Column(role: .output, name: "output_length"), Column(role: .blocks, name: "hash_ids", isRequired: false),
      ]
    case .llmservingsim:
      [
        Column(role: .arrival, name: "arrival_time_ns"), Column(role: .prompt, name: "input_toks"),
        Column(role: .output, name: "output_toks"),
      ]
    case .sharegpt: [Column(role: .prompt, name: "conversations")]
    case .vllm:
      [
        Column(role: .prompt, name: "prompt"), Column(role: .textTokens, name: "prompt_tokens", isRequired: false),
        Column(role: .output, name: "output_tokens", isRequired: false),
      ]
    }
  }

  /// The names of the columns that every file of the format has.
  var requiredColumns: [String] { columns.filter(\.isRequired).map(\.name) }

  var clock: Clock {
    switch self {
    case .native, .vidur, .burstgpt, .thunderagent, .sharegpt, .vllm: .seconds
    case .azure: .date
    case .mooncake: .milliseconds
    case .llmservingsim: .nanoseconds
    }
  }

  /// Whether rows stand in the order of arrival; others are sorted once all are read.
  public var isSorted: Bool { self != .thunderagent }

  /// Tokens of a block of contents, unless the rows say.
  var blockUnit: Int { self == .mooncake ? 512 : 16 }

  /// What rows are left out, in words; nil where every row must be a request.
  public var leftOut: String? {
    switch self {
    case .burstgpt: "failed requests (0 request or response tokens)"
    case .sharegpt: "conversations without an answer"
    case .thunderagent: "steps without tokens"
    default: nil
    }
  }
}
