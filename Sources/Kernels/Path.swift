import CKernels

/// An instruction set that the kernels are written for.
public struct Path: Hashable, Sendable {
  /// Its place in ascending order of preference.
  public let index: Int32

  /// "avx2", "avx512-vnni", "neon", "portable".
  public var name: String { String(cString: ck_path_name(index)) }

  /// All of this architecture, whether the processor has them or not.
  public static let all = (0..<ck_path_count()).map(Path.init(index:))

  /// Those that the processor has.
  public static let supported = all.filter { ck_path_supported($0.index) }

  /// The path to measure: the widest, but dot products of bf16 only where they beat two multiply-adds of floats (they
  /// do on Zen 4 and later, and do not on Sapphire Rapids, where one takes two cycles).
  public static func best() -> Path {
    let path = supported.last ?? Path(index: 0)
    guard let pool = Pool(threads: 1, path: path), let next = supported.dropLast().last else { return path }
    func rate(_ format: ck_format) -> Double {
      (0..<5).map { _ in
        let clock = ContinuousClock()
        var operations = 0.0
        let time = clock.measure { operations = ck_peak(pool.handle, format, 100_000) }
        return operations / max(time.seconds, 1e-9)
      }.max() ?? 0
    }
    let half = rate(CK_BF16)
    return half > 0 && half < rate(CK_FP32) ? next : path
  }

  /// The most rows whose sums a tile of `format` holds in registers.
  public func mostRows(_ format: WeightFormat) -> Int { Int(ck_path_rows(index, format.code)) }
}

/// What weights are stored in.
public enum WeightFormat: String, CaseIterable, Hashable, Sendable {
  /// 32-bit floats.
  case fp32
  /// 16-bit floats, with activations rounded likewise and sums in fp32.
  case bf16
  /// Bytes with a float scale per group, with activations quantised to bytes likewise.
  case int8
  /// Nibbles with a float scale per group, with activations quantised to bytes.
  case int4

  var code: ck_format {
    switch self {
    case .fp32: CK_FP32
    case .bf16: CK_BF16
    case .int8: CK_INT8
    case .int4: CK_INT4
    }
  }

  /// Values in a 4-byte word.
  public var perWord: Int { 1 << Int(code.rawValue) }

  /// What the KV cache beside such weights is stored in.
  public var cache: WeightFormat { self == .fp32 ? .fp32 : .bf16 }
}

extension Duration {
  /// In seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
