-- POST /non-associations for pairs drawn from so many that none comes twice. Arguments after `--`: token.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")
dofile(folder .. "prisoners.lua")

local headers

function init(arguments)
  headers = { ["Authorization"] = "Bearer " .. arguments[1], ["Content-Type"] = "application/json" }
  seed()
end

function request()
  local body = string.format(
    '{"firstPrisonerNumber":"%s","firstPrisonerRole":"VICTIM","secondPrisonerNumber":"%s",'
      .. '"secondPrisonerRole":"PERPETRATOR","reason":"BULLYING","restrictionType":"CELL",'
      .. '"comment":"Kept apart since an incident on the wing"}',
    prisoner_number("Y", math.random(0, 6759999)), prisoner_number("Z", math.random(0, 6759999)))
  return wrk.format("POST", "/non-associations", headers, body)
end
