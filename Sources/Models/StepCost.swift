import Hardware
import Units

/// The time of one engine's steps: a model, laid out over devices, as cost terms per pipeline stage.
///
/// A step's seconds on a stage are the sum of the terms that do not read decode contexts, in order, and then of
/// those that do, in order. The host issues kernels while the device runs them: the device's terms take at least the
/// stage's dispatch time, and what that adds comes last. The sum is rounded once to whole picoseconds. For
/// decode-only steps the first part is tabulated by batch, so that a step costs one multiplication and comparison
/// per context term: ``tabulateDecode(_:steps:from:into:)`` gives the same picoseconds as
/// ``interval(of:stage:)``.
public struct StepCost: Sendable {
  /// A set of terms that is no cost model.
  public enum Fault: Error, Hashable {
    /// A coefficient of the named term is negative or not finite, or a rate is not positive.
    case invalid(term: String)
    /// No stage, or a stage whose steps take no time.
    case empty
  }

  var stages: [Stage]
  /// Largest decode batch that is tabulated; larger ones are computed term by term.
  public let tabulatedBatch: Int

  /// The terms of each stage in the order they are summed.
  public var terms: [[CostTerm]] { stages.map(\.terms) }

  /// Stages of the pipeline; 1 without pipeline parallelism.
  public var stageCount: Int { stages.count }
  /// Tokens that a query of a windowed layer sees at most, itself included; 0 where no term is windowed. The shapes
  /// of steps are to be of this window.
  public let window: Int

  /// A cost from the terms of each pipeline stage, tabulated for decode batches up to `maxBatch`.
  ///
  /// `dispatch` gives each stage's dispatch times; none where it is empty. `window` is that of the windowed terms.
  /// - Throws: ``Fault`` where a term cannot be a cost or a decode step would take no time.
  public init(
    stages terms: [[CostTerm]], maxBatch: Int, dispatch: [Dispatch] = [], window: Int = 0
  ) throws(Fault) {
    guard !terms.isEmpty else { throw .empty }
    let windowed = terms.lazy.joined().first(where: \.isWindowed)
    if let windowed, window < 1 { throw .invalid(term: windowed.name) }
    self.window = windowed == nil ? 0 : window
    tabulatedBatch = max(1, maxBatch)
    stages = []
    for (index, stage) in terms.enumerated() {
      for term in stage where !term.isValid { throw .invalid(term: term.name) }
      let dispatch = index < dispatch.count ? dispatch[index] : Dispatch()
      guard dispatch.isValid else { throw .invalid(term: Self.dispatchName) }
      let fixed = stage.filter { !$0.readsDecodeContext }
      let contextual = stage.filter(\.readsDecodeContext)
      let terms = fixed + contextual
      let isMeasured = contextual.contains { $0.kernel != nil }
      stages.append(
        Stage(
          terms: terms, compiled: terms.map { CompiledTerm($0, maxBatch: tabulatedBatch) }, fixedCount: fixed.count,
          dispatch: dispatch,
          isMeasured: isMeasured, isWindowed: contextual.first?.isWindowed ?? false))
    }
    for index in stages.indices {
      for batch in 0...tabulatedBatch {
        let shape = StepShape(decodes: batch, context: 0)
        var roofs = RoofTimes()
        var seconds = 0.0
        var device = 0.0
        for term in stages[index].compiled.prefix(stages[index].fixedCount) where term.runs(in: shape) {
          let lines = term.lines(shape, shape.features, shape.windowedFeatures)
          withUnsafePointer(to: term) { Self.attribute($0, lines, 0, to: &roofs) }
          seconds += lines.seconds(0)
          if !term.isHost { device += lines.seconds(0) }
        }
        stages[index].decodeSlack.append(stages[index].dispatch.decode - device)
        stages[index].decodeFixed.append(seconds)
        stages[index].decodeRoofs.append(roofs)
        stages[index].decodeLines += stages[index].compiled.dropFirst(stages[index].fixedCount).map {
          $0.runs(in: shape) ? $0.lines(shape, shape.features, shape.windowedFeatures) : ContextLines()
        }
      }
    }
    let least = DecodeContexts(DecodeRun(batch: 1, context: 1))
    guard stages.indices.allSatisfy({ decodeSeconds($0, 1, least) > 0 }) else { throw .empty }
  }

