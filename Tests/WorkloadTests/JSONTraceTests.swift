import Testing
import Units
@testable import Workload

@Suite struct JSONTraceTests {
  @Test func mooncakeCountsMilliseconds() throws {
    let read = try trace(
      """
      {"timestamp": 0, "input_length": 6758, "output_length": 500, "more": [0, 1, {"a": "]}"}]}
      {"hash_ids": [], "note": "a \\"quoted\\" , } text", "output_length":7,"input_length":3,"timestamp":1500.5}

      """)
    #expect(read.requests == [request(0, 6758, 500), request(1_500_500_000_000, 3, 7)])
  }

  @Test func llmservingsimCountsNanoseconds() throws {
    let line = "{\"input_toks\":2361,\"output_toks\":532,\"arrival_time_ns\":46926808}"
    #expect(try trace(line).requests == [request(46_926_808_000, 2361, 532)])
    #expect(try trace(line, format: .llmservingsim).requests.count == 1)
    #expect(firstFault(line, format: .mooncake) == "1:1: the row has no key timestamp")
    #expect(firstFault(line, format: .azure) == "1:1: the first row is no JSON object of format azure")
    #expect(firstFault(line, format: .native) == "1:1: the row has no key arrival_s")
  }

  @Test(arguments: [
    ("{\"timestamp\": 1, \"input_length\": 3}", "2:1: the row has no key output_length"),
    ("{\"timestamp\": 1, \"timestamp\": 2}", "2:18: the row has the key timestamp twice"),
    ("{\"timestamp\": 1", "2:16: '}' is missing"),
    ("{\"timestamp", "2:12: a text is not closed"),
    ("{\"hash_ids\": [1, 2", "2:19: the object is not closed"),
    ("{}", "2:2: '\"' is missing"),
    ("[1]", "2:1: '{' is missing"),
    (
      "{\"timestamp\": \"x\", \"input_length\": 3, \"output_length\": 1}",
      "2:15: '\"x\"' is not a decimal number of milliseconds"
    ),
    (
      "{\"timestamp\": 9, \"input_length\": null, \"output_length\": 1}", "2:34: 'null' is not a whole number of tokens"
    ),
    ("{\"timestamp\": 9, \"input_length\": , \"output_length\": 1}", "2:34: the field is empty"),
    ("{\"timestamp\": 9, \"input_length\": 3, \"output_length\": 1} x", "2:57: something follows the object"),
  ])
  func malformedRows(row: String, message: String) {
    let first = "{\"timestamp\": 0, \"input_length\": 6, \"output_length\": 5}\n"
    #expect(firstFault(first + row) == message)
  }

  @Test func objectsOfNoKnownFormat() {
    #expect(firstFault("{\"a\": 1}\n") == "1:1: the first row is no JSON object of a known trace format")
    #expect(firstFault("{") == "1:1: the first row is no JSON object of a known trace format")
  }

  @Test func hostileBytesAreFaultsNotCrashes() {
    var state: UInt64 = 3
    for _ in 0..<2000 {
      var bytes = Array(
        "{\"timestamp\": 0, \"input_length\": 6, \"hash_ids\": [1, \"\\\\\"], \"output_length\": 5}\n".utf8)
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(state >> 33) % bytes.count] = Array("{}[]\",:\\ 9".utf8)[Int(state >> 20) % 10]
      }
      _ = try? Trace(bytes: bytes)
      _ = try? Trace(bytes: bytes.prefix(Int(state >> 40) % bytes.count))
    }
  }
}
