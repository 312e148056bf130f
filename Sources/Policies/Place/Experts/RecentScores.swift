import Cluster

/// By key an expert's recent router scores: S becomes a TopP(s) + (1 - a) S whenever its layer is reached, where TopP keeps
/// the scores of the p highest, p being twice the experts of a token.
///
/// Source: S. Zhong et al., "HybriMoE: hybrid CPU-GPU scheduling and cache management for efficient MoE inference", DAC
/// 2025, section IV-D.
struct RecentScores: Sendable {
  private let share: Float
  private var recent = ByKey<Float>(0)
  private var top: [Float] = []

  /// Scores with a = `share`, above 0 and at most 1.
  init(share: Double) { self.share = Float(share) }

  /// S of an expert.
  subscript(_ key: Int32) -> Float { recent[key] }

  /// A layer was reached. Complexity: O(experts p).
  mutating func reach(_ layer: ReachedLayer) {
    guard !layer.scores.isEmpty else { return }
    let least = leastOfTop(layer.scores, min(2 * layer.perToken, layer.scores.count))
    let keys = layer.firstKey..<layer.firstKey + Int32(layer.scores.count)
    recent.update(keys) { [share] recent in
      for (place, score) in layer.scores.enumerated() {
        recent[place] = share * (score >= least ? score : 0) + (1 - share) * recent[place]
      }
    }
  }

  /// The `count` of `keys` with the highest S, of equals the lower key first. Complexity: O(keys log keys).
  func highest(_ count: Int, of keys: Range<Int32>) -> [Int32] {
    Array(keys.sorted { (recent[$1], $0) < (recent[$0], $1) }.prefix(count))
  }

  /// The `count`-th highest of at least as many scores.
  private mutating func leastOfTop(_ scores: ArraySlice<Float>, _ count: Int) -> Float {
    while top.count < count { top.append(0) }
    return top.withUnsafeMutableBufferPointer { top in
      var known = 0
      for score in scores where known < count || score > top[count - 1] {
        if known < count { known += 1 }
        var place = known - 1
        while place > 0, top[place - 1] < score {
          top[place] = top[place - 1]
          place -= 1
        }
        top[place] = score
      }
      return known > 0 ? top[known - 1] : 0
    }
  }
}
