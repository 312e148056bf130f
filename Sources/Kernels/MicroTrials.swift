import CKernels

/// The micro-benchmarks that a cost model is calibrated on.
struct MicroTrials {
  let pool: Pool
  /// Memory that streams go through; as large as the largest working set.
  let memory: Floats

  /// Working sets of reads, in KiB: within L2, within L3 and beyond.
  static let readSizes = [64, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288]
  /// Rows of tiles: each number that has a kernel, and as many as stay in L2.
  static let tileRows = [1, 2, 4, 6, 8, 12, 384]

  var all: [Trial] { launch + peaks + tiles + packs + scores + reads + streams + allReduce + rows }

  private var launch: [Trial] {
    let handle = pool.handle
    return [Trial(.launch, on: pool) { for _ in 0..<$0 { ck_launch(handle) } }]
  }

  /// One call is a thousand turns; a format without an instruction of its own has no row.
  private var peaks: [Trial] {
    [WeightFormat.fp32, .bf16, .int8].compactMap { format in
      let handle = pool.handle
      let operations = ck_peak(handle, format.code, 1000)
      guard operations > 0 else { return nil }
      return Trial(.peak, on: pool, format: format.rawValue, operations: operations) {
        _ = ck_peak(handle, format.code, 1000 * $0)
      }
    }
  }

  private var tiles: [Trial] {
    WeightFormat.allCases.flatMap { format in
      Self.tileRows.map { rows in
        let (handle, scratch, words) = (pool.handle, pool.scratch, rows > 12 ? 512 : 256)
        var shape = Timing.Shape()
        shape.rows = rows
        shape.outputs = Int(CK_PANEL)
        shape.inputs = words * format.perWord
        let operations = ck_tile_loop(handle, scratch, format.code, rows, words, 128, 1)
        return Trial(
          .tile, on: pool, format: format.rawValue, shape: shape, operations: operations,
          bytes: Double(4 * words * Int(CK_PANEL) * pool.threads)
        ) { _ = ck_tile_loop(handle, scratch, format.code, rows, words, 128, $0) }
      }
    }
  }

  private var packs: [Trial] {
    WeightFormat.allCases.map { format in
      let (handle, scratch) = (pool.handle, pool.scratch)
      let count = ck_pack_loop(handle, scratch, format.code, 1)
      return Trial(.pack, on: pool, format: format.rawValue, operations: count) {
        _ = ck_pack_loop(handle, scratch, format.code, $0)
      }
    }
  }

  private var scores: [Trial] {
    [WeightFormat.fp32, .bf16].map { format in
      let (handle, scratch) = (pool.handle, pool.scratch)
      let count = ck_score_loop(handle, scratch, format.code, 1)
      return Trial(.score, on: pool, format: format.rawValue, operations: count) {
        _ = ck_score_loop(handle, scratch, format.code, $0)
      }
    }
  }

  private var reads: [Trial] {
    Self.readSizes.compactMap { kibibytes in
      let (handle, memory, count) = (pool.handle, memory, kibibytes * 256)
      guard count <= memory.count else { return nil }
      return Trial(.read, on: pool, format: "fp32", bytes: Double(count * 4)) {
        for _ in 0..<$0 { _ = ck_read(handle, memory.base, count) }
      }
    }
  }

  private var streams: [Trial] {
    // Working sets within L2 and beyond L3; a quarter of the memory for each operand.
    [32 * 1024, memory.count / 4].flatMap { count in
      let (handle, memory) = (pool.handle, memory)
      let (a, b, c) = (memory.base, memory.base + count, memory.base + 2 * count)
      return [
        Trial(.copy, on: pool, format: "fp32", bytes: Double(count * 8)) {
          for _ in 0..<$0 { ck_copy(handle, a, b, count) }
        },
        Trial(.triad, on: pool, format: "fp32", bytes: Double(count * 12)) {
          for _ in 0..<$0 { ck_triad(handle, a, b, c, count) }
        },
      ]
    }
  }

  private var allReduce: [Trial] {
    guard pool.threads > 1 else { return [] }
    return [4 * 1024, 1024 * 1024].compactMap { count in
      guard count * pool.threads <= memory.count else { return nil }
      let (handle, memory) = (pool.handle, memory)
      let buffers = (0..<pool.threads).map { Optional(memory.base + $0 * count) }
      return Trial(.allReduce, on: pool, format: "fp32", bytes: Double(8 * count * pool.threads)) {
        for _ in 0..<$0 { ck_all_reduce(handle, buffers, count) }
      }
    }
  }

  private var rows: [Trial] {
    var shape = Timing.Shape()
    shape.rows = 32
    shape.inputs = 2048
    let (handle, memory, count, size) = (pool.handle, memory, shape.rows, shape.inputs)
    let elements = Double(count * size)
    return [
      Trial(.norm, on: pool, format: "fp32", shape: shape, operations: elements, bytes: elements * 8) {
        let out = memory.base + count * size
        for _ in 0..<$0 { ck_norm(handle, count, size, memory.base, memory.base + 2 * count * size, out) }
      },
      Trial(.softmax, on: pool, format: "fp32", shape: shape, operations: elements, bytes: elements * 8) {
        for _ in 0..<$0 { ck_softmax(handle, count, size, memory.base) }
      },
    ]
  }
}
