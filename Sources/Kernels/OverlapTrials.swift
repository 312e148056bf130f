import CKernels
import Foundation

/// Work that overlaps on this machine, and its parts alone: layers read from a file while the layer before computes, and
/// a copy beside a product. What a timeline predicts from the parts is held against the whole.
public struct OverlapTrials {
  /// Layers that are read from a file into buffers and multiplied with rows of activations.
  public struct Streaming: Hashable, Sendable {
    /// Layers.
    public var layers: Int
    /// Bytes of each.
    public var bytes: Int
    /// Rows of activations.
    public var rows: Int
    /// Layers that are read ahead: 0 or 1.
    public var prefetch: Int
    /// Seconds to read a layer alone.
    public var read: Double
    /// Seconds to compute a layer alone.
    public var compute: Double
    /// Seconds of all layers.
    public var whole: Double
  }

  /// A copy on one thread and a product that reads its weights from memory on another.
  public struct Beside: Hashable, Sendable {
    /// Bytes that the copy moves, read and written.
    public var copied: Int
    /// Bytes that the product reads.
    public var read: Int
    /// Seconds of the copy alone.
    public var copy: Double
    /// Seconds of the product alone.
    public var product: Double
    /// Seconds of two such copies at once, one on each thread.
    public var copies: Double
    /// Seconds until both have ended.
    public var whole: Double
  }

  /// Why something could not be measured.
  public struct Fault: Error, CustomStringConvertible {
    /// One sentence.
    public var description: String
  }

  /// The rows.
  public private(set) var streaming: [Streaming] = []
  /// Nil on a machine with one thread.
  public private(set) var beside: Beside?

  private static let outputs = 2048
  private static let inputs = 4096
  private static let layers = 12

  /// Measures in `rounds` rounds over everything, with a file at `file` that is removed again, and tells
  /// `progress` the round.
  /// - Throws: ``Fault``.
  public init(file: String, path: Path, rounds: Int, progress: (String) -> Void) throws {
    guard let pool = Pool(threads: 1, path: path), let other = Pool(threads: 1, path: path),
      let weights = Weights(.fp32, outputs: Self.outputs, inputs: Self.inputs),
      let x = Floats(Self.inputs * 256), let y = Floats(Self.outputs * 256)
    else { throw Fault(description: "there is no memory for the operands") }
    let file = try LayerFile(path: file, layers: Self.layers, bytes: weights.bytes)
    let buffers = try (0..<2).map { _ in try LayerBuffer(like: weights) }
    func compute(_ buffer: LayerBuffer, _ rows: Int) {
      _ = ck_product(pool.handle, pool.scratch, &buffer.weights, rows, x.base, y.base)
    }
    let rows = [8, 48, 128, 256]
    var reads: [Double] = []
    var computes = rows.map { _ in [Double]() }
    var wholes = rows.map { _ in [[Double](), [Double]()] }
    for round in 0..<rounds {
      progress("round \(round + 1) of \(rounds)")
      reads.append(
        Self.seconds { for layer in 0..<Self.layers { file.read(layer, into: buffers[layer % 2]) } }
          / Double(Self.layers))
      for (index, count) in rows.enumerated() {
        computes[index].append(
          Self.seconds { for layer in 0..<Self.layers { compute(buffers[layer % 2], count) } } / Double(Self.layers))
        for prefetch in 0...1 {
          wholes[index][prefetch].append(
            Self.seconds { Self.stream(file, buffers, prefetch: prefetch) { compute($0, count) } })
        }
      }
    }
    if let error = file.error { throw Fault(description: error) }
    for (index, count) in rows.enumerated() {
      for prefetch in 0...1 {
        streaming.append(
          Streaming(
            layers: Self.layers, bytes: weights.bytes, rows: count, prefetch: prefetch, read: Self.median(reads),
            compute: Self.median(computes[index]), whole: Self.median(wholes[index][prefetch])))
      }
    }
    if Processor.threads > 1 { beside = try Self.measureBeside(pool, other, x, y, rounds) }
  }

