import Cluster
import Hardware
import Kernel
import Models
import Timeline
import Units

/// Stages of a model, apart for prompts and for decoding, each on the processor of a machine that a search gives it: by
/// energy, latency and the share of the processors' time that is idle.
///
/// Processors of a chip share its memory; others have their own, with all weights. What a stage leaves crosses `link` then,
/// and so do the keys and values of prompts where decoding attends elsewhere.
/// The assignment is made once, from what the pieces of the layers cost on every processor for a request of `prompt` and
/// `output` tokens. `search: single` puts all on the pool's device; `greedy` each stage where its seconds times its joules
/// are least; `anneal` searches from there by simulated annealing, keeps the front of assignments that no other covers,
/// and runs of those which are no worse than greedy the one with the least latency times energy. Prompts and decodes of
/// one step run at the same time where their assignments differ.
/// A processor draws its idle watts, and those of prefill or decode while it works, the more by `pressure` the fuller the
/// memory. All leak the more the warmer the chip: `leakage` of its watts at `ambient`, doubled every `doubling` kelvins; it
/// is `resistance` kelvins a watt warmer than what is around it. Assignments that would be warmer than `cap` in either phase
/// are not chosen; steps that are, are counted.
/// Settings: `npu` and `cpu` (devices), `link` (between memories, the pool device's host link unless given), `search`,
/// `groups` (of layers), `changes`, `prompt`, `output`, `sync`, `pressure`, `leakage`, `doubling`, `ambient`, `resistance`, `cap`
/// (kelvins and degrees Celsius as plain numbers). Source: QEIL v2 (2026), abstract, whose own terms (roofline utilisation,
/// memory pressure, leakage and heat) have no published sizes.
public struct EnergyAware: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "energy-aware"
  /// What it does.
  public static let summary = "Stages of a model on the processors of a chip that cost the least energy and time."

  private let processors: [Processor]
  private let assignment: StageAssignment
  private let stages: Int
  /// The group of each layer.
  private let groups: [Int]
  private let sync: Double
  private let memories: Memories
  /// From one memory to another; nil where there is one.
  private let way: Way?
  /// Whether each phase is warmer than the cap.
  private let isTooWarm: [Bool]
  private let front: Int
  /// The last task of prompts, and of decodes.
  private let ends: [RingID]
  /// The last move of keys and values.
  private let moves: RingID
  private var labels = LayerLabels()
  private var moveLabel = TaskLabel.unnamed
  private var events = 0.0
  private var steps = 0.0

  /// What is counted changes with every step.
  public var isSteady: Bool { false }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let others = ["npu", "cpu"].compactMap { settings.device($0, required: false) }
    let devices = [settings.device] + others
    let search = settings.choice(
      "search", of: ["anneal", "greedy", "single"], default: "anneal", because: "QEIL v2")
    let groups = settings.count("groups", in: 1...256, default: 4, because: "quarters of the layers")
    let changes = settings.count("changes", in: 0...1_000_000, default: 4000, because: "the front changes little after")
    let prompt = settings.count("prompt", in: 1...1_000_000, default: 512, because: "a question")
    let output = settings.count("output", in: 1...1_000_000, default: 128, because: "an answer")
    let sync = settings.quantity(
      "sync", TimeDimension.self, in: 0...1,
      default: others.compactMap { $0.forms.handOver?.value.value }.max() ?? 0, because: "the NPU's hand-over")
    let heat = ChipHeat(settings)
    let pieces = devices.compactMap { settings.pieces(on: $0, tensorParallel: 1) }
    guard pieces.count == devices.count else { return nil }
    guard let memories = settings.memories(with: others) else { return nil }
    let power = devices.map { device in
      let memory = DeviceMemory(settings, device: device, count: 1)
      return heat.power(device.power, held: memory.usable / memory.capacity)
    }
    var (machine, processors) = Machine.processors(devices, pieces, power: power, memories)
    guard let tokens = settings.room(in: memories, devices, pieces[0], &machine) else { return nil }
    let layers = pieces[0].layers.count
    let count = min(groups, max(1, layers))
    let ranges = (0..<count).map { ($0 * layers / count)..<(($0 + 1) * layers / count) }
    var prefill = StepShape()
    prefill.addChunk(tokens: prompt, cached: 0, last: true)
    let costs = StageCosts(
      processors, watts: power, groups: ranges,
      shapes: [prefill, StepShape(decodes: 1, context: prompt + output / 2)], steps: [1, Double(max(1, output - 1))],
      sync: sync, memories: memories)
    let stageSearch = StageSearch(costs: costs) { objectives in objectives.watts.allSatisfy { !heat.isTooWarm($0) } }
    let greedy = stageSearch.greedy()
    var (chosen, front) = (search == "single" ? stageSearch.single(0) : greedy, 1)
    if search == "anneal" {
      let found = stageSearch.anneal(from: greedy, steps: changes, seed: settings.seed)
      guard let best = StageSearch.chosen(from: found, covering: greedy.objectives) else {
        settings.refuse(
          "cap", "no assignment found stays below the cap",
          why: "greedy's draws \(greedy.objectives.watts.map(brief).joined(separator: " and ")) W",
          fix: "a higher cap, more changes, or a lower resistance")
        return nil
      }
      (chosen, front) = (best, found.count)
    }
    let policy = EnergyAware(
      processors: processors, assignment: chosen.assignment, stages: costs.stages,
      groups: ranges.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element.count) }, sync: sync,
      memories: memories, way: memories.link.map { machine.link($0) },
      isTooWarm: chosen.objectives.watts.map { heat.isTooWarm($0) }, front: front,
      ends: [machine.resources.ring(1), machine.resources.ring(1)], moves: machine.resources.ring(1))
    return machine.plan(policy, cacheTokens: tokens)
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    moveLabel = plan.label("move")
  }

  /// Prompts and decodes each by their own assignment, or together where it is the same.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let own = (0..<StageCosts.phases).map { assignment.processors[($0 * stages)..<(($0 + 1) * stages)] }
    var phases: [(phase: Int, shape: StepShape)] = []
    if shape.prefillTokens > 0, shape.decodes > 0, !own[0].elementsEqual(own[1]) {
      phases = [(0, shape.prompts), (1, shape.decoding)]
    } else {
      phases = [(shape.prefillTokens > 0 ? 0 : 1, shape)]
    }
    var before = phases.map { processor($0.phase, 0) }
    func move(_ bytes: Double, after task: TaskRef, into ring: RingID) {
      guard let way else { return }
      plan.move(
        moveLabel, over: way.stream, bytes: bytes, latency: way.latency, after: task, into: ring,
        bound: PieceCost.linkBound)
    }
    func issue(
      _ index: Int, _ stage: Int, _ label: TaskLabel, beside moved: TaskRef = .none, _ cost: (ModelPieces) -> PieceCost
    ) {
      let (phase, shape) = phases[index]
      let chosen = processor(phase, stage)
      let processor = processors[chosen]
      let last: TaskRef = stage == 0 ? .none : .last(of: ends[phase])
      if memories.areApart(before[index], chosen) {
        move(processor.pieces.width * Double(shape.tokens), after: last, into: ends[phase])
      }
      plan.run(
        label, on: processor, cost(processor.pieces), delay: chosen == before[index] ? 0 : sync, after: last, moved,
        into: ends[phase])
      before[index] = chosen
    }
    var moved = TaskRef.none
    let names = [labels.input, labels.attention, labels.output, labels.feedForward]
    for index in phases.indices { issue(index, 0, labels.first) { $0.first.cost(phases[index].shape) } }
    for layer in groups.indices {
      for piece in 0..<StageCosts.pieces {
        let stage = 1 + groups[layer] * StageCosts.pieces + piece
        for index in phases.indices {
          issue(index, stage, names[piece]) { $0.cost(of: piece, layer: layer, phases[index].shape) }
        }
        if piece == 1, phases[0].phase == 0, memories.areApart(self.processor(0, stage), self.processor(1, stage)) {
          let cached = processors[0].pieces.cacheBytesPerToken / Double(groups.count)
          move(cached * Double(shape.prefillTokens), after: .last(of: ends[0]), into: moves)
          moved = .last(of: moves)
        }
      }
    }
    for index in phases.indices {
      issue(index, stages - 1, labels.last, beside: phases[index].phase == 0 ? moved : .none) {
        $0.last.cost(phases[index].shape)
      }
    }
    steps += 1
    if phases.contains(where: { isTooWarm[$0.phase] }) { events += 1 }
  }

  /// Steps in a phase that is warmer than the cap, and assignments of the front that the search found.
  public var figures: [PlacedFigure] {
    [
      PlacedFigure("thermal-cap-events", events), PlacedFigure("thermal-cap-share", events, of: steps),
      PlacedFigure("pareto-front", Double(front), of: 1, unit: "count"),
    ]
  }

  private func processor(_ phase: Int, _ stage: Int) -> Int { Int(assignment.processors[phase * stages + stage]) }
}

