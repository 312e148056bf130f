import Foundation

/// A CSV file of what real servers did, and its rows by the names of their columns.
struct RecordFile {
  /// Most lines that are read.
  static let limit = 1_000_000

  let file: String
  private let columns: [String: Int]
  /// The lines below the first that hold anything, in order.
  let rows: [Row]

  /// A line of the file.
  struct Row {
    fileprivate let file: String
    fileprivate let columns: [String: Int]
    /// The line's number, from 1.
    let line: Int
    private let fields: [String]

    fileprivate init(file: String, columns: [String: Int], line: Int, fields: [String]) {
      self.file = file
      self.columns = columns
      self.line = line
      self.fields = fields
    }

    /// What the column of a name holds; nil without such a column or field.
    func text(_ name: String) -> String? { columns[name].flatMap { $0 < fields.count ? fields[$0] : nil } }

    /// The number in a column.
    /// - Throws: ``MeasurementFault`` where there is none or it is outside `range`.
    func value(_ name: String, in range: ClosedRange<Double>) throws(MeasurementFault) -> Double {
      guard let text = text(name), let value = Double(text), range.contains(value) else {
        throw fault(name, "not a number of \(range.lowerBound) and more")
      }
      return value
    }

    /// What is wrong with a column's field.
    func fault(_ name: String, _ why: String) -> MeasurementFault {
      MeasurementFault(
        file: file, line: line, field: (columns[name] ?? -1) + 1,
        why: "'\(name)' is '\(text(name)?.prefix(40) ?? "")', \(why)")
    }

    /// Whether each column holds one of the texts of `wanted`; one that ends in `*` is what a field begins with.
    func holds(_ wanted: [String: [String]]) -> Bool {
      wanted.allSatisfy { name, texts in
        guard let own = self.text(name) else { return false }
        return texts.contains { ServerRuns.holds(own, $0) }
      }
    }
  }

  /// Reads a file in which all columns of `wanted` stand.
  /// - Throws: ``MeasurementFault`` for a file that cannot be read or is too long, or for a missing column.
  init(_ file: String, wanted: [String: [String]] = [:]) throws(MeasurementFault) {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw MeasurementFault(file: file, line: 0, field: 0, why: "the file cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw MeasurementFault(file: file, line: 0, field: 0, why: "the file is not UTF-8")
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var columns: [String: Int] = [:]
    for (index, name) in CSVFields.of(lines.first ?? "").enumerated() { columns[name] = index }
    for name in wanted.keys.sorted() where columns[name] == nil {
      throw MeasurementFault(file: file, line: 1, field: 0, why: "there is no column '\(name.prefix(40))'")
    }
    guard lines.count <= Self.limit else {
      throw MeasurementFault(file: file, line: Self.limit, field: 0, why: "there are more than \(Self.limit) lines")
    }
    self.file = file
    self.columns = columns
    rows = lines.enumerated().dropFirst().filter { !$1.isEmpty && $1 != "\r" }.map { number, line in
      Row(file: file, columns: columns, line: number + 1, fields: CSVFields.of(line))
    }.filter { $0.holds(wanted) }
  }
}
