/// What one step of an engine computes, as sums over its sequences: all that a step's cost depends on.
///
/// Integers, so that the sums do not depend on the order of the sequences.
public struct StepShape: Hashable, Sendable {
  /// Prompt tokens computed in this step, over all prefill chunks.
  public var prefillTokens = 0
  /// Query-key pairs of the prefill chunks under a causal mask: a chunk of q tokens after c cached ones has
  /// q * c + q * (q + 1) / 2.
  public var prefillPairs = 0
  /// KV tokens that the prefill chunks read: the sum of c + q.
  public var prefillContext = 0
  /// Prefill chunks in the step.
  public var prefillChunks = 0
  /// Prefill chunks that end their prompt and so yield its first token.
  public var firstTokens = 0
  /// Sequences that decode one token each.
  public var decodes = 0
  /// KV tokens that the decoding sequences read, each one's own new token included.
  public var decodeContext = 0

  /// An empty step.
  @inlinable
  public init() {}

  /// A step in which `decodes` sequences with `context` KV tokens in all, their new tokens included, decode.
  @inlinable
  public init(decodes: Int, context: Int) {
    self.decodes = decodes
    self.decodeContext = context
  }

  /// Adds a prefill chunk of `tokens` after `cached` tokens already in the KV cache.
  @inlinable
  public mutating func addChunk(tokens: Int, cached: Int, last: Bool) {
    prefillTokens += tokens
    prefillPairs += tokens * cached + tokens * (tokens + 1) / 2
    prefillContext += cached + tokens
    prefillChunks += 1
    firstTokens += last ? 1 : 0
  }

  /// Tokens that pass through the layers.
  @inlinable
  public var tokens: Int { prefillTokens + decodes }
  /// Rows of the output projection: tokens that are sampled.
  @inlinable
  public var sampled: Int { firstTokens + decodes }
}
