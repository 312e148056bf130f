import Hardware

/// The separate kernels that an eager framework makes of operators that engines fuse, each of which reads its operands
/// from memory and writes its result there.
///
/// Bytes are those of one element of a token, `a` being those of an activation; norms compute in 4-byte numbers. Source:
/// modeling_llama.py of Hugging Face's transformers (LlamaRMSNorm, apply_rotary_pos_emb, repeat_kv, LlamaMLP), and for the
/// gate of a mixture deepspeed/moe/sharded_moe.py (TopKGate, top1gating). The copies that decode steps make of the whole KV
/// cache, and products with masks that send tokens to experts, are not counted.
enum EagerKernels {
  /// Kernels in place of one, and bytes of an element over all of them.
  struct Pass {
    var kernels: Double
    var bytes: Double
  }

  /// One norm: to 4 bytes, square, mean, epsilon, root, product, back, and weights; of a norm with a shift PyTorch has one
  /// kernel.
  static func norm(_ a: Double, shifts: Bool) -> Pass {
    shifts
      ? Pass(kernels: 1, bytes: 2 * a)
      : Pass(kernels: 8, bytes: (a + 4) + (4 + 4) + 4 + (4 + 4) + (4 + a) + 2 * a)
  }

  /// A residual sum.
  static func sum(_ a: Double) -> Pass { Pass(kernels: 1, bytes: 3 * a) }

  /// Rotary positions of queries or keys: times cosines; half of them negated, put before the others, times sines; both
  /// summed.
  static func positions(_ a: Double) -> Pass { Pass(kernels: 5, bytes: 2 * a + a + 2 * a + 2 * a + 3 * a) }

  /// The gate of a mixture with one expert a token, of which an element is one expert's score: scores in 4 bytes, softmax,
  /// largest, one-hot (two), sum, two means, their product and its sum (six with conversions), largest per expert, the mask
  /// of those (three), running sum and one less, places (two), scores of the chosen (two), places one-hot (three), their
  /// product and mask. Masks are of 8-byte numbers.
  static let gate = Pass(
    kernels: 1 + 1 + 1 + 1 + 2 + 1 + 6 + 1 + 3 + 2 + 2 + 2 + 3 + 2,
    bytes: 8 + 4 + 16 + 8 + (4 + 12 + 4) + 8 + (8 + 8 + 24) + (16 + 16) + (24 + 8) + (12 + 12))

  /// The activation function, and the product with the other half where there is one.
  static func activation(_ a: Double, isGated: Bool) -> Pass {
    Pass(kernels: isGated ? 2 : 1, bytes: isGated ? 5 * a : 2 * a)
  }
}

extension Operators {
  /// Whether `part` runs as the separate kernels of an eager framework.
  func isEager(_ part: EagerPart) -> Bool { device.execution.eager.contains(part) }

  /// `term` as eager kernels: so many, moving so many bytes of a token.
  func eager(_ term: CostTerm, _ role: Layer.Role, kernels: Double, bytes: Double) -> CostTerm {
    var term = term
    term.launch = rates.elementwise.launch * kernels
    term.bytes = perToken(role, bytes)
    term.kernel = nil
    return term
  }
}
