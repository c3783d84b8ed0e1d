-- One fixed GET, with a token if one is given. Arguments after `--`: token (or nothing).
local headers = {}

function init(arguments)
  if arguments[1] then headers["Authorization"] = "Bearer " .. arguments[1] end
end

function request()
  return wrk.format("GET", nil, headers)
end

function done(summary, latency)
  io.write(string.format(
    "RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
