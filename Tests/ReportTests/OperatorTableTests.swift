import Testing
@testable import Report

@Suite struct OperatorTableTests {
  @Test func operatorsAgainstTheRoofs() {
    let table = OperatorTable(
      title: "one decode step of 32 sequences on a100-sxm", ridgePoint: 156.2,
      rows: [
        OperatorRow(name: "qkv", count: 80, seconds: 1.23e-3, bound: "memory", operations: 1.5e12, bytes: 2e10),
        OperatorRow(
          name: "attention.decode", count: 80, seconds: 4e-3, bound: "memory", operations: 1.5e11, bytes: 8e10),
        OperatorRow(
          name: "all-reduce", count: 160, seconds: 1e-3, bound: "link", operations: 0, bytes: 1e9, isMemory: false),
        OperatorRow(name: "host", count: 1, seconds: 1e-4, bound: "host", operations: 0, bytes: 0),
      ])
    #expect(
      table.text() == """
        one decode step of 32 sequences on a100-sxm (ridge point 156 FLOP/B)
        operator          calls     time    share  bound by  operations    bytes  FLOP/B
        qkv                  80  1.23 ms   19.4 %  memory    1.50 TFLOP  20.0 GB    75.0
        attention.decode     80  4.00 ms   63.2 %  memory     150 GFLOP  80.0 GB    1.88
        all-reduce          160  1.00 ms   15.8 %  link          0 FLOP  1.00 GB       -
        host                  1   100 us    1.6 %  host          0 FLOP      0 B       -
        step                321  6.33 ms  100.0 %  memory    1.65 TFLOP   100 GB    16.5

        """)
  }

  @Test func aStepOfNothing() {
    #expect(
      OperatorTable(title: "nothing", rows: []).text() == """
        nothing
        operator  calls  time  share  bound by  operations  bytes  FLOP/B
        step          0   0 s  0.0 %  -             0 FLOP    0 B       -

        """)
  }
}
