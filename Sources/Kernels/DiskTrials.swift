import CKernels
import Foundation

/// Reads of a file by request size and requests in flight.
public struct DiskTrials {
  /// Why a file could not be measured.
  public struct Fault: Error, CustomStringConvertible {
    /// What the system said.
    public var description: String
  }

  /// Request sizes in bytes and depths; large sizes in order, small ones at random places.
  static let shapes: [(size: Int, depth: Int)] = [
    (4096, 1), (4096, 8), (4096, 32), (65_536, 1), (65_536, 16), (1 << 20, 1), (1 << 20, 4),
  ]

  /// Times reads of a file that is written to `path` and removed again, in `rounds` rounds. The time of a row is
  /// that of one request, its rate the bytes of all requests in flight over it.
  /// - Throws: ``Fault`` where the file cannot be written or read.
  public static func measure(_ path: String, bytes: Int, rounds: Int) throws -> [Timing] {
    defer { try? FileManager.default.removeItem(atPath: path) }
    func check(_ error: Int32) throws {
      guard error == 0 else { throw Fault(description: "\(path): \(String(cString: strerror(error)))") }
    }
    try check(ck_disk_write(path, bytes))
    var samples = Array(repeating: Samples(), count: shapes.count)
    var direct = true
    for _ in 0..<rounds {
      for (index, shape) in shapes.enumerated() {
        // A fraction of a second each on a drive of 100 MB/s and 10,000 requests/s.
        let count = min(max(4096 * shape.depth / 8, 16), bytes / 4 / shape.size)
        let result = ck_disk_read(path, bytes, shape.size, Int32(shape.depth), count, shape.size < 1 << 20)
        try check(result.error)
        direct = direct && result.direct
        samples[index].all.append(result.seconds / Double(count))
      }
    }
    return zip(shapes, samples).compactMap { shape, samples in
      var timing = Timing(
        device: "", threads: shape.depth, operator: .disk, format: direct ? "direct" : "buffered",
        shape: Timing.Shape(), operations: 0, bytes: Double(shape.size), time: 0, spread: 0, samples: 0,
        undisturbed: 0, provenance: "")
      timing.shape.depth = shape.depth
      return samples.finish(timing)
    }
  }
}
