import Cluster
import Hardware
import Models

/// Which processor of a chip runs each stage: for prompts and for decoding the pieces of each group of layers, and both
/// ends.
struct StageAssignment: Hashable, Sendable {
  /// Indices of processors, all stages of prompts, then all of decoding.
  var processors: [UInt8]
}

/// What an assignment of stages to processors comes to for one request, and for the chip while it lasts.
struct StageObjectives: Sendable {
  /// Seconds from the prompt to the last token, alone.
  var latency: Double
  /// Joules of all processors in that time.
  var energy: Double
  /// Share of the processors' seconds that are idle while the busiest works, requests following each other.
  var idle: Double
  /// Mean watts of the chip while prompts run, and while it decodes.
  var watts: [Double]

  var values: [Double] { [latency, energy, idle] }

  /// Whether it is no worse than `other` in anything.
  func covers(_ other: StageObjectives) -> Bool { zip(values, other.values).allSatisfy { $0 <= $1 } }
}

/// The costs of all stages of a request on every processor of a chip, from which assignments are judged.
struct StageCosts: Sendable {
  /// Pieces of a layer, in order.
  static let pieces = 4
  /// Prompts and decoding.
  static let phases = 2

  /// A stage on one processor: seconds, and joules above idling.
  struct Cost: Sendable {
    var seconds: Double
    var energy: Double
  }

  /// By phase, stage and processor.
  let costs: [[[Cost]]]
  /// Layers of each group.
  let layers: [Int]
  /// Steps of each phase for a request.
  let steps: [Double]
  /// Idle watts of all processors.
  let idle: Double
  let processors: Int
  /// Seconds until a processor sees what another did.
  let sync: Double
  let memories: Memories
  /// Seconds in which what a stage leaves crosses to another memory, in each phase.
  let crossing: [Double]
  /// Seconds in which a layer's keys and values of a prompt do.
  let moving: Double

  /// Stages of a phase: the first piece, those of each group, the last.
  var stages: Int { layers.count * Self.pieces + 2 }

  /// The costs as they are.
  init(
    costs: [[[Cost]]], layers: [Int], steps: [Double], idle: Double, processors: Int, sync: Double,
    memories: Memories? = nil, crossing: [Double] = [0, 0], moving: Double = 0
  ) {
    self.memories = memories ?? Memories(Array(repeating: 0, count: processors), link: nil)
    self.crossing = crossing
    self.moving = moving
    self.costs = costs
    self.layers = layers
    self.steps = steps
    self.idle = idle
    self.processors = processors
    self.sync = sync
  }

  /// Those of the pieces of a model.
  ///
  /// - Parameters:
  ///   - watts: of each processor.
  ///   - shapes: a step of each phase.
  init(
    _ processors: [Processor], watts: [DevicePower], groups: [Range<Int>], shapes: [StepShape], steps: [Double],
    sync: Double, memories: Memories
  ) {
    func stage(_ shape: StepShape, _ cost: (ModelPieces) -> PieceCost) -> [Cost] {
      zip(processors, watts).map { processor, watts in
        let cost = cost(processor.pieces)
        let power = cost.roof == .compute ? watts.prefill.value : watts.decode.value
        return Cost(seconds: cost.seconds, energy: cost.seconds * max(0, power.value - watts.idle.value.value))
      }
    }
    let costs = shapes.map { shape in
      var all = [stage(shape) { $0.first.cost(shape) }]
      for group in groups {
        for piece in 0..<Self.pieces {
          all.append(
            stage(shape) { pieces in
              group.reduce(PieceCost()) { $0 + pieces.cost(of: piece, layer: $1, shape) }
            })
        }
      }
      return all + [stage(shape) { $0.last.cost(shape) }]
    }
    let pieces = processors[0].pieces
    let cached = pieces.cacheBytesPerToken / Double(max(1, pieces.layers.count))
    self.init(
      costs: costs, layers: groups.map(\.count), steps: steps, idle: watts.reduce(0) { $0 + $1.idle.value.value },
      processors: processors.count, sync: sync, memories: memories,
      crossing: shapes.map { memories.seconds(pieces.width * Double($0.tokens)) },
      moving: memories.seconds(cached * Double(shapes[0].prefillTokens)))
  }

  /// What an assignment comes to. Complexity: O(stages).
  func objectives(_ assignment: StageAssignment) -> StageObjectives {
    var busy = [Double](repeating: 0, count: processors)
    var (latency, energy) = (0.0, 0.0)
    var watts: [Double] = []
    for phase in 0..<Self.phases {
      let own = assignment.processors[(phase * stages)..<((phase + 1) * stages)]
      let chosen = Array(own)
      var (seconds, joules) = (handing(chosen, phase), 0.0)
      if phase == 0 { seconds += moved(assignment) }
      for (stage, processor) in chosen.enumerated() {
        let cost = costs[phase][stage][Int(processor)]
        seconds += cost.seconds
        joules += cost.energy
        busy[Int(processor)] += cost.seconds * steps[phase]
      }
      watts.append(idle + (seconds > 0 ? joules / seconds : 0))
      latency += seconds * steps[phase]
      energy += joules * steps[phase]
    }
    let longest = busy.max() ?? 0
    return StageObjectives(
      latency: latency, energy: energy + idle * latency,
      idle: longest > 0 ? 1 - busy.reduce(0, +) / longest / Double(processors) : 0, watts: watts)
  }

  /// Seconds in which processors hand over from the first stage of a step to the last.
  private func handing(_ chosen: [UInt8], _ phase: Int) -> Double {
    func meeting(_ one: UInt8, _ other: UInt8) -> Double {
      if one == other { return 0 }
      return sync + (memories.areApart(Int(one), Int(other)) ? crossing[phase] : 0)
    }
    var (seconds, before) = (0.0, chosen[0])
    for (group, count) in layers.enumerated() {
      let own = chosen[(1 + group * Self.pieces)..<(1 + (group + 1) * Self.pieces)]
      guard let first = own.first, let last = own.last else { continue }
      let inner = zip(own, own.dropFirst()).reduce(0) { $0 + meeting($1.0, $1.1) }
      seconds += meeting(before, first) + inner * Double(count) + meeting(last, first) * Double(count - 1)
      before = last
    }
    return seconds + meeting(before, chosen[chosen.count - 1])
  }

  /// Seconds in which the keys and values of a prompt go to the memory where decoding attends.
  private func moved(_ assignment: StageAssignment) -> Double {
    layers.indices.reduce(0) {
      let attention = 2 + $1 * Self.pieces
      let apart = memories.areApart(
        Int(assignment.processors[attention]), Int(assignment.processors[stages + attention]))
      return $0 + (apart ? moving * Double(layers[$1]) : 0)
    }
  }
}

extension ModelPieces {
  /// Bytes of a token between layers.
  var width: Double { Double(hidden) * activationBytes }

  /// The cost of one of the pieces of a layer, of ``StageCosts/pieces``.
  func cost(of piece: Int, layer: Int, _ shape: StepShape) -> PieceCost {
    let layer = kinds[layers[layer]]
    return switch piece {
    case 0: layer.input.cost(shape)
    case 1: layer.attention.cost(shape)
    case 2: layer.output.cost(shape)
    default: layer.fed(shape)
    }
  }
}
