import Synchronization
import Units

/// Notes what readers ask of documents, to hold the tables of keys against.
final class KeyRecorder: Sendable {
  /// What a reader expects under a key.
  enum Expected: Hashable, Sendable {
    case anything
    case text
    case choice([String])
    case count(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case quantity(DimensionFacts)
  }

  /// A key that was asked for.
  struct Asking: Hashable, Sendable {
    var document: Document
    var path: String
    var expected: Expected
  }

  /// The recorder of this task; nil where nobody listens.
  @TaskLocal static var current: KeyRecorder?

  private let seen = Mutex<Set<Asking>>([])

  /// Everything that was asked for, by path.
  var askings: [Asking] {
    seen.withLock { seen in
      seen.sorted {
        ($0.document.rawValue, $0.path, "\($0.expected)") < ($1.document.rawValue, $1.path, "\($1.expected)")
      }
    }
  }

  /// Notes a key.
  func note(_ document: Document, _ path: String, _ expected: Expected) {
    seen.withLock { _ = $0.insert(Asking(document: document, path: path, expected: expected)) }
  }
}

extension KeyRecorder.Expected {
  /// Whether a table that says `shape` of a key says what its reader expects.
  func agrees(with shape: Shape) -> Bool {
    if case .either(let shapes) = shape { return shapes.contains { agrees(with: $0) } }
    switch (self, shape) {
    case (.anything, _), (_, .open): return true
    case (.text, .text), (.text, .name), (.text, .spelled): return true
    case (.choice(let words), .choice(let known)): return Set(words) == Set(known)
    case (.choice(let words), .flag): return Set(words) == ["false", "true"]
    // The names of variants differ between scenarios.
    case (.choice, .name): return true
    case (.choice(let words), .oneOf(let options)): return Set(words) == Set(options.map(\.name))
    case (.count(let range), .count(let known)): return range == known
    case (.number(let range), .number(let known)): return range == known
    case (.quantity(let facts), .quantity(let known)): return facts.name == known.name
    default: return false
    }
  }

  /// The shape as a table would spell it.
  var spelled: String {
    switch self {
    case .anything: "..."
    case .text: ".text"
    case .choice(let words):
      words == ["false", "true"] ? ".flag" : ".choice([\(words.map { "\"\($0)\"" }.joined(separator: ", "))])"
    case .count(let range): ".count(\(range.lowerBound)...\(range.upperBound))"
    case .number(let range): ".number(\(range.lowerBound)...\(range.upperBound))"
    case .quantity(let facts): ".quantity(\(Self.type(facts)).self)"
    }
  }

  /// The type of a dimension's quantities: "ComputeRate" for "compute rate".
  private static func type(_ facts: DimensionFacts) -> String {
    guard facts.symbol != "s" else { return "Seconds" }
    return facts.name.split(separator: " ").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
