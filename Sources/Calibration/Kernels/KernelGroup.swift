import Hardware

/// What was measured of one operator class in one format with one framework's kernels on one device.
public struct KernelGroup: Sendable {
  /// What the rows have in common.
  public struct Key: Hashable, Comparable, Sendable {
    /// The device in the catalogue.
    public var device: String
    /// The operator class.
    public var operatorName: String
    /// The framework.
    public var framework: String
    /// The name of the formats.
    public var format: String
    /// The family of kernels, or nothing.
    public var kernel: String

    private var order: [String] { [device, operatorName, framework, format, kernel] }

    /// By device, operator class, framework, format, kernel.
    public static func < (a: Key, b: Key) -> Bool { a.order.lexicographicallyPrecedes(b.order) }
  }

  /// What the rows have in common.
  public var key: Key
  /// The formats.
  public var format: KernelFormat
  /// The first part of the source of each row, and the version that ran, each once.
  public var provenance: String
  /// The rows.
  let rows: any GroupRows

  /// Rows.
  public var count: Int { rows.seconds.count }
  /// Rows that are held out of fits.
  public var heldOutCount: Int { rows.isHeldOut.count { $0 } }

  /// The groups of all rows of `files` about `device`, or about all devices; in ascending order of key. A row that an
  /// earlier file has as well, with the same time, counts once.
  /// - Throws: ``MeasurementFault``.
  public static func read(_ files: [String], device: String? = nil) throws(MeasurementFault) -> [KernelGroup] {
    var lists: [Key: (format: KernelFormat, rows: [Measurement])] = [:]
    var earlier: [Key: Set<String>] = [:]
    for file in files {
      var own: [Key: Set<String>] = [:]
      var fault: MeasurementFault?
      try MeasurementFile.read(file) { row in
        guard device == nil || row.device == device else { return }
        guard let format = KernelFormat(row.dtype, cache: row.cacheType) else {
          fault = fault ?? MeasurementFault(file: file, line: row.line, field: 0, why: unknown(row))
          return
        }
        let key = Key(
          device: row.device, operatorName: row.operatorName, framework: row.framework, format: format.name,
          kernel: row.kernel)
        let text = row.shapeText + " \(row.seconds)"
        guard earlier[key]?.contains(text) != true else { return }
        own[key, default: []].insert(text)
        lists[key, default: (format, [])].rows.append(row)
      }
      if let fault { throw fault }
      earlier.merge(own) { $0.union($1) }
    }
    var groups: [KernelGroup] = []
    for key in lists.keys.sorted() {
      guard let list = lists[key], let model = KernelClasses.of(key.operatorName) else { continue }
      let rows = try makeRows(model, list.rows)
      var origins: [String] = []
      for row in list.rows {
        let origin = row.version.isEmpty ? row.source : "\(row.source), version \(row.version)"
        if !origins.contains(origin) { origins.append(origin) }
      }
      groups.append(
        KernelGroup(key: key, format: list.format, provenance: origins.joined(separator: "; "), rows: rows))
    }
    return groups
  }

  private static func unknown(_ row: Measurement) -> String {
    "'\(row.dtype)'\(row.cacheType.map { " with keys and values in '\($0)'" } ?? "") is no format that Medley knows"
  }

  private static func makeRows<Model: KernelModel>(
    _ model: Model.Type, _ list: [Measurement]
  ) throws(MeasurementFault) -> any GroupRows {
    var rows = ModelRows<Model>()
    for measurement in list {
      do throws(KernelRow.Fault) { try rows.add(measurement) } catch {
        throw MeasurementFault(file: measurement.file, line: measurement.line, field: 0, why: error.why)
      }
    }
    return rows
  }
}

/// The rows of a group, whatever their operator class.
protocol GroupRows: Sendable {
  /// Measured seconds.
  var seconds: [Double] { get }
  /// Whether each row is held out of fits.
  var isHeldOut: [Bool] { get }
  /// The regimes of each row, besides "all".
  var regimes: [[String]] { get }
  /// The fields of each row that make its shape.
  var fields: [[String]] { get }
  /// The operator class.
  var model: any KernelModel.Type { get }
  /// Seconds that the model says of the rows at `indices`.
  func predict(
    _ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip, _ indices: [Int]
  ) -> [Double]
}

/// The rows of a group of one operator class.
struct ModelRows<Model: KernelModel>: GroupRows {
  private var shapes: [Model.Shape] = []
  private(set) var seconds: [Double] = []
  private(set) var isHeldOut: [Bool] = []
  private(set) var regimes: [[String]] = []
  private(set) var fields: [[String]] = []
  var model: any KernelModel.Type { Model.self }

  mutating func add(_ measurement: Measurement) throws(KernelRow.Fault) {
    let shape = try Model.Shape(measurement.row)
    shapes.append(shape)
    seconds.append(measurement.seconds)
    regimes.append(shape.regimes)
    fields.append(measurement.shapeFields)
    isHeldOut.append(HeldOut.holds(measurement.shapeText))
  }

  func predict(
    _ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip, _ indices: [Int]
  ) -> [Double] {
    let model = Model(values, variant, format, chip)
    return indices.map { model.seconds(shapes[$0], .warm) }
  }
}

/// The split of shapes into those that are fitted and those that are held out.
enum HeldOut {
  /// Whether a shape is held out: 3 of 10, by a hash of its text, so that the same shape is held out of every device,
  /// framework and format, on every machine.
  static func holds(_ shape: String) -> Bool {
    // FNV-1a, then the finaliser of MurmurHash3, since neighbouring texts must part.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in shape.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    return (hash ^ (hash >> 33)) % 10 < 3
  }
}
