// Measures the kernel and the serving core: swift run -c release bench queue | winners | random | serving
let names = CommandLine.arguments.dropFirst()
let benchmarks: [(name: String, run: () -> Void)] = [
  ("queue", benchmarkQueues), ("winners", benchmarkWinners), ("random", benchmarkRandom),
  ("serving", benchmarkServing),
]
for name in names where !benchmarks.contains(where: { $0.name == name }) {
  print("no benchmark is named '\(name)': queue, winners, random, serving")
}
for benchmark in benchmarks where names.isEmpty || names.contains(benchmark.name) { benchmark.run() }
print("work", work.value)
