import Foundation
import Hardware

/// Reads files of kernel timings.
///
/// A file is CSV with a header. Every row has `op`, `device`, `dtype`, `time_us` and the columns of its operator class;
/// `source`, `framework`, `version`, `kernel` and `kv_dtype` where they are known. Rows of other operators are left out.
public enum MeasurementFile {
  /// Longest line in bytes.
  static let lineLimit = 1 << 16
  private static let piece = 1 << 20

  /// Hands on the rows of `file` whose operator class Medley knows, holding one line at a time.
  /// - Throws: ``MeasurementFault`` for a file that cannot be read, a missing column, a row of another width, and a
  ///   number that is none.
  public static func read(_ file: String, _ take: (Measurement) -> Void) throws(MeasurementFault) {
    var reader = Rows(file: file)
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw MeasurementFault(file: file, line: 0, field: 0, why: "the file cannot be opened")
    }
    defer { try? handle.close() }
    var rest: [UInt8] = []
    while true {
      let data: Data?
      do { data = try handle.read(upToCount: piece) } catch {
        throw MeasurementFault(file: file, line: reader.line, field: 0, why: "the file cannot be read")
      }
      guard let data, !data.isEmpty else { break }
      rest += data
      var start = 0
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        try reader.take(rest[start..<end], take)
        start = end + 1
      }
      rest.removeSubrange(..<start)
      guard rest.count <= lineLimit else {
        throw MeasurementFault(
          file: file, line: reader.line + 1, field: 0, why: "the line is longer than \(lineLimit) bytes")
      }
    }
    if !rest.isEmpty { try reader.take(rest[...], take) }
    guard reader.line > 0 else { throw MeasurementFault(file: file, line: 1, field: 0, why: "the file is empty") }
  }

  /// Whether a file's header has the columns of kernel timings.
  public static func isOne(_ file: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: file) else { return false }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: 4096) else { return false }
    let names = CSVFields.of(String(decoding: data.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    return columns.allSatisfy(names.contains)
  }

  /// The columns that every file has.
  private static let columns = ["op", "device", "dtype", "time_us"]

  /// Reads a header and then rows.
  private struct Rows {
    let file: String
    var line = 0
    private var columns: [String: Int] = [:]

    init(file: String) { self.file = file }

    mutating func take(_ bytes: ArraySlice<UInt8>, _ hand: (Measurement) -> Void) throws(MeasurementFault) {
      line += 1
      guard let text = String(validating: bytes, as: UTF8.self) else { throw fault(0, "the line is not UTF-8") }
      guard !text.isEmpty, text != "\r" else { return }
      let fields = CSVFields.of(text)
      guard !columns.isEmpty else { return try takeHeader(fields) }
      guard fields.count == columns.count else {
        throw fault(0, "the row has \(fields.count) fields, the header \(columns.count)")
      }
      let row = KernelRow(columns: columns, fields: fields)
      guard let name = row.text("op") else { throw fault(column("op"), "the row names no operator") }
      guard KernelClasses.of(name) != nil else { return }
      guard let device = row.text("device") else { throw fault(column("device"), "the row names no device") }
      guard let dtype = row.text("dtype") else { throw fault(column("dtype"), "the row names no format") }
      let microseconds: Double
      do throws(KernelRow.Fault) { microseconds = try row.count("time_us") } catch {
        throw fault(column(error.column), error.why)
      }
      let source = row.text("source") ?? ""
      let kernel = row.text("kernel") ?? ""
      hand(
        Measurement(
          operatorName: name, device: MeasuredDevice.catalogueName(device),
          framework: Self.word(row.text("framework") ?? Self.frameworks[source] ?? source),
          // Layers of a model run the same kernels.
          kernel: kernel.contains("|") ? "" : kernel, dtype: dtype, cacheType: row.text("kv_dtype"), source: source,
          version: row.text("version") ?? "", row: row, seconds: microseconds * 1e-6, file: file, line: line))
    }

    private mutating func takeHeader(_ fields: [String]) throws(MeasurementFault) {
      for (index, name) in fields.enumerated() {
        guard columns.updateValue(index, forKey: name) == nil else {
          throw fault(index + 1, "two columns are named '\(name)'")
        }
      }
      for name in MeasurementFile.columns where columns[name] == nil {
        throw fault(0, "there is no column '\(name)'")
      }
    }

    /// The frameworks whose layers a source timed, where its rows do not say.
    private static let frameworks = ["llmservingsim": "vllm"]

    private func column(_ name: String) -> Int { columns[name].map { $0 + 1 } ?? 0 }
    private func fault(_ field: Int, _ why: String) -> MeasurementFault {
      MeasurementFault(file: file, line: line, field: field, why: why)
    }

    /// A name as one word of a file: "sarathi-flash-attention".
    private static func word(_ text: String) -> String {
      let parts = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      return parts.joined(separator: "-")
    }
  }
}
