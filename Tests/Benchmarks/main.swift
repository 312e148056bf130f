// Measures the kernel: swift run -c release bench queue | winners | random
let names = CommandLine.arguments.dropFirst()
let benchmarks: [(name: String, run: () -> Void)] = [
  ("queue", benchmarkQueues), ("winners", benchmarkWinners), ("random", benchmarkRandom),
]
for name in names where !benchmarks.contains(where: { $0.name == name }) {
  print("no benchmark is named '\(name)': queue, winners, random")
}
for benchmark in benchmarks where names.isEmpty || names.contains(benchmark.name) { benchmark.run() }
print("work", work.value)
