-- SPDX-License-Identifier: Apache-2.0
-- For wrk: visitors of one site on this machine. Arguments: milliseconds between two requests of a
-- visitor, and "new" (a connection and full handshake for each request) or "kept" (connections stay open).
local address, pause = "127.0.0.1", 0

function wrk.resolve(host, service) -- the name goes into SNI and Host; where it is, we know
   wrk.addrs = wrk.lookup(address, service)
end

function init(args)
   pause = tonumber(args[1])
   if args[2] == "new" then wrk.headers["Connection"] = "close" end
end

function delay()
   return pause
end

function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format('{"requests":%d,"seconds":%.3f,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
      summary.requests, summary.duration / 1e6, e.connect, e.read, e.write, e.status, e.timeout,
      latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
