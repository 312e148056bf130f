import Cluster
import Hardware
import Models
import Timeline

/// Where a part of a layer runs.
enum SplitPlace: CaseIterable {
  case own
  case npu
  case both

  /// Whether one processor needs what the other computed where `next` follows `place`.
  static func meets(_ place: SplitPlace, _ next: SplitPlace) -> Bool { place != next || next == .both }
}

/// A part of a layer on one processor or both: what each computes of it.
struct SplitPart {
  var own: PieceCost?
  var npu: PieceCost?
  /// Meetings of both within it: the products of a feed-forward block follow each other.
  var meetings: Int
  /// Seconds until it is done, its meetings aside.
  var seconds: Double

  var place: SplitPlace { npu == nil ? .own : own == nil ? .npu : .both }
}

/// Chooses where the products of a step run on a device and an NPU that share a memory.
struct SplitChooser: Sendable {
  /// What becomes of a length that the NPU has no program for.
  enum Lengths: String, CaseIterable {
    case padding
    case passes
    case remainder
  }

  /// What is placed as one: a piece of the model, and the products in a row that it has.
  private enum Product: CaseIterable {
    case input
    case output
    case feedForward

    var meetings: Int { self == .feedForward ? 1 : 0 }

    func cost(_ kind: Int, _ pieces: ModelPieces, _ shape: StepShape) -> PieceCost {
      let layer = pieces.kinds[kind]
      return switch self {
      case .input: layer.input.cost(shape)
      case .output: layer.output.cost(shape)
      case .feedForward: layer.fed(shape)
      }
    }
  }

  let own: Processor
  let npu: Processor
  /// Bytes/s that both draw at once.
  let together: Double
  let lengths: Lengths
  /// Tokens of the NPU's programs, ascending.
  let shapes: [Int]
  /// Seconds until a processor sees what the other did.
  let sync: Double
  /// Parts that columns are counted in.
  let parts: Int
  /// Where products may run.
  let allowed: [SplitPlace]
  /// Where attention runs.
  let attention: SplitPlace
  /// The last tasks: two of a part on both, and the one before.
  let ends: RingID

  /// The processor that `place` names; the device for both.
  func processor(_ place: SplitPlace) -> Processor { place == .npu ? npu : own }

  /// The places of a layer's products that are soonest done, what both wait for each other included: of all
  /// combinations, the layer before and after being equal.
  ///
  /// Complexity: O(parts + passes) costs of pieces, and 27 sums.
  func layer(_ kind: Int, _ shape: StepShape) -> (input: SplitPart, output: SplitPart, feedForward: SplitPart) {
    let choices = Product.allCases.map { product in
      options(shape, meetings: product.meetings) { product.cost(kind, $0, $1) }
    }
    var best: (seconds: Double, parts: [SplitPart])?
    for input in choices[0] {
      for output in choices[1] {
        for feedForward in choices[2] {
          let parts = [input, output, feedForward]
          let order = [input.place, attention, output.place, feedForward.place, input.place]
          let meetings = zip(order, order.dropFirst()).count { SplitPlace.meets($0, $1) } + feedForward.meetings
          let seconds = parts.reduce(Double(meetings) * sync) { $0 + $1.seconds }
          if seconds < best?.seconds ?? .infinity { best = (seconds, parts) }
        }
      }
    }
    let chosen = best?.parts ?? choices.compactMap(\.first)
    return (chosen[0], chosen[1], chosen[2])
  }

  /// Where a piece runs that is soonest done after a part at `place`.
  func piece(
    _ shape: StepShape, after place: SplitPlace, _ cost: (ModelPieces, StepShape) -> PieceCost
  ) -> SplitPart {
    let choices = options(shape, meetings: 0, cost)
    func seconds(_ part: SplitPart) -> Double { part.seconds + (SplitPlace.meets(place, part.place) ? sync : 0) }
    return choices.min { seconds($0) < seconds($1) } ?? choices[0]
  }

