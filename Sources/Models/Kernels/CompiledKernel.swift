import Hardware
import Kernel

/// A term's measured kernel ready to be summed, in seconds over all its calls.
///
/// What depends on the tokens of a step alone is tabulated by them; attention of decoding sequences by batch and mean
/// context; between points lie straight lines. Attention of prompts is computed for each step, as if its chunks were
/// equal. Nothing of its operands is in the cache, since all weights pass through it between two calls. A class, so that
/// terms without a kernel hold a null and stay small.
final class CompiledKernel: Sendable {
  /// The table of tokens: every count below 64, then 32 an octave.
  static let tokenScale = LogScale(bits: 5)
  /// The most tokens in the table; the last line goes on from there.
  static let mostTokens = 1 << 14
  /// The table of contexts: 4 an octave.
  static let contextScale = LogScale(bits: 2)
  /// The longest context in the table; the last line goes on from there.
  static let longest = 1 << 17
  private static let places = contextScale.place(longest) + 1

  /// Seconds of the calls whatever their size.
  let launch: Double
  private let calls: Double
  private let share: Double
  private let work: Work
  private let tabulatedBatch: Int

  private enum Work: Sendable {
    /// Seconds by the place of the tokens.
    case tokens([Double])
    case prompts(PrefillAttention, MixedAttention?, AttentionShard)
    /// Seconds of the decode-only steps of each batch from 1 on, by the place of the mean context.
    case contexts(DecodeAttention, AttentionShard, alone: Bool, [Double])
  }

  /// The kernel of a term, tabulated for decode batches up to `maxBatch`; nil where it is of another class than its
  /// shape asks for.
  init?(_ use: KernelUse, calls: Int, maxBatch: Int) {
    self.calls = Double(calls)
    share = use.share
    launch = (use.kernel.values["launch"] ?? 0) * Double(calls)
    tabulatedBatch = max(1, maxBatch)
    switch use.shape {
    case .prompts(let shard, let both):
      guard let model = use.kernel.model(PrefillAttention.self, on: use.chip) else { return nil }
      work = .prompts(model, both?.model(MixedAttention.self, on: use.chip), shard)
    case .contexts(let shard, let alone):
      guard let model = use.kernel.model(DecodeAttention.self, on: use.chip) else { return nil }
      var table: [Double] = []
      for batch in 1...tabulatedBatch {
        table += Self.rising(Self.places) { place in
          Self.seconds(model, shard, batch: Double(batch) * use.share, context: Double(Self.contextScale.value(place)))
            * Double(calls)
        }
      }
      work = .contexts(model, shard, alone: alone, table)
    default:
      guard let seconds = Self.byTokens(use) else { return nil }
      work = .tokens(
        Self.rising(Self.tokenScale.place(Self.mostTokens) + 1) { place in
          seconds(max(1, Double(Self.tokenScale.value(place)))) * Double(calls)
        })
    }
  }

  /// Seconds of a call by the tokens of the device; nil where kernel and shape do not fit.
  private static func byTokens(_ use: KernelUse) -> ((Double) -> Double)? {
    switch use.shape {
    case .product(let columns, let inner):
      return use.kernel.model(GEMM.self, on: use.chip).map { model in
        { model.seconds(GEMM.Shape(rows: $0, columns: columns, inner: inner), .cold) }
      }
    case .rows(let elements):
      return use.kernel.model(Elementwise.self, on: use.chip).map { model in
        { model.seconds(Elementwise.Shape(rows: $0, elements: elements), .cold) }
      }
    case .exchange(let exchange, let devices, let bytes):
      func shape(_ tokens: Double) -> ExchangeShape { ExchangeShape(exchange, devices: devices, bytes: bytes * tokens) }
      if let model = use.kernel.model(CustomAllReduce.self, on: use.chip) { return { model.seconds(shape($0), .cold) } }
      return use.kernel.model(LibraryExchange.self, on: use.chip).map { model in { model.seconds(shape($0), .cold) } }
    case .experts(let shard):
      return use.kernel.model(MixtureOfExperts.self, on: use.chip).map { model in
        { tokens in
          let load = ExpertLoad(
            tokens: tokens, experts: shard.experts, perToken: shard.perToken, devices: shard.parts, .uniform)
          return model.seconds(
            MixtureOfExperts.Shape(
              tokens: tokens, hidden: shard.hidden, inner: shard.inner, perToken: shard.perToken,
              isGated: shard.isGated, experts: max(1, (shard.experts / shard.parts).rounded(.down)), load: load), .cold)
        }
      }
    case .prompts, .contexts: return nil
    }
  }

