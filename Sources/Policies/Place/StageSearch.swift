import Kernel

/// Searches assignments of stages to processors: all on one, each stage for itself, or by simulated annealing with an
/// archive of those that no other covers.
struct StageSearch {
  let costs: StageCosts
  /// Whether an assignment may run: its watts stay below the cap.
  let isAllowed: (StageObjectives) -> Bool

  /// An assignment and what it comes to.
  struct Found: Sendable {
    var assignment: StageAssignment
    var objectives: StageObjectives
  }

  /// All stages on one processor.
  func single(_ processor: Int) -> Found {
    found(StageAssignment(processors: Array(repeating: UInt8(processor), count: StageCosts.phases * costs.stages)))
  }

  /// Each stage where its seconds times its joules are least, whatever stands before and after.
  func greedy() -> Found {
    let chosen = costs.costs.flatMap { phase in
      phase.map { stage in
        let products = stage.map { $0.seconds * ($0.energy + costs.idle * $0.seconds) }
        return UInt8(products.indices.min { products[$0] < products[$1] } ?? 0)
      }
    }
    return found(StageAssignment(processors: chosen))
  }

  /// The front that simulated annealing finds from `start`, with `steps` changes of one stage or of one piece in all
  /// groups.
  ///
  /// A change that makes the product of the objectives larger by the factor f is taken with the chance f^(-1/T), T
  /// falling geometrically from 1 to 1/1000. Complexity: O(steps x (stages + front)).
  func anneal(from start: Found, steps: Int, seed: UInt64) -> [Found] {
    var random = RandomStream(seed: seed, consumer: .placement)
    var front: [Found] = []
    if isAllowed(start.objectives) { front = [start] }
    var current = start
    for step in 0..<steps {
      let temperature = Elementary.exp(-Elementary.log(1000) * Double(step) / Double(max(1, steps)))
      let next = found(changed(current.assignment, &random))
      guard isAllowed(next.objectives) else { continue }
      insert(next, into: &front)
      let rise = score(next.objectives) - score(current.objectives)
      if rise <= 0 || random.chance(Elementary.exp(-rise / temperature)) { current = next }
    }
    return front
  }

  /// Of a front the one with the least product of latency and energy, among those that cover `floor` in both where there
  /// are any.
  static func chosen(from front: [Found], covering floor: StageObjectives) -> Found? {
    let covering = front.filter {
      $0.objectives.latency <= floor.latency && $0.objectives.energy <= floor.energy
    }
    return (covering.isEmpty ? front : covering).min {
      $0.objectives.latency * $0.objectives.energy < $1.objectives.latency * $1.objectives.energy
    }
  }

  private func found(_ assignment: StageAssignment) -> Found {
    Found(assignment: assignment, objectives: costs.objectives(assignment))
  }

  /// The logarithm of the product of the objectives.
  private func score(_ objectives: StageObjectives) -> Double {
    objectives.values.reduce(0) { $0 + Elementary.log(max(1e-12, $1)) }
  }

  private func changed(_ assignment: StageAssignment, _ random: inout RandomStream) -> StageAssignment {
    var next = assignment
    let processor = UInt8(random.below(UInt64(costs.processors)))
    let place = Int(random.below(UInt64(next.processors.count)))
    let (phase, stage) = place.quotientAndRemainder(dividingBy: costs.stages)
    let isLayer = stage > 0 && stage < costs.stages - 1
    // Half of the changes move a piece of every group: a single one seldom pays for meeting twice.
    if isLayer, random.chance(0.5) {
      let piece = (stage - 1) % StageCosts.pieces
      for group in costs.layers.indices {
        next.processors[phase * costs.stages + 1 + group * StageCosts.pieces + piece] = processor
      }
    } else if random.chance(0.1) {
      for stage in 0..<costs.stages { next.processors[phase * costs.stages + stage] = processor }
    } else {
      next.processors[place] = processor
    }
    return next
  }

  private func insert(_ next: Found, into front: inout [Found]) {
    guard !front.contains(where: { $0.objectives.covers(next.objectives) }) else { return }
    front.removeAll { next.objectives.covers($0.objectives) }
    front.append(next)
  }
}
