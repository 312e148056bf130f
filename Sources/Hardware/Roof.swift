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
public struct RoofTimes: Sendable {
  /// Seconds under each roof, by its raw value.
  @usableFromInline var times = InlineArray<5, Double>(repeating: 0)

  /// No time under any roof.
  @inlinable
  public init() {}

  /// Seconds under `roof`.
  @inlinable
  public subscript(roof: Roof) -> Double {
    get { times[roof.rawValue] }
    set { times[roof.rawValue] = newValue }
  }

  /// Adds `times` repeated `count` times.
  @inlinable
  public mutating func add(_ times: RoofTimes, count: Double) {
    for index in self.times.indices { self.times[index] += times.times[index] * count }
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

extension RoofTimes: Hashable {
  /// Whether both have the same seconds under every roof.
  public static func == (left: RoofTimes, right: RoofTimes) -> Bool {
    Roof.allCases.allSatisfy { left[$0] == right[$0] }
  }

  /// Feeds the seconds of every roof in their order.
  public func hash(into hasher: inout Hasher) {
    for roof in Roof.allCases { hasher.combine(self[roof]) }
  }
}
