/// A regular expression of module names, as quantisers write them behind `re:`, from the name's beginning on.
///
/// The library's `Regex` tries one way after another, which a hostile file can make take longer than any run. Matching here
/// follows every way at once, a bit of a word for each place of the name, and a repetition takes up each place once.
/// Repetitions within others can take long all the same, so that steps are counted.
struct NamePattern: Sendable {
  /// Names are cut to so many characters.
  static let longest = 127
  /// Most groups within one another.
  static let deepest = 8

  fileprivate indirect enum Node: Sendable {
    case one(ByteSet)
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

  /// A name, cut to ``longest`` bytes: the places of each byte, one in a bit.
  struct Name {
    fileprivate let count: Int
    fileprivate let places: [(byte: UInt8, bits: UInt128)]

    init(_ bytes: [UInt8]) {
      var found: [(byte: UInt8, bits: UInt128)] = []
      for (place, byte) in bytes.prefix(NamePattern.longest).enumerated() {
        let bit: UInt128 = 1 << UInt128(place)
        if let known = found.firstIndex(where: { $0.byte == byte }) {
          found[known].bits |= bit
        } else {
          found.append((byte, bit))
        }
      }
      count = min(bytes.count, NamePattern.longest)
      places = found
    }

    fileprivate func places(of bytes: ByteSet) -> UInt128 {
      places.reduce(0) { bytes.contains($1.byte) ? $0 | $1.bits : $0 }
    }
  }

  /// Whether the pattern matches a beginning of `name`, as Python's `re.match` does.
  ///
  /// What it takes is taken off `steps`; nothing matches where none are left.
  func matches(_ name: Name, _ steps: inout Int) -> Bool { advance(1, node, name, &steps) != 0 }

  /// The places reached from those in `places` by what `node` matches.
  private func advance(_ places: UInt128, _ node: Node, _ name: Name, _ steps: inout Int) -> UInt128 {
    guard places != 0, steps > 0 else { return 0 }
    steps -= 1
    switch node {
    case .one(let bytes):
      steps -= name.places.count
      return (places & name.places(of: bytes)) << 1
    case .start: return places & 1
    case .end: return places & (1 << UInt128(name.count))
    case .sequence(let nodes): return nodes.reduce(places) { advance($0, $1, name, &steps) }
    case .either(let nodes): return nodes.reduce(0) { $0 | advance(places, $1, name, &steps) }
    case .repeated(let inner, let isOptional):
      var reached = isOptional ? places : 0
      var (next, tried) = (places, UInt128(0))
      while next != 0 {
        tried |= next
        let found = advance(next, inner, name, &steps)
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
      // Elsewhere a bracket that comes first stands for itself.
      if next == UInt8(ascii: "]") { return nil }
      var found = ByteSet()
      while !take("]") {
        guard let low = next else { return nil }
        place += 1
        if low == UInt8(ascii: "\\") {
          guard let part = escaped() else { return nil }
          found.formUnion(part)
        } else if next == UInt8(ascii: "-"), place + 1 < bytes.count, bytes[place + 1] != UInt8(ascii: "]") {
          let high = bytes[place + 1]
          guard low <= high, high != UInt8(ascii: "\\") else { return nil }
          place += 2
          found.formUnion(ByteSet(low...high))
        } else {
          found.formUnion(ByteSet(low...low))
        }
      }
      return .one(isNegated ? found.inverted : found)
    }

    private mutating func escaped() -> ByteSet? {
      guard let byte = next else { return nil }
      place += 1
      let digits = ByteSet("0"..."9")
      let word = digits.union(ByteSet("A"..."Z")).union(ByteSet("a"..."z"))
      switch byte {
      case UInt8(ascii: "d"): return digits
      case UInt8(ascii: "w"): return word.union(ByteSet("_"..."_"))
      default: return word.contains(byte) ? nil : ByteSet(byte...byte)
      }
    }
  }
}

fileprivate extension NamePattern.Node {
  static let any = NamePattern.Node.one(ByteSet().inverted)
  static func just(_ byte: UInt8) -> NamePattern.Node { .one(ByteSet(byte...byte)) }
}
