import Kernel
import Units

extension Generator {
  /// A workload whose published statistics match those of a real trace, without being it.
  public enum Preset: String, CaseIterable, Sendable {
    /// Chat. Quantiles of prompt and output tokens as in the Azure LLM inference trace 2023, conversation; arrivals of
    /// a gamma law with that trace's coefficient of variation of gaps, 1.09.
    case azure2023ConversationLike = "azure-2023-conv-like"
    /// Code completion. Quantiles of prompt tokens, output tokens and gaps between arrivals, the latter scaled to the
    /// rate, as in the Azure LLM inference trace 2023, code.
    case azure2023CodeLike = "azure-2023-code-like"

    /// Requests per second of the trace: 5.53 or 2.57.
    public var traceRate: Rate {
      switch self {
      case .azure2023ConversationLike: Rate(19_365 / 3_501.721937)
      case .azure2023CodeLike: Rate(8_818 / 3_435.948056)
      }
    }
  }

  /// A workload like that of `preset`, at the trace's own rate unless another is given.
  ///
  /// Prompt and output lengths are independent of each other and of the arrivals, as they nearly are in the trace
  /// (Spearman 0.07 in conversation); daily rhythm and correlation between gaps are not modelled.
  public init(_ preset: Preset, rate: Rate? = nil, extent: Extent) {
    func points(_ table: [(Double, Double)]) -> [Quantiles.Point] { table.map { Quantiles.Point($0.0, $0.1) } }
    let rate = rate ?? preset.traceRate
    switch preset {
    case .azure2023ConversationLike:
      self.init(
        arrivals: .gamma(rate, variation: 1.09),
        lengths: .independent(
          prompt: .quantiles(points(Azure2023.conversationPrompt)),
          output: .quantiles(points(Azure2023.conversationOutput))),
        extent: extent)
    case .azure2023CodeLike:
      self.init(
        arrivals: .measured(rate, gaps: points(Azure2023.codeGap)),
        lengths: .independent(
          prompt: .quantiles(points(Azure2023.codePrompt)), output: .quantiles(points(Azure2023.codeOutput))),
        extent: extent)
    }
  }

  /// A workload as Splitwise's artifact makes it from a trace: memoryless arrivals, and prompt and output lengths each
  /// drawn from the trace with replacement, independently of each other; 600 s unless another duration is given.
  ///
  /// Source: generate_trace.py of the artifact of Patel et al., ISCA 2024.
  public static func splitwise(
    _ trace: Trace, rate: Rate, duration: Interval = .seconds(600)
  ) -> Generator {
    Generator(
      arrivals: .poisson(rate),
      lengths: .independent(
        prompt: .resampled(trace.requests.map(\.promptTokens)), output: .resampled(trace.requests.map(\.outputTokens))),
      extent: .duration(duration))
  }
}