  /// The name under which ``operators(of:stage:)`` lists what the host's dispatch adds to a step.
  static let dispatchName = "host.dispatch"

  /// Adds a term's time to the roofs that bound it.
  @inline(__always)
  static func attribute(
    _ term: UnsafePointer<CompiledTerm>, _ lines: ContextLines, _ context: Double, to roofs: inout RoofTimes
  ) {
    let (operations, bytes) = lines.roofs(context)
    roofs[term.pointee.launchRoof] += lines.launch
    roofs[operations > bytes ? .compute : term.pointee.byteRoof] += max(operations, bytes)
  }

  /// Visits the terms of a step in order, and returns their seconds and what the dispatch adds to them.
  @inline(__always)
  func walk(
    _ shape: StepShape, _ stage: Int,
    _ visit: (_ index: Int, _ term: UnsafePointer<CompiledTerm>, _ lines: ContextLines) -> Void
  ) -> (seconds: Double, exposed: Double) {
    let features = shape.features
    let windowed = window > 0 ? shape.windowedFeatures : features
    let contexts = DecodeContexts(shape)
    let fixedCount = stages[stage].fixedCount
    let dispatch = shape.prefillTokens > 0 ? stages[stage].dispatch.prefill : stages[stage].dispatch.decode
    return stages[stage].compiled.withUnsafeBufferPointer { terms in
      var seconds = 0.0
      var device = 0.0
      var contextual = 0.0
      for index in 0..<terms.count {
        // A pointer, since a term is too large to copy at each look.
        let term = terms.baseAddress.unsafelyUnwrapped + index
        guard term.pointee.runs(in: shape) else { continue }
        let lines = term.lines(shape, features, windowed)
        visit(index, term, lines)
        let part = lines.seconds(lines.context(contexts))
        seconds += part
        if index >= fixedCount {
          contextual += part
        } else if !term.pointee.isHost {
          device += part
        }
      }
      let exposed = Self.exposed(contextual, slack: dispatch - device)
      return (seconds + exposed, exposed)
    }
  }

  /// What the host's dispatch adds to a step whose contextual terms take `contextual` seconds.
  @inline(__always)
  static func exposed(_ contextual: Double, slack: Double) -> Double { max(0, slack - contextual) }

  /// The time of a step of `shape` on a one-stage engine, or on stage `stage` of a pipeline.
  ///
  /// At least one picosecond. Complexity: O(terms).
  public func interval(of shape: StepShape, stage: Int = 0) -> Interval {
    if shape.prefillTokens == 0, shape.decodes <= tabulatedBatch {
      return Self.rounded(decodeSeconds(stage, shape.decodes, DecodeContexts(shape)))
    }
    return Self.rounded(walk(shape, stage) { _, _, _ in }.seconds)
  }

  @inline(__always)
  private func decodeSeconds(_ index: Int, _ batch: Int, _ contexts: DecodeContexts) -> Double {
    stages.withUnsafeBufferPointer { stages in
      // A pointer, since a stage is too large to copy at each look.
      let stage = stages.baseAddress.unsafelyUnwrapped + index
      var seconds = stage.pointee.decodeFixed[batch]
      var contextual = 0.0
      let terms = stage.pointee.contextualCount
      for term in 0..<terms {
        let lines =
          stage.pointee.isMeasured
          ? stage.pointee.line(term, batch, contexts) : stage.pointee.decodeLines[batch * terms + term]
        let part = lines.seconds(lines.context(contexts))
        seconds += part
        contextual += part
      }
      return seconds + Self.exposed(contextual, slack: stage.pointee.decodeSlack[batch])
    }
  }

  /// Whole picoseconds of a step, at least 1 and at most 2^56 (20 hours), ties to even.
  @inline(__always)
  static func rounded(_ seconds: Double) -> Interval {
    let scaled = seconds * 1e12
    // Adding 1.5 * 2^52 leaves no bits after the point: the sum is rounded to nearest even by the addition itself.
    if scaled < 0x1p51 { return Interval(picoseconds: max(1, Int64((scaled + 0x1.8p52) - 0x1.8p52))) }
    return Interval(picoseconds: Int64(min(scaled, 0x1p56).rounded(.toNearestOrEven)))
  }
}
