/**
 * The routes of the application: which endpoint a method and a path lead to, and who answers when they lead nowhere.
 *
 * Paths match in any case and with or without a slash at the end; parameters keep their case. GET answers HEAD.
 */
import { Effect } from "effect"
import { FindMyWay } from "effect/http"
import { MethodUnknown, RouteUnknown } from "./Failure.ts"
import type { Exchange, Route } from "./Route.ts"

/** What leads nowhere has an answer too: a failure. */
interface Found extends Pick<Route, "answer">, Pick<Exchange, "params" | "query"> {
  /** The path as it is defined, whatever its spelling in the request; none when there is no such path. */
  readonly path: string | undefined
}

export interface RouteTable {
  readonly find: (method: string, url: string) => Found
}

const options = {
  caseSensitive: false,
  ignoreTrailingSlash: true,
  ignoreDuplicateSlashes: false,
  // Node refuses longer request lines. What is too long for an endpoint is for the endpoint to say.
  maxParamLength: 16_384
}

const nowhere: Found = {
  path: undefined,
  answer: () => Effect.fail(new RouteUnknown()),
  params: {},
  query: {}
}

export const makeRouteTable = (routes: ReadonlyArray<Route>): RouteTable => {
  const endpoints = FindMyWay.make<Route>(options)
  for (const route of routes) endpoints.on(route.method, route.path, route)

  const paths = FindMyWay.make<Found>(options)
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes
      .filter((route) => route.path === path && route.method !== "PATCH")
      .map((route) => route.method)
    const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
    paths.on("ANY", path, { ...nowhere, path, answer: () => Effect.fail(new MethodUnknown({ allow })) })
  }

  return {
    find: (method, url) => {
      const found = endpoints.find(method === "HEAD" ? "GET" : method, url)
      if (found === undefined) return paths.find("ANY", url)?.handler ?? nowhere
      const { path, answer } = found.handler
      if (path.includes("/:")) {
        // A path that is written out is itself for every method: `/sender/list` is no `/sender/:email`.
        const closest = paths.find("ANY", url)?.handler
        if (closest !== undefined && closest.path !== path) return closest
      }
      return { path, answer, params: found.params, query: found.searchParams }
    }
  }
}
