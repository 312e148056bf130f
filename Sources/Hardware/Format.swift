/// A number format of weights, keys and values, activations or arithmetic.
public enum Format: String, CaseIterable, Hashable, Sendable {
  /// IEEE binary64.
  case fp64
  /// IEEE binary32.
  case fp32
  /// 19-bit tensor-core format held in 32 bits.
  case tf32
  /// 8 exponent bits, 7 fraction bits.
  case bf16
  /// IEEE binary16.
  case fp16
  /// E4M3 or E5M2.
  case fp8
  /// E2M1; its block scales are those of a ``StorageFormat``.
  case fp4
  /// 32-bit integer, an accumulator.
  case int32
  /// 8-bit integer.
  case int8
  /// 4-bit integer; its group scales are those of a ``StorageFormat``.
  case int4
  /// 3-bit integer, for storage.
  case int3
  /// 2-bit integer, for storage.
  case int2

  /// The formats that devices compute in; the others are for storage alone.
  public static let arithmetic = allCases.filter { $0 != .int3 && $0 != .int2 }

  /// Bytes of one element in memory.
  public var bytes: Double {
    switch self {
    case .fp64: 8
    case .fp32, .tf32, .int32: 4
    case .bf16, .fp16: 2
    case .fp8, .int8: 1
    case .fp4, .int4: 0.5
    case .int3: 0.375
    case .int2: 0.25
    }
  }

  /// The formats that arithmetic falls back to on a device without a rate for this one, in order.
  public var fallbacks: [Format] {
    switch self {
    case .fp64, .int32: []
    case .fp32: [.fp64]
    case .tf32, .bf16, .fp16: [.fp32]
    case .fp8, .int8, .fp4, .int4, .int3, .int2: [.fp16, .bf16, .fp32]
    }
  }
}
