import Cluster
import Testing
@testable import Report

@Suite struct ComparisonTests {
  @Test func twoRunsSideBySide() throws {
    let sample = try Sample()
    let text = Comparison([("split", try sample.summary()), ("slow", try sample.summary(scaledBy: 2))]).text()
    #expect(
      text == """
                                          split            slow  ratio
        completed                             2               2  1.00x
        rejected                              1               1  1.00x
        duration                         400 ms          800 ms  2.00x
        requests/s                         5.00            2.50  0.50x
        output tokens/s                    15.0            7.50  0.50x
        goodput, requests/s                2.50            1.25  0.50x
        attainment                       33.3 %          33.3 %  1.00x
        SLO clauses met                   0.0 %           0.0 %      -
        queueing p50                    20.0 ms         20.0 ms  1.00x
        queueing p99                    20.0 ms         20.0 ms  1.00x
        TTFT p50                        70.0 ms         70.0 ms  1.00x
        TTFT p90                         120 ms          120 ms  1.00x
        TTFT p99                         120 ms          120 ms  1.00x
        TPOT p50                        70.0 ms          170 ms  2.43x
        TPOT p90                        70.0 ms          170 ms  2.43x
        TPOT p99                        70.0 ms          170 ms  2.43x
        ITL p99                          250 ms          250 ms  1.00x
        E2E p50                         70.0 ms          240 ms  3.43x
        E2E p90                          400 ms          800 ms  2.00x
        E2E p99                          400 ms          800 ms  2.00x
        preemptions                           1               1  1.00x
        transferred                     90.0 kB         90.0 kB  1.00x
        energy                            200 J           200 J  1.00x
        energy per output token          33.3 J          33.3 J  1.00x
        average power                     500 W           250 W  0.50x
        peak power                      1.10 kW         1.10 kW  1.00x
        price                          $54.00/h        $54.00/h  1.00x
        cost of output           $1,000.00/Mtok  $2,000.00/Mtok  2.00x

        """)
  }

  @Test func manyRunsStandInBlocksBesideTheFirst() throws {
    let sample = try Sample()
    let runs = try (1...6).map { (name: "run-\($0)", summary: try sample.summary(scaledBy: Int64($0))) }
    let lines = Comparison(runs).text().split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 100 })
    let headers = lines.filter { $0.contains("run-1") }.map { $0.split(separator: " ").map(String.init) }
    #expect(headers.flatMap { $0 }.filter { $0 != "run-1" && $0 != "ratio" } == (2...6).map { "run-\($0)" })
  }

  @Test("That no run met any of its SLO is told; that none was preempted is not")
  func noughts() throws {
    let titles = [
      ("SLO clauses met", "slo_met", true), ("goodput, requests/s", "goodput_per_s", true),
      ("attainment", "attainment", true), ("preemptions", "preemptions", false), ("rejected", "rejected", false),
    ]
    let columns = ["a", "b"].map { Comparison.Column(name: $0) { titles.map(\.1).contains($0.key) ? 0 : nil } }
    let lines = Comparison(columns: columns).text().split(separator: "\n")
    for (title, _, isTold) in titles { #expect(lines.contains { $0.hasPrefix(title) } == isTold, "\(title)") }
  }

  @Test func missingValuesAndColours() throws {
    var sample = try Sample()
    let first = try sample.summary()
    sample.result.gaps.reset()
    let second = try sample.summary(scaledBy: 2)
    let lines = Comparison([("a", first), ("b", second)]).text(style: .terminal).split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("ITL p99 ") && $0.hasSuffix("-      -") })
    #expect(lines.contains { $0.hasPrefix("duration ") && $0.hasSuffix("\u{1b}[31m2.00x\u{1b}[0m") })
    #expect(lines.contains { $0.hasPrefix("average power ") && $0.hasSuffix("\u{1b}[32m0.50x\u{1b}[0m") })
    #expect(Comparison([]).text() == "no runs\n")
    #expect(Comparison([("alone", first)]).text().hasPrefix("                                  alone\n"))
  }

  @Test func comparedFiguresExist() {
    #expect(Comparison.keys.allSatisfy { Figure.named($0) != nil })
    #expect(Set(Figure.all.map(\.key)).count == Figure.all.count)
  }
}
