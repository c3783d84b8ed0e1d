-- What the gateway asks prisoner search for one list, sent to the double itself. Arguments after `--`: how many
-- prisoners a question names, token.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")
dofile(folder .. "prisoners.lua")

local question

function init(arguments)
  local numbers = {}
  for number = 1, tonumber(arguments[1]) do
    numbers[number] = '"' .. prisoner_number("C", number) .. '"'
  end
  question = wrk.format(
    "POST",
    "/prisoner-search/prisoner-numbers"
      .. "?responseFields=prisonerNumber,firstName,lastName,prisonId,prisonName,cellLocation",
    { ["Authorization"] = "Bearer " .. arguments[2], ["Content-Type"] = "application/json" },
    '{"prisonerNumbers":[' .. table.concat(numbers, ",") .. "]}")
end

function request() return question end
