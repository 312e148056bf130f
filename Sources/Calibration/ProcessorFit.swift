import Foundation
import Kernels
import Statistics

/// Processor models from the micro-benchmarks of one run, and what they predict of its other rows.
public struct ProcessorFit: Sendable {
  /// Rows from which no model comes.
  public struct Fault: Error, Hashable, CustomStringConvertible {
    /// What is missing, in one sentence.
    public var description: String
  }

  /// A row that is no micro-benchmark, and what the micro-benchmarks say of it.
  public struct Comparison: Hashable, Sendable {
    /// The row.
    public var timing: Timing
    /// Seconds predicted.
    public var predicted: Double
    /// predicted / measured - 1.
    public var error: Double { predicted / timing.time - 1 }
  }

  /// The models, by number of threads and format.
  public var models: [ProcessorModel] = []
  private let timings: [Timing]

  /// Fits a model for each number of threads and each format to the micro-benchmarks among `timings`; no other row is
  /// looked at.
  /// - Throws: ``Fault`` where too few rows are there, or a search fails.
  public init(_ timings: [Timing]) throws(Fault) {
    self.timings = timings
    // Tiles, packing, scores and norms stay within a core and its own caches, so that one thread tells what each takes;
    // several are timed by the clock on the wall, as long as the one that others hold up.
    let fewest = timings.lazy.filter { $0.operator == .tile }.map(\.threads).min() ?? 1
    let core = timings.filter { $0.operator.isMicro && $0.threads == fewest }
    for threads in Set(timings.filter { $0.operator == .launch }.map(\.threads)).sorted() {
      let micro = timings.filter { $0.operator.isMicro && $0.threads == threads }
      let caches = try Self.caches(micro, threads)
      let words = micro.first.map { $0.provenance.split(separator: " ").map(String.init) } ?? []
      let path = Path.all.first { words.contains($0.name) }
      for format in WeightFormat.allCases {
        var values = caches
        func each(_ kind: Timing.Operator, _ format: WeightFormat) throws(Fault) -> Double {
          guard let row = core.first(where: { $0.operator == kind && $0.format == format.rawValue }) else {
            throw Fault(description: "there is no row '\(kind.rawValue)' in \(format.rawValue) on \(fewest) threads")
          }
          return row.operations > 0 ? row.time / row.operations * Double(fewest) : row.time
        }
        values[.launch] = micro.first { $0.operator == .launch }?.time
        values[.pack] = try each(.pack, format)
        values[.score] = try each(.score, format.cache)
        values[.element] = try each(.norm, .fp32)
        let tiles = core.filter { $0.operator == .tile && $0.format == format.rawValue }
        let most = path?.mostRows(format) ?? (format.perWord > 2 ? 6 : 12)
        let start = ProcessorModel(threads: threads, format: format, mostRows: most, values: values)
        models.append(try Self.tiles(tiles, start))
      }
    }
    guard !models.isEmpty else { throw Fault(description: "there is no row 'launch'") }
  }

  /// What the models predict of the rows that they were not fitted to, in the order of the rows.
  public var comparisons: [Comparison] {
    timings.compactMap { timing in
      guard let format = WeightFormat(rawValue: timing.format),
        let weights = model(timing.threads, format), let cache = model(timing.threads, format.cache),
        let time = ProcessorPrediction(weights: weights, cache: cache).time(of: timing)
      else { return nil }
      return Comparison(timing: timing, predicted: time)
    }
  }

  private func model(_ threads: Int, _ format: WeightFormat) -> ProcessorModel? {
    models.first { $0.threads == threads && $0.format == format }
  }

  /// Rates and sizes of the caches, from reads by working set.
  private static func caches(_ micro: [Timing], _ threads: Int) throws(Fault) -> [ProcessorModel.Parameter: Double] {
    let reads = micro.filter { $0.operator == .read && $0.bytes > 0 }
    guard reads.count >= 10, let slowest = reads.map({ $0.bytes / $0.time }).min(),
      let fastest = reads.map({ $0.bytes / $0.time }).max()
    else { throw Fault(description: "\(reads.count) reads on \(threads) threads are fewer than 10 working sets") }
    let middle = (slowest * fastest).squareRoot()
    let size = Double(threads) * 1e6
    let names: [ProcessorModel.Parameter] = [.l2Rate, .l2Size, .l3Rate, .l3Size, .memoryRate]
    let starts = [fastest, size, middle, 16 * size, slowest]
    let unknowns = zip(names, starts).map { Parameter($0.rawValue, start: $1, lower: $1 / 100, upper: $1 * 100) }
    func model(_ values: [Double]) -> ProcessorModel {
      ProcessorModel(
        threads: threads, format: .fp32, mostRows: 12, values: Dictionary(uniqueKeysWithValues: zip(names, values)))
    }
    do {
      let fit = try LeastSquares(loss: .huber(scale: 0.1)).fit(unknowns, count: reads.count) { values in
        reads.map { log(model(values).read($0.bytes, of: $0.bytes) / $0.time) }
      }
      return model(fit.values).values
    } catch { throw Fault(description: "caches on \(threads) threads: \(error)") }
  }

  /// Times of a line and of rows, from tiles.
  private static func tiles(_ tiles: [Timing], _ start: ProcessorModel) throws(Fault) -> ProcessorModel {
    func line(_ timing: Timing) -> Double {
      timing.time / Double(timing.shape.inputs / start.format.perWord)
    }
    let near = tiles.filter { $0.shape.rows <= 12 }
    guard near.count >= 3, let first = near.first(where: { $0.shape.rows == 1 }),
      let last = near.max(by: { $0.shape.rows < $1.shape.rows }), let far = tiles.first(where: { $0.shape.rows > 12 })
    else { throw Fault(description: "too few tiles in \(start.format.rawValue) on \(start.threads) threads") }
    let guesses = [line(first), line(last) / Double(last.shape.rows), line(far) / Double(far.shape.rows)]
    let names: [ProcessorModel.Parameter] = [.line, .row, .farRow]
    func model(_ values: [Double]) -> ProcessorModel {
      var model = start
      for (name, value) in zip(names, values) { model[name] = value }
      return model
    }
    let unknowns = zip(names, guesses).map { Parameter($0.rawValue, start: $1, lower: $1 / 100, upper: $1 * 100) }
    do {
      let fit = try LeastSquares(loss: .huber(scale: 0.1)).fit(unknowns, count: tiles.count) { values in
        tiles.map { log(model(values).tile(rows: $0.shape.rows) / line($0)) }
      }
      return model(fit.values)
    } catch { throw Fault(description: "tiles in \(start.format.rawValue) on \(start.threads) threads: \(error)") }
  }
}
