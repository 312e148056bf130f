import Units
import Workload

/// Requests drawn from laws of chance.
public struct GeneratorPlan: Hashable, Sendable {
  /// The laws of the lengths.
  public enum Lengths: Hashable, Sendable {
    /// Those of a preset.
    case preset(Generator.Preset)
    /// Those of a trace's requests, drawn with replacement; prompt and output from different requests where
    /// `independent`.
    case resampled(TracePlan, independent: Bool)
    /// A law for each.
    case laws(prompt: LengthLaw, output: LengthLaw)
    /// Pairs of both.
    case pairs([LengthPair])
  }

  /// When requests arrive, and at which mean rate.
  public var arrivals: ArrivalProcess
  /// How long they are.
  public var lengths: Lengths
  /// How many there are.
  public var extent: Generator.Extent
  /// What comes at each arrival.
  public var pattern = Generator.Pattern.single
  /// Tokens that all prompts begin with.
  public var systemPrompt: Int32 = 0

  /// The requests of `seed`, with their contents in blocks of `blockTokens` tokens where given.
  /// - Throws: ``Faults``.
  func trace(seed: UInt64, blockTokens: Int?) throws(Faults) -> Trace {
    var generator = Generator(arrivals: arrivals, lengths: try drawn(), extent: extent)
    (generator.pattern, generator.systemPrompt, generator.blockTokens) = (pattern, systemPrompt, blockTokens)
    do throws(Generator.Fault) {
      // Found out here, since drawing them takes minutes.
      if case .duration(let duration) = extent, let rate = arrivals.rate,
        rate.value * duration.seconds > 2 * Double(TraceReader.rowLimit)
      {
        throw .badExtent
      }
      return try generator.trace(seed: seed)
    } catch {
      throw Faults(
        Diagnostic(
          at: nil, "the workload cannot be generated", why: Self.words(error),
          fix: "change workload.rate, workload.lengths or the number of requests"))
    }
  }

  private func drawn() throws(Faults) -> Generator.Lengths {
    switch lengths {
    case .preset(let preset): return Generator(preset, extent: extent).lengths
    case .laws(let prompt, let output): return .independent(prompt: prompt, output: output)
    case .pairs(let pairs): return .weighted(pairs)
    case .resampled(let plan, let independent):
      let requests = try plan.read(.all, lengthsOnly: true).requests
      return independent
        ? .independent(
          prompt: .resampled(requests.map(\.promptTokens)), output: .resampled(requests.map(\.outputTokens)))
        : .paired(requests)
    }
  }

  private static func words(_ fault: Generator.Fault) -> String {
    switch fault {
    case .badRate(let rate): "a rate of \(brief(rate)) /s is not within 1e-6 to 1e9 /s"
    case .badVariation(let variation): "a coefficient of variation of \(brief(variation)) is out of range"
    case .badLength(let part, let tokens): "the \(part) law gives \(brief(tokens)) tokens"
    case .badTable(let part): "there is nothing to draw the \(part) from"
    case .badPattern(let why): why
    case .badExtent: "there would be more than \(TraceReader.rowLimit) requests, or none"
    case .tooLong: "requests would arrive after 53 days"
    case .tooManyBlocks: "their contents would have more than 2^31 - 1 blocks"
    }
  }
}
