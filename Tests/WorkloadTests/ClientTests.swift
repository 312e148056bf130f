import Kernel
import Testing
import Units

@testable import Workload

private func read(_ text: String, cut: Int = 0) throws(TraceFaults) -> ClientRates {
  let bytes = Array(text.utf8)
  var reader = ClientRatesReader()
  bytes[..<cut].withUnsafeBytes { reader.consume($0) }
  bytes[cut...].withUnsafeBytes { reader.consume($0) }
  return try reader.finish()
}

private func parse(_ text: String, cut: Int = 0) throws(TraceFaults) -> ClientLengths {
  let bytes = Array(text.utf8)
  var reader = ClientLengthsReader()
  bytes[..<cut].withUnsafeBytes { reader.consume($0) }
  bytes[cut...].withUnsafeBytes { reader.consume($0) }
  return try reader.finish()
}

/// What is wrong first, as `line:column: what`.
private func fault(_ body: () throws(TraceFaults) -> some Any) -> String {
  do {
    _ = try body()
    return "nothing"
  } catch {
    return error.faults.first.map { "\($0.line):\($0.column): \($0.what)" } ?? ""
  }
}

private let header = "client,window_start_s,rate,cv,pattern,param1,param2\n"
private let rows = header + "7,600,0.5,2,Gamma,0.25,3\n3,0,1,1.5,Weibull,0.7,1\r\n7,0,2,2,Gamma,0.25,1\n"
private let histograms = """
  {"7": {"0": {"input_tokens": "{10: 0.25, 20: 0.5, 40: 0.25}", "output_tokens": "{1: 1.0}", "reason_ratio": "{0.5: 1}"},
   "21600": {"input_tokens": "{5: 1}", "output_tokens": "{0: 3, 2: 1}"}}, "9": {"0": {"text_tokens": "{1: 1}",
   "image_tokens": "{100: 1}", "image_count": "{2: 1}", "output_tokens": "{3: 1}"}}}
  """

@Suite struct ClientTests {
  @Test func ratesStandInOrderOfWindowAndClient() throws {
    for cut in 0...rows.utf8.count {
      let rates = try read(rows, cut: cut)
      #expect(rates.rows.map(\.client) == [3, 7, 7] && rates.rows.map(\.start) == [0, 0, 600])
      #expect(rates.rows.map(\.requests) == [600, 1200, 300] && rates.requests == 2100 && rates.span == 1200)
      #expect(rates.clients == [3, 7] && rates.rows[0].pattern == .weibull && rates.rows[1].shape == 0.25)
    }
  }

  private static let noRates: [(String, String)] = [
    ("", "1:1: the file has no row"), (header, "1:1: the file has no row"),
    ("client,rate\n", "1:1: the header has no column window_start_s"),
    (header + "1,0,1,1,Gamma,1\n", "2:1: the row has 6 fields"),
    (header + "x,0,1,1,Gamma,1,1\n", "2:1: 'x' is not the number of a client"),
    (header + "70000,0,1,1,Gamma,1,1\n", "2:1: '70000' is not the number of a client"),
    (header + "1,60,1,1,Gamma,1,1\n", "2:3: the window begins at 60 s"),
    (header + "1,0,nan,1,Gamma,1,1\n", "2:5: 'nan' is not a rate in requests per second"),
    (header + "1,0,1,-1,Gamma,1,1\n", "2:7: '-1' is not a coefficient of variation"),
    (header + "1,0,1,1,Pareto,1,1\n", "2:9: 'Pareto' is not Gamma or Weibull"),
    (header + "1,0,1,1,Gamma,0,1\n", "2:15: '0' is not the shape of a law"),
    (header + "1,0,1,1,Gamma,,1\n", "2:15: the field is empty"),
    (header + "1,0,1,1,Gamma,1,1\n1,0,2,1,Gamma,1,1\n", "3:1: client 1 has the window at 0 s twice"),
  ]

  @Test(arguments: noRates)
  func ratesThatAreNone(_ text: String, _ expected: String) {
    #expect(fault { () throws(TraceFaults) in try read(text) } == expected)
  }

  @Test func lengthsAreHistogramsByClientAndWindow() throws {
    for cut in 0...histograms.utf8.count {
      let lengths = try parse(histograms, cut: cut)
      #expect(lengths.clients.keys.sorted() == [7, 9] && lengths.clients[7]?.map(\.start) == [0, 21600])
      let first = try #require(lengths.clients[7]?.first)
      #expect(first.meanPrompt == 22.5 && first.meanOutput == 1)
      let prompt = try #require(first.fields[.input])
      #expect([0, 0.25, 0.26, 0.75, 0.76, 1].map { prompt.quantile($0) } == [10, 10, 20, 20, 40, 40])
      #expect(lengths.clients[9]?.first?.meanPrompt == 201)
      #expect(lengths.clients[7]?.last?.meanOutput == 0.5)
      #expect(lengths.window(of: 7, at: 21_000)?.start == 0 && lengths.window(of: 7, at: 30_000)?.start == 21_600)
      // Two windows of client 7 and one of text beside images.
      #expect(lengths.all(.output)?.values == [0, 1, 2, 3] && lengths.all(.image)?.mean == 100)
    }
  }

