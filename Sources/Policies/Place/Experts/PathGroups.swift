/// Parts of a batch whose tokens go to like experts, so that fewer distinct ones are asked for at a time.
///
/// Groups of equal size grow one token at a time: each takes, in turn, the token that shares the most experts with what
/// it has, the first of equals. Source of the kind: ExpertFlow regroups the tokens of two batches by the likeness of
/// their predicted routing paths (K-means); Read-ME batches requests by the experts they need.
struct PathGroups {
  /// The tokens of each group, by place in the step, in rising order.
  let groups: [[Int]]

  /// Divides tokens into `count` groups by `paths`, for each token the experts that it goes to, numbered through the
  /// layers, below `experts`. Complexity: O(tokens^2 experts of a path).
  init(_ paths: [[Int]], experts: Int, count: Int) {
    let size = (paths.count + count - 1) / max(1, count)
    var left = Array(paths.indices)
    var groups: [[Int]] = []
    while !left.isEmpty {
      var has = Array(repeating: false, count: experts)
      var group: [Int] = []
      while group.count < size, !left.isEmpty {
        let likeness = left.map { token in paths[token].count { has[$0] } }
        var best = 0
        for place in likeness.indices where likeness[place] > likeness[best] { best = place }
        let token = left.remove(at: best)
        group.append(token)
        for expert in paths[token] { has[expert] = true }
      }
      groups.append(group.sorted())
    }
    self.groups = groups
  }
}
