import Cluster
import Kernel
import Workload

extension PromptBlocks {
  /// Contents of `requests` in blocks of `unit` tokens, most of which begin as another does. Now and then the last block
  /// of two requests has one id and not as many tokens, as careless traces have it.
  static func random(_ draw: inout RandomStream, _ requests: [Request], unit: Int) -> PromptBlocks {
    var blocks = PromptBlocks(unit: unit)
    let withOutputs = draw.chance(0.4)
    let careless = draw.chance(0.2)
    for index in requests.indices {
      let tokens = Int(requests[index].promptTokens) + (withOutputs ? Int(requests[index].outputTokens) : 0)
      let count = careless && draw.chance(0.2) ? draw.among(0...(tokens / unit + 2)) : (tokens + unit - 1) / unit
      var own: [Int32] = []
      if index > 0, draw.chance(0.8) {
        let other = blocks[draw.among(max(0, index - 12)...(index - 1))]
        let most = careless ? count : tokens / unit
        own = Array(other.prefix(min(most, draw.pick([other.count, draw.among(0...other.count)]))))
      }
      let first = blocks.blockCount
      blocks.append(own + (0..<Int32(count - own.count)).map { first + $0 })
    }
    return blocks
  }

  /// The blocks of the requests for which `isKept` holds.
  func keeping(_ isKept: [Bool]) -> PromptBlocks {
    var names: [Int32: Int32] = [:]
    var kept = PromptBlocks(unit: unit)
    for index in isKept.indices where isKept[index] {
      kept.append(
        self[index].map { id in
          let name = names[id] ?? Int32(names.count)
          names[id] = name
          return name
        })
    }
    return kept
  }
}

extension RandomScenario {
  /// Lets pools keep prefixes and requests share them, in about half of the scenarios.
  mutating func addContents() {
    var draw = RandomStream(seed: seed, consumer: .test, 1)
    guard draw.chance(0.5) else { return }
    // Blocks of the trace are whole blocks of each cache.
    let block = draw.pick([1, 2, 3, 4, 8])
    for index in cluster.pools.indices {
      let cache = cluster.pools[index].engine.cache
      cluster.pools[index].engine.cache.blockTokens = block
      cluster.pools[index].engine.cache.blocks = max(
        1, cache.blocks * cache.blockTokens / block * draw.pick([1, 1, 2]))
      if index == 0 || draw.chance(0.7) { cluster.pools[index].evict = draw.pick(ReferenceEvict.allCases) }
    }
    trace.blocks = .random(&draw, trace.requests, unit: block * draw.pick([1, 1, 2, 3, 4]))
  }
}