/// What a chip's warmth does to its watts.
struct ChipHeat: Sendable {
  /// Part by which watts grow where memory is full.
  var pressure: Double
  /// Share of a processor's watts that leak at the ambient temperature.
  var leakage: Double
  /// Kelvins in which leakage doubles.
  var doubling: Double
  /// Degrees Celsius around the chip, and those it may reach.
  var ambient: Double
  var cap: Double
  /// Kelvins a watt.
  var resistance: Double

  init(_ settings: any PlaceSettings) {
    pressure = settings.number("pressure", in: 0...10, default: 0, because: "QEIL v2 publishes no size")
    leakage = settings.number("leakage", in: 0...0.9, default: 0.1, because: "assumed: a tenth of the watts when cool")
    doubling = settings.number("doubling", in: 1...1000, default: 30, because: "assumed: subthreshold leakage")
    ambient = settings.number("ambient", in: -50...100, default: 25, because: "a room")
    resistance = settings.number(
      "resistance", in: 0...100, default: 4, because: "assumed: a phone's case without a fan")
    cap = settings.number("cap", in: 0...200, default: 85, because: "assumed: where a chip lowers its clocks")
  }

  init(pressure: Double, leakage: Double, doubling: Double, ambient: Double, cap: Double, resistance: Double) {
    self.pressure = pressure
    self.leakage = leakage
    self.doubling = doubling
    self.ambient = ambient
    self.cap = cap
    self.resistance = resistance
  }

  /// The watts of a processor that are `held` up by memory and heated by themselves: those of its file are taken to hold
  /// at the ambient temperature. Where heat and leakage feed each other without end, the cap's.
  func power(_ cool: DevicePower, held: Double) -> DevicePower {
    func warm(_ watts: Sourced<Power>) -> Sourced<Power> {
      let base = watts.value.value * (1 + pressure * held)
      var value = base
      for _ in 0..<32 { value = base * (1 + leakage * (growth(min(cap, ambient + resistance * value)) - 1)) }
      return Sourced(Power(value), source: watts.source)
    }
    return DevicePower(
      idle: warm(cool.idle), prefill: warm(cool.prefill), decode: warm(cool.decode), peak: warm(cool.peak),
      cap: cool.cap)
  }

  /// Whether `watts` for long warm the chip beyond its cap.
  func isTooWarm(_ watts: Double) -> Bool { ambient + resistance * watts > cap }

  /// Leakage at a temperature over that at the ambient one.
  private func growth(_ temperature: Double) -> Double {
    Elementary.exp((temperature - ambient) / doubling * Elementary.log(2))
  }
}
