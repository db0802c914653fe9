/**
 * A program: autocannon with the options it is given as JSON. Prints a `LoadReport`.
 */
import autocannon from "autocannon"
import type { LoadOptions, LoadReport } from "./Load.ts"

// Given by `Load.ts`.
const { connections, headers, label, method, until, url } = JSON.parse(process.argv[2] ?? "") as LoadOptions

let sent = 0
const another = (request: autocannon.Request): autocannon.Request => {
  sent += 1
  return { ...request, body: JSON.stringify({ email: `billing@${label}-${sent}.com` }) }
}

const latencies: Array<number> = []
let last = 0
let refused = 0
const began = performance.now()

const report = ({ errors, timeouts }: autocannon.Result): LoadReport => ({
  answered: latencies.length,
  seconds: (last - began) / 1_000,
  errors: errors + timeouts + refused,
  latencies
})

const instance = autocannon(
  {
    url,
    method,
    headers: { ...headers, ...(method === "POST" ? { "content-type": "application/json" } : {}) },
    connections,
    ...("seconds" in until ? { duration: until.seconds } : { amount: until.requests }),
    ...(method === "POST" ? { requests: [{ method, setupRequest: another }] } : {})
  },
  (cause: unknown, result) => {
    // The type says that there always is a result; there is none when the options make no sense.
    if (cause instanceof Error) throw cause
    console.log(JSON.stringify(report(result)))
  }
)
instance.on("response", (_client, status, _bytes, millis) => {
  last = performance.now()
  if (status === 200) latencies.push(millis)
  else refused += 1
})
