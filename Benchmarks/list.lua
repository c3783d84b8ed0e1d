-- GET /prisoner/{n}/non-associations for prisoners of one letter. Arguments after `--`: letter, number of prisoners,
-- token.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")
dofile(folder .. "prisoners.lua")

local letter, count, headers

function init(arguments)
  letter, count = arguments[1], tonumber(arguments[2])
  headers = { ["Authorization"] = "Bearer " .. arguments[3] }
  seed()
end

function request()
  local number = prisoner_number(letter, math.random(0, count - 1))
  return wrk.format("GET", "/prisoner/" .. number .. "/non-associations?includeOtherPrisons=true", headers)
end
