import Models

/// One operator of a step, as a roofline sees it.
public struct OperatorRow: Hashable, Sendable {
  /// Its name: "qkv".
  public var name: String
  /// Calls in the step.
  public var count: Int
  /// Seconds of all calls.
  public var seconds: Double
  /// What bounds it: "compute", "memory", "launch", "link", "host".
  public var bound: String
  /// Floating-point operations of all calls on one device.
  public var operations: Double
  /// Operations of all calls on one device's vector unit that convert weights, not among `operations`.
  public var conversions: Double
  /// Bytes of all calls on one device.
  public var bytes: Double
  /// Whether the bytes cross the device's memory and not a link.
  public var isMemory: Bool

  /// An operator.
  public init(
    name: String, count: Int, seconds: Double, bound: String, operations: Double, bytes: Double,
    conversions: Double = 0, isMemory: Bool = true
  ) {
    self.name = name
    self.count = count
    self.seconds = seconds
    self.bound = bound
    self.operations = operations
    self.bytes = bytes
    self.conversions = conversions
    self.isMemory = isMemory
  }

  /// The row of an operator's cost.
  public init(_ cost: OperatorCost) {
    self.init(
      name: cost.name, count: cost.calls, seconds: cost.seconds, bound: cost.bound.name, operations: cost.operations,
      bytes: cost.bytes, conversions: cost.conversions, isMemory: cost.byteRoof == .memory)
  }

  /// Operations per byte of memory; nil where it moves none.
  public var intensity: Double? { isMemory && bytes > 0 ? operations / bytes : nil }
}

/// The operators of one step against the roofs of its device.
public struct OperatorTable: Hashable, Sendable {
  /// What is explained: "one decode step of 32 sequences on a100-sxm".
  public var title: String
  /// Operations per byte at which the device's roofs meet; nil where it is unknown.
  public var ridgePoint: Double?
  /// The operators in the order of the step.
  public var rows: [OperatorRow]

  /// A table.
  public init(title: String, ridgePoint: Double? = nil, rows: [OperatorRow]) {
    self.title = title
    self.ridgePoint = ridgePoint
    self.rows = rows
  }

  /// The operators with their shares of the step's time, and the step as a whole, whose bytes are those of memory.
  ///
  /// Operations that convert weights have a column of their own where there are any. Ends with a line feed.
  public func text(style: Style = .plain) -> String {
    let total = rows.reduce(0) { $0 + $1.seconds }
    let operations = rows.reduce(0) { $0 + $1.operations }
    let bytes = rows.reduce(0) { $0 + ($1.isMemory ? $1.bytes : 0) }
    let conversions = rows.reduce(0) { $0 + $1.conversions }
    let isConverting = conversions > 0
    func converted(_ count: Double) -> [Table.Cell] { isConverting ? [Table.Cell(NumberText.operations(count))] : [] }
    var table = Table(
      ["operator", "calls", "time", "share", "bound by", "operations"] + (isConverting ? ["converting"] : [])
        + ["bytes", "FLOP/B"], leading: [0, 4])
    for row in rows {
      table.add(
        [
          Table.Cell(row.name.shortened(to: 24)), Table.Cell(NumberText.count(row.count)),
          Table.Cell(NumberText.time(row.seconds)),
          Table.Cell(NumberText.percent(total > 0 ? row.seconds / total : 0)), Table.Cell(row.bound),
          Table.Cell(NumberText.operations(row.operations)),
        ] + converted(row.conversions) + [
          Table.Cell(NumberText.bytes(row.bytes)), Table.Cell(row.intensity.map(NumberText.significant) ?? "-"),
        ])
    }
    table.add(
      [
        Table.Cell("step", mark: style.strong), Table.Cell(NumberText.count(rows.reduce(0) { $0 + $1.count })),
        Table.Cell(NumberText.time(total)), Table.Cell(NumberText.percent(total > 0 ? 1 : 0)),
        Table.Cell(mainBound ?? "-"), Table.Cell(NumberText.operations(operations)),
      ] + converted(conversions) + [
        Table.Cell(NumberText.bytes(bytes)), Table.Cell(bytes > 0 ? NumberText.significant(operations / bytes) : "-"),
      ])
    let ridge = ridgePoint.map { " (ridge point \(NumberText.significant($0)) FLOP/B)" } ?? ""
    return ([style.strong(title) + ridge] + table.lines(style)).joined(separator: "\n") + "\n"
  }

  /// What bounds most of the time, the first of equals; nil without time.
  private var mainBound: String? {
    var best: (bound: String, seconds: Double)?
    for row in rows {
      let seconds = rows.reduce(0) { $1.bound == row.bound ? $0 + $1.seconds : $0 }
      if seconds > (best?.seconds ?? 0) { best = (row.bound, seconds) }
    }
    return best?.bound
  }
}
