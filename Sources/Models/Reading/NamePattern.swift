/// A regular expression of module names, as quantisers write them behind `re:`, from the name's beginning on.
///
/// The library's `Regex` tries one way after another, which a hostile file can make take longer than any run. Matching here
/// follows every way at once, a bit of a word for each place of the name, and a repetition takes up each place once:
/// no longer than the pattern's length times that of the name squared, but for repetitions within others.
struct NamePattern: Sendable {
  /// Names are cut to so many characters.
  static let longest = 127
  /// Most groups within one another.
  static let deepest = 8

  fileprivate indirect enum Node: Sendable {
    case one(@Sendable (UInt8) -> Bool)
    case start, end
    case sequence([Node])
    case either([Node])
    /// Once or more often; not at all too where it is optional.
    case repeated(Node, isOptional: Bool)
  }

  private let node: Node

  /// A regular expression from the name's beginning on; nil where it has more than letters, classes, groups, `|`,
  /// anchors and repetitions.
  init?(expression: String) {
    var parser = Parser(bytes: Array(expression.utf8))
    guard let node = parser.alternatives(depth: 0), parser.isDone else { return nil }
    self.node = node
  }

  /// Whether the pattern matches a beginning of `name`, as Python's `re.match` does.
  func matches(_ name: String) -> Bool { advance(1, node, Array(name.utf8.prefix(Self.longest))) != 0 }

  /// The places reached from those in `places` by what `node` matches.
  private func advance(_ places: UInt128, _ node: Node, _ bytes: [UInt8]) -> UInt128 {
    guard places != 0 else { return 0 }
    switch node {
    case .one(let takes):
      var reached: UInt128 = 0
      for (place, byte) in bytes.enumerated() where places >> UInt128(place) & 1 == 1 && takes(byte) {
        reached |= 1 << UInt128(place + 1)
      }
      return reached
    case .start: return places & 1
    case .end: return places & (1 << UInt128(bytes.count))
    case .sequence(let nodes): return nodes.reduce(places) { advance($0, $1, bytes) }
    case .either(let nodes): return nodes.reduce(0) { $0 | advance(places, $1, bytes) }
    case .repeated(let inner, let isOptional):
      var reached = isOptional ? places : 0
      var (next, tried) = (places, UInt128(0))
      while next != 0 {
        tried |= next
        let found = advance(next, inner, bytes)
        reached |= found
        next = found & ~tried
      }
      return reached
    }
  }

  /// Reads a regular expression; nil from any part that is not understood.
  private struct Parser {
    let bytes: [UInt8]
    var place = 0

    var isDone: Bool { place == bytes.count }
    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: character) else { return false }
      place += 1
      return true
    }

    mutating func alternatives(depth: Int) -> Node? {
      guard depth < NamePattern.deepest else { return nil }
      var found: [Node] = []
      repeat {
        var nodes: [Node] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
          guard let node = atom(depth: depth), let repeated = repeated(node) else { return nil }
          nodes.append(repeated)
        }
        found.append(.sequence(nodes))
      } while take("|")
      return found.count == 1 ? found[0] : .either(found)
    }

    private mutating func repeated(_ node: Node) -> Node? {
      var node = node
      if take("*") {
        node = .repeated(node, isOptional: true)
      } else if take("+") {
        node = .repeated(node, isOptional: false)
      } else if take("?") {
        node = .either([node, .sequence([])])
      } else {
        return next == UInt8(ascii: "{") ? nil : node
      }
      // A repetition that takes as little as it can matches the same names.
      _ = take("?")
      return node
    }

    private mutating func atom(depth: Int) -> Node? {
      if take("^") { return .start }
      if take("$") { return .end }
      if take(".") { return .any }
      if take("(") {
        if take("?"), !take(":") { return nil }
        guard let inner = alternatives(depth: depth + 1), take(")") else { return nil }
        return inner
      }
      if take("[") { return oneOf() }
      if take("\\") { return escaped().map { .one($0) } }
      guard let byte = next, !"*+?{".utf8.contains(byte) else { return nil }
      place += 1
      return .just(byte)
    }

    private mutating func oneOf() -> Node? {
      let isNegated = take("^")
      var parts: [@Sendable (UInt8) -> Bool] = []
      while !take("]") {
        guard let low = next else { return nil }
        place += 1
        if low == UInt8(ascii: "\\") {
          guard let part = escaped() else { return nil }
          parts.append(part)
        } else if next == UInt8(ascii: "-"), place + 1 < bytes.count, bytes[place + 1] != UInt8(ascii: "]") {
          let high = bytes[place + 1]
          guard low <= high, high != UInt8(ascii: "\\") else { return nil }
          place += 2
          parts.append { (low...high).contains($0) }
        } else {
          parts.append { $0 == low }
        }
      }
      // Elsewhere a bracket that comes first stands for itself.
      guard !parts.isEmpty else { return nil }
      let all = parts
      return .one { byte in all.contains { $0(byte) } != isNegated }
    }

    private mutating func escaped() -> (@Sendable (UInt8) -> Bool)? {
      guard let byte = next else { return nil }
      place += 1
      let (digits, capitals, letters) = (
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z")
      )
      switch byte {
      case UInt8(ascii: "d"): return { digits.contains($0) }
      case UInt8(ascii: "w"):
        return { digits.contains($0) || capitals.contains($0) || letters.contains($0) || $0 == UInt8(ascii: "_") }
      case _ where digits.contains(byte) || capitals.contains(byte) || letters.contains(byte): return nil
      default: return { $0 == byte }
      }
    }
  }
}

fileprivate extension NamePattern.Node {
  static let any = NamePattern.Node.one { _ in true }
  static func just(_ byte: UInt8) -> NamePattern.Node { .one { $0 == byte } }
}
