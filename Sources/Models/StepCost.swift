import Hardware
import Units

/// The time of one engine's steps: a model, laid out over devices, as cost terms per pipeline stage.
///
/// A step's seconds on a stage are the sum of the terms that do not read decode contexts, in order, and then of
/// those that do, in order; the sum is rounded once to whole picoseconds. For decode-only steps the first part
/// is tabulated by batch, so that a step costs one multiplication and comparison per context term:
/// ``tabulateDecode(batch:context:steps:from:into:)`` gives the same picoseconds as ``interval(of:)``.
public struct StepCost: Sendable {
  /// A set of terms that is no cost model.
  public enum Fault: Error, Hashable {
    /// A coefficient of the named term is negative or not finite, or a rate is not positive.
    case invalid(term: String)
    /// No stage, or a stage whose steps take no time.
    case empty
  }

  /// One stage of the pipeline.
  struct Stage: Sendable {
    var fixed: [CostTerm]
    var contextual: [CostTerm]
    /// What bounds the first contextual term's calls and bytes.
    var contextualRoofs: (launch: Roof, bytes: Roof)
    /// Seconds of the fixed terms of a decode-only step, by batch.
    var decodeFixed: [Double]
    var decodeRoofs: [RoofTimes]
    /// The contextual terms of a decode-only step, by batch, `contextual.count` for each.
    var decodeLines: [ContextLines]
  }

  var stages: [Stage]
  /// Largest decode batch that is tabulated; larger ones are computed term by term.
  public let tabulatedBatch: Int

  /// The terms of each stage in the order they are summed.
  public var terms: [[CostTerm]] { stages.map { $0.fixed + $0.contextual } }

  /// Stages of the pipeline; 1 without pipeline parallelism.
  public var stageCount: Int { stages.count }

  /// A cost from the terms of each pipeline stage, tabulated for decode batches up to `maxBatch`.
  ///
  /// - Throws: ``Fault`` where a term cannot be a cost or a decode step would take no time.
  public init(stages terms: [[CostTerm]], maxBatch: Int) throws(Fault) {
    guard !terms.isEmpty else { throw .empty }
    tabulatedBatch = max(1, maxBatch)
    stages = []
    for stage in terms {
      for term in stage {
        guard term.count >= 0, term.launch.isFinite, term.launch >= 0, term.operationRate > 0, term.byteRate > 0,
          term.operations.isValid, term.bytes.isValid
        else { throw .invalid(term: term.name) }
      }
      let contextual = stage.filter(\.readsDecodeContext)
      stages.append(
        Stage(
          fixed: stage.filter { !$0.readsDecodeContext }, contextual: contextual,
          contextualRoofs: (contextual.first?.launchRoof ?? .launch, contextual.first?.byteRoof ?? .memory),
          decodeFixed: [], decodeRoofs: [], decodeLines: []))
    }
    for index in stages.indices {
      for batch in 0...tabulatedBatch {
        let shape = StepShape(decodes: batch, context: 0)
        let (seconds, roofs) = fixedSeconds(shape, stages[index])
        stages[index].decodeFixed.append(seconds)
        stages[index].decodeRoofs.append(roofs)
        stages[index].decodeLines += stages[index].contextual.map { $0.runs(in: shape) ? $0.lines(shape) : .init() }
      }
    }
    guard stages.indices.allSatisfy({ interval(of: StepShape(decodes: 1, context: 1), stage: $0) > .zero }) else {
      throw .empty
    }
  }

  /// Seconds of the terms that do not read decode contexts, and what bounds them.
  private func fixedSeconds(_ shape: StepShape, _ stage: Stage) -> (Double, RoofTimes) {
    var total = 0.0
    var roofs = RoofTimes()
    for term in stage.fixed where term.runs(in: shape) {
      total += attribute(term, term.lines(shape), 0, to: &roofs)
    }
    return (total, roofs)
  }

  /// Adds a term's time to the roofs that bound it and returns it.
  private func attribute(_ term: CostTerm, _ lines: ContextLines, _ context: Double, to roofs: inout RoofTimes)
    -> Double
  {
    let (operations, bytes) = lines.roofs(context)
    roofs[term.launchRoof] += lines.launch
    roofs[operations > bytes ? .compute : term.byteRoof] += max(operations, bytes)
    return lines.seconds(context)
  }

  /// The time of a step of `shape` on a one-stage engine, or on stage `stage` of a pipeline.
  ///
  /// At least one picosecond. Complexity: O(terms).
  public func interval(of shape: StepShape, stage: Int = 0) -> Interval {
    if shape.prefillTokens == 0, shape.decodes <= tabulatedBatch {
      return Self.rounded(decodeSeconds(stages[stage], shape.decodes, Double(shape.decodeContext)))
    }
    return explained(shape, stage: stage).interval
  }

