-- One fixed GET, with a token if one is given. Arguments after `--`: token (or nothing).
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

local headers = {}

function init(arguments)
  if arguments[1] then headers["Authorization"] = "Bearer " .. arguments[1] end
end

function request()
  return wrk.format("GET", nil, headers)
end
