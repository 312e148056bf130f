import Units

/// A value that a scenario was resolved to, and where it comes from.
public struct Setting: Hashable, Sendable {
  /// Where a value comes from.
  public enum Origin: Hashable, Sendable {
    /// A file or `--set` says so.
    case given(Place)
    /// Nobody said; who would have chosen this.
    case byDefault(String)
    /// It follows from others; how.
    case computed(String)

    /// "scenario.yaml:12", "default: vLLM 0.6" or "computed: ...".
    public var citation: String {
      switch self {
      case .given(let place): place.citation
      case .byDefault(let source): "default: \(source)"
      case .computed(let how): "computed: \(how)"
      }
    }
  }

  /// The keys from the root: "cluster.pools.decode.replicas".
  public var path: String
  /// The value as people write it: "6", "25 GB/s".
  public var value: String
  /// Where it comes from.
  public var origin: Origin

  /// A setting.
  public init(path: String, value: String, origin: Origin) {
    self.path = path
    self.value = value
    self.origin = origin
  }
}

/// What a reading of elements collects: diagnostics and settings. Not to be shared between threads.
public final class Reading {
  /// What is wrong.
  public let diagnostics: Diagnostics
  /// What was read, in the order of reading.
  public private(set) var settings: [Setting] = []

  /// The kind of file that is read.
  public let document: Document
  /// Who listens to what is asked for.
  let recorder = KeyRecorder.current

  /// A reading that has seen nothing.
  public init(_ document: Document = .scenario, diagnostics: Diagnostics = Diagnostics()) {
    self.document = document
    self.diagnostics = diagnostics
  }

  /// Notes a value that was read or assumed.
  public func note(_ path: String, _ value: String, _ origin: Setting.Origin) {
    settings.append(Setting(path: path, value: value, origin: origin))
  }
}
