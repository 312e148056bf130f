/// A law that a policy broke.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
  /// The law, as a sentence.
  public var law: String
  /// Where it was run.
  public var place: String
  /// What was found instead.
  public var found: String

  /// A broken law.
  public init(_ law: String, in place: String, found: String) {
    self.law = law
    self.place = place
    self.found = found
  }

  /// "no cache or memory holds more than it can: 'first' holds 13 GB of 12 GB, in layer-split".
  public var description: String { "\(law): \(found), in \(place)" }
}

/// Violations, the first few of each law.
struct ViolationLog {
  /// Violations of one law that are kept.
  private static let limit = 3

  let place: String
  private(set) var all: [Violation] = []

  init(_ place: String) { self.place = place }

  /// Notes what was found unless `holds`.
  mutating func expect(_ law: String, _ holds: Bool, _ found: @autoclosure () -> String) {
    guard !holds, all.count(where: { $0.law == law }) < Self.limit else { return }
    all.append(Violation(law, in: place, found: found()))
  }
}
