-- GET /non-associations/{id} for ids spread over the whole table. Arguments after `--`: number of rows, token.
local rows, token

function init(arguments)
  rows = tonumber(arguments[1])
  token = arguments[2]
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", "/non-associations/" .. math.random(1, rows), { ["Authorization"] = "Bearer " .. token })
end

function done(summary, latency)
  io.write(string.format(
    "RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
