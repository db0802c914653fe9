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

/** The metrics of one route. */
interface RouteMetrics {
  readonly duration: typeof duration
  /** By method, then by status. */
  readonly requests: Map<string, Map<number, typeof requests>>
}

const routes = new Map<string, RouteMetrics>()
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

const made = <K, A>(all: Map<K, A>, key: K, make: () => A): A => {
  const known = all.get(key)
  if (known !== undefined) return known
  const value = make()
  all.set(key, value)
  return value
}

/**
 * `seconds` is how long it took. Cheap: each metric is made once, and found without a key that would be put together
 * for every request.
 */
export const recordRequest = (
  context: Context.Context<never>,
  request: { readonly route: string; readonly method: string; readonly status: number; readonly seconds: number }
): void => {
  const { route, status } = request
  const method = methods.has(request.method) ? request.method : "other"
  const metrics = made(routes, route, () => ({
    duration: Metric.withAttributes(duration, { route }),
    requests: new Map()
  }))
  const counter = made(
    made(metrics.requests, method, () => new Map<number, typeof requests>()),
    status,
    () => Metric.withAttributes(requests, { route, method, status: String(status) })
  )
  counter.updateUnsafe(1, context)
  metrics.duration.updateUnsafe(request.seconds, context)
}