  /// Runs a part on its processors once what stands before has ended on both, `sync` seconds later where a processor
  /// needs what the other did.
  func run(_ part: SplitPart, _ label: TaskLabel, after place: SplitPlace, into plan: inout StepPlan) {
    let meetings = (SplitPlace.meets(place, part.place) ? 1 : 0) + part.meetings
    // The task before last may be of an earlier part, which ended before the last began.
    var back = 1
    for (processor, cost) in [(own, part.own), (npu, part.npu)] {
      guard let cost else { continue }
      plan.run(
        label, on: processor, cost, delay: Double(meetings) * sync, after: .last(of: ends, back: back),
        .last(of: ends, back: back + 1), into: ends)
      back += 1
    }
  }

  /// The soonest way to run a product at each of the allowed places, at least one.
  private func options(
    _ shape: StepShape, meetings: Int, _ cost: (ModelPieces, StepShape) -> PieceCost
  ) -> [SplitPart] {
    let onOwn = cost(own.pieces, shape)
    let tokens = shape.tokens
    let padded = cost(npu.pieces, shape)
    var passes: [(tokens: Int, cost: PieceCost)] = []
    if lengths != .padding { passes = self.passes(shape) { cost(npu.pieces, $0) } }
    let inPasses = passes.reduce(PieceCost()) { $0 + $1.cost }
    let isPadded = passes.isEmpty || (lengths == .remainder && padded.seconds <= inPasses.seconds)
    let onNPU = isPadded ? padded : inPasses
    return allowed.map { place in
      switch place {
      case .own: SplitPart(own: onOwn, npu: nil, meetings: 0, seconds: onOwn.seconds)
      case .npu: SplitPart(own: nil, npu: onNPU, meetings: 0, seconds: onNPU.seconds)
      case .both:
        both(onOwn, onNPU, tokens, lengths == .remainder ? passes : [], meetings, shape) { cost(own.pieces, $0) }
      }
    }
  }

  /// The soonest split of the columns, or of the tokens where the NPU takes the first of `passes` and the device the rest.
  private func both(
    _ onOwn: PieceCost, _ onNPU: PieceCost, _ tokens: Int, _ passes: [(tokens: Int, cost: PieceCost)],
    _ meetings: Int, _ shape: StepShape, _ rest: (StepShape) -> PieceCost
  ) -> SplitPart {
    func part(_ a: PieceCost, _ b: PieceCost, _ meetings: Int) -> SplitPart {
      let seconds = SharedRead(a, on: own).together(with: SharedRead(b, on: npu), limit: together)
      return SplitPart(own: a, npu: b, meetings: meetings, seconds: seconds)
    }
    var best = part(onOwn.columns(1 - 1 / Double(parts)), onNPU.columns(1 / Double(parts)), meetings)
    for count in 2..<max(3, parts) where count < parts {
      let share = Double(count) / Double(parts)
      let option = part(onOwn.columns(1 - share), onNPU.columns(share), meetings)
      if option.seconds < best.seconds { best = option }
    }
    var (taken, sum) = (0, PieceCost())
    for pass in passes where taken + pass.tokens < tokens {
      taken += pass.tokens
      sum = sum + pass.cost
      // Tokens are independent of each other throughout the block: both meet at its end alone.
      let option = part(rest(shape.products(of: tokens - taken)), sum, 0)
      if option.seconds + Double(option.meetings) * sync < best.seconds + Double(best.meetings) * sync { best = option }
    }
    return best
  }

  /// The NPU's programs that make up the tokens of a step, the longest first, the last one padded.
  private func passes(_ shape: StepShape, _ cost: (StepShape) -> PieceCost) -> [(tokens: Int, cost: PieceCost)] {
    var left = shape.tokens
    var passes: [(tokens: Int, cost: PieceCost)] = []
    while left > 0, let least = shapes.first {
      let tokens = shapes.last { $0 <= left } ?? least
      passes.append(
        passes.last?.tokens == tokens ? passes[passes.count - 1] : (tokens, cost(shape.products(of: tokens))))
      left -= tokens
    }
    return passes
  }
}

extension StepShape {
  /// A step whose products see `count` tokens, as many of which are sampled as there may be of its own.
  func products(of count: Int) -> StepShape {
    var part = StepShape(window: window)
    part.prefillTokens = count
    part.firstTokens = min(sampled, count)
    return part
  }
}
