-- GET /non-associations/{id} for ids spread over the whole table. Arguments after `--`: number of rows, token.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

local rows, token

function init(arguments)
  rows = tonumber(arguments[1])
  token = arguments[2]
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", "/non-associations/" .. math.random(1, rows), { ["Authorization"] = "Bearer " .. token })
end
