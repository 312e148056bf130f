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

  /// A layer was reached. Complexity: O(experts).
  mutating func reach(_ layer: ReachedLayer) {
    let least = leastOfTop(layer.scores, min(2 * layer.perToken, layer.scores.count))
    var key = layer.firstKey
    for score in layer.scores {
      recent[key] = share * (score >= least ? score : 0) + (1 - share) * recent[key]
      key += 1
    }
  }

  /// The `count` of `keys` with the highest S, of equals the lower key first. Complexity: O(keys log keys).
  func highest(_ count: Int, of keys: Range<Int32>) -> [Int32] {
    Array(keys.sorted { (recent[$1], $0) < (recent[$0], $1) }.prefix(count))
  }

  /// The `count`-th highest score.
  private mutating func leastOfTop(_ scores: ArraySlice<Float>, _ count: Int) -> Float {
    top.removeAll(keepingCapacity: true)
    for score in scores where top.count < count || score > top[count - 1] {
      if top.count == count { top.removeLast() }
      var place = top.count
      top.append(score)
      while place > 0, top[place - 1] < score {
        top[place] = top[place - 1]
        place -= 1
      }
      top[place] = score
    }
    return top.last ?? 0
  }
}
