-- The numbers of invented prisoners, as world.py makes them.

-- The prisoner of a letter and a number from 0 to 6,759,999: `B0042AA`.
function prisoner_number(letter, number)
  return string.format(
    "%s%04d%s%s", letter, number % 10000, string.char(65 + math.floor(number / 10000) % 26),
    string.char(65 + math.floor(number / 260000) % 26))
end

-- Each thread of each run draws other numbers.
function seed() math.randomseed(os.time() * 1000 + math.floor(os.clock() * 1e6) % 1000) end
