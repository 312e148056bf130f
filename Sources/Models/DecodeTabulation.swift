import Units

extension StepCost {
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
