/// Collects the diagnostics of a text, so that all of its faults are told at once.
///
/// Holds at most ``limit`` of them; equal ones count once, and warnings in the same words too, wherever they are of. Not to be shared between threads.
public final class Diagnostics {
  /// Most diagnostics that are kept.
  public static let limit = 100

  /// What was told, in the order it was found.
  public private(set) var all: [Diagnostic] = []
  /// How many were found and not kept.
  public private(set) var dropped = 0
  private var droppedErrors = 0
  private var seen: Set<Diagnostic> = []
  private var warned: Set<[String]> = []

  /// An empty collection.
  public init() {}

  /// Adds a diagnostic unless it was told before or there are too many.
  public func add(_ diagnostic: Diagnostic) {
    guard !seen.contains(diagnostic) else { return }
    if diagnostic.severity == .warning {
      guard warned.insert([diagnostic.what, diagnostic.why, diagnostic.fix]).inserted else { return }
    }
    guard all.count < Self.limit else {
      dropped += 1
      droppedErrors += diagnostic.severity == .error ? 1 : 0
      return
    }
    seen.insert(diagnostic)
    all.append(diagnostic)
  }

  /// Adds an error.
  public func error(at place: Place?, _ what: String, why: String = "", fix: String = "") {
    add(Diagnostic(.error, at: place, what, why: why, fix: fix))
  }

  /// Adds a warning.
  public func warning(at place: Place?, _ what: String, why: String = "", fix: String = "") {
    add(Diagnostic(.warning, at: place, what, why: why, fix: fix))
  }

  /// Errors so far.
  public var errorCount: Int { all.count { $0.severity == .error } + droppedErrors }

  /// All of them in the order of their places, and a note where some were not kept.
  public var faults: Faults {
    let more = Diagnostic(.note, at: nil, "\(dropped) more faults are not shown", fix: "mend these first")
    return Faults(dropped > 0 ? all + [more] : all)
  }

  /// Throws all diagnostics if there is an error among them.
  /// - Throws: ``Faults``.
  public func check() throws(Faults) {
    if errorCount > 0 { throw faults }
  }
}

/// The diagnostics of a text that cannot be used, in the order of their places.
public struct Faults: Error, Hashable, Sendable, CustomStringConvertible {
  /// At least one error, and what else was found.
  public var diagnostics: [Diagnostic]

  /// The faults in the order of file, line and column; those without a place come last.
  public init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics.enumerated().sorted { a, b in
      switch (a.element.place, b.element.place) {
      case (let x?, let y?):
        (x.source.name, x.line, x.column, a.offset) < (y.source.name, y.line, y.column, b.offset)
      case (nil, nil): a.offset < b.offset
      case (let x, _): x != nil
      }
    }.map(\.element)
  }

  /// One fault.
  public init(_ diagnostic: Diagnostic) { diagnostics = [diagnostic] }

  /// All of them as printed, one after another.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
