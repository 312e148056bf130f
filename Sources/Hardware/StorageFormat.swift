/// How the elements of a tensor are stored: the format of an element, and what groups of elements share.
public struct StorageFormat: Hashable, Sendable, CustomStringConvertible {
  /// The format of an element; of an entry's elements where a codebook holds them.
  public var element: Format
  /// What is stored beside the elements, or in their stead.
  public var scheme: Scheme

  /// What is stored beside the elements, or in their stead.
  public enum Scheme: Hashable, Sendable {
    /// Nothing that counts: a scale for each tensor or row is less than a thousandth of it.
    case plain
    /// A scale, and perhaps a zero point, for each group of elements of a row.
    case groups(Groups)
    /// Indices into codebooks that the elements of a matrix share.
    case codebook(Codebook)
  }

  /// Groups of elements that share a scale.
  public struct Groups: Hashable, Sendable {
    /// Elements of a group.
    public var size: Int
    /// Bits of a group's scale.
    public var scaleBits: Int
    /// Bits of a group's zero point; 0 where values lie evenly about zero.
    public var zeroBits: Int

    /// Groups of `size` elements.
    public init(size: Int, scaleBits: Int, zeroBits: Int) {
      self.size = size
      self.scaleBits = scaleBits
      self.zeroBits = zeroBits
    }
  }

  /// Additive vector quantisation: each vector of elements is a sum of one entry of each codebook.
  ///
  /// Source: Egiazarian et al., "Extreme Compression of Large Language Models via Additive Quantization" (AQLM), 2024.
  public struct Codebook: Hashable, Sendable {
    /// Codebooks that are added up.
    public var count: Int
    /// Bits of an index: a codebook has 2^indexBits entries.
    public var indexBits: Int
    /// Elements of a vector.
    public var vector: Int

    /// Codebooks for vectors of `vector` elements.
    public init(count: Int, indexBits: Int, vector: Int) {
      self.count = count
      self.indexBits = indexBits
      self.vector = vector
    }
  }

  /// Elements of `element`, laid out as `scheme` says.
  public init(_ element: Format, _ scheme: Scheme = .plain) {
    self.element = element
    self.scheme = scheme
  }

  /// Bits of one element in memory, with its share of scales and zero points and without codebooks.
  public var bits: Double {
    switch scheme {
    case .plain: element.bytes * 8
    case .groups(let groups): element.bytes * 8 + Double(groups.scaleBits + groups.zeroBits) / Double(groups.size)
    case .codebook(let book): Double(book.count * book.indexBits) / Double(book.vector)
    }
  }

  /// Bytes of one element in memory, as ``bits``.
  public var bytes: Double { bits / 8 }

  /// Bytes of the codebooks of one matrix, whatever its size.
  public var codebookBytes: Double {
    guard case .codebook(let book) = scheme else { return 0 }
    return Double(book.count * book.vector) * Double(1 << book.indexBits) * element.bytes
  }

  /// Operations of the vector unit that turn one stored element into one to compute with.
  ///
  /// Counted as peak rates count: an instruction on a lane is two, as a multiply-add is. One instruction unpacks and
  /// converts; another multiplies by the scale and takes the zero point off; a codebook takes one for each entry that
  /// is added. Source: vLLM csrc/quantization/marlin/dequant.h (bit operations, then one floating-point operation into
  /// which the scale is fused); assumed for formats that it does not have.
  public var conversionOperations: Double {
    switch scheme {
    case .plain: 2
    case .groups: 4
    case .codebook(let book): Double(2 * book.count)
    }
  }

  /// Whether elements must be converted before a unit for `arithmetic` can take them.
  ///
  /// Formats of 16 bits and more are taken as they are, and so are those whose element the unit computes in: the units
  /// that compute in fp4 and fp8 apply block scales themselves.
  public func needsConversion(to arithmetic: Format) -> Bool {
    if case .codebook = scheme { return true }
    return element != arithmetic && element.bytes < 2
  }

  /// IEEE binary32.
  public static let fp32 = StorageFormat(.fp32)
  /// bfloat16.
  public static let bf16 = StorageFormat(.bf16)
  /// IEEE binary16.
  public static let fp16 = StorageFormat(.fp16)
  /// E4M3 or E5M2 with a scale for each tensor or row.
  public static let fp8 = StorageFormat(.fp8)
  /// 8-bit integers with a scale for each tensor or row.
  public static let int8 = StorageFormat(.int8)
  /// FP8 in blocks of 32 with a power of two in 8 bits. Source: OCP Microscaling Formats (MX) v1.0, 2023.
  public static let mxfp8 = StorageFormat(.fp8, .groups(Groups(size: 32, scaleBits: 8, zeroBits: 0)))
  /// FP4 in blocks of 32 with a power of two in 8 bits. Source: OCP Microscaling Formats (MX) v1.0, 2023.
  public static let mxfp4 = StorageFormat(.fp4, .groups(Groups(size: 32, scaleBits: 8, zeroBits: 0)))
  /// FP4 in blocks of 16 with an E4M3 scale. Source: NVIDIA, "Introducing NVFP4", 2025.
  public static let nvfp4 = StorageFormat(.fp4, .groups(Groups(size: 16, scaleBits: 8, zeroBits: 0)))
}
