/**
 * A dialect: the API of a vendor, in which its clients find the senders. It is one value, and a host chooses which ones
 * it serves (`HttpApp.layer({ dialects })`). A new one is a folder with such a value, and a line in a list.
 */
import { Accounts, type Caller, type Senders, type Settings, type StorageUnavailable } from "@countersign/engine"
import { Effect, Option } from "effect"
import type { HttpServerResponse } from "effect/http"
import type { HttpApiGroup } from "effect/http-api"
import { CallerUnknown, type CredentialMissing, type Failure } from "./Failure.ts"
import { rememberKeys } from "./KnownKeys.ts"
import type { RequestBody } from "./RequestBody.ts"
import type { Exchange, Route } from "./Route.ts"

/** Who gives the form of every error at some paths, of unknown routes and faults too. */
export interface Owner {
  /**
   * Path prefixes in lower case; what lies below one belongs to it, unless it lies below a longer one of another owner.
   */
  readonly owns: ReadonlyArray<`/${string}`>
  readonly failure: (failure: Failure, correlation: string) => HttpServerResponse.HttpServerResponse
}

export interface Dialect extends Owner {
  /** As people know it. */
  readonly name: string
  /** Its endpoints, for the OpenAPI document. */
  readonly definition: ReadonlyArray<HttpApiGroup.Constraint>
  /** Finds the access key of a request, wherever the dialect allows one to be. `members` are those of the body. */
  readonly credential: (exchange: Exchange, members: RequestBody["members"]) => Credential
  readonly routes: (authorize: Authorize) => Effect.Effect<ReadonlyArray<Route>, never, Accounts | Senders | Settings>
}

export type Credential = Effect.Effect<string, CredentialMissing | CallerUnknown>

/** Finds out who calls. `members` are those of the body, for a dialect that allows a key in there. */
export type Authorize = (
  exchange: Exchange,
  members?: RequestBody["members"]
) => Effect.Effect<Caller, CredentialMissing | CallerUnknown | StorageUnavailable>

/** The routes of a dialect, in which one and the same way leads from its credential to the account. */
export const dialectRoutes = Effect.fnUntraced(function* ({ credential, routes }: Dialect) {
  const authenticate = rememberKeys((yield* Accounts).authenticate)
  return yield* routes((exchange, members = {}) =>
    Effect.flatMap(Effect.flatMapEager(credential(exchange, members), authenticate), (known) => {
      if (Option.isNone(known)) return Effect.fail(new CallerUnknown())
      const { account, key } = known.value
      return Effect.succeed({ account: account.id, actor: `key:${key}`, correlation: exchange.correlation })
    })
  )
})
