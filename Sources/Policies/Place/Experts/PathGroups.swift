import Cluster
import Models

/// Parts of a batch whose tokens go to like experts, so that fewer distinct ones are asked for at a time.
///
/// Groups of equal size grow one token at a time: each takes, in turn, the token that shares the most experts with what
/// it has, the first of equals. Source of the kind: ExpertFlow regroups the tokens of two batches by the likeness of
/// their routing paths (K-means); Read-ME batches requests by the experts they need.
struct PathGroups {
  /// The tokens of each group, by place in the step, in rising order.
  let groups: [[Int]]

  /// Divides the tokens of a step into `count` groups, one sequence each. Complexity: O(tokens^2 layers perToken).
  init(_ routing: StepRouting, count: Int) {
    let (shape, tokens) = (routing.shape, routing.tokens)
    let size = (tokens + count - 1) / max(1, count)
    var left = Array(0..<tokens)
    var groups: [[Int]] = []
    while !left.isEmpty {
      var has = Array(repeating: false, count: shape.layers * shape.experts)
      var group: [Int] = []
      while group.count < size, !left.isEmpty {
        let likeness = left.map { token in
          (0..<shape.layers).reduce(0) { sum, layer in
            routing.experts(layer, token: token).reduce(sum) { $0 + (has[layer * shape.experts + Int($1)] ? 1 : 0) }
          }
        }
        var best = 0
        for place in likeness.indices where likeness[place] > likeness[best] { best = place }
        let token = left.remove(at: best)
        group.append(token)
        for layer in 0..<shape.layers {
          for expert in routing.experts(layer, token: token) { has[layer * shape.experts + Int(expert)] = true }
        }
      }
      groups.append(group.sorted())
    }
    self.groups = groups
  }
}
