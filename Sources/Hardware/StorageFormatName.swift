/// The names of storage formats.
///
/// A name is that of a format ("bf16"), of a block format ("mxfp4", "nvfp4", "mxfp8"), of groups with a scale
/// ("int4-g128") or of codebooks ("codebook-1x16-v8"). Groups have a scale in fp16 and a zero point as wide as an
/// element, as GPTQ stores them: int4-g128 has 4 + (16 + 4) / 128 bits. `-sFORMAT` names the scale's format, `-zFORMAT`
/// the zero point's, `-z0` leaves it out. A codebook's entries are fp16.
extension StorageFormat {
  /// Why a name names no format.
  public enum NameFault: Error, Hashable, Sendable {
    /// No format begins so.
    case unknown
    /// A part after the format's name, and what it should be.
    case part(String, expected: String)
  }

  /// Names without parts, with their formats.
  public static let named: [(name: String, format: StorageFormat)] =
    Format.allCases.map { ($0.rawValue, StorageFormat($0)) } + [
      ("fp8-e4m3", .fp8), ("fp8-e5m2", .fp8), ("mxfp8", .mxfp8), ("mxfp4", .mxfp4), ("nvfp4", .nvfp4),
    ]

  /// Examples of names with parts.
  public static let patterns = ["int4-g128", "int4-g32-sfp16-z0", "codebook-1x16-v8"]

  /// Bounds of group sizes, and of the vectors of codebooks.
  static let groupSizes = 8...65_536
  static let vectors = 1...64

  /// The format of a name.
  public init(name: String) throws(NameFault) {
    if let found = Self.named.first(where: { $0.name == name }) {
      self = found.format
      return
    }
    let parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    if parts[0] == "codebook" {
      self = try Self.codebook(parts)
    } else if let element = Format(rawValue: parts[0]), parts.count > 1, element.bytes <= 1 {
      self = try Self.groups(of: element, Array(parts.dropFirst()))
    } else {
      throw .unknown
    }
  }

  private static func groups(of element: Format, _ parts: [String]) throws(NameFault) -> StorageFormat {
    guard parts[0].first == "g", let size = Int(parts[0].dropFirst()), groupSizes.contains(size) else {
      throw .part(parts[0], expected: "g and a group of \(groupSizes.lowerBound) to \(groupSizes.upperBound) elements")
    }
    var groups = Groups(size: size, scaleBits: 16, zeroBits: Int(element.bytes * 8))
    for part in parts.dropFirst() {
      let bits = part == "z0" ? 0 : Format(rawValue: String(part.dropFirst())).map { Int($0.bytes * 8) }
      switch (part.first, bits) {
      case ("s", .some(let bits)): groups.scaleBits = bits
      case ("z", .some(let bits)): groups.zeroBits = bits
      default: throw .part(part, expected: "s and the scale's format, z and the zero point's, or z0")
      }
    }
    return StorageFormat(element, .groups(groups))
  }

  private static func codebook(_ parts: [String]) throws(NameFault) -> StorageFormat {
    let numbers = parts.count == 3 ? parts[1].split(separator: "x").map { Int($0) } : []
    guard numbers.count == 2, let count = numbers[0], let bits = numbers[1], (1...16).contains(count),
      (1...20).contains(bits), parts[2].first == "v", let vector = Int(parts[2].dropFirst()), vectors.contains(vector)
    else {
      throw .part(
        parts.dropFirst().joined(separator: "-"),
        expected: "books x bits of an index, then v and the elements of a vector: 1x16-v8")
    }
    return StorageFormat(.fp16, .codebook(Codebook(count: count, indexBits: bits, vector: vector)))
  }

  /// A name that means the format.
  public var description: String {
    if let found = Self.named.first(where: { $0.format == self }) { return found.name }
    switch scheme {
    case .plain: return element.rawValue
    case .groups(let groups):
      let name = "\(element.rawValue)-g\(groups.size)"
      let own = Int(element.bytes * 8)
      let scale = groups.scaleBits == 16 ? "" : "-s\(Self.widthName(groups.scaleBits))"
      let zero = groups.zeroBits == own ? "" : groups.zeroBits == 0 ? "-z0" : "-z\(Self.widthName(groups.zeroBits))"
      return name + scale + zero
    case .codebook(let book): return "codebook-\(book.count)x\(book.indexBits)-v\(book.vector)"
    }
  }

  /// The name of a format with so many bits.
  private static func widthName(_ bits: Int) -> String {
    Format.allCases.first { Int($0.bytes * 8) == bits }?.rawValue ?? "\(bits)"
  }
}
