/// The formats of a kernel's operands.
public struct KernelFormat: Hashable, Sendable {
  /// The name in files: "bf16", "fp8-block", "bf16/fp8" where keys and values are held in another format.
  public var name: String
  /// The format of the arithmetic.
  public var arithmetic: Format
  /// Bytes of a weight.
  public var weightBytes: Double
  /// Bytes of an activation as the arithmetic reads it.
  public var activationBytes: Double
  /// Bytes of an element of keys or values.
  public var cacheBytes: Double
  /// Whether the kernel turns 16-bit activations into those it reads.
  public var quantises: Bool

  private static let known: [(name: String, row: [String], Format, weight: Double, activation: Double)] = [
    ("fp32", ["fp32", "float32", "float"], .fp32, 4, 4),
    ("bf16", ["bf16", "bfloat16"], .bf16, 2, 2),
    ("fp16", ["fp16", "float16", "half"], .fp16, 2, 2),
    ("fp8", ["fp8"], .fp8, 1, 1),
    ("fp8-block", ["fp8-block", "fp8_block"], .fp8, 1, 1),
    ("int8", ["int8", "sq", "int8_sq"], .int8, 1, 1),
    ("int8-weights", ["int8-weights", "int8_wo"], .fp16, 1, 2),
    ("int4-weights", ["int4-weights", "int4_wo"], .fp16, 0.5, 2),
    ("int4", ["int4"], .int8, 0.5, 1),
    ("nvfp4", ["nvfp4"], .fp4, 0.5, 0.5),
    ("mxfp4-weights", ["mxfp4-weights", "w4a16_mxfp4"], .bf16, 0.53125, 2),
    ("mxfp4-fp8", ["mxfp4-fp8", "w4a8_mxfp4_mxfp8"], .fp8, 0.53125, 1),
    ("int4-fp8", ["int4-fp8", "w4afp8"], .fp8, 0.5, 1),
  ]

  /// The words that name a format.
  public static var words: [String] { known.map(\.name) }

  /// The formats that measurements name: `word` of the arithmetic, `cache` of keys and values where they differ.
  public init?(_ word: String, cache: String? = nil) {
    guard let found = Self.known.first(where: { $0.row.contains(word) }) else { return nil }
    name = found.name
    arithmetic = found.2
    weightBytes = found.weight
    activationBytes = found.activation
    cacheBytes = found.activation
    quantises = found.activation < 2
    guard let cache else { return }
    guard let held = Self.known.first(where: { $0.row.contains(cache) }) else { return nil }
    cacheBytes = held.weight
    if held.name != found.name { name += "/\(held.name)" }
  }

  /// The formats of a name as files spell it: "bf16/fp8".
  public init?(named name: String) {
    let parts = name.split(separator: "/").map(String.init)
    guard (1...2).contains(parts.count) else { return nil }
    self.init(parts[0], cache: parts.count == 2 ? parts[1] : nil)
  }
}