  private static let noLengths: [(String, String)] = [
    ("", "1:1: the file ends too early"), ("{}", "1:2: the file has no client"), ("[", "1:1: '{' is expected here"),
    ("{\"1\" {", "1:6: ':' is expected here"), ("{\"a\": {", "1:4: 'a' is not one of the numbers of clients"),
    ("{\"1\": {\"-5\"", "1:11: '-5' is not one of the beginnings of windows in seconds"),
    ("{\"1\": {\"0\": {}}}", "1:14: the window at 0 s of client 1 has no prompts or no outputs"),
    ("{\"1\": {\"0\": {\"input_tokens\": 5", "1:30: '\"' is expected here"),
    ("{\"1\": {\"0\": {\"input_tokens\": \"[1]", "1:31: '{' is expected here"),
    ("{\"1\": {\"0\": {\"input_tokens\": \"{x: 1", "1:33: 'x' is no length"),
    ("{\"1\": {\"0\": {\"input_tokens\": \"{99999999: 1", "1:40: '99999999' is no length"),
    ("{\"1\": {\"0\": {\"input_tokens\": \"{9: -1,", "1:37: '-1' is no share"),
    ("{\"1\": {\"0\": {\"input_tokens\": \"{}", "1:32: the histogram is empty"),
    ("{\"1\": {\"0\": {\"input_tokens\": \"{1: 1}x", "1:37: '\"' is expected here"),
    ("{\"1\": {\"0\": {\"input_tokens\": \"{1: 1}\"; ", "1:38: ',' or '}' is expected here"),
    (#"{"1": {"0": {"input_tokens": "{1:1}","output_tokens":"{1:1}"}}, "1""#, "1:67: client 1 stands twice"),
    ("{\"1\": {}} x", "1:11: the end of the file is expected here"),
    ("{\"1\": {}, 2", "1:11: '\"' is expected here"),
    (
      "{\"1\": {\"0\": {\"input_tokens\": \"{1:1}\",\"output_tokens\":\"{1:1}\"},\n"
        + "\"0\": {\"input_tokens\": \"{1:1}\",\"output_tokens\":\"{1:1}\"}}",
      "2:55: client 1 has the window at 0 s twice"
    ),
    (
      "{\"1\": {\"0\": {\"" + String(repeating: "n", count: 65),
      "1:79: something of at most 64 bytes is expected here"
    ),
  ]

  @Test(arguments: noLengths)
  func lengthsThatAreNone(_ text: String, _ expected: String) {
    for cut in 0...text.utf8.count {
      #expect(fault { () throws(TraceFaults) in try parse(text, cut: cut) } == expected)
    }
  }

  @Test func everyClientAsksAsOftenAsRecorded() throws {
    let workload = ClientWorkload(rates: try read(rows), lengths: try parse(histograms), part: 0..<1200)
    let trace = try workload.trace(seed: 1)
    // Client 3 has no lengths; client 9 never asks.
    #expect(trace.requests.count == 1500 && workload.leftOut == 600 && trace.tenantNames == ["client 7"])
    #expect(trace.requests.count { $0.arrival.seconds < 600 } == 1200)
    #expect(zip(trace.requests, trace.requests.dropFirst()).allSatisfy { $0.arrival <= $1.arrival })
    #expect(
      Set(trace.requests.map(\.promptTokens)) == [10, 20, 40] && trace.requests.allSatisfy { $0.outputTokens == 1 })
    #expect(try workload.trace(seed: 1) == trace && workload.trace(seed: 2) != trace)
    // A part of it has the same requests, counted from its beginning.
    let late = try ClientWorkload(rates: workload.rates, lengths: workload.lengths, part: 300..<900).trace(seed: 1)
    let same = trace.requests.filter { 300..<900 ~= $0.arrival.seconds }
    #expect(late.requests.map(\.promptTokens) == same.map(\.promptTokens))
    #expect(late.requests.first?.arrival.picoseconds == (same.first?.arrival.picoseconds ?? 0) - 300_000_000_000_000)
  }

  /// Laws with their shapes and coefficients of variation: 1 / sqrt(shape) for gamma, sqrt(5) for Weibull of shape 1/2.
  private static let laws: [(String, Double, Double)] = [
    ("Gamma", 0.25, 2), ("Gamma", 4, 0.5), ("Weibull", 0.5, 2.2360679), ("Weibull", 1, 1),
  ]

  @Test(arguments: laws)
  func gapsHaveTheLawsVariation(_ law: String, _ shape: Double, _ variation: Double) throws {
    let rates = try read(header + "7,0,100,1,\(law),\(shape),1\n")
    let trace = try ClientWorkload(rates: rates, lengths: try parse(histograms), part: 0..<600).trace(seed: 3)
    #expect(trace.requests.count == 60_000)
    #expect(abs(TraceProfile(trace).gaps.variation / variation - 1) < 0.06)
  }

  @Test func whatCannotBeDrawnIsTold() throws {
    let (rates, lengths) = (try read(rows), try parse(histograms))
    #expect(throws: ClientWorkload.Fault.nobody) {
      try ClientWorkload(rates: rates, lengths: lengths, part: 5000..<6000).trace(seed: 1)
    }
    let many = try read(header + "7,0,1000000,1,Gamma,1,1\n")
    #expect(throws: ClientWorkload.Fault.tooMany(600_000_000)) {
      try ClientWorkload(rates: many, lengths: lengths, part: 0..<600).trace(seed: 1)
    }
  }

}
