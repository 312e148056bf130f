import CKernels
import Foundation
import Testing

@testable import Kernels

@Suite("Rows, streams, threads and files")
struct StreamTests {
  @Test("Norm and softmax agree with double precision", arguments: Path.supported)
  func rows(path: Path) throws {
    var numbers = Numbers(8)
    let pool = try #require(Pool(threads: 2, path: path))
    for size in [1, 3, 16, 37, 128] {
      let x = numbers.list(3 * size).map { $0 * 20 }
      let weight = numbers.list(size)
      var out = Array(repeating: Float.nan, count: x.count)
      ck_norm(pool.handle, 3, size, x, weight, &out)
      var soft = x
      ck_softmax(pool.handle, 3, size, &soft)
      for row in 0..<3 {
        let own = row * size..<(row + 1) * size
        #expect(distance(Array(out[own]), Reference.norm(x[own].map(Double.init), weight)) < 1e-5)
        #expect(distance(Array(soft[own]), Reference.softmax(x[own].map(Double.init))) < 1e-5, "\(path.name) \(size)")
      }
    }
  }

  @Test("Streams touch every element once, and only these", arguments: Path.supported)
  func streams(path: Path) throws {
    for threads in [1, 2, 5] {
      let pool = try #require(Pool(threads: threads, path: path))
      for count in [1, 15, 17, 300, 1031] {
        let b = (0..<count).map { Float($0 % 64) }
        let c = (0..<count).map { Float($0 % 7) }
        #expect(ck_read(pool.handle, b, count) == b.reduce(0, +))
        var a = Array(repeating: Float(-1), count: count + 16)
        ck_triad(pool.handle, &a, b, c, count)
        #expect(Array(a.prefix(count)) == zip(b, c).map { $0 + 3 * $1 } && a.suffix(16).allSatisfy { $0 == -1 })
        ck_copy(pool.handle, &a, b, count)
        #expect(Array(a.prefix(count)) == b && a.suffix(16).allSatisfy { $0 == -1 })

        let buffers = try (0..<threads).map { try #require(Floats(count, value: Float($0 + 1))) }
        var bases = buffers.map { Optional($0.base) }
        ck_all_reduce(pool.handle, &bases, count)
        let sum = Float(threads * (threads + 1) / 2)
        for buffer in buffers { #expect((0..<count).allSatisfy { buffer.base[$0] == sum }) }
      }
    }
  }

  @Test("Loops do the operations that they count", arguments: Path.supported)
  func loops(path: Path) throws {
    let pool = try #require(Pool(threads: 2, path: path))
    #expect(ck_peak(pool.handle, CK_FP32, 10) > 0)
    #expect(ck_peak(pool.handle, CK_INT4, 10) == 0)
    for format in WeightFormat.allCases {
      let done = ck_tile_loop(pool.handle, pool.scratch, format.code, 25, 64, 128, 3)
      #expect(done == 2.0 * 25 * 32 * 64 * Double(format.perWord) * 3 * 2)
      #expect(ck_pack_loop(pool.handle, pool.scratch, format.code, 2) == 12.0 * 1024 * 2 * 2)
    }
    #expect(ck_score_loop(pool.handle, pool.scratch, CK_BF16, 1) == 12.0 * 256 * 2)
    #expect(ck_tile_loop(pool.handle, pool.scratch, CK_INT8, 1, 33, 128, 1) == 0, "33 words are no whole groups")
  }

  @Test("A thousand calls in a row and after a pause each run on every thread")
  func pool() async throws {
    let pool = try #require(Pool(threads: 3, path: Path.best()))
    let x = Array(repeating: Float(1), count: 96)
    for _ in 0..<1000 { #expect(ck_read(pool.handle, x, 96) == 96) }
    try await Task.sleep(for: .milliseconds(20))
    #expect(ck_read(pool.handle, x, 96) == 96)
  }

  @Test("Files are read whole, direct or not, and faults are told")
  func disk() throws {
    let folder = FileManager.default.temporaryDirectory
    let file = folder.appending(path: "medley-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    #expect(ck_disk_write(file, 1 << 20) == 0)
    for (size, depth) in [(4096, 1), (65536, 4), (1 << 20, 2)] {
      let result = ck_disk_read(file, 1 << 20, size, Int32(depth), 8, true)
      #expect(result.error == 0 && result.bytes == Double(8 * size) && result.seconds > 0)
    }
    #expect(ck_disk_read(file, 1 << 21, 1 << 20, 1, 2, false).error == EIO, "the file is shorter than told")
    #expect(ck_disk_read(file, 1 << 20, 1000, 1, 1, false).error == EINVAL)
    #expect(ck_disk_read(file + "-none", 1 << 20, 4096, 1, 1, false).error == ENOENT)
    #expect(ck_disk_write("/none/none", 1) == ENOENT)
    // Memory file systems have no direct reads, or read from memory anyway.
    let memory = "/dev/shm/medley-\(UUID().uuidString)"
    if ck_disk_write(memory, 1 << 16) == 0 {
      #expect(ck_disk_read(memory, 1 << 16, 4096, 2, 16, true).error == 0)
      unlink(memory)
    }
  }
}
