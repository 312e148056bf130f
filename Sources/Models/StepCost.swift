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

  /// One stage of the pipeline.
  struct Stage: Sendable {
    /// The terms in the order they are summed: those that do not read decode contexts, then those that do.
    var terms: [CostTerm]
    /// The same, ready to be summed.
    var compiled: [CompiledTerm]
    /// Terms that do not read decode contexts.
    var fixedCount: Int
    /// Least seconds of the device's terms.
    var dispatch: Dispatch
    /// Seconds of the fixed terms of a decode-only step, by batch.
    var decodeFixed: [Double] = []
    var decodeRoofs: [RoofTimes] = []
    /// Least seconds of the contextual terms of a decode-only step, by batch: the dispatch time less the device's
    /// fixed terms, possibly negative.
    var decodeSlack: [Double] = []
    /// The contextual terms of a decode-only step, by batch, `contextualCount` for each.
    var decodeLines: [ContextLines] = []

    /// Whether a contextual term has a measured kernel, whose lines change with the context.
    var isMeasured = false
    /// Whether the first contextual term sees contexts through the window.
    var isWindowed = false

    /// Terms that read decode contexts.
    var contextualCount: Int { compiled.count - fixedCount }

    /// The line of contextual term `index` in a decode-only step of a tabulated batch, where one is measured. Apart, since
    /// the steps of most engines never ask.
    @inline(never)
    func line(_ index: Int, _ batch: Int, _ contexts: DecodeContexts) -> ContextLines {
      if let kernel = compiled[fixedCount + index].kernel {
        return compiled[fixedCount + index].decodeLine(kernel, batch: batch, contexts).line
      }
      return decodeLines[batch * contextualCount + index]
    }

    /// Whether the first contextual term lies on one line from `contexts` to a context in all of `last`.
    func isStraight(_ batch: Int, from contexts: DecodeContexts, to last: Int) -> Bool {
      guard isMeasured, let kernel = compiled[fixedCount].kernel else { return true }
      return compiled[fixedCount].decodeLine(kernel, batch: batch, contexts).until >= last
    }
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
          Self.attribute(term, lines, 0, to: &roofs)
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
  private static func attribute(
    _ term: borrowing CompiledTerm, _ lines: ContextLines, _ context: Double, to roofs: inout RoofTimes
  ) {
    let (operations, bytes) = lines.roofs(context)
    roofs[term.launchRoof] += lines.launch
    roofs[operations > bytes ? .compute : term.byteRoof] += max(operations, bytes)
  }

  /// Visits the terms of a step in order, and returns their seconds and what the dispatch adds to them.
  @inline(__always)
  private func walk(
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
        let lines = term.pointee.lines(shape, features, windowed)
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
  private static func exposed(_ contextual: Double, slack: Double) -> Double { max(0, slack - contextual) }

  /// The time of a step of `shape` on a one-stage engine, or on stage `stage` of a pipeline.
  ///
  /// At least one picosecond. Complexity: O(terms).
  public func interval(of shape: StepShape, stage: Int = 0) -> Interval {
    if shape.prefillTokens == 0, shape.decodes <= tabulatedBatch {
      return Self.rounded(decodeSeconds(stage, shape.decodes, DecodeContexts(shape)))
    }
    return Self.rounded(walk(shape, stage) { _, _, _ in }.seconds)
  }

  /// The time of a step of `shape` and its seconds by roof.
  ///
  /// Complexity: O(terms).
  public func explained(_ shape: StepShape, stage: Int = 0) -> (interval: Interval, roofs: RoofTimes) {
    var roofs = RoofTimes()
    let contexts = DecodeContexts(shape)
    let (seconds, exposed) = walk(shape, stage) { _, term, lines in
      Self.attribute(term.pointee, lines, lines.context(contexts), to: &roofs)
    }
    roofs[.host] += exposed
    return (Self.rounded(seconds), roofs)
  }

  /// The operators of a step of `shape` in the order they are summed, which add up to its time exactly.
  ///
  /// Complexity: O(terms).
  public func operators(of shape: StepShape, stage: Int = 0) -> [OperatorCost] {
    var operators: [OperatorCost] = []
    let contexts = DecodeContexts(shape)
    let (_, exposed) = walk(shape, stage) { index, pointer, lines in
      let context = lines.context(contexts)
      let (operations, bytes) = lines.roofs(context)
      let source = stages[stage].terms[index]
      let term = pointer.pointee
      let byRoof = operations > bytes ? Roof.compute : term.byteRoof
      operators.append(
        OperatorCost(
          name: source.name, calls: source.count, seconds: lines.seconds(context),
          operations: Double(source.count) * source.operations.value(shape, windowed: source.isWindowed),
          conversions: Double(source.count) * source.callConversions(shape),
          bytes: term.isHost ? 0 : Double(source.count) * source.callBytes(shape), byteRoof: term.byteRoof,
          bound: lines.launch > max(operations, bytes) ? term.launchRoof : byRoof))
    }
    if exposed > 0 {
      operators.append(
        OperatorCost(
          name: Self.dispatchName, calls: 1, seconds: exposed, operations: 0, conversions: 0, bytes: 0, byteRoof: .host,
          bound: .host))
    }
    return operators
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

  /// The ends of up to `steps` decode-only steps of one stage, one after another from `start`.
  ///
  /// Complexity: O(steps * context terms).
  public func tabulateDecode(
    _ run: DecodeRun, steps: Int, from start: Instant, into ends: UnsafeMutablePointer<Int64>
  ) {
    var now = start.picoseconds
    let batch = run.batch
    let context = stages[0].isWindowed ? run.windowed : run.context
    let growth = stages[0].isWindowed ? run.growing : batch
    guard batch <= tabulatedBatch, stages[0].contextualCount == 1,
      !stages[0].isMeasured
        || stages[0].isStraight(batch, from: DecodeContexts(run), to: context + (steps + 7) * growth)
    else {
      for step in 0..<steps {
        now += interval(of: StepShape(run.after(step), window: window)).picoseconds
        ends[step] = now
      }
      return
    }
    let fixed = stages[0].decodeFixed[batch]
    let slack = stages[0].decodeSlack[batch]
    let lines = stages[0].isMeasured ? stages[0].line(0, batch, DecodeContexts(run)) : stages[0].decodeLines[batch]
    func seconds(_ step: Int) -> Double {
      let contextual = lines.seconds(Double(context + step * growth))
      return (fixed + contextual) + Self.exposed(contextual, slack: slack)
    }
    // Steps only grow, so that if the first is not clamped from below and the last not from above, none is; and where
    // one roof bounds both, or the dispatch floors both or neither, so it is between. Then eight at a time can be
    // rounded as `rounded` does.
    let (first, last) = (Double(context), Double(context + (steps + 7) * growth))
    let (firstRoofs, lastRoofs) = (lines.roofs(first), lines.roofs(last))
    let isBytes = firstRoofs.0 <= firstRoofs.1
    let isFloored = slack > lines.seconds(first)
    guard seconds(0) * 1e12 >= 1, seconds(steps + 7) * 1e12 < 0x1p51, isBytes == (lastRoofs.0 <= lastRoofs.1),
      isFloored == (slack > lines.seconds(last))
    else {
      for step in 0..<steps {
        now += Self.rounded(seconds(step)).picoseconds
        ends[step] = now
      }
      return
    }
    let base = isBytes ? lines.bytes : lines.operations
    let slope = isBytes ? lines.bytesPerContext : lines.operationsPerContext
    var contexts = SIMD8<Double>(0, 1, 2, 3, 4, 5, 6, 7) * Double(growth) + Double(context)
    var step = 0
    while step < steps {
      let contextual = lines.launch + (base + slope * contexts)
      var sum = fixed + contextual
      if isFloored { sum += slack - contextual }
      let scaled = sum * 1e12
      let bits = unsafeBitCast(scaled + 0x1.8p52, to: SIMD8<Int64>.self)
      let picoseconds = bits &- Int64(bitPattern: (0x1.8p52).bitPattern)
      for lane in 0..<min(8, steps - step) {
        now &+= picoseconds[lane]
        ends[step &+ lane] = now
      }
      contexts += Double(8 * growth)
      step += 8
    }
  }

  /// Adds the seconds by roof of `steps` decode-only steps of a one-stage engine, the first of which is that of `run`,
  /// to `roofs`; `total` is their time.
  ///
  /// A lone contextual term is attributed to the roof that bounds it in the first step, and as much of each step to
  /// the host as its dispatch adds to the first; several are attributed as in the middle step.
  public func addDecodeRoofs(_ run: DecodeRun, steps: Int, total: Interval, to roofs: inout RoofTimes) {
    let batch = run.batch
    guard batch <= tabulatedBatch, stages[0].contextualCount == 1 else {
      let middle = DecodeRun(
        batch: batch, context: run.context + (steps - 1) * batch / 2,
        windowed: run.windowed + (steps - 1) * run.growing / 2, growing: run.growing)
      var shares = explained(StepShape(middle, window: window)).roofs
      shares.scale(by: total.seconds / shares.total)
      roofs.add(shares, count: 1)
      return
    }
    roofs.add(stages[0].decodeRoofs[batch], count: Double(steps))
    let contexts = DecodeContexts(run)
    let lines = stages[0].isMeasured ? stages[0].line(0, batch, contexts) : stages[0].decodeLines[batch]
    let context = lines.context(contexts)
    let (operations, bytes) = lines.roofs(context)
    let launch = lines.launch * Double(steps)
    let contextual = max(0, total.seconds - stages[0].decodeFixed[batch] * Double(steps))
    let exposed = Self.exposed(lines.seconds(context), slack: stages[0].decodeSlack[batch]) * Double(steps)
    let host = min(exposed, contextual)
    roofs[.host] += host
    roofs[stages[0].compiled[stages[0].fixedCount].launchRoof] += launch
    roofs[operations > bytes ? .compute : stages[0].compiled[stages[0].fixedCount].byteRoof] += max(
      0, contextual - host - launch)
  }
}
