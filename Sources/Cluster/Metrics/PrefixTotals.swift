/// What a prefix cache did over a run.
///
/// Lookups are those of requests that were never preempted, so that nobody finds what it computed itself.
public struct PrefixTotals: Hashable, Sendable {
  /// Blocks of the trace in the prompts that were looked up.
  public var lookedUpBlocks = 0
  /// Of these, those that were found: a prompt's first ones, as far as they are all there.
  public var foundBlocks = 0
  /// Tokens of the prompts that were looked up.
  public var lookedUpTokens = 0
  /// Of these, those that were not computed.
  public var savedTokens = 0
  /// Tokens that preempted requests did not compute again.
  public var regainedTokens = 0
  /// Blocks of the trace that made room.
  public var evictedBlocks = 0

  /// A cache that did nothing.
  public init() {}

  /// The share of the blocks looked up that were found; nil where none was looked up.
  public var hitRate: Double? {
    lookedUpBlocks > 0 ? Double(foundBlocks) / Double(lookedUpBlocks) : nil
  }

  /// The share of the tokens looked up that were not computed; nil where none was looked up.
  public var savedShare: Double? {
    lookedUpTokens > 0 ? Double(savedTokens) / Double(lookedUpTokens) : nil
  }

  /// What two did together.
  public static func + (one: PrefixTotals, other: PrefixTotals) -> PrefixTotals {
    var sum = one
    sum.lookedUpBlocks += other.lookedUpBlocks
    sum.foundBlocks += other.foundBlocks
    sum.lookedUpTokens += other.lookedUpTokens
    sum.savedTokens += other.savedTokens
    sum.regainedTokens += other.regainedTokens
    sum.evictedBlocks += other.evictedBlocks
    return sum
  }
}
