import Testing
import Units
@testable import Workload

/// Reads `text` whole.
func trace(_ text: String, format: TraceFormat? = nil) throws(TraceFaults) -> Trace {
  try Trace(bytes: Array(text.utf8), format: format)
}

/// All faults of `text`; empty where it can be read.
func faults(_ text: String, format: TraceFormat? = nil) -> [TraceFault] {
  do throws(TraceFaults) {
    _ = try trace(text, format: format)
    return []
  } catch {
    return error.faults
  }
}

/// Line, column and message of the first fault of `text`.
func firstFault(_ text: String, format: TraceFormat? = nil) -> String? {
  faults(text, format: format).first.map { "\($0.line):\($0.column): \($0.what)" }
}

func request(_ picoseconds: Int64, _ prompt: Int32, _ output: Int32) -> Request {
  Request(arrival: Instant(picoseconds: picoseconds), promptTokens: prompt, outputTokens: output)
}

@Suite struct TraceReaderTests {
  @Test func azureDatesCountFromTheFirstRowToTheTick() throws {
    let read = try trace(
      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n"
        + "2023-11-16 18:15:50.9951690,396,109\r\n2023-11-17 00:00:00,879,55")
    // 50.9951690 - 46.6805900 = 4.3145790 s; midnight is 5 h 44 min 13.3194100 s = 20,653.3194100 s after the first.
    #expect(
      read.requests == [
        request(0, 374, 44), request(4_314_579_000_000, 396, 109), request(20_653_319_410_000_000, 879, 55),
      ])
  }

  @Test func datesKnowLeapYearsZonesAndSeparators() throws {
    let read = try trace(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-02-28T23:59:59Z,1,1\n2024-02-29 00:00:01.5+00:00,1,1\n"
        + "2024-03-01 02:00:00+02:00,1,1\n")
    #expect(read.requests.map(\.arrival.picoseconds) == [0, 2_500_000_000_000, 86_401_000_000_000_000])
  }

  @Test func decimalSecondsRoundOnceTiesToEven() throws {
    let cases: [(String, Int64)] = [
      ("0.0", 0), ("0.25489927536646617", 254_899_275_366), ("12", 12_000_000_000_000), (".5", 500_000_000_000),
      ("1.", 1_000_000_000_000), ("0.0000000000005", 0), ("0.0000000000015", 2), ("0.00000000000050001", 1),
      ("5e-05", 50_000_000), ("1.25E2", 125_000_000_000_000), ("2.5e-12", 2), ("1e-400", 0), ("0e99999999", 0),
      ("4611686.018427387904", 1 << 62),
    ]
    for (text, picoseconds) in cases {
      let read = try trace("arrival_s,prompt_tokens,output_tokens\n\(text),1,1")
      #expect(read.requests.map(\.arrival.picoseconds) == [picoseconds], "\(text)")
    }
  }

  @Test func columnsStandInAnyOrderBesideOthers() throws {
    let read = try trace("id, output_tokens ,prompt_tokens,arrival_s\na b c, 7,5,\t1\n")
    #expect(read.requests == [request(1_000_000_000_000, 5, 7)])
  }

  @Test func formatIsToldByTheHeaderOrByName() throws {
    #expect(try trace("arrived_at,num_prefill_tokens,num_decode_tokens\n0,3,4").requests == [request(0, 3, 4)])
    let both = "arrival_s,prompt_tokens,output_tokens,arrived_at,num_prefill_tokens,num_decode_tokens\n1,2,3,4,5,6"
    #expect(try trace(both).requests == [request(1_000_000_000_000, 2, 3)])
    #expect(try trace(both, format: .vidur).requests == [request(4_000_000_000_000, 5, 6)])
    #expect(
      firstFault("arrival_s,prompt_tokens,output_tokens\n0,1,1", format: .azure)
        == "1:1: the header has no column TIMESTAMP")
  }

  @Test func byteOrderMarkAndFinalBlankLinesAreSkipped() throws {
    let read = try trace("\u{feff}arrival_s,prompt_tokens,output_tokens\r\n0,1,2\r\n\r\n  \n")
    #expect(read.requests == [request(0, 1, 2)])
  }

  @Test func anyDivisionIntoPiecesReadsTheSame() throws {
    let text = Array("\u{feff}arrival_s,prompt_tokens,output_tokens\r\n0,1,2\r\n0.5,30,4\n7,5,600".utf8)
    let whole = try Trace(bytes: text)
    for size in 1...text.count {
      var reader = TraceReader()
      for start in stride(from: 0, to: text.count, by: size) {
        text[start..<min(text.count, start + size)].withUnsafeBytes { reader.consume($0) }
      }
      #expect(try reader.finish() == whole)
    }
  }

  @Test(arguments: [
    ("", "1:1: the file is empty"),
    ("\n\n", "1:1: the file is empty"),
    ("arrival_s,prompt_tokens,output_tokens\n", "1:1: the trace has a header and no row"),
    ("0,1,1\n", "1:1: '0,1,1' is no header of a known trace format"),
    ("arrival_s,arrival_s,prompt_tokens,output_tokens\n", "1:1: the header has column arrival_s twice"),
    ("\u{1}\u{2}", "1:1: '\\x01\\x02' is no header of a known trace format"),
  ])
  func filesThatAreNoTrace(text: String, message: String) { #expect(firstFault(text) == message) }

  @Test(arguments: [
    ("0,1", "2:4: the row has 2 fields"),
    ("0,1,2,3", "2:1: the row has 4 fields"),
    ("-1,1,1", "2:1: '-1' is before the start of the run"),
    ("abc,1,1", "2:1: 'abc' is not a decimal number of seconds"),
    ("1.2.3,1,1", "2:4: '1.2.3' is not a decimal number of seconds"),
    ("1e,1,1", "2:3: '1e' ends too early"),
    ("nan,1,1", "2:1: 'nan' is not a decimal number of seconds"),
    (",1,1", "2:1: the field is empty"),
    ("4611686.0184273879055,1,1", "2:1: 4611686.0184273879055 seconds is too late"),
    ("1e300,1,1", "2:1: 1e300 seconds is too late"),
    ("99999999999999999999999999,1,1", "2:1: 99999999999999999999999999 seconds is too late"),
    ("0,0,1", "2:3: 0 tokens"),
    ("0,1,-5", "2:5: '-5' is not a whole number of tokens"),
    ("0,1.5,5", "2:4: '1.5' is not a whole number of tokens"),
    ("0,,5", "2:3: the field is empty"),
    ("0,\"7\",5", "2:3: '\"7\"' is not a whole number of tokens"),
    ("0,16777217,5", "2:3: 16777217 tokens are too many"),
    ("0,99999999999999999999999,5", "2:3: 99999999999999999999999 tokens are too many"),
    ("2,1,1\n1,1,1", "3:1: 1 is before the row above"),
    ("0,1,1\n\n1,1,1", "3:1: the line is blank"),
  ])
  func malformedRows(row: String, message: String) {
    #expect(firstFault("arrival_s,prompt_tokens,output_tokens\n\(row)\n") == message)
  }

  @Test(arguments: [
    ("2023-02-29 00:00:00", "2:9: '2023-02-29 00:00:00' is not a date and time"),
    ("2023-13-01 00:00:00", "2:6: '2023-13-01 00:00:00' is not a date and time"),
    ("2023-12-01 24:00:00", "2:12: '2023-12-01 24:00:00' is not a date and time"),
    ("2023-12-01", "2:11: '2023-12-01' ends too early"),
    ("2023-12-01 00:00:00.", "2:21: '2023-12-01 00:00:00.' ends too early"),
    ("2023-12-01 00:00:00 UTC", "2:20: '2023-12-01 00:00:00 UTC' is not a date and time"),
    ("2023-12-01 00:00:00.1234567890123", "2:33: '2023-12-01 00:00:00.1234567890123' is not a date and time"),
    ("16/11/2023 18:15", "2:3: '16/11/2023 18:15' is not a date and time"),
  ])
  func malformedDates(date: String, message: String) {
    #expect(firstFault("TIMESTAMP,ContextTokens,GeneratedTokens\n\(date),1,1") == message)
  }

  @Test func datesOutOfOrderOrRangeAreFaults() {
    let header = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:00:00,1,1\n"
    #expect(firstFault(header + "2023-11-16 17:59:59.9,1,1") == "3:1: 2023-11-16 17:59:59.9 is before the row above")
    #expect(firstFault(header + "0001-01-01 00:00:00,1,1") == "3:1: 0001-01-01 00:00:00 is before the row above")
    #expect(
      firstFault(header + "2024-01-09 12:00:00,1,1")
        == "3:1: 2024-01-09 12:00:00 is more than 53 days after the first row")
  }

  @Test func everyFaultIsCountedAndTheFirstAreKept() {
    let text = "arrival_s,prompt_tokens,output_tokens\n" + String(repeating: "0,0,1\n", count: 20) + "1,1,1\n"
    #expect {
      try trace(text)
    } throws: { error in
      guard let all = error as? TraceFaults else { return false }
      return all.count == 20 && all.faults.map(\.line) == Array(2...9) && all.description.hasSuffix("\nand 12 more")
    }
  }

  @Test func hostileBytesAreFaultsNotCrashes() {
    #expect(
      firstFault("arrival_s,prompt_tokens,output_tokens\n0,1\0,2") == "2:4: '1\\x00' is not a whole number of tokens")
    let utf16 = Array("\u{feff}arrival_s,prompt_tokens".utf16).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    #expect(throws: TraceFaults.self) { try Trace(bytes: utf16) }
    let long = "arrival_s,prompt_tokens,output_tokens\n0," + String(repeating: "1", count: 1 << 24) + ",1"
    #expect(firstFault(long) == "2:1: the line is longer than 16777216 bytes")
    #expect(faults(String(repeating: ",", count: 60_000)).count == 1)
    var state: UInt64 = 1
    for _ in 0..<300 {
      var bytes = Array("arrival_s,prompt_tokens,output_tokens\n0,1,2\n1,2,3\n".utf8)
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 25)
      }
      _ = try? Trace(bytes: bytes)
    }
  }

  @Test func filesThatCannotBeReadSayWhy() {
    do throws(TraceFaults) {
      _ = try Trace(path: "/nonexistent/trace.csv")
      Issue.record("read")
    } catch {
      #expect(error.faults.first?.line == 0)
      #expect(error.faults.first?.why == "No such file or directory")
    }
    #expect(throws: TraceFaults.self) { try Trace(path: "/") }
  }
}
