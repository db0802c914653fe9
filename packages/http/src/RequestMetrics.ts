/**
 * Counts and times the requests, by route, method and status.
 *
 * Labels have few values: the route as it is defined, never the path as it was sent.
 */
import { type Context, Metric } from "effect"

const requests = Metric.counter("http_requests_total", {
  description: "Requests answered, by route, method and status",
  incremental: true
})

const duration = Metric.histogram("http_request_duration_seconds", {
  description: "Time from the first byte of a request to its answer, by route",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})

const counters = new Map<string, typeof requests>()
const histograms = new Map<string, typeof duration>()
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

/** `seconds` is how long it took. Cheap: the metric of each combination of labels is made once. */
export const recordRequest = (
  context: Context.Context<never>,
  request: { readonly route: string; readonly method: string; readonly status: number; readonly seconds: number }
): void => {
  const method = methods.has(request.method) ? request.method : "other"
  const key = `${request.status} ${method} ${request.route}`
  let counter = counters.get(key)
  if (counter === undefined) {
    counter = Metric.withAttributes(requests, { route: request.route, method, status: String(request.status) })
    counters.set(key, counter)
  }
  let histogram = histograms.get(request.route)
  if (histogram === undefined) {
    histogram = Metric.withAttributes(duration, { route: request.route })
    histograms.set(request.route, histogram)
  }
  counter.updateUnsafe(1, context)
  histogram.updateUnsafe(request.seconds, context)
}
