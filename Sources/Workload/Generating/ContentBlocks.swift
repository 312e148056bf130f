/// Numbers the blocks of generated contents, dense in order of first appearance.
struct ContentBlocks {
  /// The blocks so far.
  private(set) var blocks: PromptBlocks
  /// Those of the system prompt.
  private var system: [Int32] = []
  private let systemTokens: Int
  private var next: Int32 = 0

  /// Blocks of `unit` tokens, the first `systemTokens` tokens of all contents being equal.
  init(unit: Int, systemTokens: Int) {
    blocks = PromptBlocks(unit: unit)
    self.systemTokens = systemTokens
  }

  /// Adds a request of `tokens` tokens, of which the first `shared` are those that `known` are the blocks of; without
  /// them it begins with the system prompt.
  /// - Returns: its blocks, the last of which may be partly filled.
  /// - Throws: ``Generator/Fault/tooManyBlocks``.
  mutating func append(tokens: Int, sharing known: [Int32] = [], shared: Int = 0) throws(Generator.Fault) -> [Int32] {
    let unit = blocks.unit
    let isOpening = known.isEmpty
    var ids = isOpening ? system : Array(known.prefix(shared / unit))
    let count = (tokens + unit - 1) / unit
    guard blocks.ids.count + count <= TraceBuilder.idLimit else { throw .tooManyBlocks }
    while ids.count < count {
      ids.append(next)
      next += 1
    }
    if isOpening, system.isEmpty { system = Array(ids.prefix(systemTokens / unit)) }
    blocks.append(ids)
    return ids
  }
}
