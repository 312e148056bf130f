import Cluster
import Testing
@testable import Report

@Suite struct SummaryTextTests {
  @Test func aRunAsAPage() throws {
    let text = try Sample().summary().text(name: "split")
    #expect(
      text == """
        split: 2 of 3 requests in 400 ms on 2 replicas, 1 rejected

        latency      mean      p50      p90      p95      p99    p99.9      max
        queueing  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms
        TTFT      95.0 ms  70.0 ms   120 ms   120 ms   120 ms   120 ms   120 ms
        TPOT      70.0 ms  70.0 ms  70.0 ms  70.0 ms  70.0 ms  70.0 ms  70.0 ms
        ITL       70.0 ms  10.0 ms   250 ms   250 ms   250 ms   250 ms   250 ms
        E2E        235 ms  70.0 ms   400 ms   400 ms   400 ms   400 ms   400 ms

        totals
        throughput  5.00 requests/s, 15.0 output tokens/s, 340 tokens/s
        goodput     2.50 requests/s, 33.3 % of all within the SLO
        energy      200 J, 500 W on average, 1.10 kW at most, 33.3 J per output token
        cost        $54.00/h, $0.00600 the run, $1,000.00/Mtok of output, $44.12/Mtok of all
        latency in  memory 46.8 %, compute 31.9 %, transfer 12.8 %, queue 8.5 %

        pool     n  prefill  decode     MFU    MBU  batch  energy  power  bound by
        prefill  1   37.5 %   0.0 %  16.3 %  0.0 %      0   130 J  325 W  compute
        decode   1    0.0 %  25.0 %       -      -   1.50  70.0 J  175 W  memory

        KV cache    mean    most  preempted  swapped  over time
        prefill   50.0 %  90.0 %          0      0 B  | ▄██████████████                |
        decode     0.0 %   0.0 %          1      0 B  |                                |

        transfer           count    bytes  mean rate  mean wait
        prefill -> decode      1  90.0 kB   225 kB/s    60.0 ms

        SLO             measured  within
        ttft <= 100 ms         -  33.3 %  missed
        tpot <= 200 ms         -  50.0 %  missed
        p50 e2e < 4x       4.00x  33.3 %  missed

        """)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 && !$0.hasSuffix(" ") })
  }

  @Test func tenantsStandInATable() throws {
    let text = try Sample().tenants().1.text(name: "mixed")
    #expect(
      text.contains(
        """
        tenant  priority  requests  rejected  TTFT p50  TTFT p99  TPOT p50  E2E p99  goodput
        chat           1         2         0   70.0 ms    120 ms   70.0 ms   400 ms   2.50/s  met
        batch          0         1         1         -         -         -        -        -  -

        """))
  }

  @Test func aRunThatMeasuredNothing() throws {
    var sample = try Sample()
    sample.result.outcomes = Outcomes(count: 3)
    sample.result.gaps.reset()
    sample.result.end = .start
    let text = try Summary(sample.cluster, sample.requests, sample.result).text(name: "none")
    #expect(text.hasPrefix("none: 0 of 3 requests in 0 s on 2 replicas, 3 rejected\n"))
    #expect(text.contains("\nTTFT         -    -    -    -    -      -    -\n"))
    #expect(!text.contains("goodput") && !text.contains("SLO"))
  }

  @Test func coloursOnlyOnATerminal() throws {
    let summary = try Sample().summary()
    let text = summary.text(name: "split", style: .terminal)
    #expect(text.hasPrefix("\u{1b}[1msplit\u{1b}[0m: ") && text.contains("\u{1b}[31mmissed\u{1b}[0m"))
    #expect(!summary.text(name: "split").contains("\u{1b}"))
    #expect(
      text.replacing("\u{1b}[31m", with: "").replacing("\u{1b}[32m", with: "").replacing("\u{1b}[1m", with: "")
        .replacing("\u{1b}[0m", with: "") == summary.text(name: "split"))
  }

  @Test func namesCannotDriveTheTerminal() throws {
    var summary = try Sample().summary()
    summary.pools[0].name = "a\u{1b}[2Jb\n, much too long for a column"
    let text = summary.text(name: "x\u{1b}]0;y")
    #expect(text.hasPrefix("x?]0;y: ") && text.contains("\na?[2Jb?, much t~  1 "))
  }

  @Test func wideNumbersStayWithinAHundredColumns() throws {
    var summary = try Sample().summary()
    for index in summary.pools.indices {
      summary.pools[index].name = "a-pool-with-a-long-name"
      summary.pools[index].replicas = 1024
      summary.pools[index].prefillShare = 1
      summary.pools[index].decodeShare = 1
      summary.pools[index].mfu = 1
      summary.pools[index].mbu = 1
      summary.pools[index].meanOccupancy = 1
      summary.pools[index].peakOccupancy = 1
      summary.pools[index].preemptions = 1_000_000
      summary.pools[index].averagePower = .init(123_456)
    }
    #expect(summary.text(name: "wide").split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}
