/// The separate kernels that an eager framework makes of operators that engines fuse, each of which reads its operands
/// from memory and writes its result there.
///
/// Bytes are those of one element of a token, `a` being those of an activation; norms compute in 4-byte numbers. Source:
/// modeling_llama.py of Hugging Face's transformers (LlamaRMSNorm, apply_rotary_pos_emb, repeat_kv, LlamaMLP). The copies
/// that its decode steps make of the whole KV cache are not counted.
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

  /// The activation function, and the product with the other half where there is one.
  static func activation(_ a: Double, isGated: Bool) -> Pass {
    Pass(kernels: isGated ? 2 : 1, bytes: isGated ? 5 * a : 2 * a)
  }
}

extension Operators {
  /// Whether operators run as the separate kernels of an eager framework.
  var isEager: Bool { device.execution.isEager }

  /// `term` as eager kernels: so many, moving so many bytes of a token.
  func eager(_ term: CostTerm, _ role: Layer.Role, kernels: Double, bytes: Double) -> CostTerm {
    var term = term
    term.launch = rates.elementwise.launch * kernels
    term.bytes = perToken(role, bytes)
    term.kernel = nil
    return term
  }
}
