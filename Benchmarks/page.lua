-- GET /non-associations of a page drawn from all there are, of every state. Arguments after `--`: rows, token.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")
dofile(folder .. "prisoners.lua")

local pages, headers

function init(arguments)
  pages = math.floor(tonumber(arguments[1]) / 20)
  headers = { ["Authorization"] = "Bearer " .. arguments[2] }
  seed()
end

function request()
  return wrk.format("GET", "/non-associations?includeClosed=true&page=" .. math.random(0, pages - 1), headers)
end
