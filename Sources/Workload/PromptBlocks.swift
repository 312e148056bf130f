/// What the contents of requests have in common, as ids of blocks of tokens.
///
/// A request's contents (its prompt and, where known, its output after it) are cut into blocks of `unit` tokens from
/// the first token on; two blocks have one id exactly where they and everything before them are equal. The last block
/// of a request may be partly filled. Ids are dense, from 0 in order of first appearance.
public struct PromptBlocks: Hashable, Sendable {
  /// Tokens of a block, at least 1.
  public let unit: Int
  /// Where the ids of each request begin in `ids`, and the count of ids at the end: one more than requests.
  public private(set) var starts: [Int32]
  /// The ids of all requests, one after another, in order of the tokens.
  public private(set) var ids: [Int32]
  /// One more than the largest id.
  public private(set) var blockCount: Int32

  /// Blocks of no request yet, of `unit` tokens.
  public init(unit: Int) {
    self.unit = max(1, unit)
    starts = [0]
    ids = []
    blockCount = 0
  }

  /// Blocks of requests that have nothing in common, their outputs among their contents; nil where there would be
  /// more than 2^31 - 1.
  ///
  /// Complexity: O(tokens / `unit`).
  public init?(ownOf requests: [Request], unit: Int) {
    self.init(unit: unit)
    for request in requests {
      let tokens = Int(request.promptTokens) + Int(request.outputTokens)
      let last = ids.count + (tokens + self.unit - 1) / self.unit
      guard last <= Int(Int32.max) else { return nil }
      append(Int32(ids.count)..<Int32(last))
    }
  }

  /// Requests that have blocks.
  public var requestCount: Int { starts.count - 1 }

  /// Adds the next request, of these ids, each at most one above the largest so far.
  public mutating func append(_ blocks: some Sequence<Int32>) {
    for id in blocks {
      ids.append(id)
      blockCount = max(blockCount, id + 1)
    }
    starts.append(Int32(ids.count))
  }

  /// The ids of request `index`.
  public subscript(index: Int) -> ArraySlice<Int32> { ids[Int(starts[index])..<Int(starts[index + 1])] }

  /// The blocks of the requests in `order`, with their ids dense again.
  ///
  /// Complexity: O(ids).
  public func selecting(_ order: some Sequence<Int>) -> PromptBlocks {
    var renaming = BlockRenaming()
    var part = PromptBlocks(unit: unit)
    for index in order { part.append(renaming.names(of: self[index])) }
    return part
  }

  /// The same blocks, of `unit` tokens.
  func with(unit: Int) -> PromptBlocks {
    var blocks = PromptBlocks(unit: unit)
    (blocks.starts, blocks.ids, blocks.blockCount) = (starts, ids, blockCount)
    return blocks
  }
}