  /// The time of a step of `shape` and its seconds by roof.
  ///
  /// Complexity: O(terms).
  public func explained(_ shape: StepShape, stage: Int = 0) -> (interval: Interval, roofs: RoofTimes) {
    let costs = stages[stage]
    let context = Double(shape.decodeContext)
    var (seconds, roofs) = fixedSeconds(shape, costs)
    for term in costs.contextual where term.runs(in: shape) {
      seconds += attribute(term, term.lines(shape), context, to: &roofs)
    }
    return (Self.rounded(seconds), roofs)
  }

  @inline(__always)
  private func decodeSeconds(_ stage: Stage, _ batch: Int, _ context: Double) -> Double {
    var seconds = stage.decodeFixed[batch]
    let terms = stage.contextual.count
    for index in batch * terms..<(batch + 1) * terms {
      seconds += stage.decodeLines[index].seconds(context)
    }
    return seconds
  }

  /// Whole picoseconds of a step, at least 1 and at most 2^56 (20 hours), ties to even.
  @inline(__always)
  static func rounded(_ seconds: Double) -> Interval {
    let scaled = seconds * 1e12
    // Adding 1.5 * 2^52 leaves no bits after the point: the sum is rounded to nearest even by the addition itself.
    if scaled < 0x1p51 { return Interval(picoseconds: max(1, Int64((scaled + 0x1.8p52) - 0x1.8p52))) }
    return Interval(picoseconds: Int64(min(scaled, 0x1p56).rounded(.toNearestOrEven)))
  }

  /// The ends of up to `steps` decode-only steps of one stage, one after another from `start`.
  ///
  /// The first step reads `context` KV tokens (the new ones included), each later one `batch` more.
  /// Complexity: O(steps * context terms).
  public func tabulateDecode(
    batch: Int, context: Int, steps: Int, from start: Instant, into ends: UnsafeMutablePointer<Int64>
  ) {
    var now = start.picoseconds
    guard batch <= tabulatedBatch, stages[0].contextual.count == 1 else {
      for step in 0..<steps {
        now += interval(of: StepShape(decodes: batch, context: context + step * batch)).picoseconds
        ends[step] = now
      }
      return
    }
    let fixed = stages[0].decodeFixed[batch]
    let lines = stages[0].decodeLines[batch]
    // Steps only grow, so that if the first is not clamped from below and the last not from above, none is, and
    // eight at a time can be rounded as `rounded` does.
    let shortest = (fixed + lines.seconds(Double(context))) * 1e12
    let longest = (fixed + lines.seconds(Double(context + (steps + 7) * batch))) * 1e12
    guard shortest >= 1, longest < 0x1p51 else {
      for step in 0..<steps {
        now += Self.rounded(fixed + lines.seconds(Double(context + step * batch))).picoseconds
        ends[step] = now
      }
      return
    }
    let stride = SIMD8<Double>(repeating: Double(8 * batch))
    var contexts = SIMD8<Double>(0, 1, 2, 3, 4, 5, 6, 7) * Double(batch) + Double(context)
    var step = 0
    while step < steps {
      let operations = lines.operations + lines.operationsPerContext * contexts
      let bytes = lines.bytes + lines.bytesPerContext * contexts
      let slower = operations.replacing(with: bytes, where: operations .<= bytes)
      let scaled = (fixed + (lines.launch + slower)) * 1e12
      let bits = unsafeBitCast(scaled + 0x1.8p52, to: SIMD8<Int64>.self)
      let picoseconds = bits &- Int64(bitPattern: (0x1.8p52).bitPattern)
      for lane in 0..<min(8, steps - step) {
        now += picoseconds[lane]
        ends[step + lane] = now
      }
      contexts += stride
      step += 8
    }
  }

  /// Adds the seconds by roof of `steps` consecutive decode-only steps of a one-stage engine, the first of which reads
  /// `context` KV tokens, to `roofs`; `total` is their time.
  ///
  /// A contextual term is attributed to the roof that bounds it in the first step.
  public func addDecodeRoofs(batch: Int, context: Int, steps: Int, total: Interval, to roofs: inout RoofTimes) {
    guard batch <= tabulatedBatch, stages[0].contextual.count == 1 else {
      let middle = StepShape(decodes: batch, context: context + (steps - 1) * batch / 2)
      roofs.add(explained(middle).roofs, count: Double(steps))
      return
    }
    roofs.add(stages[0].decodeRoofs[batch], count: Double(steps))
    let lines = stages[0].decodeLines[batch]
    let (operations, bytes) = lines.roofs(Double(context))
    let launch = lines.launch * Double(steps)
    roofs[stages[0].contextualRoofs.launch] += launch
    roofs[operations > bytes ? .compute : stages[0].contextualRoofs.bytes] +=
      max(0, total.seconds - stages[0].decodeFixed[batch] * Double(steps) - launch)
  }
}
