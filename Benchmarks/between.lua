-- POST /non-associations/between with the prisoners of 50 non-associations, of which 20 sets take turns. Arguments
-- after `--`: number of rows, token.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")
dofile(folder .. "prisoners.lua")

local requests, turn = {}, 0

function init(arguments)
  local rows = tonumber(arguments[1])
  local headers = { ["Authorization"] = "Bearer " .. arguments[2], ["Content-Type"] = "application/json" }
  seed()
  for set = 1, 20 do
    local numbers = {}
    for _ = 1, 50 do
      local row = math.random(0, rows - 1)
      table.insert(numbers, '"' .. prisoner_number("B", row % (rows / 10)) .. '"')
      table.insert(numbers, '"' .. prisoner_number("C", row % 6760000) .. '"')
    end
    requests[set] = wrk.format(
      "POST", "/non-associations/between", headers, "[" .. table.concat(numbers, ",") .. "]")
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
