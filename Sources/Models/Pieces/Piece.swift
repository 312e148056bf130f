import Hardware

/// Operators of a model that run on one device one after another: what a placement policy places as one.
///
/// A class, so that it is cheap to look at.
public final class Piece: Sendable {
  private let terms: [CompiledTerm]
  /// Terms before the first that reads decode contexts.
  private let fixedCount: Int
  /// What those cost in a step that only decodes, by batch.
  private let decodeFixed: [PieceCost]
  /// The others in such a step, by batch, as many for each; none where one has a measured kernel, whose lines change with
  /// the context.
  private let decodeLines: [ContextLines]
  /// Bytes of weights that it reads on each device; those of routed experts are not among them.
  public let weights: Double
  /// Whether it can take no time.
  public var isEmpty: Bool { terms.isEmpty }

  init(_ terms: [CostTerm], maxBatch: Int) {
    let compiled = terms.map { CompiledTerm($0, maxBatch: maxBatch) }
    let fixedCount = terms.firstIndex(where: \.readsDecodeContext) ?? terms.count
    self.terms = compiled
    self.fixedCount = fixedCount
    let shapes = (0...max(0, min(maxBatch, EngineCost.largestTable))).map { StepShape(decodes: $0, context: 0) }
    decodeFixed = shapes.map { Self.sum(compiled, 0..<fixedCount, $0, from: PieceCost()) }
    let contextual = compiled[fixedCount...]
    decodeLines =
      contextual.contains { $0.kernel != nil }
      ? []
      : shapes.flatMap { shape in
        contextual.map {
          $0.runs(in: shape) ? $0.lines(shape, shape.features, shape.windowedFeatures) : ContextLines()
        }
      }
    weights = terms.reduce(0) { sum, term in
      term.product == nil ? sum : sum + Double(term.count) * term.bytes.constant
    }
  }

  /// What a step of `shape` costs: its seconds, and what bounds most of them.
  ///
  /// Complexity: O(operators); of a step that only decodes, O(1 + operators from the first that reads contexts on).
  public func cost(_ shape: StepShape) -> PieceCost {
    guard shape.prefillTokens | shape.firstTokens == 0, shape.decodes < decodeFixed.count else {
      return Self.sum(terms, 0..<terms.count, shape, from: PieceCost())
    }
    let fixed = decodeFixed[shape.decodes]
    let count = terms.count - fixedCount
    guard count > 0 else { return fixed }
    guard !decodeLines.isEmpty else { return Self.sum(terms, fixedCount..<terms.count, shape, from: fixed) }
    let contexts = DecodeContexts(shape)
    var cost = fixed
    for index in shape.decodes * count..<(shape.decodes + 1) * count { cost.add(decodeLines[index], contexts) }
    return cost
  }

  /// `cost` and that of the terms of `range` after it, in order, so that the sum is the same wherever it starts.
  private static func sum(
    _ terms: [CompiledTerm], _ range: Range<Int>, _ shape: StepShape, from cost: PieceCost
  ) -> PieceCost {
    let features = shape.features
    let windowed = shape.window > 0 ? shape.windowedFeatures : features
    let contexts = DecodeContexts(shape)
    var cost = cost
    terms.withUnsafeBufferPointer { terms in
      for index in range {
        // A pointer, since a term is too large to copy at each look.
        let term = terms.baseAddress.unsafelyUnwrapped + index
        guard term.pointee.runs(in: shape) else { continue }
        cost.add(term.lines(shape, features, windowed), contexts)
      }
    }
    return cost
  }

  /// The seconds of a step of `shape`. Complexity: as ``cost(_:)``.
  public func seconds(_ shape: StepShape) -> Double { cost(shape).seconds }
}

/// Seconds of a piece by what bounds each of its operators.
public struct PieceCost: Hashable, Sendable {
  /// Launches and what else takes the same whatever the size.
  public var launch = 0.0
  /// Operators bound by arithmetic.
  public var compute = 0.0
  /// Operators bound by bytes.
  public var memory = 0.0

  /// No time.
  public init() {}

  /// Adds an operator that reads `contexts`.
  @inline(__always)
  fileprivate mutating func add(_ lines: ContextLines, _ contexts: DecodeContexts) {
    let (operations, bytes) = lines.roofs(lines.context(contexts))
    launch += lines.launch
    if operations > bytes { compute += operations } else { memory += bytes }
  }

  /// All of it.
  public var seconds: Double { launch + compute + memory }

  /// What bounds most of it.
  public var roof: Roof {
    if memory >= compute, memory >= launch { return .memory }
    return compute >= launch ? .compute : .launch
  }

  /// The sum of both.
  public static func + (a: PieceCost, b: PieceCost) -> PieceCost {
    var sum = a
    sum.launch += b.launch
    sum.compute += b.compute
    sum.memory += b.memory
    return sum
  }
}
