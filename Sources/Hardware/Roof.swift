/// What bounds a piece of a step's time.
public enum Roof: Int, CaseIterable, Sendable {
  /// The device's arithmetic.
  case compute
  /// The bandwidth of the device's memory.
  case memory
  /// Fixed time per kernel or collective call.
  case launch
  /// The bandwidth of the link between the devices of an engine.
  case link
  /// The host's work between steps: scheduler, sampler, detokeniser.
  case host

  /// The word used for the roof in tables and files.
  public var name: String { String(describing: self) }
}

/// Seconds by what bounds them.
public struct RoofTimes: Hashable, Sendable {
  /// Seconds under each roof.
  @usableFromInline var compute = 0.0
  @usableFromInline var memory = 0.0
  @usableFromInline var launch = 0.0
  @usableFromInline var link = 0.0
  @usableFromInline var host = 0.0

  /// No time under any roof.
  @inlinable
  public init() {}

  /// Seconds under `roof`.
  @inlinable
  public subscript(roof: Roof) -> Double {
    get {
      switch roof {
      case .compute: compute
      case .memory: memory
      case .launch: launch
      case .link: link
      case .host: host
      }
    }
    set {
      switch roof {
      case .compute: compute = newValue
      case .memory: memory = newValue
      case .launch: launch = newValue
      case .link: link = newValue
      case .host: host = newValue
      }
    }
  }

  /// Adds `times` repeated `count` times.
  @inlinable
  public mutating func add(_ times: RoofTimes, count: Double) {
    compute += times.compute * count
    memory += times.memory * count
    launch += times.launch * count
    link += times.link * count
    host += times.host * count
  }

  /// Multiplies all times by `factor`.
  public mutating func scale(by factor: Double) {
    for roof in Roof.allCases { self[roof] *= factor }
  }

  /// Seconds under all roofs.
  public var total: Double { Roof.allCases.reduce(0) { $0 + self[$1] } }

  /// The roof with the most seconds; the first of equals.
  public var bound: Roof { Roof.allCases.reduce(.compute) { self[$1] > self[$0] ? $1 : $0 } }
}