  /// Values at places from 0 on, none less than that before it: a longer call may suit a kernel's split of the work
  /// better, which no server waits for.
  private static func rising(_ places: Int, _ seconds: (Int) -> Double) -> [Double] {
    var most = 0.0
    return (0..<places).map { place in
      most = max(most, seconds(place))
      return most
    }
  }

  private static func seconds(
    _ model: DecodeAttention, _ shard: AttentionShard, batch: Double, context: Double
  ) -> Double {
    // A context that fills the window is longer than it, as far as the kernel can tell.
    let isFull = shard.window > 0 && context >= shard.window
    return model.seconds(
      DecodeAttention.Shape(
        batch: max(1, batch), heads: shard.heads, keyHeads: shard.keyHeads, headSize: shard.headSize,
        context: max(1, isFull ? shard.window + 1 : context), window: shard.window), .cold)
  }

  /// Seconds of a term that does not read decode contexts, in a step in which its operator computes `tokens`.
  func seconds(_ tokens: Int, _ shape: StepShape) -> Double {
    switch work {
    case .tokens(let table): Self.interpolated(table, Double(tokens) * share)
    case .prompts(let prompts, let both, let shard): promptSeconds(prompts, both, shard, shape)
    case .contexts: 0
    }
  }

  private static func interpolated(_ table: [Double], _ tokens: Double) -> Double {
    let place = min(tokenScale.place(Int(tokens)), table.count - 2)
    let (below, above) = (Double(tokenScale.value(place)), Double(tokenScale.value(place + 1)))
    return table[place] + (table[place + 1] - table[place]) * ((tokens - below) / (above - below))
  }

  /// The chunks of a step have their mean length, after as many cached tokens as make the same pairs of queries and
  /// keys. A kernel for both sees them as one chunk.
  private func promptSeconds(
    _ prompts: PrefillAttention, _ both: MixedAttention?, _ shard: AttentionShard, _ shape: StepShape
  ) -> Double {
    guard shape.prefillTokens > 0 else { return 0 }
    let chunks = Double(max(1, shape.prefillChunks))
    let queries = Double(shape.prefillTokens) / chunks
    // q tokens after c cached ones have q c + q (q + 1) / 2 pairs.
    let cached = max(0, Double(shape.prefillPairs) / Double(shape.prefillTokens) - (queries + 1) / 2)
    if let both {
      let all = Double(shape.prefillTokens)
      return calls
        * both.seconds(
          MixedAttention.Shape(
            heads: shard.heads, keyHeads: shard.keyHeads, headSize: shard.headSize, chunk: max(1, all * share),
            prefix: max(0, cached + (queries - all) / 2), decodes: Double(shape.decodes) * share,
            context: Double(shape.decodeContext) / Double(max(1, shape.decodes))), .cold)
    }
    return calls
      * prompts.seconds(
        PrefillAttention.Shape(
          batch: max(1, chunks * share), heads: shard.heads, keyHeads: shard.keyHeads, headSize: shard.headSize,
          queries: queries, context: cached + queries, window: shard.window), .cold)
  }

  /// The straight line on which the steps of `batch` sequences with `context` tokens in all lie, and the last context
  /// up to which it holds; nothing in a step with prompts whose kernel does both.
  func line(batch: Int, context: Int, besidePrompts: Bool) -> (line: ContextLines, until: Int) {
    guard case .contexts(let model, let shard, let alone, let table) = work, batch > 0, !(alone && besidePrompts) else {
      return (ContextLines(), .max)
    }
    let scale = Self.contextScale
    let place = min(scale.place(max(1, context / batch)), Self.places - 2)
    let (below, above) = (scale.value(place), scale.value(place + 1))
    let least: Double
    let most: Double
    if batch <= tabulatedBatch {
      let index = (batch - 1) * Self.places + place
      (least, most) = (table[index], table[index + 1])
    } else {
      least = Self.seconds(model, shard, batch: Double(batch) * share, context: Double(below)) * calls
      most = max(least, Self.seconds(model, shard, batch: Double(batch) * share, context: Double(above)) * calls)
    }
    let slope = (most - least) / Double((above - below) * batch)
    var line = ContextLines()
    line.bytes = least - slope * Double(below * batch)
    line.bytesPerContext = slope
    return (line, place == Self.places - 2 ? .max : above * batch - 1)
  }
}
