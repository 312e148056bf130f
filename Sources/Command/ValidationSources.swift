import Calibration
import Foundation
import Kernels
import Scenario
import Units

/// The files that `medley validate` compares with what models say.
struct ValidationSources {
  /// Timings of kernels on devices.
  private(set) var kernels: [String] = []
  /// What `medley measure` wrote on processors, with the names of these.
  private(set) var processors: [(device: String?, path: String)] = []

  /// The files of `paths`; a processor has the name that its rows state.
  init(_ paths: [String]) {
    for path in paths {
      if Timing.isHeader(of: path) { processors.append((nil, path)) } else { kernels.append(path) }
    }
  }

  /// Those under results/validation beside the catalogue, where a processor's folder has its name, and those of kernels
  /// under measured in the data roots.
  init(foundBeside catalogue: Catalogue) {
    if let root = catalogue.root {
      let folder = "\(root)/../results/validation"
      for name in Self.tables(folder) {
        let path = "\(folder)/\(name)"
        if Timing.isHeader(of: path) {
          processors.append((name.split(separator: "/").dropLast().last.map(String.init), path))
        } else if MeasurementFile.isOne(path) {
          kernels.append(path)
        }
      }
    }
    for folder in catalogue.dataRoots.map({ "\($0)/measured" }) {
      kernels += Self.tables(folder).map { "\(folder)/\($0)" }.filter(MeasurementFile.isOne)
    }
  }

  /// Files there are.
  var count: Int { kernels.count + processors.count }

  /// What micro-benchmarks say of the processors, or of the one called `device`.
  func processorAccuracies(_ device: String?) throws -> [(device: String, accuracy: ProcessorAccuracy)] {
    try processors.compactMap { name, path in
      guard device == nil || name == nil || name == device else { return nil }
      do {
        let timings = try Timing.read(csv: String(contentsOfFile: path, encoding: .utf8))
        let name = name ?? timings.first?.device ?? ""
        guard device == nil || name == device else { return nil }
        return (name, try ProcessorAccuracy(timings, device: name))
      } catch let error as Timing.ReadError {
        throw Diagnostic(
          at: nil, "\(path):\(error)", why: "a prediction needs the rows of `medley measure`", fix: "correct the row")
      } catch let error as ProcessorFit.Fault {
        throw Diagnostic(
          at: nil, "\(path): \(error)", why: "a prediction needs all micro-benchmarks",
          fix: "measure without --quick")
      }
    }
  }

  private static func tables(_ folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".csv") }.sorted()
  }
}

extension Timing {
  /// Whether a file begins with the header of `medley measure`.
  fileprivate static func isHeader(of path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: header.utf8.count + 1) else { return false }
    return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init) == header
  }
}
