import Units

extension StepCost {
  /// The time of a step of `shape` and its seconds by roof.
  ///
  /// Complexity: O(terms).
  public func explained(_ shape: StepShape, stage: Int = 0) -> (interval: Interval, roofs: RoofTimes) {
    var roofs = RoofTimes()
    let contexts = DecodeContexts(shape)
    let (seconds, exposed) = walk(shape, stage) { _, term, lines in
      Self.attribute(term, lines, lines.context(contexts), to: &roofs)
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
}
