import Cluster
import Hardware
import Models
import Timeline
import Units

/// Products run on a GPU, on an NPU that shares its memory, or in parts on both, whichever is soonest done.
///
/// Each product is placed anew for each step from what it costs: whole on one of the two; its columns in parts, of which
/// the NPU's is one of `parts` equal ones, so that both draw from the memory at once; or, the NPU running programs of fixed
/// lengths, the tokens that fill such programs on the NPU and the remainder on the GPU. Places are chosen for a layer
/// together, since a processor that needs what the other computed waits `sync` seconds first: the fence of the runtime,
/// or some microseconds where the other's flag is polled. Norms go with the product behind them, and attention with
/// `attention`.
/// With `products: npu` and `attention: gpu` a layer's operators alternate between the two; with both on the NPU it is an
/// engine for the NPU alone. `lengths` says what becomes of a length without a program: the next longer one (`padding`),
/// several shorter ones (`passes`), or the soonest of those and of a remainder on the GPU (`remainder`).
/// Settings: `npu` (device), `products`, `attention`, `lengths`, `sync`, `parts`. Source: HeteroLLM, HeteroInfer (Chen et
/// al., "Characterizing Mobile SoC for Accelerating Heterogeneous LLM Inference", arXiv 2501.14794).
public struct TensorSplit: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "tensor-split"
  /// What it does.
  public static let summary = "Products run on a GPU, an NPU or in parts on both, which share their memory."

  private let chooser: SplitChooser
  private var labels = LayerLabels()

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let other = settings.device("npu", required: true)
    let products = settings.choice(
      "products", of: ["gpu", "npu", "split"], default: "split", because: "HeteroInfer's tensor-level split")
    let attention = settings.choice(
      "attention", of: ["gpu", "npu"], default: "gpu", because: "HeteroInfer: the NPU multiplies matrices")
    let lengths = settings.choice(
      "lengths", of: SplitChooser.Lengths.allCases.map(\.rawValue), default: SplitChooser.Lengths.remainder.rawValue,
      because: "HeteroInfer: odd lengths are left to the GPU")
    let sync = settings.quantity(
      "sync", TimeDimension.self, in: 0...1, default: other?.forms.handOver?.value.value ?? 0,
      because: "the NPU's hand-over")
    let parts = settings.count("parts", in: 2...256, default: 16, because: "programs for sixteenths of the columns")
    guard let other, let pieces = settings.pieces(on: settings.device, tensorParallel: 1),
      let otherPieces = settings.pieces(on: other, tensorParallel: 1)
    else { return nil }
    guard let group = settings.chip(with: [other]) else { return nil }
    let memory = DeviceMemory(settings, count: 1)
    guard pieces.weights < memory.usable else {
      settings.refuse(
        nil, "the chip's memory cannot hold the weights",
        why: "\(Memory(pieces.weights).text) > \(Memory(memory.usable).text)", fix: "narrower weights")
      return nil
    }
    var machine = Machine()
    let channel = machine.memory(of: group)
    let gpu = machine.processor(settings.device, pieces, sharing: channel, isExtra: false)
    let npu = machine.processor(other, otherPieces, sharing: channel, isExtra: true)
    machine.hold(settings.device.memoryName, bytes: memory.usable, of: memory.capacity)
    let policy = TensorSplit(
      chooser: SplitChooser(
        own: gpu, npu: npu, together: group.together.value.value, lengths: .init(rawValue: lengths) ?? .remainder,
        shapes: other.forms.shapes?.tokens ?? [], sync: sync, parts: parts,
        allowed: products == "split" ? [.own, .npu, .both] : [products == "gpu" ? .own : .npu],
        attention: attention == "gpu" ? .own : .npu, ends: machine.resources.ring(3)))
    return machine.plan(policy, cacheTokens: pieces.tokens(in: memory.usable - pieces.weights))
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) { labels = LayerLabels(&plan) }

  /// Places every product, layer by layer.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let home = chooser.attention
    let first = chooser.processor(home).pieces.first.cost(shape)
    plan.run(labels.first, on: chooser.processor(home), first, into: chooser.ends)
    let layers = chooser.own.pieces.kinds.indices.map { chooser.layer($0, shape) }
    var before = home
    for (kind, count) in chooser.own.pieces.runs {
      let parts = layers[kind]
      plan.repeating(count) { plan in
        chooser.run(parts.input, labels.input, after: parts.feedForward.place, into: &plan)
        let cost = chooser.processor(home).pieces.kinds[kind].attention.cost(shape)
        let attention = SplitPart(
          own: home == .own ? cost : nil, npu: home == .npu ? cost : nil, meetings: 0, seconds: cost.seconds)
        chooser.run(attention, labels.attention, after: parts.input.place, into: &plan)
        chooser.run(parts.output, labels.output, after: home, into: &plan)
        chooser.run(parts.feedForward, labels.feedForward, after: parts.output.place, into: &plan)
      }
      before = parts.feedForward.place
    }
    let head = chooser.piece(shape, after: before) { pieces, shape in pieces.last.cost(shape) }
    chooser.run(head, labels.last, after: before, into: &plan)
  }
}
