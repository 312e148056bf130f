import Models

/// A step's sequences by where their keys and values are.
struct HybridSides {
  var device: StepShape
  var host: StepShape
}

/// What passes take whose sequences are attended on a device and on a processor beside it.
struct HybridProfile: Sendable {
  /// How the processor's part of a pass is computed.
  enum Schedule: String {
    case late, split
    /// By the device alone.
    case device
  }

  let pieces: ModelPieces
  let attending: ModelPieces
  /// The share of the device's rate at which the processor attends; nil where its own costs say.
  let rate: Double?

  /// What the processor takes to attend for `shape` in a layer.
  func attention(_ kind: Int, _ shape: StepShape) -> PieceCost {
    guard let rate else { return attending.kinds[kind].attention.cost(shape) }
    var cost = pieces.kinds[kind].attention.cost(shape)
    cost.compute /= rate
    cost.memory /= rate
    return cost
  }

  /// The way that makes the most tokens a second, or the one asked for, and the tokens of host memory whose sequences take
  /// part in a pass: of `hostTokens` in `sets` sets that take turns where it is late, and as many as the processor attends for
  /// within the device's work. Sequences have `context` tokens.
  ///
  /// Complexity: O(log sequences x layers).
  func chosen(
    _ asked: Schedule?, deviceTokens: Double, hostTokens: Double, context: Int, sets: Int
  ) -> (schedule: Schedule, tokens: Double) {
    let own = StepShape(decodes: max(1, Int(deviceTokens / Double(context))), context: max(1, Int(deviceTokens)))
    var best = (schedule: Schedule.device, tokens: 0.0)
    var fastest = asked == nil ? Double(own.decodes) / work(.device, HybridSides(device: own, host: StepShape())) : 0
    for schedule in [Schedule.late, .split] where asked == nil || asked == schedule {
      let most = schedule == .late ? hostTokens / Double(sets) : hostTokens
      let count = greatest(atMost: Int(most / Double(context))) { count in
        let sides = HybridSides(device: own, host: StepShape(decodes: count, context: count * context))
        return attention(sides.host) <= work(schedule, sides)
      }
      // What is left of a set that is smaller than all that fit is room for a part of a sequence.
      let tokens = count == Int(most / Double(context)) ? most : Double(count * context)
      let sides = HybridSides(device: own, host: StepShape(decodes: count, context: count * context))
      let speed = Double(own.decodes + count) / work(schedule, sides)
      if speed > fastest { (best, fastest) = ((schedule, tokens), speed) }
    }
    return best
  }

  /// Two parts of a split batch: the device's sequences with a part of the host's, and the rest. The host attends for the
  /// first while the second computes and the other way round, so that the shares are as their times are.
  func halves(_ sides: HybridSides) -> (one: HybridSides, two: HybridSides) {
    let hosted = sides.host.decodes
    let (own, other) = (linear(sides.device) + ownAttention(sides.device), linear(sides.host))
    let beside = own + other > 0 ? min(hosted, Int((Double(hosted) * other / (own + other)).rounded(.down))) : 0
    return (
      HybridSides(device: sides.device, host: sides.host.part(from: 0, to: beside, of: hosted)),
      HybridSides(
        device: StepShape(window: sides.device.window), host: sides.host.part(from: beside, to: hosted, of: hosted))
    )
  }

  /// The device's seconds of a pass.
  private func work(_ schedule: Schedule, _ sides: HybridSides) -> Double {
    guard schedule == .split, sides.host.decodes > 0 else {
      return linear(sides.device + sides.host) + ownAttention(sides.device)
    }
    let (one, two) = halves(sides)
    return linear(one.device + one.host) + linear(two.host) + ownAttention(one.device)
  }

  /// The processor's seconds of a pass.
  private func attention(_ shape: StepShape) -> Double {
    shape.decodes > 0 ? pieces.layers.reduce(0) { $0 + attention($1, shape).seconds } : 0
  }

  /// Seconds of a pass but for attention.
  private func linear(_ shape: StepShape) -> Double {
    pieces.layers.reduce(0) { sum, kind in
      let layer = pieces.kinds[kind]
      return sum + layer.input.seconds(shape) + layer.output.seconds(shape) + layer.feedForward.seconds(shape)
        + layer.routed(shape).seconds
    }
  }

  private func ownAttention(_ shape: StepShape) -> Double {
    pieces.layers.reduce(0) { $0 + pieces.kinds[$1].attention.seconds(shape) }
  }

  /// The greatest count up to `most` for which `fits` is true, which is so for every lesser one; 0 where it is for none.
  private func greatest(atMost most: Int, _ fits: (Int) -> Bool) -> Int {
    var (low, high) = (0, max(0, most))
    while low < high {
      let middle = low + (high - low + 1) / 2
      if fits(middle) { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

/// The sums of two steps.
func + (a: StepShape, b: StepShape) -> StepShape {
  var sum = a
  sum.add(b)
  return sum
}
