import Hardware

/// Mamba-2 mixers.
///
/// A prompt is computed chunk by chunk: with chunks of Q tokens, N state elements per element of a head, g groups and an
/// inner width d, a token has 2 Q N g operations for the products of the states' projections, 2 Q d for those with the
/// inputs, and 2 N d each to build a chunk's state and to read it. A decoding sequence reads and writes its state once
/// a step, with 3 operations per element to advance it and 2 to read it. Source: Dao, Gu, "Transformers are SSMs",
/// 2024, section 6 and listing 1. The convolution and the recurrence of decoding are bound by bytes and run on the
/// vector unit.
extension Operators {
  /// `layers` mixers.
  func mix(_ layers: Int, _ shape: StateSpace) -> [CostTerm] {
    let inner = Double(shape.inner) / tensor
    let heads = Double(shape.heads) / tensor
    let groups = Double(layout.stateGroups(of: shape))
    let size = Double(shape.stateSize)
    let channels = inner + 2 * groups * size
    let state = inner * size
    let share = 1 / self.groups

    var convolution = elementwise("mamba.convolution", layers, .decoder, bytes: 2 * channels * activation)
    convolution.bytes.perDecode += 2 * channels * Double(shape.convolution) * activation * share
    convolution.lasting.perDecode = 2 * channels * Double(shape.convolution) * activation * share
    var scan = term("mamba.prefill", layers, .prefill, rates.products(.attention))
    scan.launch *= 5  // the kernels of listing 1: chunk sums, states, their passing on, their products, the scan
    let chunk = Double(shape.chunk)
    scan.operations.perPrefillToken = (2 * chunk * size * groups + 2 * chunk * inner + 4 * size * inner) * share
    scan.bytes.perPrefillToken = ((2 * inner + 2 * groups * size + heads) + 4 * state / chunk) * activation * share
    var step = term("mamba.decode", layers, .decode, rates.elementwise)
    step.operationRate = rates.conversion
    step.operations.perDecode = 5 * state * share
    step.lasting.perDecode = 2 * state * activation * share
    step.bytes.perDecode = (2 * state + 2 * inner + 2 * groups * size + heads) * activation * share
    return [
      product("mamba.in", layers, .attention, from: hidden, to: inner + channels + heads), convolution, scan, step,
      elementwise("mamba.norm", layers, .decoder, bytes: 3 * inner * activation),
      product("mamba.out", layers, .attention, from: inner, to: hidden),
    ]
  }
}
