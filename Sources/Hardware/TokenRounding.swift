/// How a device pads the tokens of a step: to whole tiles, or to the next count that it has a program for.
public struct TokenRounding: Hashable, Sendable {
  /// Tokens of a tile, at least 1.
  public let tile: Int
  /// Counts of tokens that programs were compiled for, ascending whole tiles; without any, every whole tile runs.
  public let shapes: [Int]

  /// Pads to tiles of `tile` tokens, and to `shapes` where there are any.
  public init(tile: Int, shapes: [Int] = []) {
    self.tile = max(1, tile)
    let tile = self.tile
    self.shapes = shapes.filter { $0 >= 1 }.map { Self.whole($0, tile) }.sorted()
  }

  /// What a step of some tokens becomes.
  public struct Padded: Hashable, Sendable {
    /// Tokens computed over all passes, no fewer than those asked for.
    public var tokens: Int
    /// Runs of a program; each reads the weights anew. At least 1.
    public var passes: Int
    /// Tokens of the largest pass.
    public var largest: Int

    /// Tokens in passes.
    public init(tokens: Int, passes: Int, largest: Int) {
      self.tokens = tokens
      self.passes = passes
      self.largest = largest
    }
  }

  /// The tokens that run for `tokens` tokens: those beyond the largest shape take more passes of it, the last one of
  /// the smallest shape that holds the rest.
  ///
  /// Complexity: O(log shapes).
  public func padded(_ tokens: Int) -> Padded {
    guard tokens > 0, let most = shapes.last else {
      let whole = Self.whole(max(0, tokens), tile)
      return Padded(tokens: whole, passes: 1, largest: whole)
    }
    let (full, rest) = tokens.quotientAndRemainder(dividingBy: most)
    guard rest > 0 else { return Padded(tokens: tokens, passes: full, largest: most) }
    let last = smallest(holding: rest)
    return Padded(tokens: full * most + last, passes: full + 1, largest: full > 0 ? most : last)
  }

  private func smallest(holding tokens: Int) -> Int {
    var (low, high) = (0, shapes.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if shapes[middle] < tokens { low = middle + 1 } else { high = middle }
    }
    return shapes[low]
  }

  private static func whole(_ tokens: Int, _ tile: Int) -> Int { (tokens + tile - 1) / tile * tile }
}