  /// Reads and computes all layers, `prefetch` layers ahead.
  private static func stream(
    _ file: LayerFile, _ buffers: [LayerBuffer], prefetch: Int, _ compute: (LayerBuffer) -> Void
  ) {
    guard prefetch > 0 else {
      for layer in 0..<layers {
        file.read(layer, into: buffers[0])
        compute(buffers[0])
      }
      return
    }
    let full = DispatchSemaphore(value: 0)
    let empty = DispatchSemaphore(value: buffers.count)
    let reader = Thread {
      for layer in 0..<layers {
        empty.wait()
        file.read(layer, into: buffers[layer % buffers.count])
        full.signal()
      }
    }
    reader.start()
    for layer in 0..<layers {
      full.wait()
      compute(buffers[layer % buffers.count])
      empty.signal()
    }
  }

  /// A product of one row over 256 MB of weights beside a copy of as many bytes.
  private static func measureBeside(_ pool: Pool, _ other: Pool, _ x: Floats, _ y: Floats, _ rounds: Int) throws
    -> Beside
  {
    let matrices = 8
    guard
      let weights = Optional((0..<matrices).compactMap { _ in Weights(.fp32, outputs: outputs, inputs: inputs) }),
      weights.count == matrices, let from = Floats(32 << 20), let to = Floats(32 << 20), let back = Floats(32 << 20)
    else { throw Fault(description: "there is no memory for a copy beside a product") }
    func product() {
      for matrix in weights { _ = ck_product(pool.handle, pool.scratch, &matrix.weights, 1, x.base, y.base) }
    }
    func both(_ first: @escaping @Sendable () -> Void, _ second: () -> Void) {
      let done = DispatchSemaphore(value: 0)
      Thread {
        first()
        done.signal()
      }.start()
      second()
      done.wait()
    }
    nonisolated(unsafe) let (source, target, third) = (from, to, back)
    nonisolated(unsafe) let helper = other
    let copy: @Sendable () -> Void = { ck_copy(helper.handle, target.base, source.base, source.count) }
    var samples = (copy: [Double](), product: [Double](), copies: [Double](), whole: [Double]())
    for _ in 0..<max(3, rounds) {
      samples.copy.append(seconds(copy))
      samples.product.append(seconds(product))
      samples.copies.append(
        seconds { both(copy) { ck_copy(pool.handle, third.base, source.base, source.count) } })
      samples.whole.append(seconds { both(copy, product) })
    }
    return Beside(
      copied: 2 * 4 * from.count, read: weights.reduce(0) { $0 + $1.bytes }, copy: median(samples.copy),
      product: median(samples.product), copies: median(samples.copies), whole: median(samples.whole))
  }

  private static func seconds(_ work: () -> Void) -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    work()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

/// Memory for the weights of one layer, aligned for direct reads.
private final class LayerBuffer: @unchecked Sendable {
  var weights: ck_weights
  let data: UnsafeMutableRawPointer
  let bytes: Int

  init(like other: Weights) throws {
    bytes = (other.bytes + 4_095) / 4_096 * 4_096
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, 4_096, bytes) == 0, let raw else {
      throw OverlapTrials.Fault(description: "there is no memory for a layer")
    }
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    data = raw
    weights = other.weights
    weights.data = raw.assumingMemoryBound(to: UInt32.self)
  }

  deinit { free(data) }
}

/// A file with the weights of all layers, read past the page cache where the file system lets it.
private final class LayerFile: @unchecked Sendable {
  private let path: String
  private let descriptor: Int32
  private let bytes: Int
  private(set) var error: String?

  init(path: String, layers: Int, bytes: Int) throws {
    self.path = path
    self.bytes = (bytes + 4_095) / 4_096 * 4_096
    guard ck_disk_write(path, self.bytes * layers) == 0 else {
      throw OverlapTrials.Fault(description: "cannot write '\(path)'")
    }
    descriptor = ck_disk_open(path)
    guard descriptor >= 0 else { throw OverlapTrials.Fault(description: "cannot read '\(path)'") }
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  /// Reads layer `layer` in pieces of 1 MiB.
  func read(_ layer: Int, into buffer: LayerBuffer) {
    var done = 0
    while done < bytes {
      let got = pread(descriptor, buffer.data + done, min(1 << 20, bytes - done), off_t(layer * bytes + done))
      guard got > 0 else {
        error = "'\(path)' ended early"
        return
      }
      done += got
    }
  }
}
