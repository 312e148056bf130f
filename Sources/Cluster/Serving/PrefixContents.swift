import Workload

/// What the requests of a run have in common, and which entries each of them holds where it is.
struct PrefixContents: ~Copyable {
  /// Tokens of a block of the trace.
  let unit: Int
  private let starts: Column<Int32>
  private let ids: Column<Int32>
  /// The key of the entry that a request holds for each of its blocks; -1 where it holds none.
  private let held: Column<Int32>

  init(_ blocks: PromptBlocks) {
    unit = blocks.unit
    starts = Column(blocks.starts)
    ids = Column(blocks.ids)
    held = Column(repeating: -1, count: blocks.ids.count)
  }

  /// The blocks of request `index`, which has `prompt` and `output` tokens, in KV blocks of `blockTokens` tokens.
  @inline(__always)
  func blocks(of index: Int, prompt: Int, output: Int, blockTokens: Int) -> PrefixBlocks {
    let start = Int(starts[index])
    let count = Int(starts[index + 1]) - start
    let ofPrompt = (prompt + unit - 1) / unit
    let known = min(count * unit, count > ofPrompt ? prompt + output - 1 : prompt)
    return PrefixBlocks(
      ids: ids.base + start, held: held.base + start, unit: unit, known: known, blockTokens: blockTokens)
  }
}

/// The blocks of the trace that one request's contents fill.
struct PrefixBlocks: BitwiseCopyable {
  let ids: UnsafeMutablePointer<Int32>
  let held: UnsafeMutablePointer<Int32>
  /// Tokens of a block of the trace, a multiple of `blockTokens`.
  let unit: Int
  /// Tokens of the request that the blocks say something about.
  let known: Int
  /// Tokens of a KV block.
  let blockTokens: Int

  /// Blocks that have any of the first `tokens` tokens.
  @inline(__always)
  func count(within tokens: Int) -> Int { (min(tokens, known) + unit - 1) / unit }

  /// Blocks of which the first `tokens` tokens have all that is known.
  @inline(__always)
  func count(filledBy tokens: Int) -> Int { tokens >= known ? (known + unit - 1) / unit : tokens / unit }

  /// Whole KV blocks of block `index` within the first `tokens` tokens.
  @inline(__always)
  func size(_ index: Int, within tokens: Int) -> Int {
    (min((index + 1) * unit, known, tokens) - index * unit) / blockTokens
  }
}
