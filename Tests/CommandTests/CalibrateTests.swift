import Foundation
import Testing

@testable import Command

@Suite("Calibration by the command line")
struct CalibrateTests {
  /// Rows of splitwise-sim@8f99e7d data/perf_model.csv for one prompt on 8 H100, in milliseconds, as the artifact's
  /// documentation tables them.
  static let cited: [String: [(prompt: Int, first: Double, later: Double)]] = [
    "bloom-176b": [
      (128, 48.3, 35.7), (256, 51.2, 36.2), (512, 76.1, 36.2), (1024, 132.2, 36.3), (2048, 252.0, 36.7),
      (4096, 649.6, 37.5), (8192, 1411.6, 39.0), (16384, 2521.9, 45.8),
    ],
    "llama2-70b": [
      (128, 58.2, 29.9), (256, 51.7, 28.3), (512, 53.9, 30.6), (1024, 77.7, 30.0), (2048, 134.4, 31.6),
      (4096, 376.2, 31.3), (8192, 831.5, 32.6), (16384, 1551.7, 38.6),
    ],
  ]

  static func file() throws -> String {
    var text = "source,device,count,parallelism,model,dtype,input_len,output_len,concurrency,metric,value,note,row_id\n"
    for (model, rows) in cited.sorted(by: { $0.key < $1.key }) {
      for row in rows {
        let start = "splitwise-sim,h100-80gb,8.0,tp8,\(model),fp16,\(row.prompt),128,1,"
        text += "\(start)ttft_ms,\(row.first),,\n\(start)tpot_ms,\(row.later),,\n"
        text += "\(start)e2e_ms,\(row.first + 127 * row.later),,\n"
      }
    }
    let path = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString).csv").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test("The shipped H100 is held against published rows, and a fit to them is printed")
  func fits() throws {
    let path = try Self.file()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let ran = medley(
      "calibrate", "--device", "h100-sxm", "--rows", "h100-80gb", "--measurements", path, "--model",
      "bloom-176b=bloom-176b", "--model", "llama2-70b=llama-2-70b")
    #expect(ran.outcome == .ok && ran.err.isEmpty)
    #expect(ran.out.hasPrefix("h100-sxm as shipped, on 16 runs\nh100-80gb bloom-176b TP8 TTFT: MAPE "))
    #expect(ran.out.contains("\nefficiency.compute = 0."))
  }

  @Test("What cannot be fitted says what to give")
  func refusals() throws {
    let path = try Self.file()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(medley("calibrate", "--device", "h10-sxm", "--measurements", path).err.contains("did you mean 'h100-sxm'?"))
    let absent = medley("calibrate", "--device", "t4", "--measurements", "/none.csv")
    #expect(absent.err.contains("cannot read '/none.csv'"))
    #expect(medley("calibrate", "--device", "t4", "--measurements", path).err.contains("no row is about 't4'"))
    let unnamed = medley("calibrate", "--device", "h100-sxm", "--rows", "h100-80gb", "--measurements", path)
    #expect(unnamed.outcome == .fault && unnamed.err.contains("no model is given for 'bloom-176b'"))
  }
}
