import Hardware

/// One timing of a kernel.
public struct Measurement: Sendable {
  /// The operator class: the column `op`.
  public var operatorName: String
  /// The device as the catalogue names it.
  public var device: String
  /// The software that ran the kernel, in lower case: "vllm".
  public var framework: String
  /// The family of the kernel: the column `kernel`, empty where that names a layer.
  public var kernel: String
  /// The word of the arithmetic's format.
  public var dtype: String
  /// The word of the format of keys and values; nil where the row has none.
  public var cacheType: String?
  /// Where the row comes from.
  public var source: String
  /// What version ran.
  public var version: String
  /// All fields.
  public var row: KernelRow
  /// Seconds of a call.
  public var seconds: Double
  /// The file.
  public var file: String
  /// The line in the file, from 1.
  public var line: Int

  /// The fields that make its shape.
  var shapeFields: [String] {
    let columns = KernelClasses.of(operatorName)?.shapeColumns ?? []
    return columns.map { row.text($0) ?? "" }
  }

  /// The same as one text for one shape.
  var shapeText: String { shapeFields.joined(separator: ",") }
}

extension KernelModel {
  /// The columns of measurements that make a shape.
  static var shapeColumns: [String] { Shape.columns }
}

/// A file of measurements that cannot be used.
public struct MeasurementFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public var file: String
  /// Line from 1; 0 where the file as a whole is meant.
  public var line: Int
  /// Field of the line, from 1; 0 where the line as a whole is meant.
  public var field: Int
  /// What is wrong.
  public var why: String

  /// "gemm.csv:12, field 4: ...".
  public var description: String {
    let place = line == 0 ? file : field == 0 ? "\(file):\(line)" : "\(file):\(line), field \(field)"
    return "\(place): \(why)"
  }
}

/// The catalogue's names of devices that files of measurements spell otherwise.
public enum MeasuredDevice {
  private static let names = [
    "a100_sxm": "a100-sxm", "a100": "a100-sxm", "A100": "a100-sxm", "h100_sxm": "h100-sxm", "h100": "h100-sxm",
    "H100": "h100-sxm", "h200_sxm": "h200-sxm", "b200_sxm": "b200-sxm", "gb200": "gb200", "l40s": "l40s",
    "rtx_pro_6000_server": "rtx-pro-6000-server", "RTXPRO6000": "rtx-pro-6000", "RTX4090": "rtx-4090",
    "RTX3090": "rtx-3090", "A6000": "rtx-a6000", "a40": "a40", "MI210": "mi210", "TPU-v6e-1": "tpu-v6e",
    "b60": "arc-pro-b60",
  ]

  /// The catalogue's name of what a file calls `word`; `word` itself where the file uses it already.
  public static func catalogueName(_ word: String) -> String { names[word] ?? word }
}
