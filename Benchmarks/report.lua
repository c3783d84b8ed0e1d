-- What every script prints at the end, for Benchmarks/run and Benchmarks/soak to read: requests, microseconds, p50 and
-- p99 in microseconds, errors; and a line that says what kinds of errors.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
  io.write(string.format(
    "ERRORS %d statuses of 400 and over, %d failed connects, %d failed reads, %d failed writes, %d over 2 s\n",
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
